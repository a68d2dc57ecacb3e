"""What ``scripts/pace`` does: how quick the desk is to somebody at it. A server, its workers and Debian's chromium are processes of their own."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import shutil
import statistics
import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scenarios.weihai.week import make_week
from tests.api.databases import temporary
from tests.api.running import Server
from tests.desk.coordinator import Coordinator

if TYPE_CHECKING:
    from api.client import Client
    from matcher.plan import Plan

SCREEN = {"width": 1366, "height": 768}
SEARCHED = 3000
"""Milliseconds that somebody watches a search before they stop it."""
PATIENCE = 120_000
DRAWN = """const drawn = () => new Promise((done) => {
  const look = () => requestAnimationFrame(() => (document.querySelector(".block") ? requestAnimationFrame(done) : look()));
  look();
});"""
"""Waits for the frame after the one that has the first blocks."""
FINISHED = f"async () => {{ {DRAWN} await drawn(); return performance.timeOrigin + performance.now(); }}"
"""When that was, in milliseconds since 1970."""
OPENED = f"async (hash) => {{ {DRAWN} const began = performance.now(); location.hash = hash; await drawn(); return performance.now() - began; }}"
SCROLLED = """async (steps) => {
  const node = document.querySelector(".board");
  const took = [];
  let last = await new Promise(requestAnimationFrame);
  for (let step = 0; step <= steps; step += 1) {
    node.scrollTop = ((node.scrollHeight - node.clientHeight) * step) / steps;
    const now = await new Promise(requestAnimationFrame);
    took.push(now - last);
    last = now;
  }
  return took;
}"""
ANSWERED = "performance.getEntriesByName('what-if').map((entry) => entry.duration)"
ANSWERS = f"async (more) => {{ while ({ANSWERED}.length <= more) await new Promise(requestAnimationFrame); }}"


class Place(NamedTuple):
    """Where a server is, and how it is called."""

    url: str
    client: Client


def told(milliseconds: list[float]) -> dict[str, float]:
    """Return count, median, 95th percentile and maximum."""
    ordered = sorted(milliseconds)
    values = {"p50": statistics.median(ordered), "p95": ordered[math.ceil(0.95 * len(ordered)) - 1], "max": ordered[-1]}
    return {"count": len(ordered), **{name: round(value, 1) for name, value in values.items()}}


class Pace:
    """Measurements on one server, each in a browser that has seen nothing of it before."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.place, self.key, self.browser = Place(server.url, server.client()), server.key, browser
        self._pages: list[Page] = []

    def desk(self) -> Coordinator:
        """Sign in, in a fresh browser."""
        for page in self._pages:
            page.context.close()
        context = self.browser.new_context(viewport=SCREEN, locale="zh-CN", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        self._pages = [page]
        desk = Coordinator(page, self.place, self.key)
        desk.sign_in()
        return desk

    def planned(self, size: str, chunks: int) -> tuple[str, Plan]:
        """Store a week and have it planned; returns the plan's id, and the plan."""
        client = self.place.client
        stored = client.store_problem(make_week(size, seed=1))
        made = client.make_plan(stored["id"], chunks=chunks, threads=1)
        plan_id = client.wait(made["id"], pause=0.1)["id"]
        return plan_id, client.plan(plan_id)

    def opened(self, plan_id: str, rounds: int) -> dict[str, list[float]]:
        """From the choice of a plan to the frame that shows it; and what the page worked for that."""
        took: list[float] = []
        work: list[float] = []
        for _ in range(rounds):
            desk = self.desk()
            worked = desk.worked()
            before = worked()
            took.append(float(desk.page.evaluate(OPENED, f"#/plans/{plan_id}")))
            work.append(1000 * (worked() - before))
        return {"from choosing a plan to its board": took, "work of the page for a board": work}

    def finished(self, rounds: int) -> list[float]:
        """From the end of a search that somebody watches, as the server has it, to the frame that shows what it found."""
        took = []
        for _ in range(rounds):
            desk = self.desk()
            desk.page.locator(".weeks button.main").first.click()
            desk.page.locator(".planning .big").wait_for()
            desk.page.wait_for_timeout(SEARCHED)
            desk.page.locator(".planning button").click()
            drawn = float(desk.page.evaluate(FINISHED))
            job = self.place.client.job(desk.plan_id())
            took.append(drawn - 1000 * dt.datetime.fromisoformat(job["ended_at"]).timestamp())
        return took

    def dragged(self, plan_id: str, plan: Plan, places: int) -> list[float]:
        """From asking what a place would cost to having said it, on every day and at several hours, allowed or not."""
        desk = self.desk()
        desk.open(plan_id)
        lines = [line for line in plan.assignments if len(line.team) == 1][:: max(1, len(plan.assignments) // 8)]
        for line in lines:
            of = line.team[0].provider
            desk.place(of, 0, 0)
            block = desk.block(line.visit)
            desk.drag(block, *desk.middle(block))
            for step in range(math.ceil(places / len(lines))):
                x, y = desk.place(of, step % 7, 0.2 + 0.05 * (step // 7))
                before = len(desk.page.evaluate(ANSWERED))
                desk.page.mouse.move(x, y)
                desk.page.evaluate(ANSWERS, before)
            desk.page.keyboard.press("Escape")
            desk.page.mouse.up()
        took: list[float] = desk.page.evaluate(ANSWERED)
        return took

    def scrolled(self, plan_id: str, rounds: int, steps: int) -> dict[str, list[float]]:
        """Each frame of a scroll from the top of the board to its end: by the browser's clock of frames, and what the page worked in it."""
        frames: list[float] = []
        work: list[float] = []
        for _ in range(rounds):
            desk = self.desk()
            desk.open(plan_id)
            frames += desk.page.evaluate(SCROLLED, steps)
            desk = self.desk()
            desk.open(plan_id)
            work += [1000 * seconds for seconds in desk.scrolled(steps // 4)]
        return {"frames of a scroll": frames, "work of the page in a frame": work}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often a board is opened; a tenth as often a search is watched to its end.")] = 20,
    places: Annotated[int, typer.Option(min=1, help="Places that visits are held over.")] = 200,
    steps: Annotated[int, typer.Option(min=1, help="Frames of a scroll through a district.")] = 240,
) -> None:
    """Measure the desk, and tell."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise typer.BadParameter("there is no chromium; apt-get install chromium")
    expect.set_options(timeout=PATIENCE)
    found: dict[str, Any] = {"cores": os.cpu_count(), "load_before": os.getloadavg()}
    with temporary("sqlite") as (url, folder), sync_playwright() as playwright:
        server = Server(url, folder, lease=15.0, rate="10000000/minute")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            server.start()
            pace = Pace(server, browser)
            street, plan = pace.planned("street", 6)
            for what, took in pace.opened(street, rounds).items():
                found[f"street, {what}"] = told(took)
            found["street, from the end of a search to its board"] = told(pace.finished(max(1, rounds // 4)))
            found["street, what a place of a drag would cost"] = told(pace.dragged(street, plan, places))
            district, _ = pace.planned("district", 0)
            for what, took in pace.scrolled(district, 3, steps).items():
                found[f"district, {what}"] = told(took)
        finally:
            browser.close()
            server.close()
    found["load_after"] = os.getloadavg()
    sys.stdout.write(json.dumps({"milliseconds": found}, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
