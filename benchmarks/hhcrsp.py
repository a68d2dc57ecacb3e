"""Home health care routing and scheduling (HHCRSP): skills, soft windows, visits by two caregivers together or one after the other.

The cost is (distance + total tardiness + highest tardiness) / 3, all patients served (Mankowska, Meisel and Bierwirth 2014,
doi 10.1007/s10729-013-9243-1). Instances and best known costs: Ceschia et al. 2024, doi 10.1111/itor.13585; Kummer et al. 2022, BRKGA.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.judge import durations_of, gap_of, places_of, whole
from benchmarks.neutral import ZERO
from benchmarks.shape import InstanceError, faults_of, hold_to, read_json
from matcher.errors import Fault
from matcher.problem import Problem

if TYPE_CHECKING:
    from matcher.plan import Plan

TICKS = 3000
"""Seconds that stand for one unit of an instance's time: whole minutes for durations, exact for distances of three decimals."""
DAYS = 3000
"""Days of the horizon, far more than any caregiver needs to serve everybody."""
UNSERVED = 10**9
"""Cost of a patient left out, in ticks: far more than serving anybody, however late, costs in the public instances."""

SHAPE = {
    "patients": [
        {
            "id": str,
            "time_window": (float, float),
            "required_caregivers": [{"service": str, "duration?": float}],
            "synchronization?": {"type": str},
            "distance_matrix_index?": int,
        }
    ],
    "services": [{"id": str, "default_duration?": float}],
    "caregivers": [{"id": str, "abilities": [str]}],
    "distances": [[float]],
}


def read(path: str | Path) -> dict[str, Any]:
    """Return the instance in a file. Raises `InstanceError` with every fault, `OSError` where the file cannot be read."""
    instance = read_json(path)
    hold_to(instance, SHAPE)
    faults = _inconsistencies(instance)
    if faults:
        raise InstanceError(faults)
    found: dict[str, Any] = instance
    return found


