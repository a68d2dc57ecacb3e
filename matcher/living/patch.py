"""The instance of an amended week from that of the week before: rows that an event left alone are taken over.

Compiling a district takes as long as all the rest of planning again. After an absence, a late, a missed or a withdrawn visit, a closed venue or a new
need nearly everything in the instance is as it was; what changed is written anew. Where more changed, None says that the week has to be compiled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from matcher import objective
from matcher.compile import Basis, Compiled, compile_problem
from matcher.instance import FAR, OPTION, WINDOW, Instance, freeze, nodes_of_entries
from matcher.living.append import alone_of, joined
from matcher.living.closing import rows_of
from matcher.living.growth import Grown
from matcher.living.trim import trimmed
from matcher.visits import openings_of

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.living.amended import Amended
    from matcher.living.desk import Desk
    from matcher.plan import Assignment
    from matcher.problem import Need, Problem
    from matcher.visits import Visit

Row = tuple[int, int, int, tuple[int, int, int] | None]
"""Crew, start, end and lunch of a shift."""
Spans = tuple[tuple[int, int, int], ...]
"""Windows of a visit, in seconds."""


class Patched(NamedTuple):
    """The compiled form of an amended week, and which entry of the week before each of its entries is the same as; -1 for what is new."""

    compiled: Compiled
    origin: Longs


def patched(desk: Desk, amended: Amended) -> Patched | None:
    """Return the compiled form of an amended week; None where it has to be compiled from the start.

    It may hold entries that compiling would have left out, for no service fits there any more; the search finds no place in them.
    """
    before, after = desk.problem, amended.problem
    left = _Left.of(before, amended)
    is_alike = not (amended.released or left.has_other_teams) and before.weights == after.weights
    if not is_alike or any(left.before(name) not in desk.assigned for name in amended.frozen):
        return None
    new = after.needs[len(left.needs) :]
    if left.needs is not before.needs and new:
        return None  # the places of the week and of its new needs would be numbered each in its own way
    base = desk.compiled.instance
    settled = {pin.visit for pin in after.pins} - left.pinned(before) | amended.frozen
    changed = _changed_shifts(before, after, base)
    if changed is None:
        return None
    carried = {item.visit: item for item in amended.carried.assignments}
    others = {name for name in settled if _is_another(carried[name], desk.assigned[left.before(name)])}
    kept = np.ones(len(base.visits), bool)
    kept[[desk.row[name] for name in amended.gone]] = False
    grown = None
    if any(child.is_longer for children in changed.values() for child in children):
        grown = Grown.of(desk, kept, [(left.before(pin.visit), pin) for pin in after.pins if pin.visit not in settled])
    origin = np.flatnonzero(np.repeat(kept[base.nodes["visit"]], np.diff(base.entry_first)))
    if amended.gone:
        base = trimmed(base, np.flatnonzero(~kept).tolist(), after)
    base, source = _with_shifts(base, after, changed, grown)
    origin = np.where(source >= 0, origin[source], -1)
    if any(_may(desk, left.before(name), k, who) for name, k, who in _lost(base, after, carried, others if grown is None else settled)):
        return None
    instance = _with_visits(base, before, amended, left, carried, settled)
    origin[instance.entry_cost != base.entry_cost] = -1
    compiled = Compiled(after, freeze(instance), after.visits, desk.compiled.rooms, desk.compiled.eligibility)
    if not new:
        return Patched(compiled, origin)
    basis = Basis.of(after)
    for need in new:
        alone = alone_of(after, need)
        compiled = joined(compiled, compile_problem(alone, basis.alone(alone)), after, basis)
    more = len(compiled.instance.entry_shift) - len(origin)
    return Patched(replace(compiled, eligibility=basis.eligibility), np.concatenate((origin, np.full(more, -1))))


@dataclass(frozen=True)
class _Left:
    """What is left of the visits and needs of the week before.

    Attributes
    ----------
    needs
        The needs that have a visit left, as they were.
    has_other_teams
        Whether visits of a need have another team than they had, for its first visit had one of its own and is gone.
    """

    needs: tuple[Need, ...]
    has_other_teams: bool
    names: dict[str, str]
    renamed: dict[str, str]
    gone: Collection[str]

    @classmethod
    def of(cls, before: Problem, amended: Amended) -> _Left:
        there = {need.id: need for need in amended.problem.needs}
        needs = tuple(need for need in before.needs if need.id in there)
        has_other_teams = any(need.first_team is not there[need.id].first_team for need in needs)
        names = {new: name for name, new in amended.renamed.items()}
        return cls(needs if len(needs) < len(before.needs) else before.needs, has_other_teams, names, amended.renamed, amended.gone)

    def before(self, name: str) -> str:
        """Return the name that a visit had, by the one that it has."""
        return self.names.get(name, name)

    def pinned(self, problem: Problem) -> set[str]:
        """Return the visits, by the names that they have, that the week before pinned."""
        return {self.renamed.get(pin.visit, pin.visit) for pin in problem.pins if pin.visit not in self.gone}


def _is_another(one: Assignment, other: Assignment) -> bool:
    """Return whether two assignments are of different people."""
    if one is other:
        return False
    teams = ([(service.role, service.provider, service.crew) for service in item.team] for item in (one, other))
    return next(teams) != next(teams)


# shifts


class Child(NamedTuple):
    """A new row of a provider or room.

    Attributes
    ----------
    parents
        The rows of before whose services it may hold.
    is_longer
        Whether it reaches beyond them: there may be services that no entry of before speaks of.
    like
        A row of before of the same provider or room.
    """

    parents: list[int]
    is_longer: bool
    like: int
    row: Row

    def made(self, base: Instance) -> Any:
        """Return the row as the instance has it."""
        crew, start, end, lunch = self.row
        made = base.shifts[self.like : self.like + 1].copy()
        made["crew"], made["start"], made["end"] = crew, start, end
        made["day"], made["week"] = start // 86_400, start // 604_800
        made["has_lunch"] = lunch is not None
        made["lunch_low"], made["lunch_high"], made["lunch"] = lunch or (0, 0, 0)
        return made


def _changed_shifts(before: Problem, after: Problem, base: Instance) -> dict[int, list[Child]] | None:
    """Return the new rows of each provider or room whose hours changed, by rising row; None where claims changed, or where there were no hours."""
    wanted: dict[int, list[Row]] = {}
    own: dict[str, list[Row]] = {}
    names = {new.id for old, new in zip(before.providers, after.providers, strict=True) if new is not old}
    for shift in after.shifts:
        if shift.provider.id in names:
            own.setdefault(shift.provider.id, []).append((shift.crew, shift.start, shift.end, shift.lunch))
    for p, (old, new) in enumerate(zip(before.providers, after.providers, strict=True)):
        if new is not old:
            if new.claims != old.claims:
                return None
            wanted[p] = own.get(new.id, [])
    p = len(after.providers)
    for old_venue, venue in zip(before.venues, after.venues, strict=True):
        for _ in venue.rooms:
            if venue is not old_venue:
                wanted[p] = [(1, start, end, None) for start, end in openings_of(venue, after.horizon)]
            p += 1
    if any(rows and not base.providers["shifts"][p] for p, rows in wanted.items()):
        return None
    return {p: [_child(base, p, row) for row in rows] for p, rows in sorted(wanted.items())}


def _child(base: Instance, p: int, row: Row) -> Child:
    """Return a new row of a provider or room, with the rows of before whose services it holds."""
    crew, start, end, _ = row
    first, count = int(base.providers["shift_first"][p]), int(base.providers["shifts"][p])
    theirs = [s for s in range(first, first + count) if base.shifts[s]["crew"] == crew]
    around = [s for s in theirs if base.shifts[s]["start"] <= start and end <= base.shifts[s]["end"]]
    within = [s for s in theirs if start < base.shifts[s]["end"] and base.shifts[s]["start"] < end]
    return Child(around or within, not around, first, row)


def _with_shifts(base: Instance, after: Problem, changed: Mapping[int, list[Child]], grown: Grown | None) -> tuple[Instance, Longs]:
    """Return the instance with other hours: shifts, who has which, and the entries in them; and the entry of before that each comes of (-1: none).

    `grown` finds the entries of those whose hours grew.
    """
    if not changed:
        return base, np.arange(len(base.entry_shift))
    providers = base.providers.copy()
    pieces: list[Any] = []
    parents: list[tuple[int, int]] = []
    longer: list[int] = []
    at = row = 0
    for p in changed:
        first, last = np.searchsorted(base.shifts["provider"], (p, p + 1)).tolist()
        pieces.append(base.shifts[at:first])
        parents.extend(zip(range(at, first), range(row, row + first - at), strict=True))
        row += first - at
        for child in changed[p]:
            pieces.append(child.made(base))
            parents.extend((parent, row) for parent in child.parents)
            if child.is_longer:
                longer.append(row)
            row += 1
        at = last
    pieces.append(base.shifts[at:])
    parents.extend(zip(range(at, len(base.shifts)), range(row, row + len(base.shifts) - at), strict=True))
    shifts = np.concatenate(pieces)
    counts = np.bincount(shifts["provider"], minlength=len(providers))
    providers["shifts"] = counts
    providers["shift_first"] = np.where(counts > 0, np.concatenate(([0], np.cumsum(counts)[:-1])), 0)
    for p in changed:
        if p < len(after.providers):
            own = shifts[shifts["provider"] == p]
            minutes = int((own["end"] - own["start"]).sum()) // 60
            providers["offered"][p] = objective.offered_minutes(after.providers[p], minutes, after.horizon.weeks)
    # each entry once for every row that came of its shift
    pairs = np.array(sorted(parents), np.int64).reshape(-1, 2)
    children = np.bincount(pairs[:, 0], minlength=len(base.shifts))
    child_first = np.concatenate(([0], np.cumsum(children)))
    node = nodes_of_entries(base)
    times = children[base.entry_shift]
    source = np.repeat(np.arange(len(node)), times)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(times) - times, times)
    shift = pairs[:, 1][child_first[base.entry_shift[source]] + nth]
    key = node[source] * len(shifts) + shift
    cost, price = base.entry_cost[source], base.entry_price[source]
    visits = base.visits
    if longer and grown is not None:
        new_key, new_cost, new_price = grown.entries(base, shifts, providers, np.array(longer))
        is_paid = visits["is_paid"].copy()
        np.logical_or.at(is_paid, base.nodes["visit"][new_key // len(shifts)], new_price > 0)
        visits = visits.copy()
        visits["is_paid"] = is_paid
        key, cost, price = np.concatenate((key, new_key)), np.concatenate((cost, new_cost)), np.concatenate((price, new_price))
        source = np.concatenate((source, np.full(len(new_key), -1)))
    if longer or (np.diff(key) < 0).any():
        # What was there comes before what is new, and of two parents of one row the first.
        by_key = np.argsort(key, kind="stable")
        by_key = by_key[np.append(True, np.diff(key[by_key]) > 0)] if len(key) else by_key
        key, cost, price, source = key[by_key], cost[by_key], price[by_key], source[by_key]
    node, shift = key // len(shifts), key % len(shifts)
    # Of numbers as small as these, sorting takes a third of the time.
    by_shift = np.argsort(shift.astype(np.uint16) if len(shifts) < 1 << 16 else shift, kind="stable")
    instance = base._replace(
        shifts=shifts,
        providers=providers,
        visits=visits,
        entry_first=np.concatenate(([0], np.cumsum(np.bincount(node, minlength=len(base.nodes))))).astype(np.int64),
        entry_shift=shift.astype(np.int32),
        entry_cost=cost,
        entry_price=price,
        shift_first=np.concatenate(([0], np.cumsum(np.bincount(shift, minlength=len(shifts))))).astype(np.int64),
        shift_node=node[by_shift].astype(np.int32),
    )
    return instance, source


def _lost(base: Instance, after: Problem, carried: dict[str, Assignment], settled: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Yield each service of what is settled that has no entry where it is: visit, number in the team, provider (row)."""
    if not settled:
        return
    row = {visit.id: v for v, visit in enumerate(after.visits)}
    row_of = {provider.id: p for p, provider in enumerate(after.providers)}
    since = after.horizon.since
    for name in settled:
        for k, service in enumerate(carried[name].team):
            n = int(base.visits["first_node"][row[name]]) + k
            own = base.shifts[base.entry_shift[int(base.entry_first[n]) : int(base.entry_first[n + 1])]]
            start, end = since(service.start), since(service.end)
            fits = (own["provider"] == row_of[service.provider]) & (own["crew"] == service.crew) & (own["start"] <= start) & (end <= own["end"])
            if not fits.any():
                yield name, k, row_of[service.provider]


