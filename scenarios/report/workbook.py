"""The workbook of a report: the same figures as the page, one sheet for each table."""

from __future__ import annotations

import json
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from scenarios.figures import SHARES
from scenarios.report.names import measure_words, named, with_titles
from scenarios.report.purchases import purchase_words
from scenarios.words import skill_words, word

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from scenarios.words import Lang

Json = dict[str, Any]
WIDEST, MARGIN = 60, 2
"""Columns at most so wide, in digits: what is longer is wrapped; and what is left free beside the longest."""


class Share(float):
    """A number that is shown in percent."""


def _share(value: float | None) -> Share | None:
    return None if value is None else Share(value)


def save_workbook(path: Path, parts: Json, lang: Lang) -> None:
    """Write the workbook, whole or not at all."""
    book = Workbook()
    book.remove(book.active)
    if "comparison" in parts:
        _comparison(book, with_titles(parts["comparison"]), lang)
    if "targets" in parts:
        _targets(book, parts["targets"], lang)
    if "investment" in parts:
        _investment(book, parts["investment"], lang)
    if "robustness" in parts:
        _robustness(book, parts["robustness"], lang)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        book.save(name)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _sheet(book: Workbook, title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet: Worksheet = book.create_sheet(title[:31])
    for row in (head, *rows):
        sheet.append(["" if value is None else value for value in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, float):
                cell.number_format = "0.0%" if isinstance(cell.value, Share) else "#,##0.00"
            # A text that begins with '=' is a text all the same.
            if isinstance(cell.value, str):
                cell.data_type = "s"
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    for index in range(1, len(head) + 1):
        cells = [row[0] for row in sheet.iter_rows(min_row=1, max_row=min(200, sheet.max_row), min_col=index, max_col=index)]
        longest = max(_width(cell) for cell in cells)
        sheet.column_dimensions[get_column_letter(index)].width = min(WIDEST, longest + MARGIN)
        if longest + MARGIN > WIDEST:
            for (cell,) in sheet.iter_rows(min_row=2, min_col=index, max_col=index):
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    _set_page(sheet)


def _set_page(sheet: Worksheet) -> None:
    """Print it on A4 as wide as the paper, with the head on every page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _width(cell: Any) -> float:
    """Return how wide a cell is shown, in digits: Chinese characters are as wide as two; the head is bold and has the button of the filter."""
    if isinstance(cell.value, float):
        return len(f"{cell.value:,.2f}")
    text = str(cell.value or "")
    width = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return 1.1 * width + 3 if cell.row == 1 else width


def _labels(figures: Json, lang: Lang) -> Iterator[tuple[str, str]]:
    """Yield, for the measures that are of something, of what: a category or community by its name, a rule or kind in words."""
    for table in ("categories", "communities", "districts"):
        for key, item in figures[table].items():
            yield f"{table}.{key}", f"{word(lang, f'report.{table}')}: {item.get(f'name_{lang}') or item['name'] or key}"
    for rule in figures["reasons"]:
        yield f"reasons.{rule}", f"{word(lang, 'report.reasons')}: {named(lang, f'rule.{rule}', rule)}"
    for kind in figures["kinds"]:
        yield f"kinds.{kind}", f"{word(lang, 'report.hours')}: {word(lang, f'kind.{kind}')}"
    for key, item in figures["funds"].items():
        yield f"funds.{key}", f"{word(lang, 'report.funds')}: {item['name']}"


def _of(name: str, value: float | None) -> float | None:
    """Return the value of a measure, as a share where it is one."""
    is_share = name in SHARES or name.split(".", maxsplit=1)[0] in ("categories", "communities", "districts")
    return Share(value) if is_share and value is not None else value


def _comparison(book: Workbook, found: Json, lang: Lang) -> None:
    rows = [found["base"], *found["scenarios"]]
    base = word(lang, "report.base")
    title = {row["id"]: base if row["id"] == "base" else row["title"] for row in rows}

    labels = {name: text for row in rows for name, text in _labels(row["figures"], lang)}

    def head(*keys: str) -> list[str]:
        return [word(lang, f"report.{key}") for key in keys]

    _sheet(
        book,
        word(lang, "report.scenarios"),
        head("scenario", "verdict", "rate", "change", "low", "high", "unserved", "visits_unserved", "yuan", "travel", "bound", "gap", "says"),
        [
            [
                title[row["id"]],
                word(lang, f"verdict.{row['verdict']}") if "verdict" in row else "",
                Share(row["measures"]["rate"]["mean"]),
                *(_share(row["measures"]["rate"].get("difference", {}).get(key)) for key in ("mean", "low", "high")),
                row["measures"]["unserved"]["mean"],
                row["measures"]["visits_unserved"]["mean"],
                row["measures"]["yuan"]["mean"],
                row["measures"]["travel_hours"]["mean"],
                row["bound"],
                _share(row["gap"]),
                row.get("says", {}).get(lang, ""),
            ]
            for row in rows
        ],
    )
    _sheet(
        book,
        word(lang, "report.measures"),
        head("scenario", "measure", "mean", "low", "high", "change", "change_low", "change_high", "is_noise"),
        [
            [
                title[row["id"]],
                labels.get(name) or measure_words(lang, name),
                *(_of(name, item[key]) for key in ("mean", "low", "high")),
                *(_of(name, item.get("difference", {}).get(key)) for key in ("mean", "low", "high")),
                item.get("difference", {}).get("is_noise"),
            ]
            for row in rows
            for name, item in row["measures"].items()
        ],
    )
    for table in ("categories", "communities", "districts"):
        _sheet(
            book,
            word(lang, f"report.{table}"),
            head("scenario", "name", "visits", "visits_served", "urgency", "urgency_served", "rate"),
            [
                [
                    title[row["id"]],
                    item.get(f"name_{lang}", item["name"]),
                    *(item[key] for key in ("visits", "visits_served", "urgency", "urgency_served")),
                    Share(item["urgency_served"] / item["urgency"]) if item["urgency"] else None,
                ]
                for row in rows
                for item in row["figures"][table].values()
            ],
        )
    _sheet(
        book,
        word(lang, "report.reasons"),
        head("scenario", "reason", "visits", "urgency"),
        [
            [title[row["id"]], named(lang, f"rule.{rule}", rule), item["visits"], item["urgency"]]
            for row in rows
            for rule, item in row["figures"]["reasons"].items()
        ],
    )
    _sheet(
        book,
        word(lang, "report.kinds"),
        head("scenario", "kind", "providers", "serving", "services", "hours", "offered"),
        [
            [
                title[row["id"]],
                word(lang, f"kind.{kind}"),
                item["providers"],
                item["serving"],
                item["services"],
                item["minutes"] / 60,
                item["offered"] / 60,
            ]
            for row in rows
            for kind, item in row["figures"]["kinds"].items()
        ],
    )
    _sheet(
        book,
        word(lang, "report.funds"),
        head("scenario", "fund", "amount", "spent"),
        [[title[row["id"]], item["name"], item["amount"] / 100, item["spent"] / 100] for row in rows for item in row["figures"]["funds"].values()],
    )
    curves = [
        [
            grid["title"],
            measure_words(lang, curve["measure"]),
            x,
            *(_of(curve["measure"], value) for value in (y, low, high)),
            curve["knee"] is not None and curve["knee"]["x"] == x,
        ]
        for grid in found["grids"]
        for curve in grid["curves"]
        for x, y, low, high in zip(curve["x"], curve["y"], curve["low"], curve["high"], strict=True)
    ]
    if curves:
        _sheet(book, word(lang, "report.curves"), head("grid", "measure", "value", "mean", "low", "high", "knee"), curves)
    _sheet(
        book,
        word(lang, "report.runs"),
        head("scenario", "seed", "status", "cost", "chunks", "seconds"),
        [[title[row["id"]], *(run[key] for key in ("seed", "status", "cost", "chunks", "seconds"))] for row in rows for run in row["runs"]],
    )
    _sheet(
        book,
        word(lang, "report.edits"),
        head("scenario", "edits"),
        [[title[row["id"]], json.dumps(row["edits"], ensure_ascii=False)[:32_000]] for row in found["scenarios"]],
    )


def _count(value: int | list[str]) -> int:
    return value if isinstance(value, int) else len(value)


def _targets(book: Workbook, found: Json, lang: Lang) -> None:
    def head(*keys: str) -> list[str]:
        return [word(lang, f"report.{key}") for key in keys]

    _sheet(
        book,
        word(lang, "report.targets"),
        head("target", "asked", "met", "missing", "unknown"),
        [[word(lang, f"target.{name}"), *(row[key] for key in ("asked", "met", "missing", "unknown"))] for name, row in found["summary"].items()],
    )
    _sheet(
        book,
        word(lang, "report.standing"),
        head("community", "street", "district", "target", "has", "asked_each", "missing"),
        [
            [place["name"], place["street"], place["district"], word(lang, f"target.{name}"), row["has"], row["asked"], row["missing"]]
            for place in found["communities"]
            for name, row in place["targets"].items()
        ],
    )
    _sheet(
        book,
        word(lang, "report.origins"),
        head("community", "figure", "value", "origin"),
        [
            [
                place["name"],
                word(lang, f"figure.{name}"),
                item["value"] if isinstance(item["value"], int) else len(item["value"]),
                word(lang, f"origin.{item['from']}"),
            ]
            for place in found["communities"]
            for name, item in place["figures"].items()
        ],
    )
    names = {place["id"]: place["name"] for place in found["communities"]}
    rows = [
        [names[place], word(lang, f"action.{action}"), _count(number)]
        for place, row in found["programme"]["communities"].items()
        for action, number in row.items()
    ]
    rows += [
        [names[loan["to"]], word(lang, "action.share", name=names[loan["from"]]), loan["social_workers"]] for loan in found["programme"]["shared"]
    ]
    _sheet(book, word(lang, "report.programme"), head("community", "action", "number"), rows)


def _investment(book: Workbook, found: Json, lang: Lang) -> None:
    _sheet(
        book,
        word(lang, "report.frontier"),
        [word(lang, f"report.{key}") for key in ("yuan", "rate", "bought")],
        [[point["yuan"], Share(point["rate"]), point["bought"]] for point in found["frontier"]],
    )
    _sheet(
        book,
        word(lang, "report.purchases"),
        [word(lang, f"report.{key}") for key in ("what", "yuan", "gain", "detail")],
        [[word(lang, f"buy.{item['code']}"), item["yuan"], item["gain"], purchase_words(item, lang, found.get("names"))] for item in found["bought"]],
    )


def _robustness(book: Workbook, found: Json, lang: Lang) -> None:
    ways = [name for name in ("as_planned", "as_planned_same_draws", "replanned", "replanned_with_spares") if found[name]]
    _sheet(
        book,
        word(lang, "report.robustness"),
        [word(lang, f"report.{key}") for key in ("what", "draws", "expected", "worst")],
        [[word(lang, f"report.{name}"), found[name]["draws"], Share(found[name]["rate"]), Share(found[name]["worst_tenth"])] for name in ways],
    )
    _sheet(
        book,
        word(lang, "report.single_points"),
        [word(lang, f"report.{key}") for key in ("name", "kind", "hours", "loss", "loss_replanned")],
        [[row["name"], word(lang, f"kind.{row['kind']}"), row["hours"], row["loss"], row["loss_replanned"]] for row in found["single_points"]],
    )
    _sheet(
        book,
        word(lang, "report.spares"),
        [word(lang, f"report.{key}") for key in ("kind", "skill", "day", "people", "hours", "expected_hours")],
        [
            [
                word(lang, f"kind.{row['kind']}"),
                skill_words(lang, row["skill"]) if row["skill"] else None,
                *(row[key] for key in ("day", "people", "hours", "expected_hours")),
            ]
            for row in found["spares"]
        ],
    )
