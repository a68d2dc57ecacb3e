"""Links to calendars."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.schemas.shared import Area, Asked, Moment, VisitName
from matcher.words import Lang


class CalendarRequest(Asked):
    """A link to a person's calendar, to be given out."""

    person: VisitName = Field(description="The provider's id.")
    lang: Lang = Field("zh", description="Language of what the calendar says.")
    area: Area | None = Field(None, description="Whose plans it follows; null: the caller's area.")


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


class CalendarPage(BaseModel):
    """Some links to calendars, newest first."""

    items: list[CalendarView]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")
