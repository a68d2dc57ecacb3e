"""Investment: what is bought reaches the goal by a verified plan, and is no more than what is needed."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.solve import solve
from scenarios.edits import apply
from scenarios.edits.files import scenarios_from
from scenarios.edits.models import RemoveProviders, Who
from scenarios.figures import figures_of
from scenarios.invest import COSTS, invest
from scenarios.invest.measures import measures
from scenarios.weihai.week import make_week
from tests.weeks import fund, need, organization, role, volunteer, week, window

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
NINE = [window("09:00", "09:00", day="mon")]


def test_a_goal_that_is_met_already_costs_nothing(tmp_path: Path) -> None:
    found = invest(week([need()], [volunteer()]), tmp_path, 1.0, jobs=0, chunks=2, seeds=1)
    assert (found["is_reached"], found["yuan"], found["bought"]) == (True, 0, [])


def test_two_visits_at_once_need_one_person_more_and_no_more(tmp_path: Path) -> None:
    problem = week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()])
    found = invest(problem, tmp_path, 1.0, jobs=0, chunks=2, seeds=1)
    assert found["is_reached"]
    assert len(found["bought"]) == 1
    assert found["yuan"] == COSTS["hour_volunteer"]
    assert check(found["problem"], found["plan"]).is_clean
    assert [point["rate"] for point in found["frontier"]] == [0.5, 1.0]


def test_the_cheaper_of_two_measures_is_bought(tmp_path: Path) -> None:
    problem = week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()])
    found = invest(problem, tmp_path, 1.0, jobs=0, costs={"hour_volunteer": 100.0, "recruit": 5.0}, chunks=2, seeds=1)
    assert [purchase["code"] for purchase in found["bought"]] == ["recruit"]


def test_money_is_bought_where_money_is_what_is_short(tmp_path: Path) -> None:
    roles = [role("carer", "organization")]
    problem = week([need("a", *roles), need("b", *roles)], [organization(price_per_hour=90)], funds=[fund("f", 90)])
    found = invest(problem, tmp_path, 1.0, jobs=0, costs={"fund": 1.0}, chunks=2, seeds=1)
    assert found["is_reached"]
    assert [purchase["code"] for purchase in found["bought"]] == ["fund"]


def test_a_team_is_bought_where_one_alone_would_not_help(tmp_path: Path) -> None:
    problem = week([need("a", role("x", skills={"lift": 3}), role("y", skills={"lift": 4}))], [])
    found = invest(problem, tmp_path, 1.0, jobs=0, chunks=2, seeds=1)
    assert found["is_reached"]
    assert [purchase["code"] for purchase in found["bought"]] == ["team"]
    assert found["yuan"] == 2 * COSTS["hour_volunteer"]


def test_what_may_be_spent_is_not_exceeded_and_the_goal_may_be_missed(tmp_path: Path) -> None:
    problem = week([need(name, windows=NINE) for name in "abcd"], [volunteer()])
    found = invest(problem, tmp_path, 1.0, jobs=0, most=20.0, chunks=2, seeds=1)
    assert not found["is_reached"]
    assert found["yuan"] == 20
    assert found["rate"] == 0.75


def test_the_frontier_rises_with_money(tmp_path: Path) -> None:
    problem = week([need(name, windows=NINE) for name in "abcdef"], [volunteer()])
    points = invest(problem, tmp_path, 1.0, jobs=0, chunks=2, seeds=1)["frontier"]
    assert all(a["yuan"] < b["yuan"] and a["rate"] < b["rate"] for a, b in itertools.pairwise(points))


def short_of_people(seed: int) -> Problem:
    """Return a community week in which half of the volunteers do not serve."""
    half = RemoveProviders(edit="remove_providers", who=Who(kinds=("volunteer",), share=0.5))
    return apply(make_week("community", seed), (half,), draw=seed).problem


def rate_of(base: Problem, problem: Problem) -> tuple[float, Plan]:
    result = solve(problem, chunks=3, threads=1, seed=1)
    return figures_of(problem, result.plan, result.cost, yardstick=base)["measures"]["rate"], result.plan


@pytest.mark.parametrize("seed", [1, 3, 5, 7])
def test_no_set_of_up_to_three_measures_reaches_the_goal_for_less(seed: int, tmp_path: Path) -> None:
    problem = short_of_people(seed)
    found = invest(problem, tmp_path, 0.95, jobs=0, chunks=2, seeds=1)
    assert found["is_reached"]
    before, plan = rate_of(problem, problem)
    assert before < 0.95
    served = {assignment.visit for assignment in plan.assignments}
    known = measures(problem, [visit for visit in problem.visits if visit.id not in served], COSTS)
    sets = [some for size in (1, 2, 3) for some in itertools.combinations_with_replacement(known, size)]
    cheaper = [some for some in sets if sum(one.yuan for one in some) < found["yuan"]]
    for some in cheaper:
        edits = tuple(one.bought(number).edit for number, one in enumerate(some, start=1))
        assert rate_of(problem, apply(problem, edits).problem)[0] < 0.95, [one.name for one in some]
    # what was bought does reach it, which the verifier says
    assert check(found["problem"], found["plan"]).is_clean


def test_nothing_that_is_bought_could_be_left_out(tmp_path: Path) -> None:
    problem = short_of_people(5)
    found = invest(problem, tmp_path, 0.95, jobs=0, chunks=2, seeds=1)
    for k in range(len(found["edits"])):
        less = {"scenarios": [{"id": "less", "edits": [edit for j, edit in enumerate(found["edits"]) if j != k]}]}
        assert rate_of(problem, apply(problem, scenarios_from(less).cases[0].edits).problem)[0] < 0.95


def test_a_search_goes_on_where_it_was_cut_short_and_says_the_same(tmp_path: Path) -> None:
    problem = short_of_people(5)
    whole = invest(problem, tmp_path / "whole", 0.95, jobs=0, chunks=1, seeds=1)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invest(problem, tmp_path / "cut", 0.95, jobs=0, chunks=1, seeds=1, on_round=stop)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cut" / "runs").iterdir()}
    assert invest(problem, tmp_path / "cut", 0.95, jobs=1, chunks=1, seeds=1) == whole
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cut" / "runs").iterdir()}
    assert before
    assert before == {name: after[name] for name in before}
    assert {*after} == {path.name for path in (tmp_path / "whole" / "runs").iterdir()}


def test_the_command_keeps_the_week_and_the_plan(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    from matcher.console import run
    from scenarios.cli import app

    file = tmp_path / "week.json"
    file.write_text(week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()]).to_json())
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        run(app, ["invest", str(file), "--goal", "1", "--chunks", "2", "-o", str(out), "--cost", "hour_volunteer=7", "--lang", "en"])
    printed, err = capfdbinary.readouterr()
    assert ended.value.code == 0
    assert json.loads(printed)["yuan"] == 7
    assert check(Problem.read(out / "investment-week.json"), Plan.read(out / "investment-plan.json")).is_clean
    edits = scenarios_from(json.loads((out / "investment-scenarios.json").read_text())).cases[0].edits
    assert apply(Problem.read(file), edits).problem == Problem.read(out / "investment-week.json")
    assert "100% reached" in err.decode()


def test_a_goal_out_of_reach_ends_with_one_and_a_wrong_cost_with_two(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    from matcher.console import run
    from scenarios.cli import app

    file = tmp_path / "week.json"
    file.write_text(week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()]).to_json())
    for argv, code in ((["--most", "1", "-q"], 1), (["--cost", "gold=1"], 2), (["--cost", "fund=dear"], 2)):
        with pytest.raises(SystemExit) as ended:
            run(app, ["invest", str(file), "--chunks", "1", *argv])
        assert ended.value.code == code
        capfdbinary.readouterr()
