"""What happens in a week: said where one would look for it, seen before it is taken, told to whom it concerns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.desk.test_moving import alone

if TYPE_CHECKING:
    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Street


def test_a_search_of_the_week_is_watched_stopped_and_dropped_without_a_trace(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk()
    plan_id = desk.draft(street)
    desk.page.locator('[data-row="s0006"] .name').click()
    desk.dialog().locator("[data-happened=absent]").click()
    desk.happened("absent", first="2026-11-25", last="2026-11-26")
    desk.act("add", inside="dialog")
    expect(desk.dialog().locator(".events li")).to_contain_text("社工 0006请假（11月25日 周三–11月26日 周四）")
    desk.page.locator("[data-replan=seconds]").select_option("120")
    desk.act("go", inside="dialog")
    expect(desk.dialog().locator(".planning .big")).to_have_text(re.compile(r"已安排 2\d\d / 300 次服务"))
    desk.is_accessible()
    desk.dialog().get_by_role("button", name="停止并保留").click()
    expect(desk.dialog().get_by_role("heading", name="新方案预览")).to_be_visible()
    expect(desk.dialog().locator(".told > li", has_text="社工 0006").first).to_be_attached()
    desk.act("refuse", inside="dialog")
    expect(desk.dialog()).to_have_count(0)
    assert desk.plan_id() == plan_id
    expect(desk.page.locator('[data-act="undo"]')).to_be_disabled()


def test_a_visit_at_another_time_is_told_as_one_that_moved(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    before = house.client.plan(plan_id)
    visit = alone(street, before, "s0002", is_only=True)  # the others of a need are numbered anew
    desk.open_visit(visit)
    desk.dialog().locator("[data-happened=window]").click()
    desk.act("go", inside="dialog")
    expect(desk.dialog().get_by_role("alert")).to_have_text("Write a time such as 08:30.")
    start = next(item for item in before.assignments if item.visit == visit).team[0].start
    desk.happened("window", **{"from": f"{start.hour + 1:02}:00", "to": f"{start.hour + 1:02}:59"})
    desk.act("go", inside="dialog")
    told = desk.dialog().locator(".told > li")
    expect(told.first).to_be_visible()
    assert desk.dialog().get_by_text("no longer part of the week").count() == 0
    with desk.edited():
        desk.act("accept", inside="dialog")
    need, _, number = visit.rpartition("#")
    after = house.client.plan(desk.plan_id())
    placed, waiting = {item.visit for item in after.assignments}, {item.visit for item in after.unassigned}
    assert visit not in placed
    assert f"{need}~{number}#1" in placed | waiting
    with desk.edited():
        desk.act("undo")
    assert house.client.plan(desk.plan_id()) == before


def test_a_new_need_of_a_new_resident_is_placed(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    plan_id = desk.draft(street)
    desk.act("need")
    desk.act("go", inside="dialog")
    expect(desk.dialog().get_by_role("alert")).to_have_text("Write what is needed.")
    desk.happened("new_need", resident="+", resident_id="r-new", title="Read a letter", urgency="5", minutes="15", team="either")
    desk.act("go", inside="dialog")
    expect(desk.dialog().locator(".told > li", has_text="Resident r-new")).to_contain_text("Read a letter")
    desk.act("accept", inside="dialog")
    expect(desk.page.locator(".chip", has_text="of 301 placed")).to_be_visible()
    assert desk.plan_id() != plan_id
    plan = house.client.plan(desk.plan_id())
    assert any(item.visit.startswith("new-") for item in plan.assignments)


def test_what_ran_late_did_not_take_place_or_was_done_by_others_is_said_in_one_go(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB", now="2026-11-25T19:00:00+08:00")
    plan = house.client.plan(desk.draft(street))
    missed, done, gone = (alone(street, plan, provider) for provider in ("s0003", "s0002", "s0005"))
    desk.act("replan")
    expect(desk.page.locator("[data-replan=now]")).to_have_value("now")
    for kind, fields in (("missed", {"visit": missed}), ("done", {"visit": done, "by": "outside"}), ("withdrawn", {"visit": gone})):
        desk.happened(kind, **fields)
        desk.act("add", inside="dialog")
    expect(desk.dialog().locator(".events li")).to_have_count(3)
    desk.act("go", inside="dialog")
    expect(desk.dialog().locator('[data-act="accept"]')).to_be_visible()
    desk.act("accept", inside="dialog")
    expect(desk.page.locator(".chip", has_text="of 298 placed")).to_be_visible()
