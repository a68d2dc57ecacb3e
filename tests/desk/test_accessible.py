"""All that can be looked at, in both languages and on a phone, keeps WCAG 2.1 AA as far as axe can tell; the walks look at what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Coordinator, Street

LANGUAGES = ["zh-CN", "en-GB"]
PHONE = {"width": 390, "height": 844}
Seen = Callable[[str], None]


@pytest.fixture
def looking(shots: Path) -> Callable[[Coordinator, str], Seen]:
    """What looks at a view with axe, and keeps a picture of it."""

    def at(desk: Coordinator, lang: str) -> Seen:
        def seen(name: str) -> None:
            desk.page.screenshot(path=shots / f"view-{name}-{lang[:2]}.png")
            desk.is_accessible()

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
    seen("unassigned")
    with page.expect_response("**/explain/**"):
        desk.act("explain", inside="dialog")
    seen("explained")
    page.keyboard.press("Escape")
    page.locator('[data-row="s0006"] .name').click()
    seen("person")
    desk.act("ways", inside="dialog")
    expect(page.locator(".map-list li").first).to_be_visible()
    seen("map-person")
    page.locator("[data-map=person]").select_option("")
    seen("map")
    desk.act("sheets")
    expect(page.locator(".sheet").first).to_be_visible()
    seen("sheets-person")
    page.locator("[data-sheets=by]").select_option("community")
    seen("sheets-community")
    page.set_input_files(".sheets input[type=file]", {"name": "c.csv", "mimeType": "text/csv", "buffer": b"a,b\n"})
    expect(page.locator(".sheets .wrong")).to_be_visible()
    seen("contacts-refused")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_a_phone_every_view_is_accessible(open_desk: Opener, street: Street, looking: Callable[..., Seen], lang: str) -> None:
    desk = open_desk(lang=lang, **PHONE)
    page, seen = desk.page, looking(desk, lang)
    desk.sign_in()
    seen("phone-weeks")
    desk.open(street.plan)
    seen("phone-board")
    page.locator(".block").first.click()
    seen("phone-visit")
    page.keyboard.press("Escape")
    desk.act("map")
    seen("phone-map")
    desk.act("sheets")
    expect(page.locator(".sheet").first).to_be_visible()
    seen("phone-sheets")
    # Nothing makes the page itself wider than the phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_there_is_nothing_yet_the_page_is_accessible(open_desk: Opener, house: House, looking: Callable[..., Seen], lang: str) -> None:
    desk = open_desk(lang=lang, key=house.make_key(f"nothing/{lang[:2].lower()}", "read"))
    desk.sign_in()
    expect(desk.page.locator(".weeks li")).to_have_count(0)
    looking(desk, lang)("nothing")
