"""The benchmark of proofs counts what holds, and calls wrong what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from benchmarks import proofs
from benchmarks.cli import app
from benchmarks.proofs import Limits, Tally, against_all_plans, against_bound, measure, problem_of
from matcher.solvers.ascent import Bound

if TYPE_CHECKING:
    import pytest


def test_the_plan_that_is_proved_the_best_is_the_best_of_all_plans() -> None:
    figures = measure("exhaustive", range(20, 24), most=4)
    assert (figures["problems"], figures["proved"], figures["wrong"], figures["first_wrong"]) == (4, 4, 0, None)
    assert figures["equal"] == figures["compared"] > 0


def test_an_optimum_that_some_plan_undercuts_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of("exhaustive", 20, 4)
    real = proofs._proved(problem)
    assert real is not None
    object.__setattr__(real, "cost", real.cost + 1)
    monkeypatch.setattr(proofs, "_proved", lambda problem: real)
    found = against_all_plans(problem, Limits())
    assert found["is_wrong"]
    assert not found["equal"]


def test_a_bound_above_the_optimum_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of("bound", 5)
    honest = against_bound(problem, Limits(steps=30))
    assert honest["proved"]
    assert not honest["is_wrong"]
    real = proofs._proved(problem)
    assert real is not None
    object.__setattr__(real, "cost", 0)
    monkeypatch.setattr(proofs, "_proved", lambda problem: real)
    monkeypatch.setattr(proofs, "bound", lambda *some, **more: Bound(1, "routes"))
    assert against_bound(problem, Limits())["is_wrong"]


def test_a_run_is_held_against_the_optimum() -> None:
    figures = measure("search", range(3, 5), most=5, limits=Limits(budget=2.0, threads=1, chunks=1))
    assert figures["proved"] == 2
    assert figures["equal"] == 2
    assert figures["wrong"] == 0


def test_truths_are_counted_numbers_added_and_the_wrong_kept_by_number() -> None:
    tally = Tally()
    tally.add(7, {"proved": True, "gap": 0.5, "is_wrong": False})
    tally.add(8, {"proved": False, "gap": 0.25, "is_wrong": True})
    assert (tally.counts, tally.sums, tally.wrong) == ({"proved": 1}, {"gap": 0.75}, [8])


def test_the_command_prints_one_line_of_figures_and_refuses_other_parts() -> None:
    found = CliRunner().invoke(app, ["proofs", "bound", "--problems", "2", "--visits", "3", "--seed", "4"])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["proved"] == 2
    assert CliRunner().invoke(app, ["proofs", "luck"]).exit_code != 0


def test_who_is_named_first_to_recruit_is_held_against_everybody_tried_out() -> None:
    figures = measure("recruits", range(6, 7))
    assert (figures["problems"], figures["proved"], figures["equal"], figures["missed"]) == (1, 1, 1, [])
    assert figures["gain"] == figures["most"] > 0
    assert figures["candidates"] > 1
