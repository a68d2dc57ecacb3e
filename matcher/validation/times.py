"""What the windows and shifts of a problem leave open: the days and the starts that a visit can have at all."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from matcher.fields import DAY

if TYPE_CHECKING:
    from matcher.fields import Window
    from matcher.problem import Need, Problem

Spans = tuple[tuple[int, int], ...]
Days = tuple[int, ...]


class Reach:
    """The starts and days that are open to visits, each pattern worked out once.

    The day of a service is the day on which its shift starts, so that a visit after midnight may belong to the day before.
    """

    def __init__(self, problem: Problem) -> None:
        self.horizon = problem.horizon
        self.last_end: dict[int, int] = {}
        """For each day, the end of the last shift that starts then and runs past midnight."""
        seen = set()
        for provider in problem.providers:
            if provider.shifts in seen:
                continue
            seen.add(provider.shifts)
            for span in provider.shifts:
                if isinstance(span.start, int):
                    (start, end), *_ = span.spans(self.horizon)
                    day = start // DAY
                    if end > (day + 1) * DAY:
                        self.last_end[day] = max(end, self.last_end.get(day, 0))
        self._windows: dict[tuple[Window, ...], Spans] = {}
        self._days: dict[Spans, Days] = {}
        self._most: dict[tuple[Days, int, int | None], int] = {}
        self._sequence: dict[tuple[Spans, int, int, int], bool] = {}

    def windows(self, need: Need) -> Spans:
        """Return every ``(earliest, latest with lateness)`` of a need, in seconds, sorted."""
        key = need.windows
        if key not in self._windows:
            self._windows[key] = tuple(sorted({(low, late) for window in key for low, _, late in window.spans(self.horizon)}))
        return self._windows[key]

    def days(self, spans: Spans) -> Days:
        """Return the days that a visit may have whose service starts within `spans`."""
        if spans not in self._days:
            days = {day for low, high in spans for day in range(low // DAY, min(high // DAY, self.horizon.days - 1) + 1)}
            days.update(day for day, end in self.last_end.items() if any(low < end and high >= day * DAY for low, high in spans))
            self._days[spans] = tuple(sorted(days))
        return self._days[spans]

    def day_of(self, start: int) -> Days:
        """Return the days that a service starting at a moment may have."""
        return self.days(((start, start),))

    def most_visits(self, days: Days, at_least: int, at_most: int | None, enough: int) -> int:
        """Return the greatest number of visits on `days` with the spacing kept (or a number not below `enough`)."""
        key = (days, at_least, at_most)
        if key not in self._most:
            self._most[key] = _packed(days, at_least) if at_most is None else _longest(days, at_least, at_most)
        return min(self._most[key], max(enough, 1)) if days else 0

    def has_sequence(self, spans: Spans, roles: int, least: int, most: int) -> bool:
        """Return whether `roles` services can start within `spans`, each `least` to `most` minutes after the one before it."""
        key = (spans, roles, least, most)
        if key not in self._sequence:
            allowed = merged(spans)
            reached = allowed
            for _ in range(roles - 1):
                reached = _meet(merged(tuple((low + 60 * least, high + 60 * most) for low, high in reached)), allowed)
            self._sequence[key] = bool(reached)
        return self._sequence[key]


def merged(spans: Spans) -> Spans:
    """Return inclusive intervals with those that touch or overlap made one, sorted."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


def _meet(left: Spans, right: Spans) -> Spans:
    """Return the intersection of two sorted lists of inclusive intervals."""
    out, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low <= high:
            out.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def _packed(days: Days, at_least: int) -> int:
    count, free = 0, -1
    for day in days:
        if day >= free:
            count, free = count + 1, day + at_least
    return count


def _longest(days: Days, at_least: int, at_most: int) -> int:
    """Return the length of the longest chain of days, each `at_least` to `at_most` days after the one before it."""
    best: list[int] = []
    for day in days:
        first, last = bisect_left(days, day - at_most), bisect_left(days, day - at_least + 1)
        best.append(1 + max(best[first:last], default=0))
    return max(best, default=0)
