"""Problems: what contradicts itself is named with both sides, all of it at once; what is right comes back as it was."""

from __future__ import annotations

import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import Fault, ProblemError
from matcher.fields import Location
from matcher.people import Community, Provider
from matcher.problem import BUILT_IN_CATEGORIES, MatrixTravel, Need, Problem, RoadTravel, StraightTravel, Weights
from matcher.rules import Term
from matcher.validation import pointer
from matcher.validation.consistency import consistency_faults
from matcher.validation.magnitude import COST_LIMIT, cost_bounds
from tests.faulty import DROP, MATRIX, ONE_FAULT, ROADS, changed, week


def faults(changes: dict[str, Any]) -> tuple[Fault, ...]:
    with pytest.raises(ProblemError) as caught:
        Problem.build(changed(changes))
    return caught.value.faults


def test_the_week_that_the_tests_change_is_valid() -> None:
    assert len(Problem.build(week()).visits) == 4


@pytest.mark.parametrize("name", [name for name in ONE_FAULT if name != "too many visits"])
def test_one_contradiction_is_one_fault_that_names_both_sides(name: str) -> None:
    changes, path, code, words = ONE_FAULT[name]
    (fault,) = faults(changes)
    assert (fault.path, fault.code) == (path, code), fault
    for word in words:
        assert word in fault.message


def test_two_needs_of_a_thousand_visits_are_two_faults() -> None:
    assert [fault.path for fault in faults(ONE_FAULT["too many visits"][0])] == ["/needs/1/visits", "/needs/2/visits"]


@pytest.mark.parametrize(
    ("changes", "path", "code", "words"),
    [
        ({"/needs/0/windows/0/latest": "07:00"}, "/needs/0/windows/0", "order", "latest (07:00) should be after earliest (08:00)"),
        ({"/needs/0/team": []}, "/needs/0/team", "range", "at least 1"),
        ({"/needs/0/minutes": -5}, "/needs/0/minutes", "range", "at least 1, was -5"),
        ({"/needs/0/minutes": DROP}, "/needs/0/minutes", "missing", "is missing"),
        ({"/needs/0/minuets": 5}, "/needs/0/minuets", "extra", "'minutes'"),
        ({"/needs/0/linked": 1}, "/needs/0/linked", "type", "true or false, was 1"),
        ({"/needs/0/urgency": 6}, "/needs/0/urgency", "range", "at most 5, was 6"),
        ({"/needs/1/gap/max_minutes": 10}, "/needs/1/gap", "order", "max_minutes (10)"),
        ({"/needs/0/spacing": {"at_least_days": 3, "at_most_days": 2}}, "/needs/0/spacing", "order", "at_most_days (2)"),
        ({"/providers/1/certificate": "senior"}, "/providers/1", "conflict", "certificate"),
        ({"/providers/1/registration": "on_file"}, "/providers/1", "conflict", "registration"),
        ({"/providers/0/lunch": {"minutes": 180}}, "/providers/0/lunch", "order", "180"),
        ({"/providers/0/speed_kmh": 1e-9}, "/providers/0/speed_kmh", "range", "at least 0.1"),
        ({"/providers/0/skills": {"a#": 1}}, "/providers/0/skills/a#", "range", "the key"),
        ({"/travel": {"seconds": [[0]]}}, "/travel/kind", "missing", "'matrix'"),
        ({"/travel": {"kind": "teleport"}}, "/travel/kind", "range", "'teleport'"),
        ({"/travel": {"kind": "matrix", "seconds": [[0, "x"], [1, 0]]}}, "/travel/seconds/0/1", "type", "'x'"),
        ({"/travel": {"kind": "matrix", "seconds": [[0, -1], [1, 0]]}}, "/travel/seconds/0/1", "range", "at least 0"),
        ({"/travel": {"kind": "roads", "nodes": [{"lat": 1, "lon": 1}], "edges": [[0, 0]]}}, "/travel/edges/0/2", "missing", "missing"),
        ({"/in_force/0/start": "2026-11-23T09:00:00+08:00"}, "/in_force/0/start", "type", "without a zone"),
        ({"/format": "sishe-problem/2"}, "/format", "range", "'sishe-problem/1'"),
        ({"/horizon": 7}, "/horizon", "type", "an object, was 7"),
    ],
)
def test_a_fault_of_form_leads_to_the_value_and_says_what_would_do(changes: dict[str, Any], path: str, code: str, words: str) -> None:
    (fault,) = faults(changes)
    assert (fault.path, fault.code) == (path, code)
    assert words in fault.message


def test_all_contradictions_are_told_at_once() -> None:
    alone = ["someone refused", "a need's category", "too many attendees", "a member", "a fund's category", "a shift on a day beyond", "a pin's role"]
    together = {path: value for name in alone for path, value in ONE_FAULT[name][0].items()}
    assert {fault.path for fault in faults(together)} == {ONE_FAULT[name][1] for name in alone}


