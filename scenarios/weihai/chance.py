"""Seeded chance that gives the same values on every machine and Python.

Only ``random.Random.random`` is used, the one method whose sequence Python promises to keep, and only exact arithmetic on what it gives
(no logarithm, no sine; sums of fractions by ``math.fsum``, since Python 3.12 adds them otherwise than 3.11), so that equal seeds give equal bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of random values, named by a seed and a path of keys.

    Streams of different keys are independent, so that a draw more in one part of a week moves nothing in the others.
    """

    def __init__(self, *keys: str | int) -> None:
        self._keys = keys
        self._random = random.Random("/".join(str(key) for key in keys))

    def of(self, *keys: str | int) -> Chance:
        """Return the stream of a part; drawing from it leaves this one where it is."""
        return Chance(*self._keys, *keys)

    def unit(self) -> float:
        """Return a number from 0 to below 1."""
        return self._random.random()

    def between(self, low: float, high: float) -> float:
        """Return a number from `low` to below `high`."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both inclusive."""
        return low + int(self.unit() * (high - low + 1))

    def bell(self) -> float:
        """Return a number from -1 to 1, most often near 0 (the mean of three even draws)."""
        return (self.unit() + self.unit() + self.unit()) / 1.5 - 1

    def happens(self, share: float) -> bool:
        """Return True in this share of the cases."""
        return self.unit() < share

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely."""
        return items[int(self.unit() * len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Return one of the keys, each as likely as its weight says; a weight is not negative and one is above 0."""
        likely = [(item, weight) for item, weight in weights.items() if weight > 0]
        point = self.unit() * fsum(weight for _, weight in likely)
        for item, weight in likely:
            point -= weight
            if point < 0:
                return item
        return likely[-1][0]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """Return the items in random order."""
        out = list(items)
        for index in range(len(out) - 1, 0, -1):
            other = int(self.unit() * (index + 1))
            out[index], out[other] = out[other], out[index]
        return out

    def marked(self, count: int, share: float) -> list[bool]:
        """Return `count` booleans in random order, this share of them True, but one at least where there are four or more."""
        marks = max(round(count * share), 1 if count >= 4 else 0)
        return self.shuffled([place < marks for place in range(count)])

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return `count` different items (all, where there are fewer) in the order in which they stand."""
        chosen = sorted(self.shuffled(range(len(items)))[:count])
        return [items[index] for index in chosen]
