"""What a workbook of a week looks like: headers with notes, drop-down lists, widths, advanced columns folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from matcher.books.choices import FLAG, label
from matcher.books.codecs import Choice, Flag, Ref
from matcher.books.excel import packed, put
from matcher.books.grid import letters
from matcher.books.layout import LISTS, NOTES, SETTINGS, SHEETS, WEIGHTS, Column, Sheet
from matcher.books.readme import LINES
from matcher.problem import BUILT_IN_CATEGORIES, Weights

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from matcher.books.grid import Book, Grid
    from matcher.words import Lang

SPARE_ROWS = 500
"""Rows below the filled ones that have drop-down lists too."""
_NEEDED, _USUAL, _ADVANCED = PatternFill("solid", fgColor="1F6F5C"), PatternFill("solid", fgColor="4C9A86"), PatternFill("solid", fgColor="9AA5A1")
_HEAD, _EXAMPLE = Font(bold=True, color="FFFFFF"), Font(italic=True, color="7A7A7A")
_TOP = Alignment(vertical="top", wrap_text=True)
_TABS = {True: "9AA5A1", False: "1F6F5C"}


class _Lists:
    """The hidden sheet that drop-down lists take their entries from."""

    def __init__(self, book: Workbook, lang: Lang) -> None:
        self.sheet = book.create_sheet(LISTS[0 if lang == "zh" else 1])
        self.sheet.sheet_state = "hidden"
        self.ranges: dict[tuple[str, ...], str] = {}

    def range_of(self, entries: tuple[str, ...]) -> str:
        if entries not in self.ranges:
            column = len(self.ranges) + 1
            for row, entry in enumerate(entries, 1):
                put(self.sheet, row, column, entry)
            letter = letters(column)
            self.ranges[entries] = f"{quote_sheetname(self.sheet.title)}!${letter}$1:${letter}${len(entries)}"
        return self.ranges[entries]


def week_book(book: Book, lang: Lang, *, is_example: bool = False) -> bytes:
    """Return a book of a week as an Excel file for people.

    Parameters
    ----------
    is_example
        Whether the rows are examples, which are set off.

    Raises
    ------
    Misread
        If a text is longer than a cell can hold.
    """
    made = Workbook()
    _readme(made.active, lang, is_example=is_example)
    lists = _Lists(made, lang)
    by_title = {sheet.title(lang): sheet for sheet in SHEETS}
    sizes = {grid.title: len(grid.rows) for grid in book}
    for grid in book:
        sheet = made.create_sheet(grid.title)
        for row, values in enumerate(grid.rows, 1):
            for column, value in enumerate(values, 1):
                cell = put(sheet, row, column, value)
                if row > 1:
                    cell.alignment = _TOP
                    if is_example and grid.title in by_title:
                        cell.font = _EXAMPLE
        sheet.freeze_panes = "B2"
        if grid.title in by_title:
            _dress(sheet, by_title[grid.title], grid, lists, lang, sizes)
        elif grid.title in {SETTINGS.title(lang), WEIGHTS[0 if lang == "zh" else 1]}:
            _dress_settings(sheet, grid, lists, lang)
        else:
            sheet.sheet_properties.tabColor = _TABS[True]
    made.move_sheet(lists.sheet, len(made.sheetnames))
    return packed(made)


def _readme(sheet: Worksheet, lang: Lang, *, is_example: bool) -> None:
    sheet.title = NOTES[0 if lang == "zh" else 1]
    sheet.column_dimensions["A"].width = 110
    for row, text in enumerate(LINES["zh"] + ("",) + LINES["en"] if lang == "zh" else LINES["en"] + ("",) + LINES["zh"], 1):
        if not is_example and text in {LINES["zh"][1], LINES["en"][1]}:
            continue
        cell = put(sheet, row, 1, text)
        cell.alignment = _TOP
        if text in {LINES["zh"][0], LINES["en"][0]}:
            cell.font = Font(bold=True, size=14)


def _dress(sheet: Worksheet, layout: Sheet, grid: Grid, lists: _Lists, lang: Lang, sizes: dict[str, int]) -> None:
    sheet.sheet_properties.tabColor = _TABS[layout.is_advanced]
    last = len(grid.rows) + SPARE_ROWS
    for index, column in enumerate(layout.columns, 1):
        letter = letters(index)
        _head(sheet, f"{letter}1", column)
        sheet.column_dimensions[letter].width = column.width
        if column.is_advanced:
            sheet.column_dimensions[letter].outlineLevel = 1
            sheet.column_dimensions[letter].hidden = all(len(row) < index or row[index - 1] is None for row in grid.rows[1:])
        entries = _entries(column, layout, lists, lang, sizes)
        if entries:
            _offer(sheet, entries, f"{letter}2:{letter}{last}")
    sheet.auto_filter.ref = f"A1:{letters(len(layout.columns))}{max(2, len(grid.rows))}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _dress_settings(sheet: Worksheet, grid: Grid, lists: _Lists, lang: Lang) -> None:
    is_weights = grid.title in WEIGHTS
    sheet.sheet_properties.tabColor = _TABS[is_weights]
    for letter, width in (("A", 20), ("B", 28), ("C", 80)):
        sheet.column_dimensions[letter].width = width
        sheet[f"{letter}1"].font, sheet[f"{letter}1"].fill = _HEAD, _NEEDED
    if is_weights:
        for row, field in enumerate(Weights.model_fields.values(), 2):
            usual = field.get_default()
            sheet.cell(row, 3).value = f"{sheet.cell(row, 3).value} [{usual}]"
        return
    for row, column in enumerate(SETTINGS.columns, 2):
        if column.is_needed:
            sheet.cell(row, 1).font = Font(bold=True)
        entries = _entries(column, None, lists, lang, {})
        if entries:
            _offer(sheet, entries, f"B{row}")


def _head(sheet: Worksheet, at: str, column: Column) -> None:
    cell = sheet[at]
    cell.font = _HEAD
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    cell.fill = _NEEDED if column.is_needed else _ADVANCED if column.is_advanced else _USUAL
    marks = ("必填 required\n" if column.is_needed else "") + f"{column.zh} / {column.en}\n"
    note = Comment(marks + "\n".join(column.says), "Sishe Matcher")
    note.width, note.height = 360, 150
    cell.comment = note


def _entries(column: Column, layout: Sheet | None, lists: _Lists, lang: Lang, sizes: dict[str, int]) -> str:
    """Return the range that a column's drop-down list is taken from; an empty text where it has none."""
    codec = column.codec
    if isinstance(codec, Choice):
        return lists.range_of(tuple(label(codec.labels, value, lang) for value in codec.labels))
    if isinstance(codec, Flag):
        return lists.range_of(tuple(label(FLAG, value, lang) for value in FLAG))
    if not isinstance(codec, Ref):
        return ""
    if codec.sort == "category":
        return lists.range_of(tuple(item.name_zh if lang == "zh" else item.name_en for item in BUILT_IN_CATEGORIES))
    other = next(sheet for sheet in SHEETS if sheet.sort == codec.sort)
    if other is layout:
        return ""
    named = next((index for index, one in enumerate(other.columns, 1) if one.key in (*other.names, "id") and (not other.names or one.key != "id")), 1)
    letter = letters(named)
    return f"{quote_sheetname(other.title(lang))}!${letter}$2:${letter}${sizes.get(other.title(lang), 1) + SPARE_ROWS}"


def _offer(sheet: Worksheet, entries: str, where: str) -> None:
    """Offer a list without refusing what is not in it: an id is as good as a name."""
    offer = DataValidation(type="list", formula1=entries, allow_blank=True, showErrorMessage=False)
    sheet.add_data_validation(offer)
    offer.add(where)
