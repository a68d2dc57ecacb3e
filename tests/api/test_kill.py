"""kill -9 at any moment: no accepted job is lost, each ends once. Short here; scripts/kill does it for as long as one likes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.client import ENDED, Client
from api.documented import EXAMPLE_PROBLEM
from matcher.check import check
from matcher.problem import Problem
from scenarios.weihai.week import make_week
from tests.api.conftest import url_of
from tests.api.running import START, House, Server

WEEK = make_week("community", seed=1)
STREET = make_week("street", seed=1)
ENDLESS: dict[str, Any] = {"budget": 3600.0, "threads": 1}
"""A search that is over when it is told to be: whatever happens to it happens before it ends, however slow the machine is."""


def until(what: str, claim: Callable[[], bool]) -> None:
    """Wait until something is so, as long as for a server that starts."""
    end = time.monotonic() + START
    while not claim():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def until_told(client: Client, plan: str, what: str = "progress") -> None:
    for _, kind, _ in client.follow(plan):
        if kind == what:
            return


def assert_stopped_once(client: Client, plan: str, attempt: int) -> dict[str, Any]:
    """Have an endless search of the street stopped once it was begun so often, and look at what came of it."""
    until(f"attempt {attempt} of {plan}", lambda: client.job(plan)["attempt"] >= attempt)
    client.cancel(plan)
    return assert_ended_once(client, plan, STREET, "stopped")


def states_of(client: Client, plan: str) -> list[str]:
    return [data["state"] for _, kind, data in client.follow(plan) if kind == "state"]


def assert_ended_once(client: Client, plan: str, problem: Problem = WEEK, state: str = "done") -> dict[str, Any]:
    job = client.wait(plan, seconds=START)
    assert job["state"] == state, job
    states = states_of(client, plan)
    assert states[-1] == state
    assert sum(said in ("done", "stopped", "failed") for said in states) == 1
    report = check(problem, client.plan(plan))
    assert report.is_clean
    assert report.cost == job["cost"]
    return job


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Any:
    yield from started(database_url, tmp_path)


@pytest.fixture
def plain_server(tmp_path: Path) -> Any:
    yield from started(f"sqlite:///{tmp_path}/sishe.db", tmp_path)


def started(url: str, folder: Path) -> Any:
    found = Server(url, folder, checkpoint=0.3, lease=1.0)
    found.start()
    yield found
    found.close()


@pytest.mark.slow
def test_jobs_outlive_their_server_and_their_worker_and_end_once(server: Server) -> None:
    client = server.client()
    first = client.make_plan(STREET, **ENDLESS)["id"]
    later = [client.make_plan(WEEK, chunks=2, threads=1, seed=seed, idempotency_key=f"k{seed}")["id"] for seed in range(3)]
    # Everything dies once a plan is saved.
    until_told(client, first, "version")
    server.kill_all()
    # From now on a lease outlasts the test: nobody waits until one lapses.
    server.start(lease=600.0)
    until("taken over", lambda: bool(client.job(first)["attempt"] == 2))
    # Then the worker does.
    os.kill(server.workers()[0], signal.SIGKILL)
    assert assert_stopped_once(client, first, 3)["attempt"] == 3
    # What was saved before the deaths went on from there, and not from nothing.
    costs = [data["cost"] for _, kind, data in client.follow(first) if kind == "version"]
    assert costs == sorted(costs, reverse=True)
    for plan in later:
        assert_ended_once(client, plan)
    # What was accepted under a key is not accepted again.
    assert client.make_plan(WEEK, chunks=2, threads=1, seed=1, idempotency_key="k1")["id"] == later[1]
    assert len(client._json("GET", "/v1/plans")["items"]) == 4


@pytest.mark.slow
def test_a_server_that_is_told_to_stop_hands_its_work_back_and_the_orphans_of_one_that_is_killed_end(plain_server: Server) -> None:
    client = plain_server.client()
    plan = client.make_plan(STREET, **ENDLESS)["id"]
    until_told(client, plan)
    assert plain_server.stop() == 0
    assert "job handed back" in plain_server.log()
    plain_server.start()
    until("taken up", lambda: bool(client.job(plan)["attempt"] == 2))
    assert "Traceback" not in plain_server.log()
    orphan = plain_server.workers()[0]
    plain_server.kill()
    plain_server.start()
    assert_stopped_once(client, plan, 3)
    until("the orphan is gone", lambda: has_ended(orphan))
    assert_ended_once(client, client.make_plan(EXAMPLE_PROBLEM, chunks=1)["id"], Problem.build(EXAMPLE_PROBLEM))


def has_ended(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "Z (zombie)" in status.read_text()
    except OSError:
        return True


def test_a_worker_whose_server_was_gone_before_it_could_look_ends(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment = {**os.environ, "SISHE_DATABASE": f"sqlite:///{tmp_path}/sishe.db"}
    command = [sys.executable, "-m", "api.worker", str(gone.pid)]
    worker = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START, check=False)
    assert worker.returncode == 0
    assert "the server is gone" in worker.stderr
    assert "worker ready" not in worker.stderr


DEADLY = """
import ctypes, os, sys
import api.worker as worker, matcher.solvers.warm as warm

real = worker.solve

def solve(problem, **how):
    if problem.name == "abort":
        os.abort()
    if problem.name == "segfault":
        ctypes.string_at(0)
    return real(problem, **how)

worker.solve, warm.warm_up = solve, lambda: None
worker.main()
"""
"""A worker whose engine dies of some weeks, as native code does: without a word to Python."""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "death", "sign"), [("sqlite", "segfault", signal.SIGSEGV), ("postgresql", "abort", signal.SIGABRT)])
def test_a_week_that_kills_its_worker_natively_is_given_up_and_the_others_are_planned(
    kind: str, death: str, sign: signal.Signals, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url, attempts = url_of(kind, request, tmp_path), 2
    with House(url, attempts=attempts, lease=0.5) as house:
        bad = house.client.make_plan(WEEK.replace(name=death), chunks=1, threads=1)["id"]
        good = house.client.make_plan(WEEK, chunks=1, threads=1)["id"]
        settings = {"database": url, "attempts": attempts, "lease": 0.5, "heartbeat": 0.1, "poll": 0.05}
        environment = {**os.environ, **{f"SISHE_{name.upper()}": str(value) for name, value in settings.items()}}
        ends: list[int] = []
        while len(ends) <= attempts:
            process = subprocess.Popen([sys.executable, "-c", DEADLY], env=environment, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            while process.poll() is None and any(house.client.job(plan)["state"] not in ENDED for plan in (bad, good)):
                time.sleep(0.05)
            if process.poll() is None:
                process.terminate()
            ends.append(process.wait(START))
            if ends[-1] == 0:
                break
        assert sorted(ends) == sorted([-sign] * attempts + [0])
        job = house.client.job(bad)
        assert (job["state"], job["attempt"], job["error"]["code"]) == ("failed", attempts, "crashed")
        assert [data["state"] for _, kind, data in house.client.follow(bad) if kind == "state"] == ["queued", *["running"] * attempts, "failed"]
        assert_ended_once(house.client, good)
