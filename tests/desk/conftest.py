"""One server for all that is tried out on the desk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from scenarios.weihai.week import make_week
from tests.api.running import House
from tests.desk.coordinator import Coordinator, Street

PATIENCE = 60_000
"""Milliseconds: on a busy machine everything takes its time. What is there sooner is not waited for."""
SCREEN = {"width": 1366, "height": 768}
SUNDAY = "2026-11-22T18:00:00+08:00"
"""The evening before the weeks of the tests."""
DATE = """{
  const [Real, now] = [Date, Date.parse("%s")];
  globalThis.Date = class extends Real {
    constructor(...parts) {
      super(...(parts.length ? parts : [now]));
    }
    static now() {
      return now;
    }
  };
}"""
"""Only the date is made up: the page's own clock for measuring stays."""
CHUNKS = 6
"""Of search for the plan of the street: a second."""


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The application in this process, with a worker that takes up whatever is asked for."""
    ending = threading.Event()

    def work() -> None:
        while not ending.wait(0.05):
            found.work(heartbeat=0.1)

    with House(f"sqlite:///{tmp_path_factory.mktemp('desk')}/sishe.db") as found:
        worker = threading.Thread(target=work)
        worker.start()
        yield found
        ending.set()
        worker.join()


@pytest.fixture(scope="session")
def street(house: House) -> Street:
    """A stored week of one street, and a plan of it."""
    week = make_week("street", seed=1)
    stored = house.client.store_problem(week)
    made = house.client.make_plan(stored["id"], chunks=CHUNKS, threads=1)
    return Street(week, stored["id"], house.client.wait(made["id"], pause=0.05)["id"])


Opener = Callable[..., Coordinator]


@pytest.fixture
def open_desk(house: House, browser: Browser) -> Iterator[Opener]:
    """Open the desk in a fresh browser; whatever goes wrong in a script fails the test."""
    opened: list[tuple[Page, list[str]]] = []
    expect.set_options(timeout=PATIENCE)

    def new(*, key: str | None = None, lang: str = "zh-CN", now: str = SUNDAY, **viewport: int) -> Coordinator:
        # Without motion no colour is on its way to another one when axe looks.
        size: ViewportSize = {"width": viewport.get("width", SCREEN["width"]), "height": viewport.get("height", SCREEN["height"])}
        context = browser.new_context(viewport=size, locale=lang, timezone_id="Asia/Shanghai", reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        # The desk asks as of when something is known; in the tests that does not depend on the day on which they run.
        context.add_init_script(DATE % now)
        page = context.new_page()
        wrongs: list[str] = []
        page.on("pageerror", lambda error: wrongs.append(str(error)))
        # What the server refuses is the page's to say; anything else in the console is a fault of the page.
        page.on("console", lambda said: wrongs.append(said.text) if said.type == "error" and "the server responded with" not in said.text else None)
        page.on("request", lambda asked: wrongs.append(asked.url) if not asked.url.startswith((house.url, "data:", "blob:")) else None)
        opened.append((page, wrongs))
        return Coordinator(page, house, key or house.key)

    yield new
    for page, wrongs in opened:
        page.context.close()
        assert wrongs == []


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where pictures of the screens are left."""
    folder = Path(__file__).parents[2] / "out" / "desk"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
