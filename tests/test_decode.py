"""From routes back to names: numbers of visits, figures, labels."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.kernels.routes import empty
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.rules import Term
from matcher.solve import solve
from matcher.start import state_of

Json = dict[str, Any]


def week(days: list[str], visits: int, **need: Any) -> Problem:
    """One need of several visits and one worker who works an hour or two on the given days."""
    return Problem.build(
        {
            "horizon": {"start": "2026-03-02", "days": 7},
            "coordinates": "plane",
            "communities": [{"id": "c", "name": "石塔社区", "location": {"x": 0, "y": 0}}],
            "needs": [
                {
                    "id": "n",
                    "title": "助浴",
                    "community": "c",
                    "category": "home_care",
                    "minutes": 30,
                    "visits": visits,
                    "windows": [{"earliest": "09:00", "latest": "10:00"}],
                    "team": [{"id": "main", "kinds": ["social_worker"]}],
                    **need,
                }
            ],
            "providers": [
                {
                    "id": "p",
                    "name": "王芳",
                    "kind": "social_worker",
                    "community": "c",
                    "location": {"x": 0, "y": 0},
                    "shifts": [{"day": day, "from": "08:00", "to": "11:00"} for day in days],
                }
            ],
        }
    )


def numbers(plan: Plan) -> dict[int, str]:
    """The weekday of each assigned visit, by its number."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return {int(item.visit.rpartition("#")[2]): days[item.team[0].start.weekday()] for item in plan.assignments}


def solved(problem: Problem) -> Plan:
    return solve(problem, chunks=1, threads=1).plan


def test_visits_of_a_need_are_numbered_in_order_of_time() -> None:
    assert numbers(solved(week(["wed", "fri", "mon"], 3))) == {1: "mon", 2: "wed", 3: "fri"}


def test_the_visits_that_are_left_out_are_the_last_ones_where_spacing_allows_it() -> None:
    plan = solved(week(["wed", "mon"], 3))
    assert numbers(plan) == {1: "mon", 2: "wed"}
    assert [item.visit for item in plan.unassigned] == ["n#3"]


def test_a_gap_longer_than_allowed_between_neighbours_is_numbered_as_a_visit_left_out() -> None:
    plan = solved(week(["mon", "fri"], 4, spacing={"at_least_days": 1, "at_most_days": 2}))
    assert numbers(plan) == {1: "mon", 3: "fri"}
    assert [item.visit for item in plan.unassigned] == ["n#2", "n#4"]


def test_a_gap_that_no_visit_left_out_explains_is_not_planned() -> None:
    plan = solved(week(["mon", "sun"], 3, spacing={"at_least_days": 1, "at_most_days": 2}))
    assert len(plan.assignments) == 1


def test_a_visit_that_a_pin_names_keeps_its_own_number() -> None:
    problem = week(["mon", "wed", "fri"], 2)
    pinned = problem.build({**problem.model_dump(mode="json", by_alias=True, exclude_defaults=True), "pins": [{"visit": "n#1", "day": "wed"}]})
    assert numbers(solved(pinned)) == {1: "wed", 2: "fri"}


def test_visits_in_the_night_are_numbered_by_the_day_on_which_their_shift_starts() -> None:
    # One provider is under way since Monday evening and comes at 05:30; the other one's Tuesday starts at 04:00, and they come at 05:00.
    worker = {"kind": "social_worker", "returns": False}
    problem = Problem.build(
        {
            "horizon": {"start": "2026-03-02", "days": 2},
            "communities": [{"id": "c", "location": {"row": 1}}],
            "needs": [
                {
                    "id": "n",
                    "community": "c",
                    "category": "elderly",
                    "minutes": 30,
                    "visits": 2,
                    "windows": [{"earliest": "05:00", "latest": "06:00"}],
                    "team": [{"id": "main", "kinds": ["social_worker"]}],
                }
            ],
            "providers": [
                {"id": "evening", "location": {"row": 0}, "shifts": [{"from": 72_000, "to": 115_200}], **worker},
                {"id": "morning", "location": {"row": 1}, "shifts": [{"day": "tue", "from": "04:00", "to": "05:35"}], **worker},
            ],
            "travel": {"kind": "matrix", "seconds": [[0, 34_200], [34_200, 0]]},
        }
    )
    plan = solved(problem)
    assert {item.visit: item.team[0].provider for item in plan.assignments} == {"n#1": "evening", "n#2": "morning"}


