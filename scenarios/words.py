"""The words of scenarios, their targets and their reports in Chinese and English, from the catalogues in ``scenarios/locale``.

What the matcher has a word for (rules, terms, kinds) is asked of its own catalogue.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from matcher import words as of_matcher
from matcher.words import LANGS, Lang, skill_words, usual_lang

__all__ = ["LANGS", "Lang", "has_word", "skill_words", "usual_lang", "word"]

_FOLDER = Path(__file__).parent / "locale"


@cache
def _catalogue(lang: Lang) -> gettext.NullTranslations:
    return gettext.translation("scenarios", _FOLDER, languages=[lang])


def has_word(lang: Lang, key: str) -> bool:
    """Say whether a language has a key."""
    return _catalogue(lang).gettext(key) != key or of_matcher.has_word(lang, key)


def word(lang: Lang, key: str, **values: object) -> str:
    """Return the words of a key in a language, with `values` put where they belong; raises `KeyError` where there are none."""
    text = _catalogue(lang).gettext(key)
    if text == key:
        return of_matcher.word(lang, key, **values)
    return text.format(**values) if values else text
