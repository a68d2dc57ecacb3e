"""Where communities lie and how large they are: made once for all of Weihai, the same in every week.

The sources have names and shapes but no positions and no figures of single communities. The positions are laid out inside the district shapes:
streets apart from one another (the urban ones about the centre), the communities of a street about its centre. No week's seed changes them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Final

from scenarios.weihai.atlas import METRES_EAST, METRES_NORTH, Place, Point, Shape, places, shapes
from scenarios.weihai.chance import Chance

GEOGRAPHY_SEED: Final = "weihai-geography-1"

URBAN_STREET_SPREAD, URBAN_STREET_APART = 6_000.0, 1_300.0
RURAL_STREET_APART: Final = 7_000.0
COMMUNITY_SPREAD_URBAN, COMMUNITY_SPREAD_RURAL = 1_300.0, 4_000.0
HOME_SPREAD_URBAN, HOME_SPREAD_RURAL = 450.0, 700.0
"""Metres: how far at most communities lie from the centre of their street, homes from that of their community, and how far streets lie apart."""

POPULATION_URBAN, POPULATION_RURAL = (2_000, 7_200), (180, 800)
PARTY_SHARE: Final = (0.05, 0.10)
RESIDENTS_A_STAFF_URBAN, RESIDENTS_A_STAFF_RURAL = 350, 150
SERVICE_POINT_SHARE_URBAN, SERVICE_POINT_SHARE_RURAL = 0.85, 0.2
SERVICE_POINTS: Final = ("organizations", "social_work", "volunteers")


@dataclass(frozen=True, slots=True)
class Site:
    """A community with its made position and figures."""

    place: Place
    point: Point
    population: int
    party_members: int
    staff: int
    service_points: tuple[str, ...]

    def home(self, chance: Chance) -> Point:
        """Return a place to live in this community, inside the shape of its district."""
        return near(chance, self.point, HOME_SPREAD_URBAN if self.place.is_urban else HOME_SPREAD_RURAL, shapes()[self.place.shape])


def metres(a: Point, b: Point) -> float:
    """Return the straight distance of two points in metres (on the plane that Weihai nearly is)."""
    north, east = (a[0] - b[0]) * METRES_NORTH, (a[1] - b[1]) * METRES_EAST
    return math.sqrt(north * north + east * east)


def near(chance: Chance, centre: Point, spread: float, shape: Shape) -> Point:
    """Return a point of a shape near another one: rounded to six decimals, within about `spread` metres north and east.

    Where the coast leaves little land there, the search narrows towards the centre, which lies inside.
    """
    for attempt in range(60):
        reach = spread if attempt < 30 else spread * (60 - attempt) / 30
        point = round(centre[0] + chance.bell() * reach / METRES_NORTH, 6), round(centre[1] + chance.bell() * reach / METRES_EAST, 6)
        if shape.holds(point):
            return point
    return centre


@cache
def sites() -> tuple[Site, ...]:
    """Return every community of Weihai with its position and figures, in the order of their codes."""
    by_shape: dict[str, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for place in places():
        by_shape[place.shape][place.street_code].append(place)
    found = []
    for code, streets in sorted(by_shape.items()):
        shape = shapes()[code]
        centres: list[tuple[bool, Point]] = []
        # The towns fill what the urban streets leave, so these come first.
        for street, members in sorted(streets.items(), key=lambda item: (not _is_urban(item[1]), item[0])):
            centre = _street_centre(Chance(GEOGRAPHY_SEED, "street", street), shape, centres, is_urban=_is_urban(members))
            centres.append((_is_urban(members), centre))
            for place in members:
                found.append(_site(place, centre, shape, is_urban_street=_is_urban(members)))
    return tuple(sorted(found, key=lambda site: site.place.code))


def _is_urban(members: list[Place]) -> bool:
    return 2 * sum(place.is_urban for place in members) >= len(members)


def _street_centre(chance: Chance, shape: Shape, taken: list[tuple[bool, Point]], *, is_urban: bool) -> Point:
    """Return the first of some random points that is far enough from the other streets, or the farthest of them."""
    best, best_room = shape.centre, -1.0
    for _ in range(40):
        if is_urban:
            point = near(chance, shape.centre, URBAN_STREET_SPREAD, shape)
        else:
            point = round(chance.between(shape.south, shape.north), 6), round(chance.between(shape.west, shape.east), 6)
            if not shape.holds(point):
                continue
        room = min((metres(point, other) for _, other in taken), default=1e9)
        if room > (URBAN_STREET_APART if is_urban else RURAL_STREET_APART):
            return point
        if room > best_room:
            best, best_room = point, room
    return best


def _site(place: Place, centre: Point, shape: Shape, *, is_urban_street: bool) -> Site:
    chance = Chance(GEOGRAPHY_SEED, "community", place.code)
    low, high = POPULATION_URBAN if place.is_urban else POPULATION_RURAL
    population = 10 * round(chance.between(low, high) / 10)
    share = SERVICE_POINT_SHARE_URBAN if place.is_urban else SERVICE_POINT_SHARE_RURAL
    return Site(
        place=place,
        point=near(chance, centre, COMMUNITY_SPREAD_URBAN if is_urban_street else COMMUNITY_SPREAD_RURAL, shape),
        population=population,
        party_members=round(population * chance.between(*PARTY_SHARE)),
        staff=max(3, round(population / (RESIDENTS_A_STAFF_URBAN if place.is_urban else RESIDENTS_A_STAFF_RURAL))),
        service_points=tuple(point for point in SERVICE_POINTS if chance.happens(share)),
    )
