"""What a newcomer gets: a package that imports lightly, commands that exist, files that are shipped, a lock that any mirror serves."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
SCRIPTS = sorted([*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"])


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_importing_the_package_prints_nothing_and_loads_nothing_heavy() -> None:
    code = "import sys, matcher; print(sorted({'numba', 'numpy', 'ortools', 'pydantic', 'networkx', 'logging'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_every_command_is_installed_and_leads_to_a_function(project: dict[str, Any]) -> None:
    commands = {entry.name: entry for entry in entry_points(group="console_scripts")}
    for name, target in project["project"]["scripts"].items():
        assert commands[name].value == target
        assert callable(commands[name].load())


def test_a_wheel_has_the_words_the_types_marker_and_the_data(tmp_path: Path) -> None:
    built = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    names = set(zipfile.ZipFile(built).namelist())
    assert {"matcher/py.typed", "matcher/locale/zh/LC_MESSAGES/matcher.mo", "matcher/locale/en/LC_MESSAGES/matcher.mo"} <= names
    assert {"scenarios/data/communities.csv.gz", "scenarios/data/districts.geojson.gz"} <= names
    sources = {path.relative_to(ROOT).as_posix() for package in ("matcher", "scenarios") for path in (ROOT / package).rglob("*.py")}
    assert sources <= names
    assert not {name for name in names if name.startswith(("tests/", "docs/", "out/")) or "__pycache__" in name}


def test_the_lock_names_no_address_and_has_a_hash_for_every_package() -> None:
    text = LOCK.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64})", text, re.MULTILINE)
    pinned = re.findall(r"^([\w.-]+)==(\S+)(?: ;[^\\]*)? \\\n(    --hash=)", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^\w", text, re.MULTILINE))


def test_the_lock_holds_every_package_that_the_project_asks_for(project: dict[str, Any]) -> None:
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", LOCK.read_text(), re.MULTILINE)}
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted.extend(extra)
    assert {re.match(r"[\w.-]+", line)[0].lower() for line in wanted} <= locked  # type: ignore[index]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_sound_bash_that_stops_at_the_first_error(script: Path) -> None:
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=60)
