"""Events as data: read with every fault at once, and judged against the week and the plan."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from matcher.living.events import KINDS, Absent, Events, EventsError, faults_of
from tests.weeks import alone, need, resident, role, venue, volunteer, week, worker

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

WEEK = week(
    [need("n", resident="r"), need("team", role("carer"), role("nurse", "social_worker"))],
    [volunteer("a"), worker("w")],
    residents=[resident("r", location={"x": 0, "y": 0})],
    venues=[venue()],
)
PLAN = alone("a")
DOCS = Path(__file__).parents[2] / "docs"


def faults(*events: Any, now: str | None = None, problem: Problem = WEEK, plan: Plan = PLAN) -> list[tuple[str, str]]:
    read = Events.build({"events": list(events), **({"now": now} if now else {})})
    return [(fault.path, fault.code) for fault in faults_of(read, problem, plan)]


def test_the_events_of_the_manual_can_be_read_and_are_of_every_kind() -> None:
    text = (DOCS / "living.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json events\n(.*?)```", text, flags=re.DOTALL)
    events = [Events.parse(block) for block in blocks]
    assert {event.kind for read in events for event in read.events} == set(KINDS)
    for kind in KINDS:
        assert f"| `{kind}` |" in text


def test_events_are_given_as_objects_or_as_values() -> None:
    event = Absent(provider="a")
    assert Events.build([event]).events == Events.build([{"kind": "absent", "provider": "a"}]).events == (event,)


def test_every_fault_of_form_is_told_at_once_with_its_path() -> None:
    events = [
        7,
        {"provider": "a"},
        {"kind": "ill"},
        {"kind": "absent"},
        {"kind": "late", "visit": "n"},
        {"kind": "absent", "provider": "a", "hours": {"from": "9", "to": "10:00"}},
        {"kind": "absent", "provider": "a", "until": 3},
    ]
    with pytest.raises(EventsError) as caught:
        Events.parse(json.dumps({"now": "noon", "events": events, "extra": 1}))
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [
        ("/now", "type"),
        ("/extra", "extra"),
        ("/events/0", "type"),
        ("/events/1/kind", "missing"),
        ("/events/2/kind", "range"),
        ("/events/3/provider", "missing"),
        ("/events/4/visit", "range"),
        ("/events/5/hours/from", "type"),
        ("/events/6/until", "extra"),
    ]


@pytest.mark.parametrize(("data", "path"), [("7", ""), ('{"events": 7}', "/events")])
def test_what_is_no_list_is_refused(data: str, path: str) -> None:
    with pytest.raises(EventsError) as caught:
        Events.parse(data)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, "type")]


@pytest.mark.parametrize(
    ("event", "path", "code"),
    [
        ({"kind": "absent", "provider": "ghost"}, "provider", "unknown"),
        ({"kind": "absent", "provider": "a", "day": "2027-01-01"}, "day", "range"),
        ({"kind": "absent", "provider": "a", "day": "mon", "hours": {"from": "09:00", "to": "10:00"}}, "day", "conflict"),
        ({"kind": "extra_hours", "provider": "a", "hours": {"day": "2027-01-01", "from": "09:00", "to": "10:00"}}, "hours/day", "range"),
        ({"kind": "extra_hours", "provider": "a", "hours": {"from": 9_000_000, "to": 9_000_100}}, "hours/from", "range"),
        ({"kind": "venue_closed", "venue": "ghost"}, "venue", "unknown"),
        ({"kind": "new_need", "need": need("n")}, "need/id", "duplicate"),
        ({"kind": "new_need", "need": need("new", resident="r"), "resident": resident("r")}, "resident/id", "duplicate"),
        ({"kind": "new_need", "need": need("new"), "resident": resident("s")}, "need/resident", "conflict"),
        ({"kind": "withdrawn"}, "", "missing"),
        ({"kind": "withdrawn", "need": "n", "visit": "n#1"}, "", "conflict"),
        ({"kind": "withdrawn", "need": "ghost"}, "need", "unknown"),
        ({"kind": "withdrawn", "visit": "n#2"}, "visit", "unknown"),
        ({"kind": "missed", "visit": "ghost#1"}, "visit", "unknown"),
        ({"kind": "missed", "visit": "team#1"}, "visit", "conflict"),
        ({"kind": "late", "visit": "n#1"}, "", "missing"),
        ({"kind": "late", "visit": "n#1", "start": "09:00", "end": "10:00"}, "", "conflict"),
        ({"kind": "done", "visit": "n#1", "start": "09:00"}, "start", "conflict"),
        ({"kind": "done", "visit": "team#1", "team": {"carer": "a", "nurse": "w"}}, "visit", "conflict"),
        ({"kind": "done", "visit": "team#1", "team": {"carer": "a", "nurse": "w"}, "start": "09:00"}, "start", "missing"),
        ({"kind": "done", "visit": "team#1", "team": {"carer": "a"}, "start": "2026-11-23T09:00"}, "team", "missing"),
        ({"kind": "done", "visit": "n#1", "team": {"cook": "a"}}, "team/cook", "unknown"),
        ({"kind": "done", "visit": "n#1", "team": {"carer": "ghost"}}, "team/carer", "unknown"),
    ],
)
def test_an_event_that_does_not_go_with_the_week_is_told_with_its_path(event: dict[str, Any], path: str, code: str) -> None:
    assert faults(event) == [(f"/events/0/{path}".rstrip("/"), code)]


def test_two_events_about_one_visit_contradict_one_another() -> None:
    assert faults({"kind": "missed", "visit": "n#1"}, {"kind": "late", "visit": "n#1", "start": "09:30"}) == [("/events/1/visit", "duplicate")]
    assert faults({"kind": "withdrawn", "need": "n"}, {"kind": "missed", "visit": "n#1"}) == [("/events/1/visit", "duplicate")]


def test_now_is_a_moment_of_the_week_and_a_new_need_is_not_over_by_then() -> None:
    assert faults(now="2027-06-01T09:00") == [("/now", "range")]
    over = {"kind": "new_need", "need": need("new", windows=[{"day": "mon", "earliest": "09:00", "latest": "10:00"}])}
    assert faults(over, now="2026-11-24T09:00") == [("/events/0/need/windows", "order")]
    assert faults(over, now="2026-11-23T09:30") == []
