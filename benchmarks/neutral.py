"""The neutral week: one person a visit, skills, several day windows, priorities, shifts from home. What routers without teams can express too.

An instance is JSON: ``visits`` (x, y in metres, duration in seconds, start windows in seconds from Monday 00:00, skills, priority),
``providers`` (x, y, skills), ``shifts`` (provider, start, end) and ``speed`` (metres a second). The objective is the priority served, then travel.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.shape import InstanceError, hold_to, read_json
from matcher.errors import Fault
from matcher.problem import Problem, Weights

if TYPE_CHECKING:
    from matcher.plan import Plan

PRIORITIES = 5
"""Different priorities that a week may have: as many as there are degrees of urgency."""
UNSERVED = 100_000
"""Cost of a point of priority left out: far more than the travel that any visit can save."""
ZERO = dict.fromkeys(set(Weights.model_fields) - {"urgency"}, 0)
"""Every weight at nothing."""
WEEK = 7 * 86_400

SHAPE = {
    "speed": float,
    "visits": [{"id": int, "x": float, "y": float, "duration": int, "windows": [(int, int)], "skills": [int], "priority": int}],
    "providers": [{"id": int, "x": float, "y": float, "skills": [int]}],
    "shifts": [{"provider": int, "start": int, "end": int}],
}

Routes = dict[int, list[tuple[int, int]]]
"""For each shift, by its index in the week, the visits in order of time, each with the second when it starts."""


def read(path: str | Path) -> dict[str, Any]:
    """Return the week in a file. Raises `InstanceError` with every fault, `OSError` where the file cannot be read."""
    week = read_json(path)
    hold_to(week, SHAPE)
    faults = _inconsistencies(week)
    if faults:
        raise InstanceError(faults)
    found: dict[str, Any] = week
    return found


def _inconsistencies(week: dict[str, Any]) -> list[Fault]:
    faults = [] if week["speed"] > 0 else [Fault("/speed", f"should be above 0 metres a second, was {week['speed']}", "range")]
    for kind in ("visits", "providers"):
        for k, thing in enumerate(week[kind]):
            if thing["id"] != k:
                faults.append(Fault(f"/{kind}/{k}/id", f"should be its place in the list, {k}, was {thing['id']}", "order"))
    for k, visit in enumerate(week["visits"]):
        if visit["duration"] <= 0 or visit["duration"] % 60:
            faults.append(Fault(f"/visits/{k}/duration", f"should be whole minutes in seconds, was {visit['duration']}", "range"))
        if visit["priority"] < 1:
            faults.append(Fault(f"/visits/{k}/priority", f"should be from 1, was {visit['priority']}", "range"))
        if not visit["windows"]:
            faults.append(Fault(f"/visits/{k}/windows", "should have at least one window", "missing"))
        for w, (low, high) in enumerate(visit["windows"]):
            if not 0 <= low <= high < WEEK:
                faults.append(Fault(f"/visits/{k}/windows/{w}", f"should open and then close within the week, was {[low, high]}", "order"))
    priorities = {visit["priority"] for visit in week["visits"]}
    if len(priorities) > PRIORITIES:
        faults.append(Fault("/visits", f"should have at most {PRIORITIES} different priorities, has {len(priorities)}", "range"))
    ends: dict[int, list[tuple[int, int]]] = {}
    for k, shift in enumerate(week["shifts"]):
        if not 0 <= shift["provider"] < len(week["providers"]):
            faults.append(Fault(f"/shifts/{k}/provider", f"{shift['provider']} is not one of the {len(week['providers'])} providers", "unknown"))
        if not 0 <= shift["start"] < shift["end"] <= WEEK:
            faults.append(Fault(f"/shifts/{k}", f"should start and then end within the week, was {[shift['start'], shift['end']]}", "order"))
        others = ends.setdefault(shift["provider"], [])
        if any(shift["start"] < end and start < shift["end"] for start, end in others):
            faults.append(Fault(f"/shifts/{k}", f"overlaps another shift of provider {shift['provider']}", "conflict"))
        others.append((shift["start"], shift["end"]))
    return faults


def make_week(visits: int, providers: int, seed: int) -> dict[str, Any]:
    """Make a neutral week; equal arguments give the same week (within one version of numpy, whose generator it draws from).

    Visits and homes gather around centres on a plane of 9 km by 9 km. Skills are as common as Zipf's law (exponent 1.6) makes words; an eighth of the
    visits or so ask for two. A quarter of the providers work five days of nine hours, the others one to three shorter ones. There is rather more work
    than hours, so that who is left out matters.
    """
    rng = np.random.default_rng(seed)
    side, skills = 9000.0, 12
    centres = rng.uniform(0, side, (max(4, visits // 60), 2))
    week: dict[str, Any] = {"seed": seed, "speed": 4.0, "visits": [], "providers": [], "shifts": []}
    for v in range(visits):
        x, y = _near(rng, centres, 500, side)
        duration = int(rng.choice([1800, 2700, 3600, 5400, 7200], p=[0.2, 0.25, 0.3, 0.15, 0.1]))
        count = int(rng.choice([1, 2, 3, 5], p=[0.4, 0.3, 0.2, 0.1]))
        days = sorted(rng.choice(7, size=count, replace=False).tolist())
        opens, closes = (int(hour) * 3600 for hour in rng.choice([(8, 12), (9, 11), (13, 17), (14, 16), (8, 18), (17, 20)]))
        asked = {int(rng.zipf(1.6) - 1) % skills}
        if rng.random() < 0.15:
            asked.add(int(rng.integers(skills)))
        week["visits"].append(
            {
                "id": v,
                "x": x,
                "y": y,
                "duration": duration,
                "windows": [[day * 86_400 + opens, day * 86_400 + max(opens, closes - duration)] for day in days],
                "skills": sorted(asked),
                "priority": int(rng.choice([1, 3, 10], p=[0.6, 0.3, 0.1])),
            }
        )
    for p in range(providers):
        x, y = _near(rng, centres, 900, side)
        is_full_time = rng.random() < 0.25
        count = int(rng.integers(4, 8)) if is_full_time else int(rng.integers(2, 5))
        able = {0, *rng.choice(skills, size=count, replace=False).tolist()}
        days = list(range(5)) if is_full_time else sorted(rng.choice(7, size=int(rng.integers(1, 4)), replace=False).tolist())
        week["providers"].append({"id": p, "x": x, "y": y, "skills": sorted(able)})
        for day in days:
            start, end = (8, 17) if is_full_time else [(8, 12), (13, 18), (9, 16), (17, 21)][int(rng.integers(4))]
            week["shifts"].append({"provider": p, "day": day, "start": day * 86_400 + start * 3600, "end": day * 86_400 + end * 3600})
    return week


def _near(rng: np.random.Generator, centres: npt.NDArray[np.float64], spread: float, side: float) -> tuple[float, float]:
    centre = centres[rng.integers(len(centres))]
    x, y = np.clip(centre + rng.normal(0, spread, 2), 0, side)
    return float(x), float(y)


def travel_of(week: dict[str, Any]) -> npt.NDArray[np.int64]:
    """Return the seconds between any two places, rounded up: the visits, then the homes of the providers."""
    places = np.array([[place["x"], place["y"]] for kind in ("visits", "providers") for place in week[kind]])
    apart = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    seconds: npt.NDArray[np.int64] = np.ceil(apart / week["speed"]).astype(np.int64)
    return seconds


def judge(week: dict[str, Any], routes: Routes) -> dict[str, Any]:
    """Return what routes serve and every rule they break: ``weight``, ``served``, ``travel`` (seconds), ``broken``.

    Each visit is served at most once, within a window, by someone with all its skills, who leaves home and is back within the shift.
    """
    travel, homes = travel_of(week), len(week["visits"])
    broken: list[str] = []
    seen: set[int] = set()
    seconds = 0
    for s, stops in routes.items():
        if not 0 <= s < len(week["shifts"]):
            broken.append(f"shift {s} is not of this week")
            continue
        shift = week["shifts"][s]
        home = at = homes + shift["provider"]
        free, able = shift["start"], set(week["providers"][shift["provider"]]["skills"])
        for v, start in stops:
            if not 0 <= v < homes:
                broken.append(f"visit {v} is not of this week")
                continue
            visit = week["visits"][v]
            if v in seen:
                broken.append(f"visit {v} is served twice")
            if not able.issuperset(visit["skills"]):
                broken.append(f"shift {s} lacks a skill of visit {v}")
            if start < free + travel[at, v]:
                broken.append(f"shift {s} starts visit {v} at {start}, but cannot be there before {free + travel[at, v]}")
            if not any(low <= start <= high for low, high in visit["windows"]):
                broken.append(f"visit {v} starts at {start}, in none of its windows")
            seen.add(v)
            seconds += int(travel[at, v])
            at, free = v, start + visit["duration"]
        if stops:
            seconds += int(travel[at, home])
            if free + travel[at, home] > shift["end"]:
                broken.append(f"shift {s} is home at {free + travel[at, home]}, after it ends at {shift['end']}")
    return {"weight": sum(week["visits"][v]["priority"] for v in seen), "served": len(seen), "travel": seconds, "broken": broken}


def total_weight(week: dict[str, Any]) -> int:
    """Return the priority of all visits."""
    return sum(visit["priority"] for visit in week["visits"])


def cost_of(week: dict[str, Any], verdict: dict[str, Any]) -> int:
    """Return what routes cost that have been judged: the priority left out, each point `UNSERVED`, and the seconds of travel."""
    return UNSERVED * (total_weight(week) - int(verdict["weight"])) + int(verdict["travel"])


def problem_of(week: dict[str, Any], *, travel: int = 1) -> Problem:
    """Return the problem that a neutral week means; `travel` is what a second of travel costs, where a point of priority costs `UNSERVED`."""
    priorities = sorted({visit["priority"] for visit in week["visits"]})
    urgency = {priority: u for u, priority in enumerate(priorities, start=1)}
    shifts: dict[int, list[dict[str, int]]] = {}
    for shift in week["shifts"]:
        shifts.setdefault(shift["provider"], []).append({"from": shift["start"], "to": shift["end"]})
    return Problem.build(
        {
            "format": "sishe-problem/1",
            "horizon": {"start": "2026-11-23", "days": 7},
            "coordinates": "plane",
            "communities": [{"id": "c", "location": {"x": 0, "y": 0}}],
            "needs": [
                {
                    "id": str(visit["id"]),
                    "community": "c",
                    "category": "elderly",
                    "urgency": urgency[visit["priority"]],
                    "location": {"x": visit["x"], "y": visit["y"]},
                    "minutes": visit["duration"] // 60,
                    "windows": [{"earliest": low, "latest": high} for low, high in visit["windows"]],
                    "team": [{"id": "one", "kinds": ["social_worker"], "skills": {f"s{skill}": 1 for skill in visit["skills"]}}],
                }
                for visit in week["visits"]
            ],
            "providers": [
                {
                    "id": str(provider["id"]),
                    "kind": "social_worker",
                    "location": {"x": provider["x"], "y": provider["y"]},
                    "skills": {f"s{skill}": 1 for skill in provider["skills"]},
                    "shifts": shifts.get(provider["id"], []),
                    "speed_kmh": week["speed"] * 3.6,
                }
                for provider in week["providers"]
            ],
            "travel": {"kind": "straight", "detour": 1},
            "weights": {**ZERO, "urgency": priorities + [0] * (PRIORITIES - len(priorities)), "unserved": UNSERVED, "travel": travel},
        }
    )


def routes_of(week: dict[str, Any], problem: Problem, plan: Plan) -> Routes:
    """Return the routes of a plan by index of shift, in order of time."""
    shifts: dict[int, list[tuple[int, int, int]]] = {}
    for s, shift in enumerate(week["shifts"]):
        shifts.setdefault(shift["provider"], []).append((shift["start"], shift["end"], s))
    routes: Routes = {}
    for assignment in plan.assignments:
        member = assignment.team[0]
        start = problem.horizon.since(member.start)
        shift = next(s for low, high, s in shifts[int(member.provider)] if low <= start < high)
        routes.setdefault(shift, []).append((int(assignment.visit.partition("#")[0]), start))
    return {shift: sorted(stops, key=lambda stop: stop[1]) for shift, stops in sorted(routes.items())}
