"""What an explanation says holds on random problems: no plan serves what is proved impossible, and stated changes serve the visit."""

from __future__ import annotations

import pytest

from benchmarks.oracle import Oracle
from benchmarks.small import small_problem
from matcher.check import check
from matcher.compile import compile_problem
from matcher.explain import Verdict, explain
from matcher.explain.alone import alone
from matcher.plan import Plan
from matcher.solve import solve


@pytest.mark.parametrize("seed", range(60))
def test_no_visit_that_a_plan_serves_is_proved_impossible(seed: int) -> None:
    problem = small_problem(seed, 10)
    compiled = compile_problem(problem)
    visits = {visit.id: visit for visit in problem.visits}
    for run in range(2):
        for assignment in solve(problem, chunks=2, threads=1, seed=1 + run).plan.assignments:
            found = alone(compiled, visits[assignment.visit])
            assert found.rule is None, (assignment.visit, found)


@pytest.mark.parametrize("seed", range(12))
def test_no_visit_of_an_optimal_plan_is_proved_impossible(seed: int) -> None:
    problem = small_problem(seed, 3, grid=True)
    _, best = Oracle(problem, checks=100_000).optimum()
    compiled = compile_problem(problem)
    for visit in problem.visits:
        if visit.id in {assignment.visit for assignment in best.assignments}:
            assert alone(compiled, visit).rule is None


@pytest.mark.parametrize("seed", range(30))
def test_what_is_said_of_visits_left_out_holds(seed: int) -> None:
    problem = small_problem(seed, 8)
    plan = solve(problem, chunks=1, threads=1).plan
    cost = check(problem, plan).cost
    for item in plan.unassigned[:3]:
        answer = explain(problem, plan, item.visit, steps=100)
        if answer.forced is not None:
            report = check(problem, answer.forced.plan)
            assert report.is_clean
            assert item.visit in {assignment.visit for assignment in answer.forced.plan.assignments}
            assert sum(answer.forced.by_term.values()) == answer.forced.cost
            if not answer.lost:
                assert report.cost - cost == answer.forced.cost
        assert (answer.verdict == Verdict.IMPOSSIBLE) == (answer.forced is None)
        assert len(answer.misses) <= 10
        for change in answer.changes if not answer.lost else ():
            promised = check(change.problem, plan.model_copy(update={"problem": None})).cost + change.cost
            # What a short search keeps of the promise no proof need look for.
            if solve(change.problem, chunks=2, threads=1, start=plan).cost <= promised:
                continue
            result = solve(change.problem, chunks=40, threads=1, start=plan, exact=True)
            is_served = item.visit in {assignment.visit for assignment in result.plan.assignments}
            # A longer search may find a better use for what the change brings, never a dearer one.
            assert is_served or result.cost <= promised, (change.code, change.detail)


@pytest.mark.parametrize("seed", range(30))
def test_alternatives_are_clean_and_cost_what_they_say(seed: int) -> None:
    problem = small_problem(seed, 6)
    plan = solve(problem, chunks=2, threads=1).plan
    for assignment in plan.assignments[:2]:
        answer = explain(problem, plan, assignment.visit)
        assert answer.verdict == Verdict.ASSIGNED
        for other in answer.alternatives:
            assert other.assignment != assignment
            assert sum(other.by_term.values()) == other.cost


def test_an_empty_plan_can_be_asked_about() -> None:
    problem = small_problem(3, 6)
    for visit in problem.visits:
        assert explain(problem, Plan(), visit.id, steps=50, budget=0).verdict != Verdict.ASSIGNED
