"""Places and seconds: the one file that both the engine and the verifier ask."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest

from benchmarks.small import TRAVELS, small_problem
from matcher.compile import compile_problem
from matcher.kernels.cells import pack
from matcher.kernels.roads import travel_seconds
from matcher.problem import Problem
from matcher.travel import EARTH_RADIUS, Journeys, gcj02_to_wgs84


def haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres along the sphere between two places in degrees."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(h))


def walkers(*places: dict[str, float], **rest: Any) -> Problem:
    """A problem of nothing but providers at those places, 3.6 km/h fast (a metre a second)."""
    data: dict[str, Any] = {
        "horizon": {"start": "2026-03-02", "days": 1},
        "providers": [{"id": f"p{i}", "kind": "volunteer", "location": place, "speed_kmh": 3.6} for i, place in enumerate(places)],
        "travel": {"kind": "straight", "detour": 1},
    }
    return Problem.build(data | rest)


def seconds(problem: Problem, origin: int, destination: int) -> int:
    journeys = Journeys(problem)
    bases = [journeys.of_base(provider) for provider in problem.providers]
    return journeys.seconds(problem.providers[0], bases[origin], bases[destination])


@pytest.mark.parametrize("seed", range(20))
def test_distances_in_degrees_are_those_of_the_haversine_formula(seed: int) -> None:
    rng = random.Random(seed)
    a = (rng.uniform(36.5, 37.6), rng.uniform(121.1, 122.8))
    b = (a[0] + rng.uniform(-0.2, 0.2), a[1] + rng.uniform(-0.2, 0.2))
    problem = walkers({"lat": a[0], "lon": a[1]}, {"lat": b[0], "lon": b[1]})
    # A chord of 30 km is shorter than its arc by 3 cm.
    assert seconds(problem, 0, 1) == pytest.approx(haversine(a, b), abs=1.1)


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert seconds(walkers({"lat": 37.0, "lon": 122.0}, {"lat": 38.0, "lon": 122.0}), 0, 1) == pytest.approx(111_195, abs=3)


def test_places_on_either_side_of_the_date_line_are_near() -> None:
    assert seconds(walkers({"lat": 0.0, "lon": 179.999}, {"lat": 0.0, "lon": -179.999}), 0, 1) == pytest.approx(222, abs=2)


@pytest.mark.parametrize(("metres", "expected"), [(0.0, 0), (1.0, 1), (1.0001, 2), (99.5, 100), (100.0, 100)])
def test_seconds_are_rounded_up(metres: float, expected: int) -> None:
    assert seconds(walkers({"x": 0.0, "y": 0.0}, {"x": metres, "y": 0.0}, coordinates="plane"), 0, 1) == expected


def test_the_detour_and_the_speed_of_the_mode_stretch_a_straight_line() -> None:
    problem = Problem.build(
        {
            "horizon": {"start": "2026-03-02", "days": 1},
            "coordinates": "plane",
            "providers": [
                {"id": "walker", "kind": "volunteer", "location": {"x": 0, "y": 0}},
                {"id": "driver", "kind": "volunteer", "location": {"x": 3000, "y": 4000}, "mode": "car"},
                {"id": "own", "kind": "volunteer", "location": {"x": 0, "y": 0}, "mode": "car", "speed_kmh": 10},
            ],
            "travel": {"kind": "straight", "detour": 1.5, "speeds_kmh": {"walk": 5, "car": 30, "bike": 15, "bus": 20}},
        }
    )
    journeys = Journeys(problem)
    a, b = (journeys.of_base(problem.providers[i]) for i in (0, 1))
    taken = [journeys.seconds(provider, a, b) for provider in problem.providers]
    assert taken == [pytest.approx(exact, abs=1) for exact in (5400, 900, 2700)]


def test_the_same_place_is_one_place_and_takes_no_time() -> None:
    problem = walkers({"lat": 37.5, "lon": 122.1}, {"lat": 37.5, "lon": 122.1})
    assert len(Journeys(problem)) == 1
    assert seconds(problem, 0, 1) == 0


def test_a_matrix_gives_its_own_seconds_from_row_to_column_and_for_a_mode_its_own_table() -> None:
    problem = Problem.build(
        {
            "horizon": {"start": "2026-03-02", "days": 1},
            "providers": [
                {"id": "walker", "kind": "volunteer", "location": {"row": 1}},
                {"id": "rider", "kind": "volunteer", "location": {"row": 0}, "mode": "bike"},
            ],
            "travel": {"kind": "matrix", "seconds": [[0, 10], [20, 0]], "by_mode": {"bike": [[0, 3], [4, 0]]}},
        }
    )
    journeys = Journeys(problem)
    walker, rider = problem.providers
    one, zero = journeys.of_base(walker), journeys.of_base(rider)
    assert (journeys.seconds(walker, zero, one), journeys.seconds(walker, one, zero)) == (10, 20)
    assert (journeys.seconds(rider, zero, one), journeys.seconds(rider, one, zero)) == (3, 4)


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """The offset, found through its inverse alone: the point whose correction leads back here."""
    guess_lat, guess_lon = lat, lon
    for _ in range(60):
        back_lat, back_lon = gcj02_to_wgs84(guess_lat, guess_lon)
        guess_lat, guess_lon = guess_lat + lat - back_lat, guess_lon + lon - back_lon
    return guess_lat, guess_lon


@pytest.mark.parametrize("seed", range(20))
def test_gcj02_there_and_back_is_within_a_millimetre(seed: int) -> None:
    rng = random.Random(seed)
    place = rng.uniform(20, 50), rng.uniform(80, 130)
    back = gcj02_to_wgs84(*wgs84_to_gcj02(*place))
    assert haversine(place, back) < 0.001


def test_gcj02_moves_weihai_by_some_hundred_metres_to_the_south_west() -> None:
    lat, lon = gcj02_to_wgs84(37.5, 122.1)
    assert 300 < haversine((37.5, 122.1), (lat, lon)) < 800
    # Known pair: Tian'anmen is at 39.9075 N, 116.3913 E and shown at 39.9089 N, 116.3975 E.
    assert gcj02_to_wgs84(39.90890, 116.39753) == pytest.approx((39.90750, 116.39129), abs=2e-4)


def test_outside_china_gcj02_changes_nothing() -> None:
    assert gcj02_to_wgs84(48.85, 2.35) == (48.85, 2.35)


def test_coordinates_declared_gcj02_are_converted() -> None:
    places = {"lat": 37.5, "lon": 122.1}, {"lat": 37.52, "lon": 122.13}
    declared = walkers(*places, coordinates="gcj02")
    own = [dict(zip(("lat", "lon"), gcj02_to_wgs84(place["lat"], place["lon"]), strict=True)) for place in places]
    assert seconds(declared, 0, 1) == seconds(walkers(*own), 0, 1)


def brute_roads(problem: Problem) -> dict[tuple[int, int], float]:
    """Metres between the bases of all providers by trying every simple path."""
    travel: Any = problem.travel
    nodes = [(node.x, node.y) for node in travel.nodes]
    edges: dict[tuple[int, int], float] = {}
    for a, b, metres in travel.edges:
        for pair in ((a, b),) if travel.one_way else ((a, b), (b, a)):
            edges[pair] = min(metres, edges.get(pair, math.inf))

    def shortest(a: int, b: int) -> float:
        best = 0.0 if a == b else math.inf
        middle = [n for n in range(len(nodes)) if n not in (a, b)]
        for length in range(len(middle) + 1):
            for way in itertools.permutations(middle, length):
                best = min(best, sum(edges.get(leg, math.inf) for leg in itertools.pairwise((a, *way, b)))) if a != b else best
        return best

    places: list[tuple[float, float]] = [(p.location.x or 0.0, p.location.y or 0.0) for p in problem.providers]
    near = [min(range(len(nodes)), key=lambda n, at=at: math.dist(at, nodes[n])) for at in places]  # type: ignore[misc]
    found = {}
    for i, j in itertools.permutations(range(len(places)), 2):
        road = shortest(near[i], near[j])
        spare = travel.detour * (math.dist(places[i], nodes[near[i]]) + math.dist(places[j], nodes[near[j]]))
        found[i, j] = spare + road if math.isfinite(road) else travel.detour * math.dist(places[i], places[j])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_roads_are_the_shortest_of_all_paths_and_straight_lines_where_none_leads(seed: int) -> None:
    rng = random.Random(seed)
    places = [{"x": rng.uniform(0, 1000), "y": rng.uniform(0, 1000)} for _ in range(4)]
    nodes = [{"x": rng.uniform(0, 1000), "y": rng.uniform(0, 1000)} for _ in range(6)]
    edges = [[a, b, rng.uniform(50, 900)] for a in range(6) for b in range(6) if a != b and rng.random() < 0.25]
    roads = {"kind": "roads", "nodes": nodes, "edges": edges, "one_way": seed % 2 == 0, "detour": 1.3}
    problem = walkers(*places, travel=roads, coordinates="plane")
    for (i, j), metres in brute_roads(problem).items():
        assert metres <= seconds(problem, i, j) <= metres + 1 + 1e-6


@pytest.mark.parametrize("travel", TRAVELS)
@pytest.mark.parametrize("seed", range(3))
def test_kernels_take_the_same_seconds_bit_for_bit(travel: str, seed: int) -> None:
    problem = small_problem(seed, 30, travel=travel)
    journeys, instance = Journeys(problem), compile_problem(problem).instance
    ins, pts = pack(instance)
    for provider in problem.providers:
        profile = journeys.of_profile(provider)
        for a, b in itertools.product(range(len(journeys)), repeat=2):
            assert travel_seconds(ins, pts, profile, a, b) == journeys.seconds(provider, a, b)
