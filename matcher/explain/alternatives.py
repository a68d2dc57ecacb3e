"""Why an assigned visit has its team, and the best other teams and times: each placed, settled and judged by the verifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from matcher.explain.answer import Alternative, Choice
from matcher.explain.refit import Ground, never
from matcher.instance import FAR
from matcher.kernels.cells import ENTRIES, closed, pack
from matcher.kernels.diagnose import FREE, diagnose
from matcher.kernels.place import forget_touched, place_visit, remove_visit
from matcher.kernels.probe import exchange, probe_exchanges
from matcher.kernels.routes import IS_IN, NONE, SHIFT, open_journal, roll_back, view
from matcher.kernels.schedule import settle
from matcher.kernels.search import refresh_worst
from matcher.kernels.teams import best_place
from matcher.kernels.work import CHOSEN, EARLIEST, IS_WIDE, TO_ENTRY, candidate
from matcher.plan import Removed
from matcher.reasons import with_latest
from matcher.rules import Rule
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.kernels.cells import Reals
    from matcher.plan import Assignment
    from matcher.trace import Trace
    from matcher.verifier.recheck import Recheck
    from matcher.visits import VisitRole

T = TypeVar("T")
MOST, LOOKED_AT = 3, 8
"""Alternatives that are given, and those that are worked out to find them."""
TOO_DEAR = FAR - 1


class Others:
    """The state of a plan without one of its visits (which it may serve or not), and what could be put in its place.

    Parameters
    ----------
    packed
        The packed instance, where the caller has it already.
    """

    def __init__(self, ground: Ground, v: int, packed: tuple[Longs, Reals] | None = None) -> None:
        self._ground, self._v, self._compiled = ground, v, ground.compiled
        self._instance = ground.compiled.instance
        ins, self._pts = packed or pack(self._instance)
        self._ins = ins.copy()
        self._ins.setflags(write=False)
        self._entries = int(ins[ENTRIES])
        self._searcher = Searcher.on(self._instance, (ins, self._pts), 1, ground.state)
        self._searcher.wk[IS_WIDE] = 1  # every shift that may hold a node is looked at, however many they are
        routes = view(self._searcher.rt)
        self.entries_now = [int(routes.node[n, SHIFT]) for n in self._nodes]
        if routes.visit[v, IS_IN]:
            remove_visit(ins, self._pts, self._searcher.rt, self._searcher.wk, v)
        settle(ins, self._pts, self._searcher.rt, self._searcher.wk)
        forget_touched(self._searcher.wk)
        refresh_worst(ins, self._searcher.rt)
        open_journal(self._searcher.rt)

    @cached_property
    def _latest(self) -> tuple[tuple[Longs, Reals], Longs]:
        return with_latest(self._instance, self._searcher.rt)

    @property
    def _nodes(self) -> range:
        row = self._instance.visits[self._v]
        return range(int(row["first_node"]), int(row["first_node"] + row["nodes"]))

    def choices(self, assignment: Assignment) -> tuple[Choice, ...]:
        """Return for each role who was removed by which rule, and how many were left and free."""
        visit = self._compiled.visits[self._v]
        serves = {service.role: service.provider for service in assignment.team}
        return tuple(self._choice(k, role, serves[role.id]) for k, role in enumerate(visit.roles))

    def _choice(self, k: int, role: VisitRole, provider: str) -> Choice:
        visit, removed = self._compiled.visits[self._v], []
        allowed = np.ones(len(self._compiled.problem.providers), bool)
        for rule, passes in self._compiled.eligibility.rules(visit, role):
            lost = int((allowed & ~passes).sum())
            if lost:
                removed.append(Removed(rule=rule, role=role.id, providers=lost))
            allowed &= passes
        n, free = self._nodes[k], set()
        packed, without = self._latest
        for entry in range(int(self._instance.entry_first[n]), int(self._instance.entry_first[n + 1])):
            if int(diagnose(*packed, without, n, entry)[0]) == FREE:
                free.add(int(self._instance.shifts[self._instance.entry_shift[entry]]["provider"]))
        busy = int(allowed.sum()) - len(free)
        if busy > 0:
            removed.append(Removed(rule=Rule.SHIFT, role=role.id, providers=busy))
        return Choice(role.id, provider, tuple(removed), int(allowed.sum()), len(free))

    def found(self, is_over: Callable[[], bool] = never) -> list[tuple[int, list[Any]]]:
        """Return the places that cost least, the present one among them, at most one for each shift of a role: (estimated cost, candidates)."""
        s = self._searcher
        seen: dict[tuple[tuple[int, int], ...], tuple[int, list[Any]]] = {}
        nodes = self._nodes
        for n in nodes:
            for entry in range(int(self._instance.entry_first[n]), int(self._instance.entry_first[n + 1])):
                if is_over():
                    break
                cost, pairing = self._with(n, entry)
                if cost >= TOO_DEAR:
                    continue
                rows = [s.wk[candidate(s.wk, CHOSEN, k) : candidate(s.wk, CHOSEN, k + 1)].copy() for k in range(len(nodes))]
                key = tuple((int(row[TO_ENTRY]), int(row[EARLIEST])) for row in rows)
                if key not in seen or cost < seen[key][0]:
                    seen[key] = (int(cost), [int(pairing), *rows])
        return sorted(seen.values(), key=lambda item: (item[0], str([row.tolist() for row in item[1][1:]])))

    def cheapest(self) -> list[Any] | None:
        """Return the place that costs least, the present one perhaps; None where there is none."""
        s = self._searcher
        cost, pairing = best_place(s.ins, s.pts, s.rt, s.wk, self._v, TOO_DEAR, False, s.is_timed)
        if int(cost) >= TOO_DEAR:
            return None
        return [int(pairing), *(s.wk[candidate(s.wk, CHOSEN, k) : candidate(s.wk, CHOSEN, k + 1)].copy() for k in range(len(self._nodes)))]

    def _with(self, n: int, entry: int) -> tuple[int, int]:
        """Find the cheapest place of the visit in which node n is in the shift of an entry."""
        first, last = int(self._instance.entry_first[n]), int(self._instance.entry_first[n + 1])
        span = slice(self._entries + first, self._entries + last)
        kept = self._ins[span].copy()
        self._ins.setflags(write=True)
        self._ins[span] = closed(kept)
        self._ins[self._entries + entry] = kept[entry - first]
        self._ins.setflags(write=False)
        s = self._searcher
        cost, pairing = best_place(self._ins, self._pts, s.rt, s.wk, self._v, TOO_DEAR, False, s.is_timed)
        self._ins.setflags(write=True)
        self._ins[span] = kept
        self._ins.setflags(write=False)
        return int(cost), int(pairing)

    def with_place(self, place: list[Any], look: Callable[[Longs], T]) -> T | None:
        """Return what `look` makes of the routes in which the visit has a place that was found; None where it does not settle.

        The routes are lent: they are as before afterwards.
        """
        s, pairing, rows = self._searcher, place[0], place[1:]
        for k, row in enumerate(rows):
            s.wk[candidate(s.wk, CHOSEN, k) : candidate(s.wk, CHOSEN, k + 1)] = row
        open_journal(s.rt)
        found = None
        if place_visit(s.ins, s.pts, s.rt, s.wk, self._v, pairing) and int(settle(s.ins, s.pts, s.rt, s.wk)) == NONE:
            refresh_worst(s.ins, s.rt)
            found = look(s.rt)
        forget_touched(s.wk)
        roll_back(s.rt, 0)
        return found

    def exchanges(self, others: Sequence[int]) -> list[tuple[int, int]]:
        """Return what it costs to have the visit where it costs least once one of `others` is taken out, which stays in where it finds another place.

        Pairs of the cost and the other visit, the cheapest first; those that open no place are left out.
        """
        s, costs = self._searcher, np.zeros(len(others), np.int64)
        probe_exchanges(s.ins, s.pts, s.rt, s.wk, self._v, np.array(others, np.int64), costs, s.is_timed)
        s.wk[IS_WIDE] = 1
        return sorted((cost, u) for cost, u in zip(costs.tolist(), others, strict=True) if cost < TOO_DEAR)

    def with_exchange(self, u: int, look: Callable[[Longs], T]) -> T | None:
        """Return what `look` makes of the routes in which the visit has a place and visit u, taken out for it, perhaps another; None if it has none.

        The routes are lent: they are as before afterwards.
        """
        s = self._searcher
        cost = exchange(s.ins, s.pts, s.rt, s.wk, self._v, u, s.is_timed)
        found = look(s.rt) if int(cost) < TOO_DEAR else None
        roll_back(s.rt, 0)
        s.wk[IS_WIDE] = 1
        return found

    def neighbours(self) -> list[int]:
        """Return the visits that are served in a shift which may hold one of the visit's nodes."""
        n = self._nodes
        shifts = np.unique(self._instance.entry_shift[self._instance.entry_first[n.start] : self._instance.entry_first[n.stop]])
        held = np.isin(view(self._searcher.rt).node[:, SHIFT], shifts)
        return [int(u) for u in np.unique(self._instance.nodes["visit"][held]) if u != self._v]

    @property
    def state(self) -> Longs:
        """The routes without the visit; not to be written."""
        return self._searcher.rt


def alternatives(
    others: Others, trace: Trace, recheck: Recheck, v: int, assignment: Assignment, is_over: Callable[[], bool] = never
) -> tuple[Alternative, ...]:
    """Return the cheapest other teams and times of assigned visit v, the cheapest first; each is clean and costed by the verifier."""
    found: list[Alternative] = []
    seen = {_key(assignment)}
    for _, place in others.found()[:LOOKED_AT]:
        if len(found) == MOST or (found and is_over()):
            break
        changes = others.with_place(place, lambda state: trace.changes(state, v))
        other = changes.get(assignment.visit) if changes is not None else None
        if changes is None or other is None or _key(other) in seen:
            continue
        judged = recheck.of(changes)
        if judged.is_clean:
            seen.add(_key(other))
            found.append(Alternative(judged.cost, judged.by_term, other))
    return tuple(sorted(found, key=lambda item: item.cost))


def _key(assignment: Assignment) -> tuple[Any, ...]:
    return assignment.room, tuple((service.role, service.provider, service.start) for service in assignment.team)
