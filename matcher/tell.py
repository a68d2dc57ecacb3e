"""Explanations, prices and differences in words: tables for people, in Chinese or English, beside the data that programs read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from matcher.show import Section, day_name
from matcher.words import Lang, has_word, skill_words, word

if TYPE_CHECKING:
    from matcher.diff import Difference
    from matcher.explain import Alternative, Explanation, Forced, Miss
    from matcher.plan import Assignment
    from matcher.prices import Price, Prices
    from matcher.rules import Term

SHOWN = 30
"""Rows of a table of notices or visits on stderr; the JSON on stdout has them all."""


def explanation_sections(answer: Explanation, lang: Lang) -> list[Section]:
    """Return an explanation as tables: the verdict first."""
    sections = [Section(_headline(answer, lang), (), ())]
    if answer.lost:
        sections.append(Section(word(lang, "explain.lost", count=len(answer.lost)), (), ()))
    if answer.stopped:
        rows = [(stop.role, _rule(stop.rule, lang), str(len(stop.providers)), listed(lang, stop.providers[:6])) for stop in answer.stopped]
        sections.append(Section(word(lang, "explain.stopped"), heads_of(lang, "role", "rule", "count", "providers"), rows, frozenset({2})))
    elif answer.removed:
        rows = [(step.role, _rule(step.rule, lang), str(step.providers), "") for step in answer.removed]
        sections.append(Section(word(lang, "explain.removed"), heads_of(lang, "role", "rule", "count", "providers"), rows, frozenset({2})))
    if answer.forced is not None:
        sections.extend(_forced(answer.forced, lang))
    if answer.misses:
        rows = [(miss.role, miss.provider, _rule(miss.rule, lang), _miss(miss, lang)) for miss in answer.misses]
        sections.append(Section(word(lang, "explain.misses"), heads_of(lang, "role", "provider", "but_for", "by_how_much"), rows))
    if answer.verdict != "assigned":
        sections.append(_changes(answer, lang))
    else:
        sections.extend(_choices(answer, lang))
    return sections


def _headline(answer: Explanation, lang: Lang) -> str:
    verdict = word(lang, f"verdict.{answer.verdict}", visit=answer.visit)
    if answer.verdict == "assigned":
        return f"{verdict}: {assignment_words(answer.assignment, lang)}" if answer.assignment is not None else verdict
    rule = _rule(answer.rule, lang) if answer.rule is not None else ""
    return word(lang, "explain.headline", verdict=verdict, certainty=word(lang, f"certainty.{answer.certainty}"), rule=rule)


def _forced(forced: Forced, lang: Lang) -> list[Section]:
    title = word(lang, "explain.forced", cost=signed(forced.cost), who=assignment_words(forced.assignment, lang))
    rows = [(item.visit, str(item.urgency)) for item in forced.displaced]
    displaced = Section(word(lang, "explain.displaced", count=len(rows)), heads_of(lang, "visit", "urgency"), rows[:SHOWN], frozenset({1}))
    return [Section(title, (), ()), displaced, _terms(forced.by_term, lang)]


def _terms(by_term: Mapping[Term, int], lang: Lang) -> Section:
    rows = [(word(lang, f"term.{term}"), signed(cost)) for term, cost in sorted(by_term.items(), key=lambda item: -abs(item[1]))]
    return Section(word(lang, "explain.by_term"), heads_of(lang, "term", "difference"), rows, frozenset({1}))


def _changes(answer: Explanation, lang: Lang) -> Section:
    rows = [(change_words(change.code, change.detail, lang), str(len(change.dropped)), signed(change.cost)) for change in answer.changes]
    title = word(lang, "explain.changes", tried=answer.tried, untried=answer.untried)
    return Section(title, heads_of(lang, "change", "dropped", "difference"), rows, frozenset({1, 2}))


def _choices(answer: Explanation, lang: Lang) -> list[Section]:
    rows = [(choice.role, choice.provider, str(choice.fit), str(choice.free)) for choice in answer.choices]
    choices = Section(word(lang, "explain.choices"), heads_of(lang, "role", "provider", "fit", "free"), rows, frozenset({2, 3}))
    others = [_alternative(item, lang) for item in answer.alternatives]
    return [choices, Section(word(lang, "explain.alternatives"), heads_of(lang, "team", "difference", "terms"), others, frozenset({1}))]


def _alternative(item: Alternative, lang: Lang) -> tuple[str, str, str]:
    ordered = sorted(item.by_term.items(), key=lambda pair: -abs(pair[1]))
    return (
        assignment_words(item.assignment, lang),
        signed(item.cost),
        listed(lang, [f"{word(lang, f'term.{t}')} {signed(c)}" for t, c in ordered[:4]]),
    )


def _miss(miss: Miss, lang: Lang) -> str:
    parts = []
    if miss.number is not None and miss.unit is not None:
        parts.append(word(lang, f"unit.{miss.unit}", number=f"{miss.number:g}"))
    if "skill" in miss.detail:
        parts.append(f"{skill_words(lang, miss.detail['skill'])} {miss.detail['level']}")
    if "from" in miss.detail:
        parts.append(_span(miss.detail["from"], miss.detail["to"], lang))
    return listed(lang, parts)


def change_words(code: str, detail: Mapping[str, Any], lang: Lang) -> str:
    """Return a change in words, such as "0 minutes earlier and 20 minutes later: the shift of a1"."""
    values = {name: f"{value:%Y-%m-%d %H:%M}" if isinstance(value, dt.datetime) else value for name, value in detail.items()}
    if "kind" in values:
        values["kind"] = word(lang, f"kind.{values['kind']}")
    if "skill" in values:
        values["skill"] = skill_words(lang, values["skill"])
    key = f"does.{code}"
    if code == "looser_spacing":
        key += ".least" if "at_least_days" in detail else ".most"
    return word(lang, key, **values) if has_word(lang, key) else f"{code} {values}"


def price_sections(found: Prices, lang: Lang, *, is_recruits: bool) -> list[Section]:
    """Return prices as one table, those first that were tried out."""
    tried = [price for price in found.prices if price.curve]
    units = [point.units for point in max((price.curve for price in tried), key=len, default=())]
    dual = [word(lang, "price.dual")] if found.bound is not None else []
    heads = [word(lang, "head.what"), *dual, *(word(lang, "price.units", units=count) for count in units), word(lang, "head.noise")]
    rows = [_price(price, len(units), lang, has_dual=bool(dual)) for price in tried]
    title = word(lang, "price.recruits" if is_recruits else "price.title", steps=found.steps, repeats=found.repeats)
    sections = [Section(title, heads, rows, frozenset(range(1, len(heads))))] if rows else []
    sections.append(Section(word(lang, "price.untried", count=len(found.prices) - len(tried)), (), ()))
    if any(point.is_noise for price in tried for point in price.curve):
        sections.append(Section(word(lang, "price.noise"), (), ()))
    if found.bound is not None:
        sections.append(Section(word(lang, "price.bound", bound=f"{found.bound:,}"), (), ()))
    return sections


def _price(price: Price, width: int, lang: Lang, *, has_dual: bool) -> tuple[str, ...]:
    cells = [f"{point.urgency:+.1f}" + ("*" if point.is_noise else "") for point in price.curve]
    noise = max((point.noise for point in price.curve), default=0.0)
    dual = ["" if price.dual is None else f"{price.dual:.1f}"] if has_dual else []
    return (resource_words(price.code, price.detail, lang), *dual, *cells, *[""] * (width - len(cells)), f"{noise:.1f}")


def resource_words(code: str, detail: Mapping[str, Any], lang: Lang) -> str:
    """Return what a resource is: an hour of whom, whom to recruit or to train, which fund."""
    values = dict(detail)
    if "day" in values:
        values["day"] = day_name(values["day"], lang)
    if "weekday" in values:
        values["weekday"] = word(lang, f"day.{values['weekday']}")
    if "kind" in values:
        values["kind"] = word(lang, f"kind.{values['kind']}")
    if "skill" in values:
        values["skill"] = skill_words(lang, values["skill"]) if values["skill"] else word(lang, "price.any_skill")
    return word(lang, f"resource.{code}", **values)


def difference_sections(found: Difference, lang: Lang) -> list[Section]:
    """Return what differs between two plans as tables: cost, visits, and who has to be told what."""
    counts: dict[str, int] = {}
    for change in found.visits:
        counts[change.what] = counts.get(change.what, 0) + 1
    said = listed(lang, [f"{word(lang, f'what.{what}')} {count}" for what, count in counts.items()]) or word(lang, "diff.alike")
    title = word(lang, "diff.title", said=said, cost=signed(found.cost_b - found.cost_a))
    visits = [
        (change.visit, word(lang, f"what.{change.what}"), assignment_words(change.before, lang), assignment_words(change.after, lang))
        for change in found.visits[:SHOWN]
    ]
    notices = [
        (notice.who, word(lang, f"what.{notice.what}"), notice.visit, _moment(notice.before), _moment(notice.after))
        for notice in found.notices[:SHOWN]
    ]
    sections = [Section(title, (), ())]
    if found.by_term:
        sections.append(_terms(found.by_term, lang))
    if visits:
        count = len(found.visits)
        sections.append(Section(word(lang, "diff.visits", count=count), heads_of(lang, "visit", "what", "before", "after"), visits))
    if notices:
        count = len(found.notices)
        sections.append(Section(word(lang, "diff.notices", count=count), heads_of(lang, "who", "what", "visit", "before", "after"), notices))
    return sections


def assignment_words(assignment: Assignment | None, lang: Lang) -> str:
    """Return when and by whom a visit is served, in which room; a dash where it is not."""
    if assignment is None:
        return "-"
    who = listed(lang, dict.fromkeys(service.provider for service in assignment.team))
    return f"{assignment.team[0].start:%m-%d %H:%M} {who}" + (f" ({assignment.room})" if assignment.room else "")


def _moment(moment: dt.datetime | None) -> str:
    return f"{moment:%m-%d %H:%M}" if moment is not None else "-"


def _span(start: dt.datetime, end: dt.datetime, lang: Lang) -> str:
    return f"{day_name(start.date(), lang)} {start:%H:%M}-{end:%H:%M}"


def signed(number: float) -> str:
    """Return a difference with its sign."""
    return f"{number:+,}"


def _rule(rule: str, lang: Lang) -> str:
    return word(lang, f"rule.{rule}")


def heads_of(lang: Lang, *names: str) -> tuple[str, ...]:
    """Return the heads of columns."""
    return tuple(word(lang, f"head.{name}") for name in names)


def listed(lang: Lang, names: Iterable[str]) -> str:
    """Return several things in a row, as the language does."""
    return ("、" if lang == "zh" else ", ").join(names)