@pytest.mark.parametrize("seed", range(40))
def test_the_figures_are_what_the_plan_adds_up_to(seed: int) -> None:
    problem = small_problem(seed, 12, weights=False)
    result = solve(problem, chunks=1, threads=1)
    plan, figures = result.plan, result.plan.figures
    assert figures is not None
    weight = {visit.id: problem.weights.urgency[visit.need.urgency - 1] for visit in problem.visits}
    assert (figures.visits, figures.assigned) == (len(problem.visits), len(plan.assignments))
    assert figures.urgency_weight == sum(weight.values())
    assert figures.urgency_weight_assigned == sum(weight[item.visit] for item in plan.assignments)
    assert figures.travel_seconds == result.terms[Term.TRAVEL] // problem.weights.travel
    if problem.weights.waiting:
        assert figures.waiting_seconds == result.terms[Term.WAITING] // problem.weights.waiting
    kinds = {provider.id: provider.kind for provider in problem.providers}
    services = [service for item in plan.assignments for service in item.team]
    for figure in figures.kinds:
        mine = [service for service in services if kinds[service.provider] == figure.kind]
        assert figure.providers == sum(kind == figure.kind for kind in kinds.values())
        assert figure.serving == len({service.provider for service in mine})
        assert figure.services == len(mine)
        assert figure.minutes == sum((service.end - service.start).total_seconds() for service in mine) // 60
    people = {provider.id: provider for provider in problem.providers}
    spent: dict[str, int] = defaultdict(int)
    for service in services:
        who, seconds = people[service.provider], int((service.end - service.start).total_seconds())
        price = who.price_per_visit + math.ceil(who.price_per_hour * seconds / 3600)
        assert (service.fund is not None) == (price > 0)
        if service.fund is not None:
            spent[service.fund] += price
    assert {figure.fund: (figure.amount, figure.spent) for figure in figures.funds} == {
        fund.id: (fund.amount, spent[fund.id]) for fund in problem.funds
    }


@pytest.mark.parametrize("seed", range(40))
def test_a_plan_names_everything_that_it_speaks_of(seed: int) -> None:
    problem = small_problem(seed, 12)
    plan = solved(problem)
    providers = {service.provider for item in plan.assignments for service in item.team}
    assert providers <= set(plan.labels.providers)
    assert {item.room for item in plan.assignments} - {None} <= set(plan.labels.rooms)
    assert {service.fund for item in plan.assignments for service in item.team} - {None} <= set(plan.labels.funds)
    assert set(plan.labels.needs) == {need.id for need in problem.needs}
    kinds = {provider.id: provider.kind for provider in problem.providers}
    assert all(label.kind == kinds[name] for name, label in plan.labels.providers.items())
    for item in plan.unassigned:
        if item.change and "provider" in item.change:
            assert item.change["provider"] in plan.labels.providers


def test_labels_carry_the_names_in_both_languages() -> None:
    plan = solved(week(["mon"], 1))
    label = plan.labels.needs["n"]
    assert (label.title, label.category_zh, label.category_en, label.community) == ("助浴", "居家养老", "Home-based elder care", "石塔社区")
    assert (plan.labels.providers["p"].name, plan.labels.providers["p"].community) == ("王芳", "石塔社区")


def test_routes_that_serve_nobody_decode_to_a_plan_that_leaves_everyone_out() -> None:
    problem = small_problem(5, 12)
    compiled = compile_problem(problem)
    plan = decode(compiled, empty(compiled.instance).array)
    assert plan.assignments == ()
    assert [item.visit for item in plan.unassigned] == [visit.id for visit in problem.visits]
    assert plan.problem == problem.digest


@pytest.mark.parametrize("seed", range(10))
def test_a_plan_written_and_read_again_is_the_same_plan(seed: int) -> None:
    plan = solved(small_problem(seed, 12))
    assert Plan.parse(plan.to_json()) == plan


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_without_reasons_costs_the_same(seed: int) -> None:
    problem = small_problem(seed, 12)
    compiled = compile_problem(problem)
    state = state_of(compiled, solve(problem, chunks=1, threads=1).plan)
    whole, bare = decode(compiled, state), decode(compiled, state, with_reasons=False)
    assert {item.visit for item in whole.unassigned} == {visit.id for visit in problem.visits} - {item.visit for item in bare.assignments}
    assert bare.unassigned == ()
    assert bare.assignments == whole.assignments
    assert check(problem, bare) == check(problem, whole)
