"""The portfolio: which solvers look at a problem, in which order, with how much of the time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from matcher.solvers import Seen
from matcher.solvers.anneal import anneal
from matcher.solvers.exact_facts import legs
from matcher.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.instance import Instance, Longs
    from matcher.solvers import Outcome, Watch
    from matcher.solvers.ascent import Bound
    from matcher.stop import Run

QUICK_LEGS = 10_000
"""Legs that routes may be made of, up to which a proof is mostly a matter of seconds."""
FIRST_SECONDS, FIRST_CHUNKS = 0.5, 5
"""What annealing gets at most before a proof is tried."""
PROOF_SHARE, SECOND_SHARE = 0.5, 0.6
"""Share of a budget that a proof gets where nobody asked for one; and, where that did not suffice, of what is left that goes to annealing, before the
constraint solver looks at the neighbours of what that has found."""
TIMES_SHARE, TIMES_CHUNKS, MOST_TIMED = 0.9, 20, 3_000
"""Where waiting has a price: the share of a budget after which starts are chosen anew, the chunks of that where chunks are the limit, and the most
nodes of a week in which that is done."""


def search(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, *, is_exact: bool = False) -> Outcome:
    """Search for a good plan until the run is over, or until a plan is proved to be the best.

    Parameters
    ----------
    start
        A state to start from, None for nobody served.
    threads
        Searchers at work at the same time. With one, and a limit in chunks alone, equal seeds and chunks give equal routes.
    watch
        Called with what is best so far.
    is_exact
        Whether all the time goes to finding and proving the best plan. Left out, that is tried where it is quick and the run has a limit in seconds.
    """
    if not is_exact and int(instance.weights[0]["waiting"]) > 0 and len(instance.nodes) <= MOST_TIMED:
        return _timed(instance, start, run, seed, threads, watch)
    return _searched(instance, start, run, seed, threads, watch, is_exact=is_exact)


def _timed(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch) -> Outcome:
    """Search, and spend the last of the time on when each service of the plan starts."""
    from matcher.solvers.exact import retimed  # noqa: PLC0415 - the constraint solver takes its time to load

    first = run if run.stop.budget is None else run.part(None, run.stop.chunks, TIMES_SHARE)
    found = _searched(instance, start, first, seed, threads, watch, is_exact=False)
    if found.why in ("proved", "cancelled"):
        return found
    last = run if run.stop.budget is not None else Stop(None, TIMES_CHUNKS, run.stop.cancelled).start()
    return replace(retimed(instance, found, last, seed, watch), why=run.reason(found.chunks) or found.why)


def _searched(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, *, is_exact: bool) -> Outcome:
    if not is_exact and (run.stop.budget is None or run.stop.chunks is not None or legs(instance) > QUICK_LEGS):
        return anneal(instance, start, run, seed, threads, watch)
    from matcher.solvers.exact import exact  # noqa: PLC0415 - the constraint solver takes its time to load

    first = anneal(instance, start, run.part(FIRST_SECONDS, FIRST_CHUNKS, 0.1), seed, threads, watch)
    if first.why == "cancelled":
        return first
    proof = exact(instance, first.routes, run if is_exact else run.part(None, None, PROOF_SHARE), seed, threads, watch)
    proof = replace(proof, chunks=first.chunks + proof.chunks, trace=_joined(first, proof))
    if is_exact or proof.why in ("proved", "cancelled"):
        return proof
    second = anneal(instance, proof.routes, run.part(None, None, SECOND_SHARE), seed, threads, watch)
    second = replace(second, chunks=proof.chunks + second.chunks, trace=_joined(proof, second))
    if second.why == "cancelled":
        return replace(second, bound=proof.bound, bound_name=proof.bound_name)
    last = exact(instance, second.routes, run, seed, threads, watch)
    bound = max((bound for bound in (proof.bound, last.bound) if bound is not None), default=None)
    return replace(last, chunks=second.chunks + last.chunks, bound=bound, bound_name=None if bound is None else "cp-sat", trace=_joined(second, last))


def with_bound(instance: Instance, outcome: Outcome, budget: float, threads: int, watch: Watch, cancelled: Callable[[], bool] | None) -> Outcome:
    """Return an outcome with the best bound that is proved within so many seconds, if that is better than the one it has.

    Kernels that only bounds need are made ready before the clock runs.
    """
    from matcher.solvers.bounds import bound  # noqa: PLC0415 - linear programs take their time to load

    if outcome.bound == outcome.cost or outcome.why == "cancelled":
        return outcome
    bound(instance, Stop(None, 1, cancelled).start(), upper=outcome.cost, threads=threads)
    run, known = Stop(budget, None, cancelled).start(), outcome.trace[-1].assigned if outcome.trace else 0

    def tell(found: Bound, _steps: int) -> None:
        watch(Seen(run.seconds, outcome.chunks, outcome.cost, known, "bound", found.value))

    found = bound(instance, run, upper=outcome.cost, routes=outcome.routes, threads=threads, watch=tell)
    if outcome.bound is not None and outcome.bound >= found.value:
        return outcome
    return replace(outcome, bound=found.value, bound_name=found.name)


def _joined(before: Outcome, after: Outcome) -> tuple[Seen, ...]:
    """Return the moments of one solver and of the one after it at which the best cost fell."""
    best = before.trace[-1].cost if before.trace else None
    return (*before.trace, *(seen for seen in after.trace if best is None or seen.cost < best))
