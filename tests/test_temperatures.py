"""How the temperature falls along a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import neutral
from matcher.compile import compile_problem
from matcher.kernels.cells import pack
from matcher.solvers.construct import construct
from matcher.solvers.improve import HOT_LOSS, KNEE, KNEE_LOSS, Temperatures, temperatures
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.instance import Instance


def constructed(visits: int, providers: int, *, is_easy: bool = False) -> tuple[Instance, Searcher]:
    week = neutral.make_week(visits, providers, 2)
    for visit in week["visits"] if is_easy else []:
        visit["skills"] = [0]  # which everybody has
    instance = compile_problem(neutral.problem_of(week)).instance
    searcher = Searcher.on(instance, pack(instance), 1)
    construct(searcher, lambda: False)
    return instance, searcher


def geometric(fall: Temperatures, fraction: float) -> float:
    return float(fall.hot * (fall.cold / fall.hot) ** fraction)


def test_most_of_a_search_goes_to_who_is_served_where_some_are_left_out() -> None:
    instance, searcher = constructed(60, 5)
    fall, least = temperatures(instance, searcher), neutral.UNSERVED
    assert fall.hot == fall.at(0) == HOT_LOSS * least
    assert fall.at(KNEE) == pytest.approx(KNEE_LOSS * least)
    assert fall.at(1) == pytest.approx(fall.cold)
    steps = [fall.at(k / 100) for k in range(101)]
    assert steps == sorted(steps, reverse=True)
    assert all(fall.at(k / 100) >= geometric(fall, k / 100) * 0.999999 for k in range(101))


def test_the_fall_is_one_where_all_are_served() -> None:
    instance, searcher = constructed(20, 60, is_easy=True)
    assert searcher.assigned() == 20
    fall = temperatures(instance, searcher)
    assert [fall.at(k / 10) for k in range(11)] == pytest.approx([geometric(fall, k / 10) for k in range(11)])


def test_a_fraction_beyond_the_end_is_the_end() -> None:
    fall = Temperatures(100.0, 1.0, 30.0, 0.8)
    assert fall.at(1.5) == fall.at(1.0) == pytest.approx(1.0)
    assert fall.at(-1.0) == 100.0
