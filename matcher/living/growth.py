"""The entries of those whose hours grew: what they may serve now and could not before, worked out for them alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.kernels.eligibility import count_or_fill

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.living.desk import Desk
    from matcher.problem import Pin


@dataclass(frozen=True)
class Grown:
    """What the entries of longer hours depend on.

    Attributes
    ----------
    desk
        The week before.
    kept : bool[V]
        Which of its visits are left, by their rows.
    only : dict of int to int
        Whom pins ask for (row), by node of the week before.
    days : dict of int to set of int
        The days that pins ask for, likewise.
    """

    desk: Desk
    kept: Any
    only: dict[int, int]
    days: dict[int, set[int]]

    @classmethod
    def of(cls, desk: Desk, kept: Any, pins: Iterable[tuple[str, Pin]]) -> Grown:
        """Return it for a week with pins on visits still to come, each with the name that its visit had."""
        only: dict[int, int] = {}
        days: dict[int, set[int]] = {}
        row, horizon = desk.basis.provider, desk.problem.horizon
        for name, pin in pins:
            v = desk.row[name]
            roles = [role.id for role in desk.compiled.visits[v].roles]
            first = int(desk.compiled.instance.visits["first_node"][v])
            if pin.provider is not None and (pin.role in roles or len(roles) == 1):
                only[first + (roles.index(pin.role) if pin.role in roles else 0)] = row[pin.provider]
            if pin.day is not None:
                named = set(horizon.indices(pin.day))
                days[first] = days.get(first, named) & named
        return cls(desk, kept, only, days)

    def entries(self, base: Instance, shifts: Any, providers: Any, rows: Longs) -> tuple[Longs, Longs, Longs]:
        """Return the entries in some shifts: node times the number of shifts plus shift, rising; fixed cost; and price.

        Parameters
        ----------
        base
            The week before without the visits that have left it.
        shifts, providers
            Those of the week as it is now.
        rows
            The shifts that are longer, or new.
        """
        first, who = self._candidates(np.unique(shifts["provider"][rows]))
        # Arrays that may be written, for compiled code takes those that may not for others.
        facts = tuple(table.copy() for table in (base.nodes, base.visits, shifts, providers, base.windows))
        travel = (base.points.copy(), base.profiles.copy(), base.tables.copy())
        days = self._days()
        entry_first, none = np.zeros(len(base.nodes) + 1, np.int64), np.zeros(0, np.int32)
        count_or_fill(facts, travel, days, (first, who), entry_first, none, none, fill=False)
        shift, provider = np.zeros((2, entry_first[-1]), np.int32)
        count_or_fill(facts, travel, days, (first, who), entry_first, shift, provider, fill=True)
        cost, price = self._costs(base, entry_first, provider)
        node = np.repeat(np.arange(len(base.nodes)), np.diff(entry_first))
        is_asked = np.isin(shift, rows)
        return (node * len(shifts) + shift)[is_asked], cost[is_asked], price[is_asked]

    def _candidates(self, people: Longs) -> tuple[Longs, Any]:
        """Return which of some providers (and rooms) the rules on people allow to each node that is left, CSR."""
        first, who = self.desk.candidates
        before = self.desk.compiled.instance
        node = np.repeat(np.arange(len(first) - 1), np.diff(first))
        only = np.full(len(first) - 1, -1)
        only[list(self.only)] = list(self.only.values())
        is_kept = self.kept[before.nodes["visit"]]
        takes = np.isin(who, people) & is_kept[node] & ((only[node] < 0) | (only[node] == who))
        counts = np.bincount(node[takes], minlength=len(first) - 1)[is_kept]
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), who[takes]

    def _days(self) -> tuple[Any, Any]:
        """Return the days that pins allow to each node that is left, CSR; none where they allow all."""
        is_kept = self.kept[self.desk.compiled.instance.nodes["visit"]]
        counts = np.zeros(len(is_kept), np.int32)
        for node, named in self.days.items():
            counts[node] = len(named)
        flat = [day for node in sorted(self.days) if is_kept[node] for day in sorted(self.days[node])]
        return np.concatenate(([0], np.cumsum(counts[is_kept]))).astype(np.int32), np.array(flat, np.int32)

    def _costs(self, base: Instance, entry_first: Longs, provider: Any) -> tuple[Longs, Longs]:
        """Return fixed cost and price of entries, by the visits that have any."""
        counts = np.diff(entry_first)
        has_some = np.zeros(len(base.visits), bool)
        has_some[base.nodes["visit"][counts > 0]] = True
        visits = np.array(self.desk.compiled.visits, object)[self.kept][has_some]
        own_first = np.concatenate(([0], np.cumsum(counts[has_some[base.nodes["visit"]]])))
        eligibility = self.desk.compiled.eligibility.of(self.desk.problem, tuple(visits))
        return eligibility.costs(own_first, provider)
