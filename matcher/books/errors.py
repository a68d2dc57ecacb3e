"""What is wrong with a workbook: faults that point to cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.errors import Fault, ProblemError
from matcher.words import Lang, word

if TYPE_CHECKING:
    from matcher.books.grid import Cell
    from matcher.books.tokens import Misread


class BookError(ProblemError):
    """A workbook does not make a valid problem; each fault's path is a cell, such as ``需求!D7``."""

    what = "workbook"


@dataclass(frozen=True)
class Finding:
    """A fault before it is put in words: the cell, the order of its sheet, the message and the code."""

    rank: int
    cell: Cell
    message: str
    code: str

    @property
    def order(self) -> tuple[int, int, int]:
        """Where it stands in the book."""
        return self.rank, self.cell.row, self.cell.column

    def fault(self) -> Fault:
        """Return it as a fault of the engine."""
        return Fault(str(self.cell), self.message, self.code)


def said(wrong: Misread, lang: Lang) -> str:
    """Put what could not be read in words."""
    values = dict(wrong.values)
    if "sort" in values:
        values["sort"] = word(lang, f"book.sort.{values['sort']}")
    if "near" in values and not values["near"]:
        return word(lang, "book.unknown_none", **{name: values[name] for name in ("sort", "was")})
    if "near" in values:
        values["near"] = ("、" if lang == "zh" else ", ").join(values["near"])
    return word(lang, f"book.{wrong.key}", **values)
