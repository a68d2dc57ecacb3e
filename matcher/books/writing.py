"""A week written as a book: every field of the format has its place in a column or a sheet."""

from __future__ import annotations

from typing import Any

from matcher.books.choices import MODE, label
from matcher.books.codecs import Context
from matcher.books.grid import Book, Grid, Value
from matcher.books.ids import in_order
from matcher.books.layout import EDGES, MATRIX, NODES, SETTINGS, SHEETS, WEIGHTS, Column, Sheet
from matcher.books.names import Names
from matcher.books.reading import weight_rows
from matcher.books.tokens import EMPTY
from matcher.people import MODES
from matcher.problem import BUILT_IN_CATEGORIES, SPEEDS_KMH, Problem
from matcher.words import Lang, word


def book_of(problem: Problem, lang: Lang) -> Book:
    """Return a problem as a book, with headers and labels in a language. `matcher.books.reading` gives the same problem back."""
    data = problem.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    context = Context(lang, _names(data, lang))
    book = [_settings(data, context)]
    for sheet in SHEETS:
        book.append(_shifts(sheet, data, context) if sheet.key == "shifts" else _rows(sheet, data.get(sheet.key, []), context))
    book.append(_weights(data.get("weights", {}), context))
    book.extend(_travel(data.get("travel", {}), context))
    return book


def _names(data: dict[str, Any], lang: Lang) -> dict[str, Names]:
    names = {sheet.sort: Names(sheet.sort) for sheet in SHEETS if sheet.sort}
    for category in BUILT_IN_CATEGORIES:
        names["category"].add(category.id, *in_order((category.name_zh, category.name_en), lang))
    for sheet in SHEETS:
        if sheet.sort:
            for item in data.get(sheet.key, []):
                names[sheet.sort].add(item["id"], *in_order(tuple(item.get(key, "") for key in sheet.names), lang))
    return names


def _get(item: Any, key: str) -> Any:
    for part in key.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def _row(columns: tuple[Column, ...], item: dict[str, Any], context: Context) -> list[Value]:
    cells: list[Value] = []
    for column in columns:
        value = _get(item, column.key)
        cells.append(None if value is None else column.codec.write(value, context))
    return cells


def _rows(sheet: Sheet, items: list[dict[str, Any]], context: Context) -> Grid:
    head: list[Value] = [column.header(context.lang) for column in sheet.columns]
    return Grid(sheet.title(context.lang), [head, *(_row(sheet.columns, _with_inner(sheet, item), context) for item in items)])


def _with_inner(sheet: Sheet, item: dict[str, Any]) -> dict[str, Any]:
    """Write out the least gap, which a gap without it would not show."""
    if sheet.key == "needs" and "gap" in item:
        return {**item, "gap": {"min_minutes": 0, **item["gap"]}}
    return item


def _shifts(sheet: Sheet, data: dict[str, Any], context: Context) -> Grid:
    head: list[Value] = [column.header(context.lang) for column in sheet.columns]
    rows = [
        _row(sheet.columns, {"provider": person["id"], "shifts": [span]}, context)
        for person in data.get("providers", [])
        for span in person.get("shifts", [])
    ]
    return Grid(sheet.title(context.lang), [head, *rows])


def _labelled(title: str, columns: tuple[Column, ...], values: list[Value], context: Context) -> Grid:
    lang = context.lang
    head: list[Value] = [word(lang, "book.head.setting"), word(lang, "book.head.value"), word(lang, "book.head.says")]
    says = 0 if lang == "zh" else 1
    return Grid(title, [head, *([column.header(lang), value, column.says[says]] for column, value in zip(columns, values, strict=True))])


def _settings(data: dict[str, Any], context: Context) -> Grid:
    values = _row(SETTINGS.columns, data, context)
    speeds = _get(data, "travel.speeds_kmh")
    if speeds is not None:
        for index, column in enumerate(SETTINGS.columns):
            mode = column.key.removeprefix("travel.speeds_kmh.")
            if mode in MODES:
                values[index] = (
                    EMPTY[0 if context.lang == "zh" else 1] if mode not in speeds else None if speeds[mode] == SPEEDS_KMH[mode] else speeds[mode]
                )
    return _labelled(SETTINGS.title(context.lang), SETTINGS.columns, values, context)


def _weights(weights: dict[str, Any], context: Context) -> Grid:
    rows = weight_rows()
    return _labelled(WEIGHTS[0 if context.lang == "zh" else 1], rows, _row(rows, weights, context), context)


def _travel(travel: dict[str, Any], context: Context) -> Book:
    kind = travel.get("kind", "straight")
    if kind == "roads":
        return [
            _rows(NODES, [{"location": node} for node in travel["nodes"]], context),
            _rows(EDGES, [{"0": a, "1": b, "2": metres} for a, b, metres in travel["edges"]], context),
        ]
    if kind == "matrix":
        title = MATRIX[0 if context.lang == "zh" else 1]
        tables = {title: travel["seconds"]} | {f"{title} {label(MODE, mode, context.lang)}": rows for mode, rows in travel.get("by_mode", {}).items()}
        corner = word(context.lang, "book.head.matrix")
        return [Grid(name, [[corner, *range(len(rows))], *([index, *row] for index, row in enumerate(rows))]) for name, rows in tables.items()]
    return []
