"""What providers offer: shifts are handed out round by round until the hours offered stand in the wanted proportion to those asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import fsum
from typing import TYPE_CHECKING, Final

from scenarios.weihai.catalogue import WEEKDAYS_5, WEEKEND
from scenarios.weihai.draft import DAYS, DraftNeed, DraftProvider, DraftRole, Stretch
from scenarios.weihai.fits import Near, days_of, is_teachable, lacks, near_of, teach
from scenarios.weihai.geography import metres

if TYPE_CHECKING:
    from scenarios.weihai.chance import Chance

TRAVEL_MINUTES_URBAN, TRAVEL_MINUTES_RURAL = 10.0, 14.0
"""Minutes on the way for one service, at a guess: what is asked of people is counted with them."""

USABLE: Final = 0.75
"""What part of a shift can be of use at best: shifts and windows meet only in part, and teams have to wait for one another."""

SUPERVISED_WORTH: Final = 0.5
"""What an hour of a volunteer counts who may only serve beside a social worker."""

VOLUNTEER_HABITS: Final = {"retired": 0.62, "employed": 0.24, "student": 0.14}
BANDS: Final = {
    "early": (450, 690),
    "morning": (510, 750),
    "noon": (600, 780),
    "afternoon": (810, 1020),
    "school": (930, 1110),
    "evening": (1050, 1230),
}
"""Minutes of a day, from and to."""

HABIT_BANDS: Final[dict[str, tuple[tuple[Sequence[str], dict[str, float]], ...]]] = {
    "retired": ((WEEKDAYS_5, {"early": 0.22, "morning": 0.32, "noon": 0.14, "afternoon": 0.32}), (WEEKEND, {"morning": 0.5, "afternoon": 0.5})),
    "employed": ((WEEKDAYS_5, {"evening": 0.6, "noon": 0.4}), (WEEKEND, {"morning": 0.5, "afternoon": 0.5})),
    "student": ((WEEKDAYS_5, {"school": 0.7, "evening": 0.3}), (WEEKEND, {"morning": 0.5, "afternoon": 0.5})),
}
WEEKDAY_SHARE: Final = {"retired": 0.85, "employed": 0.3, "student": 0.45}
OFFICE_DAY: Final = (510, 1050)
LONG_SHIFT: Final = 300
LUNCH_WORTH: Final = 0.88
"""Shifts of more than so many minutes have a lunch break, and are counted for so much of their length."""

CALLED_SHARE: Final = 0.5
CALLS: Final = 6
"""Of the other shifts, how many are about the hours of a need nearby instead of the provider's own habit; after how many tries that is given up."""

AGREED_SHARE: Final = 0.85
"""Of the groups, and of the needs for two volunteers at once, how many have their people agreed with beforehand."""

EARLY, LEEWAY, LEAST_SHIFT, MOST_AGREED, NEAR = 30, 45, 165, 3, 8
"""Minutes that an agreed shift starts before and lasts after what it is for, its least length, how many a provider has at most, and
how many of the nearest are asked."""

MOST_SHIFTS: Final = {"volunteer": 6, "social_worker": 5, "organization": 10}


def asked_minutes(needs: Sequence[DraftNeed]) -> dict[str, float]:
    """Return the minutes, with those on the way, that the needs ask of each kind; a role that two kinds may fill counts half for each."""
    asked = {"volunteer": 0.0, "social_worker": 0.0, "organization": 0.0}
    for need in needs:
        if need.kind.place == "remote":
            travel = 0.0
        else:
            travel = TRAVEL_MINUTES_URBAN if need.site.place.is_urban else TRAVEL_MINUTES_RURAL
        for role, count in need.teams:
            for kind in role.kinds:
                asked[kind] += (travel + (role.minutes or need.minutes)) * count / len(role.kinds)
    return asked


def worth(provider: DraftProvider, shift: Stretch) -> float:
    """Return the minutes of visits and ways that a shift is counted for."""
    minutes = USABLE * (shift.end - shift.start) * provider.crews
    if provider.kind == "volunteer":
        return minutes * (SUPERVISED_WORTH if provider.supervision != "none" else 1.0)
    has_lunch = shift.end - shift.start > LONG_SHIFT
    return minutes * (LUNCH_WORTH if has_lunch else 1.0)


