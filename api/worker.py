"""A worker: a process that takes one job after another, solves it, and tells how far it is.

While a search goes on, its best plan so far is saved every few seconds, and whoever takes over if this process dies goes on from there. A search that
is limited in chunks is begun again instead: the same seed and chunks give the same plan whatever happened in between.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import structlog

from api.comparing import Comparing
from api.database import Database
from api.jobs import Job, LostLease, Queue, worker_name
from api.logs import set_up
from api.pulse import Pulse
from api.reading import body_of
from api.settings import Settings
from api.store.packing import unpacked
from api.store.plans import COMPARISON
from matcher.errors import FaultyInput, InternalError, MatcherError
from matcher.plan import Plan, Result
from matcher.problem import Problem
from matcher.solve import Incumbent, Progress, solve

log = structlog.get_logger()

End = Callable[[], dict[str, Any]]
"""Ends a job with what has come of it; returns what the log says of that."""
MOST_FAULTS = 100
"""Faults of what was asked that a failed job tells."""
SEARCHING = ("construct", "search", "exact")
"""Phases of a run that count as search."""
SAVING_SHARE = 0.1
"""Of the time, what saving plans may take: of a very large week, less often than is set."""
LATEST = 0.5
"""Seconds between two looks at whether the parent is still there."""


class Keeper:
    """Saves the best plan so far every few seconds, in a thread of its own: the search goes on meanwhile."""

    def __init__(self, queue: Queue, pulse: Pulse, pause: float) -> None:
        self._queue, self._pulse, self._pause = queue, pulse, pause
        self._latest: Incumbent | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        if not self._pulse.job.is_repeatable:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def note(self, incumbent: Incumbent) -> None:
        """Take note of a better plan."""
        self._latest = incumbent

    def _run(self) -> None:
        saved, pause = self._pulse.job.cost, self._pause
        while not self._done.wait(pause):
            latest, began = self._latest, time.monotonic()
            if latest is not None and (saved is None or latest.cost < saved) and not self._pulse.is_lost:
                try:
                    plan = body_of(latest.plan())
                    if self._done.is_set():
                        return  # the search is over: its end is about to be saved
                    self._pulse.job = self._queue.save(self._pulse.job, plan, latest.cost, self._pulse.spent)
                    saved = latest.cost
                except LostLease:
                    return  # the pulse finds out, too
                except Exception as error:  # noqa: BLE001 - the search goes on without; the next plan is tried
                    log.warning("a plan was not saved", plan=self._pulse.job.id, error=type(error).__name__)
            pause = max(self._pause, (time.monotonic() - began) / SAVING_SHARE)


class Worker:
    """Takes jobs until it is told to stop."""

    def __init__(self, database: Database, settings: Settings, name: str) -> None:
        self._settings, self.stopping = settings, threading.Event()
        self.queue = Queue(database, name, lease=settings.lease, attempts=settings.attempts)

    def run(self) -> None:
        """Take one job after another until `stopping` is set; what is unfinished then is handed back with its best plan so far."""
        while not self.stopping.is_set():
            try:
                job = self.queue.claim()
            except Exception as error:  # noqa: BLE001 - whatever ails the database, the worker asks again
                log.warning("no job could be asked for", error=type(error).__name__)
                self.stopping.wait(1.0)
                continue
            if job is None:
                self.stopping.wait(self._settings.poll)
            else:
                self.work(job)

    def work(self, job: Job) -> None:
        """Do one job to its end, or hand it back."""
        bound = log.bind(plan=job.id, attempt=job.attempt)
        bound.info("job begun", spent=job.spent)
        try:
            with Pulse(self.queue, job, self.stopping, self._settings) as pulse:
                end = self._compare(pulse) if job.kind == COMPARISON else self._search(pulse)
            if end is None:
                self.queue.hand_back(pulse.job)
                bound.info("job handed back")
            else:
                bound.info("job ended", **end())
        except LostLease:
            bound.warning("job lost to another worker")
        except InternalError as error:
            bound.error("the engine refused its own plan")
            self._fail(job, "internal", str(error))
        except MatcherError as error:
            bound.warning("job refused", error=type(error).__name__)
            faults = error.faults[:MOST_FAULTS] if isinstance(error, FaultyInput) else ()
            self._fail(job, "invalid", str(error), [{"pointer": fault.path, "detail": fault.message, "code": fault.code} for fault in faults])
        except Exception as error:  # noqa: BLE001 - the job fails, the worker goes on
            bound.exception("job failed")
            self._fail(job, "internal", f"{type(error).__name__} (the server's log says more)")

    def _fail(self, job: Job, code: str, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        with contextlib.suppress(LostLease):
            self.queue.fail(job, code, message, errors)

    def _compare(self, pulse: Pulse) -> End | None:
        """Compare to the end; returns None where this worker has to stop before."""
        ended = Comparing(self.queue, pulse, self._settings).run()
        if ended is None:
            return None

        def end() -> dict[str, Any]:
            self.queue.conclude(pulse.job, ended.state, ended.comparison, ended.result, ended.progress)
            return {"state": ended.state, **ended.result}

        return end

    def _search(self, pulse: Pulse) -> End | None:
        """Search to the end; returns None where this worker has to stop before."""
        job, asked, settings = pulse.job, pulse.job.settings, self._settings
        problem = Problem.parse(unpacked(job.problem))
        budget = asked["budget"]
        # A search in chunks alone has no clock of its own, and nobody holds a worker without end.
        limit = settings.max_budget if budget is None else budget
        until = time.monotonic() + limit if budget is None else math.inf
        pulse.allow(limit + asked["prove"])

        def note(seen: Progress) -> None:
            if seen.phase in SEARCHING:
                pulse.worked = max(pulse.worked, seen.seconds)
            pulse.tell(_progress(seen, job.spent))

        with Keeper(self.queue, pulse, settings.checkpoint) as keeper:
            found = solve(
                problem,
                budget=None if budget is None else max(0.0, budget - job.spent),
                chunks=asked["chunks"],
                seed=asked["seed"],
                threads=asked["threads"],
                start=Plan.parse(unpacked(job.start)) if job.start is not None else None,
                exact=asked["exact"],
                prove=asked["prove"],
                on_progress=note,
                on_incumbent=keeper.note,
                cancelled=lambda: pulse.is_over() or time.monotonic() > until,
            )
        if pulse.is_lost:
            raise LostLease(job.id)
        is_late = time.monotonic() > until and found.status == "stopped"
        if not pulse.is_cancelled and not is_late and self.stopping.is_set() and found.status == "stopped":
            if not job.is_repeatable:
                pulse.job = self.queue.save(pulse.job, body_of(found.plan), found.cost, pulse.spent)
            return None
        state = "stopped" if pulse.is_cancelled or is_late else "done"

        def end() -> dict[str, Any]:
            summary = {**found.summary(), "seconds": job.spent + found.seconds}
            self.queue.finish(pulse.job, state, body_of(found.plan), summary, _last(found, summary["seconds"]))
            return {"state": state, "cost": found.cost, "seconds": round(summary["seconds"], 2)}

        return end


def _progress(seen: Progress, before: float) -> dict[str, Any]:
    """Return how far a search is that others have put so many seconds into before."""
    said = {"phase": seen.phase, "seconds": round(before + seen.seconds, 2), "chunks": seen.chunks, "visits": seen.visits}
    known = seen.phase not in ("compile", "compile kernels")
    return {**said, "cost": seen.cost if known else None, "assigned": seen.assigned if known else None, "bound": seen.bound}


def _last(result: Result, seconds: float) -> dict[str, Any]:
    """Return how far a search was when it ended, in the form of `_progress`."""
    figures = result.plan.figures
    assigned, visits = (figures.assigned, figures.visits) if figures is not None else (len(result.plan.assignments), 0)
    known = {"cost": result.cost, "assigned": assigned, "visits": visits, "bound": result.bound}
    return {"phase": "end", "seconds": round(seconds, 2), "chunks": result.chunks, **known}


def _watch_parent(parent: int, worker: Worker, is_ready: threading.Event) -> None:
    """Stop when the process that started this one is gone: whoever comes after it has workers of its own."""
    while not worker.stopping.is_set():
        if os.getppid() != parent:
            log.warning("the server is gone; this worker ends")
            worker.stopping.set()
            if not is_ready.is_set():
                os._exit(0)  # it has no job yet, and getting ready may take long
        worker.stopping.wait(LATEST)


def main(parent: int | None = None) -> None:
    """Run a worker until SIGTERM or SIGINT, or until its parent is gone.

    `parent` is the id of the process that started it, from that process itself: by the time that this one asks, it may have another.
    """
    from matcher.solvers.warm import warm_up  # noqa: PLC0415 - numba loads only in workers

    settings = Settings()
    set_up(settings.log_level)
    database = Database(settings.database.get_secret_value())
    worker = Worker(database, settings, worker_name(os.getpid()))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    is_ready = threading.Event()
    if parent is not None:
        os.nice(settings.nice)
        threading.Thread(target=_watch_parent, args=(parent, worker, is_ready), daemon=True).start()
    log.info("worker begun")
    warm_up()
    is_ready.set()
    log.info("worker ready")
    worker.run()
    database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
