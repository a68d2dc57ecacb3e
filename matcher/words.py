"""The words of the command line in Chinese and English, by stable key, from the gettext catalogues in ``matcher/locale``.

A key is what a thing is called in code (``rule.skill``, ``kind.volunteer``, ``head.time``); both catalogues have every key.
"""

from __future__ import annotations

import gettext
import os
import re
from functools import cache
from pathlib import Path
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")

_FOLDER = Path(__file__).parent / "locale"
_ROLE = re.compile(r"(?s)(.+?)(?:[.-](\d+))?")


def usual_lang() -> Lang:
    """Return the language that the environment asks for: Chinese where the locale says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@cache
def _catalogue(lang: Lang) -> gettext.NullTranslations:
    return gettext.translation("matcher", _FOLDER, languages=[lang])


def has_word(lang: Lang, key: str) -> bool:
    """Say whether the catalogue of a language has a key."""
    return _catalogue(lang).gettext(key) != key


def word(lang: Lang, key: str, **values: object) -> str:
    """Return the words of a key in a language, with `values` put where they belong.

    Raises
    ------
    KeyError
        If the catalogue has no such key.
    """
    text = _catalogue(lang).gettext(key)
    if text == key:
        raise KeyError(f"no word for {key!r} in {lang!r}")
    return text.format(**values) if values else text


def skill_words(lang: Lang, skill: str) -> str:
    """Return what a skill is called: weeks give skills no names, so those that have words are the usual ones, and any other is called by its id."""
    key = f"skill.{skill}"
    return word(lang, key) if has_word(lang, key) else skill


def role_words(lang: Lang, role: str) -> str:
    """Return what a role is called, likewise; several of one kind have numbers: ``helper.2``."""
    found = _ROLE.fullmatch(role)
    if found is None:
        return role
    name, number = found.groups()
    key = next((key for key in (f"role.{name}", f"kind.{name}") if has_word(lang, key)), None)
    return role if key is None else " ".join(part for part in (word(lang, key), number) if part)
