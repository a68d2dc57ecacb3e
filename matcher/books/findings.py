"""What the engine finds in a week, in the words of a language and of the workbook.

The engine speaks English and JSON. Each of its sentences stands in the catalogue (``book.found``): in English as the engine says it, so that it is
known by that, and in the other language. What is in the sentence goes along: ids become the names that cells hold, pointers and numbers of entries
become cells, values of closed vocabularies become their labels.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from matcher.books.choices import COORDINATES, KIND, MEET, MODE, PLACE, TRAVEL, Labels, label
from matcher.books.layout import SHEETS
from matcher.books.times import day_text
from matcher.words import Lang, has_word, word

if TYPE_CHECKING:
    from matcher.books.grid import Cell
    from matcher.books.names import Names
    from matcher.errors import Fault

FOUND = (
    "off_day",
    "beyond",
    "whose",
    "nowhere",
    "no_venue",
    "seats",
    "holds_room",
    "venue_where",
    "location_where",
    "own_stand_in",
    "no_certificate",
    "no_window",
    "no_gap",
    "gap_long",
    "gap_where",
    "visits",
    "visits_within",
    "overlap",
    "no_speed",
    "not_kind",
    "lunch",
    "no_node",
    "matrix_rows",
    "matrix_row",
    "matrix_self",
    "place_row",
    "no_row",
    "row_where",
    "place_system",
    "place_ways",
    "unknown",
    "twice",
    "not_volunteer",
    "no_need",
    "no_visit",
    "two_roles",
    "no_role",
    "pin_faces",
    "in_force",
    "pins_nothing",
    "pinned_nobody",
    "pin_kind_role",
    "pin_kind",
    "pin_refused",
    "pin_clock_days",
    "pin_clock",
    "pin_day",
    "pin_start",
    "pin_other_day",
    "pins_days",
    "pins_starts",
    "pins_role",
    "pins_provider",
    "pins_many",
    "pins_off",
    "many_visits",
    "many_roles",
    "many_shifts",
    "weight",
    "whole",
    "number",
    "finite",
    "clock",
    "yuan",
    "yuan_range",
    "yuan_fen",
    "day",
    "date",
    "date_range",
    "moment",
    "start",
    "span_mixed",
    "span_day",
    "span_range",
    "order_same",
    "order",
    "gap_order",
    "spacing_order",
    "missing",
    "type",
    "at_least",
    "more",
    "at_most",
    "less",
    "short",
    "long",
    "few",
    "many",
    "id",
    "role_id",
    "visit_id",
)
"""The sentences of the engine that a week in a workbook can meet, as ``book.found.<name>``."""
_LABELS: Mapping[str, Labels] = {
    "kind": KIND,
    "kinds": KIND,
    "place": PLACE,
    "meet": MEET,
    "mode": MODE,
    "modes": MODE,
    "coordinates": COORDINATES,
    "travel": TRAVEL,
}
_SORTS = ("provider", "need", "resident", "venue", "community")
_COUNTED = ("people", "places", "number")
_GIVEN = {
    **{name: name for name in ("neither", "both", "from", "to", "earliest", "latest", "text")},
    "lat and lon": "degrees",
    "x and y": "plane",
    "null": "nothing",
    "an empty list": "nothing",
    "an empty object": "nothing",
    "true": "yes",
    "false": "no",
    "true or false": "flag",
    "an object": "object",
    "a number": "number",
    "a whole number": "whole",
    "a list": "list",
    "valid Unicode text": "unicode",
}
_POINTER = re.compile(r"(?<![\w!])/[a-z_]+(?:/[^\s,;:()]+)+")


class Wording:
    """Puts faults of the engine in words.

    Parameters
    ----------
    names
        By sort, what ids are called in the book.
    locate
        The cell of a JSON pointer.
    """

    def __init__(self, lang: Lang, names: Mapping[str, Names], locate: Callable[[str], Cell]) -> None:
        self.lang, self.names, self.locate = lang, names, locate

    def said(self, fault: Fault) -> str:
        """Return what a fault says. A sentence that is not known stays English in English; else it only says that something is wrong here."""
        for key, pattern in _patterns():
            match = pattern.fullmatch(fault.message)
            if match is not None:
                found = match.groupdict()
                return word(self.lang, key, **{name: self._value(name, text, found, fault.path) for name, text in found.items()})
        if self.lang != "en":
            return word(self.lang, "book.found.other")
        return _POINTER.sub(lambda match: str(self.locate(match[0])), fault.message)

    def _value(self, field: str, text: str, found: Mapping[str, str], path: str) -> str:
        plain = _unquoted(text)
        if field in _LABELS:
            return self._listed(label(_LABELS[field], part, self.lang) if part in _LABELS[field] else part for part in _parts(text))
        if field in _SORTS:
            return self._called(field, plain)
        if field == "name":
            return self._called(found.get("sort", ""), plain)
        if field == "sort":
            return word(self.lang, f"book.sort.{text}") if has_word(self.lang, f"book.sort.{text}") else text
        if field == "at":
            return str(self.locate(text))
        if field in {"shift", "pin"}:
            return str(self.locate(f"{path.rpartition('/')[0] if field == 'shift' else '/pins'}/{text}"))
        if field == "term":
            return word(self.lang, f"term.{plain}") if has_word(self.lang, f"term.{plain}") else plain
        if field in {"team", "keys"}:
            return self._listed(self._header(key) for key in (re.findall(r"(\w+) \(only", text) or [text]))
        if field in {"day", "days"}:
            return self._listed(day_text(day, self.lang) for day in text.split(", "))
        if field in _COUNTED and self.lang != "en":
            return text.partition(" ")[0]
        if text in _GIVEN:
            return word(self.lang, f"book.given.{_GIVEN[text]}")
        return text if self.lang == "en" else self._plainly(text)

    def _called(self, sort: str, name: str) -> str:
        known = self.names.get(sort)
        text = known.written(name) if known is not None and name in known.names else name
        return f"“{text}”" if self.lang == "zh" else f"'{text}'"

    def _header(self, key: str) -> str:
        return next((column.header(self.lang) for sheet in SHEETS for column in sheet.columns if column.key == key), key)

    def _listed(self, parts: object) -> str:
        return ("、" if self.lang == "zh" else ", ").join(parts)  # type: ignore[arg-type]

    def _plainly(self, text: str) -> str:
        """Return what stands in a message as others than programmers write it: texts in their quotation marks, stretches, sizes of lists."""
        if re.match(r"['\"]", text):
            return self._listed(f"“{part}”" for part in _parts(re.sub(r"\.\.\. \(\d+ characters\)$", "", text)))
        text = re.sub(r"^(?:a list|an object) of (\d+).*$", r"\1", text)
        text = re.sub(r"(\d+) seconds from the start of the horizon", lambda match: word(self.lang, "book.given.seconds", n=match[1]), text)
        return self._listed(self._stretch(part) for part in re.split(r", | and ", text))

    def _stretch(self, text: str) -> str:
        low, to, high = text.partition(" to ")
        return word(self.lang, "book.given.stretch", low=low, high=high) if to else text


def _unquoted(text: str) -> str:
    """Return what `matcher.fields.show` wrote a text for; a text that was cut stays as it is."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        try:
            return str(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            return text[1:-1]
    return text


def _parts(text: str) -> list[str]:
    return [_unquoted(part) for part in re.split(r", (?=['\"])|(?<=\w), ", text)]


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the sentences as patterns, those with the most words of their own first."""

    def fixed(text: str) -> int:
        return len(re.sub(r"\{\w+\}", "", text))

    sentences = {f"book.found.{name}": word("en", f"book.found.{name}") for name in FOUND}
    made = []
    for key, text in sorted(sentences.items(), key=lambda item: -fixed(item[1])):
        parts = re.split(r"\{(\w+)\}", text)
        made.append((key, re.compile("".join(re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts)), re.DOTALL)))
    return tuple(made)
