"""API keys, the audit log, and who one is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from api.auth import Admin, Reader
from api.bodies import Body, read
from api.documented import body, refusals
from api.faults import Refusal, not_found
from api.routes.problems import Cursor, Here, Limit, area_for
from api.schemas.administration import AuditPage, CallerView, KeyPage, KeyRequest, KeyView
from api.store import audit, keys
from api.store.packing import moment
from api.views import key_view, page
from api.webhooks import secret_of

router = APIRouter(prefix="/v1", tags=["administration"])
DAY = 86_400.0


@router.get("/caller", response_model=CallerView, responses=refusals())
def who_am_i(caller: Reader, context: Here) -> dict[str, Any]:
    """Say who the caller is, what they may do, and with which secret their webhooks are signed."""
    secret = secret_of(context.settings, caller.id)
    known = {"id": caller.id, "name": caller.name, "area": caller.area, "scopes": sorted(caller.scopes), "webhook_secret": secret}
    return {**known, "has_calendar_links": context.settings.calendar_secret is not None}


@router.post("/keys", status_code=201, response_model=KeyView, responses=refusals("body"), openapi_extra=body("KeyRequest"))
def make_key(caller: Admin, context: Here, content: Body) -> Response:
    """Make an API key for the caller's area or one below it. The key itself is shown this once."""
    asked = read(content, KeyRequest)
    area = area_for(caller, asked.area)
    more = sorted(set(asked.scopes) - caller.scopes)
    if more:
        raise Refusal("forbidden", f"you have not the scope {', '.join(more)} that you would give away")
    with context.database.write() as connection:
        expires_at = keys.now(connection) + asked.days * DAY if asked.days is not None else None
        key_id, key = keys.make(connection, asked.name, area, list(asked.scopes), caller.id, expires_at)
        audit.note(connection, caller.id, area, "key.make", key_id, scopes=sorted(asked.scopes))
        row = keys.get(connection, key_id)
    return JSONResponse({**key_view(row), "key": key}, 201, {"Cache-Control": "no-store"})


@router.get("/keys", response_model=KeyPage, responses=refusals("invalid-request"))
def list_keys(caller: Admin, context: Here, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """List the keys of the caller's area, revoked ones too."""
    with context.database.read() as connection:
        return page(map(key_view, keys.listed(connection, caller.area, cursor, limit + 1)), limit)


@router.delete("/keys/{key_id}", response_model=KeyView, responses=refusals("thing"))
def revoke_key(request: Request, caller: Admin, context: Here, key_id: str) -> dict[str, Any]:
    """Revoke a key for good: at once on the server that is asked, on others of the same database within `SISHE_KEY_SECONDS`."""
    with context.database.write() as connection:
        row = keys.revoke(connection, caller.area, key_id)
        if row is None:
            raise not_found("key", key_id)
        audit.note(connection, caller.id, row["area"], "key.revoke", key_id)
    request.app.state.gate.forget()
    return key_view(row)


@router.get("/audit", response_model=AuditPage, responses=refusals("invalid-request"))
def read_audit(
    caller: Admin,
    context: Here,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**53, description="`next` of the page before.")] = None,
) -> dict[str, Any]:
    """List who did what in the caller's area, newest first."""
    with context.database.read() as connection:
        rows = audit.entries(connection, caller.area, cursor, limit + 1)
    return page(({**row, "at": moment(row["at"])} for row in rows), limit)
