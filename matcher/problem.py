"""The problem: everything that is asked and everything that is available, validated as a whole.

`Problem` is frozen; change one with `Problem.replace`. Reading reports every fault at once, each with the JSON pointer to it.
The contract of the JSON is docs/format.md; the meaning of each rule is docs/rules.md, of each term docs/objective.md.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer, model_validator

from matcher.errors import ProblemError
from matcher.fields import (
    Count,
    Day,
    Flag,
    Horizon,
    Id,
    Location,
    Minutes,
    Misfit,
    Model,
    Moment,
    Number,
    Row,
    Start,
    Text,
    VisitId,
    Whole,
    Window,
)
from matcher.people import Certificate, Community, Fund, Gender, Kind, Language, Level, Link, Mode, Provider, Resident, Skill, Venue
from matcher.visits import Shift, Visit, shifts_of, visits_of

FORMAT: Final = "sishe-problem/1"
SPEEDS_KMH: dict[Mode, float] = {"walk": 4.5, "bike": 14.0, "bus": 16.0, "car": 28.0}


class Category(Model):
    """A field of service, and what it asks of those who serve in it."""

    id: Id
    name_zh: Text = ""
    name_en: Text = ""
    checked: Flag = False
    certified_social_worker: Flag = False
    registered_organization: Flag = False


BUILT_IN_CATEGORIES = (
    Category(id="social_relief", name_zh="社会救助", name_en="Social relief"),
    Category(id="veterans", name_zh="优抚", name_en="Veterans' support"),
    Category(id="disability", name_zh="助残", name_en="Disability"),
    Category(id="elderly", name_zh="为老", name_en="Elderly"),
    Category(id="employment", name_zh="就业", name_en="Employment"),
    Category(id="public_safety", name_zh="公共安全", name_en="Public safety"),
    Category(id="environment", name_zh="环境卫生", name_en="Environment and health"),
    Category(id="culture", name_zh="文化体育", name_en="Culture and sport"),
    Category(id="home_care", name_zh="居家养老", name_en="Home-based elder care"),
    Category(id="youth", name_zh="青少年保护", name_en="Youth protection", checked=True),
    Category(id="correction", name_zh="社区矫正", name_en="Community correction", certified_social_worker=True),
)
"""The vocabulary of the 2015 document; a problem's own `categories` add to it or replace entries by id."""


