"""What is served at /desk: files that hold no data, with what browsers are to keep to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.running import House


def test_the_desk_is_served_without_a_key_and_without_data(house: House) -> None:
    page = house.http().get("/desk/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert house.http().get("/desk", follow_redirects=True).text == page.text


@pytest.mark.parametrize("path", ["", "js/main.js", "words/zh.json", "shapes.json"])
def test_a_file_of_the_desk_takes_nothing_from_elsewhere_and_is_asked_for_again_only_if_it_changed(house: House, path: str) -> None:
    first = house.http().get(f"/desk/{path}")
    assert first.status_code == 200
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert first.headers["cache-control"] == "no-cache"
    again = house.http().get(f"/desk/{path}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_the_shapes_are_those_of_the_four_districts(house: House) -> None:
    shapes = json.loads(house.http().get("/desk/shapes.json").content)
    assert {feature["properties"]["name"] for feature in shapes["features"]} == {"环翠区", "文登区", "荣成市", "乳山市"}


@pytest.mark.parametrize("path", ["nothing.js", "../__init__.py", "%2e%2e/__init__.py", "js/"])
def test_nothing_but_the_files_of_the_desk_is_served(house: House, path: str) -> None:
    assert house.http().get(f"/desk/{path}").status_code in (404, 405)
