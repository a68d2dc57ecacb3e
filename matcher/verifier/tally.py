"""The cost of a plan, added up term by term exactly as docs/objective.md says, in whole numbers."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from matcher.rules import Term
from matcher.verifier.teams import Links, sharing

if TYPE_CHECKING:
    from matcher.problem import Problem
    from matcher.verifier.reading import Assigned, Reading, Served

MOST_BANKED_HOURS = 100


def tally(reading: Reading) -> dict[Term, int]:
    """Return each term of the objective at its weight, all of them, in the order of the document."""
    terms = dict.fromkeys(Term, 0)
    _add_left_out(reading, terms)
    _add_promises(reading, terms)
    _add_services(reading, terms)
    _add_routes(reading, terms)
    _add_fairness(reading, terms)
    _add_stability(reading, terms)
    return terms


def _add_left_out(reading: Reading, terms: dict[Term, int]) -> None:
    weights = reading.problem.weights
    pinned = {pin.visit for pin in reading.problem.pins}
    for visit in reading.unassigned:
        need = visit.need
        terms[Term.UNSERVED] += weights.unserved * weights.urgency[need.urgency - 1]
        if visit.id in pinned:
            terms[Term.PINNED] += weights.pinned
        volunteer = reading.residents[need.resident].volunteer if need.resident is not None else None
        if volunteer is not None:
            terms[Term.BANKED] += weights.banked * min(reading.providers[volunteer].banked_hours, MOST_BANKED_HOURS)


def _add_promises(reading: Reading, terms: dict[Term, int]) -> None:
    problem, weights = reading.problem, reading.problem.weights
    faces: set[tuple[str, str]] = set()
    filled: dict[tuple[str, str], set[str]] = {}
    links = Links(problem)
    for item in reading.assigned.values():
        need = item.visit.need
        for service in item.services:
            if need.resident is not None:
                faces.add((need.resident, service.provider.id))
            if need.continuity:
                filled.setdefault((need.id, service.role.id), set()).add(service.provider.id)
        if need.preferred and _misses(item):
            terms[Term.PREFERRED_WINDOW] += weights.preferred_window
        if len(item.services) >= 2:
            terms[Term.PAIRING] += weights.pairing * sharing(links, item.members)
    for resident, provider in faces:
        terms[Term.NEW_FACE] += weights.new_face // (1 + reading.residents[resident].known.get(provider, 0))
    for names in filled.values():
        terms[Term.CONTINUITY] += weights.continuity * (len(names) - 1)


def _misses(item: Assigned) -> bool:
    """Whether the first service starts outside all preferred windows."""
    return item.first is not None and not any(low <= item.first.start <= high for low, high in item.visit.preferred)


def _add_services(reading: Reading, terms: dict[Term, int]) -> None:
    problem, weights = reading.problem, reading.problem.weights
    wanted = {need.id: set(need.preferred_providers) for need in problem.needs}
    for provider in problem.providers:
        for claimed in provider.claims:
            wanted[claimed].add(provider.id)
    latest = 0
    for service in reading.services:
        provider = service.provider
        people = wanted[service.visit.need.id]
        if people and provider.id not in people:
            terms[Term.PREFERRED_PERSON] += weights.preferred_person
        if provider.kind in service.role.role.stand_ins:
            terms[Term.STAND_IN] += weights.stand_in
        if provider.rating is not None:
            terms[Term.RATING] += weights.rating * (5 - provider.rating)
        late = lateness(service)
        latest = max(latest, late)
        terms[Term.LATENESS] += weights.lateness * late
        terms[Term.MONEY] += weights.money * service.price
    terms[Term.MAX_LATENESS] = weights.max_lateness * latest


def lateness(service: Served) -> int:
    """Return the seconds of a service's start after `latest` of that window, of those that hold it, which makes it least late.

    A start that no window holds (which `window` reports) is measured by the windows that opened before it; it is not late before all of them.
    """
    return seconds_late(service.visit.windows, service.start)


def seconds_late(windows: tuple[tuple[int, int, int], ...], start: int) -> int:
    """Return by how many seconds a start is late in the windows of a visit, as `lateness` does."""
    held = [max(0, start - latest) for earliest, latest, late in windows if earliest <= start <= late]
    if not held:
        held = [max(0, start - latest) for earliest, latest, _ in windows if earliest <= start]
    return min(held, default=0)


def _add_routes(reading: Reading, terms: dict[Term, int]) -> None:
    weights = reading.problem.weights
    for route in reading.routes:
        terms[Term.TRAVEL] += weights.travel * (sum(route.legs) + route.back)
        for before, after, leg in zip(route.services, route.services[1:], route.legs[1:], strict=False):
            terms[Term.WAITING] += weights.waiting * max(0, after.start - before.end - leg)


def _add_fairness(reading: Reading, terms: dict[Term, int]) -> None:
    problem, weights = reading.problem, reading.problem.weights
    offered: dict[str, int] = {}
    for shift in problem.shifts:
        offered[shift.provider.id] = offered.get(shift.provider.id, 0) + shift.end - shift.start
    served: dict[str, int] = {}
    for service in reading.services:
        served[service.provider.id] = served.get(service.provider.id, 0) + service.role.minutes
    for name, minutes in served.items():
        capacity = offered.get(name, 0) // 60
        most = reading.providers[name].max_minutes_week
        if most is not None:
            capacity = min(capacity, most * problem.horizon.weeks)
        if capacity > 0:
            terms[Term.WORKLOAD] += weights.workload * (minutes * minutes // capacity)
    terms[Term.EQUITY] = equity(problem, reading.assigned)


def equity(problem: Problem, assigned: Container[str]) -> int:
    """Return the term `equity` of a week of which these visits are served."""
    asked, left = urgencies(problem, assigned)
    return problem.weights.equity * sum(per_mille(out, asked[community]) for community, out in left.items())


def urgencies(problem: Problem, assigned: Container[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the urgency weight that each community asks for, and that of its visits which are not among these."""
    asked: dict[str, int] = {}
    left: dict[str, int] = {}
    for visit in problem.visits:
        urgency = problem.weights.urgency[visit.need.urgency - 1]
        asked[visit.community] = asked.get(visit.community, 0) + urgency
        if visit.id not in assigned:
            left[visit.community] = left.get(visit.community, 0) + urgency
    return asked, left


def per_mille(left: int, asked: int) -> int:
    """Return the square of what a community lacks, per thousand of what it asks for; 0 where it asks for nothing."""
    return 1000 * left * left // asked if asked > 0 else 0


def _add_stability(reading: Reading, terms: dict[Term, int]) -> None:
    problem = reading.problem
    roles = {visit.id: len(visit.roles) for visit in reading.unassigned}
    changes = 0
    for line in problem.in_force:
        item = reading.assigned.get(line.visit)
        if item is None:
            changes += roles[line.visit] + 1
            continue
        # A role that nobody fills in the plan in force changes as soon as somebody does.
        team = {service.role.id: service.provider.id for service in item.services}
        changes += sum(team.get(role.id) != line.team.get(role.id) for role in item.visit.roles)
        changes += item.first is None or item.first.start != problem.horizon.since(line.start)
    terms[Term.STABILITY] = problem.weights.stability * changes
