"""Verifying a change of a plan by the part of the week that it touches: the verifier itself, on fewer visits.

Whatever a rule or a term counts together (the services of a provider, the visits of a need or a resident, the uses of a room) is taken along
whole, so that what is found is exactly what a verification of both whole plans would find, in milliseconds. Nothing of the search is used here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from matcher.fields import Fen
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.rules import Rule, Term
from matcher.travel import Journeys
from matcher.verifier.people import people_violations
from matcher.verifier.places import place_violations
from matcher.verifier.reading import Reading, read
from matcher.verifier.routes import route_violations
from matcher.verifier.tally import lateness, tally
from matcher.verifier.teams import team_violations
from matcher.verifier.violations import Violation, yuan
from matcher.visits import shifts_of, visits_of

if TYPE_CHECKING:
    from matcher.people import Fund, Provider
    from matcher.plan import Assignment, Service
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
    """

    def __init__(self, problem: Problem, plan: Plan, journeys: Journeys | None = None, *, is_clean: bool = False) -> None:
        self._problem, self._journeys, self._is_clean = problem, journeys or Journeys(problem), is_clean
        self._assigned = {assignment.visit: assignment for assignment in plan.assignments}
        self._need = {need.id: need for need in problem.needs}
        self._provider = {provider.id: provider for provider in problem.providers}
        self._resident = {resident.id: resident for resident in problem.residents}
        self._rank = {need.id: k for k, need in enumerate(problem.needs)}
        self._visits: dict[str, list[Visit]] = {}
        for visit in problem.visits:
            self._visits.setdefault(visit.need.id, []).append(visit)
        self._shifts: dict[str, list[Shift]] = {}
        for shift in problem.shifts:
            self._shifts.setdefault(shift.provider.id, []).append(shift)
        self._claimers: dict[str, list[str]] = {}
        for provider in problem.providers:
            for claimed in provider.claims:
                self._claimers.setdefault(claimed, []).append(provider.id)
        self._pins = _by_visit(problem.pins)
        self._lines = _by_visit(problem.in_force)
        self._by_provider: dict[str, set[str]] = {}
        self._by_room: dict[str, set[str]] = {}
        self._by_need: dict[str, set[str]] = {}
        self._spent: dict[str, int] = {}
        for name, assignment in self._assigned.items():
            self._note(name, assignment)
        self._by_resident: dict[str, list[str]] = {}
        for need in problem.needs:
            if need.resident is not None:
                self._by_resident.setdefault(need.resident, []).append(need.id)
        self._asked: dict[str, int] = {}
        self._left: dict[str, int] = {}
        for visit in problem.visits:
            weight = problem.weights.urgency[visit.need.urgency - 1]
            self._asked[visit.community] = self._asked.get(visit.community, 0) + weight
            if visit.id not in self._assigned:
                self._left[visit.community] = self._left.get(visit.community, 0) + weight
        self._lateness: dict[str, int] = {}
        if problem.weights.max_lateness:
            for item in read(problem, plan.model_copy(update={"problem": None}), self._journeys).assigned.values():
                self._lateness[item.visit.id] = max(lateness(service) for service in item.services)

    def _note(self, name: str, assignment: Assignment) -> None:
        for service in assignment.team:
            self._by_provider.setdefault(service.provider, set()).add(name)
            if service.fund is not None and service.provider in self._provider:
                self._spent[service.fund] = self._spent.get(service.fund, 0) + _price(self._provider[service.provider], service)
        if assignment.room is not None:
            self._by_room.setdefault(assignment.room, set()).add(name)
        self._by_need.setdefault(_need(name), set()).add(name)

    def without(self, visit: str) -> Recheck:
        """Return the same for the plan without a visit; itself where the plan does not serve it."""
        if visit not in self._assigned:
            return self
        kept = tuple(item for name, item in self._assigned.items() if name != visit)
        return Recheck(self._problem, Plan(assignments=kept), self._journeys)

    def with_need(self, problem: Problem, need: Need, journeys: Journeys) -> Recheck:
        """Return the same for the week with one more need, its last, which the plan does not serve."""
        community, own = problem.community_of[need.id], dict(self._by_resident)
        if need.resident is not None:
            own[need.resident] = [*own.get(need.resident, ()), need.id]
        more = need.visits * problem.weights.urgency[need.urgency - 1]
        other = copy(self)
        vars(other).update(
            _problem=problem,
            _journeys=journeys,
            _visits={**self._visits, need.id: list(problem.visits[-need.visits :])},
            _need={**self._need, need.id: need},
            _rank={**self._rank, need.id: len(self._rank)},
            _resident={resident.id: resident for resident in problem.residents},
            _by_resident=own,
            _asked={**self._asked, community: self._asked.get(community, 0) + more},
            _left={**self._left, community: self._left.get(community, 0) + more},
        )
        return other

    def of_changed(self, problem: Problem) -> Recheck:
        """Return the same for a changed week: people, needs, funds, rooms or pins are others, by the names that they had or by new ones.

        The plan is the same and breaks no rule there that it kept; nobody has left, and no need has another number of visits or another urgency.
        """
        providers = [provider for provider in problem.providers if provider is not self._provider.get(provider.id)]
        needs = [need for need in problem.needs if need is not self._need.get(need.id)]
        part = Problem.model_construct(
            horizon=problem.horizon, communities=problem.communities, residents=problem.residents, needs=tuple(needs), providers=tuple(providers)
        )
        visits: dict[str, list[Visit]] = {}
        for visit in visits_of(part):
            visits.setdefault(visit.need.id, []).append(visit)
        shifts: dict[str, list[Shift]] = {provider.id: [] for provider in providers}
        for shift in shifts_of(part):
            shifts[shift.provider.id].append(shift)
        is_known = all(provider.id in self._provider for provider in providers)
        other = copy(self)
        vars(other).update(
            _problem=problem,
            _journeys=self._journeys if is_known else Journeys(problem),
            _visits={**self._visits, **visits},
            _shifts={**self._shifts, **shifts},
            _need={**self._need, **{need.id: need for need in needs}},
            _provider={**self._provider, **{provider.id: provider for provider in providers}},
            _pins=_by_visit(problem.pins),
        )
        return other

    def of(self, changes: Changes) -> Judged:
        """Return what a change does: which rules it breaks or mends, and what it costs, term by term.

        Raises
        ------
        PlanError
            If an assignment speaks of what the problem does not have, or a service does not last as long as its role.
        """
        before = [old for name in changes if (old := self._assigned.get(name)) is not None]
        after = [new for new in changes.values() if new is not None]
        providers = {service.provider for item in (*before, *after) for service in item.team}
        part, visits = self._part(changes, providers, {item.room for item in (*before, *after)})
        kept = [self._assigned[name] for name in sorted(visits - changes.keys()) if name in self._assigned]
        was, now = (read(part, Plan(assignments=(*kept, *lines)), self._journeys) for lines in (before, after))
        faults_was = [] if self._is_clean else [*self._violations(was, providers, part)]
        faults_now = [*self._violations(now, providers, part)]
        broken = tuple(item for item in faults_now if item not in faults_was)
        mended = tuple(item for item in faults_was if item not in faults_now)
        terms_was, terms_now = tally(was), tally(now)
        by_term = {term: cost - terms_was[term] for term, cost in terms_now.items() if cost != terms_was[term]}
        by_term |= {Term.EQUITY: self._equity(changes), Term.MAX_LATENESS: self._max_lateness(changes, now)}
        return Judged(broken, mended, {term: by_term[term] for term in Term if by_term.get(term)})

    def _part(self, changes: Changes, providers: set[str], rooms: set[str | None]) -> tuple[Problem, set[str]]:
        """Return the part of the week that a change touches, and the visits of the plan that it holds."""
        problem = self._problem
        visits = set(changes)
        for name in providers:
            visits |= self._by_provider.get(name, set())
        for room in rooms:
            visits |= self._by_room.get(room or "", set())
        touched = {_need(name) for name in changes}
        residents = {self._need[need].resident for need in touched if need in self._need}
        touched.update(need for resident in residents if resident is not None for need in self._by_resident[resident])
        for name in touched:
            visits |= self._by_need.get(name, set())
        visits |= {f"{_need(name)}#1" for name in visits}
        needs = [self._need[name] for name in sorted({_need(name) for name in visits} & self._need.keys(), key=self._rank.__getitem__)]
        people = set(providers)
        for name in visits & self._assigned.keys():
            people.update(service.provider for service in self._assigned[name].team)
        for need in needs:
            people.update(self._claimers.get(need.id, ()))
        volunteers = {self._resident[need.resident].volunteer for need in needs if need.resident is not None}
        people.update(name for name in volunteers if name is not None)
        spent: dict[str, int] = {}
        for name in visits & self._assigned.keys():
            for service in self._assigned[name].team:
                if service.fund is not None and service.provider in self._provider:
                    spent[service.fund] = spent.get(service.fund, 0) + _price(self._provider[service.provider], service)
        ids, venues = {need.id for need in needs}, {need.venue for need in needs}
        part = Problem.model_construct(
            horizon=problem.horizon,
            coordinates=problem.coordinates,
            categories=problem.categories,
            communities=problem.communities,
            residents=tuple(self._resident[name] for name in dict.fromkeys(need.resident for need in needs) if name is not None),
            needs=tuple(needs),
            providers=tuple(
                provider.model_copy(update={"claims": tuple(need for need in provider.claims if need in ids)}) if provider.claims else provider
                for provider in problem.providers
                if provider.id in people
            ),
            links=tuple(link for link in problem.links if not people.isdisjoint(link.members)),
            venues=tuple(venue for venue in problem.venues if venue.id in venues),
            funds=tuple(self._with_left(fund, spent.get(fund.id, 0)) for fund in problem.funds),
            travel=problem.travel,
            weights=problem.weights.model_copy(update={"equity": 0, "max_lateness": 0}),
            pins=tuple(pin for name in visits for pin in self._pins.get(name, ())),
            in_force=tuple(line for name in visits for line in self._lines.get(name, ())),
        )
        # What needs and providers come to is known of the whole week.
        vars(part).update(
            visits=tuple(visit for need in needs for visit in self._visits[need.id]),
            shifts=tuple(shift for provider in part.providers for shift in self._shifts.get(provider.id, ())),
            category=problem.category,
        )
        return part, visits

    def _with_left(self, fund: Fund, spent: int) -> Fund:
        """Return a fund that has what is left of it once the rest of the plan is paid; `spent` is paid by the part."""
        return fund.model_copy(update={"amount": fund.amount - self._spent.get(fund.id, 0) + spent})

    def _violations(self, reading: Reading, providers: set[str], part: Problem) -> Iterable[Violation]:
        # Of others than the providers touched, only some services are here: their routes are no routes.
        whole = replace(reading, routes=tuple(route for route in reading.routes if route.provider.id in providers))
        for found in (people_violations(whole), route_violations(whole), team_violations(whole), place_violations(whole)):
            for item in found:
                yield self._whole_fund(item, part) if item.rule == Rule.FUND_BALANCE else item

    def _whole_fund(self, item: Violation, part: Problem) -> Violation:
        """Return the violation of a fund with the numbers of the whole week."""
        fund = next(fund for fund in self._problem.funds if fund.id == item.was["fund"])
        elsewhere = fund.amount - next(own.amount for own in part.funds if own.id == fund.id)
        total = Fen(round(item.was["yuan"] * 100)) + elsewhere
        message = f"fund {fund.id!r} pays {yuan(total)} yuan, it has {yuan(fund.amount)}"
        return Violation(item.rule, None, None, message, {"fund": fund.id, "yuan": yuan(total)}, yuan(fund.amount))

    def _equity(self, changes: Changes) -> int:
        weights, moved = self._problem.weights, dict[str, int]()
        for name, new in changes.items():
            is_in, was_in = new is not None, name in self._assigned
            if is_in != was_in:
                need = self._need[_need(name)]
                community = self._problem.community_of[need.id]
                moved[community] = moved.get(community, 0) + weights.urgency[need.urgency - 1] * (was_in - is_in)
        cost = 0
        for community, more in moved.items():
            asked, left = self._asked[community], self._left.get(community, 0)
            if asked > 0:
                cost += weights.equity * (1000 * (left + more) ** 2 // asked - 1000 * left**2 // asked)
        return cost

    def _max_lateness(self, changes: Changes, now: Reading) -> int:
        if not self._problem.weights.max_lateness:
            return 0
        others = max((late for name, late in self._lateness.items() if name not in changes), default=0)
        was = max([others, *(self._lateness.get(name, 0) for name in changes)])
        items = [now.assigned[name] for name in changes if name in now.assigned]
        will = max([others, *(lateness(service) for item in items for service in item.services)])
        return self._problem.weights.max_lateness * (will - was)


def _need(visit: str) -> str:
    return visit.rpartition("#")[0]


def _by_visit(items: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(item.visit, []).append(item)
    return found


def _price(provider: Provider, service: Service) -> int:
    seconds = round((service.end - service.start).total_seconds())
    return provider.price_per_visit - (-provider.price_per_hour * seconds // 3600)
