"""A week that becomes a workbook and comes back is the same week."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.small import TRAVELS, small_problem
from matcher.books.files import read_week, week_bytes
from matcher.books.layout import EDGES, NODES, SETTINGS, SHEETS
from matcher.books.reading import Reading, weight_rows
from matcher.books.writing import book_of
from matcher.problem import Problem, Weights
from matcher.words import LANGS, Lang
from scenarios.weihai.week import make_week
from tests.weeks import link, need, organization, resident, role, volunteer, week

DOCUMENT = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json problem\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
NASTY = st.text(st.sampled_from("ab王芳 、，,；;\"'=＝：:×/+(（)）.#0123-无\u3000\xa0_x"), min_size=1, max_size=8).filter(
    lambda text: "#" not in text
)


def again(problem: Problem, lang: Lang) -> Problem:
    reading = Reading(book_of(problem, lang), lang)
    made = reading.problem()
    assert reading.notes == []
    return made


@pytest.mark.parametrize("seed", range(40))
def test_small_problems_come_back_the_same(seed: int) -> None:
    problem = small_problem(seed, travel=TRAVELS[seed % len(TRAVELS)])
    made = again(problem, LANGS[seed % 2])
    assert made.to_json() == problem.to_json()
    assert made.digest == problem.digest


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_the_format_comes_back_the_same(text: str, lang: Lang) -> None:
    problem = Problem.parse(text)
    assert again(problem, lang).to_json() == problem.to_json()


@pytest.mark.parametrize("suffix", ["xlsx", "zip"])
@pytest.mark.parametrize("lang", LANGS)
def test_a_weihai_community_comes_back_the_same_from_a_file(tmp_path: Path, suffix: str, lang: Lang) -> None:
    problem = make_week("community", seed=3, in_force=True)
    path = tmp_path / f"week.{suffix}"
    path.write_bytes(week_bytes(problem, path, lang))
    told: list[str] = []
    for reader in LANGS:
        made = read_week(path, reader, told.append)
        assert made.to_json() == problem.to_json()
    assert told == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(names=st.lists(NASTY, min_size=4, max_size=4, unique=True), texts=st.lists(NASTY, min_size=4, max_size=4), lang=st.sampled_from(LANGS))
def test_names_may_hold_whatever_separates_entries(names: list[str], texts: list[str], lang: Lang) -> None:
    people = [
        {**volunteer(names[0], skills={texts[2]: 2}, languages=[texts[3][:40]]), "name": texts[0]},
        {**volunteer(names[1]), "name": texts[0]},
        {**organization(names[2], claims=[names[3]]), "name": names[0]},
    ]
    asks = role(re.sub("[.]", "", texts[1]) or "x", "volunteer", "organization", skills={texts[2]: 2}, language=texts[3][:40])
    whom = resident(names[3], known={names[1]: 2, names[2]: 1}, refused=[names[0]])
    problem = week(
        [need(names[3], asks, resident=names[3], title=texts[1], preferred_providers=[names[2], names[1]])],
        people,
        residents=[whom],
        links=[link(names[2], "required", names[0], names[1])],
        note="\n".join(texts),
    )
    assert again(problem, lang).to_json() == problem.to_json()


@pytest.mark.parametrize("text", ["=1+1", "_x0041_", "a\r\nb", "a\x01b", "'x", " x ", '"x"', "\t", "0012", "1e5", "TRUE", "-"])
def test_texts_of_any_kind_come_back_from_files(tmp_path: Path, text: str) -> None:
    problem = week([need("n", title=text)], [{**volunteer("v"), "name": text}], name=text, note=text)
    for suffix in ("xlsx", "zip"):
        path = tmp_path / f"week.{suffix}"
        path.write_bytes(week_bytes(problem, path, "zh"))
        assert read_week(path, "zh").to_json() == problem.to_json()


def _leaves(model: Any, prefix: str = "") -> set[str]:
    return {prefix + (field.alias or name) for name, field in model.model_fields.items()}


def test_every_key_of_the_format_has_its_place() -> None:
    placed = {sheet.key: {column.key.split(".")[0] for column in sheet.columns} for sheet in SHEETS}
    top = {column.key.split(".")[0] for column in SETTINGS.columns}
    for key, field in Problem.model_fields.items():
        if key in placed:
            model = field.annotation.__args__[0]  # type: ignore[union-attr]
            extra = {"shifts"} if key == "providers" else set()
            assert placed[key] | extra == _leaves(model), key
        else:
            assert key in top | {"format", "weights", "travel"}
    assert {row.key for row in weight_rows()} == set(Weights.model_fields)
    travel = {column.key.split(".")[1] for column in SETTINGS.columns if column.key.startswith("travel.")} | {
        NODES.key,
        EDGES.key,
        "seconds",
        "by_mode",
    }
    named = set().union(*(set(model.model_fields) for model in Problem.model_fields["travel"].annotation.__args__))  # type: ignore[union-attr]
    assert travel == named
