"""What is real of Weihai: its communities, streets and districts by name and code, and the shapes of the districts."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import floor
from typing import Final

Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS-84)."""

METRES_NORTH: Final = 111_195.0
METRES_EAST: Final = 88_600.0
"""Metres of a degree of latitude, and of longitude at 37.2 degrees north: exact enough to lay places out, and the same for all of Weihai."""

_BANDS = 200
"""Bands of latitude to a degree, by which the edges of a shape are found."""

_SHAPE_OF_DISTRICT = {"371071": "371002", "371072": "371002"}
_SHAPE_OF_STREET = {"草庙子镇": "371002", "汪疃镇": "371003", "苘山镇": "371003"}
"""The development zones have no shape of their own; they lie inside Huancui (371002) and Wendeng (371003)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A community as the area codes have it."""

    code: str
    name: str
    is_urban: bool
    street_code: str
    street: str
    district_code: str
    district: str

    @property
    def shape(self) -> str:
        """The code of the shape that the community lies in."""
        return _SHAPE_OF_STREET.get(self.street) or _SHAPE_OF_DISTRICT.get(self.district_code, self.district_code)

    @property
    def short_name(self) -> str:
        """The name without the word for committee."""
        name = self.name
        for tail in ("村委会", "居委会", "居民委员会", "村民委员会"):
            if name.endswith(tail) and name != tail:
                name = name.removesuffix(tail)
                break
        return name.removesuffix("社区") or name


class Shape:
    """A district's shape: the rings of its land, and the point that maps write its name at."""

    def __init__(self, name: str, centre: Point, rings: list[list[Point]]) -> None:
        self.name = name
        self.centre = centre
        points = [point for ring in rings for point in ring]
        self.south, self.north = min(lat for lat, _ in points), max(lat for lat, _ in points)
        self.west, self.east = min(lon for _, lon in points), max(lon for _, lon in points)
        self._edges: dict[int, list[tuple[Point, Point]]] = defaultdict(list)
        for ring in rings:
            for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
                low, high = sorted((start[0], end[0]))
                for band in range(floor(low * _BANDS), floor(high * _BANDS) + 1):
                    self._edges[band].append((start, end))

    def holds(self, point: Point) -> bool:
        """Return whether a point lies inside (an even number of edges to the east of it means outside)."""
        lat, lon = point
        is_inside = False
        for (a_lat, a_lon), (b_lat, b_lon) in self._edges.get(floor(lat * _BANDS), ()):
            if (a_lat > lat) != (b_lat > lat) and lon < a_lon + (b_lon - a_lon) * (lat - a_lat) / (b_lat - a_lat):
                is_inside = not is_inside
        return is_inside


def data(name: str) -> str:
    """Return the text of one of the package's gzip files."""
    return gzip.decompress((files("scenarios") / "data" / name).read_bytes()).decode()


@cache
def places() -> tuple[Place, ...]:
    """Return all communities of Weihai in the order of their codes."""
    rows = csv.DictReader(io.StringIO(data("communities.csv.gz")))
    found = [
        Place(row["code"], row["name"], row["committee"] == "resident", row["street_code"], row["street"], row["district_code"], row["district"])
        for row in rows
    ]
    return tuple(sorted(found, key=lambda place: place.code))


@cache
def shapes() -> dict[str, Shape]:
    """Return the shapes of the four districts by code."""
    out = {}
    for feature in json.loads(data("districts.geojson.gz"))["features"]:
        lon, lat = feature["properties"]["cp"]
        rings = [[(y, x) for x, y in polygon[0]] for polygon in feature["geometry"]["coordinates"]]
        out[feature["id"]] = Shape(feature["properties"]["name"], (lat, lon), rings)
    return out
