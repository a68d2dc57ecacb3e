"""`matcher replan`, `recommend`, `evaluate` and `what-if`: data on stdout, words on stderr, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.check import check
from matcher.cli import main
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.words import LANGS
from tests.weeks import alone, need, plan, resident, serve, visit, volunteer, week

PROBLEM = week([need("n"), need("m")], [volunteer("a"), volunteer("b")])
BOTH = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "tue 09:00")))
CLASH = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 09:30")))
ILL = {"now": "2026-11-23T07:00", "events": [{"kind": "absent", "provider": "a", "day": "mon"}]}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    new = {key: value for key, value in need("new", resident="s", urgency=5).items() if key != "location"}
    made = {
        "week": PROBLEM.to_json(),
        "plan": BOTH.to_json(),
        "clash": CLASH.to_json(),
        "one": alone("a").to_json(),
        "events": json.dumps(ILL),
        "wrong": json.dumps([{"kind": "absent", "provider": "ghost"}, {"kind": "late", "visit": "n#1"}]),
        "need": json.dumps(new),
        "resident": json.dumps(resident("s")),
    }
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in (*made, "out", "after")}


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, Any, str]:
    monkeypatch.setattr("sys.argv", ["matcher", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(out), err


@pytest.mark.parametrize("lang", LANGS)
def test_an_absence_is_planned_around_and_the_new_week_and_plan_are_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str
) -> None:
    options = ("-o", files["out"], "--week", files["after"], "--lang", lang, "--promise", "m#1", "--notice", "30", "--price", "7", "--chunks", "1")
    code, data, words = run(capsys, monkeypatch, "replan", files["week"], files["plan"], files["events"], *options)
    assert code == 0
    assert data["difference"]["counts"] == {"team": 1}
    assert "plan" not in data
    assert check(Problem.read(files["after"]), Plan.read(files["out"])).cost == data["result"]["cost"]
    assert "n#1" in words
    assert "{" not in words


def test_without_a_file_the_plan_is_in_the_answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    _, data, words = run(capsys, monkeypatch, "replan", files["week"], files["plan"], files["events"], "--quiet", "--now", "2026-11-23T09:30")
    assert {item["visit"] for item in data["plan"]["assignments"]} == {"n#1", "m#1"}
    assert words == ""


def test_wrong_events_are_listed_with_their_paths(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    code, data, words = run(capsys, monkeypatch, "replan", files["week"], files["plan"], files["wrong"])
    assert code == 2
    assert [fault["path"] for fault in data["error"]["faults"]] == ["/events/0/provider", "/events/1"]
    assert "ghost" in words


@pytest.mark.parametrize("lang", LANGS)
def test_teams_and_times_are_recommended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str
) -> None:
    code, data, words = run(capsys, monkeypatch, "recommend", files["week"], files["one"], "m#1", "--lang", lang, "--top", "3")
    assert code == 0
    assert len(data["options"]) == 3
    assert "m#1" in words
    _, data, _ = run(capsys, monkeypatch, "recommend", files["week"], files["one"], "--need", files["need"], "--resident", files["resident"])
    assert data["visit"] == "new#1"
    assert data["options"]


@pytest.mark.parametrize(
    ("options", "said"), [((), "--need should be given"), (("m#1", "--now", "noon"), "--now should be"), (("ghost#1",), "no visit 'ghost#1'")]
)
def test_a_recommendation_of_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    code, data, _ = run(capsys, monkeypatch, "recommend", files["week"], files["plan"], *options)
    assert code == 2
    assert said in data["error"]["message"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_plan_is_judged_and_the_exit_code_says_whether_it_keeps_the_rules(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str
) -> None:
    code, data, words = run(capsys, monkeypatch, "evaluate", files["week"], files["clash"], "--lang", lang)
    assert code == 1
    assert data["violations"][0]["rule"] == "travel"
    assert len(data["suggestions"][0]["mended"]) == 1
    assert "m#1" in words
    assert run(capsys, monkeypatch, "evaluate", files["week"], files["plan"], "--top", "0", "--lang", lang)[0] == 0


@pytest.mark.parametrize("lang", LANGS)
def test_a_move_is_tried_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str) -> None:
    move = ("what-if", files["week"], files["plan"], "m#1", "--lang", lang)
    code, data, words = run(capsys, monkeypatch, *move, "--at", "2026-11-23T09:30")
    assert (code, data["is_allowed"]) == (1, False)
    assert "m#1" in words
    code, data, _ = run(capsys, monkeypatch, *move, "--to", "b", "--at", "2026-11-23T09:30", "--quiet")
    assert (code, data["is_allowed"], data["after"]["team"][0]["provider"]) == (0, True, "b")
    assert run(capsys, monkeypatch, *move, "--out")[1]["after"] is None
