"""People, needs and venues while a week is being made: plain records that can still change, each of which writes itself as JSON has it.

Times are minutes of a day here; money is yuan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from matcher.fields import WEEKDAYS

if TYPE_CHECKING:
    from scenarios.weihai.atlas import Point
    from scenarios.weihai.catalogue import NeedKind
    from scenarios.weihai.geography import Site

Json = dict[str, Any]
DAYS: Final[tuple[str, ...]] = WEEKDAYS


def minutes_of(clock: str) -> int:
    """Return the minutes of a clock time such as ``08:30``."""
    return 60 * int(clock[:2]) + int(clock[3:])


def clock_of(minutes: int) -> str:
    """Return a clock time such as ``08:30``."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def location(point: Point) -> Json:
    """Return a point as the format has it."""
    return {"lat": point[0], "lon": point[1]}


@dataclass(slots=True)
class Stretch:
    """A stretch of a day: a shift, an opening, or a window in which a service may start."""

    day: str | None
    start: int
    end: int
    late_by: int = 0

    def has_day(self, day: str) -> bool:
        """Return whether it is on this weekday."""
        return self.day is None or self.day == day

    def overlaps(self, other: Stretch, leeway: int = 0) -> bool:
        """Return whether both are on one day with less than so many minutes between them."""
        return self.day == other.day and self.start < other.end + leeway and other.start < self.end + leeway

    def as_span(self) -> Json:
        """Return it as ``from`` and ``to``."""
        return {**({"day": self.day} if self.day else {}), "from": clock_of(self.start), "to": clock_of(self.end)}

    def as_window(self) -> Json:
        """Return it as ``earliest`` and ``latest``."""
        window = {**({"day": self.day} if self.day else {}), "earliest": clock_of(self.start), "latest": clock_of(self.end)}
        return {**window, **({"late_by": self.late_by} if self.late_by else {})}


@dataclass(slots=True)
class DraftRole:
    """One role of a need, with what this resident asks of it."""

    id: str
    kinds: tuple[str, ...]
    stand_ins: tuple[str, ...] = ()
    count: int = 1
    minutes: int | None = None
    skills: dict[str, int] = field(default_factory=dict)
    certificate: str | None = None
    language: str | None = None
    gender: str | None = None

    def to_json(self) -> Json:
        """Return the role as the format has it."""
        return _without_defaults(
            {
                "id": self.id,
                "count": self.count if self.count > 1 else None,
                "kinds": list(self.kinds),
                "stand_ins": list(self.stand_ins),
                "skills": dict(self.skills),
                "certificate": self.certificate,
                "language": self.language,
                "gender": self.gender,
                "minutes": self.minutes,
            }
        )


@dataclass(slots=True)
class DraftResident:
    """A resident, by an opaque id."""

    id: str
    site: Site
    point: Point
    language: str | None = None
    gender: str | None = None
    known: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    volunteer: str | None = None

    def to_json(self) -> Json:
        """Return the resident as the format has it."""
        return _without_defaults(
            {
                "id": self.id,
                "community": self.site.place.code,
                "location": location(self.point),
                "language": self.language,
                "gender": self.gender,
                "known": self.known,
                "refused": self.refused,
                "volunteer": self.volunteer,
            }
        )


