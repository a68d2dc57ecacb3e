"""Times, places and travel of a problem: what contradicts itself, before any search is started.

The references may be faulty (all faults are reported at once), so that nothing here takes one for granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from matcher.errors import Fault
from matcher.fields import DAY, WEEKDAYS, clock, show
from matcher.problem import MatrixTravel, RoadTravel
from matcher.validation import pointer
from matcher.validation.pins import pin_faults
from matcher.validation.times import Days, Reach

if TYPE_CHECKING:
    from matcher.fields import Horizon, Location, Span
    from matcher.problem import Need, Problem, Role


def consistency_faults(problem: Problem) -> Iterator[Fault]:
    """Yield every contradiction of times, places, teams, travel and pins."""
    reach = Reach(problem)
    yield from _needs(problem, reach)
    yield from _providers(problem)
    for i, venue in enumerate(problem.venues):
        for j, span in enumerate(venue.opening):
            yield from _outside(problem.horizon, span.day, span.start, pointer("venues", i, "opening", j), "from")
    yield from _travel(problem)
    yield from pin_faults(problem, reach)


def _outside(horizon: Horizon, day: str | None, start: str | int, path: str, name: str) -> Iterator[Fault]:
    """Yield the fault of a day, or of seconds, beyond the horizon. A weekday that a short horizon lacks is none: it means no day of it."""
    if day is not None and day not in WEEKDAYS and not horizon.indices(day):
        yield Fault(f"{path}/day", f"{day} is not one of the {horizon.days} days from {horizon.start.isoformat()} that are planned", "range")
    if isinstance(start, int) and start >= horizon.seconds:
        yield Fault(f"{path}/{name}", f"{start} seconds are beyond the horizon, which ends at {horizon.seconds}", "range")


def _needs(problem: Problem, reach: Reach) -> Iterator[Fault]:
    residents = {resident.id: resident for resident in reversed(problem.residents)}
    communities = {community.id: community for community in reversed(problem.communities)}
    seats = {venue.id: max(room.seats for room in venue.rooms) for venue in reversed(problem.venues)}
    for i, need in enumerate(problem.needs):
        path = pointer("needs", i)
        resident = residents.get(need.resident or "")
        if (need.resident is None) == (need.community is None):
            has = "neither" if need.resident is None else "both"
            name = "resident" if need.resident is None else "community"
            yield Fault(f"{path}/{name}", f"should have a resident or a community, has {has}", "missing" if has == "neither" else "conflict")
        elif need.place == "home" and need.location is None and (resident is None or resident.location is None):
            community = communities.get(resident.community if resident is not None else need.community or "")
            if community is not None and community.location is None:
                message = f"is missing: neither the need, nor its resident, nor community {show(community.id)} has one"
                yield Fault(f"{path}/location", message, "missing")
        yield from _place(need, path, seats)
        yield from _team(need.team, f"{path}/team")
        yield from _team(need.first_team or (), f"{path}/first_team")
        for name, windows in (("windows", need.windows), ("preferred", need.preferred)):
            for j, window in enumerate(windows):
                yield from _outside(problem.horizon, window.day, window.earliest, f"{path}/{name}/{j}", "earliest")
        yield from _times(need, path, reach)


def _place(need: Need, path: str, seats: dict[str, int]) -> Iterator[Fault]:
    if need.place == "venue":
        if need.venue is None:
            yield Fault(f"{path}/venue", "is missing: a need with place 'venue' names one", "missing")
        elif need.attendees > seats.get(need.venue, need.attendees):
            message = f"{need.attendees} attendees are more than the {seats[need.venue]} seats of the largest room of venue {show(need.venue)}"
            yield Fault(f"{path}/attendees", message, "conflict")
        if need.meet == "independent" and max(sum(role.count for role in team) for team in (need.team, need.first_team or ())) > 1:
            message = "is 'independent', which would hold a room between roles of different days; at a venue should be 'together' or 'in_sequence'"
            yield Fault(f"{path}/meet", message, "conflict")
    elif need.venue is not None:
        yield Fault(f"{path}/venue", f"should be left out where place is {need.place!r}; a venue goes with place 'venue'", "conflict")
    if need.place != "home" and need.location is not None:
        yield Fault(f"{path}/location", f"should be left out where place is {need.place!r}; a location goes with place 'home'", "conflict")


def _team(team: tuple[Role, ...], path: str) -> Iterator[Fault]:
    for k, role in enumerate(team):
        both = [kind for kind in role.stand_ins if kind in role.kinds]
        if both:
            yield Fault(f"{path}/{k}/stand_ins", f"{both[0]!r} is among the role's kinds already, and cannot stand in for itself", "conflict")
        if role.certificate is not None and "social_worker" not in (*role.kinds, *role.stand_ins):
            message = f"only a social worker holds a certificate, and role {show(role.id)} takes none ({', '.join((*role.kinds, *role.stand_ins))})"
            yield Fault(f"{path}/{k}/certificate", message, "conflict")


def _times(need: Need, path: str, reach: Reach) -> Iterator[Fault]:
    spans = reach.windows(need)
    if not spans:
        if all(window.day in WEEKDAYS for window in need.windows):
            yield Fault(f"{path}/windows", f"no window is on one of the {reach.horizon.days} days from {reach.horizon.start.isoformat()}", "range")
        return
    if need.meet == "in_sequence":
        if need.gap is None:
            yield Fault(f"{path}/gap", "is missing: roles that meet in sequence need the least and most minutes between them", "missing")
        else:
            for name, team in (("team", need.team), ("first_team", need.first_team or ())):
                roles = sum(role.count for role in team)
                if not reach.has_sequence(spans, roles, need.gap.min_minutes, need.gap.max_minutes):
                    apart = f"{need.gap.min_minutes} to {need.gap.max_minutes} minutes"
                    message = f"{roles} roles ({name}) that start {apart} after one another do not fit into the windows"
                    yield Fault(f"{path}/gap", message, "conflict")
    elif need.gap is not None:
        yield Fault(f"{path}/gap", f"should be left out where meet is {need.meet!r}; a gap goes with 'in_sequence'", "conflict")
    if need.visits > 1:
        days = reach.days(spans)
        most = reach.most_visits(days, need.spacing.at_least_days, need.spacing.at_most_days, need.visits)
        if most < need.visits:
            upper = f" and at most {need.spacing.at_most_days}" if need.spacing.at_most_days is not None else ""
            apart = f"at least {need.spacing.at_least_days}{upper} days apart"
            message = f"{need.visits} visits, {apart}, do not fit into {_named(days, reach.horizon)}: {most} can"
            yield Fault(f"{path}/visits", message, "conflict")


def _named(days: Days, horizon: Horizon) -> str:
    names = [horizon.moment(day * DAY).date().isoformat() for day in days[:7]]
    return f"the {len(days)} days of its windows ({', '.join(names)}{', ...' if len(days) > 7 else ''})"


def _providers(problem: Problem) -> Iterator[Fault]:
    speeds = None if isinstance(problem.travel, MatrixTravel) else problem.travel.speeds_kmh
    checked: dict[tuple[Span, ...], tuple[int, str] | None] = {}
    for i, provider in enumerate(problem.providers):
        path = pointer("providers", i)
        for j, span in enumerate(provider.shifts):
            yield from _outside(problem.horizon, span.day, span.start, f"{path}/shifts/{j}", "from")
        if provider.shifts not in checked:
            checked[provider.shifts] = _overlap(provider.shifts, problem.horizon)
        overlap = checked[provider.shifts]
        if overlap is not None:
            yield Fault(f"{path}/shifts/{overlap[0]}", overlap[1], "conflict")
        if speeds is not None and provider.speed_kmh is None and provider.mode not in speeds:
            message = f"travel has no speed for mode {provider.mode!r} (it has {', '.join(speeds) or 'none'}), and the provider has no speed_kmh"
            yield Fault(f"{path}/mode", message, "missing")


class _Offer(NamedTuple):
    start: int
    end: int
    shift: int


def _overlap(shifts: tuple[Span, ...], horizon: Horizon) -> tuple[int, str] | None:
    """Return the index of a shift that overlaps another one (but is not the same), and the message; None if all are apart."""
    offers: list[_Offer] = sorted(
        {(start, end): _Offer(start, end, j) for j, shift in enumerate(shifts) for start, end in shift.spans(horizon)}.values()
    )
    for before, after in pairwise(offers):
        if after.start < before.end:
            day = horizon.moment(after.start).date().isoformat()
            late, early = max(before.shift, after.shift), min(before.shift, after.shift)
            times = f"{_clock(before.start)} to {_clock(before.end)} and {_clock(after.start)} to {_clock(after.end)}"
            return late, f"overlaps shift {early} on {day} ({times}); a shift is one unbroken interval"
    return None


def _clock(seconds: int) -> str:
    return clock(seconds % DAY)


def _travel(problem: Problem) -> Iterator[Fault]:
    travel = problem.travel
    rows = None
    if isinstance(travel, MatrixTravel):
        rows = len(travel.seconds)
        yield from _matrix(travel.seconds, rows, "/travel/seconds")
        for mode, matrix in travel.by_mode.items():
            yield from _matrix(matrix, rows, pointer("travel", "by_mode", mode))
    elif isinstance(travel, RoadTravel):
        for k, node in enumerate(travel.nodes):
            yield from _location(problem, node, pointer("travel", "nodes", k), None)
        for k, (a, b, _) in enumerate(travel.edges):
            for end, node_index in enumerate((a, b)):
                if node_index >= len(travel.nodes):
                    yield Fault(f"/travel/edges/{k}/{end}", f"there is no node {node_index}; the nodes are 0 to {len(travel.nodes) - 1}", "unknown")
    groups: tuple[tuple[str, tuple[object, ...]], ...] = (
        ("communities", problem.communities),
        ("residents", problem.residents),
        ("needs", problem.needs),
        ("providers", problem.providers),
        ("venues", problem.venues),
    )
    for name, items in groups:
        for i, item in enumerate(items):
            place: Location | None = getattr(item, "location", None)
            if place is not None:
                yield from _location(problem, place, f"/{name}/{i}/location", rows)


def _matrix(matrix: tuple[tuple[int, ...], ...], size: int, path: str) -> Iterator[Fault]:
    if len(matrix) != size:
        yield Fault(path, f"should have {size} rows as the matrix for all modes has, has {len(matrix)}", "conflict")
    for k, row in enumerate(matrix):
        if len(row) != size:
            yield Fault(f"{path}/{k}", f"should have {size} numbers, one for each row of the matrix, has {len(row)}", "conflict")
        elif k < size and row[k] != 0:
            yield Fault(f"{path}/{k}/{k}", f"should be 0, the way from a place to itself, was {row[k]}", "conflict")


def _location(problem: Problem, place: Location, path: str, rows: int | None) -> Iterator[Fault]:
    """Yield the fault of a place that is given in another way than the travel and the coordinates ask for."""
    if rows is not None:
        if place.row is None:
            yield Fault(path, "should be a row of the travel matrix, was given in coordinates", "conflict")
        elif place.row >= rows:
            yield Fault(f"{path}/row", f"the travel matrix has no row {place.row}; its {rows} rows are counted from 0", "unknown")
    elif place.row is not None:
        yield Fault(f"{path}/row", f"a row needs travel by a matrix, travel is of kind {problem.travel.kind!r}", "conflict")
    elif place.system != ("plane" if problem.coordinates == "plane" else "degrees"):
        wanted = "x and y" if problem.coordinates == "plane" else "lat and lon"
        has = "x and y" if place.system == "plane" else "lat and lon"
        yield Fault(path, f"should be {wanted}, since coordinates is {problem.coordinates!r}, was given by {has}", "conflict")
