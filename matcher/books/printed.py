"""Sheets to print: a page for each person and each community, as one HTML file with styles for A4 and nothing loaded from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from matcher.books.duties import Duty, duties_of
from matcher.show import day_name
from matcher.visits import need_of
from matcher.words import Lang, role_words, word

if TYPE_CHECKING:
    from matcher.books.contacts import Contacts
    from matcher.plan import Plan
    from matcher.problem import Problem

_COLUMNS = {
    "person": ("day", "time", "service", "resident", "where", "phone", "with"),
    "community": ("day", "time", "service", "resident", "where", "provider", "phone"),
}


@dataclass(frozen=True)
class Page:
    """One sheet: a title, a line below it, the table, and what is left out."""

    title: str
    line: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ()


def printed(problem: Problem, plan: Plan, contacts: Contacts, lang: Lang, by: str = "all") -> tuple[str, list[str]]:
    """Return the pages of a plan as HTML, and the ids of those that the contacts lack.

    Parameters
    ----------
    by
        ``person``, ``community`` or ``all``.
    """
    duties = duties_of(problem, plan, contacts, lang)
    pages: list[Page] = []
    if by != "community":
        pages.extend(_people(problem, duties, contacts, lang))
    if by != "person":
        pages.extend(_communities(problem, plan, duties, contacts, lang))
    resident_of = {need.id: need.resident for need in problem.needs}
    met = {("provider", duty.provider): None for duty in duties}
    met |= {("resident", resident): None for duty in duties if (resident := resident_of[need_of(duty.visit)]) is not None}
    unknown = [name for sort, name in met if contacts.find(sort, name) is None]
    folder = FileSystemLoader(Path(__file__).parent)
    templates = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    title = problem.name or word(lang, "title.picture")
    left = word(lang, "book.plan.unassigned")
    return templates.get_template("printed.html").render(pages=pages, lang=lang, title=title, left=left), unknown


def _heads(sort: str, lang: Lang) -> tuple[str, ...]:
    own = {"resident": "book.sort.resident", "where": "book.where", "phone": "book.phone"}
    return tuple(word(lang, own.get(name, f"head.{name}")) for name in _COLUMNS[sort])


def _people(problem: Problem, duties: list[Duty], contacts: Contacts, lang: Lang) -> list[Page]:
    pages = []
    for provider in problem.providers:
        own = [duty for duty in duties if duty.provider == provider.id]
        if not own:
            continue
        contact = contacts.find("provider", provider.id)
        name = (contact.name if contact else "") or provider.name or provider.id
        line = " · ".join(text for text in (word(lang, f"kind.{provider.kind}"), contact.phone if contact else "", problem.name) if text)
        rows = tuple(
            (
                *_when(duty, before, lang),
                _what(duty, lang),
                duty.resident,
                _place(duty),
                duty.phone,
                "\n".join(" ".join(mate).strip() for mate in duty.mates),
            )
            for before, duty in zip([None, *own], own, strict=False)
        )
        pages.append(Page(name, line, _heads("person", lang), rows))
    return pages


def _communities(problem: Problem, plan: Plan, duties: list[Duty], contacts: Contacts, lang: Lang) -> list[Page]:
    names = {provider.id: provider.name or provider.id for provider in problem.providers}
    needs = {need.id: need for need in problem.needs}
    pages = []
    for community in problem.communities:
        name = community.name or community.id
        own = [duty for duty in duties if problem.community_of[need_of(duty.visit)] == community.id]
        left = tuple(
            f"{needs[need].title or need} ({unassigned.visit}): {word(lang, f'rule.{unassigned.rule}')}"
            for unassigned in plan.unassigned
            if (need := need_of(unassigned.visit)) in needs and problem.community_of[need] == community.id
        )
        if not own and not left:
            continue
        rows = []
        for before, duty in zip([None, *own], own, strict=False):
            contact = contacts.find("provider", duty.provider)
            who = (contact.name if contact else "") or names.get(duty.provider, duty.provider)
            rows.append((*_when(duty, before, lang), _what(duty, lang), duty.resident, _place(duty), who, contact.phone if contact else ""))
        line = " · ".join(text for text in (community.street, problem.name) if text)
        pages.append(Page(name, line, _heads("community", lang), tuple(rows), left))
    return pages


def _when(duty: Duty, before: Duty | None, lang: Lang) -> tuple[str, str]:
    day = "" if before is not None and before.start.date() == duty.start.date() else day_name(duty.start.date(), lang)
    return day, f"{duty.start:%H:%M}-{duty.end:%H:%M}" + ("" if duty.start.date() == duty.end.date() else f" ({duty.end:%m-%d})")


def _what(duty: Duty, lang: Lang) -> str:
    return f"{duty.title}\n{role_words(lang, duty.role)}"


def _place(duty: Duty) -> str:
    return "\n".join(text for text in (duty.where, duty.note) if text)
