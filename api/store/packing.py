"""Ids, packed bodies, areas, moments: what all stored things have in common."""

from __future__ import annotations

import datetime as dt
import secrets
import time
import zlib
from typing import Any

from sqlalchemy import Column, ColumnElement, or_, true


def new_id(prefix: str) -> str:
    """Return an id that nobody can guess; ids sort by when they were made."""
    return f"{prefix}-{time.time_ns() // 1000:014x}{secrets.token_hex(6)}"


def packed(text: str | bytes) -> bytes:
    """Return a text as it is stored."""
    # A third of the time of zlib's default, for a body that is a third larger: callers wait for it.
    return zlib.compress(text.encode() if isinstance(text, str) else text, 3)


def unpacked(body: bytes) -> bytes:
    """Return the UTF-8 bytes of a stored text."""
    return zlib.decompress(body)


def moment(seconds: float | None) -> str | None:
    """Return seconds since 1970 as RFC 3339 in UTC."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def covers(area: str, other: str) -> bool:
    """Return whether a caller of an area sees things of another one: its own, and those below it. The empty area is everything."""
    return area in ("", other) or other.startswith(area + "/")


def within(column: Column[Any], area: str) -> ColumnElement[bool]:
    """Return the condition that a row belongs to an area or to one below it."""
    if not area:
        return true()
    return or_(column == area, column.startswith(area + "/", autoescape=True))
