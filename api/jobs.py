"""The queue: a table of jobs, each held under a lease by one worker at a time.

A job is a row of `plans`: a plan to be made, or scenarios to be compared. Beginning it raises `attempt`, which from then on is its fence: every
later write names the attempt and changes nothing where that is no longer the row's. A worker that was thought dead and was not can therefore do no
harm, and a job ends exactly once.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from api.database import Database, clock
from api.store import plans as stored
from api.store import runs, webhooks
from api.tables import callers, plan_versions, plans, problem_versions

if TYPE_CHECKING:
    from sqlalchemy import Connection


PATIENCE = 1.0
"""Seconds after which a job that waits is one that no idle worker has taken."""


class LostLease(Exception):
    """Another worker has the job: what this one found out is not to be kept."""


@dataclass(frozen=True)
class Job:
    """A job that a worker holds.

    Attributes
    ----------
    problem, start : bytes
        Packed bodies; `start` is the last version saved, else the plan that the caller gave to start from, else None.
    version : int
        The last version saved, 0 for none.
    cost : int or None
        What that costs.
    spent : float
        Seconds of search that went into it before.
    """

    id: str
    attempt: int
    kind: str
    settings: dict[str, Any]
    problem: bytes
    start: bytes | None
    version: int
    spent: float
    is_cancelled: bool
    cost: int | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether the job is a search in chunks: it has to give the same plan every time, and is therefore begun again, not taken up."""
        return self.settings.get("chunks") is not None


