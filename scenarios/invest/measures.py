"""Measures: an hour more of somebody, a recruit, a course, money, a whole team; each with its price and the edit that brings it about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from matcher.fields import Span
from matcher.people import Provider
from matcher.prices import Resource, estimate_hours_and_funds, estimate_recruits
from scenarios.edits.models import AddPeople, BaseEdit, ChangeFunds, Train, Who

if TYPE_CHECKING:
    from matcher.problem import Problem
    from matcher.visits import Visit

Json = dict[str, Any]
COSTS: Final[dict[str, float]] = {
    "recruit": 40.0,
    "train": 60.0,
    "hour_volunteer": 10.0,
    "hour_social_worker": 45.0,
    "hour_organization": 50.0,
    "fund": 100.0,
}
"""Yuan a week, all assumed: a volunteer with eight hours on one weekday; one skill for one person, spread over a year; an hour of each kind; 100 yuan
of a fund."""


@dataclass(frozen=True, eq=False)
class Measure:
    """Something that can be bought.

    Attributes
    ----------
    code, detail : str, dict
        What it is, as `matcher.prices` tells it; ``team`` is somebody for each role of one visit.
    yuan : float
        Its price, a week.
    estimate : float
        Urgency weight that it may serve: only for the order.
    wanted : tuple of str
        Visits that are left out and that it could help to serve.
    make : callable
        Makes the edit that brings it about, which takes a while: only few of all measures are tried.
    gain : float
        Urgency weight that it gained when it was tried, 0 before.
    """

    code: str
    detail: Json
    yuan: float
    estimate: float
    wanted: tuple[str, ...]
    make: Callable[[], BaseEdit]
    gain: float = 0.0

    @cached_property
    def edit(self) -> BaseEdit:
        """What brings it about."""
        return self.make()

    @property
    def name(self) -> str:
        """What it is, in one string: equal measures have equal names."""
        return f"{self.code} {self.detail}"

    def for_a_yuan(self, urgency: float) -> float:
        """Return urgency weight for each yuan of the price."""
        return urgency / max(1e-9, self.yuan)

    def bought(self, number: int) -> Measure:
        """Return it with ids of its own for whoever is new, so that it can be bought together with others."""
        if not isinstance(self.edit, AddPeople):
            return self
        people = tuple(person.model_copy(update={"id": f"bought-{number:03d}-{k}"}) for k, person in enumerate(self.edit.providers, start=1))
        edit = self.edit.model_copy(update={"providers": people})
        return replace(self, make=lambda: edit)

    def needs(self, other: Measure) -> bool:
        """Say whether it is nothing without another: whoever is trained has to be there."""
        if not isinstance(self.edit, Train) or not isinstance(other.edit, AddPeople):
            return False
        taught = self.edit.who.ids or ()
        return any(one.id in taught for one in other.edit.providers)

    def to_json(self) -> Json:
        """Return it as plain JSON values."""
        return {"code": self.code, **self.detail, "yuan": self.yuan, "gain": round(self.gain, 3)}


def measures(problem: Problem, absent: Sequence[Visit], costs: Mapping[str, float]) -> list[Measure]:
    """Return what may help to serve visits that are left out, the most urgency weight for a yuan first, by estimate.

    Parameters
    ----------
    costs
        Yuan for a unit of each sort, as in `COSTS`.
    """
    found = []
    for resource in (*estimate_hours_and_funds(problem, absent), *estimate_recruits(problem, absent)):
        price = costs[f"hour_{resource.detail['kind']}" if resource.code == "hour" else resource.code]
        found.append(Measure(resource.code, _plain(resource.detail), price, resource.estimate, resource.wanted, partial(_edit_of, problem, resource)))
    for detail, weight, visit, people in _teams(problem, absent):
        price = float(sum(costs[f"hour_{kind}"] * hours for kind, hours in detail["hours"]))
        found.append(Measure("team", _plain(detail), price, weight, (visit,), partial(_add, people)))
    return sorted(found, key=lambda one: (-one.for_a_yuan(one.estimate), one.name))


def _plain(detail: Json) -> Json:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in detail.items()}


def _edit_of(problem: Problem, resource: Resource) -> BaseEdit:
    detail = resource.detail
    if resource.code == "train":
        return Train(edit="train", who=Who(ids=(detail["provider"],)), skills={detail["skill"]: detail["level"]})
    if resource.code == "fund":
        return ChangeFunds(edit="change_funds", ids=(detail["fund"],), add=float(detail["yuan"]))
    return _add(resource.more(1)(problem).providers[len(problem.providers) :])


def _add(people: Sequence[Provider]) -> AddPeople:
    return AddPeople(edit="add_people", providers=tuple(people))


def _teams(problem: Problem, absent: Sequence[Visit]) -> Iterator[tuple[Json, float, str, list[Provider]]]:
    """Yield, for each visit left out that needs two or more, somebody new for each of its roles at once: one alone would not help."""
    residents = {resident.id: resident for resident in problem.residents}
    places = {community.id: community.location for community in problem.communities}
    venues = {venue.id: venue.location for venue in problem.venues}
    for visit in absent:
        need = visit.need
        resident = residents.get(need.resident or "")
        place = venues.get(need.venue or "") or need.location or (resident.location if resident is not None else None) or places[visit.community]
        if len(visit.roles) < 2 or place is None or not visit.windows:
            continue
        low, high, _ = visit.windows[0]
        people, hours = [], []
        gap = 60 * need.gap.max_minutes if need.gap is not None else 0
        length = max(role.seconds for role in visit.roles) + gap * (len(visit.roles) - 1)
        for role in visit.roles:
            kind = role.role.kinds[0]
            asked = {"certificate": "senior", "supervises": 20} if kind == "social_worker" else {}
            language = role.role.language or (resident.language if resident is not None else None)
            person = Provider(
                id="new",
                kind=kind,
                location=place,
                shifts=(Span(start=low, end=min(high, low + 3600) + length),),
                skills=role.role.skills,
                languages=tuple(dict.fromkeys(("zh", *([language] if language else [])))),
                gender=role.role.gender,
                checked=True,
                **asked,
            )
            people.append(person)
            hours.append((kind, -(-role.seconds // 3600)))
        weight = problem.weights.urgency[need.urgency - 1]
        detail = {"visit": visit.id, "community": visit.community, "hours": hours}
        yield detail, float(weight), visit.id, people
