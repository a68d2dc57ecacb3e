"""What ``scripts/load`` does: many callers at once on one server; how long answers take, and whether callers get their turns."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.client import ApiError, Client
from api.documented import EXAMPLE_PROBLEM
from matcher.living.events import faults_of, read_events
from matcher.plan import Plan
from matcher.problem import Problem
from scenarios.weihai.week import make_week
from tests.api.barrage import Shot, fired, recommend_bodies
from tests.api.databases import temporary
from tests.api.running import Server
from tests.living.events import random_events

SHARE = 0.005
"""Of looks and questions mixed, how many ask for recommendations, if nothing else is said."""


class Times:
    """How long each kind of request took."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.refused: defaultdict[str, int] = defaultdict(int)

    def of(self, what: str, call: Callable[[], Any]) -> Any:
        """Call, and note how long it took; a refusal is counted."""
        began = time.perf_counter()
        try:
            return call()
        except ApiError as error:
            self.refused[f"{what} {error.status}"] += 1
            return None
        finally:
            self._seconds[what].append(time.perf_counter() - began)

    def table(self) -> dict[str, dict[str, float]]:
        """Return count, median, 95th percentile and maximum in milliseconds."""
        found = {}
        for what, seconds in sorted(self._seconds.items()):
            ordered = sorted(seconds)
            p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
            found[what] = {
                "count": len(ordered),
                **{k: round(v * 1000, 1) for k, v in (("p50", statistics.median(ordered)), ("p95", p95), ("max", ordered[-1]))},
            }
        return found


