"""One broken rule, and how its message writes times, kinds and lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.fields import DAY, WEEKDAYS, Horizon, clock

if TYPE_CHECKING:
    from matcher.rules import Rule

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of one plan.

    Attributes
    ----------
    rule : Rule
    visit, provider : str or None
        The visit and the provider that it concerns; None where it concerns no single one.
    message : str
        What is wrong in plain English, with both values, without the names of the visit and the provider that it concerns.
    was, allowed : JSON value
        What the plan says, and what the rule would accept. Moments are local ISO 8601, durations minutes or seconds as the message says,
        money yuan.
    """

    rule: Rule
    visit: str | None
    provider: str | None
    message: str
    was: Any
    allowed: Any

    def to_json(self) -> dict[str, Any]:
        """Return the violation as plain JSON values."""
        return {
            "rule": self.rule.value,
            "visit": self.visit,
            "provider": self.provider,
            "message": self.message,
            "was": self.was,
            "allowed": self.allowed,
        }


def told(horizon: Horizon, seconds: int) -> str:
    """Write a moment as ``Tue 08:10``, with its date where the weekday alone would leave a doubt."""
    day, second = divmod(seconds, DAY)
    weekday = WEEKDAYS[(horizon.start.weekday() + day) % 7].capitalize()
    if 0 <= day < horizon.days <= 7:
        return f"{weekday} {clock(second)}"
    return f"{weekday} {horizon.moment(seconds).date().isoformat()} {clock(second)}"


def told_span(horizon: Horizon, start: int, end: int) -> str:
    """Write a stretch of time as ``Tue 08:10-09:00``, or with both days where it ends on another."""
    if start // DAY == end // DAY:
        return f"{told(horizon, start)}-{clock(end % DAY)}"
    if end % DAY == 0 and end // DAY == start // DAY + 1:
        return f"{told(horizon, start)}-24:00"
    return f"{told(horizon, start)}-{told(horizon, end)}"


def told_day(horizon: Horizon, day: int) -> str:
    """Write a day of the horizon (0 is the first) as ``Tue 2026-11-24``."""
    date = horizon.moment(day * DAY).date()
    return f"{WEEKDAYS[date.weekday()].capitalize()} {date.isoformat()}"


def iso(horizon: Horizon, seconds: int) -> str:
    """Write a moment as JSON has it."""
    return horizon.moment(seconds).isoformat()


def date(horizon: Horizon, day: int) -> str:
    """Write a day of the horizon as JSON has it."""
    return horizon.moment(day * DAY).date().isoformat()


def spent(seconds: int) -> str:
    """Write a duration as ``12 min`` or ``12 min 30 s``."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def listed(items: Iterable[object], none: str = "none") -> str:
    """Write a list, shortened where it is long."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more if texts else none


def yuan(fen: int) -> int | float:
    """Return an amount in yuan, as JSON has it."""
    return fen // 100 if fen % 100 == 0 else fen / 100
