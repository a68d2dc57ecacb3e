"""The linear program over routes: which mixture of the routes seen so far serves the units best, and the prices that it puts on rows and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.linear_solver import pywraplp

from matcher.kernels.chains import C_APART, C_FIRST, C_NEEDS_FIRST, C_NUMBERS, C_UNITS, C_WITHIN
from matcher.kernels.pricing import U_COUNT
from matcher.solvers.known import KnownRoutes

if TYPE_CHECKING:
    from matcher.solvers.master import Master

UNIT = 1e-5
"""Costs are handed to the linear program times this, so that its tolerances suit them."""

QUICK, CAREFUL = "use_preprocessing: false use_scaling: false", "use_preprocessing: true use_scaling: true"
"""Settings of the solver: going on from the basis of the last solve, which forbids whatever changes the columns already there; and without it."""


class Columns(KnownRoutes):
    """A linear program that grows by routes.

    Its optimum is no bound by itself (routes are missing, and it is solved in floating point): only its prices are used.
    """

    def __init__(self, master: Master, losses: Any) -> None:
        super().__init__(master.rows)
        self._master, self._solver = master, pywraplp.Solver.CreateSolver("GLOP")
        self._solver.SetSolverSpecificParametersAsString(QUICK)
        self._losses = losses / master.scale * UNIT
        solver = self._solver
        infinity = solver.infinity()
        self._demands = [solver.Constraint(0.0, infinity) for _ in range(master.rows)]
        self._limits = [solver.Constraint(-infinity, float(limit)) for limit in master.limits]
        self._groups = [solver.Constraint(-infinity, float(count)) for count in master.group_count]
        self._objective = solver.Objective()
        self._objective.SetMinimization()
        self._objective.SetOffset(float(np.sum(self._losses * master.unit[:, U_COUNT])))
        for c in range(len(master.chain)):
            self._add_chain(c)

    def _add_chain(self, c: int) -> None:
        """Add a variable for each bucket of each choice of a chain, and what they may add up to."""
        master, solver, chain = self._master, self._solver, self._master.chain[c]
        choices = range(int(master.choice_first[c]), int(master.choice_first[c + 1]))
        one = solver.Constraint(-solver.infinity(), 1.0) if len(choices) > 1 else None
        for choice in choices:
            buckets = master.choice_bucket[master.choice_bucket_first[choice] : master.choice_bucket_first[choice + 1]].tolist()
            buckets = [b for b in buckets if master.is_open[b]]
            share = solver.NumVar(0.0, 1.0, "") if one is not None and buckets else None
            if one is not None and share is not None:
                one.SetCoefficient(share, 1.0)
            variables = [self._serve(b) for b in buckets]
            if chain[C_UNITS] == 1 and chain[C_WITHIN] == 0:
                self._set_apart(chain, master.bucket_day[buckets], variables, share)
            else:
                self._set_flow(chain, buckets, variables, share)

    def _serve(self, b: int) -> Any:
        """Return a new variable: whether the bucket is served."""
        master, u = self._master, int(self._master.bucket_unit[b])
        variable = self._solver.NumVar(0.0, 1.0, "")
        self._objective.SetCoefficient(variable, -float(self._losses[u]))
        for row in master.bucket_row[master.bucket_row_first[b] : master.bucket_row_first[b + 1]].tolist():
            self._demands[row].SetCoefficient(variable, -1.0)
        return variable

    def _limit(self, some: list[Any], most: float, share: Any) -> None:
        """Let some variables add up to no more than a number, times the share of their choice."""
        limit = self._solver.Constraint(-self._solver.infinity(), most if share is None else 0.0)
        for variable in some:
            limit.SetCoefficient(variable, 1.0)
        if share is not None:
            limit.SetCoefficient(share, -most)

    def _set_apart(self, chain: Any, days: Any, variables: list[Any], share: Any) -> None:
        """Keep the days of interchangeable visits apart."""
        count = int(chain[C_NUMBERS])
        together = [(variables, float(count))]
        if count > 1:
            apart = max(1, int(chain[C_APART]))
            together += [([v for v, day in zip(variables, days, strict=True) if d <= day < d + apart], 1.0) for d in np.unique(days)]
        for some, most in together:
            if len(some) > most or share is not None:
                self._limit(some, most, share)

    def _set_flow(self, chain: Any, buckets: list[int], variables: list[Any], share: Any) -> None:
        """Let one unit flow through numbers and days, each visit following on one of a lower number, so many days before."""
        master, solver = self._master, self._solver
        numbers, apart, within = int(chain[C_NUMBERS]), int(chain[C_APART]), int(chain[C_WITHIN])
        days = np.unique(master.bucket_day[buckets]).tolist()
        served: dict[tuple[int, int], list[Any]] = {}
        for b, variable in zip(buckets, variables, strict=True):
            number = int(master.bucket_unit[b] - chain[C_FIRST])
            served.setdefault((number, int(master.bucket_day[b])), []).append(variable)
        is_alike = chain[C_UNITS] == 1
        places = [(m, d) for m in range(numbers) for d in days if is_alike or (m, d) in served]
        starts: list[Any] = []
        into: dict[tuple[int, int], list[Any]] = {place: [] for place in places}
        out: dict[tuple[int, int], list[Any]] = {place: [] for place in places}
        for m, d in places:
            if m == 0 or not chain[C_NEEDS_FIRST]:
                starts.append(solver.NumVar(0.0, solver.infinity(), ""))
                into[m, d].append(starts[-1])
            for k, e in places:
                if k < m and e + apart <= d and (within == 0 or d - e <= (m - k) * within):
                    arc = solver.NumVar(0.0, solver.infinity(), "")
                    into[m, d].append(arc)
                    out[k, e].append(arc)
        self._limit(starts, 1.0, share)
        for place in places:
            if out[place]:
                through = solver.Constraint(-solver.infinity(), 0.0)
                for arc in out[place]:
                    through.SetCoefficient(arc, 1.0)
                for arc in into[place]:
                    through.SetCoefficient(arc, -1.0)
        for key, some in served.items():
            # Interchangeable visits are served on a day whatever their numbers.
            enough = solver.Constraint(-solver.infinity(), 0.0)
            for variable in some:
                enough.SetCoefficient(variable, 1.0)
            for place in places:
                if place == key or (is_alike and place[1] == key[1]):
                    for arc in into[place]:
                        enough.SetCoefficient(arc, -1.0)

    def give(self, covered: Any) -> None:
        """Cover each row so often for nothing."""
        for row, amount in zip(self._demands, covered.tolist(), strict=True):
            row.SetLb(-amount)

    def add_route(self, g: int, index: Any, amount: Any, cost: float) -> bool:
        """Add a route of a group, which covers and uses so much at a cost (scaled); returns whether it is new."""
        if not super().add_route(g, index, amount, cost):
            return False
        variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._objective.SetCoefficient(variable, cost / self._master.scale * UNIT)
        self._groups[g].SetCoefficient(variable, 1.0)
        total: dict[int, float] = {}
        for at, value in zip(index.tolist(), amount.tolist(), strict=True):
            total[at] = total.get(at, 0.0) + value
        for at, value in total.items():
            row = self._demands[at] if at < self._master.rows else self._limits[at - self._master.rows]
            row.SetCoefficient(variable, value)
        return True

    def _is_solved_alone(self) -> bool:
        """Solve without the last basis, from which the solver may go astray; returns whether that went well."""
        anew = pywraplp.MPSolverParameters()
        anew.SetIntegerParam(anew.INCREMENTALITY, anew.INCREMENTALITY_OFF)
        self._solver.SetSolverSpecificParametersAsString(CAREFUL)
        is_solved: bool = self._solver.Solve(anew) == pywraplp.Solver.OPTIMAL
        self._solver.SetSolverSpecificParametersAsString(QUICK)
        return is_solved

    def prices(self) -> tuple[float, Any]:
        """Return the optimum over the routes so far (scaled) and its prices; raises `RuntimeError` if the program was not solved."""
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL and not self._is_solved_alone():
            raise RuntimeError("the linear program over routes was not solved")
        rows = np.array([row.dual_value() for row in self._demands])
        limits = np.array([-limit.dual_value() for limit in self._limits])
        prices = np.maximum(0.0, np.concatenate((rows, limits))) * (self._master.scale / UNIT)
        return self._objective.Value() / UNIT * self._master.scale, prices
