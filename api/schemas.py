"""The JSON of requests and answers. What is inside a problem, a plan or a result is the matcher's: docs/format.md."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from matcher.fields import Misfit
from matcher.words import Lang


def _checked_local(value: str) -> str:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError as error:
        raise Misfit(f"should be a moment such as 2026-11-23T08:30:00, was {value!r}", "range") from error
    return value


STANDS_FOR = "x-stands-for"
"""Where the document refers to a schema of the matcher: pydantic would look for the reference among the models that it knows."""
AREA = r"^([a-z0-9_.-]+(/[a-z0-9_.-]+)*)?$"
Area = Annotated[str, Field(pattern=AREA, max_length=400, description="A path of names from the whole to the part: `weihai/huancui/zhudao`.")]
Scope = Literal["read", "plan", "publish", "admin"]
State = Literal["queued", "running", "done", "stopped", "failed"]
Standing = Literal["draft", "published", "superseded"]
Origin = Literal["stored", "plan", "replan"]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
ProblemBody = Annotated[dict[str, Any], WithJsonSchema({STANDS_FOR: "Problem"})]
PlanBody = Annotated[dict[str, Any], WithJsonSchema({STANDS_FOR: "Plan"})]
ScenarioBody = Annotated[dict[str, Any], WithJsonSchema({STANDS_FOR: "ScenarioFile"})]
NeedBody = Annotated[dict[str, Any], WithJsonSchema({STANDS_FOR: "Need"})]
ResidentBody = Annotated[dict[str, Any], WithJsonSchema({STANDS_FOR: "Resident"})]
EventBody = Annotated[dict[str, Any], WithJsonSchema({STANDS_FOR: "Event"})]
VisitName = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Local = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$"), AfterValidator(_checked_local)]
"""A moment in the local time of the communities, without a zone."""
ZONED = "x-zoned"
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time", ZONED: True})]
"""A moment in UTC."""


class Asked(BaseModel):
    """A request: it refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class JobRequest(Asked):
    """A job to be done: about a problem that comes along, or about a stored one."""

    problem: ProblemBody | None = Field(None, description="The problem itself; or give `problem_id`.")
    problem_id: Annotated[str, Field(max_length=40)] | None = Field(None, description="A stored problem.")
    problem_version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        None, description="Of the stored problem; null: the newest."
    )
    area: Area | None = Field(None, description="Where it belongs, at or below the caller's area; null: the stored problem's, else the caller's.")
    webhook: AnyHttpUrl | None = Field(None, description="Called when it has ended: signed, and tried again until it answers 2xx.")

    @model_validator(mode="after")
    def _about_one_problem(self) -> Self:
        if (self.problem is None) == (self.problem_id is None):
            raise Misfit("should have either problem or problem_id", "conflict")
        if self.problem_version is not None and self.problem_id is None:
            raise Misfit("problem_version goes with problem_id", "conflict")
        return self


class PlanRequest(JobRequest):
    """A plan to be made."""

    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="Seconds of search; null: 10, without a limit where `chunks` is given."
    )
    chunks: Annotated[int, Field(strict=True, ge=0, le=10**9)] | None = Field(
        None, description="A limit in chunks of work; with `threads` 1, the same plan every time."
    )
    seed: Seed = Field(1, description="Of the random choices.")
    threads: Annotated[int, Field(strict=True, ge=1, le=64)] | None = Field(
        None, description="Searchers; null or more than the server has: its own number."
    )
    exact: Annotated[bool, Field(strict=True)] = Field(
        False, description="All the time goes to finding the best plan and proving it; for small problems."
    )
    prove: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(0.0, description="Seconds, after the search, to prove a bound.")
    start: PlanBody | None = Field(None, description="A plan to start from; or give `start_id`.")
    start_id: Annotated[str, Field(max_length=40)] | None = Field(None, description="A stored plan to start from.")
    start_version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(None, description="Of that plan; null: the newest.")

    @model_validator(mode="after")
    def _from_one_start(self) -> Self:
        if self.start is not None and self.start_id is not None:
            raise Misfit("should have at most one of start and start_id", "conflict")
        if self.start_version is not None and self.start_id is None:
            raise Misfit("start_version goes with start_id", "conflict")
        return self


class ComparisonRequest(JobRequest):
    """Scenarios to be compared with the week as it is."""

    scenarios: ScenarioBody = Field(description="What a scenario file says, as JSON: docs/scenarios.md. What follows stands above its `settings`.")
    seeds: Annotated[int, Field(strict=True, ge=1, le=100)] | None = Field(None, description="Repeats; null: the settings', else 3.")
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="Seconds of search for each run; null: the settings', else 5 where there are no `chunks`."
    )
    chunks: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = Field(
        None, description="Chunks of work for each run instead of seconds: the same comparison every time."
    )
    prove: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="Seconds to prove a bound for each scenario; null: the settings', else none."
    )
    threads: Annotated[int, Field(strict=True, ge=1, le=64)] | None = Field(
        None, description="Runs side by side; null or more than the server has: its own number."
    )


