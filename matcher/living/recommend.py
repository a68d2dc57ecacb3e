"""The best teams and times for one visit more, in a plan that otherwise stays: each option verified, with what it costs, term by term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.decode import Tables, decode
from matcher.diff import changes_of
from matcher.errors import Fault, PlanError, ProblemError
from matcher.explain.alternatives import Others
from matcher.explain.refit import Ground, never
from matcher.kernels.cells import pack
from matcher.kernels.routes import IS_IN, SHIFT, START, view
from matcher.living.append import with_need
from matcher.living.closing import closed
from matcher.living.desk import Desk
from matcher.people import Resident
from matcher.plan import Plan
from matcher.problem import Need
from matcher.validation import faults_from_pydantic

if TYPE_CHECKING:
    import datetime as dt

    from matcher.instance import Longs
    from matcher.plan import Assignment
    from matcher.problem import Problem
    from matcher.rules import Term

TOP = 10
PER_TEAM = 2
"""Options with the same people that are given at most, on different days."""
LOOKED_AT = 40
"""Places that are worked out to find the options: some do not settle, some are much like others."""


@dataclass(frozen=True)
class Moved:
    """Another visit that starts at another time, for the option to be possible."""

    before: Assignment
    after: Assignment

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        return {"visit": self.before.visit, "before": self.before.team[0].start.isoformat(), "after": self.after.team[0].start.isoformat()}


@dataclass(frozen=True)
class Option:
    """One way to serve a visit.

    Attributes
    ----------
    assignment : Assignment
        Who, when, in which room, paid by whom.
    cost : int
        What the plan with it costs more than without it; below zero where it is worth it.
    by_term : dict of Term to int
        The same, for each term that differs.
    moved : tuple of Moved
        Other visits that have to start later for it. Nobody else is exchanged.
    """

    assignment: Assignment
    cost: int
    by_term: dict[Term, int]
    moved: tuple[Moved, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the option as plain JSON values."""
        return {
            "assignment": self.assignment.model_dump(mode="json", exclude_defaults=True),
            "cost": self.cost,
            "by_term": {term.value: cost for term, cost in self.by_term.items()},
            "moved": [item.to_json() for item in self.moved],
        }


@dataclass(frozen=True)
class Recommended:
    """Options for a visit, the cheapest first.

    Attributes
    ----------
    problem : Problem
        The week that the options are of: with the need in it, where it was new.
    before : Plan
        The plan without the visit.
    visit : str
    options : tuple of Option
    places : int
        Places that were seen, one for each shift of each role's providers, before they were thinned out.
    """

    problem: Problem
    before: Plan
    visit: str
    options: tuple[Option, ...]
    places: int

    def plan_with(self, option: Option) -> Plan:
        """Return the plan with an option in it."""
        changed = {item.after.visit: item.after for item in option.moved} | {self.visit: option.assignment}
        kept = (changed.pop(item.visit, item) for item in self.before.assignments)
        assignments = (*kept, *changed.values())
        unassigned = tuple(item for item in self.before.unassigned if item.visit != self.visit)
        return Plan(assignments=assignments, unassigned=unassigned)

    def to_json(self) -> dict[str, Any]:
        """Return the options as plain JSON values."""
        return {"visit": self.visit, "places": self.places, "options": [option.to_json() for option in self.options]}


