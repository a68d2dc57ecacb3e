"""Units, buckets and pieces: visits that are alike together, the others one by one, and how each may be served (`matcher.kernels.pricing`)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.kernels.pricing import SET_BITS
from matcher.solvers.teams import Kind, Teams, union

if TYPE_CHECKING:
    from matcher.instance import Instance

MOST_PARTS = 8
LATE_PARTS = 4
MOST_CHOICES = 60
"""Sets of providers of a need that are told apart, at most."""
MOST_ROWS = 600
"""Rows of a visit, above which its teams are not told apart by their members."""
MOST_OFFSET = 6 * 3600
"""Seconds by which the roles of a visit may start apart, up to which the windows of a team in sequence are cut."""
DAY = 86_400

Piece = tuple[int, int, int, int]
"""Lowest and highest start, cost of such a start to the first service, and to each other."""


class Units:
    """The tables of units, chains, buckets and pieces of an instance.

    Parameters
    ----------
    spans : int64[E, 2]
        By entry: the earliest and the latest start of the node of the entry, were it alone in the shift.
    part : int
        Seconds of the parts into which windows of teams are cut.
    """

    def __init__(self, instance: Instance, spans: Any, part: int) -> None:
        self.instance, self.part, self.rows = instance, part, 0
        self.teams = Teams(instance, spans)
        self.node_unit = np.full(len(instance.nodes), -1, np.int32)
        self.is_within_days = bool(np.all((instance.shifts["end"] - 1) // DAY == instance.shifts["start"] // DAY))
        self.units: list[tuple[int, ...]] = []
        self.chains: list[tuple[int, ...]] = []
        self.bucket_day: list[int] = []
        self.bucket_unit: list[int] = []
        self.bucket_key: list[int] = []
        self.bucket_group: list[int] = []
        self.bucket_row_first = [0]
        self.bucket_row: list[int] = []
        self.choice_first, self.choice_bucket_first = [0], [0]
        self.choice_bucket: list[int] = []
        self.pieces: list[list[tuple[int, ...]]] = [[] for _ in instance.nodes]
        self.sets: dict[int, int] = {}
        self._costs: dict[Any, list[Piece]] = {}
        for need in instance.needs:
            self._add_need(need)

    def tables(self) -> list[Any]:
        """Return the tables of a relaxation, from ``UNITS`` to ``NODE_UNIT``."""
        words = len(self.instance.providers) // SET_BITS + 1
        mask = (1 << SET_BITS) - 1
        sets = [chosen >> (SET_BITS * k) & mask for chosen in self.sets for k in range(words)]
        piece_first = np.concatenate(([0], np.cumsum([len(pieces) for pieces in self.pieces])))
        pieces = list(itertools.chain.from_iterable(self.pieces))
        lists = (
            self.units, self.chains, self.bucket_day, self.bucket_unit, self.bucket_row_first, self.bucket_row, self.choice_first,
            self.choice_bucket_first, self.choice_bucket, piece_first, pieces, sets, self.node_unit,
        )  # fmt: skip
        return [np.array(rows, np.int64).ravel() for rows in lists]

    @property
    def set_words(self) -> int:
        """Words of a set of providers."""
        return len(self.instance.providers) // SET_BITS + 1

    def _set(self, chosen: int) -> int:
        return self.sets.setdefault(chosen, len(self.sets))

    def _add_need(self, need: Any) -> None:
        first, count = int(need["first_visit"]), int(need["visits"])
        days = int(need["at_least_days"]), int(need["at_most_days"])
        if self._are_alike(need):
            self._add_chain(need, [(first, count)], (count, *days, 0))
        elif count > 1 and all(self._has_day(v) for v in range(first, first + count)):
            self._add_chain(need, [(v, 1) for v in range(first, first + count)], (count, *days, int(need["has_first_team"])))
        else:
            for v in range(first, first + count):
                self._add_chain(need, [(v, 1)], (1, 0, 0, 0))

    def _are_alike(self, need: Any) -> bool:
        """Return whether the visits of a need may change places, on days of which each has one at most."""
        if need["visits"] == 1 or need["is_numbered"] or need["at_least_days"] == 0:
            return False
        visits = self.instance.visits[need["first_visit"] : need["first_visit"] + need["visits"]]
        if any(len(np.unique(visits[field])) > 1 for field in ("loss", "weight", "window_first", "prefer_first", "nodes", "in_force_start")):
            return False
        return self._has_day(int(need["first_visit"]))

    def _has_day(self, v: int) -> bool:
        """Return whether buckets tell the day of a visit."""
        return self.instance.visits[v]["nodes"] == 1 or (self.is_within_days and self._offsets(v) is not None)

    def _offsets(self, v: int) -> list[tuple[int, int]] | None:
        """Return by how much the nodes of a visit start after its first role, at least and at most; None if that says little."""
        visit = self.instance.visits[v]
        first, roles, nodes = int(visit["first_node"]), int(visit["roles"]), int(visit["nodes"])
        found = [(0, 0)]
        for k in range(1, roles):
            node = self.instance.nodes[first + k]
            found.append((found[-1][0] + int(node["gap_low"]), found[-1][1] + int(node["gap_high"])))
        if any(low < 0 or high > MOST_OFFSET for low, high in found):
            return None
        return found + [(0, 0)] * (nodes - roles)

    def _add_chain(self, need: Any, visits: list[tuple[int, int]], rest: tuple[int, int, int, int]) -> None:
        """Add the units of a chain (first visit and count of each), with the last cells of its row."""
        chain, at = len(self.units), len(self.bucket_day)
        is_dated, apart = rest[0] > 1, rest[1]
        for v, count in visits:
            # Where days are apart and services cannot run into the next day, a shift serves one visit of the need at most.
            self._add_unit(v, count, chain if is_dated and apart > 0 else len(self.units), is_dated=is_dated)
        self.chains.append((chain, len(visits), *rest))
        for choice in self._choices(need, range(at, len(self.bucket_day))):
            self.choice_bucket += sorted(choice, key=lambda b: self.bucket_day[b])
            self.choice_bucket_first.append(len(self.choice_bucket))
        self.choice_first.append(len(self.choice_bucket_first) - 1)

    def _choices(self, need: Any, buckets: range) -> list[list[int]]:
        """Return the sets of buckets that any allowed set of providers has, where a need allows only so many of those whom buckets tell apart."""
        most = int(need["max_providers"])
        groups = {self.bucket_group[b] for b in buckets if self.bucket_key[b] >= 0}
        people = sorted({self.bucket_key[b] for b in buckets} - {-1})
        if len(groups) != 1 or not 0 < most < len(people) or math.comb(len(people), most) > MOST_CHOICES:
            return [list(buckets)]
        return [[b for b in buckets if self.bucket_key[b] in (-1, *chosen)] for chosen in itertools.combinations(people, most)]

    def _add_unit(self, v: int, count: int, guard: int, *, is_dated: bool) -> None:
        visit, unit = self.instance.visits[v], len(self.units)
        first, nodes = int(visit["first_node"]), int(visit["nodes"])
        self.node_unit[first : first + nodes] = unit
        self.units.append((count, nodes, guard, int(visit["loss"]), int(visit["weight"]), int(visit["community"])))
        if nodes > 1 and (offsets := self._offsets(v)) is not None:
            self._add_team(v, unit, offsets)
        elif nodes > 1:
            self._add_independent(v, unit, is_dated=is_dated)
        else:
            self._add_single(v, unit, is_dated=is_dated)

    def _add_bucket(self, unit: int, day: int, rows: list[int], key: int, group: int) -> None:
        self.bucket_unit.append(unit)
        self.bucket_day.append(day)
        self.bucket_row += rows
        self.bucket_row_first.append(len(self.bucket_row))
        self.bucket_key.append(key)
        self.bucket_group.append(group)

    def _new_rows(self, count: int) -> list[int]:
        self.rows += count
        return list(range(self.rows - count, self.rows))

    def _add_independent(self, v: int, unit: int, *, is_dated: bool) -> None:
        """Add the one bucket of a visit whose roles are served at whatever times."""
        assert not is_dated
        visit = self.instance.visits[v]
        rows = self._new_rows(int(visit["nodes"]))
        self._add_bucket(unit, 0, rows, -1, -1)
        for k, row in enumerate(rows):
            for low, high, cost, other in self._cost_pieces(v):
                self.pieces[int(visit["first_node"]) + k].append((low, high, self._cost_of(v, k, cost, other), row, -1, -1))

    def _cost_of(self, v: int, k: int, cost: int, other: int) -> int:
        """Return the cost of a start to node k of a visit: rooms have none."""
        return 0 if k >= self.instance.visits[v]["roles"] else cost if k == 0 else other

    def _add_single(self, v: int, unit: int, *, is_dated: bool) -> None:
        """Add a bucket for each day on which a visit of one role may be served, by each provider where a need allows few of few."""
        instance, visit = self.instance, self.instance.visits[v]
        need, n = instance.needs[visit["need"]], int(visit["first_node"])
        shifts = instance.shifts[instance.entry_shift[instance.entry_first[n] : instance.entry_first[n + 1]]]
        people = np.unique(shifts["provider"])
        group = int(instance.nodes["group"][n])
        pairs = {(-1, -1)}
        if is_dated:
            pairs = {(int(day), -1) for day in shifts["day"]}
            most = int(need["max_providers"])
            if 0 < most < len(people) and math.comb(len(people), most) <= MOST_CHOICES:
                pairs = {(int(day), int(p)) for day, p in zip(shifts["day"], shifts["provider"], strict=True)}
        for day, key in sorted(pairs):
            rows = self._new_rows(1)
            self._add_bucket(unit, max(0, day), rows, key, group if key >= 0 else -1)
            chosen = self._set(1 << key) if key >= 0 else -1
            self.pieces[n] += [(low, high, cost, rows[0], day, chosen) for low, high, cost, _ in self._cost_pieces(v)]

    def _add_team(self, v: int, unit: int, offsets: list[tuple[int, int]]) -> None:
        """Add a bucket for each kind of team in each part of the windows."""
        instance, visit = self.instance, self.instance.visits[v]
        first, nodes = int(visit["first_node"]), int(visit["nodes"])
        windows = instance.windows[visit["window_first"] : visit["window_first"] + visit["windows"]]
        parts = self._parts(windows)
        kinds = self.teams.kinds(v, offsets)
        cells = self._cells(kinds, parts)
        if len(cells) * nodes > MOST_ROWS and len(kinds) > 1:
            joined = [union(kind.members[k] for kind in kinds) for k in range(nodes)]
            starts = sorted(span for kind in kinds for span in kind.starts)
            kinds = [Kind(tuple(joined), -1, [(starts[0][0], max(high for _, high in starts))])]
            cells = self._cells(kinds, parts)
        costs = self._cost_pieces(v)
        for kind, low, high in cells:
            rows = self._new_rows(nodes)
            group = int(instance.nodes["group"][first + kind.members.index(1 << kind.key)]) if kind.key >= 0 else -1
            self._add_bucket(unit, low // DAY, rows, kind.key, group)
            for k, (least, most) in enumerate(offsets):
                chosen = self._set(kind.members[k])
                for a, b, cost, other in costs if k < visit["roles"] else [(low, high, 0, 0)]:
                    begin, end = max(a, low + least), min(b, high + most)
                    if begin <= end:
                        self.pieces[first + k].append((begin, end, self._cost_of(v, k, cost, other), rows[k], -1, chosen))

    def _cells(self, kinds: list[Kind], parts: list[tuple[int, int]]) -> list[tuple[Kind, int, int]]:
        """Return each kind of team with the starts that it may have in each part, where it has any."""
        found = []
        for kind in kinds:
            for low, high in parts:
                inside = [(max(low, a), min(high, b)) for a, b in kind.starts if a <= high and b >= low]
                if inside:
                    found.append((kind, inside[0][0], inside[-1][1]))
        return found

    def _cost_pieces(self, v: int) -> list[Piece]:
        """Return the intervals of starts of a visit that cost the same, or no less than is said."""
        visit, weights = self.instance.visits[v], self.instance.weights[0]
        key = int(visit["window_first"]), int(visit["prefer_first"]), int(visit["prefers"]), int(visit["in_force_start"]), int(visit["stability"])
        if key in self._costs:
            return self._costs[key]
        windows = self.instance.windows[visit["window_first"] : visit["window_first"] + visit["windows"]]
        prefers = self.instance.prefers[visit["prefer_first"] : visit["prefer_first"] + visit["prefers"]].tolist()
        start = int(visit["in_force_start"])
        found: list[Piece] = []
        for low, due, high in windows.tolist():
            cuts = {low}
            for a, b in prefers:
                cuts |= {a, b + 1}
            if start >= 0:
                cuts |= {start, start + 1}
            if weights["lateness"] > 0 and high > due:
                cuts |= {due + 1 + k * (high - due) // LATE_PARTS for k in range(LATE_PARTS)}
            edges = [*sorted(cut for cut in cuts if low <= cut <= high), high + 1]
            for a, end in itertools.pairwise(edges):
                late = int(weights["lateness"]) * max(0, a - due)
                cost = late
                if prefers and not any(x <= a <= y for x, y in prefers):
                    cost += int(weights["preferred_window"])
                if start >= 0 and a != start:
                    cost += int(visit["stability"])
                if found and found[-1][1] == a - 1 and found[-1][2:] == (cost, late):
                    found[-1] = (found[-1][0], end - 1, cost, late)
                else:
                    found.append((a, end - 1, cost, late))
        self._costs[key] = found
        return found

    def _parts(self, windows: Any) -> list[tuple[int, int]]:
        """Return the parts of the windows of a team: none across a window's opening or a day's end."""
        cuts: set[int] = set()
        for low, _, high in windows.tolist():
            count = min(MOST_PARTS, (high - low) // self.part + 1)
            cuts |= {low + k * (high + 1 - low) // count for k in range(count)}
            cuts |= {day * DAY for day in range(low // DAY + 1, high // DAY + 1)}
        edges = sorted(cuts)
        last = max((high for _, _, high in windows.tolist()), default=0)
        return [(a, b - 1) for a, b in itertools.pairwise([*edges, last + 1])]
