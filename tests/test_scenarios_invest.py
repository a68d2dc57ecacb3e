"""Investment: what is bought reaches the goal by a verified plan, and is no more than what is needed."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from scenarios.invest import COSTS, invest
from tests.weeks import fund, need, organization, role, volunteer, week, window

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
NINE = [window("09:00", "09:00", day="mon")]


def test_a_goal_that_is_met_already_costs_nothing() -> None:
    found = invest(week([need()], [volunteer()]), 1.0, chunks=2, seeds=1)
    assert (found["is_reached"], found["yuan"], found["bought"]) == (True, 0, [])


def test_two_visits_at_once_need_one_person_more_and_no_more() -> None:
    problem = week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()])
    found = invest(problem, 1.0, chunks=2, seeds=1)
    assert found["is_reached"]
    assert len(found["bought"]) == 1
    assert found["yuan"] == COSTS["hour_volunteer"]
    assert check(found["problem"], found["plan"]).is_clean
    assert [point["rate"] for point in found["frontier"]] == [0.5, 1.0]


def test_the_cheaper_of_two_measures_is_bought() -> None:
    problem = week([need("a", windows=NINE), need("b", windows=NINE)], [volunteer()])
    found = invest(problem, 1.0, costs={"hour_volunteer": 100.0, "recruit": 5.0}, chunks=2, seeds=1)
    assert [purchase["code"] for purchase in found["bought"]] == ["recruit"]


def test_money_is_bought_where_money_is_what_is_short() -> None:
    roles = [role("carer", "organization")]
    problem = week([need("a", *roles), need("b", *roles)], [organization(price_per_hour=90)], funds=[fund("f", 90)])
    found = invest(problem, 1.0, costs={"fund": 1.0}, chunks=2, seeds=1)
    assert found["is_reached"]
    assert [purchase["code"] for purchase in found["bought"]] == ["fund"]


def test_a_team_is_bought_where_one_alone_would_not_help() -> None:
    problem = week([need("a", role("x", skills={"lift": 3}), role("y", skills={"lift": 4}))], [])
    found = invest(problem, 1.0, chunks=2, seeds=1)
    assert found["is_reached"]
    assert [purchase["code"] for purchase in found["bought"]] == ["team"]
    assert found["yuan"] == 2 * COSTS["hour_volunteer"]


def test_what_may_be_spent_is_not_exceeded_and_the_goal_may_be_missed() -> None:
    problem = week([need(name, windows=NINE) for name in "abcd"], [volunteer()])
    found = invest(problem, 1.0, most=20.0, chunks=2, seeds=1)
    assert not found["is_reached"]
    assert found["yuan"] == 20
    assert found["rate"] == 0.75


def test_the_frontier_rises_with_money() -> None:
    problem = week([need(name, windows=NINE) for name in "abcdef"], [volunteer()])
    points = invest(problem, 1.0, chunks=2, seeds=1)["frontier"]
    assert all(a["yuan"] < b["yuan"] and a["rate"] < b["rate"] for a, b in itertools.pairwise(points))


def test_the_command_keeps_the_week_and_the_plan(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    from matcher.console import run
    from matcher.plan import Plan
    from matcher.problem import Problem
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
