"""What one more hour, one more yuan, one more volunteer is worth: a ranking, then each of the first ones tried out by planning again.

What there is to try follows from what the visits that a plan leaves out ask for (`matcher.prices.resources`). All of it is tried out briefly, and
priced by the dual values of a bound where there is time to prove one (`matcher.prices.ranking`). What is reported of the first ones is the
difference between two longer searches that start from the same plan with the same seed and do the same work: with the resource, and without
(`matcher.prices.trials`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.check import check
from matcher.errors import Fault, PlanError
from matcher.explain.refit import never
from matcher.prices.ranking import STAGES, ranked
from matcher.prices.resources import Resource, estimate_hours_and_funds, estimate_recruits
from matcher.prices.trials import Point, Trial
from matcher.stop import Stop

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.visits import Visit

__all__ = ["STAGES", "Point", "Price", "Prices", "Resource", "estimate_hours_and_funds", "estimate_recruits", "prices", "recruits"]

UNITS = (1, 5, 10)
TOP, STEPS, REPEATS = 10, 300, 3
Estimator = Callable[["Problem", Sequence["Visit"]], list[Resource]]


@dataclass(frozen=True)
class Price:
    """A resource and its curve; the curve is empty, or short, where the budget left no time.

    Attributes
    ----------
    estimate, gain, dual
        As in `Resource`: a cheap guess, what a brief search serves more with the first unit, and what that unit can serve at most.
    """

    code: str
    detail: dict[str, Any]
    estimate: float
    gain: float | None
    dual: float | None
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the price as plain JSON values."""
        detail = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in self.detail.items()}
        dual = None if self.dual is None else round(self.dual, 3)
        told = {"estimate": round(self.estimate, 3), "gain": self.gain, "dual": dual}
        return {"code": self.code, **detail, **told, "curve": [point.to_json() for point in self.curve]}


@dataclass(frozen=True)
class Prices:
    """Prices, those that were tried out first, the greatest worth of a unit first; the rest as they were ranked.

    `bound` is the proven least cost whose prices the duals are, None where they were not asked for.
    """

    prices: tuple[Price, ...]
    is_complete: bool
    seed: int
    steps: int
    repeats: int
    bound: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the prices as plain JSON values."""
        return {
            "is_complete": self.is_complete,
            "seed": self.seed,
            "steps": self.steps,
            "repeats": self.repeats,
            "bound": self.bound,
            "prices": [price.to_json() for price in self.prices],
        }


Told = Callable[[int, int, str], None]
"""Called before each re-solve: how many are done, how many there are, and the code of what is tried; before those, what of `STAGES` goes on."""


def prices(
    problem: Problem,
    plan: Plan,
    *,
    prove: float | None = None,
    prove_steps: int | None = None,
    threads: int = 1,
    units: Sequence[int] = UNITS,
    top: int = TOP,
    steps: int = STEPS,
    repeats: int = REPEATS,
    seed: int = 1,
    is_over: Callable[[], bool] = never,
    on_progress: Told | None = None,
) -> Prices:
    """Say what an hour of each scarce kind of time, and 100 yuan of each fund, are worth in served urgency.

    Parameters
    ----------
    plan
        A clean plan of the problem, from which every re-solve starts.
    prove, prove_steps
        Seconds, and steps, in which a bound is proved whose dual values rank the resources; left out, the estimate does.
    threads
        Shifts priced at the same time.
    units
        Numbers of units that are tried: the points of each curve.
    top
        How many of the ranking are tried out, one for each set of visits that they could help to serve, as far as there are so many sets.
    steps, repeats, seed
        Work of one re-solve, and how often it is repeated with another seed.
    is_over
        Asked before each re-solve; once it returns True, what is known by then is returned.

    Raises
    ------
    PlanError
        If the plan breaks a rule of the problem or is not of this problem.
    """
    stop = None if prove is None and prove_steps is None else Stop(prove, prove_steps, is_over)
    return _priced(problem, plan, estimate_hours_and_funds, stop, threads, units, top, steps, repeats, seed, is_over, on_progress)


def recruits(
    problem: Problem,
    plan: Plan,
    *,
    prove: float | None = None,
    prove_steps: int | None = None,
    threads: int = 1,
    top: int = TOP,
    steps: int = STEPS,
    repeats: int = REPEATS,
    seed: int = 1,
    is_over: Callable[[], bool] = never,
    on_progress: Told | None = None,
) -> Prices:
    """Rank one more volunteer (with what skill, in which community, on which weekday) and the training of those who are there.

    Parameters, result and errors are those of `prices`.
    """
    stop = None if prove is None and prove_steps is None else Stop(prove, prove_steps, is_over)
    return _priced(problem, plan, estimate_recruits, stop, threads, (1,), top, steps, repeats, seed, is_over, on_progress)


def _priced(
    problem: Problem,
    plan: Plan,
    estimator: Estimator,
    stop: Stop | None,
    threads: int,
    units: Sequence[int],
    top: int,
    steps: int,
    repeats: int,
    seed: int,
    is_over: Callable[[], bool],
    on_progress: Told | None,
) -> Prices:
    report = check(problem, plan)
    if not report.is_clean:
        raise PlanError([Fault("", f"the plan breaks {len(report.violations)} rules of the problem, so it cannot be priced", "conflict")])
    served = {assignment.visit for assignment in plan.assignments}
    guessed = estimator(problem, [visit for visit in problem.visits if visit.id not in served])
    bound = None
    if guessed:
        guessed, bound = ranked(problem, plan, report.cost, guessed, stop, seed=seed, threads=threads, is_over=is_over, on_progress=on_progress)
    first, rest = _different(guessed, top)
    trial = Trial(problem, plan, steps, [seed + 7919 * k for k in range(repeats)])
    curves: dict[int, list[Point]] = {}
    total, done, is_cut = len(first) * len(units), 0, False
    # All first units come before all second ones: a budget that runs out leaves a ranking rather than a few long curves.
    for count in units:
        for k, resource in enumerate(first):
            if is_over():
                is_cut = True
                break
            if on_progress is not None:
                on_progress(done, total, resource.code)
            curves.setdefault(k, []).append(trial.point(resource, count))
            done += 1
    found = [Price(item.code, item.detail, item.estimate, item.gain, item.dual, tuple(curves.get(k, ()))) for k, item in enumerate(first)]
    found.sort(key=lambda price: (-price.curve[0].urgency, price.curve[0].cost) if price.curve else (float("inf"), 0.0))
    untried = [Price(item.code, item.detail, item.estimate, item.gain, item.dual, ()) for item in rest]
    return Prices((*found, *untried), not is_cut, seed, steps, repeats, bound)


def _different(ranked: Sequence[Resource], count: int) -> tuple[list[Resource], list[Resource]]:
    """Return the first resources that want different visits, filled up to `count` with the first of the others; and those that are left.

    An hour on any day of the week, of whoever has the skill, would else be the whole answer where one resident waits for it.
    """
    first: dict[tuple[str, ...], Resource] = {}
    for item in ranked:
        if len(first) < count:
            first.setdefault((item.code, *item.wanted), item)
    chosen = {id(item) for item in first.values()}
    others = [item for item in ranked if id(item) not in chosen]
    more = count - len(first)
    return [*first.values(), *others[:more]], others[more:]
