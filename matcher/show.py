"""A plan as tables for people: the week by day, by provider or by community, and what is left out with the reason.

It needs the plan alone (its labels carry the names) and no part of the engine. Columns are measured in the cells of a terminal, where a Chinese
character takes two.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len, set_cell_size

from matcher.people import KINDS
from matcher.visits import need_of
from matcher.words import Lang, has_word, word

if TYPE_CHECKING:
    from matcher.people import Kind
    from matcher.plan import Assignment, Figures, Plan, Service, Unassigned

By = Literal["day", "provider", "community"]

GAP = "  "
NARROWEST = 10
"""No column is cut to fewer cells than this; where that is not enough, whole columns are left out."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def plain(text: str) -> str:
    """Return a text without control characters, which could break a line or command a terminal."""
    return _CONTROL.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Line:
    """One service of the plan, in words."""

    start: dt.datetime
    end: dt.datetime
    kind: Kind | None
    provider_id: str
    provider: str
    visit: str
    title: str
    category: str
    community: str
    role: str
    mates: str
    room: str
    fund: str


def lines_of(plan: Plan, lang: Lang) -> list[Line]:
    """Return every service of a plan in words, in order of start, then visit, then the order of the team."""
    lines = [_line(plan, lang, assignment, service) for assignment in plan.assignments for service in assignment.team]
    return sorted(lines, key=lambda line: (line.start, line.visit))


def _line(plan: Plan, lang: Lang, assignment: Assignment, service: Service) -> Line:
    labels = plan.labels
    need = labels.needs.get(need_of(assignment.visit))
    provider = labels.providers.get(service.provider)
    others = dict.fromkeys(other.provider for other in assignment.team if other is not service)
    return Line(
        start=service.start,
        end=service.end,
        kind=provider.kind if provider else None,
        provider_id=service.provider,
        provider=_provider_name(plan, service.provider) + (f" #{service.crew}" if service.crew > 1 else ""),
        visit=assignment.visit,
        title=(need.title if need and need.title else assignment.visit),
        category=(need.category_zh if lang == "zh" else need.category_en) if need else "",
        community=need.community if need else "",
        role=service.role,
        mates=_listed(lang, [_provider_name(plan, other) for other in others]),
        room=labels.rooms.get(assignment.room, assignment.room) if assignment.room else "",
        fund=labels.funds.get(service.fund, service.fund) if service.fund else "",
    )


def _provider_name(plan: Plan, provider: str) -> str:
    label = plan.labels.providers.get(provider)
    return label.name if label and label.name else provider


def _listed(lang: Lang, names: Iterable[str]) -> str:
    return ("、" if lang == "zh" else ", ").join(names)


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table. `rows` have one text for each of the heads.

    `right` names the columns of figures, `whole` those that are never cut, `spare` those that a narrow terminal goes without, the first one first.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    whole: frozenset[int] = frozenset()
    spare: tuple[int, ...] = ()


def sections_of(plan: Plan, lang: Lang, by: By = "day") -> list[Section]:
    """Return the plan as sections: figures first, then the week, then what is left out."""
    lines = lines_of(plan, lang)
    views: dict[By, Callable[[list[Line], Lang], list[Section]]] = {"day": _by_day, "provider": _by_provider, "community": _by_community}
    week = views[by](lines, lang) or [Section(word(lang, "title.empty"), (), ())]
    return [*(_figures(plan.figures, plan, lang) if plan.figures else []), *week, *_unassigned(plan, lang)]


def _figures(figures: Figures, plan: Plan, lang: Lang) -> list[Section]:
    share = percent(figures.urgency_weight_assigned, figures.urgency_weight)
    placed = word(lang, "title.placed", assigned=figures.assigned, visits=figures.visits, share=share)
    travel = word(lang, "title.travel", hours=_hours(figures.travel_seconds / 60))
    kinds = [
        (
            word(lang, f"kinds.{figure.kind}"),
            word(lang, "show.of", serving=figure.serving, providers=figure.providers),
            str(figure.services),
            _hours(figure.minutes),
        )
        for figure in figures.kinds
    ]
    funds = [(plan.labels.funds.get(figure.fund) or figure.fund, _yuan(figure.amount), _yuan(figure.spent)) for figure in figures.funds]
    sections = [
        Section(f"{placed}    {travel}", (), ()),
        Section(word(lang, "title.kinds"), _heads(lang, "kind", "serving", "services", "hours"), kinds, frozenset({1, 2, 3})),
    ]
    if funds:
        sections.append(Section(word(lang, "title.funds"), _heads(lang, "fund_name", "amount", "spent"), funds, frozenset({1, 2})))
    return sections


def percent(part: int, whole: int) -> str:
    """Write a share with one decimal, never rounded up to 100.0 while something is missing."""
    if whole == 0:
        return "100 %"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"


def _hours(minutes: float) -> str:
    return f"{minutes / 60:,.1f}"


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"


