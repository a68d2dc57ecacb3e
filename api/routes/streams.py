"""Progress as server-sent events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Request
from sqlalchemy import RowMapping
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.auth import Reader
from api.context import Context
from api.documented import refusals
from api.faults import Refusal
from api.routes.jobs import PLAN
from api.routes.problems import Here
from api.store import plans

router = APIRouter(prefix="/v1/plans", tags=["plans"])
LOOK = 0.25
"""Seconds between two looks for new events."""
QUIET = 15.0
"""Seconds of silence after which a comment is sent, so that nothing on the way closes the stream."""
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=20, pattern=r"^\d*$", description="The last event that was seen.")]


class Streams:
    """How many streams are open."""

    def __init__(self, most: int) -> None:
        self._most, self._open, self._lock = most, 0, threading.Lock()

    def enter(self) -> None:
        """Count one; raises `Refusal` where there are too many."""
        with self._lock:
            if self._open >= self._most:
                raise Refusal("busy", "too many streams are open; ask for the plan now and then instead", headers={"Retry-After": "5"})
            self._open += 1

    def leave(self) -> None:
        """Count one less."""
        with self._lock:
            self._open -= 1


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `state`, `progress`, `version`, `standing`, each with a number as its id and JSON as its data; "
        "the stream ends when the job has",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **refusals("thing", "busy", "invalid-request"),
}


def stream_of(request: Request, context: Context, job_id: str, last_event_id: str | None) -> Response:
    """Answer with the events of a job."""
    streams: Streams = request.app.state.streams
    streams.enter()
    seq = min(int(last_event_id or 0), 2**31 - 1)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(context, streams, job_id, seq, request), media_type="text/event-stream", headers=headers)


@router.get("/{plan_id}/events", response_class=StreamingResponse, responses=STREAM)
def follow_plan(request: Request, caller: Reader, context: Here, plan_id: str, last_event_id: LastEventId = None) -> Response:
    """Follow a plan: every event after `Last-Event-ID`, then each new one as it comes."""
    with context.database.read() as connection:
        PLAN.row(connection, caller, plan_id)
    return stream_of(request, context, plan_id, last_event_id)


async def _events(context: Context, streams: Streams, job_id: str, seq: int, request: Request) -> AsyncIterator[str]:
    def look() -> tuple[bool, list[RowMapping]]:
        with context.database.read() as connection:
            # The state is read first: what is told after it is at least what had been told by then.
            return plans.is_over(connection, job_id), plans.events_after(connection, job_id, seq)

    try:
        yield "retry: 1000\n\n"
        spoke = time.monotonic()
        while not getattr(request.app.state, "is_stopping", False):
            is_over, found = await run_in_threadpool(look)
            for event in found:
                seq = event["seq"]
                yield f"id: {seq}\nevent: {event['kind']}\ndata: {json.dumps(event['data'], ensure_ascii=False)}\n\n"
                spoke = time.monotonic()
            if is_over and not found:
                return
            if time.monotonic() - spoke >= QUIET:
                yield ": still here\n\n"
                spoke = time.monotonic()
            if not found:
                await anyio.sleep(LOOK)
    finally:
        streams.leave()
