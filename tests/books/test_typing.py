"""What people really type is understood."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from matcher.books.codecs import Context, Entries, Flag, Ident, Money, Pairs, Ref, Whole
from matcher.books.errors import BookError
from matcher.books.example import example_week
from matcher.books.excel import read_excel
from matcher.books.files import read_week, week_bytes
from matcher.books.grid import Book, Grid
from matcher.books.names import Names
from matcher.books.reading import Reading
from matcher.books.team import Team
from matcher.books.times import read_date, read_lunch, read_minutes, read_moment, read_start, read_stretches
from matcher.books.tokens import Misread
from matcher.books.writing import book_of
from matcher.problem import Problem

MONDAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("周一 14:00-16:00", [("mon", "14:00", "16:00")]),
        ("周一、周三 9:00-11:00；周五下午", [("mon", "09:00", "11:00"), ("wed", "09:00", "11:00"), ("fri", "13:00", "18:00")]),
        ("周一 9:00-11:00，14:00-16:00", [("mon", "09:00", "11:00"), ("mon", "14:00", "16:00")]),
        ("１４：００～１６：００", [(None, "14:00", "16:00")]),
        (" 星期一上午9:00—11:00 ", [("mon", "09:00", "11:00")]),
        ("周一三五 9-11点", [("mon", "09:00", "11:00"), ("wed", "09:00", "11:00"), ("fri", "09:00", "11:00")]),
        ("周六至周一 8:00-9:00", [("sat", "08:00", "09:00"), ("sun", "08:00", "09:00"), ("mon", "08:00", "09:00")]),
        ("11月24日 9点半到11点", [("2026-11-24", "09:30", "11:00")]),
        ("2026/11/24 下午2点-4点", [("2026-11-24", "14:00", "16:00")]),
        ("周末 全天", [("sat", "00:00", "24:00"), ("sun", "00:00", "24:00")]),
        ("Mon, Wed 9am-11am", [("mon", "09:00", "11:00"), ("wed", "09:00", "11:00")]),
        ("Tuesday afternoon", [("tue", "13:00", "18:00")]),
        ("2-4pm", [(None, "14:00", "16:00")]),
        ("中午12点-1点", [(None, "12:00", "13:00")]),
        ("周二 9:00-10:00 周四 9:00-10:00", [("tue", "09:00", "10:00"), ("thu", "09:00", "10:00")]),
        ("3600-7200秒", [(None, 3600, 7200)]),
        ("每天 08:00:30-9:00", [(None, "08:00:30", "09:00")]),
    ],
)
def test_days_and_hours(text: str, meant: list[tuple[Any, ...]]) -> None:
    assert [(one.day, one.first, one.last) for one in read_stretches(text, MONDAY, may_be_moment=False)] == meant


def test_hours_may_be_late_and_one_time_is_a_window_of_no_length() -> None:
    late = read_stretches("周一 9:00-10:00（可晚30分钟），周二 10:00-11:00 late 5 min", MONDAY, may_be_moment=True)
    assert [one.late for one in late] == [30, 5]
    assert read_stretches(dt.time(9, 0), MONDAY, may_be_moment=True)[0].last == "09:00"


@pytest.mark.parametrize(
    "text", ["周八 9:00-10:00", "25:00-26:00", "9:61-10:00", "16:00-14:00", "周一", "11-23", "有空", "9:00-9:00", "2月30日 9:00-10:00"]
)
def test_days_and_hours_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(Misread):
        read_stretches(text, MONDAY, may_be_moment=False)


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        (60, 60),
        (60.0, 60),
        ("９０分钟", 90),
        ("1小时30分", 90),
        ("1.5小时", 90),
        ("半小时", 30),
        ("1h30m", 90),
        (dt.time(1, 30), 90),
        ("45 min", 45),
        ("2个小时", 120),
    ],
)
def test_lengths_of_time(value: Any, minutes: int) -> None:
    assert read_minutes(value) == minutes


@pytest.mark.parametrize(
    "value", [dt.datetime(2026, 11, 23), dt.date(2026, 11, 23), "2026年11月23日", "2026/11/23", "２０２６-11-23", 20261123, "11月23日"]
)
def test_dates_as_dates_and_as_text(value: Any) -> None:
    assert read_date(value, MONDAY) == "2026-11-23"


def test_starts_moments_and_breaks() -> None:
    assert read_start("下午2点半", MONDAY) == "14:30"
    assert read_start(dt.time(9, 0), MONDAY) == "09:00"
    assert read_start("40000秒", MONDAY) == 40000
    assert read_start("2026-11-24 14:30", MONDAY) == "2026-11-24T14:30:00"
    assert read_moment(dt.datetime(2026, 11, 24, 14, 29, 59, 999_999), MONDAY) == "2026-11-24T14:30:00"
    assert read_lunch("11:30～13:00（45分钟）") == {"earliest": "11:30", "latest": "13:00", "minutes": 45}


def context() -> Context:
    people = Names("provider")
    for name, called in (("v1", "王芳"), ("v2", "王芳"), ("v3", "李强"), ("v4", "志愿者 0001")):
        people.add(name, called)
    return Context("zh", {"provider": people})


@pytest.mark.parametrize("text", ["李强、志愿者 0001", "李强，志愿者 0001", "李强, v4", "v3；V4", "李 强\n志愿者0001", "ｖ３、v4 、"])
def test_lists_take_any_separator_and_names_or_ids(text: str) -> None:
    assert Entries(Ref("provider")).read(text, context()) == ["v3", "v4"]


def test_two_of_one_name_are_asked_about_and_told_apart() -> None:
    with pytest.raises(Misread) as caught:
        Ref("provider").read("王芳", context())
    assert caught.value.key == "ambiguous"
    assert "王芳 (v1), 王芳 (v2)" in caught.value.values["which"]
    assert Ref("provider").read("王芳（v2）", context()) == "v2"
    assert Ref("provider").write("v2", context()) == "王芳 (v2)"


def test_a_name_that_nobody_has_is_answered_by_those_like_it() -> None:
    with pytest.raises(Misread) as caught:
        Ref("provider").read("李墙", context())
    assert "李强" in caught.value.values["near"]


@pytest.mark.parametrize("text", ["李强=3、v4=1", "李强 3次，志愿者 0001", "李强×3; v4", "李强：3、v4：1"])
def test_pairs_in_every_way(text: str) -> None:
    assert Pairs(Ref("provider"), Whole(1, 9), 1).read(text, context()) == {"v3": 3, "v4": 1}


@pytest.mark.parametrize(
    ("value", "is_yes"), [("是", True), ("√", True), ("Yes", True), (True, True), (1, True), ("否", False), ("n", False), ("无", False), (0, False)]
)
def test_yes_and_no_in_both_languages(value: Any, *, is_yes: bool) -> None:
    assert Flag().read(value, context()) is is_yes


@pytest.mark.parametrize(("value", "yuan"), [("￥60", 60), ("12.50元", 12.5), ("1,200", 1200), (33.33, 33.33), ("1.5万", 15000), ("６０", 60)])
def test_money(value: Any, yuan: float) -> None:
    assert Money().read(value, context()) == yuan


@pytest.mark.parametrize(("value", "text"), [(371002003012, "371002003012"), (371002003012.0, "371002003012"), (" v1\u3000", "v1"), ('"a "', "a ")])
def test_ids_that_a_spreadsheet_took_for_numbers_are_ids(value: Any, text: str) -> None:
    assert Ident().read(value, context()) == text


@pytest.mark.parametrize(("value", "key"), [(3710020030121234567, "rounded"), (dt.datetime(2026, 3, 5), "became_date"), ("a#b", "id")])
def test_what_a_spreadsheet_spoilt_is_refused(value: Any, key: str) -> None:
    with pytest.raises(Misread, match=key):
        Ident().read(value, context())


@pytest.mark.parametrize(
    ("text", "team"),
    [
        ("志愿者", [{"id": "志愿者", "kinds": ["volunteer"]}]),
        ("社工＋志愿者2名", [{"id": "社工", "kinds": ["social_worker"]}, {"id": "志愿者", "kinds": ["volunteer"], "count": 2}]),
        ("2名志愿者 助浴2级", [{"id": "志愿者", "kinds": ["volunteer"], "count": 2, "skills": {"助浴": 2}}]),
        (
            "护理：社工/志愿者 x2（助浴=2，女，30分钟，语言 胶辽话，替补 社会组织）",
            [
                {
                    "id": "护理",
                    "kinds": ["social_worker", "volunteer"],
                    "count": 2,
                    "skills": {"助浴": 2},
                    "gender": "female",
                    "minutes": 30,
                    "language": "胶辽话",
                    "stand_ins": ["organization"],
                }
            ],
        ),
        (
            "Social worker or volunteer (senior social worker)",
            [{"id": "Social worker or volunteer", "kinds": ["social_worker", "volunteer"], "certificate": "senior"}],
        ),
        ("志愿者\n志愿者", [{"id": "志愿者", "kinds": ["volunteer"]}, {"id": "志愿者 2", "kinds": ["volunteer"]}]),
    ],
)
def test_teams(text: str, team: list[dict[str, Any]]) -> None:
    assert Team(is_needed=True).read(text, context()) == team


def example() -> Book:
    return [Grid(grid.title, [list(row) for row in grid.rows]) for grid in book_of(example_week(MONDAY, "zh"), "zh")]


def sheet(book: Book, title: str) -> list[list[Any]]:
    return next(grid for grid in book if grid.title == title).rows  # type: ignore[return-value]


def test_columns_may_stand_in_any_order_under_a_title_in_either_language() -> None:
    book = example()
    needs = sheet(book, "需求")
    for row in needs:
        row.reverse()
    needs[0] = [{"事项": "Service", "时长": "时长（分钟）*", "领域": "领域 / Category"}.get(head, head) for head in needs[0]]
    needs.insert(0, ["2026年第48周 需求表"])
    assert Reading(book, "zh").problem() == example_week(MONDAY, "zh")


def test_columns_and_sheets_of_ones_own_are_named_and_nothing_is_lost_in_silence() -> None:
    book = example()
    for row, text in zip(sheet(book, "人员"), ["联系电话", 13800000000, None, None, None, None], strict=True):
        row.append(text)
    book.append(Grid("通讯录", [["a"]]))
    reading = Reading(book, "zh")
    assert reading.problem() == example_week(MONDAY, "zh")
    assert [("联系电话" in note or "通讯录" in note) for note in reading.notes] == [True, True]


def test_people_without_ids_are_called_by_their_names_and_needs_by_what_they_are() -> None:
    book = example()
    for title in ("人员", "社区", "场地", "资金", "联系"):
        for row in sheet(book, title)[1:]:
            row[0] = None
    needs = sheet(book, "需求")
    needs[2][0] = None
    made = Reading(book, "zh").problem()
    assert [person.id for person in made.providers] == ["王芳", "李强", "张敏", "社工孙老师", "暖阳助餐"]
    assert made.needs[1].id == "r2 送餐"
    assert made.links[0].members == ("社工孙老师", "王芳")


def test_two_of_one_name_without_ids_are_asked_about() -> None:
    book = example()
    people = sheet(book, "人员")
    people[1][0] = people[2][0] = None
    people[2][1] = "王芳"
    for row in sheet(book, "班次"):
        row[0] = "王芳" if row[0] == "李强" else row[0]
    for row in sheet(book, "居民"):
        row[6] = None
    sheet(book, "班次").pop(3)
    with pytest.raises(BookError) as caught:
        Reading(book, "zh").problem()
    assert [fault.path for fault in caught.value.faults] == ["人员!A3"]
    assert "人员!A2" in caught.value.faults[0].message


def _edited(change: Any) -> bytes:
    book = load_workbook(io.BytesIO(week_bytes(example_week(MONDAY, "zh"), "week.xlsx", "zh")))
    change(book)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_merged_cells_count_for_each_of_their_rows() -> None:
    def change(book: Any) -> None:
        book["班次"].merge_cells("A2:A3")

    assert Reading(read_excel(_edited(change)), "zh").problem() == example_week(MONDAY, "zh")


def test_real_dates_and_times_of_a_spreadsheet_are_read() -> None:
    def change(book: Any) -> None:
        book["设置"]["B4"].value = dt.datetime(2026, 11, 23)
        book["需求"]["G2"].value = dt.time(1, 0)

    assert Reading(read_excel(_edited(change)), "zh").problem() == example_week(MONDAY, "zh")


def test_a_formula_that_was_never_calculated_is_a_fault_of_its_cell() -> None:
    def change(book: Any) -> None:
        book["需求"]["F3"].value = "=1+3"

    with pytest.raises(BookError) as caught:
        Reading(read_excel(_edited(change)), "zh").problem()
    assert [fault.path for fault in caught.value.faults] == ["需求!F3"]


def test_csv_in_gb18030_is_read(tmp_path: Path) -> None:
    import zipfile

    problem = example_week(MONDAY, "zh")
    path, other = tmp_path / "a.zip", tmp_path / "b.zip"
    path.write_bytes(week_bytes(problem, path, "zh"))
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).decode("utf-8-sig").encode("gb18030"))
    assert read_week(other, "zh") == problem


def test_the_examples_of_a_template_can_be_planned_in_both_languages() -> None:
    assert isinstance(example_week(MONDAY, "en"), Problem)
    assert example_week(MONDAY, "zh").visits
