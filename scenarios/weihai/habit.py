"""The plan in force: who usually serves whom, as far as a week of habit goes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scenarios.weihai.draft import DAYS, DraftNeed, DraftProvider, Json
from scenarios.weihai.fits import can_serve

if TYPE_CHECKING:
    from scenarios.weihai.chance import Chance

BREAK_MINUTES: Final = 30
"""Left free between two visits of one provider, for the way."""


def plan_in_force(chance: Chance, needs: Sequence[DraftNeed], providers: Sequence[DraftProvider], monday: dt.date) -> list[Json]:
    """Return a line for visits of one service whose resident knows somebody able to give it, at the first time that is free for them.

    It is what people are used to, not a plan that keeps every rule: a new plan may have to leave it.
    """
    people = {provider.id: provider for provider in providers}
    busy: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    lines: list[Json] = []
    for need in chance.shuffled(needs):
        roles = need.first_team or need.team
        if need.resident is None or len(roles) > 1 or roles[0].count > 1:
            continue
        for number in range(1, need.visits + 1):
            role = roles[0] if number == 1 else need.team[0]
            able = [people[name] for name in need.resident.known if can_serve(people[name], role, need)]
            found = next((spot for provider in able if (spot := _free(provider, need, role.minutes or need.minutes, busy, number)) is not None), None)
            if found is None:
                break
            name, day, start = found
            busy[name, day].append((start, start + (role.minutes or need.minutes)))
            moment = dt.datetime.combine(monday, dt.time()) + dt.timedelta(days=DAYS.index(day), minutes=start)
            lines.append({"visit": f"{need.id}#{number}", "start": moment.isoformat(), "team": {role.id: name}})
    return sorted(lines, key=lambda line: str(line["visit"]))


def _free(
    provider: DraftProvider, need: DraftNeed, minutes: int, busy: dict[tuple[str, str], list[tuple[int, int]]], number: int
) -> tuple[str, str, int] | None:
    """Return the first start on the provider's days (from the one that the visit's number suggests) that is free, None if there is none."""
    days = [shift for shift in provider.shifts if shift.day is not None]
    for shift in days[number - 1 :]:
        for window in need.windows:
            if not window.has_day(shift.day or ""):
                continue
            start = max(shift.start + BREAK_MINUTES, window.start)
            while start <= min(shift.end - minutes, window.end):
                if all(start + minutes + BREAK_MINUTES <= low or start >= high + BREAK_MINUTES for low, high in busy[provider.id, shift.day or ""]):
                    return provider.id, shift.day or "", start
                start += 15
    return None
