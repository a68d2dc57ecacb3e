"""What the lower bound relaxes an instance to: units, buckets, pieces (`matcher.kernels.pricing`), and the limits that carry a price."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import ROOM
from matcher.kernels.chains import CHAIN_CELLS
from matcher.kernels.offers import find_spans, make_offers
from matcher.kernels.pricing import (
    BUCKET_DAY,
    BUCKET_ROW,
    BUCKET_ROW_FIRST,
    BUCKET_UNIT,
    CHAIN_COUNT,
    CHAINS,
    CHOICE_BUCKET,
    CHOICE_BUCKET_FIRST,
    CHOICE_FIRST,
    COUNTER_AT,
    FUND_AT,
    GROUP_COUNT,
    GROUP_SHIFT,
    HAS_WAYS,
    NODE_SECONDS,
    NODE_UNIT,
    OFFER_CELLS,
    OFFER_FIRST,
    OFFERS,
    POSITION,
    RELAXATION_HEAD,
    SCALE,
    SET_WORDS,
    SHARE_BASE,
    UNIT_CELLS,
    UNITS,
    mark_rows,
)  # fmt: skip
from matcher.kernels.reach import close_ways, share_residents
from matcher.solvers.units import Units

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals

PART = 3600
"""Windows of teams are cut into parts of about so many seconds, in each of which the members have to agree."""
MOST_PLACES = 2000
"""With tables of more places than this travel is relaxed to nothing: their shortest ways would take too long to find."""
LARGEST = 1 << 54
MOST_SCALE = 1024


@dataclass(frozen=True)
class Master:
    """A relaxation, and where in the vector of prices things stand: rows, then counters, then funds.

    Attributes
    ----------
    rx : int64[...]
        The relaxation (`matcher.kernels.pricing`), whose prices are in units of 1 / `scale` of the objective.
    unit, chain : int64[U, UNIT_CELLS], int64[C, CHAIN_CELLS]
        Views of its units and chains.
    bucket_day, bucket_unit, bucket_row_first, bucket_row, choice_first, choice_bucket_first, choice_bucket, group_shift, group_count : int64[...]
        Views of its tables.
    group_of : int64[shifts]
        The group of each shift.
    is_open : bool[B]
        Whether a bucket can be served, some shift being able to cover each row of it.
    is_shut : bool[rows]
        Whether no shift can cover this row.
    limits : int64[counters + funds]
        What a counter or a fund allows.
    """

    rx: Longs
    unit: Longs
    chain: Longs
    bucket_day: Longs
    bucket_unit: Longs
    bucket_row_first: Longs
    bucket_row: Longs
    choice_first: Longs
    choice_bucket_first: Longs
    choice_bucket: Longs
    is_open: Any
    is_shut: Any
    group_shift: Longs
    group_count: Longs
    group_of: Longs
    rows: int
    counters: int
    funds: int
    limits: Longs
    scale: int

    @property
    def fund_at(self) -> int:
        """Where the prices of the funds start."""
        return self.rows + self.counters


def master_of(instance: Instance, packed: tuple[Longs, Reals], part: int = PART, spare: frozenset[int] = frozenset()) -> Master:
    """Return the relaxation of an instance.

    Parameters
    ----------
    part
        Seconds of the parts into which windows of teams are cut: the shorter, the better the bound, and the longer it takes.
    spare
        Providers, by row, who are not there: their shifts count as groups of none.
    """
    position = np.argsort(instance.entry_shift, kind="stable").astype(np.int64)
    group_shift, group_count, group_of = _groups(instance)
    group_count[np.isin(instance.shifts["provider"][group_shift], list(spare))] = 0
    seconds = _node_seconds(instance)
    least = np.zeros(len(instance.shifts), np.int64)
    filled = np.flatnonzero(np.diff(instance.shift_first))
    if len(filled):
        least[filled] = np.minimum.reduceat(seconds[instance.shift_node], instance.shift_first[filled])
    has_ways = 1 < len(instance.points) <= MOST_PLACES
    ways = instance.tables.astype(np.int64).ravel() if has_ways else np.zeros(0, np.int64)
    for t in range(len(instance.tables) if has_ways else 0):
        close_ways(ways, t * len(instance.points) ** 2, len(instance.points))
    counters, funds = int(instance.counters[0]), len(instance.fund_amount)
    total, scale = int(instance.visits["loss"].sum()) + 1, 1
    while scale < MOST_SCALE and total * scale * 2 < LARGEST:
        scale *= 2
    facts = {HAS_WAYS: int(has_ways), SHARE_BASE: 2, COUNTER_AT: 0, FUND_AT: 0, SCALE: scale, SET_WORDS: 1}
    none = np.zeros(0, np.int64)
    # Which teams there are follows from when shifts can serve their members, for which all ways must be known.
    before = [none] * POSITION + [position * 2 + 1, group_shift, group_count, least, ways, none, none]
    before[NODE_UNIT], before[NODE_SECONDS] = np.zeros(len(instance.nodes), np.int64), seconds
    spans = np.zeros((len(position), 2), np.int64)
    find_spans(*packed, _joined(before, facts)[0], spans)
    by_entry = np.empty_like(spans)
    by_entry[position] = spans
    units = Units(instance, by_entry, part)
    tables = [*units.tables(), seconds, position, group_shift, group_count, least, ways, none, none]
    facts |= {CHAIN_COUNT: len(units.chains), COUNTER_AT: units.rows, FUND_AT: units.rows + counters, SET_WORDS: units.set_words, SHARE_BASE: 1}
    rx, _ = _joined(tables, facts)
    share = _shares(instance, packed, rx, len(units.units))
    facts[SHARE_BASE] = int(share.max(initial=0)) + 1
    tables[POSITION] = position * facts[SHARE_BASE] + share
    rx, _ = _joined(tables, facts)
    find_spans(*packed, rx, spans)
    tables[OFFER_FIRST] = np.zeros(len(position) + 1, np.int64)
    count = make_offers(packed[0], rx, spans, tables[OFFER_FIRST], none, False)
    tables[OFFERS] = np.zeros(count * OFFER_CELLS, np.int64)
    make_offers(packed[0], rx, spans, tables[OFFER_FIRST], tables[OFFERS], True)
    rx, parts = _joined(tables, facts)
    is_open, is_shut = _open_rows(packed, rx, parts, units.rows)
    limits = np.concatenate((_counter_limits(instance), instance.fund_amount)).astype(np.int64)
    return Master(
        rx, parts[UNITS].reshape(-1, UNIT_CELLS), parts[CHAINS].reshape(-1, CHAIN_CELLS), parts[BUCKET_DAY], parts[BUCKET_UNIT],
        parts[BUCKET_ROW_FIRST], parts[BUCKET_ROW], parts[CHOICE_FIRST], parts[CHOICE_BUCKET_FIRST], parts[CHOICE_BUCKET], is_open, is_shut,
        parts[GROUP_SHIFT], parts[GROUP_COUNT], group_of, units.rows, counters, funds, limits, scale,
    )  # fmt: skip


def _joined(tables: list[Any], facts: dict[int, int]) -> tuple[Longs, list[Longs]]:
    """Return one array of a head and these tables, and views of the tables in it."""
    starts = RELAXATION_HEAD + np.concatenate(([0], np.cumsum([len(table) for table in tables])))
    head = np.zeros(RELAXATION_HEAD, np.int64)
    head[: len(tables)] = starts[:-1]
    for slot, value in facts.items():
        head[slot] = value
    rx = np.concatenate([head, *(np.asarray(table).astype(np.int64, copy=False) for table in tables)])
    return rx, [rx[a:b] for a, b in itertools.pairwise(starts)]


def _open_rows(packed: tuple[Longs, Reals], rx: Longs, parts: list[Longs], rows: int) -> tuple[Any, Any]:
    is_covered = np.zeros(rows, np.int64)
    for s in parts[GROUP_SHIFT]:
        mark_rows(packed[0], rx, s, is_covered)
    first = parts[BUCKET_ROW_FIRST]
    missing = np.concatenate(([0], np.cumsum(is_covered[parts[BUCKET_ROW]] == 0)))
    return missing[first[1:]] == missing[first[:-1]], is_covered == 0


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


def _groups(instance: Instance) -> tuple[Any, Any, Any]:
    """Return the first shift of each group of shifts that are alike, how many it has, and the group of each shift."""
    shifts = instance.shifts
    keys = np.stack([shifts["provider"], shifts["day"], shifts["start"], shifts["end"]], axis=1).reshape(-1, 4)
    _, first, inverse, count = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    return first[order].astype(np.int32), count[order].astype(np.int32), np.argsort(order)[inverse.reshape(-1)]


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
