"""`invest`: a cheap way to a service rate, step by step, each held by a verified plan.

What may help is ranked by urgency weight for a yuan; the first ones are tried out by planning again, the best are bought, and the week is planned
anew. Then whatever can be given back is given back, and what is left is exchanged: one or two measures go, and whatever is cheaper and
holds the rate comes in their place. It is a local search: what it finds is not proved to be the cheapest.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.edits import apply
from scenarios.invest.measures import COSTS, Measure, measures
from scenarios.runs import Store, Task
from scenarios.statistics import estimate, knee
from scenarios.workers import Workers

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

Json = dict[str, Any]
TRIED, CHEAPEST, BOUGHT, ROUNDS = 8, 4, 6, 60
"""Measures tried out at a time: the first of the ranking, and the cheapest that may be enough; bought at most in a round; rounds at most."""
PATIENCE: Final = 8
"""How often more measures are tried in a round where none has gained anything."""
PAIRS: Final = 48
"""Pairs of measures that are tried where none gains anything alone."""
PLANS: Final = 2
"""How many plans, of seeds of their own, are made of a week in which something has been bought; the best of them counts."""
EXCHANGES: Final = 6
"""After how many exchanges that came to nothing the search ends."""
CHEAPER: Final = 0.01
"""Yuan that an exchange has to save."""

Told = Callable[[int, float, float], None]
"""Called after each round: its number, the service rate and the yuan spent."""


@dataclass(frozen=True)
class _Week:
    """A week with what has been bought, and the best plan known of it, by its name in the store."""

    bought: tuple[Measure, ...]
    plan: str
    rate: float
    served: float

    @property
    def yuan(self) -> float:
        return _yuan(self.bought)


def invest(
    problem: Problem,
    folder: Path,
    goal: float = 0.95,
    *,
    jobs: int = 2,
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
    folder
        Where what is done is kept; what is there already is not done again.
    goal
        The urgency-weighted service rate to reach, 0 to 1.
    jobs
        Worker processes; 0 works in this process.
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

    Raises
    ------
    RunError, InternalError
        A plan or a trial that failed; call again to go on with the others.
    """
    budget = 2.0 if budget is None and chunks is None else budget
    with Workers(problem, Store(folder), jobs) as workers:
        search = _Search(workers, COSTS | dict(costs or {}), most, budget, chunks, seed, on_round or (lambda *_: None))
        return search.answer(goal, seeds)


