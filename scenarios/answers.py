"""What the commands do between their arguments and their answers; `scenarios.cli` has the arguments."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher.cli_files import read_problem
from matcher.console import RefusedInput, file_fault, say
from matcher.errors import Fault, FaultyInput
from matcher.files import write_atomic
from scenarios.edits import Case, ScenarioFault, ScenarioSet, apply, read_scenarios
from scenarios.words import Lang, word

if TYPE_CHECKING:
    from matcher.problem import Problem
    from scenarios.workers import Step

Json = dict[str, Any]
PAUSE = 5.0
"""Seconds between two lines of progress."""


def schema_of(what: str) -> Json:
    """Return the JSON Schema of a format."""
    from scenarios.edits.models import ScenarioFile  # noqa: PLC0415 - only this command needs it
    from scenarios.targets.inputs import Inputs  # noqa: PLC0415

    model = ScenarioFile if what == "scenarios" else Inputs
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}


def read_set(path: Path) -> ScenarioSet:
    """Read scenarios from a file; raises `RefusedInput`."""
    try:
        return read_scenarios(path)
    except ScenarioFault as error:
        raise RefusedInput(error.what, error.faults, str(path)) from None
    except OSError as error:
        raise file_fault(error, path) from None


def checked(week: str, path: Path) -> Json:
    """Apply every scenario, and return what each would change."""
    problem, scenarios = read_problem(week), read_set(path)
    try:
        rows = [{"id": case.id, "way": item.way, **_counts(item.problem)} for case, item in scenarios.edited(problem)]
    except ScenarioFault as error:
        raise RefusedInput(error.what, error.faults, str(path)) from None
    return {"is_valid": True, "base": _counts(problem), "scenarios": rows}


def _counts(problem: Problem) -> Json:
    counts = {"needs": len(problem.needs), "visits": len(problem.visits), "providers": len(problem.providers), "shifts": len(problem.shifts)}
    return {**counts, "digest": problem.digest}


def edited(week: str, path: Path, name: str, draw: int) -> tuple[Problem, Json]:
    """Return the week of a scenario, and its counts."""
    problem, scenarios = read_problem(week), read_set(path)
    case = next((case for case in scenarios.cases if case.id == name), None)
    if case is None:
        known = ", ".join(case.id for case in scenarios.cases[:50])
        raise RefusedInput("command line", [Fault("", f"there is no scenario {name!r} in {path}; there are {known or 'none'}", "unknown")])
    made = _applied(problem, case, path, draw)
    return made, _counts(made)


def _applied(problem: Problem, case: Case, path: Path, draw: int) -> Problem:
    try:
        return apply(problem, case.edits, draw=draw, path=case.path).problem
    except ScenarioFault as error:
        raise RefusedInput(error.what, error.faults, str(path)) from None


def compared(week: str, path: Path, folder: Path, changes: Json, *, jobs: int, is_quiet: bool, lang: Lang) -> Json:
    """Run a comparison, write its report, and return the short of it."""
    from scenarios.compare import compare  # noqa: PLC0415 - numpy and more load only when something is solved
    from scenarios.workers import RunError  # noqa: PLC0415

    problem, scenarios = read_problem(week), read_set(path)
    given = {key: value for key, value in changes.items() if value is not None}
    if "chunks" in given and "budget" not in given:
        given["budget"] = None
    elif "budget" in given and "chunks" not in given:
        given["chunks"] = None
    settings = scenarios.settings.model_copy(update=given)
    scenarios = ScenarioSet(scenarios.title, scenarios.note, settings, scenarios.cases, scenarios.grids)
    make_folder(folder)
    if not is_quiet:
        say(word(lang, "run.begin", scenarios=len(scenarios.cases), seeds=settings.seeds, jobs=jobs))
    try:
        with kept(folder, lang) as place:
            found = compare(problem, scenarios, place, jobs=jobs, on_step=None if is_quiet else teller(lang))
    except ScenarioFault as error:
        raise RefusedInput(error.what, error.faults, str(path)) from None
    except RunError as error:
        # what is drawn can differ from repeat to repeat, and only a later one may not fit the week
        if isinstance(error.__cause__, FaultyInput):
            raise RefusedInput(error.__cause__.what, error.__cause__.faults, str(path)) from None
        raise
    write_atomic(folder / "comparison.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    files = ["comparison.json", *reported(folder, lang, is_quiet=is_quiet)]
    rows = [short(row) for row in found["scenarios"]]
    grids = [{key: grid[key] for key in ("id", "title", "curves")} for grid in found["grids"]]
    return {"folder": str(folder), "files": files, "base": short(found["base"]), "scenarios": rows, "grids": grids}


def short(row: Json) -> Json:
    """Return the leading figures of a scenario."""
    names = ("rate", "unserved", "visits_unserved", "yuan", "travel_hours")
    measures = {name: {key: value for key, value in row["measures"][name].items() if key != "values"} for name in names}
    return {key: row[key] for key in ("id", "title", "verdict", "says", "bound", "gap") if key in row} | {"measures": measures}


def make_folder(folder: Path) -> None:
    """Make a folder for results; raises `RefusedInput` where there is a file in its place, or it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_fault(error, folder) from None


