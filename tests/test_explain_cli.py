"""`matcher explain`, `prices`, `recruits` and `diff`: data on stdout, words on stderr, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.cli import main
from matcher.plan import Plan
from matcher.words import LANGS
from tests.weeks import need, plan, role, serve, shift, visit, volunteer, week, worker

PROBLEM = week(
    [need("n", urgency=2), need("m", urgency=5), need("k", role(skills={"care": 2}))],
    [volunteer("a", shifts=[shift("08:00", "09:30", day="mon")]), worker("w")],
)
GIVEN = plan(visit("m#1", serve("a", "mon 08:00")))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    broken = plan(visit("n#1", serve("w", "mon 08:00")))
    made = {"week": PROBLEM.to_json(), "plan": GIVEN.to_json(), "empty": Plan().to_json(), "broken": broken.to_json()}
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in made}


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, Any, str]:
    monkeypatch.setattr("sys.argv", ["matcher", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(out), err


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["n#1", "m#1", "k#1"])
def test_a_visit_is_explained_in_data_and_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str, name: str
) -> None:
    code, data, words = run(capsys, monkeypatch, "explain", files["week"], files["plan"], name, "--lang", lang)
    assert code == 0
    assert data["verdict"] == {"n#1": "crowded_out", "m#1": "assigned", "k#1": "impossible"}[name]
    assert name in words
    assert "{" not in words


def test_words_may_be_left_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    _, _, words = run(capsys, monkeypatch, "explain", files["week"], files["plan"], "n#1", "-q")
    assert words == ""


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("command", ["prices", "recruits"])
def test_prices_are_given_in_data_and_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str, command: str
) -> None:
    given = ("--plan", files["plan"], "--top", "2", "--repeats", "1", "--lang", lang)
    code, data, words = run(capsys, monkeypatch, command, files["week"], *given)
    assert code == 0
    assert len(data["prices"][0]["curve"]) == (3 if command == "prices" else 1)
    assert len(words.splitlines()) > 3
    assert "{" not in words


def test_prices_make_a_plan_where_none_is_given(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    code, data, _ = run(capsys, monkeypatch, "prices", files["week"], "--budget", "0.2", "--top", "1", "--repeats", "1", "-q")
    assert code == 0
    assert data["prices"]


@pytest.mark.parametrize("lang", LANGS)
def test_two_plans_are_compared_in_data_and_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], lang: str
) -> None:
    code, data, words = run(capsys, monkeypatch, "diff", files["week"], files["empty"], files["plan"], "--lang", lang)
    assert (code, data["counts"]) == (0, {"assigned": 1})
    assert "m#1" in words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explain", "week", "plan", "x#1"), "no visit 'x#1'"),
        (("explain", "week", "broken", "n#1"), "breaks"),
        (("prices", "week", "--plan", "broken"), "breaks"),
        (("explain", "-", "-", "n#1"), "standard input"),
        (("diff", "week", "plan", "week"), "plan"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    code, data, words = run(capsys, monkeypatch, *(files.get(name, name) for name in arguments))
    assert code == 2
    assert said in words
    assert data["error"]["faults"]
