"""The exhaustive search is itself worth trusting: it finds what a hand can count, and the solver never goes below it."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.oracle import Oracle, TooLarge
from benchmarks.small import small_problem
from matcher.check import check
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.solve import solve


def tiny(**changes: Any) -> Problem:
    """Two residents a quarter of an hour apart, one worker at the first of them; every weight but the losses and travel is nothing."""
    nothing = ("new_face", "continuity", "preferred_window", "preferred_person", "pairing", "rating", "workload", "equity")
    data: dict[str, Any] = {
        "horizon": {"start": "2026-03-02", "days": 1},
        "communities": [{"id": "c"}],
        "residents": [{"id": f"r{i}", "community": "c", "location": {"row": i}} for i in range(2)],
        "needs": [
            {
                "id": f"n{i}",
                "resident": f"r{i}",
                "category": "elderly",
                "minutes": 60,
                "urgency": 1 + i,
                "windows": [{"earliest": "09:00", "latest": "10:00"}],
                "team": [{"id": "main", "kinds": ["social_worker"]}],
            }
            for i in range(2)
        ],
        "providers": [{"id": "p", "kind": "social_worker", "location": {"row": 0}, "shifts": [{"from": "09:00", "to": "12:00"}]}],
        "travel": {"kind": "matrix", "seconds": [[0, 900], [900, 0]]},
        "weights": dict.fromkeys(nothing, 0),
    }
    return Problem.build(data | changes)


def test_two_visits_that_do_not_both_fit_leave_the_less_urgent_one_out() -> None:
    # One hour, a quarter to walk, and the second one would start at 10:15 at the earliest.
    cost, plan = Oracle(tiny()).optimum()
    assert [assignment.visit for assignment in plan.assignments] == ["n1#1"]
    assert cost == 1_000_000 + 2 * 900


def test_a_window_that_is_late_by_a_quarter_lets_both_in_at_the_price_of_lateness() -> None:
    needs = [need.model_dump(by_alias=True, mode="json", exclude_defaults=True) for need in tiny().needs]
    for need in needs:
        need["windows"][0]["late_by"] = 15
    cost, plan = Oracle(tiny(needs=needs)).optimum()
    assert len(plan.assignments) == 2
    assert cost == 2 * 900 + 20 * 900


def test_what_costs_as_much_as_the_optimum_is_not_below_it() -> None:
    oracle = Oracle(tiny())
    assert oracle.below(1_001_800) is None
    found = oracle.below(1_001_801)
    assert found is not None
    assert check(tiny(), found).cost == 1_001_800


def test_a_search_of_too_many_plans_says_so() -> None:
    with pytest.raises(TooLarge):
        Oracle(tiny(), checks=10).optimum()


@pytest.mark.parametrize("seed", range(12))
def test_the_search_from_above_and_the_search_below_a_known_plan_agree(seed: int) -> None:
    problem = small_problem(seed, 2, grid=True, days=1)
    cost, plan = Oracle(problem).optimum()
    assert check(problem, plan).is_clean
    assert check(problem, plan).cost == cost
    assert Oracle(problem).below(cost) is None
    assert cost <= check(problem, Plan()).cost


@pytest.mark.parametrize(("visits", "seeds"), [(2, range(80)), (3, range(100, 160)), (4, range(200, 230))])
def test_the_solver_finds_the_optimum_of_nineteen_tiny_problems_in_twenty(visits: int, seeds: range) -> None:
    # Waiting is left out: the engine starts every service as early as its route allows, where a later start may wait less.
    worse, too_large = [], 0
    for seed in seeds:
        problem = small_problem(seed, visits, grid=True, days=1 + seed % 2, waiting=False)
        result = solve(problem, chunks=2, threads=1)
        try:
            if Oracle(problem, checks=15_000).below(result.cost) is not None:
                worse.append(seed)
        except TooLarge:
            too_large += 1
    assert len(worse) <= 0.05 * len(seeds), f"seeds that are not solved to the optimum: {worse}"
    assert too_large <= 0.2 * len(seeds)
