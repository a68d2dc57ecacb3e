"""The page that describes the API: its commands run, its tables are whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.client import Client
from api.settings import Settings
from tests.api.running import Server

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


@pytest.mark.slow
def test_the_commands_of_the_page_run_one_after_the_other(tmp_path: Path) -> None:
    server = Server(f"sqlite:///{tmp_path}/sishe.db", tmp_path, calendar_secret="a secret of tests")
    server.start()
    try:
        commands = "\n".join(["set -euo pipefail", *re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)])
        environment = {**os.environ, "URL": server.url, "KEY": server.key}
        ran = subprocess.run(["bash", "-c", commands], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
        client: Client = server.client()
        # On a busy machine the answer may come before the plan: the page says so, and follows the job.
        made = client.job(json.loads((tmp_path / "job.json").read_text())["id"])
        assert (made["state"], made["assigned"]) == ("done", 2)
        assert json.loads((tmp_path / "replan.json").read_text())["plan"]["kind"] == "replan"
        assert client.job(json.loads((tmp_path / "compared.json").read_text())["id"])["state"] == "done"
        assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
        assert made["standing"] == "published"
        for name in ("v-1.ics", "subscribed.ics"):
            assert (tmp_path / name).read_text().startswith("BEGIN:VCALENDAR")
    finally:
        server.close()


def test_every_setting_is_on_the_page_and_nothing_else() -> None:
    assert set(re.findall(r"`(SISHE_[A-Z_]+)`", PAGE)) == {f"SISHE_{name.upper()}" for name in Settings.model_fields}


def test_a_server_loads_no_solver() -> None:
    said = "import sys, api.app; print([name for name in ('numba', 'ortools', 'matcher.solvers') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