def hand_out(chance: Chance, needs: Sequence[DraftNeed], providers: Sequence[DraftProvider], scarcity: float, least: int = 1) -> None:
    """Give every provider at least so many shifts, and the kinds together as many as leave the wanted share of what is asked without hours.

    Those who serve groups and pairs come first: their times are agreed beforehand.
    """
    _agree(chance.of("agreed"), needs, near_of(providers))
    for kind, asked in asked_minutes(needs).items():
        own = [provider for provider in providers if provider.kind == kind]
        target = asked * (1 - scarcity)
        offered = fsum(worth(provider, shift) for provider in own for shift in provider.shifts)
        calls = _calls(needs, kind)
        habits = {provider.id: chance.of("habit", provider.id).weighted(VOLUNTEER_HABITS) for provider in own}
        for turn in range(1, MOST_SHIFTS[kind] + 1):
            for provider in chance.of(kind, turn).shuffled(own):
                if len(provider.shifts) >= turn or (offered >= target and len(provider.shifts) >= least):
                    continue
                draw = chance.of("shift", provider.id, turn)
                shift = _called_shift(draw, provider, calls[provider.site.place.street_code]) if draw.happens(CALLED_SHARE) else None
                shift = shift or _DRAWS[kind](draw, provider, habits[provider.id])
                if shift is not None:
                    provider.shifts.append(shift)
                    offered += worth(provider, shift)
    for provider in providers:
        _limit(provider)


def _calls(needs: Sequence[DraftNeed], kind: str) -> dict[str, list[tuple[DraftNeed, DraftRole]]]:
    """Return, by street, the needs of single residents that have a role for a kind, with that role."""
    calls: dict[str, list[tuple[DraftNeed, DraftRole]]] = defaultdict(list)
    for need in needs:
        for role, _ in need.teams:
            if kind in role.kinds and need.resident is not None:
                calls[need.site.place.street_code].append((need, role))
    return calls