@dataclass(slots=True)
class DraftNeed:
    """A need of a resident or, where `resident` is None, of a community."""

    id: str
    kind: NeedKind
    site: Site
    resident: DraftResident | None
    urgency: int
    minutes: int
    visits: int
    windows: list[Stretch]
    team: list[DraftRole]
    first_team: list[DraftRole] | None = None
    preferred: list[Stretch] = field(default_factory=list)
    spacing: Json = field(default_factory=dict)
    venue: str | None = None
    attendees: int = 0
    continuity: bool = False
    max_providers: int | None = None
    preferred_providers: list[str] = field(default_factory=list)
    funds: list[str] | None = None
    is_rare: bool = False
    """Whether it asks for a skill that is rare by design, so that it may stay open."""

    @property
    def teams(self) -> list[tuple[DraftRole, int]]:
        """Every role and how many services of it the week has."""
        first = self.team if self.first_team is None else self.first_team
        once = [(role, role.count) for role in first]
        return once + [(role, role.count * (self.visits - 1)) for role in self.team if self.visits > 1]

    @property
    def point(self) -> Point:
        """Where the need is, or the community of a need at a venue."""
        return self.resident.point if self.resident is not None else self.site.point

    def to_json(self) -> Json:
        """Return the need as the format has it."""
        return _without_defaults(
            {
                "id": self.id,
                "title": self.kind.title,
                "resident": self.resident.id if self.resident is not None else None,
                "community": self.site.place.code if self.resident is None else None,
                "category": self.kind.category,
                "urgency": self.urgency,
                "place": self.kind.place,
                "venue": self.venue,
                "minutes": self.minutes,
                "visits": self.visits,
                "spacing": self.spacing,
                "windows": [window.as_window() for window in self.windows],
                "preferred": [window.as_window() for window in self.preferred],
                "team": [role.to_json() for role in self.team],
                "first_team": [role.to_json() for role in self.first_team or ()],
                "meet": self.kind.meet,
                "gap": {"min_minutes": self.kind.gap[0], "max_minutes": self.kind.gap[1]} if self.kind.gap is not None else None,
                "linked": self.kind.is_linked or None,
                "continuity": self.continuity or None,
                "max_providers": self.max_providers,
                "preferred_providers": self.preferred_providers,
                "attendees": self.attendees,
                "funds": self.funds,
            }
        )


@dataclass(slots=True)
class DraftProvider:
    """A provider; `more` holds what only its kind has, as the format has it."""

    id: str
    kind: str
    name: str
    site: Site
    point: Point
    mode: str
    languages: list[str]
    gender: str | None
    is_checked: bool
    skills: dict[str, int] = field(default_factory=dict)
    shifts: list[Stretch] = field(default_factory=list)
    certificate: str | None = None
    area: list[str] | None = None
    categories: list[str] | None = None
    is_registered: bool = True
    crews: int = 1
    price_per_hour: int = 0
    claims: list[str] = field(default_factory=list)
    supervision: str = "none"
    more: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return the provider as the format has it."""
        order = {day: index for index, day in enumerate(DAYS)}
        shifts = sorted(self.shifts, key=lambda shift: (order[shift.day or "mon"], shift.start))
        data = {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "community": self.site.place.code,
            "location": location(self.point),
            "shifts": [shift.as_span() for shift in shifts],
            "skills": dict(sorted(self.skills.items())),
            "languages": self.languages,
            "gender": self.gender,
            "checked": self.is_checked or None,
            "area": self.area,
            "mode": self.mode,
            "price_per_hour": self.price_per_hour,
            "certificate": self.certificate,
            "registration": None if self.is_registered else "on_file",
            "categories": self.categories,
            "crews": self.crews if self.crews > 1 else None,
            "claims": self.claims,
            "supervision": self.supervision if self.supervision != "none" else None,
            **self.more,
        }
        return _without_defaults(data)


@dataclass(slots=True)
class DraftVenue:
    """A venue with its rooms (id and seats) and opening hours."""

    id: str
    name: str
    site: Site
    point: Point
    rooms: list[tuple[str, int]]
    opening: list[Stretch]
    is_long: bool
    """Whether it is open every day until the evening."""

    def to_json(self) -> Json:
        """Return the venue as the format has it."""
        return {
            "id": self.id,
            "name": self.name,
            "community": self.site.place.code,
            "location": location(self.point),
            "rooms": [{"id": name, "seats": seats} for name, seats in self.rooms],
            "opening": [span.as_span() for span in self.opening],
        }


def _without_defaults(data: Json) -> Json:
    """Leave out what is not said: nulls, empty lists and objects (but for a lunch at its usual hours), zeros."""
    return {key: value for key, value in data.items() if value is False or key == "lunch" or (value is not None and value not in ([], {}, 0))}
