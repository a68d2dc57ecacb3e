"""Pins, and the plan in force, against the windows, teams and horizon of a problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.errors import Fault
from matcher.fields import DAY, clock, counted, seconds_of, show
from matcher.visits import VisitRole, need_of, roles_of

if TYPE_CHECKING:
    from matcher.people import Provider
    from matcher.problem import Need, Pin, Problem
    from matcher.validation.times import Reach


def pin_faults(problem: Problem, reach: Reach) -> Iterator[Fault]:
    """Yield what contradicts itself in pins, and lines of the plan in force outside the horizon."""
    yield from _in_force(problem, reach)
    if not problem.pins:
        return
    needs = {need.id: need for need in reversed(problem.needs)}
    providers = {provider.id: provider for provider in reversed(problem.providers)}
    refused = {resident.id: frozenset(resident.refused) for resident in reversed(problem.residents)}
    of_visit: dict[str, list[int]] = defaultdict(list)
    of_role: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for i, pin in enumerate(problem.pins):
        need = needs.get(need_of(pin.visit))
        if need is None:
            continue
        of_visit[pin.visit].append(i)
        yield from _shape(pin, i)
        yield from _person(pin, i, need, providers, refused)
        yield from _time(pin, i, need, reach)
        if pin.role is not None and pin.provider is not None and need.max_providers is not None:
            people = of_role[need.id, pin.role]
            people.setdefault(pin.provider, i)
            if len(people) == need.max_providers + 1 and people[pin.provider] == i:
                message = f"pins give role {show(pin.role)} of need {show(need.id)} {len(people)} providers, max_providers is {need.max_providers}"
                yield Fault(f"/pins/{i}/provider", message, "conflict")
    for visit, indices in of_visit.items():
        if len(indices) > 1:
            yield from _together(visit, indices, problem, reach, roles(needs[need_of(visit)], visit))


def roles(need: Need, visit: str) -> tuple[VisitRole, ...]:
    """Return the roles of a visit of a need (its first one may have a team of its own)."""
    team = need.first_team if visit.endswith("#1") and need.first_team is not None else need.team
    return roles_of(team, need.minutes)


def _in_force(problem: Problem, reach: Reach) -> Iterator[Fault]:
    end = max([problem.horizon.seconds, *reach.last_end.values()])
    for i, line in enumerate(problem.in_force):
        if not 0 <= problem.horizon.since(line.start) < end:
            last = problem.horizon.moment(problem.horizon.seconds).isoformat()
            message = f"{line.start.isoformat()} is outside the horizon, {problem.horizon.start.isoformat()}T00:00:00 to {last}"
            yield Fault(f"/in_force/{i}/start", message, "range")


def _shape(pin: Pin, i: int) -> Iterator[Fault]:
    if pin.provider is None and pin.day is None and pin.start is None:
        yield Fault(f"/pins/{i}", "pins nothing: should have a provider, a day or a start", "missing")
    elif pin.role is not None and pin.provider is None:
        yield Fault(f"/pins/{i}/provider", f"is missing: role {show(pin.role)} is pinned to nobody", "missing")


def _person(pin: Pin, i: int, need: Need, providers: dict[str, Provider], refused: dict[str, frozenset[str]]) -> Iterator[Fault]:
    provider = providers.get(pin.provider or "")
    if provider is None:
        return
    places = [place for place in roles(need, pin.visit) if pin.role in (None, place.id)]
    kinds = {kind for place in places for kind in (*place.role.kinds, *place.role.stand_ins)}
    if places and provider.kind not in kinds:
        taker = f"role {show(pin.role)} of visit {show(pin.visit)}" if pin.role is not None else f"visit {show(pin.visit)}"
        message = f"provider {show(provider.id)} is of kind {provider.kind!r}, {taker} takes {', '.join(sorted(kinds))}"
        yield Fault(f"/pins/{i}/provider", message, "conflict")
    if provider.id in refused.get(need.resident or "", ()):
        message = f"provider {show(provider.id)} is refused by resident {show(need.resident)} of need {show(need.id)}"
        yield Fault(f"/pins/{i}/provider", message, "conflict")


def pinned_start(pin: Pin, reach: Reach) -> int | None:
    """Return the start that a pin asks for, in seconds from the start of the horizon; None if it asks for none or its one day is not known."""
    if pin.start is None or isinstance(pin.start, int):
        return pin.start
    if isinstance(pin.start, str):
        days = reach.horizon.indices(pin.day) if pin.day is not None else ()
        return days[0] * DAY + seconds_of(pin.start) if len(days) == 1 else None
    return reach.horizon.since(pin.start)


def _time(pin: Pin, i: int, need: Need, reach: Reach) -> Iterator[Fault]:
    horizon, spans = reach.horizon, reach.windows(need)
    days = set(horizon.indices(pin.day)) if pin.day is not None else None
    if days is not None and not days:
        yield Fault(f"/pins/{i}/day", f"{pin.day} is not one of the {horizon.days} days from {horizon.start.isoformat()} that are planned", "range")
        return
    start = pinned_start(pin, reach)
    if pin.start is not None and start is None:
        has = f"{pin.day} names {len(days)} days" if days else "no day is given"
        path, code = (f"/pins/{i}/day", "conflict") if days else (f"/pins/{i}/day", "missing")
        yield Fault(path, f"a start by the clock ({show(pin.start)}) needs the one day that it is on; {has}", code)
        return
    if days is not None and spans and not days.intersection(reach.days(spans)):
        message = f"day {pin.day} is outside the windows of need {show(need.id)}, which are on {_days(reach, reach.days(spans))}"
        yield Fault(f"/pins/{i}/day", message, "conflict")
    elif start is not None and spans and not any(low <= start <= high for low, high in spans):
        message = f"start {_moment(reach, start)} is outside the windows of need {show(need.id)}: {_windows(reach, spans)}"
        yield Fault(f"/pins/{i}/start", message, "conflict")
    elif start is not None and days is not None and not days.intersection(reach.day_of(start)):
        yield Fault(f"/pins/{i}/start", f"start {_moment(reach, start)} is not on day {pin.day}, which the pin asks for as well", "conflict")


def _together(visit: str, indices: list[int], problem: Problem, reach: Reach, places: tuple[VisitRole, ...]) -> Iterator[Fault]:
    """Yield what two pins on the same visit do not agree about."""
    days: set[int] | None = None
    start: tuple[int, int] | None = None
    by_role: dict[str, tuple[int, str]] = {}
    by_provider: dict[str, tuple[int, str]] = {}
    people: dict[str, int] = {}
    for i in indices:
        pin = problem.pins[i]
        if pin.day is not None:
            named = set(reach.horizon.indices(pin.day))
            if days is not None and named and days and not days & named:
                message = f"day {pin.day} does not agree with the other pins of visit {show(visit)}, on {_days(reach, tuple(days))}"
                yield Fault(f"/pins/{i}/day", message, "conflict")
            days = named if not days else days & named or days
        moment = pinned_start(pin, reach)
        if moment is not None:
            if start is not None and start[0] != moment:
                message = f"start {_moment(reach, moment)} does not agree with pin {start[1]} of visit {show(visit)}, at {_moment(reach, start[0])}"
                yield Fault(f"/pins/{i}/start", message, "conflict")
            start = start or (moment, i)
        if pin.provider is None:
            continue
        people.setdefault(pin.provider, i)
        if pin.role is None:
            continue
        other = by_role.setdefault(pin.role, (i, pin.provider))
        if other[1] != pin.provider:
            message = f"role {show(pin.role)} of visit {show(visit)} is pinned to {show(other[1])} by pin {other[0]} already"
            yield Fault(f"/pins/{i}/provider", message, "conflict")
        place = by_provider.setdefault(pin.provider, (i, pin.role))
        if place[1] != pin.role:
            message = f"provider {show(pin.provider)} is pinned to role {show(place[1])} of visit {show(visit)} by pin {place[0]} already"
            yield Fault(f"/pins/{i}/role", message, "conflict")
    if len(people) > len(places):
        message = f"{counted(len(people), 'provider')} are pinned to the {counted(len(places), 'role')} of visit {show(visit)}"
        yield Fault(f"/pins/{max(people.values())}/provider", message, "conflict")
    if start is not None and days and not days.intersection(reach.day_of(start[0])):
        message = f"start {_moment(reach, start[0])} is not on the day that other pins of visit {show(visit)} ask for, {_days(reach, tuple(days))}"
        if problem.pins[start[1]].day is None:
            yield Fault(f"/pins/{start[1]}/start", message, "conflict")


def _moment(reach: Reach, seconds: int) -> str:
    if not 0 <= seconds <= 2 * reach.horizon.seconds:
        return f"{seconds} seconds from the start of the horizon"
    return f"{_date(reach, seconds // DAY)} {clock(seconds % DAY)}"


def _date(reach: Reach, day: int) -> str:
    return reach.horizon.moment(day * DAY).date().isoformat()


def _days(reach: Reach, days: tuple[int, ...]) -> str:
    return ", ".join(_date(reach, day) for day in sorted(days)[:7]) + (", ..." if len(days) > 7 else "")


def _windows(reach: Reach, spans: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{_moment(reach, low)} to {_moment(reach, high)}" for low, high in spans[:4]) + (", ..." if len(spans) > 4 else "")
