"""`compare`: every scenario of a set against the week without edits, each figure with what its repeats can and cannot say."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.course import Course
from scenarios.figures import GOOD, flat, places_of
from scenarios.runs import BASE, Store, replicates
from scenarios.statistics import CONFIDENCE, Spread, estimate, holm, knee, pooled
from scenarios.words import LANGS, Lang, word
from scenarios.workers import Told, Workers

if TYPE_CHECKING:
    from matcher.problem import Problem
    from scenarios.edits import Case, ScenarioSet

Json = dict[str, Any]
FORMAT: Final = "sishe-comparison/1"
LEADING: Final = "unserved"
"""The measure by which a scenario is called better or worse: the urgency weight that is left out, by the yardstick of the base week."""
CURVES: Final = ("rate", "unserved", "visits_served", "yuan", "travel_hours")
Differences = dict[tuple[str, str], list[float]]
"""By scenario and measure: what each replicate has more than the base week's."""
Pools = dict[str, tuple[Spread, Spread]]
"""By measure: what replicates of a scenario differ by, and what their differences to the base week do."""


@dataclass(frozen=True)
class _Runs:
    """The records of a case by replicate, and its bound."""

    case: Case
    records: dict[int, Json]
    proof: Json | None

    @property
    def first(self) -> Json:
        """The record of the first replicate that there is."""
        return next(iter(self.records.values()))


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
    course = Course(scenarios)
    with Workers(problem, Store(folder), jobs) as workers:
        while course.batch:
            course.go_on(workers.run(course.batch, on_step, total=course.total))
    return compared(problem, scenarios, course)


def compared(problem: Problem, scenarios: ScenarioSet, course: Course) -> Json:
    """Return the comparison of the runs that there are; of a course that is not at its end, only what has been finished of each scenario.

    Raises
    ------
    LookupError
        If no repeat of the base week is finished.
    """
    numbers = [r for r in replicates(course.settings) if (BASE, r) in course.best]
    runs = []
    for case in course.cases:
        records = {r: course.best[case.id, r] for r in numbers if (case.id, r) in course.best}
        if records:
            runs.append(_Runs(case, records, course.proofs.get(case.id)))
    if not runs:
        raise LookupError("no run of the base week is finished")
    missing = [case.id for case in course.cases if all((case.id, r) not in course.best for r in numbers)]
    return _compared(problem, scenarios, course.settings.model_dump(mode="json", by_alias=True), runs) | {"missing": missing}


def _compared(problem: Problem, scenarios: ScenarioSet, settings: Json, runs: list[_Runs]) -> Json:
    tables = {run.case.id: {r: flat(record["figures"]) for r, record in run.records.items()} for run in runs}
    names = list(dict.fromkeys(name for rows in tables.values() for row in rows.values() for name in row))
    base = tables[BASE]
    differences = {
        (case, name): [row.get(name, 0.0) - base[r].get(name, 0.0) for r, row in rows.items()] for case, rows in tables.items() for name in names
    }
    pools = {
        name: (
            pooled([row.get(name, 0.0) for row in rows.values()] for rows in tables.values()),
            pooled(values for (case, other), values in differences.items() if other == name and case != BASE),
        )
        for name in names
    }
    week = {"name": problem.name, "note": problem.note, "digest": problem.digest, "visits": len(problem.visits), "providers": len(problem.providers)}
    rows = [_row(run, list(tables[run.case.id].values()), differences, pools) for run in runs]
    chances = holm([row["measures"][LEADING]["difference"]["p"] for row in rows[1:]])
    for row, chance in zip(rows[1:], chances, strict=True):
        row["p"] = chance
        row["verdict"] = _verdict(row["way"], row["measures"][LEADING]["difference"]["mean"], chance)
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
        "grids": [_grid(name, title, points) for name, title in scenarios.grids.items() if (points := [row for row in rows if row["grid"] == name])],
    }


def _row(run: _Runs, table: list[dict[str, float]], differences: Differences, pools: Pools) -> Json:
    case = run.case
    way = run.first["way"]
    measures: Json = {}
    for name in table[0] | {name: 0.0 for row in table for name in row}:
        values = [row.get(name, 0.0) for row in table]
        measures[name] = estimate(values, pools[name][0]).to_json() | {"values": [round(value, 6) for value in values]}
        if case.id != BASE:
            found = estimate(differences[case.id, name], pools[name][1])
            measures[name]["difference"] = found.to_json() | {"is_noise": found.is_noise, "p": found.chance}
    proof = run.proof or (run.first if run.first["bound"] is not None else None)
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
        "figures": run.first["figures"],
        "runs": [{name: value for name, value in record.items() if name != "figures"} for record in run.records.values()],
    }
    return row


def _verdict(way: str, change: float, chance: float | None) -> str:
    """Return ``better``, ``worse``, ``noise`` or ``against`` (a difference that the edits rule out, so that it can be nothing but noise)."""
    if chance is None or chance > 1 - CONFIDENCE:
        return "noise"
    gain = GOOD[LEADING] * change
    if (way == "tighter" and gain > 0) or (way == "looser" and gain < 0) or (way == "same" and gain != 0):
        return "against"
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
    if row["verdict"] == "noise" and not found["is_noise"]:
        return word(lang, "says.several", **values)
    if row["verdict"] in ("noise", "against"):
        return word(lang, f"says.{row['verdict']}", **values, half=f"{found['high'] - found['mean']:.1f}")
    ends = sorted(abs(found[name]) for name in ("low", "high"))
    return word(lang, f"says.{row['verdict']}", **values, points=f"{abs(found['mean']):.1f}", low=f"{ends[0]:.1f}", high=f"{ends[1]:.1f}")