def test_all_faults_of_form_are_told_at_once() -> None:
    found = faults({"/needs/0/minutes": "x", "/providers/1/mode": "rocket", "/funds/0/amount": -1, "/horizon/start": "soon"})
    assert {fault.path for fault in found} == {"/needs/0/minutes", "/providers/1/mode", "/funds/0/amount", "/horizon/start"}


def rows(data: dict[str, Any], travel: dict[str, Any]) -> dict[str, Any]:
    """Put every place of a week into row 0 of a matrix."""
    for item in [*data["communities"], *data["providers"], *data["venues"]]:
        if "location" in item:
            item["location"] = {"row": 0}
    return {**data, "travel": travel}


def test_travel_by_a_matrix_takes_rows_only() -> None:
    assert isinstance(Problem.build(rows(week(), MATRIX)).travel, MatrixTravel)
    with pytest.raises(ProblemError) as caught:
        Problem.build({**week(), "travel": MATRIX})
    assert {fault.path for fault in caught.value.faults} == {
        "/communities/0/location",
        *(f"/providers/{i}/location" for i in range(4)),
        "/venues/0/location",
    }


@pytest.mark.parametrize(
    ("travel", "path", "code"),
    [
        ({"kind": "matrix", "seconds": [[0, 1], [2]]}, "/travel/seconds/1", "conflict"),
        ({"kind": "matrix", "seconds": [[0, 1, 2], [2, 0, 1]]}, "/travel/seconds/0", "conflict"),
        ({"kind": "matrix", "seconds": [[0, 1], [2, 3]]}, "/travel/seconds/1/1", "conflict"),
        ({"kind": "matrix", "seconds": [[0]], "by_mode": {"car": [[0, 1], [1, 0]]}}, "/travel/by_mode/car", "conflict"),
        ({"kind": "matrix", "seconds": [[0]], "by_mode": {"car": [[4]]}}, "/travel/by_mode/car/0/0", "conflict"),
        ({"kind": "matrix", "seconds": []}, "/communities/0/location/row", "unknown"),
    ],
)
def test_a_matrix_is_square_with_zeros_from_a_row_to_itself(travel: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Problem.build(rows(week(), travel))
    assert (path, code) in {(fault.path, fault.code) for fault in caught.value.faults}


def test_what_merely_cannot_be_placed_is_no_fault() -> None:
    unreachable = {
        "/providers": [],
        "/links": [],
        "/pins": [],
        "/in_force": [],
        "/residents": [{"id": "r1", "community": "c1"}, {"id": "r2", "community": "c1"}],
        "/venues/0/opening": [{"day": "sun", "from": "08:00", "to": "08:30"}],
        "/funds/0/amount": 0,
        "/needs/0/linked": True,
    }
    assert len(Problem.build(changed(unreachable)).visits) == 4


def test_a_weekday_that_a_short_horizon_lacks_names_no_day() -> None:
    short = changed({"/horizon/days": 3, "/needs/0/visits": 1, "/providers/2/shifts/0/day": "sun"})
    problem = Problem.build(short)
    assert problem.visits[0].windows == ((8 * 3600, 10 * 3600, 10 * 3600 + 1800),)
    assert not [shift for shift in problem.shifts if shift.provider.id == "v2"]


def test_the_same_shift_said_twice_is_one_shift() -> None:
    problem = Problem.build(changed({"/providers/2/shifts/-": {"day": "2026-11-23", "from": "08:00", "to": "12:00"}}))
    assert sum(shift.provider.id == "v2" for shift in problem.shifts) == 1


def test_a_visit_after_midnight_may_have_the_day_on_which_its_shift_starts() -> None:
    night = {
        "/needs/2/place": "home",
        "/needs/2/venue": DROP,
        "/needs/2/windows": [{"earliest": 86400 + 3600, "latest": 86400 + 7200}],
        "/pins": [{"visit": "choir#1", "day": "mon", "start": "2026-11-24T01:30:00"}],
    }
    assert [fault.path for fault in faults(night)] == ["/pins/0/day"]
    shifts = {"/providers/0/shifts": [{"from": 20 * 3600, "to": 86400 + 4 * 3600}]}
    assert Problem.build(changed({**night, **shifts})).pins[0].day == "mon"


def test_a_problem_comes_back_the_same_from_its_json() -> None:
    problem = Problem.build(week())
    assert Problem.parse(problem.to_json()) == problem
    assert Problem.parse(problem.to_json().encode()) == problem
    assert Problem.parse(problem.to_json()).to_json() == problem.to_json()


@pytest.mark.parametrize("travel", [StraightTravel(detour=2), StraightTravel(), RoadTravel.model_validate(ROADS)])
def test_the_kind_of_travel_is_written_wherever_it_differs_from_the_default(travel: StraightTravel | RoadTravel) -> None:
    problem = Problem.build(week()).replace(travel=travel)
    assert Problem.parse(problem.to_json()).travel == travel


def test_a_problem_is_read_from_a_file_plain_or_packed(tmp_path: Path) -> None:
    text = json.dumps(week(), ensure_ascii=False).encode()
    for name, data in (("plain.json", text), ("mark.json", b"\xef\xbb\xbf" + text), ("packed.json.gz", gzip.compress(text))):
        (tmp_path / name).write_bytes(data)
        assert Problem.read(tmp_path / name) == Problem.build(week())
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(text)[:-20])
    with pytest.raises(OSError, match="cut"):
        Problem.read(tmp_path / "cut.json.gz")


