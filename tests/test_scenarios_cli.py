"""The command line that makes weeks: what it prints where, and how it ends."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from matcher.console import run
from matcher.problem import Problem
from scenarios.cli import app
from scenarios.weihai.week import make_week

MAKE = ("make", "weihai")


class Made:
    """Runs a command and keeps how it ended."""

    def __init__(self, capfdbinary: pytest.CaptureFixture[bytes], *argv: str) -> None:
        with pytest.raises(SystemExit) as ended:
            run(app, list(argv))
        out, err = capfdbinary.readouterr()
        self.code, self.out, self.err = ended.value.code, out.decode(), err.decode()

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


def test_a_week_goes_to_stdout_and_nothing_else_does(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    made = Made(capfdbinary, *MAKE, "--size", "community", "--seed", "3")
    assert (made.code, made.err) == (0, "")
    assert Problem.parse(made.out) == make_week("community", 3)


def test_a_file_is_summed_up_on_stdout(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    path = tmp_path / "week.json"
    made = Made(capfdbinary, *MAKE, "--size", "street", "--seed", "2", "-o", str(path))
    problem = Problem.read(path)
    assert made.code == 0
    assert made.json == {
        "file": str(path),
        "size": "street",
        "seed": 2,
        "needs": len(problem.needs),
        "visits": 300,
        "providers": 60,
        "shifts": len(problem.shifts),
        "digest": problem.digest,
    }
    assert "300 visits, 60 providers" in made.err


def test_a_name_that_ends_in_gz_is_packed_and_the_same_bytes_every_time(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    for name in ("a.json.gz", "b.json.gz"):
        assert Made(capfdbinary, *MAKE, "--size", "community", "-o", str(tmp_path / name)).code == 0
    data = (tmp_path / "a.json.gz").read_bytes()
    assert gzip.decompress(data).decode() == make_week("community").to_json() + "\n"
    assert data == (tmp_path / "b.json.gz").read_bytes()


def test_place_scarcity_and_the_plan_in_force_reach_the_week(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    made = Made(capfdbinary, *MAKE, "--where", "张村镇", "--scarcity", "0.3", "--in-force")
    assert made.code == 0
    assert Problem.parse(made.out) == make_week("street", 1, where="张村镇", scarcity=0.3, in_force=True)


@pytest.mark.parametrize(
    ("argv", "messages"),
    [
        (["--size", "town"], ["--size should be one of community, street, district, city, was 'town'"]),
        (["--seed", "-1", "--scarcity", "1"], ["--seed should be a whole number", "--scarcity should be a number from 0 to below 1, was 1.0"]),
        (["--where", "北京"], ["--where should be a community, street or district of Weihai"]),
    ],
)
def test_what_cannot_be_made_is_refused_by_the_name_of_the_option(
    capfdbinary: pytest.CaptureFixture[bytes], argv: list[str], messages: list[str]
) -> None:
    made = Made(capfdbinary, *MAKE, *argv)
    faults = made.json["error"]["faults"]
    assert made.code == 2
    assert len(faults) == len(messages)
    for message, fault in zip(messages, faults, strict=True):
        assert message in fault["message"]
        assert message in made.err


def test_a_seed_that_is_no_number_is_a_fault_of_the_command_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    made = Made(capfdbinary, *MAKE, "--seed", "one")
    assert made.code == 2
    assert made.json["error"]["what"] == "command line"


@pytest.mark.parametrize(("name", "message"), [("", "is a directory"), ("none/week.json", "does not exist")])
def test_a_file_that_cannot_be_written_is_refused_before_any_work(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setattr("scenarios.weihai.week.make_week", lambda *_, **__: pytest.fail("work was done"))
    made = Made(capfdbinary, *MAKE, "-o", str(tmp_path / name))
    assert made.code == 2
    assert made.json["error"]["what"] == "file"
    assert message in made.err


def test_help_names_every_size(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    made = Made(capfdbinary, *MAKE, "-h")
    assert made.code == 0
    assert all(size in made.out for size in ("community", "street", "district", "city"))


# what-ifs


@pytest.fixture
def week_file(tmp_path: Path) -> str:
    path = tmp_path / "week.json"
    path.write_text(make_week("community", 1).to_json())
    return str(path)


def what_ifs(tmp_path: Path, text: str) -> str:
    path = tmp_path / "what-ifs.yaml"
    path.write_text(text)
    return str(path)


GOOD = """
settings: {chunks: 1, seeds: 2}
scenarios:
  - {id: fewer, edits: [{edit: remove_providers, who: {kinds: [volunteer], count: 1}}]}
  - {id: nobody, edits: [{edit: no_shows, rate: 1}]}
"""
BAD = """
scenarios:
  - id: a
    edits: [{edit: remove_providers, who: {ids: [ghost]}}, {edit: train, who: {kinds: [volunteer]}, skills: {juggling: 2}}]
  - {id: b, edits: [{edit: change_funds, ids: [gold], factor: 2}]}
