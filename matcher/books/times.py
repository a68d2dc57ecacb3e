"""Days, hours and lengths of time as people write them: ``周一、周三 9:00-11:00``, ``工作日下午``, ``11月23日 14：00～16：00``, ``1.5小时``."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.books.tokens import Misread, plain, split, text_of
from matcher.fields import DAY, WEEKDAYS, seconds_of

if TYPE_CHECKING:
    from matcher.books.grid import Value
    from matcher.words import Lang

_ZH_DAYS = "一二三四五六日"
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_DAY = {"zh": "每天", "en": "Daily"}
PARTS = {
    "上午": ("08:00", "12:00"),
    "morning": ("08:00", "12:00"),
    "中午": ("11:00", "13:00"),
    "noon": ("11:00", "13:00"),
    "下午": ("13:00", "18:00"),
    "afternoon": ("13:00", "18:00"),
    "晚上": ("18:00", "21:00"),
    "evening": ("18:00", "21:00"),
    "全天": ("00:00", "24:00"),
    "all day": ("00:00", "24:00"),
}
"""What the parts of a day mean where no hours are given."""
_ATOM = re.compile(
    r"(?P<zh>(?:周|星期|礼拜)(?P<zhs>[一二三四五六日天1-7]+)(?![末]))"
    r"|(?P<en>\b(?:mon|tue|wed|thu|fri|sat|sun)(?:day|s|sday|nesday|rsday|urday)?s?\b)"
    r"|(?P<iso>\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)"
    r"|(?P<short>\d{1,2}月\d{1,2}[日号]?|\d{1,2}/\d{1,2})"
    r"|(?P<every>每天|每日|天天|daily|every ?day|all days)"
    r"|(?P<work>工作日|平日|weekdays?)"
    r"|(?P<end>周末|双休日|weekends?)",
    re.IGNORECASE,
)
_HALF = r"上午|早上|早晨|中午|下午|晚上|傍晚"
_CLOCK = rf"(?:(?:{_HALF})\s*)?\d{{1,2}}(?:\s*[:点时]\s*(?:半|\d{{1,2}})?\s*分?(?::\d{{2}})?)?\s*(?:am|pm)?"
_RANGE = re.compile(rf"(?P<days>.*?)\s*(?P<first>{_CLOCK})\s*-\s*(?P<last>{_CLOCK})", re.IGNORECASE | re.DOTALL)
_MOMENT_IN_ITEM = re.compile(rf"(?P<days>.*?)\s*(?P<first>{_CLOCK})", re.IGNORECASE | re.DOTALL)
_ONE_CLOCK = re.compile(
    rf"(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}})(?:\s*(?P<mark>[:点时])\s*(?P<minute>半|\d{{1,2}})?\s*分?(?::(?P<second>\d{{2}}))?)?\s*(?P<ap>am|pm)?",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(\d+)\s*-\s*(\d+)\s*(?:秒|s|sec|seconds)", re.IGNORECASE)
_LATE = re.compile(r"[(]?\s*(?:可?(?:晚到?|迟到?|宽限)|late|\+)\s*(\d+)\s*(?:分钟|分|minutes|min|m)?\s*[)]?$", re.IGNORECASE)
_DASHES = re.compile(r"\s*(?:[-‐‑‒–—―－~～〜∼]+|至|到|\bto\b|\buntil\b)\s*", re.IGNORECASE)
_GLUE = re.compile(r"[\s、,，/和及与&的每]|and", re.IGNORECASE)
_NEXT_DAY = re.compile(r"(?<=\d)\s+(?=周|星期|礼拜|每天|工作日|mon|tue|wed|thu|fri|sat|sun|daily)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time as it was written: on a day (None: every day), or in seconds from the start of the horizon."""

    day: str | None
    first: str | int
    last: str | int
    late: int = 0


def day_text(day: str | None, lang: Lang) -> str:
    """Write a day of the format for people."""
    if day is None:
        return EVERY_DAY[lang]
    if day in WEEKDAYS:
        index = WEEKDAYS.index(day)
        return "周" + _ZH_DAYS[index] if lang == "zh" else _EN_DAYS[index]
    return day


def stretch_text(day: str | None, first: str | int, last: str | int, lang: Lang, late: int = 0) -> str:
    """Write a window or a span for people."""
    extra = (f" 可晚{late}分钟" if lang == "zh" else f" late {late} min") if late else ""
    if isinstance(first, int):
        return f"{first}-{last}{'秒' if lang == 'zh' else ' s'}{extra}"
    return f"{day_text(day, lang)} {first}-{last}{extra}"


def read_days(text: str, first_day: dt.date | None) -> list[str | None]:
    """Return the days that a text names; raises `Misread` where something in it is no day."""
    text = _DASHES.sub("-", plain(text)) if not re.search(r"\d{4}-\d", text) else plain(text)
    found: list[str | None] = []
    rest, end, is_range = "", 0, False
    for match in _ATOM.finditer(text):
        between = _GLUE.sub("", text[end : match.start()])
        days = _atom(match, first_day)
        if between == "-" and found and found[-1] in WEEKDAYS and days[0] in WEEKDAYS:
            low, high = WEEKDAYS.index(str(found.pop())), WEEKDAYS.index(str(days[0]))
            days = [WEEKDAYS[i % 7] for i in range(low, high + 1 if high >= low else high + 8)]
            is_range = True
        else:
            rest += between
        found.extend(days)
        end = match.end()
    rest += _GLUE.sub("", text[end:])
    if rest or not found or (is_range and None in found):
        raise Misread("day", was=text)
    return list(dict.fromkeys(found))


