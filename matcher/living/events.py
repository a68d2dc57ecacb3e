"""What happens after a plan is published, as data: each kind of event, and how a list of them is read and judged, every fault at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from matcher.errors import Fault, FaultyInput
from matcher.fields import DAY, WEEKDAYS, Day, Horizon, Id, Model, Moment, Span, Start, Text, VisitId, seconds_of, show
from matcher.people import Resident
from matcher.problem import Need
from matcher.validation import faults_from_pydantic, parse_json
from matcher.visits import need_of

if TYPE_CHECKING:
    from pydantic import ValidationError

    from matcher.plan import Assignment, Plan
    from matcher.problem import Problem

FORMAT: Final = "sishe-events/1"


class EventsError(FaultyInput):
    """A list of events is not valid, or does not go with the week and the plan that it is about."""

    what = "list of events"


class Absent(Model):
    """A provider is ill or away: all week, on a day, or for hours. Hours are taken at their word: what was planned in them did not happen."""

    kind: Literal["absent"] = "absent"
    provider: Id
    day: Day | None = None
    hours: Span | None = None


class ExtraHours(Model):
    """A provider offers further hours."""

    kind: Literal["extra_hours"] = "extra_hours"
    provider: Id
    hours: Span


class VenueClosed(Model):
    """A venue is closed: all week, on a day, or for hours."""

    kind: Literal["venue_closed"] = "venue_closed"
    venue: Id
    day: Day | None = None
    hours: Span | None = None


class NewNeed(Model):
    """A need has come up, perhaps of a resident who was not known before."""

    kind: Literal["new_need"] = "new_need"
    need: Need
    resident: Resident | None = None


class Withdrawn(Model):
    """A need, or one visit of it, is no longer asked for."""

    kind: Literal["withdrawn"] = "withdrawn"
    need: Id | None = None
    visit: VisitId | None = None


class Late(Model):
    """A visit runs late: it starts, or ends, at another time than planned. One that took longer is written as one that began later."""

    kind: Literal["late"] = "late"
    visit: VisitId
    start: Start | None = None
    end: Start | None = None


class Done(Model):
    """A visit was done by others: by providers of the week (`team`, by role), or, without one, by people outside it."""

    kind: Literal["done"] = "done"
    visit: VisitId
    team: dict[Text, Id] | None = None
    start: Start | None = None


class Missed(Model):
    """A planned visit did not take place, and still has to."""

    kind: Literal["missed"] = "missed"
    visit: VisitId


Event: TypeAlias = Absent | ExtraHours | VenueClosed | NewNeed | Withdrawn | Late | Done | Missed
KINDS: Final[dict[str, type[Event]]] = {
    "absent": Absent,
    "extra_hours": ExtraHours,
    "venue_closed": VenueClosed,
    "new_need": NewNeed,
    "withdrawn": Withdrawn,
    "late": Late,
    "done": Done,
    "missed": Missed,
}


@dataclass(frozen=True)
class Events:
    """What happened, in order, and the moment as of which it is known: what began before `now` stands, and nothing new is planned before it."""

    events: tuple[Event, ...]
    now: dt.datetime | None = None

    @classmethod
    def parse(cls, text: str | bytes) -> Events:
        """Read events from JSON text; raises `EventsError` with every fault of form."""
        return cls.build(parse_json(text, EventsError))

    @classmethod
    def build(cls, data: Any) -> Events:
        """Read events from plain values: ``{"format", "now", "events": [...]}``, or the list alone; raises `EventsError` with every fault of form.

        An event may also be given as an object of its class.
        """
        faults: list[Fault] = []
        base, now, items = "", None, data
        if isinstance(data, Mapping):
            base, items = "/events", data.get("events", [])
            read = _read(_Frame, {key: value for key, value in data.items() if key != "events"}, "", faults)
            now = read.now if read is not None else None
        if not isinstance(items, (list, tuple)):
            raise EventsError([*faults, Fault(base, f"should be a list of events, was {show(items)}", "type")])
        events = [found for i, item in enumerate(items) if (found := _event(item, f"{base}/{i}", faults)) is not None]
        if faults:
            raise EventsError(faults)
        return cls(tuple(events), now)


class _Frame(Model):
    format: Literal["sishe-events/1"] = FORMAT
    now: Moment | None = None


def _event(item: Any, path: str, faults: list[Fault]) -> Event | None:
    if isinstance(item, tuple(KINDS.values())):
        return cast("Event", item)
    if not isinstance(item, Mapping):
        faults.append(Fault(path, f"should be an event, an object with a kind, was {show(item)}", "type"))
        return None
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        said, is_missing = f"should be {', '.join(map(repr, KINDS))}", kind is None
        message = f"is missing; {said}" if is_missing else f"{said}, was {show(kind)}"
        faults.append(Fault(f"{path}/kind", message, "missing" if is_missing else "range"))
        return None
    found: Event | None = _read(KINDS[kind], item, path, faults)
    return found


def _read(model: type[Any], item: Mapping[str, Any], path: str, faults: list[Fault]) -> Any:
    try:
        return model.model_validate(dict(item))
    except ValueError as error:  # pydantic's own error is one
        found = faults_from_pydantic(cast("ValidationError", error))
        faults.extend(Fault(path + fault.path, fault.message, fault.code) for fault in found)
        return None


def moment_of(horizon: Horizon, value: int | str | dt.datetime, day: int) -> int:
    """Return a start in seconds of the horizon; a clock time is meant on the given day."""
    if isinstance(value, str):
        return day * DAY + seconds_of(value)
    return value if isinstance(value, int) else horizon.since(value)


def spans_of(horizon: Horizon, event: Absent | VenueClosed | ExtraHours) -> tuple[tuple[int, int], ...]:
    """Return every stretch that an event names, in seconds of the horizon; a day lasts until the next one begins."""
    if event.hours is not None:
        return event.hours.spans(horizon)
    day = getattr(event, "day", None)
    if day is None:
        return ((0, horizon.seconds + DAY),)  # a shift that begins on the last day may run into the next
    return tuple((index * DAY, (index + 1) * DAY) for index in horizon.indices(day))


def faults_of(events: Events, problem: Problem, plan: Plan, base: str = "/events") -> list[Fault]:
    """Return everything in which events contradict the week, the plan or one another."""
    return list(_Judge(events, problem, plan, base).faults())


class _Judge:
    def __init__(self, events: Events, problem: Problem, plan: Plan, base: str) -> None:
        self._events, self._base, self._horizon = events, base, problem.horizon
        self._providers = {provider.id for provider in problem.providers}
        self._venues = {venue.id for venue in problem.venues}
        self._needs = {need.id for need in problem.needs}
        self._residents = {resident.id for resident in problem.residents}
        self._visits = {visit.id: visit for visit in problem.visits}
        self._assigned: dict[str, Assignment] = {assignment.visit: assignment for assignment in plan.assignments}
        self._spoken: dict[str, int] = {}

    def faults(self) -> Iterator[Fault]:
        now = self._events.now
        if now is not None and not -DAY * 366 <= self._horizon.since(now) < self._horizon.seconds + DAY:
            first = self._horizon.start.isoformat()
            message = f"{now.isoformat()} is not within the {self._horizon.days} days from {first} that are planned, nor in the year before them"
            yield Fault("/now", message, "range")
        for i, event in enumerate(self._events.events):
            yield from self._of(event, f"{self._base}/{i}", i)

    def _of(self, event: Event, path: str, i: int) -> Iterator[Fault]:
        if isinstance(event, (Absent, ExtraHours)):
            if event.provider not in self._providers:
                yield Fault(f"{path}/provider", f"there is no provider {show(event.provider)}", "unknown")
            yield from self._hours(event, path)
        elif isinstance(event, VenueClosed):
            if event.venue not in self._venues:
                yield Fault(f"{path}/venue", f"there is no venue {show(event.venue)}", "unknown")
            yield from self._hours(event, path)
        elif isinstance(event, NewNeed):
            yield from self._need(event, path)
        elif isinstance(event, Withdrawn):
            yield from self._withdrawn(event, path, i)
        else:
            yield from self._visit(event.visit, f"{path}/visit", i)
            if event.visit in self._visits:
                yield from self._happened(event, path)

    def _hours(self, event: Absent | ExtraHours | VenueClosed, path: str) -> Iterator[Fault]:
        day = event.day if not isinstance(event, ExtraHours) else None
        if day is not None and event.hours is not None:
            yield Fault(f"{path}/day", "should be left out where hours are given; hours have a day of their own", "conflict")
        for where, named in ((f"{path}/day", day), (f"{path}/hours/day", event.hours.day if event.hours is not None else None)):
            if named is not None and named not in WEEKDAYS and not self._horizon.indices(named):
                first, days = self._horizon.start.isoformat(), self._horizon.days
                yield Fault(where, f"{named} is not one of the {days} days from {first} that are planned", "range")
        if event.hours is not None and isinstance(event.hours.start, int) and event.hours.start >= self._horizon.seconds:
            message = f"{event.hours.start} seconds are beyond the horizon, which ends at {self._horizon.seconds}"
            yield Fault(f"{path}/hours/from", message, "range")

    def _need(self, event: NewNeed, path: str) -> Iterator[Fault]:
        if event.need.id in self._needs:
            yield Fault(f"{path}/need/id", f"there is a need {show(event.need.id)} already", "duplicate")
        self._needs.add(event.need.id)
        if event.resident is not None:
            if event.resident.id in self._residents:
                yield Fault(f"{path}/resident/id", f"there is a resident {show(event.resident.id)} already", "duplicate")
            if event.need.resident != event.resident.id:
                message = f"the need is of resident {show(event.need.resident)}, the resident given is {show(event.resident.id)}"
                yield Fault(f"{path}/need/resident", message, "conflict")
            self._residents.add(event.resident.id)
        if self._events.now is not None and event.need.windows:
            spans = [late for window in event.need.windows for _, _, late in window.spans(self._horizon)]
            if spans and max(spans) < self._horizon.since(self._events.now):
                yield Fault(f"{path}/need/windows", f"all are over by now ({self._events.now.isoformat()})", "order")

    def _withdrawn(self, event: Withdrawn, path: str, i: int) -> Iterator[Fault]:
        if (event.need is None) == (event.visit is None):
            has = "neither" if event.need is None else "both"
            yield Fault(path, f"should have a need or a visit, has {has}", "missing" if has == "neither" else "conflict")
        elif event.visit is not None:
            yield from self._visit(event.visit, f"{path}/visit", i)
        elif event.need not in self._needs:
            yield Fault(f"{path}/need", f"there is no need {show(event.need)}", "unknown")
        else:
            for name in self._visits:
                if need_of(name) == event.need:
                    self._spoken.setdefault(name, i)

    def _visit(self, name: str, path: str, i: int) -> Iterator[Fault]:
        if name not in self._visits:
            yield Fault(path, f"there is no visit {show(name)}", "unknown")
        elif self._spoken.setdefault(name, i) != i:
            yield Fault(path, f"event {self._spoken[name]} is about visit {show(name)} already; one event says what became of it", "duplicate")

    def _happened(self, event: Late | Done | Missed, path: str) -> Iterator[Fault]:
        assignment = self._assigned.get(event.visit)
        is_outside = isinstance(event, Done) and event.team is None
        needs_plan = not isinstance(event, Done) or (event.team is not None and event.start is None)
        if assignment is None and needs_plan:
            wanted = "; say when it was done (start)" if isinstance(event, Done) else ""
            yield Fault(f"{path}/visit", f"visit {show(event.visit)} is not assigned in the plan{wanted}", "conflict")
            return
        if isinstance(event, Late):
            if (event.start is None) == (event.end is None):
                has = "neither" if event.start is None else "both"
                yield Fault(path, f"should have a start or an end, has {has}", "missing" if has == "neither" else "conflict")
        elif isinstance(event, Done):
            if is_outside and event.start is not None:
                yield Fault(f"{path}/start", "should be left out where no team is given: people outside the week are not planned", "conflict")
            if isinstance(event.start, str) and assignment is None:
                yield Fault(f"{path}/start", f"a clock time ({event.start}) needs a day, and the plan has none for it; give date and time", "missing")
            yield from self._team(event, path)

    def _team(self, event: Done, path: str) -> Iterator[Fault]:
        if event.team is None:
            return
        names = [role.id for role in self._visits[event.visit].roles]
        for role, provider in event.team.items():
            if role not in names:
                yield Fault(f"{path}/team/{role}", f"visit {show(event.visit)} has no role {show(role)}; it has {', '.join(names)}", "unknown")
            if provider not in self._providers:
                yield Fault(f"{path}/team/{role}", f"there is no provider {show(provider)}", "unknown")
        planned = self._assigned.get(event.visit)
        kept = {service.role for service in planned.team} if planned is not None else set()
        missing = [name for name in names if name not in event.team and name not in kept]
        if missing:
            yield Fault(f"{path}/team", f"should say who filled {', '.join(missing)}", "missing")


def read_events(data: Events | Iterable[Event | Mapping[str, Any]] | Mapping[str, Any], now: dt.datetime | None = None) -> Events:
    """Return events in whichever form they are given; `now` stands in where the data has none."""
    events = data if isinstance(data, Events) else Events.build(data if isinstance(data, Mapping) else list(data))
    return events if events.now is not None or now is None else Events(events.events, now)