def recommend(
    week: Problem | Desk,
    plan: Plan | None = None,
    *,
    visit: str | None = None,
    need: Need | Mapping[str, Any] | None = None,
    resident: Resident | Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
    top: int = TOP,
    is_over: Callable[[], bool] = never,
) -> Recommended:
    """Recommend teams and times for a visit that nobody serves, or for a need that is new; the plan is not changed.

    Parameters
    ----------
    week, plan
        A problem and its plan in force, or the `Desk` that has both.
    visit
        A visit of the week; one that is served is looked at as if it were not. With `need`, the visit of it that is meant (the first if left out).
    need, resident
        A new need (an object or plain values), and its resident, if the week does not have them.
    now
        Nothing is recommended before it.
    top
        How many options.
    is_over
        Asked now and then; once it returns True, the options found so far are returned.

    Raises
    ------
    ProblemError
        If the need does not go with the week: every fault, with its path.
    PlanError
        If the plan is not one of the problem, or there is no such visit.
    """
    desk = week if isinstance(week, Desk) else Desk.of(week, plan or Plan())
    if need is not None:
        asked, theirs = _read(Need, need, "/need"), _read(Resident, resident, "/resident") if resident is not None else None
        desk = with_need(desk, asked, theirs)
        visit = visit or f"{asked.id}#1"
    if visit not in desk.row:
        raise PlanError([Fault("", f"the problem has no visit {visit!r}; a visit is a need's id, # and a number, such as n1#1", "unknown")])
    v = desk.row[visit]
    compiled, packed = desk.compiled, desk.packed
    if now is not None:
        compiled = closed(compiled, {visit}, max(0, desk.problem.horizon.since(now)))
        packed = pack(compiled.instance)
    others = Others(Ground(compiled, desk.state), v, packed)
    before = Plan(
        assignments=tuple(item for item in desk.plan.assignments if item.visit != visit),
        unassigned=desk.plan.unassigned,
    )
    finder = _Finder(replace(desk, compiled=compiled), others, v, before)
    places = others.found(is_over)
    options = finder.options(places, top, is_over)
    return Recommended(desk.problem, before, visit, options, len(places))


def _read(model: Any, item: Any, path: str) -> Any:
    if isinstance(item, model):
        return item
    try:
        return model.model_validate(item)
    except ValueError as error:  # pydantic's own error is one
        raise ProblemError(Fault(path + fault.path, fault.message, fault.code) for fault in faults_from_pydantic(error)) from None  # type: ignore[arg-type]


class _Finder:
    """Turns places of a visit into verified options that are unlike one another."""

    def __init__(self, desk: Desk, others: Others, v: int, before: Plan) -> None:
        self._desk, self._others, self._v, self._before = desk, others, v, before
        self._visit = desk.compiled.visits[v].id
        self._recheck = desk.recheck.without(self._visit)
        self._starts = view(others.state).node[:, START].copy()
        self._assigned = {item.visit: item for item in before.assignments}

    def options(self, places: list[tuple[int, list[Any]]], top: int, is_over: Callable[[], bool]) -> tuple[Option, ...]:
        found: list[Option] = []
        teams: dict[tuple[str, ...], set[Any]] = {}
        for _, place in places[:LOOKED_AT]:
            if len(found) >= top or (found and is_over()):
                break
            changes = self._others.with_place(place, self._changes)
            assignment = changes.get(self._visit) if changes else None
            if assignment is None or changes is None:
                continue
            team = tuple(sorted(service.provider for service in assignment.team))
            days = teams.setdefault(team, set())
            day = assignment.team[0].start.date()
            if len(days) >= PER_TEAM or day in days:
                continue
            judged = self._recheck.of(changes)
            if not judged.is_clean:
                continue
            days.add(day)
            moved = tuple(Moved(self._assigned[name], item) for name, item in changes.items() if name != self._visit)
            found.append(Option(assignment, judged.cost, judged.by_term, moved))
        return tuple(sorted(found, key=lambda option: option.cost))

    def _changes(self, state: Longs) -> dict[str, Assignment] | None:
        """Return the assignments that differ once the visit has a place, by visit; None where others would have to be given another number."""
        compiled, routes = self._desk.compiled, view(state)
        instance = compiled.instance
        moved = np.flatnonzero((routes.node[:, START] != self._starts) & (routes.node[:, SHIFT] >= 0))
        rows = {self._v, *instance.nodes["visit"][moved].tolist()}
        need = instance.needs[instance.visits["need"][self._v]]
        first, count = int(need["first_visit"]), int(need["visits"])
        siblings = sum(int(routes.visit[v, IS_IN]) for v in range(first, first + count) if v != self._v)
        if siblings and not need["is_numbered"]:
            return self._renumbered(state)
        tables = Tables(compiled, routes)
        return {compiled.visits[w].id: tables.assignment(compiled.visits[w].id, w, None) for w in rows}

    def _renumbered(self, state: Longs) -> dict[str, Assignment] | None:
        """Return what differs where the visits of the need are numbered anew, in order of time: only if those that are there keep their numbers."""
        plan = decode(self._desk.compiled, state, self._before)
        changes = changes_of(self._desk.problem, self._before, plan)
        if any(change.after is None for change in changes) or all(change.visit != self._visit for change in changes):
            return None
        return {change.visit: change.after for change in changes if change.after is not None}
