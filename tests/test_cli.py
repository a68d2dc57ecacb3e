"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from matcher import progress
from matcher.cli import app
from matcher.console import run, say
from matcher.plan import Plan, Result
from matcher.problem import Problem

EXAMPLE = Path(__file__).parent / "data" / "plan.json"

WEEK: dict[str, Any] = {
    "format": "sishe-problem/1",
    "horizon": {"start": "2026-11-23"},
    "coordinates": "plane",
    "communities": [{"id": "c", "location": {"x": 0, "y": 0}}],
    "needs": [
        {
            "id": "meal",
            "title": "送餐",
            "community": "c",
            "category": "elderly",
            "minutes": 30,
            "windows": [{"day": "mon", "earliest": "09:00", "latest": "11:00"}],
            "team": [{"id": "cook", "kinds": ["volunteer"]}],
        }
    ],
    "providers": [
        {"id": "v", "kind": "volunteer", "location": {"x": 0, "y": 0}, "shifts": [{"day": "mon", "from": "08:00", "to": "12:00"}]},
    ],
}


class Ended:
    """How a command ended, and what it said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def faults(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.json["error"]["faults"]
        return found


Matcher = Callable[..., Ended]


@pytest.fixture
def matcher(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Matcher:
    """Run a command line in this process."""
    monkeypatch.setenv("LC_ALL", "C")

    def call(*argv: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            run(app, [str(word) for word in argv])
        out, err = capfd.readouterr()
        assert "Traceback" not in err or "--debug" in argv
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out, err)

    return call


@pytest.fixture
def week(tmp_path: Path) -> Path:
    path = tmp_path / "week.json"
    path.write_text(json.dumps(WEEK))
    return path


def found(plan: Plan, **changes: Any) -> Result:
    known: dict[str, Any] = {
        "plan": plan, "status": "feasible", "cost": 1234, "terms": {"travel": 1234}, "seed": 1, "threads": 1, "chunks": 3, "seconds": 0.5,
        "stop": "chunks", "version": "0", "versions": {},
    }  # fmt: skip
    return Result(**{**known, **changes})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An engine that answers at once with the example plan, and remembers what it was asked."""
    seen = SimpleNamespace(asked={}, answer=lambda **_: found(Plan.read(EXAMPLE)))

    def solve(problem: Problem, **options: Any) -> Result:
        seen.asked = {"problem": problem, **options}
        answered: Result = seen.answer(**options)
        return answered

    module = ModuleType("matcher.solve")
    module.solve = solve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "matcher.solve", module)
    return seen


# Solve


