"""Who could take a role of a need at all: what does not depend on the rest of a plan. And the training that leaves no need without anyone.

A rough reading of the rules, enough to make a sensible week; the rules themselves are the matcher's.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scenarios.weihai.draft import DAYS, DraftNeed, DraftProvider, DraftRole, Stretch
from scenarios.weihai.geography import metres

CERTIFICATES: Final = (None, "assistant", "social_worker", "senior")
CHECKED_CATEGORIES: Final = ("youth",)
CERTIFIED_CATEGORIES: Final = ("correction",)
REGISTERED_CATEGORIES: Final = ("home_care",)
"""Built in, but for the last, which the weeks add: home care is bought from registered organizations only."""


BACKUP: Final = 1
"""How many more than a team needs are able to serve in it."""

WAY_MINUTES: Final = 30
"""What is left at the start of a shift for the way, where a start has to be named."""


def can_serve(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> bool:
    """Return whether nothing about the provider itself forbids it the role."""
    return next(_obstacles(provider, role, need), None) is None and has_time(provider, role, need)


def lacks(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> list[str]:
    """Return what about the provider, time aside, forbids it the role: names of rules."""
    return list(_obstacles(provider, role, need))


def has_time(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> bool:
    """Return whether some shift of the provider holds some start of the need."""
    minutes = role.minutes or need.minutes
    return any(_meet(shift, window, minutes) for shift in provider.shifts for window in need.windows)


def _meet(shift: Stretch, window: Stretch, minutes: int) -> bool:
    is_same_day = window.day is None or shift.day is None or window.day == shift.day
    return is_same_day and max(shift.start, window.start) <= min(shift.end - minutes, window.end + window.late_by)


def starts_of(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> list[tuple[str, int]]:
    """Return a day and a start in minutes for each shift and window that meet: half an hour into the shift, or what there is room for."""
    minutes, out = role.minutes or need.minutes, []
    for shift in provider.shifts:
        for window in need.windows:
            if _meet(shift, window, minutes):
                start = max(window.start, min(shift.start + WAY_MINUTES, shift.end - minutes, window.end))
                out.append((shift.day or window.day or DAYS[0], start))
    return out


def _obstacles(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> Iterator[str]:
    if provider.kind not in (*role.kinds, *role.stand_ins):
        yield "kind"
    if any(provider.skills.get(skill, 0) < level for skill, level in role.skills.items()):
        yield "skill"
    if CERTIFICATES.index(provider.certificate) < _certificate(role, need, provider):
        yield "certificate"
    language = role.language or (need.resident.language if need.resident is not None else None)
    if language is not None and language not in provider.languages:
        yield "language"
    if role.gender is not None and role.gender != provider.gender:
        yield "gender"
    if need.kind.category in CHECKED_CATEGORIES and not provider.is_checked:
        yield "checked"
    if provider.area is not None and need.site.place.code not in provider.area:
        yield "area"
    if provider.kind == "organization":
        is_barred = need.kind.category in REGISTERED_CATEGORIES and not provider.is_registered
        if is_barred or (provider.categories is not None and need.kind.category not in provider.categories):
            yield "category"


def _certificate(role: DraftRole, need: DraftNeed, provider: DraftProvider) -> int:
    asked = CERTIFICATES.index(role.certificate)
    return max(asked, 1) if need.kind.category in CERTIFIED_CATEGORIES and provider.kind == "social_worker" else asked


@dataclass
class Near:
    """The providers of a week by street and kind."""

    by_street: dict[tuple[str, str], list[DraftProvider]]
    by_kind: dict[str, list[DraftProvider]]

    def of(self, need: DraftNeed, kinds: Sequence[str]) -> Iterable[list[DraftProvider]]:
        """Yield those of the need's street, then all; kinds earlier in the list first, the nearest of each first."""
        for group in (self._street(need), self.by_kind):
            found = [provider for kind in kinds for provider in group.get(kind, ())]
            if found:
                yield found

    def _street(self, need: DraftNeed) -> dict[str, list[DraftProvider]]:
        street = need.site.place.street_code
        return {kind: self.by_street[street, kind] for kind in ("volunteer", "social_worker", "organization")}


def near_of(providers: Iterable[DraftProvider]) -> Near:
    """Return providers ready to be asked for by street and kind."""
    by_street: dict[tuple[str, str], list[DraftProvider]] = defaultdict(list)
    by_kind: dict[str, list[DraftProvider]] = defaultdict(list)
    for provider in providers:
        by_street[provider.site.place.street_code, provider.kind].append(provider)
        by_kind[provider.kind].append(provider)
    return Near(by_street, by_kind)


def train(needs: Iterable[DraftNeed], providers: Sequence[DraftProvider]) -> None:
    """Make every need one that enough different people could take, but for those that ask for a rare skill.

    Whoever of a fitting kind has the time and lacks least learns what is missing: a skill, a language, a certificate, a check. Genders stay.
    """
    near = near_of(providers)
    for need in needs:
        if need.is_rare:
            continue
        for team in (need.team, need.first_team or ()):
            for role in team:
                _train_for(role, need, near, BACKUP + sum(other.count for other in team if set(other.kinds) & set(role.kinds)))


def _train_for(role: DraftRole, need: DraftNeed, near: Near, wanted: int) -> None:
    for group in near.of(need, role.kinds):
        # Whether there are more than enough is nobody's question.
        able = len(list(itertools.islice((provider for provider in group if can_serve(provider, role, need)), wanted)))
        if able >= wanted:
            return
        in_time = [
            provider
            for provider in group
            if is_teachable(provider, role, need) and has_time(provider, role, need) and not can_serve(provider, role, need)
        ]
        in_time.sort(key=lambda provider: (len(lacks(provider, role, need)), metres(provider.point, need.point), provider.id))
        for provider in in_time[: wanted - able]:
            teach(provider, role, need)
            able += 1
        if able >= wanted:
            return


def is_teachable(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> bool:
    """Return whether nothing stands in the way that teaching leaves as it is: the gender, or a registration that an organization does not have."""
    is_barred = provider.kind == "organization" and not provider.is_registered and need.kind.category in REGISTERED_CATEGORIES
    return role.gender in (None, provider.gender) and not is_barred


def teach(provider: DraftProvider, role: DraftRole, need: DraftNeed) -> None:
    """Give a provider what it lacks for a role and can be had: skills, the language, a certificate, the check, the area, the category."""
    for skill, level in role.skills.items():
        provider.skills[skill] = max(level, provider.skills.get(skill, 0))
    language = role.language or (need.resident.language if need.resident is not None else None)
    if language is not None and language not in provider.languages:
        provider.languages.append(language)
    if need.kind.category in CHECKED_CATEGORIES:
        provider.is_checked = True
    asked = _certificate(role, need, provider)
    if CERTIFICATES.index(provider.certificate) < asked:
        provider.certificate = CERTIFICATES[asked]
    code = need.site.place.code
    if provider.area is not None and code not in provider.area:
        provider.area.append(code)
    if provider.kind == "organization":
        if provider.categories is not None and need.kind.category not in provider.categories:
            provider.categories.append(need.kind.category)


def days_of(windows: Iterable[Stretch]) -> list[str]:
    """Return the weekdays of some windows."""
    found = list(windows)
    return [day for day in DAYS if any(window.has_day(day) for window in found)]
