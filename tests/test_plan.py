"""Plans: read from a plan or from a whole result, refused with every fault, written so that they come back the same."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import PlanError
from matcher.plan import Assignment, Plan, Result, Service, Unassigned
from matcher.rules import Rule, Term

SERVICE = {"role": "lead", "provider": "s1", "start": "2026-11-23T09:00:00", "end": "2026-11-23T10:00:00"}
PLAN: dict[str, Any] = {
    "format": "sishe-plan/1",
    "problem": "0" * 64,
    "assignments": [{"visit": "bath#1", "team": [SERVICE, {**SERVICE, "role": "help.1", "provider": "o1", "crew": 2, "fund": "f1"}], "room": "big"}],
    "unassigned": [{"visit": "bath#2", "rule": "window", "change": {"widen": {"minutes": 15}}}],
}


def read(data: Any) -> Plan:
    return Plan.parse(json.dumps(data))


def with_service(**changes: Any) -> dict[str, Any]:
    data = copy.deepcopy(PLAN)
    data["assignments"][0]["team"][0].update(changes)
    return data


def test_a_plan_comes_back_the_same_from_its_json() -> None:
    plan = read(PLAN)
    assert Plan.parse(plan.to_json()) == plan
    assert plan.to_json() == Plan.parse(plan.to_json()).to_json()
    assert json.loads(plan.to_json())["assignments"] == PLAN["assignments"]


def test_the_times_of_a_plan_are_local_and_to_the_second() -> None:
    (assignment,) = read(PLAN).assignments
    assert assignment.team[0].start == dt.datetime(2026, 11, 23, 9)
    assert read(with_service(start="2026-11-23T09:00")) == read(PLAN)


def test_the_plan_of_a_result_is_read_from_the_result() -> None:
    plan = read(PLAN)
    result = Result(
        plan=plan,
        status="feasible",
        cost=7,
        terms=dict.fromkeys(Term, 0),
        seed=1,
        threads=1,
        chunks=3,
        seconds=0.5,
        stop="time",
        version="0",
        versions={},
    )
    assert Plan.parse(result.model_dump_json(by_alias=True)) == plan
    assert "plan" not in result.summary()
    assert result.summary()["cost"] == 7


def test_an_empty_plan_is_a_plan() -> None:
    assert read({}) == Plan()
    assert json.loads(Plan().to_json()) == {"format": "sishe-plan/1"}


@pytest.mark.parametrize(
    ("data", "path", "code", "words"),
    [
        (with_service(start="2026-11-23T09:00:00Z"), "/assignments/0/team/0/start", "type", "without a zone"),
        (with_service(start="09:00"), "/assignments/0/team/0/start", "type", "'09:00'"),
        (with_service(start=1764000000), "/assignments/0/team/0/start", "type", "1764000000"),
        (with_service(end="2026-11-31T09:00:00"), "/assignments/0/team/0/end", "type", "2026-11-31"),
        (with_service(crew=0), "/assignments/0/team/0/crew", "range", "at least 1"),
        (with_service(who="s1"), "/assignments/0/team/0/who", "extra", "'who'"),
        ({"assignments": [{"visit": "bath#1", "team": []}]}, "/assignments/0/team", "range", "at least 1"),
        ({"assignments": [{"visit": "bath", "team": [SERVICE]}]}, "/assignments/0/visit", "range", "visit's id"),
        ({"unassigned": [{"visit": "bath#1", "rule": "mood"}]}, "/unassigned/0/rule", "range", "'mood'"),
        ({"problem": "abc"}, "/problem", "range", "64 hexadecimal digits"),
        ({"format": "sishe-problem/1"}, "/format", "range", "'sishe-plan/1'"),
        ({"plan": 5}, "/plan", "type", "an object, was 5"),
        ({"plan": {"assignments": 5}}, "/plan/assignments", "type", "a list, was 5"),
        ([], "", "type", "an object"),
    ],
)
def test_a_fault_of_a_plan_leads_to_the_value(data: Any, path: str, code: str, words: str) -> None:
    with pytest.raises(PlanError) as caught:
        read(data)
    (fault,) = caught.value.faults
    assert (fault.path, fault.code) == (path, code), fault
    assert words in fault.message


def test_every_fault_of_a_plan_is_told_at_once() -> None:
    data = with_service(start="soon", crew=0)
    data["unassigned"][0]["visit"] = 3
    with pytest.raises(PlanError) as caught:
        read(data)
    assert [fault.path for fault in caught.value.faults] == ["/assignments/0/team/0/crew", "/assignments/0/team/0/start", "/unassigned/0/visit"]
    assert str(caught.value).startswith("The plan has 3 faults:")


def test_a_change_is_plain_json_of_a_moderate_depth() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = {"in": deep}
    for change, words in ((deep, "nested"), ({"by": 1e999}, "finite")):
        with pytest.raises(PlanError, match=words):
            read({"unassigned": [{"visit": "a#1", "rule": "pin", "change": change}]})
    assert Unassigned(visit="a#1", rule=Rule.PIN, change={"by": [1, {"x": 2.5}]}).change == {"by": [1, {"x": 2.5}]}


def test_a_plan_is_read_from_a_file_plain_or_packed(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "plan.json.gz").write_bytes(gzip.compress(json.dumps(PLAN).encode()))
    assert Plan.read(tmp_path / "plan.json") == Plan.read(tmp_path / "plan.json.gz") == read(PLAN)


def test_a_plan_can_be_made_in_python_and_not_changed() -> None:
    start = dt.datetime(2026, 11, 23, 9)
    service = Service(role="lead", provider="s1", start=start, end=start + dt.timedelta(minutes=30))
    plan = Plan(assignments=(Assignment(visit="bath#1", team=(service,)),))
    assert Plan.parse(plan.to_json()) == plan
    with pytest.raises(ValueError, match="frozen"):
        plan.assignments = ()  # type: ignore[misc]
