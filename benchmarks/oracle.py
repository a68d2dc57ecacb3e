"""The optimum of a tiny problem by exhaustive search, judged by the verifier alone: no code, no idea shared with the solvers.

Every visit is left out or given each team, room, fund and start of a grid of `STEP` seconds, depth first over the visits. A branch is cut only where
that cannot lose a plan: where the verifier finds a rule broken that no further visit can mend, or where what is decided costs as much already as
the best plan known. Both hold where travel obeys the triangle inequality, which `small_problem(..., grid=True)` sees to.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher.check import Report, check
from matcher.plan import Assignment, Plan, Service
from matcher.rules import Rule, Term
from matcher.travel import Journeys

if TYPE_CHECKING:
    from matcher.problem import Problem
    from matcher.visits import Visit

STEP = 900
"""Seconds between the starts that are tried."""

OF_SERVICE = frozenset(
    {
        Rule.KIND, Rule.SKILL, Rule.CERTIFICATE, Rule.LANGUAGE, Rule.GENDER, Rule.REFUSED, Rule.CATEGORY, Rule.CHECKED, Rule.AREA, Rule.WINDOW,
        Rule.SHIFT, Rule.LUNCH, Rule.DAY_MINUTES, Rule.WEEK_MINUTES, Rule.CREWS, Rule.FUND_ALLOWED, Rule.FUND_BALANCE,
    }
)  # fmt: skip
"""Rules that one service breaks by itself, whoever else serves."""

MENDABLE = frozenset({Rule.LEG})
"""A leg that is too long can become two that are not. Nothing else gets better by a further visit, visits being decided by rising number."""

GROWING = (
    Term.NEW_FACE, Term.CONTINUITY, Term.PREFERRED_WINDOW, Term.PREFERRED_PERSON, Term.PAIRING, Term.STAND_IN, Term.RATING, Term.LATENESS,
    Term.MAX_LATENESS, Term.MONEY, Term.TRAVEL, Term.WORKLOAD,
)  # fmt: skip
"""Terms that no further visit makes smaller."""


class TooLarge(Exception):
    """The search would take more checks than allowed."""


@dataclass
class Oracle:
    """A search for the best plan of a problem, or for one that costs less than a known plan.

    Parameters
    ----------
    checks
        How many plans may be looked at before `TooLarge` is raised.
    """

    problem: Problem
    checks: int = 200_000
    best: Plan | None = None
    _cost: int | None = None
    _options: list[list[Assignment]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._journeys, self._empty = Journeys(self.problem), Plan()

    def optimum(self) -> tuple[int, Plan]:
        """Return the least cost of any plan on the grid, and a plan of that cost."""
        empty = Plan()
        found = self.below(check(self.problem, empty).cost)
        plan = found or empty
        return check(self.problem, plan).cost, plan

    def below(self, cost: int) -> Plan | None:
        """Return the cheapest plan that costs less than `cost`, None where there is none on the grid."""
        self.best, self._cost = None, cost
        self._options = []
        for visit in self.problem.visits:
            found = sorted(self._assignments(visit), key=lambda pair: pair[0])
            self._options.append([assignment for _, assignment in found])
        self._decide(0, (), self._judge(()), 0)
        return self.best

    def _judge(self, assignments: tuple[Assignment, ...]) -> Report:
        if self.checks <= 0:
            raise TooLarge
        self.checks -= 1
        return check(self.problem, self._empty.model_copy(update={"assignments": assignments}), self._journeys)

    def _decide(self, v: int, chosen: tuple[Assignment, ...], report: Report, lost: int) -> None:
        """Decide the visits from `v` on, those before being `chosen` or left out; `report` is what the verifier says of that."""
        assert self._cost is not None
        if v == len(self._options):
            if report.is_clean and report.cost < self._cost:
                self._cost, self.best = report.cost, Plan(assignments=chosen)
            return
        for option in self._options[v]:
            with_it = self._judge((*chosen, option))
            if {violation.rule for violation in with_it.violations} <= MENDABLE and lost + _grown(with_it) < self._cost:
                self._decide(v + 1, (*chosen, option), with_it, lost)
        lost += self._loss(self.problem.visits[v])
        if lost < self._cost:
            self._decide(v + 1, chosen, report, lost)

    def _loss(self, visit: Visit) -> int:
        weights = self.problem.weights
        return weights.unserved * weights.urgency[visit.need.urgency - 1]

    def _assignments(self, visit: Visit) -> Iterator[tuple[int, Assignment]]:
        """Every way to serve a visit that is without fault when nothing else is served, with what it costs by itself."""
        venue = next((venue for venue in self.problem.venues if venue.id == visit.need.venue), None)
        rooms = [room.id for room in venue.rooms] if venue is not None else [None]
        per_role = [list(self._services(visit, k)) for k in range(len(visit.roles))]
        for team in itertools.product(*per_role):
            if len({service.provider for service, _ in team}) < len(team):
                continue
            for room in rooms:
                assignment = Assignment(visit=visit.id, team=tuple(service for service, _ in team), room=room)
                # Of a team of one without a room the verifier has spoken already.
                report = team[0][1] if len(team) == 1 and room is None else self._judge((assignment,))
                broken = {violation.rule for violation in report.violations}
                # a later visit may hang on the first one, which is not there yet
                if broken <= MENDABLE | {Rule.SPACING}:
                    yield _grown(report), assignment

    def _services(self, visit: Visit, k: int) -> Iterator[tuple[Service, Report]]:
        """Every service that breaks no rule by itself, with what the verifier says of it alone."""
        role, horizon = visit.roles[k], self.problem.horizon
        starts = {start for low, _, high in visit.windows for start in range(low, high + 1, STEP)}
        funds = [None, *(fund.id for fund in self.problem.funds)]
        for provider in self.problem.providers:
            is_free = provider.price_per_hour == provider.price_per_visit == 0
            for crew, start, fund in itertools.product(range(1, provider.crews + 1), sorted(starts), [None] if is_free else funds):
                service = Service(
                    role=role.id,
                    provider=provider.id,
                    crew=crew,
                    start=horizon.moment(start),
                    end=horizon.moment(start + role.seconds),
                    fund=fund,
                )
                report = self._judge((Assignment(visit=visit.id, team=(service,)),))
                mine = {violation.rule for violation in report.violations if violation.rule in OF_SERVICE}
                if not mine:
                    yield service, report


def _grown(report: Report) -> int:
    return sum(report.terms[term] for term in GROWING)
