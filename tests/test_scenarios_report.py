"""Reports: a page that needs nothing from outside, a workbook with the same figures, in both languages."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from openpyxl import load_workbook

import scenarios
from matcher.console import run
from scenarios.cli import app
from scenarios.report import page as pages
from scenarios.report import parts_of, write_report
from scenarios.report.charts import community_map, curve, differences
from scenarios.report.names import axis_words
from scenarios.report.purchases import purchase_words
from scenarios.weihai.catalogue import NEED_KINDS
from scenarios.weihai.week import make_week
from scenarios.words import LANGS, Lang, has_word, skill_words, word
from tests.here import work_here

Json = dict[str, Any]
PACKAGE = Path(scenarios.__file__).parent
NASTY = "=1+1 <script>alert('x')</script> & $a_b$ {{ 7 * 7 }} 增加"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every part of a report, of one small week."""
    place = tmp_path_factory.mktemp("report")
    week, what_ifs = place / "week.json", place / "scenarios.json"
    week.write_text(make_week("community", 1).to_json())
    grid = {"id": "g", "over": {"n": [0, 1, 2]}, "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}]}
    scenario = {"id": "nasty", "title": NASTY, "edits": [{"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": 2}}]}
    what_ifs.write_text(json.dumps({"title": NASTY, "settings": {"chunks": 1, "seeds": 2}, "scenarios": [scenario], "grids": [grid]}))
    out = str(place / "out")
    for argv in (
        ["run", str(week), str(what_ifs), "-o", out],
        ["targets", str(week), "-o", out, "--no-effect"],
        ["invest", str(week), "-o", out, "--goal", "0.97", "--chunks", "1"],
        ["robust", str(week), "-o", out, "--draws", "3", "--replanned", "1", "--candidates", "0", "--chunks", "1"],
    ):
        with pytest.MonkeyPatch.context() as patch:
            work_here(patch)
            patch.setattr("scenarios.report.write_report", lambda *_: [])
            with pytest.raises(SystemExit) as ended:
                run(app, [*argv, "-q"])
        assert ended.value.code in (0, 1)
    return place / "out"


@pytest.fixture(scope="module")
def text_of(folder: Path) -> dict[Lang, str]:
    return {lang: pages.page(parts_of(folder), lang) for lang in LANGS}


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_needs_nothing_from_outside(text_of: dict[Lang, str], lang: Lang) -> None:
    text = text_of[lang]
    assert not re.search(r"<script|<link|<iframe|@import|url\(\s*['\"]?http", text)
    assert not re.search(r"(?:src|href)\s*=\s*['\"](?!#|data:)", text)
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in text


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_has_every_part_in_its_language(folder: Path, text_of: dict[Lang, str], lang: Lang) -> None:
    text = text_of[lang]
    for key in ("targets", "investment", "robustness", "differences"):
        assert word(lang, f"report.{key}") in text
    found = json.loads((folder / "comparison.json").read_text())
    assert found["scenarios"][0]["says"][lang] in text


def test_titles_are_text_wherever_they_stand(text_of: dict[Lang, str]) -> None:
    text = text_of["en"]
    assert "<script>" not in text
    assert "{{ 7 * 7 }}" in text
    assert "&lt;script&gt;" in text


def test_equal_figures_give_equal_pages(folder: Path, text_of: dict[Lang, str]) -> None:
    assert pages.page(parts_of(folder), "zh") == text_of["zh"]


def test_charts_are_sound_xml_with_words_for_those_who_do_not_see_them() -> None:
    points = {"x": [1.0, 2.0, 3.0], "y": [0.1, 0.5, 0.6], "low": [0.1, 0.4, 0.5], "high": [0.2, 0.6, 0.7], "knee": {"x": 2.0}}
    drawn = curve(points, 'a "label" & more', is_share=True, x_name="$n", y_name="服务率")
    root = ET.fromstring(drawn)
    assert root.attrib["aria-label"] == 'a "label" & more'
    assert "服务率" in drawn
    row = {"title": NASTY, "verdict": "noise", "measures": {"rate": {"difference": {"mean": 0.1, "low": None, "high": None}}}}
    assert NASTY in "".join(ET.fromstring(differences([row], "d", x_name="百分点")).itertext())


