"""The pool of routes that a search has come by: what `matcher.solvers.polish` chooses from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.kernels.routes import AT, NONE, SHIFT, START, TIMED, view

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs

MIX, SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

MOST_ROUTES = 30_000
LEAST_VISITS, MOST_VISITS, MOST_COUPLED = 100, 500, 0.1

Found = tuple[int, Any, Any]
"""A shift, the nodes that a route of it serves, and a row for each: its start, the place where the provider then is, the cost of its start."""


@dataclass(frozen=True)
class Routes:
    """Routes of visits of one node, one after another.

    Attributes
    ----------
    shift, soft : int64[R]
        The shift of each route, and what it costs by itself: travel and the starts of its services.
    first : int64[R + 1]
        The nodes of route r are ``node[first[r]]`` up to ``node[first[r + 1]]``, in order of time.
    node, start : int64[...]
    """

    shift: Longs
    soft: Longs
    first: Longs
    node: Longs
    start: Longs

    def __len__(self) -> int:
        return len(self.shift)

    def of(self, r: int) -> Longs:
        """Return the nodes of a route."""
        return self.node[self.first[r] : self.first[r + 1]]


class Pool:
    """The routes of the states that it was shown, each once, the latest `MOST_ROUTES`; for one thread."""

    def __init__(self, instance: Instance) -> None:
        self._marks = _marks(instance)
        self._seen: set[int] = set()
        self._last = np.zeros(0, np.uint64)
        self._found: deque[Found] = deque(maxlen=MOST_ROUTES)

    def gather(self, rt: Longs) -> None:
        """Add the routes of a state that are new."""
        node = view(rt).node
        placed = np.flatnonzero(node[:, SHIFT] != NONE)
        order = np.lexsort((node[placed, START], node[placed, SHIFT]))
        placed = placed[order]
        if not len(placed):
            return
        shift, start = node[placed, SHIFT], node[placed, START]
        first = np.flatnonzero(np.append(True, shift[1:] != shift[:-1]))
        marks = self._marks[placed] ^ (start.astype(np.uint64) * MIX)
        marks = (marks ^ (marks >> np.uint64(29))) * SPREAD
        keys = np.add.reduceat(marks, first) + shift[first].astype(np.uint64) * MIX
        ends = np.append(first[1:], len(placed))
        fresh = np.flatnonzero(~np.isin(keys, self._last))
        self._last = keys
        for r, key in zip(fresh.tolist(), keys[fresh].tolist(), strict=True):
            if key not in self._seen:
                self._seen.add(key)
                nodes = placed[first[r] : ends[r]]
                self._found.append((int(shift[first[r]]), nodes, node[nodes][:, (START, AT, TIMED)]))

    def __len__(self) -> int:
        return len(self._found)

    def latest(self) -> list[Found]:
        """Return the routes that were found last."""
        return list(self._found)


def _marks(instance: Instance) -> Any:
    """Return a random number for each node; sums of them stand for sets of nodes."""
    return np.random.default_rng(1).integers(0, 1 << 63, len(instance.nodes), dtype=np.uint64)


def joined(instance: Instance, pools: list[Pool]) -> Routes:
    """Return the routes of pools; of those that serve the same in one shift only the cheapest."""
    rows = [row for pool in pools for row in pool.latest()]
    shift = np.array([s for s, _, _ in rows], np.int64)
    length = np.array([len(nodes) for _, nodes, _ in rows], np.int64)
    first = np.concatenate(([0], np.cumsum(length)))
    node = np.concatenate([nodes for _, nodes, _ in rows])
    facts = np.concatenate([facts for _, _, facts in rows])
    soft = np.add.reduceat(facts[:, 2], first[:-1])
    soft += int(instance.weights[0]["travel"]) * _travel(instance, shift, first, facts[:, 1])
    keys = np.add.reduceat(_marks(instance)[node], first[:-1]) + shift.astype(np.uint64) * MIX
    order = np.lexsort((np.arange(len(keys)), soft, keys))
    kept = np.sort(order[np.append(True, keys[order][1:] != keys[order][:-1])])
    at = np.concatenate([np.arange(a, b) for a, b in zip(first[kept].tolist(), first[kept + 1].tolist(), strict=True)])
    return Routes(shift[kept], soft[kept], np.concatenate(([0], np.cumsum(length[kept]))), node[at], facts[at, 0])


def _travel(instance: Instance, shift: Longs, first: Longs, at: Longs) -> Longs:
    """Return the seconds of travel of each route, from the base and, for those who return, back to it."""
    shifts = instance.shifts[shift]
    owner = np.repeat(np.arange(len(shift)), np.diff(first))
    before = np.append(0, at[:-1])
    before[first[:-1]] = shifts["base"]
    seconds = np.add.reduceat(_seconds(instance, shifts["profile"][owner], before, at), first[:-1])
    back = _seconds(instance, shifts["profile"], at[first[1:] - 1], shifts["base"])
    return seconds + np.where(shifts["returns"] == 1, back, 0)


def _seconds(instance: Instance, profile: Longs, origin: Longs, destination: Longs) -> Longs:
    """Return the seconds between places, as `matcher.kernels.roads` has them."""
    if not len(instance.profiles):
        return np.zeros(len(profile), np.int64)
    table = instance.profiles["table"][profile]
    apart = np.sqrt(((instance.points[origin] - instance.points[destination]) ** 2).sum(axis=1))
    seconds = np.ceil(apart * instance.profiles["seconds_per_metre"][profile]).astype(np.int64)
    if (table >= 0).any():
        seconds = np.where(table >= 0, instance.tables[np.maximum(table, 0), origin, destination], seconds)
    return np.where((origin == destination) | (profile < 0), 0, seconds)


def suits(instance: Instance) -> bool:
    """Return whether routes hang little enough on one another that the best set of them is worth a search.

    So it is where each visit is served by one person, and at most a tenth of the visits share more with others than the hours of providers: a need
    with other visits, a resident whose faces or caseloads count, a fund. Weeks of less than `LEAST_VISITS` visits have no need of it, and
    in those of more than `MOST_VISITS` going on with the search gives as much in the time.
    """
    visits, weights = instance.visits, instance.weights[0]
    if not LEAST_VISITS <= len(visits) <= MOST_VISITS or (visits["nodes"] > 1).any() or weights["max_lateness"] > 0 or weights["waiting"] > 0:
        return False
    is_coupled = (instance.needs["visits"][visits["need"]] > 1) | (visits["is_paid"] == 1)
    if weights["new_face"] > 0 or (instance.providers["case_counter"] >= 0).any():
        counts = np.diff(instance.resident_first)
        resident = visits["resident"]
        is_coupled |= (resident >= 0) & (np.append(counts, 0)[resident] > 1)
    return bool(np.mean(is_coupled) <= MOST_COUPLED)
