"""The coordinator's desk: a page that uses the HTTP API as anybody could. What is served here is the same for everybody and holds no data.

It may import the framework and what `scenarios` has on shapes; it never touches the database or the matcher.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
SHAPES = "shapes.json"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page takes nothing from elsewhere, and sends nothing there."""


def mount(app: FastAPI) -> None:
    """Serve the desk at ``/desk/``."""
    app.mount("/desk", DeskFiles(directory=STATIC, html=True), name="desk")


class DeskFiles(StaticFiles):
    """The files of the desk, and the shapes of the districts, with what browsers are to keep to."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        if path == SHAPES:
            tag = '"shapes"'
            found = Response(_shapes(), media_type="application/geo+json", headers={"ETag": tag})
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
