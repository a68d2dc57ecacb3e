"""The wall against bad input: JSON to plain values, pydantic's errors to faults, and the order in which a problem is looked through.

Everything here ends in `Fault`s with JSON pointers. What must hang together inside a problem is in `references` (ids), `consistency` (places, teams,
shifts, travel), `times` (days and starts still open), `pins` and `magnitude` (sizes, and the proof that no cost can overflow).
"""

from __future__ import annotations

import codecs
import difflib
import json
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from matcher.errors import Fault
from matcher.fields import Misfit, Model, counted, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from matcher.errors import FaultyInput
    from matcher.problem import Problem

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONG_NUMBER = re.compile(r"\d{4300,}")
_TAGS = frozenset({"straight", "matrix", "roads"})
_TYPES = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "tuple_type": "a list",
    "none_required": "null",
    "string_type": "text",
    "string_unicode": "valid Unicode text",
}


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def parse_json(text: str | bytes, error: type[FaultyInput]) -> Any:
    """Read JSON into plain dicts, lists, texts and numbers.

    Parameters
    ----------
    text
        A text, or its UTF-8 bytes; a byte order mark is skipped.
    error
        The class to raise.

    Returns
    -------
    Any
        What the JSON means. Whole numbers stay exact.

    Raises
    ------
    FaultyInput
        Of the class `error`: the bytes are not UTF-8, the syntax is not JSON's (with line and column), a key stands twice in an object, a number is
        not finite or has thousands of digits, a text holds half of a surrogate pair, or the nesting is too deep.
    """
    if isinstance(text, (bytes, bytearray, memoryview)):
        text = _decoded(bytes(text), error)
    text = text.removeprefix("\ufeff")
    reading = _Reading()
    try:
        data = json.loads(text, object_pairs_hook=reading.pairs, parse_constant=reading.constant)
    except json.JSONDecodeError as fault:
        reason = fault.msg[0].lower() + fault.msg[1:].removesuffix(" at")
        message = f"should be JSON: {reason} at line {fault.lineno}, column {fault.colno}" if text.strip() else "should be JSON, was empty"
        raise error([Fault("", message, "syntax")]) from None
    except RecursionError:
        raise error([Fault("", "should be JSON of moderate depth, was nested too deep to be read", "syntax")]) from None
    except ValueError:
        found = _LONG_NUMBER.search(text)
        where = f" at line {text.count(chr(10), 0, found.start()) + 1}" if found else ""
        raise error([Fault("", f"should have no number of thousands of digits, has one{where}", "syntax")]) from None
    if reading.repeated or reading.constants or _ESCAPED_SURROGATE.search(text) or (not text.isascii() and _SURROGATE.search(text)):
        faults = list(_unreadable(data, reading.repeated))
        if faults:
            raise error(faults)
    return data


def faults_from_pydantic(error: ValidationError) -> list[Fault]:
    """Return pydantic's errors as faults: JSON pointers, and messages that say what was and what would be accepted."""
    return [_fault(detail) for detail in error.errors(include_url=False)]


def faults_of(problem: Problem) -> list[Fault]:
    """Return everything in a problem that does not hang together, all at once.

    What merely cannot be placed is no fault: such a visit is left unassigned, with the rule that stopped it.
    """
    from matcher.validation.consistency import consistency_faults  # noqa: PLC0415 - the models' module imports this one when it validates
    from matcher.validation.magnitude import magnitude_faults  # noqa: PLC0415
    from matcher.validation.references import reference_faults  # noqa: PLC0415

    faults = [*reference_faults(problem), *consistency_faults(problem)]
    return faults or list(magnitude_faults(problem))


class _Reading:
    """What the JSON reader meets that JSON's own grammar, or ours, does not allow."""

    def __init__(self) -> None:
        self.repeated: dict[int, tuple[dict[str, Any], list[str]]] = {}
        self.constants = 0

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            seen: set[str] = set()
            twice = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
            self.repeated[id(made)] = (made, list(dict.fromkeys(twice)))
        return made

    def constant(self, name: str) -> float:
        self.constants += 1
        return float(name)


def _decoded(data: bytes, error: type[FaultyInput]) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) or b"\x00" in data[:4]:
        raise error([Fault("", "should be UTF-8, seems to be UTF-16 or UTF-32", "syntax")])
    try:
        return data.decode()
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise error(
            [Fault("", f"should be UTF-8, has byte 0x{data[fault.start]:02x} at line {line}: cut off, or another encoding", "syntax")]
        ) from None


