"""Prices on their way up a bound: the volume algorithm (Barahona and Anbil 2000, https://doi.org/10.1007/s101070050002), without its primal half."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

DEFLECTION, PATIENCE, SLOWER, SMALL_GAIN, GUESS = 0.8, 30, 0.7, 1e-5, 0.1
FURTHEST = 2.0**50


class Path:
    """Prices on their way up the bound: rising where more is wanted than covered, falling where more is covered than wanted.

    Each step goes along the slack, deflected by the steps before it, as far as the missing height
    asks for, times a pace that falls when nothing is won.
    """

    def __init__(self, metric: Any, rows: int, prices: Any, pace: float) -> None:
        self.prices, self.best_prices = prices.copy(), prices.copy()
        self.value = -math.inf
        self._metric, self._rows, self.pace = metric, rows, pace
        self._direction = np.zeros(len(prices))
        self._failed = 0
        self._mark = -math.inf

    def step(self, value: int, slack: Any, target: int | None) -> None:
        """Go on from the prices that gave this value and slack. Without a target the height aimed at is a little more than the best."""
        if value > self._mark + SMALL_GAIN * abs(value):
            self._mark, self._failed = value, 0
        else:
            self._failed += 1
        if value > self.value:
            self.value, self.best_prices = float(value), self.prices
        if self._failed >= PATIENCE:
            self._failed, self.pace = 0, self.pace * SLOWER
            self.prices, self._direction = self.best_prices, np.zeros(len(slack))
            return
        direction = slack + DEFLECTION * self._direction
        # A limit that is kept at no price stays without one.
        rows = self._rows
        direction[rows:] = np.where((self.prices[rows:] <= 0) & (direction[rows:] < 0), 0, direction[rows:])
        height = (target if target is not None else self.value + GUESS * abs(self.value) + 1) - value
        norm = float(np.sum((self._metric * direction) ** 2))
        self._direction = direction
        if norm > 0 and height > 0:
            prices = self.prices + self.pace * height / norm * self._metric**2 * direction
            prices[rows:] = np.maximum(0, prices[rows:])
            self.prices = np.clip(prices, -FURTHEST, FURTHEST)
