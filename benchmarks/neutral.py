"""The neutral week: one person a visit, skills, several day windows, priorities, shifts from home. What routers without teams can express too.

An instance is JSON: ``visits`` (x, y in metres, duration in seconds, start windows in seconds from Monday 00:00, skills, priority),
``providers`` (x, y, skills), ``shifts`` (provider, start, end) and ``speed`` (metres a second). The objective is the priority served, then travel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcher.problem import Problem, Weights

if TYPE_CHECKING:
    from matcher.plan import Plan

PRIORITIES = (1, 3, 10)
UNSERVED = 100_000
"""Cost of a point of priority left out: far more than the travel that any visit can save."""
ZERO = dict.fromkeys(set(Weights.model_fields) - {"urgency"}, 0)
"""Every weight at nothing."""


def problem_of(week: dict[str, Any]) -> Problem:
    """Return the problem that a neutral week means."""
    urgency = {priority: u for u, priority in enumerate(PRIORITIES, start=1)}
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
            "weights": {**ZERO, "urgency": [*PRIORITIES, 0, 0], "unserved": UNSERVED, "travel": 1},
        }
    )


def routes_of(week: dict[str, Any], problem: Problem, plan: Plan) -> dict[str, list[list[int]]]:
    """Return the routes of a plan by index of shift: ``[[visit, start], ...]`` in order of time."""
    starts: dict[int, list[tuple[int, int, int]]] = {}
    for s, shift in enumerate(week["shifts"]):
        starts.setdefault(shift["provider"], []).append((shift["start"], shift["end"], s))
    routes: dict[str, list[list[int]]] = {}
    for assignment in plan.assignments:
        service = assignment.team[0]
        start = problem.horizon.since(service.start)
        shift = next(s for low, high, s in starts[int(service.provider)] if low <= start < high)
        routes.setdefault(str(shift), []).append([int(assignment.visit.partition("#")[0]), start])
    return {shift: sorted(stops, key=lambda stop: stop[1]) for shift, stops in sorted(routes.items(), key=lambda item: int(item[0]))}