class CheckRequest(Asked):
    """A problem to be validated."""

    problem: ProblemBody


class KeyRequest(Asked):
    """An API key to be made."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    area: Area
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    days: Annotated[float, Field(gt=0, le=36500)] | None = Field(None, description="How long it is valid; null: until revoked.")


class ReplanRequest(Asked):
    """What happened, and how much may change for it."""

    events: Annotated[list[EventBody], Field(max_length=1000)] = Field(description="What happened, in order: docs/living.md.")
    now: Local | None = Field(
        None, description="The moment as of which it is known, local: what began before it stands. Null: the week has not begun."
    )
    promised: Annotated[list[VisitName], Field(max_length=100_000)] = Field(
        default_factory=list, description="Visits that are not to be changed unless an event makes them impossible."
    )
    notice: Annotated[int, Field(strict=True, ge=0, le=10**6)] = Field(0, description="Minutes after now within which every visit is promised.")
    price: Annotated[int, Field(strict=True, ge=0, le=10**9)] | None = Field(
        None, description="What each change costs; null: the week's weight `stability`."
    )
    budget: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] | None = Field(
        None, description="Seconds to search the whole week after what was touched; null: none."
    )
    seed: Seed = 1


class RecommendRequest(Asked):
    """A visit to find a place for, or a need that is new."""

    visit: VisitName | None = Field(None, description="A visit of the week; or give `need`.")
    need: NeedBody | None = Field(None, description="A new need, as in a problem.")
    resident: ResidentBody | None = Field(None, description="Its resident, if the week does not have them.")
    now: Local | None = Field(None, description="Nothing is recommended before it.")
    top: Annotated[int, Field(strict=True, ge=1, le=50)] = Field(10, description="How many options.")

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if self.visit is None and self.need is None:
            raise Misfit("should have visit or need", "missing")
        if self.resident is not None and self.need is None:
            raise Misfit("resident goes with need", "conflict")
        return self


class EvaluateRequest(Asked):
    """A plan to be judged; it may break rules."""

    plan: PlanBody | None = Field(None, description="A plan of the same problem; null: the stored one.")
    top: Annotated[int, Field(strict=True, ge=0, le=20)] = Field(3, description="How many suggestions.")


class WhatIfRequest(Asked):
    """A move of one visit, to be tried out."""

    visit: VisitName
    provider: VisitName | None = Field(None, description="Who serves it.")
    role: VisitName | None = Field(None, description="In which role, where there are several.")
    start: Local | None = Field(None, description="When it starts, local; null: as it is.")
    room: VisitName | None = None
    out: Annotated[bool, Field(strict=True)] = Field(False, description="Whether it is left out instead.")


class PublishRequest(Asked):
    """A plan to be put in force."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        None, description="The version that is meant; null: the one of If-Match."
    )


class CalendarRequest(Asked):
    """A link to a person's calendar, to be given out."""

    person: VisitName = Field(description="The provider's id.")
    lang: Lang = Field("zh", description="Language of what the calendar says.")
    area: Area | None = Field(None, description="Whose plans it follows; null: the caller's area.")


class Error(BaseModel):
    """One fault of an input."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the body, or the cell of a workbook (`需求!D7`); empty: all of it.")
    detail: str
    code: str = Field(description="A stable word for programs; docs/format.md lists them.")


class Details(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    count: int | None = Field(None, description="How many faults there are.")
    errors: list[Error] | None = None


class Facts(BaseModel):
    """What a problem holds."""

    name: str
    start: str
    days: int
    communities: list[str]
    needs: int
    visits: int
    providers: int
    shifts: int


class ProblemView(BaseModel):
    """A stored problem, without its content."""

    id: str
    area: str
    origin: Origin = Field(description="How it came: by itself, with a request for a plan, or by planning again.")
    version: int
    digest: str
    facts: Facts
    made_at: Moment
    made_by: str
    links: dict[str, str]


UNREAD = Field(description="What a workbook held that was not read: sheets and columns of one's own, in the language of Accept-Language.")


class StoredView(ProblemView):
    """A problem that was stored just now."""

    unread: list[str] = UNREAD


class Reference(BaseModel):
    """A version of a stored thing."""

    id: str
    version: int


class Progress(BaseModel):
    """How far a search is."""

    phase: str
    seconds: float
    chunks: int
    visits: int
    cost: int | None = None
    assigned: int | None = None
    bound: int | None = None


class PlanView(BaseModel):
    """A plan and the job that makes it, without the plan's content."""

    id: str
    area: str
    kind: str
    state: State
    standing: Standing
    problem: Reference
    start: Reference | None
    settings: dict[str, Any]
    version: int = Field(description="The newest version that is saved; 0: none yet.")
    cost: int | None
    bound: int | None
    gap: float | None = Field(description="(cost - bound) / max(1, |cost|)")
    gap_of_urgency: float | None = Field(None, description="(cost - bound) as a share of all the urgency there is; once the plan is made.")
    visits: int | None
    assigned: int | None
    unassigned: int | None
    elapsed: float | None = Field(description="Seconds since the work began.")
    attempt: int = Field(description="How often it was begun.")
    is_cancelled: bool
    progress: Progress | None
    error: dict[str, Any] | None
    made_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    links: dict[str, str]
    plan: PlanBody | None = Field(None, description="The plan itself, where `Prefer: wait` saw it end.")


