"""Calendars over real replans, as a calendar program sees them: who is who, what is newer, what is off."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from matcher.books.contacts import Contacts
from matcher.books.feeds import Feeds
from matcher.living.replan import replan
from matcher.solve import solve
from scenarios.weihai.week import make_week

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

Published = dict[str, bytes]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def published(problem: Problem, plan: Plan, before: Published, day: int) -> Published:
    """What is out there after a plan was published on a day of November, on top of what was there."""
    feeds = Feeds(problem, plan, lang="zh", zone=SHANGHAI, before=None, contacts=Contacts({}), now=dt.datetime(2026, 11, day, 8, tzinfo=dt.UTC))
    made = {provider.id: feeds.feed(provider.id, before.get(provider.id)) for provider in problem.providers}
    return {provider: feed for provider, feed in made.items() if feed is not None}


def events_of(feed: bytes | None) -> dict[str, Event]:
    if feed is None:
        return {}
    found = [event for event in Calendar.from_ical(feed).walk("VEVENT") if isinstance(event, Event)]
    events = {str(event["UID"]): event for event in found}
    assert len(events) == len(found), "an identity stands twice"
    return events


def stamp(event: Event) -> str:
    """When an event was written, as its feed has it: 20261120T080000Z."""
    written: bytes = event["DTSTAMP"].to_ical()  # type: ignore[assignment]
    return written.decode()


def clock(moment: dt.date) -> dt.datetime:
    """The local time of a moment that has one."""
    assert isinstance(moment, dt.datetime)
    return moment.replace(tzinfo=None)


def confirmed(feeds: Published) -> Counter[tuple[str, dt.datetime, dt.datetime]]:
    return Counter(
        (provider, clock(event.start), clock(event.end))
        for provider, feed in feeds.items()
        for event in events_of(feed).values()
        if str(event["STATUS"]) == "CONFIRMED"
    )


def services(plan: Plan) -> Counter[tuple[str, dt.datetime, dt.datetime]]:
    return Counter((service.provider, service.start, service.end) for item in plan.assignments for service in item.team)


@pytest.fixture(scope="module")
def course() -> list[tuple[Problem, Plan, str]]:
    """A week, planned, and planned again twice: each time the one with most to do falls ill. With each plan goes who is ill."""
    problem = make_week("community", seed=1)
    plan = solve(problem, chunks=2, seed=1, threads=1).plan
    found = [(problem, plan, "")]
    for _ in range(2):
        ill = Counter(service.provider for item in plan.assignments for service in item.team).most_common(1)[0][0]
        again = replan(problem, plan, [{"kind": "absent", "provider": ill}])
        problem, plan = again.problem, again.result.plan
        found.append((problem, plan, ill))
    return found


def test_events_keep_their_identity_rise_in_number_and_are_cancelled_over_replans(course: list[tuple[Problem, Plan, str]]) -> None:
    out: Published = {}
    cancelled = kept = 0
    for day, (problem, plan, ill) in enumerate(course, 20):
        after = published(problem, plan, out, day)
        assert confirmed(after) == services(plan)
        for provider, feed in after.items():
            old, new = events_of(out.get(provider)), events_of(feed)
            assert old.keys() <= new.keys(), "an event that people have was dropped, not cancelled"
            for uid, was in old.items():
                now = new[uid]
                if was.to_ical() == now.to_ical():
                    kept += 1
                    continue
                assert now.sequence > was.sequence
                assert stamp(now) > stamp(was)
                if str(now["STATUS"]) == "CANCELLED":
                    cancelled += 1
                    assert (now.start, now.end) == (was.start, was.end)
        if ill:
            assert {str(event["STATUS"]) for event in events_of(after[ill]).values()} == {"CANCELLED"}
        # Published again as it is, nothing moves.
        assert published(problem, plan, after, 29) == after
        out = after
    assert cancelled > 0
    assert kept > cancelled


def test_who_was_relieved_and_is_asked_again_gets_the_same_event_with_a_higher_number(course: list[tuple[Problem, Plan, str]]) -> None:
    (problem, first, _), (later, second, ill), *_ = course
    out = published(later, second, published(problem, first, {}, 20), 21)
    back = published(problem, first, out, 22)
    once, now = events_of(published(problem, first, {}, 20)[ill]), events_of(back[ill])
    assert once.keys() == now.keys()
    assert {(str(event["STATUS"]), event.sequence) for event in now.values()} == {("CONFIRMED", 2)}
