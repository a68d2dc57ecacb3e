"""One run: an instance, a contestant, a seed, seconds and threads; judged, and written as one line of JSON.

Every run has a process of its own, so that neither memory nor warmth passes from one contestant to the next. The engine and its peers get the same
seconds and threads. What is read and judged afterwards is on nobody's clock; what a contestant makes of the instance first (matrices, a compiled
problem) is on its own, except that the engine's search keeps its seconds and the rest comes on top, as its users meet it.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import hhcrsp, machine, neutral
from benchmarks.judge import judge
from matcher.solve import solve

if TYPE_CHECKING:
    from benchmarks.families import Instance
    from matcher.plan import Plan, Result

OWN = "sishe"
PEERS = ("vroom", "pyvrp", "ortools")
SEEDLESS = ("vroom", "ortools")
"""Peers that take no seed: they run once, under seed 0, and are compared with every seed of the engine."""


@dataclass(frozen=True)
class Run:
    """What came of one run.

    Attributes
    ----------
    version
        The release of a peer, or a digest of the engine's sources.
    cost
        By the judge, in the family's own measure; None where the solution breaks a rule or there is none.
    seconds
        From the instance in memory to a solution in memory.
    peak_mib
        Most memory that the process, or the largest of its own, held.
    trace
        Seconds and cost, each time that the best so far got better.
    load
        How busy the machine was before the run.
    error
        What went wrong, where the contestant gave no solution.
    """

    family: str
    group: str
    instance: str
    contestant: str
    version: str
    seed: int
    budget: float
    threads: int
    cost: float | None = None
    details: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    peak_mib: int = 0
    trace: list[tuple[float, float]] = field(default_factory=list)
    machine: str = ""
    commit: str = ""
    load: float = 0.0
    error: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What a second run of would be for nothing."""
        return self.family, self.instance, self.contestant, self.version, self.seed, self.budget, self.threads

    def to_line(self) -> str:
        """Return the run as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Run:
        """Return the run that a line of JSON holds. Raises `ValueError` or `TypeError` where it holds none."""
        data = json.loads(line)
        data["trace"] = [(float(seconds), float(cost)) for seconds, cost in data["trace"]]
        return cls(**data)


def read_runs(path: Path) -> list[Run]:
    """Return the runs of a file, the oldest first; none where there is no file. A last line that was cut off is passed over."""
    runs = []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    for k, line in enumerate(lines):
        try:
            runs.append(Run.from_line(line))
        except (ValueError, TypeError, KeyError):
            if k < len(lines) - 1 or line.endswith("\n"):
                raise ValueError(f"line {k + 1} of the file of runs holds no run") from None
    return runs


def add_run(path: Path, run: Run) -> None:
    """Add a run to a file, on a line of its own even where the last one was cut off."""
    cut = ""
    if path.exists():
        text = path.read_text(encoding="utf-8")
        cut = text[text.rfind("\n") + 1 :]
        if cut:
            path.write_text(text.removesuffix(cut), encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write(run.to_line())


def solve_hhcrsp(instance: dict[str, Any], **limits: Any) -> tuple[dict[str, Any], Result]:
    """Solve an HHCRSP instance with the engine; returns the solution in the published form and the engine's result."""
    problem = hhcrsp.problem_of(instance)
    result = solve(problem, **limits)
    return hhcrsp.solution_of(instance, problem, result.plan), result


def solve_week(week: dict[str, Any], **limits: Any) -> tuple[neutral.Routes, Result]:
    """Solve a neutral week with the engine; returns the routes and the engine's result."""
    problem = neutral.problem_of(week)
    result = solve(problem, **limits)
    return neutral.routes_of(week, problem, result.plan), result


def most_weight(week: dict[str, Any], plan: Plan, seconds: float, threads: int) -> int:
    """Return a weight that no plan of a neutral week exceeds, by the bound that is proved in so many seconds where travel has no price.

    Travel takes its time there as well; that a plan also pays for it can only lessen the weight that is worth having. `plan` guides the proof.
    """
    free = neutral.problem_of(week, travel=0)
    result = solve(free, chunks=0, threads=threads, start=plan, prove=seconds)
    assert result.bound is not None
    return neutral.total_weight(week) - math.ceil(result.bound / neutral.UNSERVED)


def warm_up() -> None:
    """Have the engine's kernels compiled, or loaded from the last time, off the clock."""
    solve(neutral.problem_of(neutral.make_week(4, 2, 1)), chunks=1, threads=1)


def plan_run(instance: Instance, contestant: str, seed: int, budget: float, threads: int) -> Run:
    """Return a run that is still to be done."""
    version = machine.version_of(contestant)
    return Run(instance.family, instance.group, instance.name, contestant, version, seed, budget, threads)


def do_run(run: Run, instance: Instance) -> Run:
    """Do a run in a process of its own; returns it with what came of it."""
    found: dict[str, Any] = {"machine": machine.machine(), "commit": machine.commit(), "load": round(machine.load(), 2)}
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            found.update(pool.submit(_work, run, instance).result())
        except BrokenProcessPool:
            found["error"] = "the process was killed, most likely for its memory"
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
            found["error"] = f"{type(error).__name__}: {error}"[:300]
    return Run(**{**asdict(run), **found})


def _work(run: Run, instance: Instance) -> dict[str, Any]:
    content = instance.load()
    found = _compete_on_week(content, run) if instance.is_neutral else _compete_on_hhcrsp(content, run, instance)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {**found, "peak_mib": peak // (1024 if sys.platform != "darwin" else 1024**2)}


def _compete_on_hhcrsp(content: dict[str, Any], run: Run, instance: Instance) -> dict[str, Any]:
    if run.contestant != OWN:
        raise ValueError(f"{run.contestant} cannot express a visit by two caregivers")
    warm_up()
    began = time.perf_counter()
    solution, result = solve_hhcrsp(content, budget=run.budget, threads=run.threads, seed=run.seed)
    seconds = time.perf_counter() - began
    verdict = judge(content, solution)
    return {
        "cost": round(verdict.cost, 4) if verdict.is_feasible else None,
        "details": {"broken": verdict.broken[:5]} if verdict.broken else {},
        "seconds": round(seconds, 2),
        "trace": _thinned([(at.seconds, round(hhcrsp.cost_of(at.cost), 3)) for at in result.trace if at.assigned == instance.visits]),
    }


def _compete_on_week(week: dict[str, Any], run: Run) -> dict[str, Any]:
    trace: list[tuple[float, float]]
    if run.contestant == OWN:
        warm_up()
        began = time.perf_counter()
        routes, result = solve_week(week, budget=run.budget, threads=run.threads, seed=run.seed)
        trace = [(at.seconds, at.cost) for at in result.trace]
    else:
        peer = import_module(f"benchmarks.peers.{run.contestant}")
        began = time.perf_counter()
        routes, trace = peer.solve(week, run.budget, run.threads, run.seed)
    seconds = time.perf_counter() - began
    verdict = neutral.judge(week, routes)
    broken = verdict.pop("broken")
    return {
        "cost": neutral.cost_of(week, verdict) if not broken else None,
        "details": {**verdict, "of": neutral.total_weight(week), "visits": len(week["visits"]), **({"broken": broken[:5]} if broken else {})},
        "seconds": round(seconds, 2),
        "trace": _thinned(trace),
    }


def _thinned(trace: list[tuple[float, float]], most: int = 200) -> list[tuple[float, float]]:
    """Return the first, the last and some points between."""
    step = max(1, -(-len(trace) // most))
    kept = [*trace[:-1:step], trace[-1]] if trace else []
    return [(round(seconds, 3), cost) for seconds, cost in kept]