class ComparisonProgress(BaseModel):
    """How far a comparison is."""

    phase: str
    done: int = Field(description="Runs that are finished.")
    total: int = Field(description="Runs that are known to be needed; carrying plans over from week to week adds a few.")
    scenario: str | None = Field(None, description="The one that was begun or finished last.")
    seconds: float


class ComparisonView(BaseModel):
    """A comparison of scenarios and the job that makes it, without what it says."""

    id: str
    area: str
    title: str
    state: State
    problem: Reference
    settings: dict[str, Any] = Field(description="How each run is solved: docs/scenarios.md; `threads` runs side by side.")
    scenarios: list[str] = Field(description="Their ids; a point of a grid is called `grid[name=value]`.")
    progress: ComparisonProgress | None
    missing: list[str] | None = Field(description="Of one that was stopped: scenarios without a finished run.")
    elapsed: float | None = Field(description="Seconds since the work began.")
    attempt: int = Field(description="How often it was begun or taken up again.")
    is_cancelled: bool
    error: dict[str, Any] | None
    made_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    links: dict[str, str]
    comparison: dict[str, Any] | None = Field(None, description="What it says, where `Prefer: wait` saw it end.")


class ReplanView(BaseModel):
    """A new plan after events, and what changed."""

    plan: PlanView
    difference: dict[str, Any] = Field(description="As of GET /v1/plans/{id}/diff/{other}: docs/explain.md.")
    gone: dict[str, str] = Field(description="Visits that are no part of the week any more: withdrawn or done.")
    renamed: dict[str, str] = Field(description="Visits that have another number now.")
    released: list[str] = Field(description="Visits with a pin or a promise that could not be kept.")
    frozen: list[str] = Field(description="Visits that were not to be touched.")


class VersionView(BaseModel):
    """A version of a plan."""

    version: int
    cost: int | None
    violations: int
    made_at: Moment
    made_by: str


class ValidationView(BaseModel):
    """What validation says of a valid problem."""

    is_valid: Literal[True]
    digest: str
    facts: Facts
    unread: list[str] = UNREAD


class KeyView(BaseModel):
    """An API key; `key` only in the answer that makes it."""

    id: str
    name: str
    area: str
    scopes: list[Scope]
    made_at: Moment
    made_by: str
    expires_at: Moment | None
    revoked_at: Moment | None
    key: str | None = None


class CallerView(BaseModel):
    """Who asks."""

    id: str
    name: str
    area: str
    scopes: list[Scope]
    webhook_secret: str | None = Field(description="Signs the webhooks of this caller; null where the server sends none.")
    has_calendar_links: bool = Field(description="Whether the server gives out links to calendars.")


class CalendarView(BaseModel):
    """A link to a person's calendar."""

    id: str
    area: str
    person: str
    lang: Lang
    made_at: Moment
    made_by: str
    revoked_at: Moment | None
    links: dict[str, str | None] = Field(description="`feed` is the link itself, to subscribe to; null once it is revoked.")


class AuditView(BaseModel):
    """An entry of the audit log."""

    id: int
    at: Moment
    caller: str
    area: str
    action: str
    thing: str
    detail: dict[str, Any]


class InForceView(BaseModel):
    """The plan in force of one community and week."""

    area: str
    community: str
    week: str
    plan: str
    version: int
    at: Moment
    by: str


class ProblemPage(BaseModel):
    """Some stored problems, newest first."""

    items: list[ProblemView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class PlanPage(BaseModel):
    """Some plans, newest first."""

    items: list[PlanView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class ComparisonPage(BaseModel):
    """Some comparisons, newest first."""

    items: list[ComparisonView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class VersionPage(BaseModel):
    """The versions of a plan, newest first."""

    items: list[VersionView]


class KeyPage(BaseModel):
    """Some keys, by id."""

    items: list[KeyView]
    next: str | None


class CalendarPage(BaseModel):
    """Some links to calendars, newest first."""

    items: list[CalendarView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class AuditPage(BaseModel):
    """Some entries of the audit log, newest first."""

    items: list[AuditView]
    next: str | None


class InForcePage(BaseModel):
    """What is in force."""

    items: list[InForceView]


class Code(BaseModel):
    """A rule or a term."""

    code: str
    name_zh: str
    name_en: str
    says_zh: str
    says_en: str


class Rules(BaseModel):
    """The hard rules, and what the cost is made of."""

    rules: list[Code]
    terms: list[Code]


class ErrorKind(BaseModel):
    """A kind of refusal."""

    type: str
    status: int
    title: str


class Errors(BaseModel):
    """All kinds of refusal."""

    items: list[ErrorKind]


class Health(BaseModel):
    """Whether the server is well."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool] = Field(default_factory=dict)
