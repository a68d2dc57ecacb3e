"""Working side by side: processes that stay warm take jobs, and what a job found in the folder of an earlier time is not done again.

A job is whatever has a key, by which its record is kept, and can be done by a process that knows the base week: a run of a scenario, a week that is
planned again, a plan that is followed through drawn weeks.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from matcher.errors import InternalError, MatcherError
from matcher.problem import Problem
from scenarios.runs import Store

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

Json = dict[str, Any]


class Job(Protocol):
    """Work that can be done apart from all other; two of equal keys have equal results. ``str`` of it says which it is where it fails."""

    @property
    def name(self) -> str:
        """What it is about, for whoever watches."""
        ...

    def key(self, base: str) -> str:
        """Return the name of its record, by the digest of the base week and everything that decides the result."""
        ...

    def work(self, base: Problem, store: Store, key: str) -> Json:
        """Do it and keep its record, which is returned."""
        ...


J = TypeVar("J", bound=Job)


class RunError(MatcherError):
    """A job that failed, and which."""


@dataclass(frozen=True)
class Step:
    """How far the jobs are."""

    done: int
    total: int
    found: int
    """Of those done, how many were there from an earlier time."""
    seconds: float
    scenario: str

    @property
    def left(self) -> float | None:
        """Seconds to the end at the pace so far, None while there is none."""
        worked = self.done - self.found
        return self.seconds / worked * (self.total - self.done) if worked else None


Told = Callable[[Step], None]


@dataclass
class Workers:
    """Worker processes that know the base week and have the engine loaded; made when first needed, gone at the end of the ``with`` block."""

    problem: Problem
    store: Store
    jobs: int
    _pool: ProcessPoolExecutor | None = field(default=None, repr=False)
    _begin: float = field(default_factory=time.monotonic, repr=False)
    _done: int = field(default=0, repr=False)
    _found: int = field(default=0, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks: Sequence[J], on_step: Told | None = None, *, total: int | None = None) -> dict[J, Json]:
        """Return the record of each job; those found in the store are not done again.

        Parameters
        ----------
        on_step
            Called when a job ends, with what all calls so far have done.
        total
            How many jobs there are in all calls together; those so far if left out.

        Raises
        ------
        RunError
            If a job fails; those that are finished by then are kept.
        """
        before, total = self._done, self._done + len(tasks) if total is None else total
        out: dict[J, Json] = {}
        # Equal edits are one run, whatever their scenarios are called.
        alike: dict[str, list[J]] = {}
        for task in tasks:
            alike.setdefault(task.key(self.problem.digest), []).append(task)
        for key, same in alike.items():
            record = self.store.find(key)
            if record is not None:
                out.update(dict.fromkeys(same, record))
        self._found += len(out)

        def tell(task: J) -> None:
            self._done = before + len(out)
            if on_step is not None:
                on_step(Step(self._done, total, self._found, time.monotonic() - self._begin, task.name))

        left = [(key, same[0]) for key, same in alike.items() if same[0] not in out]
        if tasks:
            tell(left[0][1] if left else tasks[-1])
        queue = iter(left)
        waiting: dict[Future[Json], tuple[str, J]] = {}
        try:
            # One more than there are workers, so that none waits and little is under way when the program is stopped.
            for key, task in itertools.islice(queue, self.jobs + 1):
                waiting[self._submit(task, key)] = key, task
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    key, task = waiting.pop(future)
                    out.update(dict.fromkeys(alike[key], _result(future, task)))
                    tell(task)
                    for more, other in itertools.islice(queue, 1):
                        waiting[self._submit(other, more)] = more, other
        except BaseException:
            for future in waiting:
                future.cancel()
            self._stop()
            raise
        return {task: out[task] for task in tasks}

    def _submit(self, task: Job, key: str) -> Future[Json]:
        if self.jobs < 1:
            future: Future[Json] = Future()
            future.set_result(task.work(self.problem, self.store, key))
            return future
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            given = (self.problem.to_json(), str(self.store.folder))
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=context, initializer=_begin, initargs=given)
        return self._pool.submit(_work, task, key)

    def _stop(self) -> None:
        """End the workers at once: what they have under way is not worth the wait."""
        if self._pool is None:
            return
        processes: Iterable[BaseProcess] = list((self._pool._processes or {}).values())  # noqa: SLF001 - there is no public way before Python 3.14
        for process in processes:
            process.terminate()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None


def _result(future: Future[Json], task: Job) -> Json:
    try:
        return future.result()
    except MatcherError as error:
        raise RunError(f"{task}: {error}") from error
    except Exception as error:
        raise InternalError(f"{task}: {type(error).__name__}: {error}") from error


_worker: dict[str, Any] = {}


def _begin(problem: str, folder: str) -> None:
    """Set a worker up: it leaves Ctrl-C to its parent, and ends when its parent does, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _worker.update(problem=Problem.parse(problem), store=Store(Path(folder)))


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _work(task: Job, key: str) -> Json:
    return task.work(_worker["problem"], _worker["store"], key)
