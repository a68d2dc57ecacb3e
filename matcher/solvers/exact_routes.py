"""Routes of the constraint program: one circuit a shift, with travel, legs, lunch and waiting; rooms; crews that are alike."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.instance import ROOM
from matcher.solvers.exact_draft import is_together

if TYPE_CHECKING:
    from matcher.solvers.exact_draft import Draft
    from matcher.solvers.exact_facts import Held

BASE = -1


@dataclass(frozen=True)
class _Stop:
    """A node in a route, and the place where its provider then is: a remote node may be served from any place of the shift."""

    held: Held
    place: int
    seconds: int
    is_served: Any


@dataclass(frozen=True)
class _Arc:
    before: int  # index of a stop, BASE: the base
    after: int
    travel: int
    is_taken: Any


def add_routes(d: Draft) -> None:
    """Add the routes of all shifts and the rooms of all visits."""
    for s, row in d.facts.by_shift.items():
        if row:
            _add_route(d, s, row)
    _add_crews(d)
    _add_rooms(d)


def _add_route(d: Draft, s: int, row: list[Held]) -> None:
    shift, weights = d.facts.shifts[s], d.facts.weights
    stops = _stops(d, s, row)
    used = d.flag()
    d.model.add_max_equality(used, [d.entry[held.entry] for held in row])
    arcs = _arcs(d, s, stops)
    circuit = [(0, 0, ~used)]
    for k, stop in enumerate(stops):
        circuit.append((k + 1, k + 1, ~stop.is_served))
    circuit.extend((arc.before + 1, arc.after + 1, arc.is_taken) for arc in arcs)
    if len(stops) > 1:
        d.model.add_circuit(circuit)
    for arc in arcs:
        d.add_cost(weights.travel * arc.travel, arc.is_taken)
        _add_travel(d, s, stops, arc)
    nodes = [stop.held.node for stop in stops]
    d.arcs[s] = [(nodes[a.before] if a.before >= 0 else BASE, nodes[a.after] if a.after >= 0 else BASE, a.is_taken) for a in arcs]
    busy = [d.model.new_optional_fixed_size_interval_var(d.start[h.node], d.facts.nodes[h.node].seconds, d.entry[h.entry], "") for h in row]
    if shift.has_lunch:
        busy.append(_add_lunch(d, s, stops, arcs, used))
    if len(busy) > 1:
        d.model.add_no_overlap(busy)
    spent = sum((stops[a.before].seconds if a.before >= 0 else 0) * a.is_taken + a.travel * a.is_taken for a in arcs)
    d.model.add(spent <= (shift.end - shift.start - (shift.lunch if shift.has_lunch else 0)) * used)
    if weights.waiting and len(stops) > 1:
        _add_waiting(d, s, stops, arcs, used)


def _stops(d: Draft, s: int, row: list[Held]) -> list[_Stop]:
    nodes = d.facts.nodes
    places = sorted({d.facts.shifts[s].base, *(nodes[held.node].place for held in row if nodes[held.node].place >= 0)})
    stops = []
    for held in row:
        node, literal = nodes[held.node], d.entry[held.entry]
        if node.place >= 0 or len(places) == 1:
            stops.append(_Stop(held, node.place if node.place >= 0 else places[0], node.seconds, literal))
            continue
        copies = [_Stop(held, place, node.seconds, d.flag()) for place in places]
        d.model.add(sum(copy.is_served for copy in copies) == literal)
        stops.extend(copies)
    return stops


def _arcs(d: Draft, s: int, stops: list[_Stop]) -> list[_Arc]:
    """Return every leg that some plan may take, with its literal."""
    facts, shift = d.facts, d.facts.shifts[s]
    is_single = len(stops) == 1
    arcs = []
    for j, stop in enumerate(stops):
        is_remote = facts.nodes[stop.held.node].place < 0
        if not is_remote or stop.place == shift.base:
            travel = facts.travel(s, shift.base, stop.place)
            if travel <= shift.max_leg and shift.start + travel <= stop.held.latest:
                arcs.append(_Arc(BASE, j, travel, stop.is_served if is_single else d.flag()))
        travel = facts.way_back(s, stop.place)
        if travel <= shift.max_leg and stop.held.earliest + stop.seconds + travel <= shift.end:
            arcs.append(_Arc(j, BASE, travel, stop.is_served if is_single else d.flag()))
        for i, other in enumerate(stops):
            if facts.nodes[other.held.node].visit == facts.nodes[stop.held.node].visit or (is_remote and other.place != stop.place):
                continue
            travel = facts.travel(s, other.place, stop.place)
            if travel <= shift.max_leg and other.held.earliest + other.seconds + travel <= stop.held.latest:
                arcs.append(_Arc(i, j, travel, d.flag()))
    return arcs


def _add_travel(d: Draft, s: int, stops: list[_Stop], arc: _Arc) -> None:
    """Add the times of a leg, where the starts of its nodes do not keep them anyway."""
    shift = d.facts.shifts[s]
    if arc.before == BASE:
        after = stops[arc.after].held
        if shift.start + arc.travel > after.earliest:
            d.model.add(d.start[after.node] >= shift.start + arc.travel).only_enforce_if(arc.is_taken)
        return
    before = stops[arc.before]
    if arc.after == BASE:
        if before.held.latest + before.seconds + arc.travel > shift.end:
            d.model.add(d.start[before.held.node] <= shift.end - arc.travel - before.seconds).only_enforce_if(arc.is_taken)
        return
    after = stops[arc.after].held
    if before.held.latest + before.seconds + arc.travel > after.earliest:
        soonest = d.start[before.held.node] + before.seconds + arc.travel
        d.model.add(d.start[after.node] >= soonest).only_enforce_if(arc.is_taken)


def _add_lunch(d: Draft, s: int, stops: list[_Stop], arcs: list[_Arc], used: Any) -> Any:
    """Add the break: in one gap of the route, with the whole of that gap's leg before it or after it. Returns its interval."""
    shift, model = d.facts.shifts[s], d.model
    begin, follows_leg = d.number(shift.lunch_low, shift.lunch_high - shift.lunch), d.flag()
    end = begin + shift.lunch
    nodes = sorted({stop.held.node for stop in stops})
    is_after = {n: d.flag() for n in (BASE, *nodes)}
    model.add(sum(is_after.values()) == used)
    for stop in stops:
        model.add(begin >= d.start[stop.held.node] + stop.seconds).only_enforce_if(is_after[stop.held.node])
    for held in {stop.held.node: stop.held for stop in stops}.values():
        model.add_implication(is_after[held.node], d.entry[held.entry])
    for arc in arcs:
        here = is_after[BASE if arc.before == BASE else stops[arc.before].held.node]
        leave = shift.start if arc.before == BASE else d.start[stops[arc.before].held.node] + stops[arc.before].seconds
        meet = shift.end if arc.after == BASE else d.start[stops[arc.after].held.node]
        model.add(meet >= end).only_enforce_if(arc.is_taken, here)
        if arc.travel:
            model.add(begin >= leave + arc.travel).only_enforce_if(arc.is_taken, here, follows_leg)
            model.add(meet >= end + arc.travel).only_enforce_if(arc.is_taken, here, ~follows_leg)
            model.add(meet >= leave + arc.travel + shift.lunch).only_enforce_if(arc.is_taken, here)
    return model.new_optional_fixed_size_interval_var(begin, shift.lunch, used, "")


