"""OR-Tools routing (Apache 2.0; developers.google.com/optimization/routing): cheapest insertion, then guided local search, on one thread.

It has no seed. Several threads are several searches in processes of their own, from different first solutions, of which the best counts.
"""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.neutral import UNSERVED, WEEK, travel_of
from benchmarks.peers.pyvrp import merge

if TYPE_CHECKING:
    from benchmarks.neutral import Routes
    from benchmarks.peers import Trace

FIRSTS = ("PARALLEL_CHEAPEST_INSERTION", "LOCAL_CHEAPEST_INSERTION", "PATH_CHEAPEST_ARC", "BEST_INSERTION")
"""How each search makes its first solution; further searches would start from the same again."""


def solve(week: dict[str, Any], budget: float, threads: int, seed: int) -> tuple[Routes, Trace]:
    """Solve a neutral week with OR-Tools; returns the best routes and how the cost fell, over all its searches."""
    del seed  # it has none
    if threads == 1:
        return _search(week, budget, FIRSTS[0])
    with ProcessPoolExecutor(threads, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(_search, [week] * threads, [budget] * threads, FIRSTS[:threads]))
    routes, _ = min(found, key=lambda each: each[1][-1][1] if each[1] else float("inf"))
    return routes, merge([trace for _, trace in found])


def _search(week: dict[str, Any], budget: float, first: str) -> tuple[Routes, Trace]:
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # noqa: PLC0415

    began = time.perf_counter()
    visits, shifts = week["visits"], week["shifts"]
    starts = list(range(len(visits), len(visits) + len(shifts)))
    manager = pywrapcp.RoutingIndexManager(len(visits) + len(shifts), len(shifts), starts, starts)
    routing = pywrapcp.RoutingModel(manager)
    # A shift's start is a node of its own, at the home of its provider.
    place = [*range(len(visits)), *(len(visits) + shift["provider"] for shift in shifts)]
    travel = travel_of(week)[place][:, place]
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(travel.tolist()))
    travel[: len(visits)] += [[visit["duration"]] for visit in visits]
    routing.AddDimension(routing.RegisterTransitMatrix(travel.tolist()), WEEK, WEEK, False, "time")
    clock = routing.GetDimensionOrDie("time")
    for s, shift in enumerate(shifts):
        for end in (routing.Start(s), routing.End(s)):
            clock.CumulVar(end).SetRange(shift["start"], shift["end"])
    for v, visit in enumerate(visits):
        index = manager.NodeToIndex(v)
        windows = sorted(visit["windows"])
        start = clock.CumulVar(index)
        start.SetRange(windows[0][0], max(high for _, high in windows))
        for (_, high), (low, _) in pairwise(windows):
            if high + 1 < low:
                start.RemoveInterval(high + 1, low - 1)
        able = [s for s, shift in enumerate(shifts) if set(visit["skills"]) <= set(week["providers"][shift["provider"]]["skills"])]
        in_time = [s for s in able if any(low < shifts[s]["end"] and high >= shifts[s]["start"] for low, high in windows)]
        routing.VehicleVar(index).SetValues([-1, *in_time])
        routing.AddDisjunction([index], UNSERVED * visit["priority"])
    trace: Trace = []
    routing.AddAtSolutionCallback(lambda: trace.append((time.perf_counter() - began, int(routing.CostVar().Max()))))
    params = pywrapcp.DefaultRoutingSearchParameters()
    params.first_solution_strategy = getattr(routing_enums_pb2.FirstSolutionStrategy, first)
    params.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    params.time_limit.FromMilliseconds(max(1, int(1000 * (budget - (time.perf_counter() - began)))))
    found = routing.SolveWithParameters(params)
    routes: Routes = {}
    for s in range(len(shifts)) if found else ():
        index, stops = found.Value(routing.NextVar(routing.Start(s))), []
        while not routing.IsEnd(index):
            stops.append((manager.IndexToNode(index), int(found.Min(clock.CumulVar(index)))))
            index = found.Value(routing.NextVar(index))
        if stops:
            routes[s] = stops
    return routes, merge([trace])
