"""What there could be more of, and a cheap guess of what it is worth, read off the visits that a plan leaves out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from matcher.explain import edits
from matcher.fields import DAY, Span
from matcher.objective import urgency_weight
from matcher.people import Provider
from matcher.rules import Rule

if TYPE_CHECKING:
    from matcher.explain.edits import Edit
    from matcher.people import Kind
    from matcher.problem import Problem
    from matcher.visits import Visit, VisitRole

HUNDRED_YUAN = 10_000
"""Fen: the unit of a fund."""
WORKING_HOURS = 8
"""Hours of the shift of a recruit."""


@dataclass(frozen=True)
class Resource:
    """Something that there could be more of.

    Attributes
    ----------
    code : str
        ``hour``, ``fund``, ``recruit`` or ``train``.
    detail : dict
        What it is: skill, kind, day and community of an hour, ...
    estimate : float
        Urgency weight that it may serve: only for the order.
    wanted : tuple of str
        The visits that are left out and that it could help to serve.
    more : callable
        From a number of units to the change of the problem that brings them.
    person : Provider or None
        Who brings one unit: somebody new, or somebody who is there, changed. None where nobody does.
    size : int
        Fen of one unit of a fund; 1 of anything else.
    gain : float or None
        Urgency weight that a brief search serves more with the first unit (`matcher.prices.ranking`); None where it was not tried.
    dual : float or None
        What the first unit can save at most, as far as a bound is tight, in the cost of an urgency weight left out; None where that is not known.
    """

    code: str
    detail: dict[str, Any]
    estimate: float
    wanted: tuple[str, ...]
    more: Callable[[int], Edit] = field(repr=False)
    person: Provider | None = field(default=None, repr=False)
    size: int = 1
    gain: float | None = None
    dual: float | None = None


def estimate_hours_and_funds(problem: Problem, absent: Sequence[Visit], /) -> list[Resource]:
    """Rank an hour of each (skill, kind, day, community) that visits left out ask for, and 100 yuan of each fund that may pay for them.

    A visit counts for each of its roles, for each kind and day that could serve it, with its urgency weight, the less the longer it is than an hour.
    """
    found = [*_hours(problem, absent), *_funds(problem, absent)]
    return sorted(found, key=lambda item: (-item.estimate, item.code, str(item.detail)))


def estimate_recruits(problem: Problem, absent: Sequence[Visit], /) -> list[Resource]:
    """Rank new volunteers by (skill, community, weekday), and the training of those who lack nothing but one skill, by what they could serve."""
    found = [*_volunteers(problem, absent), *_trainings(problem, absent)]
    return sorted(found, key=lambda item: (-item.estimate, item.code, str(item.detail)))


def _days(problem: Problem, visit: Visit) -> list[int]:
    return sorted({low // DAY for low, _, _ in visit.windows if low // DAY < problem.horizon.days})


def _asked(visit: Visit) -> Iterable[tuple[VisitRole, str | None]]:
    for role in visit.roles:
        if not role.role.skills:
            yield role, None
        for skill in sorted(role.role.skills):
            yield role, skill


def _knapsack(items: list[tuple[int, int]], minutes: float) -> float:
    """Return the greatest weight of visits (weight, minutes) that so many minutes serve, the last one in part."""
    worth = 0.0
    for weight, length in sorted(items, key=lambda item: -item[0] / item[1]):
        part = min(1.0, minutes / length)
        worth += weight * part
        minutes -= part * length
        if minutes <= 0:
            break
    return worth


def _hours(problem: Problem, absent: Sequence[Visit]) -> list[Resource]:
    groups: dict[tuple[str | None, Kind, int, str], dict[str, tuple[Visit, VisitRole]]] = {}
    for visit in absent:
        for role, skill in _asked(visit):
            for kind in role.role.kinds:
                for day in _days(problem, visit):
                    groups.setdefault((skill, kind, day, visit.community), {})[visit.id] = (visit, role)
    found = []
    for (skill, kind, day, community), asked in groups.items():
        estimate = _knapsack([(urgency_weight(problem.weights, visit), role.minutes) for visit, role in asked.values()], 60)
        date = problem.horizon.start + dt.timedelta(days=day)
        detail = {"skill": skill, "kind": kind, "day": date, "community": community}
        helper = _helper_maker(problem, skill, kind, (day,), community, list(asked.values()))
        found.append(Resource("hour", detail, estimate, tuple(sorted(asked)), _adder(helper), helper(1)))
    return found


def _helper_maker(
    problem: Problem, skill: str | None, kind: Kind, days: tuple[int, ...], community: str, asked: list[tuple[Visit, VisitRole]]
) -> Callable[[int], Provider]:
    """Return what makes a person who has so many hours and is able to all that is asked here, near where it is asked, when it may begin."""
    residents = {resident.id: resident.location for resident in problem.residents}
    home = next(item.location for item in problem.communities if item.id == community)
    # who needs it most is who it is near
    visit, _ = max(asked, key=lambda item: (urgency_weight(problem.weights, item[0]), item[0].id))
    place = visit.need.location or (residents[visit.need.resident] if visit.need.resident is not None else None) or home
    place = place or next((provider.location for provider in problem.providers), None)
    skills: dict[str, int] = {} if skill is None else {skill: 5}
    for _, role in asked:
        for name, level in role.role.skills.items():
            skills[name] = max(level, skills.get(name, 0))
    opens = {day: min((low for item, _ in asked for low, _, _ in item.windows if low // DAY == day), default=day * DAY) for day in days}
    languages = {"zh", *(language for provider in problem.providers for language in provider.languages)}
    extra: dict[str, Any] = {}
    if kind == "social_worker":
        extra = {"certificate": "senior", "supervises": 2}

    def helper(hours: int) -> Provider:
        shifts = []
        for day, low in opens.items():
            start = min(low, (day + 1) * DAY - 3600 * min(hours, 24))
            shifts.append(Span(start=start, end=start + 3600 * min(hours, 24)))
        assert place is not None
        return Provider(
            id=edits.fresh("one more", {provider.id for provider in problem.providers}),
            kind=kind,
            location=place,
            shifts=tuple(shifts),
            skills=skills,
            languages=tuple(sorted(languages)),
            checked=True,
            mode="bike",
            **extra,
        )

    return helper


def _adder(helper: Callable[[int], Provider]) -> Callable[[int], Edit]:
    return lambda units: edits.one_more_provider(helper(units))


def _funds(problem: Problem, absent: Sequence[Visit]) -> list[Resource]:
    prices_of = {
        kind: [p.price_per_visit + p.price_per_hour for p in problem.providers if p.kind == kind and p.price_per_visit + p.price_per_hour > 0]
        for kind in ("volunteer", "social_worker", "organization")
    }
    found = []
    for fund in problem.funds:
        items, names = [], []
        for visit in absent:
            need = visit.need
            if (need.funds is not None and fund.id not in need.funds) or (fund.categories is not None and need.category not in fund.categories):
                continue
            if fund.communities is not None and visit.community not in fund.communities:
                continue
            dear = [price for role in visit.roles for kind in role.role.kinds for price in prices_of[kind]]
            if dear:
                items.append((urgency_weight(problem.weights, visit), max(1, min(dear))))
                names.append(visit.id)
        if items:
            more, detail = _payer(fund.id), {"fund": fund.id, "yuan": HUNDRED_YUAN // 100}
            found.append(Resource("fund", detail, _knapsack(items, HUNDRED_YUAN), tuple(sorted(names)), more, size=HUNDRED_YUAN))
    return found


def _payer(fund: str) -> Callable[[int], Edit]:
    return lambda units: edits.more_money(fund, HUNDRED_YUAN * units)


def _volunteers(problem: Problem, absent: Sequence[Visit]) -> list[Resource]:
    groups: dict[tuple[str | None, str, int], dict[str, tuple[Visit, VisitRole]]] = {}
    for visit in absent:
        for role, skill in _asked(visit):
            if "volunteer" in role.role.kinds:
                for day in _days(problem, visit):
                    weekday = (problem.horizon.start.weekday() + day) % 7
                    groups.setdefault((skill, visit.community, weekday), {})[visit.id] = (visit, role)
    found = []
    for (skill, community, weekday), asked in groups.items():
        days = tuple(day for day in range(problem.horizon.days) if (problem.horizon.start.weekday() + day) % 7 == weekday)
        estimate = _knapsack(
            [(urgency_weight(problem.weights, visit), role.minutes) for visit, role in asked.values()], 60 * WORKING_HOURS * len(days)
        )
        helper = _whole_days(_helper_maker(problem, skill, "volunteer", days, community, list(asked.values())))
        detail = {"skill": skill, "community": community, "weekday": weekday}
        found.append(Resource("recruit", detail, estimate, tuple(sorted(asked)), _adder(helper), helper(1)))
    return found


def _whole_days(helper: Callable[[int], Provider]) -> Callable[[int], Provider]:
    return lambda units: helper(WORKING_HOURS * units)


def _trainings(problem: Problem, absent: Sequence[Visit]) -> list[Resource]:
    from matcher.entries import Eligibility  # noqa: PLC0415 - numpy loads only when something is priced

    eligibility = Eligibility(problem, problem.visits, {provider.id: p for p, provider in enumerate(problem.providers)})
    groups: dict[tuple[str, str], dict[str, tuple[int, int, int]]] = {}
    for visit in absent:
        for role in visit.roles:
            rules = list(eligibility.rules(visit, role))
            for p, provider in enumerate(problem.providers):
                lacking = [(s, level) for s, level in role.role.skills.items() if provider.skills.get(s, 0) < level]
                if provider.kind == "volunteer" and len(lacking) == 1 and all(passes[p] or rule == Rule.SKILL for rule, passes in rules):
                    skill, level = lacking[0]
                    groups.setdefault((provider.id, skill), {})[visit.id] = (urgency_weight(problem.weights, visit), role.minutes, level)
    people = {provider.id: provider for provider in problem.providers}
    offered = {p.id: sum(b - a for span in p.shifts for a, b in span.spans(problem.horizon)) / 60 for p in problem.providers}
    found = []
    for (who, skill), asked in groups.items():
        level = max(level for _, _, level in asked.values())
        estimate = _knapsack([(weight, minutes) for weight, minutes, _ in asked.values()], offered[who])
        detail = {"provider": who, "skill": skill, "level": level}
        trainee = people[who]
        person = trainee.model_copy(update={"skills": {**trainee.skills, skill: level}})
        found.append(Resource("train", detail, estimate, tuple(sorted(asked)), _trainer(who, skill, level), person))
    return found


def _trainer(who: str, skill: str, level: int) -> Callable[[int], Edit]:
    return lambda _: edits.trained(who, skill, level)
