"""Comparisons of scenarios as jobs: run after run, each kept when it is finished, so that whoever takes over goes on with the next."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from api.jobs import LostLease, Queue
from api.pulse import Pulse
from api.settings import Settings
from api.store.packing import unpacked
from matcher.errors import Fault
from matcher.plan import Plan
from matcher.problem import Problem
from scenarios.compare import compared
from scenarios.course import Course
from scenarios.edits import ScenarioFault, ScenarioSet, scenarios_from
from scenarios.runs import BASE, Stopped, Task, named, work

Json = dict[str, Any]
SLICE = 10.0
"""Seconds after which a comparison makes way, between two runs, for jobs of other callers that wait."""
POINTER = "/scenarios"
"""Where the scenarios stand in what was asked."""


@dataclass(frozen=True)
class Ended:
    """How a comparison ended; `comparison` is what it says, None where nothing is finished that could be compared."""

    state: str
    comparison: str | None
    result: Json
    progress: Json


class Shelf:
    """The runs of a job that this worker holds, in the database: those of workers before it, and its own."""

    def __init__(self, queue: Queue, pulse: Pulse, base: str) -> None:
        self._queue, self._pulse, self._base = queue, pulse, base
        self.records = queue.runs(pulse.job)
        self.is_anyone_waiting = False

    def find(self, task: Task) -> Json | None:
        """Return the record of a run, None where it has not been finished."""
        return self.records.get(task.key(self._base))

    def plan(self, name: str) -> Plan:
        """Return a plan of a run by its digest."""
        body = self._queue.run_plan(self._pulse.job, name)
        if body is None:
            raise LookupError(name)
        return Plan.parse(unpacked(body))

    def keep(self, record: Json, plan: Plan | None) -> Json:
        """Keep a run; raises `LostLease` where the job is another worker's by now."""
        if plan is not None:
            record["plan"] = named(plan)
        self.is_anyone_waiting = self._queue.keep_run(self._pulse.job, record, plan.to_json() if plan is not None else None)
        self.records[record["key"]] = record
        return record


class Comparing:
    """One worker's part in a comparison: from where others left it to its end, or until it has to stop or makes way."""

    def __init__(self, queue: Queue, pulse: Pulse, settings: Settings) -> None:
        self._pulse, self._settings = pulse, settings
        self._asked = pulse.job.settings
        self._begun = time.monotonic()
        self._problem = Problem.parse(unpacked(pulse.job.problem))
        self._scenarios = scenarios_from(self._asked["scenarios"])
        self._shelf = Shelf(queue, pulse, self._problem.digest)
        self._course = Course(self._scenarios)
        self._lock = threading.Lock()
        self._is_late = self._makes_way = self._has_failed = False

    def run(self) -> Ended | None:
        """Compare; returns None where the job is to be handed back.

        Raises
        ------
        LostLease
        ScenarioFault
            Edits that the week has nothing for, with pointers into what was asked.
        MatcherError
            A run that failed.
        """
        if not self._shelf.records and not self._pulse.is_over():
            refuse_unfit(self._problem, self._scenarios)
        left = self._course.replay(self._shelf.find)
        while left and not self._is_to_end():
            self._tell(left[0].scenario)
            self._all_of(left)
            left = self._course.replay(self._shelf.find)
        if self._pulse.is_lost:
            raise LostLease(self._pulse.job.id)
        if not left:
            return self._ended("done")
        if self._pulse.is_cancelled or self._is_late:
            return self._ended("stopped")
        return None

    def _is_to_end(self) -> bool:
        return self._pulse.is_over() or self._is_late or self._makes_way or self._has_failed

    def _all_of(self, batch: list[Task]) -> None:
        """Do the runs of a batch, some side by side. Equal edits are one run, whatever their scenarios are called."""
        alike: dict[str, Task] = {}
        for task in batch:
            alike.setdefault(task.key(self._problem.digest), task)
        todo = iter(alike.items())
        with ThreadPoolExecutor(self._asked["threads"]) as pool:
            futures = [pool.submit(self._some_of, todo) for _ in range(self._asked["threads"])]
        for future in futures:
            future.result()

    def _some_of(self, todo: Iterator[tuple[str, Task]]) -> None:
        while not self._is_to_end():
            with self._lock:
                key, task = next(todo, (None, None))
            if key is None or task is None:
                return
            try:
                self._do(key, task)
            except Stopped:
                return
            except BaseException:
                self._has_failed = True
                raise

    def _do(self, key: str, task: Task) -> None:
        limits = self._settings
        most = task.prove or (limits.max_budget if task.budget is None else task.budget)
        # A run in chunks alone has no clock of its own, and nobody holds a worker without end.
        until = time.monotonic() + limits.max_budget if task.budget is None and not task.prove else None
        self._pulse.allow(most)

        def is_over() -> bool:
            self._is_late = self._is_late or (until is not None and time.monotonic() > until)
            return self._is_late or self._pulse.is_over()

        try:
            work(self._problem, self._shelf, task, key, is_over)
        except ScenarioFault as error:
            # What is drawn differs from repeat to repeat, and only a later one may not fit the week.
            path = next((case.path for case in self._course.cases if case.id == task.scenario), "")
            raise ScenarioFault(Fault(f"{POINTER}{path}{fault.path}", fault.message, fault.code) for fault in error.faults) from None
        with self._lock:
            self._tell(task.scenario)
            if self._shelf.is_anyone_waiting and time.monotonic() - self._begun > SLICE:
                self._makes_way = True

    def _tell(self, scenario: str) -> None:
        self._pulse.worked = time.monotonic() - self._begun
        self._pulse.tell(self._progress("compare", scenario))

    def _progress(self, phase: str, scenario: str | None) -> Json:
        counts = {"done": len(self._shelf.records), "total": max(self._course.total, len(self._shelf.records))}
        return {"phase": phase, **counts, "scenario": scenario, "seconds": round(self._pulse.spent, 2)}

    def _ended(self, state: str) -> Ended:
        found = _compared(self._problem, self._scenarios, self._course)
        self._pulse.worked = time.monotonic() - self._begun
        counts = {"runs": len(self._shelf.records), "seconds": round(self._pulse.spent, 2)}
        result = {**counts, "missing": None if found is None else found["missing"]}
        text = None if found is None else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        return Ended(state, text, result, self._progress("end", None))


def refuse_unfit(problem: Problem, scenarios: ScenarioSet) -> None:
    """Raise `ScenarioFault`, with pointers into what was asked, for every edit that the week has nothing for."""
    try:
        for _ in scenarios.edited(problem):
            pass
    except ScenarioFault as error:
        raise ScenarioFault(Fault(f"{POINTER}{fault.path}", fault.message, fault.code) for fault in error.faults) from None


def so_far(problem: Problem, asked: Json, records: dict[str, Json]) -> Json | None:
    """Return what the finished runs of a comparison say that has not ended, None where none of the base week is finished."""
    scenarios = scenarios_from(asked)
    course = Course(scenarios)
    course.replay(lambda task: records.get(task.key(problem.digest)))
    return _compared(problem, scenarios, course)


def _compared(problem: Problem, scenarios: ScenarioSet, course: Course) -> Json | None:
    return compared(problem, scenarios, course) if any(scenario == BASE for scenario, _ in course.best) else None
