"""Calendars of people: as they are, and links that calendar programs subscribe to."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from api.auth import Gate, Publisher, Reader
from api.bodies import Body, read
from api.books import is_there, lang_of
from api.calendars import MEDIA_TYPE, mark_of, since, written
from api.context import Context
from api.documented import body, calendar_answer, refusals
from api.faults import Refusal, not_found
from api.routes.books import AcceptLanguage
from api.routes.problems import AreaQuery, Cursor, Here, Limit, area_for
from api.schemas.calendars import CalendarPage, CalendarRequest, CalendarView
from api.store import audit, calendars
from api.store.calendars import Appointment
from api.store.keys import now
from api.views import calendar_view, page, signature_of, tagged
from matcher.words import Lang

router = APIRouter(prefix="/v1", tags=["calendars"])
LangQuery = Annotated[Lang | None, Query(description="Language of the calendar; left out, that of Accept-Language.")]
ANSWERS: dict[int | str, dict[str, Any]] = {200: calendar_answer("The calendar"), 304: {"description": "Not changed"}}


@router.get("/people/{person:path}/calendar.ics", response_class=Response, responses={**ANSWERS, **refusals("thing", "invalid-request", "conflict")})
def get_calendar(
    request: Request,
    caller: Reader,
    context: Here,
    person: str,
    area: AreaQuery = None,
    lang: LangQuery = None,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Return a person's calendar, as the plans that were published have it: what they serve, when, where, with whom.

    It follows publications: a visit keeps its `UID` over plans, what changed has a higher `SEQUENCE`, what was taken back is `CANCELLED`.
    """
    belongs = area_for(caller, area)
    with context.database.read() as connection:
        if not calendars.is_known(connection, belongs, person):
            raise not_found("person in any plan that was published", person)
        found = _appointments(context, connection, belongs, person)
    return _answer(request, context, person, found, lang or lang_of(accept_language), {"Content-Disposition": 'attachment; filename="calendar.ics"'})


def _appointments(context: Context, connection: Connection, area: str, person: str) -> list[Appointment]:
    settings = context.settings
    return calendars.of_person(connection, area, person, since(settings.zone, settings.calendar_days, now(connection)))


def _answer(request: Request, context: Context, person: str, found: list[Appointment], lang: Lang, headers: dict[str, str]) -> Response:
    if not is_there("icalendar"):
        raise Refusal("conflict", "this server is set up without calendars (the extra books)")
    zone = context.settings.zone
    headers |= {"Content-Language": lang}
    return tagged(request, lambda: written(person, found, lang, zone), mark_of(found, lang), headers, media_type=f"{MEDIA_TYPE}; charset=utf-8")


@router.post(
    "/calendars",
    status_code=201,
    response_model=CalendarView,
    responses=refusals("body", "conflict") | {200: {"description": "There was one already"}},
    openapi_extra=body("CalendarRequest"),
)
def make_link(caller: Publisher, context: Here, content: Body) -> Response:
    """Give out a link to a person's calendar, to subscribe to without a key. Whoever has it sees what the person serves, until it is revoked.

    A person has one link in each language at a time: asked for again, it is the same.
    """
    asked = read(content, CalendarRequest)
    area = area_for(caller, asked.area)
    if context.settings.calendar_secret is None:
        raise Refusal("conflict", "this server gives out no links to calendars: SISHE_CALENDAR_SECRET is not set")
    with context.database.write() as connection:
        row, is_new = calendars.link(connection, area, asked.person, asked.lang, caller.id)
        if is_new:
            audit.note(connection, caller.id, area, "calendar.link", row["id"], person=asked.person)
    return JSONResponse(calendar_view(row, context.settings), 201 if is_new else 200, {"Cache-Control": "no-store"})


@router.get("/calendars", response_model=CalendarPage, responses=refusals("invalid-request"))
def list_links(
    caller: Publisher,
    context: Here,
    limit: Limit = 50,
    cursor: Cursor = None,
    person: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """List the links to calendars of the caller's area, newest first, revoked ones too."""
    with context.database.read() as connection:
        rows = calendars.listed(connection, caller.area, cursor, limit + 1, person)
    return page((calendar_view(row, context.settings) for row in rows), limit)


@router.delete("/calendars/{link_id}", response_model=CalendarView, responses=refusals("thing"))
def revoke_link(caller: Publisher, context: Here, link_id: str) -> dict[str, Any]:
    """Revoke a link to a calendar for good: who subscribed sees nothing new through it, and their program says that it is gone."""
    with context.database.write() as connection:
        row = calendars.revoke(connection, caller.area, link_id)
        if row is None:
            raise not_found("link to a calendar", link_id)
        audit.note(connection, caller.id, row["area"], "calendar.revoke", link_id)
    return calendar_view(row, context.settings)


@router.get(
    "/calendars/{link_id}/{signature}.ics",
    response_class=Response,
    responses={**ANSWERS, **refusals("thing", "too-many", "conflict", is_open=True)},
    openapi_extra={"security": []},
)
def get_linked_calendar(request: Request, context: Here, link_id: str, signature: str) -> Response:
    """Return the calendar of a link, to whoever has the link. A wrong link and a revoked one are answered alike."""
    gate: Gate = request.app.state.gate
    right = signature_of(context.settings, link_id) or ""
    with context.database.read() as connection:
        row = calendars.find(connection, link_id)
    is_right = hmac.compare_digest(right.encode(), signature.encode()) and right != ""
    if row is None or not is_right or row["revoked_at"] is not None:
        gate.count(f"address:{request.client.host if request.client else ''}")
        raise not_found("calendar", link_id)
    gate.count(f"calendar:{link_id}")
    with context.database.read() as connection:
        found = _appointments(context, connection, row["area"], row["person"])
    return _answer(request, context, row["person"], found, row["lang"], {})