class Role(Model):
    """One place in a team (or `count` like places), and what it asks of who fills it."""

    id: Annotated[str, Field(strict=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f#.]+$")]
    count: Annotated[Count, Field(le=20)] = 1
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    stand_ins: tuple[Kind, ...] = ()
    skills: dict[Skill, Level] = Field(default_factory=dict)
    certificate: Certificate | None = None
    language: Language | None = None
    gender: Gender | None = None
    minutes: Minutes | None = None


class Gap(Model):
    """The least and most minutes from one role's start to the next one's, where roles meet in sequence."""

    min_minutes: Whole = 0
    max_minutes: Whole

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_minutes < self.min_minutes:
            raise Misfit(f"max_minutes ({self.max_minutes}) should be at least min_minutes ({self.min_minutes})", "order")
        return self


class Spacing(Model):
    """The days between visits of a need."""

    at_least_days: Annotated[Count, Field(le=3660)] = 1
    at_most_days: Annotated[Count, Field(le=3660)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_most_days is not None and self.at_most_days < self.at_least_days:
            raise Misfit(f"at_most_days ({self.at_most_days}) should be at least at_least_days ({self.at_least_days})", "order")
        return self


class Need(Model):
    """What a resident or a group requires; it becomes `visits` visits that have to be placed."""

    id: Id
    title: Text = ""
    resident: Id | None = None
    community: Id | None = None
    category: Id
    urgency: Annotated[int, Field(strict=True, ge=1, le=5)] = 3
    place: Literal["home", "venue", "remote"] = "home"
    location: Location | None = None
    venue: Id | None = None
    minutes: Minutes
    visits: Annotated[Count, Field(le=1000)] = 1
    spacing: Spacing = Spacing()
    windows: Annotated[tuple[Window, ...], Field(min_length=1)]
    preferred: tuple[Window, ...] = ()
    team: Annotated[tuple[Role, ...], Field(min_length=1, max_length=20)]
    first_team: Annotated[tuple[Role, ...], Field(min_length=1, max_length=20)] | None = None
    meet: Literal["together", "in_sequence", "independent"] = "together"
    gap: Gap | None = None
    linked: Flag = False
    continuity: Flag = False
    max_providers: Count | None = None
    preferred_providers: tuple[Id, ...] = ()
    attendees: Whole = 0
    funds: tuple[Id, ...] | None = None


class Pin(Model):
    """Something of a visit that must stay: the provider (of one role, or of any), the day, the start."""

    visit: VisitId
    role: Text | None = None
    provider: Id | None = None
    day: Day | None = None
    start: Start | None = None


class InForce(Model):
    """One line of the plan in force, which the new plan should not change without need."""

    visit: VisitId
    start: Moment
    team: dict[Text, Id]


class _Travel(Model):
    """What the kinds of travel share: their kind is always written, for a reader tells them apart by it."""

    kind: str

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"kind": self.kind, **handler(self)}


class StraightTravel(_Travel):
    """Straight-line distance times a detour factor over the speed of the provider's mode."""

    kind: Literal["straight"] = "straight"
    detour: Annotated[Number, Field(ge=1, le=10)] = 1.3
    speeds_kmh: dict[Mode, Annotated[Number, Field(ge=0.1, le=300)]] = Field(default_factory=SPEEDS_KMH.copy)


class MatrixTravel(_Travel):
    """Seconds from each row to each column, for all modes, or a matrix of its own for some."""

    kind: Literal["matrix"] = "matrix"
    seconds: tuple[Row, ...]
    by_mode: dict[Mode, tuple[Row, ...]] = Field(default_factory=dict)


class RoadTravel(_Travel):
    """A road graph: places walk to the nearest node, then along the shortest path."""

    kind: Literal["roads"] = "roads"
    nodes: Annotated[tuple[Location, ...], Field(min_length=1, max_length=20_000)]
    edges: tuple[tuple[Whole, Whole, Annotated[Number, Field(ge=0, le=1e8)]], ...]
    one_way: Flag = False
    detour: Annotated[Number, Field(ge=1, le=10)] = 1.3
    speeds_kmh: dict[Mode, Annotated[Number, Field(ge=0.1, le=300)]] = Field(default_factory=SPEEDS_KMH.copy)


Travel = Annotated[StraightTravel | MatrixTravel | RoadTravel, Discriminator("kind")]


class Weights(Model):
    """The multipliers of the objective's terms; whole numbers. docs/objective.md gives the formulas."""

    urgency: tuple[Whole, Whole, Whole, Whole, Whole] = (1, 2, 4, 7, 10)
    unserved: Whole = 1_000_000
    pinned: Whole = 20_000_000
    banked: Whole = 500
    new_face: Whole = 20_000
    continuity: Whole = 30_000
    preferred_window: Whole = 15_000
    preferred_person: Whole = 10_000
    pairing: Whole = 10_000
    stand_in: Whole = 8_000
    rating: Whole = 500
    lateness: Whole = 20
    max_lateness: Whole = 0
    money: Whole = 1
    travel: Whole = 1
    waiting: Whole = 0
    workload: Whole = 2
    equity: Whole = 10
    stability: Whole = 40_000


class Problem(Model):
    """A week (or any horizon) of needs and of those who may serve them.

    Raises
    ------
    ProblemError
        From `Problem.read`, `Problem.parse`, `Problem.build` and `Problem.replace`: all faults of form at once, or, where the form is right,
        everything that does not hang together. ``Problem(...)`` raises pydantic's ``ValidationError`` for the faults of form.
    """

    format: Literal["sishe-problem/1"] = FORMAT
    name: Text = ""
    note: Text = ""
    horizon: Horizon
    coordinates: Literal["wgs84", "gcj02", "plane"] = "wgs84"
    categories: tuple[Category, ...] = ()
    communities: tuple[Community, ...] = ()
    residents: tuple[Resident, ...] = ()
    needs: tuple[Need, ...] = ()
    providers: tuple[Provider, ...] = ()
    links: tuple[Link, ...] = ()
    venues: tuple[Venue, ...] = ()
    funds: tuple[Fund, ...] = ()
    travel: Travel = StraightTravel()
    weights: Weights = Weights()
    pins: tuple[Pin, ...] = ()
    in_force: tuple[InForce, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        from matcher.validation import faults_of  # noqa: PLC0415 - validation reads this module's types

        faults = faults_of(self)
        if faults:
            raise ProblemError(faults)
        return self

    @classmethod
    def parse(cls, text: str | bytes) -> Problem:
        """Read a problem from JSON text (UTF-8).

        Raises
        ------
        ProblemError
            With every fault: of syntax, of type, of range, of reference, of contradiction.
        """
        from matcher.validation import parse_json  # noqa: PLC0415

        return cls.build(parse_json(text, ProblemError))

    @classmethod
    def build(cls, data: Any) -> Problem:
        """Make a problem from plain dicts and lists, as JSON has them; raises `ProblemError` with every fault."""
        from matcher.validation import faults_from_pydantic  # noqa: PLC0415

        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ProblemError(faults_from_pydantic(error)) from None

    @classmethod
    def read(cls, path: str | Path) -> Problem:
        """Read a problem from a JSON file (gzip is recognised by its first bytes); raises `ProblemError` and `OSError`."""
        from matcher.files import read_bytes  # noqa: PLC0415

        return cls.parse(read_bytes(path))

    def replace(self, **changes: Any) -> Problem:
        """Return a problem with some fields changed and everything validated again."""
        try:
            return type(self)(**{**self._fields, **changes})
        except ValidationError as error:
            from matcher.validation import faults_from_pydantic  # noqa: PLC0415

            raise ProblemError(faults_from_pydantic(error)) from None

    def taken_as_valid(self, **changes: Any) -> Problem:
        """Return the same without validating it, for who knows that it is valid: on a large week that takes tenths of a second."""
        return type(self).model_construct(**{**self._fields, **changes})

    @property
    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def to_json(self) -> str:
        """Write the problem as JSON, leaving out what is at its default."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps({"format": FORMAT, **data}, ensure_ascii=False, indent=1)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the problem's canonical JSON: plans carry it to say what they are a plan of."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """Every visit of every need, in the order of the needs; the visits of one need stand together."""
        return visits_of(self)

    @cached_property
    def shifts(self) -> tuple[Shift, ...]:
        """Every shift of every provider and crew inside the horizon, in the order of the providers."""
        return shifts_of(self)

    @cached_property
    def category(self) -> dict[str, Category]:
        """The categories by id: the built-in ones, and the problem's own over them."""
        return {item.id: item for item in (*BUILT_IN_CATEGORIES, *self.categories)}

    @cached_property
    def community_of(self) -> dict[str, str]:
        """The community of each need, by need id: its resident's, or its own."""
        home = {resident.id: resident.community for resident in self.residents}
        return {need.id: home[need.resident] if need.resident is not None else need.community or "" for need in self.needs}
