"""Finished runs of comparisons, and what comparisons that have ended say."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select

from api.database import clock
from api.store.packing import packed, unpacked
from api.tables import comparisons, runs


def records(connection: Connection, job_id: str) -> dict[str, dict[str, Any]]:
    """Return the records of the runs of a job that are finished, by key, in the order in which they came."""
    query = select(runs.c.key, runs.c.record).where(runs.c.job_id == job_id).order_by(runs.c.made_at)
    return {row["key"]: json.loads(unpacked(row["record"])) for row in connection.execute(query).mappings()}


def are_there_any(connection: Connection, job_id: str) -> bool:
    """Return whether a run of a job is finished."""
    return connection.execute(select(runs.c.key).where(runs.c.job_id == job_id).limit(1)).first() is not None


def keep(connection: Connection, job_id: str, record: dict[str, Any], plan: str | None) -> None:
    """Keep a finished run: its record, and its plan. One that is there already stays as it is."""
    if connection.execute(select(runs.c.key).where(runs.c.job_id == job_id, runs.c.key == record["key"])).first() is not None:
        return
    body = packed(plan) if plan is not None else None
    row = {"job_id": job_id, "key": record["key"], "record": packed(json.dumps(record, ensure_ascii=False)), "plan": record["plan"], "body": body}
    connection.execute(runs.insert().values(made_at=clock(), **row))


def plan(connection: Connection, job_id: str, name: str) -> bytes | None:
    """Return the packed plan that runs of a job made, by its digest; None where they made none such."""
    where = (runs.c.job_id == job_id) & (runs.c.plan == name) & runs.c.body.is_not(None)
    found: bytes | None = connection.execute(select(runs.c.body).where(where).limit(1)).scalar()
    return found


def conclude(connection: Connection, job_id: str, comparison: str) -> None:
    """Keep what a comparison says in the end."""
    connection.execute(comparisons.insert().values(job_id=job_id, body=packed(comparison), made_at=clock()))


def comparison(connection: Connection, job_id: str) -> bytes | None:
    """Return what a comparison says, packed; None where it has not ended with anything to say."""
    found: bytes | None = connection.execute(select(comparisons.c.body).where(comparisons.c.job_id == job_id)).scalar()
    return found
