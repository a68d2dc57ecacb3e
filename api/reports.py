"""What the processes of the office do for comparisons of scenarios: check what is asked, say what is finished, write reports."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from api.store.packing import unpacked
from matcher.problem import Problem
from matcher.words import Lang

Json = dict[str, Any]


def read_scenarios(asked: Json, above: Json, problem: bytes | None) -> Json:
    """Read what a scenario file says.

    Parameters
    ----------
    asked
        The file, as JSON.
    above
        Settings that stand above those of the file.
    problem
        The week, packed, where the edits are to be tried on it now.

    Returns
    -------
    dict
        ``file``, with all settings as they are; ``cases``, the ids of its scenarios; ``runs``, how many it takes.

    Raises
    ------
    ScenarioFault
        With every fault, each with a pointer into the request.
    """
    from api.comparing import POINTER, refuse_unfit  # noqa: PLC0415 - the server passes this on by name and loads none of it
    from matcher.errors import Fault  # noqa: PLC0415
    from scenarios.course import Course  # noqa: PLC0415
    from scenarios.edits import ScenarioFault, ScenarioSet, scenarios_from  # noqa: PLC0415

    try:
        found = scenarios_from(asked)
    except ScenarioFault as error:
        raise ScenarioFault(Fault(f"{POINTER}{fault.path}", fault.message, fault.code) for fault in error.faults) from None
    if "chunks" in above and "budget" not in above:
        above = {**above, "budget": None}
    elif "budget" in above and "chunks" not in above:
        above = {**above, "chunks": None}
    course = Course(ScenarioSet(found.title, found.note, found.settings.model_copy(update=above), found.cases, found.grids))
    if problem is not None:
        refuse_unfit(Problem.parse(unpacked(problem)), found)
    settings = course.settings.model_dump(mode="json", by_alias=True)
    return {"file": {**asked, "settings": settings}, "cases": [case.id for case in found.cases], "runs": course.total}


def comparison(problem: bytes, asked: Json, records: dict[str, Json]) -> bytes | None:
    """Return, as JSON, what the finished runs of a comparison say; None where none of the base week is finished."""
    from api.comparing import so_far  # noqa: PLC0415

    found = so_far(Problem.parse(unpacked(problem)), asked, records)
    return None if found is None else json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def report(content: bytes, lang: Lang) -> bytes:
    """Return the page of a comparison."""
    from scenarios.report.page import page  # noqa: PLC0415 - charts load only where a report is written

    return page({"comparison": json.loads(content)}, lang).encode()


def workbook(content: bytes, lang: Lang) -> bytes:
    """Return the workbook of a comparison."""
    from scenarios.report.workbook import save_workbook  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        save_workbook(path, {"comparison": json.loads(content)}, lang)
        return path.read_bytes()
