"""The edits, each a named change with its keys; and the file that groups them into scenarios and grids. docs/scenarios.md explains each."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, WithJsonSchema, model_validator

from matcher.fields import Count, Flag, Id, Misfit, Model, Money, Number, Span, Text, Weekday, Whole, Window
from matcher.people import Certificate, Kind, Language, Level, Mode, Provider, Skill, Source

FORMAT: Final = "sishe-scenarios/1"

Share = Annotated[Number, Field(ge=0, le=1)]
Factor = Annotated[Number, Field(ge=0, le=1000)]
Several = Annotated[Whole, Field(le=100_000)]
Leeway = Annotated[int, Field(strict=True, ge=-1440, le=1440)]
Keys = dict[str, Any]
Rank = Annotated[int, Field(strict=True, ge=1, le=5)]


def _not_empty(value: Any) -> Any:
    if value is not None and not value:
        raise Misfit("should name at least one", "range")
    return value


Ids = Annotated[tuple[Id, ...], BeforeValidator(_not_empty)]


class Some(Model):
    """Part of a selection: all of it, or so many (or such a share) of it in a random order that is the same for every number."""

    count: Several | None = None
    share: Share | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.count is not None and self.share is not None:
            raise Misfit("should have count or share, not both", "conflict")
        return self


class Who(Some):
    """Providers: those who meet every condition that is given."""

    ids: Ids | None = None
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(_not_empty)] | None = None
    communities: Ids | None = None
    skill: Skill | None = None
    supervision: Literal["none", "social_worker", "linked"] | None = None
    registration: Literal["registered", "on_file"] | None = None


class Which(Some):
    """Needs: those that meet every condition that is given."""

    ids: Ids | None = None
    categories: Ids | None = None
    communities: Ids | None = None
    urgency: Annotated[tuple[Rank, ...], BeforeValidator(_not_empty)] | None = None
    place: Literal["home", "venue", "remote"] | None = None
    skill: Skill | None = None


class BaseEdit(Model):
    """What every edit has: its name, and the seed of its draws (left out: the replicate's, so that the draws differ from one to the next)."""

    edit: str
    seed: Whole | None = None


class AddProviders(BaseEdit):
    """New people or organizations, each like one of the week that is drawn at random, or like the one named."""

    edit: Literal["add_providers"]
    kind: Kind
    count: Several
    like: Id | None = None
    communities: Ids | None = None
    skills: dict[Skill, Level] | None = None
    shifts: Annotated[tuple[Span, ...], Field(min_length=1)] | None = None
    hours_week: Annotated[Number, Field(gt=0, le=168)] | None = None
    set: Keys = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hours_once(self) -> Self:
        if self.shifts is not None and self.hours_week is not None:
            raise Misfit("should have shifts or hours_week, not both", "conflict")
        return self


class AddPeople(BaseEdit):
    """New people or organizations, written out as the format has them."""

    edit: Literal["add_people"]
    providers: Annotated[tuple[Provider, ...], Field(min_length=1)]


class RemoveProviders(BaseEdit):
    """People who no longer serve."""

    edit: Literal["remove_providers"]
    who: Who


class Train(BaseEdit):
    """People who learn: a skill at a level, a certificate, a language, or who are checked. Nobody unlearns."""

    edit: Literal["train"]
    who: Who
    skills: dict[Skill, Level] = Field(default_factory=dict)
    certificate: Certificate | None = None
    languages: tuple[Language, ...] = ()
    checked: Literal[True] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.skills or self.certificate or self.languages or self.checked):
            raise Misfit("should have skills, certificate, languages or checked", "missing")
        return self


class ChangeHours(BaseEdit):
    """Other hours: each shift longer or shorter at its ends, shifts in addition, days off, other limits of minutes."""

    edit: Literal["change_hours"]
    who: Who
    earlier: Leeway = 0
    later: Leeway = 0
    add_shifts: tuple[Span, ...] = ()
    drop_days: tuple[Weekday, ...] = ()
    limit_factor: Factor | None = None


