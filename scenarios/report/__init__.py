"""Reports: one HTML file that needs no network, and a workbook, both of the JSON that the commands leave in a folder.

May import matplotlib (in `charts`), jinja2 (in `page`) and openpyxl (in `workbook`), the packages of the extra ``report``, and `scenarios.words`.
Never here: a figure that the JSON does not have.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.files import write_atomic

if TYPE_CHECKING:
    from scenarios.words import Lang

PARTS: Final = ("comparison", "targets", "investment", "robustness")
"""The JSON files that a report is made of, those of them that are there."""
NEEDED: Final = ("jinja2", "matplotlib", "openpyxl")


def missing() -> tuple[str, ...]:
    """Return the packages of the extra ``report`` that are not installed."""
    return tuple(name for name in NEEDED if importlib.util.find_spec(name) is None)


def parts_of(folder: Path) -> dict[str, Any]:
    """Return the JSON of a folder by part; raises `OSError` and `ValueError` where a file cannot be read."""
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in PARTS if (folder / f"{name}.json").exists()}


def write_report(folder: Path, lang: Lang) -> list[str]:
    """Write ``report.html`` and ``report.xlsx`` of a folder in a language; returns their names, none where the folder has no part."""
    from scenarios.report.page import page  # noqa: PLC0415 - the packages of the extra load only where a report is written
    from scenarios.report.workbook import save_workbook  # noqa: PLC0415

    parts = parts_of(folder)
    if not parts:
        return []
    write_atomic(folder / "report.html", page(parts, lang))
    save_workbook(folder / "report.xlsx", parts, lang)
    return ["report.html", "report.xlsx"]
