"""Watching a search from the command line: its progress on stderr, and Ctrl-C that stops it without losing the best plan.

The search runs in a thread beside the main one, so that signals and the display wait for none of its steps.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from matcher.console import say
from matcher.words import Lang, has_word, word

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

T = TypeVar("T")

TICK = 0.1
"""Seconds between two looks at the search on a terminal."""
PAUSE = 5.0
"""Seconds between two plain lines, where stderr is no terminal, unless the phase changes."""


class Seen(Protocol):
    """What a search reports of itself."""

    seconds: float
    cost: int
    assigned: int
    visits: int
    phase: str


def phase_name(phase: str, lang: Lang) -> str:
    """Return the words for a phase of the search; a phase without words is named as it is."""
    key = f"phase.{phase}"
    return word(lang, key) if has_word(lang, key) else phase


def progress_line(seen: Seen, lang: Lang) -> str:
    """Return one line on how far a search is."""
    phase, seconds = phase_name(seen.phase, lang), f"{seen.seconds:.1f}"
    if not seen.assigned:
        return word(lang, "progress.early", phase=phase, seconds=seconds)
    return word(lang, "progress.line", phase=phase, assigned=seen.assigned, visits=seen.visits, cost=f"{seen.cost:,}", seconds=seconds)


@contextlib.contextmanager
def stop_on_signal(lang: Lang) -> Iterator[Callable[[], bool]]:
    """Give a function that says whether the user asked to stop. A second Ctrl-C (or SIGTERM) ends the program at once."""
    asked = threading.Event()

    def handle(number: int, _frame: Any) -> None:
        if asked.is_set():
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h\n")  # the display hides the cursor
            os._exit(128 + number)
        asked.set()
        say("\n" + word(lang, "solve.stopping"))

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def watched(work: Callable[[Callable[[Any], None]], T], *, budget: float | None, lang: Lang, is_quiet: bool) -> T:
    """Run a search and show its progress.

    Parameters
    ----------
    work
        The search: takes the function that it calls with its progress, and returns its result.
    budget
        Seconds that it may take, for the bar; None where that is not known.
    lang
        Language of the words.
    is_quiet
        Whether nothing is shown.

    Returns
    -------
    object
        What `work` returns; what it raises is raised here.
    """
    latest: list[Seen] = []

    def note(seen: Seen) -> None:
        latest[:] = [seen]

    future: Future[T] = Future()
    threading.Thread(target=_fill, args=(future, work, note), name="search", daemon=True).start()
    display: _Display = _Display() if is_quiet else _Terminal(budget) if sys.stderr.isatty() else _Lines()
    with display:
        while not wait([future], timeout=TICK).done:
            if latest:
                display.show(latest[0], lang)
    return future.result()


def _fill(future: Future[T], work: Callable[[Callable[[Any], None]], T], note: Callable[[Seen], None]) -> None:
    try:
        future.set_result(work(note))
    except BaseException as error:  # noqa: BLE001 - raised again in the main thread
        future.set_exception(error)


class _Display:
    """How progress is shown; this one shows nothing."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, seen: Seen, lang: Lang) -> None:
        """Show how far the search is."""


class _Lines(_Display):
    """A line at each change of phase, and one every few seconds between."""

    def __init__(self) -> None:
        self._phase = ""
        self._last = 0.0

    def show(self, seen: Seen, lang: Lang) -> None:
        now = time.monotonic()
        if seen.phase != self._phase or now - self._last >= PAUSE:
            self._phase, self._last = seen.phase, now
            say(progress_line(seen, lang))


class _Terminal(_Display):
    """A bar in place: phase, share of the budget, visits placed and cost, time."""

    def __init__(self, budget: float | None) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
        self._bar: Bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task: TaskID = self._bar.add_task("", total=budget)

    def __enter__(self) -> None:
        self._bar.start()

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, seen: Seen, lang: Lang) -> None:
        self._bar.update(self._task, description=progress_line(seen, lang), completed=seen.seconds)
