"""Workbooks with the slips that people make, each with the cells that have to be named.

A workbook is a function of its seed: one to ten slips in a week of a Weihai community, in Chinese or in English, no two in one cell.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from matcher.books.grid import Book, Broken, Cell, Grid, Value
from matcher.books.layout import SETTINGS, SHEETS, Sheet
from matcher.books.writing import book_of
from matcher.words import LANGS, Lang
from scenarios.weihai.week import make_week

if TYPE_CHECKING:
    from matcher.problem import Problem


@cache
def week() -> Problem:
    """The week that is spoilt."""
    return make_week("community", seed=1)


Where = Callable[[dict[str, Value]], bool]


class Draft:
    """A workbook being spoilt."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"faulty workbook {seed}")
        self.lang: Lang = self.rng.choice(LANGS)
        self.book: Book = [Grid(grid.title, [list(row) for row in grid.rows]) for grid in book_of(week(), self.lang)]
        self.cells: set[str] = set()
        self.used: set[tuple[str, int, str]] = set()
        self.whole_rows: set[tuple[str, int]] = set()

    def layout(self, key: str) -> Sheet:
        return SETTINGS if key == "settings" else next(sheet for sheet in SHEETS if sheet.key == key)

    def grid(self, key: str) -> Grid:
        return next(grid for grid in self.book if grid.title == self.layout(key).title(self.lang))

    def column(self, key: str, name: str) -> int:
        return 1 + [column.key for column in self.layout(key).columns].index(name)

    def rows(self, key: str, where: Where = lambda row: True) -> list[int]:
        grid, names = self.grid(key), [column.key for column in self.layout(key).columns]
        return [row for row in range(2, len(grid.rows) + 1) if where(dict(zip(names, grid.rows[row - 1], strict=True)))]

    def put(self, key: str, row: int, name: str, value: Value, *, at: str | None = None, is_whole_row: bool = False) -> bool:
        """Spoil a cell, unless something near it is spoilt already; `at` is the column that has to be named, if it is another one."""
        taken = {(k, r) for k, r, _ in self.used}
        if (key, row, name) in self.used or (key, 1, name) in self.used or (key, row) in self.whole_rows or (is_whole_row and (key, row) in taken):
            return False
        if key == "shifts" and (key, row) in taken:
            # A row of which nothing is left is no row.
            return False
        other = {"rooms": "attendees", "attendees": "rooms"}.get(name)
        if any(column == other for _, _, column in self.used):
            # Nobody can say whether the seats are enough while the rooms cannot be read.
            return False
        rows = self.grid(key).rows
        rows[row - 1][self.column(key, name) - 1] = value  # type: ignore[index]
        self.used.add((key, row, name))
        if is_whole_row:
            self.whole_rows.add((key, row))
        self.cells.add(str(Cell(self.grid(key).title, row, self.column(key, at or name))))
        return True


def cell_slip(key: str, name: str, *values: Value) -> Callable[[Draft], bool]:
    """A cell that cannot be read, whatever else there is."""

    def slip(draft: Draft) -> bool:
        return draft.put(key, draft.rng.choice(draft.rows(key)), name, draft.rng.choice(values))

    return slip


def filled_slip(key: str, name: str, values: tuple[Value, ...], where: Where, at: str | None = None) -> Callable[[Draft], bool]:
    """A cell that contradicts its row."""

    def slip(draft: Draft) -> bool:
        rows = draft.rows(key, where)
        return bool(rows) and draft.put(key, draft.rng.choice(rows), name, draft.rng.choice(values), at=at, is_whole_row=True)

    return slip


def setting_slip(name: str, *values: Value) -> Callable[[Draft], bool]:
    def slip(draft: Draft) -> bool:
        row = 1 + draft.column("settings", name)
        if ("settings", row, name) in draft.used:
            return False
        draft.grid("settings").rows[row - 1][1] = draft.rng.choice(values)  # type: ignore[index]
        draft.used.add(("settings", row, name))
        draft.cells.add(f"{draft.grid('settings').title}!B{row}")
        return True

    return slip


def misspelt_header(draft: Draft) -> bool:
    """A header with a slip of the keyboard."""
    name, values = draft.rng.choice((("urgency", ("紧急成度", "Urgancy")), ("attendees", ("参加人术", "Attendes"))))
    if any((key, column) == ("needs", name) for key, _, column in draft.used) or draft.whole_rows:
        return False
    return draft.put("needs", 1, name, values[0 if draft.lang == "zh" else 1])


def lost_column(draft: Draft) -> bool:
    """A column that is needed, without its header."""
    if any((key, column) == ("needs", "minutes") for key, _, column in draft.used) or draft.whole_rows:
        return False
    return draft.put("needs", 1, "minutes", None, at="id")