def _heads(lang: Lang, *names: str) -> tuple[str, ...]:
    return tuple(word(lang, f"head.{name}") for name in names)


def day_name(day: dt.date, lang: Lang) -> str:
    """Return a date with its weekday."""
    return f"{word(lang, f'day.{day.weekday()}')} {day.isoformat()}"


def _time(line: Line) -> str:
    last = f"{line.end:%H:%M}" if line.end.date() == line.start.date() else f"{line.end:%H:%M} (+{(line.end.date() - line.start.date()).days})"
    return f"{line.start:%H:%M}-{last}"


def _rank(line: Line) -> tuple[int, str, str]:
    return (KINDS.index(line.kind) if line.kind else len(KINDS), line.provider, line.provider_id)


def _kind(line: Line, lang: Lang) -> str:
    return word(lang, f"kind.{line.kind}") if line.kind else ""


def _once(keys: Iterable[object], texts: Iterable[str]) -> list[str]:
    """Return the texts with those left empty whose key is that of the row above."""
    shown: list[str] = []
    before: object = None
    for key, text in zip(keys, texts, strict=True):
        shown.append("" if key == before else text)
        before = key
    return shown


def _grouped(lines: Iterable[Line], key: Callable[[Line], Any]) -> dict[Any, list[Line]]:
    groups: dict[Any, list[Line]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return dict(sorted(groups.items()))


def _by_day(lines: list[Line], lang: Lang) -> list[Section]:
    heads = _heads(lang, "provider", "kind", "time", "service", "category", "community", "role", "with", "room", "fund")
    sections = []
    for day, group in _grouped(lines, lambda line: line.start.date()).items():
        group.sort(key=lambda line: (*_rank(line), line.start))
        names = _once([line.provider_id for line in group], [line.provider for line in group])
        kinds = _once([line.provider_id for line in group], [_kind(line, lang) for line in group])
        rows = [(name, kind, _time(line), *_what(line)) for name, kind, line in zip(names, kinds, group, strict=True)]
        sections.append(Section(day_name(day, lang), heads, rows, whole=frozenset({2}), spare=(9, 8, 4, 1, 6, 5)))
    return sections


def _by_provider(lines: list[Line], lang: Lang) -> list[Section]:
    heads = _heads(lang, "day", "time", "service", "category", "community", "role", "with", "room", "fund")
    sections = []
    for group in _grouped(lines, _rank).values():
        days = _once([line.start.date() for line in group], [day_name(line.start.date(), lang) for line in group])
        rows = [(day, _time(line), *_what(line)) for day, line in zip(days, group, strict=True)]
        first = group[0]
        kind = f" · {_kind(first, lang)}" if first.kind else ""
        name = first.provider if first.provider == first.provider_id else f"{first.provider} ({first.provider_id})"
        sections.append(Section(name + kind, heads, rows, whole=frozenset({0, 1}), spare=(8, 7, 3, 5, 4)))
    return sections


def _by_community(lines: list[Line], lang: Lang) -> list[Section]:
    heads = _heads(lang, "day", "time", "service", "category", "provider", "kind", "role", "with", "room", "fund")
    sections = []
    for community, group in _grouped(lines, lambda line: line.community).items():
        days = _once([line.start.date() for line in group], [day_name(line.start.date(), lang) for line in group])
        rows = [
            (day, _time(line), line.title, line.category, line.provider, _kind(line, lang), line.role, line.mates, line.room, line.fund)
            for day, line in zip(days, group, strict=True)
        ]
        sections.append(Section(community or "-", heads, rows, whole=frozenset({0, 1}), spare=(9, 8, 3, 5, 6)))
    return sections


def _what(line: Line) -> tuple[str, ...]:
    return line.title, line.category, line.community, line.role, line.mates, line.room, line.fund


def _unassigned(plan: Plan, lang: Lang) -> list[Section]:
    if not plan.unassigned:
        return []
    heads = _heads(lang, "visit", "service", "community", "urgency", "reason", "removed", "change")
    order = sorted(plan.unassigned, key=lambda left: -_urgency(plan, left))
    rows = [_left_out(plan, lang, left) for left in order]
    return [Section(word(lang, "title.unassigned", count=len(rows)), heads, rows, right=frozenset({3}), spare=(3, 2))]


def _urgency(plan: Plan, left: Unassigned) -> int:
    need = plan.labels.needs.get(need_of(left.visit))
    return need.urgency if need else 0


def _left_out(plan: Plan, lang: Lang, left: Unassigned) -> tuple[str, ...]:
    need = plan.labels.needs.get(need_of(left.visit))
    reason = word(lang, f"rule.{left.rule}") + (f" ({word(lang, 'show.role', role=left.role)})" if left.role else "")
    removed = _listed(lang, [f"{word(lang, f'rule.{step.rule}')} {step.providers}" for step in left.removed if step.role == (left.role or step.role)])
    return (
        left.visit,
        need.title if need else "",
        need.community if need else "",
        str(need.urgency) if need else "",
        reason,
        removed,
        _change(plan, left.change, lang) if left.change else word(lang, "show.none"),
    )


def _change(plan: Plan, change: dict[str, Any], lang: Lang) -> str:
    """Return a change in words; one that is not the engine's own, key by key as it stands."""
    # Who would have to be paid is known, the fund is not: any that may pay for it would do.
    code = "more_money_for" if change.get("code") == "more_money" and "fund" not in change else change.get("code")
    if has_word(lang, f"does.{code}"):
        values = {key: f"{value:,.2f}" if key == "yuan" and isinstance(value, (int, float)) else value for key, value in change.items()}
        room = change.get("room")
        values["provider"] = _provider_name(plan, str(change.get("provider", ""))) if room is None else plan.labels.rooms.get(str(room), room)
        with contextlib.suppress(KeyError, ValueError):
            if "day" in change:
                values["day"] = day_name(dt.date.fromisoformat(str(change["day"])), lang)
            return word(lang, f"does.{code}", **values)
    parts = []
    for key, value in change.items():
        text = word(lang, f"rule.{value}") if key == "rule" and has_word(lang, f"rule.{value}") else str(value)
        parts.append(f"{word(lang, f'change.{key}') if has_word(lang, f'change.{key}') else key} {text}")
    return _listed(lang, parts)


def render(sections: Sequence[Section], *, width: int | None = None, is_styled: bool = False) -> tuple[str, bool]:
    """Write sections as text.

    Parameters
    ----------
    sections
        What `sections_of` gives.
    width
        Cells of the terminal: the widest columns are cut until a line fits. None cuts nothing.
    is_styled
        Whether titles and heads are set off by terminal colours.

    Returns
    -------
    tuple of str and bool
        The text, and whether something in it was cut.
    """
    blocks: list[str] = []
    is_cut = False
    sections = [replace(section, title=plain(section.title), rows=[[plain(text) for text in row] for row in section.rows]) for section in sections]
    for heads, group in _alike(sections):
        wanted = _widths(heads, group)
        widths = _fitted(wanted, width, group[0])
        is_cut = is_cut or widths != wanted
        blocks.extend(_section(section, widths, is_styled=is_styled) for section in group)
    return "\n".join(blocks), is_cut


def _alike(sections: Sequence[Section]) -> list[tuple[Sequence[str], list[Section]]]:
    """Put neighbours with the same heads together, so that their columns stand under each other."""
    groups: list[tuple[Sequence[str], list[Section]]] = []
    for section in sections:
        if groups and groups[-1][0] == section.heads:
            groups[-1][1].append(section)
        else:
            groups.append((section.heads, [section]))
    return groups


def _widths(heads: Sequence[str], sections: list[Section]) -> list[int]:
    """Return the cells that each column takes; 0 for one that is empty in every row."""
    widest = [0] * len(heads)
    for section in sections:
        for row in section.rows:
            for column, text in enumerate(row):
                widest[column] = max(widest[column], cell_len(text))
    return [max(cell_len(head), cells) if cells else 0 for head, cells in zip(heads, widest, strict=True)]


def _fitted(widths: list[int], limit: int | None, section: Section) -> list[int]:
    """Return widths with which a line takes no more than `limit` cells, as far as that can be: columns left out (0), then the widest ones cut."""
    fitted = list(widths)
    if limit is None:
        return fitted
    least = [cells if column in section.whole else min(cells, NARROWEST) for column, cells in enumerate(widths)]
    for column in section.spare:
        if _line_cells(least) <= limit:
            break
        least[column] = fitted[column] = 0
    while _line_cells(fitted) > limit:
        column = max(range(len(fitted)), key=lambda i: fitted[i] - least[i])
        if fitted[column] == least[column]:
            break
        fitted[column] -= 1
    return fitted


def _line_cells(widths: Sequence[int]) -> int:
    return sum(cells + len(GAP) for cells in widths if cells)


def _section(section: Section, widths: Sequence[int], *, is_styled: bool) -> str:
    bold, dim, plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if is_styled else ("", "", "")
    lines = [f"{bold}{section.title}{plain}"]
    if section.heads and section.rows:
        lines.append(f"{dim}{_row(section.heads, widths, section.right)}{plain}")
        lines.extend(_row(row, widths, section.right) for row in section.rows)
    return "\n".join(lines) + "\n"


def _row(texts: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    cells = [_cell(text, width, is_right=column in right) for column, (text, width) in enumerate(zip(texts, widths, strict=True)) if width]
    return (GAP + GAP.join(cells)).rstrip()


def _cell(text: str, width: int, *, is_right: bool) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    pad = " " * (width - cell_len(text))
    return pad + text if is_right else text + pad
