"""The page that shows the OpenAPI document: Swagger UI, whose files come with a package; nothing is fetched from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

STATIC = "/docs/static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
"""Swagger UI sets styles of its elements as it goes."""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sishe Matcher: the HTTP API</title>
<link rel="stylesheet" href="docs/static/swagger-ui.css">
<link rel="icon" href="docs/static/favicon.png">
<div id="page"></div>
<script src="docs/static/swagger-ui-bundle.js"></script>
<script src="docs/begin.js"></script>
</html>
"""
BEGIN = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null});\n'


def mount_docs(app: FastAPI) -> None:
    """Serve the page at ``/docs``."""
    app.add_route("/docs", _page, include_in_schema=False)
    app.add_route("/docs/begin.js", _begin, include_in_schema=False)
    app.mount(STATIC, StaticFiles(directory=Path(str(files("fastapi_offline"))) / "static"), name="docs")


async def _page(_request: object) -> Response:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"})


async def _begin(_request: object) -> Response:
    return Response(BEGIN, media_type="text/javascript")
