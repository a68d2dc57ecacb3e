"""Problems, stored or to be validated."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.shared import Asked, Moment, Origin, ProblemBody


class CheckRequest(Asked):
    """A problem to be validated."""

    problem: ProblemBody


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


class ValidationView(BaseModel):
    """What validation says of a valid problem."""

    is_valid: Literal[True]
    digest: str
    facts: Facts
    unread: list[str] = UNREAD


class ProblemPage(BaseModel):
    """Some stored problems, newest first."""

    items: list[ProblemView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")
