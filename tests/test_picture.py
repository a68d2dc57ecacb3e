"""The week board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from matcher.picture import BAR, board
from matcher.plan import Plan

EXAMPLE = Path(__file__).parent / "data" / "plan.json"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return loaded


def drawn(data: dict[str, Any], lang: Any = "en") -> ET.Element:
    return ET.fromstring(board(Plan.model_validate(data), lang))


def bars(tree: ET.Element) -> dict[str, ET.Element]:
    """The bar of each service, by its tooltip."""
    return {title.text or "": bar for bar in tree.iter(f"{SVG}rect") for title in bar.iter(f"{SVG}title")}


def test_every_service_has_one_bar_that_tells_what_it_is(data: dict[str, Any]) -> None:
    labels = sorted(bars(drawn(data)))
    assert labels == [
        "08:30-09:00 助浴 · Volunteer B + 社工甲",
        "08:30-09:30 助浴 · 社工甲 + Volunteer B",
        "11:00-11:45 送餐 · 助餐服务社 #2",
        "14:00-15:30 合唱 · 社工甲",
    ]


def test_bars_are_as_long_and_as_far_apart_as_their_times(data: dict[str, Any]) -> None:
    found = {label[:11]: bar for label, bar in bars(drawn(data)).items()}

    def left(time: str) -> float:
        return float(found[time].get("x", ""))

    hour = (left("11:00-11:45") - left("08:30-09:30")) / 2.5
    assert float(found["08:30-09:30"].get("width", "")) == pytest.approx(hour, abs=0.2)
    assert float(found["11:00-11:45"].get("width", "")) == pytest.approx(0.75 * hour, abs=0.2)
    assert all(float(bar.get("height", "")) == BAR for bar in found.values())


def test_services_of_one_provider_stand_in_one_row_and_of_two_in_two(data: dict[str, Any]) -> None:
    rows = {label: bar.get("y") for label, bar in bars(drawn(data)).items()}
    assert rows["08:30-09:30 助浴 · 社工甲 + Volunteer B"] == rows["14:00-15:30 合唱 · 社工甲"]
    assert len(set(rows.values())) == 3


def test_one_team_is_joined_by_one_line(data: dict[str, Any]) -> None:
    assert len(list(drawn(data).iter(f"{SVG}polyline"))) == 1


def test_everything_stays_on_the_paper(data: dict[str, Any]) -> None:
    tree = drawn(data)
    width, height = float(tree.get("width", "")), float(tree.get("height", ""))
    for bar in tree.iter(f"{SVG}rect"):
        assert 0 <= float(bar.get("x", "0")) <= float(bar.get("x", "0")) + float(bar.get("width", "")) <= width
        assert 0 <= float(bar.get("y", "0")) <= float(bar.get("y", "0")) + float(bar.get("height", "")) <= height


def test_categories_and_kinds_are_named_in_the_language_asked_for(data: dict[str, Any]) -> None:
    texts = {text.text for text in drawn(data, "zh").iter(f"{SVG}text")}
    assert {"居家养老", "为老", "文化体育", "志愿者", "社工", "社会组织", "星期一 2026-11-23"} <= texts
    texts = {text.text for text in drawn(data, "en").iter(f"{SVG}text")}
    assert {"Home-based elder care", "Volunteers", "Monday 2026-11-23", "3 of 5 visits placed (65.0 % of the urgency weight)"} <= texts


def test_names_are_escaped(data: dict[str, Any]) -> None:
    data["labels"]["providers"]["sw-1"]["name"] = "<script>&\x07"
    texts = {text.text for text in drawn(data).iter(f"{SVG}text")}
    assert "<script>& " in texts


def test_a_service_past_midnight_stays_in_its_day(data: dict[str, Any]) -> None:
    data["assignments"][2]["team"][0].update(start="2026-11-24T23:00:00", end="2026-11-25T01:00:00")
    tree = drawn(data)
    bar = next(bar for label, bar in bars(tree).items() if label.startswith("23:00"))
    assert float(bar.get("x", "")) + float(bar.get("width", "")) <= float(tree.get("width", ""))


def test_an_empty_plan_is_a_picture_that_says_so() -> None:
    tree = ET.fromstring(board(Plan(), "zh"))
    assert [text.text for text in tree.iter(f"{SVG}text")] == ["没有安排任何服务。"]
