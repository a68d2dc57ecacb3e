"""Stretches of time, in seconds of the horizon: taken apart, put together, cut at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from matcher.fields import Window

if TYPE_CHECKING:
    from matcher.fields import Horizon

Spans = list[tuple[int, int]]


def without(spans: Spans, taken: Iterable[tuple[int, int]]) -> Spans:
    """Return what is left of stretches of time once others are taken out of them."""
    left = list(spans)
    for low, high in taken:
        left = [piece for a, b in left for piece in ((a, min(b, low)), (max(a, high), b)) if piece[0] < piece[1]]
    return left


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Return stretches of time with those that touch or overlap made one, in order."""
    out: Spans = []
    for low, high in sorted(spans):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out


def covering(spans: Spans, out: int, home: int, start: int, end: int) -> Spans:
    """Return stretches one of which holds a service with the way home after it, and the way there before it where nothing held its start."""
    for low, high in spans:
        if low <= start < high:
            return spans if end + home <= high else joined([*spans, (low, end + home)])
    return joined([*spans, (max(0, start - out), end + home)])


def windows_from(windows: tuple[Window, ...], now: int, horizon: Horizon) -> tuple[Window, ...]:
    """Return windows that open no sooner than now; those that are wholly later stay as they are written."""
    found: list[Window] = []
    for window in windows:
        spans = window.spans(horizon)
        if all(low >= now for low, _, _ in spans):
            found.append(window)
            continue
        for low, high, late in spans:
            if low >= now:
                found.append(Window(earliest=low, latest=high, late_by=window.late_by))
            elif high >= now:
                found.append(Window(earliest=now, latest=high, late_by=window.late_by))
            elif late >= now:
                found.append(Window(earliest=now, latest=now, late_by=(late - now) // 60))
    return tuple(found)
