"""Stored problems and their versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from api.database import clock
from api.store.packing import new_id, within
from api.tables import plans, problem_versions, problems

HEAD = (
    problems.c.id,
    problems.c.area,
    problems.c.origin,
    problem_versions.c.version,
    problem_versions.c.digest,
    problem_versions.c.facts,
    problem_versions.c.made_at,
    problem_versions.c.made_by,
)


def add(connection: Connection, area: str, caller: str, digest: str, facts: dict[str, Any], body: bytes, *, origin: str = "stored") -> str:
    """Store a problem with its packed body; returns its id. `origin` says how: ``stored`` alone, with a request for a ``plan``, by a ``replan``."""
    problem_id = new_id("pr")
    connection.execute(problems.insert().values(id=problem_id, area=area, version=1, made_at=clock(), made_by=caller, origin=origin))
    _add_version(connection, problem_id, 1, caller, digest, facts, body)
    return problem_id


def add_version(connection: Connection, problem_id: str, version: int, caller: str, digest: str, facts: dict[str, Any], body: bytes) -> bool:
    """Store the version after `version`; returns whether that still was the newest."""
    where = (problems.c.id == problem_id) & (problems.c.version == version)
    if connection.execute(problems.update().where(where).values(version=version + 1)).rowcount != 1:
        return False
    _add_version(connection, problem_id, version + 1, caller, digest, facts, body)
    return True


def _add_version(connection: Connection, problem_id: str, version: int, caller: str, digest: str, facts: dict[str, Any], body: bytes) -> None:
    row = {"problem_id": problem_id, "version": version, "digest": digest, "facts": facts, "body": body, "made_by": caller}
    connection.execute(problem_versions.insert().values(made_at=clock(), **row))


def head(connection: Connection, area: str, problem_id: str, version: int | None = None) -> RowMapping | None:
    """Return what is known of a version of a problem, the newest if none is given, without its body."""
    return connection.execute(_newest(version).where(problems.c.id == problem_id, within(problems.c.area, area))).mappings().first()


def _newest(version: int | None = None) -> Any:
    which = problem_versions.c.version == (problems.c.version if version is None else version)
    return select(*HEAD).join_from(problems, problem_versions, (problem_versions.c.problem_id == problems.c.id) & which)


def body(connection: Connection, problem_id: str, version: int) -> bytes:
    """Return the packed body of a version."""
    where = (problem_versions.c.problem_id == problem_id) & (problem_versions.c.version == version)
    found: bytes = connection.execute(select(problem_versions.c.body).where(where)).scalar_one()
    return found


def listed(connection: Connection, area: str, before: str | None, limit: int, origin: str | None = None) -> list[RowMapping]:
    """Return the problems of an area and below, newest first: of one origin, or all but those that were made by planning again."""
    which = problems.c.origin != "replan" if origin is None else problems.c.origin == origin
    query = _newest().where(within(problems.c.area, area), which).order_by(problems.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(problems.c.id < before)
    return list(connection.execute(query).mappings())


def is_used(connection: Connection, problem_id: str) -> bool:
    """Return whether there are plans of a problem."""
    return bool(connection.execute(select(func.count()).select_from(plans).where(plans.c.problem_id == problem_id)).scalar_one())


def remove(connection: Connection, problem_id: str) -> None:
    """Remove a problem with all its versions."""
    connection.execute(problem_versions.delete().where(problem_versions.c.problem_id == problem_id))
    connection.execute(problems.delete().where(problems.c.id == problem_id))
