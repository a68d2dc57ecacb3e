"""Adapters to public families keep cost and meaning; files that are none of a family are refused; tables say what runs say."""

from __future__ import annotations

import copy
import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import contest, hhcrsp, neutral
from benchmarks.cli import app, planned
from benchmarks.compare import ratios, report
from benchmarks.contest import OWN, Run, add_run, read_runs
from benchmarks.families import FAMILIES, Instance, first_of_each_group, instances_of
from benchmarks.judge import judge
from benchmarks.plots import draw, gaps_over_time
from benchmarks.shape import InstanceError
from benchmarks.tables import REFERENCE, best_costs, current, gap, runs_to_csv, summarize, to_csv, to_markdown
from matcher.check import check
from matcher.compile import compile_problem
from matcher.console import run as run_command
from matcher.solvers.portfolio import is_guided

Json = dict[str, Any]

TOWN: Json = {
    "patients": [
        {"id": "p1", "time_window": [10, 20], "required_caregivers": [{"service": "s1", "duration": 5}]},
        {
            "id": "p2",
            "time_window": [0, 4],
            "required_caregivers": [{"service": "s1"}, {"service": "s2", "duration": 7}],
            "synchronization": {"type": "simultaneous"},
        },
        {
            "id": "p3",
            "time_window": [30.5, 40],
            "required_caregivers": [{"service": "s1", "duration": 2}, {"service": "s2"}],
            "synchronization": {"type": "sequential", "distance": [3, 6]},
        },
    ],
    "services": [{"id": "s1", "default_duration": 6}, {"id": "s2", "default_duration": 4}],
    "caregivers": [{"id": "c1", "abilities": ["s1"]}, {"id": "c2", "abilities": ["s2"]}],
    "distances": [[0, 5, 6.125, 9], [5, 0, 3, 4], [6.125, 3, 0, 5], [9, 4, 5, 0]],
}


