"""PyVRP (MIT; pyvrp.org; Wouda, Lan and Kool 2024, doi 10.1287/ijoc.2023.0055): iterated local search on one thread.

Several threads are several searches with seeds of their own in processes of their own, of which the best counts. A visit with windows on several days
is a group of clients, one for each window, of which at most one is served.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.neutral import UNSERVED, travel_of

if TYPE_CHECKING:
    from benchmarks.neutral import Routes
    from benchmarks.peers import Trace

TOO_FAR = 10**7
"""Distance and seconds to a visit whose skills somebody lacks: more than any shift has."""

COPIES, SHARE = 3, 0.6
"""PyVRP knows no skills: each set of them is a matrix of distances and one of seconds, beside the one that they are made from. Share of the machine's
memory that they may fill."""


def solve(week: dict[str, Any], budget: float, threads: int, seed: int) -> tuple[Routes, Trace]:
    """Solve a neutral week with PyVRP; returns the best routes and how the cost fell, over all its searches."""
    _check_memory(week, threads)
    if threads == 1:
        return _search(week, budget, seed)
    with ProcessPoolExecutor(threads, mp_context=multiprocessing.get_context("spawn")) as pool:
        searches = [pool.submit(_search, week, budget, seed + 7919 * k) for k in range(threads)]
        found = [search.result() for search in searches]
    # A search that found nothing feasible has no trace, and counts only if none has.
    routes, _ = min(found, key=lambda each: each[1][-1][1] if each[1] else float("inf"))
    return routes, merge([trace for _, trace in found])


def _check_memory(week: dict[str, Any], threads: int) -> None:
    """Raise `MemoryError` rather than drive the machine out of memory."""
    sets = len({frozenset(week["providers"][shift["provider"]]["skills"]) for shift in week["shifts"]})
    places = len(week["visits"]) + len(week["providers"])
    wanted = threads * sets * places**2 * 8 * COPIES
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if wanted > SHARE * there:
        raise MemoryError(f"{sets} sets of skills, each with a matrix of {places} places, would take {wanted / 1024**3:.0f} GiB")


def merge(traces: list[Trace]) -> Trace:
    """Return how the best of several searches side by side fell."""
    merged: Trace = []
    for seconds, cost in sorted(point for trace in traces for point in trace):
        if not merged or cost < merged[-1][1]:
            merged.append((seconds, cost))
    return merged


def _search(week: dict[str, Any], budget: float, seed: int) -> tuple[Routes, Trace]:
    import pyvrp  # noqa: PLC0415
    from pyvrp.stop import MaxRuntime  # noqa: PLC0415

    began = time.perf_counter()
    data, owner, doubled = _data(week)
    trace: Trace = []

    class Watch(pyvrp.IteratedLocalSearchCallbacks):
        def on_best(self, best: pyvrp.Solution) -> None:
            if best.is_feasible():
                trace.append((time.perf_counter() - began, int(best.distance() + best.uncollected_prizes()) - doubled))

    left = max(0.001, budget - (time.perf_counter() - began))
    params = pyvrp.SolveParams(ils=pyvrp.IteratedLocalSearchParams(callbacks=Watch()))
    best = pyvrp.solve(data, stop=MaxRuntime(left), seed=seed, display=False, collect_stats=False, params=params).best
    routes: Routes = {}
    for route in best.routes():
        stops = [(owner[stop.idx], int(stop.start_time)) for stop in route.schedule() if stop.is_client()]
        if stops:
            routes[int(route.vehicle_type())] = stops
    return routes, merge([trace])


def _data(week: dict[str, Any]) -> tuple[Any, list[int], int]:
    """Return the data, the visit of each client, and the prizes that count as not collected although another window of their visit was served."""
    import pyvrp  # noqa: PLC0415

    visits, providers = len(week["visits"]), len(week["providers"])
    clients: list[pyvrp.Client] = []
    groups: list[pyvrp.ClientGroup] = []
    owner: list[int] = []
    doubled = 0
    for v, visit in enumerate(week["visits"]):
        is_choice = len(visit["windows"]) > 1
        prize = UNSERVED * visit["priority"]
        first = len(clients)
        for low, high in visit["windows"]:
            owner.append(v)
            clients.append(
                pyvrp.Client(
                    providers + v,
                    service_duration=visit["duration"],
                    tw_early=low,
                    tw_late=high,
                    prize=prize,
                    required=False,
                    group=len(groups) if is_choice else None,
                )
            )
        if is_choice:
            groups.append(pyvrp.ClientGroup(list(range(first, len(clients))), required=False))
            doubled += prize * (len(visit["windows"]) - 1)
    locations = [pyvrp.Location(place["x"], place["y"]) for kind in ("providers", "visits") for place in week[kind]]
    order = [*range(visits, visits + providers), *range(visits)]
    travel = travel_of(week)[np.ix_(order, order)]
    profile_of: dict[frozenset[int], int] = {}
    matrices: list[Any] = []
    vehicles = []
    for shift in week["shifts"]:
        skills = frozenset(week["providers"][shift["provider"]]["skills"])
        if skills not in profile_of:
            profile_of[skills] = len(matrices)
            own = travel.copy()
            lacking = [providers + v for v, visit in enumerate(week["visits"]) if not skills.issuperset(visit["skills"])]
            own[:, lacking] = TOO_FAR
            np.fill_diagonal(own, 0)
            matrices.append(own)
        home = shift["provider"]
        vehicles.append(
            pyvrp.VehicleType(1, start_depot=home, end_depot=home, tw_early=shift["start"], tw_late=shift["end"], profile=profile_of[skills])
        )
    depots = [pyvrp.Depot(p) for p in range(providers)]
    return pyvrp.ProblemData(locations, clients, depots, vehicles, matrices, matrices, groups), owner, doubled
