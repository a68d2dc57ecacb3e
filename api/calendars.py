"""Calendars of people as calendar programs subscribe to them: who is who over all plans of a week, what is newer, what was taken back.

Appointments are what people were told by the plans that were published, one after the other. They are reckoned when a plan is published; whoever
asks for a calendar then gets what is stored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from matcher.words import LANGS, Lang

if TYPE_CHECKING:
    from api.store.calendars import Appointment
    from matcher.plan import Plan
    from matcher.problem import Problem

MEDIA_TYPE = "text/calendar"
REFRESH = dt.timedelta(hours=1)
"""How often calendar programs are asked to look again; each does as it likes."""


def appointments_of(problem: Problem, plan: Plan, lineage: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what a plan tells its people, as plain values for `Appointment` (without the week).

    Parameters
    ----------
    lineage
        What each planning again that led to the plan did to the names of visits (``renamed``, ``gone``), the newest first. A visit goes by the
        name that it had at first, so that it stays the same one in calendars when those before it leave the week and the numbers change.
    """
    from matcher.books.contacts import Contacts  # noqa: PLC0415 - what reads workbooks takes its time, and only some processes need it
    from matcher.books.duties import duties_of, identities  # noqa: PLC0415
    from matcher.books.lineage import Step, called, first_names  # noqa: PLC0415

    first = first_names([visit.id for visit in problem.visits], map(Step.of, lineage))
    said: dict[Lang, Any] = {}
    for lang in LANGS:
        said[lang] = [called(duty, first[duty.visit]) for duty in duties_of(problem, plan, Contacts({}), lang)]
    now = {name: visit for visit, name in first.items()}
    names = {provider.id: provider.name for provider in problem.providers}
    found = []
    for i, (uid, duty) in enumerate(zip(identities(problem.horizon.start, said["en"]), said["en"], strict=True)):
        texts = {lang: [said[lang][i].summary, said[lang][i].where, said[lang][i].description(lang)] for lang in LANGS}
        found.append(
            {
                "uid": uid,
                "person": duty.provider,
                "name": names.get(duty.provider) or duty.provider,
                "community": problem.community_of[now[duty.visit].rpartition("#")[0]],
                "starts_at": duty.start.isoformat(),
                "ends_at": duty.end.isoformat(),
                "texts": texts,
            }
        )
    return found


def since(zone: str, days: float, at: float) -> str:
    """Return the local moment from which on appointments are shown, as they write it: so many `days` before `at` (seconds since 1970)."""
    local = dt.datetime.fromtimestamp(at, ZoneInfo(zone)) - dt.timedelta(days=days)
    return local.replace(tzinfo=None).isoformat(timespec="seconds")


def mark_of(appointments: Iterable[Appointment], lang: Lang) -> str:
    """Return what tells one state of a calendar from another."""
    text = "\n".join(f"{one.uid} {one.sequence}" for one in appointments)
    return f"{lang}.{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def written(person: str, appointments: list[Appointment], lang: Lang, zone_name: str) -> bytes:
    """Return a calendar as iCalendar (RFC 5545)."""
    from icalendar import Event  # noqa: PLC0415 - only who asks for a calendar waits for it

    from matcher.books.feeds import calendar_of  # noqa: PLC0415

    zone = ZoneInfo(zone_name)
    newest = max(appointments, key=lambda one: one.changed_at, default=None)
    calendar = calendar_of(newest.name if newest is not None else person, lang, zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    # A calendar has to hold something (RFC 5545, 3.6), also that of somebody who has nothing to do.
    calendar.add_component(_zone(zone_name))
    for one in appointments:
        summary, where, description = one.texts[lang]
        changed_at = dt.datetime.fromtimestamp(int(one.changed_at), dt.UTC)
        event = Event()
        event.add("uid", one.uid)
        event.add("dtstamp", changed_at)
        event.add("last-modified", changed_at)
        event.add("sequence", one.sequence)
        event.add("dtstart", dt.datetime.fromisoformat(one.starts_at).replace(tzinfo=zone))
        event.add("dtend", dt.datetime.fromisoformat(one.ends_at).replace(tzinfo=zone))
        event.add("summary", summary)
        if where:
            event.add("location", where)
        event.add("description", description)
        event.add("status", "CANCELLED" if one.is_cancelled else "CONFIRMED")
        calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made


@cache
def _zone(name: str) -> Any:
    from icalendar import Timezone  # noqa: PLC0415

    return Timezone.from_tzid(name)
