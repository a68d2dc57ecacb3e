"""Webhooks that wait to be sent: made in the transaction that ends a job, so that none is forgotten."""

from __future__ import annotations

import json

from sqlalchemy import Connection, RowMapping, select, update

from api.database import clock
from api.store.packing import moment, new_id
from api.store.plans import COMPARISON
from api.tables import deliveries, plans


def job_ended(connection: Connection, job_id: str) -> None:
    """Queue the webhook of a job that has ended, if its caller asked for one. It names the job and its state, nothing of its content."""
    row = connection.execute(select(plans).where(plans.c.id == job_id)).mappings().one()
    if row["webhook"] is None:
        return
    what, known = ("scenarios", {}) if row["kind"] == COMPARISON else ("plan", {"version": row["version"]})
    data = {what: job_id, "state": row["state"], **known, "ended_at": moment(row["ended_at"])}
    body = json.dumps({"type": f"{what}.ended", "timestamp": moment(row["ended_at"]), "data": data}, separators=(",", ":")).encode()
    made = {"id": new_id("msg"), "plan_id": job_id, "caller": row["caller"], "url": row["webhook"], "body": body, "tries": 0}
    connection.execute(deliveries.insert().values(next_at=clock(), **made))


def take(connection: Connection, lease: float) -> RowMapping | None:
    """Take the webhook that is due longest, for so many seconds: if its sender dies, it is due again after that. It counts as a try."""
    query = select(deliveries).where(deliveries.c.next_at <= clock()).order_by(deliveries.c.next_at).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True)).mappings().first()
    if row is not None:
        connection.execute(update(deliveries).where(deliveries.c.id == row["id"]).values(tries=row["tries"] + 1, next_at=clock() + lease))
    return row


def note(connection: Connection, delivery_id: str, tries: int, status: int | None, error: str | None, again_in: float | None) -> None:
    """Note how a try went: it is over (`error` None), or due again in so many seconds, or given up. A later try's note stands."""
    change = {"status": status, "error": None if error is None else error[:300]}
    due = None if again_in is None else clock() + again_in
    where = (deliveries.c.id == delivery_id) & (deliveries.c.tries == tries)
    connection.execute(update(deliveries).where(where).values(next_at=due, done_at=clock() if error is None else None, **change))


def of_plan(connection: Connection, plan_id: str) -> list[RowMapping]:
    """Return the webhooks of a plan."""
    return list(connection.execute(select(deliveries).where(deliveries.c.plan_id == plan_id).order_by(deliveries.c.id)).mappings())


def is_any_due(connection: Connection) -> bool:
    """Return whether a webhook waits to be sent now."""
    return connection.execute(select(deliveries.c.id).where(deliveries.c.next_at <= clock()).limit(1)).first() is not None
