"""The application: routes, what happens around each request, what is begun with the server and ended with it."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import anyio.to_thread
import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import desk, jobs
from api.auth import Gate
from api.context import Context
from api.database import Database
from api.docs import mount_docs
from api.documented import document
from api.faults import Refusal, of_status
from api.lookout import Lookout
from api.metrics import Metrics
from api.office import Office
from api.pool import Pool
from api.rates import Rates
from api.routes import administration, calendars, catalogue, living, operations, plans, problems, publication, scenarios, streams
from api.settings import Settings
from api.webhooks import Courier
from matcher.errors import Fault
from matcher.validation import pointer
from matcher.versions import own_version

log = structlog.get_logger()

THREADS = 200
PATIENCE = 20.0
"""Seconds that workers get to hand back what they do when the server stops."""
ABOUT = (
    "Decides each week who visits whom, when, with which colleague, paid from which fund. "
    "A plan is a job: POST it, follow it, read it. What a problem and a plan look like is in docs/format.md; how this API behaves in docs/api.md."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application. What it needs (database, workers) begins when it is started and ends with it."""
    settings = settings or Settings()
    app = FastAPI(
        title="Sishe Matcher",
        summary="四社联动",
        description=ABOUT,
        version=own_version(),
        lifespan=_lifespan,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    database = Database(settings.database.get_secret_value())

    def ended(pid: int) -> None:
        with database.write() as connection:
            jobs.release(connection, jobs.worker_name(pid))

    pool = Pool(settings.workers, {**os.environ, **_environment(settings)}, ended)
    office, intake, study = (Office(count, settings.answer_seconds) for count in (settings.clerks, 1, 1))
    app.state.context = Context(settings, database, office, intake, study, pool, Lookout(database))
    app.state.rates = Rates(database, settings.rate)
    app.state.gate, app.state.streams, app.state.metrics = Gate(settings, app.state.rates), streams.Streams(settings.max_streams), Metrics()
    app.state.is_stopping = False
    for module in (plans, living, publication, calendars, streams, scenarios, problems, catalogue, administration, operations):
        app.include_router(module.router)
    desk.mount(app)
    mount_docs(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(OperationalError, _unavailable)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Around, metrics=app.state.metrics)
    return app


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a worker has the same settings."""
    found = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is not None:
            found[f"SISHE_{name.upper()}"] = str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
    return found


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    stopping = threading.Event()
    # Whoever waits for an answer holds a thread; the others must not wait for one.
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    await run_in_threadpool(context.database.migrate)
    await run_in_threadpool(context.pool.start)
    context.office.open()
    courier = Courier(context.database, context.settings, stopping)
    courier.start()
    counting = threading.Thread(target=app.state.rates.run, args=(stopping,), name="rates", daemon=True)
    counting.start()
    log.info("server ready", workers=context.settings.workers)
    try:
        yield
    finally:
        app.state.is_stopping = True
        stopping.set()
        await run_in_threadpool(context.pool.stop, PATIENCE)
        for thread in (courier, counting):
            await run_in_threadpool(thread.join, PATIENCE)
        for office in (context.office, context.intake, context.study):
            await run_in_threadpool(office.close)
        context.database.close()
        log.info("server stopped")


class Server(uvicorn.Server):
    """A server that ends the streams of progress as soon as it is told to stop, instead of waiting for them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        app = self.config.app
        assert isinstance(app, FastAPI)
        app.state.is_stopping = True
        super().handle_exit(sig, frame)


class Around:
    """Around each request: an id, a line in the log, a count, and headers that keep browsers from doing more than they should."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began = secrets.token_hex(8), time.perf_counter()
        status, has_begun = 500, False

        async def sending(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                added = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log.error("a request broke", exc_info=error)
            if has_begun:
                raise  # nothing else tells the caller that the answer is not whole
            refusal = Refusal("internal", "the server's log says more, under the id in X-Request-Id")
            await refusal.response()(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            # The route's pattern, never the path: what callers name is theirs.
            route = getattr(scope.get("route"), "path", None) or _mounted(scope)
            self._metrics.requests.labels(scope["method"], route, str(status)).inc()
            self._metrics.seconds.labels(scope["method"], route).observe(seconds)
            caller = scope.get("state", {}).get("caller")
            log.info("request", method=scope["method"], route=route, status=status, caller=caller, ms=round(seconds * 1000, 1))


def _mounted(scope: Scope) -> str:
    """Return the pattern of a path below which something else answers, such as the desk; ``unknown`` where nothing does."""
    below = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    return f"{below}/{{path}}" if below else "unknown"


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return error.response()


async def _misread(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [Fault(pointer(*detail["loc"]), str(detail["msg"]), str(detail["type"])) for detail in error.errors()]
    return Refusal("invalid-request", "the path, the query or a header is not as it should be", faults=faults).response()


async def _by_status(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return of_status(error.status_code, str(error.detail), error.headers).response()


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.error("the database does not answer", error=type(error).__name__)
    return Refusal("busy", "the database does not answer at the moment", headers={"Retry-After": "5"}).response()


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document, without starting anything."""
    return document(create_app())
