"""From the template, filled in with a spreadsheet, to a published plan that goes back into one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from matcher.books.files import read_plan, read_week, week_bytes
from tests.desk.conftest import PATIENCE

if TYPE_CHECKING:
    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Coordinator, Street


def downloaded(desk: Coordinator, act: str, folder: Path, inside: str = "") -> Path:
    """Press a button that downloads a file; returns where it was saved, under the name that the page gave it."""
    with desk.page.expect_download() as found:
        desk.act(act, inside=inside)
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def fill_in(path: Path, **cells: Any) -> None:
    """Change cells of a workbook, named ``需求__D7``."""
    book = load_workbook(path)
    for name, value in cells.items():
        sheet, _, cell = name.partition("__")
        book[sheet][cell].value = value
    book.save(path)


def test_the_template_filled_in_becomes_a_published_plan_and_a_workbook_again(open_desk: Opener, house: House, tmp_path: Path, shots: Path) -> None:
    desk = open_desk()
    page = desk.page
    desk.sign_in()
    week = downloaded(desk, "template", tmp_path)
    assert week.name == "周计划模板.xlsx"

    # A first try with slips: each fault is shown with its cell.
    fill_in(week, 设置__B2="表格里的一周", 需求__E2="没有这一类", 人员__C2="机器人")
    page.set_input_files("input[type=file]", week)
    said = page.get_by_role("alert")
    expect(said).to_contain_text("周文件有错误：")
    expect(said.locator("li code", has_text="需求!E2")).to_be_visible()
    expect(said.locator("li", has_text="人员!C2")).to_contain_text("机器人")
    desk.is_accessible()
    page.screenshot(path=shots / "6-cells.png")
    said.get_by_role("button", name="关闭").click()

    # Mended, with a sheet of one's own, which is named as not read.
    fill_in(week, 需求__E2="居家养老", 人员__C2="志愿者")
    book = load_workbook(week)
    book.create_sheet("值班电话").append(["姓名", "电话"])
    book.save(week)
    page.set_input_files("input[type=file]", week)
    told = page.locator(".told-once")
    expect(told).to_contain_text("已载入：表格里的一周")
    expect(told.locator("li")).to_contain_text("值班电话")
    desk.is_accessible()
    told.get_by_role("button", name="关闭").click()
    card = page.locator(".weeks > li", has_text="表格里的一周")
    again = downloaded(desk, "workbook", tmp_path, f'[data-week="{card.get_attribute("data-week")}"]')
    assert again.name == "表格里的一周.xlsx"
    assert read_week(again, "zh") == read_week(week, "zh")

    # Planned, published, and taken along as a workbook.
    card.get_by_role("button", name="制定方案").click()
    desk.judged()
    expect(page.locator(".chip", has_text="符合全部规则")).to_be_visible()
    desk.act("publish")
    desk.act("go", inside="dialog")
    expect(page.locator('[data-standing="published"]')).to_have_text("已发布")
    plan = downloaded(desk, "workbook", tmp_path)
    assert plan.name == "表格里的一周·方案.xlsx"
    assert read_plan(plan, "zh") == house.client.plan(desk.plan_id())
    assert "按人员" in load_workbook(plan).sheetnames


KEPT = {"zh-CN": "已载入：", "en-GB": "Loaded: "}
NAMES = {"zh-CN": "键盘上的一周", "en-GB": "a week by keyboard"}
SLIPS = {
    "zh-CN": {"设置__B2": NAMES["zh-CN"], "需求__E2": "没有这一类", "人员__C2": "机器人"},
    "en-GB": {"Settings__B2": NAMES["en-GB"], "Needs__E2": "no such category", "People__C2": "robot"},
}
MENDED = {"zh-CN": {"需求__E2": "居家养老", "人员__C2": "志愿者"}, "en-GB": {"Needs__E2": "Home-based elder care", "People__C2": "Volunteer"}}


@pytest.mark.parametrize("lang", ["zh-CN", "en-GB"])
def test_from_the_template_to_a_published_plan_by_keyboard_alone(open_desk: Opener, house: House, tmp_path: Path, lang: str) -> None:
    desk = open_desk(lang=lang)
    page, press = desk.page, desk.page.keyboard.press
    # Files are asked for from here on, not from the moment at which somebody waits for one: on a busy machine the key is quicker.
    page.on("filechooser", lambda _: None)
    desk.arrive()
    page.keyboard.type(desk.key)
    press("Enter")
    expect(page.locator("[data-screen=weeks]")).to_be_visible()

    def saved(selector: str) -> Path:
        desk.tab_to(selector)
        with page.expect_download() as found:
            press("Enter")
        path = tmp_path / found.value.suggested_filename
        found.value.save_as(path)
        return path

    def load(path: Path) -> None:
        desk.tab_to("input[type=file]")
        with page.expect_file_chooser() as found:
            press("Enter")
        found.value.set_files(path)

    # The template, filled in with slips; each has its cell; mended, it is taken.
    week = saved('[data-act="template"]')
    fill_in(week, **SLIPS[lang])
    load(week)
    said = page.get_by_role("alert")
    expect(said.locator("li code")).to_have_text([name.replace("__", "!") for name in SLIPS[lang] if name[-2:] != "B2"])
    desk.tab_to(".failed button")
    press("Enter")
    expect(said).to_have_count(0)
    fill_in(week, **MENDED[lang])
    load(week)
    card = page.locator(".weeks > li", has_text=NAMES[lang])
    expect(page.locator("#status")).to_contain_text(KEPT[lang])
    # It stands among the weeks, and has the focus, once they are drawn anew.
    expect(card.locator("button").first).to_be_focused()

    # Planned; a visit is looked at and locked; somebody is ill; whoever must be told stands in the preview.
    identity = card.get_attribute("data-week")
    desk.tab_to(f'[data-week="{identity}"] button.main')
    press("Enter")
    desk.judged(timeout=3 * PATIENCE)
    expect(page.locator(".chip.good")).to_be_visible()
    first = house.client.plan(desk.plan_id())
    desk.tab_to(".board")
    press("Enter")
    visit = page.evaluate("document.activeElement.dataset.visit")
    press("l")
    expect(page.locator(".chip")).to_have_count(5)
    press("Enter")
    expect(desk.dialog()).to_be_visible()
    press("Escape")
    locked = next(item for item in first.assignments if item.visit == visit)
    others = [service.provider for item in first.assignments for service in item.team]
    ill = next(name for name in others if name not in {service.provider for service in locked.team})
    desk.tab_to('[data-act="replan"]')
    press("Enter")
    desk.choose("dialog [data-field=kind]", "absent")
    desk.choose("dialog [data-field=person]", ill)
    desk.tab_to("dialog [data-field=last]")
    press("End")
    desk.tab_to('dialog [data-act="go"]')
    press("Enter")
    expect(desk.dialog().locator(".told > li").first).to_be_visible()
    desk.tab_to('dialog [data-act="accept"]')
    press("Enter")
    expect(desk.dialog()).to_have_count(0)
    after = house.client.plan(desk.plan_id())
    assert locked in after.assignments
    assert ill not in {service.provider for item in after.assignments for service in item.team}

    # Published, and taken along.
    desk.tab_to('[data-act="publish"]')
    press("Enter")
    desk.tab_to('dialog [data-act="go"]')
    press("Enter")
    expect(page.locator('[data-standing="published"]')).to_be_visible()
    expect(desk.dialog()).to_have_count(0)
    assert read_plan(saved('[data-act="workbook"]'), "zh") == after


def test_a_week_of_csv_files_is_loaded_and_its_faults_are_said_in_the_language_of_the_page(open_desk: Opener, street: Street, tmp_path: Path) -> None:
    desk = open_desk(lang="en-GB")
    desk.sign_in()
    assert downloaded(desk, "template", tmp_path).name == "week template.xlsx"
    packed = tmp_path / "WEEK.ZIP"
    packed.write_bytes(week_bytes(street.week.replace(name="a week of CSV"), "week.zip", "en"))
    desk.page.set_input_files("input[type=file]", packed)
    expect(desk.page.locator(".weeks > li", has_text="a week of CSV")).to_contain_text(re.compile("300 visits"))
    packed.write_bytes(b"no zip")
    desk.page.set_input_files("input[type=file]", packed)
    expect(desk.page.get_by_role("alert")).to_contain_text("is no sound zip of CSV files")


def test_more_faults_than_can_be_read_at_once_are_counted(open_desk: Opener, street: Street, tmp_path: Path) -> None:
    week = tmp_path / "week.xlsx"
    week.write_bytes(week_bytes(street.week, week, "en"))
    book = load_workbook(week)
    needs, count = book["Needs"], 2 * len(street.week.needs)
    assert (needs["F1"].value, needs["G1"].value) == ("Urgency", "Length")
    for row in range(2, len(street.week.needs) + 2):
        needs[f"F{row}"] = needs[f"G{row}"] = "soon"
    book.save(week)
    desk = open_desk(lang="en-GB")
    desk.sign_in()
    desk.page.set_input_files("input[type=file]", week)
    said = desk.page.get_by_role("alert")
    expect(said.locator("li")).to_have_count(200)
    expect(said).to_contain_text(f"{count - 200} faults more.")
