"""For those who run the server: is it alive, is it ready, its numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from api.auth import Admin
from api.database import clock
from api.documented import answer, refusals
from api.routes.problems import Here
from api.schemas.administration import Health

router = APIRouter(tags=["operations"])


@router.get("/healthz", response_model=Health)
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Health, responses={503: answer("Health", "Not ready")})
def readyz(request: Request, context: Here) -> Response:
    """Say whether requests can be served: the database answers, the workers run, and the server is not about to stop."""
    try:
        with context.database.read() as connection:
            connection.execute(select(clock())).scalar_one()
        is_there = True
    except SQLAlchemyError:
        is_there = False
    is_staffed = context.settings.workers == 0 or context.pool.alive() > 0
    checks = {"database": is_there, "workers": is_staffed, "accepting": not getattr(request.app.state, "is_stopping", False)}
    is_ready = all(checks.values())
    return JSONResponse({"status": "ok" if is_ready else "unavailable", "checks": checks}, 200 if is_ready else 503)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Numbers in Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}}, **refusals()},
)
def metrics(request: Request, caller: Admin, context: Here) -> Response:  # noqa: ARG001
    """Return the server's numbers."""
    return Response(request.app.state.metrics.text(context), headers={"Content-Type": CONTENT_TYPE_LATEST})
