"""What the lower bound relaxes an instance to: units, buckets, pieces (`matcher.kernels.pricing`), and the limits that carry a price."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import ROOM
from matcher.kernels.pricing import (
    BUCKET_DAY,
    BUCKET_FIRST,
    BUCKET_ROW,
    CHOICE_BUCKET,
    CHOICE_BUCKET_FIRST,
    CHOICE_FIRST,
    COUNTER_AT,
    FUND_AT,
    GROUP_COUNT,
    GROUP_SHIFT,
    HAS_WAYS,
    POSITION,
    RELAXATION_HEAD,
    SCALE,
    SHARE_BASE,
    UNIT_CELLS,
    UNIT_COUNT,
    UNITS,
    mark_rows,
)  # fmt: skip
from matcher.kernels.reach import close_ways, share_residents

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals

PART = 3600
"""Windows of teams are cut into parts of about so many seconds, in each of which the members have to agree."""
MOST_PARTS = 8
LATE_PARTS = 4
MOST_CHOICES = 60
"""Sets of providers of a need that are told apart, at most."""
MOST_PLACES = 2000
"""With tables of more places than this travel is relaxed to nothing: their shortest ways would take too long to find."""
DAY = 86_400
LARGEST = 1 << 54
MOST_SCALE = 1024


@dataclass(frozen=True)
class Master:
    """A relaxation, and where in the vector of prices things stand: rows, then counters, then funds.

    Attributes
    ----------
    rx : int64[...]
        The relaxation (`matcher.kernels.pricing`), whose prices are in units of 1 / `scale` of the objective.
    unit : int64[U, UNIT_CELLS]
        View of its units.
    bucket_first, bucket_row, bucket_day, choice_first, choice_bucket_first, choice_bucket, group_shift, group_count : int64[...]
        Views of its tables.
    is_open, is_shut : bool[rows]
        Whether the row's bucket can be served, some shift being able to cover each row of it; and whether no shift can cover this row.
    limits : int64[counters + funds]
        What a counter or a fund allows.
    """

    rx: Longs
    unit: Longs
    bucket_first: Longs
    bucket_row: Longs
    bucket_day: Longs
    choice_first: Longs
    choice_bucket_first: Longs
    choice_bucket: Longs
    is_open: Any
    is_shut: Any
    group_shift: Longs
    group_count: Longs
    rows: int
    counters: int
    funds: int
    limits: Longs
    scale: int

    @property
    def fund_at(self) -> int:
        """Where the prices of the funds start."""
        return self.rows + self.counters


def master_of(instance: Instance, packed: tuple[Longs, Reals], part: int = PART) -> Master:
    """Return the relaxation of an instance.

    Parameters
    ----------
    part
        Seconds of the parts into which windows of teams are cut: the shorter, the better the bound, and the longer it takes.
    """
    units = _Units(instance, part)
    position = np.argsort(instance.entry_shift, kind="stable").astype(np.int64)
    group_shift, group_count = _groups(instance)
    seconds = _node_seconds(instance)
    least = np.zeros(len(instance.shifts), np.int64)
    filled = np.flatnonzero(np.diff(instance.shift_first))
    if len(filled):
        least[filled] = np.minimum.reduceat(seconds[instance.shift_node], instance.shift_first[filled])
    has_ways = 1 < len(instance.points) <= MOST_PLACES
    ways = instance.tables.astype(np.int64).ravel() if has_ways else np.zeros(0, np.int64)
    for t in range(len(instance.tables) if has_ways else 0):
        close_ways(ways, t * len(instance.points) ** 2, len(instance.points))
    tables = [*units.tables(), units.node_unit, seconds, position, group_shift, group_count, least, ways]
    starts = RELAXATION_HEAD + np.concatenate(([0], np.cumsum([len(table) for table in tables])))
    counters, funds = int(instance.counters[0]), len(instance.fund_amount)
    total, scale = int(instance.visits["loss"].sum()) + 1, 1
    while scale < MOST_SCALE and total * scale * 2 < LARGEST:
        scale *= 2
    head = np.zeros(RELAXATION_HEAD, np.int64)
    head[: len(tables)] = starts[:-1]
    head[UNIT_COUNT], head[SHARE_BASE], head[HAS_WAYS] = len(units.table), 1, has_ways
    head[COUNTER_AT], head[FUND_AT], head[SCALE] = units.rows, units.rows + counters, scale
    rx = np.concatenate([head, *(table.astype(np.int64, copy=False) for table in tables)])
    parts = [rx[a:b] for a, b in itertools.pairwise(starts)]
    share = _shares(instance, packed, rx, len(units.table))
    rx[SHARE_BASE] = int(share.max(initial=0)) + 1
    parts[POSITION][:] = parts[POSITION] * rx[SHARE_BASE] + share
    is_open, is_shut = _open_rows(packed, rx, parts, units.rows)
    limits = np.concatenate((_counter_limits(instance), instance.fund_amount)).astype(np.int64)
    return Master(
        rx, parts[UNITS].reshape(-1, UNIT_CELLS), parts[BUCKET_FIRST], parts[BUCKET_ROW], parts[BUCKET_DAY], parts[CHOICE_FIRST],
        parts[CHOICE_BUCKET_FIRST], parts[CHOICE_BUCKET], is_open, is_shut, parts[GROUP_SHIFT], parts[GROUP_COUNT], units.rows, counters, funds,
        limits, scale,
    )  # fmt: skip


def _open_rows(packed: tuple[Longs, Reals], rx: Longs, parts: list[Longs], rows: int) -> tuple[Any, Any]:
    is_covered = np.zeros(rows, np.int64)
    for s in parts[GROUP_SHIFT]:
        mark_rows(packed[0], rx, s, is_covered)
    ends = np.append(parts[BUCKET_ROW][1:], rows)
    is_open = np.zeros(rows, bool)
    for first, end in zip(parts[BUCKET_ROW].tolist(), ends.tolist(), strict=False):
        is_open[first:end] = is_covered[first:end].all()
    return is_open, is_covered == 0


def _shares(instance: Instance, packed: tuple[Longs, Reals], rx: Longs, units: int) -> Any:
    """Return how many services of each resident a provider can give, by position of `Instance.shift_node`; for rooms, 1."""
    share = np.ones(len(instance.entry_shift), np.int32)
    unit_state, resident_state = np.full((units, 3), -1, np.int64), np.full((len(instance.resident_first), 2), -1, np.int64)
    waiting = np.zeros(int(np.diff(instance.shift_first).max(initial=0)) + 1, np.int64)
    for p, row in enumerate(instance.providers):
        if row["kind"] != ROOM:
            shifts = int(row["shift_first"]), int(row["shift_first"] + row["shifts"])
            share_residents(*packed, rx, *shifts, p, share, unit_state, resident_state, waiting)
    return share


def _groups(instance: Instance) -> tuple[Any, Any]:
    shifts = instance.shifts
    keys = np.stack([shifts["provider"], shifts["day"], shifts["start"], shifts["end"]], axis=1).reshape(-1, 4)
    _, first, count = np.unique(keys, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    return first[order].astype(np.int32), count[order].astype(np.int32)


def _node_seconds(instance: Instance) -> Any:
    """Return the seconds of each node; of a room those that it is held at least, however the gaps between the services fall."""
    seconds = instance.nodes["seconds"].copy()
    for v in np.unique(instance.nodes["visit"][instance.nodes["is_room"] == 1]):
        visit = instance.visits[v]
        first, roles = int(visit["first_node"]), int(visit["roles"])
        rows, after, longest = instance.nodes[first : first + roles], 0, 0
        for k in range(roles):
            after += max(0, int(rows["gap_low"][k])) if k else 0
            longest = max(longest, after + int(rows["seconds"][k]))
        seconds[first + roles] = min(longest, int(seconds[first + roles]))
    return seconds


def _counter_limits(instance: Instance) -> Any:
    limits = np.zeros(int(instance.counters[0]), np.int64)
    providers = instance.providers
    spans = [
        (int(row[field]), int(row[limit]))
        for row in providers
        for field, limit in (("day_counter", "max_day"), ("week_counter", "max_week"), ("case_counter", "caseload"))
        if row["kind"] != ROOM and row[field] >= 0
    ]
    spans.sort()
    for (first, limit), end in zip(spans, [*(first for first, _ in spans[1:]), len(limits)], strict=False):
        limits[first:end] = limit
    return limits


class _Units:
    """Visits that are alike together, the others one by one, and how each may be served."""

    def __init__(self, instance: Instance, part: int) -> None:
        self.instance, self.part, self.rows = instance, part, 0
        self.node_unit = np.full(len(instance.nodes), -1, np.int32)
        self.is_within_days = bool(np.all((instance.shifts["end"] - 1) // DAY == instance.shifts["start"] // DAY))
        self.table: list[tuple[int, ...]] = []
        self.bucket_first, self.piece_first = [0], [0]
        self.choice_first, self.choice_bucket_first = [0], [0]
        self.choice_bucket: list[int] = []
        self.bucket_day: list[int] = []
        self.bucket_provider: list[int] = []
        self.bucket_row: list[int] = []
        self.pieces: list[tuple[int, ...]] = []
        self._cuts: dict[Any, list[tuple[int, ...]]] = {}
        for need in instance.needs:
            first, count = int(need["first_visit"]), int(need["visits"])
            if self._are_alike(need):
                self._add(first, count, max(1, int(need["at_least_days"])))
            else:
                for v in range(first, first + count):
                    self._add(v, 1, 0)

    def tables(self) -> list[Any]:
        """Return the first tables of a relaxation: units, buckets, pieces."""
        lists = (
            self.table, self.bucket_first, self.bucket_day, self.bucket_provider, self.bucket_row, self.choice_first, self.choice_bucket_first,
            self.choice_bucket, self.piece_first, self.pieces,
        )  # fmt: skip
        return [np.array(rows, np.int64).ravel() for rows in lists]

    def _are_alike(self, need: Any) -> bool:
        """Return whether the visits of a need may change places, on days of which each has one at most that all its services share."""
        if need["visits"] == 1 or need["is_numbered"] or need["at_least_days"] == 0:
            return False
        visits = self.instance.visits[need["first_visit"] : need["first_visit"] + need["visits"]]
        if any(len(np.unique(visits[field])) > 1 for field in ("loss", "weight", "window_first", "prefer_first", "nodes", "in_force_start")):
            return False
        return bool(visits["nodes"][0] == 1 or (self.is_within_days and self._is_together(visits[0])))

    def _is_together(self, visit: Any) -> bool:
        nodes = self.instance.nodes[visit["first_node"] + 1 : visit["first_node"] + visit["nodes"]]
        return not nodes["gap_low"].any() and not nodes["gap_high"].any()

    def _add(self, v: int, count: int, days: int) -> None:
        instance, unit = self.instance, len(self.table)
        visit = instance.visits[v]
        first, nodes = int(visit["first_node"]), int(visit["nodes"])
        self.node_unit[first : first + nodes] = unit
        self.table.append((count, nodes, days, int(visit["loss"]), int(visit["weight"]), int(visit["community"])))
        is_team = nodes > 1 and self._is_together(visit)
        key = (int(visit["window_first"]), int(visit["prefer_first"]), int(visit["prefers"]), int(visit["in_force_start"]), is_team)
        if key not in self._cuts:
            self._cuts[key] = list(self._pieces(visit, is_team=is_team))
        at, choices = len(self.bucket_day), []
        if is_team:
            parts = sorted({part for *_, part in self._cuts[key]})
            number = {part: at + k for k, part in enumerate(parts)}
            self.bucket_day += [part // DAY for part in parts]
            self.pieces += [(*piece, number[part]) for *piece, part in self._cuts[key]]
        elif count > 1:
            choices = self._choices(first, int(instance.needs[visit["need"]]["max_providers"]))
            self.pieces += [(*piece, -1) for *piece, _ in self._cuts[key]]
        else:
            self.bucket_day.append(0)
            self.pieces += [(*piece, at) for *piece, _ in self._cuts[key]]
        while len(self.bucket_row) < len(self.bucket_day):
            self.bucket_row.append(self.rows)
            self.rows += nodes
        self.bucket_provider += [-1] * (len(self.bucket_day) - len(self.bucket_provider))
        for choice in choices or [list(range(at, len(self.bucket_day)))]:
            self.choice_bucket += choice
            self.choice_bucket_first.append(len(self.choice_bucket))
        self.choice_first.append(len(self.choice_bucket_first) - 1)
        self.bucket_first.append(len(self.bucket_day))
        self.piece_first.append(len(self.pieces))

    def _choices(self, node: int, most: int) -> list[list[int]]:
        """Add buckets for the days on which a node may be served; where few providers are allowed, and few could be, for each of these alone.

        Returns the sets of buckets that any allowed set of providers has; none where all buckets are one.
        """
        instance = self.instance
        shifts = instance.shifts[instance.entry_shift[instance.entry_first[node] : instance.entry_first[node + 1]]]
        people = np.unique(shifts["provider"]).tolist()
        at = len(self.bucket_day)
        if not 0 < most < len(people) or math.comb(len(people), most) > MOST_CHOICES:
            self.bucket_day += np.unique(shifts["day"]).tolist()
            return []
        pairs = sorted({(int(day), int(p)) for day, p in zip(shifts["day"], shifts["provider"], strict=True)})
        self.bucket_day += [day for day, _ in pairs]
        self.bucket_provider += [p for _, p in pairs]
        return [[at + k for k, (_, p) in enumerate(pairs) if p in chosen] for chosen in itertools.combinations(people, most)]

    def _pieces(self, visit: Any, *, is_team: bool) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield (low, high, cost of the first service, cost of each other, start of the part) for the intervals of starts of a visit."""
        instance, weights = self.instance, self.instance.weights[0]
        windows = instance.windows[visit["window_first"] : visit["window_first"] + visit["windows"]]
        prefers = instance.prefers[visit["prefer_first"] : visit["prefer_first"] + visit["prefers"]]
        start = int(visit["in_force_start"])
        all_parts = self._parts(windows) if is_team else []
        for low, due, high in windows.tolist():
            cuts = {low}
            for a, b in prefers.tolist():
                cuts |= {a, b + 1}
            if start >= 0:
                cuts |= {start, start + 1}
            if weights["lateness"] > 0 and high > due:
                cuts |= {due + 1 + k * (high - due) // LATE_PARTS for k in range(LATE_PARTS)}
            cuts |= set(all_parts)
            edges = [*sorted(cut for cut in cuts if low <= cut <= high), high + 1]
            pending: list[int] = []
            for a, end in itertools.pairwise(edges):
                late = int(weights["lateness"]) * max(0, a - due)
                cost = late
                if len(prefers) and not any(x <= a <= y for x, y in prefers.tolist()):
                    cost += int(weights["preferred_window"])
                if start >= 0 and a != start:
                    cost += int(visit["stability"])
                part = max(p for p in all_parts if p <= a) if is_team else 0
                if pending and pending[2:] == [cost, late, part] and pending[1] == a - 1:
                    pending[1] = end - 1
                else:
                    if pending:
                        yield pending[0], pending[1], pending[2], pending[3], pending[4]
                    pending = [a, end - 1, cost, late, part]
            if pending:
                yield pending[0], pending[1], pending[2], pending[3], pending[4]

    def _parts(self, windows: Any) -> list[int]:
        """Return where the parts of the starts of a team begin: the same for all its windows, none across a window's opening or a day's end."""
        parts = set()
        for low, _, high in windows.tolist():
            count = min(MOST_PARTS, (high - low) // self.part + 1)
            parts |= {low + k * (high + 1 - low) // count for k in range(count)}
            parts |= {day * DAY for day in range(low // DAY + 1, high // DAY + 1)}
        return sorted(parts)