def test_a_map_names_the_communities_of_which_most_is_to_be_said() -> None:
    places = [{"id": f"c{k}", "name": f"{NASTY if k == 0 else '社区'}{k}", "x": 1.0 * k, "y": 0.0, "is_degrees": False} for k in range(9)]
    names = [f"c{k}" for k in range(9)]
    asked = dict.fromkeys(names, 10.0)
    shares = {name: 0.5 if name == "c8" else 1.0 for name in names}
    drawn = "".join(ET.fromstring(community_map(places, (shares, asked), "m", scale="服务率")).itertext())
    assert "社区8 50%" in drawn
    assert "社区7" not in drawn, "nothing is to be said of what is served in full"
    changes = {name: 0.01 * k * (-1.0) ** k for k, name in enumerate(names)}
    drawn = "".join(ET.fromstring(community_map(places, (changes, asked), "m", scale="变化", most=0.08)).itertext())
    assert [name in drawn for name in ("社区8 +8", "社区7 -7", "社区3 -3", "社区2")] == [True, True, True, False]


@pytest.mark.parametrize("lang", LANGS)
def test_what_a_grid_varies_is_told_in_words(folder: Path, text_of: dict[Lang, str], lang: Lang) -> None:
    rows = [row for row in json.loads((folder / "comparison.json").read_text())["scenarios"] if row["grid"] == "g"]
    says = axis_words(rows, lang)
    assert says == {"zh": "新增力量：志愿者（数量）", "en": "New people: volunteer (number)"}[lang]
    assert says in text_of[lang]
    assert "n=1" not in text_of[lang].split("<pre>")[0]
    # neither the name of the number nor a bare sign of percent is what an axis is called
    assert not re.search(r">\s*(?:n|%)\s*</text>|<!-- (?:n|%) -->", text_of[lang])


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ([{"edit": "no_shows", "rate": "$n"}], "Absences (rate)"),
        ([{"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": "$n"}}], "People who leave: volunteer (number)"),
        ([{"edit": "train", "who": {"count": 2}, "skills": {"lifting": "$n"}}], "Training (lifting)"),
        ([{"edit": "change_funds", "factor": 2}, {"edit": "change_funds", "add": "$n"}], "Funds (yuan more)"),
        ([{"edit": "close_venue", "ids": ["a"]}], "Value"),
    ],
)
def test_each_axis_names_the_edit_and_its_key(edits: list[Json], says: str) -> None:
    rows = [{"edits": json.loads(json.dumps(edits).replace('"$n"', str(value)))} for value in (0, 1)]
    assert axis_words(rows, "en") == says


@pytest.mark.parametrize("lang", LANGS)
def test_every_edit_has_a_name_in_words(lang: Lang) -> None:
    names = set(re.findall(r'edit: Literal\["(\w+)"\]', (PACKAGE / "edits" / "models.py").read_text()))
    assert len(names) == 20
    assert {name for name in names if not has_word(lang, f"edit.{name}")} == set()


@pytest.mark.parametrize("lang", LANGS)
def test_no_column_of_the_workbook_hides_its_head_and_no_measure_is_an_id(folder: Path, lang: Lang) -> None:
    write_report(folder, lang)
    book = load_workbook(folder / "report.xlsx")
    for sheet in book:
        for cell in sheet[1]:
            wide = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in str(cell.value))
            assert wide < sheet.column_dimensions[cell.column_letter].width, (sheet.title, cell.value)
    names = {str(row[1].value) for row in book[word(lang, "report.measures")].iter_rows(min_row=2)}
    assert not [name for name in names if re.match(r"[a-z_]+\.|[a-z]+_[a-z_]+$", name)]


@pytest.mark.parametrize("lang", LANGS)
def test_the_workbook_has_the_same_figures(folder: Path, lang: Lang) -> None:
    write_report(folder, lang)
    found = json.loads((folder / "comparison.json").read_text())
    book = load_workbook(folder / "report.xlsx")
    sheet = book[word(lang, "report.scenarios")]
    rates = [row[2].value for row in sheet.iter_rows(min_row=2)]
    assert rates == [row["measures"]["rate"]["mean"] for row in (found["base"], *found["scenarios"])]
    assert len(book.sheetnames) == len(set(book.sheetnames)) >= 15


