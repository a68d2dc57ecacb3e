"""The runs of edited weeks, and the folder that keeps what they found: a result file for each, from which another time goes on.

A run is one scenario and one replicate. Replicate r has the solver's seed and the draws of the edits in common over all scenarios. With a warm start
every run, the base week's too, starts from the plan of the base week of its replicate and has the same budget.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from matcher.files import read_bytes, write_atomic
from matcher.plan import Plan
from matcher.versions import own_version

if TYPE_CHECKING:
    from matcher.problem import Problem
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

    @property
    def name(self) -> str:
        """The scenario, for whoever watches."""
        return self.scenario

    def key(self, base: str) -> str:
        """Return the name of its result: a digest of the week and of everything that decides the result."""
        edits = [edit.model_dump(mode="json", by_alias=True) for edit in self.edits]
        return digest_of(base, edits, self.replicate, self.seed, self.budget, self.chunks, self.start, self.prove)

    def work(self, base: Problem, store: Store, key: str) -> Json:
        """Do the run and keep its result; returns its record."""
        return work(base, store, self, key)

    def __str__(self) -> str:
        return f"scenario {self.scenario!r}, replicate {self.replicate}"


def digest_of(*content: Any) -> str:
    """Return the name of a result by everything that decides it, as JSON values; another version of the program gives other names."""
    return hashlib.sha256(json.dumps([FORMAT, own_version(), *content], sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


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
            record["plan"] = self.put(plan)
        write_atomic(self.folder / "runs" / f"{record['key']}.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")
        return record

    def put(self, plan: Plan) -> str:
        """Write a plan; returns its digest, by which it is found."""
        text = plan.to_json()
        name = _name_of(text)
        write_atomic(self.folder / "plans" / f"{name}.json.gz", text)
        return name

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
    return _name_of(plan.to_json())


def _name_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Stopped(Exception):
    """A run was told to stop before its end."""


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
