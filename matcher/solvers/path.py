"""Prices on their way up a bound: each goes by its own stride, fitted to how much was missed of its row or limit so far.

The update is that of Kingma and Ba (2015), Adam, https://arxiv.org/abs/1412.6980: a mean of what was missed over the root of the mean of its squares.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MEAN, SQUARES, LEAST_SQUARE = 0.8, 0.95, 1e-3
"""How much of the means stays in those of the next step, and what keeps strides short where next to nothing was ever missed."""
FURTHEST = 2.0**50


class Path:
    """Prices on their way up the bound: rising where more is wanted than covered, falling where more is covered than wanted.

    Parameters
    ----------
    metric
        A long stride of each price.
    rows
        So many are of rows and may be of any sign; the others, of limits, are never below nothing.
    prices
        Where the way begins.
    stride
        The length of the first strides, in those of the metric. They shorten as the way comes to its end.

    Attributes
    ----------
    prices
        Those to ask about next.
    value, best_prices
        The highest value that was heard since the start or `forget`, and the prices that it was of.
    """

    def __init__(self, metric: Any, rows: int, prices: Any, stride: float) -> None:
        self.prices, self.best_prices = prices.copy(), prices.copy()
        self.value = -math.inf
        self._metric, self._rows, self._stride = metric, rows, stride
        self._mean, self._squares = np.zeros(len(prices)), np.zeros(len(prices))
        self._steps = 0

    def step(self, value: int, slack: Any, left: float) -> None:
        """Go on from the prices that gave this value and slack, the part `left` of the way before them."""
        if value > self.value:
            self.value, self.best_prices = float(value), self.prices
        rows, self._steps = self._rows, self._steps + 1
        # A limit that is kept at no price stays without one.
        slack = np.concatenate((slack[:rows], np.where((self.prices[rows:] <= 0) & (slack[rows:] < 0), 0, slack[rows:])))
        self._mean = MEAN * self._mean + (1 - MEAN) * slack
        self._squares = SQUARES * self._squares + (1 - SQUARES) * slack**2
        mean, squares = self._mean / (1 - MEAN**self._steps), self._squares / (1 - SQUARES**self._steps)
        prices = self.prices + self._stride * max(0.0, left) * self._metric * mean / (np.sqrt(squares) + LEAST_SQUARE)
        prices[rows:] = np.maximum(0, prices[rows:])
        self.prices = np.clip(prices, -FURTHEST, FURTHEST)

    def forget(self) -> None:
        """Look for the highest value anew, as where what was heard before is known to be too high."""
        self.value = -math.inf
