"""Undo and redo: a coordinator never loses a step, whatever becomes of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.desk.test_moving import alone

if TYPE_CHECKING:
    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Coordinator, Street


def _take_out(desk: Coordinator, visit: str) -> None:
    desk.open_visit(visit)
    with desk.edited():
        desk.act("out", inside="dialog")
    expect(desk.page.locator(f'.left[data-visit="{visit}"]')).to_be_visible()


def _served(house: House, plan: str) -> set[str]:
    return {item.visit for item in house.client.plan(plan).assignments}


def test_steps_are_undone_and_done_again_after_a_reload(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    before = house.client.plan(plan_id)
    one, two = alone(street, before, "s0002"), alone(street, before, "s0003")
    _take_out(desk, one)
    _take_out(desk, two)
    desk.reload()
    undo, redo = desk.page.locator('[data-act="undo"]'), desk.page.locator('[data-act="redo"]')
    expect(undo).to_be_enabled()
    expect(redo).to_be_disabled()
    with desk.edited():
        undo.click()
    assert _served(house, plan_id) == {item.visit for item in before.assignments} - {one}
    desk.reload()
    with desk.edited():
        redo.click()
    assert _served(house, plan_id) == {item.visit for item in before.assignments} - {one, two}
    expect(redo).to_be_disabled()
    for _ in range(2):
        with desk.edited():
            undo.click()
    expect(undo).to_be_disabled()
    assert house.client.plan(plan_id).assignments == before.assignments

    # What is done anew takes the place of what was undone.
    _take_out(desk, two)
    expect(redo).to_be_disabled()


def test_in_another_browser_the_steps_are_found_by_the_versions_on_the_server(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk()
    plan_id = desk.draft(street)
    before = house.client.plan(plan_id)
    visit = alone(street, before, "s0002")
    _take_out(desk, visit)
    other = open_desk()
    other.open(plan_id)
    with other.edited():
        other.act("undo")
    assert house.client.plan(plan_id).assignments == before.assignments
    expect(other.page.locator('[data-act="undo"]')).to_be_disabled()
    with other.edited():
        other.act("redo")
    assert visit not in _served(house, plan_id)


def test_undo_goes_back_over_planning_again_with_its_locks(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    visit = alone(street, house.client.plan(plan_id), "s0002")
    desk.open_visit(visit)
    desk.act("lock", inside="dialog")
    expect(desk.page.locator(f'.block.locked[data-visit="{visit}"]').first).to_be_attached()
    desk.reload()
    expect(desk.page.locator(".chip", has_text="1 locked")).to_be_visible()
    desk.act("replan")
    desk.act("go", inside="dialog")
    expect(desk.dialog()).to_contain_text("Nothing has changed")
    desk.act("accept", inside="dialog")
    expect(desk.dialog()).to_have_count(0)
    replanned = desk.plan_id()
    assert replanned != plan_id
    desk.reload()
    expect(desk.page.locator(".chip", has_text="1 locked")).to_be_visible()
    with desk.edited():
        desk.act("undo")
    assert desk.plan_id() == plan_id
    expect(desk.page.locator(".chip", has_text="1 locked")).to_be_visible()
    expect(desk.page.locator('[data-act="undo"]')).to_be_disabled()
    with desk.edited():
        desk.act("redo")
    assert desk.plan_id() == replanned
