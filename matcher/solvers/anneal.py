"""Annealing side by side: construct a plan, then let one searcher a thread improve it, trading the best at set moments.

Where routes hang little on one another and there is time enough (`matcher.solvers.polish.suits`, `LEAST_STEPS`), the last part of the search chooses
the best set of all the routes that it came by.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from matcher.kernels.cells import pack
from matcher.solvers import ROUTES_PAUSE, Outcome, Seen, Watch
from matcher.solvers.construct import AT_ONCE, construct
from matcher.solvers.improve import RENT, STEPS, Temperatures, improve, rents_of, temperatures
from matcher.solvers.pool import Pool, suits
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.stop import Run

TRADES = (0.5, 0.7, 0.85, 0.95)
"""Fractions of the search at which searchers that are behind take over the best plan."""
GATHER_FROM, POLISH_FROM, POLISH_SHARE = 0.5, 0.92, 0.8
"""Fractions of the search from which routes are gathered and at which it ends to choose from them, and the share of the rest that this may take."""
GATHER_EVERY = 2
"""Chunks from one look at the routes to the next: a look takes about a tenth of the time of a chunk."""
LEAST_STEPS = 1000
"""Steps for each visit that a search must be heading for to end so: with fewer, going on with it gives more."""


@dataclass
class _Course:
    """How the temperature falls along a run: to its end, or to the moment at which the best set of routes is chosen, and then no further."""

    fall: Temperatures
    run: Run
    begin: float
    end: float = 1.0

    def part(self, fraction: float) -> float:
        """Return how far the temperature has fallen at a fraction of the run."""
        if self.end < 1 and fraction > GATHER_FROM:
            fraction = min(1.0, GATHER_FROM + (fraction - GATHER_FROM) * (1 - GATHER_FROM) / (self.end - GATHER_FROM))
        return (fraction - self.begin) / max(1e-9, 1 - self.begin)


def anneal(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, *, is_cold: bool = False) -> Outcome:
    """Search for a good plan until the run is over.

    Parameters
    ----------
    start
        A state to start from, None for nobody served.
    threads
        Searchers at work at the same time. With one, equal seeds and chunks give equal routes.
    watch
        Called with what is best so far, at the start, whenever it changes (at most once a chunk), and at the end; with its routes now and then.
    is_cold
        Whether who is served was decided before, and the soft costs are all that is left to fall.
    """
    packed = pack(instance)
    log = _Log(run, watch)
    first = Searcher.on(instance, packed, seed, start)
    has_limit = run.stop.chunks is None and len(instance.visits) > AT_ONCE
    owed = None if is_cold else rents_of(instance)
    first.charge(owed)
    with first.paying(RENT):
        construct(first, lambda: run.is_cancelled() or (has_limit and run.fraction(0) >= 1))
    log.note(first, 0, "construct", is_met=True)
    fall = temperatures(instance, first)
    course = _Course(fall.rest() if is_cold else fall, run, run.fraction(0))
    searchers = [first, *(Searcher.on(instance, packed, seed + 7919 * k, first.best()) for k in range(1, threads))]
    for searcher in searchers[1:]:
        searcher.charge(owed)
    # Where the best set of routes is chosen at the end, all meet once at the moment from which they are gathered; trades may fall on the same one.
    will_gather = suits(instance)
    chunks, moments, pools = 0, sorted({*(TRADES if threads > 1 else ()), *((GATHER_FROM,) if will_gather else ())}), _none(searchers)
    with ThreadPoolExecutor(threads) as pool:
        while run.reason(chunks) is None:
            fraction = run.fraction(chunks)
            reach = min([moment for moment in (*moments, course.end) if moment > fraction], default=1.0)
            others = zip(searchers[1:], pools[1:], strict=True)
            futures = [pool.submit(_leg, searcher, course, chunks, reach, threads, seen, log) for searcher, seen in others]
            own = _leg(first, course, chunks, reach, threads, pools[0], log)
            chunks += own + sum(future.result() for future in futures)
            best = min(searchers, key=lambda searcher: searcher.best_cost)
            log.note(best, chunks, "search", is_met=True)
            if will_gather and run.fraction(chunks) >= GATHER_FROM:
                will_gather = False
                if chunks * STEPS >= GATHER_FROM * LEAST_STEPS * len(instance.visits):
                    pools, course.end = [Pool(instance) for _ in searchers], POLISH_FROM
            while moments and moments[0] <= run.fraction(chunks):
                moments.pop(0)
            if pools[0] is not None and run.fraction(chunks) >= POLISH_FROM and run.reason(chunks) is None:
                from matcher.solvers.polish import polish  # noqa: PLC0415 - the constraint solver takes its time to load

                polish(best, instance, [seen for seen in pools if seen is not None], run.part(None, None, POLISH_SHARE), run.stop.chunks or 0)
                pools = _none(searchers)
                log.note(best, chunks, "search", is_met=True)
            for searcher in searchers:
                if searcher is not best and searcher.best_cost > best.best_cost:
                    searcher.adopt(best)
    best = min(searchers, key=lambda searcher: searcher.best_cost)
    least = np.minimum.reduce([searcher.least_costs() for searcher in searchers])
    return Outcome(
        best.best(), best.best_cost, run.reason(chunks) or "budget", chunks, trace=tuple(log.trace), least_costs=least if len(least) else None
    )


def _none(searchers: list[Searcher]) -> list[Pool | None]:
    """Return no pool for each searcher."""
    return [None for _ in searchers]


def _leg(searcher: Searcher, course: _Course, chunks: int, reach: float, threads: int, seen: Pool | None, log: _Log) -> int:
    """Anneal one searcher until the fraction `reach` of the run; returns the chunks it took."""
    run, done = course.run, 0
    # Limited by chunks alone, the temperature follows the count and each thread runs its share; otherwise it follows the clock.
    limit = None if run.stop.chunks is None else max(1, (run.stop.chunks - chunks) // threads)
    step = 0.0
    while run.reason(chunks + done * threads) is None and (limit is None or done < limit):
        fraction = run.fraction(chunks + done * threads)
        if fraction >= reach and done > 0:
            break
        part = course.part(fraction)
        step = 1 / run.stop.chunks if run.stop.budget is None and run.stop.chunks else max(step * 0.9, 1e-4)
        improve(searcher, course.fall, part, part + step)
        done += 1
        if seen is not None and done % GATHER_EVERY == 0:
            seen.gather(searcher.rt)
        log.note(searcher, chunks + done * threads, "search")
    return done


class _Log:
    """Remembers when the best cost fell, and tells who watches; searchers side by side share it."""

    def __init__(self, run: Run, watch: Watch) -> None:
        self.trace: list[Seen] = []
        self._run, self._watch = run, watch
        self._told = self._handed = -1.0
        self._cost: int | None = None
        self._lock = Lock()

    def note(self, searcher: Searcher, chunks: int, phase: str, *, is_met: bool = False) -> None:
        """Note the best of a searcher, from its own thread, or where searchers meet (`is_met`), from there."""
        cost, seconds = searcher.best_cost, self._run.seconds
        with self._lock:
            is_better = not self.trace or cost < self.trace[-1].cost
            # Others may be ahead of this searcher: its routes are handed over if they are the best that anybody has.
            is_due = (self._cost is None or cost < self._cost) and cost <= (self.trace[-1].cost if self.trace else cost)
            is_due = is_due and (is_met or seconds >= self._handed + ROUTES_PAUSE)
            if not is_better and not is_due and seconds < self._told + 0.2:
                return
            best, assigned = (cost, searcher.assigned()) if is_better else (self.trace[-1].cost, self.trace[-1].assigned)
            seen = Seen(seconds, chunks, best, assigned, phase)
            if is_better:
                if len(self.trace) > 1 and seconds - self.trace[-2].seconds < 0.05:
                    self.trace[-1] = seen
                else:
                    self.trace.append(seen)
            self._told = seconds
            if is_due:
                self._handed, self._cost = seconds, cost
                seen = replace(seen, routes=searcher.best())
            self._watch(seen)
