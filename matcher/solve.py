"""`solve`: from a problem to a verified plan. The wiring diagram of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from matcher.errors import InternalError
from matcher.plan import Plan, Result, TracePoint
from matcher.stop import Stop
from matcher.versions import own_version, versions

if TYPE_CHECKING:
    from matcher.check import Report
    from matcher.compile import Compiled
    from matcher.instance import Longs
    from matcher.problem import Problem
    from matcher.solvers import Outcome, Seen

DEFAULT_BUDGET = 10.0
"""Seconds."""


@dataclass(frozen=True)
class Progress:
    """A moment of a run: what the best plan so far costs and serves.

    `phase` is ``compile`` (``compile kernels`` where that has to be done first, once), ``construct``, ``search``, ``bound`` or ``verify``.
    """

    seconds: float
    chunks: int
    cost: int
    assigned: int
    visits: int
    phase: str
    bound: int | None = None


@dataclass(frozen=True)
class Incumbent:
    """The best plan of a moment of a search that goes on.

    Attributes
    ----------
    seconds, chunks
        Of search, until then.
    cost, assigned
        What it costs, and how many visits it serves.
    """

    seconds: float
    chunks: int
    cost: int
    assigned: int
    _made: Callable[[], Plan] = field(repr=False)

    def plan(self) -> Plan:
        """Make the plan and return it, verified: in whichever thread has time. Raises `InternalError` where the verifier refuses it."""
        return self._made()


def solve(
    problem: Problem,
    *,
    budget: float | None = None,
    chunks: int | None = None,
    seed: int = 1,
    threads: int = 2,
    start: Plan | None = None,
    exact: bool = False,
    prove: float = 0.0,
    on_progress: Callable[[Progress], None] | None = None,
    on_incumbent: Callable[[Incumbent], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Plan a problem: find a good plan, verify it, and say what it costs.

    Parameters
    ----------
    problem
        What is asked and what is available.
    budget
        Seconds of wall time for the search (compiling and verifying come on top). Left out, there is no limit in time where there is one in
        chunks, and one of `DEFAULT_BUDGET` seconds where there is none.
    chunks
        A limit in chunks of search instead, or as well: with one thread, equal seeds and chunks give equal plans.
    threads
        Searchers at work at the same time.
    start
        A plan to start from; what of it breaks a rule of the problem is left out.
    exact
        Whether all the time goes to finding the best plan and proving it; for small problems. Where that is quick, it is tried anyway.
    prove
        Seconds, after the search, in which it is proved how much a better plan could cost less (`Result.bound`). Searches of 20 seconds and more in
        weeks of teams look for the same prices to know where to look, and prove some of it by themselves. In large weeks of teams, where this is half
        of `budget` or more, search and proof go side by side for the seconds of both, by threads of their own.
    on_progress
        Called now and then with a `Progress`, from the calling thread or one of the searchers'.
    on_incumbent
        Called with an `Incumbent` where a plan is better than those before: at most every two seconds of search, and where searchers meet. The search
        waits meanwhile, so note it and make its plan elsewhere, as whoever saves plans while they are being improved does. What the search finds
        is the same with it and without.
    cancelled
        Asked between chunks; once it returns True, the best plan so far is returned with status ``stopped``.

    Raises
    ------
    InternalError
        If the verifier refuses the plan, or counts another cost than the search did. Please report it.
    ValueError
        If a limit is negative, or there is no thread.
    """
    from matcher.compile import compile_problem  # noqa: PLC0415 - numba and numpy load only when something is solved
    from matcher.kernels.cache import is_warm  # noqa: PLC0415
    from matcher.solvers.guide import Guide  # noqa: PLC0415
    from matcher.solvers.portfolio import finds_prices, proves_beside, search, search_beside, with_bound  # noqa: PLC0415
    from matcher.solvers.warm import warm_up, warm_up_prices  # noqa: PLC0415
    from matcher.start import state_of  # noqa: PLC0415

    if threads < 1:
        raise ValueError(f"threads should be at least 1, was {threads!r}")
    stop = Stop(DEFAULT_BUDGET if budget is None and chunks is None else budget, chunks, cancelled)
    tell = _teller(problem, on_progress)
    tell(None, "compile" if is_warm() else "compile kernels")
    compiled = compile_problem(problem)
    tell = _teller(problem, on_progress, on_incumbent, compiled)
    warm_up()
    if prove > 0 or finds_prices(compiled.instance, stop.start(), is_exact=exact):
        warm_up_prices()
    begin = state_of(compiled, start) if start is not None else None
    run = stop.start()
    is_beside = prove > 0 and not exact and proves_beside(compiled.instance, stop, prove, threads)

    def watch(seen: Seen) -> None:
        tell(seen, seen.phase)

    with Guide(compiled.instance, 1 if is_beside else threads) as guide:
        if is_beside:
            both = Stop((stop.budget or 0.0) + prove, None, cancelled).start()
            outcome = search_beside(compiled.instance, begin, both, seed, threads, watch, guide)
        else:
            outcome = search(compiled.instance, begin, run, seed, threads, watch, guide=guide, is_exact=exact)
            if prove > 0:
                outcome = with_bound(outcome, prove, guide, watch, cancelled)
    tell(outcome.trace[-1] if outcome.trace else None, "verify")
    plan, report = _verified(compiled, outcome.routes, outcome.cost)
    return Result(
        plan=plan,
        status="optimal" if outcome.bound == outcome.cost else "stopped" if outcome.why == "cancelled" else "feasible",
        cost=outcome.cost,
        terms=dict(report.terms),
        bound=outcome.bound,
        bound_name=outcome.bound_name,
        gap=None if outcome.bound is None else (outcome.cost - outcome.bound) / max(1, abs(outcome.cost)),
        gap_of_urgency=_gap_of_urgency(problem, outcome),
        seed=seed,
        threads=threads,
        chunks=outcome.chunks,
        seconds=run.seconds,
        stop=outcome.why,
        version=own_version(),
        versions=versions(),
        trace=_trace(outcome),
    )