def _inconsistencies(instance: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    for kind in ("patients", "services", "caregivers"):
        seen: set[str] = set()
        for k, thing in enumerate(instance[kind]):
            if thing["id"] in seen:
                faults.append(Fault(f"/{kind}/{k}/id", f"{thing['id']!r} is the id of another of the {kind} too", "duplicate"))
            seen.add(thing["id"])
    legs = instance["distances"]
    for k, row in enumerate(legs):
        if len(row) != len(legs):
            faults.append(Fault(f"/distances/{k}", f"should have {len(legs)} values, as there are rows, has {len(row)}", "range"))
        elif min(row) < 0:
            faults.append(Fault(f"/distances/{k}/{row.index(min(row))}", f"should be from 0, was {min(row)}", "range"))
    usual = {service["id"]: service.get("default_duration") for service in instance["services"]}
    for k, patient in enumerate(instance["patients"], start=1):
        at = f"/patients/{k - 1}"
        row = patient.get("distance_matrix_index", k)
        if not 0 <= (k if row is None else row) < len(legs):
            faults.append(Fault(at, f"has row {row} of the distances, which have {len(legs)}", "range"))
        if not 0 <= patient["time_window"][0] <= patient["time_window"][1]:
            faults.append(Fault(f"{at}/time_window", f"should open from 0 and then close, was {patient['time_window']}", "order"))
        faults += _odd_services(patient, usual, at)
    return faults


def _odd_services(patient: dict[str, Any], usual: dict[str, float | None], at: str) -> list[Fault]:
    faults: list[Fault] = []
    asked = patient["required_caregivers"]
    if not 1 <= len({ask["service"] for ask in asked}) == len(asked) <= 2:
        faults.append(Fault(f"{at}/required_caregivers", f"should be one service or two different ones, was {len(asked)}", "range"))
    for k, ask in enumerate(asked):
        duration = ask.get("duration") or usual.get(ask["service"])
        if ask["service"] not in usual:
            faults.append(Fault(f"{at}/required_caregivers/{k}/service", f"{ask['service']!r} is not one of the services", "unknown"))
        elif duration is None or duration <= 0:
            faults.append(Fault(f"{at}/required_caregivers/{k}/duration", f"should be above 0, or left to the service, was {duration}", "range"))
    meeting = patient.get("synchronization") or {"type": "independent"}
    if meeting["type"] not in ("independent", "simultaneous", "sequential"):
        faults.append(Fault(f"{at}/synchronization/type", f"should be simultaneous or sequential, was {meeting['type']!r}", "unknown"))
    elif meeting["type"] == "sequential":
        gap: Any = meeting.get("distance")
        odd = faults_of(gap, {"min": float, "max": float} if isinstance(gap, dict) else (float, float), f"{at}/synchronization/distance")
        if not odd:
            least, most = (gap["min"], gap["max"]) if isinstance(gap, dict) else gap
            if not 0 <= least <= most:
                odd = [Fault(f"{at}/synchronization/distance", f"should be a least gap from 0 and a longest one, was {[least, most]}", "order")]
        faults += odd
    return faults


def problem_of(instance: dict[str, Any]) -> Problem:
    """Return the problem that an instance means."""
    end = DAYS * 86_400
    durations, rows = durations_of(instance), places_of(instance)
    return Problem.build(
        {
            "format": "sishe-problem/1",
            "horizon": {"start": "2026-11-23", "days": DAYS},
            "coordinates": "plane",
            "communities": [{"id": "c", "location": {"row": 0}}],
            "needs": [_need(patient, rows, durations, end) for patient in instance["patients"]],
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
            "weights": {**ZERO, "unserved": UNSERVED, "travel": 1, "lateness": 1, "max_lateness": 1},
        }
    )


def _need(patient: dict[str, Any], rows: dict[str, int], durations: dict[tuple[str, str], float], end: int) -> dict[str, Any]:
    low, high = (math.floor(round(whole(time), 6) * TICKS) for time in patient["time_window"])
    services = [asked["service"] for asked in patient["required_caregivers"]]
    roles: list[dict[str, Any]] = [
        {
            "id": f"{k}",
            "kinds": ["social_worker"],
            "skills": {service: 1},
            "minutes": math.ceil(round(durations[patient["id"], service] * TICKS / 60, 6)),
        }
        for k, service in enumerate(services, start=1)
    ]
    need: dict[str, Any] = {
        "id": patient["id"],
        "community": "c",
        "category": "elderly",
        "location": {"row": rows[patient["id"]]},
        "minutes": max(role["minutes"] for role in roles),
        "windows": [{"earliest": low, "latest": high, "late_by": -((high - end) // 60)}],
        "team": roles,
    }
    gap = gap_of(patient)
    if len(roles) == 2 and gap is None:
        need["meet"] = "independent"
    elif gap is not None and patient["synchronization"]["type"] == "simultaneous":
        need["meet"] = "together"
    elif gap is not None:
        need.update(meet="in_sequence", gap={"min_minutes": math.ceil(gap[0] * TICKS / 60), "max_minutes": math.floor(gap[1] * TICKS / 60)})
    return need


def solution_of(instance: dict[str, Any], problem: Problem, plan: Plan) -> dict[str, Any]:
    """Return the plan in the published form: for each caregiver the stops in order of time, and the patients in order of their first service."""
    patients = {patient["id"]: patient for patient in instance["patients"]}
    durations = durations_of(instance)
    routes: dict[str, list[dict[str, Any]]] = {caregiver["id"]: [] for caregiver in instance["caregivers"]}
    begins: dict[str, float] = {}
    for assignment in plan.assignments:
        name = assignment.visit.rpartition("#")[0]
        for member in assignment.team:
            service = patients[name]["required_caregivers"][int(member.role) - 1]["service"]
            start = problem.horizon.since(member.start) / TICKS
            begins[name] = min(start, begins.get(name, math.inf))
            stop = {"patient_id": name, "service_id": service, "arrival_time": start, "departure_time": start + durations[name, service]}
            routes[member.provider].append(stop)
    for stops in routes.values():
        stops.sort(key=lambda stop: stop["arrival_time"])
    return {
        "routes": [{"caregiver_id": caregiver, "locations": stops} for caregiver, stops in routes.items()],
        "global_ordering": sorted(begins, key=lambda name: begins[name]),
    }


def cost_of(total: int) -> float:
    """Return the published cost from the engine's, where everybody is served."""
    return total / (3 * TICKS)
