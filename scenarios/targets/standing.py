"""Where each community stands against the targets of 威民发〔2015〕98号, each figure with where it comes from."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from matcher.errors import Fault
from scenarios.targets.inputs import POINTS, InputsFault

if TYPE_CHECKING:
    from matcher.people import Community
    from matcher.problem import Problem
    from scenarios.targets.inputs import Inputs, Known
    from scenarios.weihai.geography import Site

Origin = Literal["inputs", "week", "data", "assumed"]
"""Whence a figure: the inputs file, the week, the made figures of ``scenarios/data``, or a share that is assumed."""


class Target(StrEnum):
    """A target, by the words of the document."""

    SOCIAL_WORKERS = "social_workers"
    """By 2017 social workers are at least half of the staff of each urban community."""
    CERTIFIED = "certified"
    """By 2017 at least one of them is certified; by 2020 at least three in an urban community, one in a rural one."""
    ORGANIZATIONS = "organizations"
    """By 2017 each urban community has ten community social organizations or more."""
    VOLUNTEERS = "volunteers"
    """By 2017 the registered volunteers of each urban community are at least ten percent of its residents."""
    SERVICE_POINTS = "service_points"
    """By 2020 the service points of organizations, social work and volunteers basically cover the urban communities."""
    PARTY_MEMBERS = "party_members"
    """By 2020 at least 80 percent of the party members of each community take part in voluntary service."""
    RESIDENTS = "residents"
    """By 2020 at least 30 percent of the residents of each community take part."""


SOCIAL_WORKER_SHARE: Final = (1, 2)
ORGANIZATIONS: Final = 10
VOLUNTEER_SHARE: Final = (1, 10)
CERTIFIED: Final = {2017: {"urban": 1, "rural": 0}, 2020: {"urban": 3, "rural": 1}}
PARTY_SHARE: Final = (4, 5)
PARTICIPANT_SHARE: Final = (3, 10)
YEARS: Final = {
    2017: (Target.SOCIAL_WORKERS, Target.CERTIFIED, Target.ORGANIZATIONS, Target.VOLUNTEERS),
    2020: tuple(Target),
}
"""The targets that are to be met by a year."""


def part_of(share: tuple[int, int], whole: int) -> int:
    """Return the least whole number that is at least a share of another one."""
    return -(-share[0] * whole // share[1])


@dataclass(frozen=True)
class Figure:
    """A figure of a community and where it comes from."""

    value: int
    origin: Origin


@dataclass(frozen=True)
class Standing:
    """What is known of one community, and what the targets ask of it.

    Attributes
    ----------
    figures : dict of str to Figure
        ``residents``, ``staff``, ``party_members``, ``social_workers``, ``certified``, ``organizations``, ``volunteers``, ``party_participants``,
        ``participants``; one that nothing is known of is left out.
    points : tuple of str
        The service points that it has.
    asked : dict of Target to int
        What each target asks of it in the year of the inputs; targets that do not apply, or whose measure is not known, are left out.
    unknown : tuple of Target
        Targets that apply and cannot be reckoned.
    """

    community: Community
    figures: dict[str, Figure]
    points: tuple[str, ...]
    points_origin: Origin
    asked: dict[Target, int]
    unknown: tuple[Target, ...]

    @property
    def is_urban(self) -> bool:
        """Whether it is an urban community."""
        return self.community.area == "urban"

    def value(self, name: str) -> int:
        """Return a figure, 0 where nothing is known."""
        return self.figures[name].value if name in self.figures else 0

    def has(self, target: Target) -> int:
        """Return what it has of what a target asks for."""
        names = {
            Target.SOCIAL_WORKERS: "social_workers",
            Target.CERTIFIED: "certified",
            Target.ORGANIZATIONS: "organizations",
            Target.VOLUNTEERS: "volunteers",
            Target.PARTY_MEMBERS: "party_participants",
            Target.RESIDENTS: "participants",
        }
        return len(self.points) if target is Target.SERVICE_POINTS else self.value(names[target])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        figures: dict[str, Any] = {name: {"value": figure.value, "from": figure.origin} for name, figure in self.figures.items()}
        figures["service_points"] = {"value": list(self.points), "from": self.points_origin}
        targets = {
            str(target): {"has": self.has(target), "asked": asked, "is_met": self.has(target) >= asked, "missing": max(0, asked - self.has(target))}
            for target, asked in self.asked.items()
        }
        place = {"id": self.community.id, "name": self.community.name, "street": self.community.street, "district": self.community.district}
        return {**place, "area": self.community.area, "figures": figures, "targets": targets, "unknown": [str(target) for target in self.unknown]}


def standing_of(problem: Problem, inputs: Inputs) -> tuple[Standing, ...]:
    """Return where each community of a week stands.

    A figure is the one of the inputs, else of the week, else of the data of Weihai's communities, else a share that the inputs assume (and never
    less than the people whom the week has there).

    Raises
    ------
    InputsFault
        The inputs speak of communities that the week does not have, or contradict themselves (more certified than social workers, ...).
    """
    known = {community.id for community in problem.communities}
    faults = [
        Fault(f"/communities/{name}", f"there is no community {name!r} in the week", "unknown") for name in inputs.communities if name not in known
    ]
    from scenarios.weihai.geography import sites  # noqa: PLC0415 - read once, only where targets are reckoned

    of_data = {site.place.code: site for site in sites()}
    there = _there(problem)
    made = []
    for community in problem.communities:
        standing = _standing(community, inputs, there, of_data.get(community.id))
        faults += _contradictions(standing)
        made.append(standing)
    if faults:
        raise InputsFault(faults)
    return tuple(made)


def _there(problem: Problem) -> dict[str, Counter[str]]:
    """Return how many people of each sort the week has in each community."""
    out: dict[str, Counter[str]] = {}
    for one in problem.providers:
        if one.community is not None:
            counts = out.setdefault(one.community, Counter())
            counts[one.kind] += 1
            counts["certified"] += one.certificate is not None
    return out


def _standing(community: Community, inputs: Inputs, there: dict[str, Counter[str]], site: Site | None) -> Standing:
    given: Known | None = inputs.communities.get(community.id)
    figures: dict[str, Figure] = {}

    def take(name: str, of_week: int | None, of_data: int | None, assumed: int | None) -> None:
        value = getattr(given, name) if given is not None else None
        options: tuple[tuple[int | None, Origin], ...] = ((value, "inputs"), (of_week, "week"), (of_data, "data"), (assumed, "assumed"))
        for number, origin in options:
            if number is not None:
                figures[name] = Figure(number, origin)
                return

    take("residents", community.population or None, site.population if site else None, None)
    take("staff", community.staff or None, site.staff if site else None, None)
    take("party_members", community.party_members or None, site.party_members if site else None, None)
    shares, counts = getattr(inputs.standing, community.area), there.get(community.id, Counter())

    def share(of: str, part: float) -> int | None:
        return math.floor(figures[of].value * part + 0.5) if of in figures else None

    def least(number: int | None, at_least: int) -> int | None:
        return None if number is None and not at_least else max(number or 0, at_least)

    take("social_workers", None, None, least(share("staff", shares.social_worker_share), counts["social_worker"]))
    take("certified", None, None, least(share("social_workers", shares.certified_share), counts["certified"]))
    take("organizations", None, None, max(shares.organizations, counts["organization"]))
    take("volunteers", None, None, least(share("residents", shares.volunteer_share), counts["volunteer"]))
    take("party_participants", None, None, share("party_members", shares.party_share))
    # Whoever is registered takes part, and so does the party member who does.
    most = max((figures[name].value for name in ("volunteers", "party_participants") if name in figures), default=0)
    take("participants", None, None, least(share("residents", shares.participant_share), most))
    points: tuple[str, ...] = community.service_points
    origin: Origin = "week"
    if given is not None and given.service_points is not None:
        points, origin = given.service_points, "inputs"
    elif not points and site is not None:
        points, origin = site.service_points, "data"
    asked, unknown = _asked(community, figures, inputs.year)
    return Standing(community, figures, tuple(dict.fromkeys(points)), origin, asked, unknown)


def _asked(community: Community, figures: dict[str, Figure], year: int) -> tuple[dict[Target, int], tuple[Target, ...]]:
    is_urban = community.area == "urban"
    parts = {
        Target.SOCIAL_WORKERS: ("staff", SOCIAL_WORKER_SHARE, is_urban),
        Target.VOLUNTEERS: ("residents", VOLUNTEER_SHARE, is_urban),
        Target.PARTY_MEMBERS: ("party_members", PARTY_SHARE, True),
        Target.RESIDENTS: ("residents", PARTICIPANT_SHARE, True),
    }
    asked: dict[Target, int] = {}
    unknown = []
    for target in YEARS[year]:
        if target is Target.CERTIFIED:
            asked[target] = CERTIFIED[year][community.area]
        elif target is Target.ORGANIZATIONS:
            asked |= {target: ORGANIZATIONS} if is_urban else {}
        elif target is Target.SERVICE_POINTS:
            asked |= {target: len(POINTS)} if is_urban else {}
        elif parts[target][2]:
            of, share, _ = parts[target]
            if of in figures:
                asked[target] = part_of(share, figures[of].value)
            else:
                unknown.append(target)
    return {target: number for target, number in asked.items() if number or target is not Target.CERTIFIED}, tuple(unknown)


_NOT_ABOVE = (
    ("certified", "social_workers"),
    ("social_workers", "staff"),
    ("party_participants", "party_members"),
    ("party_members", "residents"),
    ("participants", "residents"),
    ("volunteers", "participants"),
    ("party_participants", "participants"),
)


def _contradictions(standing: Standing) -> list[Fault]:
    """Return the figures of the inputs that are more than what they are part of."""
    out = []
    for part, whole in _NOT_ABOVE:
        if part not in standing.figures or whole not in standing.figures:
            continue
        a, b = standing.figures[part], standing.figures[whole]
        if a.value > b.value and "inputs" in (a.origin, b.origin):
            path = f"/communities/{standing.community.id}/{part if a.origin == 'inputs' else whole}"
            out.append(Fault(path, f"{part} ({a.value}, {a.origin}) should be at most {whole} ({b.value}, {b.origin})", "conflict"))
    return out


def summary(standings: tuple[Standing, ...], inputs: Inputs) -> dict[str, Any]:
    """Return for each target how many communities meet it, of how many it is asked, and what is missing in all."""
    out: dict[str, Any] = {}
    for target in YEARS[inputs.year]:
        asked = [standing for standing in standings if target in standing.asked]
        missing = [max(0, standing.asked[target] - standing.has(target)) for standing in asked]
        out[str(target)] = {
            "asked": len(asked),
            "met": sum(1 for number in missing if number == 0),
            "missing": sum(missing),
            "unknown": sum(1 for standing in standings if target in standing.unknown),
        }
        if target is Target.SERVICE_POINTS:
            needed = math.ceil(inputs.coverage * len(asked) - 1e-9)
            have = {point: sum(1 for standing in asked if point in standing.points) for point in POINTS}
            out[str(target)] |= {"covered": have, "needed": needed, "missing": sum(max(0, needed - number) for number in have.values())}
    return out
