"""The small values: what they accept, what they become inside, and what they become in JSON again."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from matcher.errors import Fault, ProblemError
from matcher.fields import DAY, Clock, Day, Fen, Horizon, Location, Moment, Money, Number, Row, Span, Start, Whole, Window, clock, seconds_of, show
from matcher.validation import faults_from_pydantic, parse_json


def one_fault(kind: Any, value: Any) -> Fault:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    (fault,) = faults_from_pydantic(caught.value)
    return fault


@pytest.mark.parametrize(
    ("value", "fen"), [(0, 0), (60, 6000), (12.5, 1250), ("12.50", 1250), (Decimal("0.01"), 1), (0.29, 29), (1e11, 10**13), (Fen(7), 7)]
)
def test_money_is_yuan_outside_and_whole_fen_inside(value: Any, fen: int) -> None:
    money = TypeAdapter(Money)
    assert money.validate_python(value) == fen
    assert money.validate_python(json.loads(money.dump_json(fen))) == fen


@pytest.mark.parametrize(
    "value",
    [-0.01, 0.001, 1e12, 1e300, float("nan"), float("inf"), "1e999999999", "sNaN", "", "x", None, True, [], 10**30, 10**5000, "9" * 30],
    ids=show,
)
def test_money_that_is_no_amount_is_refused(value: Any) -> None:
    assert "yuan" in one_fault(Money, value).message


@pytest.mark.parametrize(("value", "whole"), [(0, 0), (7.0, 7), (10**9, 10**9), (-0.0, 0)])
def test_a_whole_number_may_be_written_with_a_point(value: Any, whole: int) -> None:
    assert TypeAdapter(Whole).validate_python(value) == whole


@pytest.mark.parametrize("value", [7.5, "7", True, None, float("nan"), float("inf"), -1, 10**9 + 1, 10**400, 1e300])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    assert one_fault(Whole, value).message.startswith("should be ")


@pytest.mark.parametrize("value", ["1", False, None, float("nan"), float("-inf"), 10**400])
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    assert "number" in one_fault(Number, value).message


def test_a_row_is_taken_at_once_or_told_what_is_wrong_where() -> None:
    rows = TypeAdapter(Row)
    assert rows.validate_python([0, 1, 10**9]) == (0, 1, 10**9)
    assert rows.validate_python([]) == ()
    assert rows.validate_python([1.0, 2]) == (1, 2)
    assert one_fault(Row, [1, True, 2]).path == "/1"
    assert one_fault(Row, [1, 2, -3]).path == "/2"
    assert one_fault(Row, "12").code == "type"


@pytest.mark.parametrize(("value", "seconds"), [("00:00", 0), ("08:30", 30_600), ("08:30:15", 30_615), ("24:00", DAY), ("24:00:00", DAY), (5, 5)])
def test_a_clock_time_is_a_number_of_seconds(value: Any, seconds: int) -> None:
    assert seconds_of(TypeAdapter(Clock).validate_python(value)) == seconds


@pytest.mark.parametrize("value", ["8:30", "24:01", "23:60", "08:30:60", "08-30", "0８:30", "08:30\n", "", None, True, 1.5])
def test_what_is_no_clock_time_is_refused(value: Any) -> None:
    assert "should be a" in one_fault(Clock, value).message


@pytest.mark.parametrize("seconds", [0, 59, 3600, 30_615, DAY])
def test_seconds_are_written_as_the_clock_has_them(seconds: int) -> None:
    assert seconds_of(clock(seconds)) == seconds


@pytest.mark.parametrize("value", ["2026-11-23T09:00", "2026-11-23T09:00:00", dt.datetime(2026, 11, 23, 9)])
def test_a_moment_is_a_local_date_and_time(value: Any) -> None:
    assert TypeAdapter(Moment).validate_python(value) == dt.datetime(2026, 11, 23, 9)
    assert TypeAdapter(Start).validate_python(value) == dt.datetime(2026, 11, 23, 9)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-23",
        "2026-11-23 09:00",
        "2026-11-23T09:00Z",
        "2026-11-23T25:00",
        "2026-11-23T09:00:00.5",
        5,
        None,
        dt.datetime.now(dt.UTC),
        dt.date.max,
    ],
)
def test_what_is_no_moment_is_refused(value: Any) -> None:
    assert "local date and time" in one_fault(Moment, value).message


def test_a_start_is_a_clock_time_a_moment_or_seconds() -> None:
    start = TypeAdapter(Start)
    assert start.validate_python("09:00") == "09:00"
    assert start.validate_python(32_400) == 32_400
    assert json.loads(start.dump_json(dt.datetime(2026, 11, 23, 9))) == "2026-11-23T09:00:00"
    for value in ("soon", "123456", 1.5, True, None):
        assert "seconds from the start" in one_fault(Start, value).message


@pytest.mark.parametrize("value", ["mon", "2026-11-23", dt.date(2026, 11, 23)])
def test_a_day_is_a_weekday_or_a_date(value: Any) -> None:
    assert TypeAdapter(Day).validate_python(value) in {"mon", "2026-11-23"}


@pytest.mark.parametrize("value", ["Mon", "2026-02-29", "20261123", "2026-W48-1", 1, None, dt.datetime(2026, 11, 23)])
def test_what_is_no_day_is_refused(value: Any) -> None:
    assert "weekday" in one_fault(Day, value).message


def test_a_horizon_knows_its_days() -> None:
    horizon = Horizon.model_validate({"start": "2026-11-25", "days": 10})
    assert horizon.indices(None) == tuple(range(10))
    assert horizon.indices("wed") == (0, 7)
    assert horizon.indices("tue") == (6,)
    assert horizon.indices("2026-11-26") == (1,)
    assert horizon.indices("2026-11-24") == horizon.indices("2026-12-05") == ()
    assert horizon.weeks == 2
    assert horizon.since(horizon.moment(123_456)) == 123_456


@pytest.mark.parametrize("value", ["1899-12-31", "3000-01-01", "9999-12-31", "2026-02-30", 20261123, "2026-11-23T00:00", None])
def test_a_horizon_that_starts_on_no_day_of_our_calendar_is_refused(value: Any) -> None:
    assert one_fault(Horizon, {"start": value}).path == "/start"


@pytest.mark.parametrize("days", [0, -1, 3661, 1.5, "7"])
def test_a_horizon_has_one_to_3660_days(days: Any) -> None:
    assert one_fault(Horizon, {"start": "2026-11-23", "days": days}).path == "/days"


def test_a_window_that_ends_before_it_starts_is_named_with_both_times() -> None:
    fault = one_fault(Window, {"earliest": "09:00", "latest": "08:00"})
    assert fault == Fault("", "latest (08:00) should be after earliest (09:00) or the same", "order")
    assert Window(earliest="09:00", latest="09:00").latest == "09:00"


def test_a_stretch_of_time_that_is_empty_is_named_with_both_times() -> None:
    fault = one_fault(Span, {"from": "09:00", "to": "09:00"})
    assert fault == Fault("", "to (09:00) should be after from (09:00)", "order")


@pytest.mark.parametrize(
    "value",
    [
        {"earliest": "09:00", "latest": 40_000},
        {"day": "mon", "earliest": 1, "latest": 2},
        {"earliest": -1, "latest": 2},
        {"earliest": 0, "latest": 3660 * DAY + 1},
    ],
)
def test_a_window_is_by_the_clock_or_in_seconds(value: Any) -> None:
    assert "earliest" in one_fault(Window, value).message


def test_a_window_of_a_weekday_stands_on_every_such_day_with_its_lateness() -> None:
    horizon = Horizon.model_validate({"start": "2026-11-23", "days": 14})
    window = Window(day="tue", earliest="08:00", latest="08:10", late_by=5)
    assert window.spans(horizon) == ((DAY + 28_800, DAY + 29_400, DAY + 29_700), (8 * DAY + 28_800, 8 * DAY + 29_400, 8 * DAY + 29_700))


@pytest.mark.parametrize("value", [{}, {"lat": 1}, {"x": 1}, {"lat": 1, "lon": 2, "row": 0}, {"x": 1, "lon": 2}])
def test_a_location_is_given_in_one_way(value: Any) -> None:
    assert one_fault(Location, value).code == "conflict"


def test_a_location_says_which_way_it_is_given_in() -> None:
    assert [Location.model_validate(value).system for value in ({"lat": 0, "lon": 0}, {"x": 0, "y": 0}, {"row": 0})] == ["degrees", "plane", "row"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (5, "5"), ("a", "'a'"), ([1, 2], "a list of 2"), ({}, "an empty object"), ({"a": 1}, "an object of 1 key")],
)
def test_a_value_is_shown_as_json_has_it(value: Any, text: str) -> None:
    assert show(value) == text


@pytest.mark.parametrize("value", ["x" * 10**6, 10**5000, list(range(10**5)), {i: i for i in range(10**5)}, b"y" * 10**5, "\ud800"], ids=show)
def test_a_value_of_any_size_is_shown_in_a_line(value: Any) -> None:
    assert len(show(value)) < 100
    assert show(value).encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "was empty"),
        ("  ", "was empty"),
        ("{", "line 1, column 2"),
        ('{"a": 1,\n "b" 2}', "line 2, column 6"),
        ('"abc', "unterminated string starting at line 1"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        ("{}".encode("utf-16-le"), "UTF-16"),
        ("{}".encode("utf-32"), "UTF-32"),
        ('{"名": 1}'.encode("gb18030"), "should be UTF-8, has byte"),
        (b'{"a":\n"\xe5\xbc"}', "at line 2"),
        ("[" * 100_000, "nested too deep"),
        ("[" + "1" * 5000 + "]", "thousands of digits"),
    ],
)
def test_a_text_that_is_no_json_is_one_fault_of_syntax(text: str | bytes, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_json(text, ProblemError)
    (fault,) = caught.value.faults
    assert (fault.path, fault.code) == ("", "syntax")
    assert words in fault.message


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ('{"a": [0, {"b": 1, "b": 2}]}', "/a/1/b", "duplicate"),
        ('{"a": NaN}', "/a", "range"),
        ('[1, {"b/c": -Infinity}]', "/1/b~1c", "range"),
        ('{"a": "\\ud800"}', "/a", "syntax"),
        ('{"\\udc00": 1}', "", "syntax"),
        ('{"a": "\udfff"}', "/a", "syntax"),
    ],
)
def test_what_json_lets_pass_and_the_format_does_not_is_found_where_it_stands(text: str, path: str, code: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_json(text, ProblemError)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]


@pytest.mark.parametrize("text", ['{"a": "\\ud83d\\udc90"}', '{"a": "💐"}', b'\xef\xbb\xbf{"a": "\xf0\x9f\x92\x90"}', '\ufeff{"a": "💐"}'])
def test_characters_beyond_the_basic_plane_and_byte_order_marks_are_read(text: str | bytes) -> None:
    assert parse_json(text, ProblemError) == {"a": "💐"}
