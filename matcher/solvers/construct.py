"""The first plan: visits placed in order of regret, recomputed as the routes fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from matcher.instance import FAR
from matcher.kernels.construct import rank_by_regret
from matcher.kernels.routes import ABSENT, view
from matcher.kernels.search import fill

if TYPE_CHECKING:
    from matcher.solvers.searcher import Searcher

AT_ONCE = 2000
"""Visits up to which a first plan is a matter of a few tenths of a second: no budget in seconds cuts it short."""
ROUNDS = 12
"""Regrets are recomputed after each such part of the visits has been placed; more rounds gave no better first plans."""


def construct(searcher: Searcher, is_over: Callable[[], bool]) -> None:
    """Fill the current routes of a searcher by regret insertion, and record them as its best.

    Stops between rounds once `is_over` says so: the routes are then feasible, only less full.
    """
    routes = view(searcher.rt)
    share = max(1, -(-int(routes.total[ABSENT]) // ROUNDS))
    while not is_over():
        absent = np.sort(routes.absent[: routes.total[ABSENT]])
        keys = np.zeros(len(absent), np.int64)
        rank_by_regret(searcher.ins, searcher.pts, searcher.rt, searcher.wk, absent, keys, searcher.is_timed)
        order = np.argsort(keys, kind="stable")
        order = order[keys[order] < FAR][:share]
        if len(order) == 0 or fill(*searcher.arrays, absent[order], searcher.is_timed) == 0:
            break
