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
