"""The pages of reports in a real browser: they open offline without a complaint, fit the screen, and lose nothing on paper."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from matcher.console import run
from scenarios.cli import app
from scenarios.report import write_report
from scenarios.weihai.week import make_week
from scenarios.words import LANGS, Lang
from tests.here import work_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

Json = dict[str, Any]
SCREEN: ViewportSize = {"width": 1366, "height": 768}
PAPER: ViewportSize = {"width": 703, "height": 1020}
"""What A4 has between the margins of the page, in CSS pixels."""
COMMANDS = ("run", "targets", "invest", "robust")
WIDE = """() => [...document.querySelectorAll("table, svg, pre, p, h1, h2, h3, h4, li")]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => one.tagName + " " + one.textContent.trim().slice(0, 60))"""
"""What reaches beyond the right edge."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a folder for each command, of one small week; one table is as wide as tables get."""
    place = tmp_path_factory.mktemp("pages")
    week, what_ifs = place / "week.json", place / "scenarios.json"
    week.write_text(make_week("community", 1).to_json())
    grid = {"id": "g", "title": "志愿者", "over": {"n": [0, 1, 2]}, "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}]}
    names = ("少两名志愿者，而且资金也只有原来的一半，看看还能服务多少人", "A title in English that is long enough to be wrapped on paper")
    less = {"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": 2}}
    rows = [{"id": f"s{k}", "title": title, "edits": [less]} for k, title in enumerate(names)]
    what_ifs.write_text(json.dumps({"title": "明年的钱怎么花", "settings": {"chunks": 1, "seeds": 2}, "scenarios": rows, "grids": [grid]}))
    more = {
        "run": [str(what_ifs)],
        "targets": ["--chunks", "1", "--seeds", "2"],
        "invest": ["--goal", "0.97", "--chunks", "1"],
        "robust": ["--draws", "4", "--replanned", "2", "--candidates", "0", "--chunks", "1"],
    }
    for command in COMMANDS:
        with pytest.MonkeyPatch.context() as patch:
            work_here(patch)
            with pytest.raises(SystemExit) as ended:
                run(app, [command, str(week), *more[command], "-o", str(place / command), "-q"])
        assert ended.value.code in (0, 1)
    return {command: place / command for command in COMMANDS}


@pytest.fixture
def sheet(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """Return a page without a network, and what it complains of and asks for."""
    context = browser.new_context(viewport=SCREEN, offline=True)
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: heard.append(f"request: {request.url}"))
    yield page, heard
    context.close()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_opens_offline_fits_the_screen_and_loses_nothing_on_paper(
    command: str, lang: Lang, folders: dict[str, Path], sheet: tuple[Page, list[str]]
) -> None:
    page, heard = sheet
    write_report(folders[command], lang)
    address = (folders[command] / "report.html").as_uri()
    page.goto(address)
    assert heard == [f"request: {address}"]
    assert page.locator("h2").count() >= 1
    for part in page.locator("details").all():
        part.evaluate("(one) => { one.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    assert page.evaluate(WIDE) == []
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert heard == [f"request: {address}"]
