"""The ids of the rows, taken or made up, and the names by which cells refer to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.books.codecs import Ident, Text
from matcher.books.errors import Finding, said
from matcher.books.layout import SHEETS, Sheet
from matcher.books.names import Names
from matcher.books.tokens import Misread, is_blank, unquoted
from matcher.problem import BUILT_IN_CATEGORIES

if TYPE_CHECKING:
    from matcher.books.tables import Table, Tables
    from matcher.words import Lang

_MADE_OF = {"needs": ("resident", "community", "title"), "links": ("members",)}
"""The columns that an id is made of where the sheet has no column of names."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The id of a row; `is_sure` is false where it stands in for one that could not be read."""

    id: str
    is_sure: bool


def names_of(tables: Tables, lang: Lang) -> tuple[dict[str, Names], dict[tuple[int, int], Identified], list[Finding]]:
    """Return the names by sort, the id of each row by (rank of its sheet, row), and what is wrong with the ids."""
    names = {sheet.sort: Names(sheet.sort) for sheet in SHEETS if sheet.sort}
    for category in BUILT_IN_CATEGORIES:
        names["category"].add(category.id, *in_order((category.name_zh, category.name_en), tables.lang))
    ids: dict[tuple[int, int], Identified] = {}
    findings: list[Finding] = []
    for sheet in SHEETS:
        if not any(column.key == "id" for column in sheet.columns):
            continue
        made: dict[str, int] = {}
        for table in tables.of.get(sheet.key, ()):
            for row in table.rows:
                known, found = _identify(table, row, made, names.get(sheet.sort), lang)
                ids[table.rank, row] = known
                findings.extend(found)
                if sheet.sort and known.is_sure:
                    names[sheet.sort].add(known.id, *_names(table, row, sheet, tables.lang))
    return names, ids, findings


def _text(table: Table, row: int, key: str) -> str:
    at = table.columns.get(key)
    if at is None:
        return ""
    try:
        return str(Text().read(table.grid.value(row, at), None))  # type: ignore[arg-type]
    except Misread:
        return ""


def in_order(names: tuple[str, ...], lang: Lang) -> tuple[str, ...]:
    """Return names that stand in Chinese and English, with those of a language first: things are written by the first of their names."""
    return names if lang == "zh" else names[::-1]


def _names(table: Table, row: int, sheet: Sheet, lang: Lang = "zh") -> tuple[str, ...]:
    return in_order(tuple(text for key in sheet.names if (text := _text(table, row, key))), lang)


def _identify(table: Table, row: int, made: dict[str, int], names: Names | None, lang: Lang) -> tuple[Identified, list[Finding]]:
    at = table.columns.get("id")
    stand_in = f"?{table.sheet.key}{table.rank}-{row}"
    if at is not None and not is_blank(table.grid.value(row, at)):
        try:
            return Identified(Ident().read(table.grid.value(row, at), None), True), []  # type: ignore[arg-type]
        except Misread as wrong:
            if names is not None:
                names.broken.update((unquoted(_text(table, row, "id")), *_names(table, row, table.sheet)))
            return Identified(stand_in, False), [Finding(table.rank, table.grid.cell(row, at), said(wrong, lang), wrong.code)]
    sources = table.sheet.names or _MADE_OF.get(table.sheet.key, ())
    parts = [text for key in sources if (text := _text(table, row, key))]
    name = re.sub(r"[#\x00-\x1f]+", " ", " ".join(parts[:1] if table.sheet.names else parts)).strip()[:120]
    where = at or next((table.columns[key] for key in sources if key in table.columns), min(table.columns.values()))
    cell = table.grid.cell(row, where)
    if not name:
        return Identified(stand_in, False), [Finding(table.rank, cell, said(Misread("no_id"), lang), "missing")]
    if name in made:
        first = table.grid.cell(made[name], where)
        return Identified(stand_in, False), [Finding(table.rank, cell, said(Misread("same_name", was=name, first=first), lang), "duplicate")]
    made[name] = row
    return Identified(name, True), []
