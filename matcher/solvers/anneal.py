"""Annealing side by side: construct a plan, then let one searcher a thread improve it, trading the best at set moments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from matcher.kernels.cells import pack
from matcher.solvers import Outcome, Seen, Watch
from matcher.solvers.construct import construct
from matcher.solvers.improve import Temperatures, improve, temperatures
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.stop import Run

TRADES = (0.5, 0.7, 0.85, 0.95)
"""Fractions of the search at which searchers that are behind take over the best plan."""


def anneal(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch) -> Outcome:
    """Search for a good plan until the run is over.

    Parameters
    ----------
    start
        A state to start from, None for nobody served.
    threads
        Searchers at work at the same time. With one, equal seeds and chunks give equal routes.
    watch
        Called with what is best so far, at the start, whenever it changes (at most once a chunk), and at the end.
    """
    packed = pack(instance)
    log = _Log(instance, run, watch)
    first = Searcher.on(instance, packed, seed, start)
    construct(first, lambda: run.is_cancelled() or (run.stop.chunks is None and run.fraction(0) >= 1))
    log.note(first, 0, "construct")
    fall = temperatures(instance, first)
    begin = run.fraction(0)
    searchers = [first, *(Searcher.on(instance, packed, seed + 7919 * k, first.best()) for k in range(1, threads))]
    chunks, trades = 0, [trade for trade in TRADES if threads > 1]
    with ThreadPoolExecutor(threads) as pool:
        while run.reason(chunks) is None:
            fraction = run.fraction(chunks)
            reach = trades[0] if trades and trades[0] > fraction else 1.0
            futures = [pool.submit(_leg, searcher, fall, run, chunks, begin, reach, threads) for searcher in searchers[1:]]
            own = _leg(first, fall, run, chunks, begin, reach, threads, log)
            chunks += own + sum(future.result() for future in futures)
            best = min(searchers, key=lambda searcher: searcher.best_cost)
            log.note(best, chunks, "search")
            while trades and trades[0] <= run.fraction(chunks):
                trades.pop(0)
            for searcher in searchers:
                if searcher is not best and searcher.best_cost > best.best_cost:
                    searcher.adopt(best)
    best = min(searchers, key=lambda searcher: searcher.best_cost)
    return Outcome(best.best(), best.best_cost, run.reason(chunks) or "budget", chunks, trace=tuple(log.trace))


def _leg(searcher: Searcher, fall: Temperatures, run: Run, chunks: int, begin: float, reach: float, threads: int, log: _Log | None = None) -> int:
    """Anneal one searcher until the fraction `reach` of the run; returns the chunks it took."""
    done = 0
    # Limited by chunks alone, the temperature follows the count and each thread runs its share; otherwise it follows the clock.
    limit = None if run.stop.chunks is None else max(1, (run.stop.chunks - chunks) // threads)
    step = 0.0
    while run.reason(chunks + done * threads) is None and (limit is None or done < limit):
        fraction = run.fraction(chunks + done * threads)
        if fraction >= reach and done > 0:
            break
        part = (fraction - begin) / max(1e-9, 1 - begin)
        step = 1 / run.stop.chunks if run.stop.budget is None and run.stop.chunks else max(step * 0.9, 1e-4)
        improve(searcher, fall, part, part + step)
        done += 1
        if log is not None:
            log.note(searcher, chunks + done * threads, "search")
    return done


class _Log:
    """Remembers when the best cost fell, and tells who watches."""

    def __init__(self, instance: Instance, run: Run, watch: Watch) -> None:
        self.trace: list[Seen] = []
        self._visits, self._run, self._watch = len(instance.visits), run, watch
        self._told = -1.0

    def note(self, searcher: Searcher, chunks: int, phase: str) -> None:
        """Note the best of a searcher."""
        cost, seconds = searcher.best_cost, self._run.seconds
        is_better = not self.trace or cost < self.trace[-1].cost
        if not is_better and seconds < self._told + 0.2:
            return
        seen = Seen(seconds, chunks, cost, searcher.assigned() if is_better else self.trace[-1].assigned, phase)
        if is_better:
            if len(self.trace) > 1 and seconds - self.trace[-2].seconds < 0.05:
                self.trace[-1] = seen
            else:
                self.trace.append(seen)
        self._told = seconds
        self._watch(seen)