@dataclass
class _Search:
    """The search under way: every plan of it has the same work."""

    workers: Workers
    costs: Mapping[str, float]
    most: float | None
    budget: float | None
    chunks: int | None
    seed: int
    tell: Told
    frontier: list[Json] = field(default_factory=list)
    number: int = 0

    def answer(self, goal: float, seeds: int) -> Json:
        """Buy, give back, exchange; and tell what it came to."""
        week = self._planned([((), None)], PLANS)[0]
        # The first plan gets as much again, so that what is bought is not paid for with work that was only left undone.
        week = self._planned([((), week.plan)], PLANS)[0]
        week = self._reach(week, goal, self.most)
        is_reached = week.rate >= goal
        # where the goal is out of reach, what is bought holds the rate that was reached, and no more than that is needed
        floor = min(goal, week.rate)
        week = self._exchanged(self._pruned(week, floor), floor)
        checks = [self._task(week.bought, None, self.seed + 1000 + k) for k in range(seeds)]
        rates = [_measures(record)["rate"] for record in self.workers.run(checks).values()]
        problem, after = self.workers.problem, self._problem(week.bought)
        points = _best(self.frontier)
        x, y = [point["yuan"] for point in points], [point["rate"] for point in points]
        bend = knee(x, y)
        bought = sorted(week.bought, key=lambda one: (one.code, str(one.detail)))
        return {
            "format": "sishe-investment/1",
            "week": {"name": problem.name, "digest": problem.digest},
            "goal": goal,
            "is_reached": is_reached,
            "rate": week.rate,
            "yuan": week.yuan,
            "bought": [measure.to_json() for measure in bought],
            "edits": [one.edit.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"edit": one.edit.edit} for one in week.bought],
            "counts": _counts(week.bought),
            "costs": dict(self.costs),
            "frontier": points,
            "knee": None if bend is None else points[bend.index],
            "checked": estimate(rates).to_json() | {"values": rates},
            "problem": after,
            "plan": self._plan(week),
        }

    # planning

    def _task(self, bought: Sequence[Measure], start: str | None, seed: int) -> Task:
        return Task("invest", self.seed, tuple(one.edit for one in bought), seed, self.budget, self.chunks, start)

    def _planned(self, sets: Sequence[tuple[Sequence[Measure], str | None]], plans: int = 1) -> list[_Week]:
        """Return the weeks with what is bought in each, planned from the plans that are named; each of them is a point of the frontier."""
        tasks = [[self._task(bought, start, self.seed + k) for k in range(plans)] for bought, start in sets]
        done = self.workers.run([task for own in tasks for task in own])
        weeks = []
        for (bought, _), own in zip(sets, tasks, strict=True):
            record = min((done[task] for task in own), key=lambda record: (-_measures(record)["served"], record["cost"]))
            week = _Week(tuple(bought), record["plan"], _measures(record)["rate"], _measures(record)["served"])
            self.frontier.append(
                {"yuan": round(week.yuan, 2), "rate": round(week.rate, 6), "bought": len(week.bought), "counts": _counts(week.bought)}
            )
            weeks.append(week)
        return weeks

    def _problem(self, bought: Sequence[Measure]) -> Problem:
        return apply(self.workers.problem, tuple(one.edit for one in bought), draw=self.seed).problem

    def _plan(self, week: _Week) -> Plan:
        return self.workers.store.plan(week.plan)

    def _deficit(self, week: _Week, goal: float) -> float:
        asked = (
            week.served / week.rate
            if week.rate
            else sum(self.workers.problem.weights.urgency[v.need.urgency - 1] for v in self.workers.problem.visits)
        )
        return goal * asked - week.served

    def _told(self, week: _Week) -> None:
        self.number += 1
        self.tell(self.number, week.rate, week.yuan)

    # buying

    def _reach(self, week: _Week, goal: float, most: float | None, *, is_told: bool = True) -> _Week:
        """Buy until a plan at the goal is found, `most` yuan are spent or nothing is found to help; what is only an attempt is not told."""
        useless: set[str] = set()
        for _ in range(ROUNDS):
            if week.rate >= goal:
                break
            chosen: list[Measure] = []
            for _ in range(PATIENCE):
                chosen, is_all = self._chosen(week, goal, most, useless)
                if chosen or is_all:
                    break
            chosen = chosen or self._pair(week, goal, most)
            if not chosen:
                break
            new = [one.bought(_next(week) + k) for k, one in enumerate(chosen)]
            week = self._planned([((*week.bought, *new), week.plan)], PLANS)[0]
            if is_told:
                self._told(week)
        return week

    def _chosen(self, week: _Week, goal: float, most: float | None, useless: set[str]) -> tuple[list[Measure], bool]:
        """Return what to buy next, and whether nothing else is left to try; a measure whose trial gains nothing goes to the useless ones."""
        left = None if most is None else most - week.yuan
        deficit = self._deficit(week, goal)
        found = [one for one in self._found(week, left) if one.name not in useless]
        tried = _varied(found)
        tried += sorted((one for one in found if one not in tried and one.estimate >= deficit), key=lambda one: one.yuan)[:CHEAPEST]
        # the week as it is gets the same work, so that what is gained is not only what more search would have found
        same, *weeks = self._planned([((*week.bought, *new), week.plan) for new in ((), *((one.bought(_next(week)),) for one in tried))])
        gains = []
        for one, more in zip(tried, weeks, strict=True):
            if more.served > same.served:
                gains.append(replace(one, gain=more.served - same.served))
            else:
                useless.add(one.name)
        return _picked(gains, deficit, left), len(tried) == len(found)

    def _pair(self, week: _Week, goal: float, most: float | None) -> list[Measure]:
        """Return two measures that gain something together, none where none of those tried do: the cheapest two of which each may help a visit."""
        left = None if most is None else most - week.yuan
        both = [
            (one, other)
            for one, other in itertools.combinations_with_replacement(self._found(week, left), 2)
            if not set(one.wanted).isdisjoint(other.wanted) and (left is None or one.yuan + other.yuan <= left)
        ]
        both = sorted(both, key=lambda pair: (_yuan(pair), -sum(one.estimate for one in pair), pair[0].name, pair[1].name))[:PAIRS]
        at = _next(week)
        weeks = self._planned([((*week.bought, one.bought(at), other.bought(at + 1)), week.plan) for one, other in both])
        gains = [(more.served - week.served, pair) for more, pair in zip(weeks, both, strict=True) if more.served > week.served]
        if not gains:
            return []
        enough = [found for found in gains if found[0] >= self._deficit(week, goal)]
        gain, pair = min(enough, key=lambda found: _yuan(found[1])) if enough else max(gains, key=lambda found: found[0] / max(1e-9, _yuan(found[1])))
        return [replace(one, gain=gain / 2) for one in pair]

    def _found(self, week: _Week, most: float | None) -> list[Measure]:
        """Return what may help in a week and costs no more than `most`."""
        problem, served = self._problem(week.bought), {a.visit for a in self._plan(week).assignments}
        absent = [visit for visit in problem.visits if visit.id not in served]
        return [one for one in measures(problem, absent, self.costs) if most is None or one.yuan <= most]

    # giving back and exchanging

    def _pruned(self, week: _Week, floor: float) -> _Week:
        """Give back what is not needed, the dearest first, as long as a plan at the floor is found.

        What a plan needs when all else is there it needs when less is, too, or so it is taken to be: it is tried once.
        """
        spare = set(week.bought)
        while spare & set(week.bought):
            order = sorted((one for one in week.bought if one in spare), key=lambda one: (one.for_a_yuan(one.gain), -one.yuan))
            alone = self._planned([(_without(week, (one,)), week.plan) for one in order])
            free = [one for one, less in zip(order, alone, strict=True) if less.rate >= floor]
            spare = set(free)
            if not free:
                break
            best = max((less for less in alone if less.rate >= floor), key=lambda less: -less.yuan)
            sizes = sorted({-(-len(free) * k // 4) for k in range(1, 5)} - {1})
            for less in self._planned([(_without(week, free[:size]), week.plan) for size in sizes]):
                if less.rate >= floor and less.yuan < best.yuan:
                    best = less
            week = best
            self._told(week)
        return week

    def _exchanged(self, week: _Week, floor: float) -> _Week:
        """Take away one or two measures, the dearest first, and buy again for less than they cost; whatever then holds the floor is kept."""
        missed = 0
        kept: set[tuple[Measure, ...]] = set()
        while missed < EXCHANGES:
            sets = [(one,) for one in week.bought] + [*itertools.combinations(week.bought, 2)]
            given = next((given for given in sorted(sets, key=lambda some: (len(some), -_yuan(some))) if given not in kept), None)
            if given is None:
                break
            kept.add(given)
            less = self._planned([(_without(week, given), week.plan)])[0]
            less = self._reach(less, floor, week.yuan - CHEAPER, is_told=False)
            if less.rate >= floor:
                week, missed = self._pruned(less, floor), 0
                self._told(week)
            else:
                missed += 1
        return week


def _measures(record: Json) -> Json:
    measures: Json = record["figures"]["measures"]
    return measures


def _point(week: _Week) -> Json:
    return {"yuan": round(week.yuan, 2), "rate": round(week.rate, 6), "bought": len(week.bought), "counts": _counts(week.bought)}


def _yuan(bought: Sequence[Measure]) -> float:
    return sum(one.yuan for one in bought)


def _next(week: _Week) -> int:
    """Return a number that nobody bought for the week has."""
    return 1 + max((int(person.id.split("-")[1]) for one in week.bought for person in getattr(one.edit, "providers", ())), default=0)


def _varied(found: Sequence[Measure]) -> list[Measure]:
    """Return what is tried at a time: first one of each sort for each group of visits, in their order, then a second one of each, and so on."""
    turns: Counter[tuple[str, tuple[str, ...]]] = Counter()
    places = []
    for place, one in enumerate(found):
        places.append((turns[one.code, one.wanted], place))
        turns[one.code, one.wanted] += 1
    return [found[place] for _, place in sorted(places)[:TRIED]]


def _without(week: _Week, given: Sequence[Measure]) -> tuple[Measure, ...]:
    """Return what is left when something is given back, and with it what is nothing without it."""
    return tuple(one for one in week.bought if all(one is not other and not one.needs(other) for other in given))


def _picked(gains: Sequence[Measure], deficit: float, most: float | None) -> list[Measure]:
    """Return, of measures that were tried, the cheapest that make up a deficit; where they do not, those with the greatest gain for a yuan.

    No two of them are for the same visits: their gains would not add up. They cost no more than `most` together.
    """
    best: tuple[Measure, ...] | None = None
    for size in range(1, min(BOUGHT, len(gains)) + 1):
        for chosen in itertools.combinations(gains, size):
            yuan = _yuan(chosen)
            if (
                sum(one.gain for one in chosen) >= deficit
                and (most is None or yuan <= most)
                and (best is None or yuan < _yuan(best))
                and _is_apart(chosen)
            ):
                best = chosen
    if best is not None:
        return [*best]
    picked: list[Measure] = []
    for one in sorted(gains, key=lambda one: (-one.for_a_yuan(one.gain), one.name)):
        cost = _yuan(picked) + one.yuan
        if len(picked) < BOUGHT and _is_apart((*picked, one)) and (most is None or cost <= most):
            picked.append(one)
    return picked


def _is_apart(chosen: Sequence[Measure]) -> bool:
    wanted = [name for one in chosen for name in one.wanted]
    return len(wanted) == len(set(wanted))


def _best(points: Sequence[Json]) -> list[Json]:
    """Return the points that no other one beats in both money and rate, cheapest first."""
    out: list[Json] = []
    for point in sorted(points, key=lambda point: (point["yuan"], -point["rate"])):
        if not out or point["rate"] > out[-1]["rate"]:
            out.append(point)
    return out


def _counts(bought: Sequence[Measure]) -> Json:
    out: Json = {}
    for one in bought:
        row = out.setdefault(one.code, {"units": 0, "yuan": 0.0})
        row["units"] += 1
        row["yuan"] = round(row["yuan"] + one.yuan, 2)
    return out
