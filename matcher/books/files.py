"""Weeks and plans in files that people open: Excel workbooks (.xlsx) and zips of CSV files (.zip)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matcher.books.csvzip import csv_zip, read_csv_zip
from matcher.books.errors import BookError, said
from matcher.books.excel import read_excel
from matcher.books.looks import week_book
from matcher.books.plans import PLAN_FILE, plan_book, plan_grids, plan_json
from matcher.books.reading import Reading
from matcher.books.tokens import Misread
from matcher.books.writing import book_of
from matcher.errors import Fault, PlanError
from matcher.files import read_bytes
from matcher.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.books.grid import Book
    from matcher.problem import Problem
    from matcher.words import Lang


def _is_zip(path: str | Path) -> bool:
    return Path(path).suffix.lower() == ".zip"


def _book(path: str | Path) -> Book:
    data = read_bytes(path)
    return read_csv_zip(data) if _is_zip(path) else read_excel(data)


def read_week(path: str | Path, lang: Lang, tell: Callable[[str], object] = str) -> Problem:
    """Read a problem from a workbook.

    Parameters
    ----------
    path
        An Excel workbook, or a zip of CSV files.
    lang
        Language of the faults; headers and labels are understood in both.
    tell
        Is told what is in the workbook and was not read: sheets and columns that are not known.

    Raises
    ------
    BookError
        With every fault, each with its cell.
    OSError
        If the file cannot be read.
    """
    try:
        reading = Reading(_book(path), lang)
    except Misread as wrong:
        raise BookError([Fault("", said(wrong, lang), wrong.code)]) from None
    for note in reading.notes:
        tell(note)
    return reading.problem()


def week_bytes(problem: Problem, path: str | Path, lang: Lang, *, is_example: bool = False) -> bytes:
    """Return a problem as the bytes of a workbook, of the kind that the name of its file asks for.

    Raises
    ------
    BookError
        If a text is longer than a cell can hold.
    """
    try:
        book = book_of(problem, lang)
        return csv_zip(book) if _is_zip(path) else week_book(book, lang, is_example=is_example)
    except Misread as wrong:
        raise BookError([Fault("", said(wrong, lang), wrong.code)]) from None


def read_plan(path: str | Path, lang: Lang) -> Plan:
    """Read back the plan of a workbook that `plan_bytes` made: the plan as it was found, whatever was changed in the sheets.

    Raises
    ------
    PlanError
        If the workbook holds no plan.
    OSError
        If the file cannot be read.
    """
    try:
        text = plan_json(path)
    except Misread as wrong:
        raise PlanError([Fault("", said(wrong, lang), wrong.code)]) from None
    return Plan.parse(text)


def plan_bytes(problem: Problem, plan: Plan, path: str | Path, lang: Lang) -> bytes:
    """Return a plan as the bytes of a workbook: sheets by day, person and community, and what is left out with the reasons."""
    grids = plan_grids(problem, plan, lang)
    if _is_zip(path):
        return csv_zip(grids, {PLAN_FILE: plan.to_json().encode()})
    return plan_book(grids, plan, lang)