class Queue:
    """The jobs of a database, for one worker."""

    def __init__(self, database: Database, worker: str, *, lease: float, attempts: int) -> None:
        self._database, self._worker, self._lease, self._attempts = database, worker, lease, attempts

    def claim(self) -> Job | None:
        """Begin the next job: of the callers who wait, the one least recently served, and of theirs the oldest. None where nobody waits."""
        with self._database.write() as connection:
            while True:
                is_free = or_(plans.c.state == "queued", and_(plans.c.state == "running", plans.c.lease_until < clock()))
                order = (func.coalesce(callers.c.served_at, 0.0), plans.c.made_at, plans.c.id)
                query = select(plans).join_from(plans, callers, plans.c.caller == callers.c.id).where(is_free).order_by(*order).limit(1)
                row = connection.execute(query.with_for_update(of=plans, skip_locked=True)).mappings().first()
                if row is None:
                    return None
                crashes = row["crashes"] + (row["state"] == "running")
                if crashes >= self._attempts:
                    error = {"code": "crashed", "message": f"its worker died {crashes} times"}
                    _end(connection, row["id"], row["attempt"], "failed", error=error)
                    continue
                change = {"state": "running", "attempt": row["attempt"] + 1, "lease_until": clock() + self._lease, "worker": self._worker}
                change["crashes"] = crashes
                change["started_at"] = func.coalesce(plans.c.started_at, clock())
                if not _change(connection, row["id"], row["attempt"], revision=plans.c.revision + 1, **change):
                    continue
                connection.execute(update(callers).where(callers.c.id == row["caller"]).values(served_at=clock()))
                stored.tell(connection, row["id"], "state", {"state": "running", "attempt": row["attempt"] + 1})
                return _job(connection, {**row, "attempt": row["attempt"] + 1})

    def beat(self, job: Job, progress: dict[str, Any] | None, spent: float, *, is_event: bool) -> bool:
        """Renew the lease and tell how far the job is; returns whether someone asked to cancel it. Raises `LostLease`."""
        with self._database.write() as connection:
            change: dict[str, Any] = {"lease_until": clock() + self._lease, "spent": spent}
            if progress is not None:
                change["progress"] = progress
            self._keep(connection, job, **change)
            if progress is not None and is_event:
                stored.tell(connection, job.id, "progress", progress)
            return bool(connection.execute(select(plans.c.is_cancelled).where(plans.c.id == job.id)).scalar_one())

    def save(self, job: Job, plan: bytes, cost: int, spent: float) -> Job:
        """Save the best plan so far, from which the job is resumed if this worker dies. Raises `LostLease`."""
        with self._database.write() as connection:
            self._keep(connection, job, version=job.version + 1, spent=spent, revision=plans.c.revision + 1, lease_until=clock() + self._lease)
            stored.save_version(connection, job.id, job.version + 1, plan, attempt=job.attempt, cost=cost, violations=0, by="matcher")
            stored.thin(connection, job.id, job.version + 1)
        return replace(job, version=job.version + 1, spent=spent, cost=cost)

    def finish(self, job: Job, state: str, plan: bytes, result: dict[str, Any], progress: dict[str, Any]) -> None:
        """End a job with its plan, in one transaction: version, result, state, event and webhook, or none of them. Raises `LostLease`."""
        with self._database.write() as connection:
            self._keep(connection, job, version=job.version + 1)
            cost = result["cost"]
            stored.save_version(connection, job.id, job.version + 1, plan, attempt=job.attempt, cost=cost, violations=0, by="matcher")
            stored.thin(connection, job.id, job.version + 1)
            _end(connection, job.id, job.attempt, state, result=result, progress=progress)

    def runs(self, job: Job) -> dict[str, dict[str, Any]]:
        """Return the records of the runs of a comparison that are finished, by key."""
        with self._database.read() as connection:
            return runs.records(connection, job.id)

    def run_plan(self, job: Job, name: str) -> bytes | None:
        """Return a plan of a finished run, packed, by its digest."""
        with self._database.read() as connection:
            return runs.plan(connection, job.id, name)

    def keep_run(self, job: Job, record: dict[str, Any], plan: str | None) -> bool:
        """Keep a finished run of a comparison; returns whether another caller has waited since before it. Raises `LostLease`.

        What is kept is never done again: workers that died before had nothing to do with what comes now, and count no more.
        """
        with self._database.write() as connection:
            self._keep(connection, job, crashes=0, lease_until=clock() + self._lease)
            runs.keep(connection, job.id, record, plan)
            caller = select(plans.c.caller).where(plans.c.id == job.id).scalar_subquery()
            waits = select(plans.c.id).where(plans.c.state == "queued", plans.c.caller != caller, plans.c.made_at < clock() - PATIENCE)
            return connection.execute(waits.limit(1)).first() is not None

    def conclude(self, job: Job, state: str, comparison: str | None, result: dict[str, Any], progress: dict[str, Any]) -> None:
        """End a comparison with what it says, in one transaction; None where nothing is finished that could be compared. Raises `LostLease`."""
        with self._database.write() as connection:
            self._keep(connection, job)
            if comparison is not None:
                runs.conclude(connection, job.id, comparison)
            _end(connection, job.id, job.attempt, state, result=result, progress=progress)

    def fail(self, job: Job, code: str, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        """End a job without a plan; `errors` are the faults of what was asked, if that is why. Raises `LostLease`."""
        with self._database.write() as connection:
            self._keep(connection, job)
            error = {"code": code, "message": message[:2000], **({"errors": list(errors)} if errors else {})}
            _end(connection, job.id, job.attempt, "failed", error=error)

    def hand_back(self, job: Job) -> None:
        """Put a job back at once, for another worker: this one is told to stop. It counts as no crash. Raises `LostLease`."""
        with self._database.write() as connection:
            self._keep(connection, job, state="queued", lease_until=None, worker=None, revision=plans.c.revision + 1)
            stored.tell(connection, job.id, "state", {"state": "queued"})

    @staticmethod
    def _keep(connection: Connection, job: Job, **change: Any) -> None:
        if not _change(connection, job.id, job.attempt, where=plans.c.state == "running", **(change or {"worker": plans.c.worker})):
            raise LostLease(job.id)


def worker_name(pid: int) -> str:
    """Return how the worker that is a process of this machine is called."""
    return f"{socket.gethostname()[:60]}:{pid}"


def release(connection: Connection, worker: str) -> None:
    """Let others take over at once what a worker held that is known to be dead, rather than when its leases have lapsed."""
    connection.execute(update(plans).where(plans.c.worker == worker, plans.c.state == "running").values(lease_until=clock() - 1))


def cancel(connection: Connection, plan_id: str) -> None:
    """Ask for a job to be stopped: at once where it has not begun, else by its worker, with the best plan so far. Ended jobs stay as they are."""
    where = (plans.c.id == plan_id) & plans.c.state.in_(stored.LIVE)
    connection.execute(update(plans).where(where).values(is_cancelled=True, revision=plans.c.revision + 1))
    row = connection.execute(select(plans.c.state, plans.c.attempt, plans.c.version).where(plans.c.id == plan_id)).mappings().one()
    if row["state"] == "queued" and row["version"] == 0 and not runs.are_there_any(connection, plan_id):
        _end(connection, plan_id, row["attempt"], "stopped")


def _change(connection: Connection, plan_id: str, fence: int, where: ColumnElement[bool] | None = None, **values: Any) -> bool:
    query = update(plans).where(plans.c.id == plan_id, plans.c.attempt == fence, plans.c.state.in_(stored.LIVE)).values(**values)
    return connection.execute(query if where is None else query.where(where)).rowcount == 1


def _end(connection: Connection, plan_id: str, attempt: int, state: str, **values: Any) -> None:
    values |= {"state": state, "ended_at": clock(), "lease_until": None, "worker": None, "revision": plans.c.revision + 1}
    if not _change(connection, plan_id, attempt, **values):
        raise LostLease(plan_id)
    stored.tell(connection, plan_id, "state", {"state": state})
    webhooks.job_ended(connection, plan_id)


def _job(connection: Connection, row: dict[str, Any]) -> Job:
    where = (problem_versions.c.problem_id == row["problem_id"]) & (problem_versions.c.version == row["problem_version"])
    problem = connection.execute(select(problem_versions.c.body).where(where)).scalar_one()
    start_id, number = (row["id"], row["version"]) if row["version"] else (row["start_id"], row["start_version"])
    start, cost = None, None
    if start_id is not None:
        query = select(plan_versions.c.body, plan_versions.c.cost).where(plan_versions.c.plan_id == start_id, plan_versions.c.version == number)
        found = connection.execute(query).mappings().one()
        start, cost = found["body"], found["cost"] if row["version"] else None
    kept = {key: row[key] for key in ("id", "attempt", "kind", "settings", "version", "spent")}
    return Job(**kept, problem=problem, start=start, is_cancelled=bool(row["is_cancelled"]), cost=cost)