def test_solve_writes_the_plan_to_a_file_and_the_figures_to_stdout(matcher: Matcher, engine: SimpleNamespace, week: Path, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    ended = matcher("solve", week, "--budget", 3, "--chunks", 7, "--seed", 5, "--threads", 1, "-o", target)
    assert ended.code == 0
    assert target.read_text() == Plan.read(EXAMPLE).to_json() + "\n"
    assert ended.json["cost"] == 1234
    assert ended.json["file"] == str(target)
    assert "plan" not in ended.json
    assert {key: engine.asked[key] for key in ("budget", "chunks", "seed", "threads", "start")} == {
        "budget": 3.0, "chunks": 7, "seed": 5, "threads": 1, "start": None,
    }  # fmt: skip
    assert engine.asked["problem"] == Problem.build(WEEK)
    assert "3 of 5 visits placed" in ended.err


def test_solve_without_a_file_writes_the_whole_result_which_can_be_read_as_a_plan(matcher: Matcher, engine: SimpleNamespace, week: Path) -> None:
    ended = matcher("solve", week)
    assert ended.code == 0
    assert Plan.parse(ended.out) == Plan.read(EXAMPLE)
    assert ended.json["status"] == "feasible"


def test_solve_searches_for_ten_seconds_unless_told_otherwise(matcher: Matcher, engine: SimpleNamespace, week: Path) -> None:
    matcher("solve", week)
    assert engine.asked["budget"] == 10.0
    matcher("solve", week, "--chunks", 2)
    assert engine.asked["budget"] is None


def test_solve_starts_from_a_plan(matcher: Matcher, engine: SimpleNamespace, week: Path) -> None:
    matcher("solve", week, "--start", EXAMPLE)
    assert engine.asked["start"] == Plan.read(EXAMPLE)


def test_quiet_says_nothing(matcher: Matcher, engine: SimpleNamespace, week: Path) -> None:
    assert matcher("solve", week, "--quiet").err == ""


@pytest.mark.parametrize("budget", ["-1", "nan", "inf", "soon"])
def test_a_budget_that_is_no_time_is_refused(matcher: Matcher, engine: SimpleNamespace, week: Path, budget: str) -> None:
    ended = matcher("solve", week, "--budget", budget)
    assert ended.code == 2
    assert ended.json["error"]["what"] == "command line"
    assert "budget" in ended.err


def test_progress_is_a_line_for_each_phase_where_stderr_is_no_terminal(
    matcher: Matcher, engine: SimpleNamespace, week: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = threading.Event()
    lines = progress._Lines.show

    def show(self: progress._Lines, seen: Any, lang: Any) -> None:
        lines(self, seen, lang)
        shown.set()

    def answer(on_progress: Callable[[Any], None], **_: Any) -> Result:
        for phase, assigned in (("compile kernels", 0), ("search", 3)):
            shown.clear()
            on_progress(SimpleNamespace(seconds=0.5, chunks=1, cost=98765, assigned=assigned, visits=5, phase=phase, bound=None))
            assert shown.wait(30)
        return found(Plan.read(EXAMPLE))

    monkeypatch.setattr(progress._Lines, "show", show)
    monkeypatch.setattr(progress, "TICK", 0.001)
    engine.answer = answer
    talk = matcher("solve", week).err.splitlines()
    assert talk[:2] == ["compiling the search (once; kept for later runs), 0.5 s", "searching: 3 of 5 visits placed, cost 98,765, 0.5 s"]
    assert len(talk) == 3


def test_an_interrupt_lets_the_search_end_and_keeps_its_plan(
    matcher: Matcher, engine: SimpleNamespace, week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = threading.Event()

    def heard(text: str) -> None:
        say(text)
        said.set()

    monkeypatch.setattr(progress, "say", heard)

    def answer(cancelled: Callable[[], bool], **_: Any) -> Result:
        assert not cancelled()
        os.kill(os.getpid(), signal.SIGINT)
        assert said.wait(30)
        assert cancelled()
        return found(Plan.read(EXAMPLE), status="stopped")

    engine.answer = answer
    ended = matcher("solve", week, "-o", tmp_path / "plan.json")
    assert ended.code == 0
    assert ended.json["status"] == "stopped"
    assert "Stopping" in ended.err
    assert Plan.read(tmp_path / "plan.json") == Plan.read(EXAMPLE)


def test_a_mistake_of_the_engine_is_one_line_and_leaves_no_file(matcher: Matcher, engine: SimpleNamespace, week: Path, tmp_path: Path) -> None:
    def answer(**_: Any) -> Result:
        raise ZeroDivisionError("by zero\nsecond line")

    engine.answer = answer
    ended = matcher("solve", week, "-o", tmp_path / "plan.json")
    assert ended.code == 3
    assert ended.json["error"]["what"] == "program"
    assert ended.err.splitlines()[0] == "Internal error: ZeroDivisionError: by zero"
    assert "--debug" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["week.json"]
    assert "Traceback" in matcher("solve", week, "--debug").err


# Files


def test_every_fault_of_a_week_is_listed_with_its_path(matcher: Matcher, tmp_path: Path) -> None:
    broken = json.loads(json.dumps(WEEK))
    broken["needs"][0]["minutes"] = -5
    broken["providers"][0]["kind"] = "robot"
    path = tmp_path / "week.json"
    path.write_text(json.dumps(broken))
    commands: tuple[tuple[object, ...], ...] = (("solve", path), ("check", path, EXAMPLE))
    for command in commands:
        ended = matcher(*command)
        assert ended.code == 2
        assert {"/needs/0/minutes", "/providers/0/kind"} <= {fault["path"] for fault in ended.faults}
        assert ended.json["error"]["file"] == str(path)
        assert "/needs/0/minutes" in ended.err
    ended = matcher("validate", path)
    assert ended.code == 2
    assert ended.json["is_valid"] is False
    assert {"/needs/0/minutes", "/providers/0/kind"} <= {fault["path"] for fault in ended.json["faults"]}


def test_a_valid_week_is_said_to_be_valid(matcher: Matcher, week: Path) -> None:
    ended = matcher("validate", week)
    assert ended.code == 0
    assert ended.json["is_valid"] is True
    assert (ended.json["needs"], ended.json["visits"], ended.json["providers"], ended.json["shifts"]) == (1, 1, 1, 1)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x81\x82", b"", b"{", b"[" * 100_000, b"\x1f\x8b broken gzip"])
@pytest.mark.parametrize("command", ["validate", "show", "solve"])
def test_a_file_that_is_no_json_is_refused(matcher: Matcher, engine: SimpleNamespace, tmp_path: Path, command: str, content: bytes) -> None:
    path = tmp_path / "input.json"
    path.write_bytes(content)
    ended = matcher(command, path)
    assert ended.code == 2
    assert str(path) in ended.err


def test_missing_files_and_folders_are_named(matcher: Matcher, week: Path, tmp_path: Path) -> None:
    ended = matcher("show", tmp_path / "none.json")
    assert (ended.code, ended.err) == (2, f"{tmp_path / 'none.json'}: no such file or directory\n")
    assert ended.json["error"]["file"] == str(tmp_path / "none.json")
    assert "is a directory" in matcher("show", tmp_path).err


def test_a_target_that_cannot_be_written_is_refused_before_the_search(matcher: Matcher, engine: SimpleNamespace, week: Path, tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "none" / "plan.json", week):
        ended = matcher("solve", week, "-o", target)
        assert ended.code == 2
        assert ended.json["error"]["file"] == str(target)
    assert engine.asked == {}
    assert json.loads(week.read_text()) == WEEK


def test_one_standard_input_is_not_read_twice(matcher: Matcher) -> None:
    ended = matcher("check", "-", "-")
    assert ended.code == 2
    assert "standard input" in ended.err


@pytest.mark.parametrize(
    "argv", [("solve",), ("solve", "a", "b"), ("fly",), ("show", "--by", "colour", "x"), ("show", "--lang", "fr", "x"), ("schema", "x")]
)
def test_a_command_line_that_makes_no_sense_is_refused(matcher: Matcher, argv: tuple[str, ...]) -> None:
    ended = matcher(*argv)
    assert ended.code == 2
    assert ended.json["error"]["what"] == "command line"
    assert ended.json["error"]["message"]
    assert ended.err


# Tables, pictures, rules, schemas


@pytest.mark.parametrize("by", ["day", "provider", "community"])
def test_show_prints_the_plan_in_the_language_asked_for(matcher: Matcher, by: str) -> None:
    assert "已安排 3/5 次服务" in matcher("show", EXAMPLE, "--lang", "zh", "--by", by).out
    assert "3 of 5 visits placed" in matcher("show", EXAMPLE, "--lang", "en", "--by", by).out
    assert "3 of 5 visits placed" in matcher("show", EXAMPLE, "--by", by).out


def test_show_reads_a_result_too(matcher: Matcher, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"cost": 1, "plan": json.loads(EXAMPLE.read_text())}))
    assert matcher("show", path).out == matcher("show", EXAMPLE).out


def test_picture_draws_to_a_file_or_to_stdout(matcher: Matcher, tmp_path: Path) -> None:
    ended = matcher("picture", EXAMPLE)
    assert ended.out.startswith("<svg")
    assert matcher("picture", EXAMPLE, "-o", tmp_path / "plan.svg").out == ""
    assert (tmp_path / "plan.svg").read_text() == ended.out


def test_rules_lists_every_rule_and_term(matcher: Matcher) -> None:
    from matcher.rules import Rule, Term

    listed = matcher("rules", "--json", "--lang", "zh").json
    assert [rule["code"] for rule in listed["rules"]] == list(Rule)
    assert [term["code"] for term in listed["terms"]] == list(Term)
    assert "技能" in matcher("rules", "--lang", "zh").out
    assert "seats" in matcher("rules").out


@pytest.mark.parametrize(("what", "key"), [("problem", "needs"), ("plan", "assignments")])
def test_schema_is_a_json_schema_of_the_format(matcher: Matcher, what: str, key: str) -> None:
    schema = matcher("schema", what).json
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert key in schema["properties"]
    assert schema["additionalProperties"] is False


# As a program


def program(*argv: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matcher", *map(str, argv)], capture_output=True, text=True, encoding="utf-8", timeout=120, check=False, **options
    )


def test_help_names_every_command_and_the_exit_codes() -> None:
    ended = program("--help")
    assert ended.returncode == 0
    for part in ("solve", "check", "show", "picture", "validate", "schema", "rules", "Exit codes"):
        assert part in ended.stdout


def test_help_and_tables_load_no_part_of_the_engine() -> None:
    code = (
        "import sys, runpy; sys.argv = ['matcher', *sys.argv[1:]]\n"
        "try: runpy.run_module('matcher', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print(sorted({'numba', 'ortools', 'networkx', 'scipy', 'llvmlite'} & set(sys.modules)), file=sys.stderr)"
    )
    for argv in (["--help"], ["show", str(EXAMPLE)], ["rules"], ["--version"]):
        ended = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, timeout=120, check=True)
        assert ended.stderr == "[]\n", argv


def test_output_is_utf8_whatever_the_locale() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    assert "多功能厅" in program("show", EXAMPLE, env=environment).stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run([sys.executable, "-m", "matcher", "rules"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(write)
    assert ended.stderr == ""
    assert ended.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([sys.executable, "-m", "matcher", "rules"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("The output cannot be written: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_plan_can_be_read_from_standard_input() -> None:
    ended = program("show", "-", input=EXAMPLE.read_text())
    assert ended.stdout == program("show", EXAMPLE).stdout
    assert ended.returncode == 0
    assert program("show", "-", input="{").returncode == 2
