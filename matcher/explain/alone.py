"""What no plan can mend: whether a visit could be served if its providers had nothing else to do.

Every bound here is a relaxation: a provider who is stopped is stopped in every plan, so that a visit without a team here is proved impossible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.compile import pin_start
from matcher.explain.answer import Stopped
from matcher.rules import Rule
from matcher.travel import Journeys
from matcher.verifier.reading import price_of
from matcher.visits import openings_of

if TYPE_CHECKING:
    from matcher.compile import Compiled
    from matcher.people import Provider
    from matcher.problem import Pin
    from matcher.visits import Shift, Visit, VisitRole

Spans = list[tuple[int, int]]
"""Starts that are possible: closed intervals in seconds from the start of the horizon."""

ROUNDING = 2
"""Seconds by which a straight way may be longer than two that make it up, each rounded up."""


@dataclass(frozen=True)
class Alone:
    """What is left of a visit when nobody has anything else to do.

    Attributes
    ----------
    rule, role
        The rule that makes the visit impossible, and the role it leaves nobody for (None: the team as a whole); None where nothing does.
    stopped
        The rule that stops each provider, role by role.
    """

    rule: Rule | None
    role: str | None
    stopped: tuple[Stopped, ...]


def alone(compiled: Compiled, visit: Visit, journeys: Journeys | None = None) -> Alone:
    """Say whether a visit is impossible whatever the rest of the plan, and who is stopped by what; `journeys` are the problem's, if at hand."""
    look = _Look(compiled, visit, journeys or Journeys(compiled.problem))
    stopped: list[Stopped] = []
    spans: list[dict[str, Spans]] = []
    fault: tuple[Rule, str] | None = None
    for role in visit.roles:
        by_rule, free = look.role(role)
        stopped.extend(Stopped(role.id, rule, tuple(names)) for rule, names in by_rule.items())
        spans.append(free)
        if not free and fault is None:
            fault = (max(by_rule, key=list(Rule).index) if by_rule else Rule.KIND, role.id)
            if by_rule:
                fault = (list(by_rule)[-1], role.id)
    rooms: dict[str, Spans] | None = None
    if visit.need.place == "venue":
        by_rule, rooms = look.rooms()
        stopped.extend(Stopped("room", rule, tuple(names)) for rule, names in by_rule.items())
        if not rooms and fault is None:
            fault = (list(by_rule)[-1] if by_rule else Rule.SEATS, "room")
    if fault is not None:
        return Alone(*fault, tuple(stopped))
    if not _can_meet(visit, spans, rooms):
        return Alone(Rule.TEAM, None, tuple(stopped))
    return Alone(None, None, tuple(stopped))


