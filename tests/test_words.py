"""Both languages have every word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import matcher
from matcher.people import KINDS
from matcher.rules import Rule, Term
from matcher.words import LANGS, Lang, usual_lang, word

PACKAGE = Path(matcher.__file__).parent
LOCALE = PACKAGE / "locale"


def catalogue(lang: str) -> dict[str, str]:
    with (LOCALE / lang / "LC_MESSAGES" / "matcher.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def keys_in_code() -> set[str]:
    """Every key that stands in the code as a whole; those made of parts are asked for by name below."""
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    return set(re.findall(r'word\(\s*lang,\s*"([a-z_.]+)"', text))


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("zh")) == set(catalogue("en"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_rule_term_and_kind_has_words(lang: Lang) -> None:
    have = catalogue(lang)
    for rule in Rule:
        assert have[f"rule.{rule}"]
        assert have[f"rule.{rule}.says"]
    for term in Term:
        assert have[f"term.{term}"]
        assert have[f"term.{term}.says"]
    for kind in KINDS:
        assert have[f"kind.{kind}"]
        assert have[f"kinds.{kind}"]


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_is_named_for_a_rule_or_term_that_does_not_exist(lang: Lang) -> None:
    named = {key.removesuffix(".says") for key in catalogue(lang) if key.startswith(("rule.", "term."))}
    assert named == {f"rule.{rule}" for rule in Rule} | {f"term.{term}" for term in Term}


@pytest.mark.parametrize("lang", LANGS)
def test_every_key_that_the_code_asks_for_has_words(lang: Lang) -> None:
    asked = keys_in_code()
    assert len(asked) > 10
    assert asked <= set(catalogue(lang))


@pytest.mark.parametrize("lang", LANGS)
def test_no_words_are_empty_and_both_languages_take_the_same_values(lang: Lang) -> None:
    other = catalogue("en")
    for key, text in catalogue(lang).items():
        assert text.strip(), key
        assert sorted(re.findall(r"{(\w+)}", text)) == sorted(re.findall(r"{(\w+)}", other[key])), key


@pytest.mark.parametrize("lang", LANGS)
def test_the_compiled_catalogue_is_that_of_its_source(lang: Lang) -> None:
    with (LOCALE / lang / "LC_MESSAGES" / "matcher.mo").open("rb") as file:
        compiled = {str(message.id): str(message.string) for message in read_mo(file) if message.id}
    assert compiled == catalogue(lang), "run scripts/words"


def test_a_key_without_words_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such"):
        word("en", "rule.no_such")


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_GB.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_locale(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], lang: str) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert usual_lang() == lang
