"""Whatever people get wrong in a workbook is told cell by cell, all at once."""

from __future__ import annotations

import contextlib
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.small import small_problem
from matcher.books.errors import BookError
from matcher.books.excel import read_excel
from matcher.books.files import read_week, week_bytes
from matcher.books.grid import Grid
from matcher.books.looks import week_book
from matcher.books.reading import Reading
from matcher.books.tokens import Misread
from matcher.books.writing import book_of
from matcher.problem import BUILT_IN_CATEGORIES
from matcher.words import LANGS, Lang
from tests.books.faulty import faulty_book, week

if TYPE_CHECKING:
    from matcher.errors import Fault

RUBBISH = (
    None,
    "",
    " ",
    "x",
    -1,
    0,
    1e300,
    float(2**60),
    10**18,
    True,
    "无",
    "、",
    "=",
    "()",
    '"',
    "＃#",
    "周一周",
    "9-",
    "（",
    "×",
    "a" * 2000,
    "1/0",
)
CODES = {"type", "range", "unknown", "duplicate", "order", "conflict", "missing", "extra", "syntax"}


def faults_in(book: list[Grid], lang: str = "zh") -> tuple[Fault, ...]:
    with pytest.raises(BookError) as caught:
        Reading(book, "zh" if lang == "zh" else "en").problem()
    return caught.value.faults


@pytest.mark.parametrize("seed", range(60))
def test_a_faulty_workbook_is_answered_by_all_its_faulty_cells_and_no_others(seed: int) -> None:
    book, cells, lang = faulty_book(seed)
    faults = faults_in(book, lang)
    assert {fault.path for fault in faults} == cells
    assert {fault.code for fault in faults} <= CODES
    assert all(fault.message.strip() and "/needs" not in fault.message for fault in faults)


@pytest.mark.parametrize("seed", range(4))
def test_a_faulty_file_has_the_faults_of_its_cells(seed: int) -> None:
    book, cells, lang = faulty_book(seed)
    made = read_excel(week_book(book, lang))
    if any(type(value).__name__ == "Broken" for grid in book for row in grid.rows for value in row):
        pytest.skip("a formula is written by hand in another test")
    assert {fault.path for fault in faults_in(made, lang)} == cells


def test_faults_stand_in_the_order_of_the_workbook() -> None:
    book, _, lang = faulty_book(9)
    titles = [grid.title for grid in book]
    places = [
        (titles.index(sheet), int("".join(filter(str.isdigit, cell)))) for sheet, cell in (fault.path.split("!") for fault in faults_in(book, lang))
    ]
    assert places == sorted(places)


def test_messages_speak_the_language_that_is_asked_for() -> None:
    book = book_of(week(), "zh")
    needs = next(grid for grid in book if grid.title == "需求")
    needs.rows[1][5] = "很急"  # type: ignore[index]
    assert "应为" in faults_in(book, "zh")[0].message or "数字" in faults_in(book, "zh")[0].message
    assert "should be" in faults_in(book, "en")[0].message


@pytest.mark.parametrize(
    ("lang", "sheet", "column", "slip", "meant"),
    [
        ("zh", "需求", "领域", "居家养老服务", "居家养老"),
        ("zh", "需求", "领域", "home_cares", "居家养老"),
        ("en", "Needs", "Category", "Home based elder", "Home-based elder care"),
        ("en", "Needs", "Category", "home_cares", "Home-based elder care"),
        ("zh", "需求", "社区", "竹岛路居委", "竹岛路居委会"),
        ("zh", "班次", "人员", "志愿者 001", "志愿者 0001"),
    ],
)
def test_what_may_be_meant_is_named_in_the_words_of_the_workbook(lang: Lang, sheet: str, column: str, slip: str, meant: str) -> None:
    book = [Grid(grid.title, [list(row) for row in grid.rows]) for grid in book_of(week(), lang)]
    rows = next(grid.rows for grid in book if grid.title == sheet)
    rows[1][list(rows[0]).index(column)] = slip  # type: ignore[index]
    # Whatever language the reader speaks, the cell has to hold a word of the book.
    for spoken in LANGS:
        (fault,) = faults_in(book, spoken)
        said = fault.message.replace(f"“{slip}”", "").replace(f"'{slip}'", "")
        assert meant in said
        assert not re.search(r"[a-z]+_[a-z]+|v0001", said)


def test_where_nothing_is_like_it_the_words_that_there_are_are_named() -> None:
    book = [Grid(grid.title, [list(row) for row in grid.rows]) for grid in book_of(week(), "en")]
    rows = next(grid.rows for grid in book if grid.title == "Needs")
    rows[1][list(rows[0]).index("Category")] = "?!"  # type: ignore[index]
    (fault,) = faults_in(book, "en")
    assert all(category.name_en in fault.message for category in BUILT_IN_CATEGORIES)


@pytest.mark.parametrize("lang", LANGS)
def test_the_cells_of_a_workbook_hold_what_its_drop_down_lists_offer(lang: Lang) -> None:
    rows = next(grid.rows for grid in book_of(week(), lang) if grid.title in {"需求", "Needs"})
    column = list(rows[0]).index("领域" if lang == "zh" else "Category")
    offered = {category.name_zh if lang == "zh" else category.name_en for category in BUILT_IN_CATEGORIES}
    assert {row[column] for row in rows[1:]} <= offered


@pytest.mark.parametrize("seed", range(40))
def test_no_rubbish_in_any_cell_makes_it_crash(seed: int) -> None:
    rng = random.Random(seed)
    book = [Grid(grid.title, [list(row) for row in grid.rows]) for grid in book_of(small_problem(seed), "zh")]
    for _ in range(rng.randint(1, 12)):
        grid = rng.choice([grid for grid in book if len(grid.rows) > 1])
        row = rng.choice(list(grid.rows))
        row[rng.randrange(len(row))] = rng.choice(RUBBISH)  # type: ignore[index]
    faults: tuple[Fault, ...] = ()
    try:
        Reading(book, "zh").problem()
    except BookError as error:
        faults = error.faults
    assert all("!" in fault.path for fault in faults)


@pytest.mark.parametrize(
    ("data", "key"), [(b"", "no_excel"), (b"PK\x03\x04rubbish", "no_excel"), (b"\xd0\xcf\x11\xe0" + bytes(600), "old_excel"), (b"{}", "no_excel")]
)
def test_what_is_no_workbook_is_refused(data: bytes, key: str) -> None:
    with pytest.raises(Misread, match=key):
        read_excel(data)


def test_a_damaged_workbook_is_refused_not_crashed_on(tmp_path: Path) -> None:
    whole = week_bytes(small_problem(1), "week.xlsx", "zh")
    rng = random.Random(1)
    for number in range(12):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if number % 2 else whole)
        for _ in range(30 * (number % 2 == 0)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(BookError):
            assert read_week(path, "zh").visits


def test_an_empty_workbook_says_what_it_lacks() -> None:
    faults = faults_in([Grid("Sheet1", [])])
    assert [fault.code for fault in faults] == ["missing"]
    assert "开始日期" in faults[0].message
