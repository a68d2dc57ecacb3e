"""Names for readers: of measures, of what stands in tables, and of what a grid varies, which its file calls by a name for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scenarios.words import has_word, skill_words, word

if TYPE_CHECKING:
    from scenarios.words import Lang

Json = dict[str, Any]


def named(lang: Lang, key: str, otherwise: str) -> str:
    """Return the words of a key, or something else where there are none."""
    return word(lang, key) if has_word(lang, key) else otherwise


def measure_words(lang: Lang, name: str) -> str:
    """Return what a measure is."""
    return named(lang, f"measure.{name}", name)


def with_titles(found: Json) -> Json:
    """Return a comparison in which a scenario of a grid over one number is called by the grid and the number, not by the number's name."""
    grids = {grid["id"]: grid["title"] for grid in found["grids"]}

    def titled(row: Json) -> Json:
        values = row["values"] or {}
        return row | {"title": f"{grids[row['grid']]}: {next(iter(values.values()))}"} if row["grid"] is not None and len(values) == 1 else row

    return found | {"scenarios": [titled(row) for row in found["scenarios"]]}


def axis_words(rows: Sequence[Json], lang: Lang) -> str:
    """Return what differs between the scenarios of a grid over one number: the edit, of whom, and which key of it."""
    for before, after in zip(rows[0]["edits"], rows[-1]["edits"], strict=False):
        for key in _changed(before, after):
            name = word(lang, f"edit.{before['edit']}")
            kinds = [before["kind"]] if "kind" in before else (before.get("who") or {}).get("kinds") or ()
            of = "".join(f"{word(lang, 'report.of')}{word(lang, f'kind.{kind}')}" for kind in kinds)
            what = named(lang, f"key.{key}", skill_words(lang, key))
            return f"{name}{of} ({what})" if lang == "en" else f"{name}{of}（{what}）"
    return word(lang, "report.value")


def _changed(before: Any, after: Any, key: str = "") -> Iterator[str]:
    """Yield the names of the keys whose values differ, the innermost ones."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _changed(before.get(name), after.get(name), name)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _changed(one, other, key)
    elif before != after:
        yield key
