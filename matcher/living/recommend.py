"""The best teams and times for one visit more, in a plan that otherwise stays: each option verified, with what it costs, term by term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.errors import Fault, PlanError, ProblemError
from matcher.explain.alternatives import Others
from matcher.explain.refit import Ground, never
from matcher.kernels.cells import pack
from matcher.living.append import with_need
from matcher.living.closing import closed
from matcher.living.desk import Desk
from matcher.people import Resident
from matcher.plan import Plan
from matcher.problem import Need
from matcher.trace import Trace
from matcher.validation import faults_from_pydantic

if TYPE_CHECKING:
    import datetime as dt

    from matcher.compile import Compiled
    from matcher.instance import Longs
    from matcher.plan import Assignment
    from matcher.problem import Problem
    from matcher.rules import Term
    from matcher.trace import Changed
    from matcher.verifier.recheck import Recheck

TOP = 10
PER_TEAM = 2
"""Options with the same people that are given at most, on different days."""
LOOKED_AT = 40
"""Places that are worked out to find the options: some do not settle, some are much like others."""


@dataclass(frozen=True)
class Moved:
    """Another visit that is served otherwise for the option to be possible, or not any more (`after` is None)."""

    before: Assignment
    after: Assignment | None

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        return {
            "visit": self.before.visit,
            "before": self.before.model_dump(mode="json", exclude_defaults=True),
            "after": self.after.model_dump(mode="json", exclude_defaults=True) if self.after is not None else None,
        }


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
        Other visits that have to start later for it, or make way for it.
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
        Places that were seen, before they were thinned out: free ones, one for each shift of each role's providers; where those did not give options
        enough, also those that open when one other visit makes way.
    """

    problem: Problem
    before: Plan
    visit: str
    options: tuple[Option, ...]
    places: int

    def plan_with(self, option: Option) -> Plan:
        """Return the plan with an option in it."""
        changed = {item.before.visit: item.after for item in option.moved} | {self.visit: option.assignment}
        kept = [changed.pop(item.visit, item) for item in self.before.assignments]
        assignments = tuple(item for item in (*kept, *changed.values()) if item is not None)
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
    kept = tuple(item for item in desk.plan.assignments if item.visit != visit)
    finder = _Finder(compiled, others, v, desk.recheck.without(visit), kept)
    places = others.found(is_over)
    for _, place in places[:LOOKED_AT]:
        if len(finder.found) >= top or (finder.found and is_over()):
            break
        finder.consider(others.with_place(place, finder.changes))
    exchanges: list[tuple[int, int]] = []
    if len(finder.found) < top and not is_over():
        exchanges = others.exchanges(others.neighbours())
        for _, u in exchanges[:LOOKED_AT]:
            if len(finder.found) >= top or (finder.found and is_over()):
                break
            finder.consider(others.with_exchange(u, finder.changes))
    before = desk.plan.model_copy(update={"problem": None, "assignments": kept})
    options = tuple(sorted(finder.found, key=lambda option: option.cost))
    return Recommended(desk.problem, before, visit, options, len(places) + len(exchanges))


def _read(model: Any, item: Any, path: str) -> Any:
    if isinstance(item, model):
        return item
    try:
        return model.model_validate(item)
    except ValueError as error:  # pydantic's own error is one
        raise ProblemError(Fault(path + fault.path, fault.message, fault.code) for fault in faults_from_pydantic(error)) from None  # type: ignore[arg-type]


class _Finder:
    """Turns places of a visit into verified options that are unlike one another."""

    def __init__(self, compiled: Compiled, others: Others, v: int, recheck: Recheck, kept: tuple[Assignment, ...]) -> None:
        self.found: list[Option] = []
        self._compiled, self._v, self._visit = compiled, v, compiled.visits[v].id
        self._recheck, self._assigned = recheck, {item.visit: item for item in kept}
        self._trace = Trace(compiled, others.state, self._assigned)
        self._teams: dict[tuple[str, ...], set[dt.date]] = {}

    def consider(self, changes: Changed | None) -> None:
        """Take up what would have to change as an option, if it breaks no rule and is not much like one that is there."""
        assignment = changes.get(self._visit) if changes is not None else None
        if changes is None or assignment is None or not (changes.keys() - {self._visit}) <= self._assigned.keys():
            return
        days = self._teams.setdefault(tuple(sorted(service.provider for service in assignment.team)), set())
        day = assignment.team[0].start.date()
        if len(days) >= PER_TEAM or day in days:
            return
        judged = self._recheck.of(changes)
        if judged.is_clean:
            days.add(day)
            moved = tuple(Moved(self._assigned[name], item) for name, item in changes.items() if name != self._visit)
            self.found.append(Option(assignment, judged.cost, judged.by_term, moved))

    def changes(self, state: Longs) -> Changed:
        """Return what becomes of visits once the visit has a place in the routes."""
        return self._trace.changes(state, self._v)
