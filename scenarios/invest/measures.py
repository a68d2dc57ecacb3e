"""Measures: an hour more of somebody, a recruit, a course, money, whoever one visit needs; each with its price and the edit that brings it about."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from matcher.fields import Span
from matcher.objective import urgency_weight
from matcher.people import Provider
from matcher.prices import Resource, estimate_hours_and_funds, estimate_recruits
from scenarios.edits.models import AddPeople, BaseEdit, ChangeFunds, Train, Who

if TYPE_CHECKING:
    from matcher.fields import Location
    from matcher.people import Kind, Resident
    from matcher.problem import Problem
    from matcher.visits import Visit, VisitRole

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
        What it is, as `matcher.prices` tells it; ``team`` is somebody for each role (there may be only one) of one visit.
    yuan : float
        Its price, a week.
    estimate : float
        Urgency weight that it may serve: only for the order.
    wanted : tuple of str
        Visits that are left out and that it could help to serve.
    make : callable
        Makes the edit that brings it about: only few of all measures are tried.
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
        """What it is, in one string: measures that are alike have equal names, though who is new may live elsewhere."""
        return f"{self.code} {self.detail}"

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of whoever is new with it."""
        return tuple(one.id for one in self.edit.providers) if isinstance(self.edit, AddPeople) else ()

    @cached_property
    def key(self) -> str:
        """A digest of what it brings about, whatever whoever is new is called: two of equal keys are the same thing bought twice."""
        content = self.edit.model_dump(mode="json", by_alias=True)
        for person in content.get("providers", ()):
            person.pop("id")
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:8]

    def for_a_yuan(self, urgency: float) -> float:
        """Return urgency weight for each yuan of the price."""
        return urgency / max(1e-9, self.yuan)

    def bought(self, taken: Collection[str]) -> Measure:
        """Return it with ids of its own for whoever is new, none of those `taken`: what is bought twice comes twice."""
        if not isinstance(self.edit, AddPeople):
            return self
        copy = next(n for n in itertools.count(1) if f"bought-{self.key}-{n}-1" not in taken)
        people = tuple(person.model_copy(update={"id": f"bought-{self.key}-{copy}-{k}"}) for k, person in enumerate(self.edit.providers, start=1))
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
        found.append(Measure(resource.code, _plain(resource.detail), price, resource.estimate, resource.wanted, partial(_edit_of, resource)))
    for detail, weight, visit, people in _teams(problem, absent, costs):
        price = float(sum(costs[f"hour_{kind}"] * hours for kind, hours in detail["hours"]))
        found.append(Measure("team", _plain(detail), price, weight, (visit,), partial(_add, people)))
    return sorted(found, key=lambda one: (-one.for_a_yuan(one.estimate), one.name))


def _plain(detail: Json) -> Json:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in detail.items()}


def _edit_of(resource: Resource) -> BaseEdit:
    detail = resource.detail
    if resource.code == "train":
        return Train(edit="train", who=Who(ids=(detail["provider"],)), skills={detail["skill"]: detail["level"]})
    if resource.code == "fund":
        return ChangeFunds(edit="change_funds", ids=(detail["fund"],), add=float(detail["yuan"]))
    assert resource.person is not None
    return _add((resource.person,))


def _add(people: Sequence[Provider]) -> AddPeople:
    return AddPeople(edit="add_people", providers=tuple(people))


def _teams(problem: Problem, absent: Sequence[Visit], costs: Mapping[str, float]) -> Iterator[tuple[Json, float, str, list[Provider]]]:
    """Yield, for each visit left out, somebody new for each of its roles at once, there when and for as long as it asks.

    Where it asks for two or more, one alone would not help; and an hour is too short for some, and in the wrong hour for others. They are of the
    kinds that are asked for first, and of those that cost least.
    """
    residents = {resident.id: resident for resident in problem.residents}
    places = {community.id: community.location for community in problem.communities}
    venues = {venue.id: venue.location for venue in problem.venues}
    for visit in absent:
        need = visit.need
        resident = residents.get(need.resident or "")
        place = venues.get(need.venue or "") or need.location or (resident.location if resident is not None else None) or places[visit.community]
        if place is None or not visit.windows:
            continue
        first = tuple(role.role.kinds[0] for role in visit.roles)
        least = tuple(min(role.role.kinds, key=lambda kind: costs[f"hour_{kind}"]) for role in visit.roles)
        for kinds in dict.fromkeys((first, least)):
            people = [_one_for(visit, role, kind, place, resident) for role, kind in zip(visit.roles, kinds, strict=True)]
            hours = [(kind, -(-role.seconds // 3600)) for role, kind in zip(visit.roles, kinds, strict=True)]
            detail = {"visit": visit.id, "community": visit.community, "hours": hours}
            yield detail, float(urgency_weight(problem.weights, visit)), visit.id, people


def _one_for(visit: Visit, role: VisitRole, kind: Kind, place: Location, resident: Resident | None) -> Provider:
    low, high, _ = visit.windows[0]
    need = visit.need
    gap = 60 * need.gap.max_minutes if need.gap is not None else 0
    length = max(role.seconds for role in visit.roles) + gap * (len(visit.roles) - 1)
    language = role.role.language or (resident.language if resident is not None else None)
    asked: Json = {"certificate": "senior", "supervises": 20} if kind == "social_worker" else {}
    return Provider(
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
