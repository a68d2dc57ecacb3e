"""Sheets to print with names that never leave the page, and calendars to hand out."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest
from icalendar import Calendar
from openpyxl import Workbook
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Request

    from tests.api.running import House
    from tests.desk.conftest import Opener
    from tests.desk.coordinator import Coordinator, Street

HEADS = ["编号", "姓名", "电话", "地址", "备注", "类别"]
NAME, PHONE, ADDRESS, NOTE = "王奶奶梅", 13912345678, "竹岛路 1 号甲", "按门铃三下"
WORKER = "李社工芬"
SECRETS = (NAME, str(PHONE), ADDRESS, NOTE, WORKER)


def met(house: House, street: Street, provider: str) -> str:
    """A resident whom a provider serves."""
    needs = {need.id: need for need in street.week.needs}
    for line in house.client.plan(street.plan).assignments:
        resident = needs[line.visit.rpartition("#")[0]].resident
        if resident is not None and needs[line.visit.rpartition("#")[0]].place == "home" and provider in {service.provider for service in line.team}:
            return resident
    raise AssertionError(f"{provider} visits nobody")


def contacts(resident: str) -> list[list[Any]]:
    return [HEADS, [resident, NAME, PHONE, ADDRESS, NOTE, "居民"], ["s0002", WORKER, "0631-5201234", None, None, "人员"]]


def csv_of(rows: list[list[Any]]) -> str:
    return "".join(",".join("" if cell is None else str(cell) for cell in row) + "\r\n" for row in rows)


def excel_of(rows: list[list[Any]]) -> bytes:
    book, made = Workbook(), io.BytesIO()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    book.create_sheet("别的").append(["编号", "姓名"])
    book.save(made)
    return made.getvalue()


def open_sheets(desk: Coordinator, plan: str) -> None:
    desk.open(plan)
    desk.act("sheets")
    expect(desk.page.locator(".sheet").first).to_be_visible()


def pick(desk: Coordinator, name: str, content: bytes) -> None:
    desk.page.set_input_files(".sheets input[type=file]", {"name": name, "mimeType": "application/octet-stream", "buffer": content})


def test_each_person_and_each_community_has_a_sheet_with_all_that_they_do(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    open_sheets(desk, street.plan)
    plan = house.client.plan(street.plan)
    wanted = Counter(service.provider for line in plan.assignments for service in line.team)
    shown = desk.page.locator(".sheet").evaluate_all("nodes => nodes.map((node) => [node.dataset.sheet, node.querySelectorAll('tbody tr').length])")
    assert dict(map(tuple, shown)) == wanted
    desk.page.screenshot(path=shots / "12-sheets.png")
    desk.page.locator("[data-sheets=by]").select_option("community")
    rows = desk.page.locator(".sheet tbody tr")
    expect(rows).to_have_count(wanted.total())
    assert desk.page.locator(".sheet li").count() == len(plan.unassigned)
    # The filters of the board count here too.
    community = street.week.communities[0].id
    desk.page.locator("[data-filter=community]").select_option(community)
    expect(desk.page.locator(".sheet")).to_have_count(1)
    assert desk.page.locator(".sheet").get_attribute("data-sheet") == community


KINDS = ["utf-8", "utf-8-sig", "gbk", "xlsx"]
"""As others write CSV, as we do, as Chinese Excel does; and a workbook."""


def test_names_stand_on_the_sheets_whatever_kind_of_file_they_come_from(open_desk: Opener, house: House, street: Street) -> None:
    rows = contacts(met(house, street, "s0002"))
    desk = open_desk()
    open_sheets(desk, street.plan)
    for kind in KINDS:
        pick(desk, f"contacts.{'xlsx' if kind == 'xlsx' else 'csv'}", excel_of(rows) if kind == "xlsx" else csv_of(rows).encode(kind))
        own = desk.page.locator('.sheet[data-sheet="s0002"]')
        expect(own.locator("h3")).to_have_text(WORKER)
        for text in (NAME, str(PHONE), ADDRESS, NOTE):
            expect(own.locator("tbody")).to_contain_text(text)
        expect(desk.page.locator(".sheets")).to_contain_text("已读取 2 位联系人。")
        expect(desk.page.locator(".sheets")).to_contain_text("个编号不在联系表里")
        # Loaded anew, the page has forgotten all of it.
        desk.reload()
        desk.act("sheets")
        expect(desk.page.locator(".sheet").first).to_be_visible()
        assert [secret for secret in SECRETS if secret in desk.page.content()] == []


def test_nothing_of_a_contacts_sheet_leaves_the_page_or_stays_in_the_browser(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk()
    page = desk.page
    plan_id = desk.draft(street)
    desk.act("sheets")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - playwright marks what it is given
    pick(desk, "contacts.csv", csv_of(contacts(met(house, street, "s0002"))).encode("gbk"))
    own = page.locator('.sheet[data-sheet="s0002"]')
    expect(own.locator("h3")).to_have_text(WORKER)

    # With the names at hand, everything else goes on as before: moves, a change, another language, a calendar.
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    desk.act("print")
    assert page.evaluate("window.printed")
    own.locator("[data-calendar=file]").click()
    expect(own.locator(".said")).not_to_be_empty()
    page.locator("[data-sheets=by]").select_option("community")
    desk.act("board")
    visit = house.client.plan(plan_id).assignments[0].visit
    desk.open_visit(visit)
    with desk.edited():
        desk.act("out", inside="dialog")
    page.get_by_role("button", name="English").click()
    desk.act("sheets")
    expect(page.locator('.sheet[data-sheet="s0002"] h3')).to_have_text(WORKER)
    assert len(asked) > 5
    for request in asked:
        said = unquote_plus(f"{request.url} {request.headers}") + (request.post_data_buffer or b"").decode(errors="replace")
        assert [secret for secret in SECRETS if secret in said] == [], request.url
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert [secret for secret in SECRETS if secret in kept] == []
    assert page.evaluate("indexedDB.databases()") == []
    assert WORKER not in house.client.send("GET", f"/v1/plans/{plan_id}/problem").text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.csv", "谁,电话\n1,2\n".encode(), "应有“编号”一列"),
        ("c.csv", "编号,姓名\nr,甲\nr,乙\n".encode("gbk"), "编号 r 在联系表中出现两次（第 3 行）"),
        ("c.csv", b"\xff\xff\xff", "编码无法识别"),
        ("c.xls", b"\xd0\xcf\x11\xe0 old", "旧版 Excel"),
        ("c.xlsx", b"PK\x03\x04 no zip", "不是完好的 Excel 文件"),
        ("c.xlsx", excel_of([["编号", "电话"], ["r", 1234567890123456]]), "B2 中的数字太长"),
    ],
    ids=["no-ids", "twice", "encoding", "old", "damaged", "rounded"],
)
def test_a_contacts_sheet_that_cannot_be_read_is_refused_in_words(open_desk: Opener, street: Street, name: str, content: bytes, said: str) -> None:
    desk = open_desk()
    open_sheets(desk, street.plan)
    pick(desk, name, content)
    expect(desk.page.locator(".sheets .wrong")).to_contain_text(said)


def test_the_contacts_sheet_to_fill_in_is_read_by_the_page_and_by_the_command_line(open_desk: Opener, street: Street, tmp_path: Path) -> None:
    from matcher.books.contacts import read_contacts

    desk = open_desk(lang="en-GB")
    open_sheets(desk, street.plan)
    with desk.page.expect_download() as waited:
        desk.act("contacts")
    file = tmp_path / waited.value.suggested_filename
    waited.value.save_as(file)
    people = {("provider", item.id) for item in street.week.providers} | {("resident", item.id) for item in street.week.residents}
    assert read_contacts(file, "en").of.keys() == people
    pick(desk, "contacts.csv", file.read_bytes())
    expect(desk.page.locator(".sheets")).to_contain_text("contacts are read.")
    expect(desk.page.locator(".sheets")).not_to_contain_text("not in the contacts sheet")


def test_sheets_are_printed_on_a4_a_page_for_each_person_and_nothing_else(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    open_sheets(desk, street.plan)
    count = desk.page.locator(".sheet").count()
    desk.page.emulate_media(media="print")
    for hidden in (".bar", ".tools", ".waiting", ".sheets .card", ".calendar"):
        expect(desk.page.locator(hidden).first).to_be_hidden()
    desk.page.screenshot(path=shots / "14-print.png")
    printed = desk.page.pdf(prefer_css_page_size=True)
    (shots / "sheets.pdf").write_bytes(printed)
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert count <= pages <= 2 * count
    width, height = (float(side) for side in re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", printed)[0])
    assert (round(width), round(height)) == (595, 842)


def test_a_link_to_a_calendar_follows_what_is_published_and_can_be_revoked(open_desk: Opener, house: House, street: Street, shots: Path) -> None:
    desk = open_desk()
    plan_id = desk.draft(street)
    dialog = desk.dialog()
    desk.page.locator('[data-row="s0006"] .name').click()
    dialog.locator("[data-calendar=copy]").click()
    link = dialog.locator("[data-calendar=link]")
    expect(link).to_have_value(re.compile(r"^http://.*/v1/calendars/ca-\w+/[\w-]{32}\.ics$"))
    desk.page.screenshot(path=shots / "13-calendar.png")
    feed = link.input_value()
    desk.act("close", inside="dialog")
    desk.act("publish")
    desk.act("go", inside="dialog")
    expect(desk.page.locator('[data-standing="published"]')).to_be_visible()
    wanted = Counter(service.start for line in house.client.plan(plan_id).assignments for service in line.team if service.provider == "s0006")
    events: list[Any] = Calendar.from_ical(house.http().get(feed).content).walk("VEVENT")
    assert Counter(event.start.replace(tzinfo=None) for event in events if str(event["STATUS"]) == "CONFIRMED") == wanted

    desk.act("sheets")
    sheet = desk.page.locator('.sheet[data-sheet="s0006"]')
    with desk.page.expect_download() as waited:
        sheet.locator("[data-calendar=file]").click()
    assert waited.value.suggested_filename == "社工 0006.ics"
    sheet.locator("[data-calendar=copy]").click()
    expect(sheet.locator("[data-calendar=link]")).to_have_value(feed)
    sheet.locator("[data-calendar=revoke]").click()
    expect(sheet.locator(".said")).to_contain_text("链接已作废")
    assert house.http().get(feed).status_code == 404


def test_who_may_not_publish_gives_out_no_links(open_desk: Opener, house: House, street: Street) -> None:
    desk = open_desk(key=house.make_key("", "read", "plan"))
    open_sheets(desk, street.plan)
    expect(desk.page.locator("[data-calendar=file]").first).to_be_visible()
    assert desk.page.locator("[data-calendar=copy]").count() == 0
