"""Travel: from places to seconds. The one file on this question: the compile step and the verifier both ask it.

Degrees become points in space (a sphere of the Earth's mean radius), so that a distance is one square root of exact operations, the same bits in
plain Python, numpy and compiled code. Seconds are always rounded up.
"""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np
import numpy.typing as npt

from matcher.problem import MatrixTravel, RoadTravel, StraightTravel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matcher.fields import Location
    from matcher.people import Provider, Venue
    from matcher.problem import Need, Problem

EARTH_RADIUS = 6_371_008.8
"""Mean radius in metres (IUGG)."""

KMH_PER_MPS = 3.6


class Profile(NamedTuple):
    """How one group of providers travels: seconds for each metre, or a table of seconds."""

    seconds_per_metre: float
    table: int
    """Index into `Journeys.tables`, -1 where `seconds_per_metre` is used on straight lines."""


class Journeys:
    """Every place of a problem by index, and the seconds between any two for each provider.

    Attributes
    ----------
    points : float64[L, 3]
        Positions in metres (all zero where travel is a matrix).
    tables : list of int64[L, L]
        Seconds between places, one for each profile that has a table.
    profiles : list of Profile
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._index: dict[tuple[float | None, ...], int] = {}
        self._places: list[Location] = []
        residents = {resident.id: resident.location for resident in problem.residents}
        communities = {community.id: community.location for community in problem.communities}
        self._venues = {venue.id: self._add(venue.location) for venue in problem.venues}
        self._bases = {provider.id: self._add(provider.location) for provider in problem.providers}
        self._needs: dict[str, int] = {}
        for need in problem.needs:
            if need.place == "remote":
                self._needs[need.id] = -1
            elif need.place == "venue":
                self._needs[need.id] = self._venues[need.venue or ""]
            else:
                self._needs[need.id] = self._add(home_of(problem, need, residents, communities))
        self.points = np.array([_point(place, problem.coordinates) for place in self._places], dtype=np.float64).reshape(-1, 3)
        self.profiles: list[Profile] = []
        self.tables: list[npt.NDArray[np.int64]] = []
        self._profile_index: dict[tuple[str, float], int] = {}
        self._metres: npt.NDArray[np.float64] | None = None
        self._profile_of = {provider.id: self._add_profile(provider) for provider in problem.providers}
        self._rows = [self._point_list(i) for i in range(len(self._places))]

    def __len__(self) -> int:
        return len(self._places)

    def with_need(self, problem: Problem, need: Need) -> Journeys:
        """Return the same for a week with one need more, its last, and otherwise the same places and providers."""
        other = copy(self)
        if need.place != "home":
            at = -1 if need.place == "remote" else self._venues[need.venue or ""]
        else:
            residents = {resident.id: resident.location for resident in problem.residents if resident.id == need.resident}
            place = home_of(problem, need, residents, {community.id: community.location for community in problem.communities})
            key = _key(place)
            at = self._index.get(key, len(self))
            if at == len(self):
                if self.tables:
                    return Journeys(problem)
                point = np.array([_point(place, problem.coordinates)], dtype=np.float64)
                points, rows = np.concatenate((self.points, point)), [*self._rows, tuple(point[0].tolist())]
                vars(other).update(_index={**self._index, key: at}, _places=[*self._places, place], points=points, _rows=rows)
        vars(other).update(_problem=problem, _needs={**self._needs, need.id: at})
        return other

    def of_need(self, need: Need) -> int:
        """Return the place of a need, -1 where it is remote."""
        return self._needs[need.id]

    def of_base(self, provider: Provider) -> int:
        """Return the place of a provider's base."""
        return self._bases[provider.id]

    def of_venue(self, venue: Venue) -> int:
        """Return the place of a venue."""
        return self._venues[venue.id]

    def of_profile(self, provider: Provider) -> int:
        """Return the index of the provider's profile."""
        return self._profile_of[provider.id]

    def seconds(self, provider: Provider, origin: int, destination: int) -> int:
        """Return the seconds that the provider takes between two places."""
        if origin == destination:
            return 0
        profile = self.profiles[self._profile_of[provider.id]]
        if profile.table >= 0:
            return int(self.tables[profile.table][origin, destination])
        ax, ay, az = self._rows[origin]
        bx, by, bz = self._rows[destination]
        dx, dy, dz = ax - bx, ay - by, az - bz
        return math.ceil(math.sqrt(dx * dx + dy * dy + dz * dz) * profile.seconds_per_metre)

    def _point_list(self, index: int) -> tuple[float, float, float]:
        x, y, z = self.points[index].tolist()
        return x, y, z

    def _add(self, place: Location) -> int:
        key = _key(place)
        if key not in self._index:
            self._index[key] = len(self._places)
            self._places.append(place)
        return self._index[key]

    def _add_profile(self, provider: Provider) -> int:
        travel = self._problem.travel
        if isinstance(travel, MatrixTravel):
            key = (provider.mode if provider.mode in travel.by_mode else "", 0.0)
        else:
            key = ("", seconds_per_metre(travel, provider))
        if key not in self._profile_index:
            self._profile_index[key] = len(self.profiles)
            if isinstance(travel, StraightTravel):
                self.profiles.append(Profile(key[1], -1))
            else:
                self.profiles.append(Profile(key[1], len(self.tables)))
                self.tables.append(self._table(travel, key))
        return self._profile_index[key]

    def _table(self, travel: MatrixTravel | RoadTravel, key: tuple[str, float]) -> npt.NDArray[np.int64]:
        if isinstance(travel, MatrixTravel):
            matrix = np.array(travel.by_mode[key[0]] if key[0] else travel.seconds, dtype=np.int64)  # type: ignore[index]
            rows = np.array([place.row for place in self._places], dtype=np.int64)
            table: npt.NDArray[np.int64] = matrix[np.ix_(rows, rows)]
        else:
            if self._metres is None:
                self._metres = self._road_metres(travel)
            table = np.ceil(self._metres * key[1]).astype(np.int64)
        np.fill_diagonal(table, 0)
        return table

    def _road_metres(self, travel: RoadTravel) -> npt.NDArray[np.float64]:
        """Metres between places: straight to the nearest node, along the shortest path, straight from the last node; straight where no road leads."""
        nodes = np.array([_point(place, self._problem.coordinates) for place in travel.nodes], dtype=np.float64)
        graph = nx.DiGraph() if travel.one_way else nx.Graph()
        graph.add_nodes_from(range(len(nodes)))
        for a, b, metres in travel.edges:
            if not graph.has_edge(a, b) or graph[a][b]["metres"] > metres:
                graph.add_edge(a, b, metres=metres)
        away = np.sqrt(((self.points[:, None, :] - nodes[None, :, :]) ** 2).sum(axis=2))
        nearest = away.argmin(axis=1)
        spare = away[np.arange(len(nearest)), nearest] * travel.detour
        gaps = self.points[:, None, :] - self.points[None, :, :]
        metres = np.sqrt((gaps**2).sum(axis=2)) * travel.detour
        ends, row = np.unique(nearest, return_inverse=True)
        column = {int(end): k for k, end in enumerate(ends)}
        along = np.full((len(ends), len(ends)), np.inf)
        for source, k in column.items():
            for target, length in nx.single_source_dijkstra_path_length(graph, source, weight="metres").items():
                if target in column:
                    along[k, column[target]] = length
        by_road = spare[:, None] + along[np.ix_(row, row)] + spare[None, :]
        metres_by_road: npt.NDArray[np.float64] = np.where(np.isfinite(by_road), by_road, metres)
        return metres_by_road


