"""The targets of the document: where communities stand, whence each figure is, and that the least is least."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from matcher.problem import Problem
from scenarios.edits import apply, scenarios_from
from scenarios.targets import Inputs, InputsFault, Target, least, standing_of
from scenarios.targets.effect import edits_of
from scenarios.targets.inputs import inputs_from, read_inputs
from scenarios.targets.standing import part_of, summary
from scenarios.weihai.week import make_week
from tests.here import work_here
from tests.weeks import volunteer, worker

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]


def community(name: str, x: float = 0, **more: Any) -> Json:
    base = {"id": name, "street": "s", "district": "d", "location": {"x": x, "y": 0}, "population": 1000, "party_members": 100, "staff": 10}
    return {**base, "service_points": ["organizations", "social_work", "volunteers"], **more}


def problem_of(*communities: Json, providers: tuple[Json, ...] = ()) -> Problem:
    return Problem.build(
        {
            "horizon": {"start": "2026-11-23"},
            "coordinates": "plane",
            "communities": list(communities),
            "providers": list(providers),
        }
    )


def known(**communities: Json) -> Inputs:
    return inputs_from({"communities": communities})


MET: Json = {
    "social_workers": 5,
    "certified": 3,
    "organizations": 10,
    "volunteers": 100,
    "party_participants": 80,
    "participants": 300,
}
"""What meets every target in a community of 1000 residents, 100 party members and a staff of 10."""


@pytest.mark.parametrize("spare", [0, 1])
@pytest.mark.parametrize("name", sorted(MET))
def test_each_target_is_met_at_its_figure_and_not_one_below(name: str, spare: int) -> None:
    inputs = known(c={**MET, name: MET[name] - 1 + spare})
    standings = standing_of(problem_of(community("c")), inputs)
    missed = {target: row["missing"] for target, row in summary(standings, inputs).items() if row["missing"]}
    target = {"party_participants": "party_members", "participants": "residents"}.get(name, name)
    assert missed == ({} if spare else {target: 1})


def test_what_meets_every_target_needs_nothing() -> None:
    inputs = known(c=MET)
    standings = standing_of(problem_of(community("c")), inputs)
    programme = least(standings, inputs)
    assert (programme.status, programme.cost, programme.actions, programme.points) == ("optimal", 0, {}, {})


def test_a_share_of_the_staff_or_the_residents_is_rounded_up() -> None:
    assert [part_of((1, 2), n) for n in (4, 5)] == [2, 3]
    assert [part_of((1, 10), n) for n in (1000, 1001)] == [100, 101]


def test_rural_communities_are_asked_for_what_the_document_asks_of_them() -> None:
    standing = standing_of(problem_of(community("c", area="rural")), known())[0]
    assert set(standing.asked) == {Target.CERTIFIED, Target.PARTY_MEMBERS, Target.RESIDENTS}
    assert standing.asked[Target.CERTIFIED] == 1


def test_the_year_decides_which_targets_hold() -> None:
    problem = problem_of(community("c"))
    early = standing_of(problem, inputs_from({"year": 2017}))[0].asked
    late = standing_of(problem, inputs_from({"year": 2020}))[0].asked
    assert set(early) == {Target.SOCIAL_WORKERS, Target.CERTIFIED, Target.ORGANIZATIONS, Target.VOLUNTEERS}
    assert (early[Target.CERTIFIED], late[Target.CERTIFIED]) == (1, 3)
    assert set(late) == set(Target)


def test_every_figure_says_where_it_comes_from() -> None:
    week = make_week("community", 1)
    name = week.communities[0].id
    bare = week.replace(communities=tuple(item.model_copy(update={"population": 0, "staff": 0}) for item in week.communities))
    figures = standing_of(bare, inputs_from({"communities": {name: {"organizations": 9}}}))[0].figures
    origins = {key: figure.origin for key, figure in figures.items()}
    assert origins == {
        "residents": "data",
        "staff": "data",
        "party_members": "week",
        "social_workers": "assumed",
        "certified": "assumed",
        "organizations": "inputs",
        "volunteers": "assumed",
        "party_participants": "assumed",
        "participants": "assumed",
    }
    assert figures["residents"].value == week.communities[0].population


def test_what_nothing_is_known_of_is_said_and_left_aside() -> None:
    problem = problem_of({"id": "c"})
    inputs = read_inputs()
    standing = standing_of(problem, inputs)[0]
    assert set(standing.unknown) == {Target.SOCIAL_WORKERS, Target.VOLUNTEERS, Target.PARTY_MEMBERS, Target.RESIDENTS}
    assert least((standing,), inputs).status == "optimal"


def test_people_whom_the_week_has_are_counted_at_least() -> None:
    people = (*(worker(f"w{k}", community="c", certificate="assistant") for k in range(4)), volunteer("v", community="c"))
    standing = standing_of(problem_of(community("c"), providers=people), inputs_from({"standing": {"urban": {"volunteer_share": 0}}}))[0]
    assert (standing.value("social_workers"), standing.value("certified"), standing.value("volunteers")) == (4, 4, 1)


def test_inputs_that_contradict_themselves_are_refused_with_all_faults() -> None:
    with pytest.raises(InputsFault) as error:
        standing_of(problem_of(community("c")), known(c={"certified": 9, "social_workers": 5, "participants": 2000}, x={}))
    assert {fault.path for fault in error.value.faults} == {"/communities/x", "/communities/c/certified", "/communities/c/participants"}


def test_faults_of_an_inputs_file_have_their_paths() -> None:
    with pytest.raises(InputsFault) as error:
        inputs_from({"coverage": 2, "costs": {"recruit": -1}, "limits": {"shared_between": 3}, "colour": 1})
    assert {fault.path for fault in error.value.faults} == {"/coverage", "/costs/recruit", "/limits/shared_between", "/colour"}


def test_the_cheaper_of_two_ways_is_taken() -> None:
    lacking = {**MET, "certified": 2}
    problem = problem_of(community("c"))
    train = least(standing_of(problem, known(c=lacking)), known(c=lacking))
    assert train.actions == {"c": {"certify": 1}}
    assert (train.courses, train.cost) == (4, 4 * 150_000)
    dear = inputs_from({"communities": {"c": lacking}, "costs": {"course": 30_000}})
    assert least(standing_of(problem, dear), dear).actions == {"c": {"recruit_certified": 1}}


def test_a_neighbour_shares_who_counts_twice_and_a_stranger_does_not() -> None:
    near, far = {**MET, "certified": 2}, {**MET, "certified": 5}
    for distance, shared in ((500, (("b", "a", 1),)), (5000, ())):
        inputs = known(a=near, b=far)
        standings = standing_of(problem_of(community("a"), community("b", distance)), inputs)
        programme = least(standings, inputs)
        assert programme.shared == shared
        assert not programme.unmet(standings, inputs)


def test_limits_that_are_too_tight_leave_no_programme() -> None:
    lacking = {**MET, "certified": 0, "social_workers": 0, "staff": 10}
    tight = inputs_from({"communities": {"c": lacking}, "limits": {"courses": 3, "recruits": 1}})
    assert least(standing_of(problem_of(community("c")), tight), tight).status == "infeasible"


def test_the_least_is_least_and_meets_every_target_by_count() -> None:
    rng = random.Random(5)
    for _ in range(25):
        names = ("a", "b")
        rows = {
            name: {**MET, "staff": rng.randint(2, 4), "social_workers": rng.randint(0, 2), "organizations": rng.randint(8, 11), "volunteers": 97}
            for name in names
        }
        for row in rows.values():
            row["certified"] = rng.randint(0, row["social_workers"])
        pass_rate = rng.choice((1.0, 0.5, 0.4))
        costs = {"recruit": rng.randint(1, 9), "recruit_certified": rng.randint(5, 20), "convert": rng.randint(1, 9), "course": rng.randint(1, 9)}
        inputs = inputs_from({"communities": rows, "costs": costs | {"share": rng.randint(1, 9)}, "limits": {"pass_rate": pass_rate}})
        standings = standing_of(problem_of(community("a"), community("b", 100)), inputs)
        programme = least(standings, inputs)
        assert programme.status == "optimal"
        assert not programme.unmet(standings, inputs)
        rest = 100 * sum(8000 * max(0, 10 - row["organizations"]) + 20 * 3 for row in rows.values())
        assert programme.cost == programme.bound == rest + 100 * _cheapest(rows, costs, inputs)


def _cheapest(rows: dict[str, Json], costs: Json, inputs: Inputs) -> int:
    """Try everything: recruits, conversions and certificates up to a few in each of two communities, and loans both ways."""
    most = {name: row["staff"] - row["social_workers"] for name, row in rows.items()}
    options = {}
    for name, row in rows.items():
        options[name] = [
            (r, rc, v, c, row["certified"] + rc + c)
            for r, rc, v, c in itertools.product(range(4), range(4), range(most[name] + 1), range(4))
            if 2 * (row["social_workers"] + r + rc + v) >= row["staff"] + r + rc
            and row["certified"] + rc + c <= row["social_workers"] + r + rc + v
            and row["certified"] + rc + c >= 1
        ]
    best = 10**9
    for a, b in itertools.product(options["a"], options["b"]):
        to_a, to_b = max(0, 3 - a[4]), max(0, 3 - b[4])
        if to_a > b[4] or to_b > a[4]:
            continue
        courses = -(-(a[3] + b[3]) * 1000 // round(1000 * inputs.limits.pass_rate))
        total = sum(costs["recruit"] * x[0] + costs["recruit_certified"] * x[1] + costs["convert"] * x[2] for x in (a, b))
        best = min(best, total + courses * costs["course"] + (to_a + to_b) * inputs.costs.share // 100)
    return best


def test_points_are_opened_where_a_room_is_there_already() -> None:
    bare = community("bare", service_points=[])
    half = community("half", service_points=["volunteers"])
    inputs = inputs_from({"coverage": 0.5, "communities": {"bare": MET, "half": MET}})
    standings = standing_of(problem_of(bare, half), inputs)
    programme = least(standings, inputs)
    assert programme.points == {"half": ("organizations", "social_work")}
    assert programme.cost == 2 * 2_000_000


def test_a_street_is_solved_to_a_proof_and_counted_again() -> None:
    week, inputs = make_week("street", 1), read_inputs()
    standings = standing_of(week, inputs)
    programme = least(standings, inputs)
    assert programme.status == "optimal"
    assert not programme.unmet(standings, inputs)
    fewest = inputs.model_copy(update={"minimise": "people"})
    by_people = least(standings, fewest)
    assert not by_people.unmet(standings, fewest)
    assert by_people.people <= programme.people
    assert by_people.cost >= programme.cost


def test_a_programme_becomes_edits_in_the_proportions_of_the_week() -> None:
    week, inputs = make_week("street", 1), read_inputs()
    standings = standing_of(week, inputs)
    programme = least(standings, inputs)
    groups = edits_of(week, standings, programme)
    registered = sum(standing.value("volunteers") for standing in standings)
    added = sum(edit["count"] for edit in groups["volunteer"])
    assert added == round(45 * programme.total("register") / registered)
    edits = [edit for edits in groups.values() for edit in edits]
    after = apply(week, scenarios_from({"scenarios": [{"id": "all", "edits": edits}]}).cases[0].edits)
    assert after.way == "looser"
    assert len(after.problem.providers) == len(week.providers) + sum(edit.get("count", 0) for edit in edits)


def test_the_command_prints_where_all_stand_and_what_it_does_to_the_week(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.console import run
    from scenarios.cli import app

    work_here(monkeypatch)
    file = tmp_path / "week.json"
    file.write_text(make_week("community", 1).to_json())
    with pytest.raises(SystemExit) as ended:
        run(app, ["targets", str(file), "--chunks", "2", "--seeds", "2", "-o", str(tmp_path / "out"), "--lang", "zh"])
    out, err = capfdbinary.readouterr()
    found = json.loads(out)
    assert ended.value.code == 0
    assert json.loads((tmp_path / "out" / "targets.json").read_text()) == found
    assert found["programme"]["status"] == "optimal"
    assert found["unmet"] == []
    assert found["effect"]["scenarios"][0]["id"] == "all"
    assert "已证明最优" in err.decode()


def test_a_command_whose_targets_cannot_be_met_ends_with_one(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    from matcher.console import run
    from scenarios.cli import app

    week, tight = tmp_path / "week.json", tmp_path / "tight.yaml"
    week.write_text(make_week("community", 1).to_json())
    tight.write_text("limits: {courses: 0, recruits: 0}\nstanding: {urban: {certified_share: 0}}\n")
    with pytest.raises(SystemExit) as ended:
        run(app, ["targets", str(week), "--inputs", str(tight), "--no-effect", "-q"])
    assert ended.value.code == 1
    assert json.loads(capfdbinary.readouterr().out)["programme"]["status"] == "infeasible"
