"""Moving visits: by mouse and by keyboard alone, with what it costs, which rule it breaks and where it would be better."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from matcher.check import check
from matcher.plan import Plan
from matcher.words import word

if TYPE_CHECKING:
    from pathlib import Path

    from matcher.visits import Visit
    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Street


def alone(street: Street, plan: Plan, provider: str, *, is_only: bool = False) -> str:
    """Return a visit that a provider serves without colleagues and that nothing pins; if asked, the only one of its need."""
    pinned = {pin.visit for pin in street.week.pins}
    several = {visit.need.id for visit in street.week.visits if visit.number > 1} if is_only else set()
    own = (item.visit for item in plan.assignments if len(item.team) == 1 and item.team[0].provider == provider)
    return next(visit for visit in own if visit not in pinned and visit.rpartition("#")[0] not in several)


def test_a_drag_says_at_once_which_rules_it_breaks_and_is_not_done_unasked(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    plan_id = desk.draft(street)
    before = house.client.plan(plan_id)
    visit = alone(street, before, "s0002")
    sunday = desk.place("s0003", 6, 0.9)
    desk.drag(desk.block(visit), *sunday)
    ghost = desk.page.locator(".ghost")
    for said in ("社工 0003", "11月29日 周日", word("zh", "rule.window"), word("zh", "rule.shift")):
        expect(ghost).to_contain_text(said)
    desk.page.screenshot(path=shots / "6-drag.png")
    desk.page.mouse.up()
    expect(desk.dialog()).to_be_visible()
    expect(desk.dialog().locator(".answer")).to_contain_text("会违反")
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator('[data-act="undo"]')).to_be_disabled()
    assert house.client.plan(plan_id) == before


def test_a_drag_that_keeps_every_rule_is_done_and_undone(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    before = house.client.plan(plan_id)
    visit, option = _with_other_place(house, street, plan_id, before)
    block = desk.block(visit)
    desk.middle(block)
    box = block.bounding_box()
    assert box is not None
    desk.drag(block, box["x"] + 60, box["y"] + 10)
    place = desk.page.locator('.place[data-option="0"]').first
    with desk.edited():
        desk.page.mouse.move(*desk.middle(place))
        expect(desk.page.locator(".ghost")).to_contain_text("Recommended: keeps every rule")
        desk.page.mouse.up()
    expect(desk.page.locator('[data-act="undo"]')).to_be_enabled()
    after = house.client.plan(plan_id)
    assert check(street.week, after).is_clean
    assert next(item for item in after.assignments if item.visit == visit).team[0].start.isoformat() == option
    with desk.edited():
        desk.act("undo")
    assert house.client.plan(plan_id).assignments == before.assignments


def _with_other_place(house: House, street: Street, plan_id: str, plan: Plan) -> tuple[str, str]:
    """Return a visit that the server has another place for, and when the best one begins."""
    pinned = {pin.visit for pin in street.week.pins}
    for item in plan.assignments:
        if len(item.team) > 1 or item.visit in pinned:
            continue
        options = house.client.send("POST", f"/v1/plans/{plan_id}/recommend", json={"visit": item.visit}).json()["options"]
        now = (item.team[0].provider, item.team[0].start.isoformat())
        places = [(team["provider"], team["start"]) for option in options for team in option["assignment"]["team"]]
        others = [place for place in places if place != now]
        if others and not options[places.index(others[0])]["moved"] and item.team[0].provider.startswith("s"):
            return item.visit, others[0][1]
    raise AssertionError("the street's plan has a visit that could be elsewhere")


def test_a_visit_is_moved_by_keyboard_alone(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    before = house.client.plan(plan_id)
    visit = alone(street, before, "s0002")
    press = desk.page.keyboard.press
    desk.page.locator(".board").focus()
    press("Enter")
    for _ in range(40):
        if desk.page.evaluate("document.activeElement.dataset.provider") == "s0002":
            break
        press("ArrowDown")
    press("Home")
    for _ in range(40):
        if desk.page.evaluate("document.activeElement.dataset.visit") == visit:
            break
        press("ArrowRight")
    assert desk.page.evaluate("document.activeElement.dataset.visit") == visit
    press("Enter")
    expect(desk.dialog()).to_be_visible()
    for _ in range(30):
        press("Tab")
        if desk.page.evaluate("document.activeElement.dataset.move") == "person":
            break
    press("End")
    assert desk.page.evaluate("document.activeElement.dataset.move") == "person"
    last = [provider.id for provider in street.week.providers if provider.kind == "organization"][-1]
    expect(desk.dialog().locator(".answer")).to_contain_text("It would break")
    move = desk.dialog().locator('[data-act="move"]')
    expect(move).to_contain_text("cannot be published")
    with desk.edited():
        move.focus()
        press("Enter")
    expect(desk.page.locator(".chip.bad")).to_contain_text("rules broken")
    expect(desk.page.locator('[data-act="publish"]')).to_be_disabled()
    moved = desk.block(visit)
    expect(moved).to_be_focused()
    expect(moved).to_have_class("block broken" if "urgent" not in (moved.get_attribute("class") or "") else "block urgent broken")
    assert desk.page.evaluate("document.activeElement.dataset.provider") == last

    # The desk says what is broken, and what the server would change to mend it.
    desk.act("broken")
    expect(desk.dialog()).to_contain_text("rules are broken")
    mend = desk.dialog().locator("[data-mend]").first
    expect(mend).to_be_visible()
    with desk.edited():
        mend.click()
    expect(desk.page.locator(".chip.good")).to_have_text("keeps every rule")
    assert check(street.week, house.client.plan(plan_id)).is_clean


def test_a_time_is_written_as_people_write_it_and_nonsense_is_not_taken(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk()
    visit = alone(street, house.client.plan(desk.draft(street)), "s0002")
    desk.open_visit(visit)
    clock = desk.dialog().locator("[data-move=time]")
    clock.fill("2200")
    expect(desk.dialog().locator(".answer")).to_contain_text("可约时间")
    clock.fill("25:00")
    expect(clock).to_have_attribute("aria-invalid", "true")
    expect(desk.dialog().locator('[data-act="move"]')).to_be_disabled()


def test_who_waits_is_told_why_what_would_help_and_where_there_is_room(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    plan_id = desk.draft(street)
    plan = house.client.plan(plan_id)
    waits = desk.page.locator(".left")
    assert waits.count() == len(plan.unassigned)
    expect(waits.first).to_contain_text("原因：")
    first = plan.unassigned[0]
    desk.page.locator(f'.left[data-visit="{first.visit}"]').click()
    expect(desk.dialog()).to_contain_text("为什么没有安排")
    desk.act("explain", inside="dialog")
    expect(desk.dialog()).to_contain_text(re.compile("据搜索所见|已证明"))
    expect(desk.dialog()).to_contain_text("要安排它，须让位的服务")
    desk.page.screenshot(path=shots / "7-why.png")
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator(f'.left[data-visit="{first.visit}"]')).to_be_focused()

    # One is taken out and put back where the server recommends it.
    visit = alone(street, plan, "s0002")
    desk.open_visit(visit)
    with desk.edited():
        desk.act("out", inside="dialog")
    mine = desk.page.locator(f'.left[data-visit="{visit}"]')
    expect(mine).to_contain_text("手工取消安排")
    mine.click()
    with desk.edited():
        desk.dialog().locator("[data-option]").first.click()
    expect(mine).to_have_count(0)
    after = house.client.plan(plan_id)
    assert visit in {item.visit for item in after.assignments}
    assert check(street.week, after).is_clean
    desk.act("changes")
    expect(desk.dialog()).to_contain_text("与最初的方案相比")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    plan = house.client.plan(plan_id)
    visit = alone(street, plan, "s0002")
    path = f"/v1/plans/{plan_id}/plan"
    other = Plan(assignments=plan.assignments[1:])
    stored = house.client.send("PUT", path, content=other.to_json(), headers={"If-Match": '"v1"', "Content-Type": "application/json"})
    assert stored.status_code == 200
    desk.open_visit(visit)
    desk.act("out", inside="dialog")
    expect(desk.page.get_by_role("alert")).to_contain_text("Somebody else has changed this plan meanwhile")
    assert len(house.client.plan(plan_id).assignments) == len(other.assignments)


def test_who_waits_is_dragged_onto_the_board(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    plan = house.client.plan(plan_id)
    visit = next(item for item in plan.unassigned if len(_visits(street)[item.visit].roles) == 1).visit
    waits = desk.page.locator(f'.left[data-visit="{visit}"]')
    waits.scroll_into_view_if_needed()
    there = desk.place("s0003", 2, 0.3)
    with desk.page.expect_response(lambda answer: answer.url.endswith("/what-if") and "s0003" in (answer.request.post_data or "")) as answered:
        desk.drag(waits, *there)
    said = answered.value.json()
    assert said["before"] is None
    assert said["after"]["team"][0]["provider"] == "s0003"
    expect(desk.page.locator(".ghost")).to_contain_text("社工 0003")
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator(".ghost")).to_have_count(0)
    desk.page.mouse.up()
    assert house.client.plan(plan_id) == plan


def _visits(street: Street) -> dict[str, Visit]:
    return {visit.id: visit for visit in street.week.visits}
