"""Closing the windows of needs to the past, as far as their week stays valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher.fields import Window
from matcher.living.hours import windows_from
from matcher.validation.pins import pinned_start

if TYPE_CHECKING:
    from matcher.problem import Need, Pin
    from matcher.validation.times import Reach

Windows = tuple[Window, ...]


@dataclass
class Cutter:
    """What closing windows depends on.

    Attributes
    ----------
    now : int or None
        Seconds of the horizon; None closes nothing.
    frozen : frozenset of str
        Visits that have begun, or that an event settled.
    starts : dict of str to set of int
        The starts of their services, by need.
    own : dict of str to list of Pin
        Pins of other visits, by need.
    """

    now: int | None
    frozen: frozenset[str]
    starts: Mapping[str, set[int]]
    own: Mapping[str, list[Pin]]
    reach: Reach
    _cuts: dict[Windows, Windows] = field(default_factory=dict)

    def cut(self, needs: Iterable[Need]) -> tuple[list[Need], frozenset[str], frozenset[str]]:
        """Close the windows of needs to the past, but for the starts of what has happened.

        Returns
        -------
        needs : list of Need
        over : frozenset of str
            Visits of needs that could not be closed, for the week would not be valid.
        closed : frozenset of str
            Those, and the ones whose need has moments of the past among its windows: what they may do has to be closed otherwise.
        """
        made: list[Need] = []
        over: set[str] = set()
        closed: set[str] = set()
        for need in needs:
            pending = [name for number in range(1, need.visits + 1) if (name := f"{need.id}#{number}") not in self.frozen]
            windows = self._from_now(need.windows) if pending else need.windows
            changed = self._with_starts(need, windows)
            if changed is need or (changed.windows and self._is_possible(changed)):
                made.append(changed)
                closed.update(pending if need.id in self.starts else ())
            else:
                made.append(self._with_starts(need, need.windows))
                over.update(pending)
        return made, frozenset(over), frozenset(closed | over)

    def _from_now(self, windows: Windows) -> Windows:
        if self.now is None:
            return windows
        if windows not in self._cuts:
            self._cuts[windows] = windows_from(windows, self.now, self.reach.horizon)
        return self._cuts[windows]

    def _with_starts(self, need: Need, windows: Windows) -> Need:
        """Return a need with these windows, and one of a moment for each start that lies in none of them."""
        starts = self.starts.get(need.id, set())
        if starts:
            spans = [(low, late) for window in windows for low, _, late in window.spans(self.reach.horizon)]
            lost = sorted(start for start in starts if not any(low <= start <= late for low, late in spans))
            windows = (*windows, *(Window(earliest=start, latest=start) for start in lost))
        return need if windows == need.windows else need.model_copy(update={"windows": windows})

    def _is_possible(self, need: Need) -> bool:
        """Return whether the windows of a need still hold its pins, as many visits, and such teams, as it asks for: what a valid week asks."""
        spans = self.reach.windows(need)
        if not spans:
            return False
        for pin in self.own.get(need.id, ()):
            start = pinned_start(pin, self.reach)
            if start is not None and not any(low <= start <= high for low, high in spans):
                return False
            if pin.day is not None and not set(self.reach.horizon.indices(pin.day)).intersection(self.reach.days(spans)):
                return False
        spacing = need.spacing
        if need.visits > 1 and self.reach.most_visits(self.reach.days(spans), spacing.at_least_days, spacing.at_most_days, need.visits) < need.visits:
            return False
        teams = [need.team, *([need.first_team] if need.first_team is not None else [])]
        gap = need.gap
        return gap is None or all(
            self.reach.has_sequence(spans, sum(role.count for role in team), gap.min_minutes, gap.max_minutes) for team in teams
        )
