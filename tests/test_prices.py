"""What one more hour, 100 yuan more or one more volunteer is worth, in weeks where it can be counted by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from matcher.errors import PlanError
from matcher.kernels.search import fill
from matcher.plan import Plan
from matcher.prices import Point, Prices, estimate_hours_and_funds, estimate_recruits, prices, recruits
from matcher.solve import solve
from matcher.solvers.warm import warm_up
from tests.weeks import alone, fund, need, organization, role, volunteer, week, window

ON_MONDAY = [window("09:00", "09:00", day="mon")]
STARVED = week([need(f"n{k}", role(skills={"care": 2}), urgency=5, windows=ON_MONDAY) for k in range(3)], [volunteer("z")])
"""Three visits at the same time, and one volunteer without the skill."""


def of(found: Prices, code: str, **detail: object) -> tuple[Point, ...]:
    return next(price.curve for price in found.prices if price.code == code and all(price.detail[key] == value for key, value in detail.items()))


def test_an_hour_that_serves_one_visit_is_worth_its_urgency_weight_however_many_hours_follow() -> None:
    found = prices(STARVED, Plan(), steps=20, repeats=2)
    curve = of(found, "hour", skill="care", kind="volunteer", day=dt.date(2026, 11, 23))
    assert [(point.units, point.urgency, point.visits, point.is_noise) for point in curve] == [(n, 10, 1, False) for n in (1, 5, 10)]
    assert found.is_complete


def test_more_money_serves_as_many_visits_as_it_pays_for() -> None:
    needs = [need(f"n{k}", role("carer", "organization"), urgency=4) for k in range(12)]
    problem = week(needs, [organization(price_per_visit=100, crews=12)], funds=[fund("f", 0)])
    curve = of(prices(problem, Plan(), steps=20, repeats=1), "fund", fund="f")
    assert [(point.units, point.visits, point.urgency) for point in curve] == [(1, 1, 7), (5, 5, 35), (10, 10, 70)]


def test_duals_say_what_the_first_unit_serves_at_most_and_stand_beside_the_trial() -> None:
    found = prices(STARVED, Plan(), prove_steps=200, units=(1,), steps=20, repeats=1)
    (price,) = found.prices
    assert (price.gain, price.curve[0].urgency) == (10, 10)
    assert price.dual == pytest.approx(10, abs=0.2)
    assert found.bound == pytest.approx(30_000_000, rel=0.01)


def test_duals_price_training_by_what_the_trained_earn_more() -> None:
    found = recruits(STARVED, Plan(), prove_steps=200, steps=20, repeats=1)
    trained = next(price for price in found.prices if price.code == "train")
    assert trained.gain == 10
    assert trained.dual == pytest.approx(10, abs=0.2)


def test_who_could_come_but_is_not_tried_takes_part_in_no_trial() -> None:
    """Two visits at a time and two who could come: either alone serves one."""
    needs = [need(f"n{k}", role(skills={skill: 2}), urgency=5, windows=ON_MONDAY) for k, skill in enumerate(("care", "music"))]
    found = prices(week(needs, []), Plan(), units=(1,), steps=20, repeats=1)
    assert [price.gain for price in found.prices] == [10, 10]


def test_a_ranking_compiles_no_kernel_that_a_search_has_not_compiled() -> None:
    warm_up()
    before = len(fill.signatures)
    prices(STARVED, Plan(), units=(1,), steps=5, repeats=1)
    assert len(fill.signatures) == before


def test_the_ranking_is_by_what_trials_serve_not_by_the_estimate() -> None:
    """Two visits of an hour at the same time look like twice the worth; three short ones in turn are worth more."""
    same = [need(f"same{k}", role(skills={"care": 2}), urgency=4, minutes=30, windows=ON_MONDAY) for k in range(3)]
    turn = [need(f"turn{k}", role(skills={"music": 2}), urgency=3, minutes=20, windows=[window("09:00", "12:00", day="mon")]) for k in range(3)]
    found = prices(week([*same, *turn], []), Plan(), units=(1,), steps=50, repeats=1)
    assert [price.detail["skill"] for price in found.prices] == ["music", "care"]
    assert found.prices[0].estimate < found.prices[1].estimate


def test_training_and_recruiting_are_ranked_by_what_they_serve() -> None:
    found = recruits(STARVED, Plan(), steps=20, repeats=2)
    trained = of(found, "train", provider="z", skill="care")
    assert [(point.units, point.urgency) for point in trained] == [(1, 10)]
    assert of(found, "recruit", skill="care", weekday=0)[0].urgency == 10


def test_where_nothing_is_left_out_nothing_has_a_price() -> None:
    problem = week([need()], [volunteer()])
    plan = solve(problem, chunks=1, threads=1).plan
    assert prices(problem, plan).prices == ()
    assert recruits(problem, plan).prices == ()


def test_only_the_top_is_tried_and_the_rest_keeps_its_estimate() -> None:
    needs = [need(f"n{k}", role(skills={"care": 2}), urgency=1 + k, windows=[window("09:00", "10:00")]) for k in range(2)]
    found = prices(week(needs, [volunteer()]), Plan(), top=2, units=(1,), steps=5, repeats=1)
    assert [len(price.curve) for price in found.prices] == [1, 1, 0, 0, 0, 0, 0]
    assert all(price.estimate > 0 for price in found.prices)


def test_of_those_that_want_the_same_visits_one_is_tried_while_there_are_others() -> None:
    needs = [need("a", role(skills={"care": 2}), urgency=5), need("b", role(skills={"music": 2}), urgency=1)]
    found = prices(week(needs, []), Plan(), top=3, units=(1,), steps=5, repeats=1)
    assert [price.detail["skill"] for price in found.prices if price.curve] == ["care", "care", "music"]
    found = prices(week(needs, []), Plan(), top=2, units=(1,), steps=5, repeats=1)
    assert [price.detail["skill"] for price in found.prices if price.curve] == ["care", "music"]


def test_a_budget_that_is_spent_leaves_estimates_and_says_so() -> None:
    found = prices(STARVED, Plan(), is_over=lambda: True)
    assert not found.is_complete
    assert all(price.curve == () for price in found.prices)


def test_equal_calls_give_equal_prices() -> None:
    first, second = (prices(STARVED, Plan(), steps=20, repeats=2).to_json() for _ in range(2))
    assert first == second


def test_progress_counts_every_re_solve() -> None:
    seen: list[tuple[int, int, str]] = []
    prices(STARVED, Plan(), units=(1, 5), steps=5, repeats=1, on_progress=lambda *told: seen.append(told))
    assert seen == [(0, 1, "brief"), (0, 2, "hour"), (1, 2, "hour")]


def test_a_worth_within_the_spread_of_the_search_is_marked() -> None:
    assert Point(1, 2.0, 1.0, -5.0, 3.0).is_noise
    assert not Point(1, 4.0, 1.0, -5.0, 3.0).is_noise


def test_estimates_count_long_visits_in_part() -> None:
    problem = week([need(minutes=120, urgency=5, windows=ON_MONDAY)], [])
    assert [item.estimate for item in estimate_hours_and_funds(problem, problem.visits)] == [5.0]
    assert [item.estimate for item in estimate_recruits(problem, problem.visits)] == [10.0]


def test_a_plan_that_breaks_rules_is_refused() -> None:
    with pytest.raises(PlanError, match="breaks"):
        prices(week([need()], [volunteer()]), alone("v", "mon 17:30"))
