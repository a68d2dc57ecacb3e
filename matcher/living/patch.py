"""The instance of an amended week from that of the week before: rows that an event left alone are taken over.

Compiling a district takes as long as all the rest of planning again. After an absence, a late, a missed or a withdrawn visit, a closed venue or a new
need nearly everything in the instance is as it was; what changed is written anew. Where more changed, None says that the week has to be compiled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher import objective
from matcher.compile import Basis, Compiled, compile_problem
from matcher.instance import FAR, OPTION, SHIFT, WINDOW, Instance, freeze
from matcher.living.append import alone_of, joined
from matcher.living.trim import trimmed
from matcher.visits import openings_of

if TYPE_CHECKING:
    from matcher.living.amend import Amended
    from matcher.living.desk import Desk
    from matcher.plan import Assignment
    from matcher.problem import Need, Problem
    from matcher.visits import Visit

Rows = list[tuple[int, int, int, tuple[int, int, int] | None]]
"""Crew, start, end and lunch of the shifts of one provider or room, in the order of the instance."""


def patched(desk: Desk, amended: Amended) -> Compiled | None:
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
    if any(_team(carried[name]) != _team(desk.assigned[left.before(name)]) for name in settled):
        return None
    if amended.gone:
        base = trimmed(base, [desk.row[name] for name in amended.gone], after)
    instance = _with_visits(_with_shifts(base, after, changed), before, amended, left, carried, settled)
    compiled = Compiled(after, freeze(instance), after.visits, desk.compiled.rooms, desk.compiled.eligibility)
    if not new:
        return compiled
    basis = Basis.of(after)
    for need in new:
        alone = alone_of(after, need)
        compiled = joined(compiled, compile_problem(alone, basis.alone(alone)), after, basis)
    return replace(compiled, eligibility=basis.eligibility)


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


def _team(assignment: Assignment) -> list[tuple[str, str, int]]:
    return [(service.role, service.provider, service.crew) for service in assignment.team]


# shifts


def _changed_shifts(before: Problem, after: Problem, base: Instance) -> dict[int, list[tuple[int, Any]]] | None:
    """Return the new rows of each provider or room whose hours changed, each with the row that it comes of; None where hours are new."""
    wanted: dict[int, Rows] = {}
    own: dict[str, Rows] = {}
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
    found: dict[int, list[tuple[int, Any]]] = {}
    for p, rows in wanted.items():
        first, count = int(base.providers["shift_first"][p]), int(base.providers["shifts"][p])
        found[p] = []
        for crew, start, end, lunch in rows:
            # within one shift of before: longer hours may let in what had no entry
            parents = [
                s
                for s in range(first, first + count)
                if base.shifts[s]["crew"] == crew and base.shifts[s]["start"] <= start and end <= base.shifts[s]["end"]
            ]
            if len(parents) != 1:
                return None
            row = base.shifts[parents[0]].copy()
            row["start"], row["end"], row["day"], row["week"] = start, end, start // 86_400, start // 604_800
            row["has_lunch"] = lunch is not None
            row["lunch_low"], row["lunch_high"], row["lunch"] = lunch or (0, 0, 0)
            found[p].append((parents[0], row))
    return found


def _with_shifts(base: Instance, after: Problem, changed: dict[int, list[tuple[int, Any]]]) -> Instance:
    """Return the instance with other hours: shifts, who has which, and the entries in them."""
    if not changed:
        return base
    providers = base.providers.copy()
    pieces: list[Any] = []
    parents: list[int] = []
    at = 0
    for p in sorted(changed):
        first, count = int(base.providers["shift_first"][p]), int(base.providers["shifts"][p])
        if count == 0:
            continue
        pieces.append(base.shifts[at:first])
        parents.extend(range(at, first))
        pieces.append(np.array([row for _, row in changed[p]], SHIFT))
        parents.extend(parent for parent, _ in changed[p])
        at = first + count
    pieces.append(base.shifts[at:])
    parents.extend(range(at, len(base.shifts)))
    shifts, parent = np.concatenate(pieces), np.array(parents, np.int64)
    counts = np.bincount(shifts["provider"], minlength=len(providers))
    providers["shifts"] = counts
    providers["shift_first"] = np.where(counts > 0, np.concatenate(([0], np.cumsum(counts)[:-1])), 0)
    for p in changed:
        if p < len(after.providers):
            own = shifts[shifts["provider"] == p]
            minutes = int((own["end"] - own["start"]).sum()) // 60
            providers["offered"][p] = objective.offered_minutes(after.providers[p], minutes, after.horizon.weeks)
    # each entry once for every row that came of its shift
    order = np.argsort(parent, kind="stable")
    children = np.bincount(parent, minlength=len(base.shifts))
    child_first = np.concatenate(([0], np.cumsum(children)))
    node = np.repeat(np.arange(len(base.nodes)), np.diff(base.entry_first))
    times = children[base.entry_shift]
    source = np.repeat(np.arange(len(node)), times)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(times) - times, times)
    shift = order[child_first[base.entry_shift[source]] + nth]
    key = node[source] * len(shifts) + shift
    if (np.diff(key) < 0).any():
        by_key = np.argsort(key, kind="stable")
        source, shift = source[by_key], shift[by_key]
    by_shift = np.argsort(shift, kind="stable")
    return base._replace(
        shifts=shifts,
        providers=providers,
        entry_first=np.concatenate(([0], np.cumsum(np.bincount(node[source], minlength=len(base.nodes))))).astype(np.int64),
        entry_shift=shift.astype(np.int32),
        entry_cost=base.entry_cost[source],
        entry_price=base.entry_price[source],
        shift_first=np.concatenate(([0], np.cumsum(np.bincount(shift, minlength=len(shifts))))).astype(np.int64),
        shift_node=node[source][by_shift].astype(np.int32),
    )


# visits


def _with_visits(
    base: Instance, before: Problem, amended: Amended, left: _Left, carried: dict[str, Assignment], settled: Collection[str]
) -> Instance:
    """Return the instance with visits settled, missed, or closed to the past. It holds those that are left of the week before."""
    after = amended.problem
    visits, nodes, cost = base.visits.copy(), base.nodes.copy(), base.entry_cost.copy()
    windows: list[tuple[int, int, int]] = []
    options: list[tuple[int, int]] = []
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
    for v, visit in enumerate(after.visits[: len(visits)]):
        item = carried[visit.id] if visit.id in settled else None
        if item is None and visit.need.id not in changed and visit.id not in amended.missed:
            continue
        start = int(visits["in_force_start"][v])
        if item is not None:
            start = since(item.team[0].start)
            visits["in_force_start"][v] = start if visits["in_force_start"][v] >= 0 else -1
            visits["loss"][v] += 0 if visit.id in pinned else after.weights.pinned
            visits["musts"][v] = 0
            for k, service in enumerate(item.team):
                n = int(visits["first_node"][v]) + k
                nodes["pin"][n] = since(service.start)
                span = slice(int(base.entry_first[n]), int(base.entry_first[n + 1]))
                cost[span] = np.where(who[span] == row_of[service.provider], cost[span], FAR)
        if visit.need.id in changed:
            visits["window_first"][v], visits["windows"][v] = len(base.windows) + len(windows), len(visit.windows)
            windows.extend(visit.windows)
        opens = sorted(set(_starts(visit, start)))
        visits["option_first"][v], visits["options"][v] = len(base.options) + len(options), len(opens)
        options.extend(opens)
    return base._replace(
        visits=visits,
        nodes=nodes,
        entry_cost=cost,
        windows=np.concatenate((base.windows, np.array(windows, WINDOW))),
        options=np.concatenate((base.options, np.array(options, OPTION))),
        is_bounded=np.ones(1, np.int64),
    )


def _starts(visit: Visit, in_force_start: int) -> Iterator[tuple[int, int]]:
    """Yield the starts that are worth choosing between, each with the latest one of its window."""
    for low, _, high in visit.windows:
        yield low, high
        for opening, _ in visit.preferred:
            if low < opening <= high:
                yield opening, high
        if low < in_force_start <= high:
            yield in_force_start, high
