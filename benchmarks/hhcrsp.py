"""Home health care routing and scheduling (HHCRSP): skills, soft windows, visits by two caregivers together or one after the other.

The cost is (distance + total tardiness + highest tardiness) / 3, all patients served (Mankowska, Meisel and Bierwirth 2014,
doi 10.1007/s10729-013-9243-1). Instances and best known costs: Ceschia et al. 2024, doi 10.1111/itor.13585; Kummer et al. 2022, BRKGA.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmarks.neutral import ZERO
from matcher.problem import Problem

if TYPE_CHECKING:
    from matcher.plan import Plan

TICKS = 3000
"""Seconds that stand for one unit of an instance's time: whole minutes for durations, exact for distances of three decimals."""
DAYS = 3000
"""Days of the horizon, far more than any caregiver needs to serve everybody."""


def problem_of(instance: dict[str, Any]) -> Problem:
    """Return the problem that an instance means."""
    default = {service["id"]: service.get("default_duration") for service in instance["services"]}
    end = DAYS * 86_400
    return Problem.build(
        {
            "format": "sishe-problem/1",
            "horizon": {"start": "2026-11-23", "days": DAYS},
            "coordinates": "plane",
            "communities": [{"id": "c", "location": {"row": 0}}],
            "needs": [_need(patient, row, default, end) for row, patient in enumerate(instance["patients"], start=1)],
            "providers": [
                {
                    "id": caregiver["id"],
                    "kind": "social_worker",
                    "location": {"row": 0},
                    "skills": dict.fromkeys(caregiver["abilities"], 1),
                    "shifts": [{"from": 0, "to": end}],
                }
                for caregiver in instance["caregivers"]
            ],
            "travel": {"kind": "matrix", "seconds": [[math.ceil(round(leg * TICKS, 6)) for leg in row] for row in instance["distances"]]},
            "weights": {**ZERO, "unserved": 10**9, "travel": 1, "lateness": 1, "max_lateness": 1},
        }
    )


def _need(patient: dict[str, Any], row: int, default: dict[str, Any], end: int) -> dict[str, Any]:
    low, high = (math.floor(round(time, 6) * TICKS) for time in patient["time_window"])
    asked = patient["required_caregivers"]
    roles: list[dict[str, Any]] = [
        {"id": f"{k}", "kinds": ["social_worker"], "skills": {ask["service"]: 1}, "minutes": _minutes(ask.get("duration") or default[ask["service"]])}
        for k, ask in enumerate(asked, start=1)
    ]
    need: dict[str, Any] = {
        "id": patient["id"],
        "community": "c",
        "category": "elderly",
        "location": {"row": row if patient.get("distance_matrix_index") is None else patient["distance_matrix_index"]},
        "minutes": max(role["minutes"] for role in roles),
        "windows": [{"earliest": low, "latest": high, "late_by": -((high - end) // 60)}],
        "team": roles,
    }
    meeting = patient.get("synchronization") or {"type": "independent"}
    if len(roles) == 2 and meeting["type"] == "sequential":
        gap = meeting["distance"]
        least, most = gap if isinstance(gap, list) else (gap["min"], gap["max"])
        need.update(meet="in_sequence", gap={"min_minutes": math.ceil(least * TICKS / 60), "max_minutes": math.floor(most * TICKS / 60)})
    elif len(roles) == 2:
        need["meet"] = "together" if meeting["type"] == "simultaneous" else "independent"
    return need


def _minutes(duration: float) -> int:
    return math.ceil(round(duration * TICKS / 60, 6))


def solution_of(instance: dict[str, Any], problem: Problem, plan: Plan) -> dict[str, Any]:
    """Return the plan in the published form: for each caregiver the stops, with patient, service and start."""
    patients = {patient["id"]: patient for patient in instance["patients"]}
    stops: dict[str, list[dict[str, Any]]] = {caregiver["id"]: [] for caregiver in instance["caregivers"]}
    for assignment in plan.assignments:
        name = assignment.visit.rpartition("#")[0]
        for service in assignment.team:
            asked = patients[name]["required_caregivers"][int(service.role) - 1]["service"]
            start = problem.horizon.since(service.start) / TICKS
            stops[service.provider].append({"patient": name, "service": asked, "arrival_time": start})
    for route in stops.values():
        route.sort(key=lambda stop: stop["arrival_time"])
    return {"routes": [{"caregiver_id": caregiver, "locations": route} for caregiver, route in stops.items()]}


def cost_of(total: int) -> float:
    """Return the published cost from the engine's, where everybody is served."""
    return total / (3 * TICKS)
