"""What one more hour, one more yuan, one more volunteer is worth: a cheap ranking, then each of the first ones tried out by planning again.

A ranking comes from an `Estimator`. The one here reads the visits that a plan leaves out; dual values of a bound can take its place, for all that
is asked of an estimator is a list of resources, each with a number to sort by. What is reported is never the estimate but the difference between two
searches that start from the same plan with the same seed and do the same work: with the resource, and without.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from matcher.check import check
from matcher.decode import decode
from matcher.errors import Fault, PlanError
from matcher.explain import edits
from matcher.explain.refit import Ground, Refit, absent_of, never
from matcher.fields import DAY, Span
from matcher.kernels.routes import IS_IN, view
from matcher.people import Provider
from matcher.rules import Rule

if TYPE_CHECKING:
    from matcher.explain.edits import Edit
    from matcher.people import Kind
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.visits import Visit, VisitRole

UNITS = (1, 5, 10)
TOP, STEPS, REPEATS = 10, 300, 3
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
    """

    code: str
    detail: dict[str, Any]
    estimate: float
    wanted: tuple[str, ...]
    more: Callable[[int], Edit] = field(repr=False)


class Estimator(Protocol):
    """Ranks resources: from a problem and the visits that a plan of it leaves out to resources, the most promising first."""

    def __call__(self, problem: Problem, absent: Sequence[Visit], /) -> list[Resource]:
        """Return the resources."""
        ...


@dataclass(frozen=True)
class Point:
    """What so many units were worth in a re-solve: means over the repeats of (with the units) minus (without).

    Attributes
    ----------
    urgency : float
        Urgency weight of the visits served in addition.
    visits : float
        Their number.
    cost : float
        What the plan costs more (negative: less).
    noise : float
        Half the range of `urgency` over the repeats and of what repeats without any unit differ by: a worth below it says nothing.
    """

    units: int
    urgency: float
    visits: float
    cost: float
    noise: float

    @property
    def is_noise(self) -> bool:
        """Whether the worth is no greater than the noise of the search."""
        return abs(self.urgency) <= self.noise

    def to_json(self) -> dict[str, Any]:
        """Return the point as plain JSON values."""
        return {
            "units": self.units,
            "urgency": round(self.urgency, 3),
            "visits": round(self.visits, 3),
            "cost": round(self.cost, 1),
            "noise": round(self.noise, 3),
            "is_noise": self.is_noise,
        }


