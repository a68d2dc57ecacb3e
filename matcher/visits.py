"""Needs become visits, and what providers offer becomes shifts: done once, here, before any solver or verifier looks.

Both the compile step and the verifier start from these plain values, so that neither depends on the other's reading of a need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.fields import DAY

if TYPE_CHECKING:
    from matcher.fields import Horizon
    from matcher.people import Provider, Venue
    from matcher.problem import Need, Problem, Role


def need_of(visit: str) -> str:
    """Return the id of the need of a visit, by the visit's id (`Visit`)."""
    return visit.rpartition("#")[0]


@dataclass(frozen=True, slots=True)
class VisitRole:
    """One place in a visit's team: `id` is the role's name, with ``.1``, ``.2`` ... where its count is above one."""

    id: str
    role: Role
    minutes: int

    @property
    def seconds(self) -> int:
        """The length of the service in seconds."""
        return self.minutes * 60


@dataclass(frozen=True, slots=True)
class Visit:
    """One occurrence of a need. Its id is the need's id, ``#`` and its number (from 1)."""

    id: str
    need: Need
    number: int
    community: str
    roles: tuple[VisitRole, ...]
    windows: tuple[tuple[int, int, int], ...]
    """``(earliest, latest, latest with lateness)`` of each window, in seconds from the start of the horizon, sorted."""
    preferred: tuple[tuple[int, int], ...]
    """``(earliest, latest)`` of each preferred window, in seconds, sorted."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One unbroken working interval of one crew of one provider, in seconds from the start of the horizon."""

    provider: Provider
    crew: int
    start: int
    end: int
    lunch: tuple[int, int, int] | None
    """``(earliest, latest end, seconds)`` where the shift holds the provider's whole lunch window, else None."""

    @property
    def day(self) -> int:
        """The day of the horizon (0 is the first) that the shift starts on."""
        return self.start // DAY

    @property
    def week(self) -> int:
        """The block of seven days from the start of the horizon that the shift starts in."""
        return self.start // (7 * DAY)


def roles_of(roles: tuple[Role, ...], minutes: int) -> tuple[VisitRole, ...]:
    """Return one `VisitRole` for each place: a role of count n stands n times."""
    return tuple(
        VisitRole(role.id if role.count == 1 else f"{role.id}.{k}", role, role.minutes or minutes) for role in roles for k in range(1, role.count + 1)
    )


def visits_of(problem: Problem) -> tuple[Visit, ...]:
    """Return every visit of every need, in the order of the needs."""
    visits = []
    for need in problem.needs:
        windows = tuple(sorted({span for window in need.windows for span in window.spans(problem.horizon)}))
        preferred = tuple(sorted({span[:2] for window in need.preferred for span in window.spans(problem.horizon)}))
        team = roles_of(need.team, need.minutes)
        first = team if need.first_team is None else roles_of(need.first_team, need.minutes)
        for number in range(1, need.visits + 1):
            visits.append(
                Visit(
                    id=f"{need.id}#{number}",
                    need=need,
                    number=number,
                    community=problem.community_of[need.id],
                    roles=first if number == 1 else team,
                    windows=windows,
                    preferred=preferred,
                )
            )
    return tuple(visits)


def shifts_of(problem: Problem) -> tuple[Shift, ...]:
    """Return every shift of every provider and crew that starts inside the horizon: by provider, then start, then crew."""
    shifts: list[Shift] = []
    for provider in problem.providers:
        spans = sorted({span for offered in provider.shifts for span in offered.spans(problem.horizon)})
        for start, end in spans:
            lunch = None
            if provider.lunch is not None:
                low, high = (start // DAY * DAY + second for second in provider.lunch.span)
                if start <= low and high <= end:
                    lunch = (low, high, provider.lunch.minutes * 60)
            shifts.extend(Shift(provider, crew, start, end, lunch) for crew in range(1, provider.crews + 1))
    return tuple(shifts)


def openings_of(venue: Venue, horizon: Horizon) -> tuple[tuple[int, int], ...]:
    """Return when a venue is open, in seconds from the start of the horizon, in order; openings that touch or overlap are one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for opening in venue.opening for span in opening.spans(horizon)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