def test_no_cell_of_the_workbook_is_a_formula(folder: Path) -> None:
    write_report(folder, "en")
    book = load_workbook(folder / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.value == NASTY for cell in cells)


def test_a_report_can_be_written_anew_and_an_empty_folder_is_refused(folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for place, code in ((folder, 0), (tmp_path, 2)):
        with pytest.raises(SystemExit) as ended:
            run(app, ["report", str(place), "--lang", "en"])
        assert ended.value.code == code
    assert (folder / "report.html").exists()
    assert "has none of comparison.json" in capfdbinary.readouterr().err.decode()


# words


def catalogue(lang: str) -> dict[str, str]:
    with (PACKAGE / "locale" / lang / "LC_MESSAGES" / "scenarios.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def test_both_languages_have_the_same_keys_and_take_the_same_values() -> None:
    zh, en = catalogue("zh"), catalogue("en")
    assert set(zh) == set(en)
    for key in zh:
        assert zh[key].strip()
        assert en[key].strip() or key == "report.warm"
        assert sorted(re.findall(r"{(\w+)}", zh[key])) == sorted(re.findall(r"{(\w+)}", en[key])), key


@pytest.mark.parametrize("lang", LANGS)
def test_the_compiled_words_are_those_of_their_source(lang: Lang) -> None:
    with (PACKAGE / "locale" / lang / "LC_MESSAGES" / "scenarios.mo").open("rb") as file:
        assert {str(message.id): str(message.string) for message in read_mo(file) if message.id} == catalogue(lang)


@pytest.mark.parametrize("lang", LANGS)
def test_every_key_that_the_code_and_the_page_ask_for_has_words(lang: Lang) -> None:
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py")) + (PACKAGE / "report" / "page.html").read_text()
    asked = set(re.findall(r'(?:word\(\s*lang,|\bw\()\s*"([a-z_]+\.[a-z_.]+[a-z_])"', text))
    asked |= {f"report.{key}" for keys in re.findall(r"head\(([^)]*)\)", text) for key in re.findall(r'"(\w+)"', keys)}
    assert len(asked) > 60
    assert {key for key in asked if not has_word(lang, key)} == set()


def test_a_key_without_words_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such"):
        word("en", "report.no_such")


@pytest.mark.parametrize("lang", LANGS)
def test_every_skill_of_a_made_week_has_a_name_and_any_other_is_called_by_its_id(lang: Lang) -> None:
    skills = {part.skill for kind in NEED_KINDS for part in (*kind.team, *(kind.first_team or ())) if part.skill}
    assert len(skills) > 15
    assert {skill for skill in skills if not has_word(lang, f"skill.{skill}")} == set()
    assert skill_words("zh", "sign_language") == "手语"
    assert skill_words(lang, "S12") == "S12"


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"code": "hour", "kind": "volunteer", "skill": "", "day": "2026-11-24", "community": "c1"}, "志愿者一小时"),
        ({"code": "fund", "fund": "f1", "yuan": 100.0}, "f1 100"),
        ({"code": "recruit", "skill": "bathing", "community": "c1", "weekday": 5}, "增加一位志愿者"),
        ({"code": "train", "provider": "p1", "skill": "bathing", "level": 2}, "p1 接受 助浴 培训至 2 级"),
        ({"code": "team", "visit": "n1#1", "community": "c1", "hours": [["volunteer", 2]]}, "为一次服务配齐人手: n1#1, c1; 志愿者 2 小时"),
    ],
    ids=lambda value: value["code"] if isinstance(value, dict) else "",
)
def test_each_purchase_is_said_in_words(item: dict[str, Any], says: str) -> None:
    found = purchase_words({**item, "gain": 1.0}, "zh")
    assert says in found
    assert not any(key in found for key in ("kind", "skill", "weekday", "provider", "hours", "volunteer"))
    assert purchase_words({**item, "gain": 1.0}, "en") != found
