"""A plan read against its problem: ids become objects, moments become seconds, services become routes.

Here and in the modules that check and add up, nothing is taken from the engine: a plan is judged by the problem alone.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher.errors import Fault, PlanError
from matcher.fields import DAY
from matcher.travel import Journeys

if TYPE_CHECKING:
    from matcher.people import Fund, Provider, Resident, Room
    from matcher.plan import Assignment, Plan, Service
    from matcher.problem import Problem
    from matcher.visits import Shift, Visit, VisitRole


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """One service: times in seconds from the start of the horizon, price in fen, place as `Journeys` counts it (-1: remote)."""

    visit: Visit
    role: VisitRole
    provider: Provider
    crew: int
    start: int
    end: int
    place: int
    fund: Fund | None
    shift: Shift | None
    """The shift that holds the service (of the first crew: all crews keep the same hours), None where none does."""

    @property
    def day(self) -> int:
        """The day of the shift; of the start where no shift holds the service."""
        return self.shift.day if self.shift is not None else self.start // DAY

    @property
    def week(self) -> int:
        """The block of seven days that holds the day."""
        return self.day // 7

    @property
    def has_crew(self) -> bool:
        """Whether the provider has the crew."""
        return 1 <= self.crew <= self.provider.crews

    @property
    def price(self) -> int:
        """What the service costs, in fen."""
        return price_of(self.provider, self.end - self.start)


def price_of(provider: Provider, seconds: int) -> int:
    """Return what a service of so many seconds costs, in fen."""
    return provider.price_per_visit - (-provider.price_per_hour * seconds // 3600)


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """One assigned visit with its services in the order of its roles."""

    visit: Visit
    services: tuple[Served, ...]
    room: Room | None

    @property
    def is_full(self) -> bool:
        """Whether every role is filled."""
        return len(self.services) == len(self.visit.roles)

    @property
    def first(self) -> Served | None:
        """The service of the first role, which gives the visit its day and start; None where that role is not filled."""
        service = self.services[0]
        return service if service.role.id == self.visit.roles[0].id else None

    @property
    def members(self) -> dict[str, Provider]:
        """The different providers of the team, by id."""
        return {service.provider.id: service.provider for service in self.services}

    @property
    def span(self) -> tuple[int, int]:
        """The first start and the last end."""
        return min(service.start for service in self.services), max(service.end for service in self.services)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The services of one crew in one shift in order of start, and the seconds of travel to each."""

    provider: Provider
    crew: int
    shift: Shift
    services: tuple[Served, ...]
    legs: tuple[int, ...]
    """Seconds to each service from the place before it: from the base to the first."""
    back: int
    """Seconds from the last place to the base, 0 for a provider who does not return."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a plan says, in the terms of its problem."""

    problem: Problem
    assigned: dict[str, Assigned] = field(default_factory=dict)
    """By visit, in the order of the problem's visits."""
    unassigned: tuple[Visit, ...] = ()
    services: tuple[Served, ...] = ()
    routes: tuple[Route, ...] = ()
    residents: dict[str, Resident] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)


def read(problem: Problem, plan: Plan, journeys: Journeys | None = None) -> Reading:
    """Read a plan against its problem.

    Parameters
    ----------
    journeys
        Those of the problem, or of one of which it is a part, where they are at hand.

    Raises
    ------
    PlanError
        The plan is of another problem, or speaks of what its problem does not have: all faults at once.
    """
    reader = _Reader(problem, journeys or Journeys(problem))
    reader.read(plan)
    if reader.faults:
        raise PlanError(reader.faults)
    found = reader.assigned
    assigned = {visit.id: found[visit.id] for visit in problem.visits if visit.id in found}
    services = tuple(service for item in assigned.values() for service in item.services)
    return Reading(
        problem=problem,
        assigned=assigned,
        unassigned=tuple(visit for visit in problem.visits if visit.id not in found),
        services=services,
        routes=_routes(services, reader.journeys),
        residents={resident.id: resident for resident in problem.residents},
        providers=reader.providers,
    )


