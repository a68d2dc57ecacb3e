"""When to stop: a budget of seconds, a number of chunks, or someone who asks. A value; the clock starts when a run does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stop:
    """The end of a search: after `budget` seconds of wall time, after `chunks` chunks, or when `cancelled` says so, whichever comes first.

    A run that is limited by chunks alone is repeatable; one that is limited by seconds depends on the machine.
    """

    budget: float | None = 10.0
    chunks: int | None = None
    cancelled: Callable[[], bool] | None = None

    def __post_init__(self) -> None:
        if self.budget is None and self.chunks is None:
            raise ValueError("a search needs an end: give a budget (seconds) or a number of chunks")
        if self.budget is not None and not self.budget >= 0:
            raise ValueError(f"budget should be seconds from 0, was {self.budget!r}")
        if self.chunks is not None and self.chunks < 0:
            raise ValueError(f"chunks should be a number from 0, was {self.chunks!r}")

    def start(self) -> Run:
        """Start the clock."""
        return Run(self, time.perf_counter())


@dataclass
class Run:
    """A clock that runs for one search."""

    stop: Stop
    began: float

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.began

    def fraction(self, chunks: int) -> float:
        """Return how much of the search is behind it after that many chunks: 0 at the start, 1 at the end."""
        parts = [0.0]
        if self.stop.budget is not None:
            parts.append(self.seconds / self.stop.budget if self.stop.budget > 0 else 1.0)
        if self.stop.chunks is not None:
            parts.append(chunks / self.stop.chunks if self.stop.chunks > 0 else 1.0)
        return min(1.0, max(parts))

    def part(self, seconds: float | None, chunks: int | None, share: float) -> Run:
        """Return a run on the same clock that ends sooner: after a share of what is left, or so many more seconds or chunks if that is less."""
        budget, limit = self.stop.budget, self.stop.chunks
        if budget is not None:
            left = max(0.0, budget - self.seconds) * share
            budget = self.seconds + (left if seconds is None else min(left, seconds))
        if limit is not None:
            limit = int(limit * share) if chunks is None else min(limit, chunks)
        return Run(Stop(budget, limit, self.stop.cancelled), self.began)

    def is_cancelled(self) -> bool:
        """Return whether someone asked to stop."""
        return self.stop.cancelled is not None and self.stop.cancelled()

    def reason(self, chunks: int) -> str | None:
        """Return why the search is over, None while it is not: ``cancelled``, ``chunks`` or ``budget``."""
        if self.is_cancelled():
            return "cancelled"
        if self.stop.chunks is not None and chunks >= self.stop.chunks:
            return "chunks"
        if self.stop.budget is not None and self.seconds >= self.stop.budget:
            return "budget"
        return None
