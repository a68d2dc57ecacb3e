"""A worker: a process that takes one job after another, solves it, and tells how far it is.

While a search goes on, its best plan so far is saved every few seconds, and whoever takes over if this process dies goes on from there. A search that
is limited in chunks is begun again instead: the same seed and chunks give the same plan whatever happened in between.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from typing import Any, Self

import structlog

from api.database import Database
from api.jobs import Job, LostLease, Queue
from api.logs import set_up
from api.settings import Settings
from api.store.packing import unpacked
from matcher.errors import InternalError, MatcherError
from matcher.plan import Plan, Result
from matcher.problem import Problem
from matcher.solve import Incumbent, Progress, solve

log = structlog.get_logger()

QUIET_EVENTS = 5.0
"""Seconds between two events of progress where nothing has improved."""
SEARCHING = ("construct", "search", "exact")
"""Phases of a run that count as search."""
SAVING_SHARE = 0.1
"""Of the time, what saving plans may take: of a very large week, less often than is set."""
LATEST = 0.5
"""Seconds between two looks at whether the parent is still there."""


class Pulse:
    """The sign of life of a job: a thread that renews the lease, tells the progress, and hears of a cancellation.

    `is_over` is what the search asks; why it is over is in `is_cancelled`, `is_lost` and the worker's own stop.
    """

    def __init__(self, queue: Queue, job: Job, stopping: threading.Event, settings: Settings) -> None:
        self._queue, self.job, self._stopping, self._settings = queue, job, stopping, settings
        self.is_cancelled, self.is_lost = job.is_cancelled, False
        self._before, self._searched = job.spent, 0.0
        self._latest: dict[str, Any] | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        # A search in chunks alone has no clock of its own, and nobody holds a worker without end.
        budget = job.settings["budget"]
        self._limit = time.monotonic() + settings.max_budget if budget is None else None
        self._until = time.monotonic() + (settings.max_budget if budget is None else budget) + job.settings["prove"] + settings.grace

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def note(self, seen: Progress) -> None:
        """Take note of how far the search is."""
        if seen.phase in SEARCHING:
            self._searched = max(self._searched, seen.seconds)
        said = {"phase": seen.phase, "seconds": round(self._before + seen.seconds, 2), "chunks": seen.chunks, "visits": seen.visits}
        known = seen.phase not in ("compile", "compile kernels")
        self._latest = {**said, "cost": seen.cost if known else None, "assigned": seen.assigned if known else None, "bound": seen.bound}

    @property
    def spent(self) -> float:
        """Seconds of search that went into the job, those of other workers included; 0 where it would be begun again."""
        return 0.0 if is_repeatable(self.job) else self._before + self._searched

    @property
    def is_late(self) -> bool:
        """Whether a search without a budget has taken as long as the longest budget."""
        return self._limit is not None and time.monotonic() > self._limit

    def is_over(self) -> bool:
        """Return whether the search has to end now."""
        return self.is_cancelled or self.is_lost or self._stopping.is_set() or self.is_late

    def _run(self) -> None:
        told: dict[str, Any] | None = None
        told_at = renewed = time.monotonic()
        while not self._done.wait(self._settings.heartbeat):
            now, latest = time.monotonic(), self._latest
            if now > self._until:
                log.error("a job took too long; this worker ends", plan=self.job.id)
                os._exit(70)
            is_better = latest is not None and (told is None or any(latest[key] != told[key] for key in ("phase", "cost", "bound")))
            is_event = is_better or (latest is not None and now - told_at >= QUIET_EVENTS)
            try:
                self.is_cancelled = self._queue.beat(self.job, latest, self.spent, is_event=is_event) or self.is_cancelled
                renewed = now
            except LostLease:
                self.is_lost = True
                return
            except Exception as error:  # noqa: BLE001 - the database may be away for a while; without it for long, the lease is lost
                log.warning("no sign of life could be given", plan=self.job.id, error=type(error).__name__)
                if now - renewed > self._settings.lease:
                    self.is_lost = True
                    return
            if is_event:
                told, told_at = latest, now


class Keeper:
    """Saves the best plan so far every few seconds, in a thread of its own: the search goes on meanwhile."""

    def __init__(self, queue: Queue, pulse: Pulse, pause: float) -> None:
        self._queue, self._pulse, self._pause = queue, pulse, pause
        self._latest: Incumbent | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        if not is_repeatable(self._pulse.job):
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
                    plan = latest.plan().to_json()
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
                ended = self._search(pulse)
            if ended is None:
                self.queue.hand_back(pulse.job)
                bound.info("job handed back")
                return
            state, result = ended
            summary = {**result.summary(), "seconds": job.spent + result.seconds}
            self.queue.finish(pulse.job, state, result.plan.to_json(), summary, _last(result, summary["seconds"]))
            bound.info("job ended", state=state, cost=result.cost, seconds=round(summary["seconds"], 2))
        except LostLease:
            bound.warning("job lost to another worker")
        except InternalError as error:
            bound.error("the engine refused its own plan")
            self._fail(job, "internal", str(error))
        except MatcherError as error:
            bound.warning("job refused", error=type(error).__name__)
            self._fail(job, "invalid", str(error))
        except Exception as error:  # noqa: BLE001 - the job fails, the worker goes on
            bound.exception("job failed")
            self._fail(job, "internal", f"{type(error).__name__} (the server's log says more)")

    def _fail(self, job: Job, code: str, message: str) -> None:
        with contextlib.suppress(LostLease):
            self.queue.fail(job, code, message)

    def _search(self, pulse: Pulse) -> tuple[str, Result] | None:
        """Search to the end; returns None where this worker has to stop before."""
        job, asked = pulse.job, pulse.job.settings
        problem = Problem.parse(unpacked(job.problem))
        budget = asked["budget"]
        with Keeper(self.queue, pulse, self._settings.checkpoint) as keeper:
            found = solve(
                problem,
                budget=None if budget is None else max(0.0, budget - job.spent),
                chunks=asked["chunks"],
                seed=asked["seed"],
                threads=asked["threads"],
                start=Plan.parse(unpacked(job.start)) if job.start is not None else None,
                exact=asked["exact"],
                prove=asked["prove"],
                on_progress=pulse.note,
                on_incumbent=keeper.note,
                cancelled=pulse.is_over,
            )
        if pulse.is_lost:
            raise LostLease(job.id)
        if pulse.is_cancelled or (pulse.is_late and found.status == "stopped"):
            return "stopped", found
        if self.stopping.is_set() and found.status == "stopped":
            if not is_repeatable(job):
                pulse.job = self.queue.save(pulse.job, found.plan.to_json(), found.cost, pulse.spent)
            return None
        return "done", found


def is_repeatable(job: Job) -> bool:
    """Return whether a job is limited in chunks: it has to give the same plan every time, and is therefore begun again, not taken up."""
    return job.settings["chunks"] is not None


def _last(result: Result, seconds: float) -> dict[str, Any]:
    """Return how far a search was when it ended, in the form of `Pulse.note`."""
    figures = result.plan.figures
    assigned, visits = (figures.assigned, figures.visits) if figures is not None else (len(result.plan.assignments), 0)
    known = {"cost": result.cost, "assigned": assigned, "visits": visits, "bound": result.bound}
    return {"phase": "end", "seconds": round(seconds, 2), "chunks": result.chunks, **known}


def _watch_parent(stopping: threading.Event) -> None:
    """Stop when the process that started this one is gone: whoever comes after it has workers of its own."""
    parent = os.getppid()
    while not stopping.wait(LATEST):
        if os.getppid() != parent:
            log.warning("the server is gone; this worker ends")
            stopping.set()


def main(*, is_child: bool = False) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    from matcher.solvers.warm import warm_up  # noqa: PLC0415 - numba loads only in workers

    settings = Settings()
    set_up(settings.log_level)
    database = Database(settings.database.get_secret_value())
    worker = Worker(database, settings, f"{socket.gethostname()[:60]}:{os.getpid()}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    if is_child:
        os.nice(settings.nice)
        threading.Thread(target=_watch_parent, args=(worker.stopping,), daemon=True).start()
    log.info("worker begun")
    warm_up()
    log.info("worker ready")
    worker.run()
    database.close()


if __name__ == "__main__":
    main(is_child=True)
