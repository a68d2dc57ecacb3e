"""Robustness: what becomes of plans in weeks as they might go, by hand where it can be said by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from matcher.solve import solve
from scenarios.robust import RISKS, Draw, Follower, Risks, drawn, robustness
from scenarios.robust.draws import asked_of, weight_of, with_urgent
from scenarios.weihai.week import make_week
from tests.weeks import need, plan, role, serve, visit, volunteer, week, window, worker

if TYPE_CHECKING:
    from pathlib import Path

    from matcher.problem import Problem
    from scenarios.workers import Step

Json = dict[str, Any]


def draw(*absent: tuple[str, int], **delays: int) -> Draw:
    return Draw(frozenset(absent), {f"{name}#1": 60 * minutes for name, minutes in delays.items()}, 0, 1)


@pytest.fixture(scope="module")
def street() -> Problem:
    return make_week("street", 1)


def test_nothing_happens_and_everything_is_served(street: Problem) -> None:
    made = solve(street, chunks=5, threads=1).plan
    assert Follower(street).follow(made, draw()).served == {assignment.visit for assignment in made.assignments}


def test_a_visit_is_lost_on_the_day_that_one_of_its_team_is_absent_and_on_no_other() -> None:
    team = (role("a"), role("b", "social_worker"))
    problem = week([need("n", *team), need("m")], [volunteer(), worker()])
    made = plan(visit("n#1", serve("v", "tue 09:00", "a"), serve("w", "tue 09:00", "b")), visit("m#1", serve("v", "wed 09:00")))
    follow = Follower(problem).follow
    assert follow(made, draw(("w", 1))).lost == {"n#1": "absent"}
    assert follow(made, draw(("w", 2), ("w", 0))).lost == {}
    assert follow(made, draw(("v", 2))).lost == {"m#1": "absent"}


def test_a_delay_goes_on_to_the_next_visit_and_loses_the_one_whose_window_has_closed() -> None:
    problem = week(
        [need("a"), need("b", windows=[window("08:00", "10:10")]), need("c", windows=[window("08:00", "11:30")])],
        [volunteer()],
    )
    made = plan(visit("a#1", serve("v", "mon 09:00")), visit("b#1", serve("v", "mon 10:00")), visit("c#1", serve("v", "mon 11:00")))
    follow = Follower(problem).follow
    assert follow(made, draw(a=10)).lost == {}
    # at 10:20 it is too late for b; c is then reached in time
    assert follow(made, draw(a=20)).lost == {"b#1": "late"}
    assert follow(made, draw(a=70)).lost == {"b#1": "late"}
    assert follow(made, draw(a=130)).lost == {"b#1": "late", "c#1": "late"}


def test_a_way_takes_its_time_and_a_gap_takes_up_a_delay() -> None:
    problem = week([need("a"), need("b", x=600, windows=[window("08:00", "10:30")])], [volunteer()])
    made = plan(visit("a#1", serve("v", "mon 09:00")), visit("b#1", serve("v", "mon 10:20")))
    follow = Follower(problem).follow
    # 600 seconds on the way: ten minutes late leave b where it was, twenty move it to 10:30, 21 are too many
    assert follow(made, draw(a=20)).lost == {}
    assert follow(made, draw(a=21)).lost == {"b#1": "late"}


def test_a_team_waits_for_the_last_of_its_members() -> None:
    team = (role("a"), role("b", "social_worker"))
    problem = week([need("first"), need("n", *team, windows=[window("08:00", "10:05")])], [volunteer(), worker()])
    made = plan(visit("first#1", serve("v", "mon 09:00")), visit("n#1", serve("v", "mon 10:00", "a"), serve("w", "mon 10:00", "b")))
    follow = Follower(problem).follow
    assert follow(made, draw(first=5)).lost == {}
    assert follow(made, draw(first=6)).lost == {"n#1": "late"}


def test_draws_are_repeatable_and_a_higher_risk_keeps_what_a_lower_one_took(street: Problem) -> None:
    low, high = (Risks({"volunteer": share}, late=0.1) for share in (0.1, 0.3))
    assert drawn(street, low, 5) == drawn(street, low, 5)
    assert drawn(street, low, 5) != drawn(street, low, 6)
    assert drawn(street, low, 5).absent < drawn(street, high, 5).absent
    assert all(name.startswith("v") for name, _ in drawn(street, high, 5).absent)


def test_shares_of_draws_are_what_was_asked_for(street: Problem) -> None:
    draws = [drawn(street, Risks({"volunteer": 0.2}, late=0.3, late_minutes=10, urgent=3), k) for k in range(60)]
    days = {(shift.provider.id, shift.start // 86400) for shift in street.shifts if shift.provider.kind == "volunteer"}
    assert sum(len(one.absent) for one in draws) / 60 / len(days) == pytest.approx(0.2, abs=0.02)
    assert sum(len(one.delays) for one in draws) / 60 / 300 == pytest.approx(0.3, abs=0.02)
    assert sum(one.urgent for one in draws) / 60 == pytest.approx(3, abs=0.6)
    assert max(delay for one in draws for delay in one.delays.values()) <= 1800


def test_without_risks_a_plan_holds_and_needs_no_spare_people(tmp_path: Path) -> None:
    problem = make_week("community", 1)
    made = solve(problem, chunks=3, threads=1).plan
    safe = Risks({}, late=0, urgent=0)
    found = robustness(problem, made, tmp_path, jobs=0, risks=safe, draws=4, replanned=2, chunks=1, candidates=0)
    assert found["as_planned"]["urgency"] == found["planned"]["urgency"]
    assert found["as_planned"]["worst_tenth"] == found["as_planned"]["rate"]
    assert found["spares"] == []
    assert found["replanned"]["rate"] >= found["as_planned_same_draws"]["rate"]


def test_whose_absence_costs_most_is_whoever_serves_the_most_urgent(tmp_path: Path) -> None:
    team, nine = [role("a")], [window("09:00", "09:00", day="mon")]
    problem = week(
        [
            need("n", *team, urgency=5, windows=nine),
            need("m", *team, urgency=1, windows=nine),
        ],
        [volunteer("x"), volunteer("y")],
    )
    made = plan(visit("n#1", serve("x", "mon 09:00", "a")), visit("m#1", serve("y", "mon 09:00", "a")))
    found = robustness(problem, made, tmp_path, jobs=0, draws=2, replanned=0, chunks=2, candidates=0)["single_points"]
    assert [(row["provider"], row["loss"], row["loss_replanned"]) for row in found] == [("x", 10, 1), ("y", 1, 1)]


def test_planning_again_and_spare_people_serve_more_than_a_plan_that_stands(tmp_path: Path) -> None:
    problem = make_week("community", 2)
    made = solve(problem, chunks=3, threads=1).plan
    rough = Risks({"volunteer": 0.4, "social_worker": 0.1, "organization": 0.1})
    found = robustness(problem, made, tmp_path, jobs=0, risks=rough, draws=8, replanned=8, chunks=2, candidates=2)
    assert found["as_planned"]["rate"] <= found["replanned"]["rate"] <= found["replanned_with_spares"]["rate"]
    assert sum(row["people"] for row in found["spares"]) > 0
    assert check(problem, found["hedge"]["plan"]).is_clean
    assert found["hedge"]["before"]["draws"] == 8


def test_what_is_asked_in_a_draw_is_that_of_the_week_with_its_urgent_needs(street: Problem) -> None:
    for number in range(4):
        one = drawn(street, Risks({}, urgent=3), number)
        made = with_urgent(street, one, None)
        assert asked_of(street, one) == weight_of(made, {visit.id for visit in made.visits})


def test_a_trial_goes_on_where_it_was_cut_short_and_says_the_same(tmp_path: Path) -> None:
    problem = make_week("community", 2)
    settings: Json = {"risks": Risks({"volunteer": 0.3}), "draws": 6, "replanned": 3, "chunks": 1, "candidates": 2}
    whole = robustness(problem, None, tmp_path / "whole", jobs=0, **settings)
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        if step.done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        robustness(problem, None, tmp_path / "cut", jobs=0, on_step=stop, **settings)
    again: list[Step] = []
    assert robustness(problem, None, tmp_path / "cut", jobs=0, on_step=again.append, **settings) == whole
    assert steps[-1].done == 9
    assert again[-1].found >= 9
    assert again[-1].done == again[-1].total
    done: list[Step] = []
    assert robustness(problem, None, tmp_path / "cut", jobs=1, on_step=done.append, **settings) == whole
    assert done[-1].found == done[-1].total


def test_the_command_says_what_to_expect(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    from matcher.console import run
    from scenarios.cli import app

    file = tmp_path / "week.json"
    file.write_text(make_week("community", 1).to_json())
    argv = [
        "--draws",
        "5",
        "--replanned",
        "1",
        "--candidates",
        "1",
        "--chunks",
        "1",
        "--jobs",
        "1",
        "--lang",
        "en",
        "--volunteer",
        "0.5",
    ]
    with pytest.raises(SystemExit) as ended:
        run(app, ["robust", str(file), "-o", str(tmp_path / "out"), *argv])
    out, err = capfdbinary.readouterr()
    assert ended.value.code == 0
    assert json.loads(out)["risks"]["no_show"] == {**RISKS.no_show, "volunteer": 0.5}
    assert "worst tenth" in err.decode()
    assert (tmp_path / "out" / "robust-plan.json").exists()


def test_a_plan_of_another_week_is_refused(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    from matcher.console import run
    from scenarios.cli import app

    other = make_week("community", 2)
    (tmp_path / "week.json").write_text(make_week("community", 1).to_json())
    (tmp_path / "plan.json").write_text(solve(other, chunks=1, threads=1).plan.to_json())
    with pytest.raises(SystemExit) as ended:
        run(app, ["robust", str(tmp_path / "week.json"), "--plan", str(tmp_path / "plan.json")])
    assert ended.value.code == 2
    assert json.loads(capfdbinary.readouterr().out)["error"]["what"] == "plan"
