"""From events to a week: what of a problem and of its plan still holds after what happened. Pure; nothing is searched here.

The past stands as facts: a visit that began before `now` is pinned to its people and its start. The windows of all others open no sooner than now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, Literal

from matcher.errors import Fault, ProblemError
from matcher.fields import DAY, Span
from matcher.living.amended import Amended, lines_of, pins_of
from matcher.living.cutting import Cutter
from matcher.living.events import Absent, Done, EventsError, ExtraHours, Late, Missed, NewNeed, VenueClosed, Withdrawn, moment_of, spans_of
from matcher.living.hours import Spans, covering, joined, without
from matcher.plan import Assignment, Plan, Service
from matcher.problem import InForce, Pin, Problem
from matcher.travel import Journeys
from matcher.validation.times import Reach
from matcher.visits import need_of, openings_of

if TYPE_CHECKING:
    from matcher.living.events import Events
    from matcher.living.valid import Valid
    from matcher.people import Provider
    from matcher.problem import Need
    from matcher.visits import Visit


def amend(
    problem: Problem,
    plan: Plan,
    events: Events,
    *,
    promised: Collection[str] = (),
    notice: int = 0,
    price: int | None = None,
    pins: Callable[[str], tuple[Pin, ...]] | None = None,
    valid: Valid | None = None,
) -> Amended:
    """Work events into a week.

    Parameters
    ----------
    problem, plan
        The week and its plan in force, as `problem.in_force` has it.
    events
        Events that go with both (`matcher.living.events.faults_of` finds no fault).
    promised
        Visits that are to stay as they are unless an event makes that impossible: they are pinned.
    notice
        Minutes after `now` within which every visit is promised.
    price
        What each change of the plan costs (the weight ``stability``); None keeps the problem's.
    pins
        What gives the pins that keep a visit of the plan as it is, where they are at hand.
    valid
        What the new week may be proved valid from, where it is at hand; it is the same, with or without.

    Raises
    ------
    EventsError
        If what happened cannot be written as a valid week.
    """
    return _Amendment(problem, plan, events, pins, valid).made(frozenset(promised), notice, price)


class _Amendment:
    def __init__(self, problem: Problem, plan: Plan, events: Events, pins: Callable[[str], tuple[Pin, ...]] | None, valid: Valid | None) -> None:
        self._pins_at_hand, self._valid = pins, valid
        self._problem, self._events, self._horizon = problem, events.events, problem.horizon
        self._now = problem.horizon.since(events.now) if events.now is not None else None
        self._visits = {visit.id: visit for visit in problem.visits}
        self._providers = {provider.id: provider for provider in problem.providers}
        self._assigned = {assignment.visit: assignment for assignment in plan.assignments}
        self._shifts: dict[str, Spans] = {}
        self._openings: dict[str, Spans] = {}
        self._facts: set[str] = set()
        self._late: set[str] = set()
        self._missed: list[str] = []
        self._gone: dict[str, Literal["withdrawn", "done"]] = {}
        self._journeys: Journeys | None = None

    def made(self, promised: frozenset[str], notice: int, price: int | None) -> Amended:
        for event in self._events:
            self._take(event)
        frozen = self._frozen()
        for event in self._events:
            self._take_hours(event)
        if self._facts or self._shifts or self._openings:
            for name in frozen:
                self._cover(name)
        renamed, needs = self._numbered()
        names = {name: renamed.get(name, name) for name in self._assigned}
        carried = tuple(_renamed(assignment, names[name]) for name, assignment in self._assigned.items())
        providers, venues = self._people(needs), self._venues()
        new = [event for event in self._events if isinstance(event, NewNeed)]
        needs = [*needs, *(event.need for event in new)]
        frozen_now = frozenset(names[name] for name in frozen)
        is_by_day = self._valid is not None and self._valid.is_by_day
        late = tuple(person for person in providers if person.id in self._shifts) if is_by_day else providers
        reach = Reach(Problem.model_construct(horizon=self._horizon, providers=late))
        same = self._valid.windows if self._valid is not None else {}
        needs, over, closed = Cutter(self._now, frozen_now, self._starts(frozen), self._own_pins(frozen), reach, same).cut(needs)
        held = self._promised(promised, notice) - frozen
        pins, released = self._pins(frozen, held, renamed)
        changes: dict[str, Any] = {
            "needs": tuple(needs),
            "providers": providers,
            "venues": venues,
            "residents": (*self._problem.residents, *(event.resident for event in new if event.resident is not None)),
            "pins": pins,
            "in_force": self._lines(carried, renamed),
        }
        if price is not None:
            changes["weights"] = self._problem.weights.model_copy(update={"stability": price})
        try:
            after = (self._valid.changed(changes) if self._valid is not None else None) or self._problem.replace(**changes)
        except ProblemError as error:
            loose = self._contradicting(error, pins, {*frozen_now, *(names[name] for name in held)})
            if not loose:
                raise EventsError(self._told(error, len(needs) - len(new), pins, carried, renamed)) from None
            # Pins of what is still to come, which what has happened contradicts (two people in a role of one, say), go; then it is as it is.
            released = tuple(dict.fromkeys((*released, *loose)))
            changes["pins"] = pins = tuple(pin for pin in pins if pin.visit not in loose)
            try:
                after = self._problem.replace(**changes)
            except ProblemError as again:
                raise EventsError(self._told(again, len(needs) - len(new), pins, carried, renamed)) from None
        return Amended(
            problem=after,
            carried=Plan(assignments=carried),
            frozen=frozen_now,
            gone=self._gone,
            renamed=renamed,
            missed=tuple(renamed.get(name, name) for name in self._missed if name not in self._gone),
            added=tuple(f"{event.need.id}#{number}" for event in new for number in range(1, event.need.visits + 1)),
            released=released,
            over=over,
            closed=closed,
            has_room=bool(self._gone) or any(isinstance(event, ExtraHours) for event in self._events),
            now=self._now,
        )

    # what became of visits

    def _take(self, event: object) -> None:
        if isinstance(event, Withdrawn):
            names = [event.visit] if event.visit is not None else [name for name in self._visits if need_of(name) == event.need]
            for name in names:
                self._leave(name, "withdrawn")
        elif isinstance(event, Done) and event.team is None:
            self._leave(event.visit, "done")
        elif isinstance(event, Missed):
            self._miss(event.visit)
        elif isinstance(event, (Late, Done)):
            self._assigned[event.visit] = self._delayed(event) if isinstance(event, Late) else self._done(event)
            self._facts.add(event.visit)
            if isinstance(event, Late):
                self._late.add(event.visit)
        elif isinstance(event, Absent) and event.hours is not None and self._now is not None:
            for name in [name for name in self._assigned if self._is_missed(name, event)]:
                self._miss(name)

    def _leave(self, name: str, why: Literal["withdrawn", "done"]) -> None:
        self._gone[name] = why
        self._assigned.pop(name, None)

    def _miss(self, name: str) -> None:
        self._assigned.pop(name, None)
        self._missed.append(name)

    def _is_missed(self, name: str, event: Absent) -> bool:
        """Return whether a visit should have begun, with a provider who was away at the time."""
        assert self._now is not None
        spans = spans_of(self._horizon, event)
        for service in self._assigned[name].team:
            start = self._since(service)[0]
            if service.provider == event.provider and start < self._now and any(low <= start < high for low, high in spans):
                return name not in self._facts
        return False

    def _delayed(self, event: Late) -> Assignment:
        planned = self._assigned[event.visit]
        starts, ends = zip(*(self._since(service) for service in planned.team), strict=True)
        # The roles of an independent team meet on days of their own: only the one that is spoken of is late.
        anchor = 0 if event.start is not None else ends.index(max(ends))
        is_apart = self._visits[event.visit].need.meet == "independent"
        if event.start is not None:
            by = moment_of(self._horizon, event.start, starts[0] // DAY) - starts[0]
        else:
            assert event.end is not None
            by = moment_of(self._horizon, event.end, starts[anchor] // DAY) - ends[anchor]
        late = (by if k == anchor or not is_apart else 0 for k in range(len(starts)))
        pairs = zip(planned.team, starts, ends, late, strict=True)
        team = tuple(self._service(service, start + more, end + more) for service, start, end, more in pairs)
        return planned.model_copy(update={"team": team})

    def _done(self, event: Done) -> Assignment:
        visit, planned = self._visits[event.visit], self._assigned.get(event.visit)
        old = {service.role: service for service in planned.team} if planned is not None else {}
        first = self._since(planned.team[0])[0] if planned is not None else 0
        begin = first if event.start is None else moment_of(self._horizon, event.start, first // DAY)
        team, after = [], begin
        for k, role in enumerate(visit.roles):
            if role.id in old:
                after = begin + self._since(old[role.id])[0] - first
            elif k and visit.need.meet == "in_sequence" and visit.need.gap is not None:
                after += 60 * visit.need.gap.min_minutes
            who = (event.team or {}).get(role.id)
            same = role.id in old and who in (None, old[role.id].provider)
            service = old[role.id] if same else Service(role=role.id, provider=who or "", start=self._moment(after), end=self._moment(after))
            team.append(self._service(service, after, after + role.seconds))
        return Assignment(visit=event.visit, team=tuple(team), room=planned.room if planned is not None else self._room(visit))

    def _room(self, visit: Visit) -> str | None:
        rooms = [room for venue in self._problem.venues if venue.id == visit.need.venue for room in venue.rooms]
        return next((room.id for room in rooms if room.seats >= visit.need.attendees), None) if visit.need.place == "venue" else None

    def _frozen(self) -> set[str]:
        """Return the visits that stand: those that events settle, and those that had begun by now and were not held up by a late one."""
        frozen = set(self._facts)
        if self._now is not None:
            frozen.update(name for name, item in self._assigned.items() if min(self._since(service)[0] for service in item.team) < self._now)
        return frozen - {name for name in frozen - self._facts if any(self._is_held_up(name, late) for late in self._late)}

    def _is_held_up(self, name: str, late: str) -> bool:
        """Return whether somebody who was to serve a visit was still with a late one, planned before it, or on the way from there."""
        for service in self._assigned[late].team:
            for other in self._assigned[name].team:
                if (other.provider, other.crew) == (service.provider, service.crew):
                    (begun, ended), (start, end) = self._since(service), self._since(other)
                    if end > begun and start < ended + self._seconds(other.provider, self._visits[late], self._visits[name]):
                        return True
        return False

    def _seconds(self, provider: str, one: Visit, other: Visit) -> int:
        """Return the seconds that a provider takes from one visit to another."""
        if "remote" in (one.need.place, other.need.place):
            return 0
        journeys = self._ways_of_the_week()
        return journeys.seconds(self._providers[provider], journeys.of_need(one.need), journeys.of_need(other.need))

    # hours

    def _take_hours(self, event: object) -> None:
        if isinstance(event, Absent):
            spans = self._from_now(event)
            self._shifts[event.provider] = without(self._hours_of(event.provider), spans)
        elif isinstance(event, ExtraHours):
            self._shifts[event.provider] = joined([*self._hours_of(event.provider), *spans_of(self._horizon, event)])
        elif isinstance(event, VenueClosed):
            self._openings[event.venue] = without(self._opening_of(event.venue), self._from_now(event))

    def _from_now(self, event: Absent | VenueClosed) -> Spans:
        """Return when somebody is away or a place is closed: by hours as it says, by days from now on."""
        spans = list(spans_of(self._horizon, event))
        if event.hours is not None or self._now is None:
            return spans
        return [(max(low, self._now), high) for low, high in spans if high > self._now]

    def _hours_of(self, provider: str) -> Spans:
        if provider not in self._shifts:
            self._shifts[provider] = sorted({span for offered in self._providers[provider].shifts for span in offered.spans(self._horizon)})
        return self._shifts[provider]

    def _opening_of(self, venue: str) -> Spans:
        if venue not in self._openings:
            self._openings[venue] = list(openings_of(next(item for item in self._problem.venues if item.id == venue), self._horizon))
        return self._openings[venue]

    def _cover(self, name: str) -> None:
        """Stretch shifts and openings so that what has happened lies inside them: a late service, one that was under way when its provider left."""
        visit, item = self._visits[name], self._assigned[name]
        for service in item.team:
            if service.provider in self._shifts or name in self._facts:
                start, end = self._since(service)
                self._shifts[service.provider] = covering(self._hours_of(service.provider), *self._ways(service.provider, visit), start, end)
        venue = visit.need.venue
        if visit.need.place == "venue" and venue is not None and (venue in self._openings or name in self._facts):
            times = [self._since(service) for service in item.team]
            span = min(start for start, _ in times), max(end for _, end in times)
            self._openings[venue] = covering(self._opening_of(venue), 0, 0, *span)

    def _ways(self, provider: str, visit: Visit) -> tuple[int, int]:
        """Return the seconds from the base of a provider to a visit, and home again."""
        if visit.need.place == "remote":
            return 0, 0
        journeys, who = self._ways_of_the_week(), self._providers[provider]
        base, place = journeys.of_base(who), journeys.of_need(visit.need)
        return journeys.seconds(who, base, place), journeys.seconds(who, place, base) if who.returns else 0

    def _ways_of_the_week(self) -> Journeys:
        if self._journeys is None:
            self._journeys = Journeys(self._problem)
        return self._journeys

    def _people(self, needs: list[Need]) -> tuple[Provider, ...]:
        there = {need.id for need in needs}
        left = {need.id for need in self._problem.needs} - there
        found = []
        for provider in self._problem.providers:
            update: dict[str, Any] = {}
            if provider.id in self._shifts:
                update["shifts"] = tuple(Span(start=start, end=end) for start, end in self._shifts[provider.id] if start < self._horizon.seconds)
            if left and not left.isdisjoint(provider.claims):
                update["claims"] = tuple(need for need in provider.claims if need in there)
            found.append(provider.model_copy(update=update) if update else provider)
        return tuple(found)

    def _venues(self) -> Any:
        found = []
        for venue in self._problem.venues:
            if venue.id in self._openings:
                # A venue has an opening always: one of a second holds no visit.
                spans = [span for span in self._openings[venue.id] if span[0] < self._horizon.seconds] or [(0, 1)]
                venue = venue.model_copy(update={"opening": tuple(Span(start=start, end=end) for start, end in spans)})
            found.append(venue)
        return tuple(found)

    # needs

    def _numbered(self) -> tuple[dict[str, str], list[Need]]:
        """Return which visits have another number now, and the needs that are left, with the visits that are left."""
        gone: dict[str, set[int]] = {}
        for name in self._gone:
            of, _, number = name.rpartition("#")
            gone.setdefault(of, set()).add(int(number))
        renamed: dict[str, str] = {}
        needs = []
        for need in self._problem.needs:
            if need.id not in gone:
                needs.append(need)
                continue
            left = [number for number in range(1, need.visits + 1) if number not in gone[need.id]]
            renamed.update({f"{need.id}#{number}": f"{need.id}#{k}" for k, number in enumerate(left, 1) if number != k})
            if left:
                # With the first visit gone, the others keep the team that they have.
                update: dict[str, Any] = {"visits": len(left), **({"first_team": None} if left[0] != 1 else {})}
                needs.append(need.model_copy(update=update))
        return renamed, needs

    def _own_pins(self, frozen: set[str]) -> dict[str, list[Pin]]:
        """Return the week's own pins of visits that have not begun, by need."""
        found: dict[str, list[Pin]] = {}
        for pin in self._problem.pins:
            if pin.visit not in self._gone and pin.visit not in frozen:
                found.setdefault(need_of(pin.visit), []).append(pin)
        return found

    def _starts(self, frozen: set[str]) -> dict[str, set[int]]:
        """Return the starts of what has happened, by need."""
        found: dict[str, set[int]] = {}
        for name in frozen:
            found.setdefault(need_of(name), set()).update(self._since(service)[0] for service in self._assigned[name].team)
        return found

    # pins

    def _promised(self, promised: frozenset[str], notice: int) -> set[str]:
        """Return the visits that are promised and, as far as hours go, can be kept."""
        held = {name for name in promised if name in self._assigned}
        if self._now is not None and notice > 0:
            until = self._now + 60 * notice
            held.update(name for name, item in self._assigned.items() if self._since(item.team[0])[0] < until)
        return {name for name in held if self._is_open(name)}

    def _is_open(self, name: str) -> bool:
        """Return whether the hours of providers and venue still hold a visit as it is planned."""
        item, venue = self._assigned[name], self._visits[name].need.venue
        if not all(self._is_there(service) for service in item.team):
            return False
        times = [self._since(service) for service in item.team]
        span = min(start for start, _ in times), max(end for _, end in times)
        return venue not in self._openings or any(a <= span[0] and span[1] <= b for a, b in self._openings[venue])

    def _is_there(self, service: Service) -> bool:
        """Return whether the hours of a provider still hold a service as it is planned."""
        start, end = self._since(service)
        return service.provider not in self._shifts or any(a <= start and end <= b for a, b in self._shifts[service.provider])

    def _pins(self, frozen: set[str], held: set[str], renamed: dict[str, str]) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
        pins: list[Pin] = []
        released: list[str] = []
        for pin in self._problem.pins:
            if pin.visit in self._gone or pin.visit in frozen or pin.visit in held:
                continue
            name = renamed.get(pin.visit, pin.visit)
            left = self._loosened(pin) if pin.visit in self._assigned and not self._is_open(pin.visit) else pin
            if left is not pin:
                released.append(name)
            if left is not None:
                pins.append(left if name == pin.visit else left.model_copy(update={"visit": name}))
        for name in self._assigned:
            if name not in frozen and name not in held:
                continue
            is_as_planned = name not in self._facts and name not in renamed and self._pins_at_hand is not None
            pins.extend(
                self._pins_at_hand(name)
                if is_as_planned and self._pins_at_hand is not None
                else pins_of(_renamed(self._assigned[name], renamed.get(name, name)))
            )
        return tuple(pins), tuple(dict.fromkeys(released))

    def _lines(self, carried: tuple[Assignment, ...], renamed: dict[str, str]) -> tuple[InForce, ...]:
        """Return the lines of the plan in force: those that are there already, but for what has another number or was settled by an event."""
        there = {line.visit: line for line in self._problem.in_force if line.visit not in renamed and line.visit not in self._facts}
        new = {*renamed.values(), *(renamed.get(name, name) for name in self._facts)}
        return tuple(lines_of([item])[0] if item.visit in new or item.visit not in there else there[item.visit] for item in carried)

    def _loosened(self, pin: Pin) -> Pin | None:
        """Return what of a pin is still possible once a provider is away or a place is closed; None if nothing is."""
        item = self._assigned[pin.visit]
        update: dict[str, Any] = {}
        away = {service.provider for service in item.team if not self._is_there(service)}
        if pin.provider in away:
            update = {"provider": None, "role": None}
        elif not away:
            update = {"day": None, "start": None}
        left = pin.model_copy(update=update) if update else pin
        return left if (left.provider, left.day, left.start) != (None, None, None) else None

    def _told(
        self, error: ProblemError, first_new: int, pins: tuple[Pin, ...], carried: tuple[Assignment, ...], renamed: dict[str, str]
    ) -> Iterator[Fault]:
        """Tell the faults of the week by the events that brought them about."""
        old = {new: name for name, new in renamed.items()}
        new_needs = [i for i, event in enumerate(self._events) if isinstance(event, NewNeed)]
        for fault in error.faults:
            _, what, index, *rest = [*fault.path.split("/"), "", ""]
            tail = "".join(f"/{part}" for part in rest if part)
            if what == "needs" and index.isdigit() and int(index) >= first_new:
                yield Fault(f"/events/{new_needs[int(index) - first_new]}/need{tail}", fault.message, fault.code)
            elif what == "residents" and index.isdigit() and int(index) >= len(self._problem.residents):
                with_resident = [i for i in new_needs if getattr(self._events[i], "resident", None) is not None]
                yield Fault(f"/events/{with_resident[int(index) - len(self._problem.residents)]}/resident{tail}", fault.message, fault.code)
            elif what in ("pins", "in_force") and index.isdigit():
                name = (pins if what == "pins" else tuple(self._lines(carried, renamed)))[int(index)].visit
                path = self._about(old.get(name, name))
                yield Fault(path, f"visit {name!r} cannot stand as it happened: {fault.message}", "conflict")
            else:
                yield Fault("", f"what happened does not make a valid week: {fault}", fault.code)

    def _contradicting(self, error: ProblemError, pins: tuple[Pin, ...], settled: set[str]) -> list[str]:
        """Return visits still to come whose pins stand in the needs that faulty pins are of."""
        needs = set()
        for fault in error.faults:
            _, what, index, *_ = [*fault.path.split("/"), "", ""]
            if what == "pins" and index.isdigit():
                needs.add(need_of(pins[int(index)].visit))
        return list(dict.fromkeys(pin.visit for pin in pins if pin.visit not in settled and need_of(pin.visit) in needs))

    def _about(self, name: str) -> str:
        """Return the path of the event that settled a visit, or else another one of its need; empty if none did."""
        named = {str(getattr(event, "visit", "")): i for i, event in enumerate(self._events)}
        near = [i for visit, i in named.items() if need_of(visit) == need_of(name)]
        i = named.get(name, near[0] if near else None)
        return f"/events/{i}/visit" if i is not None else ""

    # times

    def _since(self, service: Service) -> tuple[int, int]:
        return self._horizon.since(service.start), self._horizon.since(service.end)

    def _moment(self, seconds: int) -> Any:
        return self._horizon.moment(seconds)

    def _service(self, service: Service, start: int, end: int) -> Service:
        return service.model_copy(update={"start": self._moment(start), "end": self._moment(end)})


def _renamed(assignment: Assignment, name: str) -> Assignment:
    return assignment if assignment.visit == name else assignment.model_copy(update={"visit": name})
