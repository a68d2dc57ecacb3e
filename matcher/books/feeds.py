"""Calendars: one iCalendar feed (RFC 5545) a person, whose events keep their identity from plan to plan."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Event

from matcher.books.duties import Duty, duties_of, identities
from matcher.books.lineage import Step, called, first_names
from matcher.errors import Fault, PlanError
from matcher.words import Lang, word

if TYPE_CHECKING:
    from matcher.books.contacts import Contacts
    from matcher.plan import Plan
    from matcher.problem import Problem

_SAME = ("DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS")
"""What an event may not change without a higher number."""


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone by its name; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def feed_name(provider: str) -> str:
    """Return the name of the file of a provider's feed: the id, with a mark of its own where that is no safe name."""
    safe = re.sub(r"[^\w.-]+", "_", provider).strip("._")[:80]
    if safe and safe == provider:
        return f"{safe}.ics"
    return f"{safe or 'feed'}-{hashlib.sha256(provider.encode()).hexdigest()[:8]}.ics"


def calendar_of(name: str, lang: Lang, zone: ZoneInfo) -> Calendar:
    """Return a calendar of somebody, without events."""
    calendar = Calendar()
    calendar.add("prodid", "-//Sishe Matcher//sishe-matcher//" + lang.upper())
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", word(lang, "book.feed", who=name))
    calendar.add("x-wr-timezone", zone.key)
    return calendar


@dataclass
class Feeds:
    """The feeds of a plan.

    Parameters
    ----------
    zone
        The time zone that the times of the problem are in.
    before
        The plan that people have: its events are cancelled where they are gone, and renumbered where they changed.
    now
        When the feeds are made; it stamps what is new or changed.
    steps
        The plannings again that led to the plan, the newest first: a visit goes by the name that it had at first. `before` is the plan before the
        newest of them.
    """

    problem: Problem
    plan: Plan
    lang: Lang
    zone: ZoneInfo
    before: Plan | None
    contacts: Contacts
    now: dt.datetime
    steps: Sequence[Step] = ()

    def __post_init__(self) -> None:
        """Group the services by person."""
        self.counts: dict[str, dict[str, int]] = {}
        self._new = self._by_provider(self.plan, [visit.id for visit in self.problem.visits], self.steps)
        old = self.before
        self._old = self._by_provider(old, [line.visit for line in old.assignments], self.steps[1:]) if old is not None else {}

    def _by_provider(self, plan: Plan, visits: Iterable[str], steps: Sequence[Step]) -> dict[str, list[Duty]]:
        first = first_names(visits, steps)
        groups: dict[str, list[Duty]] = {}
        for duty in duties_of(self.problem, plan, self.contacts, self.lang):
            groups.setdefault(duty.provider, []).append(called(duty, first.get(duty.visit, duty.visit)))
        return groups

    def feed(self, provider: str, published: bytes | None = None) -> bytes | None:
        """Return the feed of a person; None where there is nothing to tell.

        Parameters
        ----------
        published
            The feed that is out there, which this one continues.

        Raises
        ------
        PlanError
            If `published` is no calendar.
        """
        old = self._events(self._old.get(provider, [])) | _published(published)
        new = self._events(self._new.get(provider, []))
        events = [self._continued(event, old.get(uid)) for uid, event in new.items()]
        gone = [self._cancelled(event) if self._is_ours(event) else event for uid, event in old.items() if uid not in new]
        cancelled = sum(str(event.get("STATUS", "")) == "CANCELLED" for event in gone)
        self.counts[provider] = {"events": len(new), "cancelled": cancelled, "kept": len(gone) - cancelled}
        if not events and not gone:
            return None
        name = next((one.name for one in self.problem.providers if one.id == provider and one.name), provider)
        calendar = calendar_of(name, self.lang, self.zone)
        for event in sorted((*events, *gone), key=lambda event: (_start(event), str(event["UID"]))):
            calendar.add_component(event)
        calendar.add_missing_timezones()
        made: bytes = calendar.to_ical()
        return made

    def _is_ours(self, event: Event) -> bool:
        """Say whether an event is of the days that are planned: those of other weeks stay in the feed as they are."""
        horizon = self.problem.horizon
        first, day = horizon.start.isoformat(), _start(event)[:10]
        return first <= day < horizon.moment(horizon.seconds).date().isoformat()

    def _events(self, duties: list[Duty]) -> dict[str, Event]:
        return {uid: self._event(uid, duty) for uid, duty in zip(identities(self.problem.horizon.start, duties), duties, strict=True)}

    def _event(self, uid: str, duty: Duty) -> Event:
        event = Event()
        event.add("uid", uid)
        event.add("dtstamp", self.now)
        event.add("sequence", 0)
        event.add("dtstart", duty.start.replace(tzinfo=self.zone))
        event.add("dtend", duty.end.replace(tzinfo=self.zone))
        event.add("summary", duty.summary)
        if duty.where:
            event.add("location", duty.where)
        event.add("description", duty.description(self.lang))
        event.add("status", "CONFIRMED")
        return event

    def _continued(self, event: Event, old: Event | None) -> Event:
        """Return an event with the number that follows that of the one before it, or as it is out there where nothing changed."""
        if old is None:
            return event
        if all(_plain(event, key) == _plain(old, key) for key in _SAME):
            return old
        _replace(event, "sequence", int(old.get("SEQUENCE", 0)) + 1)
        return event

    def _cancelled(self, old: Event) -> Event:
        if str(old.get("STATUS", "")) == "CANCELLED":
            return old
        _replace(old, "status", "CANCELLED")
        _replace(old, "sequence", int(old.get("SEQUENCE", 0)) + 1)
        _replace(old, "dtstamp", self.now)
        return old


def _published(data: bytes | None) -> dict[str, Event]:
    if data is None:
        return {}
    try:
        calendar = Calendar.from_ical(data)
        return {str(event["UID"]): event for event in calendar.walk("VEVENT") if isinstance(event, Event) and _start(event)}
    except (ValueError, KeyError, IndexError) as error:
        raise PlanError([Fault("", f"the feed that is there already is no calendar: {error}", "syntax")]) from None


def _plain(event: Event, key: str) -> str:
    value = event.get(key)
    when = getattr(value, "dt", None)
    if isinstance(when, dt.datetime):
        return when.isoformat()
    return "" if value is None else str(value if when is None else when)


def _start(event: Event) -> str:
    return _plain(event, "DTSTART")


def _replace(event: Event, key: str, value: object) -> None:
    if key in event:
        del event[key]
    event.add(key, value)
