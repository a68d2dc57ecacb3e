"""Both languages are complete, every word stands in one gettext catalogue, and nothing but the desk's own files is asked for."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from api.desk import LOCALE, STATIC, words
from api.faults import KINDS
from matcher.books.contacts import HEADERS as COLUMNS
from matcher.books.contacts import SORTS
from matcher.diff import What
from matcher.living.events import KINDS as EVENTS
from matcher.problem import BUILT_IN_CATEGORIES
from matcher.words import Lang, role_words, skill_words
from scenarios.weihai.catalogue import NEED_KINDS

if TYPE_CHECKING:
    from tests.api.running import House

SCRIPTS = sorted((STATIC / "js").glob("*.js"))
EXPLAIN = (Path(__file__).parents[2] / "docs" / "explain.md").read_text()
PARTS = [part for kind in NEED_KINDS for part in (*kind.team, *(kind.first_team or ()))]
FAMILIES = {
    "what": [str(what) for what in What],
    "category": [category.id for category in BUILT_IN_CATEGORIES],
    "kind": ["volunteer", "social_worker", "organization"],
    "place": ["home", "venue", "remote"],
    "urgency": list("12345"),
    "state": ["queued", "running", "done", "stopped", "failed"],
    "standing": ["draft", "published", "superseded"],
    "verdict": ["assigned", "impossible", "crowded_out", "not_found"],
    "certainty": ["proved", "heuristic"],
    "miss": ["minutes", "levels", "yuan", "residents", "providers"],
    "shows": ["board", "map", "sheets"],
    "contacts.columns": list(COLUMNS),
    "contacts.sorts": sorted(set(SORTS.values())),
    "happened": [*EVENTS, "window", "nothing"],
    "skill": sorted({part.skill for part in PARTS if part.skill}),
    "role": sorted({part.id for part in PARTS}),
    "does": ["more_time", *re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*) \|", EXPLAIN.partition("### Changes")[2], re.MULTILINE)))],
}


def test_both_languages_have_the_same_words() -> None:
    assert words("zh").keys() == words("en").keys()
    assert len(words("zh")) > 250


def test_no_word_is_empty_and_each_speaks_of_the_same_things_in_both_languages() -> None:
    zh, en = words("zh"), words("en")
    for key in zh:
        assert zh[key].strip(), key
        assert en[key].strip(), key
        assert _fields(zh[key]) == _fields(en[key]), key


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def asked_for() -> set[str]:
    """The keys that stand whole in the scripts, as gettext's own tools extract them; those made of parts are families."""
    found = {str(message) for path in SCRIPTS for _, message, _, _ in extract_from_file("javascript", path, keywords={"t": None})}
    return {key for key in found if "${" not in key}


def test_every_word_that_a_script_asks_for_is_there_and_no_other() -> None:
    have = words("zh").keys()
    asked = asked_for()
    assert len(asked) > 150
    assert asked <= have
    text = "\n".join(path.read_text() for path in SCRIPTS)
    named = set(re.findall(r"[\"'`]([a-z_]+(?:\.[a-z_]+)*)[\"'`]", text)) & have
    families = set(re.findall(r"`([a-z_.]+)\.\$\{", text))
    unused = {key for key in have - asked - named if not any(key.startswith(f"{family}.") for family in families)}
    assert unused == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_compiled_catalogue_is_that_of_its_source(lang: str) -> None:
    folder = LOCALE / lang / "LC_MESSAGES"
    with (folder / "desk.po").open("rb") as po, (folder / "desk.mo").open("rb") as mo:
        source, compiled = ({str(item.id): str(item.string) for item in found if item.id} for found in (read_po(po), read_mo(mo)))
    assert compiled == source == words(lang), "run scripts/words"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_given_the_words_of_the_catalogue(house: House, lang: str) -> None:
    answer = house.http().get(f"/desk/words/{lang}.json")
    assert answer.json() == words(lang)
    assert house.http().get(f"/desk/words/{lang}.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_built_in_categories_are_called_what_plans_call_them() -> None:
    for category in BUILT_IN_CATEGORIES:
        assert words("zh")[f"category.{category.id}"] == category.name_zh
        assert words("en")[f"category.{category.id}"] == category.name_en


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_skills_and_roles_are_called_what_the_command_line_calls_them(lang: Lang) -> None:
    for family, named in (("skill", skill_words), ("role", role_words)):
        own = {key.removeprefix(f"{family}."): text for key, text in words(lang).items() if key.startswith(f"{family}.")}
        assert own == {name: named(lang, name) for name in own}


def test_roles_of_one_kind_have_numbers_and_those_without_words_stay_as_they_are() -> None:
    assert [role_words("zh", role) for role in ("helper.2", "volunteer-1", "送餐员", "x.1", "")] == ["帮手 2", "志愿者 1", "送餐员", "x.1", ""]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sheets_of_contacts_are_read_by_the_same_words_as_on_the_command_line(lang: str) -> None:
    for name, heads in COLUMNS.items():
        assert set(words(lang)[f"contacts.columns.{name}"].split("|")) == set(heads)
    for sort in set(SORTS.values()):
        assert set(words(lang)[f"contacts.sorts.{sort}"].split("|")) == {text for text, meant in SORTS.items() if meant == sort}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_of_a_family_has_its_words(family: str) -> None:
    there = {key.removeprefix(f"{family}.").partition(".")[0] for key in words("en") if key.startswith(f"{family}.")}
    missing = set(FAMILIES[family]) - there
    assert missing == set()


def test_the_refusals_that_a_coordinator_can_meet_are_said_in_their_language() -> None:
    said = {key.removeprefix("refused.") for key in words("zh") if key.startswith("refused.")} - {"away"}
    assert said <= KINDS.keys()
    assert {"forbidden", "not-found", "invalid-problem", "changed", "conflict", "busy", "timeout", "too-large"} <= said


def test_chinese_and_addresses_stand_in_no_script() -> None:
    for path in [*SCRIPTS, *STATIC.glob("*.css")]:
        text = re.sub(r"(?m)^\s*//.*$|/\*\*.*?\*/", "", path.read_text())
        assert re.findall(r"[\u4e00-\u9fff]+", text.replace("四社联动", "").replace("月", "").replace("日", "")) == [], path.name
        assert re.findall(r"https?://[^\"' ]+", text) in ([], ["http://www.w3.org/2000/svg"]), path.name
