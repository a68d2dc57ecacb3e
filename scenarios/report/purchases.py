"""What is bought, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matcher.tell import resource_words
from matcher.words import word as engine_word
from scenarios.words import word

if TYPE_CHECKING:
    from scenarios.words import Lang

Json = dict[str, Any]


def purchase_words(item: Json, lang: Lang, names: Mapping[str, str] | None = None) -> str:
    """Return what a purchase is: who with which skill, where and when, for which visit; ids that have a name by it."""
    named = names or {}
    detail = {key: value for key, value in item.items() if key not in ("code", "gain")}
    detail |= {key: named.get(item[key], item[key]) for key in ("community", "fund", "provider") if key in item}
    if item["code"] == "team":
        hours = [f"{engine_word(lang, f'kind.{kind}')} {count} {word(lang, 'report.hours')}" for kind, count in detail["hours"]]
        return f"{word(lang, 'buy.team')}: {detail['visit']}, {detail['community']}; {', '.join(hours)}"
    if "day" in detail:
        detail["day"] = dt.date.fromisoformat(detail["day"])
    return resource_words(item["code"], detail, lang)
