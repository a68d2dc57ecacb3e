"""Plans: the row of each, its versions, its events, and which one is in force. Comparisons share rows and events with them: `api.store.runs`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select, update
from sqlalchemy.exc import IntegrityError

from api.database import clock
from api.store.packing import new_id, within
from api.tables import callers, events, in_force, plan_versions, plans, problem_versions, repeats

LIVE = ("queued", "running")
ENDED = ("done", "stopped", "failed")
STANDING = tuple(
    plans.c[name] for name in ("id", "area", "kind", "state", "standing", "version", "problem_id", "problem_version", "start_id", "start_version")
)
"""What of a plan says where it stands: not how it was asked for, nor what came of it, which may be long."""
COMPARISON = "scenarios"
"""The kind of jobs that make no plan but compare scenarios."""


def add(connection: Connection, **row: Any) -> str:
    """Store a job that is to be done, with its first event; returns its id. `row` has the columns that have no other beginning."""
    job_id = new_id("sc" if row["kind"] == COMPARISON else "pl")
    beginning = {"state": "queued", "is_cancelled": False, "attempt": 0, "crashes": 0, "spent": 0.0, "version": 0, "revision": 1, "standing": "draft"}
    _know(connection, row["caller"])
    connection.execute(plans.insert().values(id=job_id, made_at=clock(), **{**beginning, **row}))
    tell(connection, job_id, "state", {"state": row.get("state", "queued")})
    return job_id


def _know(connection: Connection, caller: str) -> None:
    if connection.execute(select(callers.c.id).where(callers.c.id == caller)).first() is None:
        try:
            with connection.begin_nested():
                connection.execute(callers.insert().values(id=caller))
        except IntegrityError:
            return  # another request of the same caller was first


def get(connection: Connection, area: str, job_id: str, *, is_comparison: bool = False) -> RowMapping | None:
    """Return the row of a plan or of a comparison; None where the area has none of that id."""
    where = plans.c.id == job_id, within(plans.c.area, area), _of_kind(is_comparison)
    return connection.execute(select(plans).where(*where)).mappings().first()


def _of_kind(is_comparison: bool) -> ColumnElement[bool]:
    return plans.c.kind == COMPARISON if is_comparison else plans.c.kind != COMPARISON


def is_over(connection: Connection, job_id: str) -> bool:
    """Return whether a job has ended, or is not there."""
    return connection.execute(select(plans.c.state).where(plans.c.id == job_id)).scalar() not in LIVE


def some(connection: Connection, names: list[str]) -> list[RowMapping]:
    """Return the rows of plans and comparisons by their ids."""
    return list(connection.execute(select(plans).where(plans.c.id.in_(names))).mappings())


def listed(
    connection: Connection, area: str, before: str | None, limit: int, filters: dict[str, str | None], *, is_comparison: bool = False
) -> list[RowMapping]:
    """Return the plans, or the comparisons, of an area and below, newest first, that have what the filters (by column) say."""
    query = select(plans).where(within(plans.c.area, area), _of_kind(is_comparison)).order_by(plans.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(plans.c.id < before)
    for column, value in filters.items():
        if value is not None:
            query = query.where(plans.c[column] == value)
    return list(connection.execute(query).mappings())


def waiting(connection: Connection, caller: str | None = None) -> int:
    """Return how many jobs wait, of one caller or of all."""
    query = select(func.count()).select_from(plans).where(plans.c.state == "queued")
    return int(connection.execute(query if caller is None else query.where(plans.c.caller == caller)).scalar_one())


def tell(connection: Connection, plan_id: str, kind: str, data: dict[str, Any]) -> None:
    """Add an event to those of a plan."""
    last = select(func.coalesce(func.max(events.c.seq), 0) + 1).where(events.c.plan_id == plan_id).scalar_subquery()
    connection.execute(events.insert().values(plan_id=plan_id, seq=last, kind=kind, data=data, at=clock()))


def events_after(connection: Connection, plan_id: str, seq: int, limit: int = 500) -> list[RowMapping]:
    """Return the events of a plan after one of them."""
    query = select(events).where(events.c.plan_id == plan_id, events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return list(connection.execute(query).mappings())


def save_version(
    connection: Connection, plan_id: str, version: int, body: bytes, *, attempt: int, cost: int | None, violations: int, by: str
) -> None:
    """Store a version of a plan, packed; the caller has raised the row's `version` to it."""
    row = {"plan_id": plan_id, "version": version, "attempt": attempt, "cost": cost, "violations": violations, "body": body, "made_by": by}
    connection.execute(plan_versions.insert().values(made_at=clock(), **row))
    tell(connection, plan_id, "version", {"version": version, "cost": cost})


def thin(connection: Connection, plan_id: str, newest: int) -> None:
    """Forget the versions that a search saved on its way, but the newest and those that other plans were started from."""
    used = select(plans.c.start_version).where(plans.c.start_id == plan_id, plans.c.start_version.is_not(None))
    where = (plan_versions.c.plan_id == plan_id) & (plan_versions.c.version < newest)
    connection.execute(plan_versions.delete().where(where, plan_versions.c.version.not_in(used)))


def hold(connection: Connection, plan_id: str) -> None:
    """Keep the versions of a plan as they are until this transaction ends."""
    connection.execute(select(plans.c.id).where(plans.c.id == plan_id).with_for_update(read=True))


