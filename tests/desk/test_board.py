"""The board and the map: what they show, how they are filtered, in which language and on which screen, and how quick they are."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from scenarios.weihai.week import make_week

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Street

STEPS = 60
SHOWN = """(hash) => new Promise((done) => {
  const seen = new MutationObserver(() => document.querySelector(".block") && requestAnimationFrame(() => setTimeout(done)));
  seen.observe(document.body, { childList: true, subtree: true });
  location.hash = hash;
})"""
"""Goes to a plan, and waits for the frame that has its board. Whoever asks again and again whether it is there has the page work for that."""


def test_every_service_of_the_plan_has_its_block_in_the_row_of_who_gives_it(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    desk.open(street.plan)
    plan = house.client.plan(street.plan)
    desk.page.locator(".board").evaluate("node => { node.style.height = '6000px'; node.style.flex = 'none'; }")
    wanted = sorted((item.visit, service.role, service.provider) for item in plan.assignments for service in item.team)
    expect(desk.page.locator(".block")).to_have_count(len(wanted))
    shown = desk.page.locator(".block").evaluate_all(
        "nodes => nodes.map((node) => [node.dataset.visit, node.dataset.role, node.closest('.row').dataset.row])"
    )
    assert sorted(map(tuple, shown)) == wanted
    assert desk.chips().startswith(f"已安排 {len(plan.assignments)}/300 | 符合全部规则 | 草稿")


COVERED = """() => {
  const found = [];
  let words = 0;
  for (const row of document.querySelectorAll(".row[data-row]")) {
    const edge = row.querySelector(".track").getBoundingClientRect();
    const boxes = [];
    for (const block of row.querySelectorAll(".block")) {
      const said = block.querySelector(".words");
      const [box, text] = [block, said].map((node) => node.getBoundingClientRect());
      const time = document.createRange();
      time.setStart(said, 0);
      const first = document.createTreeWalker(said, NodeFilter.SHOW_TEXT).nextNode();
      time.setEnd(first, 5);
      words += 1;
      // The time can always be read.
      const isCut = time.getBoundingClientRect().right > text.right + 0.5;
      if (isCut || !/^\\d\\d:\\d\\d/.test(said.textContent)) found.push(`time cut off: ${block.title}`);
      if (text.left < edge.left - 0.5 || text.right > edge.right + 0.5) found.push(`beyond the board: ${block.title}`);
      for (const [other, title] of boxes) {
        for (const one of [box, text]) {
          const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
          const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
          if (wide > 0.5 && high > 2) found.push(`${title} | ${block.title}`);
        }
      }
      boxes.push([box, block.title], [text, block.title]);
    }
  }
  return [words, found];
}"""


@pytest.mark.parametrize(("lang", "width"), [("zh-CN", 1366), ("en-GB", 1366), ("zh-CN", 1000)])
@pytest.mark.parametrize("day", ["-1", "3"])
def test_no_block_and_no_words_of_one_cover_those_of_another(open_desk: Opener, street: Street, shots: Path, lang: str, width: int, day: str) -> None:
    desk = open_desk(lang=lang, width=width)
    desk.open(street.plan)
    desk.page.locator("[data-filter=day]").select_option(day)
    desk.page.screenshot(path=shots / f"10-{'week' if day == '-1' else 'day'}-{lang[:2]}-{width}.png")
    desk.page.locator(".board").evaluate("node => { node.style.height = '9000px'; node.style.flex = 'none'; }")
    expect(desk.page.locator(".row[data-row]:last-of-type .track > *").first).to_be_attached()
    words, covered = desk.page.evaluate(COVERED)
    assert words > 30
    assert covered == []


def test_the_ways_on_the_board_are_those_that_the_plan_counts(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk()
    desk.open(street.plan)
    seconds = desk.page.evaluate(
        """async (id) => {
          const { Week, servicesOf } = await import("/desk/js/week.js");
          const { routes } = await import("/desk/js/travel.js");
          const headers = { Authorization: `Bearer ${sessionStorage.getItem("sishe.desk.key")}` };
          const [problem, plan] = await Promise.all(["problem", "plan"]
            .map((what) => fetch(`/v1/plans/${id}/${what}`, { headers }).then((answer) => answer.json())));
          const week = new Week(problem);
          let sum = 0;
          for (const [id, items] of servicesOf(week, plan.assignments)) {
            for (const { legs } of routes(week, week.providers.get(id), items)) for (const leg of legs) sum += leg.seconds;
          }
          return sum;
        }""",
        street.plan,
    )
    figures = house.client.plan(street.plan).figures
    assert figures is not None
    assert seconds == figures.travel_seconds


def test_filters_leave_what_is_asked_for(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(lang="en-GB")
    desk.open(street.plan)
    page = desk.page
    page.locator("[data-filter=day]").select_option("3")
    expect(page.locator(".head")).to_have_count(1)
    expect(page.locator(".head")).to_contain_text("Thu 26 Nov")
    thursday = dt.date(2026, 11, 26)
    plan = house.client.plan(street.plan)
    serving = {service.provider for item in plan.assignments for service in item.team if service.start.date() == thursday}
    assert serving <= set(page.locator(".row[data-row]").evaluate_all("nodes => nodes.map((node) => node.dataset.row)"))
    page.locator("[data-filter=category]").select_option("home_care")
    care = {need.id for need in street.week.needs if need.category == "home_care"}
    expect(page.locator(".block:not(.other)").first).to_be_visible()
    shown = page.locator(".block:not(.other)").evaluate_all("nodes => nodes.map((node) => node.dataset.visit)")
    assert shown
    assert all(visit.rpartition("#")[0] in care for visit in shown)
    waiting = page.locator(".left").evaluate_all("nodes => nodes.map((node) => node.dataset.visit)")
    assert set(waiting) == {item.visit for item in plan.unassigned if item.visit.rpartition("#")[0] in care}
    page.locator("[data-filter=category]").select_option("")
    page.get_by_label("Person", exact=True).fill("社工 0002")
    expect(page.locator(".row[data-row]")).to_have_count(1 if "s0002" in serving else 0)


def test_the_map_shows_districts_homes_and_the_ways_of_one_person(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    desk.open(street.plan)
    desk.act("map")
    expect(desk.page.locator(".land")).to_have_count(4)
    desk.page.locator("[data-map=person]").select_option("s0002")
    expect(desk.page.locator(".route").first).to_be_attached()
    plan = house.client.plan(street.plan)
    mine = [service for item in plan.assignments for service in item.team if service.provider == "s0002"]
    expect(desk.page.locator(".map-list li")).to_have_count(len(mine))
    desk.page.screenshot(path=shots / "8-map.png")
    desk.page.locator("[data-map=person]").select_option("")
    desk.page.locator("[data-filter=day]").select_option("3")
    assert desk.page.locator(".route").count() > 3


def test_the_language_is_changed_in_place_with_dates_as_each_writes_them(open_desk: Opener, street: Street) -> None:
    desk = open_desk(lang="fr-FR")
    desk.open(street.plan)
    page = desk.page
    expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    expect(page.locator(".head").first).to_contain_text("Mon 23 Nov")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".head").first).to_contain_text("11月23日 周一")
    expect(page).to_have_title("四社联动服务台")
    page.reload()
    expect(page.locator(".head").first).to_contain_text("11月23日 周一")


def test_a_phone_shows_the_day_as_a_list_without_scrolling_sideways(open_desk: Opener, street: Street, shots: Path) -> None:
    desk = open_desk(width=390, height=844)
    desk.open(street.plan)
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390
    block = desk.page.locator(".block").first
    expect(block.locator(".at")).to_be_visible()
    box = block.bounding_box()
    assert box is not None
    assert box["width"] > 250
    desk.page.screenshot(path=shots / "9-phone.png")


def test_the_board_of_a_street_takes_the_page_less_than_a_second_of_work(open_desk: Opener, street: Street) -> None:
    took = []
    for _ in range(3):
        desk = open_desk()
        desk.sign_in()
        worked = desk.worked()
        before = worked()
        desk.page.evaluate(SHOWN, f"#/plans/{street.plan}")
        took.append(worked() - before)
        if took[-1] < 1.0:
            break
    assert 0.01 < min(took) < 1.0


def test_no_frame_of_a_scroll_through_a_district_takes_the_page_a_tenth_of_a_second(open_desk: Opener, house: House) -> None:
    stored = house.client.store_problem(make_week("district", seed=1))
    made = house.client.make_plan(stored["id"], chunks=0, threads=1)
    plan = house.client.wait(made["id"], pause=0.1)["id"]
    desk = open_desk()
    desk.open(plan)
    took = desk.scrolled(STEPS)
    # Caches that others emptied make now this frame longer and now that one; what the page itself takes it takes every time, from nothing again.
    for _ in range(2):
        if max(took) >= 0.1:
            desk = open_desk()
            desk.open(plan)
            took = [min(pair) for pair in zip(took, desk.scrolled(STEPS), strict=True)]
    assert max(took) < 0.1
    assert sum(took) > 0.01
    assert desk.page.locator(".row[data-row]").count() == 600
    assert desk.page.locator(".block").count() > 1000
