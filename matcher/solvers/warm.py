"""Compiling every kernel, or loading it from the last time, before a clock runs."""

from __future__ import annotations

from typing import Any

from numba import boolean, float64, int64, types

from matcher.kernels import cache
from matcher.kernels.carry import carry
from matcher.kernels.construct import rank_by_regret
from matcher.kernels.diagnose import diagnose
from matcher.kernels.probe import diagnose_entries
from matcher.kernels.search import anneal, fill

kinds: Any = types
INS: Any = kinds.Array(int64, 1, "C", readonly=True)
PTS: Any = kinds.Array(float64, 1, "C", readonly=True)
NUMBERS: Any = kinds.Array(int64, 1, "C")
"""The arrays that kernels are handed: the packed instance, frozen; and the state, the workspace, the record of the best and lists of numbers."""


def warm_up() -> None:
    """Have every kernel of a search ready. It takes the kinds of the arrays alone to know what to compile, no instance."""
    state = (INS, PTS, NUMBERS, NUMBERS)
    rank_by_regret.compile((*state, NUMBERS, NUMBERS, boolean))
    fill.compile((*state, NUMBERS, NUMBERS, boolean))
    anneal.compile((*state, NUMBERS, int64, float64, float64, boolean))
    diagnose.compile((INS, PTS, NUMBERS, int64, int64))
    diagnose_entries.compile((INS, PTS, NUMBERS, int64, NUMBERS, NUMBERS))
    carry.compile((*state, *(NUMBERS for _ in range(6)), boolean))
    cache.note_warm()
