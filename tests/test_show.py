"""Plans as tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from matcher.plan import Plan
from matcher.show import By, percent, render, sections_of
from matcher.words import LANGS, Lang

EXAMPLE = Path(__file__).parent / "data" / "plan.json"


@pytest.fixture
def data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return loaded


@pytest.fixture
def plan(data: dict[str, Any]) -> Plan:
    return Plan.model_validate(data)


def shown(plan: Plan, lang: Lang = "en", by: By = "day", width: int | None = None) -> str:
    return render(sections_of(plan, lang, by), width=width)[0]


def line_with(text: str, *parts: str) -> str:
    found = [line for line in text.splitlines() if all(part in line for part in parts)]
    assert len(found) == 1, (parts, found)
    return found[0]


@pytest.mark.parametrize("by", ["day", "provider", "community"])
@pytest.mark.parametrize("lang", LANGS)
def test_every_service_and_every_visit_left_out_is_shown_in_every_view(plan: Plan, lang: Lang, by: By) -> None:
    text = shown(plan, lang, by)
    for time in ("08:30-09:30", "08:30-09:00", "11:00-11:45", "14:00-15:30"):
        assert text.count(time) == 1
    for visit in ("meal-li#2", "night-zhao#1"):
        assert text.count(visit) == 1


def test_a_day_names_the_provider_the_time_the_service_and_the_colleague(plan: Plan) -> None:
    text = shown(plan)
    monday = text[text.index("Monday 2026-11-23") : text.index("Tuesday 2026-11-24")]
    line = line_with(monday, "08:30-09:30")
    for part in ("社工甲", "social worker", "助浴", "Home-based elder care", "竹岛社区", "lead", "Volunteer B"):
        assert part in line
    assert "合唱" not in monday


def test_the_crew_the_room_and_the_fund_are_shown_where_there_are_any(plan: Plan) -> None:
    text = shown(plan)
    assert "助餐服务社 #2" in line_with(text, "11:00-11:45")
    assert "福彩公益金" in line_with(text, "11:00-11:45")
    assert "多功能厅" in line_with(text, "14:00-15:30")


def test_volunteers_come_before_social_workers_before_organizations(plan: Plan) -> None:
    text = shown(plan)
    assert text.index("08:30-09:00") < text.index("08:30-09:30") < text.index("11:00-11:45")


def test_what_is_left_out_is_listed_by_urgency_with_the_rule_that_stopped_it(plan: Plan) -> None:
    text = shown(plan)
    assert text.index("night-zhao#1") < text.index("meal-li#2")
    line = line_with(text, "meal-li#2")
    assert "fund balance (role cook)" in line
    assert "category of service 4, fund balance 1" in line
    assert "资金余额 (角色 cook)" in line_with(shown(plan, "zh"), "meal-li#2")


def test_a_change_that_would_help_is_shown(data: dict[str, Any]) -> None:
    data["unassigned"][0]["change"] = {"rule": "fund_balance", "fund": "lottery"}
    assert "lottery" in line_with(shown(Plan.model_validate(data)), "meal-li#2")


def test_the_figures_come_first(plan: Plan) -> None:
    first = shown(plan).splitlines()[0]
    assert "3 of 5 visits placed (65.0 % of the urgency weight)" in first
    assert "1.5 h" in first
    assert "5,000.00" in shown(plan)
    assert "37.50" in shown(plan)


def test_columns_stand_under_each_other_in_cells_whatever_the_script(plan: Plan) -> None:
    text = shown(plan, "zh")
    lines = [line for line in text.splitlines() if "08:30-09:" in line or "11:00-11:45" in line]
    assert len(lines) == 3
    starts = {cell_len(line[: line.index("1:00-" if "11:00" in line else "8:30")]) for line in lines}
    assert len(starts) == 1


@pytest.mark.parametrize("by", ["day", "provider", "community"])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_table_fits_the_terminal_and_keeps_its_times_whole(plan: Plan, by: By, width: int) -> None:
    text, is_cut = render(sections_of(plan, "en", by), width=width)
    assert is_cut
    assert max(cell_len(line) for line in text.splitlines()) <= width
    for time in ("08:30-09:30", "08:30-09:00", "11:00-11:45", "14:00-15:30"):
        assert text.count(time) == 1


def test_nothing_is_cut_where_there_is_room(plan: Plan) -> None:
    text, is_cut = render(sections_of(plan, "zh", "day"), width=400)
    assert not is_cut
    assert text == shown(plan, "zh")


def test_control_characters_of_a_title_do_not_reach_the_terminal(data: dict[str, Any]) -> None:
    data["labels"]["needs"]["choir"]["title"] = "red\x1b[31m\nnext\x9b2J"
    text = shown(Plan.model_validate(data))
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "red [31m next" in line_with(text, "14:00-15:30")


def test_a_service_past_midnight_says_so(data: dict[str, Any]) -> None:
    data["assignments"][2]["team"][0].update(start="2026-11-24T23:00:00", end="2026-11-25T00:30:00")
    assert "23:00-00:30 (+1)" in shown(Plan.model_validate(data))


def test_a_plan_without_labels_is_shown_by_its_ids(data: dict[str, Any]) -> None:
    del data["labels"], data["figures"]
    text = shown(Plan.model_validate(data))
    for part in ("bath-wang#1", "sw-1", "vol-1", "org-1 #2", "hall", "lottery", "night-zhao#1"):
        assert part in text


def test_an_empty_plan_says_that_nothing_is_placed() -> None:
    assert shown(Plan()) == "No visit is placed.\n"
    assert shown(Plan(), "zh") == "没有安排任何服务。\n"


def test_styles_are_added_only_when_asked_for(plan: Plan) -> None:
    sections = sections_of(plan, "en")
    styled = render(sections, is_styled=True)[0]
    assert "\x1b[1m" in styled
    bare = styled
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m"):
        bare = bare.replace(code, "")
    assert bare == render(sections)[0]


@pytest.mark.parametrize(("part", "whole", "text"), [(0, 0, "100 %"), (1, 1, "100.0 %"), (9999, 10000, "99.9 %"), (2, 3, "66.6 %"), (0, 7, "0.0 %")])
def test_a_share_is_never_rounded_up_to_all(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text
