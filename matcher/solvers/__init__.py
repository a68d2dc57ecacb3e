"""Solvers: each one function from an instance (and a start, an end, a seed) to an `Outcome`.

They may import kernels, numpy and, in `exact` and `polish` only, CP-SAT; never the domain.
Nothing here knows an id, a file or a language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matcher.instance import Longs


@dataclass(frozen=True)
class Seen:
    """A moment of a search.

    Attributes
    ----------
    routes : int64[...] or None
        The best routes of that moment, a state of their own: handed to who watches now and then, where they are better than those before.
    """

    seconds: float
    chunks: int
    cost: int
    assigned: int
    phase: str
    bound: int | None = None
    routes: Longs | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Outcome:
    """What a solver found.

    Attributes
    ----------
    routes : int64[...]
        The state that holds the best routes (`matcher.kernels.routes`).
    cost : int
        Their cost.
    bound : int or None
        A proven lower bound on the cost of any plan, with the name of the argument in `bound_name`.
    why : str
        Why the search ended: ``budget``, ``chunks``, ``cancelled`` or ``proved``.
    chunks : int
        Chunks run, over all threads.
    trace : tuple of Seen
        The moments at which the best cost fell, thinned out.
    least_costs : int64[E] or None
        For every entry the least cost of any plan that the search saw with it, in small instances (`matcher.kernels.search.least_costs`).
    """

    routes: Longs
    cost: int
    why: str
    chunks: int
    bound: int | None = None
    bound_name: str | None = None
    trace: tuple[Seen, ...] = field(default=())
    least_costs: Longs | None = field(default=None, compare=False, repr=False)

    def followed_by(self, after: Outcome) -> Outcome:
        """Return the better of this outcome and of a later one of the same run, with what both saw and proved; the run ended as the later one did."""
        better = after if after.cost < self.cost else self
        higher = after if self.bound is None or (after.bound is not None and after.bound > self.bound) else self
        best = self.trace[-1].cost if self.trace else None
        moments = (replace(seen, chunks=self.chunks + seen.chunks) for seen in after.trace if best is None or seen.cost < best)
        least = [outcome.least_costs for outcome in (self, after) if outcome.least_costs is not None]
        return Outcome(
            routes=better.routes,
            cost=better.cost,
            why="proved" if higher.bound == better.cost else after.why,
            chunks=self.chunks + after.chunks,
            bound=higher.bound,
            bound_name=higher.bound_name,
            trace=(*self.trace, *moments),
            least_costs=np.minimum.reduce(least) if least else None,
        )


Watch = Callable[[Seen], None]
"""Told of each better moment of a search, and now and then between; by whichever thread of it came by the moment, one at a time."""

ROUTES_PAUSE = 2.0
"""Seconds of search after which better routes are handed to who watches; where searchers meet and at the end they are at once."""
