"""The surroundings of a visit in a plan: a small week of its own, planned again in a fraction of the time that the whole one takes.

A question about one visit of a large week concerns a few people and what they do. The small week has these people and every need that one of them
serves. Whoever else serves such a need is there as a guest: for that need alone, and only when the plan has them there. So a visit with guests
can stay as it is, or with another of the people in its team, or be given up, and nothing is asked of anybody outside. What is found is a plan
of the whole week, or nearly so: whoever asks has it verified there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.fields import Fen, Span, Window
from matcher.plan import Assignment, Plan
from matcher.problem import Problem
from matcher.travel import home_of
from matcher.verifier.reading import price_of
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.fields import Location
    from matcher.people import Link, Provider, Resident
    from matcher.plan import Service
    from matcher.problem import InForce, Need, Pin
    from matcher.visits import Visit

Names = Mapping[str, tuple[str, ...]]
"""What providers are called in a small week, by id: as they are, or a name for each need that they are guests of, or nothing."""


@dataclass(frozen=True)
class Part:
    """A part of a week and of its plan.

    Attributes
    ----------
    problem, plan
        The small week, and what is done in it.
    guests : dict of str to str
        Whom each guest stands for.
    """

    problem: Problem
    plan: Plan
    guests: dict[str, str]

    def whole(self, assignments: Iterable[Assignment]) -> dict[str, Assignment]:
        """Return assignments of the small week by visit, with people by the names that they have in the whole one."""
        return {item.visit: _renamed(item, self.guests) for item in assignments}


class Surroundings:
    """A week and a clean plan of it, ready to give the part around a visit."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self._provider = {provider.id: provider for provider in problem.providers}
        self._need = {need.id: need for need in problem.needs}
        self._rank = {need.id: k for k, need in enumerate(problem.needs)}
        self._resident = {resident.id: resident for resident in problem.residents}
        self._links = [(link, frozenset(link.members)) for link in problem.links]
        self._location = {community.id: community.location for community in problem.communities}
        self._venue = {venue.id: venue for venue in problem.venues}
        self._by_provider: dict[str, list[Assignment]] = {}
        self._by_need: dict[str, list[Assignment]] = {}
        self._by_venue: dict[str, set[str]] = {}
        self._spent: dict[str, int] = {}
        for item in plan.assignments:
            need = self._need[need_of(item.visit)]
            for name in dict.fromkeys(service.provider for service in item.team):
                self._by_provider.setdefault(name, []).append(item)
            self._by_need.setdefault(need.id, []).append(item)
            if need.venue is not None:
                self._by_venue.setdefault(need.venue, set()).add(need.id)
            for fund, price in self._payments(item):
                self._spent[fund] = self._spent.get(fund, 0) + price
        self._pins = _by_need(problem.pins)
        self._lines = _by_need(problem.in_force)

    def mates(self, people: Iterable[str]) -> set[str]:
        """Return those who serve visits together with some people."""
        return {service.provider for name in people for item in self._by_provider.get(name, ()) for service in item.team}

    def around(self, visit: Visit, people: Iterable[str], rivals: Iterable[str] = ()) -> Part:
        """Return the part of the week that holds a visit, some people and what they do, and further needs.

        Parameters
        ----------
        people
            Ids of providers; those who serve the need of the visit join them.
        rivals
            Ids of needs that may want what there is to be had.
        """
        inside = {*people, *(service.provider for item in self._by_need.get(visit.need.id, ()) for service in item.team)}
        touched = {visit.need.id, *rivals, *(need_of(item.visit) for name in inside for item in self._by_provider.get(name, ()))}
        # Rooms are shared: whoever has one at a venue where visits may move has it in the small week, too. Elsewhere visits keep their times.
        venues = {self._need[name].venue for name in (visit.need.id, *rivals)} - {None}
        for venue in venues:
            touched |= self._by_venue.get(venue or "", set())
        needs = [self._timed(self._need[name], venues) for name in sorted(touched, key=self._rank.__getitem__)]
        held = [item for need in needs for item in self._by_need.get(need.id, ())]
        guests = _Guests(self.problem, inside)
        for item in held:
            for service in item.team:
                if service.provider not in inside:
                    guests.add(self._provider[service.provider], need_of(item.visit), service)
        names = guests.names
        residents = {need.resident for need in needs}
        paid: dict[str, int] = {}
        for item in held:
            for fund, price in self._payments(item):
                paid[fund] = paid.get(fund, 0) + price
        # It is valid, being made of what is: tests hold it to that.
        week = Problem.model_construct(
            horizon=self.problem.horizon,
            coordinates=self.problem.coordinates,
            categories=self.problem.categories,
            communities=self.problem.communities,
            residents=tuple(_of(names, self._resident[name]) for name in self._resident if name in residents),
            needs=tuple(_wanting(names, need) for need in needs),
            providers=(
                *(_claiming(touched, provider) for provider in self.problem.providers if provider.id in inside),
                *(_claiming(touched, guest) for guest in guests.made(self._places(needs))),
            ),
            links=tuple(_linking(names, link) for link, members in self._links if not members.isdisjoint(names) and _count(names, link) > 1),
            venues=tuple(self._venue[name] for name in self._venue if any(need.venue == name for need in needs)),
            funds=tuple(
                fund.model_copy(update={"amount": Fen(max(0, fund.amount - self._spent.get(fund.id, 0) + paid.get(fund.id, 0)))})
                for fund in self.problem.funds
            ),
            travel=self.problem.travel,
            weights=self.problem.weights,
            pins=tuple(own for need in needs for pin in self._pins.get(need.id, ()) if (own := guests.pin(need.id, pin)) is not None),
            in_force=tuple(told for need in needs for line in self._lines.get(need.id, ()) if (told := guests.line(need.id, line)) is not None),
        )
        return Part(week, Plan(assignments=tuple(guests.item(item) for item in held)), guests.whom)

    def _timed(self, need: Need, venues: Collection[str | None]) -> Need:
        """Return a need, at a venue that is not among these one that is served when the plan has it served or not at all."""
        if need.venue is None or need.venue in venues:
            return need
        starts = {self.problem.horizon.since(service.start) for item in self._by_need.get(need.id, ()) for service in item.team}
        return need.model_copy(update={"windows": tuple(Window(earliest=start, latest=start) for start in sorted(starts))})

    def _places(self, needs: Iterable[Need]) -> dict[str, Location | None]:
        """Return where each need is; None where it is remote."""
        homes = {resident.id: resident.location for resident in self._resident.values()}
        return {need.id: self._place(need, homes) for need in needs}

    def _place(self, need: Need, homes: Mapping[str, Location | None]) -> Location | None:
        if need.place == "remote":
            return None
        return self._venue[need.venue or ""].location if need.place == "venue" else home_of(self.problem, need, homes, self._location)

    def _payments(self, item: Assignment) -> Iterable[tuple[str, int]]:
        for service in item.team:
            if service.fund is not None:
                yield service.fund, price_of(self._provider[service.provider], round((service.end - service.start).total_seconds()))


