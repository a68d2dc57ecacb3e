"""Who could serve a visit that is left out, but for one thing: the nearest misses, with the number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from matcher.entries import RANK
from matcher.explain.answer import Miss
from matcher.kernels.diagnose import (
    BY_CASELOAD,
    BY_DAY_MINUTES,
    BY_FUND,
    BY_LEG,
    BY_MAX_PROVIDERS,
    BY_SPACING,
    BY_TIME,
    BY_WEEK_MINUTES,
    FREE,
    diagnose,
)
from matcher.kernels.routes import NONE
from matcher.reasons import lunch_alone, with_latest
from matcher.rules import Rule

if TYPE_CHECKING:
    from matcher.explain.refit import Ground
    from matcher.people import Provider
    from matcher.visits import VisitRole

MOST = 10
FREELY = "free"
LONGEST_EXTENSION = 240
"""Minutes: a shift that would have to be longer by more than this is no near miss."""
BINARY = {Rule.AREA: 60, Rule.CHECKED: 120, Rule.LANGUAGE: 480, Rule.CATEGORY: 480, Rule.CERTIFICATE: 960, Rule.SUPERVISION: 960, Rule.GENDER: 1920}
"""How near a miss counts, in minutes, where the rule itself has no number."""
RULE_OF = {
    BY_DAY_MINUTES: (Rule.DAY_MINUTES, "minutes", 60),
    BY_WEEK_MINUTES: (Rule.WEEK_MINUTES, "minutes", 60),
    BY_FUND: (Rule.FUND_BALANCE, "yuan", 100),
    BY_CASELOAD: (Rule.CASELOAD, "residents", 1),
    BY_MAX_PROVIDERS: (Rule.MAX_PROVIDERS, "providers", 1),
    BY_TIME: (Rule.TRAVEL, "minutes", 60),
}
RULES = frozenset({*BINARY, *(rule for rule, _, _ in RULE_OF.values()), Rule.SKILL, Rule.SHIFT, Rule.LUNCH, Rule.SPACING, Rule.LEG})
"""Every rule that a miss may name."""


class Seen(NamedTuple):
    """Who nearly could serve a visit, and who could.

    Attributes
    ----------
    misses
        Every miss with its size (see `BINARY`), the nearest first.
    free
        The rows of those who pass the rules on people and have room for a role, by role.
    """

    misses: list[tuple[int, Miss]]
    free: dict[str, list[int]]


class Misses:
    """Looks for near misses in the routes of a ground."""

    def __init__(self, ground: Ground) -> None:
        self._compiled = ground.compiled
        instance = ground.compiled.instance
        self._packed, self._state = with_latest(instance, ground.state, ground.packed)
        # any entry of a shift will do to ask what the shift has room for
        self._entry_of = np.full(len(instance.shifts), NONE, np.int64)
        self._entry_of[instance.entry_shift[::-1]] = np.arange(len(instance.entry_shift))[::-1]
        self._journeys = ground.journeys

    def of(self, v: int) -> Seen:
        """Return who nearly could serve a visit that is left out, and who could."""
        visit, found = self._compiled.visits[v], []
        free: dict[str, list[int]] = {role.id: [] for role in visit.roles}
        for k, role in enumerate(visit.roles):
            rules = list(self._compiled.eligibility.rules(visit, role))
            fails = sum((~passes).astype(np.int64) for _, passes in rules)
            for p in np.flatnonzero(fails == 0).tolist():
                nearest = self._busy(v, k, role, p)
                if nearest is FREELY:
                    free[role.id].append(p)
                elif isinstance(nearest, tuple):
                    found.append(nearest)
            for rule, passes in rules:
                for p in np.flatnonzero(~passes & (fails == 1)).tolist():
                    found.extend(self._unfit(v, k, role, p, rule))
        return Seen(sorted(found, key=lambda item: (item[0], item[1].role, item[1].provider)), free)

    def _busy(self, v: int, k: int, role: VisitRole, p: int) -> tuple[int, Miss] | str | None:
        """Return the least thing that keeps a provider who passes the rules on people; `FREELY` where nothing does, None where no miss tells it."""
        instance, provider = self._compiled.instance, self._compiled.problem.providers[p]
        n = int(instance.visits[v]["first_node"]) + k
        nearest: tuple[int, Miss] | None = None
        span = slice(int(instance.entry_first[n]), int(instance.entry_first[n + 1]))
        mine = np.flatnonzero(instance.shifts["provider"][instance.entry_shift[span]] == p) + span.start
        for entry in mine.tolist():
            code, short = (int(x) for x in diagnose(*self._packed, self._state, n, entry))
            if code == FREE:
                return FREELY
            miss = self._miss(v, k, role, provider, int(instance.entry_shift[entry]), code, short)
            if miss is not None and (nearest is None or miss[0] < nearest[0]):
                nearest = miss
        if len(mine) == 0:
            nearest = self._off_duty(v, role, provider)
        return nearest

    def _miss(self, v: int, k: int, role: VisitRole, provider: Provider, s: int, code: int, short: int) -> tuple[int, Miss] | None:
        instance, horizon = self._compiled.instance, self._compiled.problem.horizon
        shift = instance.shifts[s]
        detail: dict[str, Any] = {"from": horizon.moment(int(shift["start"])), "to": horizon.moment(int(shift["end"]))}
        if code == BY_SPACING:
            return 480, Miss(role.id, provider.id, Rule.SPACING, None, None, detail)
        if code == BY_LEG:
            minutes = self._longer_leg(v, provider)
            return 60 + minutes, Miss(role.id, provider.id, Rule.LEG, minutes, "minutes", detail)
        rule, unit, scale = RULE_OF[code]
        number = short / scale if unit == "yuan" else -(-short // scale)
        size = {Rule.CASELOAD: 120, Rule.MAX_PROVIDERS: 240}.get(rule, round(number))
        if code == BY_TIME:
            n = int(instance.visits[v]["first_node"]) + k
            if lunch_alone(self._compiled.instance, self._packed, self._state, n, s):
                rule = Rule.LUNCH
        return size, Miss(role.id, provider.id, rule, number, unit, detail)

    def _longer_leg(self, v: int, provider: Provider) -> int:
        """Return by how many minutes the way from the base is longer than the provider's longest leg."""
        journeys = self._journeys
        place = journeys.of_need(self._compiled.visits[v].need)
        seconds = journeys.seconds(provider, journeys.of_base(provider), place) if place >= 0 else 0
        return max(1, -(-seconds // 60) - (provider.max_leg_minutes or 0))

    def _off_duty(self, v: int, role: VisitRole, provider: Provider) -> tuple[int, Miss] | None:
        """Return by how many minutes the nearest shift would have to be longer for the provider to come, serve and go back."""
        journeys = self._journeys
        visit, horizon = self._compiled.visits[v], self._compiled.problem.horizon
        place, base = journeys.of_need(visit.need), journeys.of_base(provider)
        out = journeys.seconds(provider, base, place) if place >= 0 else 0
        back = journeys.seconds(provider, place, base) if place >= 0 and provider.returns else 0
        best: tuple[int, Miss] | None = None
        for shift in (shift for shift in self._compiled.problem.shifts if shift.provider.id == provider.id):
            for low, _, high in visit.windows:
                start = min(max(low, shift.start + out), high)
                earlier, later = max(0, shift.start + out - start), max(0, start + role.seconds + back - shift.end)
                minutes = -(-earlier // 60) - (-later // 60)
                if 0 < minutes <= LONGEST_EXTENSION and (best is None or minutes < best[0]):
                    detail = {
                        "from": horizon.moment(shift.start),
                        "to": horizon.moment(shift.end),
                        "earlier": -(-earlier // 60),
                        "later": -(-later // 60),
                    }
                    best = minutes, Miss(role.id, provider.id, Rule.SHIFT, minutes, "minutes", detail)
        return best

    def _unfit(self, v: int, k: int, role: VisitRole, p: int, rule: Rule) -> list[tuple[int, Miss]]:
        """Return the miss of a provider who has time but fails one rule on people."""
        instance, provider = self._compiled.instance, self._compiled.problem.providers[p]
        size, number, unit, detail = self._lack(role, provider, rule)
        if size is None or not self._has_time(v, int(instance.visits[v]["first_node"]) + k, p):
            return []
        return [(size, Miss(role.id, provider.id, rule, number, unit, detail))]

    def _lack(self, role: VisitRole, provider: Provider, rule: Rule) -> tuple[int | None, float | None, str | None, dict[str, Any]]:
        if rule == Rule.SKILL:
            lacking = {s: level for s, level in role.role.skills.items() if provider.skills.get(s, 0) < level}
            if len(lacking) > 1:
                return None, None, None, {}
            skill, level = next(iter(lacking.items()))
            levels = level - provider.skills.get(skill, 0)
            return 480 * levels, levels, "levels", {"skill": skill, "level": level}
        if rule == Rule.CERTIFICATE and provider.kind == "social_worker":
            wanted = max(RANK[role.role.certificate], 1)
            detail = {"certificate": next(name for name, rank in RANK.items() if rank == wanted)}
            return BINARY[rule] * (wanted - RANK[provider.certificate]), None, None, detail
        return (BINARY.get(rule) if rule != Rule.CERTIFICATE else None), None, None, {}

    def _is_long_enough(self, v: int, n: int, p: int, s: int) -> bool:
        """Return whether an empty shift is long enough to come, serve in a window and go back."""
        journeys = self._journeys
        instance, provider, visit = self._compiled.instance, self._compiled.problem.providers[p], self._compiled.visits[v]
        place, base, shift = journeys.of_need(visit.need), journeys.of_base(provider), instance.shifts[s]
        out = journeys.seconds(provider, base, place) if place >= 0 else 0
        back = journeys.seconds(provider, place, base) if place >= 0 and provider.returns else 0
        first, last = int(shift["start"]) + out, int(shift["end"]) - back - int(instance.nodes[n]["seconds"])
        return any(max(low, first) <= min(high, last) for low, _, high in visit.windows)

    def _has_time(self, v: int, n: int, p: int) -> bool:
        """Return whether a provider has room for a node in some shift, the rules on people aside."""
        instance = self._compiled.instance
        row = instance.providers[p]
        windows = self._compiled.visits[v].windows
        for s in range(int(row["shift_first"]), int(row["shift_first"] + row["shifts"])):
            shift, entry = instance.shifts[s], int(self._entry_of[s])
            if not any(low <= shift["end"] and shift["start"] <= high for low, _, high in windows):
                continue
            if entry == NONE:  # a shift that may hold nothing as things are: it is empty, so there is only the way to look at
                if self._is_long_enough(v, n, p, s):
                    return True
                continue
            if int(diagnose(*self._packed, self._state, n, entry)[0]) in (FREE, BY_FUND):
                return True
        return False
