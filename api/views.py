"""From rows to what callers see; ETags and pages."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from api.faults import Refusal
from api.settings import Settings
from api.store.packing import moment


def problem_view(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a stored problem as it is shown."""
    here = f"/v1/problems/{row['id']}"
    kept = {key: row[key] for key in ("id", "area", "origin", "version", "digest", "facts", "made_by")}
    return {**kept, "made_at": moment(row["made_at"]), "links": {"self": here, **{name: f"{here}/{name}" for name in ("problem", "workbook")}}}


def plan_view(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a plan as it is shown."""
    here = f"/v1/plans/{row['id']}"
    seen, result = row["progress"] or {}, row["result"] or {}
    visits, assigned = seen.get("visits"), seen.get("assigned")
    cost, bound = result.get("cost", seen.get("cost")), result.get("bound", seen.get("bound"))
    kept = {key: row[key] for key in ("id", "area", "kind", "state", "standing", "settings", "version", "attempt", "progress", "error")}
    links = {name: f"{here}/{name}" for name in ("plan", "workbook", "problem", "result", "versions", "events")}
    return {
        **kept,
        "is_cancelled": bool(row["is_cancelled"]),
        "problem": {"id": row["problem_id"], "version": row["problem_version"]},
        "start": {"id": row["start_id"], "version": row["start_version"]} if row["start_id"] is not None else None,
        "cost": cost,
        "bound": bound,
        "gap": None if cost is None or bound is None else (cost - bound) / max(1, abs(cost)),
        "gap_of_urgency": result.get("gap_of_urgency"),
        "visits": visits,
        "assigned": assigned,
        "unassigned": None if visits is None or assigned is None else visits - assigned,
        **_times(row),
        "links": {"self": here, **links},
    }


def comparison_view(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a comparison of scenarios as it is shown."""
    here = f"/v1/scenarios/{row['id']}"
    asked, result = row["settings"], row["result"] or {}
    kept = {key: row[key] for key in ("id", "area", "state", "attempt", "progress", "error")}
    links = {name: f"{here}/{name}" for name in ("comparison", "report", "workbook", "file", "problem", "events")}
    return {
        **kept,
        "title": asked["scenarios"].get("title", ""),
        "problem": {"id": row["problem_id"], "version": row["problem_version"]},
        "settings": {**asked["scenarios"]["settings"], "threads": asked["threads"]},
        "scenarios": asked["cases"],
        "missing": result.get("missing"),
        "is_cancelled": bool(row["is_cancelled"]),
        **_times(row),
        "links": {"self": here, **links},
    }


def _times(row: Mapping[Any, Any]) -> dict[str, Any]:
    until = row["ended_at"] if row["ended_at"] is not None else time.time()
    moments = {name: moment(row[name]) for name in ("made_at", "started_at", "ended_at")}
    return {"elapsed": None if row["started_at"] is None else round(max(0.0, until - row["started_at"]), 3), **moments}


def version_view(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a version of a plan as it is shown."""
    return {**{key: row[key] for key in ("version", "cost", "violations", "made_by")}, "made_at": moment(row["made_at"])}


def key_view(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return an API key as it is shown."""
    moments = {name: moment(row[name]) for name in ("made_at", "expires_at", "revoked_at")}
    return {**{key: row[key] for key in ("id", "name", "area", "made_by")}, "scopes": row["scopes"].split(), **moments}


def signature_of(settings: Settings, link_id: str) -> str | None:
    """Return what makes a link one that nobody can guess: derived from the server's secret, so that none is stored. None where there is no secret."""
    if settings.calendar_secret is None:
        return None
    mark = hmac.digest(settings.calendar_secret.get_secret_value().encode(), f"calendar:{link_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(mark)[:32].decode()


def calendar_view(row: Mapping[Any, Any], settings: Settings) -> dict[str, Any]:
    """Return a link to a calendar as it is shown; revoked, it leads nowhere."""
    here, signature = f"/v1/calendars/{row['id']}", signature_of(settings, row["id"])
    feed = f"{here}/{signature}.ics" if signature is not None and row["revoked_at"] is None else None
    moments = {name: moment(row[name]) for name in ("made_at", "revoked_at")}
    return {**{key: row[key] for key in ("id", "area", "person", "lang", "made_by")}, **moments, "links": {"self": here, "feed": feed}}


def page(items: Iterable[dict[str, Any]], limit: int, key: str = "id") -> dict[str, Any]:
    """Return a page: at most `limit` of the items, which were asked for with one more to see whether there is one."""
    found = list(items)
    return {"items": found[:limit], "next": str(found[limit - 1][key]) if len(found) > limit else None}


def etag(mark: object) -> str:
    """Return a strong entity tag."""
    return f'"{mark}"'


def tagged(
    request: Request,
    body: bytes | dict[str, Any] | Callable[[], bytes | dict[str, Any]],
    mark: object,
    headers: Mapping[str, str] | None = None,
    *,
    is_weak: bool = False,
    media_type: str = "application/json",
) -> Response:
    """Answer with an entity tag, or 304 where the caller has it already.

    Parameters
    ----------
    body
        What to answer with, or what makes it where it is needed.
    mark
        What tells one state from another.
    is_weak
        Whether answers of one mark may differ in what nobody asks again for (how long a search has run).
    media_type
        What a body of bytes is.
    """
    tag = etag(mark)
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    tags = {"ETag": f"W/{tag}" if is_weak else tag, "Cache-Control": "private, no-cache", **(headers or {})}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=tags)
    content = body() if callable(body) else body
    return Response(content, media_type=media_type, headers=tags) if isinstance(content, bytes) else JSONResponse(content, headers=tags)


def require_match(request: Request, *marks: object, is_optional: bool = False) -> None:
    """Refuse a change by a caller who has not seen the newest state (any of `marks`), or does not say so, unless that `is_optional`."""
    given = request.headers.get("if-match")
    if given is None:
        if is_optional:
            return
        raise Refusal("precondition-required", "send If-Match with the ETag that you read")
    seen = [part.strip() for part in given.split(",")]
    if given.strip() != "*" and not any(etag(mark) in seen for mark in marks):
        raise Refusal("changed", f"the newest ETag is {etag(marks[0])}", headers={"ETag": etag(marks[0])})
