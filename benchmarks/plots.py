"""Plots of how the gap to the best known cost falls over time, the engine beside its peers: one SVG for each group of instances."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.contest import OWN, Run
from benchmarks.tables import best_costs, current, gap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {OWN: "#b2182b", "vroom": "#2166ac", "pyvrp": "#1b7837", "ortools": "#e08214"}
POINTS = 200
FIRST = 0.1
"""Seconds from which the axis starts; it is logarithmic."""


def gaps_over_time(runs: Iterable[Run], best: dict[tuple[str, str], float], moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean gap of some runs at each moment, NaN as long as any of them has no solution."""
    gaps = []
    for run in runs:
        at = np.full(len(moments), np.nan)
        for seconds, cost in run.trace:
            at[moments >= seconds] = gap(cost, best[run.family, run.instance])
        gaps.append(at)
    mean: npt.NDArray[np.float64] = np.mean(gaps, axis=0)
    return mean


def draw(runs: Iterable[Run], folder: Path) -> list[str]:
    """Draw each group, budget and number of threads into a folder; returns the names of the files. Equal runs give equal bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - a second to import, and not there without the benchmarks' own dependencies
    from matplotlib.figure import Figure  # noqa: PLC0415

    runs = [run for run in current(runs) if run.cost is not None and run.trace]
    best = best_costs(runs)
    parts: dict[tuple[str, float, int], list[Run]] = {}
    for run in runs:
        parts.setdefault((run.group, run.budget, run.threads), []).append(run)
    names = []
    with mpl.rc_context({"svg.hashsalt": "sishe", "svg.fonttype": "none"}):
        for (group, budget, threads), those in sorted(parts.items()):
            figure = Figure(figsize=(7, 4.2), layout="constrained")
            axes = figure.add_subplot()
            _curves(axes, those, best, budget)
            axes.set_title(f"{group}: {budget:g} s, {threads} thread{'s' if threads > 1 else ''}")
            name = f"{group.replace(' ', '-')}-{budget:g}s-{threads}.svg"
            figure.savefig(folder / name, metadata={"Date": None})
            names.append(name)
    return names


def _curves(axes: Axes, runs: list[Run], best: dict[tuple[str, str], float], budget: float) -> None:
    end = max([budget, 2 * FIRST, *(run.trace[-1][0] for run in runs)])
    moments = np.geomspace(FIRST, end, POINTS)
    for contestant in sorted({run.contestant for run in runs}, key=lambda name: (name != OWN, name)):
        own = [run for run in runs if run.contestant == contestant]
        color = COLORS.get(contestant, "#555555")
        curve = gaps_over_time(own, best, moments)
        if all(len(run.trace) == 1 for run in own):
            # A contestant that speaks only at its end is a point, at the mean of its ends.
            seconds = float(np.mean([run.trace[0][0] for run in own]))
            axes.plot([seconds], [curve[-1]], "o", color=color, label=contestant)
        else:
            axes.step(moments, curve, where="post", color=color, label=contestant)
    axes.set_xscale("log")
    axes.set_xlabel("seconds")
    axes.set_ylabel("mean gap to the best known, %")
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend()
