"""A book: sheets of raw cells, wherever they came from, and the names of cells."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell whose value cannot be had: a formula that was never calculated, or one that went wrong."""

    text: str


Value = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | Broken | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of a cell: the title of its sheet as the user has it, its row and its column, both from 1."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"{self.sheet}!{letters(self.column)}{self.row}"


@dataclass(frozen=True)
class Grid:
    """A sheet as it was read or is to be written.

    Attributes
    ----------
    rows : sequence of sequences of cell values
        Row 1 first; rows may be of different lengths.
    anchors : mapping of (row, column) to (row, column)
        For cells that are merged into another one: the one that a user can select.
    """

    title: str
    rows: Sequence[Sequence[Value]]
    anchors: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Cell:
        """Return the place of a cell, of the one it is merged into where it is."""
        row, column = self.anchors.get((row, column), (row, column))
        return Cell(self.title, row, column)

    def value(self, row: int, column: int) -> Value:
        """Return the value of a cell, rows and columns counted from 1; None beyond what is filled."""
        cells = self.rows[row - 1] if row <= len(self.rows) else ()
        return cells[column - 1] if column <= len(cells) else None


Book = list[Grid]


def letters(column: int) -> str:
    """Return the letters of a column, as spreadsheets count: 1 is A, 27 is AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
