"""The sign of life of a job: its lease is renewed, its progress told, and a cancellation heard, while its worker computes."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Self

import structlog

from api.jobs import Job, LostLease, Queue
from api.settings import Settings

log = structlog.get_logger()

QUIET_EVENTS = 5.0
"""Seconds between two events of progress where nothing has improved."""
RUNNING = ("seconds", "chunks")
"""What of a progress goes on by itself and is no news."""


class Pulse:
    """A thread that speaks for a job.

    `is_over` is what the work asks; why it is over is in `is_cancelled`, `is_lost` and the worker's own stop.

    Attributes
    ----------
    job : Job
        As it is by now: whoever saves for it puts the newest here.
    worked : float
        Seconds of work that this worker has put into the job.
    """

    def __init__(self, queue: Queue, job: Job, stopping: threading.Event, settings: Settings) -> None:
        self._queue, self.job, self._stopping, self._settings = queue, job, stopping, settings
        self.is_cancelled, self.is_lost = job.is_cancelled, False
        self.worked = 0.0
        self._before = job.spent
        self._latest: dict[str, Any] | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self.allow(settings.max_budget)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def allow(self, seconds: float) -> None:
        """Let the work go on for so many seconds from now, and the server's grace; after that the process ends: what hangs holds no worker."""
        self._until = time.monotonic() + seconds + self._settings.grace

    def tell(self, said: dict[str, Any]) -> None:
        """Take note of how far the work is."""
        self._latest = said

    @property
    def spent(self) -> float:
        """Seconds of work that went into the job, those of other workers included; 0 where it would be begun again."""
        return 0.0 if self.job.is_repeatable else self._before + self.worked

    def is_over(self) -> bool:
        """Return whether the work has to end now."""
        return self.is_cancelled or self.is_lost or self._stopping.is_set()

    def _run(self) -> None:
        told: dict[str, Any] | None = None
        told_at = renewed = time.monotonic()
        while not self._done.wait(self._settings.heartbeat):
            now, latest = time.monotonic(), self._latest
            if now > self._until:
                log.error("a job took too long; this worker ends", job=self.job.id)
                os._exit(70)
            is_event = latest is not None and (told is None or _news(latest) != _news(told) or now - told_at >= QUIET_EVENTS)
            try:
                self.is_cancelled = self._queue.beat(self.job, latest, self.spent, is_event=is_event) or self.is_cancelled
                renewed = now
            except LostLease:
                self.is_lost = True
                return
            except Exception as error:  # noqa: BLE001 - the database may be away for a while; without it for long, the lease is lost
                log.warning("no sign of life could be given", job=self.job.id, error=type(error).__name__)
                if now - renewed > self._settings.lease:
                    self.is_lost = True
                    return
            if is_event:
                told, told_at = latest, now


def _news(said: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key not in RUNNING}