def reported(folder: Path, lang: Lang, *, is_quiet: bool) -> list[str]:
    """Write the page and the workbook of a folder, and say where; without the packages of the extra, only say what is missing."""
    from scenarios.report import missing, write_report  # noqa: PLC0415 - charts load only where a report is written

    absent = missing()
    if absent:
        say(word(lang, "report.absent", packages=", ".join(absent)))
        return []
    written = write_report(folder, lang)
    if not is_quiet:
        say(word(lang, "run.written", folder=folder, files=", ".join(written)))
    return written


def rewritten(folder: Path, lang: Lang) -> Json:
    """Write the report of a folder anew; raises `RefusedInput` where there is nothing to report."""
    from scenarios.report import PARTS, missing, parts_of, write_report  # noqa: PLC0415

    if missing():
        packages = ", ".join(missing())
        raise RefusedInput("command line", [Fault("", f"a report needs {packages}: install the extra 'report'", "missing")])
    try:
        if not parts_of(folder):
            names = ", ".join(f"{name}.json" for name in PARTS)
            raise RefusedInput("file", [Fault("", f"the folder has none of {names}", "missing")], str(folder))
        files = write_report(folder, lang)
    except OSError as error:
        raise file_fault(error, folder) from None
    except (ValueError, TypeError, LookupError) as error:
        raise RefusedInput("file", [Fault("", f"the folder's JSON is damaged: {error}", "syntax")], str(folder)) from None
    return {"folder": str(folder), "files": files}


@contextmanager
def kept(folder: Path | None, lang: Lang) -> Iterator[Path]:
    """Give a folder for what is done on the way (one that is gone afterwards, where none is given), and say after Ctrl-C that it is kept."""
    with tempfile.TemporaryDirectory() as temporary:
        try:
            yield folder or Path(temporary)
        except KeyboardInterrupt:
            if folder is not None:
                say(word(lang, "run.stopped", folder=folder))
            raise


def teller(lang: Lang, about: str | None = None) -> Callable[[Step], None]:
    """Return what says now and then how far jobs are; `about` is where their names have words, None where they are scenarios."""
    last = -PAUSE

    def tell(step: Step) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PAUSE and step.done < step.total:
            return
        last = now
        left = "?" if step.left is None else f"{step.left:.0f}"
        name = step.scenario if about is None else word(lang, f"{about}.step_{step.scenario}")
        values = {"done": step.done, "total": step.total, "found": step.found, "scenario": name}
        say(word(lang, "run.step", **values, seconds=f"{step.seconds:.0f}", left=left))

    return tell