def _called_shift(draw: Chance, provider: DraftProvider, calls: Sequence[tuple[DraftNeed, DraftRole]]) -> Stretch | None:
    """Return a shift about a time at which some need of the street that the provider can serve may start; None if none is found."""
    for _ in range(CALLS if calls else 0):
        need, role = draw.pick(calls)
        if lacks(provider, role, need):
            continue
        free = [day for day in days_of(need.windows) if all(shift.day != day for shift in provider.shifts)]
        if free:
            day = draw.pick(free)
            window = draw.pick([window for window in need.windows if window.has_day(day)])
            start = window.start + 15 * draw.whole(0, (window.end - window.start) // 15)
            return _shift_about(Stretch(day, start, start + (role.minutes or need.minutes)), provider.kind)
    return None


def _agree(chance: Chance, needs: Sequence[DraftNeed], near: Near) -> None:
    """Give providers nearby a shift about the time of a group, or of a visit that two or more volunteers are wanted for."""
    engaged: dict[str, list[Stretch]] = defaultdict(list)
    for need in needs:
        draw = chance.of(need.id)
        is_group = need.kind.attendees is not None
        if not is_group and all(role.count == 1 for role in need.team):
            continue
        if not draw.happens(AGREED_SHARE):
            continue
        days = days_of(need.windows)
        for day in days if is_group else draw.some(days, need.visits):
            window = next(window for window in need.windows if window.has_day(day))
            low = window.start if is_group else window.start + 15 * draw.whole(0, (window.end - window.start) // 15)
            for role in need.team:
                time = Stretch(day, low, low + (role.minutes or need.minutes))
                for _ in range(role.count):
                    _agree_with_one(draw, need, role, near, time, engaged)


def _agree_with_one(draw: Chance, need: DraftNeed, role: DraftRole, near: Near, time: Stretch, engaged: dict[str, list[Stretch]]) -> None:
    """Ask somebody who is there at the time anyway; otherwise somebody nearby who has offered little yet."""
    kind = draw.pick(role.kinds)
    around = [
        provider for provider in next(iter(near.of(need, (kind,))), ()) if provider.supervision == "none" and is_teachable(provider, role, need)
    ]
    around = [provider for provider in around if not any(other.overlaps(time, LEEWAY) for other in engaged[provider.id])]
    if not around:
        return
    there = [provider for provider in around if any(_has_room(shift, time) for shift in provider.shifts)]
    free = [provider for provider in around if all(shift.day != time.day for shift in provider.shifts) and len(provider.shifts) < MOST_AGREED]
    if there:
        provider = min(there, key=lambda provider: (metres(provider.point, need.point), provider.id))
    elif free:
        free.sort(key=lambda provider: (len(provider.shifts), metres(provider.point, need.point), provider.id))
        provider = draw.pick(free[:NEAR])
        provider.shifts.append(_shift_about(time, kind))
    else:
        return
    engaged[provider.id].append(time)
    teach(provider, role, need)


def _has_room(shift: Stretch, time: Stretch) -> bool:
    return shift.day == time.day and shift.start + EARLY <= time.start and time.end + LEEWAY <= shift.end


def _shift_about(time: Stretch, kind: str) -> Stretch:
    start, end = time.start - EARLY, time.end + LEEWAY
    if kind == "social_worker" and time.day in WEEKDAYS_5 and start >= OFFICE_DAY[0] and end <= OFFICE_DAY[1]:
        return Stretch(time.day, *OFFICE_DAY)
    return Stretch(time.day, min(start, end - LEAST_SHIFT) // 15 * 15, -(-end // 15) * 15)


def _volunteer_shift(draw: Chance, provider: DraftProvider, habit: str) -> Stretch | None:
    workdays, weekend = HABIT_BANDS[habit]
    days, bands = workdays if draw.happens(WEEKDAY_SHARE[habit]) else weekend
    free = [day for day in days if not any(shift.day == day for shift in provider.shifts)]
    if not free:
        return None
    low, high = BANDS[draw.weighted(bands)]
    return Stretch(draw.pick(free), low, high - 15 * draw.whole(0, 2))


def _social_worker_shift(draw: Chance, provider: DraftProvider, _: str) -> Stretch | None:
    free = [day for day in WEEKDAYS_5 if not any(shift.day == day for shift in provider.shifts)]
    if provider.shifts and draw.happens(0.1) and not any(shift.day == "sat" for shift in provider.shifts):
        return Stretch("sat", 510, 720)
    return Stretch(draw.pick(free), *OFFICE_DAY) if free else None


def _organization_shift(draw: Chance, provider: DraftProvider, _: str) -> Stretch | None:
    days = WEEKEND if draw.happens(0.2) and provider.shifts else WEEKDAYS_5
    free = [day for day in days if not any(shift.day == day for shift in provider.shifts)]
    if not free:
        return None
    low, high = draw.weighted({(480, 1050): 0.25, (480, 720): 0.3, (600, 810): 0.15, (780, 1050): 0.3})
    if high - low > LONG_SHIFT:
        provider.more["lunch"] = {"earliest": "12:00", "latest": "14:00", "minutes": 60}
    return Stretch(draw.pick(free), low, high)


def _limit(provider: DraftProvider) -> None:
    """Leave a volunteer's limits of minutes at what can bind: not far above what the shifts hold."""
    if provider.kind != "volunteer":
        return
    longest = max((shift.end - shift.start for shift in provider.shifts), default=0)
    total = sum(shift.end - shift.start for shift in provider.shifts)
    provider.more["max_minutes_day"] = min(provider.more["max_minutes_day"], longest)
    if provider.more["max_minutes_week"] > total:
        del provider.more["max_minutes_week"]
    provider.shifts.sort(key=lambda shift: (DAYS.index(shift.day or "mon"), shift.start))


_DRAWS: Final[dict[str, Callable[[Chance, DraftProvider, str], Stretch | None]]] = {
    "volunteer": _volunteer_shift,
    "social_worker": _social_worker_shift,
    "organization": _organization_shift,
}
