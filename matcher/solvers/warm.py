"""Compiling every kernel, or loading it from the last time, before a clock runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import boolean, int64, typeof

from matcher.kernels import cache
from matcher.kernels.cells import pack
from matcher.kernels.construct import rank_by_regret
from matcher.kernels.diagnose import diagnose
from matcher.kernels.follow import follow
from matcher.kernels.search import anneal, fill
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.instance import Instance


def warm_up(instance: Instance) -> None:
    """Have every kernel of a search ready for an instance."""
    searcher = Searcher.on(instance, pack(instance), 1)
    nobody = np.zeros(0, np.int64)
    rank_by_regret(searcher.ins, searcher.pts, searcher.rt, searcher.wk, nobody, nobody, searcher.is_timed)
    fill(*searcher.arrays, nobody, searcher.is_timed)
    anneal(*searcher.arrays, 0, 2.0, 1.0, searcher.is_timed)
    types: Any = [typeof(array) for array in (searcher.ins, searcher.pts, searcher.rt)]  # type: ignore[no-untyped-call]
    diagnose.compile((*types, int64, int64))
    numbers: Any = typeof(nobody)  # type: ignore[no-untyped-call]
    follow.compile((*types, typeof(searcher.wk), int64, numbers, numbers, numbers, boolean))  # type: ignore[no-untyped-call]
    cache.note_warm()
