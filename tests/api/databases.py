"""A database for a script, made and removed by it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POSTGRES = Path(__file__).parents[2] / "scripts" / "postgres"


@contextmanager
def temporary(kind: str) -> Iterator[tuple[str, Path]]:
    """The URL of a new database of a kind, and a folder, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sishe-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield f"sqlite:///{folder}/sishe.db", folder
            return
        server = tempfile.mkdtemp(prefix="pg-", dir="/tmp")
        url = subprocess.run([str(POSTGRES), "start", server], capture_output=True, text=True, check=True).stdout.strip()
        try:
            yield url, folder
        finally:
            subprocess.run([str(POSTGRES), "stop", server], capture_output=True, check=True)
