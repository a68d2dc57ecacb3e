"""Every view, in both languages and on a phone, keeps WCAG 2.1 AA as far as axe can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.desk.test_moving import alone

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Coordinator, Street

LANGUAGES = ["zh-CN", "en-GB"]
PHONE = {"width": 390, "height": 844}
DIALOG = "dialog[open]"
"""What is below an open dialog was looked at before it was opened."""
Seen = Callable[..., None]
"""What is called with the name of a view and, where only a part of it was not looked at before, with that part: axe takes its time."""


@pytest.fixture
def looking(shots: Path) -> Callable[[Coordinator, str], Seen]:
    """What looks at a view with axe, and keeps a picture of it."""

    def at(desk: Coordinator, lang: str) -> Seen:
        def seen(name: str, part: str | None = None) -> None:
            desk.page.screenshot(path=shots / f"view-{name}-{lang[:2]}.png")
            desk.is_accessible(part)

        return seen

    return at


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_can_be_looked_at_is_accessible(open_desk: Opener, house: House, street: Street, looking: Callable[..., Seen], lang: str) -> None:
    desk = open_desk(lang=lang)
    page, seen = desk.page, looking(desk, lang)
    desk.arrive()
    seen("sign-in")
    desk.sign_in()
    seen("weeks")
    desk.open(street.plan)
    seen("board")
    page.locator("[data-filter=day]").select_option("2")
    seen("day")
    page.locator("[data-filter=day]").select_option("-1")
    page.locator("input[list=people]").fill("nobody at all")
    expect(page.locator(".board .empty")).to_be_visible()
    seen("board-empty")
    page.locator("input[list=people]").fill("")
    page.locator(".left").first.click()
    seen("unassigned", DIALOG)
    desk.act("explain", inside="dialog")
    expect(page.locator("dialog h4").first).to_be_visible()
    seen("explained", DIALOG)
    page.keyboard.press("Escape")
    page.locator('[data-row="s0006"] .name').click()
    seen("person", DIALOG)
    desk.act("ways", inside="dialog")
    expect(page.locator(".map-list li").first).to_be_visible()
    seen("map-person")
    page.locator("[data-map=person]").select_option("")
    seen("map")
    # One sheet is like the next, and axe takes its time for each.
    page.locator("input[list=people]").fill("社工 0006")
    desk.act("sheets")
    expect(page.locator(".sheet")).to_have_count(1)
    seen("sheets-person")
    page.locator("input[list=people]").fill("")
    page.locator("[data-filter=community]").select_option(street.week.communities[0].id)
    page.locator("[data-sheets=by]").select_option("community")
    expect(page.locator(".sheet")).to_have_count(1)
    seen("sheets-community")
    page.set_input_files(".sheets input[type=file]", {"name": "c.csv", "mimeType": "text/csv", "buffer": b"a,b\n"})
    expect(page.locator(".sheets .wrong")).to_be_visible()
    seen("contacts-refused", ".sheets")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_can_be_done_is_accessible(open_desk: Opener, house: House, street: Street, looking: Callable[..., Seen], lang: str) -> None:
    desk = open_desk(lang=lang)
    page, seen = desk.page, looking(desk, lang)
    plan_id = desk.draft(street)
    page.locator('[data-row="s0006"] .name').click()
    page.locator("dialog [data-calendar=copy]").click()
    expect(page.locator("dialog [data-calendar=link]")).to_be_visible()
    seen("calendar", DIALOG)
    page.keyboard.press("Escape")
    desk.act("need")
    seen("need", DIALOG)
    desk.act("close", inside="dialog")
    desk.act("replan")
    desk.happened("absent", person="s0006", first="2026-11-26", last="2026-11-26")
    seen("replan", DIALOG)
    desk.act("go", inside="dialog")
    expect(page.locator("dialog .told > li").first).to_be_visible()
    page.locator("dialog summary").click()
    seen("told", DIALOG)
    desk.act("refuse", inside="dialog")
    # A visit late on Sunday breaks rules, which are named on the way, before it is done and afterwards.
    visit = alone(street, house.client.plan(plan_id), "s0002")
    desk.drag(desk.block(visit), *desk.place("s0003", 6, 0.9))
    expect(page.locator(".ghost.bad")).to_be_visible()
    seen("ghost", ".ghost")
    page.mouse.up()
    expect(page.locator("dialog .answer.bad")).to_be_visible()
    seen("dropped", DIALOG)
    with desk.edited():
        desk.act("move", inside="dialog")
    expect(desk.dialog()).to_have_count(0)
    seen("broken-board", ".row:has(.block.broken)")
    desk.act("broken")
    expect(page.locator("dialog .options > :is(ol, p)")).to_be_visible()
    seen("broken", DIALOG)
    desk.act("close", inside="dialog")
    desk.act("changes")
    expect(desk.dialog()).to_be_visible()
    seen("changes", DIALOG)
    desk.act("close", inside="dialog")
    with desk.edited():
        desk.act("undo")
    desk.act("publish")
    expect(page.locator("dialog [data-act=go]")).to_be_visible()
    seen("publish", DIALOG)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_a_phone_every_view_is_accessible(open_desk: Opener, street: Street, looking: Callable[..., Seen], lang: str) -> None:
    desk = open_desk(lang=lang, **PHONE)
    page, seen = desk.page, looking(desk, lang)
    desk.sign_in()
    seen("phone-weeks")
    desk.open(street.plan)
    seen("phone-board")
    serving = page.locator(".row:has(.block) .name").first.inner_text()
    page.locator(".block").first.click()
    seen("phone-visit", DIALOG)
    page.keyboard.press("Escape")
    desk.act("map")
    seen("phone-map")
    page.locator("input[list=people]").fill(serving)
    desk.act("sheets")
    expect(page.locator(".sheet")).to_have_count(1)
    seen("phone-sheets")
    # Nothing makes the page itself wider than the phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_there_is_nothing_yet_the_page_is_accessible(open_desk: Opener, house: House, looking: Callable[..., Seen], lang: str) -> None:
    desk = open_desk(lang=lang, key=house.make_key(f"nothing/{lang[:2].lower()}", "read"))
    desk.sign_in()
    expect(desk.page.locator(".weeks li")).to_have_count(0)
    looking(desk, lang)("nothing")
