"""A plan as a workbook: its figures, the week by day, by person and by community, and the visits left out with the reasons.

The plan itself goes along (a hidden sheet, or a file in the zip), so that other commands read the workbook as they read the JSON.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from matcher.books.excel import packed, put, read_excel
from matcher.books.grid import Book, Grid, Value, letters
from matcher.books.tokens import Misread
from matcher.files import read_bytes
from matcher.show import Line, day_name, lines_of, sections_of
from matcher.visits import need_of
from matcher.words import Lang, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matcher.plan import Plan
    from matcher.problem import Problem

PLAN_FILE = "plan.json"
_PIECE = 30_000
"""Characters of the plan in one cell of its hidden sheet."""
_HEAD = PatternFill("solid", fgColor="1F6F5C")
_LINE = Border(top=Side(style="thin", color="9AA5A1"))
_WIDTHS = {"day": 18, "time": 14, "service": 24, "with": 26, "reason": 34, "removed": 40, "change": 34, "provider": 20, "community": 20}


def plan_grids(problem: Problem, plan: Plan, lang: Lang) -> Book:
    """Return a plan as sheets of cells.

    Parameters
    ----------
    problem
        The problem of the plan: it says which resident each visit is for.
    """
    residents = {f"{need.id}": need.resident or "" for need in problem.needs}
    lines = lines_of(plan, lang)

    def who(line: Line) -> str:
        return residents.get(need_of(line.visit), "")

    def sheet(key: str, names: tuple[str, ...], order: Callable[[Line], tuple[object, ...]]) -> Grid:
        rows = [_row(line, names, who(line), lang) for line in sorted(lines, key=order)]
        return Grid(word(lang, f"book.plan.{key}"), [[_head(name, lang) for name in names], *rows])

    rest = ("service", "category", "resident", "role", "with", "room", "fund", "visit")
    return [
        _summary(problem, plan, lang),
        sheet("by_day", ("day", "time", "provider", "kind", "community", *rest), lambda line: (line.start, line.provider, line.provider_id)),
        sheet("by_person", ("provider", "kind", "day", "time", "community", *rest), lambda line: (line.provider, line.provider_id, line.start)),
        sheet("by_community", ("community", "day", "time", "provider", "kind", *rest), lambda line: (line.community, line.start, line.provider)),
        _left_out(plan, lang),
    ]


def _head(name: str, lang: Lang) -> str:
    return word(lang, "book.sort.resident" if name == "resident" else f"head.{name}")


def _row(line: Line, names: Iterable[str], resident: str, lang: Lang) -> list[Value]:
    last = f"{line.end:%H:%M}" + (f" (+{(line.end.date() - line.start.date()).days})" if line.end.date() != line.start.date() else "")
    texts = {
        "day": day_name(line.start.date(), lang),
        "time": f"{line.start:%H:%M}-{last}",
        "provider": line.provider,
        "kind": word(lang, f"kind.{line.kind}") if line.kind else "",
        "service": line.title,
        "category": line.category,
        "community": line.community,
        "resident": resident,
        "role": line.role,
        "with": line.mates,
        "room": line.room,
        "fund": line.fund,
        "visit": line.visit,
    }
    return [texts[name] or None for name in names]


def _summary(problem: Problem, plan: Plan, lang: Lang) -> Grid:
    horizon = problem.horizon
    rows: list[list[Value]] = [[problem.name or word(lang, "title.picture")], [f"{horizon.start.isoformat()}, {horizon.days}"], []]
    if plan.figures is not None:
        for section in sections_of(plan, lang)[: 2 + bool(plan.figures.funds)]:
            rows.append([section.title])
            if section.heads:
                rows.append(list(section.heads))
            rows.extend([*row] for row in section.rows)
            rows.append([])
    rows.append([word(lang, "book.plan.not_read")])
    return Grid(word(lang, "book.plan.summary"), rows)


def _left_out(plan: Plan, lang: Lang) -> Grid:
    heads = [word(lang, f"head.{name}") for name in ("visit", "service", "community", "urgency", "reason", "removed", "change")]
    rows: list[list[Value]] = [[*row] for row in sections_of(plan, lang)[-1].rows] if plan.unassigned else []
    for row in rows:
        row[3] = int(row[3]) if isinstance(row[3], str) and row[3].isdigit() else row[3]
    return Grid(word(lang, "book.plan.unassigned"), [list(heads), *rows])


def plan_book(grids: Book, plan: Plan, lang: Lang) -> bytes:
    """Return the sheets of a plan as an Excel file, the plan itself in a hidden sheet."""
    made = Workbook()
    made.remove(made.active)
    for number, grid in enumerate(grids):
        sheet = made.create_sheet(grid.title)
        for row, values in enumerate(grid.rows, 1):
            for column, value in enumerate(values, 1):
                cell = put(sheet, row, column, value)
                cell.alignment = Alignment(vertical="top", wrap_text=number > 0)
        if number == 0:
            sheet["A1"].font = Font(bold=True, size=14)
            sheet.column_dimensions["A"].width = 30
            continue
        names = {word(lang, f"head.{name}"): width for name, width in _WIDTHS.items()}
        for column, head in enumerate(grid.rows[0], 1):
            sheet.cell(1, column).font, sheet.cell(1, column).fill = Font(bold=True, color="FFFFFF"), _HEAD
            sheet.column_dimensions[letters(column)].width = names.get(str(head), 14)
        for row in range(3, len(grid.rows) + 1):
            if grid.value(row, 1) != grid.value(row - 1, 1):
                for column in range(1, len(grid.rows[0]) + 1):
                    sheet.cell(row, column).border = _LINE
        sheet.freeze_panes = "B2"
        sheet.auto_filter.ref = f"A1:{letters(len(grid.rows[0]))}{max(2, len(grid.rows))}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = "1:1"
    hidden = made.create_sheet(PLAN_FILE)
    hidden.sheet_state = "veryHidden"
    text = plan.to_json()
    for row, start in enumerate(range(0, len(text), _PIECE), 1):
        # A mark in front keeps spaces at the ends of a piece.
        put(hidden, row, 1, "|" + text[start : start + _PIECE] + "|")
    return packed(made)


def plan_json(path: str | Path) -> str | bytes:
    """Return the JSON of the plan that a workbook of a plan carries; raises `Misread` where it has none, and `OSError`."""
    data = read_bytes(path)
    if Path(path).suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as files:
                return files.read(PLAN_FILE)
        except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError):
            raise Misread("no_plan", "syntax") from None
    grid = next((grid for grid in read_excel(data) if grid.title == PLAN_FILE), None)
    if grid is None:
        raise Misread("no_plan", "syntax")
    return "".join(str(row[0])[1:-1] for row in grid.rows if row and row[0] is not None)
