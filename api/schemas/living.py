"""Questions about a plan, and planning again."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, model_validator

from api.schemas.plans import PlanView
from api.schemas.shared import Asked, EventBody, Local, NeedBody, PlanBody, ResidentBody, Seed, VisitName
from matcher.fields import Misfit


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


class ReplanView(BaseModel):
    """A new plan after events, and what changed."""

    plan: PlanView
    difference: dict[str, Any] = Field(description="As of GET /v1/plans/{id}/diff/{other}: docs/explain.md.")
    gone: dict[str, str] = Field(description="Visits that are no part of the week any more: withdrawn or done.")
    renamed: dict[str, str] = Field(description="Visits that have another number now.")
    released: list[str] = Field(description="Visits with a pin or a promise that could not be kept.")
    frozen: list[str] = Field(description="Visits that were not to be touched.")


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
