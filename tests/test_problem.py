"""Problems: what contradicts itself is named with both sides, all of it at once; what is right comes back as it was."""

from __future__ import annotations

import copy
import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from matcher.consistency import consistency_faults
from matcher.errors import Fault, ProblemError
from matcher.fields import Location
from matcher.magnitude import COST_LIMIT, cost_bounds
from matcher.people import Community, Provider
from matcher.problem import BUILT_IN_CATEGORIES, MatrixTravel, Need, Problem, RoadTravel, StraightTravel, Weights
from matcher.rules import Term
from matcher.validation import pointer

DROP = object()


def week() -> dict[str, Any]:
    """Return a problem of three needs, plain and valid, to be changed by a test."""
    place = {"lat": 37.5, "lon": 122.1}
    return {
        "horizon": {"start": "2026-11-23", "days": 7},
        "communities": [{"id": "c1", "location": place}, {"id": "c2"}],
        "residents": [{"id": "r1", "community": "c1", "known": {"v1": 2}, "refused": ["v2"]}, {"id": "r2", "community": "c1", "volunteer": "v2"}],
        "needs": [
            {
                "id": "bath",
                "resident": "r1",
                "category": "home_care",
                "minutes": 60,
                "visits": 2,
                "windows": [
                    {"day": "mon", "earliest": "08:00", "latest": "10:00", "late_by": 30},
                    {"day": "thu", "earliest": "08:00", "latest": "10:00"},
                ],
                "team": [{"id": "lead", "kinds": ["social_worker"]}, {"id": "help", "count": 2, "kinds": ["volunteer"], "minutes": 30}],
            },
            {
                "id": "meal",
                "resident": "r2",
                "category": "elderly",
                "minutes": 20,
                "windows": [{"earliest": "11:00", "latest": "12:00"}],
                "team": [{"id": "cook", "kinds": ["organization"]}, {"id": "bring", "kinds": ["volunteer"]}],
                "meet": "in_sequence",
                "gap": {"min_minutes": 20, "max_minutes": 40},
                "funds": ["f1"],
            },
            {
                "id": "choir",
                "community": "c1",
                "category": "culture",
                "place": "venue",
                "venue": "hall",
                "attendees": 20,
                "minutes": 90,
                "windows": [{"earliest": "14:00", "latest": "15:00"}],
                "team": [{"id": "lead", "kinds": ["social_worker"], "certificate": "assistant"}],
            },
        ],
        "providers": [
            {"id": "s1", "kind": "social_worker", "location": place, "shifts": [{"from": "08:00", "to": "17:00"}], "area": ["c1"]},
            {"id": "v1", "kind": "volunteer", "community": "c1", "location": place, "shifts": [{"from": "08:00", "to": "12:00"}]},
            {"id": "v2", "kind": "volunteer", "location": place, "shifts": [{"day": "mon", "from": "08:00", "to": "12:00"}]},
            {"id": "o1", "kind": "organization", "location": place, "price_per_visit": 15, "crews": 2, "categories": ["elderly"], "claims": ["meal"]},
        ],
        "links": [{"id": "l1", "members": ["s1", "v1"], "grade": "preferred"}],
        "venues": [
            {
                "id": "hall",
                "community": "c1",
                "location": place,
                "rooms": [{"id": "big", "seats": 30}, {"id": "small", "seats": 8}],
                "opening": [{"from": "08:00", "to": "20:00"}],
            }
        ],
        "funds": [{"id": "f1", "source": "charity", "amount": 100, "categories": ["elderly"], "communities": ["c1"]}],
        "pins": [{"visit": "bath#1", "role": "lead", "provider": "s1", "day": "mon", "start": "09:00"}],
        "in_force": [{"visit": "bath#1", "start": "2026-11-23T09:00:00", "team": {"lead": "s1", "help.1": "v1"}}],
    }


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Return `week` with values put at JSON pointers (``-`` at the end of a list)."""
    data = copy.deepcopy(week())
    for path, value in changes.items():
        *way, last = path.split("/")[1:]
        item: Any = data
        for key in way:
            item = item[int(key)] if isinstance(item, list) else item.setdefault(key, {})
        if value is DROP:
            del item[last]
        elif isinstance(item, list):
            item.insert(len(item) if last == "-" else int(last), value)
        else:
            item[last] = value
    return data


def faults(changes: dict[str, Any]) -> tuple[Fault, ...]:
    with pytest.raises(ProblemError) as caught:
        Problem.build(changed(changes))
    return caught.value.faults


PLANE = {"x": 1, "y": 2}
MATRIX = {"kind": "matrix", "seconds": [[0, 5], [6, 0]]}
ROADS = {"kind": "roads", "nodes": [{"lat": 37.5, "lon": 122.1}, {"lat": 37.6, "lon": 122.1}], "edges": [[0, 1, 12000]]}

# What is changed, and the one fault that it makes: the pointer, the code, and words that the message has to have.
ONE_FAULT: dict[str, tuple[dict[str, Any], str, str, tuple[str, ...]]] = {
    "two communities": ({"/communities/-": {"id": "c1"}}, "/communities/2/id", "duplicate", ("'c1'", "/communities/0")),
    "two residents": ({"/residents/-": {"id": "r2", "community": "c1"}}, "/residents/2/id", "duplicate", ("'r2'",)),
    "two needs": ({"/needs/1/id": "bath", "/providers/3/claims": []}, "/needs/1/id", "duplicate", ("'bath'", "/needs/0")),
    "two providers": (
        {"/providers/2/id": "s1", "/residents/0/refused": [], "/residents/1/volunteer": None},
        "/providers/2/id",
        "duplicate",
        ("'s1'",),
    ),
    "two links": ({"/links/-": {"id": "l1", "members": ["v1", "v2"]}}, "/links/1/id", "duplicate", ("'l1'",)),
    "two venues": (
        {"/venues/-": {**week()["venues"][0], "rooms": [{"id": "other", "seats": 20}]}},
        "/venues/1/id",
        "duplicate",
        ("'hall'", "/venues/0"),
    ),
    "two rooms of two venues": (
        {"/venues/-": {**week()["venues"][0], "id": "club", "rooms": [{"id": "small", "seats": 1}]}},
        "/venues/1/rooms/0/id",
        "duplicate",
        ("'small'", "/venues/0/rooms/1"),
    ),
    "two funds": ({"/funds/-": {"id": "f1", "source": "fiscal", "amount": 1}}, "/funds/1/id", "duplicate", ("'f1'",)),
    "two categories": ({"/categories": [{"id": "a"}, {"id": "a"}]}, "/categories/1/id", "duplicate", ("'a'", "/categories/0")),
    "two roles of a team": ({"/needs/0/team/-": {"id": "help", "kinds": ["volunteer"]}}, "/needs/0/team/2/id", "duplicate", ("'help'",)),
    "two roles of a first team": (
        {"/needs/2/first_team": [{"id": "a", "kinds": ["volunteer"]}, {"id": "a", "kinds": ["volunteer"]}]},
        "/needs/2/first_team/1/id",
        "duplicate",
        ("'a'",),
    ),
    "a member twice": ({"/links/0/members": ["s1", "s1"]}, "/links/0/members/1", "duplicate", ("'s1'",)),
    "a visit twice in force": (
        {"/in_force/-": {"visit": "bath#1", "start": "2026-11-23T09:00:00", "team": {}}},
        "/in_force/1/visit",
        "duplicate",
        ("'bath#1'",),
    ),
    "a resident's community": ({"/residents/1/community": "c9"}, "/residents/1/community", "unknown", ("community", "'c9'")),
    "someone known": ({"/residents/0/known": {"a/b": 1}}, "/residents/0/known/a~1b", "unknown", ("provider", "'a/b'")),
    "someone refused": ({"/residents/0/refused": ["v2", "v9"]}, "/residents/0/refused/1", "unknown", ("'v9'",)),
    "an unknown volunteer": ({"/residents/1/volunteer": "v9"}, "/residents/1/volunteer", "unknown", ("'v9'",)),
    "a volunteer who is none": ({"/residents/1/volunteer": "s1"}, "/residents/1/volunteer", "conflict", ("'s1'", "social_worker")),
    "a need's resident": ({"/needs/0/resident": "r9", "/pins": []}, "/needs/0/resident", "unknown", ("'r9'",)),
    "a need's community": ({"/needs/2/community": "c9"}, "/needs/2/community", "unknown", ("'c9'",)),
    "a need's category": ({"/needs/0/category": "magic"}, "/needs/0/category", "unknown", ("'magic'",)),
    "a need's venue": ({"/needs/2/venue": "barn"}, "/needs/2/venue", "unknown", ("'barn'",)),
    "someone preferred": ({"/needs/0/preferred_providers": ["v1", "v8"]}, "/needs/0/preferred_providers/1", "unknown", ("'v8'",)),
    "a need's fund": ({"/needs/1/funds": ["f1", "f2"]}, "/needs/1/funds/1", "unknown", ("fund", "'f2'")),
    "a provider's community": ({"/providers/1/community": "c9"}, "/providers/1/community", "unknown", ("'c9'",)),
    "an area": ({"/providers/0/area": ["c1", "c9"]}, "/providers/0/area/1", "unknown", ("'c9'",)),
    "an organization's category": ({"/providers/3/categories": ["elderly", "x"]}, "/providers/3/categories/1", "unknown", ("'x'",)),
    "a claim": ({"/providers/3/claims": ["nothing"]}, "/providers/3/claims/0", "unknown", ("need", "'nothing'")),
    "a member": ({"/links/0/members": ["s1", "v7"]}, "/links/0/members/1", "unknown", ("'v7'",)),
    "a venue's community": ({"/venues/0/community": "c9"}, "/venues/0/community", "unknown", ("'c9'",)),
    "a fund's category": ({"/funds/0/categories": ["x"]}, "/funds/0/categories/0", "unknown", ("'x'",)),
    "a fund's community": ({"/funds/0/communities": ["x"]}, "/funds/0/communities/0", "unknown", ("'x'",)),
    "a pin of no need": ({"/pins/0/visit": "sing#1"}, "/pins/0/visit", "unknown", ("'sing'",)),
    "a pin of a visit beyond the last": ({"/pins/0/visit": "bath#3"}, "/pins/0/visit", "unknown", ("2 visits", "'bath#2'", "'bath#3'")),
    "a pin of visit 0": ({"/pins/0/visit": "bath#0"}, "/pins/0/visit", "unknown", ("'bath#0'",)),
    "a pin of a visit with a leading zero": ({"/pins/0/visit": "bath#01"}, "/pins/0/visit", "unknown", ("'bath#01'",)),
    "a pin's role": ({"/pins/0/role": "help"}, "/pins/0/role", "unknown", ("'help'", "'help.1'", "'help.2'")),
    "a pin's provider": ({"/pins/0/provider": "s9"}, "/pins/0/provider", "unknown", ("'s9'",)),
    "a visit in force": ({"/in_force/0/visit": "bath#9"}, "/in_force/0/visit", "unknown", ("'bath#9'",)),
    "a role in force": ({"/in_force/0/team": {"head": "s1"}}, "/in_force/0/team/head", "unknown", ("'head'", "'lead'")),
    "a provider in force": ({"/in_force/0/team": {"lead": "s9"}}, "/in_force/0/team/lead", "unknown", ("'s9'",)),
    "one in two roles in force": (
        {"/in_force/0/team": {"help.1": "v1", "help.2": "v1"}},
        "/in_force/0/team/help.2",
        "conflict",
        ("'v1'", "'help.1'"),
    ),
    "a start in force before the horizon": ({"/in_force/0/start": "2026-11-22T09:00:00"}, "/in_force/0/start", "range", ("2026-11-22", "2026-11-23")),
    "a start in force after the horizon": ({"/in_force/0/start": "2026-11-30T00:00:00"}, "/in_force/0/start", "range", ("2026-11-30",)),
    "neither resident nor community": ({"/needs/2/community": DROP}, "/needs/2/resident", "missing", ("neither",)),
    "resident and community": ({"/needs/0/community": "c1"}, "/needs/0/community", "conflict", ("both",)),
    "a home that is nowhere": ({"/residents/0/community": "c2"}, "/needs/0/location", "missing", ("'c2'",)),
    "no venue": ({"/needs/2/venue": DROP}, "/needs/2/venue", "missing", ("venue",)),
    "a venue at home": ({"/needs/2/place": "home"}, "/needs/2/venue", "conflict", ("'home'",)),
    "a location at a venue": ({"/needs/2/location": {"lat": 1, "lon": 2}}, "/needs/2/location", "conflict", ("'venue'",)),
    "a location far away": ({"/needs/0/place": "remote", "/needs/0/location": {"lat": 1, "lon": 2}}, "/needs/0/location", "conflict", ("'remote'",)),
    "too many attendees": ({"/needs/2/attendees": 31}, "/needs/2/attendees", "conflict", ("31", "30 seats", "'hall'")),
    "a window on a day beyond": (
        {"/needs/2/windows/0/day": "2026-11-30"},
        "/needs/2/windows/0/day",
        "range",
        ("2026-11-30", "7 days from 2026-11-23"),
    ),
    "a preferred window on a day before": (
        {"/needs/2/preferred": [{"day": "2026-11-22", "earliest": "08:00", "latest": "09:00"}]},
        "/needs/2/preferred/0/day",
        "range",
        ("2026-11-22",),
    ),
    "a window of seconds beyond": (
        {"/needs/2/windows": [{"earliest": 604800, "latest": 604900}]},
        "/needs/2/windows/0/earliest",
        "range",
        ("604800",),
    ),
    "windows on no day": (
        {"/horizon/days": 2, "/needs/0/visits": 1, "/needs/1/windows/0/day": "fri"},
        "/needs/1/windows",
        "range",
        ("2 days from 2026-11-23",),
    ),
    "a shift on a day beyond": ({"/providers/2/shifts/0/day": "2026-12-01"}, "/providers/2/shifts/0/day", "range", ("2026-12-01",)),
    "a shift of seconds beyond": ({"/providers/2/shifts": [{"from": 700000, "to": 700001}]}, "/providers/2/shifts/0/from", "range", ("700000",)),
    "an opening on a day beyond": ({"/venues/0/opening/0/day": "2026-12-01"}, "/venues/0/opening/0/day", "range", ("2026-12-01",)),
    "shifts that overlap": (
        {"/providers/2/shifts/-": {"from": "11:00", "to": "13:00"}},
        "/providers/2/shifts/1",
        "conflict",
        ("shift 0", "2026-11-23", "08:00 to 12:00", "11:00 to 13:00"),
    ),
    "a gap without a sequence": ({"/needs/1/meet": "together"}, "/needs/1/gap", "conflict", ("'together'", "'in_sequence'")),
    "a sequence without a gap": ({"/needs/1/gap": DROP}, "/needs/1/gap", "missing", ("in sequence",)),
    "a gap that no window has room for": (
        {"/needs/1/gap": {"min_minutes": 61, "max_minutes": 90}},
        "/needs/1/gap",
        "conflict",
        ("2 roles", "61 to 90 minutes"),
    ),
    "more visits than days": ({"/needs/0/visits": 3}, "/needs/0/visits", "conflict", ("3 visits", "at least 1", "2026-11-23, 2026-11-26", "2 can")),
    "a spacing wider than the windows' days": ({"/needs/0/spacing": {"at_least_days": 4}}, "/needs/0/visits", "conflict", ("at least 4", "1 can")),
    "a spacing narrower than the windows' days": ({"/needs/0/spacing": {"at_most_days": 2}}, "/needs/0/visits", "conflict", ("at most 2",)),
    "a stand-in for itself": ({"/needs/2/team/0/stand_ins": ["social_worker"]}, "/needs/2/team/0/stand_ins", "conflict", ("'social_worker'",)),
    "a certificate of a volunteer": (
        {"/needs/2/team/0/kinds": ["volunteer"]},
        "/needs/2/team/0/certificate",
        "conflict",
        ("'lead'", "volunteer"),
    ),
    "metres among degrees": ({"/communities/1/location": PLANE}, "/communities/1/location", "conflict", ("lat and lon", "'wgs84'", "x and y")),
    "a row without a matrix": ({"/communities/1/location": {"row": 1}}, "/communities/1/location/row", "conflict", ("'straight'",)),
    "a mode without a speed": (
        {"/travel": {"kind": "straight", "speeds_kmh": {"car": 30, "walk": 4}}, "/providers/1/mode": "bike"},
        "/providers/1/mode",
        "missing",
        ("'bike'", "car, walk"),
    ),
    "an edge to nowhere": ({"/travel": {**ROADS, "edges": [[0, 2, 10]]}}, "/travel/edges/0/1", "unknown", ("node 2", "0 to 1")),
    "a node on a plane": ({"/travel": {**ROADS, "nodes": [ROADS["nodes"][0], PLANE]}}, "/travel/nodes/1", "conflict", ("x and y",)),
    "a pin of nothing": ({"/pins/0": {"visit": "bath#2"}}, "/pins/0", "missing", ("nothing",)),
    "a role for nobody": ({"/pins/0/provider": DROP}, "/pins/0/provider", "missing", ("'lead'",)),
    "a pin of another kind": ({"/pins/0/provider": "v1"}, "/pins/0/provider", "conflict", ("'v1'", "volunteer", "'lead'", "social_worker")),
    "a pin of somebody refused": (
        {"/pins/0": {"visit": "bath#1", "role": "help.1", "provider": "v2"}},
        "/pins/0/provider",
        "conflict",
        ("'v2'", "refused", "'r1'"),
    ),
    "a pin on a day beyond": ({"/pins/0/day": "2026-12-01"}, "/pins/0/day", "range", ("2026-12-01",)),
    "a pin on a day without a window": ({"/pins/0/day": "tue"}, "/pins/0/day", "conflict", ("tue", "windows", "2026-11-23, 2026-11-26")),
    "a pin outside its window": ({"/pins/0/start": "10:31"}, "/pins/0/start", "conflict", ("10:31", "08:00", "10:30")),
    "a pin by the clock on no day": ({"/pins/0/day": DROP}, "/pins/0/day", "missing", ("'09:00'",)),
    "a pin by the clock on two days": ({"/horizon/days": 14}, "/pins/0/day", "conflict", ("2 days",)),
    "a pin at a moment of another day": (
        {"/pins/0/start": "2026-11-26T09:00:00"},
        "/pins/0/start",
        "conflict",
        ("2026-11-26 09:00", "mon"),
    ),
    "two pins on two days": ({"/pins/0/start": DROP, "/pins/-": {"visit": "bath#1", "day": "thu"}}, "/pins/1/day", "conflict", ("thu", "2026-11-23")),
    "two pins at two times": (
        {"/pins/-": {"visit": "bath#1", "start": "2026-11-23T08:00:00"}},
        "/pins/1/start",
        "conflict",
        ("08:00", "09:00", "pin 0"),
    ),
    "a day and a moment in two pins": (
        {"/pins/0/start": DROP, "/pins/-": {"visit": "bath#1", "start": "2026-11-26T08:00:00"}},
        "/pins/1/start",
        "conflict",
        ("2026-11-26 08:00", "2026-11-23"),
    ),
    "two in a role": (
        {"/providers/-": {**week()["providers"][0], "id": "s2"}, "/pins/-": {"visit": "bath#1", "role": "lead", "provider": "s2"}},
        "/pins/1/provider",
        "conflict",
        ("'lead'", "'s1'"),
    ),
    "one in two roles": (
        {"/pins": [{"visit": "bath#1", "role": "help.1", "provider": "v1"}, {"visit": "bath#1", "role": "help.2", "provider": "v1"}]},
        "/pins/1/role",
        "conflict",
        ("'v1'", "'help.1'"),
    ),
    "more people than roles": (
        {
            "/providers/-": {**week()["providers"][0], "id": "s2"},
            "/pins": [{"visit": "choir#1", "provider": "s1"}, {"visit": "choir#1", "provider": "s2"}],
        },
        "/pins/1/provider",
        "conflict",
        ("2 providers", "1 roles"),
    ),
    "more pinned people than max_providers": (
        {
            "/providers/-": {**week()["providers"][0], "id": "s2"},
            "/needs/0/max_providers": 1,
            "/pins/-": {"visit": "bath#2", "role": "lead", "provider": "s2"},
        },
        "/pins/1/provider",
        "conflict",
        ("'lead'", "max_providers is 1"),
    ),
    "too many visits": ({f"/needs/{i}/visits": 1000 for i in (1, 2)} | {"/horizon/days": 7}, "/needs/1/visits", "conflict", ("1000 visits",)),
    "too many crews": (
        {
            "/horizon/days": 3660,
            "/pins": [],
            "/providers/3/crews": 1000,
            "/providers/3/shifts": [{"from": "08:00", "to": "09:00"}, {"from": "10:00", "to": "11:00"}],
        },
        "/providers",
        "range",
        ("shifts",),
    ),
    "a weight that could overflow": (
        {"/weights": {"pinned": 10**9, "unserved": 10**9, "urgency": [1, 1, 10**9, 1, 1]}},
        "/weights/unserved",
        "range",
        ("2^61", "'unserved'"),
    ),
}


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
        horizon={"start": "2026-11-23"},  # type: ignore[arg-type]
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