def _atom(match: re.Match[str], first_day: dt.date | None) -> list[str | None]:
    if match["zh"]:
        return [WEEKDAYS[("一二三四五六日1234567".index(char) if char != "天" else 6) % 7] for char in match["zhs"]]
    if match["en"]:
        return [match["en"][:3].lower()]
    if match["every"]:
        return [None]
    if match["work"]:
        return list(WEEKDAYS[:5])
    if match["end"]:
        return list(WEEKDAYS[5:])
    numbers = [int(number) for number in re.findall(r"\d+", match[0])]
    if match["short"]:
        if first_day is None:
            raise Misread("year", was=match[0])
        numbers = [first_day.year + (numbers[0] < first_day.month - 6), *numbers]
    try:
        return [dt.date(*numbers).isoformat()]
    except ValueError:
        raise Misread("no_date", "range", was=match[0]) from None


def read_date(value: Value, first_day: dt.date | None = None) -> str:
    """Return a cell as a date (YYYY-MM-DD): a date, or one of the ways to write it; raises `Misread`."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer() and 19_000_101 <= value <= 29_991_231:
        value = f"{int(value) // 10000}-{int(value) // 100 % 100:02d}-{int(value) % 100:02d}"
    text = text_of(value)
    try:
        days = read_days(text, first_day)
    except Misread as wrong:
        raise wrong if wrong.key in {"no_date", "year", "broken"} else Misread("date", was=text) from None
    if len(days) != 1 or days[0] is None or days[0] in WEEKDAYS:
        raise Misread("date", was=text)
    return days[0]


def read_clock(text: str) -> str:
    """Return one clock time as the format has it; raises `Misread`."""
    match = _ONE_CLOCK.fullmatch(plain(text))
    if match is None or not (match["mark"] or match["ap"] or match["half"]):
        raise Misread("clock", was=text)
    return _clock(match, match["half"], match["ap"])


def _clock(match: re.Match[str], half: str | None, ap: str | None) -> str:
    hour = int(match["hour"])
    minute = 30 if match["minute"] == "半" else int(match["minute"] or 0)
    second = int(match["second"] or 0)
    afternoon = (half in {"下午", "晚上", "傍晚"}) or (ap or "").lower() == "pm" or (half == "中午" and hour < 11)
    if afternoon and hour < 12:
        hour += 12
    elif hour == 12 and (half in {"上午", "早上", "早晨"} or (ap or "").lower() == "am"):
        hour = 0
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        raise Misread("clock", "range", was=match[0])
    return f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if match["second"] else "")


def read_stretches(value: Value, first_day: dt.date | None, *, may_be_moment: bool) -> list[Stretch]:
    """Return the stretches of time in a cell, in order.

    Days before hours belong to them: ``周一、周三 9:00-11:00`` are two stretches. Hours without a day are on the day named last in the cell, and on
    every day where none was.

    Parameters
    ----------
    may_be_moment
        Whether one time (``9:00``) is a stretch of no length.

    Raises
    ------
    Misread
        With what was not understood.
    """
    if isinstance(value, dt.time):
        value = value.strftime("%H:%M")
    if isinstance(value, (dt.datetime, dt.date)):
        value = str(value)
    found: list[Stretch] = []
    waiting: list[str | None] = []
    current: list[str | None] = [None]
    items = [item for part in split(text_of(value)) for item in _NEXT_DAY.split(part)]
    for item in items:
        text = plain(item)
        late = _LATE.search(text)
        if late is not None:
            text = plain(text[: late.start()])
        minutes = int(late[1]) if late is not None else 0
        seconds = _SECONDS.fullmatch(text)
        if seconds is not None:
            found.append(Stretch(None, int(seconds[1]), int(seconds[2]), minutes))
            continue
        if not text and late is not None and found:
            found[-1] = Stretch(found[-1].day, found[-1].first, found[-1].last, minutes)
            continue
        days = _only_days(text, first_day)
        if days is not None:
            waiting.extend(days)
            continue
        named, first, last = _hours(text, may_be_moment=may_be_moment)
        if named:
            waiting.extend(read_days(named, first_day))
        if waiting:
            current, waiting = list(dict.fromkeys(waiting)), []
        found.extend(Stretch(day, first, last, minutes) for day in current)
    if waiting:
        raise Misread("no_hours", was=text_of(value))
    for stretch in found:
        low, high = seconds_of(stretch.first), seconds_of(stretch.last)
        if high < low or (high == low and not may_be_moment):
            raise Misread("hours_order", "order", was=f"{stretch.first}-{stretch.last}")
    return found


def _only_days(text: str, first_day: dt.date | None) -> list[str | None] | None:
    try:
        return read_days(text, first_day)
    except Misread as wrong:
        if wrong.key in {"no_date", "year"}:
            raise
        return None


def _hours(text: str, *, may_be_moment: bool) -> tuple[str, str, str]:
    for part, (first, last) in sorted(PARTS.items(), key=lambda item: -len(item[0])):
        if text.lower().endswith(part):
            return plain(text[: -len(part)]), first, last
    joined = _DASHES.sub("-", text)
    match = _RANGE.fullmatch(joined)
    if match is None:
        match = _MOMENT_IN_ITEM.fullmatch(joined) if may_be_moment else None
        if match is None:
            raise Misread("hours", was=text)
        clock = read_clock(match["first"])
        return plain(match["days"]), clock, clock
    a, b = _ONE_CLOCK.fullmatch(plain(match["first"])), _ONE_CLOCK.fullmatch(plain(match["last"]))
    assert a is not None
    assert b is not None
    is_clear = bool(plain(match["days"])) or any(one[name] for one in (a, b) for name in ("mark", "half", "ap"))
    if not is_clear:
        raise Misread("hours", was=text)
    half = b["half"] or a["half"]
    return plain(match["days"]), _clock(a, a["half"], a["ap"] or b["ap"]), _clock(b, half, b["ap"])


def read_minutes(value: Value) -> int:
    """Return a length of time in minutes: a number, ``90分钟``, ``1小时30分``, ``1.5小时``, ``半小时``, or a time cell; raises `Misread`."""
    if isinstance(value, dt.time):
        return value.hour * 60 + value.minute
    if isinstance(value, dt.timedelta):
        return round(value.total_seconds() / 60)
    text = plain(text_of(value)) if not isinstance(value, float) else repr(value)
    match = re.fullmatch(r"(\d+)(?:\.0+)?\s*(?:分钟|分|minutes|minute|mins|min|m)?", text, re.IGNORECASE)
    if match:
        return int(match[1])
    match = re.fullmatch(
        r"(?:(半|\d+(?:\.\d+)?)\s*个?(?:小时|钟头|hours|hour|hrs|hr|h))\s*(半|\d+)?\s*(?:分钟|分|minutes|min|m)?", text, re.IGNORECASE
    )
    if not match:
        raise Misread("minutes", was=text)
    total = 60 * (0.5 if match[1] == "半" else float(match[1])) + (30 if match[2] == "半" else int(match[2] or 0))
    if not total.is_integer():
        raise Misread("minutes", was=text)
    return int(total)


def read_moment(value: Value, first_day: dt.date | None) -> str:
    """Return a date with a time as the format has it; raises `Misread`."""
    if isinstance(value, dt.datetime):
        whole = value + dt.timedelta(microseconds=500_000)
        return whole.replace(microsecond=0).isoformat()
    text = plain(text_of(value) if not isinstance(value, dt.date) else value.isoformat()).replace("T", " ")
    match = _MOMENT_IN_ITEM.fullmatch(text)
    if match is None or not plain(match["days"]):
        raise Misread("moment", was=text)
    try:
        date, clock = read_date(plain(match["days"]), first_day), read_clock(match["first"])
    except Misread:
        raise Misread("moment", was=text) from None
    if clock.startswith("24"):
        raise Misread("moment", was=text)
    return f"{date}T{clock}" + (":00" if len(clock) == 5 else "")


def read_start(value: Value, first_day: dt.date | None) -> str | int:
    """Return a start: a clock time, a moment, or seconds from the start of the horizon; raises `Misread`."""
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, dt.datetime):
        return read_moment(value, first_day)
    text = plain(text_of(value))
    match = re.fullmatch(r"(\d+)\s*(?:秒|s|sec|seconds)", text, re.IGNORECASE)
    if match:
        return int(match[1])
    try:
        return read_clock(text)
    except Misread as wrong:
        if wrong.code == "range":
            raise
    return read_moment(text, first_day)


def read_lunch(value: Value) -> dict[str, Any]:
    """Return a lunch break: ``11:30-13:30 60分钟``; raises `Misread`."""
    text = plain(text_of(value))
    match = re.fullmatch(r"(?P<hours>[^ ]+?)(?:\s+|\s*[,，、]\s*|(?=\())\(?(?P<long>\d.*?)\)?", _DASHES.sub("-", text))
    hours, length = (match["hours"], match["long"]) if match else (text, "")
    try:
        stretches = read_stretches(hours, None, may_be_moment=False)
        minutes = read_minutes(length) if length else 60
    except Misread:
        raise Misread("lunch", was=text) from None
    if len(stretches) != 1 or isinstance(stretches[0].first, int) or any(len(str(clock)) != 5 for clock in (stretches[0].first, stretches[0].last)):
        raise Misread("lunch", was=text)
    first, last = str(stretches[0].first), str(stretches[0].last)
    if seconds_of(last) >= DAY:
        raise Misread("lunch", was=text)
    if seconds_of(last) - seconds_of(first) < 60 * minutes or minutes < 1:
        raise Misread("lunch_long", "order", was=text)
    return {"earliest": first, "latest": last, "minutes": minutes}
