"""Routes that proofs found, for steps that look for routes roughly and miss some."""

from __future__ import annotations

from typing import Any

import numpy as np


class KnownRoutes:
    """The routes of groups of like shifts that proofs came by, each an affine function of the prices: what it covers and uses, and what it costs.

    Where a rough look misses such a route, prices that it says are good would be good for nothing: the route earns more than was heard.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._seen: set[bytes] = set()
        self._routes: list[tuple[int, Any, Any, float]] = []
        self._tables: tuple[Any, ...] | None = None

    def add(self, prices: Any, earned: Any, columns: Any, amounts: Any) -> None:
        """Add the routes that `matcher.kernels.pricing.price_shifts` wrote, which earn so much under `prices`."""
        for g in np.flatnonzero(columns[:, -1]).tolist():
            count = int(columns[g, -1])
            index, amount = columns[g, :count].astype(np.int64), amounts[g, :count].copy()
            order = np.argsort(index, kind="stable")
            key = np.int64(g).tobytes() + index[order].tobytes() + amount[order].tobytes()
            if key not in self._seen:
                self._seen.add(key)
                paid = float(np.sum(np.where(index < self._rows, amount, -amount) * prices[index]))
                self._routes.append((g, index, amount, paid - float(earned[g])))
                self._tables = None

    def recall(self, prices: Any, values: Any, earned: Any, columns: Any, amounts: Any) -> None:
        """Write the best known route of each group where it earns more than the one that stands there."""
        if not self._routes:
            return
        group, first, index, signed, cost = self._tables = self._tables or self._joined()
        gains = np.add.reduceat(signed * prices[index], first) - cost
        best = np.lexsort((gains, group))
        best = best[np.append(group[best][1:] != group[best][:-1], True)]
        for r in best[gains[best] > earned[group[best]] + 1].tolist():
            g, own, amount, _ = self._routes[r]
            columns[g, : len(own)], columns[g, -1], amounts[g, : len(own)] = own, len(own), amount
            values[g] = earned[g] = int(gains[r])

    def _joined(self) -> tuple[Any, ...]:
        """Return all routes in one table: groups, where each begins, what they cover and use, how much (below nothing: used), costs."""
        group, index = np.array([g for g, *_ in self._routes]), np.concatenate([own for _, own, *_ in self._routes])
        amount = np.concatenate([amount for *_, amount, _ in self._routes])
        first = np.concatenate(([0], np.cumsum([len(own) for _, own, *_ in self._routes])[:-1]))
        return group, first, index, np.where(index < self._rows, amount, -amount), np.array([cost for *_, cost in self._routes])
