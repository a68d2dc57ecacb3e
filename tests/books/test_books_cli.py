"""The commands for workbooks, calendars and sheets, from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from matcher.cli import main
from matcher.plan import Plan
from matcher.problem import Problem


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["matcher", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_template_can_be_planned_as_it_is_and_the_plan_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    week, plan, feeds, page = tmp_path / "week.xlsx", tmp_path / "plan.xlsx", tmp_path / "feeds", tmp_path / "sheets.html"
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("id,name,phone\nr1,王奶奶,0631\n", encoding="utf-8")
    assert run(monkeypatch, "template", week, "--lang", "zh", "--start", "2026-11-30") == 0
    assert run(monkeypatch, "solve", week, "--chunks", 5, "--threads", 1, "-q", "-o", plan) == 0
    capfd.readouterr()
    assert run(monkeypatch, "check", week, plan) == 0
    assert run(monkeypatch, "calendar", week, plan, "-o", feeds) == 0
    assert run(monkeypatch, "calendar", week, plan, "--provider", "v1", "-o", tmp_path / "one.ics") == 0
    assert run(monkeypatch, "sheets", week, plan, "--contacts", contacts, "-o", page) == 0
    assert {path.name for path in feeds.iterdir()} >= {"v1.ics", "s1.ics", "o1.ics"}
    assert (tmp_path / "one.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert "王奶奶" in page.read_text(encoding="utf-8")
    captured = capfd.readouterr()
    assert "王奶奶" not in captured.out
    assert "r2" in captured.err


def test_a_workbook_turns_into_json_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = tmp_path / "a.xlsx", tmp_path / "b.json", tmp_path / "c.zip"
    assert run(monkeypatch, "template", first, "--lang", "en") == 0
    assert run(monkeypatch, "template", second, "--from", first) == 0
    assert run(monkeypatch, "template", third, "--from", second, "--lang", "zh") == 0
    assert run(monkeypatch, "template", tmp_path / "d.json", "--from", third) == 0
    assert Problem.read(tmp_path / "d.json") == Problem.read(second)


def test_faults_are_told_with_their_cells_in_words_and_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "week.xlsx"
    assert run(monkeypatch, "template", path, "--lang", "zh") == 0
    book = load_workbook(path)
    book["需求"]["F2"] = 9
    book["人员"]["C3"] = "宇航员"
    book["需求"]["AA1"], book["需求"]["AA2"] = "电话", 1
    book.save(path)
    capfd.readouterr()
    assert run(monkeypatch, "validate", path) == 2
    captured = capfd.readouterr()
    answer = json.loads(captured.out)
    assert [fault["path"] for fault in answer["faults"]] == ["需求!F2", "人员!C3"]
    assert answer["is_valid"] is False
    assert "需求!F2" in captured.err
    assert run(monkeypatch, "solve", path, "-q") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("template", "x.json"),
        ("template", "x.xlsx", "--start", "soon"),
        ("template", "x.xlsx", "--from", "nothing.json"),
        ("template", "no/x.xlsx"),
        ("solve", "nothing.xlsx"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == 2
    assert list(tmp_path.iterdir()) == []


def test_calendars_ask_for_a_zone_a_person_and_answers_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    week, plan = tmp_path / "w.json", tmp_path / "p.json"
    week.write_text('{"horizon": {"start": "2026-11-23"}}', encoding="utf-8")
    plan.write_text(Plan().to_json(), encoding="utf-8")
    (tmp_path / "no.json").write_text('{"renamed": 1}', encoding="utf-8")
    for wrong in (("--zone", "Mars/Olympus"), ("--provider", "nobody"), ("--replanned", tmp_path / "no.json"), ("--replanned", week)):
        assert run(monkeypatch, "calendar", week, plan, "-o", tmp_path / "f", *wrong) == 2
    assert run(monkeypatch, "sheets", week, plan, "--by", "moon") == 2


def test_the_command_line_starts_without_the_libraries_of_workbooks() -> None:
    code = "import sys, matcher, matcher.cli; print([m for m in sys.modules if m.startswith(('openpyxl', 'icalendar', 'jinja2', 'matcher.books'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_workbook_that_somebody_may_have_filled_in_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "week.zip"
    path.write_bytes(b"a morning's work")
    assert run(monkeypatch, "template", path) == 2
    assert path.read_bytes() == b"a morning's work"
    assert run(monkeypatch, "template", path, "--force") == 0
    assert path.read_bytes().startswith(b"PK")
