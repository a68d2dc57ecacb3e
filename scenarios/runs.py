"""Solving many edited weeks side by side: worker processes that stay warm, a result file for each run, and going on where the last time ended.

A run is one scenario and one replicate. Replicate r has the solver's seed and the draws of the edits in common over all scenarios. With a warm start
every run, the base week's too, starts from the plan of the base week of its replicate and has the same budget.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from matcher.errors import InternalError, MatcherError
from matcher.files import read_bytes, write_atomic
from matcher.plan import Plan
from matcher.problem import Problem

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from scenarios.edits.models import BaseEdit, Settings

Json = dict[str, Any]
BASE: Final = "base"
"""The id of the week without edits."""
FIRST: Final = "first"
"""The id of the runs that make the plans which all others start from."""
FORMAT: Final = 1
"""Raised when the record of a run changes, so that older files are not taken for results."""


@dataclass(frozen=True, eq=False)
class Task:
    """One run: what is edited, how it is drawn, how it is solved."""

    scenario: str
    replicate: int
    edits: tuple[BaseEdit, ...]
    seed: int
    budget: float | None
    chunks: int | None
    start: str | None = None
    """The digest of the plan that it starts from, which stands in the folder of plans by that name."""
    prove: float = 0.0
    """Seconds; where they are given, the run proves a bound for the plan that it starts from and searches no further."""

    def key(self, base: str) -> str:
        """Return the name of its result: a digest of the week and of everything that decides the result."""
        edits = [edit.model_dump(mode="json", by_alias=True) for edit in self.edits]
        content = [FORMAT, version("sishe-matcher"), base, edits, self.replicate, self.seed, self.budget, self.chunks, self.start, self.prove]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


@dataclass
class Store:
    """The folder of a comparison: ``runs`` holds a JSON file for each run, ``plans`` its plan. Files are written whole or not at all."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("runs", "plans"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Json | None:
        """Return the record of a run, None where it has not been finished."""
        try:
            record = json.loads(read_bytes(self.folder / "runs" / f"{key}.json"))
        except (OSError, ValueError):
            return None
        has_plan = record.get("plan") is None or (self.folder / "plans" / f"{record['plan']}.json.gz").exists()
        return record if isinstance(record, dict) and record.get("key") == key and has_plan else None

    def keep(self, record: Json, plan: Plan | None) -> Json:
        """Write a plan, then the record that speaks of it."""
        if plan is not None:
            record["plan"] = named(plan)
            write_atomic(self.folder / "plans" / f"{record['plan']}.json.gz", plan.to_json())
        write_atomic(self.folder / "runs" / f"{record['key']}.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")
        return record

    def plan(self, name: str) -> Plan:
        """Return a plan by its digest."""
        return Plan.read(self.folder / "plans" / f"{name}.json.gz")


class Shelf(Protocol):
    """Where a run finds the plan that it starts from and leaves its result: a `Store`, or whatever else keeps them."""

    def plan(self, name: str) -> Plan:
        """Return a plan by its digest."""

    def keep(self, record: Json, plan: Plan | None) -> Json:
        """Keep a plan and the record that speaks of it, by `named`."""


def named(plan: Plan) -> str:
    """Return the digest by which a plan is kept."""
    return hashlib.sha256(plan.to_json().encode()).hexdigest()[:32]


class Stopped(Exception):
    """A run was told to stop before its end."""


class RunError(MatcherError):
    """A run that failed, with the scenario and the replicate."""


@dataclass(frozen=True)
class Step:
    """How far a comparison is."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks: Sequence[Task], on_step: Told | None = None, *, done: int = 0, total: int | None = None) -> dict[Task, Json]:
        """Return the record of each task; those found in the store are not done again.

        Raises
        ------
        RunError
            If a run fails; those that are finished by then are kept.
        """
        total = len(tasks) if total is None else total
        begin = time.monotonic()
        out: dict[Task, Json] = {}
        # Equal edits are one run, whatever their scenarios are called.
        alike: dict[str, list[Task]] = {}
        for task in tasks:
            alike.setdefault(task.key(self.problem.digest), []).append(task)
        for key, same in alike.items():
            record = self.store.find(key)
            if record is not None:
                out.update(dict.fromkeys(same, record))
        found = len(out)

        def tell(task: Task) -> None:
            if on_step is not None:
                on_step(Step(done + len(out), total, done + found, time.monotonic() - begin, task.scenario))

        left = [(key, same[0]) for key, same in alike.items() if same[0] not in out]
        if tasks:
            tell(left[0][1] if left else tasks[-1])
        queue = iter(left)
        waiting: dict[Future[Json], tuple[str, Task]] = {}
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

    def _submit(self, task: Task, key: str) -> Future[Json]:
        if self.jobs < 1:
            future: Future[Json] = Future()
            future.set_result(work(self.problem, self.store, task, key))
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


def _result(future: Future[Json], task: Task) -> Json:
    try:
        return future.result()
    except MatcherError as error:
        raise RunError(f"scenario {task.scenario!r}, replicate {task.replicate}: {error}") from error
    except Exception as error:
        raise InternalError(f"scenario {task.scenario!r}, replicate {task.replicate}: {type(error).__name__}: {error}") from error


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


def _work(task: Task, key: str) -> Json:
    return work(_worker["problem"], _worker["store"], task, key)


def work(base: Problem, store: Shelf, task: Task, key: str, cancelled: Callable[[], bool] | None = None) -> Json:
    """Do one run and keep its result; returns its record. Raises `Stopped` where `cancelled` says so before the end."""
    from matcher.solve import solve  # noqa: PLC0415 - the engine loads only where it is used
    from scenarios.edits.apply import apply  # noqa: PLC0415
    from scenarios.figures import figures_of  # noqa: PLC0415

    edited = apply(base, task.edits, draw=task.replicate, path="")
    start = None if task.start is None else store.plan(task.start)
    limits: Json = {"budget": 0.0} if task.prove else {"budget": task.budget, "chunks": task.chunks}
    result = solve(edited.problem, **limits, seed=task.seed, threads=1, start=start, prove=task.prove, cancelled=cancelled)
    if result.status == "stopped" or (cancelled is not None and cancelled()):
        raise Stopped(key)
    record: Json = {
        "key": key,
        "seed": task.seed,
        "way": edited.way,
        "problem": edited.problem.digest,
        "status": result.status,
        "cost": result.cost,
        "terms": {str(term): value for term, value in result.terms.items()},
        "bound": result.bound,
        "gap": result.gap,
        "chunks": result.chunks,
        "seconds": round(result.seconds, 3),
        "plan": None,
        "figures": figures_of(edited.problem, result.plan, result.cost, yardstick=base),
    }
    return store.keep(record, None if task.prove else result.plan)


def first_tasks(settings: Settings) -> list[Task]:
    """Return the runs that make the plans of the base week which all others start from."""
    return [Task(FIRST, r, (), r, settings.budget, settings.chunks) for r in replicates(settings)]


def replicates(settings: Settings) -> range:
    """Return the replicates: their number is the seed of the solver and of the draws."""
    return range(settings.first_seed, settings.first_seed + settings.seeds)
