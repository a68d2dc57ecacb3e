"""Compiling every kernel, or loading it from the last time, before a clock runs."""

from __future__ import annotations

from typing import Any

from numba import boolean, float64, int32, int64, types

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


def warm_up_prices() -> None:
    """Have the larger kernels of lower bounds ready."""
    from matcher.kernels.chains import price_chains  # noqa: PLC0415 - a search that finds no prices does not load them
    from matcher.kernels.offers import find_spans, make_offers  # noqa: PLC0415
    from matcher.kernels.pricing import count_items, mark_rows, price_shifts  # noqa: PLC0415
    from matcher.kernels.reach import close_ways, share_residents  # noqa: PLC0415

    rows, cube, reals = kinds.Array(int64, 2, "C"), kinds.Array(int64, 3, "C"), kinds.Array(float64, 1, "C")
    price_shifts.compile((
        INS, PTS, NUMBERS, NUMBERS, int64, int64, NUMBERS, int64, NUMBERS, NUMBERS, NUMBERS, kinds.Array(int32, 2, "C"),
        kinds.Array(float64, 2, "C"), int64,
    ))  # fmt: skip
    price_chains.compile((NUMBERS, NUMBERS, NUMBERS, cube, NUMBERS, reals, reals))
    find_spans.compile((INS, PTS, NUMBERS, rows))
    make_offers.compile((INS, NUMBERS, rows, NUMBERS, NUMBERS, boolean))
    close_ways.compile((NUMBERS, int64, int64))
    share_residents.compile((INS, PTS, NUMBERS, int64, int64, int64, kinds.Array(int32, 1, "C"), rows, rows, NUMBERS))
    mark_rows.compile((INS, NUMBERS, int64, NUMBERS))
    count_items.compile((INS, NUMBERS, int64))
