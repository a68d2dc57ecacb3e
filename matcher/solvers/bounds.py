"""A lower bound on the cost of any plan: prices for visits and limits, moved until they tell the most (`matcher.solvers.ascent`).

The bound is Lagrangian, evaluated in whole numbers: whatever the prices are, it is proven. docs/bounds.md derives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.solvers.ascent import Ascent, Bound
from matcher.solvers.master import PART

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals
    from matcher.stop import Run


@dataclass(frozen=True)
class Duals:
    """The prices at which a bound was best, and what they say: a little more of something lowers the bound by no more than that.

    Attributes
    ----------
    bound : Bound
    shift : float64[shifts]
        What one more of these hours could save at most, by shift, in units of the objective; of shifts that are alike, each has its worth.
    fund : float64[funds]
        The same for one more fen in a fund.
    """

    bound: Bound
    shift: Reals
    fund: Reals


def bound(
    instance: Instance,
    run: Run,
    *,
    upper: int | None = None,
    routes: Longs | None = None,
    threads: int = 1,
    part: int = PART,
    watch: Callable[[Bound, int], None] | None = None,
) -> Bound:
    """Return the best lower bound that is found until the run is over.

    Parameters
    ----------
    upper
        The cost of a known plan. It only guides the steps; the bound is valid whatever is said here.
    routes
        The state that holds the routes of a known plan, which the linear program starts with. They guide the steps only, too.
    threads
        Shifts priced at the same time. The bound does not depend on it, but for when the run is over.
    part
        Seconds of the parts of the windows of teams (`matcher.solvers.master.PART`).
    watch
        Called with the best bound and the number of steps, whenever it rises.
    """
    with Ascent(instance, threads, part) as ascent:
        return ascent.climb(run, upper, routes, watch)


def duals(instance: Instance, run: Run, spare: frozenset[int], *, upper: int, routes: Longs, threads: int = 1) -> Duals:
    """Return the bound of a problem without its spare providers, and what it says that they, the others and the funds are worth.

    Parameters
    ----------
    spare
        Providers, by row, who are not there, and whom no route of the plan needs. Their shifts are priced once, at the end.
    upper, routes, threads
        As for `bound`.
    """
    with Ascent(instance, threads, spare=spare) as ascent:
        found = ascent.climb(run, upper, routes)
        return Duals(found, *ascent.worth())
