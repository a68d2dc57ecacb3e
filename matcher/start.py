"""From a plan back to routes: what a search starts from. What of the plan breaks a rule of the problem is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matcher.kernels.cells import pack
from matcher.kernels.follow import follow
from matcher.kernels.routes import NONE
from matcher.kernels.search import refresh_worst
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.compile import Compiled
    from matcher.instance import Longs
    from matcher.plan import Assignment, Plan


def state_of(compiled: Compiled, plan: Plan) -> Longs:
    """Return the state that serves as the plan does, visit by visit in order of time.

    A visit, provider or room that the problem does not have is left out, as is a visit that a rule forbids, given those before it.
    """
    searcher = Searcher.on(compiled.instance, pack(compiled.instance), 1)
    row = {visit.id: v for v, visit in enumerate(compiled.visits)}
    places = _Places(compiled)
    waiting, planned = [], np.zeros(len(compiled.instance.nodes), np.int64)
    for assignment in sorted(plan.assignments, key=lambda a: (a.team[0].start, a.visit)):
        v = row.get(assignment.visit)
        found = places.of(v, assignment) if v is not None else None
        if v is not None and found is not None:
            entries, starts, funds = found
            planned[int(compiled.instance.visits[v]["first_node"]) :][: len(starts)] = starts
            waiting.append((v, entries, funds))
    before = -1
    # A visit may need another one beside it first: the leg home may be too long, and the one to the next visit not.
    while len(waiting) != before:
        before = len(waiting)
        waiting = [
            (v, entries, funds)
            for v, entries, funds in waiting
            if not follow(searcher.ins, searcher.pts, searcher.rt, searcher.wk, v, entries, planned, funds, searcher.is_timed)
        ]
    refresh_worst(searcher.ins, searcher.rt)
    return searcher.rt


class _Places:
    """The entries that an assignment speaks of."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._provider = {provider.id: p for p, provider in enumerate(compiled.problem.providers)}
        self._fund = {fund.id: f for f, fund in enumerate(compiled.problem.funds)}
        self._room = {room: len(self._provider) + r for r, room in enumerate(compiled.rooms)}

    def of(self, v: int, assignment: Assignment) -> tuple[Longs, Longs, Longs] | None:
        """Return the entry, the start and the fund of each node of a visit; None where one of them has none."""
        instance, visit = self._compiled.instance, self._compiled.visits[v]
        services = {service.role: service for service in assignment.team}
        first = int(instance.visits[v]["first_node"])
        entries, starts, ends, funds = [], [], [], []
        for k, role in enumerate(visit.roles):
            service = services.get(role.id)
            if service is None:
                return None
            start = self._compiled.problem.horizon.since(service.start)
            entries.append(self._entry(first + k, self._provider.get(service.provider), service.crew, start, start + role.seconds))
            starts.append(start)
            funds.append(self._fund.get(service.fund or "", NONE))
            ends.append(start + role.seconds)
        if instance.visits[v]["nodes"] > len(visit.roles):
            entries.append(self._entry(first + len(visit.roles), self._room.get(assignment.room or ""), 1, min(starts), max(ends)))
            starts.append(starts[0])
            funds.append(NONE)
        if None in entries:
            return None
        return np.array(entries, np.int64), np.array(starts, np.int64), np.array(funds, np.int64)

    def _entry(self, n: int, provider: int | None, crew: int, start: int, end: int) -> int | None:
        instance = self._compiled.instance
        for entry in range(int(instance.entry_first[n]), int(instance.entry_first[n + 1])):
            shift = instance.shifts[instance.entry_shift[entry]]
            if shift["provider"] == provider and shift["crew"] == crew and shift["start"] <= start and end <= shift["end"]:
                return entry
        return None