def add_version(connection: Connection, plan_id: str, number: int, cost: int, assigned: int) -> bool:
    """Raise the version of a draft that has ended from `number` to the next; returns whether `number` still was the newest."""
    where = (plans.c.id == plan_id) & (plans.c.version == number) & plans.c.state.in_(ENDED) & (plans.c.standing == "draft")
    row = connection.execute(select(plans.c.progress, plans.c.result).where(where)).mappings().first()
    if row is None:
        return False
    # How the old version came about says nothing of the new one.
    progress = {**(row["progress"] or {}), "cost": cost, "assigned": assigned, "bound": None}
    # Of planning again it stays true what it did to the week, and with that to the names of its visits.
    kept = {name: what for name, what in (row["result"] or {}).items() if name == "replan"}
    changes = {"version": number + 1, "revision": plans.c.revision + 1, "progress": progress, "result": {"cost": cost, "status": "given", **kept}}
    return connection.execute(update(plans).where(where).values(**changes)).rowcount == 1


def asked_about(connection: Connection, area: str, plan_id: str, number: int | None) -> RowMapping | None:
    """Return what a question about a plan needs to know: what stands in its row, the version that is meant, the digest of its problem.

    None where the area has none of that id. `number` is the version, the newest if None; where there is none such, ``asked_version`` is null.
    """
    of_problem = (problem_versions.c.problem_id == plans.c.problem_id) & (problem_versions.c.version == plans.c.problem_version)
    of_plan = (plan_versions.c.plan_id == plans.c.id) & (plan_versions.c.version == (plans.c.version if number is None else number))
    query = (
        select(*STANDING, plan_versions.c.version.label("asked_version"), problem_versions.c.digest)
        .join_from(plans, problem_versions, of_problem)
        .outerjoin(plan_versions, of_plan)
        .where(plans.c.id == plan_id, within(plans.c.area, area), _of_kind(False))
    )
    return connection.execute(query).mappings().first()


def version(connection: Connection, plan_id: str, number: int) -> RowMapping | None:
    """Return a version of a plan with its packed body."""
    return connection.execute(select(plan_versions).where(plan_versions.c.plan_id == plan_id, plan_versions.c.version == number)).mappings().first()


def version_head(connection: Connection, plan_id: str, number: int) -> RowMapping | None:
    """Return what is known of a version of a plan, without its body."""
    columns = [column for column in plan_versions.c if column.name != "body"]
    return connection.execute(select(*columns).where(plan_versions.c.plan_id == plan_id, plan_versions.c.version == number)).mappings().first()


def versions(connection: Connection, plan_id: str) -> list[RowMapping]:
    """Return what is known of the versions of a plan, newest first, without bodies."""
    columns = [column for column in plan_versions.c if column.name != "body"]
    return list(connection.execute(select(*columns).where(plan_versions.c.plan_id == plan_id).order_by(plan_versions.c.version.desc())).mappings())


def repeat_of(connection: Connection, caller: str, token: str) -> RowMapping | None:
    """Return what a caller's idempotency key was first used for."""
    return connection.execute(select(repeats).where(repeats.c.caller == caller, repeats.c.token == token)).mappings().first()


def remember(connection: Connection, caller: str, token: str, fingerprint: str, plan_id: str) -> None:
    """Remember what an idempotency key is used for. Raises `IntegrityError` where another request was first."""
    connection.execute(repeats.insert().values(caller=caller, token=token, fingerprint=fingerprint, plan_id=plan_id, at=clock()))


def tidy(connection: Connection, seconds: float) -> None:
    """Forget idempotency keys that were used so long ago, and the progress of plans that ended before; their states stay."""
    connection.execute(repeats.delete().where(repeats.c.at < clock() - seconds))
    ended = select(plans.c.id).where(plans.c.ended_at < clock() - seconds)
    connection.execute(events.delete().where(events.c.kind == "progress", events.c.plan_id.in_(ended)))


def publish(connection: Connection, row: RowMapping, communities: list[str], week: str, caller: str) -> list[str]:
    """Put a plan in force for its communities and week; returns the plans that are no longer in force anywhere."""
    area, plan_id = row["area"], row["id"]
    where = (in_force.c.area == area) & (in_force.c.week == week) & in_force.c.community.in_(communities)
    before = set(connection.execute(select(in_force.c.plan_id).where(where)).scalars()) - {plan_id}
    connection.execute(in_force.delete().where(where))
    fixed = {"area": area, "week": week, "plan_id": plan_id, "version": row["version"], "caller": caller}
    for community in communities:
        connection.execute(in_force.insert().values(community=community, at=clock(), **fixed))
    _stand(connection, plan_id, "published")
    still = set(connection.execute(select(in_force.c.plan_id).where(in_force.c.plan_id.in_(before))).scalars())
    superseded = sorted(before - still)
    for other in superseded:
        _stand(connection, other, "superseded")
    return superseded


def _stand(connection: Connection, plan_id: str, standing: str) -> None:
    connection.execute(update(plans).where(plans.c.id == plan_id).values(standing=standing, revision=plans.c.revision + 1))
    tell(connection, plan_id, "standing", {"standing": standing})


def in_force_at(connection: Connection, area: str, community: str | None, week: str | None) -> list[RowMapping]:
    """Return what is in force in an area and below."""
    query = select(in_force).where(within(in_force.c.area, area)).order_by(in_force.c.area, in_force.c.week, in_force.c.community)
    if community is not None:
        query = query.where(in_force.c.community == community)
    if week is not None:
        query = query.where(in_force.c.week == week)
    return list(connection.execute(query).mappings())