class _Guests:
    """Those who stand for people outside, one for each need that such a person serves."""

    def __init__(self, problem: Problem, inside: set[str]) -> None:
        self._problem, self._inside = problem, inside
        self._taken = {provider.id for provider in problem.providers}
        self._of: dict[tuple[str, str], tuple[str, Provider, list[Service]]] = {}
        self.whom: dict[str, str] = {}
        self.names: dict[str, tuple[str, ...]] = {name: (name,) for name in inside}

    def add(self, provider: Provider, need: str, service: Service) -> None:
        """Have a provider come to a need for a service."""
        key = (need, provider.id)
        if key not in self._of:
            name = _fresh(self._taken)
            self._taken.add(name)
            self._of[key] = (name, provider, [])
            self.whom[name] = provider.id
            self.names[provider.id] = (*self.names.get(provider.id, ()), name)
        self._of[key][2].append(service)

    def made(self, place: Mapping[str, Location | None]) -> Iterable[Provider]:
        """Yield the guests: each stands where their need is, and is at work for as long as their services last."""
        for (need, _), (name, provider, services) in self._of.items():
            spans = self._spans(services)
            freed = dict.fromkeys(("lunch", "max_leg_minutes", "max_minutes_day", "max_minutes_week", "caseload"))
            own = {"id": name, "location": place[need] or provider.location, "returns": False, "area": None}
            yield provider.model_copy(update={**freed, **own, "shifts": tuple(Span(start=start, end=end) for start, end in spans)})

    def _spans(self, services: Iterable[Service]) -> list[tuple[int, int]]:
        """Return when services last; those of several crews that overlap are one."""
        since, merged = self._problem.horizon.since, list[tuple[int, int]]()
        for start, end in sorted((since(service.start), since(service.end)) for service in services):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def name(self, need: str, provider: str) -> str | None:
        """Return what a provider is called where a need is concerned; None where they have nothing to do with it."""
        if provider in self._inside:
            return provider
        return self._of[need, provider][0] if (need, provider) in self._of else None

    def item(self, item: Assignment) -> Assignment:
        """Return an assignment with guests for those outside."""
        return _renamed(item, {service.provider: self.name(need_of(item.visit), service.provider) or "" for service in item.team})

    def pin(self, need: str, pin: Pin) -> Pin | None:
        """Return a pin of a need, None where it names somebody who is not there."""
        if pin.provider is None or pin.provider in self._inside:
            return pin
        name = self.name(need, pin.provider)
        return pin.model_copy(update={"provider": name}) if name is not None else None

    def line(self, need: str, line: InForce) -> InForce | None:
        """Return a line of the plan in force, None where it names somebody who is not there."""
        team = {role: self.name(need, provider) for role, provider in line.team.items()}
        return None if None in team.values() else line.model_copy(update={"team": team})


