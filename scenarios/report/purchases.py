"""What is bought, in words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from matcher.tell import resource_words
from matcher.words import word as engine_word
from scenarios.words import word

if TYPE_CHECKING:
    from scenarios.words import Lang

Json = dict[str, Any]


def purchase_words(item: Json, lang: Lang) -> str:
    """Return what a purchase is: who with which skill, where and when, for which visit."""
    detail = {name: value for name, value in item.items() if name not in ("code", "gain")}
    if item["code"] == "team":
        hours = [f"{engine_word(lang, f'kind.{kind}')} {count} {word(lang, 'report.hours')}" for kind, count in detail["hours"]]
        return f"{word(lang, 'buy.team')}: {detail['visit']}, {detail['community']}; {', '.join(hours)}"
    if "day" in detail:
        detail["day"] = dt.date.fromisoformat(detail["day"])
    return resource_words(item["code"], detail, lang)
