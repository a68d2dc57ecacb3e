"""Entries at the far ends of a sheet, as a slip of the keyboard leaves them."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from matcher.books.example import example_week, next_monday
from matcher.books.excel import read_excel
from matcher.books.files import read_week, week_bytes
from matcher.books.tokens import Misread


def book(**cells: str) -> bytes:
    made = Workbook()
    for name, value in cells.items():
        made.active[name] = value
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_an_entry_at_the_end_of_a_sheet_makes_no_millions_of_empty_cells_before_it() -> None:
    (grid,) = read_excel(book(A1="x", AD60000="y", XFD1="z"))
    assert (grid.value(1, 1), grid.value(60000, 30), grid.value(1, 16384), grid.value(59999, 1)) == ("x", "y", "z", None)
    assert sum(map(len, grid.rows)) == 16384 + 30


def test_a_sheet_that_is_wide_in_very_many_rows_is_too_large() -> None:
    with pytest.raises(Misread, match="too_large"):
        read_excel(book(**{f"XFD{row}": "x" for row in range(1, 310)}))


def test_cells_merged_downwards_count_for_rows_that_end_before_them() -> None:
    made = Workbook()
    sheet = made.active
    for row in (("a", "b", "c"), ("1", None, "hours"), ("2",)):
        sheet.append(row)
    sheet.merge_cells("C2:C3")
    file = io.BytesIO()
    made.save(file)
    (grid,) = read_excel(file.getvalue())
    assert (grid.value(3, 3), str(grid.cell(3, 3)).rpartition("!")[2]) == ("hours", "C2")


def test_a_week_is_read_as_ever_with_a_blank_far_below_it(tmp_path: Path) -> None:

    path = tmp_path / "week.xlsx"
    week = example_week(next_monday(dt.date(2026, 11, 23)), "zh")
    path.write_bytes(week_bytes(week, path, "zh"))
    found = load_workbook(path)
    found["需求"]["AD20000"] = " "
    found.save(path)
    assert read_week(path, "zh") == week
