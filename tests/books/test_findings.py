"""What the engine finds in a week is said in the language and the words of the workbook, whatever it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import matcher
from matcher.books.errors import BookError
from matcher.books.findings import FOUND, Wording
from matcher.books.grid import Cell, Grid
from matcher.books.names import Names
from matcher.books.reading import Reading
from matcher.books.writing import book_of
from matcher.errors import Fault, ProblemError
from matcher.problem import Problem
from matcher.words import LANGS, word
from tests.faulty import ONE_FAULT, changed
from tests.weeks import need, role, volunteer, week

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.words import Lang

SENTENCE = re.compile(r"[A-Za-z]{2,}[ ,]+[a-z]{2,}[ ,]+[a-z]{2,}")
"""Three English words in a row: no id, no number and no unit looks like that."""
ENGINE = (
    "validation/consistency.py",
    "validation/references.py",
    "validation/pins.py",
    "validation/magnitude.py",
    "fields.py",
    "people.py",
    "problem.py",
)


def wording(lang: Lang) -> Wording:
    names = {sort: Names(sort) for sort in ("provider", "need", "resident", "venue", "community", "fund", "category")}
    names["provider"].add("v1", "王芳")
    return Wording(lang, names, lambda path: Cell("表", 7, len(path)))


@pytest.mark.parametrize("what", ONE_FAULT)
def test_every_finding_of_the_engine_is_put_in_chinese(what: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Problem.build(changed(ONE_FAULT[what][0]))
    for fault in caught.value.faults:
        is_in_chinese(fault)


def is_in_chinese(fault: Fault) -> None:
    said = wording("zh").said(fault)
    assert said != word("zh", "book.found.other")
    assert not SENTENCE.search(said), said
    assert re.search(r"[\u4e00-\u9fff]", said)
    # The numbers and dates of the sentence are still in it.
    figures = set(re.findall(r"\d{4}-\d\d-\d\d|\d\d:\d\d", fault.message)) - set(re.findall(r"\((?:HH|YYYY)[^)]*\)", fault.message))
    assert figures <= set(re.findall(r"\d{4}-\d\d-\d\d|\d\d:\d\d", said))
    assert not re.search(r"/[a-z]+/\d", said)


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts of a message: those in an expression, and those that a name of the same function was given."""
    for part in ast.walk(node):
        if isinstance(part, ast.JoinedStr):
            yield "{}".join(str(piece.value) if isinstance(piece, ast.Constant) else "" for piece in part.values)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def engine_texts() -> set[str]:
    """Every text of several words that stands in a fault of the engine."""
    found: set[str] = set()
    for name in ENGINE:
        tree = ast.parse((Path(matcher.__file__).parent / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Fault", "Misfit"}:
                found.update(text for argument in node.args for text in _texts(argument))
            elif isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id in {"message", "reach", "apart"} for target in node.targets
            ):
                found.update(_texts(node.value))
    return {text for text in found if len(re.findall(r"[a-z]{2,}", text)) > 2}


def test_every_sentence_in_the_source_of_the_engine_stands_in_the_catalogue() -> None:
    texts = engine_texts()
    assert len(texts) > 60
    known = [re.sub(r"\{\w+\}", "", word("en", f"book.found.{name}")) for name in FOUND]
    missing = {
        text for text in texts for part in re.split(r"\{\}", text) if len(re.findall(r"[a-z]{2,}", part)) > 2 if not any(part in one for one in known)
    }
    assert missing == set()


@pytest.mark.parametrize("lang", LANGS)
def test_a_sentence_that_is_not_known_is_at_least_in_the_language(lang: Lang) -> None:
    said = wording(lang).said(Fault("/needs/0", "something new and strange happened at /needs/0/team", "conflict"))
    assert bool(SENTENCE.search(said)) is (lang == "en")
    assert "/needs" not in said


def test_ids_become_names_and_numbers_of_entries_become_cells() -> None:
    def said(lang: Lang, message: str, path: str = "/pins/0/provider") -> str:
        return wording(lang).said(Fault(path, message, "conflict"))

    message = "provider 'v1' is of kind 'volunteer', visit 'a#1' takes organization, social_worker"
    assert said("zh", message) == "“王芳”是志愿者，而服务“a#1”要 社会组织、社工。"
    assert said("en", message) == "provider '王芳' is of kind Volunteer, visit 'a#1' takes Organization, Social worker"
    assert said("zh", "fund 'f' is at /funds/0/id already") == "资金“f”在 表!K7 已经有了。"
    message = "overlaps shift 0 on 2026-11-23 (08:00 to 12:00 and 11:00 to 13:00); a shift is one unbroken interval"
    assert (
        said("zh", message, "/providers/0/shifts/1") == "与 表!U7 的班次在 2026-11-23 重叠（08:00 至 12:00、11:00 至 13:00）；同一段时间请只写一次。"
    )


@pytest.mark.parametrize("lang", LANGS)
def test_what_does_not_hang_together_is_told_at_its_cell_in_the_language_asked_for(lang: Lang) -> None:
    """From a workbook, all the way: hours that overlap, and more visits than days."""
    book = [Grid(grid.title, [list(row) for row in grid.rows]) for grid in book_of(week([need("a", role("x"))], [volunteer("v1")]), lang)]
    rows = {grid.title: grid.rows for grid in book}
    shifts, needs = (rows["班次"], rows["需求"]) if lang == "zh" else (rows["Shifts"], rows["Needs"])
    for hours in ("周一 8:00-12:00", "周一 11:00-13:00"):
        shifts.append(["v1", hours])  # type: ignore[attr-defined]
    needs[1][list(needs[0]).index("次数" if lang == "zh" else "Visits")] = 30  # type: ignore[index]
    with pytest.raises(BookError) as caught:
        Reading(book, lang).problem()
    assert len(caught.value.faults) == 2
    for fault in caught.value.faults:
        assert bool(SENTENCE.search(fault.message)) is (lang == "en"), fault.message
