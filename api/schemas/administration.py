"""Keys, callers, the audit log, and whether the server is well."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.schemas.shared import Area, Asked, Moment, Scope


class KeyRequest(Asked):
    """An API key to be made."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    area: Area
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    days: Annotated[float, Field(gt=0, le=36500)] | None = Field(None, description="How long it is valid; null: until revoked.")


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


class AuditView(BaseModel):
    """An entry of the audit log."""

    id: int
    at: Moment
    caller: str
    area: str
    action: str
    thing: str
    detail: dict[str, Any]


class KeyPage(BaseModel):
    """Some keys, by id."""

    items: list[KeyView]
    next: str | None


class AuditPage(BaseModel):
    """Some entries of the audit log, newest first."""

    items: list[AuditView]
    next: str | None


class Health(BaseModel):
    """Whether the server is well."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool] = Field(default_factory=dict)
