"""Calendars: what each person was told by published plans, and the links that calendar programs subscribe to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, select

from api.database import clock
from api.store.keys import now
from api.store.packing import new_id, within
from api.store.plans import COMPARISON
from api.tables import appointments, calendars, plans

LOADED = 500
"""Appointments that are written in one go."""


class Appointment(NamedTuple):
    """One service in the calendar of who gives it.

    `starts_at` and `ends_at` are local, `texts` are ``[summary, location, description]`` in each language, `changed_at` is in seconds since 1970.
    """

    uid: str
    person: str
    name: str
    week: str
    community: str
    starts_at: str
    ends_at: str
    texts: dict[str, list[str]]
    is_cancelled: bool = False
    sequence: int = 0
    changed_at: float = 0.0


def lineage(connection: Connection, row: RowMapping) -> list[dict[str, Any]]:
    """Return what each planning again that led to a plan did to the names of visits (``renamed``, ``gone``), the newest first."""
    found: list[dict[str, Any]] = []
    while row["start_id"] is not None:
        before = connection.execute(select(plans).where(plans.c.id == row["start_id"], plans.c.kind != COMPARISON)).mappings().first()
        if before is None:
            break
        if row["kind"] == "replan":
            said = (row["result"] or {}).get("replan") or {}
            found.append({"renamed": said.get("renamed") or {}, "gone": sorted(said.get("gone") or {})})
        elif before["problem_id"] != row["problem_id"]:
            break  # a start for another week: its visits are others, whatever they are called
        row = before
    return found


def tell(connection: Connection, area: str, week: str, communities: Iterable[str], told: Iterable[dict[str, Any]]) -> int:
    """Bring the calendars of a week up to what a plan that is published now tells its people; returns how many appointments changed.

    `told` is what `api.calendars.appointments_of` has of the plan; only what was told for its `communities` is taken back where it is not among it.
    """
    where = (appointments.c.area == area) & (appointments.c.week == week)
    rows = connection.execute(select(appointments).where(where)).mappings()
    known = {row["uid"]: Appointment(**{name: row[name] for name in Appointment._fields}) for row in rows}
    changed = merged(known, (Appointment(**one, week=week) for one in told), frozenset(communities), now(connection))
    fresh = [{"area": area, **one._asdict()} for one in changed if one.uid not in known]
    others = [{"in_area": area, "in_uid": one.uid, **one._asdict()} for one in changed if one.uid in known]
    for start in range(0, len(fresh), LOADED):
        connection.execute(appointments.insert(), fresh[start : start + LOADED])
    if others:
        update = appointments.update().where(appointments.c.area == bindparam("in_area"), appointments.c.uid == bindparam("in_uid"))
        connection.execute(update.values({name: bindparam(name) for name in Appointment._fields if name != "uid"}), others)
    return len(changed)


def merged(known: Mapping[str, Appointment], new: Iterable[Appointment], communities: Collection[str], at: float) -> list[Appointment]:
    """Return the appointments of a week that are new or not as they were, each with the number that follows the one that people have.

    Parameters
    ----------
    known
        What was told so far, by identity.
    new
        What is told now.
    communities
        For which of them: what was told for others stands.
    at
        The moment, in seconds since 1970.
    """
    changed, told = [], set()
    for one in new:
        told.add(one.uid)
        old = known.get(one.uid)
        if old is None or one != old._replace(sequence=0, changed_at=0.0):
            changed.append(one._replace(sequence=0 if old is None else old.sequence + 1, changed_at=at))
    for uid, old in known.items():
        if uid not in told and old.community in communities and not old.is_cancelled:
            changed.append(old._replace(is_cancelled=True, sequence=old.sequence + 1, changed_at=at))
    return changed


def of_person(connection: Connection, area: str, person: str, since: str) -> list[Appointment]:
    """Return the appointments of a person from a local moment on, in order of time."""
    where = (appointments.c.area == area) & (appointments.c.person == person) & (appointments.c.ends_at >= since)
    rows = connection.execute(select(appointments).where(where).order_by(appointments.c.starts_at, appointments.c.uid)).mappings()
    return [Appointment(**{name: row[name] for name in Appointment._fields}) for row in rows]


def is_known(connection: Connection, area: str, person: str) -> bool:
    """Return whether a person was ever told anything."""
    where = (appointments.c.area == area) & (appointments.c.person == person)
    return connection.execute(select(appointments.c.uid).where(where).limit(1)).first() is not None


def link(connection: Connection, area: str, person: str, lang: str, by: str) -> tuple[RowMapping, bool]:
    """Return the link to a person's calendar in a language, and whether it was made just now; a person has one of each at a time."""
    where = (calendars.c.area == area) & (calendars.c.person == person) & (calendars.c.lang == lang) & calendars.c.revoked_at.is_(None)
    row = connection.execute(select(calendars).where(where).order_by(calendars.c.id).limit(1)).mappings().first()
    if row is not None:
        return row, False
    made = {"id": new_id("ca"), "area": area, "person": person, "lang": lang, "made_by": by}
    connection.execute(calendars.insert().values(made_at=clock(), **made))
    return connection.execute(select(calendars).where(calendars.c.id == made["id"])).mappings().one(), True


def find(connection: Connection, link_id: str) -> RowMapping | None:
    """Return the row of a link, valid or not."""
    return connection.execute(select(calendars).where(calendars.c.id == link_id[:40])).mappings().first()


def listed(connection: Connection, area: str, before: str | None, limit: int, person: str | None = None) -> list[RowMapping]:
    """Return the links of an area and below, newest first, revoked ones too: those to the calendar of one person, or all."""
    query = select(calendars).where(within(calendars.c.area, area)).order_by(calendars.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(calendars.c.id < before)
    if person is not None:
        query = query.where(calendars.c.person == person)
    return list(connection.execute(query).mappings())


def revoke(connection: Connection, area: str, link_id: str) -> RowMapping | None:
    """Revoke a link from now on; returns its row, None where the area has none of that id."""
    where = (calendars.c.id == link_id) & within(calendars.c.area, area)
    connection.execute(calendars.update().where(where, calendars.c.revoked_at.is_(None)).values(revoked_at=clock()))
    return connection.execute(select(calendars).where(where)).mappings().first()