def copied_row(draft: Draft) -> bool:
    """A row that was copied and kept its id."""
    key = draft.rng.choice(("funds", "residents"))
    if any(used == key for used, _, _ in draft.used):
        return False
    rows = draft.grid(key).rows
    rows.append(list(rows[1]))  # type: ignore[attr-defined]
    draft.used.add((key, len(rows), "id"))
    draft.whole_rows |= {(key, len(rows)), (key, 2)}
    draft.cells.add(f"{draft.grid(key).title}!A{len(rows)}")
    return True


def _is_volunteer(row: dict[str, Value]) -> bool:
    return row["kind"] in {"志愿者", "Volunteer"}


def _is_at_venue(row: dict[str, Value]) -> bool:
    return row["venue"] is not None


SLIPS: tuple[Callable[[Draft], bool], ...] = (
    cell_slip("needs", "urgency", 9, "很急", 0, 2.5, True),
    cell_slip("needs", "minutes", "很久", -30, 0, dt.datetime(2026, 11, 23), Broken("=A1*60"), None),
    cell_slip("needs", "windows", "周八 9:00-10:00", "25:00-26:00", "周一", "16:00-14:00", "有空就行", None, "2月30日 9:00-10:00"),
    cell_slip("needs", "preferred", "随便什么时候", "周一 9:00-8:00"),
    cell_slip("needs", "team", "医生", "志愿者（会飞）", "志愿者×50", None, "志愿者（助浴=9）", "a.b：志愿者"),
    cell_slip("needs", "category", "太空探索", None, "homecare2"),
    cell_slip("needs", "visits", "几次", 0, 2000),
    cell_slip("needs", "place", "月球"),
    cell_slip("needs", "continuity", "看情况", "x"),
    cell_slip("needs", "preferred_providers", "不存在的人", "查无此人、也没有"),
    cell_slip("needs", "spacing.at_least_days", "两天吧", -1),
    cell_slip("providers", "kind", "宇航员", None),
    cell_slip("providers", "location", "家里", None, "37.5", "122.12, 37.50"),
    cell_slip("providers", "skills", "助浴=9", "助浴", "=3"),
    cell_slip("providers", "mode", "飞机", "坐火箭"),
    cell_slip("providers", "lunch", "12点", "11:30-12:00 90分钟"),
    cell_slip("providers", "max_minutes_day", "不太多", -60),
    cell_slip("providers", "gender", "未知"),
    cell_slip("providers", "area", "火星社区"),
    cell_slip("shifts", "provider", None, "谁也不是"),
    cell_slip("shifts", "shifts", None, "早出晚归", "周三", "18:00-8:00", "9:00"),
    cell_slip("residents", "community", "火星社区", None),
    cell_slip("residents", "gender", "保密"),
    cell_slip("residents", "known", "不存在=3", "?=x"),
    cell_slip("venues", "rooms", None, "大厅", "大厅=0"),
    cell_slip("venues", "opening", "常开", None),
    cell_slip("funds", "amount", "很多", -5, "12.345", None),
    cell_slip("funds", "source", "老板", None),
    cell_slip("funds", "categories", "吃喝"),
    cell_slip("links", "members", "甲和乙", None),
    cell_slip("links", "grade", "随缘"),
    cell_slip("communities", "population", "很多人", -1),
    cell_slip("pins", "visit", "没有的需求#1", None),
    setting_slip("coordinates", "北京54"),
    setting_slip("travel.detour", 0.5, "绕一点"),
    filled_slip("providers", "crews", (3, "2队"), _is_volunteer),
    filled_slip("providers", "supervises", (2,), _is_volunteer),
    filled_slip("needs", "attendees", (10_000,), _is_at_venue),
    filled_slip("needs", "place", ("远程", "Remote"), _is_at_venue, at="venue"),
    filled_slip("needs", "venue", ("没有的场地",), _is_at_venue),
    filled_slip("needs", "windows", ("2030-01-01 9:00-10:00",), lambda row: row["visits"] is None),
    filled_slip("needs", "visits", (1000,), lambda row: not _is_at_venue(row)),
    filled_slip(
        "needs", "spacing.at_most_days", (1,), lambda row: isinstance(row["spacing.at_least_days"], int) and row["spacing.at_least_days"] > 1
    ),
    misspelt_header,
    lost_column,
    copied_row,
)


def faulty_book(seed: int) -> tuple[Book, set[str], Lang]:
    """Return a workbook with one to ten slips, the cells that have to be named, and its language."""
    draft = Draft(seed)
    for _ in range(draft.rng.randint(1, 10)):
        while not draft.rng.choice(SLIPS)(draft):
            pass
    return draft.book, draft.cells, draft.lang
