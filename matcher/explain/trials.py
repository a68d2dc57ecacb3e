"""Trying out a change: it is made, the surroundings of the visit are planned again from the plan, and the verifier judges what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.decode import assignments_of
from matcher.explain.answer import Change
from matcher.explain.changes import OF_A_PERSON, OF_THE_NEED
from matcher.explain.refit import Ground, Refit, never
from matcher.explain.surroundings import Part, Surroundings
from matcher.trace import changed

if TYPE_CHECKING:
    from matcher.explain.changes import Proposal
    from matcher.explain.misses import Seen
    from matcher.instance import Longs
    from matcher.plan import Assignment, Plan
    from matcher.verifier.recheck import Recheck
    from matcher.visits import Visit

MOST_SHOWN = 5
STEPS = 60
ALL_PEOPLE = 40
"""Weeks of no more providers than this are planned again as a whole."""
HELPERS = 4
"""People for each role of the visit who may move beside those whom a change is about: the free ones who are nearest, then those who nearly could."""
MOST_RIVALS = 24


@dataclass(frozen=True)
class Tried:
    """Changes that hold, how many were tried, and how many there was no time for."""

    changes: tuple[Change, ...]
    tried: int
    untried: int


def try_out(
    ground: Ground, plan: Plan, recheck: Recheck, v: int, offered: list[Proposal], seen: Seen, *, seed: int, is_over: Callable[[], bool] = never
) -> Tried:
    """Make each change and plan the surroundings again from the plan, until `MOST_SHOWN` hold or `is_over` says so.

    A change holds if the plan found under it serves the visit and the verifier passes it, as a plan of the whole week. The visit competes for
    what the change brings with others that are left out, as it will when the week is planned again.
    """
    trials = _Trials(ground, plan, recheck, v, seen, seed)
    held: list[Change] = []
    tried = 0
    for proposal in offered:
        if len(held) == MOST_SHOWN or is_over():
            break
        change = trials.of(proposal)
        tried += 1
        if change is not None:
            held.append(change)
    return Tried(tuple(held), tried, len(offered) - tried if len(held) < MOST_SHOWN else 0)


class _Trials:
    def __init__(self, ground: Ground, plan: Plan, recheck: Recheck, v: int, seen: Seen, seed: int) -> None:
        self._recheck = recheck
        self._ground, self._compiled, self._seed = ground, ground.compiled, seed
        self._problem, self._visit, self._seen = ground.compiled.problem, ground.compiled.visits[v], seen
        self._assigned = {item.visit: item for item in plan.assignments}
        self._plan = plan.model_copy(update={"problem": None})
        self._row = {provider.id: p for p, provider in enumerate(self._problem.providers)}
        self._parts: dict[tuple[frozenset[str], tuple[str, ...]], Part] = {}

    def of(self, proposal: Proposal) -> Change | None:
        """Return what a change brings, None where it does not hold."""
        if len(self._problem.providers) <= ALL_PEOPLE:
            people = set(self._row)
            found = self._found(proposal, people, self._rivals.all())
        else:
            people = self._helpers | set(proposal.people) | self._surroundings.mates(proposal.people)
            found = self._found(proposal, people, [])
            rivals = self._rivals.of(proposal)
            if found is not None and rivals:
                found = self._found(proposal, people, rivals)
        if found is None:
            return None
        judged = self._recheck.of_changed(proposal.edit.taken_as_valid(self._problem)).of(found)
        if not judged.is_clean:
            return None
        return Change(proposal.code, proposal.detail, proposal.size, judged.cost, found, proposal.edit, self._problem)

    def _found(self, proposal: Proposal, people: set[str], rivals: list[str]) -> dict[str, Assignment | None] | None:
        """Return what becomes of visits in a plan that serves the visit under a change, None where none was found."""
        part = self._part(people, rivals)
        ground = Ground.of(proposal.edit.taken_as_valid(part.problem), part.plan)
        v = ground.row(self._visit.id)
        refit = Refit(ground, [v], seed=self._seed)
        refit.construct()
        if not refit.serves(v):
            refit.run(STEPS)
        if not refit.serves(v):
            return None
        served, before = part.whole(assignments_of(ground.compiled, refit.best())), part.whole(part.plan.assignments)
        if self._visit.id not in served:
            return None
        return changed(before, served)

    def _part(self, people: set[str], rivals: list[str]) -> Part:
        key = (frozenset(people), tuple(rivals))
        if key not in self._parts:
            self._parts[key] = self._surroundings.around(self._visit, people, rivals)
        return self._parts[key]

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self._problem, self._plan)

    @cached_property
    def _rivals(self) -> _Rivals:
        return _Rivals(self._ground, self._assigned, self._visit, self._row)

    @cached_property
    def _helpers(self) -> set[str]:
        """The people for each role of the visit who are most likely to be of use."""
        place, found = self._ground.journeys.of_need(self._visit.need), set[str]()
        for role in self._visit.roles:
            free = [self._problem.providers[p] for p in self._seen.free[role.id]]
            away = {p.id: self._ground.journeys.seconds(p, self._ground.journeys.of_base(p), place) if place >= 0 else 0 for p in free}
            nearly = [miss.provider for _, miss in self._seen.misses if miss.role == role.id]
            found.update([*sorted(away, key=lambda name: (away[name], name)), *dict.fromkeys(nearly)][:HELPERS])
        return found


class _Rivals:
    """The needs with visits left out, and whom of them the people of a change could serve."""

    def __init__(self, ground: Ground, assigned: dict[str, Assignment], visit: Visit, row: dict[str, int]) -> None:
        self._compiled, self._visit, self._row = ground.compiled, visit, row
        # Rooms elsewhere are not looked at.
        absent = {
            item.need.id: item
            for item in ground.compiled.visits
            if item.id not in assigned and item.need.id != visit.need.id and item.need.venue in (None, visit.need.venue)
        }
        self._absent = sorted(absent.values(), key=lambda item: (-item.need.urgency, item.need.id))

    def all(self) -> list[str]:
        """Return the ids of all of them, the most urgent first."""
        return [item.need.id for item in self._absent]

    def of(self, proposal: Proposal) -> list[str]:
        """Return the most urgent of those who may want what a change brings."""
        if proposal.code == "one_more_room":
            return [item.need.id for item in self._absent if item.need.venue == self._visit.need.venue][:MOST_RIVALS]
        if proposal.code in OF_THE_NEED:
            return []
        people = [self._row[name] for name in proposal.people]
        most = int(proposal.code in OF_A_PERSON)
        wanted: Any = (self._fails[:, people] <= most).any(axis=1)
        needs = dict.fromkeys(self._absent[i].need.id for i, is_wanted in zip(self._of, wanted.tolist(), strict=True) if is_wanted)
        return list(needs)[:MOST_RIVALS]

    @cached_property
    def _of(self) -> list[int]:
        return [i for i, item in enumerate(self._absent) for _ in item.roles]

    @cached_property
    def _fails(self) -> Longs:
        """How many rules on people each provider fails, for each role of each of these needs."""
        rules = self._compiled.eligibility.rules
        rows = [sum((~passes).astype(np.int64) for _, passes in rules(item, role)) for item in self._absent for role in item.roles]
        return np.array(rows, np.int64).reshape(-1, len(self._row))
