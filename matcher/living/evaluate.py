"""The caller's own plan judged: what it costs, which rules it breaks, what the engine would change first; and one move of it tried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from matcher.errors import Fault, PlanError
from matcher.explain.alternatives import Others
from matcher.explain.refit import never
from matcher.kernels.probe import OUT_COST, PLACED_COST, probe
from matcher.living.desk import Desk
from matcher.living.recommend import Moved
from matcher.plan import Assignment, Plan, Service
from matcher.solvers.searcher import Searcher
from matcher.trace import Trace
from matcher.verifier.recheck import Recheck

if TYPE_CHECKING:
    from matcher.check import Report, Violation
    from matcher.people import Provider
    from matcher.problem import Problem
    from matcher.rules import Term
    from matcher.trace import Changed
    from matcher.verifier.recheck import Judged
    from matcher.visits import Visit

TOP = 3
LOOKED_AT = 24
"""Changes that are worked out and verified, those that promise most first, to find the best."""
MENDING = 12
"""Of these, how many at most are of visits that break a rule."""

Kind = Literal["add", "remove", "move", "reassign"]


@dataclass(frozen=True)
class Suggestion:
    """A change of one visit that would make a plan better.

    Attributes
    ----------
    kind
        ``add``, ``remove``, ``move`` (the same people at another time or in another room) or ``reassign`` (other people).
    before, after : Assignment or None
    moved : tuple of Moved
        Other visits that start later for it.
    cost : int
        What the plan costs more with it: below zero, unless it mends a rule.
    by_term : dict of Term to int
    mended, broken : tuple of Violation
        Rules that are broken no longer, and newly (never more than are mended).
    """

    kind: Kind
    visit: str
    before: Assignment | None
    after: Assignment | None
    moved: tuple[Moved, ...]
    cost: int
    by_term: dict[Term, int]
    mended: tuple[Violation, ...]
    broken: tuple[Violation, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the suggestion as plain JSON values."""
        return {
            "kind": self.kind,
            "visit": self.visit,
            "before": _plain(self.before),
            "after": _plain(self.after),
            "moved": [item.to_json() for item in self.moved],
            "cost": self.cost,
            "by_term": {term.value: cost for term, cost in self.by_term.items()},
            "mended": [item.to_json() for item in self.mended],
            "broken": [item.to_json() for item in self.broken],
        }


