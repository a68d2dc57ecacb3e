"""A small valid problem, and the changes that make each kind of contradiction in it."""

from __future__ import annotations

import copy
from typing import Any

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
        ("2 providers", "1 role of"),
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
