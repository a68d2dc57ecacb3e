# ruff: noqa: ARG001, ARG005 - all codecs have the methods of one protocol, which says what they do
"""Codecs of what has a form of its own: places, days, starts, visits, lunch breaks."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from matcher.books.choices import FLAG, chosen
from matcher.books.codecs import Context, Parsed
from matcher.books.times import day_text, read_date, read_days, read_lunch, read_moment, read_start
from matcher.books.tokens import Misread, halves, plain, quoted, text_of, unquoted

if TYPE_CHECKING:
    from matcher.books.grid import Value


def _place(value: Value, context: Context) -> dict[str, Any]:
    text = plain(text_of(value))
    match = re.fullmatch(r"(?:第?\s*(?:行|row)\s*(\d{1,9}))|(?:第?\s*(\d{1,9})\s*行?)", text, re.IGNORECASE)
    if match and (context.travel == "matrix" or not text.isdigit()):
        return {"row": int(match[1] or match[2])}
    numbers = re.findall(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text)
    rest = re.sub(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[\s,、;:°()=北纬东经度米]|lat|lon|[NExym]", "", text)
    if rest or len(numbers) != 2:
        raise Misread("place", was=text)
    first, second = float(numbers[0]), float(numbers[1])
    if context.coordinates == "plane":
        return {"x": first, "y": second}
    if re.match(r"东经|E|lon", text):
        first, second = second, first
    if not (-90 <= first <= 90 and -180 <= second <= 180):
        raise Misread("degrees", "range", was=text)
    return {"lat": first, "lon": second}


def _place_text(value: dict[str, Any], context: Context) -> Value:
    if "row" in value:
        return f"{'行' if context.lang == 'zh' else 'row'} {value['row']}"
    return ", ".join(repr(value[name]) for name in (("lat", "lon") if "lat" in value else ("x", "y")))


def _neutral_place(context: Context) -> dict[str, Any]:
    if context.travel == "matrix":
        return {"row": 0}
    return {"x": 0.0, "y": 0.0} if context.coordinates == "plane" else {"lat": 0.0, "lon": 0.0}


def _day(value: Value, context: Context) -> str | None:
    if isinstance(value, (dt.date, dt.datetime, int, float)):
        return read_date(value)
    days = read_days(text_of(value), context.first_day)
    if len(days) != 1 or days[0] is None:
        raise Misread("day", was=text_of(value))
    return days[0]


def _visit(value: Value, context: Context) -> str:
    text = text_of(value)
    both = halves(text, "#＃")
    match = re.fullmatch(r"(.*\S)\s*第\s*(\d+)\s*次", text) if both is None else None
    name, number = both or ((match[1], match[2]) if match else (text, "1"))
    number = plain(number)
    if not number.isdigit():
        raise Misread("visit", was=text)
    return f"{context.names['need'].resolve(unquoted(name))}#{number}"


def _visit_text(value: str, context: Context) -> Value:
    name, _, number = value.rpartition("#")
    return f"{quoted(name, None)}#{number}"


def _start_text(value: str | int, context: Context) -> Value:
    if isinstance(value, int):
        return f"{value}{'秒' if context.lang == 'zh' else ' s'}"
    return value.replace("T", " ")


def _lunch(value: Value, context: Context) -> Any:
    flag = chosen(FLAG, text_of(value)) if isinstance(value, (str, bool)) else None
    if flag is not None:
        return {} if flag == "true" else None
    return read_lunch(value)


def _lunch_text(value: dict[str, Any], context: Context) -> Value:
    minutes = f"{value.get('minutes', 60)}{'分钟' if context.lang == 'zh' else ' min'}"
    return f"{value.get('earliest', '11:30')}-{value.get('latest', '13:30')} {minutes}"


PLACE = Parsed(_place, _place_text, _neutral_place)
DAY = Parsed(_day, lambda value, context: day_text(value, context.lang))
DATE = Parsed(lambda value, context: read_date(value, context.first_day), lambda value, context: str(value))
VISIT = Parsed(_visit, _visit_text)
START = Parsed(lambda value, context: read_start(value, context.first_day), _start_text)
MOMENT = Parsed(lambda value, context: read_moment(value, context.first_day), _start_text)
LUNCH = Parsed(_lunch, _lunch_text)
