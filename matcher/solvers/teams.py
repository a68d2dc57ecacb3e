"""Which teams a visit can have at all, told apart by who is in them and when: what rules on teams and the hours of their members leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import FAR, PROHIBITED, REQUIRED, SOCIAL_WORKER

if TYPE_CHECKING:
    from matcher.instance import Instance

MOST_KEYS = 12
"""Providers of the scarcest role of a visit, up to which teams are told apart by who of them is in it."""

Spans = list[tuple[int, int]]
"""Intervals of starts, inclusive, sorted and apart."""


@dataclass(frozen=True)
class Kind:
    """Teams of a visit that are not told apart.

    Attributes
    ----------
    members : tuple of int
        For each node of the visit the providers that may serve it, as bits.
    key : int
        The provider that all have in common, -1 where there is none.
    starts : list of (int, int)
        When the first role can start: outside of these some node has nobody who is there.
    """

    members: tuple[int, ...]
    key: int
    starts: Spans


class Teams:
    """The kinds of teams of each visit of an instance.

    Parameters
    ----------
    spans : int64[E, 2]
        By entry: the earliest and the latest start of the node of the entry, were it alone in the shift.
    """

    def __init__(self, instance: Instance, spans: Any) -> None:
        self.instance, self._spans = instance, spans
        self._provider = instance.shifts["provider"][instance.entry_shift]
        self._happy: dict[int, int] = {}

    @cached_property
    def _links(self) -> list[int]:
        first, people = self.instance.link_first, self.instance.link_provider
        return [bits(people[first[k] : first[k + 1]].tolist()) for k in range(len(first) - 1)]

    @cached_property
    def _workers(self) -> int:
        rows = self.instance.providers
        return bits(np.flatnonzero((rows["kind"] == SOCIAL_WORKER) & (rows["supervises"] > 0)).tolist())

    @cached_property
    def _supervised(self) -> tuple[int, int]:
        rows = self.instance.providers["supervision"]
        return bits(np.flatnonzero(rows == 1).tolist()), bits(np.flatnonzero(rows == 2).tolist())

    def _of(self, p: int, grades: Iterable[int]) -> list[int]:
        """Return the links of these grades that hold p."""
        return [link for link, grade in zip(self._links, self.instance.link_grade.tolist(), strict=True) if grade in grades and link >> p & 1]

    def _happy_with(self, p: int) -> int:
        """Return the providers with whom p may be a team of two."""
        if p in self._happy:
            return self._happy[p]
        everyone = (1 << len(self.instance.providers)) - 1
        found, friends = everyone & ~(1 << p) & ~union(self._of(p, (PROHIBITED,))), union(self._of(p, (0, 1)))
        for link in self._of(p, (REQUIRED,)):
            found &= link
        for link, grade in zip(self._links, self.instance.link_grade.tolist(), strict=True):
            if grade == REQUIRED and not link >> p & 1:
                found &= ~link
        anyone, linked = self._supervised
        if anyone >> p & 1:
            found &= self._workers
        if linked >> p & 1:
            found &= self._workers & friends
        if not self._workers >> p & 1:
            found &= ~(anyone | linked)
        else:
            found &= ~(linked & ~friends)
        self._happy[p] = found
        return found

    def _goes_with(self, p: int, visit: Any) -> int:
        """Return the providers with whom p may be in a team of a visit."""
        if visit["roles"] == 2:
            found = self._happy_with(p)
        else:
            found = ((1 << len(self.instance.providers)) - 1) & ~(1 << p) & ~union(self._of(p, (PROHIBITED,)))
        if visit["is_linked"]:
            need = self.instance.needs[visit["need"]]
            links = self.instance.need_link[need["link_first"] : need["link_first"] + need["links"]].tolist()
            found &= union(self._links[k] for k in links if self._links[k] >> p & 1)
        return found

    def kinds(self, v: int, offsets: list[tuple[int, int]]) -> list[Kind]:
        """Return the kinds of teams of a visit; any team it may have is of one of them.

        Parameters
        ----------
        offsets
            For each node by how many seconds it starts after the first role, at least and at most.
        """
        visit = self.instance.visits[v]
        first, roles, nodes = int(visit["first_node"]), int(visit["roles"]), int(visit["nodes"])
        shifted = [self._shifted(first + k, *offsets[k]) for k in range(nodes)]
        able = [bits(p for p, _, _ in rows) for rows in shifted]
        goes: dict[int, int] = {}
        for p in sorted(set().union(*({p for p, _, _ in rows} for rows in shifted[:roles]))):
            goes[p] = self._goes_with(p, visit)
        able = self._supervisable(_consistent(able, roles, goes), roles)
        twins = self._twins(first, roles, offsets)
        key = min(range(roles), key=lambda k: able[k].bit_count())
        if able[key].bit_count() > MOST_KEYS:
            return [Kind(tuple(able), -1, starts)] if (starts := self._starts(shifted, able)) else []
        found = []
        for p in members(able[key]):
            sets = [mask & goes[p] if k < roles and k != key else mask for k, mask in enumerate(able)]
            sets[key] = 1 << p
            for k in twins[key]:
                sets[k] &= -1 << (p + 1)
            sets = self._supervisable(_consistent(sets, roles, goes), roles)
            if all(sets) and (starts := self._starts(shifted, sets)):
                found.append(Kind(tuple(sets), p, starts))
        return found

    def _supervisable(self, sets: list[int], roles: int) -> list[int]:
        """Leave out those who need a social worker where no other role can have one."""
        anyone, linked = self._supervised
        for k in range(roles):
            if not any(sets[j] & self._workers for j in range(roles) if j != k):
                sets[k] &= ~(anyone | linked)
        return sets

    def _shifted(self, n: int, low: int, high: int) -> list[tuple[int, int, int]]:
        """Return (provider, earliest, latest) start of the first role for which somebody can serve a node, sorted by time."""
        a, b = int(self.instance.entry_first[n]), int(self.instance.entry_first[n + 1])
        spans = self._spans[a:b]
        rows = [(p, begin - high, end - low) for p, (begin, end) in zip(self._provider[a:b].tolist(), spans.tolist(), strict=True) if begin <= end]
        return sorted(rows, key=lambda row: row[1:])

    def _starts(self, shifted: list[list[tuple[int, int, int]]], sets: list[int]) -> Spans:
        """Return when all nodes have somebody among these."""
        spans: Spans = [(-FAR, FAR)]
        for rows, mask in zip(shifted, sets, strict=True):
            spans = _both(spans, _merged((low, high) for p, low, high in rows if mask >> p & 1))
        return spans

    def _twins(self, first: int, roles: int, offsets: list[tuple[int, int]]) -> list[list[int]]:
        """Return for each role the other roles that are alike in all respects: who may serve them, at what cost, when."""
        instance = self.instance
        keys = []
        for k in range(roles):
            a, b = int(instance.entry_first[first + k]), int(instance.entry_first[first + k + 1])
            node = instance.nodes[first + k]
            costs = (instance.entry_shift[a:b].tobytes(), instance.entry_cost[a:b].tobytes(), instance.entry_price[a:b].tobytes())
            keys.append((*costs, int(node["seconds"]), int(node["pin"]), int(node["group"]), int(node["place"]), offsets[k]))
        return [[j for j in range(roles) if j != k and keys[j] == keys[k] and offsets[j] == (0, 0)] for k in range(roles)]


def bits(numbers: Iterable[int]) -> int:
    """Return a word with these bits."""
    word = 0
    for number in numbers:
        word |= 1 << number
    return word


def members(word: int) -> list[int]:
    """Return the numbers of the bits of a word."""
    found = []
    while word:
        lowest = word & -word
        found.append(lowest.bit_length() - 1)
        word ^= lowest
    return found


def union(words: Iterable[int]) -> int:
    """Return the bits of any of the words."""
    found = 0
    for word in words:
        found |= word
    return found


def _consistent(sets: list[int], roles: int, goes: dict[int, int]) -> list[int]:
    """Leave out who goes with nobody of some other role, until nobody is left out any more."""
    sets = list(sets)
    is_moving = True
    while is_moving:
        is_moving = False
        for k in range(roles):
            for p in members(sets[k]):
                if not all(sets[j] & goes[p] for j in range(roles) if j != k):
                    sets[k] &= ~(1 << p)
                    is_moving = True
    return sets


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Join intervals, sorted by their beginnings, that touch."""
    found: Spans = []
    for low, high in spans:
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _both(some: Spans, others: Spans) -> Spans:
    """Return what lies in both."""
    found, i, j = [], 0, 0
    while i < len(some) and j < len(others):
        low, high = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if low <= high:
            found.append((low, high))
        if some[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return found
