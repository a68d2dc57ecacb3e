"""Verifying a change of a plan by the part of the week that it touches: the verifier itself, on fewer visits.

Whatever a rule or a term counts together (the services of a provider, the visits of a need or a resident, the uses of a room) is taken along
whole, so that what is found is exactly what a verification of both whole plans would find, in milliseconds. Nothing of the search is used here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from matcher.fields import Fen
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.rules import Rule, Term
from matcher.travel import Journeys
from matcher.verifier.parts import Parts, by_visit
from matcher.verifier.people import people_violations
from matcher.verifier.places import place_violations
from matcher.verifier.reading import Reading, read
from matcher.verifier.routes import route_violations
from matcher.verifier.tally import lateness, per_mille, tally, urgencies
from matcher.verifier.teams import team_violations
from matcher.verifier.violations import Violation, yuan
from matcher.visits import need_of, shifts_of, visits_of

if TYPE_CHECKING:
    from matcher.plan import Assignment
    from matcher.problem import Need
    from matcher.visits import Shift, Visit

Changes = Mapping[str, "Assignment | None"]
"""What becomes of visits, by id; None leaves one out."""


@dataclass(frozen=True)
class Judged:
    """What a change of a plan does.

    Attributes
    ----------
    broken, mended : tuple of Violation
        Rules that are broken with the change and were not before it, and the other way round.
    by_term : dict of Term to int
        What the changed plan costs more, for each term in which the two differ.
    """

    broken: tuple[Violation, ...]
    mended: tuple[Violation, ...]
    by_term: dict[Term, int]

    @property
    def cost(self) -> int:
        """What the changed plan costs more than the plan."""
        return sum(self.by_term.values())

    @property
    def is_clean(self) -> bool:
        """Whether the change breaks no rule that was kept before."""
        return not self.broken


class Recheck:
    """A problem and a plan of it, ready to be asked what a change of the plan would do. The plan may break rules.

    Parameters
    ----------
    journeys
        Those of the problem, where they are at hand.
    is_clean
        Whether the plan is known to break no rule: then there is nothing that a change might mend, and nothing is looked for.
    reading
        The plan as the verifier has read it, where it is at hand.
    """

    def __init__(
        self, problem: Problem, plan: Plan, journeys: Journeys | None = None, *, is_clean: bool = False, reading: Reading | None = None
    ) -> None:
        self._journeys, self._is_clean = journeys or Journeys(problem), is_clean
        self._parts = Parts(problem, {assignment.visit: assignment for assignment in plan.assignments}).warmed()
        self._asked, self._left = urgencies(problem, self._parts.assigned)
        self._lateness: dict[str, int] = {}
        if problem.weights.max_lateness:
            reading = reading or read(problem, plan.model_copy(update={"problem": None}), self._journeys)
            self._lateness = {item.visit.id: max(lateness(service) for service in item.services) for item in reading.assigned.values()}

    @property
    def parts(self) -> Parts:
        """The week and the plan by what belongs to whom."""
        return self._parts

    def without(self, visit: str) -> Recheck:
        """Return the same for the plan without a visit; itself where the plan does not serve it."""
        assigned = self._parts.assigned
        if visit not in assigned:
            return self
        kept = tuple(item for name, item in assigned.items() if name != visit)
        return Recheck(self._parts.problem, Plan(assignments=kept), self._journeys)

    def with_need(self, problem: Problem, need: Need, journeys: Journeys) -> Recheck:
        """Return the same for the week with one more need, its last, which the plan does not serve."""
        community, own = problem.community_of[need.id], dict(self._parts.needs_of)
        if need.resident is not None:
            own[need.resident] = [*own.get(need.resident, ()), need.id]
        more = need.visits * problem.weights.urgency[need.urgency - 1]
        parts = copy(self._parts)
        vars(parts).update(
            problem=problem,
            visits={**parts.visits, need.id: list(problem.visits[-need.visits :])},
            need={**parts.need, need.id: need},
            rank={**parts.rank, need.id: len(parts.rank)},
            resident={resident.id: resident for resident in problem.residents},
            needs_of=own,
        )
        other = copy(self)
        vars(other).update(
            _parts=parts,
            _journeys=journeys,
            _asked={**self._asked, community: self._asked.get(community, 0) + more},
            _left={**self._left, community: self._left.get(community, 0) + more},
        )
        return other

    def of_changed(self, problem: Problem) -> Recheck:
        """Return the same for a changed week: people, needs, funds, rooms or pins are others, by the names that they had or by new ones.

        The plan is the same and breaks no rule there that it kept; nobody has left, and no need has another number of visits or another urgency.
        """
        before = self._parts
        providers = [provider for provider in problem.providers if provider is not before.provider.get(provider.id)]
        needs = [need for need in problem.needs if need is not before.need.get(need.id)]
        part = Problem.model_construct(
            horizon=problem.horizon, communities=problem.communities, residents=problem.residents, needs=tuple(needs), providers=tuple(providers)
        )
        visits: dict[str, list[Visit]] = {}
        for visit in visits_of(part):
            visits.setdefault(visit.need.id, []).append(visit)
        shifts: dict[str, list[Shift]] = {provider.id: [] for provider in providers}
        for shift in shifts_of(part):
            shifts[shift.provider.id].append(shift)
        is_known = all(provider.id in before.provider for provider in providers)
        parts = copy(before)
        vars(parts).update(
            problem=problem,
            visits={**before.visits, **visits},
            shifts={**before.shifts, **shifts},
            need={**before.need, **{need.id: need for need in needs}},
            provider={**before.provider, **{provider.id: provider for provider in providers}},
            pins=by_visit(problem.pins),
        )
        other = copy(self)
        vars(other).update(_parts=parts, _journeys=self._journeys if is_known else Journeys(problem))
        return other

    def of(self, changes: Changes) -> Judged:
        """Return what a change does: which rules it breaks or mends, and what it costs, term by term.

        Raises
        ------
        PlanError
            If an assignment speaks of what the problem does not have, or a service does not last as long as its role.
        """
        parts = self._parts
        before = [old for name in changes if (old := parts.assigned.get(name)) is not None]
        after = [new for new in changes.values() if new is not None]
        providers = {service.provider for item in (*before, *after) for service in item.team}
        visits = self._touched(changes, providers, {item.room for item in (*before, *after)})
        part = parts.week(visits, providers, parts.paid_but(visits))
        kept = [parts.assigned[name] for name in sorted(visits - changes.keys()) if name in parts.assigned]
        was, now = (read(part, Plan(assignments=(*kept, *lines)), self._journeys) for lines in (before, after))
        faults_was = [] if self._is_clean else [*self._violations(was, providers, part)]
        faults_now = [*self._violations(now, providers, part)]
        broken = tuple(item for item in faults_now if item not in faults_was)
        mended = tuple(item for item in faults_was if item not in faults_now)
        terms_was, terms_now = tally(was), tally(now)
        by_term = {term: cost - terms_was[term] for term, cost in terms_now.items() if cost != terms_was[term]}
        by_term |= {Term.EQUITY: self._equity(changes), Term.MAX_LATENESS: self._max_lateness(changes, now)}
        return Judged(broken, mended, {term: by_term[term] for term in Term if by_term.get(term)})

    def _touched(self, changes: Changes, providers: Iterable[str], rooms: Iterable[str | None]) -> set[str]:
        """Return the visits that are counted together with those that a change is of."""
        parts, visits = self._parts, set(changes)
        for name in providers:
            visits |= parts.of_provider.get(name, set())
        for room in rooms:
            visits |= parts.of_room.get(room or "", set())
        needs = {need_of(name) for name in changes}
        visits |= parts.names(needs | parts.neighbours(needs))
        return visits | {f"{need_of(name)}#1" for name in visits}

    def _violations(self, reading: Reading, providers: Collection[str], part: Problem) -> Iterator[Violation]:
        for item in violations_of(reading, providers):
            yield self._whole_fund(item, part) if item.rule == Rule.FUND_BALANCE else item

    def _whole_fund(self, item: Violation, part: Problem) -> Violation:
        """Return the violation of a fund with the numbers of the whole week."""
        fund = next(fund for fund in self._parts.problem.funds if fund.id == item.was["fund"])
        elsewhere = fund.amount - next(own.amount for own in part.funds if own.id == fund.id)
        total = Fen(round(item.was["yuan"] * 100)) + elsewhere
        message = f"fund {fund.id!r} pays {yuan(total)} yuan, it has {yuan(fund.amount)}"
        return Violation(item.rule, None, None, message, {"fund": fund.id, "yuan": yuan(total)}, yuan(fund.amount))

    def _equity(self, changes: Changes) -> int:
        weights, moved = self._parts.problem.weights, dict[str, int]()
        for name, new in changes.items():
            is_in, was_in = new is not None, name in self._parts.assigned
            if is_in != was_in:
                need = self._parts.need[need_of(name)]
                community = self._parts.problem.community_of[need.id]
                moved[community] = moved.get(community, 0) + weights.urgency[need.urgency - 1] * (was_in - is_in)
        cost = 0
        for community, more in moved.items():
            asked, left = self._asked[community], self._left.get(community, 0)
            cost += weights.equity * (per_mille(left + more, asked) - per_mille(left, asked))
        return cost

    def _max_lateness(self, changes: Changes, now: Reading) -> int:
        if not self._parts.problem.weights.max_lateness:
            return 0
        others = max((late for name, late in self._lateness.items() if name not in changes), default=0)
        was = max([others, *(self._lateness.get(name, 0) for name in changes)])
        items = [now.assigned[name] for name in changes if name in now.assigned]
        will = max([others, *(lateness(service) for item in items for service in item.services)])
        return self._parts.problem.weights.max_lateness * (will - was)


def violations_of(reading: Reading, providers: Collection[str]) -> Iterator[Violation]:
    """Yield every broken rule of a part of a plan. Of others than some providers only some services are there: their routes are no routes."""
    whole = replace(reading, routes=tuple(route for route in reading.routes if route.provider.id in providers))
    yield from people_violations(whole)
    yield from route_violations(whole)
    yield from team_violations(whole)
    yield from place_violations(whole)
