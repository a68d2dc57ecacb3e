"""Databases of both kinds, an application in this process, and a server in one of its own."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import create_engine, text

from api.database import Database
from api.settings import Settings
from tests.api.running import House

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
POSTGRES = Path(__file__).parents[2] / "scripts" / "postgres"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that is there for this session alone."""
    folder = tempfile.mkdtemp(prefix="pg-", dir="/tmp")
    started = subprocess.run([str(POSTGRES), "start", folder], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        shutil.rmtree(folder)
        if os.environ.get("CI"):
            pytest.fail(f"no PostgreSQL: {started.stderr}")
        pytest.skip("PostgreSQL is not installed; scripts/postgres install gets it")
    yield started.stdout.strip()
    subprocess.run([str(POSTGRES), "stop", folder], capture_output=True, check=True)


def url_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the URL of a new, empty database."""
    if kind == "sqlite":
        return f"sqlite:///{folder}/{uuid.uuid4().hex}.db"
    server: str = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database of each kind."""
    return url_of(request.param, request, tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with its tables."""
    found = Database(Settings(database=database_url).database.get_secret_value())
    found.migrate()
    yield found
    found.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The application in this process, on each kind of database, with a worker that works when it is told to."""
    with House(url_of(request.param, request, tmp_path_factory.mktemp("house"))) as found:
        yield found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    with House(f"sqlite:///{tmp_path_factory.mktemp('plain')}/sishe.db") as found:
        yield found