def _unreadable(data: Any, repeated: dict[int, tuple[dict[str, Any], list[str]]]) -> Iterable[Fault]:
    """Go through the values (without recursion) and name the repeated keys, the numbers that are none and the broken texts."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            if id(value) in repeated:
                yield from (
                    Fault(path + pointer(key), f"the key {show(key)} stands twice in its object", "duplicate") for key in repeated[id(value)][1]
                )
            for key, item in reversed(value.items()):
                if _SURROGATE.search(key):
                    yield Fault(path, f"the key {show(key)} holds half of a surrogate pair, which is no character", "syntax")
                waiting.append((path + pointer(key), item))
        elif isinstance(value, list):
            waiting.extend((f"{path}/{index}", item) for index, item in reversed(list(enumerate(value))))
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield Fault(path, f"should be a finite number, was {show(value)}", "range")
        elif isinstance(value, str) and _SURROGATE.search(value):
            yield Fault(path, "holds half of a surrogate pair, which is no character", "syntax")


def _fault(detail: ErrorDetails) -> Fault:
    place, kind, context = list(detail["loc"]), detail["type"], detail.get("ctx", {})
    was = show(detail["input"])
    if len(place) > 1 and place[0] == "travel" and place[1] in _TAGS:
        del place[1]
    is_key = bool(place) and place[-1] == "[key]"
    if is_key:
        place.pop()
    path = pointer(*place)
    message, code = _explained(kind, context, was, detail)
    if kind == "extra_forbidden":
        message = f"{show(place[-1])} is not a key of this object" + _near(str(place[-1]))
    elif kind in {"union_tag_not_found", "union_tag_invalid"} and isinstance(detail["input"], dict):
        path += "/kind"
    return Fault(path, f"the key {message}" if is_key else message, code)


def _explained(kind: str, context: dict[str, Any], was: str, detail: ErrorDetails) -> tuple[str, str]:
    if kind == "value_error":
        error = context.get("error")
        return str(error), error.code if isinstance(error, Misfit) else "type"
    if kind in _TYPES:
        return f"should be {_TYPES[kind]}, was {was}", "type"
    match kind:
        case "missing":
            return "is missing", "missing"
        case "literal_error" | "enum":
            return f"should be {context['expected']}, was {was}", "range"
        case "union_tag_not_found":
            return "is missing; should be 'straight', 'matrix' or 'roads'", "missing"
        case "union_tag_invalid":
            return f"should be 'straight', 'matrix' or 'roads', was {show(detail['input'].get('kind'))}", "range"
        case "greater_than_equal":
            return f"should be at least {context['ge']}, was {was}", "range"
        case "greater_than":
            return f"should be more than {context['gt']}, was {was}", "range"
        case "less_than_equal":
            return f"should be at most {context['le']}, was {was}", "range"
        case "less_than":
            return f"should be less than {context['lt']}, was {was}", "range"
        case "string_too_short":
            return f"should have at least {counted(context['min_length'], 'character')}, was {was}", "range"
        case "string_too_long":
            return f"should have at most {context['max_length']} characters, was {was}", "range"
        case "too_short":
            return f"should have at least {counted(context['min_length'], 'entry', 'entries')}, has {context['actual_length']}", "range"
        case "too_long":
            return f"should have at most {counted(context['max_length'], 'entry', 'entries')}, has {context['actual_length'] or 'more'}", "range"
        case "string_pattern_mismatch":
            return f"{_PATTERNS.get(context['pattern'], 'should be written as ' + context['pattern'])}, was {was}", "range"
        case "extra_forbidden":
            return "", "extra"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, was {was}", "type"


_PATTERNS = {
    r"^[^\x00-\x1f#]+$": "should be an id without '#' and control characters",
    r"^[^\x00-\x1f#.]+$": "should be a role's id without '#', '.' and control characters",
    r"^[^\x00-\x1f#]+#[0-9]+$": "should be a visit's id (the id of its need, '#' and its number from 1)",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": "should be a time of day (HH:MM)",
    "^[0-9a-f]{64}$": "should be a digest (64 hexadecimal digits)",
}


@cache
def _keys() -> tuple[str, ...]:
    """Every key of the format, to guess what a misspelt one was meant to be."""
    names: set[str] = set()
    waiting = list(Model.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting.extend(model.__subclasses__())
        names.update(field.alias or name for name, field in model.model_fields.items())
    return tuple(sorted(names))


def _near(key: str) -> str:
    found = difflib.get_close_matches(key, _keys(), 1) if len(key) <= 60 else []
    return f"; is {found[0]!r} meant, or is it in the wrong object?" if found and found[0] != key else ""
