"""What prices of routes say to a search: a bound, and which shifts are worth looking at for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.instance import Instance, Longs
    from matcher.solvers.ascent import Ascent, Bound
    from matcher.solvers.narrow import Narrowed
    from matcher.stop import Run

SLACK = 0.03
"""By how much a route may earn less than the best of its shift to count as a good one: as a share of the least loss of a visit."""


class Guide:
    """Prices of routes for one instance, found when they are first asked for, and gone on with when they are asked for again.

    Use it as a context manager: threads and processes are then given back.
    """

    def __init__(self, instance: Instance, threads: int) -> None:
        self._instance, self._threads = instance, threads
        self._ascent: Ascent | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._ascent is not None:
            self._ascent.__exit__(*error)
            self._ascent = None

    def climb(self, run: Run, upper: int | None = None, routes: Longs | None = None, watch: Callable[[Bound, int], None] | None = None) -> Bound:
        """Let the bound rise until the run is over (`matcher.solvers.ascent.Ascent.climb`), and return it."""
        if self._ascent is None:
            from matcher.solvers.ascent import Ascent  # noqa: PLC0415 - linear programs take their time to load

            self._ascent = Ascent(self._instance, self._threads)
        return self._ascent.climb(run, upper, routes, watch)

    def narrowed(self, routes: Longs | None) -> Narrowed | None:
        """Return the instance with no more entries than good routes, and these routes, have; None where prices do not tell good ones yet."""
        losses = self._instance.visits["loss"][self._instance.visits["loss"] > 0]
        if self._ascent is None or not len(losses):
            return None
        likely = self._ascent.likely(SLACK * float(losses.min()))
        if likely is None:
            return None
        from matcher.solvers.narrow import narrowed  # noqa: PLC0415 - only searches that find prices load what they need

        return narrowed(self._instance, self._ascent.master, likely, routes)
