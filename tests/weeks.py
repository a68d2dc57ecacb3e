"""Builders of small weeks and plans for tests.

The week starts on Monday 2026-11-23. Everybody walks one metre a second on a plane, so a place at x = 600 is 600 seconds from the base at 0.
Shifts are 08:00 to 18:00 every day and windows 08:00 to 17:00, unless a test says otherwise.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from matcher.fields import WEEKDAYS
from matcher.plan import Plan
from matcher.problem import Problem

Json = dict[str, Any]

MONDAY = dt.datetime(2026, 11, 23)


def at(moment: str) -> str:
    """Return the ISO form of a moment such as ``mon 09:00``, or ``8 09:00`` on the ninth day."""
    day, time = moment.split()
    hours, minutes, *seconds = (int(part) for part in time.split(":"))
    days = WEEKDAYS.index(day) if day in WEEKDAYS else int(day)
    return (MONDAY + dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=sum(seconds))).isoformat()


def week(needs: list[Json], providers: list[Json], *, days: int = 7, **more: Any) -> Problem:
    """Return a problem of these needs and providers; what else they speak of comes in `more`."""
    communities = [{"id": name, "location": {"x": 0, "y": 0}} for name in ("c", "d")]
    travel = {"kind": "straight", "detour": 1, "speeds_kmh": {"walk": 3.6, "bike": 14.4, "bus": 18, "car": 36}}
    data = {
        "format": "sishe-problem/1",
        "horizon": {"start": "2026-11-23", "days": days},
        "coordinates": "plane",
        "communities": communities,
        "travel": travel,
        "needs": needs,
        "providers": providers,
    }
    return Problem.build(data | more)


def need(name: str = "n", *team: Json, x: float = 0, **more: Any) -> Json:
    """Return a need of one hour at home in community ``c``, by default for one volunteer."""
    place: Json = {"location": {"x": x, "y": 0}} if more.get("place", "home") == "home" else {}
    whose: Json = {} if "resident" in more else {"community": "c"}
    windows = [{"earliest": "08:00", "latest": "17:00"}]
    return {"id": name, "category": "elderly", "minutes": 60, "windows": windows, "team": list(team) or [role()], **whose, **place, **more}


def role(name: str = "carer", *kinds: str, **more: Any) -> Json:
    """Return a role, by default for volunteers."""
    return {"id": name, "kinds": list(kinds) or ["volunteer"], **more}


def window(earliest: str, latest: str, **more: Any) -> Json:
    """Return a window of every day, or of the `day` given."""
    return {"earliest": earliest, "latest": latest, **more}


def shift(start: str, end: str, **more: Any) -> Json:
    """Return a shift of every day, or of the `day` given."""
    return {"from": start, "to": end, **more}


def resident(name: str = "r", **more: Any) -> Json:
    """Return a resident of community ``c``."""
    return {"id": name, "community": "c", **more}


def volunteer(name: str = "v", **more: Any) -> Json:
    """Return a volunteer based at 0."""
    return _provider(name, "volunteer", more)


def worker(name: str = "w", **more: Any) -> Json:
    """Return a social worker based at 0."""
    return _provider(name, "social_worker", more)


def organization(name: str = "o", **more: Any) -> Json:
    """Return an organization based at 0, with one crew and no price."""
    return _provider(name, "organization", more)


def _provider(name: str, kind: str, more: Json) -> Json:
    return {"id": name, "kind": kind, "location": {"x": 0, "y": 0}, "shifts": [shift("08:00", "18:00")], **more}


def link(name: str, grade: str, *members: str) -> Json:
    """Return a link."""
    return {"id": name, "grade": grade, "members": list(members)}


def fund(name: str, amount: float, **more: Any) -> Json:
    """Return a fund of so many yuan."""
    return {"id": name, "source": "charity", "amount": amount, **more}


def venue(*rooms: Json, **more: Any) -> Json:
    """Return the venue ``hall`` at 0, open 08:00 to 18:00."""
    return {
        "id": "hall",
        "community": "c",
        "location": {"x": 0, "y": 0},
        "rooms": list(rooms) or [{"id": "blue", "seats": 10}],
        "opening": [shift("08:00", "18:00")],
        **more,
    }


def serve(provider: str, start: str, name: str = "carer", *, minutes: int = 60, **more: Any) -> Json:
    """Return one service of a plan."""
    begin = dt.datetime.fromisoformat(at(start))
    return {"role": name, "provider": provider, "start": begin.isoformat(), "end": (begin + dt.timedelta(minutes=minutes)).isoformat(), **more}


def visit(name: str, *team: Json, **more: Any) -> Json:
    """Return one assignment of a plan."""
    return {"visit": name, "team": list(team), **more}


def plan(*assignments: Json, **more: Any) -> Plan:
    """Return a plan of these assignments; all other visits are unassigned."""
    return Plan.model_validate({"assignments": list(assignments), **more})


def alone(provider: str, start: str = "mon 09:00", name: str = "n#1", **more: Any) -> Plan:
    """Return a plan of one visit of one service."""
    return plan(visit(name, serve(provider, start, **more)))