class ChangeProviders(BaseEdit):
    """Any keys of providers, as the format has them; null takes a key away."""

    edit: Literal["change_providers"]
    who: Who
    set: Annotated[Keys, Field(min_length=1)]


class ChangePrices(BaseEdit):
    """Other prices of those who ask one."""

    edit: Literal["change_prices"]
    who: Who = Who()
    factor: Factor | None = None
    per_hour: Money | None = None
    per_visit: Money | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.factor is None and self.per_hour is None and self.per_visit is None:
            raise Misfit("should have factor, per_hour or per_visit", "missing")
        if self.factor is not None and (self.per_hour is not None or self.per_visit is not None):
            raise Misfit("should have factor, or per_hour and per_visit, not both", "conflict")
        return self


class ChangeFunds(BaseEdit):
    """More or less money in funds: a factor, an amount in addition (negative: less), or an amount instead. Without ids and sources: all funds."""

    edit: Literal["change_funds"]
    ids: Ids | None = None
    sources: Annotated[tuple[Source, ...], BeforeValidator(_not_empty)] | None = None
    factor: Factor | None = None
    add: Annotated[Number, Field(ge=-1e10, le=1e10)] | None = None
    amount: Money | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.factor, self.add, self.amount)) != 1:
            raise Misfit("should have one of factor, add and amount", "conflict")
        return self


class AddFund(BaseEdit):
    """One more fund."""

    edit: Literal["add_fund"]
    id: Id
    name: Text = ""
    source: Source
    amount: Money
    categories: Ids | None = None
    communities: Ids | None = None


class AddNeeds(BaseEdit):
    """New needs, each like one of the week of that category that is drawn at random, or like the one named, of a new resident."""

    edit: Literal["add_needs"]
    category: Id
    count: Several
    like: Id | None = None
    communities: Ids | None = None
    urgency: Rank | None = None
    set: Keys = Field(default_factory=dict)


class RemoveNeeds(BaseEdit):
    """Needs that are no longer there."""

    edit: Literal["remove_needs"]
    which: Which


class ChangeUrgency(BaseEdit):
    """Another urgency: one that is set, or so many steps up or down (kept from 1 to 5)."""

    edit: Literal["change_urgency"]
    which: Which = Which()
    to: Rank | None = None
    by: Annotated[int, Field(strict=True, ge=-4, le=4)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.to is None) == (self.by is None):
            raise Misfit("should have one of to and by", "conflict")
        return self


class ChangeWindows(BaseEdit):
    """Windows that open sooner or close later (negative: the other way), stay open longer for lateness, or other windows instead."""

    edit: Literal["change_windows"]
    which: Which = Which()
    earlier: Leeway = 0
    later: Leeway = 0
    late_by: Annotated[Whole, Field(le=10_000)] | None = None
    windows: Annotated[tuple[Window, ...], Field(min_length=1)] | None = None


class ChangeNeeds(BaseEdit):
    """Any keys of needs, as the format has them; null takes a key away."""

    edit: Literal["change_needs"]
    which: Which
    set: Annotated[Keys, Field(min_length=1)]


