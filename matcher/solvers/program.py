"""The linear program in a process of its own: whatever becomes of a native solver, what has been proven stays.

Run as a module this is that process: it reads pickled messages from its input, and answers on its output, until the input ends.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np

from matcher.solvers.columns import Columns
from matcher.solvers.known import KnownRoutes

if TYPE_CHECKING:
    from matcher.solvers.master import Master

FAULTS = 3
"""So many processes may end before an answer, until the program counts as one that cannot be solved."""
MOST_UNSOLVED = 3
"""So often in a row a process may answer that it did not solve the program; the next one starts without the last basis."""
_idle: list[subprocess.Popen[bytes]] = []
_log = logging.getLogger(__name__)


class Program(KnownRoutes):
    """A linear program that grows by routes (`matcher.solvers.columns.Columns`), kept here and solved in another process.

    If that process ends, another one gets all the routes so far and goes on. Use it as a context manager: the process is then given back.

    Attributes
    ----------
    faults : int
        How many processes have ended before an answer.
    unsolved : int
        How often the program was not solved since it last was.
    """

    def __init__(self, master: Master, losses: Any) -> None:
        super().__init__(master.rows)
        # Nothing of the relaxation but its tables is needed there.
        self._start = pickle.dumps((replace(master, rx=np.zeros(0, np.int64)), losses))
        self._sent = 0
        self.faults = self.unsolved = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if error[0] is None and process.poll() is None:
            _idle.append(process)
        else:
            _end(process)

    @property
    def pid(self) -> int | None:
        """The number of the process that solves, once there is one."""
        return None if self._process is None else self._process.pid

    def prices(self) -> tuple[float, Any]:
        """Return the optimum over the routes so far (scaled) and its prices; raises `RuntimeError` if the program cannot be solved."""
        while self.faults < FAULTS and self.unsolved < MOST_UNSOLVED:
            try:
                answer = self._ask()
            except (OSError, EOFError, pickle.UnpicklingError):
                self.faults += 1
                self._drop()
                continue
            if answer is None:
                self.unsolved += 1
                self._drop()
                continue
            self.unsolved = 0
            return answer
        raise RuntimeError("the linear program over routes was not solved")

    def _ask(self) -> tuple[float, Any] | None:
        if self._process is None:
            self._process, self._sent = _idle.pop() if _idle else _begin(), 0
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump((self._start if self._sent == 0 else None, self.routes[self._sent :]), process.stdin)
        process.stdin.flush()
        self._sent = len(self.routes)
        answer: tuple[float, Any] | None = pickle.load(process.stdout)  # noqa: S301 - from our own process
        return answer

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end(process)
            _log.warning("The process of the linear program ended (%s) or did not solve it; a new one goes on.", process.returncode)


def _begin() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen([sys.executable, "-P", "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            # What was not written yet has no reader any more.
            with contextlib.suppress(OSError):
                stream.close()


@atexit.register
def _end_idle() -> None:
    while _idle:
        _end(_idle.pop())


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer each message with the optimum and the prices, or with None where the program was not solved, until the source ends."""
    columns: Columns | None = None
    while True:
        try:
            start, routes = pickle.load(source)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        if start is not None:
            columns = Columns(*pickle.loads(start))  # noqa: S301
        assert columns is not None
        for route in routes:
            columns.add_route(*route)
        try:
            answer = columns.prices()
        except RuntimeError:
            answer = None
        pickle.dump(answer, target)
        target.flush()


if __name__ == "__main__":
    # Whoever ends a command, by Ctrl-C or with its whole group, means the process that waits for the plan: it ends this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Nobody may be left to read the answer.
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
