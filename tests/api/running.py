"""A house to test in: the application in a thread of this process; and a server that can be killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn

from api.app import Server as Uvicorn
from api.app import create_app
from api.client import Client
from api.documented import EXAMPLE_PROBLEM
from api.jobs import Job
from api.office import Office
from api.settings import Settings
from api.store import keys
from api.wire import Wire
from api.worker import Worker

ASKED: dict[str, Any] = {"chunks": 1, "threads": 1}
"""A search that is over at once."""
SECRET = "a secret of tests"
START = 600.0
"""Seconds until a server that does not answer counts as broken; machines may be busy."""
CALENDARS: dict[str, Any] = {"calendar_secret": SECRET, "calendar_days": 36500}
"""The weeks of tests stay in calendars, whenever the tests run."""


class Staff(Office):
    """Processes that answer for all houses of these tests: to start some for each house, most of which ask them little, takes longer than the rest.

    What they keep at hand has the names of its content, so that no house is told what is another's.
    """

    def close(self) -> None:
        """Go on; they end with the process that started them."""


@cache
def staff(name: str, count: int, seconds: float) -> Staff:
    """Return the office of that name and size."""
    return Staff(count, seconds)


class House:
    """The application in this process, without workers of its own; `work` does what a worker would."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.settings = Settings(
            database=url, **{"workers": 0, "rate": "100000/minute", "webhook_secret": SECRET, "webhook_private": True, **CALENDARS, **settings}
        )
        self.app = create_app(self.settings)
        counts = {"office": self.settings.clerks, "intake": 1, "study": 1}
        offices = {name: staff(name, count, self.settings.answer_seconds) for name, count in counts.items()}
        self.app.state.context = replace(self.app.state.context, **offices)
        self.database = self.app.state.context.database
        self._server = Uvicorn(uvicorn.Config(self.app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=2, http=Wire))
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> Self:
        self._opened: list[httpx.Client | Client] = []
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self.key = self.make_key("")
        self.client = self.as_key(self.key)
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._opened:
            opened.close()
        self.app.state.is_stopping = self._server.should_exit = True
        self._thread.join()

    def make_key(self, area: str, *scopes: str) -> str:
        """Make a key; with all scopes, if none is named."""
        with self.database.write() as connection:
            return keys.make(connection, "test", area, list(scopes or keys.SCOPES), "tests")[1]

    def http(self, key: str | None = None) -> httpx.Client:
        """A way to send requests by hand, with no key if none is given."""
        # Loading certificates, which nothing here needs, would take most of the time.
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        found = httpx.Client(base_url=self.url, headers=headers, timeout=START, verify=False)
        self._opened.append(found)
        return found

    def as_key(self, key: str) -> Client:
        """A client with a key of one's own."""
        found = Client(self.url, key, tries=1, http=self.http())
        self._opened.append(found)
        return found

    def worker(self, **settings: Any) -> Worker:
        """A worker."""
        return Worker(self.database, self.settings.model_copy(update=settings), "tests")

    def work(self, **settings: Any) -> list[Job]:
        """Do all jobs that wait; returns them."""
        worker, done = self.worker(**settings), []
        while (job := worker.queue.claim()) is not None:
            worker.work(job)
            done.append(job)
        return done

    def plan(self, **asked: Any) -> dict[str, Any]:
        """Have the example planned."""
        made = self.client.make_plan(EXAMPLE_PROBLEM, **{**ASKED, **asked})
        self.work()
        return self.client.job(made["id"])


class Server:
    """A server with its workers, in processes of their own, that can be killed at any moment and started again."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._settings = {"database": url, "port": self.port, "lease": 1.5, "heartbeat": 0.1, "poll": 0.05, **settings}
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = ""
        self._clients: list[Client] = []

    def start(self, **settings: Any) -> None:
        """Start, from now on with these settings, and wait until it answers."""
        self._settings |= settings
        environment = {**os.environ, **{f"SISHE_{name.upper()}": str(value) for name, value in self._settings.items()}}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stderr=log, stdin=subprocess.DEVNULL)
        until = time.monotonic() + START
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.05)
        else:
            raise AssertionError(self._log.read_text()[-2000:])
        self.key = self.key or re.findall(r"^sishe_\S+", self._log.read_text(), re.MULTILINE)[0]

    def client(self) -> Client:
        """A client with the first key."""
        self._clients.append(Client(self.url, self.key, tries=10))
        return self._clients[-1]

    def close(self) -> None:
        """Stop what runs, and close the clients."""
        for client in self._clients:
            client.close()
        if self.is_running():
            self.stop()

    def workers(self) -> list[int]:
        """The ids of the worker processes."""
        assert self._process is not None
        found = [pid for task in Path(f"/proc/{self._process.pid}/task").glob("*/children") for pid in task.read_text().split()]
        return [int(pid) for pid in found if b"api.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill(self) -> None:
        """Kill the server alone: its workers are orphans then."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_all(self) -> None:
        """Kill the server and its workers, as a power cut would."""
        workers = self.workers()
        self.kill()
        for pid in workers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> int:
        """Ask the server to stop; returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(START)

    def is_running(self) -> bool:
        """Whether the server is there."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """What the server and its workers have logged."""
        return self._log.read_text()
