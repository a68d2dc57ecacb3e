"""`invest`: what to recruit, train and fund to reach a service rate, cheapest first; and the curve of service against money.

What may help is ranked by `matcher.prices` (what visits left out ask for), by urgency weight for a yuan; the first ones are tried out by planning
again, the best are bought, and the week is planned anew. In the end whatever can be given back without falling below the goal is given back. This
finds a cheap way, each point of it held by a verified plan; it does not prove that there is none cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcher.explain.edits import fresh
from matcher.fields import Span
from matcher.people import Provider
from matcher.prices import Resource, estimate_hours_and_funds, estimate_recruits, prices
from matcher.solve import solve
from scenarios.figures import figures_of
from scenarios.statistics import estimate, knee

if TYPE_CHECKING:
    from matcher.explain.edits import Edit
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.visits import Visit

Json = dict[str, Any]
COSTS: Final[dict[str, float]] = {
    "recruit": 40.0,
    "train": 60.0,
    "hour_volunteer": 10.0,
    "hour_social_worker": 45.0,
    "hour_organization": 50.0,
    "fund": 100.0,
}
"""Yuan a week, all assumed: a volunteer with eight hours on one weekday; one skill for one person, spread over a year; an hour of each kind; 100 yuan
of a fund."""
TRIED, BOUGHT, STEPS, REPEATS, ROUNDS = 8, 6, 300, 2, 60
"""Measures tried out at a time, bought at most in a round, work of one trial, trials of a measure, rounds at most."""
PATIENCE: Final = 5
"""How often more measures are tried in a round where none has gained anything."""

Told = Callable[[int, float, float], None]
"""Called after each round: its number, the service rate and the yuan spent."""


@dataclass(frozen=True)
class Purchase:
    """Something bought: what it is (as `matcher.prices` tells it), its price in yuan, and the urgency weight that the trial gained."""

    code: str
    detail: dict[str, Any]
    yuan: float
    gain: float
    edit: Callable[[Problem], Problem]

    def to_json(self) -> Json:
        """Return it as plain JSON values."""
        detail = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in self.detail.items()}
        return {"code": self.code, **detail, "yuan": self.yuan, "gain": round(self.gain, 3)}


@dataclass
class _Week:
    """A week with what has been bought, and the best plan known of it."""

    problem: Problem
    plan: Plan
    rate: float
    bought: list[Purchase]

    @property
    def yuan(self) -> float:
        return sum(purchase.yuan for purchase in self.bought)


@dataclass(frozen=True)
class _Search:
    """How weeks are planned: all with the same work."""

    base: Problem
    budget: float | None
    chunks: int | None
    seed: int

    def plan(self, problem: Problem, bought: list[Purchase], start: Plan | None, seed: int | None = None) -> _Week:
        result = solve(problem, budget=self.budget, chunks=self.chunks, seed=self.seed if seed is None else seed, threads=1, start=start)
        rate = figures_of(problem, result.plan, result.cost, yardstick=self.base)["measures"]["rate"]
        return _Week(problem, result.plan, rate, bought)


def price_of(resource: Resource, costs: Mapping[str, float]) -> float:
    """Return what one unit of a resource costs, in yuan."""
    if resource.code == "team":
        return float(sum(costs[f"hour_{kind}"] * hours for kind, hours in resource.detail["hours"]))
    return costs[f"hour_{resource.detail['kind']}" if resource.code == "hour" else resource.code]


def invest(
    problem: Problem,
    goal: float = 0.95,
    *,
    costs: Mapping[str, float] | None = None,
    most: float | None = None,
    budget: float | None = None,
    chunks: int | None = None,
    seed: int = 1,
    seeds: int = 3,
    on_round: Told | None = None,
) -> Json:
    """Find a cheap way to a service rate, and return it with the frontier as plain JSON values.

    Parameters
    ----------
    goal
        The urgency-weighted service rate to reach, 0 to 1.
    costs
        Yuan a week for a unit of each sort; what is left out is as in `COSTS`.
    most
        Yuan a week that may be spent; any amount if left out.
    budget, chunks
        Limits of each plan: seconds, or chunks of work. Two seconds if both are left out.
    seeds
        How often the last week is planned from nothing, with other seeds, to see whether the rate holds.
    on_round
        Called after each round.
    """
    price = COSTS | dict(costs or {})
    search = _Search(problem, 2.0 if budget is None and chunks is None else budget, chunks, seed)
    week = search.plan(problem, [], None)
    # The first plan gets as much again, so that what is bought is not paid for with work that was only left undone.
    week = search.plan(problem, [], week.plan)
    frontier = [_point(week)]
    useless: set[tuple[str, str]] = set()
    for number in range(1, ROUNDS + 1):
        if week.rate >= goal:
            break
        chosen: list[Purchase] = []
        for _ in range(PATIENCE):
            chosen, is_all = _chosen(week, price, seed + number, None if most is None else most - week.yuan, useless)
            if chosen or is_all:
                break
        if not chosen:
            break
        edited, bought = week.problem, list(week.bought)
        for purchase in chosen:
            edited = purchase.edit(edited)
            bought.append(purchase)
        week = search.plan(edited, bought, week.plan)
        frontier.append(_point(week))
        if on_round is not None:
            on_round(number, week.rate, week.yuan)
    reached = week.rate >= goal
    if reached:
        week = _pruned(search, problem, week, goal, frontier)
    rates = [search.plan(week.problem, week.bought, None, seed + 1000 + k).rate for k in range(seeds)]
    frontier = _best(frontier)
    x, y = [point["yuan"] for point in frontier], [point["rate"] for point in frontier]
    bend = knee(x, y)
    return {
        "format": "sishe-investment/1",
        "week": {"name": problem.name, "digest": problem.digest},
        "goal": goal,
        "is_reached": reached,
        "rate": week.rate,
        "yuan": week.yuan,
        "bought": [purchase.to_json() for purchase in sorted(week.bought, key=lambda p: (p.code, str(p.detail)))],
        "counts": _counts(week.bought),
        "costs": price,
        "frontier": frontier,
        "knee": None if bend is None else frontier[bend.index],
        "checked": estimate(rates).to_json() | {"values": rates},
        "problem": week.problem,
        "plan": week.plan,
    }


def _point(week: _Week) -> Json:
    return {"yuan": round(week.yuan, 2), "rate": round(week.rate, 6), "bought": len(week.bought), "counts": _counts(week.bought)}


def _best(points: Sequence[Json]) -> list[Json]:
    """Return the points that no other one beats in both money and rate, cheapest first."""
    out: list[Json] = []
    for point in sorted(points, key=lambda point: (point["yuan"], -point["rate"])):
        if not out or point["rate"] > out[-1]["rate"]:
            out.append(point)
    return out


def _counts(bought: Sequence[Purchase]) -> Json:
    out: Json = {}
    for purchase in bought:
        row = out.setdefault(purchase.code, {"units": 0, "yuan": 0.0})
        row["units"] += 1
        row["yuan"] = round(row["yuan"] + purchase.yuan, 2)
    return out


def _chosen(week: _Week, costs: Mapping[str, float], seed: int, left: float | None, useless: set[tuple[str, str]]) -> tuple[list[Purchase], bool]:
    """Return what to buy next, and whether nothing else is left to try.

    Of the measures that look best for their price these are the ones whose trial gains most for it, no two for the same visits. Those whose trial
    gains nothing are noted as useless, and not tried again.
    """
    ranked: list[Resource] = []

    def rank(problem: Problem, absent: Sequence[Visit], /) -> list[Resource]:
        found = [*estimate_hours_and_funds(problem, absent), *estimate_recruits(problem, absent), *_teams(problem, absent)]
        found = [one for one in found if (one.code, str(one.detail)) not in useless and (left is None or price_of(one, costs) <= left)]
        found.sort(key=lambda one: (-_for_a_yuan(one.estimate, one, costs), one.code, str(one.detail)))
        # One of a sort for the same visits is enough to try.
        first: dict[tuple[str, tuple[str, ...]], Resource] = {}
        for one in found:
            first.setdefault((one.code, one.wanted), one)
        ranked[:] = first.values()
        return ranked

    tried = prices(week.problem, week.plan, estimator=rank, units=(1,), top=TRIED, steps=STEPS, repeats=REPEATS, seed=seed)
    by_detail = {(resource.code, str(resource.detail)): resource for resource in ranked}
    gains = []
    for item in tried.prices:
        if item.curve and item.curve[0].urgency > 0:
            resource = by_detail[item.code, str(item.detail)]
            gains.append((_for_a_yuan(item.curve[0].urgency, resource, costs), item.curve[0].urgency, resource))
        elif item.curve:
            useless.add((item.code, str(item.detail)))
    gains.sort(key=lambda gain: (-gain[0], gain[2].code, str(gain[2].detail)))
    chosen: list[Purchase] = []
    helped: set[str] = set()
    for _, gain, resource in gains:
        cost = price_of(resource, costs)
        if len(chosen) == BOUGHT or helped.intersection(resource.wanted) or (left is not None and cost > left):
            continue
        helped.update(resource.wanted)
        left = None if left is None else left - cost
        chosen.append(Purchase(resource.code, resource.detail, cost, gain, _lasting(week, resource, len(week.bought) + len(chosen) + 1)))
    return chosen, len(ranked) <= TRIED


def _for_a_yuan(urgency: float, resource: Resource, costs: Mapping[str, float]) -> float:
    return urgency / max(1e-9, price_of(resource, costs))


def _teams(problem: Problem, absent: Sequence[Visit]) -> list[Resource]:
    """Return, for each visit left out that needs two or more, somebody new for each of its roles at once: one alone would not help."""
    residents = {resident.id: resident for resident in problem.residents}
    places = {community.id: community.location for community in problem.communities}
    venues = {venue.id: venue.location for venue in problem.venues}
    found = []
    for visit in absent:
        need = visit.need
        resident = residents.get(need.resident or "")
        place = venues.get(need.venue or "") or need.location or (resident.location if resident is not None else None) or places[visit.community]
        if len(visit.roles) < 2 or place is None or not visit.windows:
            continue
        low, high, _ = visit.windows[0]
        people, hours = [], []
        gap = 60 * need.gap.max_minutes if need.gap is not None else 0
        length = max(role.seconds for role in visit.roles) + gap * (len(visit.roles) - 1)
        for role in visit.roles:
            kind = role.role.kinds[0]
            asked = {"certificate": "senior", "supervises": 20} if kind == "social_worker" else {}
            language = role.role.language or (resident.language if resident is not None else None)
            person = Provider(
                id="new",
                kind=kind,
                location=place,
                shifts=(Span(start=low, end=min(high, low + 3600) + length),),
                skills=role.role.skills,
                languages=tuple(dict.fromkeys(("zh", *([language] if language else [])))),
                gender=role.role.gender,
                checked=True,
                **asked,
            )
            people.append(person)
            hours.append((kind, -(-role.seconds // 3600)))
        weight = problem.weights.urgency[need.urgency - 1]
        detail = {"visit": visit.id, "community": visit.community, "hours": hours}
        found.append(Resource("team", detail, float(weight), (visit.id,), _adder(people)))
    return found


def _adder(people: Sequence[Provider]) -> Callable[[int], Edit]:
    def edit(problem: Problem) -> Problem:
        taken = {provider.id for provider in problem.providers}
        new = [person.model_copy(update={"id": fresh(f"team {k}", taken)}) for k, person in enumerate(people, start=1)]
        return problem.replace(providers=(*problem.providers, *new))

    return lambda _: edit


def _lasting(week: _Week, resource: Resource, number: int) -> Edit:
    """Return the change that a resource brings, to be made together with others: new people get ids of their own."""
    edit = resource.more(1)
    if resource.code not in ("recruit", "hour", "team"):
        return edit
    new = edit(week.problem).providers[len(week.problem.providers) :]
    people = tuple(person.model_copy(update={"id": f"bought-{number:03d}-{k}"}) for k, person in enumerate(new, start=1))
    return lambda problem: problem.replace(providers=(*problem.providers, *people))


def _pruned(search: _Search, problem: Problem, week: _Week, goal: float, frontier: list[Json]) -> _Week:
    """Give back what is not needed, what gained least for its price first, as long as a plan at the goal is found; every plan is a point."""
    for purchase in sorted(week.bought, key=lambda item: (item.gain / max(1e-9, item.yuan), -item.yuan)):
        kept = [item for item in week.bought if item is not purchase]
        edited = problem
        for item in kept:
            edited = item.edit(edited)
        less = search.plan(edited, kept, week.plan)
        frontier.append(_point(less))
        if less.rate >= goal:
            week = less
    return week
