"""The course of a comparison: a plan that holds in another week counts there, so that less of anything never serves more."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.plan import Plan
from scenarios.compare import compare, compared
from scenarios.course import Course
from scenarios.edits import ScenarioFault, apply, scenarios_from
from scenarios.runs import Store, work
from scenarios.statistics import holm
from scenarios.weihai.week import make_week
from scenarios.workers import Workers
from tests.here import part_of_a_street

if TYPE_CHECKING:
    from pathlib import Path

    from matcher.problem import Problem

Json = dict[str, Any]
SETTINGS: Json = {"chunks": 1, "seeds": 2}
"""So little search that what is found is mostly chance."""
TIGHTER: list[Json] = [
    {"edit": "remove_providers", "who": {"count": 1}},
    {"edit": "no_shows", "rate": 0.05},
    {"edit": "no_shows", "rate": 0.1, "who": {"kinds": ["volunteer"]}},
    {"edit": "change_funds", "factor": 0.9},
    {"edit": "change_windows", "later": -5},
    {"edit": "add_needs", "category": "elderly", "count": 1},
]
LOOSER: list[Json] = [
    {"edit": "add_providers", "kind": "volunteer", "count": 1},
    {"edit": "change_funds", "factor": 1.1},
    {"edit": "change_windows", "later": 5},
]
GRIDS: list[Json] = [
    {"id": "more", "over": {"n": [1, 3, 6]}, "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}]},
    {"id": "absent", "over": {"r": [0.02, 0.05, 0.16]}, "edits": [{"edit": "no_shows", "rate": "$r"}]},
    {
        "id": "both",
        "over": {"n": [1, 4], "m": [0, 10]},
        "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}, {"edit": "change_windows", "later": "$m"}],
    },
]


def applicable(problem: Problem, edits: list[Json]) -> list[Json]:
    kept = []
    for k, edit in enumerate(edits):
        item = {"id": f"{edit['edit']}-{k}", "edits": [edit]}
        try:
            for draw in (1, 2):
                apply(problem, scenarios_from({"scenarios": [item]}).cases[0].edits, draw=draw)
        except ScenarioFault:
            continue
        kept.append(item)
    return kept


def left_out(found: Json, name: str) -> list[float]:
    row = found["base"] if name == "base" else next(row for row in found["scenarios"] if row["id"] == name)
    values: list[float] = row["measures"]["unserved"]["values"]
    return values


@pytest.fixture(scope="module")
def street() -> Problem:
    return part_of_a_street(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("course")


@pytest.fixture(scope="module")
def found(street: Problem, folder: Path) -> Json:
    file = {"settings": SETTINGS, "scenarios": applicable(street, [*TIGHTER, *LOOSER]), "grids": GRIDS}
    return compare(street, scenarios_from(file), folder, jobs=0)


def test_less_never_serves_more_and_more_never_less_in_any_repeat(found: Json) -> None:
    base = left_out(found, "base")
    ways = [row["way"] for row in found["scenarios"]]
    assert ways.count("tighter") >= 8
    assert ways.count("looser") >= 8
    for row in found["scenarios"]:
        for own, before in zip(row["measures"]["unserved"]["values"], base, strict=True):
            assert row["way"] != "tighter" or own >= before, row["id"]
            assert row["way"] != "looser" or own <= before, row["id"]
        assert row["verdict"] != "against"


def test_some_plan_was_carried_over_and_is_a_plan_of_the_week_that_it_counts_for(found: Json, street: Problem, folder: Path) -> None:
    carried = [(row, run) for row in (found["base"], *found["scenarios"]) for run in row["runs"] if "carried" in run]
    assert carried
    cases = {case.id: case for case in scenarios_from({"scenarios": applicable(street, [*TIGHTER, *LOOSER]), "grids": GRIDS}).cases}
    for row, run in carried:
        edits = cases[row["id"]].edits if row["id"] != "base" else ()
        report = check(apply(street, edits, draw=run["replicate"]).problem, Plan.read(folder / "plans" / f"{run['plan']}.json.gz"))
        assert report.is_clean
        assert report.cost == run["cost"]


def test_every_line_of_a_grid_is_monotone_in_every_repeat(found: Json) -> None:
    for names, is_falling in (
        ([f"more[n={n}]" for n in (1, 3, 6)], True),
        ([f"absent[r={r}]" for r in (0.02, 0.05, 0.16)], False),
        ([f"both[n={n}, m=10]" for n in (1, 4)], True),
        ([f"both[n=1, m={m}]" for m in (0, 10)], True),
    ):
        rows = [left_out(found, name) for name in names]
        for before, after in itertools.pairwise(rows):
            assert all(b <= a if is_falling else b >= a for a, b in zip(before, after, strict=True)), names


@pytest.mark.parametrize("seed", range(12))
def test_random_small_weeks_are_never_better_served_with_less(seed: int, tmp_path: Path) -> None:
    problem = small_problem(seed, 6)
    file = {"settings": SETTINGS, "scenarios": applicable(problem, [*TIGHTER, *LOOSER])}
    found = compare(problem, scenarios_from(file), tmp_path, jobs=0)
    base = left_out(found, "base")
    for row in found["scenarios"]:
        for own, before in zip(row["measures"]["unserved"]["values"], base, strict=True):
            assert row["way"] != "tighter" or own >= before, row["id"]
            assert row["way"] != "looser" or own <= before, row["id"]


def test_what_is_better_for_the_base_week_is_offered_to_weeks_that_differ_in_nothing(street: Problem, tmp_path: Path) -> None:
    weights = [{"id": f"w{k}", "edits": [{"edit": "change_weights", "set": {"new_face": 1000 + k}}]} for k in range(3)]
    file = {"settings": {"chunks": 2, "seeds": 3}, "scenarios": [*applicable(street, TIGHTER[:2]), *weights]}
    found = compare(street, scenarios_from(file), tmp_path, jobs=0)
    assert {row["verdict"] for row in found["scenarios"] if row["id"].startswith("w")} == {"noise"}


def test_a_course_that_is_cut_short_tells_what_is_finished_and_goes_on(tmp_path: Path) -> None:
    week = make_week("community", 1)
    scenarios = scenarios_from({"settings": SETTINGS, "scenarios": applicable(week, [TIGHTER[0], *TIGHTER[3:5]]), "grids": GRIDS[:1]})
    store, done = Store(tmp_path), 0

    def find(task: Any) -> Json | None:
        return store.find(task.key(week.digest))

    with pytest.raises(LookupError, match="no run of the base week"):
        compared(week, scenarios, Course(scenarios))
    seen = []
    while left := (course := Course(scenarios)).replay(find):
        work(week, store, left[0], left[0].key(week.digest))
        done += 1
        if course.best:
            seen.append(compared(week, scenarios, course))
    assert [len(found["scenarios"]) for found in seen[:3]] == [0, 1, 2]
    assert seen[0]["missing"] == [case.id for case in scenarios.cases]
    assert done == course.total == len(list((tmp_path / "runs").glob("*.json")))
    with Workers(week, store, 0):
        assert compare(week, scenarios, tmp_path, jobs=0) == compared(week, scenarios, course)


def test_chances_are_held_against_how_many_there_are() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, None, 0.9]) == [1.0, None, 1.0]
    assert holm([]) == []
