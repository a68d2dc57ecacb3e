"""A worker: a process that takes one job after another, solves it, and tells how far it is.

A search goes in legs: after each, the best plan so far is saved, and the next leg starts from it; so does whoever takes over if this process dies.
Legs grow, so that a long search is interrupted seldom. A search limited in chunks, or for a proof, is one leg: begun again it gives the same plan.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
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
from matcher.solve import Progress, solve

log = structlog.get_logger()

QUIET_EVENTS = 5.0
"""Seconds between two events of progress where nothing has improved."""
LATEST = 0.5
"""Seconds between two looks at whether the parent is still there."""


class Pulse:
    """The sign of life of a job: a thread that renews the lease, tells the progress, and hears of a cancellation.

    `is_over` is what the search asks; why it is over is in `is_cancelled`, `is_lost` and the worker's own stop.
    """

    def __init__(self, queue: Queue, job: Job, stopping: threading.Event, settings: Settings) -> None:
        self._queue, self.job, self._stopping, self._settings = queue, job, stopping, settings
        self.is_cancelled, self.is_lost = job.is_cancelled, False
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
        said = {"phase": seen.phase, "seconds": round(self.job.spent + seen.seconds, 2), "chunks": seen.chunks, "visits": seen.visits}
        known = seen.phase not in ("compile", "compile kernels")
        self._latest = {**said, "cost": seen.cost if known else None, "assigned": seen.assigned if known else None, "bound": seen.bound}

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
                self.is_cancelled = self._queue.beat(self.job, latest, is_event=is_event) or self.is_cancelled
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
            self.queue.finish(pulse.job, state, result.plan.to_json(), result.summary(), _last(result))
            bound.info("job ended", state=state, cost=result.cost, seconds=round(result.seconds, 2))
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
        """Search leg by leg; returns None where this worker has to stop before the end."""
        job, asked = pulse.job, pulse.job.settings
        problem = Problem.parse(unpacked(job.problem))
        plan = Plan.parse(unpacked(job.start)) if job.start is not None else None
        found: Result | None = None
        for seconds, is_last in legs(asked, job.spent, self._settings.checkpoint):
            result = solve(
                problem,
                budget=seconds,
                chunks=asked["chunks"],
                seed=asked["seed"],
                threads=asked["threads"],
                start=plan,
                exact=asked["exact"],
                prove=asked["prove"] if is_last else 0.0,
                on_progress=pulse.note,
                cancelled=pulse.is_over,
            )
            found = joined(found, result)
            plan = found.plan
            if pulse.is_lost:
                raise LostLease(job.id)
            if pulse.is_cancelled or (pulse.is_late and result.status == "stopped"):
                return "stopped", found
            if self.stopping.is_set() and result.status == "stopped":
                self._save(pulse, found, result.seconds)
                return None
            if found.status == "optimal" or is_last:
                return "done", found
            self._save(pulse, found, result.seconds)
        raise AssertionError("a search has at least one leg")

    def _save(self, pulse: Pulse, found: Result, seconds: float) -> None:
        is_repeatable = pulse.job.settings["chunks"] is not None
        if not is_repeatable:
            pulse.job = self.queue.save(pulse.job, found.plan.to_json(), found.cost, pulse.job.spent + seconds)


def legs(asked: dict[str, Any], spent: float, checkpoint: float) -> Iterator[tuple[float | None, bool]]:
    """Yield the seconds of each leg of a search, and whether it is the last: first `checkpoint`, then as long as all before together."""
    if asked["chunks"] is not None or asked["exact"]:
        yield (asked["budget"] if asked["budget"] is None else max(0.0, asked["budget"] - spent)), True
        return
    left = max(0.0, asked["budget"] - spent)
    while True:
        leg = max(checkpoint, spent)
        if left <= leg * 1.5:
            yield left, True
            return
        yield leg, False
        spent, left = spent + leg, left - leg


def joined(before: Result | None, after: Result) -> Result:
    """Return one result for the legs of a search: the better plan, and what all of them took."""
    if before is None:
        return after
    best = after if after.cost <= before.cost else before
    later = [
        point.model_copy(update={"seconds": round(point.seconds + before.seconds, 3), "chunks": point.chunks + before.chunks})
        for point in after.trace
        if point.cost < before.cost
    ]
    sums = {"seconds": before.seconds + after.seconds, "chunks": before.chunks + after.chunks, "stop": after.stop}
    return best.model_copy(update={**sums, "status": best.status if best is after else after.status, "trace": (*before.trace, *later)})


def _last(result: Result) -> dict[str, Any]:
    """Return how far a search was when it ended, in the form of `Pulse.note`."""
    figures = result.plan.figures
    assigned, visits = (figures.assigned, figures.visits) if figures is not None else (len(result.plan.assignments), 0)
    known = {"cost": result.cost, "assigned": assigned, "visits": visits, "bound": result.bound}
    return {"phase": "end", "seconds": round(result.seconds, 2), "chunks": result.chunks, **known}


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
