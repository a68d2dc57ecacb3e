"""The reason of each unassigned visit: the rule that stopped it, how many providers each rule removed, and the least single change seen.

The rules on people come first, in the order of `matcher.entries`; then what the routes of the plan leave: limits, funds, time. A visit each of whose
roles could be filled alone is stopped by what ties them together (``team``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.kernels.cells import IS_BOUNDED, pack
from matcher.kernels.diagnose import (
    BY_CASELOAD,
    BY_DAY_MINUTES,
    BY_FUND,
    BY_LEG,
    BY_MAX_PROVIDERS,
    BY_SPACING,
    BY_TIME,
    BY_WEEK_MINUTES,
    FREE,
)
from matcher.kernels.place import touch
from matcher.kernels.probe import diagnose_entries
from matcher.kernels.roads import travel_seconds
from matcher.kernels.routes import ARRIVAL, AT, BOUND, HEAD, HIGH, LATEST, LOW, NEXT, NONE, START, view
from matcher.kernels.schedule import settle
from matcher.plan import Removed, Unassigned
from matcher.rules import Rule
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.compile import Compiled
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals

RULE_OF = {
    BY_SPACING: Rule.SPACING,
    BY_DAY_MINUTES: Rule.DAY_MINUTES,
    BY_WEEK_MINUTES: Rule.WEEK_MINUTES,
    BY_CASELOAD: Rule.CASELOAD,
    BY_MAX_PROVIDERS: Rule.MAX_PROVIDERS,
    BY_FUND: Rule.FUND_BALANCE,
    BY_LEG: Rule.LEG,
    BY_TIME: Rule.TRAVEL,
}
"""A position that is too short is told as ``travel``: between what the route holds there is no time to come, serve and go on. Where there would be
time but for the lunch, it is told as ``lunch``."""

LOOSEST_LAST = (BY_SPACING, BY_LEG, BY_CASELOAD, BY_MAX_PROVIDERS, BY_DAY_MINUTES, BY_WEEK_MINUTES, BY_FUND, BY_TIME, FREE)
"""Among a provider's shifts, the one that came nearest counts."""
RANK = np.zeros(max(LOOSEST_LAST) + 1, np.int64)
RANK[list(LOOSEST_LAST)] = np.arange(len(LOOSEST_LAST))

_Near = tuple[int, int, int, int, int]
"""The shift of a provider (or room) that came nearest to taking a node: its rank, how much it fell short by, the provider, the day, the shift."""


