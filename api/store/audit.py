"""The audit log: who did what. It only grows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from api.database import clock
from api.store.packing import within
from api.tables import audit


def note(connection: Connection, caller: str, area: str, action: str, thing: str, **detail: Any) -> None:
    """Note an action, in the transaction that carries it out."""
    connection.execute(audit.insert().values(at=clock(), caller=caller, area=area, action=action, thing=thing, detail=detail))


def entries(connection: Connection, area: str, before: int | None, limit: int) -> list[RowMapping]:
    """Return entries of an area and below, newest first, before an entry."""
    query = select(audit).where(within(audit.c.area, area)).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    return list(connection.execute(query).mappings())
