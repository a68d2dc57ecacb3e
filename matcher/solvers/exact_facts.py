"""What the constraint program is built from: an instance as plain numbers, and the starts that each shift leaves a node."""

from __future__ import annotations

import itertools
from collections.abc import Container
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from matcher.instance import FAR
from matcher.kernels.cells import pack
from matcher.kernels.roads import travel_seconds

if TYPE_CHECKING:
    from matcher.instance import Instance

Spans = list[tuple[int, int]]
"""Disjoint intervals of starts, both ends included, in order."""


@dataclass(frozen=True)
class Held:
    """A node in a shift that may hold it: its entry, and the starts that the ways from the base and back to it leave."""

    entry: int
    node: int
    shift: int
    spans: Spans

    @property
    def earliest(self) -> int:
        """The first start."""
        return self.spans[0][0]

    @property
    def latest(self) -> int:
        """The last start."""
        return self.spans[-1][1]


class Facts:
    """An instance as plain numbers.

    Attributes
    ----------
    nodes, visits, needs, shifts, providers
        The rows of the instance's tables, a namespace each.
    spans : list of Spans
        Starts that the windows and pins leave each node.
    held : dict of Held
        By entry; entries that no route can keep are left out, as are those of rooms.

    Parameters
    ----------
    only
        The entries of roles that may be used; any if left out.
    """

    def __init__(self, instance: Instance, only: Container[int] | None = None) -> None:
        self.instance = instance
        self.packed = pack(instance)
        self.nodes, self.visits, self.needs = _rows(instance.nodes), _rows(instance.visits), _rows(instance.needs)
        self.shifts, self.providers = _rows(instance.shifts), _rows(instance.providers)
        self.weights = _rows(instance.weights)[0]
        self.windows = [(w.low, w.due, w.high) for w in _rows(instance.windows)]
        self.spans = [self._allowed(node) for node in self.nodes]
        self.entry_shift = instance.entry_shift.tolist()
        self.entry_cost, self.entry_price = instance.entry_cost.tolist(), instance.entry_price.tolist()
        self.entries = [range(a, b) for a, b in zip(instance.entry_first[:-1].tolist(), instance.entry_first[1:].tolist(), strict=True)]
        self.held: dict[int, Held] = {}
        by_shift: dict[int, list[Held]] = {}
        for n, node in enumerate(self.nodes):
            if not node.is_room:
                for e in self.entries[n]:
                    if only is None or e in only:
                        by_shift.setdefault(self.entry_shift[e], []).append(Held(e, n, self.entry_shift[e], self.spans[n]))
        self.by_shift = {s: self._kept(s, by_shift[s]) for s in sorted(by_shift)}
        self.by_node: list[list[Held]] = [[] for _ in self.nodes]
        for row in self.by_shift.values():
            for held in row:
                self.held[held.entry] = held
                self.by_node[held.node].append(held)
        self.provider_links = [instance.provider_link[p.link_first : p.link_first + p.links].tolist() for p in self.providers]
        self.members = [
            instance.link_provider[a:b].tolist() for a, b in zip(instance.link_first[:-1].tolist(), instance.link_first[1:].tolist(), strict=True)
        ]
        self.grades = instance.link_grade.tolist()

    def roles(self, v: int) -> range:
        """Return the nodes of the roles of a visit."""
        return range(self.visits[v].first_node, self.visits[v].first_node + self.visits[v].roles)

    def room(self, v: int) -> int | None:
        """Return the node of the room of a visit, None where it needs none."""
        visit = self.visits[v]
        return int(visit.first_node + visit.roles) if visit.nodes > visit.roles else None

    def provider(self, held: Held) -> int:
        """Return the provider of an entry."""
        return int(self.shifts[held.shift].provider)

    def travel(self, s: int, origin: int, destination: int) -> int:
        """Return the seconds from a place to another for the provider of a shift."""
        return int(travel_seconds(*self.packed, self.shifts[s].profile, origin, destination))

    def way_back(self, s: int, place: int) -> int:
        """Return the seconds from a place to the base, 0 for a provider who does not return."""
        return self.travel(s, place, self.shifts[s].base) if self.shifts[s].returns else 0

    def windows_of(self, v: int) -> list[tuple[int, int, int]]:
        """Return ``(low, due, high)`` of each window of a visit."""
        visit = self.visits[v]
        return self.windows[visit.window_first : visit.window_first + visit.windows]

    def _allowed(self, node: Any) -> Spans:
        spans = merged([(low, high) for low, _due, high in self.windows_of(node.visit)])
        return spans if node.pin < 0 else clipped(spans, node.pin, node.pin)

    def _kept(self, s: int, row: list[Held]) -> list[Held]:
        """Return the entries of a shift with the starts that the ways from the base and back leave, without those that have none left."""
        earliest, latest = self._earliest(s, row), self._latest(s, row)
        kept = []
        for k, held in enumerate(row):
            spans = clipped(held.spans, earliest[k], latest[k])
            if spans:
                kept.append(Held(held.entry, held.node, s, spans))
        return kept

    def _earliest(self, s: int, row: list[Held]) -> list[int]:
        """Return how early each entry can start: from the base, or by way of others where that is shorter."""
        shift, places = self.shifts[s], [self.nodes[held.node].place for held in row]
        found = [FAR] * len(row)
        for k, place in enumerate(places):
            way = self.travel(s, shift.base, place) if place >= 0 else 0
            if way <= shift.max_leg:
                found[k] = _at_or_after(row[k].spans, shift.start + way)
        has_moved = True
        while has_moved:
            has_moved = False
            for k, place in enumerate(places):
                for j, other in enumerate(places):
                    if place < 0 or other < 0 or found[j] >= FAR or self.nodes[row[j].node].visit == self.nodes[row[k].node].visit:
                        continue
                    way = self.travel(s, other, place)
                    soonest = _at_or_after(row[k].spans, found[j] + self.nodes[row[j].node].seconds + way)
                    if way <= shift.max_leg and soonest < found[k]:
                        found[k], has_moved = soonest, True
        return found

    def _latest(self, s: int, row: list[Held]) -> list[int]:
        """Return how late each entry can start: with the way back, or by way of others where that is shorter."""
        shift, places = self.shifts[s], [self.nodes[held.node].place for held in row]
        found = [-FAR] * len(row)
        for k, place in enumerate(places):
            way = self.way_back(s, place) if place >= 0 else 0
            if way <= shift.max_leg:
                found[k] = _at_or_before(row[k].spans, shift.end - way - self.nodes[row[k].node].seconds)
        has_moved = True
        while has_moved:
            has_moved = False
            for k, place in enumerate(places):
                for j, other in enumerate(places):
                    if place < 0 or other < 0 or found[j] <= -FAR or self.nodes[row[j].node].visit == self.nodes[row[k].node].visit:
                        continue
                    way = self.travel(s, place, other)
                    last = _at_or_before(row[k].spans, found[j] - way - self.nodes[row[k].node].seconds)
                    if way <= shift.max_leg and last > found[k]:
                        found[k], has_moved = last, True
        return found


