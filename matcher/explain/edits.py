"""Changes of a problem that a coordinator can bring about, each a pure function from a problem to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from matcher.fields import DAY, Fen, Span, Window, clock, seconds_of

if TYPE_CHECKING:
    from matcher.people import Certificate, Fund, Provider, Venue
    from matcher.problem import Need, Problem

T = TypeVar("T", bound=Any)


@dataclass(frozen=True)
class Edit:
    """A change of a problem: `fields` gives the fields that it makes new."""

    fields: Callable[[Problem], dict[str, Any]]

    def __call__(self, problem: Problem) -> Problem:
        """Return the problem with the change made, everything validated again."""
        return problem.replace(**self.fields(problem))

    def taken_as_valid(self, problem: Problem) -> Problem:
        """Return the same without validating it, for a change that was validated where it matters: a large week takes tenths of a second."""
        changed = self.fields(problem)
        made = problem.taken_as_valid(**changed)
        # What the fields come to is theirs as long as they are.
        if "needs" not in changed:
            vars(made).update(visits=problem.visits, community_of=problem.community_of)
        if "providers" not in changed:
            vars(made).update(shifts=problem.shifts)
        return made


def _swap(items: Sequence[T], name: str, change: Callable[[T], T]) -> tuple[T, ...]:
    return tuple(change(item) if item.id == name else item for item in items)


def _provider(name: str, **fields: Callable[[Provider], Any]) -> Edit:
    def change(provider: Provider) -> Provider:
        return provider.model_copy(update={field: value(provider) for field, value in fields.items()})

    return Edit(lambda problem: {"providers": _swap(problem.providers, name, change)})


def _need(name: str, change: Callable[[Need], Need]) -> Edit:
    return Edit(lambda problem: {"needs": _swap(problem.needs, name, change)})


def longer_shift(name: str, start: int, end: int, earlier: int, later: int) -> Edit:
    """Have a provider begin `earlier` minutes sooner and end `later` minutes after the shift from `start` to `end` (seconds of the horizon)."""

    def fields(problem: Problem) -> dict[str, Any]:
        offered: list[Span] = []
        for span in next(p for p in problem.providers if p.id == name).shifts:
            days = span.spans(problem.horizon)
            if (start, end) not in days:
                offered.append(span)
                continue
            # the other days of the span stay as they are
            offered.extend(Span(start=a, end=b) for a, b in days if (a, b) != (start, end))
        offered.append(Span(start=max(0, start - 60 * earlier), end=end + 60 * later))
        return _provider(name, shifts=lambda _: tuple(offered)).fields(problem)

    return Edit(fields)


def trained(name: str, skill: str, level: int) -> Edit:
    """Give a provider a skill at a level."""
    return _provider(name, skills=lambda p: {**p.skills, skill: max(level, p.skills.get(skill, 0))})


def wider_area(name: str, community: str) -> Edit:
    """Have a provider serve in one more community."""
    return _provider(name, area=lambda p: None if p.area is None else (*p.area, community))


def checked(name: str) -> Edit:
    """Have a provider checked."""
    return _provider(name, checked=lambda _: True)


def certified(name: str, certificate: Certificate) -> Edit:
    """Give a social worker a certificate."""
    return _provider(name, certificate=lambda _: certificate)


def higher_limit(name: str, field: str, by: int) -> Edit:
    """Raise a limit of a provider (``max_minutes_day``, ``max_minutes_week``, ``caseload``, ``max_leg_minutes``)."""
    return _provider(name, **{field: lambda p: getattr(p, field) + by})


def shorter_lunch(name: str, by: int) -> Edit:
    """Shorten a provider's lunch by so many minutes; all of it goes where nothing would be left."""

    def lunch(provider: Provider) -> Any:
        assert provider.lunch is not None
        left = provider.lunch.minutes - by
        return provider.lunch.model_copy(update={"minutes": left}) if left > 0 else None

    return _provider(name, lunch=lunch)


def wider_windows(name: str, earlier: int, later: int) -> Edit:
    """Let a need's windows open `earlier` minutes sooner and close `later` minutes after, within their days."""

    def widened(window: Window) -> Window:
        low, high = seconds_of(window.earliest) - 60 * earlier, seconds_of(window.latest) + 60 * later
        if isinstance(window.earliest, int):
            return window.model_copy(update={"earliest": max(0, low), "latest": high})
        return window.model_copy(update={"earliest": clock(max(0, low)), "latest": clock(min(DAY, high))})

    return _need(name, lambda need: need.model_copy(update={"windows": tuple(widened(window) for window in need.windows)}))


def looser_spacing(name: str, at_least_by: int, at_most_by: int) -> Edit:
    """Let the visits of a need stand closer together, or further apart, by so many days."""

    def change(need: Need) -> Need:
        least, most = need.spacing.at_least_days - at_least_by, need.spacing.at_most_days
        update = {"at_least_days": max(1, least), "at_most_days": None if most is None else most + at_most_by}
        return need.model_copy(update={"spacing": need.spacing.model_copy(update=update)})

    return _need(name, change)


def more_faces(name: str, by: int) -> Edit:
    """Let more providers share a role over the visits of a need."""
    return _need(name, lambda need: need.model_copy(update={"max_providers": None if need.max_providers is None else need.max_providers + by}))


def more_money(fund: str, fen: int) -> Edit:
    """Add to a fund."""

    def change(item: Fund) -> Fund:
        return item.model_copy(update={"amount": Fen(item.amount + fen)})

    return Edit(lambda problem: {"funds": _swap(problem.funds, fund, change)})


def without_pins(visit: str) -> Edit:
    """Drop the pins of a visit."""
    return Edit(lambda problem: {"pins": tuple(pin for pin in problem.pins if pin.visit != visit)})


def one_more_room(name: str, seats: int) -> Edit:
    """Give a venue a further room."""

    def change(venue: Venue) -> Venue:
        room = venue.rooms[0].model_copy(update={"id": fresh(f"{name} room", {room.id for room in venue.rooms}), "seats": max(1, seats)})
        return venue.model_copy(update={"rooms": (*venue.rooms, room)})

    return Edit(lambda problem: {"venues": _swap(problem.venues, name, change)})


def one_more_provider(provider: Provider) -> Edit:
    """Add a provider; the id has to be new (`fresh`)."""
    return Edit(lambda problem: {"providers": (*problem.providers, provider)})


def fresh(name: str, taken: set[str]) -> str:
    """Return an id like `name` that is not taken."""
    k = 1
    while f"{name} +{k}" in taken:
        k += 1
    return f"{name} +{k}"
