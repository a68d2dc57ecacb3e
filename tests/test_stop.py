"""When a search ends."""

from __future__ import annotations

import time
from typing import Any

import pytest

from matcher.stop import Run, Stop


def run(ago: float = 0.0, **limits: Any) -> Run:
    """A run that began that many seconds ago."""
    return Run(Stop(**{"budget": None, **limits}), time.perf_counter() - ago)


def test_a_search_without_any_end_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an end"):
        Stop(budget=None)


@pytest.mark.parametrize("budget", [-0.001, -1, float("nan"), float("-inf")])
def test_a_budget_below_zero_is_refused_with_its_value(budget: float) -> None:
    with pytest.raises(ValueError, match=f"budget should be seconds from 0, was {budget!r}"):
        Stop(budget=budget)


def test_chunks_below_zero_are_refused_with_their_value() -> None:
    with pytest.raises(ValueError, match="chunks should be a number from 0, was -1"):
        Stop(chunks=-1)


def test_the_clock_starts_with_the_run_not_with_the_limits() -> None:
    stop = Stop(budget=1000)
    assert stop.start().seconds < 900
    assert stop.start() != run(5, budget=1000)


def test_nothing_ends_a_search_before_its_limits() -> None:
    assert run(1, budget=1000, chunks=10).reason(9) is None


@pytest.mark.parametrize(
    ("ago", "chunks", "cancelled", "why"),
    [
        (2000, 0, False, "budget"),
        (0, 10, False, "chunks"),
        (2000, 10, False, "chunks"),
        (2000, 10, True, "cancelled"),
        (0, 0, True, "cancelled"),
    ],
)
def test_the_reason_of_an_end_is_the_request_first_then_chunks_then_the_budget(ago: float, chunks: int, cancelled: bool, why: str) -> None:
    assert run(ago, budget=1000, chunks=10, cancelled=lambda: cancelled).reason(chunks) == why


def test_a_budget_of_nothing_is_over_at_once() -> None:
    assert run(budget=0.0).reason(0) == "budget"
    assert run(budget=0.0).fraction(0) == 1.0
    assert run(chunks=0).reason(0) == "chunks"
    assert run(chunks=0).fraction(0) == 1.0


def test_the_fraction_is_that_of_the_limit_that_is_nearest() -> None:
    assert run(chunks=8).fraction(2) == 0.25
    assert run(500, budget=1000, chunks=8).fraction(2) == pytest.approx(0.5, abs=0.01)
    assert run(500, budget=1000, chunks=8).fraction(6) == 0.75
    assert run(5000, budget=1000).fraction(0) == 1.0
    assert run(chunks=8).fraction(20) == 1.0
