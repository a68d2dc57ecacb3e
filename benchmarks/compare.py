"""Two commits, one machine: the suites are run at both, in turn, and the ratio of their times is what counts.

Each commit is checked out in a folder of its own and found there by Python first, so that both share the interpreter and the libraries of this
environment. The turns alternate, and the least mean of each counts, so that a machine that slows down or warms up slows down both.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import ROOT


class CompareError(Exception):
    """Two commits cannot be compared; says why."""


@dataclass(frozen=True)
class Ratio:
    """Seconds of one benchmark at two commits."""

    name: str
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes after as before."""
        return self.after / self.before


def compare(before: str, after: str, rounds: int, options: list[str], say: Callable[[str], None]) -> tuple[list[Ratio], list[str]]:
    """Run the suites at two commits; returns the ratios, and the benchmarks that only one of them has.

    Parameters
    ----------
    rounds
        How often each commit has its turn.
    options
        Passed on to pytest: ``-k``, ``-m`` and what follows them.
    say
        Told what is going on.

    Raises
    ------
    CompareError
        If git knows no such commit, or the suites cannot be run at one.
    """
    times: dict[str, list[dict[str, float]]] = {before: [], after: []}
    with ExitStack() as stack:
        trees = {commit: stack.enter_context(_checkout(commit)) for commit in times}
        for turn in range(rounds):
            for commit, tree in trees.items() if turn % 2 == 0 else reversed(trees.items()):
                say(f"round {turn + 1} of {rounds}: {commit}")
                times[commit].append(_run(tree, commit, options))
    return ratios(times[before], times[after])


def ratios(before: Iterable[dict[str, float]], after: Iterable[dict[str, float]]) -> tuple[list[Ratio], list[str]]:
    """Return the ratio of the least times of each benchmark that both sides have, and the names of those that one has."""
    old, new = _least(before), _least(after)
    return [Ratio(name, old[name], new[name]) for name in old if name in new], sorted(old.keys() ^ new.keys())


def _least(rounds: Iterable[dict[str, float]]) -> dict[str, float]:
    least: dict[str, float] = {}
    for times in rounds:
        for name, seconds in times.items():
            least[name] = min(seconds, least.get(name, math.inf))
    return least


def report(found: list[Ratio], odd: list[str]) -> dict[str, Any]:
    """Return what a comparison found as plain JSON values: each benchmark with its ratio, and the geometric mean of the ratios."""
    mean = math.exp(sum(math.log(each.ratio) for each in found) / len(found)) if found else None
    return {
        "benchmarks": [
            {"name": each.name, "before": round(each.before, 9), "after": round(each.after, 9), "ratio": round(each.ratio, 3)} for each in found
        ],
        "mean_ratio": None if mean is None else round(mean, 3),
        "only_one_side": odd,
    }


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        tree = Path(folder) / "tree"
        made = _git("worktree", "add", "--detach", str(tree), f"{commit}^{{commit}}")
        if made.returncode:
            raise CompareError(f"git cannot check out {commit!r}: {(made.stderr.strip().splitlines() or ['it does not say why'])[-1]}")
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True, text=True)


def _run(tree: Path, commit: str, options: list[str]) -> dict[str, float]:
    """Return the mean seconds of each benchmark at a commit."""
    file = tree.parent / "times.json"
    command = [sys.executable, "-m", "pytest", "benchmarks", "-q", "--benchmark-only", f"--benchmark-json={file}", "--benchmark-disable-gc", *options]
    env = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=env, check=False, capture_output=True, text=True)
    # A suite whose assertion fails (1) has still been measured.
    if done.returncode not in {0, 1} or not file.exists():
        last = (done.stdout + done.stderr).strip().splitlines()
        raise CompareError(f"the suites cannot be run at {commit!r} (pytest ended with {done.returncode}): {last[-1] if last else ''}")
    data = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()
    return {each["fullname"]: float(each["stats"]["mean"]) for each in data["benchmarks"]}
