"""Solvers: each one function from an instance (and a start, an end, a seed) to an `Outcome`.

They may import kernels, numpy and, in `exact` and `polish` only, CP-SAT; never the domain.
Nothing here knows an id, a file or a language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
    """

    routes: Longs
    cost: int
    why: str
    chunks: int
    bound: int | None = None
    bound_name: str | None = None
    trace: tuple[Seen, ...] = field(default=())


Watch = Callable[[Seen], None]
"""Told of each better moment of a search, and now and then between; by whichever thread of it came by the moment, one at a time."""

ROUTES_PAUSE = 2.0
"""Seconds of search after which better routes are handed to who watches; where searchers meet and at the end they are at once."""