def _renamed(item: Assignment, names: Mapping[str, str]) -> Assignment:
    if not any(names.get(service.provider, service.provider) != service.provider for service in item.team):
        return item
    team = tuple(service.model_copy(update={"provider": names.get(service.provider, service.provider)}) for service in item.team)
    return item.model_copy(update={"team": team})


def _by_need(items: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(need_of(item.visit), []).append(item)
    return found


def _fresh(taken: Collection[str]) -> str:
    k = len(taken)
    while f"guest {k}" in taken:
        k += 1
    return f"guest {k}"


def _of(names: Names, resident: Resident) -> Resident:
    """Return a resident who knows those who are there, by the names that they have there."""
    update: dict[str, Any] = {}
    if resident.known:
        update["known"] = {name: times for who, times in resident.known.items() for name in names.get(who, ())}
    if resident.refused:
        update["refused"] = tuple(name for who in resident.refused for name in names.get(who, ()))
    if resident.volunteer is not None:
        update["volunteer"] = next(iter(names.get(resident.volunteer, ())), None)
    return resident.model_copy(update=update) if update else resident


def _wanting(names: Names, need: Need) -> Need:
    if not need.preferred_providers:
        return need
    return need.model_copy(update={"preferred_providers": tuple(name for who in need.preferred_providers for name in names.get(who, ()))})


def _claiming(needs: set[str], provider: Provider) -> Provider:
    if needs.issuperset(provider.claims):
        return provider
    return provider.model_copy(update={"claims": tuple(name for name in provider.claims if name in needs)})


def _count(names: Names, link: Link) -> int:
    return sum(len(names.get(who, ())) for who in link.members)


def _linking(names: Names, link: Link) -> Link:
    return link.model_copy(update={"members": tuple(name for who in link.members for name in names.get(who, ()))})
