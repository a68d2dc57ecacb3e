"""A plan as a picture: the week as a board, a row for each provider, a column for each day, a bar for each service. SVG, written by hand.

Like `matcher.show` it needs the plan alone. Where the picture is drawn in Chinese, so are the names of categories and kinds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from matcher.people import KINDS
from matcher.show import Line, day_name, lines_of, percent, plain
from matcher.words import Lang, word

if TYPE_CHECKING:
    from matcher.plan import Plan

NAMES = 150
"""Width of the column of names, in pixels; the other measures likewise."""
DAY_WIDTH = 150
ROW = 13
BAR = 9
TOP = 74
MARGIN = 16
FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
INK, FAINT, LINE, PAPER, BAND = "#1f2933", "#6b7785", "#e3e7eb", "#ffffff", "#f6f8f9"
TICK_LABEL = 26
"""Width that the label of an hour needs."""
COLOURS = ("#3f6fb5", "#e0812b", "#4f9d5b", "#c4504f", "#8a6bb8", "#8b6a4f", "#d07fb0", "#6f7a83", "#b0a73a", "#3fa9b5", "#2f4b7c", "#a05195")
"""One for each category, the most frequent first; from the thirteenth on they start again."""

_Row = tuple[int, str, str]
"""Rank of the kind, name (with the crew), id."""


def board(plan: Plan, lang: Lang) -> str:
    """Return the SVG of a plan's week board.

    Providers who serve nobody have no row; each crew of an organization has its own. Bars stand at the true times, on a scale that runs over the
    hours in which the plan serves at all. A thin line joins the bars of one team.
    """
    lines = lines_of(plan, lang)
    if not lines:
        return _svg(NAMES + DAY_WIDTH, TOP, [_text(MARGIN, 30, word(lang, "title.empty"), 15)])
    rows = _rows(lines)
    days = _days(lines)
    first, last = _hours(lines)
    colours = _colours(lines)
    body: list[str] = []
    height = TOP
    tops: dict[_Row, int] = {}
    for kind in dict.fromkeys(row[0] for row in rows):
        height += 20
        name = word(lang, f"kinds.{KINDS[kind]}") if kind < len(KINDS) else ""
        body.append(_text(MARGIN, height - 5, name, 11, weight=600, fill=FAINT))
        for row in (row for row in rows if row[0] == kind):
            tops[row] = height
            if len(tops) % 2:
                body.append(f'<rect x="{MARGIN}" y="{height}" width="{NAMES + len(days) * DAY_WIDTH}" height="{ROW}" fill="{BAND}"/>')
            body.append(_text(MARGIN + 4, height + ROW - 3, _cut(row[1]), 10))
            height += ROW
    body.extend(_grid(days, first, last, height, lang))
    scale = DAY_WIDTH / ((last - first) * 3600)

    def across(moment: dt.datetime, day: dt.date) -> float:
        midnight = dt.datetime.combine(day, dt.time())
        return MARGIN + NAMES + days.index(day) * DAY_WIDTH + ((moment - midnight).total_seconds() - first * 3600) * scale

    body.extend(_joins(lines, tops, across))
    for line in lines:
        left, right = across(line.start, line.start.date()), across(line.end, line.start.date())
        label = plain(f"{line.start:%H:%M}-{line.end:%H:%M} {line.title} · {line.provider}" + (f" + {line.mates}" if line.mates else ""))
        body.append(
            f'<rect x="{left:.1f}" y="{tops[_row(line)] + (ROW - BAR) / 2:.1f}" width="{max(right - left, 1.5):.1f}" height="{BAR}" rx="1.5" '
            f'fill="{colours[line.category]}"><title>{escape(label)}</title></rect>'
        )
    width = 2 * MARGIN + NAMES + len(days) * DAY_WIDTH
    legend, bottom = _legend(colours, height + 22, width, lang)
    return _svg(width, bottom + MARGIN, [*_head(plan, lang), *body, *legend])


def _row(line: Line) -> _Row:
    return (KINDS.index(line.kind) if line.kind else len(KINDS), line.provider, line.provider_id)


def _rows(lines: list[Line]) -> list[_Row]:
    return sorted({_row(line) for line in lines})


def _days(lines: list[Line]) -> list[dt.date]:
    first, last = lines[0].start.date(), lines[-1].start.date()
    return [first + dt.timedelta(days=index) for index in range((last - first).days + 1)]


def _hours(lines: list[Line]) -> tuple[int, int]:
    """Return the hours of the day between which every service lies; above 24 where one runs past midnight."""
    first = min(line.start.hour for line in lines)
    last = max(-(-(line.end - dt.datetime.combine(line.start.date(), dt.time())).total_seconds() // 3600) for line in lines)
    return first, int(last)


def _colours(lines: list[Line]) -> dict[str, str]:
    counts = Counter(line.category for line in lines)
    order = sorted(counts, key=lambda category: (-counts[category], category))
    return {category: COLOURS[index % len(COLOURS)] for index, category in enumerate(order)}


def _head(plan: Plan, lang: Lang) -> list[str]:
    parts = [_text(MARGIN, 28, word(lang, "title.picture"), 16, weight=600)]
    if plan.figures:
        share = percent(plan.figures.urgency_weight_assigned, plan.figures.urgency_weight)
        text = word(lang, "title.placed", assigned=plan.figures.assigned, visits=plan.figures.visits, share=share)
        parts.append(_text(MARGIN, 48, text, 11, fill=FAINT))
    return parts


def _grid(days: list[dt.date], first: int, last: int, bottom: int, lang: Lang) -> list[str]:
    parts = []
    for index, day in enumerate(days):
        left = MARGIN + NAMES + index * DAY_WIDTH
        parts.append(f'<line x1="{left}" y1="{TOP - 6}" x2="{left}" y2="{bottom}" stroke="#b8c0c8"/>')
        parts.append(_text(left + 5, TOP - 8, day_name(day, lang), 11, weight=600))
        step = max(1, -(-(last - first) // 4))
        for hour in range(first, last, step):
            x = left + (hour - first) * DAY_WIDTH / (last - first)
            if hour > first:
                parts.append(f'<line x1="{x:.1f}" y1="{TOP + 8}" x2="{x:.1f}" y2="{bottom}" stroke="{LINE}"/>')
            if x + TICK_LABEL <= left + DAY_WIDTH:
                parts.append(_text(x + 3, TOP + 6, f"{hour % 24:02d}:00", 8, fill=FAINT))
    return parts


def _joins(lines: list[Line], tops: dict[_Row, int], across: Callable[[dt.datetime, dt.date], float]) -> list[str]:
    teams: dict[str, list[Line]] = {}
    for line in lines:
        teams.setdefault(line.visit, []).append(line)
    parts = []
    for team in teams.values():
        if len({_row(line) for line in team}) < 2:
            continue
        points = sorted((tops[_row(line)] + ROW / 2, across(line.start, line.start.date()) + 0.75) for line in team)
        path = " ".join(f"{x:.1f},{y:.1f}" for y, x in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{INK}" stroke-opacity="0.3"/>')
    return parts


def _legend(colours: dict[str, str], top: int, width: int, lang: Lang) -> tuple[list[str], int]:
    parts, x = [], MARGIN
    for category, colour in colours.items():
        name = category or word(lang, "head.category")
        need = 26 + sum(12 if ord(letter) > 0x2E80 else 6.5 for letter in name)
        if x + need > width - MARGIN:
            x, top = MARGIN, top + 18
        parts.append(f'<rect x="{x}" y="{top - 9}" width="12" height="{BAR}" rx="1.5" fill="{colour}"/>')
        parts.append(_text(x + 17, top, name, 11))
        x += int(need) + 8
    return parts, top


def _cut(name: str, limit: int = 24) -> str:
    """Shorten a name to what the column holds; a Chinese character counts double."""
    used = 0
    for index, letter in enumerate(name):
        used += 2 if ord(letter) > 0x2E80 else 1
        if used > limit:
            return name[:index] + "…"
    return name


def _text(x: float, y: float, text: str, size: int, *, weight: int = 400, fill: str = INK) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}" fill="{fill}">{escape(plain(text))}</text>'


def _svg(width: int, height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="{FONT}">'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="{PAPER}"/>', *parts, "</svg>"]) + "\n"
