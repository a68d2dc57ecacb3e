"""A judge of solutions of home health care routing and scheduling: plain loops over the published form, no code of the engine.

The rules and the cost are those of Mankowska, Meisel and Bierwirth (2014), doi 10.1007/s10729-013-9243-1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

SLACK = 1e-3
"""How far a time may be off: published solutions are written with three decimals."""


@dataclass
class Verdict:
    """What a solution costs, in the instance's unit, and every rule that it breaks."""

    distance: float = 0.0
    total_tardiness: float = 0.0
    max_tardiness: float = 0.0
    broken: list[str] = field(default_factory=list)

    @property
    def is_feasible(self) -> bool:
        """Whether no rule is broken."""
        return not self.broken

    @property
    def cost(self) -> float:
        """The mean of distance, total tardiness and highest tardiness."""
        return (self.distance + self.total_tardiness + self.max_tardiness) / 3


def whole(time: float) -> float:
    """Return a time without the noise of floats: the Italian family has whole numbers that are a hair below what they mean, and publishes costs
    for what is left after cutting them."""
    return float(math.floor(time)) if abs(time - round(time)) < 1e-6 else time


def places_of(instance: dict[str, Any]) -> dict[str, int]:
    """Return the row of the distances where each patient is; row 0 is the office."""
    rows = {}
    for row, patient in enumerate(instance["patients"], start=1):
        own = patient.get("distance_matrix_index")
        rows[patient["id"]] = row if own is None else own
    return rows


def durations_of(instance: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Return how long each service of each patient takes."""
    usual = {service["id"]: service.get("default_duration") for service in instance["services"]}
    return {
        (patient["id"], asked["service"]): asked.get("duration") or usual[asked["service"]]
        for patient in instance["patients"]
        for asked in patient["required_caregivers"]
    }


def gap_of(patient: dict[str, Any]) -> tuple[float, float] | None:
    """Return how long after the first service of a patient the second may start, from and to; None where it does not matter."""
    meeting = patient.get("synchronization") or {"type": "independent"}
    if len(patient["required_caregivers"]) < 2 or meeting["type"] == "independent":
        return None
    if meeting["type"] == "simultaneous":
        return 0.0, 0.0
    gap = meeting["distance"]
    return (gap["min"], gap["max"]) if isinstance(gap, dict) else (gap[0], gap[1])


def judge(instance: dict[str, Any], solution: dict[str, Any]) -> Verdict:
    """Return what a solution costs and which rules it breaks.

    Every service of every patient is given once, by a caregiver who has the ability, the services of one patient by different caregivers; none starts
    before the window opens, nor before the caregiver has come from the last stop; two services of a patient keep their gap.
    """
    verdict = Verdict()
    patients = {patient["id"]: patient for patient in instance["patients"]}
    abilities = {caregiver["id"]: set(caregiver["abilities"]) for caregiver in instance["caregivers"]}
    rows, durations, legs = places_of(instance), durations_of(instance), instance["distances"]
    given: dict[tuple[str, str], tuple[str, float]] = {}
    for route in solution["routes"]:
        who, at, free = route["caregiver_id"], 0, 0.0
        if who not in abilities:
            verdict.broken.append(f"caregiver {who} is not of this instance")
            continue
        stops = [stop for stop in route.get("locations") or [] if "patient_id" in stop]
        for stop in stops:
            patient, service, start = stop["patient_id"], stop["service_id"], stop["arrival_time"]
            asked = (patient, service)
            if asked not in durations:
                verdict.broken.append(f"patient {patient} does not ask for {service}")
                continue
            if service not in abilities[who]:
                verdict.broken.append(f"{who} cannot give {service} to {patient}")
            if asked in given:
                verdict.broken.append(f"{patient} is given {service} twice")
            leg = legs[at][rows[patient]]
            if start < free + leg - SLACK:
                verdict.broken.append(f"{who} starts at {patient} at {start}, but cannot be there before {free + leg:.3f}")
            opens, closes = (whole(time) for time in patients[patient]["time_window"])
            if start < opens - SLACK:
                verdict.broken.append(f"{service} of {patient} starts at {start}, before its window opens at {opens}")
            given[asked] = who, start
            late = max(0.0, start - closes)
            verdict.total_tardiness += late
            verdict.max_tardiness = max(verdict.max_tardiness, late)
            verdict.distance += leg
            at, free = rows[patient], start + durations[asked]
        if stops:
            verdict.distance += legs[at][0]
    for name, patient in patients.items():
        verdict.broken += _broken_team(name, patient, given)
    return verdict


def _broken_team(name: str, patient: dict[str, Any], given: dict[tuple[str, str], tuple[str, float]]) -> list[str]:
    services = [asked["service"] for asked in patient["required_caregivers"]]
    missing = [service for service in services if (name, service) not in given]
    if missing:
        return [f"{name} is not given {', '.join(missing)}"]
    if len(services) < 2:
        return []
    (first, begin), (second, follow) = (given[name, service] for service in services)
    broken = [f"{name} is given both services by {first}"] if first == second else []
    gap = gap_of(patient)
    if gap is not None and not gap[0] - SLACK <= follow - begin <= gap[1] + SLACK:
        broken.append(f"the services of {name} start {follow - begin:.3f} apart, which should be from {gap[0]} to {gap[1]}")
    return broken
