"""Verifying the plan of what a week becomes, by what is not as it was: the verifier itself, on less.

After an event a few visits, people and pins are others than before; of most needs only the windows are closed to the past. What changed is read in
both weeks with all that is counted together with it, as for a `Recheck`; what only has other windows is held to those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from matcher.check import Report
from matcher.fields import is_alike
from matcher.rules import Term
from matcher.verifier.parts import Parts
from matcher.verifier.reading import Reading, read
from matcher.verifier.recheck import violations_of
from matcher.verifier.tally import equity, lateness, seconds_late, tally
from matcher.verifier.teams import pin_violations
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Pin, Problem
    from matcher.travel import Journeys

SAME = ("horizon", "coordinates", "categories", "communities", "links", "funds", "travel", "weights")
"""What of a week no event changes."""


class _Changed(NamedTuple):
    """What of a week and its plan is not as it was: needs by id, whose services are others, in which rooms; and needs with other windows alone."""

    needs: set[str]
    people: set[str]
    rooms: set[str]
    shifted: list[str]


class Standing:
    """A week and a plan of it that keeps all rules, from which the plan of what the week becomes is verified.

    Parameters
    ----------
    parts, journeys, reading
        The week and the plan, the ways, and the plan as the verifier has read it.
    terms
        What the plan costs, as the verifier says.
    pins
        Pins that the changed week may have, besides the week's own: those that the plan keeps need not be looked at again.
    """

    def __init__(self, parts: Parts, journeys: Journeys, reading: Reading, terms: Mapping[Term, int], pins: Iterable[Pin] = ()) -> None:
        self._parts, self._journeys, self._terms, self._assigned = parts, journeys, terms, reading.assigned
        self._late = {name: [lateness(service) for service in item.services] for name, item in self._assigned.items()}
        self._kept = {id(pin): pin for pin in (*parts.problem.pins, *pins) if not any(pin_violations(reading, pin))}
        self._lines = {id(line) for line in parts.problem.in_force}

    def report(self, problem: Problem, plan: Plan, journeys: Journeys) -> Report | None:
        """Return what `matcher.check.check` says of a plan of the changed week, if the plan keeps all rules.

        None says that this does not show here, and that all has to be verified.

        Parameters
        ----------
        problem
            The week as it is now: needs, residents, hours of people and places, pins and the plan in force may be others. What is the same object
            is taken to be as it was.
        journeys
            Its ways.
        """
        old, new = self._parts, Parts(problem, {item.visit: item for item in plan.assignments})
        if not self._is_comparable(new, plan):
            return None
        changed = self._compared(new)
        people, needs = changed.people, changed.needs | old.neighbours(changed.needs) | new.neighbours(changed.needs)
        beside = {name for who in people for name in old.of_provider.get(who, ())} | {
            name for room in changed.rooms for name in old.of_room.get(room, ())
        }
        beside |= {f"{need_of(name)}#1" for name in beside}
        beside = {name for name in beside if need_of(name) not in needs}
        was, now = beside | old.names(needs), beside | new.names(needs)
        elsewhere = old.paid_but(was)
        before = read(old.week(was, people, elsewhere), old.plan(was), self._journeys)
        after = read(new.week(now, people, elsewhere), new.plan(now), journeys)
        if any(violations_of(after, people)):
            return None
        late = self._late_now(new, was, changed.shifted)
        if late is None:
            return None
        late.update({name: [lateness(service) for service in item.services] for name, item in after.assigned.items()})
        terms_before, terms_after = tally(before), tally(after)
        terms = {term: self._terms[term] + terms_after[term] - terms_before[term] for term in Term}
        weights = problem.weights
        terms[Term.LATENESS] = weights.lateness * sum(map(sum, late.values()))
        terms[Term.MAX_LATENESS] = weights.max_lateness * max(map(max, late.values()), default=0)
        terms[Term.EQUITY] = equity(problem, new.assigned)
        return Report((), sum(terms.values()), terms)

    def _is_comparable(self, new: Parts, plan: Plan) -> bool:
        """Return whether a week and a plan differ from those before in what may change only, and the plan names each visit once, and none else."""
        before, after = self._parts.problem, new.problem
        if plan.problem not in (None, after.digest) or not all(_is_same(getattr(before, name), getattr(after, name)) for name in SAME):
            return False
        if not _is_same(before.residents, after.residents[: len(before.residents)]):
            return False
        if not (_are_alike(before.providers, after.providers, {"shifts", "claims"}) and _are_alike(before.venues, after.venues, {"opening"})):
            return False
        told = [*new.assigned, *(left.visit for left in plan.unassigned)]
        count = len(plan.assignments) + len(plan.unassigned)
        return len(set(told)) == count and new.names(new.visits).issuperset(told)

    def _compared(self, new: Parts) -> _Changed:
        old, visits = self._parts, set[str]()
        people = {b.id for a, b in zip(old.problem.providers, new.problem.providers, strict=True) if a is not b}
        rooms = {room.id for a, b in zip(old.problem.venues, new.problem.venues, strict=True) if a is not b for room in (*a.rooms, *b.rooms)}
        needs, shifted = set(old.need.keys() - new.need.keys()), []
        for need in new.problem.needs:
            was = old.need.get(need.id)
            if need is not was:
                if was is not None and is_alike(was, need, {"windows"}):
                    shifted.append(need.id)
                else:
                    needs.add(need.id)
        for who in people:
            needs.update({*old.provider[who].claims} ^ {*new.provider[who].claims})
        visits.update(name for name, item in new.assigned.items() if item is not (served := old.assigned.get(name)) and item != served)
        visits.update(old.assigned.keys() - new.assigned.keys())
        for parts in (old, new):
            people |= parts.people(visits | parts.names(needs))
        lines = {id(line) for line in new.problem.in_force}
        visits.update(line.visit for line in new.problem.in_force if id(line) not in self._lines)
        visits.update(line.visit for line in old.problem.in_force if id(line) not in lines)
        visits.update(pin.visit for pin in new.problem.pins if id(pin) not in self._kept)
        # Of a visit that nobody serves it counts whether it has a pin.
        visits.update(name for name in old.pins.keys() ^ new.pins.keys() if name not in new.assigned)
        return _Changed(needs | {need_of(name) for name in visits}, people, rooms, shifted)

    def _late_now(self, new: Parts, was: set[str], shifted: Iterable[str]) -> dict[str, list[int]] | None:
        """Return how late each service is of what is served as it was and not among some visits; None where a start lies in no window any more."""
        late = {name: seconds for name, seconds in self._late.items() if name not in was}
        for need in shifted:
            for visit in new.visits[need]:
                if visit.id in late:
                    starts = [service.start for service in self._assigned[visit.id].services]
                    if not all(any(low <= start <= high for low, _, high in visit.windows) for start in starts):
                        return None
                    late[visit.id] = [seconds_late(visit.windows, start) for start in starts]
        return late


def _is_same(old: Any, new: Any) -> bool:
    """Return whether two values, or all that two tuples hold, are the same object."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))
    return old is new


def _are_alike(old: tuple[Any, ...], new: tuple[Any, ...], but: set[str]) -> bool:
    """Return whether two tuples hold objects that share all fields but some."""
    return len(old) == len(new) and all(a is b or is_alike(a, b, but) for a, b in zip(old, new, strict=True))
