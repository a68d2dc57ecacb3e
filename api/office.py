"""The office: processes that answer questions about weeks and plans while the caller waits, so that the server's own process never computes.

Each process answers one question at a time and keeps the weeks it was asked about. A question that takes too long ends its process; the next one
finds a fresh one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from api.faults import Refusal
from api.reading import NotAtHand
from matcher.errors import FaultyInput

MOST_WAITING = 64
"""Questions that may wait for one process, more than callers have connections as a rule; a further one is refused."""
PAUSE = 1.0
"""Seconds without a question after which a process does what can wait."""


def _serve(connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Answers make hundreds of thousands of objects, hardly any in cycles: what is left of them is looked for between answers, not in them.
    gc.disable()
    while True:
        try:
            if not connection.poll(PAUSE):
                _pause(connection)
            ask, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            # Questions come by name, so that the server itself need not load what answers them.
            module, _, name = ask.rpartition(".") if isinstance(ask, str) else ("", "", "")
            call = getattr(importlib.import_module(module or "api.answers"), name) if isinstance(ask, str) else ask
            answer = (True, call(*arguments))
        except FaultyInput as error:
            answer = (False, (type(error), error.faults))
        except NotAtHand:
            answer = (False, (NotAtHand, "ask again with the bodies"))
        except Exception as error:  # noqa: BLE001 - it is the asker's to handle
            answer = (False, (RuntimeError, f"{type(error).__name__}: {error}"))
        connection.send(answer)
        gc.collect(1)


def _pause(connection: Connection) -> None:
    """Do what can wait, until the next question comes."""
    answers = sys.modules.get("api.answers")
    while answers is not None and not connection.poll() and answers.do_ahead():
        pass
    if not connection.poll():
        gc.collect()


def _ready() -> None:
    from api import answers  # noqa: F401, PLC0415 - what questions need is loaded now


Question = str | Callable[..., Any]
"""A function of `api.answers` by its name, one of another module by its whole name, or any function."""


class Turns:
    """A lock that is taken in the order in which it was asked for: nobody waits for those who came later."""

    def __init__(self) -> None:
        self._mutex, self._line, self._is_taken = threading.Lock(), deque[threading.Event](), False

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; returns whether it came in time."""
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._line.append(mine)
        if mine.wait(seconds):
            return True
        with self._mutex:
            if mine.is_set():  # it came at the last moment
                return True
            self._line.remove(mine)
            return False

    def give(self) -> None:
        """Let the next one have its turn."""
        with self._mutex:
            if self._line:
                self._line.popleft().set()
            else:
                self._is_taken = False


class Clerk:
    """One process of the office."""

    def __init__(self) -> None:
        self._turns, self._waiting = Turns(), threading.BoundedSemaphore(MOST_WAITING)
        self._process: Any = None
        self._is_closed = False
        self._connection: Connection | None = None

    def ask(self, ask: Question, arguments: tuple[Any, ...], seconds: float) -> Any:
        """Have a question answered in the process; raises what it raises of `FaultyInput`, and `Refusal` where it takes too long."""
        until = time.monotonic() + seconds
        if not self._waiting.acquire(blocking=False):
            raise Refusal("busy", "too many questions wait to be answered", headers={"Retry-After": "5"})
        try:
            if not self._turns.take(seconds):
                raise Refusal("busy", "the questions before this one took too long", headers={"Retry-After": "5"})
            try:
                return self._asked(ask, arguments, until)
            finally:
                self._turns.give()
        finally:
            self._waiting.release()

    def open(self, seconds: float) -> None:
        """Have the process started and ready; that it cannot be is told to whoever asks."""
        with contextlib.suppress(Refusal, RuntimeError):
            self.ask(_ready, (), seconds)

    def _asked(self, ask: Question, arguments: tuple[Any, ...], until: float) -> Any:
        if self._is_closed:
            raise Refusal("busy", "the server is about to stop", headers={"Retry-After": "5"})
        connection = self._ready()
        try:
            connection.send((ask, arguments))
            if not connection.poll(max(0.0, until - time.monotonic())):
                self._end()
                raise Refusal("timeout", "the answer took too long; ask for less, or with a smaller budget")
            is_good, answer = connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError, OSError):
            self._end()
            raise Refusal("busy", "the process that was to answer died; ask again", headers={"Retry-After": "1"}) from None
        if is_good:
            return answer
        kind, what = answer
        raise kind(what)

    def _ready(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._connection is None:
            self._end()
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), name="office", daemon=True)
            process.start()  # where it cannot be, there is none to end either
            self._process = process
            theirs.close()
        return self._connection

    def close(self) -> None:
        """End the process for good."""
        self._is_closed = True
        self._end()

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


class Office:
    """Some clerks; questions about one week go to the same one, which has it at hand."""

    def __init__(self, count: int, seconds: float) -> None:
        self._clerks, self._seconds = [Clerk() for _ in range(count)], seconds

    def ask(self, week: str, ask: Question, *arguments: Any) -> Any:
        """Have a question answered; `week` is the digest (or any name) of the week that it is about."""
        clerk = self._clerks[int.from_bytes(week.encode()[-4:], "big") % len(self._clerks)]
        return clerk.ask(ask, arguments, self._seconds)

    def open(self) -> None:
        """Start all processes, so that the first questions need not wait for it."""
        for clerk in self._clerks:
            threading.Thread(target=clerk.open, args=(self._seconds,), name="office", daemon=True).start()

    def close(self) -> None:
        """End all processes."""
        for clerk in self._clerks:
            clerk.close()
