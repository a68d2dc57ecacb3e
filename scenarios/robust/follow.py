"""What becomes of a plan that is followed as it stands, whatever happens."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.fields import DAY
from matcher.travel import Journeys

if TYPE_CHECKING:
    from matcher.plan import Plan, Service
    from matcher.problem import Problem
    from matcher.visits import Visit
    from scenarios.robust.draws import Draw


@dataclass(frozen=True)
class Outcome:
    """What became of a plan in a draw.

    Attributes
    ----------
    served : frozenset of str
        Visits that took place.
    lost : dict of str to str
        Visits of the plan that did not: ``absent`` or ``late``.
    """

    served: frozenset[str]
    lost: dict[str, str]


@dataclass
class _Stop:
    """A service on a route: its visit, those that begin together with it, its planned time, its place, and the way to it from the stop before."""

    visit: str
    group: str
    start: int
    end: int
    place: int
    way: int = 0


class Follower:
    """Follows plans of a week as they stand, whatever happens.

    A visit is lost where a member of its team is absent, or where it cannot begin in its windows any more: people finish what they are at, go on, and
    wait for one another; all roles of a visit begin as much later as the latest of them. Who is late for lunch or home is late; the visit counts.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._visits = {visit.id: visit for visit in problem.visits}
        self._providers = {provider.id: provider for provider in problem.providers}
        self._journeys = Journeys(problem)
        self._shifts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for shift in problem.shifts:
            self._shifts[shift.provider.id].append((shift.start, shift.end))

    def day(self, service: Service) -> int:
        """Return the day of a service, the one on which its shift starts."""
        at = self._problem.horizon.since(service.start)
        return next((low for low, high in self._shifts[service.provider] if low <= at < high), at) // DAY

    def follow(self, plan: Plan, draw: Draw) -> Outcome:
        """Return what becomes of a plan in a draw."""
        lost = {}
        for assignment in plan.assignments:
            if any((service.provider, self.day(service)) in draw.absent for service in assignment.team):
                lost[assignment.visit] = "absent"
        routes = self._routes(plan)
        # Who is late loses the visit, which lets the next ones be in time: the first visit that comes too late goes, and all is timed again.
        while True:
            late = self._first_late(routes, {*lost}, draw.delays)
            if late is None:
                break
            lost[late] = "late"
        return Outcome(frozenset(assignment.visit for assignment in plan.assignments if assignment.visit not in lost), lost)

    def _routes(self, plan: Plan) -> list[list[_Stop]]:
        since = self._problem.horizon.since
        routes: dict[tuple[str, int, int], list[_Stop]] = defaultdict(list)
        for assignment in plan.assignments:
            visit = self._visits[assignment.visit]
            place = -1 if visit.need.place == "remote" else self._journeys.of_need(visit.need)
            for service in assignment.team:
                group = f"{visit.id}/{service.role}" if visit.need.meet == "independent" else visit.id
                stop = _Stop(visit.id, group, since(service.start), since(service.end), place)
                routes[service.provider, service.crew, self.day(service)].append(stop)
        out = []
        for (name, _, _), stops in sorted(routes.items()):
            stops.sort(key=lambda stop: (stop.start, stop.end))
            provider, at = self._providers[name], -1
            for stop in stops:
                stop.way = self._journeys.seconds(provider, at, stop.place) if at >= 0 and stop.place >= 0 else 0
                at = stop.place if stop.place >= 0 else at
            out.append(stops)
        return out

    def _first_late(self, routes: list[list[_Stop]], lost: set[str], delays: dict[str, int]) -> str | None:
        """Return the first visit, as planned, that cannot begin in its windows; None where all can."""
        shift: dict[str, int] = {}
        late: list[tuple[int, str]] = []
        closed: set[str] = set()
        is_moving = True
        while is_moving:
            is_moving = False
            for stops in routes:
                free: int | None = None
                for stop in stops:
                    # A visit that is lost is passed by all the same: that nobody is there, or that it is too late, shows at the door.
                    free = None if free is None else free + stop.way
                    if stop.visit in lost or stop.group in closed:
                        continue
                    moved = max(shift.get(stop.group, 0), delays.get(stop.visit, 0), 0 if free is None else free - stop.start)
                    if moved > shift.get(stop.group, 0):
                        shift[stop.group] = moved
                        is_moving = True
                        if not self._is_open(self._visits[stop.visit], stop.start + moved):
                            late.append((stop.start, stop.visit))
                            closed.add(stop.group)
                            continue
                    free = stop.end + moved
        return min(late)[1] if late else None

    def _is_open(self, visit: Visit, start: int) -> bool:
        return any(low <= start <= latest for low, _, latest in visit.windows)