def test_replacing_a_part_validates_the_whole_again() -> None:
    problem = Problem.build(week())
    assert problem.replace(name="other").name == "other"
    assert problem.replace(name="other").needs == problem.needs
    with pytest.raises(ProblemError, match="no fund 'f1'"):
        problem.replace(funds=())
    with pytest.raises(ProblemError, match="/note: should be text"):
        problem.replace(note=5)
    assert problem.replace(weights=Weights(travel=0)).visits == problem.visits


def test_the_digest_depends_on_the_meaning_only() -> None:
    problem = Problem.build(week())
    shuffled = json.loads(problem.to_json())
    again = Problem.build(dict(reversed(shuffled.items())))
    assert again.digest == problem.digest
    assert Problem.build({**week(), "weights": {"travel": 1}}).digest == problem.digest
    assert problem.replace(name="other").digest != problem.digest
    assert len(problem.digest) == 64


def test_a_problem_can_be_made_in_python() -> None:
    place = Location(lat=37.5, lon=122.1)
    problem = Problem(
        horizon={"start": "2026-11-23"},
        communities=(Community(id="c", location=place),),
        providers=(Provider(id="v", kind="volunteer", location=place),),
        needs=(Need.model_validate({**week()["needs"][2], "place": "home", "venue": None, "community": "c"}),),
    )
    assert problem.community_of == {"choir": "c"}
    assert Problem.parse(problem.to_json()) == problem


def test_a_category_of_the_problem_stands_over_the_built_in_one() -> None:
    problem = Problem.build({**week(), "categories": [{"id": "elderly", "checked": True}, {"id": "pets"}]})
    assert problem.category["elderly"].checked
    assert set(problem.category) == {category.id for category in BUILT_IN_CATEGORIES} | {"pets"}


def test_the_bound_on_the_cost_covers_every_term_and_grows_with_each_weight() -> None:
    problem = Problem.build(week())
    bounds = cost_bounds(problem)
    assert set(bounds) == set(Term)
    assert sum(bounds.values()) < COST_LIMIT
    assert bounds[Term.UNSERVED] == 4 * 4 * 1_000_000
    assert bounds[Term.PINNED] == 20_000_000
    assert bounds[Term.MONEY] == 100 * 100
    assert bounds[Term.LATENESS] == 20 * 6 * 1800
    assert bounds[Term.TRAVEL] == (7 * 9 + 7 * 4 + 4) * 3600
    assert bounds[Term.STABILITY] == 40_000 * 4
    for name in Weights.model_fields:
        if name != "urgency":
            doubled = cost_bounds(problem.replace(weights=Weights.model_validate({name: 2 * getattr(problem.weights, name) + 1})))
            assert doubled[Term(name)] >= 2 * bounds[Term(name)]
            assert {term for term in Term if doubled[term] != bounds[term]} <= {Term(name)}


def test_a_pointer_escapes_what_pointers_are_made_of() -> None:
    assert pointer("a/b", 0, "~c") == "/a~1b/0/~0c"
    assert pointer() == ""


def test_no_fault_is_found_in_a_valid_problem_when_asked_again() -> None:
    assert list(consistency_faults(Problem.build(week()))) == []


def test_a_problem_of_a_city_is_validated_in_seconds() -> None:
    rng = random.Random(3)
    place = {"lat": 37.5, "lon": 122.1}
    data = {
        "horizon": {"start": "2026-11-23"},
        "communities": [{"id": f"c{i}", "location": place} for i in range(700)],
        "residents": [{"id": f"r{i}", "community": f"c{i % 700}", "refused": [f"p{rng.randrange(2000)}"]} for i in range(4000)],
        "providers": [
            {"id": f"p{i}", "kind": "volunteer", "location": place, "shifts": [{"from": f"{8 + i % 9:02d}:{i % 60:02d}", "to": "18:00"}]}
            for i in range(2000)
        ],
        "needs": [
            {
                "id": f"n{i}",
                "resident": f"r{i}",
                "category": "elderly",
                "minutes": 30,
                "visits": 3,
                "windows": [{"earliest": f"08:{i % 60:02d}", "latest": "10:00"}],
                "team": [{"id": "a", "kinds": ["volunteer"]}],
            }
            for i in range(4000)
        ],
        "pins": [{"visit": f"n{i}#1", "day": "mon"} for i in range(4000)],
    }
    start = time.process_time()
    assert len(Problem.build(data).visits) == 12_000
    assert time.process_time() - start < 5
