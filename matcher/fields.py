"""The small values that problems and plans are written in: ids, clock times, days, money, places, windows.

Inside, a time is whole seconds from 00:00 on the first day of the horizon, a duration whole minutes, money whole fen (0.01 yuan).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Container
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")


class Model(BaseModel):
    """Base of every object of the format: frozen, and refusing keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=False)


def _whole(value: Any) -> Any:
    """Refuse what Python would quietly turn into an integer: booleans, text, fractions."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Misfit(f"should be a whole number, was {show(value)}")
    if isinstance(value, float) and not value.is_integer():
        raise Misfit(f"should be a whole number, was {show(value)}")
    return int(value)


def _row(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Take a row of plain whole numbers at once; anything else goes the long way, to be told what is wrong where."""
    if isinstance(value, (list, tuple)) and set(map(type, value)) == {int} and min(value) >= 0 and max(value) <= 10**9:
        return tuple(value)
    return handler(value)


def show(value: Any) -> str:
    """Write a value for a message: as JSON has it, cut where it is long, a list or an object by its size only."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return f"an object of {counted(len(value), 'key')}" if value else "an empty object"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number of more than 60 digits"
    if isinstance(value, str) and len(value) > 57:
        return f"{value[:57]!r}... ({len(value)} characters)"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 visit``, ``2 visits``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


class Misfit(ValueError):
    """A value that does not fit, with the code of its fault (see `matcher.errors.Fault`)."""

    def __init__(self, message: str, code: str = "type") -> None:
        super().__init__(message)
        self.code = code


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Misfit(f"should be a number, was {show(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Misfit(f"should be a finite number, was {show(value)}", "range")
    return number


def clock(seconds: int) -> str:
    """Write seconds of a day as ``HH:MM``, or ``HH:MM:SS`` where there are seconds."""
    hours, rest = divmod(seconds, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{secs:02d}" if secs else "")


def _clock_or_seconds(value: Any) -> Any:
    if isinstance(value, str):
        match = _CLOCK.fullmatch(value)
        if not match or (match[1] == "24" and (match[2] != "00" or match[3] not in (None, "00"))):
            raise Misfit(f"should be a time of day from 00:00 to 24:00 (HH:MM or HH:MM:SS), was {show(value)}")
        return value
    return _whole(value)


def _money(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise Misfit(f"should be an amount in yuan, was {show(value)}")
    if isinstance(value, str) and len(value) > 20:
        raise Misfit(f"should be an amount in yuan, was {show(value)}")
    if isinstance(value, int) and value.bit_length() > 100:
        raise Misfit(f"should be from 0 to 100,000,000,000 yuan, was {show(value)}", "range")
    try:
        fen = Decimal(str(value)) * 100
    except ArithmeticError:
        raise Misfit(f"should be an amount in yuan, was {show(value)}") from None
    if not fen.is_finite():
        raise Misfit(f"should be an amount in yuan, was {show(value)}", "range")
    if not 0 <= fen <= 10**13:
        raise Misfit(f"should be from 0 to 100,000,000,000 yuan, was {show(value)}", "range")
    if fen != fen.to_integral_value():
        raise Misfit(f"should be an amount in yuan with at most two decimals, was {show(value)}", "range")
    return Fen(int(fen))


class Fen(int):
    """An amount of money in fen. In JSON it is written in yuan."""


def _yuan(fen: int) -> int | float:
    return fen // 100 if fen % 100 == 0 else fen / 100


def _accept_fen(value: Any) -> Any:
    return value if isinstance(value, Fen) else _money(value)


Money = Annotated[
    int,
    BeforeValidator(_accept_fen),
    PlainSerializer(_yuan, return_type=int | float),
    WithJsonSchema({"type": "number", "minimum": 0, "multipleOf": 0.01, "description": "yuan, at most two decimals"}),
]
"""Whole fen inside, yuan in JSON. In Python, give yuan (``60``, ``"12.50"``) or `Fen`."""

Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f#]+$")]
VisitId = Annotated[str, StringConstraints(strict=True, min_length=3, max_length=140, pattern=r"^[^\x00-\x1f#]+#[0-9]+$")]
Text = Annotated[str, StringConstraints(strict=True, max_length=1000)]
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=10**9)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=10**6)]
Minutes = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=10**7)]
Number = Annotated[float, BeforeValidator(_number)]
Row = Annotated[tuple[Whole, ...], WrapValidator(_row)]
Flag = Annotated[bool, Field(strict=True)]
Clock = Annotated[str | int, BeforeValidator(_clock_or_seconds)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _day(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, str):
        if value in WEEKDAYS:
            return value
        try:
            if _DATE.fullmatch(value):
                return dt.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise Misfit(f"should be a weekday ({', '.join(WEEKDAYS)}) or a date (YYYY-MM-DD), was {show(value)}")


Day = Annotated[str, BeforeValidator(_day)]
"""A weekday (every such day of the horizon) or one date."""


def _first_date(value: Any) -> dt.date:
    date = value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            date = dt.date.fromisoformat(value)
        except ValueError:
            date = None
    if not isinstance(date, dt.date) or isinstance(date, dt.datetime):
        raise Misfit(f"should be a date (YYYY-MM-DD), was {show(value)}")
    if not 1900 <= date.year < 3000:
        raise Misfit(f"should be a date from 1900-01-01 to 2999-12-31, was {date.isoformat()}", "range")
    return date


def _moment(value: Any) -> dt.datetime:
    moment = value
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, dt.datetime) or moment.tzinfo is not None or moment.microsecond:
        raise Misfit(f"should be a local date and time without a zone (YYYY-MM-DDTHH:MM or YYYY-MM-DDTHH:MM:SS), was {show(value)}")
    return moment


def _clock_or_moment(value: Any) -> Any:
    if isinstance(value, dt.datetime) or (isinstance(value, str) and "T" in value):
        return _moment(value)
    try:
        return _clock_or_seconds(value)
    except Misfit:
        form = "a time of day (HH:MM or HH:MM:SS), a local date and time (YYYY-MM-DDTHH:MM:SS) or whole seconds from the start of the horizon"
        raise Misfit(f"should be {form}, was {show(value)}") from None


Moment = Annotated[dt.datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time-local"})]
"""A local date and time, without a zone, to the second."""
Start = Annotated[
    int | str | dt.datetime,
    BeforeValidator(_clock_or_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time-local"}, {"type": "string", "format": "time-local"}, {"type": "integer"}]}),
]
"""A clock time, a `Moment`, or seconds from the start of the horizon."""


@lru_cache(256)
def _midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time())


class Horizon(Model):
    """The days that are planned."""

    start: Annotated[dt.date, BeforeValidator(_first_date), WithJsonSchema({"type": "string", "format": "date"})]
    days: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=3660)] = 7

    @property
    def seconds(self) -> int:
        """The length of the horizon in seconds."""
        return self.days * DAY

    @property
    def weeks(self) -> int:
        """The number of blocks of seven days, the last one perhaps short."""
        return -(-self.days // 7)

    def indices(self, day: str | None) -> tuple[int, ...]:
        """Return the days of the horizon (0 is the first) that `day` names; none where it lies outside; all for None."""
        if day is None:
            return tuple(range(self.days))
        if day in WEEKDAYS:
            first = (WEEKDAYS.index(day) - self.start.weekday()) % 7
            return tuple(range(first, self.days, 7))
        index = (dt.date.fromisoformat(day) - self.start).days
        return (index,) if 0 <= index < self.days else ()

    def moment(self, seconds: int) -> dt.datetime:
        """Return the local date and time of a number of seconds from the start of the horizon."""
        return _midnight(self.start) + dt.timedelta(seconds=seconds)

    def since(self, moment: dt.datetime) -> int:
        """Return the seconds from the start of the horizon to a local date and time."""
        since = moment - _midnight(self.start)
        return since.days * DAY + since.seconds


class Location(Model):
    """A place: ``lat`` and ``lon`` in degrees, or ``x`` and ``y`` in metres on a plane, or ``row`` of a travel matrix."""

    lat: Annotated[float, BeforeValidator(_number), Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, BeforeValidator(_number), Field(ge=-180, le=180)] | None = None
    x: Annotated[float, BeforeValidator(_number), Field(ge=-1e8, le=1e8)] | None = None
    y: Annotated[float, BeforeValidator(_number), Field(ge=-1e8, le=1e8)] | None = None
    row: Whole | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = {name for name in ("lat", "lon", "x", "y", "row") if getattr(self, name) is not None}
        if given not in ({"lat", "lon"}, {"x", "y"}, {"row"}):
            raise Misfit(f"should have lat and lon, or x and y, or row; has {', '.join(sorted(given)) or 'none'}", "conflict")
        return self

    @property
    def system(self) -> Literal["degrees", "plane", "row"]:
        """Which of the three ways this place is given in."""
        return "degrees" if self.lat is not None else "plane" if self.x is not None else "row"


class Span(Model):
    """A stretch of time: ``from`` and ``to`` as clock times on a day, or both as seconds from the start of the horizon."""

    day: Day | None = None
    start: Annotated[Clock, Field(alias="from")]
    end: Annotated[Clock, Field(alias="to")]

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _check_span(self.day, self.start, self.end, "from", "to", empty=False)
        return self

    def spans(self, horizon: Horizon) -> tuple[tuple[int, int], ...]:
        """Return every ``(start, end)`` in seconds that this means in the horizon, in order."""
        return _expand(horizon, self.day, self.start, self.end)


class Window(Model):
    """When a service may start: from ``earliest`` to ``latest``, both inclusive, on a day, or in seconds from the start of the horizon."""

    day: Day | None = None
    earliest: Clock
    latest: Clock
    late_by: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=10**7)] = 0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _check_span(self.day, self.earliest, self.latest, "earliest", "latest", empty=True)
        return self

    def spans(self, horizon: Horizon) -> tuple[tuple[int, int, int], ...]:
        """Return every ``(earliest, latest, latest with lateness)`` in seconds that this means in the horizon, in order."""
        return tuple((low, high, high + 60 * self.late_by) for low, high in _expand(horizon, self.day, self.earliest, self.latest))


def seconds_of(value: str | int) -> int:
    """Return the seconds of a clock time, or the number itself."""
    return value if isinstance(value, int) else _seconds_of_clock(value)


@lru_cache(4096)
def _seconds_of_clock(value: str) -> int:
    parts = [int(part) for part in value.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) == 3 else 0)


def _check_span(day: str | None, low: str | int, high: str | int, low_name: str, high_name: str, *, empty: bool) -> None:
    if isinstance(low, int) != isinstance(high, int):
        raise Misfit(f"{low_name} and {high_name} should both be clock times or both be seconds, were {show(low)} and {show(high)}")
    if isinstance(low, int) and day is not None:
        raise Misfit(f"day should be left out where {low_name} and {high_name} are seconds from the start of the horizon", "conflict")
    if isinstance(low, int) and (low < 0 or int(high) > 3660 * DAY):
        raise Misfit(f"{low_name} and {high_name} should be from 0 to {3660 * DAY} seconds, were {show(low)} and {show(high)}", "range")
    if seconds_of(high) < seconds_of(low) or (not empty and seconds_of(high) == seconds_of(low)):
        raise Misfit(f"{high_name} ({high}) should be after {low_name} ({low})" + (" or the same" if empty else ""), "order")


def _expand(horizon: Horizon, day: str | None, low: str | int, high: str | int) -> tuple[tuple[int, int], ...]:
    if isinstance(low, int):
        return ((low, int(high)),)
    return _expanded(horizon.start, horizon.days, day, low, str(high))


@lru_cache(4096)
def _expanded(start: dt.date, days: int, day: str | None, low: str, high: str) -> tuple[tuple[int, int], ...]:
    first, last = seconds_of(low), seconds_of(high)
    return tuple((index * DAY + first, index * DAY + last) for index in Horizon.model_construct(start=start, days=days).indices(day))


def is_alike(old: object, new: object, but: Container[str]) -> bool:
    """Return whether two objects share all fields but some: the same objects, which need not be compared."""
    theirs = vars(old)
    return all(value is theirs.get(name) or name in but for name, value in vars(new).items())
