"""A valid week that changes here and there: what changed is validated, and that the rest stays valid is proved rather than validated again.

Validating a district takes as long as searching it. After an event few needs, people and pins are others than before; of most needs only the windows
are closed to the past, in a few patterns. Where the proof does not succeed, None says so, and the whole has to be validated, which tells the faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from matcher.fields import is_alike
from matcher.problem import Problem
from matcher.validation import faults_of
from matcher.validation.magnitude import COST_LIMIT, MAX_SERVICES, MAX_SHIFTS, MAX_VISITS, cost_bounds
from matcher.validation.times import Reach
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.fields import Window
    from matcher.people import Provider, Venue
    from matcher.problem import InForce, Need, Pin

Windows = tuple["Window", ...]
OWN = frozenset({"needs", "providers", "venues", "residents", "pins", "in_force"})
"""What an event may change."""


class Valid:
    """What a changed week is proved valid from.

    Parameters
    ----------
    problem
        The week before, which is valid.
    planned
        Pins that keep visits as a plan of the week has them that breaks no rule.
    """

    def __init__(self, problem: Problem, planned: Iterable[Pin] = ()) -> None:
        self._problem = problem
        self._need = {need.id: need for need in problem.needs}
        self._residents = {resident.id for resident in problem.residents}
        self._pins, self._lines = {id(pin) for pin in problem.pins}, {id(line) for line in problem.in_force}
        self._planned = {id(pin): pin for pin in planned}
        self._has_own = {need_of(pin.visit) for pin in problem.pins}
        self._bound = sum(cost_bounds(problem).values())
        self._services = sum(len(visit.roles) for visit in problem.visits)
        self.is_by_day = not Reach(problem).last_end
        """Whether no shift that is given in seconds runs past midnight, and so adds to the days that visits may have."""
        same: dict[Windows, Windows] = {}
        self.windows: Mapping[int, Windows] = {id(need.windows): same.setdefault(need.windows, need.windows) for need in problem.needs}
        """The one that stands for all equal ones, by the identity of the windows of each need."""
        self._late = {id(windows): max(window.late_by for window in windows) for windows in same}

    def changed(self, changes: Mapping[str, Any]) -> Problem | None:
        """Return the week with some fields changed, if it is proved to be valid: what `Problem.replace` returns."""
        before = self._problem
        if not changes.keys() <= OWN or not self.is_by_day:
            return None
        after = before.taken_as_valid(**changes)
        people, venues = _others(before.providers, after.providers, {"shifts", "claims"}), _others(before.venues, after.venues, {"opening"})
        count = len(before.residents)
        new = after.residents[count:]
        if people is None or venues is None or any(a is not b for a, b in zip(before.residents, after.residents[:count], strict=True)):
            return None
        if any(isinstance(span.start, int) and span.end > (span.start // 86_400 + 1) * 86_400 for who in people for span in who.shifts):
            return None
        if any(resident.id in self._residents for resident in new) or not self._keeps_claims(after):
            return None
        touched = self._touched(after)
        if touched is None:
            return None
        part = self._part(after, touched, people, venues, new)
        return after if self._is_small(part, after) and not faults_of(part) else None

    def _keeps_claims(self, after: Problem) -> bool:
        there = {need.id for need in after.needs}
        return self._need.keys() <= there or all(there.issuperset(provider.claims) for provider in after.providers if provider.claims)

    def _touched(self, after: Problem) -> set[str] | None:
        """Return the needs that have to be validated, with their pins and lines; None where one is known not to be valid."""
        touched: set[str] = set()
        found: dict[str, Need] = {}
        patterns = _Patterns(after, self.windows, self._late)
        for need in after.needs:
            old = self._need.get(need.id)
            found[need.id] = need
            if need is old:
                continue
            if old is None or need.gap is not None or need.id in self._has_own or not is_alike(old, need, {"windows"}):
                touched.add(need.id)
            elif not patterns.hold(old, need):
                return None
        if len(found) < len(after.needs) or len({line.visit for line in after.in_force}) < len(after.in_force):
            return None
        for pin in after.pins:
            name = need_of(pin.visit)
            if name in touched or (id(pin) in self._pins and found.get(name) is self._need[name]):
                continue
            own = found.get(name)
            if own is None:
                return None
            if id(pin) not in self._planned or name in self._has_own or not patterns.allow(own, pin):
                touched.add(name)
        touched.update(need_of(line.visit) for line in after.in_force if id(line) not in self._lines or need_of(line.visit) not in found)
        return touched

    def _part(self, after: Problem, touched: set[str], people: list[Provider], venues: list[Venue], new: tuple[Any, ...]) -> Problem:
        """Return the part of the week that has to be validated, with all that it names."""
        needs = tuple(need for need in after.needs if need.id in touched)
        pins: tuple[Pin, ...] = tuple(pin for pin in after.pins if need_of(pin.visit) in touched)
        lines: tuple[InForce, ...] = tuple(line for line in after.in_force if need_of(line.visit) in touched)
        homes = {need.resident for need in needs} | {resident.id for resident in new}
        residents = tuple(resident for resident in after.residents if resident.id in homes)
        named = {who.id for who in people} | {pin.provider for pin in pins} | {name for line in lines for name in line.team.values()}
        named |= {name for need in needs for name in need.preferred_providers}
        named |= {name for resident in residents for name in (*resident.known, *resident.refused, resident.volunteer)}
        places = {venue.id for venue in venues} | {need.venue for need in needs}
        return after.taken_as_valid(
            residents=residents,
            needs=needs,
            providers=tuple(who.model_copy(update={"claims": ()}) if who.claims else who for who in after.providers if who.id in named),
            venues=tuple(venue for venue in after.venues if venue.id in places),
            links=(),
            pins=pins,
            in_force=lines,
        )

    def _is_small(self, part: Problem, after: Problem) -> bool:
        """Return whether the week is no larger than it may be: it has nothing that neither the week before nor the part has."""
        before = self._problem
        more = sum(cost_bounds(part.model_copy(update={"links": before.links})).values())
        visits = sum(need.visits for need in part.needs)
        roles = sum(need.visits * (sum(role.count for role in (*need.team, *(need.first_team or ())))) for need in part.needs)
        shifts = sum(len(who.shifts) * who.crews * after.horizon.days for who in part.providers)
        return (
            self._bound + more + after.weights.pinned * len(after.pins) < COST_LIMIT
            and len(before.visits) + visits <= MAX_VISITS
            and self._services + roles <= MAX_SERVICES
            and len(before.shifts) + shifts <= MAX_SHIFTS
        )


class _Patterns:
    """Windows of needs that are otherwise as they were, each pattern looked at once."""

    def __init__(self, after: Problem, same: Mapping[int, Windows], late: Mapping[int, int]) -> None:
        self._same, self._late, self._reach = same, late, Reach(Problem.model_construct(horizon=after.horizon))
        self._spans: dict[int, tuple[tuple[tuple[int, int], ...], int] | None] = {}
        self._most: dict[tuple[int, int, int | None, int], bool] = {}

    def hold(self, old: Need, need: Need) -> bool:
        """Return whether a need that has other windows than it had is valid still, and no later."""
        now = self._of(need)
        if now is None or now[1] > self._late[id(self._same[id(old.windows)])]:
            return False
        if need.visits == 1:
            return True
        spacing = need.spacing
        key = (id(need.windows), spacing.at_least_days, spacing.at_most_days, need.visits)
        if key not in self._most:
            days = self._reach.days(now[0])
            self._most[key] = self._reach.most_visits(days, spacing.at_least_days, spacing.at_most_days, need.visits) >= need.visits
        return self._most[key]

    def allow(self, need: Need, pin: Pin) -> bool:
        """Return whether the windows of a need hold the start that a pin asks for as a moment, if it asks for any."""
        if pin.start is None:
            return True
        found = self._of(need)
        if found is None or isinstance(pin.start, (int, str)):
            return False
        start = self._reach.horizon.since(pin.start)
        return any(low <= start <= high for low, high in found[0])

    def _of(self, need: Need) -> tuple[tuple[tuple[int, int], ...], int] | None:
        """Return when a need may start, and the most minutes by which it may be late; None where it has no time, or windows beyond the horizon."""
        key = id(self._same.get(id(need.windows), need.windows))
        if key not in self._spans:
            horizon, end = self._reach.horizon, self._reach.horizon.seconds
            spans = tuple(sorted({(low, late) for window in need.windows for low, _, late in window.spans(horizon)}))
            is_within = all(not isinstance(window.earliest, int) or window.earliest < end for window in need.windows)
            self._spans[key] = (spans, max(window.late_by for window in need.windows)) if spans and is_within else None
        return self._spans[key]


def _others(before: tuple[Any, ...], after: tuple[Any, ...], may: set[str]) -> list[Any] | None:
    """Return the objects that are not as they were; None where more than some fields of them, or how many there are, is other than it was."""
    if len(before) != len(after):
        return None
    others = [(old, new) for old, new in zip(before, after, strict=True) if new is not old]
    return [new for _, new in others] if all(is_alike(old, new, may) for old, new in others) else None
