"""The workers of one server: processes of their own, begun again when they end by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

PAUSES = (0.0, 1.0, 5.0, 30.0)
"""Seconds before a worker is begun again, by how often it has ended soon after its start."""
SOON = 60.0
LOOK = 0.2


class Pool:
    """So many workers, each a process with the settings of this one's environment.

    Parameters
    ----------
    ended
        Told the id of each process that has ended by itself, as soon as that is seen.
    """

    def __init__(self, count: int, environment: dict[str, str], ended: Callable[[int], None]) -> None:
        self._count, self._environment, self._ended = count, environment, ended
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pool", daemon=True)
        self._began: dict[int, float] = {}
        self._failures: dict[int, int] = {}

    def start(self) -> None:
        """Begin all workers."""
        for number in range(self._count):
            self._begin(number)
        if self._count:
            self._thread.start()

    def alive(self) -> int:
        """Return how many workers run."""
        return sum(process.poll() is None for process in self._processes.values())

    def stop(self, patience: float) -> None:
        """Ask all workers to hand back what they do and to end; end those that have not after so many seconds."""
        self._stopping.set()
        if self._count:
            self._thread.join()
        for process in self._processes.values():
            process.terminate()
        until = time.monotonic() + patience
        for process in self._processes.values():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _begin(self, number: int) -> None:
        command = [sys.executable, "-m", "api.worker", str(os.getpid())]
        self._processes[number] = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL)  # noqa: S603 - our own module
        self._began[number] = time.monotonic()

    def _tell(self, pid: int) -> None:
        try:
            self._ended(pid)
        except Exception as error:  # noqa: BLE001 - workers are begun again whoever listens
            log.warning("the end of a worker was not noted", error=type(error).__name__)

    def _watch(self) -> None:
        due: dict[int, float] = {}
        while not self._stopping.wait(LOOK):
            now = time.monotonic()
            for number, process in list(self._processes.items()):
                if process.poll() is None:
                    continue
                if number not in due:
                    failures = self._failures.get(number, 0) + 1 if now - self._began[number] < SOON else 0
                    self._failures[number] = failures
                    due[number] = now + PAUSES[min(failures, len(PAUSES) - 1)]
                    log.error("a worker ended", code=process.returncode)
                    self._tell(process.pid)
                elif now >= due[number]:
                    del due[number]
                    self._begin(number)
