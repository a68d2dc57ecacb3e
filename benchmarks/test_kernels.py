"""Kernels: evaluations of a place for a visit, and steps of ruin and recreate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.suite import Benchmark, evaluate, half_filled, least_seconds, mixed_week, neutral_problem, ready, weihai
from matcher.solvers.improve import STEPS, Temperatures, improve, temperatures
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.problem import Problem

MOST_TIMES = 4.0
"""How many times as long as a visit for one a visit for two may take to evaluate."""


@pytest.mark.smoke
def test_a_visit_for_one_is_evaluated(benchmark: Benchmark) -> None:
    searcher, singles, _ = half_filled(mixed_week())
    evaluate(searcher, singles)  # compiles the loop
    found = benchmark(evaluate, searcher, singles)
    benchmark.extra_info["evaluations"] = len(singles)
    assert found == len(singles)


@pytest.mark.parametrize("pairs", [pytest.param(400, marks=pytest.mark.smoke), 150])
def test_a_visit_for_two_takes_at_most_four_times_as_long_to_evaluate_as_one_for_one(benchmark: Benchmark, pairs: int) -> None:
    searcher, singles, teams = half_filled(mixed_week(pairs))
    assert len(singles) == len(teams)
    evaluate(searcher, teams)
    found = benchmark(evaluate, searcher, teams)
    # In turn, in this one run: the ratio holds on any machine.
    one, two = least_seconds(lambda: evaluate(searcher, singles), lambda: evaluate(searcher, teams))
    benchmark.extra_info.update(evaluations=len(teams), times=round(two / one, 2))
    assert found == len(teams)
    assert two <= MOST_TIMES * one


def _search_a_chunk(benchmark: Benchmark, problem: Problem) -> None:
    compiled, searcher = ready(problem)
    start, fall = searcher.best(), temperatures(compiled.instance, searcher)

    def fresh() -> tuple[tuple[Searcher, Temperatures, float, float], dict[str, object]]:
        # Each round does the same steps from the same routes.
        again = Searcher.on(compiled.instance, (searcher.ins, searcher.pts), 1, start)
        return (again, fall, 0.5, 0.51), {}

    benchmark.pedantic(improve, setup=fresh, rounds=5, warmup_rounds=1)
    stats = getattr(benchmark, "stats", None)
    if stats is not None:  # none where benchmarks are disabled
        benchmark.extra_info["steps_a_second"] = round(STEPS / stats.stats.min)
    assert searcher.assigned() > 0


@pytest.mark.smoke
def test_ruin_and_recreate_steps_of_a_thousand_neutral_visits(benchmark: Benchmark) -> None:
    _search_a_chunk(benchmark, neutral_problem(1_000))


@pytest.mark.smoke
def test_ruin_and_recreate_steps_of_a_street(benchmark: Benchmark) -> None:
    _search_a_chunk(benchmark, weihai("street"))


@pytest.mark.parametrize("visits", [3_000, 10_000])
def test_ruin_and_recreate_steps_of_thousands_of_neutral_visits(benchmark: Benchmark, visits: int) -> None:
    _search_a_chunk(benchmark, neutral_problem(visits))


def test_ruin_and_recreate_steps_of_a_district(benchmark: Benchmark) -> None:
    _search_a_chunk(benchmark, weihai("district"))
