"""A week and a plan of it by what belongs to whom, and the part of both that holds some visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from matcher.plan import Plan
from matcher.problem import Problem
from matcher.verifier.reading import price_of
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.plan import Assignment
    from matcher.visits import Shift, Visit


class Parts:
    """What of a week and a plan is looked for by name.

    Attributes
    ----------
    problem : Problem
    assigned : dict of str to Assignment
        The plan, by visit.
    need, provider, resident : dict
        By id.
    visits, shifts : dict of str to list
        Of each need, of each provider.
    claimers, needs_of : dict of str to list of str
        The providers who claim a need; the needs of a resident.
    pins, lines : dict of str to list
        By visit.
    """

    def __init__(self, problem: Problem, assigned: dict[str, Assignment]) -> None:
        self.problem, self.assigned = problem, assigned
        self.need = {need.id: need for need in problem.needs}
        self.provider = {provider.id: provider for provider in problem.providers}
        self.resident = {resident.id: resident for resident in problem.residents}
        self.rank = {need.id: k for k, need in enumerate(problem.needs)}
        self.visits: dict[str, list[Visit]] = {}
        for visit in problem.visits:
            self.visits.setdefault(visit.need.id, []).append(visit)
        self.shifts: dict[str, list[Shift]] = {}
        for shift in problem.shifts:
            self.shifts.setdefault(shift.provider.id, []).append(shift)
        self.claimers: dict[str, list[str]] = {}
        for provider in problem.providers:
            for claimed in provider.claims:
                self.claimers.setdefault(claimed, []).append(provider.id)
        self.needs_of: dict[str, list[str]] = {}
        for need in problem.needs:
            if need.resident is not None:
                self.needs_of.setdefault(need.resident, []).append(need.id)
        self.pins = by_visit(problem.pins)
        self.lines = by_visit(problem.in_force)

    def warmed(self) -> Parts:
        """Have ready what is made of the plan when it is first looked for; returns the same."""
        for name in ("of_provider", "of_room", "spent"):
            getattr(self, name)
        return self

    @cached_property
    def of_provider(self) -> dict[str, set[str]]:
        """The visits of the plan that each provider serves."""
        found: dict[str, set[str]] = {}
        for name, assignment in self.assigned.items():
            for service in assignment.team:
                found.setdefault(service.provider, set()).add(name)
        return found

    @cached_property
    def of_room(self) -> dict[str, set[str]]:
        """The visits of the plan that each room holds."""
        found: dict[str, set[str]] = {}
        for name, assignment in self.assigned.items():
            if assignment.room is not None:
                found.setdefault(assignment.room, set()).add(name)
        return found

    @cached_property
    def spent(self) -> dict[str, int]:
        """What the plan pays from each fund."""
        return self.paid(self.assigned)

    def paid(self, visits: Iterable[str]) -> dict[str, int]:
        """Return what the plan pays from each fund for some visits, in fen."""
        found: dict[str, int] = {}
        for name in visits:
            for service in self.assigned[name].team if name in self.assigned else ():
                if service.fund is not None and service.provider in self.provider:
                    seconds = round((service.end - service.start).total_seconds())
                    found[service.fund] = found.get(service.fund, 0) + price_of(self.provider[service.provider], seconds)
        return found

    def paid_but(self, visits: Iterable[str]) -> dict[str, int]:
        """Return what the plan pays from each fund for all but some visits, in fen."""
        part = self.paid(visits)
        return {fund: total - part.get(fund, 0) for fund, total in self.spent.items()}

    def names(self, needs: Iterable[str]) -> set[str]:
        """Return the visits of some needs, as far as the week has those."""
        return {visit.id for need in needs for visit in self.visits.get(need, ())}

    def people(self, visits: Iterable[str]) -> set[str]:
        """Return who serves some visits."""
        return {service.provider for name in visits if name in self.assigned for service in self.assigned[name].team}

    def neighbours(self, needs: Iterable[str]) -> set[str]:
        """Return the needs of the residents of some needs, as far as the week has those."""
        homes = {self.need[name].resident for name in needs if name in self.need}
        return {name for home in homes if home is not None for name in self.needs_of[home]}

    def plan(self, visits: Iterable[str]) -> Plan:
        """Return what the plan says of some visits."""
        return Plan(assignments=tuple(self.assigned[name] for name in sorted(visits) if name in self.assigned))

    def week(self, visits: set[str], providers: set[str], elsewhere: Mapping[str, int]) -> Problem:
        """Return the part of the week that holds some visits and providers, with all that they name.

        Its weights are those of the week but for what can only be said of all of it: `equity` and `max_lateness`.

        Parameters
        ----------
        elsewhere
            What the rest of the plan pays from each fund, in fen: the part has what is left.
        """
        problem = self.problem
        needs = [self.need[name] for name in sorted({need_of(name) for name in visits} & self.need.keys(), key=self.rank.__getitem__)]
        people = providers | self.people(visits)
        for need in needs:
            people.update(self.claimers.get(need.id, ()))
        volunteers = {self.resident[need.resident].volunteer for need in needs if need.resident is not None}
        people.update(name for name in volunteers if name is not None)
        ids, venues = {need.id for need in needs}, {need.venue for need in needs}
        part = Problem.model_construct(
            horizon=problem.horizon,
            coordinates=problem.coordinates,
            categories=problem.categories,
            communities=problem.communities,
            residents=tuple(self.resident[name] for name in dict.fromkeys(need.resident for need in needs) if name is not None),
            needs=tuple(needs),
            providers=tuple(
                provider.model_copy(update={"claims": tuple(need for need in provider.claims if need in ids)}) if provider.claims else provider
                for provider in problem.providers
                if provider.id in people
            ),
            links=tuple(link for link in problem.links if not people.isdisjoint(link.members)),
            venues=tuple(venue for venue in problem.venues if venue.id in venues),
            funds=tuple(fund.model_copy(update={"amount": fund.amount - elsewhere.get(fund.id, 0)}) for fund in problem.funds),
            travel=problem.travel,
            weights=problem.weights.model_copy(update={"equity": 0, "max_lateness": 0}),
            pins=tuple(pin for name in visits for pin in self.pins.get(name, ())),
            in_force=tuple(line for name in visits for line in self.lines.get(name, ())),
        )
        # What needs and providers come to is known of the whole week.
        vars(part).update(
            visits=tuple(visit for need in needs for visit in self.visits[need.id]),
            shifts=tuple(shift for provider in part.providers for shift in self.shifts.get(provider.id, ())),
            category=problem.category,
        )
        return part


def by_visit(items: Iterable[Any]) -> dict[str, list[Any]]:
    """Return pins or lines by the visit that they are of."""
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(item.visit, []).append(item)
    return found
