"""Where the tables of a week are in a book: which sheet is which, where its header stands, which column is which."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher.books.choices import MODE, chosen
from matcher.books.errors import Finding
from matcher.books.layout import EDGES, LISTS, MATRIX, NODES, NOTES, SETTINGS, SHEETS, WEIGHTS, Column, Sheet
from matcher.books.tokens import Misread, folded, is_blank, text_of
from matcher.words import Lang, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.books.grid import Book, Grid, Value

HEADER_WITHIN = 15
"""A header is looked for in so many rows."""
NEAR = 0.7
"""Headers this much alike are taken for a slip of the keyboard."""


@dataclass
class Table:
    """One sheet of the book that holds rows of a known sort."""

    sheet: Sheet
    grid: Grid
    rank: int
    header: int
    columns: dict[str, int]
    rows: list[int] = field(default_factory=list)


@dataclass
class Tables:
    """All that is known in a book."""

    of: dict[str, list[Table]]
    settings: list[tuple[int, Grid]]
    weights: list[tuple[int, Grid]]
    matrices: dict[str, tuple[int, Grid]]
    """By mode; an empty key is the matrix of all modes."""
    findings: list[Finding]
    notes: list[str]
    """What is in the book and not read: sheets and columns that are not known."""
    lang: Lang
    """The language of the book itself, by the titles of its sheets; whoever reads it may speak another."""


def _sheet_words(sheet: Sheet) -> set[str]:
    return {folded(text) for text in (sheet.key, sheet.zh, sheet.en, *sheet.also)}


def _is_titled(title: str, words: set[str]) -> bool:
    """Say whether a title is one of some words, or begins with one and goes on after a mark: ``需求-竹岛``."""
    return any(title == text or (title.startswith(text) and title[len(text)] in "-_—(.0123456789") for text in words)


def _lang_of(book: Book, usual: Lang) -> Lang:
    titles = {folded(grid.title) for grid in book}
    chinese, english = (sum(folded(text) in titles for text in texts) for texts in zip(*((s.zh, s.en) for s in (*SHEETS, SETTINGS)), strict=True))
    return "zh" if chinese > english else "en" if english > chinese else usual


def find_tables(book: Book, lang: Lang) -> Tables:
    """Find the tables of a week in a book."""
    found = Tables({}, [], [], {}, [], [], _lang_of(book, lang))
    all_sheets = (*SHEETS, NODES, EDGES)
    ignored = {folded(text) for text in (*NOTES, *LISTS)}
    for rank, grid in enumerate(book):
        title = folded(grid.title)
        if title in ignored or not any(not is_blank(value) for row in grid.rows for value in row):
            continue
        sheet = next((sheet for sheet in all_sheets if _is_titled(title, _sheet_words(sheet))), None)
        if sheet is not None:
            table = _table(sheet, grid, rank, found, lang)
            if table is not None:
                found.of.setdefault(sheet.key, []).append(table)
        elif title in _sheet_words(SETTINGS):
            found.settings.append((rank, grid))
        elif title in {folded(text) for text in WEIGHTS}:
            found.weights.append((rank, grid))
        elif _mode_of(title) is not None:
            found.matrices[_mode_of(title) or ""] = (rank, grid)
        else:
            _unknown_sheet(grid, rank, found, lang)
    return found


def _mode_of(title: str) -> str | None:
    for text in MATRIX:
        if title.startswith(folded(text)):
            rest = title.removeprefix(folded(text)).strip("-_()")
            return "" if not rest else chosen(MODE, rest)
    return None


def _unknown_sheet(grid: Grid, rank: int, found: Tables, lang: Lang) -> None:
    words = {text: folded(text) for sheet in (*SHEETS, SETTINGS, NODES, EDGES) for text in (sheet.zh, sheet.en)}
    near = [text for text, plain in words.items() if len(plain) > 2 and difflib.SequenceMatcher(None, plain, folded(grid.title)).ratio() >= NEAR]
    if near:
        found.findings.append(Finding(rank, grid.cell(1, 1), word(lang, "book.near_sheet", was=grid.title, near=near[0]), "unknown"))
    else:
        found.notes.append(word(lang, "book.unread_sheet", was=grid.title))


def header_words(column: Column) -> set[str]:
    """Return every header that a column is known by, folded."""
    return {folded(text) for text in (column.key, column.zh, column.en, *column.also)}


def _match(sheet: Sheet, value: Value) -> Column | None:
    if is_blank(value) or not isinstance(value, str):
        return None
    texts = {folded(value), *(folded(part) for part in value.replace("／", "/").replace("\n", "/").split("/"))}
    exact = next((column for column in sheet.columns if folded(column.zh) in texts or folded(column.en) in texts), None)
    return exact or next((column for column in sheet.columns if texts & header_words(column)), None)


def _table(sheet: Sheet, grid: Grid, rank: int, found: Tables, lang: Lang) -> Table | None:
    def matches(row: int) -> int:
        return len({column.key for value in grid.rows[row - 1] if (column := _match(sheet, value)) is not None})

    header = max(range(1, min(HEADER_WITHIN, len(grid.rows)) + 1), key=lambda row: (matches(row), -row))
    if not matches(header):
        message = word(lang, "book.no_header", columns=_listed((column.header(lang) for column in sheet.columns if column.is_needed), lang))
        found.findings.append(Finding(rank, grid.cell(1, 1), message, "missing"))
        return None
    table = Table(sheet, grid, rank, header, {})
    strange: list[int] = []
    for index, value in enumerate(grid.rows[header - 1], 1):
        column = _match(sheet, value)
        if column is not None and column.key in table.columns:
            first = grid.cell(header, table.columns[column.key])
            message = word(lang, "book.header_twice", was=column.header(lang), first=first)
            found.findings.append(Finding(rank, grid.cell(header, index), message, "duplicate"))
        elif column is not None:
            table.columns[column.key] = index
        elif not is_blank(value):
            strange.append(index)
    known = set(table.columns.values())
    table.rows = [
        row
        for row in range(header + 1, len(grid.rows) + 1)
        if any(index in known and not is_blank(v) for index, v in enumerate(grid.rows[row - 1], 1))
    ]
    _strange_columns(table, strange, found, lang)
    missing = [column for column in sheet.columns if column.is_needed and column.key not in table.columns]
    for column in missing if table.rows else ():
        message = word(lang, "book.no_column", was=column.header(lang))
        found.findings.append(Finding(rank, grid.cell(header, 1), message, "missing"))
    return table


def _strange_columns(table: Table, strange: list[int], found: Tables, lang: Lang) -> None:
    grid, header = table.grid, table.header
    free = [column for column in table.sheet.columns if column.key not in table.columns]
    named = {index for index, value in enumerate(grid.rows[header - 1], 1) if not is_blank(value)}
    for index in strange:
        try:
            text = text_of(grid.value(header, index))
        except Misread:
            text = str(grid.value(header, index))
        if not any(not is_blank(grid.value(row, index)) for row in range(header + 1, len(grid.rows) + 1)):
            continue
        ranked = [(max(difflib.SequenceMatcher(None, plain, folded(text)).ratio() for plain in header_words(column)), column) for column in free]
        best = max(ranked, key=lambda pair: pair[0], default=(0.0, None))
        if best[1] is not None and best[0] >= NEAR:
            message = word(lang, "book.near_column", was=text, near=best[1].header(lang))
            found.findings.append(Finding(table.rank, grid.cell(header, index), message, "unknown"))
        else:
            found.notes.append(word(lang, "book.unread_column", cell=grid.cell(header, index), was=text))
    loose = {index for row in table.rows for index, value in enumerate(grid.rows[row - 1], 1) if index not in named and not is_blank(value)}
    found.notes.extend(word(lang, "book.no_name", cell=grid.cell(header, index)) for index in sorted(loose))


def _listed(texts: Iterator[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(texts)