def _rows(table: Any) -> list[Any]:
    return [SimpleNamespace(**dict(zip(table.dtype.names, row.tolist(), strict=True))) for row in table]


def merged(spans: Spans) -> Spans:
    """Return intervals in order, those that touch or overlap as one."""
    found: Spans = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def clipped(spans: Spans, low: int, high: int) -> Spans:
    """Return what lies from `low` to `high`."""
    return [(max(a, low), min(b, high)) for a, b in spans if max(a, low) <= min(b, high)]


def _at_or_after(spans: Spans, moment: int) -> int:
    return next((max(low, moment) for low, high in spans if moment <= high), FAR)


def _at_or_before(spans: Spans, moment: int) -> int:
    return next((min(high, moment) for low, high in reversed(spans) if low <= moment), -FAR)


def legs(instance: Instance) -> int:
    """Return about how many legs the routes of a problem may be made of: what the size of its program, and the time of a proof, hang on."""
    total = 0
    for s, (a, b) in enumerate(itertools.pairwise(instance.shift_first.tolist())):
        if instance.shifts[s]["profile"] >= 0:
            places = instance.nodes["place"][instance.shift_node[a:b]]
            placed = int((places >= 0).sum())
            remote, different = b - a - placed, len({*places[places >= 0].tolist(), int(instance.shifts[s]["base"])})
            copies = remote * different  # a remote node may follow services at any place
            total += placed * (placed + 1) + remote * placed + copies * placed + copies * max(0, remote - 1) + copies + remote
    return total
