"""The peers: routers that others have written, each made to solve the neutral week as well as its model can say it.

Each module has one function `solve(week, budget, threads, seed)` that returns routes and how the cost fell. It imports its peer only when it is
called, so that a peer that is not installed costs nobody anything. None of them imports the engine.
"""

from __future__ import annotations

Trace = list[tuple[float, int]]
"""Seconds since the start, and the cost of the best routes from then on; falling."""
