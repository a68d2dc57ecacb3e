"""The linear program over routes: which mixture of the routes seen so far serves the units best, and the prices that it puts on rows and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.linear_solver import pywraplp

from matcher.kernels.pricing import U_COUNT, U_DAYS, U_NODES

if TYPE_CHECKING:
    from matcher.solvers.master import Master

UNIT = 1e-5
"""Costs are handed to the linear program times this, so that its tolerances suit them."""


class Columns:
    """A linear program that grows by routes.

    Its optimum is no bound by itself (routes are missing, and it is solved in floating point): only its prices are used.
    """

    def __init__(self, master: Master, losses: Any) -> None:
        self._master, self._solver = master, pywraplp.Solver.CreateSolver("GLOP")
        self._seen: set[bytes] = set()
        self._losses = losses / master.scale * UNIT
        self.count = 0
        solver = self._solver
        infinity = solver.infinity()
        self._rows = [solver.Constraint(0.0, infinity) for _ in range(master.rows)]
        self._limits = [solver.Constraint(-infinity, float(limit)) for limit in master.limits]
        self._groups = [solver.Constraint(-infinity, float(count)) for count in master.group_count]
        self._objective = solver.Objective()
        self._objective.SetMinimization()
        self._objective.SetOffset(float(np.sum(self._losses * master.unit[:, U_COUNT])))
        for u in range(len(master.unit)):
            self._add_unit(u)

    def _add_unit(self, u: int) -> None:
        """Add a variable for each bucket of each choice of a unit, and what they may add up to."""
        master, solver, unit = self._master, self._solver, self._master.unit[u]
        infinity, count = solver.infinity(), int(unit[U_COUNT])
        choices = range(int(master.choice_first[u]), int(master.choice_first[u + 1]))
        one = solver.Constraint(-infinity, 1.0) if len(choices) > 1 else None
        for c in choices:
            buckets = master.choice_bucket[master.choice_bucket_first[c] : master.choice_bucket_first[c + 1]].tolist()
            buckets = [b for b in buckets if master.is_open[master.bucket_row[b]]]
            share = solver.NumVar(0.0, 1.0, "") if one is not None else None
            if one is not None:
                one.SetCoefficient(share, 1.0)
            variables = []
            for b in buckets:
                variable = solver.NumVar(0.0, 1.0 if unit[U_DAYS] or count == 1 else float(count), "")
                self._objective.SetCoefficient(variable, -float(self._losses[u]))
                for k in range(int(unit[U_NODES])):
                    self._rows[int(master.bucket_row[b]) + k].SetCoefficient(variable, -1.0)
                variables.append(variable)
            days = master.bucket_day[buckets]
            together = [(variables, float(count))]
            if count > 1:
                together += [
                    ([v for v, day in zip(variables, days, strict=True) if d <= day < d + max(1, unit[U_DAYS])], 1.0) for d in np.unique(days)
                ]
            for some, most in together:
                if len(some) > most or share is not None:
                    limit = solver.Constraint(-infinity, most if share is None else 0.0)
                    for variable in some:
                        limit.SetCoefficient(variable, 1.0)
                    if share is not None:
                        limit.SetCoefficient(share, -most)

    def add(self, prices: Any, values: Any, columns: Any, amounts: Any) -> int:
        """Add the routes that `price_shifts` wrote, which earn `values` under `prices`; returns how many are new."""
        master, added = self._master, 0
        for g in np.flatnonzero(columns[:, -1]).tolist():
            count = int(columns[g, -1])
            index, amount = columns[g, :count], amounts[g, :count]
            order = np.argsort(index, kind="stable")
            key = np.int64(g).tobytes() + index[order].tobytes() + amount[order].tobytes()
            if key in self._seen:
                continue
            self._seen.add(key)
            added += 1
            signed = np.where(index < master.rows, amount, -amount)
            cost = float(np.sum(signed * prices[index])) - float(values[g])
            variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
            self._objective.SetCoefficient(variable, cost / master.scale * UNIT)
            self._groups[g].SetCoefficient(variable, 1.0)
            total: dict[int, float] = {}
            for at, value in zip(index.tolist(), amount.tolist(), strict=True):
                total[at] = total.get(at, 0.0) + value
            for at, value in total.items():
                row = self._rows[at] if at < master.rows else self._limits[at - master.rows]
                row.SetCoefficient(variable, value)
        self.count += added
        return added

    def prices(self) -> tuple[float, Any]:
        """Return the optimum over the routes so far (scaled) and its prices; raises `RuntimeError` if the program was not solved."""
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            raise RuntimeError("the linear program over routes was not solved")
        rows = np.array([row.dual_value() for row in self._rows])
        limits = np.array([-limit.dual_value() for limit in self._limits])
        prices = np.maximum(0.0, np.concatenate((rows, limits))) * (self._master.scale / UNIT)
        return self._objective.Value() / UNIT * self._master.scale, prices