"""


def test_a_file_of_what_ifs_is_checked_against_the_week(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str) -> None:
    made = Made(capfdbinary, "validate", week_file, what_ifs(tmp_path, GOOD))
    assert made.code == 0
    assert [(row["id"], row["way"]) for row in made.json["scenarios"]] == [("fewer", "tighter"), ("nobody", "tighter")]
    assert made.json["base"]["digest"] == make_week("community", 1).digest


@pytest.mark.parametrize("command", ["validate", "run"])
def test_every_fault_of_every_scenario_is_told_at_once(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str, command: str
) -> None:
    made = Made(capfdbinary, command, week_file, what_ifs(tmp_path, BAD), *(["-o", str(tmp_path / "out")] if command == "run" else []))
    assert made.code == 2
    assert [fault["path"] for fault in made.json["error"]["faults"]] == [
        "/scenarios/0/edits/0/who/ids/0",
        "/scenarios/0/edits/1/skills",
        "/scenarios/1/edits/0/ids/0",
    ]
    assert "ghost" in made.err


def test_the_week_of_a_scenario_can_be_had(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str) -> None:
    file = what_ifs(tmp_path, GOOD)
    made = Made(capfdbinary, "apply", week_file, file, "nobody")
    assert made.code == 0
    assert not any(shift.provider.kind == "volunteer" for shift in Problem.parse(made.out).shifts)
    lost = Made(capfdbinary, "apply", week_file, file, "somebody")
    assert lost.code == 2
    assert "there are fewer, nobody" in lost.err


def test_a_run_prints_the_short_of_it_and_leaves_the_rest_in_its_folder(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenarios.report.write_report", lambda *_: ["report.html", "report.xlsx"])
    out = tmp_path / "deep" / "out"
    made = Made(capfdbinary, "run", week_file, what_ifs(tmp_path, GOOD), "-o", str(out), "--jobs", "1", "--lang", "zh")
    assert made.code == 0
    assert made.json["files"] == ["comparison.json", "report.html", "report.xlsx"]
    assert [row["verdict"] for row in made.json["scenarios"]][1] == "worse"
    assert json.loads((out / "comparison.json").read_text())["settings"]["chunks"] == 1
    assert "2 个方案 × 2 次重复" in made.err


def test_without_the_packages_of_a_report_its_json_is_written_all_the_same(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenarios.report.missing", lambda: ("jinja2",))
    made = Made(capfdbinary, "targets", week_file, "--no-effect", "-o", str(tmp_path), "--lang", "en", "-q")
    assert made.code == 0
    assert "jinja2" in made.err
    assert (tmp_path / "targets.json").exists()
    assert Made(capfdbinary, "report", str(tmp_path)).code == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [("scenarios: [", "syntax"), ("scenarios: {}", "type"), ("", "type"), ("{", "syntax"), ("format: sishe-scenarios/2", "range")],
)
def test_what_is_no_file_of_what_ifs_is_refused(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str, text: str, code: str
) -> None:
    made = Made(capfdbinary, "validate", week_file, what_ifs(tmp_path, text))
    assert made.code == 2
    assert made.json["error"]["faults"][0]["code"] == code


def test_a_folder_that_cannot_be_made_and_a_file_that_is_not_there_are_refused(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, week_file: str
) -> None:
    file = what_ifs(tmp_path, GOOD)
    assert Made(capfdbinary, "run", week_file, file, "-o", file).code == 2
    assert Made(capfdbinary, "run", week_file, str(tmp_path / "none.yaml"), "-o", str(tmp_path)).code == 2
    assert Made(capfdbinary, "targets", week_file, "--year", "2016").code == 2


@pytest.mark.parametrize("what", ["scenarios", "targets"])
def test_schemas_are_printed_and_name_their_format(capfdbinary: pytest.CaptureFixture[bytes], what: str) -> None:
    made = Made(capfdbinary, "schema", what)
    assert made.json["properties"]["format"]["const"] == f"sishe-{what}/1"


# workbooks


@pytest.mark.parametrize("form", ["xlsx", "zip"])
def test_a_base_week_may_be_a_workbook(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, form: str) -> None:
    from matcher.books.files import week_bytes

    problem = make_week("community", 1)
    book, scenarios = tmp_path / f"week.{form}", tmp_path / "s.yaml"
    book.write_bytes(week_bytes(problem, book, "en"))
    scenarios.write_text("scenarios: [{id: fewer, edits: [{edit: remove_providers, who: {kinds: [volunteer], count: 2}}]}]")
    made = Made(capfdbinary, "validate", str(book), str(scenarios))
    assert (made.code, made.json["base"]["visits"]) == (0, len(problem.visits))
    changed = tmp_path / f"changed.{form}"
    made = Made(capfdbinary, "apply", str(book), str(scenarios), "fewer", "-o", str(changed))
    assert made.json["shifts"] < len(problem.shifts)
    again = Made(capfdbinary, "validate", str(changed), str(scenarios))
    assert again.json["base"]["shifts"] == made.json["shifts"]


def test_a_fault_of_a_workbook_names_its_cell(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    book = tmp_path / "week.xlsx"
    book.write_bytes(b"PK no workbook")
    made = Made(capfdbinary, "targets", str(book), "--no-effect")
    assert (made.code, made.json["error"]["what"]) == (2, "workbook")
