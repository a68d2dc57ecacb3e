"""A searcher: the arrays that one thread works on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.kernels.carry import carry
from matcher.kernels.rents import WHOLE
from matcher.kernels.routes import ABSENT, empty, view
from matcher.kernels.search import BEST_COST, best_of, best_routes, cost_of, least_costs, record_best, refresh_worst, return_to_best
from matcher.kernels.work import HOURLY, IS_SCARCE, LEAST_RENT, RENT_PART, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals
    from matcher.solvers.rents import Rents


@dataclass
class Searcher:
    """The arrays of one thread: the packed instance, its own routes, workspace and record of the best."""

    ins: Longs
    pts: Reals
    rt: Longs
    wk: Longs
    bs: Longs
    is_timed: bool

    @classmethod
    def on(cls, instance: Instance, packed: tuple[Longs, Reals], seed: int, start: Longs | None = None) -> Searcher:
        """Return a searcher that starts from a state (copied), or from nobody served."""
        rt = empty(instance).array if start is None else start.copy()
        is_timed = bool(instance.visits["is_timed"].any()) or int(instance.weights[0]["max_lateness"]) > 0
        return cls(*packed, rt, workspace(instance, seed), best_of(instance, rt), is_timed)

    def charge(self, rents: Rents | None) -> None:
        """Say what rents services pay while somebody counts them (`paying`); None for none."""
        if rents is None:
            return
        self.wk[IS_SCARCE] = 1
        for table, values in ((HOURLY, rents.hourly), (LEAST_RENT, rents.least)):
            self.wk[self.wk[table] : self.wk[table] + len(values)] = values

    @contextmanager
    def paying(self, part: float) -> Iterator[None]:
        """Count that part of the rents meanwhile (`matcher.kernels.rents`)."""
        self.wk[RENT_PART] = int(WHOLE * part)
        yield
        self.wk[RENT_PART] = 0

    @property
    def arrays(self) -> tuple[Longs, Reals, Longs, Longs, Longs]:
        """The arrays in the order in which kernels take them."""
        return self.ins, self.pts, self.rt, self.wk, self.bs

    @property
    def best_cost(self) -> int:
        """The cost of the best routes."""
        return int(self.bs[BEST_COST])

    def best(self) -> Longs:
        """Return the best routes, as a state of their own."""
        return best_routes(self.rt, self.bs)

    def least_costs(self) -> Longs:
        """Return for every entry the least cost of any plan that was seen with it (`matcher.kernels.search.least_costs`)."""
        return least_costs(self.bs)

    def assigned(self) -> int:
        """Return how many visits the best routes serve."""
        best = view(self.best())
        return len(best.absent) - int(best.total[ABSENT])

    def return_to_best(self) -> None:
        """Go on from the best routes."""
        return_to_best(self.rt, self.bs)

    def adopt(self, other: Searcher) -> None:
        """Take the best routes of another searcher as current and best."""
        best = other.best()
        self.rt[: len(best)] = best
        self.bs[:] = best_of_state(self, best)

    def take_up(self, instance: Instance, waiting: Longs, entries: Longs, planned: Longs, funds: Longs) -> None:
        """Place absent visits as a plan has them, as far as the rules allow (`matcher.kernels.carry.carry`)."""
        own = np.zeros((2, int(instance.visits["nodes"].max(initial=1))), np.int64)
        carry(*self.arrays[:4], waiting, entries, planned, funds, own[0], own[1], self.is_timed)
        refresh_worst(self.ins, self.rt)

    def cost(self) -> int:
        """Return the cost of the current routes."""
        return int(cost_of(self.ins, self.rt))


def best_of_state(searcher: Searcher, rt: Longs) -> Longs:
    """Return a record of the best that holds the given state."""
    bs = searcher.bs.copy()
    bs[1] = -1  # everything may differ
    record_best(rt, bs, int(cost_of(searcher.ins, rt)))
    return bs