def _may(desk: Desk, name: str, k: int, who: int) -> bool:
    """Return whether the rules on people let a provider serve: then it lies outside the windows or hours of before, and compiling finds the entry."""
    first, people = desk.candidates
    n = int(desk.compiled.instance.visits["first_node"][desk.row[name]]) + k
    return bool((people[first[n] : first[n + 1]] == who).any())


# visits


def _with_visits(
    base: Instance, before: Problem, amended: Amended, left: _Left, carried: dict[str, Assignment], settled: Collection[str]
) -> Instance:
    """Return the instance with visits settled, missed, or closed to the past. It holds those that are left of the week before."""
    after = amended.problem
    visits, nodes, cost = base.visits.copy(), base.nodes.copy(), base.entry_cost.copy()
    windows: list[tuple[int, ...]] = []
    options: list[tuple[int, ...]] = []
    pinned = left.pinned(before)
    row = {visit.id: v for v, visit in enumerate(after.visits)}
    since = after.horizon.since
    lines = {line.visit: line for line in before.in_force}
    row_of = {provider.id: p for p, provider in enumerate(after.providers)}
    who = base.shifts["provider"][base.entry_shift]
    stability = after.weights.stability
    for name in amended.missed:
        v = row[name]
        line = lines.get(left.before(name))
        if line is None:
            continue
        visits["loss"][v] -= stability * (int(visits["roles"][v]) + 1)
        visits["in_force_start"][v], visits["stability"][v] = -1, 0
        for k, role in enumerate(after.visits[v].roles):
            n = int(visits["first_node"][v]) + k
            span = slice(int(base.entry_first[n]), int(base.entry_first[n + 1]))
            cost[span] -= stability * (who[span] != row_of.get(line.team.get(role.id, ""), -1))
    changed = {new.id for old, new in zip(left.needs, after.needs[: len(left.needs)], strict=True) if new is not old}
    first_node, planned = visits["first_node"].tolist(), visits["in_force_start"].tolist()
    patterns: dict[tuple[Spans, tuple[tuple[int, int], ...]], _Pattern] = {}
    rows: list[tuple[int, int, int, int, int]] = []
    held: list[tuple[int, int, int]] = []
    stands: list[tuple[int, int, int, bool]] = []
    for v, visit in enumerate(after.visits[: len(visits)]):
        is_settled, start = visit.id in settled, planned[v]
        if not is_settled and visit.need.id not in changed and visit.id not in amended.missed:
            continue
        if is_settled:
            team, line = carried[visit.id].team, lines.get(left.before(visit.id))
            start = since(team[0].start)
            held.append((v, start if planned[v] >= 0 else -1, 0 if visit.id in pinned else after.weights.pinned))
            # What is in force is what happened, also where that was not as planned.
            stands.extend(
                (n, since(service.start), row_of[service.provider], line is not None and line.team.get(service.role) != service.provider)
                for n, service in enumerate(team, first_node[v])
            )
        # Visits share patterns of windows; where they are planned inside one, they have that start to choose besides.
        key = (visit.windows, visit.preferred)
        if key not in patterns:
            opens = sorted(set(_starts(visit)))
            patterns[key] = _Pattern(len(base.windows) + len(windows), len(base.options) + len(options), opens)
            windows.extend(visit.windows)
            options.extend(opens)
        pattern = patterns[key]
        opens, first = pattern.opens, pattern.first_option
        own = {(start, high) for low, _, high in visit.windows if low < start <= high}.difference(opens)
        if own:
            opens, first = sorted((*opens, *own)), len(base.options) + len(options)
            options.extend(opens)
        rows.append((v, pattern.first_window, len(visit.windows), first, len(opens)))
    if rows:
        at, *fields = np.array(rows).T
        for name, field in zip(("window_first", "windows", "option_first", "options"), fields, strict=True):
            visits[name][at] = field
    if held:
        at, start_of, more = np.array(held).T
        visits["in_force_start"][at], visits["musts"][at] = start_of, 0
        visits["loss"][at] += more
        at, pin, provider, is_another = np.array(stands).T
        nodes["pin"][at] = pin
        person, price = np.full((2, len(nodes)), -1)
        person[at], price[at] = provider, stability * is_another
        node = nodes_of_entries(base)
        entry = np.flatnonzero(person[node] >= 0)
        node = node[entry]
        cost[entry] = np.where(who[entry] == person[node], cost[entry] - price[node], FAR)
    return base._replace(
        visits=visits,
        nodes=nodes,
        entry_cost=cost,
        windows=np.concatenate((base.windows, rows_of(windows, WINDOW))),
        options=np.concatenate((base.options, rows_of(options, OPTION))),
        is_bounded=np.ones(1, np.int64),
    )


class _Pattern(NamedTuple):
    """Where windows and what there is to choose between stand in the instance, and the latter."""

    first_window: int
    first_option: int
    opens: list[tuple[int, int]]


def _starts(visit: Visit) -> Iterator[tuple[int, int]]:
    """Yield the starts that are worth choosing between, wherever it is planned, each with the latest one of its window."""
    for low, _, high in visit.windows:
        yield low, high
        for opening, _ in visit.preferred:
            if low < opening <= high:
                yield opening, high