class _Reader:
    def __init__(self, problem: Problem, journeys: Journeys) -> None:
        self.problem, self.journeys = problem, journeys
        self.visits = {visit.id: visit for visit in problem.visits}
        self.providers = {provider.id: provider for provider in problem.providers}
        self.funds = {fund.id: fund for fund in problem.funds}
        self.rooms = {venue.id: {room.id: room for room in venue.rooms} for venue in problem.venues}
        self.hours = _Hours(problem)
        self.places = {need.id: self.journeys.of_need(need) for need in problem.needs}
        self.faults: list[Fault] = []
        self.assigned: dict[str, Assigned] = {}

    def read(self, plan: Plan) -> None:
        if plan.problem is not None and plan.problem != self.problem.digest:
            message = f"the plan is of another problem: its digest was {plan.problem[:12]}..., this problem's is {self.problem.digest[:12]}..."
            self._fault("/problem", message, "conflict")
        seen: dict[str, str] = {}
        for index, assignment in enumerate(plan.assignments):
            path = f"/assignments/{index}"
            visit = self._visit(assignment.visit, path, seen)
            self._assignment(assignment, visit, path)
        for index, unassigned in enumerate(plan.unassigned):
            path = f"/unassigned/{index}"
            self._visit(unassigned.visit, path, seen)

    def _fault(self, path: str, message: str, code: str) -> None:
        self.faults.append(Fault(path, message, code))

    def _visit(self, name: str, path: str, seen: dict[str, str]) -> Visit | None:
        visit = self.visits.get(name)
        if visit is None:
            self._fault(f"{path}/visit", f"the problem has no visit {name!r}", "unknown")
        if name in seen:
            self._fault(f"{path}/visit", f"visit {name!r} stands already at {seen[name]}; each visit should stand once", "duplicate")
            return visit
        seen[name] = path
        return visit

    def _assignment(self, assignment: Assignment, visit: Visit | None, path: str) -> None:
        services: dict[str, Served] = {}
        taken: set[str] = set()
        since = self.problem.horizon.since
        for index, service in enumerate(assignment.team):
            here = f"{path}/team/{index}"
            provider = self._provider(service, here)
            fund = self._fund(service, here)
            if visit is None:
                continue
            if service.role in taken:
                self._fault(f"{here}/role", f"role {service.role!r} is filled already; each role should be filled once", "duplicate")
                continue
            taken.add(service.role)
            role = _role(visit, service.role)
            if role is None:
                self._fault(f"{here}/role", f"visit {visit.id!r} has no role {service.role!r}; it has {_named(visit)}", "unknown")
                continue
            start, end = since(service.start), since(service.end)
            if end != start + role.seconds:
                due = self.problem.horizon.moment(start + role.seconds).isoformat()
                message = f"the end was {service.end.isoformat()}; {role.minutes} minutes after the start it is {due}"
                self._fault(f"{here}/end", message, "conflict")
                continue
            if provider is None:
                continue
            shift = self.hours.shift(provider.id, start, end)
            services[role.id] = Served(visit, role, provider, service.crew, start, end, self.places[visit.need.id], fund, shift)
        room = self._room(assignment, visit, path)
        if visit is not None and services:
            ordered = tuple(services[role.id] for role in visit.roles if role.id in services)
            self.assigned.setdefault(visit.id, Assigned(visit, ordered, room))

    def _provider(self, service: Service, path: str) -> Provider | None:
        provider = self.providers.get(service.provider)
        if provider is None:
            self._fault(f"{path}/provider", f"the problem has no provider {service.provider!r}", "unknown")
        return provider

    def _fund(self, service: Service, path: str) -> Fund | None:
        if service.fund is None:
            return None
        fund = self.funds.get(service.fund)
        if fund is None:
            self._fault(f"{path}/fund", f"the problem has no fund {service.fund!r}", "unknown")
        return fund

    def _room(self, assignment: Assignment, visit: Visit | None, path: str) -> Room | None:
        if assignment.room is None or visit is None:
            return None
        need = visit.need
        if need.place != "venue" or need.venue is None:
            message = f"the place of visit {visit.id!r} is {need.place!r}; room {assignment.room!r} should be left out"
            self._fault(f"{path}/room", message, "conflict")
            return None
        rooms = self.rooms[need.venue]
        if assignment.room not in rooms:
            self._fault(f"{path}/room", f"venue {need.venue!r} has no room {assignment.room!r}; it has {', '.join(rooms)}", "unknown")
        return rooms.get(assignment.room)


def _role(visit: Visit, name: str) -> VisitRole | None:
    for role in visit.roles:
        if role.id == name:
            return role
    return None


def _named(visit: Visit) -> str:
    return ", ".join(repr(role.id) for role in visit.roles)


class _Hours:
    """The shifts of each provider, ready to be asked which one holds a service."""

    def __init__(self, problem: Problem) -> None:
        self._shifts: dict[str, list[Shift]] = {}
        for shift in problem.shifts:
            if shift.crew == 1:
                self._shifts.setdefault(shift.provider.id, []).append(shift)
        self._starts = {name: [shift.start for shift in shifts] for name, shifts in self._shifts.items()}

    def shift(self, provider: str, start: int, end: int) -> Shift | None:
        """Return the shift that holds the whole stretch, None if none does. Shifts of a provider never overlap."""
        index = bisect_right(self._starts.get(provider, ()), start) - 1
        if index < 0:
            return None
        shift = self._shifts[provider][index]
        return shift if end <= shift.end else None


def _routes(services: tuple[Served, ...], journeys: Journeys) -> tuple[Route, ...]:
    """Return every route, ordered by provider, crew and shift."""
    groups: dict[tuple[str, int, int, int], list[Served]] = {}
    for service in services:
        if service.shift is not None:
            groups.setdefault((service.provider.id, service.crew, service.shift.start, service.shift.end), []).append(service)
    routes = []
    for key in sorted(groups):
        ordered = sorted(groups[key], key=lambda service: (service.start, service.end, service.visit.id, service.role.id))
        provider, shift = ordered[0].provider, ordered[0].shift
        assert shift is not None
        base = here = journeys.of_base(provider)
        legs = []
        for service in ordered:
            place = service.place if service.place >= 0 else here
            legs.append(journeys.seconds(provider, here, place))
            here = place
        back = journeys.seconds(provider, here, base) if provider.returns else 0
        routes.append(Route(provider, key[1], shift, tuple(ordered), tuple(legs), back))
    return tuple(routes)
