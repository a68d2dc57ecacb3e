# ruff: noqa: ARG002, ARG005, D102 - all codecs have the methods of one protocol, which says what they do
"""How one cell is read and written: a codec for each type of the format.

``read`` takes a cell that is not blank and returns what JSON has, or raises `Misread`; ``write`` is its inverse. ``neutral`` is what stands in for a
value that could not be read, so that the rest of the week is still looked through, and nothing is blamed for it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Protocol

from matcher.books.choices import FLAG, Labels, accepted, chosen, label
from matcher.books.times import (
    read_minutes,
    read_stretches,
    stretch_text,
)
from matcher.books.tokens import BLANKS, EMPTY, IN_LIST, Misread, halves, plain, quoted, split, text_of, tidy, unquoted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from matcher.books.grid import Value
    from matcher.books.names import Names
    from matcher.words import Lang


@dataclass
class Context:
    """What a cell needs to know of the rest of the book."""

    lang: Lang
    names: dict[str, Names]
    first_day: dt.date | None = None
    coordinates: str = "wgs84"
    travel: str = "straight"
    problems: list[Misread] = field(default_factory=list)
    """What is wrong with single entries of a list whose other entries can be read."""


class Codec(Protocol):
    """What every codec can do."""

    def read(self, value: Value, context: Context) -> Any:
        """Return what JSON has for a cell; None means that it is left out."""

    def write(self, value: Any, context: Context) -> Value:
        """Return the cell for what JSON has."""

    def neutral(self, context: Context) -> Any:
        """Return what stands in for a value that could not be read; None leaves it out."""


class _Optional:
    def neutral(self, context: Context) -> Any:
        return None


@dataclass(frozen=True)
class Text(_Optional):
    """Free text, kept as it is but for spaces around it; quotes keep those."""

    longest: int = 1000
    pattern: str = ""

    def read(self, value: Value, context: Context) -> Any:
        text = text_of(value)
        if len(text) >= 2 and text[0] == text[-1] == '"' and (text[1:-1] != tidy(text[1:-1]) or text[1:-1].startswith('"')):
            text = text[1:-1]
        if len(text) > self.longest:
            raise Misread("too_long", "range", most=self.longest, was=text[:40])
        return text

    def write(self, value: Any, context: Context) -> Value:
        text = str(value)
        is_safe = text == tidy(text) and not (len(text) >= 2 and text[0] == text[-1] == '"')
        return text if is_safe else f'"{text}"'


@dataclass(frozen=True)
class Token(_Optional):
    """A short text that stands in a list, exactly as it is."""

    longest: int = 1000

    def read(self, value: Value, context: Context) -> Any:
        text = unquoted(text_of(value))
        if not 1 <= len(text) <= self.longest:
            raise Misread("too_long", "range", most=self.longest, was=text[:40])
        return text

    def write(self, value: Any, context: Context) -> Value:
        return quoted(str(value), None)


@dataclass(frozen=True)
class Ident(_Optional):
    """An id of the row."""

    longest: int = 120

    def read(self, value: Value, context: Context) -> Any:
        text = unquoted(text_of(value))
        if not text or len(text) > self.longest or "#" in text or any(ord(char) < 32 for char in text):
            raise Misread("id", "range", was=text[:40], most=self.longest)
        return text

    def write(self, value: Any, context: Context) -> Value:
        return quoted(str(value), None)


@dataclass(frozen=True)
class Whole(_Optional):
    """A whole number between two limits; units after it are understood."""

    low: int = 0
    high: int = 10**9

    def read(self, value: Value, context: Context) -> Any:
        number = _number(value)
        if not number.is_integer():
            raise Misread("whole", was=text_of(value), low=self.low, high=self.high)
        if not self.low <= number <= self.high:
            raise Misread("between", "range", was=text_of(value), low=self.low, high=self.high)
        return int(number)

    def write(self, value: Any, context: Context) -> Value:
        return int(value)

    def neutral(self, context: Context) -> Any:
        return self.low


@dataclass(frozen=True)
class Number(_Optional):
    """A number between two limits."""

    low: float
    high: float

    def read(self, value: Value, context: Context) -> Any:
        number = _number(value)
        if not self.low <= number <= self.high:
            raise Misread("between", "range", was=text_of(value), low=self.low, high=self.high)
        return number

    def write(self, value: Any, context: Context) -> Value:
        return float(value)


@dataclass(frozen=True)
class Money(_Optional):
    """Yuan with at most two decimals."""

    def read(self, value: Value, context: Context) -> Any:
        text = text_of(value) if not isinstance(value, float) else repr(value)
        text = re.sub(r"^[¥￥]|(?:元|yuan|rmb|cny)$", "", plain(text), flags=re.IGNORECASE).strip()
        text = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text)
        factor = 10_000 if text.endswith("万") else 1
        try:
            amount = Decimal(text.removesuffix("万")) * factor
        except InvalidOperation:
            raise Misread("money", was=text) from None
        fen = amount * 100 if amount.is_finite() else Decimal(-1)
        if fen != fen.to_integral_value() or not 0 <= fen <= 10**13:
            raise Misread("money", "range", was=text)
        return int(amount) if amount == amount.to_integral_value() else float(amount)

    def write(self, value: Any, context: Context) -> Value:
        return value  # type: ignore[no-any-return]

    def neutral(self, context: Context) -> Any:
        return 0


@dataclass(frozen=True)
class Minutes(_Optional):
    """A length of time."""

    low: int = 1

    def read(self, value: Value, context: Context) -> Any:
        minutes = read_minutes(value)
        if not self.low <= minutes <= 10**7:
            raise Misread("between", "range", was=text_of(str(value)), low=self.low, high=10**7)
        return minutes

    def write(self, value: Any, context: Context) -> Value:
        return int(value)

    def neutral(self, context: Context) -> Any:
        return 1


@dataclass(frozen=True)
class Flag(_Optional):
    """Yes or no."""

    def read(self, value: Value, context: Context) -> Any:
        found = "true" if value is True else "false" if value is False else chosen(FLAG, text_of(value))
        if found is None:
            raise Misread("choice", "range", was=text_of(value), choices=accepted(FLAG, context.lang))
        return found == "true"

    def write(self, value: Any, context: Context) -> Value:
        return label(FLAG, "true" if value else "false", context.lang)


@dataclass(frozen=True)
class Choice(_Optional):
    """One of a vocabulary."""

    labels: Labels
    stand_in: str | None = None

    def read(self, value: Value, context: Context) -> Any:
        text = text_of(value)
        found = chosen(self.labels, text)
        if found is None and text.casefold() in BLANKS:
            return None
        if found is None:
            raise Misread("choice", "range", was=text, choices=accepted(self.labels, context.lang))
        return found

    def write(self, value: Any, context: Context) -> Value:
        return label(self.labels, str(value), context.lang)

    def neutral(self, context: Context) -> Any:
        return self.stand_in


@dataclass(frozen=True)
class Ref(_Optional):
    """What something else is called: its id, or a name that only it goes by."""

    sort: str
    stand_in: str | None = None

    def read(self, value: Value, context: Context) -> Any:
        text = text_of(value)
        if text.casefold() in BLANKS:
            return None
        return context.names[self.sort].resolve(text)

    def write(self, value: Any, context: Context) -> Value:
        return context.names[self.sort].written(str(value))

    def neutral(self, context: Context) -> Any:
        return self.stand_in or next(iter(context.names[self.sort].names), "?")


@dataclass(frozen=True)
class Entries(_Optional):
    """A list in one cell. `has_empty` says that an empty list and a blank cell differ."""

    one: Codec
    has_empty: bool = False

    def read(self, value: Value, context: Context) -> Any:
        text = text_of(value)
        if tidy(text).casefold() in EMPTY:
            return []
        if text.casefold() in BLANKS:
            return None
        if isinstance(self.one, Ref):
            whole = self._whole(text, context)
            if whole is not None:
                return [whole]
        found = []
        for part in split(text):
            try:
                item = self.one.read(part, context)
            except Misread as wrong:
                context.problems.append(wrong)
                continue
            if item is not None:
                found.append(item)
        return found

    def _whole(self, text: str, context: Context) -> Any:
        try:
            return self.one.read(text, context)
        except Misread:
            return None

    def write(self, value: Any, context: Context) -> Value:
        if not value:
            return EMPTY[0 if context.lang == "zh" else 1]
        parts = [str(self.one.write(item, context)) for item in value]
        return ("、" if context.lang == "zh" else ", ").join(_requoted(part, IN_LIST) for part in parts)


@dataclass(frozen=True)
class Pairs(_Optional):
    """Names with a number (or with another name): ``助浴=3、陪聊=2``; a number may also stand behind a space or before its unit."""

    key: Codec
    item: Codec
    usual: Any = None
    """The value where only the name is given; None: it is needed."""

    def read(self, value: Value, context: Context) -> Any:
        text = text_of(value)
        if text.casefold() in EMPTY:
            return {}
        if text.casefold() in BLANKS:
            return None
        found: dict[str, Any] = {}
        for part in split(text):
            try:
                name, item = self._pair(part, context)
            except Misread as wrong:
                context.problems.append(wrong)
                continue
            if name in found:
                context.problems.append(Misread("twice", "duplicate", was=name))
            found[name] = item
        return found

    def _pair(self, part: str, context: Context) -> tuple[str, Any]:
        both = halves(part, "=＝:：×")
        if both is None and not part.endswith('"'):
            if isinstance(self.key, Ref) and self.usual is not None:
                try:
                    return self.key.read(part, context), self.usual
                except Misread:
                    pass
            match = re.fullmatch(r"(.*?\S)\s*[*xX]?\s*(\d+)\s*(?:级|次|座|人|个|分|level|times|seats)?", part, re.DOTALL)
            both = (match[1].removesuffix("level").strip(), match[2]) if match else None
        if both is None:
            if self.usual is None:
                raise Misread("pair", was=part)
            both = (part, str(self.usual))
        name = self.key.read(both[0], context)
        if name is None:
            raise Misread("pair", was=part)
        return name, self.item.read(both[1], context)

    def write(self, value: Any, context: Context) -> Value:
        if not value:
            return EMPTY[0 if context.lang == "zh" else 1]
        mark = "、" if context.lang == "zh" else ", "
        parts = []
        for name, item in value.items():
            key = _requoted(str(self.key.write(name, context)), IN_PAIR)
            parts.append(f"{key}={_requoted(str(self.item.write(item, context)), IN_PAIR)}")
        return mark.join(parts)


IN_PAIR = re.compile(IN_LIST.pattern[:-1] + ":：×]")


@dataclass(frozen=True)
class Rooms(_Optional):
    """The rooms of a venue with their seats."""

    pairs: Pairs

    def read(self, value: Value, context: Context) -> Any:
        found = self.pairs.read(value, context)
        if not found:
            raise context.problems.pop() if context.problems else Misread("rooms", was=text_of(value))
        return [{"id": name, "seats": seats} for name, seats in found.items()]

    def write(self, value: Any, context: Context) -> Value:
        return self.pairs.write({room["id"]: room["seats"] for room in value}, context)

    def neutral(self, context: Context) -> Any:
        return [{"id": f"?{id(context)}-{len(context.problems)}", "seats": 10**6}]


@dataclass(frozen=True)
class Stretches(_Optional):
    """Windows or spans: days and hours."""

    first: str
    last: str
    is_needed: bool = True

    def read(self, value: Value, context: Context) -> Any:
        if isinstance(value, str) and plain(value).casefold() in BLANKS:
            return None
        found = []
        for stretch in read_stretches(value, context.first_day, may_be_moment=self.first == "earliest"):
            if stretch.late and self.first != "earliest":
                raise Misread("hours", was=text_of(str(value)))
            item: dict[str, Any] = {} if stretch.day is None else {"day": stretch.day}
            item |= {self.first: stretch.first, self.last: stretch.last} | ({"late_by": stretch.late} if stretch.late else {})
            found.append(item)
        return found

    def write(self, value: Any, context: Context) -> Value:
        items = [stretch_text(item.get("day"), item[self.first], item[self.last], context.lang, item.get("late_by", 0)) for item in value]
        return ("；" if context.lang == "zh" else "; ").join(items)

    def neutral(self, context: Context) -> Any:
        return [{self.first: "00:00", self.last: "24:00"}] if self.is_needed else None


@dataclass(frozen=True)
class Parsed(_Optional):
    """A value that one function reads and another one writes."""

    reader: Callable[[Value, Context], Any]
    writer: Callable[[Any, Context], Value]
    stand_in: Callable[[Context], Any] = lambda context: None

    def read(self, value: Value, context: Context) -> Any:
        if isinstance(value, str) and plain(value).casefold() in BLANKS:
            return None
        return self.reader(value, context)

    def write(self, value: Any, context: Context) -> Value:
        return self.writer(value, context)

    def neutral(self, context: Context) -> Any:
        return self.stand_in(context)


def _requoted(part: str, special: re.Pattern[str]) -> str:
    """Quote an entry for a list; what is in quotes already stays so."""
    return part if part.startswith('"') else quoted(part, special)


def _number(value: Value) -> float:
    if isinstance(value, bool):
        raise Misread("number", was=str(value))
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) > 1e300:
            raise Misread("number", was=str(value))
        return float(value)
    text = plain(text_of(value))
    match = re.fullmatch(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?)\s*(?:[^\d\s.,+\-]{0,12})", text, re.IGNORECASE)
    if match is None:
        raise Misread("number", was=text)
    return float(match[1].replace(",", ""))


LEVELS = Pairs(Ident(), Whole(1, 5))
