"""The coordinator's desk: a page that uses the HTTP API as anybody could. What is served here is the same for everybody and holds no data.

It may import the framework and what `scenarios` has on shapes; it never touches the database or the matcher. Its words are a gettext catalogue of
its own in `locale`, by stable keys; the page gets them as JSON.
"""

from __future__ import annotations

import gettext
import gzip
import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
LOCALE = Path(__file__).parent / "locale"
SHAPES = "shapes.json"
WORDS = {"words/zh.json": "zh", "words/en.json": "en"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page takes nothing from elsewhere, and sends nothing there."""


def mount(app: FastAPI) -> None:
    """Serve the desk at ``/desk/``."""
    app.mount("/desk", DeskFiles(directory=STATIC, html=True), name="desk")


class DeskFiles(StaticFiles):
    """The files of the desk, its words and the shapes of the districts, with what browsers are to keep to."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        if path == SHAPES or path in WORDS:
            content = _shapes() if path == SHAPES else _words(WORDS[path])
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            found = Response(content, media_type="application/geo+json" if path == SHAPES else "application/json", headers={"ETag": tag})
            if tag in Headers(scope=scope).get("if-none-match", ""):
                found = NotModifiedResponse(found.headers)
        else:
            found = await super().get_response(path, scope)
        # Browsers ask each time whether a file has changed, so that nobody works with half of an old desk.
        found.headers.update({"Cache-Control": "no-cache", "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"})
        return found


@cache
def _shapes() -> bytes:
    """The shapes of the districts as GeoJSON (scenarios/data/SOURCES.md says where they are from)."""
    return gzip.decompress(files("scenarios").joinpath("data/districts.geojson.gz").read_bytes())


class _Catalogue(gettext.GNUTranslations):
    """A compiled catalogue that tells all that it has; the library's own answers for one key at a time."""

    _catalog: dict[Any, str]

    def words(self) -> dict[str, str]:
        return {key: text for key, text in self._catalog.items() if isinstance(key, str) and key}


def words(lang: str) -> dict[str, str]:
    """Return the words of the desk in a language (``zh`` or ``en``), by key."""
    with (LOCALE / lang / "LC_MESSAGES" / "desk.mo").open("rb") as file:
        return _Catalogue(file).words()


@cache
def _words(lang: str) -> bytes:
    return json.dumps(words(lang), ensure_ascii=False, sort_keys=True).encode()
