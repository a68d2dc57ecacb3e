"""What the suites share: a benchmark fixture's type, weeks, searchers, and a compiled loop over evaluations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks import neutral
from matcher.compile import Compiled, compile_problem
from matcher.instance import FAR, Longs
from matcher.kernels.cells import V_LOSS, pack, visit_row
from matcher.kernels.jit import kernel
from matcher.kernels.search import fill
from matcher.kernels.teams import best_place
from matcher.problem import Problem
from matcher.solvers.construct import construct
from matcher.solvers.searcher import Searcher
from matcher.solvers.warm import warm_up
from scenarios.weihai.week import make_week

ROOT = Path(__file__).parent.parent


class Benchmark(Protocol):
    """The part of pytest-benchmark's fixture that the suites use."""

    extra_info: dict[str, Any]

    def __call__(self, function: Callable[..., Any], *args: Any) -> Any: ...

    def pedantic(self, target: Callable[..., Any], **how: Any) -> Any: ...


@cache
def weihai(size: str) -> Problem:
    """Return the week of Weihai of a size, seed 1."""
    return make_week(size, 1)


@cache
def neutral_problem(visits: int) -> Problem:
    """Return a neutral week with a provider for every six or seven visits."""
    return neutral.problem_of(neutral.make_week(visits, visits * 3 // 20, 1))


def ready(problem: Problem) -> tuple[Compiled, Searcher]:
    """Return a problem compiled, with a searcher that has constructed a plan; every kernel is compiled."""
    compiled = compile_problem(problem)
    warm_up()
    searcher = Searcher.on(compiled.instance, pack(compiled.instance), 1)
    construct(searcher, lambda: False)
    return compiled, searcher


def mixed_week(pairs: int = 400) -> Problem:
    """Return a week of as many visits for one as for two, alike in all else: both kinds may go to the same people, at the same times.

    There is a provider for every five pairs, who works five days; each visit may be on one of them.
    """
    rng = np.random.default_rng(1)

    def place() -> dict[str, dict[str, float]]:
        x, y = rng.uniform(0, 4000, 2)
        return {"location": {"x": float(x), "y": float(y)}}

    def need(name: str, roles: int, day: int) -> dict[str, Any]:
        window = {"earliest": day * 86_400 + 8 * 3600, "latest": day * 86_400 + 16 * 3600}
        team = [{"id": f"r{k}", "kinds": ["volunteer"]} for k in range(roles)]
        return {"id": name, "community": "c", "category": "elderly", "minutes": 45, "windows": [window], "team": team, "meet": "together", **place()}

    needs = [need(f"{name}{k}", roles, k % 5) for k in range(pairs) for name, roles in (("one", 1), ("two", 2))]
    shifts = [{"from": day * 86_400 + 8 * 3600, "to": day * 86_400 + 18 * 3600} for day in range(5)]
    providers = [{"id": f"v{k}", "kind": "volunteer", "shifts": shifts, **place()} for k in range(pairs // 5)]
    return Problem.build(
        {
            "format": "sishe-problem/1",
            "horizon": {"start": "2026-11-23", "days": 7},
            "coordinates": "plane",
            "communities": [{"id": "c", "location": {"x": 2000, "y": 2000}}],
            "needs": needs,
            "providers": providers,
        }
    )


def half_filled(problem: Problem) -> tuple[Searcher, Longs, Longs]:
    """Return a searcher that holds the first half of a mixed week, and the visits of its other half: those for one, those for two."""
    compiled = compile_problem(problem)
    warm_up()
    searcher = Searcher.on(compiled.instance, pack(compiled.instance), 1)
    visits = np.arange(len(compiled.instance.visits))
    fill(*searcher.arrays, visits[: len(visits) // 2], searcher.is_timed)
    rest = visits[len(visits) // 2 :]
    roles = compiled.instance.visits["roles"][rest]
    return searcher, rest[roles == 1], rest[roles == 2]


def evaluate(searcher: Searcher, visits: Longs) -> int:
    """Look for the best place of each absent visit, without placing it; returns how many have one."""
    found: int = evaluate_all(searcher.ins, searcher.pts, searcher.rt, searcher.wk, visits, searcher.is_timed)
    return found


@kernel  # type: ignore[untyped-decorator]
def evaluate_all(ins: Any, pts: Any, rt: Any, wk: Any, visits: Any, is_timed: Any) -> Any:
    """Evaluate the insertion of each visit, in compiled code, so that no call from Python is measured."""
    found = 0
    for v in visits:
        cost, _ = best_place(ins, pts, rt, wk, v, ins[visit_row(ins, v) + V_LOSS], False, is_timed)
        if cost < FAR:
            found += 1
    return found


def least_seconds(*functions: Callable[[], Any], rounds: int = 40) -> list[float]:
    """Return the least seconds that each call takes, over rounds in which they take turns: what disturbs one disturbs the others."""
    least = [float("inf")] * len(functions)
    for _ in range(rounds):
        for k, function in enumerate(functions):
            began = time.perf_counter()
            function()
            least[k] = min(least[k], time.perf_counter() - began)
    return least


CHILD = """
import json, resource, sys, time
{body}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({{**figures, "peak_gib": peak / (1024**2 if sys.platform != "darwin" else 1024**3)}}))
"""


def in_child(body: str) -> dict[str, Any]:
    """Run statements that leave a dict ``figures`` in a Python of their own; returns it, with the ``peak_gib`` of memory and
    the ``wall`` seconds, the start of the interpreter among them."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", CHILD.format(body=body)], cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}")
    figures: dict[str, Any] = {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - began}
    return figures
