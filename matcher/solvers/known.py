"""Routes that were found, each once: for linear programs, and for steps that look for routes roughly and miss some."""

from __future__ import annotations

from typing import Any

import numpy as np


class KnownRoutes:
    """Routes of groups of like shifts, each an affine function of the prices: what it covers and uses, and what it costs.

    Attributes
    ----------
    routes : list of (int, int32[...], float64[...], float)
        All that were added: the group, what it covers and uses, how much of it, and what it costs (scaled).
    """

    def __init__(self, rows: int) -> None:
        self.routes: list[tuple[int, Any, Any, float]] = []
        self._rows = rows
        self._seen: set[bytes] = set()
        self._tables: tuple[Any, ...] | None = None

    def add(self, prices: Any, values: Any, columns: Any, amounts: Any) -> int:
        """Add the routes that `price_shifts` wrote, which earn `values` under `prices`; returns how many are new."""
        return sum(self.add_one(g, prices, values, columns, amounts) for g in np.flatnonzero(columns[:, -1]).tolist())

    def add_one(self, g: int, prices: Any, values: Any, columns: Any, amounts: Any) -> bool:
        """Add the route of a group; returns whether it is new."""
        count = int(columns[g, -1])
        index, amount = columns[g, :count].copy(), amounts[g, :count].copy()
        signed = np.where(index < self._rows, amount, -amount)
        return self.add_route(g, index, amount, float(np.sum(signed * prices[index])) - float(values[g]))

    def add_route(self, g: int, index: Any, amount: Any, cost: float) -> bool:
        """Add a route of a group, which covers and uses so much at a cost (scaled); returns whether it is new."""
        order = np.argsort(index, kind="stable")
        key = np.int64(g).tobytes() + index[order].tobytes() + amount[order].tobytes()
        if key in self._seen or len(index) == 0:
            return False
        self._seen.add(key)
        self.routes.append((g, index, amount, cost))
        self._tables = None
        return True

    def recall(self, prices: Any, earned: Any, columns: Any, amounts: Any) -> None:
        """Write the best known route of each group where it earns more than the one that stands there.

        Where a rough look misses such a route, prices that it says are good would be good for nothing: the route earns more than was heard.
        """
        if not self.routes:
            return
        group, first, index, signed, cost = self._tables = self._tables or self._joined()
        gains = np.add.reduceat(signed * prices[index], first) - cost
        best = np.lexsort((gains, group))
        best = best[np.append(group[best][1:] != group[best][:-1], True)]
        for r in best[gains[best] > earned[group[best]] + 1].tolist():
            g, own, amount, _ = self.routes[r]
            columns[g, : len(own)], columns[g, -1], amounts[g, : len(own)] = own, len(own), amount
            earned[g] = int(gains[r])

    def _joined(self) -> tuple[Any, ...]:
        """Return all routes in one table: groups, where each begins, what they cover and use, how much (below nothing: used), costs."""
        group, index = np.array([g for g, *_ in self.routes]), np.concatenate([own for _, own, *_ in self.routes])
        amount = np.concatenate([amount for *_, amount, _ in self.routes])
        first = np.concatenate(([0], np.cumsum([len(own) for _, own, *_ in self.routes])[:-1]))
        return group, first, index, np.where(index < self._rows, amount, -amount), np.array([cost for *_, cost in self.routes])
