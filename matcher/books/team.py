# ruff: noqa: ARG002 - all codecs have the methods of one protocol
"""Teams in one cell: ``护理：社工＋帮手：志愿者×2（助浴=2、女、30分钟）``.

A role is ``[name:] kinds [×number] [(what it asks, ...)]``; kinds that may fill it stand with ``/``, roles with ``+``, ``；`` or on their own lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from matcher.books.choices import CERTIFICATE, GENDER, KIND, chosen, label
from matcher.books.codecs import LEVELS, Context
from matcher.books.times import read_minutes
from matcher.books.tokens import BLANKS, IN_TEAM, Misread, folded, halves, plain, quoted, split, text_of, tidy, unquoted

if TYPE_CHECKING:
    from matcher.books.grid import Value

_WORDS = sorted({word for words in KIND.values() for word in words} | set(KIND), key=len, reverse=True)
_KIND = "|".join(re.escape(word).replace(r"\ ", r"\s*") for word in _WORDS)
_BODY = re.compile(
    rf"\s*(?:(?P<before>\d+)\s*[名位个]?\s*)?(?P<kinds>(?:{_KIND})(?:\s*(?:/|／|或者?|\bor\b)\s*(?:{_KIND}))*)"
    rf"\s*(?:[×xX*＊✕]\s*(?P<after>\d+)|(?P<many>\d+)\s*[名位个人])?\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_OR = re.compile(r"/|／|或者?|\bor\b", re.IGNORECASE)
_STAND_IN = re.compile(r"(?:替补|可由|stand-?ins?:?)\s*", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:语言|会说|会讲|language|speaks)\s*", re.IGNORECASE)
_SKILL = re.compile(r"(?:技能|skill)\s+", re.IGNORECASE)
_LEVEL = re.compile(r"(?P<name>.*\S)\s*(?:≥|>=)?\s*(?:(?P<a>[1-5１-５])\s*级(?:以上)?|level\s*(?P<b>[1-5])|≥\s*(?P<c>[1-5]))", re.IGNORECASE)


class Team:
    """The codec of a team."""

    def __init__(self, *, is_needed: bool) -> None:
        self.is_needed = is_needed

    def read(self, value: Value, context: Context) -> Any:
        """Return the roles of a team; raises `Misread` with the first thing that is not understood."""
        text = text_of(value)
        if not self.is_needed and text.casefold() in BLANKS:
            return None
        roles = [_role(part) for part in split(text, "+＋；;\n", has_brackets=True)]
        if not 1 <= len(roles) <= 20:
            raise Misread("team", was=text)
        taken: set[str] = set()
        for role in roles:
            if role["auto"]:
                role["id"] = next(name for name in (role["id"], *(f"{role['id']} {k}" for k in range(2, 30))) if name not in taken)
            elif role["id"] in taken:
                raise Misread("role_twice", "duplicate", was=role["id"])
            taken.add(role["id"])
        return [{key: item for key, item in role.items() if key != "auto"} for role in roles]

    def write(self, value: Any, context: Context) -> Value:
        """Return the cell of a team."""
        return ("＋" if context.lang == "zh" else " + ").join(_role_text(role, context) for role in value)

    def neutral(self, context: Context) -> Any:
        """Return a team that anybody can be."""
        return [{"id": "?", "kinds": list(KIND)}]


def _role(text: str) -> dict[str, Any]:
    name, body = "", text
    both = _named(text)
    if both is not None:
        name, body = unquoted(both[0]), both[1]
        if not name or len(name) > 60 or re.search(r"[#.\x00-\x1f]", name):
            raise Misread("role_id", "range", was=name[:40])
    match = _BODY.fullmatch(body)
    if match is None:
        raise Misread("role", was=text)
    kinds = _kinds(match["kinds"])
    role: dict[str, Any] = {"id": name or _auto(match["kinds"]), "auto": not name, "kinds": kinds}
    count = match["after"] or match["many"] or match["before"]
    if count is not None:
        if not 1 <= int(count) <= 20:
            raise Misread("between", "range", was=count, low=1, high=20)
        role["count"] = int(count)
    rest = tidy(match["rest"])
    if rest[:1] in "(（" and rest[-1:] in ")）":
        rest = rest[1:-1]
    for part in split(rest, "、，,；; \n" if not re.search(r"[、，,；;]", rest) and not _has_words(rest) else "、，,；;\n", has_brackets=True):
        _ask(part, role)
    for kind in role.get("stand_ins", ()):
        if kind in kinds:
            raise Misread("stand_in_kind", "conflict", was=text)
    if "certificate" in role and "social_worker" not in (*kinds, *role.get("stand_ins", ())):
        raise Misread("certificate_kind", "conflict", was=text)
    return role


def _has_words(text: str) -> bool:
    return bool(
        '"' in text
        or "=" in text
        or _STAND_IN.search(text)
        or _LANGUAGE.search(text)
        or _SKILL.search(text)
        or re.search(r"[a-z]", text, re.IGNORECASE)
    )


def _named(text: str) -> tuple[str, str] | None:
    """Return the name of a role and its rest, where it has a name: what stands before the first colon outside of quotes and brackets."""
    head = split(text, "(（", has_brackets=False)[:1]
    if text.startswith('"'):
        match = re.match(r'("(?:[^"]|"")*")\s*[:：]', text)
        return (match[1], text[match.end() :]) if match else None
    match = re.match(r"([^:：]*)[:：]", head[0]) if head else None
    return (tidy(match[1]), text[text.index(match[0]) + len(match[0]) :]) if match else None


def _kinds(text: str) -> list[str]:
    found = [chosen(KIND, part) for part in _OR.split(text)]
    kinds = [kind for kind in found if kind is not None]
    if len(kinds) != len(found):
        raise Misread("role", was=text)
    return kinds


def _auto(text: str) -> str:
    return re.sub(r"[#.\s]+", " ", plain(text))[:50]


def _ask(part: str, role: dict[str, Any]) -> None:
    key: str
    value: Any
    if halves(part, "=＝") is not None or _SKILL.match(part) or _LEVEL.fullmatch(part):
        text = _SKILL.sub("", part, count=1) if _SKILL.match(part) else part
        level = _LEVEL.fullmatch(text)
        if level is not None and halves(text, "=＝") is None:
            text = f"{quoted(unquoted(level['name']), IN_TEAM)}={plain(level['a'] or level['b'] or level['c'])}"
        context = Context("zh", {})
        skills = LEVELS.read(text, context)
        if context.problems:
            raise context.problems[0]
        role["skills"] = {**role.get("skills", {}), **skills}
        return
    if _STAND_IN.match(part):
        key, value = "stand_ins", _kinds(_STAND_IN.sub("", part, count=1))
    elif _LANGUAGE.match(part):
        key, value = "language", unquoted(_LANGUAGE.sub("", part, count=1))
        if not 1 <= len(value) <= 40:
            raise Misread("too_long", "range", most=40, was=value[:40])
    elif chosen(GENDER, part):
        key, value = "gender", chosen(GENDER, part)
    elif chosen(CERTIFICATE, part):
        key, value = "certificate", chosen(CERTIFICATE, part)
    elif re.match(r"[\d半]", plain(part)) and not folded(part).isdigit():
        key, value = "minutes", read_minutes(part)
    else:
        raise Misread("asks", was=part)
    if key in role:
        raise Misread("twice", "duplicate", was=part)
    role[key] = value


def _role_text(role: dict[str, Any], context: Context) -> str:
    is_zh = context.lang == "zh"

    def kinds(values: list[str]) -> str:
        return "/".join(label(KIND, value, context.lang) for value in values)

    asks = []
    if role.get("stand_ins"):
        asks.append(("替补 " if is_zh else "stand-ins ") + kinds(role["stand_ins"]))
    asks.extend(f"{quoted(skill, IN_TEAM)}={level}" for skill, level in role.get("skills", {}).items())
    if "certificate" in role:
        asks.append(label(CERTIFICATE, role["certificate"], context.lang))
    if "language" in role:
        asks.append(("语言 " if is_zh else "language ") + quoted(role["language"], IN_TEAM))
    if "gender" in role:
        asks.append(label(GENDER, role["gender"], context.lang))
    if "minutes" in role:
        asks.append(f"{role['minutes']}{'分钟' if is_zh else ' min'}")
    text = f"{quoted(role['id'], IN_TEAM)}{'：' if is_zh else ': '}{kinds(role['kinds'])}"
    if role.get("count", 1) > 1:
        text += f"×{role['count']}"
    if asks:
        text += f"（{'、'.join(asks)}）" if is_zh else f" ({', '.join(asks)})"
    return text
