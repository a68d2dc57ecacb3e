"""What differs between two plans of one problem: visit by visit, who has to be told what, and the cost term by term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from matcher.check import check
from matcher.errors import Fault, PlanError
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.plan import Assignment, Plan, Service
    from matcher.problem import Problem
    from matcher.rules import Term


class What(StrEnum):
    """What became of a visit, or of one person's part in it."""

    ASSIGNED = "assigned"
    DROPPED = "dropped"
    MOVED = "moved"
    """Served by the same people at another time or in another room."""
    TEAM = "team"
    """Served at the same time and place by other people."""
    MOVED_TEAM = "moved_team"
    """Both."""
    WITHDRAWN = "withdrawn"
    """No longer part of the week: not asked for any more, or done by others. Only those who were to serve it have to be told."""
    FUND = "fund"
    """Only the fund that pays is another: nobody has to be told but who keeps the books."""
    NEW = "new"
    """For one person: a service that they did not have before."""
    GONE = "gone"
    """For one person: a service that they no longer have."""
    MATES = "mates"
    """For one person: the same service with other colleagues."""


@dataclass(frozen=True)
class Swap:
    """A role that another provider fills (None: nobody)."""

    role: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class VisitChange:
    """What became of one visit."""

    visit: str
    what: What
    before: Assignment | None
    after: Assignment | None
    swaps: tuple[Swap, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        data: dict[str, Any] = {"visit": self.visit, "what": self.what.value}
        data["before"] = self.before.model_dump(mode="json", exclude_defaults=True) if self.before is not None else None
        data["after"] = self.after.model_dump(mode="json", exclude_defaults=True) if self.after is not None else None
        data["swaps"] = [{"role": swap.role, "before": swap.before, "after": swap.after} for swap in self.swaps]
        return data


@dataclass(frozen=True)
class Notice:
    """What one person has to be told of one visit: `who` is a provider or a resident."""

    who: str
    is_resident: bool
    visit: str
    what: What
    before: dt.datetime | None
    after: dt.datetime | None

    def to_json(self) -> dict[str, Any]:
        """Return the notice as plain JSON values."""
        return {
            "resident" if self.is_resident else "provider": self.who,
            "visit": self.visit,
            "what": self.what.value,
            "before": self.before.isoformat() if self.before is not None else None,
            "after": self.after.isoformat() if self.after is not None else None,
        }


@dataclass(frozen=True)
class Difference:
    """What differs between plan a and plan b.

    Attributes
    ----------
    visits : tuple of VisitChange
        In the order of the problem; visits that are alike are left out.
    notices : tuple of Notice
        Residents first, then providers, each in the order of the problem and of time.
    cost_a, cost_b : int
    terms_a, terms_b : dict of Term to int
    violations_a, violations_b : int
        Broken rules, as `matcher.check` counts them.
    """

    visits: tuple[VisitChange, ...]
    notices: tuple[Notice, ...]
    cost_a: int
    cost_b: int
    terms_a: dict[Term, int]
    terms_b: dict[Term, int]
    violations_a: int
    violations_b: int

    @property
    def by_term(self) -> dict[Term, int]:
        """What plan b costs more than plan a, for each term in which they differ."""
        return {term: cost - self.terms_a[term] for term, cost in self.terms_b.items() if cost != self.terms_a[term]}

    def to_json(self) -> dict[str, Any]:
        """Return the difference as plain JSON values."""
        counts: dict[str, int] = {}
        for change in self.visits:
            counts[change.what.value] = counts.get(change.what.value, 0) + 1
        return {
            "counts": counts,
            "cost": {"a": self.cost_a, "b": self.cost_b, "difference": self.cost_b - self.cost_a},
            "terms": {term.value: {"a": self.terms_a[term], "b": self.terms_b[term], "difference": gained} for term, gained in self.by_term.items()},
            "violations": {"a": self.violations_a, "b": self.violations_b},
            "visits": [change.to_json() for change in self.visits],
            "notices": [notice.to_json() for notice in self.notices],
        }


def diff(problem: Problem, a: Plan, b: Plan) -> Difference:
    """Compare two plans of a problem.

    Visits of a need are compared number by number. Plans that break rules are compared all the same; `Difference` counts the violations.

    Raises
    ------
    PlanError
        If a plan speaks of things that the problem does not have, or is a plan of another problem; the message says which of the two.
    """
    reports = []
    for name, plan in (("a", a), ("b", b)):
        try:
            reports.append(check(problem, plan))
        except PlanError as error:
            raise PlanError(Fault(fault.path, f"plan {name}: {fault.message}", fault.code) for fault in error.faults) from None
    visits = changes_of(problem, a, b)
    return Difference(
        visits=visits,
        notices=notices_of((problem,), visits),
        cost_a=reports[0].cost,
        cost_b=reports[1].cost,
        terms_a=reports[0].terms,
        terms_b=reports[1].terms,
        violations_a=len(reports[0].violations),
        violations_b=len(reports[1].violations),
    )


def changes_of(problem: Problem, a: Plan, b: Plan) -> tuple[VisitChange, ...]:
    """Return what became of each visit between two plans, in the order of the problem; visits that are alike are left out."""
    before = {assignment.visit: assignment for assignment in a.assignments}
    after = {assignment.visit: assignment for assignment in b.assignments}
    changes = (_change(visit.id, before.get(visit.id), after.get(visit.id)) for visit in problem.visits)
    return tuple(change for change in changes if change is not None)


def _change(visit: str, before: Assignment | None, after: Assignment | None) -> VisitChange | None:
    if before is after:
        return None
    old, new = _by_role(before), _by_role(after)
    swaps = tuple(
        Swap(role, old[role].provider if role in old else None, new[role].provider if role in new else None)
        for role in dict.fromkeys((*old, *new))
        if (old[role].provider if role in old else None) != (new[role].provider if role in new else None)
    )
    if before is None or after is None:
        return VisitChange(visit, What.ASSIGNED if before is None else What.DROPPED, before, after, swaps)
    has_moved = before.room != after.room or any(old[role].start != new[role].start for role in old if role in new)
    if swaps or has_moved:
        what = What.MOVED_TEAM if swaps and has_moved else What.TEAM if swaps else What.MOVED
        return VisitChange(visit, what, before, after, swaps)
    if any((old[role].fund, old[role].crew) != (new[role].fund, new[role].crew) for role in old):
        what = What.FUND if all(old[role].crew == new[role].crew for role in old) else What.TEAM
        return VisitChange(visit, what, before, after, ())
    return None


def _by_role(assignment: Assignment | None) -> dict[str, Service]:
    return {service.role: service for service in assignment.team} if assignment is not None else {}


def notices_of(problems: Sequence[Problem], changes: tuple[VisitChange, ...]) -> tuple[Notice, ...]:
    """Return what everybody has to be told of changes: residents first, then providers, each in the order of the problems and of time.

    Parameters
    ----------
    problems
        The problem, or several (a week before and after something happened), that have the needs and people which the changes are about.
    """
    residents: dict[str, int] = {}
    providers: dict[str, int] = {}
    for problem in problems:
        for resident in problem.residents:
            residents.setdefault(resident.id, len(residents))
        for provider in problem.providers:
            providers.setdefault(provider.id, len(providers))
    resident_of = {need.id: need.resident for problem in problems for need in problem.needs}
    found: list[Notice] = []
    for change in changes:
        if change.what == What.FUND:
            continue
        whose = resident_of[need_of(change.visit)]
        if whose is not None and change.what != What.WITHDRAWN:
            found.append(Notice(whose, True, change.visit, change.what, _start(change.before), _start(change.after)))
        old, new = _by_provider(change.before), _by_provider(change.after)
        for who in dict.fromkeys((*old, *new)):
            what = _part(change, old.get(who), new.get(who))
            if what is not None:
                found.append(Notice(who, False, change.visit, what, _begin(old.get(who)), _begin(new.get(who))))
    rank = {True: residents, False: providers}
    return tuple(sorted(found, key=lambda n: (not n.is_resident, rank[n.is_resident][n.who], n.after or n.before or dt.datetime.min, n.visit)))


def _part(change: VisitChange, old: Service | None, new: Service | None) -> What | None:
    """Return what one provider has to be told of a visit; None where nothing."""
    if old is None:
        return What.NEW
    if new is None:
        return What.GONE
    rooms = (change.before.room if change.before else None, change.after.room if change.after else None)
    if old.start != new.start or rooms[0] != rooms[1]:
        return What.MOVED
    if old.role != new.role or old.crew != new.crew:
        return What.TEAM
    return What.MATES if change.swaps else None


def _by_provider(assignment: Assignment | None) -> dict[str, Service]:
    return {service.provider: service for service in assignment.team} if assignment is not None else {}


def _start(assignment: Assignment | None) -> dt.datetime | None:
    return assignment.team[0].start if assignment is not None else None


def _begin(service: Service | None) -> dt.datetime | None:
    return service.start if service is not None else None