@dataclass(frozen=True)
class Price:
    """A resource and its curve; the curve is empty, or short, where the budget left no time."""

    code: str
    detail: dict[str, Any]
    estimate: float
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the price as plain JSON values."""
        detail = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in self.detail.items()}
        return {"code": self.code, **detail, "estimate": round(self.estimate, 3), "curve": [point.to_json() for point in self.curve]}


@dataclass(frozen=True)
class Prices:
    """Prices, those that were tried out first, the greatest worth of a unit first; the rest by estimate."""

    prices: tuple[Price, ...]
    is_complete: bool
    seed: int
    steps: int
    repeats: int

    def to_json(self) -> dict[str, Any]:
        """Return the prices as plain JSON values."""
        return {
            "is_complete": self.is_complete,
            "seed": self.seed,
            "steps": self.steps,
            "repeats": self.repeats,
            "prices": [price.to_json() for price in self.prices],
        }


Told = Callable[[int, int, str], None]
"""Called before each re-solve: how many are done, how many there are, and the code of what is tried."""


def prices(
    problem: Problem,
    plan: Plan,
    *,
    estimator: Estimator | None = None,
    units: Sequence[int] = UNITS,
    top: int = TOP,
    steps: int = STEPS,
    repeats: int = REPEATS,
    seed: int = 1,
    is_over: Callable[[], bool] = never,
    on_progress: Told | None = None,
) -> Prices:
    """Say what an hour of each scarce kind of time, and 100 yuan of each fund, are worth in served urgency.

    Parameters
    ----------
    plan
        A clean plan of the problem, from which every re-solve starts.
    estimator
        What ranks the resources; `estimate_hours_and_funds` if left out.
    units
        Numbers of units that are tried: the points of each curve.
    top
        How many of the ranking are tried out; the others keep their estimate.
    steps, repeats, seed
        Work of one re-solve, and how often it is repeated with another seed.
    is_over
        Asked before each re-solve; once it returns True, what is known by then is returned.

    Raises
    ------
    PlanError
        If the plan breaks a rule of the problem or is not of this problem.
    """
    return _priced(problem, plan, estimator or estimate_hours_and_funds, units, top, steps, repeats, seed, is_over, on_progress)


def recruits(
    problem: Problem,
    plan: Plan,
    *,
    estimator: Estimator | None = None,
    top: int = TOP,
    steps: int = STEPS,
    repeats: int = REPEATS,
    seed: int = 1,
    is_over: Callable[[], bool] = never,
    on_progress: Told | None = None,
) -> Prices:
    """Rank one more volunteer (with what skill, in which community, on which weekday) and the training of those who are there.

    Parameters, result and errors are those of `prices`.
    """
    return _priced(problem, plan, estimator or estimate_recruits, (1,), top, steps, repeats, seed, is_over, on_progress)


def _priced(
    problem: Problem,
    plan: Plan,
    estimator: Estimator,
    units: Sequence[int],
    top: int,
    steps: int,
    repeats: int,
    seed: int,
    is_over: Callable[[], bool],
    on_progress: Told | None,
) -> Prices:
    report = check(problem, plan)
    if not report.is_clean:
        raise PlanError([Fault("", f"the plan breaks {len(report.violations)} rules of the problem, so it cannot be priced", "conflict")])
    served = {assignment.visit for assignment in plan.assignments}
    ranked = estimator(problem, [visit for visit in problem.visits if visit.id not in served])
    first, rest = ranked[:top], ranked[top:]
    trial = _Trial(problem, plan, steps, [seed + 7919 * k for k in range(repeats)])
    curves: dict[int, list[Point]] = {}
    total, done, is_cut = len(first) * len(units), 0, False
    # All first units come before all second ones: a budget that runs out leaves a ranking rather than a few long curves.
    for count in units:
        for k, resource in enumerate(first):
            if is_over():
                is_cut = True
                break
            if on_progress is not None:
                on_progress(done, total, resource.code)
            curves.setdefault(k, []).append(trial.point(resource, count))
            done += 1
    found = [Price(item.code, item.detail, item.estimate, tuple(curves.get(k, ()))) for k, item in enumerate(first)]
    found.sort(key=lambda price: (-price.curve[0].urgency, price.curve[0].cost) if price.curve else (float("inf"), 0.0))
    untried = [Price(item.code, item.detail, item.estimate, ()) for item in rest]
    return Prices((*found, *untried), not is_cut, seed, steps, repeats)


class _Trial:
    """Plans again from one plan, with a resource and without: the same seeds, the same steps, the same visits wanted."""

    def __init__(self, problem: Problem, plan: Plan, steps: int, seeds: list[int]) -> None:
        self._problem, self._plan, self._steps, self._seeds = problem, plan, steps, seeds
        self._ground = Ground.of(problem, plan)
        self._without: dict[tuple[str, ...], list[tuple[int, int, int]]] = {}

    def point(self, resource: Resource, units: int) -> Point:
        """Return what so many units of a resource are worth."""
        if resource.wanted not in self._without:
            self._without[resource.wanted] = [self._solved(self._ground, resource.wanted, seed) for seed in self._seeds]
        without = self._without[resource.wanted]
        changed = Ground.of(resource.more(units)(self._problem), self._plan)
        gained = [
            tuple(a - b for a, b in zip(self._solved(changed, resource.wanted, seed), base, strict=True))
            for seed, base in zip(self._seeds, without, strict=True)
        ]
        urgency = [gain[0] for gain in gained]
        noise = max(_half_range(urgency), _half_range([base[0] for base in without]))
        return Point(units, statistics.fmean(urgency), statistics.fmean(g[1] for g in gained), statistics.fmean(g[2] for g in gained), noise)

    def _solved(self, ground: Ground, wanted: tuple[str, ...], seed: int) -> tuple[int, int, int]:
        """Return urgency weight served, visits served and cost after a search; the verifier has passed the plan."""
        rows = {visit.id: v for v, visit in enumerate(ground.compiled.visits)}
        refit = Refit(ground, [rows[name] for name in wanted] or absent_of(ground.state), seed=seed)
        refit.construct()
        refit.run(self._steps)
        state = refit.best()
        report = check(ground.compiled.problem, decode(ground.compiled, state, with_reasons=False))
        assert report.is_clean, report.violations
        is_in = view(state).visit[:, IS_IN] == 1
        return int(ground.compiled.instance.visits["weight"][is_in].sum()), int(is_in.sum()), report.cost


def _half_range(values: Sequence[int]) -> float:
    return (max(values) - min(values)) / 2


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


def _weight(problem: Problem, visit: Visit) -> int:
    return problem.weights.urgency[visit.need.urgency - 1]


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
        estimate = _knapsack([(_weight(problem, visit), role.minutes) for visit, role in asked.values()], 60)
        date = problem.horizon.start + dt.timedelta(days=day)
        detail = {"skill": skill, "kind": kind, "day": date, "community": community}
        more = _helper_maker(problem, skill, kind, (day,), community, list(asked.values()))
        found.append(Resource("hour", detail, estimate, tuple(sorted(asked)), more))
    return found


def _helper_maker(
    problem: Problem, skill: str | None, kind: Kind, days: tuple[int, ...], community: str, asked: list[tuple[Visit, VisitRole]]
) -> Callable[[int], Edit]:
    """Return what adds so many hours of a person who is able to all that is asked here, near where it is asked, when it may begin."""
    residents = {resident.id: resident.location for resident in problem.residents}
    home = next(item.location for item in problem.communities if item.id == community)
    # who needs it most is who it is near
    visit, _ = max(asked, key=lambda item: (_weight(problem, item[0]), item[0].id))
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

    def more(hours: int) -> Edit:
        shifts = []
        for day, low in opens.items():
            start = min(low, (day + 1) * DAY - 3600 * min(hours, 24))
            shifts.append(Span(start=start, end=start + 3600 * min(hours, 24)))
        assert place is not None
        person = Provider(
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
        return edits.one_more_provider(person)

    return more


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
                items.append((_weight(problem, visit), max(1, min(dear))))
                names.append(visit.id)
        if items:
            more = _payer(fund.id)
            found.append(Resource("fund", {"fund": fund.id, "yuan": HUNDRED_YUAN // 100}, _knapsack(items, HUNDRED_YUAN), tuple(sorted(names)), more))
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
        estimate = _knapsack([(_weight(problem, visit), role.minutes) for visit, role in asked.values()], 60 * WORKING_HOURS * len(days))
        whole_day = _helper_maker(problem, skill, "volunteer", days, community, list(asked.values()))
        detail = {"skill": skill, "community": community, "weekday": weekday}
        found.append(Resource("recruit", detail, estimate, tuple(sorted(asked)), _shifts_of(whole_day)))
    return found


def _shifts_of(maker: Callable[[int], Edit]) -> Callable[[int], Edit]:
    return lambda units: maker(WORKING_HOURS * units)


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
                    groups.setdefault((provider.id, skill), {})[visit.id] = (_weight(problem, visit), role.minutes, level)
    offered = {p.id: sum(b - a for span in p.shifts for a, b in span.spans(problem.horizon)) / 60 for p in problem.providers}
    found = []
    for (who, skill), asked in groups.items():
        level = max(level for _, _, level in asked.values())
        estimate = _knapsack([(weight, minutes) for weight, minutes, _ in asked.values()], offered[who])
        detail = {"provider": who, "skill": skill, "level": level}
        found.append(Resource("train", detail, estimate, tuple(sorted(asked)), _trainer(who, skill, level)))
    return found


def _trainer(who: str, skill: str, level: int) -> Callable[[int], Edit]:
    return lambda _: edits.trained(who, skill, level)
