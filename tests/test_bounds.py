"""A bound is never above the cost of any plan, and says more the longer it is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.oracle import Oracle, TooLarge
from benchmarks.small import small_problem
from matcher.compile import compile_problem
from matcher.solve import solve
from matcher.solvers import ascent
from matcher.solvers.bounds import bound
from matcher.stop import Stop
from tests.weeks import need, organization, volunteer, week, window, worker

if TYPE_CHECKING:
    from matcher.problem import Problem
    from matcher.solvers.ascent import Bound

ONLY_LOSSES = dict.fromkeys(
    ("new_face", "continuity", "preferred_window", "preferred_person", "pairing", "rating", "lateness", "money", "travel", "workload", "equity"), 0
)


def bound_of(problem: Problem, steps: int = 400, **more: Any) -> Bound:
    return bound(compile_problem(problem).instance, Stop(budget=None, chunks=steps).start(), **more)


@pytest.mark.parametrize("block", range(6))
def test_no_plan_that_the_search_finds_costs_less_than_the_bound(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        problem = small_problem(seed, 2 + seed % 9)
        found = solve(problem, chunks=1, threads=1).cost
        assert bound_of(problem, upper=found).value <= found, seed


def test_no_plan_on_the_grid_costs_less_than_the_bound() -> None:
    too_large = 0
    for seed in range(40):
        problem = small_problem(seed, 3, grid=True, days=1 + seed % 3)
        found = solve(problem, chunks=1, threads=1).cost
        lowest = bound_of(problem, upper=found).value
        assert lowest <= found, seed
        try:
            assert Oracle(problem, checks=5_000).below(lowest) is None, seed
        except TooLarge:
            too_large += 1
    assert too_large <= 4


def test_more_visits_than_a_shift_has_hours_for_are_known_to_be_lost() -> None:
    # Four hours of shift, five visits of an hour each next door.
    problem = week([need(f"n{i}", x=60) for i in range(5)], [volunteer(shifts=[{"from": "08:00", "to": "12:02"}])], days=1, weights=ONLY_LOSSES)
    loss = solve(problem, chunks=1, threads=1).cost
    assert bound_of(problem, 2_000, upper=loss).value >= 0.9 * loss
    assert bound_of(problem, 2_000).value <= loss


def test_a_visit_that_nobody_may_serve_is_lost() -> None:
    problem = week([need()], [worker()], days=1, weights=ONLY_LOSSES)
    assert bound_of(problem, upper=solve(problem, chunks=1, threads=1).cost).value == solve(problem, chunks=1, threads=1).cost


def test_visits_without_any_provider_cost_what_they_lose() -> None:
    problem = week([need("a"), need("b", visits=3)], [], days=5)
    assert bound_of(problem, 1_000, upper=solve(problem, chunks=1, threads=1).cost).value >= 0.99 * 4_000_000


def test_the_bound_grows_and_its_name_says_what_proves_it() -> None:
    seen: list[tuple[Bound, int]] = []
    needs = [need(f"n{i}", x=600 * (i % 4), windows=[window("08:00", "10:00")]) for i in range(8)]
    problem = week(needs, [volunteer(), volunteer("u")], days=1)
    best = bound_of(problem, 600, upper=solve(problem, chunks=2, threads=1).cost, watch=lambda now, steps: seen.append((now, steps)))
    values = [now.value for now, _ in seen]
    assert values == sorted(set(values))
    assert seen[-1][0] == best
    assert {now.name for now, _ in seen} <= {"minutes", "routes"}
    assert best.name == "routes"


def test_the_bound_is_the_same_with_two_threads() -> None:
    problem = small_problem(5, 10)
    assert bound_of(problem, 120, threads=1) == bound_of(problem, 120, threads=2)


def test_weeks_too_large_for_a_linear_program_are_bounded_by_routes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    names, higher = set(), 0
    for seed in range(6):
        problem = small_problem(seed, 2 + seed % 9)
        found = solve(problem, chunks=1, threads=1).cost
        with monkeypatch.context() as patch:
            patch.setattr(ascent, "MINUTES_SHARE", 1.0)
            minutes = bound_of(problem, ascent.MINUTES_STEPS, upper=found)
        with monkeypatch.context() as patch:
            patch.setattr(ascent, "MOST_ROWS", 0)
            lowest = bound_of(problem, 1_200, upper=found)
            assert seed or bound_of(problem, 1_200, upper=found, threads=2) == lowest
        assert lowest.value <= found, seed
        names.add(lowest.name)
        higher += minutes.name == "minutes" and lowest.value > minutes.value
    assert "routes" in names
    assert higher


def test_a_run_that_is_over_bounds_by_nothing() -> None:
    assert bound_of(small_problem(3), 0).value == 0


def test_what_the_fund_cannot_pay_is_known_to_be_lost() -> None:
    needs = [need(f"n{i}", {"id": "carer", "kinds": ["organization"]}) for i in range(4)]
    funds = [{"id": "f", "source": "charity", "amount": 100}]
    problem = week(needs, [organization(price_per_visit=50, crews=4)], days=1, funds=funds, weights=ONLY_LOSSES)
    found = solve(problem, chunks=1, threads=1).cost
    assert found == 2 * compile_problem(problem).instance.visits["loss"][0]
    assert 0.95 * found <= bound_of(problem, 1_500, upper=found).value <= found


def test_prices_are_asked_without_a_change_to_the_instance() -> None:
    instance = compile_problem(small_problem(8, 8)).instance
    before: list[Any] = [np.array(array) for array in instance]
    bound(instance, Stop(budget=None, chunks=50).start())
    assert all(np.array_equal(a, np.asarray(b)) for a, b in zip(before, instance, strict=True))


def test_a_day_too_short_for_a_second_visit_is_not_filled_with_parts_of_visits() -> None:
    # Ninety minutes a day hold one visit of an hour, not one and a half.
    problem = week([need(f"n{i}") for i in range(4)], [volunteer(max_minutes_day=90)], days=2, weights=ONLY_LOSSES)
    found = solve(problem, chunks=1, threads=1).cost
    assert found == 2 * compile_problem(problem).instance.visits["loss"][0]
    assert bound_of(problem, 1_500, upper=found).value >= 0.99 * found


def test_one_provider_for_all_visits_of_a_need_gives_no_more_than_the_days_of_one() -> None:
    needs = [need(visits=2, spacing={"at_least_days": 1}, max_providers=1)]
    providers = [volunteer(name, shifts=[{"from": "08:00", "to": "18:00", "day": day}]) for name, day in (("a", "mon"), ("b", "tue"))]
    problem = week(needs, providers, days=2, weights=ONLY_LOSSES)
    found = solve(problem, chunks=1, threads=1).cost
    assert found == compile_problem(problem).instance.visits["loss"][0]
    assert bound_of(problem, 1_500, upper=found).value >= 0.99 * found