class Reasons:
    """Finds reasons in one state of the routes. `packed` is the instance as kernels take it, where it is at hand."""

    def __init__(self, compiled: Compiled, state: Longs, packed: tuple[Longs, Reals] | None = None) -> None:
        self._compiled = compiled
        self._packed, self._state = with_latest(compiled.instance, state, packed)
        self._pinned = {pin.visit for pin in compiled.problem.pins}
        self._removed: dict[tuple[Rule, str, int], Removed] = {}

    def of(self, v: int) -> Unassigned:
        """Return the reason of visit v, which is absent."""
        return next(self.of_all([v]))

    def of_all(self, rows: Iterable[int]) -> Iterator[Unassigned]:
        """Yield the reasons of visits that are absent."""
        visits = self._compiled.instance.visits
        absent = [(v, int(visits["first_node"][v]), int(visits["nodes"][v])) for v in rows]
        nearest = _nearest(self._compiled.instance, self._packed, self._state, [n for _, first, count in absent for n in range(first, first + count)])
        for v, first, count in absent:
            yield self._of(v, range(first, first + count), nearest)

    def _of(self, v: int, nodes: range, nearest: dict[int, list[_Near]]) -> Unassigned:
        visit = self._compiled.visits[v]
        removed: list[Removed] = []
        for k, n in enumerate(nodes):
            is_room = k == len(visit.roles)
            role = "room" if is_room else visit.roles[k].id
            rows, change, is_free = self._of_node(v, k, role, is_room, n, nearest[n])
            removed.extend(rows)
            if not is_free:
                rule = rows[-1].rule if rows else Rule.KIND
                return Unassigned(visit=visit.id, rule=rule, role=role, removed=tuple(removed), change=change)
        # Every role has somebody: what is missing is one time, or one team, that suits all of them at once.
        return Unassigned(visit=visit.id, rule=Rule.TEAM, removed=tuple(removed))

    def _of_node(self, v: int, k: int, role: str, is_room: bool, n: int, nearest: list[_Near]) -> tuple[list[Removed], dict[str, Any] | None, bool]:
        """Return what removed whom from one node, the least change seen, and whether somebody is left."""
        compiled, instance = self._compiled, self._compiled.instance
        rows, left = self._by_seats(v, role) if is_room else self._by_people(v, k, role)
        reachable = len(nearest)
        if left > reachable:
            rule = Rule.VENUE_OPEN if is_room else Rule.PIN if self._is_pinned(v) else Rule.SHIFT
            rows.append(self._lost(rule, role, left - reachable))
        counts: dict[int, int] = {}
        by_lunch = 0
        for rank, _, _, _, s in nearest:
            is_lunch = LOOSEST_LAST[rank] == BY_TIME and not is_room and lunch_alone(instance, self._packed, self._state, n, s)
            by_lunch += is_lunch
            counts[rank] = counts.get(rank, 0) + (not is_lunch)
        is_free = LOOSEST_LAST.index(FREE) in counts
        for rank in sorted(counts):
            if LOOSEST_LAST[rank] != FREE and counts[rank]:
                rule = RULE_OF[LOOSEST_LAST[rank]]
                rows.append(self._lost(Rule.ROOM_FREE if is_room and rule == Rule.TRAVEL else rule, role, counts[rank]))
        if by_lunch:
            rows.append(self._lost(Rule.LUNCH, role, by_lunch))
        change = None
        if nearest and not is_free:
            rank, short, p, day, _ = max(nearest, key=lambda near: (near[0], -near[1], -near[2]))
            change = self._change(LOOSEST_LAST[rank], short, day, compiled.provider_id(p), is_room)
        return rows, change, is_free

    def _lost(self, rule: Rule, role: str, providers: int) -> Removed:
        """Return how many providers a rule removed from a role; many visits lose as many."""
        key = (rule, role, providers)
        if key not in self._removed:
            self._removed[key] = Removed(rule=rule, role=role, providers=providers)
        return self._removed[key]

    def _by_people(self, v: int, k: int, role: str) -> tuple[list[Removed], int]:
        """Return what each rule on people removed from a role, and how many it left."""
        visit = self._compiled.visits[v]
        lost, left = self._compiled.eligibility.removals(visit, visit.roles[k])
        return [self._lost(rule, role, count) for rule, count in lost], left

    def _by_seats(self, v: int, role: str) -> tuple[list[Removed], int]:
        """Return what the need's attendees removed of its venue's rooms, and how many are left."""
        need = self._compiled.visits[v].need
        rooms = next(venue.rooms for venue in self._compiled.problem.venues if venue.id == need.venue)
        small = sum(room.seats < need.attendees for room in rooms)
        return [self._lost(Rule.SEATS, role, small)] if small else [], len(rooms) - small

    def _is_pinned(self, v: int) -> bool:
        return self._compiled.visits[v].id in self._pinned

    def _change(self, code: int, short: int, day: int, provider: str, is_room: bool) -> dict[str, Any] | None:
        """Return the least change as data: a code, who or what it is about, and the number."""
        date = (self._compiled.problem.horizon.start + dt.timedelta(days=day)).isoformat()
        who = {"room" if is_room else "provider": provider}
        if code in (BY_TIME, BY_DAY_MINUTES, BY_WEEK_MINUTES):
            words = {BY_TIME: "more_time", BY_DAY_MINUTES: "more_minutes_day", BY_WEEK_MINUTES: "more_minutes_week"}
            return {"code": words[code], **who, "day": date, "minutes": -(-short // 60)}
        if code == BY_FUND:
            return {"code": "more_money", **who, "day": date, "yuan": short / 100}
        if code == BY_CASELOAD:
            return {"code": "higher_caseload", **who, "day": date, "by": 1}
        return None


def _nearest(instance: Instance, packed: tuple[Longs, Reals], state: Longs, nodes: list[int]) -> dict[int, list[_Near]]:
    """Return, of each node, the shift of each provider (or room) that came nearest to taking it, by rising provider."""
    first = instance.entry_first
    sizes = [int(first[n + 1] - first[n]) for n in nodes]
    ends = np.cumsum([0, *sizes])
    if ends[-1] == 0:
        return {n: [] for n in nodes}
    codes, shorts = np.zeros((2, ends[-1]), np.int64)
    for n, low, high in zip(nodes, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if low < high:
            diagnose_entries(*packed, state, n, codes[low:high], shorts[low:high])
    shifts = np.concatenate([instance.entry_shift[first[n] : first[n + 1]] for n in nodes])
    node, provider, rank = np.repeat(np.arange(len(nodes)), sizes), instance.shifts["provider"][shifts], RANK[codes]
    # The entries of a node stand by rising shift, and shifts by provider and day: those of one provider stand together, the latest last.
    is_first = np.append(True, (np.diff(node) != 0) | (np.diff(provider) != 0))
    start, group = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    is_best = rank == np.maximum.reduceat(rank, start)[group]
    least = np.minimum.reduceat(np.where(is_best, shorts, np.iinfo(np.int64).max), start)
    is_best &= shorts == least[group]
    best = np.maximum.reduceat(np.where(is_best, np.arange(len(rank)), -1), start)
    columns = (rank[best], shorts[best], provider[best], instance.shifts["day"][shifts[best]], shifts[best])
    found: list[_Near] = list(zip(*(column.tolist() for column in columns), strict=True))
    bounds = np.searchsorted(node[best], np.arange(len(nodes) + 1)).tolist()
    return {n: found[low:high] for n, low, high in zip(nodes, bounds, bounds[1:], strict=False)}


def with_latest(instance: Instance, state: Longs, packed: tuple[Longs, Reals] | None = None) -> tuple[tuple[Longs, Reals], Longs]:
    """Return the packed instance (made here, if it is not given), and the state with the latest start of every node up to date.

    The search does without them where no window ends before the shifts do; to say what stops a visit, they are needed.
    """
    packed = packed or pack(instance)
    if instance.is_bounded[0]:
        return packed, state
    ins = packed[0].copy()
    ins[IS_BOUNDED] = 1
    ins.setflags(write=False)
    searcher = Searcher.on(instance, (ins, packed[1]), 1, state)
    for s in np.flatnonzero(view(state).shift[:, HEAD] != NONE).tolist():
        touch(searcher.rt, searcher.wk, s)
    settle(*searcher.arrays[:4])
    return (ins, packed[1]), searcher.rt


def lunch_alone(instance: Instance, packed: tuple[Longs, Reals], state: Longs, n: int, s: int) -> bool:
    """Return whether the route of shift s, which has no room for node n, would have it if its provider took no lunch that day."""
    shift, node = instance.shifts[s], instance.nodes[n]
    if not shift["has_lunch"]:
        return False
    profile, leg, seconds = int(shift["profile"]), int(shift["max_leg"]), int(node["seconds"])
    stops, bounds = _without_lunch(instance, packed, state, s)
    visit = instance.visits[node["visit"]]
    options = instance.options[visit["option_first"] : visit["option_first"] + visit["options"]]
    for k, (end, at) in enumerate(stops):
        here = int(node["place"]) if node["place"] >= 0 else at
        to, bound = bounds[k]
        out = int(travel_seconds(*packed, profile, at, here))
        on = int(travel_seconds(*packed, profile, here, to)) if to != NONE else 0
        if out <= leg and on <= leg:
            for low, high in options.tolist():
                start = max(low, end + out)
                if start <= high and start + seconds + on <= bound:
                    return True
    return False


def _without_lunch(instance: Instance, packed: tuple[Longs, Reals], state: Longs, s: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return, of a route without its lunch, when and where each stop leaves the provider, and where and until when they have to be at the next.

    The first stop is the base at the start of the shift; the next one of the last is the base again, or `NONE` for who does not return to it.
    """
    shift, routes = instance.shifts[s], view(state)
    profile, base = int(shift["profile"]), int(shift["base"])
    nodes, n = [], int(routes.shift[s, HEAD])
    while n != NONE:
        nodes.append(n)
        n = int(routes.node[n, NEXT])
    stops = [(int(shift["start"]), base)]
    for n in nodes:
        row, (end, at) = routes.node[n], stops[-1]
        start = max(int(row[LOW]), end + int(travel_seconds(*packed, profile, at, int(row[AT]))))
        if row[START] > row[ARRIVAL]:  # held back by the rest of its team, lunch or no lunch
            start = max(start, int(row[START]))
        stops.append((start + int(instance.nodes[n]["seconds"]), int(row[AT])))
    to = base if shift["returns"] else NONE
    bounds = [(to, int(shift["end"]))]
    for n in reversed(nodes):
        row, (to, bound) = routes.node[n], bounds[-1]
        away = int(travel_seconds(*packed, profile, int(row[AT]), to)) if to != NONE else 0
        latest = min(int(row[HIGH]), bound - away - int(instance.nodes[n]["seconds"]))
        if row[LATEST] < row[BOUND]:
            latest = min(latest, int(row[LATEST]))
        bounds.append((int(row[AT]), latest))
    return stops, bounds[::-1]
