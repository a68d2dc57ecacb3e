"""Which releases are at work: what a result says of them. Each is looked up once, for that reads all that a package says of itself."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

PACKAGES = ("numpy", "numba", "ortools", "pydantic")


@cache
def own_version() -> str:
    """Return the version of this program."""
    return version("sishe-matcher")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return (("python", platform.python_version()), *((name, version(name)) for name in PACKAGES))


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide what a search finds."""
    return dict(_versions())
