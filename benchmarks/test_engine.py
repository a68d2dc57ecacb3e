"""What stands around the search: reading, compiling, decoding, verifying; and solves of fixed length, family by family."""

from __future__ import annotations

import pytest

from benchmarks import hhcrsp
from benchmarks.families import DATA, instances_of
from benchmarks.judge import judge
from benchmarks.suite import Benchmark, neutral_problem, ready, weihai
from matcher.check import check
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.problem import Problem
from matcher.solve import solve

SMOKE = pytest.mark.smoke
SIZES = [pytest.param("community", marks=SMOKE), pytest.param("street", marks=SMOKE), "district"]
CHUNKS = 20


@pytest.mark.parametrize("size", SIZES)
def test_a_week_is_read(benchmark: Benchmark, size: str) -> None:
    text = weihai(size).to_json().encode()
    benchmark.extra_info["bytes"] = len(text)
    problem = benchmark(Problem.parse, text)
    assert problem.digest == weihai(size).digest


@pytest.mark.parametrize("size", SIZES)
def test_a_week_is_compiled(benchmark: Benchmark, size: str) -> None:
    compiled = benchmark(compile_problem, weihai(size))
    benchmark.extra_info.update(visits=len(compiled.instance.visits), entries=len(compiled.instance.entry_shift))
    assert len(compiled.instance.visits) == len(weihai(size).visits)


@pytest.mark.parametrize("size", SIZES)
def test_a_plan_is_decoded(benchmark: Benchmark, size: str) -> None:
    compiled, searcher = ready(weihai(size))
    state = searcher.best()
    plan = benchmark(decode, compiled, state)
    assert len(plan.assignments) == searcher.assigned()


@pytest.mark.parametrize("size", SIZES)
def test_a_plan_is_verified(benchmark: Benchmark, size: str) -> None:
    compiled, searcher = ready(weihai(size))
    report = benchmark(check, weihai(size), decode(compiled, searcher.best()))
    assert report.is_clean
    assert report.cost == searcher.best_cost


def _solve(benchmark: Benchmark, problem: Problem, chunks: int = CHUNKS) -> None:
    result = benchmark.pedantic(solve, args=(problem,), kwargs={"chunks": chunks, "seed": 1, "threads": 1}, rounds=2, warmup_rounds=1)
    assert result.plan.figures is not None
    benchmark.extra_info.update(cost=result.cost, assigned=result.plan.figures.assigned)
    assert result.chunks == chunks


@pytest.mark.parametrize(
    ("family", "visits"),
    [pytest.param("mankowska", 50, marks=SMOKE), pytest.param("kummer", 75, marks=SMOKE), ("mankowska", 300), ("kummer", 400)],
)
def test_home_health_care_is_solved_for_so_many_chunks(benchmark: Benchmark, family: str, visits: int) -> None:
    instance = next(instance for instance in instances_of(family) if instance.visits == visits)
    content = instance.load()
    _solve(benchmark, hhcrsp.problem_of(content))
    benchmark.extra_info["best_known"] = instance.best
    benchmark.extra_info["cost"] = round(hhcrsp.cost_of(benchmark.extra_info["cost"]), 3)
    assert benchmark.extra_info["assigned"] == visits


def test_an_italian_town_is_solved_for_so_many_chunks(benchmark: Benchmark) -> None:
    instance = instances_of("italian")[0]
    content = hhcrsp.read(DATA / instance.family / instance.name)
    problem = hhcrsp.problem_of(content)
    result = benchmark.pedantic(solve, args=(problem,), kwargs={"chunks": CHUNKS, "seed": 1, "threads": 1}, rounds=2)
    verdict = judge(content, hhcrsp.solution_of(content, problem, result.plan))
    benchmark.extra_info.update(cost=round(verdict.cost, 3), best_known=instance.best)
    assert verdict.is_feasible


@pytest.mark.parametrize("visits", [pytest.param(300, marks=SMOKE), 1_000, 3_000])
def test_a_neutral_week_is_solved_for_so_many_chunks(benchmark: Benchmark, visits: int) -> None:
    _solve(benchmark, neutral_problem(visits))


@pytest.mark.parametrize("size", SIZES)
def test_a_week_of_weihai_is_solved_for_so_many_chunks(benchmark: Benchmark, size: str) -> None:
    _solve(benchmark, weihai(size))