def _add_waiting(d: Draft, s: int, stops: list[_Stop], arcs: list[_Arc], used: Any) -> None:
    """Add the seconds between the first start and the last end that are neither service nor travel."""
    shift, weight = d.facts.shifts[s], d.facts.weights.waiting
    first, last, idle = d.number(shift.start, shift.end), d.number(shift.start, shift.end), d.number(0, shift.end - shift.start)
    for arc in arcs:
        if arc.before == BASE:
            d.model.add(first <= d.start[stops[arc.after].held.node]).only_enforce_if(arc.is_taken)
        if arc.after == BASE:
            d.model.add(last >= d.start[stops[arc.before].held.node] + stops[arc.before].seconds).only_enforce_if(arc.is_taken)
    inner = sum(arc.travel * arc.is_taken for arc in arcs if BASE not in {arc.before, arc.after})
    spent = sum(stop.seconds * stop.is_served for stop in stops)
    d.model.add(idle >= last - first - spent - inner).only_enforce_if(used)
    d.add_cost(weight, idle)


def _add_crews(d: Draft) -> None:
    """Crews of a provider that keep the same hours are alike: a further one is used only by nodes after the first of the crew before it."""
    facts = d.facts
    crews: dict[tuple[int, int, int], list[int]] = {}
    for s, shift in enumerate(facts.shifts):
        if facts.by_shift.get(s) and facts.providers[shift.provider].kind != ROOM:
            crews.setdefault((shift.provider, shift.start, shift.end), []).append(s)
    for alike in crews.values():
        for before, s in itertools.pairwise(alike):
            for held in facts.by_shift[s]:
                earlier = [d.entry[other.entry] for other in facts.by_shift[before] if other.node < held.node]
                d.model.add_bool_or([*earlier, ~d.entry[held.entry]])


def _add_rooms(d: Draft) -> None:
    facts, model = d.facts, d.model
    busy: dict[int, list[Any]] = {}
    for v in range(len(facts.visits)):
        n = facts.room(v)
        if n is None:
            continue
        roles = facts.roles(v)
        start, longest = d.start[roles[0]], facts.nodes[n].seconds
        least = max(facts.nodes[m].seconds + sum(facts.nodes[k].gap_low for k in range(roles[0] + 1, m + 1)) for m in roles)
        is_fixed = d.is_strict or is_together(d, v) or least == longest
        if is_fixed:
            end = start + longest
        else:
            end = d.number(0, max(shift.end for shift in facts.shifts))
            for m in roles:
                model.add(end >= d.start[m] + facts.nodes[m].seconds).only_enforce_if(d.is_in[v])
        rows = [(e, facts.entry_shift[e]) for e in facts.entries[n]]
        if not is_fixed:
            # An opening may be too short for the longest hold, and long enough for this one: the instance then has no entry for it.
            known = {s for _, s in rows}
            place = facts.nodes[roles[0]].place
            rows += [(-1, s) for s, shift in enumerate(facts.shifts) if shift.profile < 0 and shift.base == place and s not in known]
        found = d.holds[v] = [(e, s, d.flag()) for e, s in rows]
        model.add(sum(literal for _, _, literal in found) == d.is_in[v])
        for _, s, literal in found:
            model.add(start >= facts.shifts[s].start).only_enforce_if(literal)
            model.add(end <= facts.shifts[s].end).only_enforce_if(literal)
            size = longest if is_fixed else d.number(least, max(longest, least))
            busy.setdefault(s, []).append(model.new_optional_interval_var(start, size, end, literal, ""))
    for row in busy.values():
        if len(row) > 1:
            model.add_no_overlap(row)
