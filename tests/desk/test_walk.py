"""From a week file to a published plan, by what the page itself says."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Street


def test_a_wrong_key_is_refused_in_words_and_none_is_kept_where_it_outlives_the_tab(open_desk: Opener, shots: Path) -> None:
    desk = open_desk()
    desk.arrive()
    desk.page.screenshot(path=shots / "1-sign-in.png")
    desk.page.fill("#key", "sishe_wrong")
    desk.page.get_by_role("button", name="进入").click()
    expect(desk.page.get_by_role("alert")).to_have_text("密钥无效或已过期，请重新输入。")
    desk.page.fill("#key", desk.key)
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("[data-screen=weeks]")).to_be_visible()
    kept = desk.page.evaluate("[Object.values(localStorage).join(), document.cookie, location.href].join()")
    assert desk.key not in kept
    desk.page.reload()
    expect(desk.page.locator("[data-screen=weeks]")).to_be_visible()
    desk.page.get_by_role("button", name="退出").click()
    expect(desk.page.locator("#key")).to_be_visible()
    assert desk.page.evaluate("sessionStorage.length") == 0


def test_all_faults_of_a_week_file_are_shown_with_their_places(open_desk: Opener, tmp_path: Path) -> None:
    file = tmp_path / "week.json"
    file.write_text('{"format": "sishe-problem/1", "horizon": {"start": "2026-11-23"}, "needs": [{"id": "a", "urgency": 9}]}')
    desk = open_desk(lang="en-GB")
    desk.sign_in()
    desk.page.set_input_files("input[type=file]", file)
    said = desk.page.get_by_role("alert")
    expect(said).to_contain_text("The week file has faults")
    for pointer in ("/needs/0/urgency", "/needs/0/team", "/needs/0/windows"):
        expect(said).to_contain_text(pointer)
    desk.is_accessible()
    packed = tmp_path / "week.json.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    desk.page.set_input_files("input[type=file]", packed)
    expect(desk.page.get_by_role("alert")).to_have_count(2)
    expect(desk.page.get_by_role("alert").last).to_contain_text("/needs/0/urgency")
    file.write_text("no week")
    desk.page.set_input_files("input[type=file]", file)
    expect(desk.page.get_by_role("alert").last).to_contain_text("This is not a JSON file.")


def test_a_week_file_becomes_a_published_plan(open_desk: Opener, house: House, street: Street, tmp_path: Path, shots: Path) -> None:
    file = tmp_path / "week.json"
    file.write_text(street.week.replace(name="周一早上的一周").to_json(), encoding="utf-8")
    desk = open_desk()
    page = desk.page
    desk.sign_in()
    page.set_input_files("input[type=file]", file)
    card = page.locator(".weeks > li", has_text="周一早上的一周")
    expect(card).to_contain_text("2026年11月23日起 7 天")
    page.screenshot(path=shots / "2-weeks.png")

    # The plan is made before one's eyes, and stopped when it is good enough.
    card.get_by_role("combobox").select_option("120")
    card.get_by_role("button", name="制定方案").click()
    expect(page.locator(".planning .big")).to_have_text(re.compile(r"已安排 2\d\d / 300 次服务"))
    desk.is_accessible()
    page.screenshot(path=shots / "3-planning.png")
    page.get_by_role("button", name="停止并保留").click()
    desk.judged()
    expect(page.locator(".block").first).to_be_visible()
    expect(page.locator(".chip", has_text="符合全部规则")).to_be_visible()
    first = desk.plan_id()
    assert house.client.job(first)["state"] == "stopped"
    page.screenshot(path=shots / "4-board.png")

    # One visit is locked; somebody is ill on Thursday; the week is planned again around both.
    visit = next(item for item in house.client.plan(first).assignments if item.team[0].provider == "s0001")
    desk.block(visit.visit).focus()
    page.keyboard.press("l")
    expect(page.locator(".chip", has_text="已锁定 1")).to_be_visible()
    desk.act("replan")
    desk.happened("absent", person="s0006", first="2026-11-26", last="2026-11-26")
    desk.act("go", inside="dialog")
    expect(desk.dialog().get_by_role("heading", name="新方案预览")).to_be_visible()
    expect(desk.dialog().locator(".told > li", has_text="社工 0006").first).to_be_visible()
    page.screenshot(path=shots / "5-told.png")
    # Nobody is called for what moves within the minute.
    assert re.findall(r"(\d\d:\d\d) → \1", " ".join(desk.dialog().locator(".told > li").all_inner_texts())) == []
    desk.act("accept", inside="dialog")
    expect(desk.dialog()).to_have_count(0)
    second = desk.plan_id()
    assert second != first
    after = house.client.plan(second)
    assert not [service for item in after.assignments for service in item.team if service.provider == "s0006" and service.start.day == 26]
    assert next(item for item in after.assignments if item.visit == visit.visit) == visit

    # What must be told is seen once more, then it is published.
    desk.act("publish")
    expect(desk.dialog()).to_contain_text("还没有人知道这份方案")
    expect(desk.dialog().locator(".told > li", has_text="社工 0006").first).to_be_attached()
    desk.act("go", inside="dialog")
    expect(page.locator('[data-standing="published"]')).to_have_text("已发布")
    assert house.client.job(second)["standing"] == "published"
    expect(page.locator('[data-act="publish"]')).to_be_disabled()

    # A change of what is in force is made in a draft of its own.
    desk.open_visit(visit.visit)
    desk.act("out", inside="dialog")
    expect(page.locator(f'.left[data-visit="{visit.visit}"]')).to_be_visible()
    expect(page.locator('[data-standing="draft"]')).to_have_text("草稿")
    assert house.client.job(second)["standing"] == "published"
    assert visit.visit not in {item.visit for item in house.client.plan(desk.plan_id()).assignments}
    desk.act("weeks")
    card = page.locator(".weeks > li", has_text="周一早上的一周")
    expect(card.locator("[data-plan]", has_text="已发布")).to_have_count(1)


def test_a_coordinator_who_may_only_read_sees_all_and_changes_nothing(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(key=house.make_key("", "read"), lang="en-GB")
    desk.sign_in()
    assert desk.page.locator("input[type=file]").count() == 0
    desk.open(street.plan)
    for name in ("undo", "replan", "publish"):
        expect(desk.page.locator(f'[data-act="{name}"]')).to_be_disabled()
    desk.open_visit()
    expect(desk.dialog()).to_be_visible()
    expect(desk.dialog().locator('[data-act="explain"]')).to_be_visible()
    assert desk.dialog().locator('[data-act="out"], [data-act="move"], [data-act="lock"]').count() == 0


def test_what_is_in_a_week_is_text_and_never_markup(open_desk: Opener, house: House) -> None:
    week = json.loads(house.client.send("GET", f"/v1/problems/{_example(house)}/problem").content)
    week["name"] = "<img src=x onerror=alert(1)>"
    week["needs"][0]["title"] = "<b>bold</b><script>alert(1)</script>"
    plan = house.client.make_plan(house.client.store_problem(week)["id"], chunks=1, threads=1)
    desk = open_desk()
    desk.open(house.client.wait(plan["id"], pause=0.05)["id"])
    expect(desk.page.locator("h1")).to_have_text("<img src=x onerror=alert(1)>")
    desk.open_visit()
    expect(desk.dialog().locator("h2")).to_contain_text("<b>bold</b>")
    assert desk.page.locator("img, b").count() == 0


def _example(house: House) -> str:
    return str(house.client.job(house.client.wait(house.client.make_plan(_problem(), chunks=1, threads=1)["id"], pause=0.05)["id"])["problem"]["id"])


def _problem() -> dict[str, object]:
    from api.documented import EXAMPLE_PROBLEM

    return dict(EXAMPLE_PROBLEM)
