"""What the commands `replan`, `recommend`, `evaluate` and `what-if` do: the answer as JSON on stdout, the same in tables on stderr."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from matcher.console import say, write_json
from matcher.errors import Fault, FaultyInput
from matcher.living.evaluate import Evaluated, WhatIf, evaluate, what_if
from matcher.living.recommend import Recommended, recommend
from matcher.living.replan import replan
from matcher.progress import stop_on_signal
from matcher.show import Section, render
from matcher.tell import assignment_words, difference_sections, heads_of, listed, signed
from matcher.validation import parse_json
from matcher.words import Lang, word

if TYPE_CHECKING:
    from matcher.living.events import Events
    from matcher.living.replan import Replanned
    from matcher.plan import Plan
    from matcher.problem import Problem

SHOWN_TERMS = 4


def replan_week(
    problem: Problem, plan: Plan, events: Events, *, policy: dict[str, Any], budget: float | None, chunks: int | None, lang: Lang
) -> Replanned:
    """Plan again after events; Ctrl-C keeps the best plan so far."""
    with stop_on_signal(lang) as is_stopped:
        return replan(problem, plan, events, budget=budget, chunks=chunks, cancelled=is_stopped, **policy)


def tell_replanned(found: Replanned, *, has_plan: bool, lang: Lang, is_quiet: bool) -> None:
    """Write what planning again gave; the plan itself only where it is not in a file."""
    data = found.to_json()
    if not has_plan:
        del data["plan"]
    write_json(data)
    if not is_quiet:
        sections = difference_sections(found.difference, lang)
        for key, names in (("gone", found.gone), ("released", found.released), ("frozen", found.frozen)):
            if names:
                sections.append(Section(word(lang, f"living.{key}", count=len(names)), (), ()))
        _tell(sections)


def recommend_visit(problem: Problem, plan: Plan, asked: dict[str, Any], *, lang: Lang, is_quiet: bool) -> None:
    """Recommend teams and times."""
    found = recommend(problem, plan, **asked)
    write_json(found.to_json())
    if not is_quiet:
        _tell(_options(found, lang))


def _options(found: Recommended, lang: Lang) -> list[Section]:
    rows = []
    for option in found.options:
        terms = sorted(option.by_term.items(), key=lambda pair: -abs(pair[1]))[:SHOWN_TERMS]
        said = listed(lang, [f"{word(lang, f'term.{term}')} {signed(cost)}" for term, cost in terms])
        others = listed(lang, [f"{item.before.visit}: {assignment_words(item.after, lang)}" for item in option.moved])
        rows.append((assignment_words(option.assignment, lang), signed(option.cost), said, others))
    title = word(lang, "living.options", visit=found.visit, count=len(rows))
    return [Section(title, heads_of(lang, "team", "difference", "terms", "others"), rows, frozenset({1}))]


def evaluate_plan(problem: Problem, plan: Plan, *, top: int, lang: Lang, is_quiet: bool) -> bool:
    """Judge a plan; return whether it keeps all rules."""
    found = evaluate(problem, plan, top=top)
    write_json(found.to_json())
    if not is_quiet:
        _tell(_judgement(found, lang))
    return found.report.is_clean


def _judgement(found: Evaluated, lang: Lang) -> list[Section]:
    broken = [(word(lang, f"rule.{item.rule}"), item.visit or "", item.provider or "", item.message) for item in found.report.violations]
    changes = [
        (
            word(lang, f"suggest.{item.kind}"),
            item.visit,
            assignment_words(item.before, lang),
            assignment_words(item.after, lang),
            signed(item.cost),
            str(len(item.mended)),
        )
        for item in found.suggestions
    ]
    title = word(lang, "living.judged", cost=f"{found.report.cost:,}", count=len(broken))
    sections = [Section(title, heads_of(lang, "rule", "visit", "provider", "what"), broken) if broken else Section(title, (), ())]
    key = "living.suggestions" if changes else "living.nothing"
    heads = heads_of(lang, "what", "visit", "before", "after", "difference", "mended")
    sections.append(Section(word(lang, key), heads if changes else (), changes, frozenset({4, 5})))
    return sections


def try_move(problem: Problem, plan: Plan, move: dict[str, Any], *, lang: Lang, is_quiet: bool) -> bool:
    """Try out a move; return whether it is allowed."""
    found = what_if(problem, plan, **move)
    write_json(found.to_json())
    if not is_quiet:
        _tell(_move(found, lang))
    return found.is_allowed


def _move(found: WhatIf, lang: Lang) -> list[Section]:
    rows = [(word(lang, f"rule.{item.rule}"), item.visit or "", item.provider or "", item.message) for item in found.broken]
    title = word(
        lang,
        "living.move",
        visit=found.visit,
        before=assignment_words(found.before, lang),
        after=assignment_words(found.after, lang),
        cost=signed(found.cost),
    )
    said = word(lang, "living.breaks", count=len(rows)) if rows else word(lang, "living.allowed")
    heads = heads_of(lang, "rule", "visit", "provider", "what")
    return [Section(title, (), ()), Section(said, heads if rows else (), rows)]


def read_object(text: bytes, error: type[FaultyInput]) -> Any:
    """Read a need or a resident from JSON."""
    return parse_json(text, error)


def moment(text: str, name: str, error: type[FaultyInput]) -> dt.datetime:
    """Read a local date and time of the command line."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or found.microsecond:
        raise error([Fault("", f"--{name} should be a local date and time (YYYY-MM-DDTHH:MM), was {json.dumps(text, ensure_ascii=False)}", "type")])
    return found


def _tell(sections: Iterable[Section]) -> None:
    is_terminal = sys.stderr.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else None
    say(render(list(sections), width=width)[0].rstrip("\n"))