@dataclass(frozen=True)
class Evaluated:
    """What is to be said of a plan.

    Attributes
    ----------
    report : Report
        The cost, term by term, and every violation.
    suggestions : tuple of Suggestion
        The best single changes that were found, the best first: those that mend most rules, then those that save most.
    """

    report: Report
    suggestions: tuple[Suggestion, ...]

    @property
    def first(self) -> Suggestion | None:
        """What the engine would change first; None where it sees nothing to gain from a single visit."""
        return self.suggestions[0] if self.suggestions else None

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as plain JSON values."""
        return {**self.report.to_json(), "suggestions": [item.to_json() for item in self.suggestions]}


@dataclass(frozen=True)
class WhatIf:
    """What a move of one visit would do.

    Attributes
    ----------
    before, after : Assignment or None
        The visit as it is and as it would be.
    broken, mended : tuple of Violation
        Rules that would be broken, and that would be broken no longer.
    cost : int
        What the plan would cost more; by term in `by_term`.
    """

    visit: str
    before: Assignment | None
    after: Assignment | None
    broken: tuple[Violation, ...]
    mended: tuple[Violation, ...]
    cost: int
    by_term: dict[Term, int]

    @property
    def is_allowed(self) -> bool:
        """Whether the move breaks no rule."""
        return not self.broken

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        return {
            "visit": self.visit,
            "is_allowed": self.is_allowed,
            "before": _plain(self.before),
            "after": _plain(self.after),
            "cost": self.cost,
            "by_term": {term.value: cost for term, cost in self.by_term.items()},
            "broken": [item.to_json() for item in self.broken],
            "mended": [item.to_json() for item in self.mended],
        }


def evaluate(week: Problem | Desk, plan: Plan | None = None, *, top: int = TOP, is_over: Callable[[], bool] = never) -> Evaluated:
    """Judge a plan from anywhere, which may break rules, and find the single changes that would make it better.

    Parameters
    ----------
    week, plan
        A problem and a plan of it, or the `Desk` that has both.
    top
        How many suggestions.
    is_over
        Asked now and then; once it returns True, what was found so far is returned.

    Raises
    ------
    PlanError
        If the plan is of another problem, or speaks of what the problem does not have.
    """
    desk = week if isinstance(week, Desk) else Desk.of(week, plan or Plan(), is_in_force=False)
    found: list[Suggestion] = []
    for v in _promising(desk) if top > 0 else ():
        if found and is_over():
            break
        found.extend(sorted(_suggestions(desk, v), key=_worth)[:1])
    found.sort(key=_worth)
    return Evaluated(desk.report, tuple(found[:top]))


def _worth(item: Suggestion) -> tuple[int, int, str]:
    return len(item.broken) - len(item.mended), item.cost, item.visit


def _promising(desk: Desk) -> list[int]:
    """Return the visits that are worth a closer look: those that break rules, then those that a place elsewhere, in or out saves most."""
    instance = desk.compiled.instance
    searcher = Searcher.on(instance, desk.packed, 1, desk.state)
    rows = np.arange(len(instance.visits), dtype=np.int64)
    width = 2 + 2 * int(instance.visits["nodes"].max(initial=1))
    found = np.zeros(len(rows) * width, np.int64)
    probe(*searcher.arrays[:4], rows, found, searcher.is_timed)
    table = found.reshape(-1, width)
    gain = np.minimum(table[:, OUT_COST], table[:, PLACED_COST])
    blamed = {item.visit for item in desk.report.violations if item.visit is not None}
    first = [desk.row[name] for name in dict.fromkeys((*desk.lost, *sorted(blamed))) if name in desk.row][:MENDING]
    order = [int(v) for v in np.argsort(gain, kind="stable") if gain[v] < 0 and int(v) not in first]
    return [*first, *order[: LOOKED_AT - len(first)]]


def _suggestions(desk: Desk, v: int) -> Iterator[Suggestion]:
    """Yield what becomes better if a visit is taken out of a plan, or has the place in it that costs least."""
    name = desk.compiled.visits[v].id
    assigned = desk.assigned
    others = Others(desk.ground, v, desk.packed)
    place = others.cheapest()
    tried: list[Changed] = []
    if place is not None:
        trace = Trace(desk.compiled, desk.state, assigned)
        placed = others.with_place(place, lambda state: trace.changes(state, v))
        if placed:
            tried.append(placed)
    if name in assigned:
        tried.append({name: None})
    for changes in tried:
        if name not in changes or not changes.keys() - {name} <= assigned.keys():
            continue
        judged = desk.recheck.of(changes)
        gained = len(judged.mended) - len(judged.broken)
        if gained > 0 or (not judged.broken and judged.cost < 0):
            yield _suggestion(name, assigned, changes, judged)


def _suggestion(name: str, assigned: dict[str, Assignment], changes: Changed, judged: Judged) -> Suggestion:
    before, after = assigned.get(name), changes[name]
    kind: Kind = "add" if before is None else "remove" if after is None else "move"
    if before is not None and after is not None and _people(before) != _people(after):
        kind = "reassign"
    moved = tuple(Moved(assigned[other], item) for other, item in changes.items() if other != name)
    return Suggestion(kind, name, before, after, moved, judged.cost, judged.by_term, judged.mended, judged.broken)


def _people(assignment: Assignment) -> dict[str, tuple[str, int]]:
    return {service.role: (service.provider, service.crew) for service in assignment.team}


def what_if(
    week: Problem | Desk,
    plan: Plan | None = None,
    *,
    visit: str,
    provider: str | None = None,
    role: str | None = None,
    start: dt.datetime | None = None,
    room: str | None = None,
    out: bool = False,
) -> WhatIf:
    """Try out a move of one visit, as on a board: to somebody else, to another time, into another room, in or out. Nothing else moves.

    Parameters
    ----------
    week, plan
        A problem and a plan of it, or the `Desk` that has both.
    visit
        The visit (``need#number``).
    provider, role
        Who serves it, in which role; the role may be left out where there is only one, or where only one is of the provider's kind.
    start
        When its first service starts; the others move with it. Left out, it stays as it is.
    room
        The room, at a venue; left out, it stays, or the smallest that is large enough is taken.
    out
        Whether the visit is left out instead.

    Raises
    ------
    PlanError
        If the problem has no such visit, provider, role or room, or the visit is not in the plan and no start is given.
    """
    problem = week.problem if isinstance(week, Desk) else week
    given = week.plan if isinstance(week, Desk) else plan or Plan()
    recheck = week.recheck if isinstance(week, Desk) else Recheck(problem, given)
    item = next((item for item in problem.visits if item.id == visit), None)
    if item is None:
        raise PlanError([Fault("/visit", f"the problem has no visit {visit!r}; a visit is a need's id, # and a number, such as n1#1", "unknown")])
    before = next((line for line in given.assignments if line.visit == visit), None)
    after = None if out else _Move(problem, given, item, before).made(provider, role, start, room)
    if before is None and after is None:
        return WhatIf(visit, None, None, (), (), 0, {})
    judged = recheck.of({visit: after})
    return WhatIf(visit, before, after, judged.broken, judged.mended, judged.cost, judged.by_term)


class _Move:
    """A visit on its way to another place of a board."""

    def __init__(self, problem: Problem, plan: Plan, visit: Visit, before: Assignment | None) -> None:
        self._problem, self._plan, self._visit, self._before = problem, plan, visit, before
        self._providers = {provider.id: provider for provider in problem.providers}

    def made(self, provider: str | None, role: str | None, start: dt.datetime | None, room: str | None) -> Assignment:
        if provider is not None and provider not in self._providers:
            raise PlanError([Fault("/provider", f"the problem has no provider {provider!r}", "unknown")])
        names = [item.id for item in self._visit.roles]
        if role is not None and role not in names:
            raise PlanError([Fault("/role", f"visit {self._visit.id!r} has no role {role!r}; it has {', '.join(names)}", "unknown")])
        if self._before is None and (start is None or provider is None):
            missing = "start" if start is None else "provider"
            message = f"is missing: visit {self._visit.id!r} is not in the plan, so that a provider and a start are needed"
            raise PlanError([Fault(f"/{missing}", message, "missing")])
        taken = self._role(provider, role) if provider is not None else None
        old = {service.role: service for service in self._before.team} if self._before is not None else {}
        first = self._before.team[0].start if self._before is not None else start
        assert first is not None
        by = (start or first) - first
        team = []
        for item in self._visit.roles:
            who = provider if item.id == taken else old[item.id].provider if item.id in old else None
            if who is not None:
                begin = (old[item.id].start if item.id in old else first) + by
                end = begin + dt.timedelta(minutes=item.minutes)
                team.append(self._service(item.id, self._providers[who], begin, end, old.get(item.id)))
        return Assignment(visit=self._visit.id, team=tuple(team), room=self._room(room))

    def _role(self, provider: str, role: str | None) -> str:
        """Return the role that a provider is dropped on."""
        if role is not None:
            return role
        kind = self._providers[provider].kind
        own = [item.id for item in self._visit.roles if kind in (*item.role.kinds, *item.role.stand_ins)]
        if len(self._visit.roles) == 1:
            return self._visit.roles[0].id
        if len(own) != 1:
            names = ", ".join(item.id for item in self._visit.roles)
            message = f"is missing: visit {self._visit.id!r} has several roles ({names}); say which one {provider!r} takes"
            raise PlanError([Fault("/role", message, "missing")])
        return own[0]

    def _service(self, role: str, provider: Provider, start: dt.datetime, end: dt.datetime, old: Service | None) -> Service:
        is_same = old is not None and old.provider == provider.id
        crew = old.crew if is_same and old is not None else self._crew(provider, start, end)
        costs = provider.price_per_hour > 0 or provider.price_per_visit > 0
        fund = None if not costs else old.fund if old is not None and old.fund is not None else self._fund()
        return Service(role=role, provider=provider.id, crew=crew, start=start, end=end, fund=fund)

    def _crew(self, provider: Provider, start: dt.datetime, end: dt.datetime) -> int:
        """Return the first crew that has nothing to do at that time; the first of all where every one has."""
        busy = {
            service.crew
            for item in self._plan.assignments
            if item.visit != self._visit.id
            for service in item.team
            if service.provider == provider.id and service.start < end and start < service.end
        }
        return next((crew for crew in range(1, provider.crews + 1) if crew not in busy), 1)

    def _fund(self) -> str | None:
        """Return a fund that may pay for the need."""
        need, community = self._visit.need, self._visit.community
        for fund in self._problem.funds:
            may = need.funds is None or fund.id in need.funds
            if may and (fund.categories is None or need.category in fund.categories) and (fund.communities is None or community in fund.communities):
                return fund.id
        return None

    def _room(self, room: str | None) -> str | None:
        need = self._visit.need
        if need.place != "venue":
            return None
        rooms = [item for venue in self._problem.venues if venue.id == need.venue for item in venue.rooms]
        if room is not None:
            return room
        if self._before is not None and self._before.room is not None:
            return self._before.room
        fitting = sorted((item for item in rooms if item.seats >= need.attendees), key=lambda item: item.seats)
        return (fitting or rooms)[0].id


def _plain(assignment: Assignment | None) -> dict[str, Any] | None:
    return assignment.model_dump(mode="json", exclude_defaults=True) if assignment is not None else None