class _Look:
    def __init__(self, compiled: Compiled, visit: Visit, journeys: Journeys) -> None:
        self._compiled, self._problem, self._visit = compiled, compiled.problem, visit
        self._journeys = journeys
        self._place = self._journeys.of_need(visit.need)
        self._pins: list[Pin] = [pin for pin in self._problem.pins if pin.visit == visit.id]
        self._shifts: dict[str, list[Shift]] = {}
        for shift in self._problem.shifts:
            self._shifts.setdefault(shift.provider.id, []).append(shift)
        need = visit.need
        amounts = [
            fund.amount
            for fund in self._problem.funds
            if (need.funds is None or fund.id in need.funds)
            and (fund.categories is None or need.category in fund.categories)
            and (fund.communities is None or visit.community in fund.communities)
        ]
        self._most_paid = max(amounts, default=0)
        self._masks = {role.id: list(compiled.eligibility.rules(visit, role)) for role in visit.roles}
        self._has_worker = any(
            provider.kind == "social_worker" and all(passes[p] for _, passes in self._masks[role.id])
            for role in visit.roles
            for p, provider in enumerate(self._problem.providers)
        )

    def role(self, role: VisitRole) -> tuple[dict[Rule, list[str]], dict[str, Spans]]:
        """Return who is stopped by which rule, in the order of the rules, and when each of the others could start."""
        stopped: dict[Rule, list[str]] = {rule: [] for rule, _ in self._masks[role.id]}
        free: dict[str, Spans] = {}
        for p, provider in enumerate(self._problem.providers):
            rule = next((rule for rule, passes in self._masks[role.id] if not passes[p]), None)
            if rule is None:
                rule, spans = self._provider(provider, role)
                if rule is None:
                    free[provider.id] = spans
                    continue
            stopped.setdefault(rule, []).append(provider.id)
        return {rule: names for rule, names in stopped.items() if names}, free

    def rooms(self) -> tuple[dict[Rule, list[str]], dict[str, Spans]]:
        """Return which rooms are stopped by which rule, and when the first role could start in each of the others."""
        visit = self._visit
        venue = next(venue for venue in self._problem.venues if venue.id == visit.need.venue)
        step = visit.need.gap.min_minutes * 60 if visit.need.meet == "in_sequence" and visit.need.gap is not None else 0
        length = max(k * step + role.seconds for k, role in enumerate(visit.roles))
        spans = _meet([(low, high - length) for low, high in openings_of(venue, self._problem.horizon)], self._starts(visit.roles[0]))
        small = [room.id for room in venue.rooms if room.seats < visit.need.attendees]
        fit = [room.id for room in venue.rooms if room.seats >= visit.need.attendees]
        stopped = {Rule.SEATS: small, Rule.VENUE_OPEN: [] if spans else fit}
        return {rule: names for rule, names in stopped.items() if names}, dict.fromkeys(fit, spans) if spans else {}

    def _starts(self, role: VisitRole) -> Spans:
        """Return the starts that the need's windows and the pins allow to a role."""
        spans = [(low, high) for low, _, high in self._visit.windows]
        if role is self._visit.roles[0] or self._visit.need.meet == "together":
            for pin in self._pins:
                if pin.start is not None:
                    start = pin_start(self._problem, pin)
                    spans = _meet(spans, [(start, start)])
        return spans

    def _provider(self, provider: Provider, role: VisitRole) -> tuple[Rule | None, Spans]:
        for pin in self._pins:
            is_named = pin.role == role.id or (pin.role is None and len(self._visit.roles) == 1)
            if pin.provider is not None and is_named and pin.provider != provider.id:
                return Rule.PIN, []
        if provider.supervision != "none" and not self._has_worker:
            return Rule.SUPERVISION, []
        for rule, limit in ((Rule.DAY_MINUTES, provider.max_minutes_day), (Rule.WEEK_MINUTES, provider.max_minutes_week)):
            if limit is not None and role.minutes > limit:
                return rule, []
        price = price_of(provider, role.seconds)
        if price > self._most_paid:
            return Rule.FUND_BALANCE, []
        out, back, leg = self._ways(provider)
        if provider.max_leg_minutes is not None and leg > provider.max_leg_minutes * 60:
            return Rule.LEG, []
        starts = self._starts(role)
        spans = [span for shift in self._shifts.get(provider.id, ()) if self._is_pinned_day(shift, role) for span in self._in(shift, role, out, back)]
        spans = _meet(spans, starts)
        if spans:
            return None, spans
        if not starts:
            return Rule.PIN, []
        on_any_day = [span for shift in self._shifts.get(provider.id, ()) for span in self._in(shift, role, out, back)]
        if self._pins and _meet(on_any_day, [(low, high) for low, _, high in self._visit.windows]):
            return Rule.PIN, []
        without_lunch = [(shift.start + out, shift.end - back - role.seconds) for shift in self._shifts.get(provider.id, ())]
        if _meet(without_lunch, starts):
            return Rule.LUNCH, []
        return Rule.SHIFT, []

    def _is_pinned_day(self, shift: Shift, role: VisitRole) -> bool:
        if role is not self._visit.roles[0]:
            return True
        return all(pin.day is None or shift.day in self._problem.horizon.indices(pin.day) for pin in self._pins)

    def _in(self, shift: Shift, role: VisitRole, out: int, back: int) -> Spans:
        """Return when a service could start in a shift that holds nothing else, the lunch before it or after it."""
        first, last = shift.start + out, shift.end - back - role.seconds
        if shift.lunch is None:
            return [(first, last)]
        low, high, length = shift.lunch
        before = (max(low + length, first + length), last)
        after = (first, min(high - length - role.seconds, last - length))
        return [before, after]

    def _ways(self, provider: Provider) -> tuple[int, int, int]:
        """Return the least seconds of the way to the visit, of the way back from it, and of the last leg to it from anywhere."""
        place, base = self._place, self._journeys.of_base(provider)
        if place < 0 or place == base:
            return 0, 0, 0
        profile = self._journeys.profiles[self._journeys.of_profile(provider)]
        if profile.table >= 0:
            table = self._journeys.tables[profile.table]
            to, away = np.delete(table[:, place], place), np.delete(table[place], place)
            least = int(to.min())
            # A table need not obey the triangle inequality: the way over a third place may be shorter.
            return least, int(away.min()) if provider.returns else 0, least
        gaps = self._journeys.points - self._journeys.points[place]
        metres = np.delete(np.sqrt((gaps**2).sum(axis=1)), place)
        direct = max(0, self._journeys.seconds(provider, base, place) - ROUNDING)
        return direct, direct if provider.returns else 0, max(0, int(float(metres.min()) * profile.seconds_per_metre) - ROUNDING)


def _meet(some: Spans, others: Spans) -> Spans:
    """Return the intersection of two sets of intervals, in order."""
    both = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return sorted({(low, high) for low, high in both if low <= high})


def _can_meet(visit: Visit, spans: list[dict[str, Spans]], rooms: dict[str, Spans] | None) -> bool:
    """Return whether the roles can be filled by different providers whose starts suit one another."""
    if not _has_team([set(free) for free in spans]):
        return False
    room_spans = sorted({span for free in rooms.values() for span in free}) if rooms is not None else None
    if visit.need.meet == "independent":
        return True
    if visit.need.meet == "in_sequence" and visit.need.gap is not None:
        low, high = visit.need.gap.min_minutes * 60, visit.need.gap.max_minutes * 60
        reached = _union(spans[0]) if room_spans is None else _meet(_union(spans[0]), room_spans)
        for free in spans[1:]:
            reached = _meet([(a + low, b + high) for a, b in reached], _union(free))
        return bool(reached)
    # Together: if any start suits all, then so does one at which somebody's (or the room's) interval opens.
    points = {low for free in spans for some in free.values() for low, _ in some} | {low for low, _ in room_spans or ()}
    return any(
        (room_spans is None or _holds(room_spans, point))
        and _has_team([{name for name, some in free.items() if _holds(some, point)} for free in spans])
        for point in sorted(points)
    )


def _union(free: dict[str, Spans]) -> Spans:
    return sorted({span for some in free.values() for span in some})


def _holds(spans: Spans, point: int) -> bool:
    return any(low <= point <= high for low, high in spans)


def _has_team(candidates: list[set[str]]) -> bool:
    """Return whether every role can have a provider of its own (augmenting paths)."""
    held: dict[str, int] = {}

    def place(k: int, seen: set[str]) -> bool:
        for name in sorted(candidates[k]):
            if name not in seen:
                seen.add(name)
                if name not in held or place(held[name], seen):
                    held[name] = k
                    return True
        return False

    return all(place(k, set()) for k in range(len(candidates)))
