"""Between the constraint program's solutions and the engine's routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.instance import FAR
from matcher.kernels.cells import visit_row
from matcher.kernels.people import evaluate_team
from matcher.kernels.place import forget_touched, place_visit, touch
from matcher.kernels.routes import ENTRY, FUND, IS_IN, LUNCH_AFTER, NONE, START, open_journal, put_shift, view
from matcher.kernels.schedule import settle
from matcher.kernels.search import refresh_worst
from matcher.kernels.work import AFTER, CHOSEN, FROM, IS_LUNCH_AFTER, MEMBERS, PAYER, TO_ENTRY, UNTIL, candidate
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.solvers.exact_facts import Facts


@dataclass(frozen=True)
class Service:
    """One node of a served visit: its entry, when it starts, and the fund that pays (NONE: nothing to pay)."""

    entry: int
    start: int
    fund: int = NONE


Served = dict[int, list[Service]]
"""The services of each visit that is served, node by node, the room's last."""


def served_of(facts: Facts, state: Longs) -> Served:
    """Return what a state serves, with visits and crews that are alike in the one order that the constraint program knows."""
    routes = view(state)
    served: Served = {}
    for v, visit in enumerate(facts.visits):
        if routes.visit[v, IS_IN]:
            nodes = routes.node[visit.first_node : visit.first_node + visit.nodes]
            served[v] = [Service(int(node[ENTRY]), int(node[START]), int(node[FUND])) for node in nodes]
    return _crews_in_order(facts, _visits_in_order(facts, served))


def _visits_in_order(facts: Facts, served: Served) -> Served:
    """Number the visits of each need in order of time, with room left in gaps that are longer than its longest distance."""
    ordered: Served = {}
    for need in facts.needs:
        rows = range(need.first_visit, need.first_visit + need.visits)
        if need.is_numbered:
            ordered |= {v: served[v] for v in rows if v in served}
            continue
        taken = sorted((facts.shifts[facts.entry_shift[served[v][0].entry]].day, v) for v in rows if v in served)
        at, day_before = need.first_visit - 1, 0
        for day, v in taken:
            steps = 1
            if at >= need.first_visit and need.at_most_days:
                steps = max(1, -(-(day - day_before) // need.at_most_days))
            at, day_before = at + steps, day
            shift = facts.visits[v].first_node - facts.visits[at].first_node
            ordered[at] = [_moved(facts, service, facts.visits[v].first_node + k, shift) for k, service in enumerate(served[v])]
    return ordered


def _moved(facts: Facts, service: Service, n: int, back: int) -> Service:
    """Return a service of node n as one of the like node that many before it."""
    return Service(service.entry - facts.entries[n].start + facts.entries[n - back].start, service.start, service.fund)


def _crews_in_order(facts: Facts, served: Served) -> Served:
    """Give each crew of a provider's hours its number by the first node that it serves."""
    first: dict[int, int] = {}
    for v, services in served.items():
        for k, service in enumerate(services):
            s, n = facts.entry_shift[service.entry], facts.visits[v].first_node + k
            first[s] = min(first.get(s, n), n)
    crews: dict[tuple[int, int, int], list[int]] = {}
    for s, shift in enumerate(facts.shifts):
        crews.setdefault((shift.provider, shift.start, shift.end), []).append(s)
    becomes: dict[int, int] = {}
    for alike in crews.values():
        becomes |= dict(zip(sorted(alike, key=lambda s: (first.get(s, FAR), s)), alike, strict=True))
    ordered: Served = {}
    for v, services in served.items():
        ordered[v] = []
        for k, service in enumerate(services):
            n, s = facts.visits[v].first_node + k, becomes[facts.entry_shift[service.entry]]
            entry = next((e for e in facts.entries[n] if facts.entry_shift[e] == s), service.entry)
            ordered[v].append(Service(entry, service.start, service.fund))
    return ordered


def orders_of(facts: Facts, served: Served) -> dict[int, list[tuple[int, int]]]:
    """Return the route of each shift that is used: ``(start, node)`` in order of time."""
    found: dict[int, list[tuple[int, int]]] = {}
    for v, services in served.items():
        for k, service in enumerate(services):
            found.setdefault(facts.entry_shift[service.entry], []).append((service.start, facts.visits[v].first_node + k))
    return {s: sorted(found[s]) for s in sorted(found)}


def state_of(facts: Facts, served: Served) -> Longs | None:
    """Return the state that serves so, every service at its start; None where the engine cannot hold it.

    That is so only where a room is held by a visit in sequence: the engine holds it as long as the gaps may make the visit. Where no opening is
    that long, it has no entry for the room at all (-1).
    """
    if any(service.entry < 0 for services in served.values() for service in services):
        return None
    searcher = Searcher.on(facts.instance, facts.packed, 1)
    ins, pts, rt, wk, _ = searcher.arrays
    open_journal(rt)
    orders = orders_of(facts, served)
    starts: dict[int, int] = {}
    for v in sorted(served):
        visit = facts.visits[v]
        for k, service in enumerate(served[v]):
            n, chosen = visit.first_node + k, candidate(wk, CHOSEN, k)
            route = [m for _, m in orders[facts.entry_shift[service.entry]]]
            before = [m for m in route[: route.index(n)] if m in starts]
            high = max(high for low, _, high in facts.windows_of(v) if low <= service.start <= high)
            wk[chosen + TO_ENTRY], wk[chosen + AFTER] = service.entry, before[-1] if before else NONE
            # No service starts before the solution says, even where the route would let it.
            wk[chosen + FROM], wk[chosen + UNTIL] = service.start, high
            wk[chosen + IS_LUNCH_AFTER], wk[chosen + PAYER] = 0, service.fund
            starts[n] = service.start
        for k in range(visit.roles):
            wk[wk[MEMBERS] + k] = facts.shifts[facts.entry_shift[served[v][k].entry]].provider
        pairing = evaluate_team(ins, wk, visit_row(ins, v), visit.roles)
        if pairing >= FAR or not place_visit(ins, pts, rt, wk, v, pairing):
            return None
    for s, order in orders.items():
        if facts.shifts[s].has_lunch:
            put_shift(rt, s, LUNCH_AFTER, _lunch_after(facts, s, order))
            touch(rt, wk, s)
    offender = settle(ins, pts, rt, wk)
    forget_touched(wk)
    open_journal(rt)
    routes = view(rt)
    if offender != NONE or any(routes.node[n, START] != start for n, start in starts.items()):
        return None
    refresh_worst(ins, rt)
    return rt


def _lunch_after(facts: Facts, s: int, order: list[tuple[int, int]]) -> int:
    """Return the node after which a break fits, NONE for before the first."""
    shift = facts.shifts[s]
    free_from, at, before = shift.start, shift.base, NONE
    for start, n in [*order, (shift.end, NONE)]:
        place = facts.nodes[n].place if n != NONE else shift.base
        leg = (facts.travel(s, at, place) if place >= 0 else 0) if n != NONE else facts.way_back(s, at)
        after_leg = max(shift.lunch_low, free_from + leg) + shift.lunch <= min(shift.lunch_high, start)
        before_leg = max(shift.lunch_low, free_from) + shift.lunch <= min(shift.lunch_high, start - leg)
        if after_leg or before_leg:
            return before
        if n != NONE:
            free_from, at, before = start + facts.nodes[n].seconds, place if place >= 0 else at, n
    return before
