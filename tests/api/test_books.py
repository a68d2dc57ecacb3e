"""Workbooks in and out: a week as people fill it in, faults with their cells, and files that are not what they seem."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from api.books import XLSX, ZIP, Form, TooLarge, lang_of, read_book, template_book
from api.client import ApiError
from api.documented import EXAMPLE_PROBLEM
from api.office import Office
from matcher.books.files import read_plan
from matcher.words import Lang
from tests.api.running import House
from tests.api.test_refusals import refused

MOST = 10**7


def changed(book: bytes, **cells: Any) -> bytes:
    """The workbook with other values in cells, named ``需求__D7``."""
    found = load_workbook(io.BytesIO(book))
    for name, value in cells.items():
        sheet, _, cell = name.partition("__")
        found[sheet][cell].value = value
    made = io.BytesIO()
    found.save(made)
    return made.getvalue()


@pytest.mark.parametrize("form", ["xlsx", "zip"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_comes_back_as_a_week_and_the_week_as_the_same_workbook(plain: House, form: Form, lang: Lang) -> None:
    stored = plain.client.store_book(plain.client.template(form=form, lang=lang, start="2026-11-30"), form=form, lang=lang)
    assert (stored["facts"]["start"], stored["facts"]["needs"]) == ("2026-11-30", 5)
    assert stored["facts"]["name"].startswith("示例" if lang == "zh" else "Example")
    again = plain.client.store_book(plain.client.problem_book(stored["id"], form=form, lang=lang), form=form, lang=lang)
    assert again["digest"] == stored["digest"]
    assert plain.client.problem(stored["id"]).digest == stored["digest"]


def test_a_workbook_is_a_download_with_a_name_and_a_language(plain: House) -> None:
    http = plain.http(plain.key)
    said = http.get("/v1/template", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert (said.headers["content-type"], said.headers["content-language"]) == (XLSX, "zh")
    assert said.headers["content-disposition"] == 'attachment; filename="template.xlsx"'
    assert "需求" in load_workbook(io.BytesIO(said.content)).sheetnames
    other = http.get("/v1/template?lang=en&format=zip&empty=true", headers={"Accept-Language": "zh"})
    assert (other.headers["content-type"], other.headers["content-language"]) == (ZIP, "en")
    assert "Needs.csv" in zipfile.ZipFile(io.BytesIO(other.content)).namelist()
    assert http.post("/v1/validate", content=other.content, headers={"Content-Type": ZIP}).json()["facts"]["needs"] == 0
    for start in ("soon", "9999-12-31"):
        refused(http.get(f"/v1/template?start={start}"), 422, "invalid-request")
    refused(http.get("/v1/template?lang=fr"), 422, "invalid-request")


def test_every_fault_of_a_workbook_comes_at_once_with_its_cell_in_the_language_that_is_asked_for(plain: House) -> None:
    http = plain.http(plain.key)
    wrong = changed(plain.client.template(), 需求__D2="没有这一类", 人员__C2="机器人")
    for path in ("/v1/problems", "/v1/validate"):
        said = {}
        for lang in ("zh", "en"):
            answer = http.post(path, content=wrong, headers={"Content-Type": XLSX, "Accept-Language": lang})
            said[lang] = refused(answer, 422, "invalid-problem")["errors"]
        assert {fault["pointer"] for fault in said["zh"]} == {fault["pointer"] for fault in said["en"]}
        assert {"需求!D2", "人员!C2"} <= {fault["pointer"] for fault in said["zh"]}
        assert all(a["detail"] != b["detail"] for a, b in zip(said["zh"], said["en"], strict=True))
        assert any("没有这一类" in fault["detail"] for fault in said["en"])


def test_what_a_workbook_holds_beside_the_week_is_named_as_not_read(plain: House) -> None:
    found = load_workbook(io.BytesIO(plain.client.template()))
    found.create_sheet("值班电话").append(["姓名", "电话"])
    made = io.BytesIO()
    found.save(made)
    stored = plain.client.store_book(made.getvalue())
    assert any("值班电话" in line for line in stored["unread"])
    assert plain.client.store_problem(EXAMPLE_PROBLEM)["unread"] == []


def test_a_stored_week_is_replaced_by_a_workbook_that_was_changed(plain: House) -> None:
    stored = plain.client.store_problem(EXAMPLE_PROBLEM)
    book = changed(plain.client.problem_book(stored["id"]), 设置__B2="改过的一周")
    headers = {"Content-Type": XLSX, "If-Match": '"1"'}
    said = plain.http(plain.key).put(f"/v1/problems/{stored['id']}/problem", content=book, headers=headers).json()
    assert (said["version"], said["facts"]["name"]) == (2, "改过的一周")


def test_a_plan_comes_as_a_workbook_that_commands_read_back(plain: House, tmp_path: Path) -> None:
    job = plain.plan()
    path = tmp_path / "plan.xlsx"
    path.write_bytes(plain.client.plan_book(job["id"]))
    assert "按人员" in load_workbook(path).sheetnames
    assert read_plan(path, "zh") == plain.client.plan(job["id"])
    waiting = plain.client.make_plan(EXAMPLE_PROBLEM, chunks=1)
    with pytest.raises(ApiError) as refusal:
        plain.client.plan_book(waiting["id"])
    assert refusal.value.kind == "conflict"
    plain.work()


@pytest.mark.parametrize("media", [XLSX, ZIP])
@pytest.mark.parametrize(
    "content", [b"", b"{}", b"PK\x03\x04 and then nothing", b"\xd0\xcf\x11\xe0" + bytes(600)], ids=["empty", "json", "cut", "xls"]
)
def test_what_is_no_workbook_is_refused_for_what_it_is(plain: House, media: str, content: bytes) -> None:
    said = refused(plain.http(plain.key).post("/v1/problems", content=content, headers={"Content-Type": media}), 422, "invalid-problem")
    assert [fault["pointer"] for fault in said["errors"]] == [""]


def test_a_workbook_is_taken_only_where_a_week_is_meant(plain: House) -> None:
    http = plain.http(plain.key)
    refused(http.post("/v1/plans", content=b"PK", headers={"Content-Type": XLSX}), 415, "unsupported-media-type")
    said = http.post("/v1/problems", content=b"PK", headers={"Content-Type": "application/vnd.ms-excel"})
    refused(said, 415, "unsupported-media-type")
    assert said.headers["accept"] == f"application/json, {XLSX}, {ZIP}"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(f"sqlite:///{tmp_path_factory.mktemp('books')}/small.db", max_body=300_000, max_visits=3) as found:
        yield found


def test_the_limits_of_a_problem_hold_for_workbooks_too(small: House, plain: House) -> None:
    http = small.http(small.key)
    template = plain.client.template()
    refused(http.post("/v1/problems", content=template, headers={"Content-Type": XLSX}), 413, "too-large")
    refused(http.post("/v1/problems", content=bytes(300_001), headers={"Content-Type": XLSX}), 413, "too-large")
    bomb = _zip({"需求.csv": b"," * 20_000_000})
    assert len(bomb) < 30_000
    for media in (ZIP, XLSX):
        said = refused(http.post("/v1/validate", content=bomb, headers={"Content-Type": media}), 413, "too-large")
        assert "300000 bytes, unpacked" in said["detail"]


def test_a_zip_that_claims_to_be_small_is_not_believed() -> None:
    plain_zip = _zip({"需求.csv": b"," * 5_000_000})
    claims = plain_zip.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 10))
    claims = claims.replace(struct.pack("<L", zlib.crc32(b"," * 5_000_000)), struct.pack("<L", zlib.crc32(b"," * 10)))
    assert zipfile.ZipFile(io.BytesIO(claims)).read("需求.csv") == b"," * 10
    with pytest.raises(TooLarge):
        read_book(claims, "zip", "en", 1_000_000)
    with pytest.raises(Exception, match="sound zip"):
        read_book(claims, "zip", "en", MOST)


def test_a_zip_packed_in_ways_that_cannot_be_unpacked_piece_by_piece_is_refused() -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(Exception, match="unusual compression"):
            read_book(_zip({"需求.csv": b"x"}, method), "zip", "en", MOST)


def test_a_workbook_that_fills_the_memory_is_stopped_and_the_next_one_is_read() -> None:
    made, book = io.BytesIO(), Workbook()
    book.active.merge_cells("A1:B2")
    book.save(made)
    with zipfile.ZipFile(made) as packed:
        files = {item.filename: packed.read(item).replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"') for item in packed.infolist()}
    bomb = _zip(files)
    assert len(bomb) < 10_000
    office = Office(1, 30.0)
    try:
        with pytest.raises(TooLarge, match="64 MiB of memory"):
            office.ask("", read_book, bomb, "xlsx", "zh", MOST, 64 * 1024**2)
        template = template_book("xlsx", "zh", None, is_empty=False)
        assert office.ask("", read_book, template, "xlsx", "zh", MOST, 64 * 1024**2)["facts"]["needs"] == 5
    finally:
        office.close()


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh;q=0.3", "zh"),
        ("zh;q=0", "en"),
        ("en;q=0.1, zh-Hans-CN;q=0.2", "zh"),
        ("*;;q=x,,zh;q=9", "en"),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(header: str | None, lang: str) -> None:
    assert lang_of(header) == lang


def _zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return made.getvalue()