def seconds_per_metre(travel: StraightTravel | RoadTravel, provider: Provider) -> float:
    """Return the seconds that a straight metre takes: the detour (on roads, none) over the provider's speed."""
    speed = provider.speed_kmh if provider.speed_kmh is not None else travel.speeds_kmh[provider.mode]
    return (travel.detour if isinstance(travel, StraightTravel) else 1.0) * KMH_PER_MPS / speed


def home_of(problem: Problem, need: Need, residents: Mapping[str, Location | None], communities: Mapping[str, Location | None]) -> Location:
    """Return where a need at home is: where it says, where its resident lives, or where its community is."""
    place = need.location or (residents[need.resident] if need.resident is not None else None)
    place = place or communities[problem.community_of[need.id]]
    assert place is not None, "validated: a need at home has a place"
    return place


def _key(place: Location) -> tuple[float | None, ...]:
    """Return what two places at the same spot have in common."""
    return (place.lat, place.lon, 0.0) if place.lat is not None else (place.x, place.y) if place.x is not None else (place.row,)


def _point(place: Location, coordinates: str) -> tuple[float, float, float]:
    if place.lat is not None and place.lon is not None:
        lat, lon = (place.lat, place.lon) if coordinates == "wgs84" else gcj02_to_wgs84(place.lat, place.lon)
        phi, theta = math.radians(lat), math.radians(lon)
        return (
            EARTH_RADIUS * math.cos(phi) * math.cos(theta),
            EARTH_RADIUS * math.cos(phi) * math.sin(theta),
            EARTH_RADIUS * math.sin(phi),
        )
    if place.x is not None and place.y is not None:
        return place.x, place.y, 0.0
    return 0.0, 0.0, 0.0


def gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Undo the offset that Chinese map services add to coordinates, to within a millimetre; outside China nothing is done.

    The offset is the one that public studies of GCJ-02 give (a low-order polynomial and a few sines on the Krasovsky ellipsoid); it has no
    closed inverse, so the original point is found by fixed-point iteration.
    """
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lat, lon
    guess_lat, guess_lon = lat, lon
    for _ in range(8):
        off_lat, off_lon = _gcj02_offset(guess_lat, guess_lon)
        guess_lat, guess_lon = lat - off_lat, lon - off_lon
    return guess_lat, guess_lon


def _gcj02_offset(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    pi = math.pi
    common = (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    north += (20.0 * math.sin(y * pi) + 40.0 * math.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * pi) + 320.0 * math.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    east += (20.0 * math.sin(x * pi) + 40.0 * math.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * pi) + 300.0 * math.sin(x / 30.0 * pi)) * 2.0 / 3.0
    axis, eccentricity = 6_378_245.0, 0.00669342162296594323
    phi = math.radians(lat)
    curve = 1.0 - eccentricity * math.sin(phi) ** 2
    return (
        math.degrees(north * curve * math.sqrt(curve) / (axis * (1.0 - eccentricity))),
        math.degrees(east * math.sqrt(curve) / (axis * math.cos(phi))),
    )
