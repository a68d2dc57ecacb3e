"""From the template, filled in with a spreadsheet, to a published plan that goes back into one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook
from playwright.sync_api import expect

from matcher.books.files import read_plan, read_week, week_bytes

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
    with page.expect_response("**/evaluate"):
        card.get_by_role("button", name="制定方案").click()
    expect(page.locator(".chip", has_text="符合全部规则")).to_be_visible()
    desk.act("publish")
    desk.act("go", inside="dialog")
    expect(page.locator('[data-standing="published"]')).to_have_text("已发布")
    desk.is_accessible()
    plan = downloaded(desk, "workbook", tmp_path)
    assert plan.name == "表格里的一周·方案.xlsx"
    assert read_plan(plan, "zh") == house.client.plan(desk.plan_id())
    assert "按人员" in load_workbook(plan).sheetnames


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
