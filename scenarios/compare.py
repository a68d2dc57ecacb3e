"""`compare`: every scenario of a set against the week without edits, each figure with what its repeats can and cannot say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.edits import Case, ScenarioSet
from scenarios.figures import GOOD, flat, places_of
from scenarios.runs import BASE, Store, Task, Told, Workers, first_tasks, replicates
from scenarios.statistics import Estimate, Spread, estimate, knee, pooled
from scenarios.words import LANGS, Lang, word

if TYPE_CHECKING:
    from matcher.problem import Problem

Json = dict[str, Any]
FORMAT: Final = "sishe-comparison/1"
LEADING: Final = "unserved"
"""The measure by which a scenario is called better or worse: the urgency weight that is left out, by the yardstick of the base week."""
CURVES: Final = ("rate", "unserved", "visits_served", "yuan", "travel_hours")
DEFAULT_BUDGET: Final = 5.0
Differences = dict[tuple[str, str], list[float]]
"""By scenario and measure: what each replicate has more than the base week's."""
Pools = dict[str, tuple[Spread, Spread]]
"""By measure: what replicates of a scenario differ by, and what their differences to the base week do."""


@dataclass(frozen=True)
class _Runs:
    """The records of a case, one for each replicate, and its bound."""

    case: Case
    records: Sequence[Json]
    proof: Json | None


def compare(problem: Problem, scenarios: ScenarioSet, folder: Path, *, jobs: int = 2, on_step: Told | None = None) -> Json:
    """Solve the base week and every scenario, and return the comparison as plain JSON values.

    Parameters
    ----------
    folder
        Where a result file for each run is kept; what is there already is not done again.
    jobs
        Worker processes, each with one thread; 0 solves in this process.
    on_step
        Called when a run ends.

    Raises
    ------
    ScenarioFault
        Edits that the week has nothing for, all at once, before anything is solved.
    RunError, InternalError
        A run that failed; run again to go on with the others.
    """
    for _ in scenarios.edited(problem):
        pass
    settings = scenarios.settings
    if settings.budget is None and settings.chunks is None:
        settings = settings.model_copy(update={"budget": DEFAULT_BUDGET})
    base = Case(BASE, "", (), "")
    cases = [base, *scenarios.cases]
    numbers = replicates(settings)
    first = first_tasks(settings) if settings.warm else []
    total = len(first) + len(cases) * len(numbers) + (len(cases) if settings.prove else 0)
    with Workers(problem, Store(folder), jobs) as workers:
        begun = workers.run(first, on_step, total=total)
        starts = {task.replicate: record["plan"] for task, record in begun.items()}
        # Replicate by replicate, so that a comparison that is cut short has seen every scenario.
        tasks = {(case.id, r): Task(case.id, r, case.edits, r, settings.budget, settings.chunks, starts.get(r)) for r in numbers for case in cases}
        records = workers.run(list(tasks.values()), on_step, done=len(first), total=total)
        proofs: dict[str, Json] = {}
        if settings.prove:
            asked = {
                case.id: Task(case.id, numbers[0], case.edits, numbers[0], None, None, records[tasks[case.id, numbers[0]]]["plan"], settings.prove)
                for case in cases
            }
            proved = workers.run(list(asked.values()), on_step, done=len(first) + len(tasks), total=total)
            proofs = {name: proved[task] for name, task in asked.items()}
    runs = [_Runs(case, [records[tasks[case.id, r]] for r in numbers], proofs.get(case.id)) for case in cases]
    return _compared(problem, scenarios, settings.model_dump(mode="json", by_alias=True), runs)


def _compared(problem: Problem, scenarios: ScenarioSet, settings: Json, runs: list[_Runs]) -> Json:
    tables = {run.case.id: [flat(record["figures"]) for record in run.records] for run in runs}
    names = list(dict.fromkeys(name for rows in tables.values() for row in rows for name in row))
    base = tables[BASE]
    differences = {
        (case, name): [row.get(name, 0.0) - before.get(name, 0.0) for row, before in zip(rows, base, strict=True)]
        for case, rows in tables.items()
        for name in names
    }
    pools = {
        name: (
            pooled([row.get(name, 0.0) for row in rows] for rows in tables.values()),
            pooled(values for (case, other), values in differences.items() if other == name and case != BASE),
        )
        for name in names
    }
    week = {"name": problem.name, "note": problem.note, "digest": problem.digest, "visits": len(problem.visits), "providers": len(problem.providers)}
    rows = [_row(run, tables[run.case.id], differences, pools) for run in runs]
    for row in rows[1:]:
        row["says"] = {lang: says(row, rows[0], lang) for lang in LANGS}
    return {
        "format": FORMAT,
        "title": scenarios.title,
        "note": scenarios.note,
        "week": week,
        "places": places_of(problem),
        "settings": settings,
        "base": rows[0],
        "scenarios": rows[1:],
        "grids": [_grid(name, title, [row for row in rows if row["grid"] == name]) for name, title in scenarios.grids.items()],
    }


