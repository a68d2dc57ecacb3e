"""Scenarios at less expense: weeks smaller than those that are published, and runs in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenarios.weihai.sizes import SIZES, Size
from scenarios.weihai.week import make_week
from scenarios.workers import Workers

if TYPE_CHECKING:
    from matcher.problem import Problem


def work_here(patch: pytest.MonkeyPatch) -> None:
    """Have all runs of a command done in this process, whatever ``--jobs`` says: to load the engine in another takes longer than they do.

    That workers find the same is tested where they are what is tested.
    """
    patch.setattr(Workers, "__enter__", _alone)


def _alone(workers: Workers) -> Workers:
    workers.jobs = 0
    return workers


def part_of_a_street(seed: int) -> Problem:
    """Return a week of a third of a street: runs of it take a third of the time, and leave as much to chance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SIZES, "part", Size("part", 100, 15, 3, 3, SIZES["street"].where))
        return make_week("part", seed)
