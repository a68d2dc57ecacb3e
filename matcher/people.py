"""Who serves and who is served: communities, residents, providers, links, venues, funds.

`matcher.problem` gathers them; the meaning of each field is in docs/format.md.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from matcher.fields import Count, Flag, Id, Location, Minutes, Misfit, Model, Money, Number, Span, Text, Whole

Kind = Literal["volunteer", "social_worker", "organization"]
Gender = Literal["female", "male"]
Certificate = Literal["assistant", "social_worker", "senior"]
Mode = Literal["walk", "bike", "bus", "car"]
Grade = Literal["required", "preferred", "unpreferred", "prohibited"]
Source = Literal["fiscal", "welfare_lottery", "charity", "venture"]
Language = Annotated[str, Field(strict=True, min_length=1, max_length=40)]
Skill = Id
_CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
Level = Annotated[int, Field(strict=True, ge=1, le=5)]

KINDS: tuple[Kind, ...] = ("volunteer", "social_worker", "organization")
MODES: tuple[Mode, ...] = ("walk", "bike", "bus", "car")
CERTIFICATES: tuple[Certificate, ...] = ("assistant", "social_worker", "senior")


class Community(Model):
    """A community, the platform: needs and providers belong to one, venues stand in one."""

    id: Id
    name: Text = ""
    street: Text = ""
    district: Text = ""
    area: Literal["urban", "rural"] = "urban"
    population: Whole = 0
    party_members: Whole = 0
    staff: Whole = 0
    service_points: tuple[Literal["organizations", "social_work", "volunteers"], ...] = ()
    location: Location | None = None


class Resident(Model):
    """A resident: an opaque reference. Names and telephone numbers stay out of the engine."""

    id: Id
    community: Id
    location: Location | None = None
    language: Language | None = None
    gender: Gender | None = None
    known: dict[Id, Count] = Field(default_factory=dict)
    refused: tuple[Id, ...] = ()
    volunteer: Id | None = None


_Clock = Annotated[str, Field(strict=True, pattern=_CLOCK)]


class Lunch(Model):
    """A break of `minutes` somewhere between `earliest` and `latest` of each day."""

    earliest: _Clock = "11:30"
    latest: _Clock = "13:30"
    minutes: Minutes = 60

    @property
    def span(self) -> tuple[int, int]:
        """The lunch window in seconds of a day."""
        return _minutes(self.earliest) * 60, _minutes(self.latest) * 60

    @model_validator(mode="after")
    def _fits(self) -> Self:
        room = _minutes(self.latest) - _minutes(self.earliest)
        if room < self.minutes:
            raise Misfit(f"minutes ({self.minutes}) should fit between earliest ({self.earliest}) and latest ({self.latest})", "order")
        return self


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


class Provider(Model):
    """A volunteer, a social worker or an organization. Fields that only one kind has are refused on the others."""

    id: Id
    kind: Kind
    name: Text = ""
    community: Id | None = None
    location: Location
    shifts: tuple[Span, ...] = ()
    skills: dict[Skill, Level] = Field(default_factory=dict)
    languages: tuple[Language, ...] = ("zh",)
    gender: Gender | None = None
    checked: Flag = False
    area: tuple[Id, ...] | None = None
    mode: Mode = "walk"
    speed_kmh: Annotated[Number, Field(ge=0.1, le=300)] | None = None
    max_leg_minutes: Minutes | None = None
    returns: Flag = True
    max_minutes_day: Minutes | None = None
    max_minutes_week: Minutes | None = None
    caseload: Count | None = None
    lunch: Lunch | None = None
    rating: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    price_per_hour: Money = 0
    price_per_visit: Money = 0
    # volunteers
    hours_given: Whole = 0
    banked_hours: Whole = 0
    supervision: Literal["none", "social_worker", "linked"] = "none"
    # social workers
    certificate: Certificate | None = None
    supervises: Whole = 0
    # organizations
    registration: Literal["registered", "on_file"] = "registered"
    categories: tuple[Id, ...] | None = None
    crews: Annotated[Count, Field(le=1000)] = 1
    claims: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _kind_only(self) -> Self:
        owners = {
            "volunteer": ("hours_given", "banked_hours", "supervision"),
            "social_worker": ("certificate", "supervises"),
            "organization": ("registration", "categories", "crews", "claims"),
        }
        misfits = [
            f"{name} (only for kind {owner!r})"
            for owner, names in owners.items()
            for name in names
            if owner != self.kind and name in self.model_fields_set and getattr(self, name) != type(self).model_fields[name].get_default()
        ]
        if misfits:
            raise Misfit(f"a provider of kind {self.kind!r} should not have {', '.join(misfits)}", "conflict")
        return self


class Link(Model):
    """A standing pair or group of providers, and how much it matters that they serve together."""

    id: Id
    members: Annotated[tuple[Id, ...], Field(min_length=2, max_length=1000)]
    grade: Grade = "preferred"


class Room(Model):
    """A room of a venue: one use at a time."""

    id: Id
    seats: Count


class Venue(Model):
    """A place of the community where visits happen in rooms."""

    id: Id
    name: Text = ""
    community: Id
    location: Location
    rooms: Annotated[tuple[Room, ...], Field(min_length=1, max_length=1000)]
    opening: Annotated[tuple[Span, ...], Field(min_length=1)]


class Fund(Model):
    """Money for the horizon, and what it may pay for."""

    id: Id
    name: Text = ""
    source: Source
    amount: Money
    categories: tuple[Id, ...] | None = None
    communities: tuple[Id, ...] | None = None
