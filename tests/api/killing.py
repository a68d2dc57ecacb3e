"""What ``scripts/kill`` does: ask for plans and comparisons, kill whatever runs at random moments, then look at every job that was accepted.

It also says how long callers wait for a server that was killed: from its start until it answers, and from a kill until a job is worked on again.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import statistics
import sys
import time
from collections import Counter, defaultdict
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


MOST_WAITING = 12
"""Jobs that wait, above which no further ones are asked for: what is left over in the end has to be worked off."""

PATIENCE = 900.0
"""Seconds until a job that has not ended counts as lost; machines may be busy."""


class Tormentor:
    """Kills what runs on a server, and notes how long it takes to come back."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server, self._chance = server, random.Random(seed)
        self._killed_at, self._logged = time.time(), 0
        self.kills: Counter[str] = Counter()
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def kill(self) -> None:
        """Kill workers, the server, or both; a server is started again."""
        what = self._chance.choice(["worker", "worker", "server", "everything"])
        self.kills[what] += 1
        self._killed_at, self._logged = time.time(), len(self._server.log())
        if what == "worker":
            for pid in self._server.workers():
                os.kill(pid, signal.SIGKILL)
            return
        if what == "server":
            self._server.kill()
        else:
            self._server.kill_all()
        self.start()

    def start(self) -> None:
        """Start the server."""
        began = time.monotonic()
        self._server.start()
        self._seconds["from start to ready"].append(time.monotonic() - began)

    def until_working(self) -> None:
        """Wait until a job is begun after the last kill, half a minute at most: a kill before that tells little."""
        until = time.monotonic() + 30.0
        while time.monotonic() < until:
            begun = next((line for line in self._server.log()[self._logged :].splitlines() if '"job begun"' in line), None)
            if begun is not None:
                at = dt.datetime.fromisoformat(json.loads(begun)["timestamp"]).timestamp()
                if self.kills:
                    self._seconds["from kill to work"].append(at - self._killed_at)
                return
            time.sleep(0.05)

    def told(self) -> dict[str, Any]:
        """Return how many kills there were of what, and the median and the longest of each wait, in seconds."""
        waits = {name: {"p50": round(statistics.median(seen), 2), "max": round(max(seen), 2)} for name, seen in self._seconds.items()}
        return {"kills": {"all": self.kills.total(), **self.kills}, "seconds": waits}


def torment(server: Server, seed: int, *, kills: int | None = None, seconds: float = float("inf")) -> dict[str, Any]:
    """Kill workers and servers so many times, or for so many seconds, then wait for the end of everything; returns what was seen."""
    chance, tormentor = random.Random(seed), Tormentor(server, seed)
    weeks = [make_week("community" if number else "street", seed=number) for number in range(4)]
    accepted: dict[str, tuple[str, int]] = {}
    asked = 0
    tormentor.start()
    client = server.client()
    until, due = time.monotonic() + seconds, time.monotonic() + 2
    while time.monotonic() < until and (kills is None or tormentor.kills.total() < kills):
        if asked < 2 or _listed(client, "queued") < MOST_WAITING:
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
            tormentor.until_working()
            time.sleep(chance.uniform(0.0, 1.5))
            tormentor.kill()
            due = time.monotonic() + chance.uniform(0.5, 2.0)
        time.sleep(chance.uniform(0.1, 0.6))
    if not server.is_running():
        server.start()
    client = server.client()
    comparisons = sum(name.startswith("sc-") for name, _ in accepted.values())
    found = {"asked": asked, "accepted": len(accepted), "comparisons": comparisons, "seed": seed, **tormentor.told()}
    return {**found, **_judged(client, accepted, weeks)}


def _listed(client: Client, state: str) -> int:
    """Return how many plans and comparisons are in a state, at least; 0 where nobody answers."""
    query = {"state": state, "limit": MOST_WAITING}
    try:
        return sum(len(client._json("GET", path, params=query)["items"]) for path in ("/v1/plans", "/v1/scenarios"))
    except (httpx.HTTPError, ApiError):
        return 0


def _judged(client: Client, accepted: dict[str, tuple[str, int]], weeks: list[Any]) -> dict[str, Any]:
    lost, ended_twice, unclean, states, attempts = [], [], [], Counter[str](), 0
    for name, number in accepted.values():
        try:
            job = client.wait(name, seconds=PATIENCE)
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
    kills: Annotated[int | None, typer.Option(help="How many kills; left out, as many as there are in the time.")] = None,
    seconds: Annotated[float, typer.Option(help="How long there is killing, where no number of kills is given.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 1,
    database: Annotated[Literal["sqlite", "postgresql"], typer.Option(help="Which database.")] = "sqlite",
) -> None:
    """Kill, and judge."""
    with temporary(database) as (url, folder):
        server = Server(url, folder, checkpoint=0.5, lease=1.5, attempts=50, max_queued=10_000, rate="1000000/minute")
        try:
            found = torment(server, seed, kills=kills, **({} if kills is not None else {"seconds": seconds}))
        finally:
            server.close()
    sys.stdout.write(json.dumps({"database": database, **found}, indent=1) + "\n")
    raise SystemExit(0 if found["is_good"] else 1)


if __name__ == "__main__":
    typer.run(main)
