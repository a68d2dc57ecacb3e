"""From a plan back to routes: what a search starts from. What of the plan breaks a rule of the problem is left out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container
from typing import TYPE_CHECKING

import numpy as np

from matcher.instance import nodes_of_entries
from matcher.kernels.cells import pack
from matcher.kernels.routes import NONE
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.compile import Compiled
    from matcher.instance import Longs
    from matcher.kernels.cells import Reals
    from matcher.plan import Assignment, Plan


def state_of(compiled: Compiled, plan: Plan, packed: tuple[Longs, Reals] | None = None, first: Container[str] = ()) -> Longs:
    """Return the state that serves as the plan does, visit by visit in order of time.

    A visit, provider or room that the problem does not have is left out, as is a visit that a rule forbids, given those before it.

    Parameters
    ----------
    packed
        The packed instance, where the caller has it already.
    first
        Visits that go before all others, so that of two which cannot both be they are the ones that stay.
    """
    instance = compiled.instance
    searcher = Searcher.on(instance, packed or pack(instance), 1)
    places = _Places(compiled)
    for assignment in sorted(plan.assignments, key=lambda a: (a.visit not in first, a.team[0].start, a.visit)):
        places.note(assignment)
    searcher.take_up(instance, *places.arrays())
    return searcher.rt


class _Places:
    """The entry, the start and the fund of every node of a plan, gathered assignment by assignment."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        instance = compiled.instance
        self._row = {visit.id: v for v, visit in enumerate(compiled.visits)}
        self._fund = {fund.id: f for f, fund in enumerate(compiled.problem.funds)}
        people = [provider.id for provider in compiled.problem.providers]
        self._shifts: dict[tuple[str, int], tuple[list[int], list[int], list[int]]] = {}
        rows = zip(*(instance.shifts[name].tolist() for name in ("provider", "crew", "start", "end")), strict=True)
        for s, (p, crew, start, end) in enumerate(rows):
            name = people[p] if p < len(people) else f"#{compiled.rooms[p - len(people)]}"  # no provider's id has the sign
            starts, ends, found = self._shifts.setdefault((name, crew), ([], [], []))
            starts.append(start)
            ends.append(end)
            found.append(s)
        self._first, self._nodes = instance.visits["first_node"].tolist(), instance.visits["nodes"].tolist()
        self._shift, self._planned, self._funds = np.full((3, len(instance.nodes)), NONE, np.int64)
        self._waiting: list[int] = []

    def note(self, assignment: Assignment) -> None:
        """Note the shift, the start and the fund of each node of a visit; leave the visit out where one of them has none."""
        v = self._row.get(assignment.visit)
        if v is None:
            return
        visit, since = self._compiled.visits[v], self._compiled.problem.horizon.since
        services = {service.role: service for service in assignment.team}
        found = []
        for role in visit.roles:
            service = services.get(role.id)
            start = since(service.start) if service is not None else 0
            s = self._shift_of((service.provider, service.crew), start, start + role.seconds) if service is not None else None
            if service is None or s is None:
                return
            found.append((s, start, start + role.seconds, self._fund.get(service.fund or "", NONE)))
        if self._nodes[v] > len(visit.roles):
            s = self._shift_of((f"#{assignment.room}", 1), min(start for _, start, _, _ in found), max(end for _, _, end, _ in found))
            if s is None:
                return
            found.append((s, found[0][1], 0, NONE))
        for n, (s, start, _, fund) in enumerate(found, self._first[v]):
            self._shift[n], self._planned[n], self._funds[n] = s, start, fund
        self._waiting.append(v)

    def arrays(self) -> tuple[Longs, Longs, Longs, Longs]:
        """Return the visits that have a place, in the order in which they were noted, and the entry, start and fund of each node."""
        instance = self._compiled.instance
        width = len(instance.shifts) + 1
        # Entries stand by rising node and shift, so that one number for the two finds them all at once.
        keys = nodes_of_entries(instance) * width + instance.entry_shift
        wanted = np.arange(len(instance.nodes)) * width + self._shift
        entries = np.searchsorted(keys, wanted)
        has_entry = (self._shift != NONE) & (np.append(keys, NONE)[entries] == wanted)
        entries = np.where(has_entry, entries, NONE)
        waiting = [v for v in self._waiting if has_entry[self._first[v] : self._first[v] + self._nodes[v]].all()]
        return np.array(waiting, np.int64), entries, self._planned, self._funds

    def _shift_of(self, who: tuple[str, int], start: int, end: int) -> int | None:
        """Return the shift of a provider's crew, or the opening of a room, that holds the whole stretch; None if none does. They never overlap."""
        starts, ends, rows = self._shifts.get(who, ((), (), ()))
        k = bisect_right(starts, start) - 1
        return rows[k] if k >= 0 and end <= ends[k] else None
