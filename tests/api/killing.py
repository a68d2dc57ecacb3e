"""What ``scripts/kill`` does: ask for plans and comparisons, kill whatever runs at random moments, then look at every job that was accepted."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from typing import Annotated, Any, Literal

import httpx
import typer

from api.client import ENDED, ApiError, Client
from matcher.check import check
from matcher.problem import Problem
from scenarios.weihai.week import make_week
from tests.api.databases import temporary
from tests.api.running import Server

SCENARIOS: dict[str, Any] = {
    "settings": {"chunks": 1, "seeds": 2},
    "scenarios": [{"id": f"more-{count}", "edits": [{"edit": "add_providers", "kind": "volunteer", "count": count}]} for count in (1, 2, 3)],
}


def torment(server: Server, seconds: float, seed: int) -> dict[str, Any]:
    """Kill workers and servers for so many seconds, then wait for the end of everything; returns what was seen."""
    chance = random.Random(seed)
    weeks = [make_week("community" if number else "street", seed=number) for number in range(4)]
    kills: Counter[str] = Counter()
    accepted: dict[str, tuple[str, int]] = {}
    asked = 0
    server.start()
    client = server.client()
    until, due = time.monotonic() + seconds, time.monotonic() + 2
    while time.monotonic() < until:
        asked += 1
        token, number = f"ask-{asked}", chance.randrange(len(weeks))
        limit = {"chunks": 2, "threads": 1} if chance.random() < 0.5 else {"budget": chance.uniform(0.2, 2.0), "threads": 1}
        try:
            if number and chance.random() < 0.15:
                made = client.compare(weeks[number], SCENARIOS, idempotency_key=token, threads=1)
            else:
                made = client.make_plan(weeks[number], idempotency_key=token, seed=asked, **limit)
            accepted[token] = made["id"], number
        except (httpx.HTTPError, ApiError):
            time.sleep(0.2)
        if time.monotonic() >= due:
            _until_working(client, 6.0)
            time.sleep(chance.uniform(0.0, 1.5))
            _kill_something(server, chance, kills)
            due = time.monotonic() + chance.uniform(0.5, 2.0)
        time.sleep(chance.uniform(0.1, 0.6))
    if not server.is_running():
        server.start()
    client = server.client()
    comparisons = sum(name.startswith("sc-") for name, _ in accepted.values())
    found = {"asked": asked, "accepted": len(accepted), "comparisons": comparisons, "kills": dict(kills), "seed": seed}
    return {**found, **_judged(client, accepted, weeks)}


def _until_working(client: Client, seconds: float) -> None:
    """Wait until a job is being worked on: a kill before that tells little."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not client._json("GET", "/v1/plans", params={"state": "running", "limit": 1})["items"]:
        time.sleep(0.05)


def _kill_something(server: Server, chance: random.Random, kills: Counter[str]) -> None:
    what = chance.choice(["worker", "worker", "server", "everything"])
    kills[what] += 1
    if what == "worker":
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
    elif what == "server":
        server.kill()
        server.start()
    else:
        server.kill_all()
        server.start()


def _judged(client: Client, accepted: dict[str, tuple[str, int]], weeks: list[Any]) -> dict[str, Any]:
    lost, ended_twice, unclean, states, attempts = [], [], [], Counter[str](), 0
    for name, number in accepted.values():
        try:
            job = client.wait(name, seconds=180)
        except (TimeoutError, ApiError):
            lost.append(name)
            continue
        states[job["state"]] += 1
        attempts = max(attempts, job["attempt"])
        ends = [data["state"] for _, kind, data in client.follow(name) if kind == "state" and data["state"] in ENDED]
        if len(ends) != 1:
            ended_twice.append(name)
        if job["state"] == "done" and not _is_sound(client, name, job, weeks[number]):
            unclean.append(name)
    listed = sum(_count(client, path) for path in ("/v1/plans", "/v1/scenarios"))
    doubles = listed - len(accepted)
    is_good = not (lost or ended_twice or unclean or states["failed"])
    counts = {"states": dict(states), "most_attempts": attempts, "lost": lost, "ended_twice": ended_twice, "unclean": unclean}
    return {**counts, "stored_beyond_accepted": doubles, "is_good": is_good}


def _is_sound(client: Client, name: str, job: dict[str, Any], week: Problem) -> bool:
    """Whether a plan keeps the rules at the cost that it says, or a comparison has all its runs, and the plans of the week itself are plans of it."""
    if not name.startswith("sc-"):
        report = check(week, client.plan(name))
        return report.is_clean and report.cost == job["cost"]
    found = client.comparison(name)
    reports = [(run, check(week, client.run_plan(name, run["plan"]))) for run in found["base"]["runs"]]
    runs = [len(row["runs"]) for row in (found["base"], *found["scenarios"])]
    is_whole = found["missing"] == [] and runs == [2] * (1 + len(SCENARIOS["scenarios"]))
    return is_whole and all(report.is_clean and report.cost == run["cost"] for run, report in reports)


def _count(client: Client, path: str) -> int:
    count, cursor = 0, None
    while True:
        page = client._json("GET", path, params={"limit": 200, **({"cursor": cursor} if cursor else {})})
        count, cursor = count + len(page["items"]), page["next"]
        if cursor is None:
            return count


def main(
    seconds: Annotated[float, typer.Option(help="How long there is killing.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 1,
    database: Annotated[Literal["sqlite", "postgresql"], typer.Option(help="Which database.")] = "sqlite",
) -> None:
    """Kill, and judge."""
    with temporary(database) as (url, folder):
        server = Server(url, folder, checkpoint=0.5, lease=1.5, attempts=50, max_queued=10_000, rate="1000000/minute")
        try:
            found = torment(server, seconds, seed)
        finally:
            server.close()
    sys.stdout.write(json.dumps({"database": database, **found}, indent=1) + "\n")
    raise SystemExit(0 if found["is_good"] else 1)


if __name__ == "__main__":
    typer.run(main)
