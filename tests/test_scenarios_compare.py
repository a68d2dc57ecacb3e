"""Comparisons: what is told of a difference, what cannot be, and that a run that was cut short goes on."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.plan import Plan
from matcher.problem import Weights
from matcher.solve import solve
from scenarios.compare import compare
from scenarios.edits import ScenarioFault, ScenarioSet, apply, scenarios_from
from scenarios.figures import figures_of, flat, gini
from scenarios.runs import Store, Task
from scenarios.statistics import Spread, estimate, knee, pooled
from scenarios.weihai.week import make_week
from scenarios.workers import Workers
from tests.here import part_of_a_street
from tests.weeks import need, organization, role, volunteer, week

if TYPE_CHECKING:
    from matcher.problem import Problem

Json = dict[str, Any]

WHAT_IFS: Json = {
    "settings": {"chunks": 8, "seeds": 3},
    "scenarios": [
        {"id": "fewer", "edits": [{"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": 12}}]},
        {"id": "poorer", "edits": [{"edit": "change_funds", "factor": 0.3}]},
        {"id": "needier", "edits": [{"edit": "add_needs", "category": "elderly", "count": 12}]},
        {"id": "absent", "edits": [{"edit": "no_shows", "rate": 0.05}]},
        {"id": "untouched", "edits": []},
    ],
    "grids": [
        {"id": "people", "over": {"n": [0, 15, 30, 60]}, "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}]},
    ],
}


@pytest.fixture(scope="module")
def street() -> Problem:
    return make_week("street", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("comparison")


@pytest.fixture(scope="module")
def found(street: Problem, folder: Path) -> Json:
    return compare(street, scenarios_from(WHAT_IFS), folder, jobs=0)


def rows(found: Json) -> dict[str, Json]:
    return {row["id"]: row for row in found["scenarios"]}


def test_less_of_anything_is_never_called_better(found: Json) -> None:
    by_id = rows(found)
    assert {by_id[name]["way"] for name in ("fewer", "poorer", "needier", "absent")} == {"tighter"}
    assert all(by_id[name]["verdict"] in ("worse", "noise", "against") for name in ("fewer", "poorer", "needier", "absent"))
    assert by_id["fewer"]["verdict"] == by_id["poorer"]["verdict"] == "worse"


def test_a_scenario_without_edits_is_the_base_week_to_the_last_figure(found: Json) -> None:
    row = rows(found)["untouched"]
    assert row["verdict"] == "noise"
    assert all(item["difference"]["mean"] == 0 for item in row["measures"].values())


def test_a_grid_of_more_and_more_people_is_monotone_within_noise(found: Json) -> None:
    curves = {curve["measure"]: curve for curve in found["grids"][0]["curves"]}
    assert curves["rate"]["x"] == [0, 15, 30, 60]
    assert curves["rate"]["is_monotone"]
    assert curves["unserved"]["is_monotone"]
    assert curves["rate"]["y"][-1] > curves["rate"]["y"][0]
    assert rows(found)["people[n=60]"]["verdict"] == "better"


def test_every_scenario_says_in_both_languages_what_can_be_told(found: Json) -> None:
    for row in found["scenarios"]:
        assert set(row["says"]) == {"zh", "en"}
        # what one comparison would call a difference may be chance where so many are compared
        is_doubtful = any(said in row["says"]["en"] for said in ("noise", "may be chance"))
        assert is_doubtful == (row["verdict"] in ("noise", "against"))


def test_all_that_is_compared_started_from_the_same_plans(found: Json, folder: Path) -> None:
    # three runs for the plans to start from, three for each scenario, and two to see which end of the grid allows more; the one without edits is
    # the base week
    assert len(list((folder / "runs").glob("*.json"))) == 3 + 3 * (5 + 4) + 2
    costs = [run["cost"] for run in found["base"]["runs"]]
    assert [run["cost"] for run in rows(found)["untouched"]["runs"]] == costs


def test_plans_are_kept_and_clean(found: Json, folder: Path, street: Problem) -> None:
    run = found["base"]["runs"][0]
    assert check(street, Plan.read(folder / "plans" / f"{run['plan']}.json.gz")).cost == run["cost"]


def test_what_is_finished_is_not_done_again(street: Problem, folder: Path, found: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.solve.solve", lambda *_, **__: pytest.fail("something was solved again"))
    assert compare(street, scenarios_from(WHAT_IFS), folder, jobs=0) == found


def test_a_damaged_result_is_done_again_and_a_missing_plan_too(tmp_path: Path) -> None:
    problem = week([need()], [volunteer()])
    task = Task("base", 1, (), 1, None, 1)
    store = Store(tmp_path)
    with Workers(problem, store, 0) as workers:
        first = workers.run([task])[task]
        file = tmp_path / "runs" / f"{first['key']}.json"
        for spoil in (partial(file.write_text, '{"key": '), (tmp_path / "plans" / f"{first['plan']}.json.gz").unlink):
            spoil()
            assert store.find(first["key"]) is None
            again = workers.run([task])[task]
            assert {**again, "seconds": 0} == {**first, "seconds": 0}


def test_faults_of_the_edits_come_before_any_solving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.solve.solve", lambda *_, **__: pytest.fail("something was solved"))
    wrong = [{"edit": "remove_providers", "who": {"ids": ["x"]}}, {"edit": "close_venue", "ids": ["y"]}]
    scenarios = scenarios_from({"scenarios": [{"id": "a", "edits": wrong}, {"id": "b", "edits": wrong[:1]}]})
    with pytest.raises(ScenarioFault) as error:
        compare(week([need()], [volunteer()]), scenarios, tmp_path, jobs=0)
    assert [fault.path for fault in error.value.faults] == [
        "/scenarios/0/edits/0/who/ids/0",
        "/scenarios/0/edits/1/ids/0",
        "/scenarios/1/edits/0/who/ids/0",
    ]


def test_one_repeat_says_that_it_cannot_tell(tmp_path: Path) -> None:
    scenarios = scenarios_from(
        {"settings": {"chunks": 1, "seeds": 1}, "scenarios": [{"id": "a", "edits": [{"edit": "change_windows", "later": -60}]}]}
    )
    row = compare(week([need()], [volunteer()]), scenarios, tmp_path, jobs=0)["scenarios"][0]
    assert row["measures"]["rate"]["difference"]["low"] is None
    assert "One repeat" in row["says"]["en"]


def test_a_small_week_has_its_bound_and_gap(tmp_path: Path) -> None:
    scenarios = scenarios_from({"settings": {"chunks": 5, "seeds": 2, "prove": 1}, "scenarios": [{"id": "a", "edits": []}]})
    found = compare(week([need("a"), need("b")], [volunteer()]), scenarios, tmp_path, jobs=0)
    cost = found["base"]["runs"][0]["cost"]
    assert found["base"]["bound"] <= cost
    assert found["base"]["gap"] == pytest.approx((cost - found["base"]["bound"]) / max(1, cost))


GRID: Json = {
    "settings": {"chunks": 6, "seeds": 1},
    "grids": [{"id": "g", "over": {"f": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}, "edits": [{"edit": "change_funds", "factor": "$f"}]}],
}
KILLED = f"""
import sys
from pathlib import Path
from scenarios.compare import compare
from scenarios.edits import scenarios_from
from matcher.problem import Problem
if __name__ == "__main__":
    compare(Problem.read(sys.argv[2]), scenarios_from({GRID!r}), Path(sys.argv[1]), jobs=2, on_step=lambda step: print(step.done, flush=True))
