"""The portfolio: which solvers look at a problem, in which order, with how much of the time."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from matcher.kernels.routes import ABSENT, view
from matcher.kernels.search import MOST_SEEN
from matcher.solvers import Seen
from matcher.solvers.anneal import anneal
from matcher.solvers.exact_facts import legs
from matcher.solvers.improve import is_hard
from matcher.stop import Run, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.instance import Instance, Longs
    from matcher.solvers import Outcome, Watch
    from matcher.solvers.ascent import Bound
    from matcher.solvers.guide import Guide

QUICK_LEGS = 10_000
"""Legs that routes may be made of, up to which a proof is mostly a matter of seconds."""
FIRST_SECONDS, FIRST_CHUNKS = 0.5, 5
"""What annealing gets at most before a proof is tried."""
SMALL_LEGS = 80_000
"""The same of a small problem (`matcher.kernels.search.MOST_SEEN`), up to which proofs among a few of its entries are."""
MANY_ENTRIES, SHORT_PROOF, LONG_PROOF, SECOND_SHARE = 10, 0.05, 0.6, 0.2
"""Entries a node from which proofs among few of them pay; the share of a budget that a proof of all gets before, where they do and where they do not;
and, where that did not suffice, of what is left that goes to annealing before the next proof."""
TIMES_SHARE, TIMES_CHUNKS, MOST_TIMED = 0.9, 20, 3_000
"""Where waiting has a price: the share of a budget after which starts are chosen anew, the chunks of that where chunks are the limit, and the most
nodes of a week in which that is done."""
LEAST_BESIDE = 0.5
"""How long is to be proved, as a share of the search, for both to go side by side in weeks that prices do not guide."""
LEAST_GUIDED = 20.0
"""Seconds of a search, from which prices of routes are worth finding."""
MOST_GUIDED = 1_500
"""Nodes of a week, above which the linear program over routes would take too long."""
SHORT_SECONDS, FIRST_SHARE, PRICES_SHARE, PRICES_SECONDS, NARROW_SHARE = 1.0, 0.05, 0.6, 60.0, 0.9
"""Shares of what is left of such a search, and the most seconds of them: for a first plan; for prices; the share for looking where good routes go."""
LEAST_TURN, TURN_SHARE, AGAIN_SHARE = 20.0, 0.05, 0.01
"""Seconds that each of these searches gets at least, if there are so many; the share of what is left that it gets otherwise; and the share that
prices get after it, to know the routes of a better plan."""


def search(
    instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, *, guide: Guide | None = None, is_exact: bool = False
) -> Outcome:
    """Search for a good plan until the run is over, or until a plan is proved to be the best.

    Parameters
    ----------
    start
        A state to start from, None for nobody served.
    threads
        Searchers at work at the same time. With one, and a limit in chunks alone, equal seeds and chunks give equal routes.
    watch
        Called with what is best so far.
    guide
        Finds prices of routes, which say where to look, in runs of `LEAST_GUIDED` seconds and more. Left out, nobody asks for them.
    is_exact
        Whether all the time goes to finding and proving the best plan. Left out, that is tried where it is quick and the run has a limit in seconds.
    """
    if is_exact or suits_proofs(instance, run):
        return _proved(instance, start, run, seed, threads, watch, is_exact=is_exact)
    if int(instance.weights[0]["waiting"]) > 0 and len(instance.nodes) <= MOST_TIMED:
        return _timed(instance, start, run, seed, threads, watch, guide)
    return _searched(instance, start, run, seed, threads, watch, guide)


def _timed(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, guide: Guide | None) -> Outcome:
    """Search, and spend the last of the time on when each service of the plan starts."""
    from matcher.solvers.exact import retimed  # noqa: PLC0415 - the constraint solver takes its time to load

    first = run if run.stop.budget is None else run.part(None, run.stop.chunks, TIMES_SHARE)
    found = _searched(instance, start, first, seed, threads, watch, guide)
    if found.why in ("proved", "cancelled"):
        return found
    last = run if run.stop.budget is not None else Stop(None, TIMES_CHUNKS, run.stop.cancelled).start()
    return replace(retimed(instance, found, last, seed, watch), why=run.reason(found.chunks) or found.why)


def _searched(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, guide: Guide | None) -> Outcome:
    if guide is not None and finds_prices(instance, run, is_exact=False):
        return _guided(instance, start, run, seed, threads, watch, guide)
    return anneal(instance, start, run, seed, threads, watch)


def suits_proofs(instance: Instance, run: Run) -> bool:
    """Return whether a run is by the clock, and an instance small enough for proofs, of all its plans or of those of few of its entries."""
    if run.stop.budget is None or run.stop.chunks is not None:
        return False
    return legs(instance) <= (SMALL_LEGS if len(instance.nodes) <= MOST_SEEN else QUICK_LEGS)


def _proved(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, *, is_exact: bool) -> Outcome:
    """Search and prove by turns: a short search and a proof of all, where that may be quick; then a longer search, and proofs among few entries."""
    from matcher.solvers.exact import exact  # noqa: PLC0415 - the constraint solver takes its time to load
    from matcher.solvers.widen import widen  # noqa: PLC0415

    found = anneal(instance, start, run.part(FIRST_SECONDS, FIRST_CHUNKS, 0.1), seed, threads, watch)
    if found.why != "cancelled" and (is_exact or legs(instance) <= QUICK_LEGS):
        share = SHORT_PROOF if len(instance.entry_shift) > MANY_ENTRIES * len(instance.nodes) else LONG_PROOF
        found = found.followed_by(exact(instance, found.routes, run if is_exact else run.part(None, None, share), seed, threads, watch))
    if is_exact or found.why in ("proved", "cancelled"):
        return found
    found = found.followed_by(anneal(instance, found.routes, run.part(None, None, SECOND_SHARE), seed, threads, watch))
    if found.why != "cancelled":
        found = widen(instance, found, run, seed, threads, watch)
    if found.why in ("proved", "cancelled") or run.reason(0) is not None:
        return found
    return found.followed_by(anneal(instance, found.routes, run, seed + 1, threads, _from(found, watch)))


def is_guided(instance: Instance, seconds: float) -> bool:
    """Return whether a search of so many seconds has the time, and an instance the size and the kind, for prices of routes to say where to look."""
    return seconds >= LEAST_GUIDED and len(instance.nodes) <= MOST_GUIDED and is_hard(instance)


def proves_beside(instance: Instance, stop: Stop, prove: float, threads: int) -> bool:
    """Return whether what is to be proved is proved beside the search: by one thread of several, for the seconds of both.

    In large weeks one searcher finds better plans in twice the time than two, and prices do as well.
    """
    if threads == 1 or stop.budget is None or stop.chunks is not None or len(instance.nodes) <= MOST_GUIDED:
        return False
    return is_hard(instance) and prove >= LEAST_BESIDE * stop.budget


def finds_prices(instance: Instance, run: Run, *, is_exact: bool) -> bool:
    """Return whether a search in this run looks for prices of routes: one by the clock, that is not about to be proved the best."""
    if is_exact or run.stop.budget is None or run.stop.chunks is not None:
        return False
    return is_guided(instance, run.stop.budget - run.seconds) and not suits_proofs(instance, run)


def _guided(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, guide: Guide) -> Outcome:
    """Anneal while prices of routes are found; then anneal anew where good routes go, again and again; then, from the best plan, everywhere.

    Every other time the places of the best plan so far count as good, too: what comes of it is no worse, and often nearly the same.
    """
    best = anneal(instance, start, run.part(SHORT_SECONDS, None, FIRST_SHARE), seed, threads, watch)
    if best.why == "cancelled":
        return best
    if not view(best.routes).total[ABSENT]:
        return best.followed_by(anneal(instance, best.routes, run, seed, threads, _from(best, watch)))
    part = run.part(PRICES_SECONDS, None, PRICES_SHARE)
    with ThreadPoolExecutor(1) as pool:
        climb = pool.submit(guide.climb, part, best.cost, best.routes)
        if threads > 1:
            until = Stop(part.stop.budget, None, lambda: run.is_cancelled() or climb.done())
            beside = anneal(instance, best.routes, Run(until, run.began), seed + 1, threads - 1, _from(best, watch))
            best = best.followed_by(beside)
        found = climb.result()
    narrowed = None
    for turn in itertools.count():
        left = run.stop.budget - run.seconds if run.stop.budget is not None else 0.0
        narrowed = None if run.reason(0) is not None else guide.narrowed(best.routes if turn % 2 == 0 else None)
        if narrowed is None:
            break
        narrow, is_last = run.part(max(LEAST_TURN, TURN_SHARE * left), None, NARROW_SHARE), left < 2 * LEAST_TURN
        anew = anneal(narrowed.instance, None, narrow, seed + 2 + turn, threads, _from(best, watch, narrowed.widened))
        best = best.followed_by(replace(anew, routes=narrowed.widened(anew.routes), least_costs=None))
        if is_last or best.cost <= found.value:
            break
        found = guide.climb(run.part(None, None, AGAIN_SHARE), best.cost, best.routes)
    if best.cost > found.value:
        best = best.followed_by(anneal(instance, best.routes, run, seed + 1, threads, _from(best, watch), is_cold=narrowed is not None))
    why = "proved" if best.cost <= found.value else run.reason(best.chunks) or "budget"
    return replace(best, bound=found.value, bound_name=found.name, why=why)


def search_beside(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, guide: Guide) -> Outcome:
    """Search with all threads but one, which proves a bound in the meantime (`proves_beside`); `guide` is to have one."""
    proved: list[Bound] = []
    with ThreadPoolExecutor(1) as pool:
        climb = pool.submit(guide.climb, run, watch=lambda bound, _steps: proved.append(bound))
        found = search(instance, start, run, seed, threads - 1, lambda seen: watch(replace(seen, bound=proved[-1].value if proved else None)))
        bound = climb.result()
    return replace(found, bound=bound.value, bound_name=bound.name, why="proved" if bound.value >= found.cost else found.why)


def with_bound(outcome: Outcome, budget: float, guide: Guide, watch: Watch, cancelled: Callable[[], bool] | None) -> Outcome:
    """Return an outcome with the best bound that is proved within so many seconds, if that is better than the one it has."""
    if outcome.bound == outcome.cost or outcome.why == "cancelled":
        return outcome
    run, known = Stop(budget, None, cancelled).start(), outcome.trace[-1].assigned if outcome.trace else 0

    def tell(found: Bound, _steps: int) -> None:
        watch(Seen(run.seconds, outcome.chunks, outcome.cost, known, "bound", found.value))

    found = guide.climb(run, outcome.cost, outcome.routes, tell)
    if outcome.bound is not None and outcome.bound >= found.value:
        return outcome
    return replace(outcome, bound=found.value, bound_name=found.name)


def _from(best: Outcome, watch: Watch, widened: Callable[[Longs], Longs] | None = None) -> Watch:
    """Return what to tell of a search that starts when there is a plan already: no plan that is worse than that one."""
    known = best.trace[-1].assigned if best.trace else 0

    def tell(seen: Seen) -> None:
        seen = replace(seen, chunks=best.chunks + seen.chunks, phase="search")
        if seen.cost >= best.cost:
            watch(replace(seen, cost=best.cost, assigned=known, routes=None))
        else:
            watch(seen if seen.routes is None or widened is None else replace(seen, routes=widened(seen.routes)))

    return tell
