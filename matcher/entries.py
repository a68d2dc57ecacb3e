"""The rules on people, one provider at a time: who may fill which role, at what fixed cost, and which rule removed whom.

Roles that ask the same are decided once, for all providers at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.objective import rating
from matcher.people import CERTIFICATES, Certificate
from matcher.rules import Rule

if TYPE_CHECKING:
    from matcher.problem import Need, Problem
    from matcher.visits import Visit, VisitRole

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Removals = tuple[tuple[tuple[Rule, int], ...], int]

STRONG = ("required", "preferred")
"""Grades of the links that the team of a linked need may be."""
RANK: dict[Certificate | None, int] = {name: i for i, name in enumerate((None, *CERTIFICATES))}


class Eligibility:
    """Who may fill each role, as far as that depends on the role and the provider alone."""

    def __init__(self, problem: Problem, visits: tuple[Visit, ...], provider_row: dict[str, int]) -> None:
        people = problem.providers
        self._problem, self._visits, self._row = problem, visits, provider_row
        self._count = len(people)
        self._kind = {kind: np.array([p.kind == kind for p in people], bool) for kind in ("volunteer", "social_worker", "organization")}
        self._rank = np.array([RANK[p.certificate] for p in people], np.int64)
        self._checked = np.array([p.checked for p in people], bool)
        self._registered = np.array([p.registration == "registered" for p in people], bool)
        self._lonely = np.array([p.supervision == "none" for p in people], bool)
        self._rating = np.array([rating(problem.weights, p) for p in people], np.int64)
        self._per_hour = np.array([p.price_per_hour for p in people], np.int64)
        self._per_visit = np.array([p.price_per_visit for p in people], np.int64)
        self._levels: dict[str, Any] = {}
        for i, p in enumerate(people):
            for skill, level in p.skills.items():
                self._levels.setdefault(skill, np.zeros(self._count, np.int64))[i] = level
        self._masks: dict[Any, Mask] = {}
        self._paying: dict[Any, int] = {}
        self._removals: dict[Any, Removals] = {}
        self._removals_of: dict[tuple[str, str, bool], Removals] = {}
        self._residents = {resident.id: resident for resident in problem.residents}
        self._claimers: dict[str, list[int]] = {}
        for i, p in enumerate(people):
            for need in p.claims:
                self._claimers.setdefault(need, []).append(i)
        self._anywhere = np.array([p.area is None for p in people], bool)
        self._local: dict[str, list[int]] = {}
        for i, p in enumerate(people):
            for community in p.area or ():
                self._local.setdefault(community, []).append(i)
        self._rooms = [(venue.id, room.seats) for venue in problem.venues for room in venue.rooms]
        self._in_force = {line.visit: line for line in problem.in_force}

    def of(self, problem: Problem, visits: tuple[Visit, ...]) -> Eligibility:
        """Return the same for visits of another week of the same people, funds and links."""
        other = copy(self)
        vars(other).update(
            _problem=problem,
            _visits=visits,
            _masks=dict(self._masks),
            _paying={},
            _removals={},
            _removals_of={},
            _residents={resident.id: resident for resident in problem.residents},
            _in_force={line.visit: line for line in problem.in_force},
        )
        return other

    def rules(self, visit: Visit, role: VisitRole) -> Iterator[tuple[Rule, Mask]]:
        """Yield each rule on people, in the order in which they are applied, and who passes it."""
        asks, need = role.role, visit.need
        category = self._problem.category[need.category]
        yield Rule.KIND, self._mask(("kind", asks.kinds, asks.stand_ins), lambda: self._any_kind((*asks.kinds, *asks.stand_ins)))
        skills = tuple(sorted(asks.skills.items()))
        yield Rule.SKILL, self._mask(("skill", skills), lambda: self._skilled(skills))
        rank = RANK[asks.certificate]
        yield Rule.CERTIFICATE, self._mask(("certificate", rank, category.certified_social_worker), lambda: self._certified(rank, category))
        resident = self._residents[need.resident] if need.resident is not None else None
        language = asks.language or (resident.language if resident is not None else None)
        yield Rule.LANGUAGE, self._mask(("language", language), lambda: self._each(lambda p: language is None or language in p.languages))
        yield Rule.GENDER, self._mask(("gender", asks.gender), lambda: self._each(lambda p: asks.gender is None or p.gender == asks.gender))
        refused = resident.refused if resident is not None else ()
        yield Rule.REFUSED, self._mask(("refused", refused), lambda: self._all_but(refused))
        yield Rule.CATEGORY, self._mask(("category", category.id), lambda: self._takes(category))
        yield Rule.CHECKED, self._mask(("checked", category.checked), lambda: self._checked | (not category.checked))
        yield Rule.AREA, self._mask(("area", visit.community), lambda: self._serving(visit.community))
        alone = len(visit.roles) == 1
        yield Rule.SUPERVISION, self._mask(("supervision", alone), lambda: self._lonely | (not alone))
        if need.linked:
            yield Rule.LINKED_TEAM, self._mask("linked", self._bound)
        if self._payers(need) == 0:
            yield Rule.FUND_ALLOWED, self._mask("free", self._free)

    def removals(self, visit: Visit, role: VisitRole) -> Removals:
        """Return how many providers each rule on people removes, one rule after the other, where it removes any; and how many are left."""
        # The words of a role are long; a need has it in all of its visits, or in the first alone.
        known = self._removals_of.get((visit.need.id, role.id, visit.number == 1))
        if known is not None:
            return known
        asks, need = role.role, visit.need
        wants = (asks.kinds, asks.stand_ins, tuple(sorted(asks.skills.items())), asks.certificate, asks.language, asks.gender)
        key = (wants, need.category, need.resident, visit.community, need.linked, need.funds, len(visit.roles) == 1)
        found = self._removals.get(key)
        if found is None:
            lost, allowed = [], np.ones(self._count, bool)
            for rule, passes in self.rules(visit, role):
                before = np.count_nonzero(allowed)
                allowed = allowed & passes
                lost.append((rule, int(before - np.count_nonzero(allowed))))
            found = self._removals[key] = tuple(item for item in lost if item[1]), int(np.count_nonzero(allowed))
        self._removals_of[visit.need.id, role.id, visit.number == 1] = found
        return found

    def allowed(self, visit: Visit, role: VisitRole) -> Mask:
        """Return who passes every rule on people."""
        mask = np.ones(self._count, bool)
        for _rule, passes in self.rules(visit, role):
            mask &= passes
        return mask

    def candidates(self, only_provider: dict[int, str]) -> tuple[Any, Any]:
        """Return the CSR lists of providers (and rooms) for each node; `only_provider` is what pins ask, by node."""
        lists: list[Any] = []
        cache: dict[Any, Any] = {}
        for visit in self._visits:
            need = visit.need
            for role in visit.roles:
                key = (need.id, id(role.role), len(visit.roles))
                if key not in cache:
                    if len(cache) > 64:  # the visits of a need stand together: a short memory is enough
                        cache.clear()
                    cache[key] = np.flatnonzero(self.allowed(visit, role)).astype(np.int32)
                row = cache[key]
                if len(lists) in only_provider:
                    row = row[row == self._row[only_provider[len(lists)]]]
                lists.append(row)
            if need.place == "venue":
                fits = [self._count + j for j, (venue, seats) in enumerate(self._rooms) if venue == need.venue and seats >= need.attendees]
                lists.append(np.array(fits, np.int32))
        first = np.concatenate(([0], np.cumsum([len(row) for row in lists]))).astype(np.int64)
        return first, np.concatenate(lists) if lists else np.zeros(0, np.int32)

    def costs(self, entry_first: Any, entry_provider: Any) -> tuple[Any, Any]:
        """Return the fixed cost of each entry (points) and its price (fen)."""
        cost, price = np.zeros((2, len(entry_provider)), np.int64)
        weights, node = self._problem.weights, 0
        for visit in self._visits:
            need = visit.need
            wanted = [self._row[p] for p in need.preferred_providers] + self._claimers.get(need.id, [])
            line = self._in_force.get(visit.id)
            for role in visit.roles:
                span = slice(entry_first[node], entry_first[node + 1])
                who = entry_provider[span]
                price[span] = self._price(who, role.seconds)
                cost[span] = self._rating[who] + weights.money * price[span]
                if role.role.stand_ins:
                    cost[span] += weights.stand_in * ~self._any_kind(role.role.kinds)[who]
                if wanted:
                    cost[span] += weights.preferred_person * ~np.isin(who, wanted)
                if line is not None:
                    cost[span] += weights.stability * (who != self._row.get(line.team.get(role.id, ""), -1))
                node += 1
            node += need.place == "venue"
        return cost, price

    def _price(self, who: Any, seconds: int) -> Any:
        return self._per_visit[who] + -(-self._per_hour[who] * seconds // 3600)

    def _payers(self, need: Need) -> int:
        community = self._problem.community_of[need.id]
        key = (need.funds, need.category, community)
        if key not in self._paying:
            self._paying[key] = sum(
                (need.funds is None or fund.id in need.funds)
                and (fund.categories is None or need.category in fund.categories)
                and (fund.communities is None or community in fund.communities)
                for fund in self._problem.funds
            )
        return self._paying[key]

    def _mask(self, key: Any, make: Any) -> Mask:
        if key not in self._masks:
            self._masks[key] = make()
        return self._masks[key]

    def _each(self, claim: Any) -> Mask:
        return np.array([claim(p) for p in self._problem.providers], bool)

    def _skilled(self, skills: tuple[tuple[str, int], ...]) -> Mask:
        mask = np.ones(self._count, bool)
        for skill, level in skills:
            mask &= self._levels[skill] >= level if skill in self._levels else False
        return mask

    def _any_kind(self, kinds: tuple[str, ...]) -> Mask:
        mask = np.zeros(self._count, bool)
        for kind in kinds:
            mask |= self._kind[kind]
        return mask

    def _all_but(self, refused: tuple[str, ...]) -> Mask:
        mask = np.ones(self._count, bool)
        mask[[self._row[p] for p in refused]] = False
        return mask

    def _serving(self, community: str) -> Mask:
        mask = self._anywhere.copy()
        mask[self._local.get(community, [])] = True
        return mask

    def _certified(self, rank: int, category: Any) -> Mask:
        mask = self._rank >= rank
        if rank:
            mask = mask & self._kind["social_worker"]
        if category.certified_social_worker:
            mask = mask & (~self._kind["social_worker"] | (self._rank >= 1))
        return mask

    def _takes(self, category: Any) -> Mask:
        takes = self._each(lambda p: p.kind != "organization" or p.categories is None or category.id in p.categories)
        if category.registered_organization:
            takes &= ~self._kind["organization"] | self._registered
        return takes

    def _bound(self) -> Mask:
        """Return who is a member of a link that a linked team may be."""
        members = {p for link in self._problem.links if link.grade in STRONG for p in link.members}
        return self._each(lambda p: p.id in members)

    def _free(self) -> Mask:
        return np.asarray((self._per_hour == 0) & (self._per_visit == 0), bool)
