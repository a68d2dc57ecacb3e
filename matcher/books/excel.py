"""Books as Excel files: raw cells in and out. What a sheet looks like is in `matcher.books.looks`."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from matcher.books.grid import Book, Broken, Grid, Value
from matcher.books.tokens import Misread

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
LONGEST = 32_767
MAX_UNPACKED = 512 * 1024**2
MAX_CELLS = 5_000_000
"""Places of one sheet up to the last filled one of each row."""
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, LookupError, ValueError, TypeError, AttributeError, SyntaxError, EOFError, OSError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl raises for files that are damaged here or there."""
_FORMULA = "f"
_ERROR = "e"


def read_excel(data: bytes) -> Book:
    """Return the sheets of an Excel file; merged cells below one another all have their value.

    Raises
    ------
    Misread
        The bytes are no Excel workbook (or an old .xls), or one that unpacks to more than half a gigabyte or to millions of empty cells.
    """
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise Misread("old_excel", "syntax")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise Misread("too_large", "syntax")
        book = _load(data, values=False)
        values = _load(data, values=True) if _has_formulas(book) else book
        return [_grid(sheet, values[sheet.title]) for sheet in book.worksheets]
    except _DAMAGED as error:
        raise Misread("no_excel", "syntax", why=type(error).__name__) from None


def _load(data: bytes, *, values: bool) -> Workbook:
    with warnings.catch_warnings():
        # What openpyxl does not keep (pictures, rules of other programs) is nothing that is read here.
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(data), data_only=values)


def _has_formulas(book: Workbook) -> bool:
    return any(cell.data_type == _FORMULA for sheet in book.worksheets for _, cell in _filled(sheet))


def _filled(sheet: Worksheet) -> list[tuple[tuple[int, int], Any]]:
    """Return the cells that have a value, with row and column, in their order.

    Going through all rows and columns instead would make millions of empty cells where one stray entry stands at the end of a sheet.
    """
    return sorted((place, cell) for place, cell in sheet._cells.items() if cell.value is not None)  # noqa: SLF001 - there is no public way


def _grid(sheet: Worksheet, values: Worksheet) -> Grid:
    rows: list[list[Value]] = []
    places = 0
    for (row, column), cell in _filled(sheet):
        value = _value(cell, values.cell(row, column))
        if value is None:
            continue
        rows.extend([] for _ in range(row - len(rows)))
        gap = column - 1 - len(rows[row - 1])
        places += gap + 1
        if places > MAX_CELLS:
            raise Misread("too_large", "syntax")
        rows[row - 1].extend([None] * gap)
        rows[row - 1].append(value)
    anchors: dict[tuple[int, int], tuple[int, int]] = {}
    for area in sheet.merged_cells.ranges:
        top, left = area.min_row, area.min_col
        for row in range(top, min(area.max_row, len(rows)) + 1):
            for column in range(left, area.max_col + 1):
                anchors[row, column] = (top, left)
            rows[row - 1].extend([None] * (left - len(rows[row - 1])))
            rows[row - 1][left - 1] = rows[top - 1][left - 1]
    return Grid(sheet.title, rows, anchors)


def _value(cell: Any, value: Any) -> Value:
    if cell.data_type == _FORMULA:
        found = value.value
        if found is None or value.data_type == _ERROR:
            return Broken(str(getattr(cell.value, "text", cell.value))[:60])
        return unescaped(found) if isinstance(found, str) else found
    if cell.data_type == _ERROR:
        return Broken(str(cell.value))
    found = cell.value
    if isinstance(found, str):
        return unescaped(found)
    if isinstance(found, dt.datetime) and found.year < 1900:
        return found.time()
    return found if isinstance(found, (int, float, bool, dt.datetime, dt.date, dt.time, dt.timedelta)) else None if found is None else str(found)


def escaped(text: str) -> str:
    """Write a text so that Excel files can hold it: control characters as ``_x000D_``, as Excel itself does."""
    return _ILLEGAL.sub(lambda match: f"_x{ord(match[0]):04X}_", _ESCAPED.sub(lambda match: f"_x005F_x{match[1]}_", text))


def unescaped(text: str) -> str:
    """Undo `escaped`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def put(sheet: Worksheet, row: int, column: int, value: Value) -> Any:
    """Put a value into a cell, texts always as texts: what begins with ``=`` is no formula. Returns the cell.

    Raises
    ------
    Misread
        If a text is longer than a cell can hold.
    """
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        text = escaped(value)
        if len(text) > LONGEST:
            raise Misread("cell_full", "range", cell=f"{sheet.title}!{cell.coordinate}", most=LONGEST)
        cell.value = text
        cell.data_type = "s"
        cell.number_format = "@"
    elif value is not None and not isinstance(value, Broken):
        cell.value = value
    return cell


def packed(book: Workbook) -> bytes:
    """Return a workbook as the bytes of its file."""
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