def _gap_of_urgency(problem: Problem, outcome: Outcome) -> float | None:
    """Return what a plan could still win at most as a share of what leaving out every visit costs by its urgency; None if that is nothing."""
    weights = problem.weights
    whole = weights.unserved * sum(weights.urgency[visit.need.urgency - 1] for visit in problem.visits)
    return None if outcome.bound is None or whole == 0 else (outcome.cost - outcome.bound) / whole


def _verified(compiled: Compiled, routes: Longs, cost: int) -> tuple[Plan, Report]:
    """Return the plan of routes and what the verifier says of it; raises `InternalError` where that is not what the search says."""
    from matcher.check import check  # noqa: PLC0415
    from matcher.decode import decode  # noqa: PLC0415

    plan = decode(compiled, routes)
    report = check(compiled.problem, plan)
    if not report.is_clean or report.cost != cost:
        broken = "; ".join(violation.message for violation in report.violations[:5])
        raise InternalError(f"the plan found costs {cost}, its verifier says {report.cost}; violations: {broken or 'none'}")
    return plan, report


def _teller(
    problem: Problem,
    on_progress: Callable[[Progress], None] | None,
    on_incumbent: Callable[[Incumbent], None] | None = None,
    compiled: Compiled | None = None,
) -> Callable[[Seen | None, str], None]:
    visits = len(problem.visits)
    best: list[int] = []

    def tell(seen: Seen | None, phase: str) -> None:
        if on_progress is not None:
            at = (0.0, 0, 0, 0) if seen is None else (seen.seconds, seen.chunks, seen.cost, seen.assigned)
            on_progress(Progress(*at, visits=visits, phase=phase, bound=None if seen is None else seen.bound))
        if on_incumbent is None or compiled is None or seen is None or seen.routes is None or (best and seen.cost >= best[0]):
            return
        best[:] = [seen.cost]
        on_incumbent(Incumbent(seen.seconds, seen.chunks, seen.cost, seen.assigned, partial(_plan_of, compiled, seen.routes, seen.cost)))

    return tell


def _plan_of(compiled: Compiled, routes: Longs, cost: int) -> Plan:
    return _verified(compiled, routes, cost)[0]


def _trace(outcome: Outcome) -> tuple[TracePoint, ...]:
    return tuple(TracePoint(seconds=round(seen.seconds, 3), chunks=seen.chunks, cost=seen.cost, assigned=seen.assigned) for seen in outcome.trace)