"""


def test_after_a_kill_no_process_is_left_and_the_same_command_goes_on(tmp_path: Path) -> None:
    problem, script, file = part_of_a_street(1), tmp_path / "killed.py", tmp_path / "week.json"
    script.write_text(KILLED)
    file.write_text(problem.to_json())
    argv = [sys.executable, str(script), str(tmp_path), str(file)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if int(line) >= 4:
                break
        run.kill()
        # the pipe ends when the last process that holds it does
        assert run.communicate(timeout=60)[0] is not None
    before = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "runs").glob("*.json")}
    assert 4 <= len(before) < 10
    found = compare(problem, scenarios_from(GRID), tmp_path, jobs=0)
    after = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "runs").glob("*.json")}
    assert {name: after[name] for name in before} == before
    assert len(after) == 1 + 9 + 2
    assert found["grids"][0]["curves"][0]["is_monotone"]


# figures


def test_figures_add_up_to_what_the_plan_says(street: Problem) -> None:
    result = solve(street, chunks=5, threads=1)
    figures = figures_of(street, result.plan, result.cost)
    own = result.plan.figures
    assert own is not None
    assert figures["measures"]["served"] == own.urgency_weight_assigned
    assert figures["measures"]["visits_served"] == own.assigned
    for table in ("categories", "communities", "districts"):
        assert sum(row["urgency"] for row in figures[table].values()) == own.urgency_weight
        assert sum(row["visits_served"] for row in figures[table].values()) == own.assigned
    assert sum(row["visits"] for row in figures["reasons"].values()) == own.visits - own.assigned
    assert {kind: row["minutes"] for kind, row in figures["kinds"].items()} == {row.kind: row.minutes for row in own.kinds}
    assert flat(figures)["yuan"] == sum(fund.spent for fund in own.funds) / 100


def test_urgency_is_measured_by_the_yardstick_and_not_by_the_edited_week() -> None:
    base = week([need("a", urgency=1), need("b", urgency=3)], [volunteer()])
    edited = week([need("a", urgency=5), need("b", urgency=3), need("c", urgency=2)], [volunteer()])
    result = solve(edited, chunks=1, threads=1)
    measures = figures_of(edited, result.plan, result.cost, yardstick=base)["measures"]
    assert measures["served"] == 1 + 4 + 2


def test_money_and_reasons_have_their_rows() -> None:
    fund = {"id": "f", "source": "fiscal", "amount": 50}
    roles = [role("carer", "organization")]
    problem = week([need("a", *roles), need("b", *roles)], [organization(price_per_hour=40)], funds=[fund])
    result = solve(problem, chunks=3, threads=1)
    figures = figures_of(problem, result.plan, result.cost)
    assert figures["funds"]["f"]["spent"] == 4000
    assert figures["reasons"] == {"fund_balance": {"visits": 1, "urgency": 4}}
    assert figures["measures"]["rate"] == 0.5


@pytest.mark.parametrize(("values", "wanted"), [([], 0), ([1, 1, 1], 0), ([0, 0, 0, 4], 0.75), ([1, 3], 0.25)])
def test_gini(values: list[float], wanted: float) -> None:
    assert gini(values) == pytest.approx(wanted)


# statistics


def test_an_interval_is_students() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.half == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert not estimate([5.0, 5.1, 4.9]).is_noise
    assert estimate([5.0, -5.1, 4.9]).is_noise


def test_values_alike_by_chance_have_the_spread_of_all() -> None:
    assert estimate([3.0, 3.0, 3.0], Spread(2.0, 20)).half == pytest.approx(2.073873 * 2 / math.sqrt(3), rel=1e-5)
    assert pooled([[1, 3], [9, 11], [5]]) == Spread(math.sqrt(2), 2)


def test_one_value_has_no_end() -> None:
    assert math.isinf(estimate([3.0]).half)
    assert estimate([3.0]).to_json()["low"] is None


def test_the_knee_is_where_the_curve_bends() -> None:
    x = [0.0, 1, 2, 3, 4, 5, 6]
    found = knee(x, [0, 5, 9, 10, 10.2, 10.3, 10.4])
    assert found is not None
    assert found.index == 2
    falling = knee(x, [10, 5, 1, 0.5, 0.3, 0.1, 0])
    assert falling is not None
    assert falling.index == 2


@pytest.mark.parametrize(
    ("y", "noise"),
    [
        ([0, 1, 2, 3], 0),
        ([0, 0, 0, 0], 0),
        ([0, 5, 9, 10], 11),
        ([0, 1, 3, 10], 0),
    ],
)
def test_a_line_a_plain_noise_and_a_growing_rise_have_no_knee(y: list[float], noise: float) -> None:
    assert knee([0, 1, 2, 3], y, noise=noise) is None


def test_the_set_of_scenarios_is_what_the_file_says() -> None:
    made = scenarios_from(WHAT_IFS)
    assert isinstance(made, ScenarioSet)
    assert json.dumps([case.id for case in made.cases]).count("people[") == 4


# what the direction of an edit promises


FREE = dict.fromkeys((name for name in Weights.model_fields if name not in ("urgency", "unserved")), 0)
TIGHTER_AND_LOOSER: list[Json] = [
    {"edit": "remove_providers", "who": {"share": 0.5}},
    {"edit": "no_shows", "rate": 0.4, "who": {}},
    {"edit": "add_needs", "category": "elderly", "count": 2},
    {"edit": "change_funds", "factor": 0.3},
    {"edit": "change_windows", "earlier": -20, "later": -20},
    {"edit": "pooling", "within": "community"},
    {"edit": "add_providers", "kind": "volunteer", "count": 2},
    {"edit": "train", "who": {}, "skills": {"care": 5}, "checked": True},
    {"edit": "change_travel", "speed_factor": 3},
    {"edit": "change_rule", "rule": "supervision", "on": False},
]


@pytest.mark.parametrize("edit", TIGHTER_AND_LOOSER, ids=lambda edit: str(edit["edit"]))
def test_the_best_plan_after_an_edit_is_on_the_side_that_its_direction_says(edit: Json) -> None:
    for seed in range(40):
        problem = small_problem(seed, 4).replace(weights=Weights(unserved=1000, **FREE))
        try:
            after = apply(problem, scenarios_from({"scenarios": [{"id": "s", "edits": [edit]}]}).cases[0].edits)
        except ScenarioFault:
            continue
        best = [solve(week, budget=10, threads=1, exact=True) for week in (problem, after.problem)]
        assert after.way in ("tighter", "looser", "same")
        if any(result.status != "optimal" for result in best):
            continue
        before, now = (
            figures_of(week, result.plan, result.cost, yardstick=problem)["measures"]["unserved"]
            for week, result in zip((problem, after.problem), best, strict=True)
        )
        assert now >= before if after.way == "tighter" else now <= before if after.way == "looser" else now == before
        break
    else:
        pytest.fail("no week was proved before and after")