class ChangeTravel(BaseEdit):
    """Faster or slower ways: a factor on speeds (of some modes), another detour."""

    edit: Literal["change_travel"]
    speed_factor: Annotated[Number, Field(gt=0, le=100)] | None = None
    modes: Annotated[tuple[Mode, ...], BeforeValidator(_not_empty)] | None = None
    detour: Annotated[Number, Field(ge=1, le=10)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.speed_factor is None and self.detour is None:
            raise Misfit("should have speed_factor or detour", "missing")
        return self


class CloseVenue(BaseEdit):
    """A venue that is closed, always or on some weekdays; its needs wait, or go to another venue."""

    edit: Literal["close_venue"]
    ids: Ids
    days: Annotated[tuple[Weekday, ...], BeforeValidator(_not_empty)] | None = None
    move_to: Id | None = None


class NoShows(BaseEdit):
    """Shifts that fall out, each by chance at a rate; or providers who are away all the time."""

    edit: Literal["no_shows"]
    rate: Share
    who: Who = Who(kinds=("volunteer",))
    per: Literal["shift", "provider"] = "shift"


class Pooling(BaseEdit):
    """How far people serve: everywhere, in their district or street, or in their own community only."""

    edit: Literal["pooling"]
    within: Literal["all", "district", "street", "community"]
    who: Who = Who()


class ChangeRule(BaseEdit):
    """A policy rule that is lifted or imposed, as far as the format allows."""

    edit: Literal["change_rule"]
    rule: Literal[
        "skill",
        "certificate",
        "language",
        "gender",
        "refused",
        "category",
        "checked",
        "area",
        "leg",
        "lunch",
        "day_minutes",
        "week_minutes",
        "caseload",
        "supervision",
        "linked_team",
        "spacing",
        "max_providers",
        "fund_allowed",
        "pin",
    ]
    on: Flag
    value: Count | None = None
    categories: Ids | None = None


class ChangeWeights(BaseEdit):
    """Other weights of the objective."""

    edit: Literal["change_weights"]
    set: Annotated[Keys, Field(min_length=1)]


Edit = Annotated[
    AddProviders
    | AddPeople
    | RemoveProviders
    | Train
    | ChangeHours
    | ChangeProviders
    | ChangePrices
    | ChangeFunds
    | AddFund
    | AddNeeds
    | RemoveNeeds
    | ChangeUrgency
    | ChangeWindows
    | ChangeNeeds
    | ChangeTravel
    | CloseVenue
    | NoShows
    | Pooling
    | ChangeRule
    | ChangeWeights,
    Discriminator("edit"),
]
EDITS: Final[dict[str, type[BaseEdit]]] = {
    model.model_fields["edit"].annotation.__args__[0]: model  # type: ignore[union-attr]
    for model in BaseEdit.__subclasses__()
}
"""Every edit by its name."""


class Settings(Model):
    """How each scenario is solved: all alike."""

    budget: Annotated[Number, Field(gt=0, le=86_400)] | None = None
    chunks: Annotated[Whole, Field(ge=1)] | None = None
    seeds: Annotated[Count, Field(le=100)] = 3
    first_seed: Annotated[Whole, Field(le=2**31 - 1)] = 1
    warm: Flag = True
    prove: Annotated[Number, Field(ge=0, le=86_400)] = 0.0


class Scenario(Model):
    """A week and its edits, by a name."""

    id: Id
    title: Text = ""
    edits: tuple[Edit, ...] = ()


class Range(Model):
    """Numbers from one to another, by steps."""

    start: Annotated[Number, Field(alias="from")]
    end: Annotated[Number, Field(alias="to")]
    step: Annotated[Number, Field(gt=0)]


_TEMPLATE: Final = {"type": "array", "items": {"type": "object", "required": ["edit"]}, "description": "edits in which '$name' stands for a value"}


class Grid(Model):
    """One scenario for each combination of values: ``"$name"`` in the edits stands for the value of `name`."""

    id: Id
    title: Text = ""
    over: Annotated[dict[Id, tuple[Any, ...] | Range], Field(min_length=1, max_length=3)]
    edits: Annotated[tuple[Keys, ...], Field(min_length=1), WithJsonSchema(_TEMPLATE)]


class ScenarioFile(Model):
    """Scenarios of one base week, and how they are compared."""

    format: Literal["sishe-scenarios/1"] = FORMAT
    title: Text = ""
    note: Text = ""
    settings: Settings = Settings()
    scenarios: tuple[Scenario, ...] = ()
    grids: tuple[Grid, ...] = ()


__all__ = ["EDITS", "FORMAT", "BaseEdit", "Edit", "Grid", "Range", "Scenario", "ScenarioFile", "Settings", "Some", "Which", "Who"]
