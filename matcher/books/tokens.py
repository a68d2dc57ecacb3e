"""The small things that people type: blanks, quotes, lists, and how texts are compared."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Any

from matcher.books.grid import Broken, Value

SEPARATORS = "、，,；;\n"
BLANKS = frozenset({"-", "--", "—", "——", "–", "/", "\\", "无", "没有", "暂无", "不限", "任意", "none", "n/a", "na", "any", "null"})
EMPTY = ("（空）", "(empty)")
"""How an empty list is written where a blank cell means 'no limit'."""
IN_LIST = re.compile('[、，,；;\\s"=＝]')
"""What cannot stand unquoted in an entry of a list."""
IN_TEAM = re.compile('[、，,；;\\s"=＝+＋/／:：×*()（）]')
"""What cannot stand unquoted in a team."""
_INVISIBLE = "\u200b\u200c\u200d\ufeff\u2060"
_DIGITS = 15
"""What a spreadsheet keeps of a number; longer ones have been rounded."""


class Misread(Exception):
    """A cell (or a part of it) that cannot be read: the key of its message, the values in it, and the code of the fault."""

    def __init__(self, key: str, code: str = "type", **values: Any) -> None:
        super().__init__(key)
        self.key, self.code, self.values = key, code, values


def is_blank(value: Value) -> bool:
    """Say whether there is nothing in a cell, or only spaces."""
    return value is None or (isinstance(value, str) and not tidy(value))


def tidy(text: str) -> str:
    """Return a text without the spaces and invisible characters around it."""
    return text.strip().strip(_INVISIBLE).strip()


def plain(text: str) -> str:
    """Return a text with full-width digits, letters and punctuation made plain (for numbers, days and hours, never for names)."""
    return tidy(unicodedata.normalize("NFKC", text))


def folded(text: str) -> str:
    """Return what two texts have in common that only differ in width, case and spaces."""
    return re.sub(r"[\s_*＊]+", "", unicodedata.normalize("NFKC", text)).casefold().strip(_INVISIBLE)


def text_of(value: Value) -> str:
    """Return a cell as text: whole numbers without a point, as an id or a telephone number was meant.

    Raises
    ------
    Misread
        A date where text was meant (spreadsheets make dates of what looks like one), a number that was rounded, a formula without a value.
    """
    if isinstance(value, Broken):
        raise Misread("broken", was=value.text)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        if abs(value) >= 10**_DIGITS:
            raise Misread("rounded", was=str(value))
        return str(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        raise Misread("became_date", was=str(value))
    return tidy(str(value))


def split(text: str, separators: str = SEPARATORS, *, has_brackets: bool = False) -> list[str]:
    """Split a list at its separators, outside of quotes (and of brackets, where `has_brackets`); empty parts are left out."""
    parts, part, depth, is_quoted = [], "", 0, False
    for char in text:
        if char == '"' and (is_quoted or not part.strip() or part[-1].isspace() or part[-1] in '=＝(（:："'):
            is_quoted = not is_quoted
        elif not is_quoted and has_brackets and char in "(（":
            depth += 1
        elif not is_quoted and has_brackets and char in ")）":
            depth = max(0, depth - 1)
        if char in separators and not is_quoted and not depth:
            parts.append(part)
            part = ""
        else:
            part += char
    parts.append(part)
    return [tidy(part) for part in parts if tidy(part)]


def halves(text: str, marks: str) -> tuple[str, str] | None:
    """Return what stands before and after the last of `marks` outside of quotes; None where there is none."""
    found, is_quoted = -1, False
    for index, char in enumerate(text):
        if char == '"':
            is_quoted = not is_quoted
        elif char in marks and not is_quoted:
            found = index
    return None if found < 0 else (tidy(text[:found]), tidy(text[found + 1 :]))


def quoted(token: str, special: re.Pattern[str] | None = IN_LIST) -> str:
    """Write one entry so that it reads back as it is: in double quotes where it holds what is `special` there, or means something else."""
    is_safe = token == tidy(token) and token.casefold() not in BLANKS and token not in EMPTY and token != "" and not token.startswith('"')
    if is_safe and (special is None or not special.search(token.replace(" ", ""))):
        return token
    return '"' + token.replace('"', '""') + '"'


def unquoted(text: str) -> str:
    """Read one entry, in quotes or not."""
    text = tidy(text)
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text
