"""Trials: weeks with something bought, each planned by the workers, and what has been learnt from them all.

A look is a short search from a plan that is known, to see whether something is worth more work; a plan is the whole of what the caller allows. Sets
of measures that have been tried are not tried again, in whatever order they were bought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from scenarios.edits import apply
from scenarios.runs import Task

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from scenarios.invest.measures import Measure
    from scenarios.workers import Step, Workers

Json = dict[str, Any]
Name = tuple[tuple[str, tuple[str, ...]], ...]
"""A set of measures, however it came about."""
Start = tuple[Sequence["Measure"], str | None]
"""What is bought, and the plan to start from; None starts from nothing."""
PLANS: Final = 2
"""How many plans, of seeds of their own, are made of a week in which something has been bought; the best of them counts."""
LOOK: Final = 8
"""A look has this part of the work of a plan."""


@dataclass(frozen=True)
class Week:
    """A week with what has been bought, and the best plan known of it, by its name in the store."""

    bought: tuple[Measure, ...]
    plan: str
    rate: float
    served: float

    @property
    def yuan(self) -> float:
        """What was bought costs, a week."""
        return cost_of(self.bought)


@dataclass(frozen=True)
class Progress:
    """How far an investment is.

    Attributes
    ----------
    phase : {'first', 'buy', 'give_back', 'exchange', 'check'}
    tried, tries : int
        Weeks tried, and how many it may be at most.
    rate, yuan : float
        Of the best week so far: the cheapest that reaches the goal, or else the one that serves most.
    seconds : float
        Since the beginning.
    """

    phase: str
    tried: int
    tries: int
    rate: float
    yuan: float
    seconds: float


class Over(Exception):
    """The search was told to stop, or has tried as many weeks as it may."""


@dataclass
class Trials:
    """All that is tried in one search.

    Attributes
    ----------
    goal : float
        The service rate that counts as reached.
    tries : int
        Weeks tried at most; those found in the store count, too, so that a search that goes on ends where it would have ended.
    phase : str
        What is going on, for whoever watches.
    best : Week or None
        The cheapest week that reaches the goal; while there is none, the one that serves most.
    """

    workers: Workers
    goal: float
    seed: int
    budget: float | None
    chunks: int | None
    tries: int
    cancelled: Callable[[], bool]
    tell: Callable[[Progress], None]
    phase: str = "first"
    best: Week | None = None
    tried: int = 0
    _points: list[Json] = field(default_factory=list)
    _known: dict[Name, Week] = field(default_factory=dict)
    _planned: set[Name] = field(default_factory=set)

    def plans(self, sets: Sequence[Start], plans: int = PLANS, *, again: bool = False) -> list[Week]:
        """Return the weeks with what is bought in each, planned from the plans that are named; `again` also those that were. Raises `Over`."""
        return self._tried(sets, plans, is_look=False, again=again)

    def looks(self, sets: Sequence[Start], *, again: bool = False) -> list[Week]:
        """Return the same after a short search; `again` also those that have been tried. Raises `Over`."""
        return self._tried(sets, 1, is_look=True, again=again)

    def checks(self, bought: Sequence[Measure], seeds: int) -> list[float]:
        """Return the service rates of plans from nothing, with other seeds; raises `Over` if told to stop."""
        self.phase = "check"
        records = self._run([self._task(bought, None, self.seed + 1000 + k, is_look=False) for k in range(seeds)], is_counted=False)
        return [float(_measures(record)["rate"]) for record in records]

    def problem(self, bought: Iterable[Measure]) -> Problem:
        """Return the problem of the week with what is bought."""
        return apply(self.workers.problem, edits_of(bought), draw=self.seed).problem

    def plan(self, week: Week) -> Plan:
        """Return the best plan of a week."""
        return self.workers.store.plan(week.plan)

    def frontier(self) -> list[Json]:
        """Return the weeks that no other one beats in both money and rate, as points of a curve, the cheapest first."""
        out: list[Json] = []
        for point in sorted(self._points, key=lambda point: (point["yuan"], -point["rate"])):
            if not out or point["rate"] > out[-1]["rate"]:
                out.append(point)
        return out

    def note(self, week: Week) -> None:
        """Hold a week against the best one."""
        best, is_there = self.best, week.rate >= self.goal
        if best is None or is_there > (best.rate >= self.goal):
            self.best = week
        elif is_there == (best.rate >= self.goal):
            ranks = [(one.yuan, -one.served) if is_there else (-one.served, one.yuan) for one in (week, best)]
            self.best = week if ranks[0] < ranks[1] else best

    def _tried(self, sets: Sequence[Start], plans: int, *, is_look: bool, again: bool) -> list[Week]:
        names: list[Name] = [tuple(sorted((one.key, one.people) for one in bought)) for bought, _ in sets]
        has = [not again and name in (self._known if is_look else self._planned) for name in names]
        tasks = {
            k: [self._task(bought, start, self.seed + n, is_look=is_look) for n in range(plans)]
            for k, (bought, start) in enumerate(sets)
            if not has[k]
        }
        records = iter(self._run([task for own in tasks.values() for task in own]))
        for k, own in tasks.items():
            record = min((next(records) for _ in own), key=lambda record: (-_measures(record)["served"], record["cost"]))
            week = Week(tuple(sets[k][0]), record["plan"], _measures(record)["rate"], _measures(record)["served"])
            self._points.append(
                {"yuan": round(week.yuan, 2), "rate": round(week.rate, 6), "bought": len(week.bought), "counts": counts_of(week.bought)}
            )
            known = self._known.get(names[k])
            if known is None or week.served > known.served:
                self._known[names[k]] = week
            if not is_look:
                self._planned.add(names[k])
            self.note(week)
        return [replace(self._known[name], bought=tuple(bought)) for name, (bought, _) in zip(names, sets, strict=True)]

    def _task(self, bought: Sequence[Measure], start: str | None, seed: int, *, is_look: bool) -> Task:
        part = LOOK if is_look else 1
        budget = None if self.budget is None else self.budget / part
        chunks = None if self.chunks is None else max(1, self.chunks // part)
        return Task("invest", self.seed, edits_of(bought), seed, budget, chunks, start)

    def _run(self, tasks: Sequence[Task], *, is_counted: bool = True) -> list[Json]:
        if self.cancelled() or (is_counted and self.tried + len(tasks) > self.tries):
            raise Over

        def on_step(step: Step) -> None:
            if self.cancelled():
                raise Over
            best, tried = self.best, step.done if is_counted else self.tried
            self.tell(Progress(self.phase, tried, self.tries, best.rate if best else 0.0, best.yuan if best else 0.0, step.seconds))

        records = self.workers.run(tasks, on_step)
        if is_counted:
            self.tried += len(tasks)
        return [records[task] for task in tasks]


def with_more(bought: Iterable[Measure], more: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return what is bought with more of it."""
    out = [*bought]
    for one in more:
        out.append(one.bought({name for other in out for name in other.people}))
    return tuple(out)


def edits_of(bought: Iterable[Measure]) -> tuple[Any, ...]:
    """Return the edits that bring about what is bought: who is new comes first, since others may be about them; else the order means nothing."""
    return tuple(one.edit for one in sorted(bought, key=lambda one: (one.edit.edit != "add_people", one.key, one.people)))


def cost_of(bought: Iterable[Measure]) -> float:
    """Return the yuan a week of what is bought."""
    return sum(one.yuan for one in bought)


def counts_of(bought: Iterable[Measure]) -> Json:
    """Return units and yuan by sort of measure."""
    out: Json = {}
    for one in sorted(bought, key=lambda one: one.code):
        row = out.setdefault(one.code, {"units": 0, "yuan": 0.0})
        row["units"] += 1
        row["yuan"] = round(row["yuan"] + one.yuan, 2)
    return out


def _measures(record: Json) -> Json:
    measures: Json = record["figures"]["measures"]
    return measures
