"""VROOM (BSD 2-Clause; vroom-project.org): construction and local search at its highest exploration level.

It takes no seed, and ends when it is done, at the latest about when its time is up.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.neutral import cost_of, judge, travel_of

if TYPE_CHECKING:
    from benchmarks.neutral import Routes
    from benchmarks.peers import Trace

EXPLORATION = 5
"""The most thorough search that it has."""


def solve(week: dict[str, Any], budget: float, threads: int, seed: int) -> tuple[Routes, Trace]:
    """Solve a neutral week with VROOM; returns the routes and the one moment at which it is done."""
    del seed  # it has none
    import vroom  # type: ignore[import-untyped]  # noqa: PLC0415

    began = time.perf_counter()
    homes = len(week["visits"])
    task = vroom.Input()
    task.set_durations_matrix("car", travel_of(week).astype(np.uint32))
    for s, shift in enumerate(week["shifts"]):
        home = homes + shift["provider"]
        skills = {skill + 1 for skill in week["providers"][shift["provider"]]["skills"]}
        task.add_vehicle(vroom.Vehicle(s, start=home, end=home, skills=skills, time_window=vroom.TimeWindow(shift["start"], shift["end"])))
    for v, visit in enumerate(week["visits"]):
        task.add_job(
            vroom.Job(
                v,
                location=v,
                default_service=visit["duration"],
                skills={skill + 1 for skill in visit["skills"]},
                priority=min(100, visit["priority"]),
                time_windows=[vroom.TimeWindow(low, high) for low, high in visit["windows"]],
            )
        )
    left = max(0.001, budget - (time.perf_counter() - began))
    found = task.solve(exploration_level=EXPLORATION, nb_threads=threads, timeout=timedelta(seconds=left)).to_dict()
    routes = {
        int(route["vehicle"]): [
            (int(step["id"]), int(step["arrival"] + step.get("waiting_time", 0))) for step in route["steps"] if step["type"] == "job"
        ]
        for route in found["routes"]
    }
    return routes, [(time.perf_counter() - began, cost_of(week, judge(week, routes)))]