@pytest.fixture
def town() -> Json:
    return copy.deepcopy(TOWN)


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Run a command line of the benchmarks; returns its exit code and what it wrote as JSON."""

    def call(*words: object) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            run_command(app, [str(word) for word in words])
        out = capfd.readouterr().out
        assert isinstance(ended.value.code, int)
        return ended.value.code, json.loads(out)

    return call


def _solution(**changes: Json) -> Json:
    """A solution of the town that keeps every rule: p2 late at 6.125, then p1, then p3."""
    stops = {
        "p2 s1": {"patient_id": "p2", "service_id": "s1", "arrival_time": 6.125},
        "p1 s1": {"patient_id": "p1", "service_id": "s1", "arrival_time": 15.125},
        "p3 s1": {"patient_id": "p3", "service_id": "s1", "arrival_time": 30.5},
        "p2 s2": {"patient_id": "p2", "service_id": "s2", "arrival_time": 6.125},
        "p3 s2": {"patient_id": "p3", "service_id": "s2", "arrival_time": 33.5},
    }
    for name, change in changes.items():
        stops[name.replace("_", " ")].update(change)
    routes = {"c1": ["p2 s1", "p1 s1", "p3 s1"], "c2": ["p2 s2", "p3 s2"]}
    return {"routes": [{"caregiver_id": who, "locations": [stops[name] for name in names]} for who, names in routes.items()]}


# The judge of home health care.


def test_the_judge_counts_distance_tardiness_and_the_highest_tardiness_by_hand(town: Json) -> None:
    verdict = judge(town, _solution())
    assert verdict.is_feasible
    assert verdict.distance == pytest.approx(6.125 + 3 + 4 + 9 + 6.125 + 5 + 9)
    assert verdict.total_tardiness == pytest.approx(2 * 2.125)
    assert verdict.max_tardiness == pytest.approx(2.125)
    assert verdict.cost == pytest.approx((42.25 + 4.25 + 2.125) / 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"p1_s1": {"arrival_time": 15.0}}, "cannot be there before"),
        ({"p3_s1": {"arrival_time": 30.0}}, "before its window opens"),
        ({"p2_s2": {"arrival_time": 6.2}}, "start 0.075 apart"),
        ({"p3_s2": {"arrival_time": 36.6}}, "start 6.100 apart"),
        ({"p3_s2": {"arrival_time": 33.4}}, "start 2.900 apart"),
        ({"p3_s2": {"patient_id": "p1"}}, "does not ask for"),
        ({"p3_s2": {"service_id": "s1"}}, "p3 is given s1 twice"),
        ({"p2_s2": {"service_id": "s1"}}, "c2 cannot give s1"),
    ],
)
def test_the_judge_names_a_broken_rule(town: Json, changes: Json, says: str) -> None:
    assert any(says in rule for rule in judge(town, _solution(**changes)).broken)


def test_the_judge_misses_a_service_that_nobody_gives(town: Json) -> None:
    solution = _solution()
    solution["routes"][0]["locations"].pop()
    assert judge(town, solution).broken == ["p3 is not given s1"]


def test_the_judge_knows_a_caregiver_who_is_not_there_and_one_who_gives_both_services(town: Json) -> None:
    town["caregivers"][0]["abilities"].append("s2")
    solution = _solution()
    moved = solution["routes"][1]["locations"].pop()
    solution["routes"][0]["locations"].append(moved)
    assert any("both services by c1" in rule for rule in judge(town, solution).broken)
    solution["routes"][1]["caregiver_id"] = "c9"
    assert any("c9 is not of this instance" in rule for rule in judge(town, solution).broken)


# The adapter of home health care.


def test_the_cost_of_the_judge_is_the_cost_of_the_engine_in_home_health_care(town: Json) -> None:
    for instance in (town, instances_of("mankowska")[0].load(), instances_of("italian")[0].load()):
        problem = hhcrsp.problem_of(instance)
        assert not is_guided(compile_problem(problem).instance, 600)
        solution, result = contest.solve_hhcrsp(instance, chunks=3, threads=1)
        verdict = judge(instance, solution)
        assert verdict.broken == []
        assert verdict.cost == pytest.approx(hhcrsp.cost_of(result.cost), abs=1e-6)
        assert check(problem, result.plan).cost == result.cost


def test_the_least_cost_of_a_town_is_found_that_can_be_counted_by_hand(town: Json) -> None:
    # Each caregiver visits all of their patients: the order of times leaves p2, p1, p3 and p2, p3, or p2 later, which only adds tardiness.
    _, result = contest.solve_hhcrsp(town, chunks=5, threads=1)
    assert hhcrsp.cost_of(result.cost) == pytest.approx(judge(town, _solution()).cost)


def test_a_solution_is_written_as_published_ones_are(town: Json) -> None:
    solution, _ = contest.solve_hhcrsp(town, chunks=1, threads=1)
    assert [route["caregiver_id"] for route in solution["routes"]] == ["c1", "c2"]
    stops = solution["routes"][0]["locations"]
    assert [stop["arrival_time"] for stop in stops] == sorted(stop["arrival_time"] for stop in stops)
    assert all(stop.keys() == {"patient_id", "service_id", "arrival_time", "departure_time"} for stop in stops)
    assert sorted(solution["global_ordering"]) == ["p1", "p2", "p3"]


@pytest.mark.parametrize(
    ("break_it", "path"),
    [
        (lambda town: town.pop("patients"), "/patients"),
        (lambda town: town["patients"][0].update(id=7), "/patients/0/id"),
        (lambda town: town["patients"][1].update(id="p1"), "/patients/1/id"),
        (lambda town: town["patients"][0].update(time_window=[20, 10]), "/patients/0/time_window"),
        (lambda town: town["patients"][0].update(time_window=[20]), "/patients/0/time_window"),
        (lambda town: town["patients"][0].update(required_caregivers=[]), "/patients/0/required_caregivers"),
        (lambda town: town["patients"][0]["required_caregivers"][0].update(service="s9"), "/patients/0/required_caregivers/0/service"),
        (lambda town: town["patients"][0]["required_caregivers"][0].update(duration=-1), "/patients/0/required_caregivers/0/duration"),
        (lambda town: town["patients"][2].update(synchronization={"type": "sequential"}), "/patients/2/synchronization/distance"),
        (lambda town: town["patients"][2]["synchronization"].update(distance=[6, 3]), "/patients/2/synchronization/distance"),
        (lambda town: town["patients"][2].update(synchronization={"type": "now"}), "/patients/2/synchronization/type"),
        (lambda town: town["patients"][2].update(distance_matrix_index=4), "/patients/2"),
        (lambda town: town["distances"][1].pop(), "/distances/1"),
        (lambda town: town["distances"][1].__setitem__(2, -3), "/distances/1/2"),
        (lambda town: town["distances"][1].__setitem__(2, True), "/distances/1/2"),
    ],
)
def test_a_file_that_is_no_instance_is_refused_with_the_path_of_the_fault(
    town: Json, break_it: Callable[[Json], object], path: str, tmp_path: Path
) -> None:
    break_it(town)
    file = tmp_path / "town.json"
    file.write_text(json.dumps(town), encoding="utf-8")
    with pytest.raises(InstanceError) as refused:
        hhcrsp.read(file)
    assert path in [fault.path for fault in refused.value.faults]


# The neutral week.


def test_a_neutral_week_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert neutral.make_week(40, 9, 1) == neutral.make_week(40, 9, 1)
    assert neutral.make_week(40, 9, 1) != neutral.make_week(40, 9, 2)


def test_the_cost_of_the_judge_is_the_cost_of_the_engine_in_a_neutral_week() -> None:
    week = neutral.make_week(60, 9, 4)
    routes, result = contest.solve_week(week, chunks=3, threads=1)
    verdict = neutral.judge(week, routes)
    assert verdict["broken"] == []
    assert neutral.cost_of(week, verdict) == result.cost
    assert 0 < verdict["served"] < 60


def _two_visits() -> Json:
    visits = [
        {"id": v, "x": 400.0 * (v + 1), "y": 0.0, "duration": 600, "windows": [[28_800, 32_400]], "skills": [v], "priority": 3 - 2 * v}
        for v in (0, 1)
    ]
    shifts = [{"provider": 0, "start": 28_800, "end": 36_000}]
    return {"speed": 4.0, "visits": visits, "providers": [{"id": 0, "x": 0.0, "y": 0.0, "skills": [0, 1]}], "shifts": shifts}


def test_the_judge_counts_weight_and_travel_of_a_neutral_week_by_hand() -> None:
    verdict = neutral.judge(_two_visits(), {0: [(0, 28_900), (1, 29_600)]})
    assert verdict == {"weight": 4, "served": 2, "travel": 400, "broken": []}
    verdict = neutral.judge(_two_visits(), {0: [(1, 29_000)]})
    assert neutral.cost_of(_two_visits(), verdict) == 3 * neutral.UNSERVED + 400


def test_no_plan_weighs_more_than_what_is_proved() -> None:
    week = _two_visits()
    routes, result = contest.solve_week(week, chunks=3, threads=1)
    assert neutral.judge(week, routes)["weight"] == contest.most_weight(week, result.plan, 0.2, 1) == 4
    week["visits"][1]["skills"] = [7]
    routes, result = contest.solve_week(week, chunks=3, threads=1)
    assert neutral.judge(week, routes)["weight"] == contest.most_weight(week, result.plan, 0.2, 1) == 3


@pytest.mark.parametrize(
    ("routes", "change", "says"),
    [
        ({0: [(0, 28_899)]}, {}, "cannot be there before"),
        ({0: [(0, 32_401)]}, {}, "in none of its windows"),
        ({0: [(0, 28_900), (0, 30_000)]}, {}, "served twice"),
        ({0: [(0, 28_900)]}, {"skills": [5]}, "lacks a skill"),
        ({0: [(0, 32_400)]}, {"duration": 3_600}, "home at"),
        ({1: [(0, 28_900)]}, {}, "shift 1 is not of this week"),
        ({0: [(2, 28_900)]}, {}, "visit 2 is not of this week"),
    ],
)
def test_the_judge_of_a_neutral_week_names_a_broken_rule(routes: neutral.Routes, change: Json, says: str) -> None:
    week = _two_visits()
    week["visits"][0].update(change)
    assert any(says in rule for rule in neutral.judge(week, routes)["broken"])


@pytest.mark.parametrize(
    ("break_it", "path"),
    [
        (lambda week: week.update(speed=0), "/speed"),
        (lambda week: week["visits"][0].update(duration=90), "/visits/0/duration"),
        (lambda week: week["visits"][1].update(id=5), "/visits/1/id"),
        (lambda week: week["visits"][0].update(windows=[]), "/visits/0/windows"),
        (lambda week: week["visits"][0].update(windows=[[9, 8]]), "/visits/0/windows/0"),
        (lambda week: week["visits"][0].update(priority=0), "/visits/0/priority"),
        (lambda week: week["shifts"].append({"provider": 0, "start": 30_000, "end": 31_000}), "/shifts/1"),
        (lambda week: week["shifts"][0].update(provider=1), "/shifts/0/provider"),
    ],
)
def test_a_file_that_is_no_neutral_week_is_refused_with_the_path_of_the_fault(break_it: Callable[[Json], object], path: str, tmp_path: Path) -> None:
    week = _two_visits()
    break_it(week)
    file = tmp_path / "week.json"
    file.write_text(json.dumps(week), encoding="utf-8")
    with pytest.raises(InstanceError) as refused:
        neutral.read(file)
    assert path in [fault.path for fault in refused.value.faults]


# The families.


def test_every_instance_with_a_best_known_cost_is_there_and_can_be_read() -> None:
    assert [len(instances_of(family)) for family in FAMILIES] == [35, 70, 15, 12]
    for family in FAMILIES[:3]:
        for instance in instances_of(family)[::7]:
            assert len(instance.load()["patients"]) == instance.visits
            assert instance.best is not None


def test_a_limit_keeps_the_first_instances_of_each_size() -> None:
    kept = first_of_each_group(instances_of("mankowska"), 1)
    assert [instance.visits for instance in kept] == [10, 25, 50, 75, 100, 200, 300]


# The commands.


def test_a_town_is_solved_from_the_command_line_and_the_line_says_what_the_judge_says(
    command: Callable[..., tuple[int, Any]], town: Json, tmp_path: Path
) -> None:
    file, solution = tmp_path / "town.json.gz", tmp_path / "solution.json"
    file.write_bytes(gzip.compress(json.dumps(town).encode()))
    code, figures = command("hhcrsp", file, "--chunks", 2, "--threads", 1, "--seed", 3, "-o", solution)
    assert (code, figures["feasible"], figures["seed"], figures["chunks"]) == (0, True, 3, 2)
    verdict = judge(town, json.loads(solution.read_text(encoding="utf-8")))
    assert figures["cost"] == round(verdict.cost, 4)


def test_a_town_that_nobody_can_serve_ends_with_one_and_says_who_is_left(command: Callable[..., tuple[int, Any]], town: Json, tmp_path: Path) -> None:
    town["caregivers"].pop()
    file = tmp_path / "town.json"
    file.write_text(json.dumps(town), encoding="utf-8")
    code, figures = command("hhcrsp", file, "--chunks", 1, "--threads", 1)
    assert code == 1
    assert not figures["feasible"]
    assert "p2 is not given s1, s2" in figures["broken"]


def test_a_week_is_made_and_solved_from_the_command_line(command: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    week, routes = tmp_path / "week.json", tmp_path / "routes.json"
    assert command("make-week", 30, 6, 2, "-o", week)[0] == 0
    code, figures = command("week", week, "--chunks", 2, "--threads", 1, "-o", routes)
    assert (code, figures["feasible"]) == (0, True)
    written = {int(shift): [(v, start) for v, start in stops] for shift, stops in json.loads(routes.read_text(encoding="utf-8"))["routes"].items()}
    verdict = neutral.judge(json.loads(week.read_text(encoding="utf-8")), written)
    assert {name: figures[name] for name in ("weight", "served", "travel")} == {name: verdict[name] for name in ("weight", "served", "travel")}


@pytest.mark.parametrize(
    "words",
    [
        ("week", "missing.json"),
        ("hhcrsp", "missing.json", "--budget", "-1"),
        ("make-week", "3", "2", "1", "-o", "no/such/folder.json"),
        ("table", "--families", "mars"),
        ("table", "--peers", "mars"),
        ("table", "--seeds", "3-1"),
        ("table", "--seeds", "x"),
        ("compare", "no-such-commit", "HEAD"),
    ],
)
def test_what_a_command_cannot_use_is_bad_input(command: Callable[..., tuple[int, Any]], words: tuple[str, ...]) -> None:
    code, said = command(*words)
    assert code == 2
    assert said["error"]["faults"]


# Tables.

A, B = "InstanzCPLEX_HCSRP_10_1.json.gz", "InstanzCPLEX_HCSRP_10_3.json.gz"


def _run(instance: str, cost: float | None, seed: int = 1, contestant: str = OWN, family: str = "mankowska", **more: Any) -> Run:
    group = f"{family} 10" if family == "mankowska" else f"{family} 300"
    return replace(Run(family, group, instance, contestant, "1", seed, 60, 2, cost, seconds=60.5, machine="a machine", commit="c0ffee"), **more)


def _week_run(cost: float | None, seed: int, contestant: str, **more: Any) -> Run:
    return _run("300-60-1", cost, seed, contestant, "neutral", details={"weight": 9, "of": 10}, **more)


def test_gaps_are_to_the_best_known_and_seeds_are_averaged() -> None:
    # 218.199 and 305.858 are published.
    rows = summarize([_run(A, 218.199), _run(A, 2 * 218.199, seed=2), _run(B, 305.8, seed=1)])
    own = rows[0]
    assert (own.instances, own.runs, own.solved, own.wins, own.ties, own.losses) == (2, 3, 3, 1, 1, 1)
    assert own.worst_gap == pytest.approx(100)
    assert own.mean_gap == pytest.approx((0 + 100 + gap(305.8, 305.858)) / 3)
    assert own.best_seed_gap == pytest.approx(gap(305.8, 305.858) / 2)


def test_what_is_published_of_another_method_stands_beside_the_runs() -> None:
    reference = summarize([_run(A, 218.199), _run(B, 305.86)])[1]
    assert reference.contestant == REFERENCE
    assert (reference.wins, reference.ties, reference.losses) == (0, 1, 1)
    assert reference.seconds == pytest.approx((98.6 + 99.6) / 2)


def test_a_solution_that_breaks_a_rule_counts_as_lost_and_has_no_gap() -> None:
    own = summarize([_run(A, None)])[0]
    assert (own.solved, own.losses, own.mean_gap) == (0, 1, None)


def test_peers_are_counted_against_the_engine_seed_by_seed_and_one_without_seeds_against_all() -> None:
    runs = [_week_run(100, 1, OWN), _week_run(120, 2, OWN), _week_run(110, 0, "vroom"), _week_run(120, 2, "pyvrp")]
    rows = {row.contestant: row for row in summarize(runs)}
    assert (rows["vroom"].wins, rows["vroom"].ties, rows["vroom"].losses) == (1, 0, 1)
    assert (rows["pyvrp"].wins, rows["pyvrp"].ties, rows["pyvrp"].losses) == (0, 1, 0)
    assert best_costs(runs) == {("neutral", "300-60-1"): 100}
    assert rows["vroom"].served == pytest.approx(90)


def test_a_search_that_proves_nothing_loads_no_source_that_only_proves() -> None:
    code = (
        "import sys; from benchmarks import contest, machine; contest.warm_up()\n"
        "print(*[name for name in machine.PROOF if 'matcher.' + name[:-3].replace('/', '.') in sys.modules])\n"
        "print(*[name for name in machine.PROOF if not (machine.ROOT / 'matcher' / name).exists()])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_runs_of_another_family_count_until_it_runs_anew() -> None:
    older = [_week_run(100, 1, OWN, version="0"), _run(A, 500, version="0")]
    newer = _run(A, 218.199)
    assert current([*older, newer]) == [older[0], newer]


def test_runs_of_another_budget_count_until_it_runs_anew() -> None:
    older, newer = _run(A, 500, version="0"), replace(_run(A, 218.199), budget=600.0)
    assert current([older, newer]) == [older, newer]


def test_runs_of_an_older_version_do_not_count() -> None:
    rows = summarize([_run(A, 500, version="0"), _run(A, 218.199)])
    assert rows[0].runs == 1
    assert rows[0].mean_gap == pytest.approx(0)


def test_tables_name_the_machine_the_commit_and_what_went_wrong() -> None:
    runs = [_run(A, 218.199), _week_run(100, 1, OWN), _week_run(None, 1, "pyvrp", error="MemoryError: too large")]
    text = to_markdown(runs, ["a.svg"])
    for part in (
        "a machine",
        "c0ffee",
        "pyvrp 1",
        "| mankowska 10 (1) | sishe | 1 | 1 | 0.00 |",
        "0–1–0 against best known",
        "(a.svg)",
        "MemoryError",
    ):
        assert part in text
    assert to_csv(summarize(runs)).splitlines()[0].startswith("group,contestant,budget")
    assert len(runs_to_csv(runs).splitlines()) == 4


def test_no_runs_make_an_empty_table() -> None:
    assert summarize([]) == []
    assert to_markdown([]).startswith("# Results")


def test_a_plot_shows_the_mean_gap_once_every_run_has_a_solution(tmp_path: Path) -> None:
    one = _run(A, 110, trace=[(1, 200), (3, 110)])
    two = _run(A, 100, seed=2, trace=[(2, 100)])
    curve = gaps_over_time([one, two], {("mankowska", A): 100.0}, np.array([0.5, 1.5, 2.5, 4]))
    assert np.isnan(curve[:2]).all()
    assert curve[2:] == pytest.approx([50, 5])
    assert draw([one, two], tmp_path) == ["mankowska-10-60s-2.svg"]
    first = (tmp_path / "mankowska-10-60s-2.svg").read_bytes()
    draw([one, two], tmp_path)
    assert (tmp_path / "mankowska-10-60s-2.svg").read_bytes() == first


def test_a_series_of_runs_is_taken_up_where_it_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    assert read_runs(file) == []
    add_run(file, _run(A, 218.199, trace=[(0.5, 300.0)]))
    with file.open("a", encoding="utf-8") as cut:
        cut.write('{"family": "manko')
    assert read_runs(file) == [_run(A, 218.199, trace=[(0.5, 300.0)])]
    add_run(file, _run(B, 306))
    assert [run.instance for run in read_runs(file)] == [A, B]
    file.write_text("{}\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        read_runs(file)


def test_the_table_runs_what_is_missing_and_skips_what_is_there(
    command: Callable[..., tuple[int, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[tuple[str, str, int]] = []

    def do_run(run: Run, instance: Instance) -> Run:
        done.append((instance.name, run.contestant, run.seed))
        return replace(run, cost=100.0, error="" if len(done) != 2 else "it broke")

    monkeypatch.setattr(contest, "do_run", do_run)
    words = ("table", "--families", "neutral", "--limit", 1, "--seeds", "1-2", "--peers", "vroom", "--results", tmp_path / "results")
    assert command(*words)[0] == 0
    # Three sizes, the engine with each seed, the peer that has none once.
    assert len(done) == 9
    assert sum(seed == 0 for _, _, seed in done) == 3
    assert command(*words)[0] == 0
    assert done[9:] == [done[1]]
    assert (tmp_path / "results" / "README.md").read_text(encoding="utf-8").count("| vroom |") == 3


def test_contestants_meet_on_an_instance_before_the_next_one_begins() -> None:
    runs = planned(first_of_each_group(instances_of("neutral"), 1), ["vroom", "pyvrp"], [1], 10, 2)
    assert [run.contestant for run, _ in runs] == [OWN, "vroom", "pyvrp"] * 3


def test_a_comparison_takes_the_least_of_each_side_and_names_what_one_side_lacks() -> None:
    found, odd = ratios([{"a": 2.0, "b": 1.0}, {"a": 1.0}], [{"a": 4.0, "c": 1.0}, {"a": 2.0}])
    assert [(each.name, each.ratio) for each in found] == [("a", 2.0)]
    assert odd == ["b", "c"]
    assert report(found, odd)["mean_ratio"] == 2.0
    assert report([], odd)["mean_ratio"] is None