def many_callers(server: Server, callers: int, seconds: float) -> dict[str, Any]:
    """Let callers store, ask, look and list; one of them asks for ten times as much. Returns the times and the plans that each got."""
    admin, times = server.client(), Times()
    done: dict[int, int] = {}
    until = time.monotonic() + seconds

    def call(number: int) -> None:
        asked = {"name": f"caller {number}", "area": f"load/c{number}", "scopes": ["read", "plan"]}
        key = admin.send("POST", "/v1/keys", json=asked).json()["key"]
        with Client(server.url, key, tries=1) as client:
            stored = times.of("store problem", lambda: client.store_problem(EXAMPLE_PROBLEM))
            if stored is None:
                return
            problem = stored["id"]
            plans: list[str] = []
            while time.monotonic() < until:
                for _ in range(10 if number == 0 else 1):
                    job = times.of("ask for a plan", lambda: client.make_plan(problem, chunks=1, threads=1))
                    plans += [job["id"]] if job is not None else []
                if plans:
                    times.of("look at a plan", partial(client.job, plans[-1]))
                times.of("list plans", lambda: client._json("GET", "/v1/plans", params={"limit": 20}))
            ended = client._json("GET", "/v1/plans", params={"state": "done", "limit": 200})
            done[number] = len(ended["items"])

    threads = [threading.Thread(target=call, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    others = sorted(count for number, count in done.items() if number != 0)
    turns = {"greedy": done[0], "least": others[0], "most": others[-1]} if others else {"greedy": done[0]}
    return {"callers": callers, "milliseconds": times.table(), "refused": dict(times.refused), "plans_done": turns}


def planned(server: Server, week: Problem, start: Plan | None, times: Times) -> str:
    """Have a week planned, from a plan that is there, if one is; returns the plan's id."""
    client = server.client()
    given = {} if start is None else {"start": json.loads(start.to_json())}
    job = times.of("store and plan", lambda: client.make_plan(week, budget=5, wait=30, **given))
    client.wait(job["id"])
    return str(job["id"])


def questions(server: Server, week: Problem, plan_id: str, count: int, times: Times) -> dict[str, Any]:
    """Ask about one week again and again, warm; returns how long answers take."""
    client = server.client()
    plan = client.plan(plan_id)
    base = f"/v1/plans/{plan_id}"
    needs = [need for need in week.needs if len(need.team) == 1][:count]
    times.of("first question", lambda: client._json("POST", f"{base}/evaluate", json={"top": 0}))
    for number, need in enumerate(needs):
        asked = need.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"id": f"one-more-{number}", "visits": 1}
        times.of("recommend", partial(client._json, "POST", f"{base}/recommend", json={"need": asked}))
    for line in plan.assignments[:count]:
        times.of("what if", partial(client._json, "POST", f"{base}/what-if", json={"visit": line.visit, "out": True}))
    for number, event in enumerate(single_events(week, plan, count + 1)):
        times.of("replan" if number else "first replan", partial(client._json, "POST", f"{base}/replan", json=event))
    return {"visits": len(week.visits), "milliseconds": times.table(), "refused": dict(times.refused)}


def single_events(week: Problem, plan: Plan, count: int) -> list[dict[str, Any]]:
    """Return what so many callers say of one event each, of all sorts and at moments of all days; what contradicts the plan is left out."""
    found: list[dict[str, Any]] = []
    for seed in itertools.count():
        events, now = random_events(week, plan, seed)
        asked = {"events": events, "now": now.isoformat() if now is not None else None}
        if len(events) == 1 and not faults_of(read_events(asked), week, plan):
            found.append(asked)
        if len(found) == count:
            return found
    raise AssertionError("there is always another seed")


def mixed(server: Server, week: Problem, plan_id: str, *, rate: float, share: float, seconds: float, connections: int = 50) -> dict[str, Any]:
    """Look at a plan that is being made, and ask for recommendations, so many times a second in all, while it is being made."""
    client = server.client()
    client._json("POST", f"/v1/plans/{plan_id}/evaluate", json={"top": 0})  # the first question opens the week
    live = client.make_plan(week, budget=seconds + 60, start_id=plan_id)["id"]
    while client.job(live)["state"] != "running":
        time.sleep(0.1)
    shots = [
        Shot("status", 1 - share, f"/v1/plans/{live}", is_conditional=True),
        Shot("recommend", share, f"/v1/plans/{plan_id}/recommend", recommend_bodies(week, 60)),
    ]
    found = fired(server.url, server.key, [shot for shot in shots if shot.share], connections=connections, rate=rate, seconds=seconds)
    is_live = client.job(live)["state"] == "running"
    client.cancel(live)
    return {"asked_per_second": rate, "share_of_recommend": share, "connections": connections, "is_solving_to_the_end": is_live, **found}


PARTS = ("callers", "questions", "mixed")


def main(
    part: Annotated[str, typer.Option(help="What to measure, with commas between.")] = ",".join(PARTS),
    callers: Annotated[int, typer.Option(min=1)] = 20,
    seconds: Annotated[float, typer.Option(help="How long callers call.")] = 20.0,
    size: Annotated[str, typer.Option(help="Of the week that is asked about: community, street, district, city.")] = "district",
    count: Annotated[int, typer.Option(help="How many questions of each kind.")] = 40,
    rate: Annotated[float, typer.Option(help="Looks and questions a second, mixed, on 50 connections; 0: as fast as answers come.")] = 500.0,
    share: Annotated[list[float] | None, typer.Option(min=0, max=1, help="Of these, how many ask for recommendations; one run each.")] = None,
    plan: Annotated[Path | None, typer.Option(exists=True, help="A plan of that week; else one is made in five seconds.")] = None,
    database: Annotated[Literal["sqlite", "postgresql"], typer.Option(help="Which database.")] = "sqlite",
) -> None:
    """Load, and tell."""
    parts = part.split(",")
    if unknown := set(parts) - set(PARTS):
        raise typer.BadParameter(f"should be of {', '.join(PARTS)}; there is no {', '.join(sorted(unknown))}", param_hint="--part")
    with temporary(database) as (url, folder):
        server = Server(url, folder, lease=15.0, max_queued=10_000, rate="10000000/minute")
        try:
            server.start()
            found: dict[str, Any] = {"database": database, "cores": os.cpu_count(), "load_before": os.getloadavg()}
            if "callers" in parts:
                found["callers"] = many_callers(server, callers, seconds)
            if {"questions", "mixed"} & set(parts):
                week, times = make_week(size, seed=1), Times()
                start = Plan.parse(plan.read_bytes()) if plan is not None else None
                plan_id, found["size"] = planned(server, week, start, times), size
                if "questions" in parts:
                    found["questions"] = questions(server, week, plan_id, count, times)
                if "mixed" in parts:
                    found["mixed"] = [mixed(server, week, plan_id, rate=rate, share=each, seconds=seconds) for each in share or [SHARE]]
            found["load_after"] = os.getloadavg()
        finally:
            server.close()
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
