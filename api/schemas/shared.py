"""What requests and answers of several kinds are made of."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from matcher.fields import Misfit


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


class Reference(BaseModel):
    """A version of a stored thing."""

    id: str
    version: int