def _row(run: _Runs, table: list[dict[str, float]], differences: Differences, pools: Pools) -> Json:
    case = run.case
    way = run.records[0]["way"]
    measures: Json = {}
    for name in table[0] | {name: 0.0 for row in table for name in row}:
        values = [row.get(name, 0.0) for row in table]
        measures[name] = estimate(values, pools[name][0]).to_json() | {"values": [round(value, 6) for value in values]}
        if case.id != BASE:
            found = estimate(differences[case.id, name], pools[name][1])
            measures[name]["difference"] = found.to_json() | {"is_noise": found.is_noise}
    proof = run.proof or (run.records[0] if run.records[0]["bound"] is not None else None)
    row: Json = {
        "id": case.id,
        "title": case.title or case.id,
        "grid": case.grid,
        "values": case.values,
        "way": way,
        "edits": [edit.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"edit": edit.edit} for edit in case.edits],
        "measures": measures,
        "bound": None if proof is None else proof["bound"],
        "gap": None if proof is None else proof["gap"],
        # of the first repeat; the files of the runs have them all
        "figures": run.records[0]["figures"],
        "runs": [{name: value for name, value in record.items() if name != "figures"} for record in run.records],
    }
    if case.id != BASE:
        row["verdict"] = _verdict(way, estimate(differences[case.id, LEADING], pools[LEADING][1]))
    return row


def _verdict(way: str, found: Estimate) -> str:
    """Return ``better``, ``worse``, ``noise`` or ``against`` (a difference that the edits rule out, so that it can be nothing but noise)."""
    gain = GOOD[LEADING] * found.mean
    if (way == "tighter" and gain > 0) or (way == "looser" and gain < 0) or (way == "same" and gain != 0):
        return "against" if not found.is_noise else "noise"
    if found.is_noise:
        return "noise"
    return "better" if gain > 0 else "worse"


def _grid(name: str, title: str, rows: list[Json]) -> Json:
    """Return the curves of a grid over one name with numbers as values; other grids have only their points."""
    points = [{"id": row["id"], "values": row["values"]} for row in rows]
    grid: Json = {"id": name, "title": title, "points": points, "curves": []}
    over = list(rows[0]["values"])
    values = [row["values"][over[0]] for row in rows]
    if len(over) != 1 or not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values) or len(set(values)) < 2:
        return grid
    rows = sorted(rows, key=lambda row: row["values"][over[0]])
    x = [float(row["values"][over[0]]) for row in rows]
    grid["over"] = over[0]
    for measure in CURVES:
        found = [row["measures"][measure] for row in rows]
        y = [item["mean"] for item in found]
        halves = [item["difference"]["high"] - item["difference"]["mean"] for item in found if item["difference"]["high"] is not None]
        noise = max(halves, default=0.0) if len(halves) == len(found) else 0.0
        bend = knee(x, y, noise=noise)
        steps = [b - a for a, b in itertools.pairwise(y)]
        rises = y[-1] >= y[0]
        against = max((-step if rises else step for step in steps), default=0.0)
        grid["curves"].append(
            {
                "measure": measure,
                "x": x,
                "y": [round(value, 6) for value in y],
                "low": [item["low"] for item in found],
                "high": [item["high"] for item in found],
                "noise": round(noise, 6),
                "is_monotone": against <= noise,
                "knee": None if bend is None else {"x": x[bend.index], "y": round(y[bend.index], 6), "height": round(bend.height, 4)},
            }
        )
    return grid


def says(row: Json, base: Json, lang: Lang) -> str:
    """Return one sentence on how a scenario compares to the base week, which says so where nothing can be told."""
    found = row["measures"][LEADING]["difference"]
    before, after = (f"{100 * item['measures']['rate']['mean']:.1f}%" for item in (base, row))
    values = {"before": before, "after": after, "change": f"{found['mean']:+.1f}"}
    if found["low"] is None:
        return word(lang, "says.single", **values)
    if row["verdict"] in ("noise", "against"):
        return word(lang, f"says.{row['verdict']}", **values, half=f"{found['high'] - found['mean']:.1f}")
    ends = sorted(abs(found[name]) for name in ("low", "high"))
    return word(lang, f"says.{row['verdict']}", **values, points=f"{abs(found['mean']):.1f}", low=f"{ends[0]:.1f}", high=f"{ends[1]:.1f}")
