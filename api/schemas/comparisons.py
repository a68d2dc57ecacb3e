"""Comparisons of scenarios."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.schemas.plans import JobRequest
from api.schemas.shared import Moment, Reference, ScenarioBody, State


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


class ComparisonPage(BaseModel):
    """Some comparisons, newest first."""

    items: list[ComparisonView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")
