"""Jobs, plans and their versions: what is asked for, how far it is, what is in force."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AnyHttpUrl, BaseModel, Field, model_validator

from api.schemas.shared import Area, Asked, Moment, PlanBody, ProblemBody, Reference, Seed, Standing, State
from matcher.fields import Misfit


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
    prove: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        0.0, description="Seconds more (after the search, or beside it) to prove a bound."
    )
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


class VersionView(BaseModel):
    """A version of a plan."""

    version: int
    cost: int | None
    violations: int
    made_at: Moment
    made_by: str


class PublishRequest(Asked):
    """A plan to be put in force."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        None, description="The version that is meant; null: the one of If-Match."
    )


class InForceView(BaseModel):
    """The plan in force of one community and week."""

    area: str
    community: str
    week: str
    plan: str
    version: int
    at: Moment
    by: str


class PlanPage(BaseModel):
    """Some plans, newest first."""

    items: list[PlanView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class VersionPage(BaseModel):
    """The versions of a plan, newest first."""

    items: list[VersionView]


class InForcePage(BaseModel):
    """What is in force."""

    items: list[InForceView]
