"""Closing the windows of needs to the past, as far as their week stays valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from matcher.fields import Window
from matcher.living.hours import windows_from
from matcher.validation.pins import pinned_start
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.problem import Need, Pin
    from matcher.validation.times import Reach

Windows = tuple[Window, ...]
Spans = tuple[tuple[int, int], ...]


class _Cut(NamedTuple):
    """Windows of before closed to the past; whether nothing of them has passed; and what they mean."""

    windows: Windows
    is_same: bool
    spans: Spans


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
    same : dict of int to Windows
        The windows that stand for all equal ones, by identity, as far as they are at hand: thousands of needs share a few patterns.
    """

    now: int | None
    frozen: frozenset[str]
    starts: Mapping[str, set[int]]
    own: Mapping[str, list[Pin]]
    reach: Reach
    same: Mapping[int, Windows] = field(default_factory=dict)
    _seen: dict[Windows, Windows] = field(default_factory=dict)
    _cuts: dict[tuple[int, bool], _Cut] = field(default_factory=dict)
    _possible: dict[tuple[int, int, int, int | None], bool] = field(default_factory=dict)

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
        begun = {need_of(name) for name in self.frozen}
        for need in needs:
            names = [f"{need.id}#{number}" for number in range(1, need.visits + 1)] if need.id in begun else ()
            pending = [name for name in names if name not in self.frozen]
            is_pending = bool(pending) or not names
            cut = self._cut(need, is_from_now=is_pending)
            changed, spans = self._with_starts(need, cut)
            if changed is need or (changed.windows and self._is_possible(changed, cut, spans)):
                made.append(changed)
                closed.update(pending if need.id in self.starts else ())
            else:
                made.append(self._with_starts(need, self._cut(need, is_from_now=False))[0])
                over.update(pending if names else (f"{need.id}#{number}" for number in range(1, need.visits + 1)))
        return made, frozenset(over), frozenset(closed | over)

    def _cut(self, need: Need, *, is_from_now: bool) -> _Cut:
        """Return the windows of a need, from now on or as they are."""
        windows = self.same.get(id(need.windows)) or self._seen.setdefault(need.windows, need.windows)
        key = (id(windows), is_from_now)
        if key not in self._cuts:
            left = windows_from(windows, self.now, self.reach.horizon) if is_from_now and self.now is not None else windows
            spans = tuple(sorted({(low, late) for window in left for low, _, late in window.spans(self.reach.horizon)}))
            self._cuts[key] = _Cut(left, left == windows, spans)
        return self._cuts[key]

    def _with_starts(self, need: Need, cut: _Cut) -> tuple[Need, Spans]:
        """Return a need with these windows, and one of a moment for each start that lies in none of them; and what they mean."""
        starts = self.starts.get(need.id)
        lost = sorted(start for start in starts if not any(low <= start <= late for low, late in cut.spans)) if starts else ()
        if cut.is_same and not lost:
            return need, cut.spans
        if not lost:
            return need.model_copy(update={"windows": cut.windows}), cut.spans
        windows = (*cut.windows, *(Window(earliest=start, latest=start) for start in lost))
        return need.model_copy(update={"windows": windows}), tuple(sorted((*cut.spans, *((start, start) for start in lost))))

    def _is_possible(self, need: Need, cut: _Cut, spans: Spans) -> bool:
        """Return whether the windows of a need still hold its pins, as many visits, and such teams, as it asks for: what a valid week asks."""
        if need.gap is not None or need.id in self.own or spans is not cut.spans:
            return self._holds(need, spans)
        key = (id(cut.windows), need.visits, need.spacing.at_least_days, need.spacing.at_most_days)
        if key not in self._possible:
            self._possible[key] = self._holds(need, spans)
        return self._possible[key]

    def _holds(self, need: Need, spans: Spans) -> bool:
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
