"""Fitting a few visits into a plan: ruin and recreate in the routes that could hold them, and in no others.

The search of `matcher.solvers` looks everywhere; a question about one visit needs a look at its surroundings only, in a fraction of the time.
Steps are counted, never timed, so that an answer is the same on every machine.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.compile import Basis, Compiled, compile_problem
from matcher.instance import FAR
from matcher.kernels.cells import V_LOSS, pack, visit_row
from matcher.kernels.place import remove_visit
from matcher.kernels.routes import (
    ABSENT,
    CLOCK,
    COUNT,
    HEAD,
    IS_IN,
    JOURNAL_OVERFLOWED,
    LOSS,
    NEXT,
    NONE,
    SHIFT,
    Routes,
    empty,
    open_journal,
    roll_back,
    view,
)
from matcher.kernels.search import BEST_COST, cost_of, fill, note_changes, record_best, recreate, refresh_worst, settle_or_remove
from matcher.kernels.work import SHIFT_BLINK, WANTED
from matcher.solvers.construct import construct
from matcher.solvers.searcher import Searcher
from matcher.solvers.warm import warm_up
from matcher.start import state_of
from matcher.travel import Journeys

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.kernels.cells import Reals
    from matcher.plan import Plan
    from matcher.problem import Problem

MUST = FAR >> 2
"""What a visit that has to be served costs if it is not: more than any plan of a usual week, less than what counts as impossible."""
ROUTES_OPENED, LONGEST_RUN = 3, 3
"""Routes that one step opens at most, and visits that it takes out of each."""
RETRIES = 100
"""Steps that are spent on visits of a plan that were not taken up at once."""
HOT, COLD = 0.2, 0.001
"""First and last temperature, as shares of the least loss of a visit that matters."""


def never() -> bool:
    """Say that nobody asked to stop."""
    return False


@dataclass(frozen=True)
class Ground:
    """A compiled problem and a plan of it as routes: where every question about the plan starts from."""

    compiled: Compiled
    state: Longs
    is_alike: bool = True
    """Whether every visit of the plan was taken up as it was; if not, some are elsewhere."""
    packed: tuple[Longs, Reals] | None = None
    """The packed instance, where it is at hand."""
    known_journeys: Journeys | None = None
    """The times of travel of the problem, where they are at hand."""

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> Ground:
        """Compile a problem and take up a plan of it; what of the plan breaks a rule of the problem is left out."""
        basis = Basis.of(problem)
        compiled = compile_problem(problem, basis)
        warm_up()
        packed = pack(compiled.instance)
        ground = cls(compiled, state_of(compiled, plan, packed), packed=packed, known_journeys=basis.journeys)
        # A plan is taken up visit by visit. What could not be, the rest being incomplete at the time, finds its place, or one like it, now.
        served = {assignment.visit for assignment in plan.assignments}
        lost = [v for v, visit in enumerate(compiled.visits) if visit.id in served and not ground.is_in(v)]
        if not lost:
            return ground
        refit = Refit(ground, lost)
        refit.insert(lost)
        refit.run(RETRIES)
        return replace(ground, state=refit.best(), is_alike=False)

    @cached_property
    def journeys(self) -> Journeys:
        """The times of travel of the problem."""
        return self.known_journeys or Journeys(self.compiled.problem)

    def row(self, visit: str) -> int:
        """Return the row of a visit by its id; raises KeyError where there is none."""
        for v, item in enumerate(self.compiled.visits):
            if item.id == visit:
                return v
        raise KeyError(visit)

    def siblings(self, v: int) -> range:
        """Return the visits of the need of visit v, itself included."""
        need = self.compiled.instance.needs[self.compiled.instance.visits[v]["need"]]
        return range(int(need["first_visit"]), int(need["first_visit"] + need["visits"]))

    def is_in(self, v: int) -> bool:
        """Return whether the plan serves visit v."""
        return bool(view(self.state).visit[v, IS_IN])


class Refit:
    """Looks for cheap routes near those of a ground in which some visits are served.

    Parameters
    ----------
    wanted
        Visits to fit in.
    must
        Visits that have to be served whatever they displace; a subset of the visits of the problem.
    is_empty
        Whether to start from nobody served instead of from the plan.
    shut
        Shifts that hold nothing in the ground's packed instance, as a truth for each: routes are not opened on their behalf.
    """

    def __init__(
        self,
        ground: Ground,
        wanted: Sequence[int],
        *,
        must: Iterable[int] = (),
        seed: int = 1,
        is_empty: bool = False,
        shut: Any = None,
    ) -> None:
        instance = ground.compiled.instance
        self._instance, self._random = instance, random.Random(f"refit {seed}")
        self._wanted, self._must = list(wanted), sorted(set(must))
        self._shut = shut
        ins, pts = ground.packed or pack(instance)
        state = empty(instance).array if is_empty else ground.state.copy()
        routes = view(state)
        if self._must:
            ins = ins.copy()
            for v in self._must:
                cell = int(visit_row(ins, v)) + V_LOSS
                more = max(0, MUST - int(ins[cell]))
                ins[cell] += more
                routes.total[LOSS] += 0 if routes.visit[v, IS_IN] else more
            ins.setflags(write=False)
        self._searcher = Searcher.on(instance, (ins, pts), seed, state)
        self._was_in = view(ground.state).visit[:, IS_IN].copy()
        losses = [int(instance.visits[v]["loss"]) for v in self._wanted] or [1]
        self._scale = max(1.0, float(min(losses)))

    @property
    def cost(self) -> int:
        """The cost of the best routes, visits that must be served and are not counting `MUST`."""
        return self._searcher.best_cost

    def best(self) -> Longs:
        """Return the best routes as a state of the ground's instance: totals and all as the plain problem has them."""
        state = self._searcher.best()
        routes = view(state)
        for v in self._must:
            if not routes.visit[v, IS_IN]:
                routes.total[LOSS] -= max(0, MUST - int(self._instance.visits[v]["loss"]))
        return state

    def serves(self, v: int) -> bool:
        """Return whether the best routes serve visit v."""
        return bool(view(self._searcher.best()).visit[v, IS_IN])

    def insert(self, visits: Sequence[int]) -> int:
        """Try to place visits one by one, nobody moved; return how many found a place."""
        return int(fill(*self._searcher.arrays, np.array(visits, np.int64), self._searcher.is_timed))

    def unseat(self, visits: Iterable[int]) -> list[int]:
        """Take visits out, if they are in; return those that were, and those that had to go with them."""
        s, routes = self._searcher, view(self._searcher.rt)
        before = routes.visit[:, IS_IN].copy()
        open_journal(s.rt)
        for v in visits:
            if routes.visit[v, IS_IN]:
                remove_visit(s.ins, s.pts, s.rt, s.wk, v)
        settle_or_remove(s.ins, s.pts, s.rt, s.wk)
        refresh_worst(s.ins, s.rt)
        note_changes(s.rt, s.bs)
        return [int(v) for v in np.flatnonzero(before & (routes.visit[:, IS_IN] == 0))]

    def shifts_of(self, v: int) -> list[int]:
        """Return the shifts that hold visit v now."""
        row = self._instance.visits[v]
        nodes = view(self._searcher.rt).node[int(row["first_node"]) : int(row["first_node"] + row["nodes"])]
        return [int(shift) for shift in nodes[:, SHIFT] if shift != NONE]

    def held_by(self, shifts: Iterable[int]) -> list[int]:
        """Return the visits in the routes of some shifts now."""
        routes = view(self._searcher.rt)
        nodes = np.flatnonzero(np.isin(routes.node[:, SHIFT], list(shifts)))
        return sorted({int(v) for v in self._instance.nodes["visit"][nodes]})

    def construct(self) -> None:
        """Place every absent visit that finds a place, those that lose most by waiting first."""
        construct(self._searcher, never)

    def run(self, steps: int, is_over: Callable[[], bool] = never) -> None:
        """Take so many steps, or fewer once `is_over` says so."""
        for i in range(steps):
            if is_over():
                break
            self._step(self._scale * HOT * (COLD / HOT) ** (i / steps))
        self._searcher.return_to_best()

    def _step(self, temperature: float) -> None:
        s = self._searcher
        routes = view(s.rt)
        open_journal(s.rt)
        old = int(cost_of(s.ins, s.rt))
        routes.total[CLOCK] += 1
        s.wk[SHIFT_BLINK] = 0
        target = self._target(routes)
        s.wk[WANTED] = target
        removed_from = int(routes.total[ABSENT])
        self._open(routes, target)
        recreate(s.ins, s.pts, s.rt, s.wk, False, s.is_timed, removed_from)
        refresh_worst(s.ins, s.rt)
        new = int(cost_of(s.ins, s.rt))
        if s.rt[JOURNAL_OVERFLOWED] == 1 or new < old - temperature * math.log(1.0 - self._random.random()):
            note_changes(s.rt, s.bs)
            if new < s.bs[BEST_COST]:
                record_best(s.rt, s.bs, new)
        else:
            roll_back(s.rt, 0)

    def _target(self, routes: Routes) -> int:
        """Choose the visit to make room for: one that is wanted, or one that was displaced on its behalf."""
        is_in = routes.visit[:, IS_IN]
        absent = [v for v in self._wanted if not is_in[v]]
        displaced = np.flatnonzero((is_in == 0) & (self._was_in == 1)).tolist()
        if absent and (not displaced or self._random.random() < 0.5):
            return self._random.choice(absent)
        if displaced and self._random.random() < 0.7:
            return int(self._random.choice(displaced))
        return self._random.choice(self._wanted)

    def _open(self, routes: Routes, target: int) -> None:
        """Take visits out of routes that could hold the target, most of them on one day, and the target itself, if it is placed."""
        s, instance, draw = self._searcher, self._instance, self._random
        if routes.visit[target, IS_IN]:
            remove_visit(s.ins, s.pts, s.rt, s.wk, target)
        row = instance.visits[target]
        day, opened, wanted = NONE, 0, draw.randint(1, ROUTES_OPENED)
        for _ in range(4 * wanted):
            n = int(row["first_node"]) + draw.randrange(int(row["nodes"]))
            first, last = int(instance.entry_first[n]), int(instance.entry_first[n + 1])
            shifts = instance.entry_shift[first:last]
            if self._shut is not None:
                shifts = shifts[~self._shut[shifts]]
            if not len(shifts):
                return
            shift = int(shifts[draw.randrange(len(shifts))])
            if day not in (NONE, int(instance.shifts[shift]["day"])) and draw.random() < 0.9:
                continue
            day = int(instance.shifts[shift]["day"])
            if routes.shift[shift, COUNT] > 0:
                self._shorten(routes, shift)
            opened += 1
            if opened == wanted:
                return

    def _shorten(self, routes: Routes, shift: int) -> None:
        s, nodes, n = self._searcher, [], int(routes.shift[shift, HEAD])
        while n != NONE:
            nodes.append(n)
            n = int(routes.node[n, NEXT])
        length = self._random.randint(1, min(LONGEST_RUN, len(nodes)))
        first = self._random.randrange(len(nodes) - length + 1)
        for v in dict.fromkeys(int(self._instance.nodes[n]["visit"]) for n in nodes[first : first + length]):
            if routes.visit[v, IS_IN]:
                remove_visit(s.ins, s.pts, s.rt, s.wk, v)


def absent_of(state: Longs) -> list[int]:
    """Return the visits that a state leaves out, by row."""
    routes = view(state)
    return sorted(int(v) for v in routes.absent[: routes.total[ABSENT]])
