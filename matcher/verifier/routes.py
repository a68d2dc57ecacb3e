"""The rules of one provider's time: `window`, `shift`, `travel`, `leg`, `lunch`, minutes a day and a week, `caseload`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.fields import DAY, clock
from matcher.rules import Rule
from matcher.verifier.violations import Violation, iso, listed, spent, told, told_day, told_span

if TYPE_CHECKING:
    from matcher.verifier.reading import Reading, Route
    from matcher.visits import Shift


def route_violations(reading: Reading) -> Iterator[Violation]:
    """Yield what is wrong with the times of services, route by route, and with what each provider does in a day and a week."""
    yield from _windows(reading)
    yield from _outside_shifts(reading)
    for route in reading.routes:
        if route.services[0].has_crew:
            yield from _ends(reading, route)
            yield from _travel(reading, route)
            yield from _legs(route)
            yield from _lunch(reading, route)
    yield from _minutes(reading)
    yield from _caseload(reading)


def _windows(reading: Reading) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    for service in reading.services:
        windows = service.visit.windows
        if not any(low <= service.start <= late for low, _, late in windows):
            near = sorted(windows, key=lambda w: max(w[0] - service.start, service.start - w[2]))
            spans = listed(told_span(horizon, low, late) for low, _, late in near)
            message = f"role {service.role.id!r} starts {told(horizon, service.start)}, outside every window ({spans})"
            allowed = [[iso(horizon, low), iso(horizon, late)] for low, _, late in windows]
            yield Violation(Rule.WINDOW, service.visit.id, service.provider.id, message, iso(horizon, service.start), allowed)


def _outside_shifts(reading: Reading) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    lost = [service for service in reading.services if service.shift is None]
    shifts: dict[str, list[Shift]] = {service.provider.id: [] for service in lost}
    if lost:
        for shift in reading.problem.shifts:
            if shift.crew == 1 and shift.provider.id in shifts:
                shifts[shift.provider.id].append(shift)
    for service in lost:
        offered = shifts[service.provider.id]
        near = sorted(offered, key=lambda shift: max(shift.start - service.start, service.end - shift.end))
        spans = listed((told_span(horizon, shift.start, shift.end) for shift in near), "has none")
        message = f"serves {told_span(horizon, service.start, service.end)}, which no shift holds ({spans})"
        was = [iso(horizon, service.start), iso(horizon, service.end)]
        allowed = [[iso(horizon, shift.start), iso(horizon, shift.end)] for shift in offered]
        yield Violation(Rule.SHIFT, service.visit.id, service.provider.id, message, was, allowed)


def _ends(reading: Reading, route: Route) -> Iterator[Violation]:
    horizon, shift = reading.problem.horizon, route.shift
    first, last = route.services[0], route.services[-1]
    soonest = shift.start + route.legs[0]
    if first.start < soonest:
        message = (
            f"starts {told(horizon, first.start)}, before {told(horizon, soonest)}: "
            f"the shift starts {told(horizon, shift.start)} and the way from the base takes {spent(route.legs[0])}"
        )
        yield Violation(Rule.SHIFT, first.visit.id, route.provider.id, message, iso(horizon, first.start), {"from": iso(horizon, soonest)})
    latest = shift.end - route.back
    if last.end > latest:
        message = (
            f"ends {told(horizon, last.end)}, after {told(horizon, latest)}: "
            f"the shift ends {told(horizon, shift.end)} and the way back to the base takes {spent(route.back)}"
        )
        yield Violation(Rule.SHIFT, last.visit.id, route.provider.id, message, iso(horizon, last.end), {"to": iso(horizon, latest)})


def _travel(reading: Reading, route: Route) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    for before, after, leg in zip(route.services, route.services[1:], route.legs[1:], strict=False):
        # One provider in two roles of a visit is `one_role`, and no question of travel.
        if after.start < before.end + leg and before.visit.id != after.visit.id:
            soonest = before.end + leg
            message = (
                f"starts {told(horizon, after.start)}, before {told(horizon, soonest)}: "
                f"visit {before.visit.id!r} ends {told(horizon, before.end)} and the way takes {spent(leg)}"
            )
            yield Violation(Rule.TRAVEL, after.visit.id, route.provider.id, message, iso(horizon, after.start), {"from": iso(horizon, soonest)})


def _legs(route: Route) -> Iterator[Violation]:
    most = route.provider.max_leg_minutes
    if most is None:
        return
    ways = [(service.visit.id, leg, "to it") for service, leg in zip(route.services, route.legs, strict=True)]
    ways.append((route.services[-1].visit.id, route.back, "back to the base"))
    for visit, leg, where in ways:
        if leg > most * 60:
            yield Violation(Rule.LEG, visit, route.provider.id, f"the way {where} takes {spent(leg)}, at most {most} min are allowed", leg, most * 60)


def _lunch(reading: Reading, route: Route) -> Iterator[Violation]:
    if route.shift.lunch is None or _has_lunch(route):
        return
    horizon, (low, high, length) = reading.problem.horizon, route.shift.lunch
    ordered = route.services
    busy = [
        service
        for index, service in enumerate(ordered)
        if (index + 1 == len(ordered) or ordered[index + 1].start > low) and (index == 0 or ordered[index - 1].end < high)
    ]
    message = (
        f"no break of {spent(length)} on {told_span(horizon, low, high)} beside the way between services; "
        f"serves {listed(f'{clock(service.start % DAY)}-{clock(service.end % DAY)}' for service in busy)}"
    )
    was = [[iso(horizon, service.start), iso(horizon, service.end)] for service in busy]
    allowed = {"from": iso(horizon, low), "to": iso(horizon, high), "minutes": length // 60}
    yield Violation(Rule.LUNCH, None, route.provider.id, message, was, allowed)


def _has_lunch(route: Route) -> bool:
    assert route.shift.lunch is not None
    low, high, length = route.shift.lunch
    free_from = route.shift.start
    ends = [*(service.start for service in route.services), route.shift.end]
    busy_to = [*(service.end for service in route.services), route.shift.end]
    for free_to, busy_until, leg in zip(ends, busy_to, (*route.legs, route.back), strict=True):
        after_the_way = max(low, free_from + leg) + length <= min(high, free_to)
        before_the_way = max(low, free_from) + length <= min(high, free_to - leg)
        if after_the_way or before_the_way:
            return True
        # A service that another one overlaps may be the later to end.
        free_from = max(free_from, busy_until)
    return False


def _minutes(reading: Reading) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    days: dict[tuple[str, int], int] = {}
    weeks: dict[tuple[str, int], int] = {}
    for service in reading.services:
        name = service.provider.id
        if service.provider.max_minutes_day is not None:
            days[name, service.day] = days.get((name, service.day), 0) + service.role.minutes
        if service.provider.max_minutes_week is not None:
            weeks[name, service.week] = weeks.get((name, service.week), 0) + service.role.minutes
    for (name, day), minutes in sorted(days.items()):
        most = reading.providers[name].max_minutes_day
        if most is not None and minutes > most:
            message = f"serves {minutes} min on {told_day(horizon, day)}, at most {most} min a day are allowed"
            yield Violation(Rule.DAY_MINUTES, None, name, message, minutes, most)
    for (name, week), minutes in sorted(weeks.items()):
        most = reading.providers[name].max_minutes_week
        if most is not None and minutes > most:
            message = f"serves {minutes} min in the week from {told_day(horizon, 7 * week)}, at most {most} min a week are allowed"
            yield Violation(Rule.WEEK_MINUTES, None, name, message, minutes, most)


def _caseload(reading: Reading) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    served: dict[tuple[str, int], set[str]] = {}
    for service in reading.services:
        if service.provider.caseload is not None and service.visit.need.resident is not None:
            served.setdefault((service.provider.id, service.week), set()).add(service.visit.need.resident)
    for (name, week), residents in sorted(served.items()):
        most = reading.providers[name].caseload
        if most is not None and len(residents) > most:
            message = f"serves {len(residents)} residents in the week from {told_day(horizon, 7 * week)}, at most {most} are allowed"
            yield Violation(Rule.CASELOAD, None, name, message, len(residents), most)
