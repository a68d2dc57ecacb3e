"""What plans and comparisons have in common: they are jobs, which are looked at, waited for and stopped."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import anyio
from fastapi import Header, Request
from sqlalchemy import Connection, RowMapping
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api import jobs
from api.auth import Caller
from api.context import Context
from api.documented import answer
from api.faults import not_found
from api.store import audit, plans, problems
from api.store.packing import covers, unpacked
from api.views import comparison_view, plan_view, require_match, tagged

Prefer = Annotated[str | None, Header(description="`wait=5`: answer when the job has ended, or after so many seconds.", max_length=200)]
WAIT_STEP = 0.1


@dataclass(frozen=True)
class JobKind:
    """One kind of jobs.

    Attributes
    ----------
    noun : str
        What a refusal calls one.
    act : str
        What the audit log calls what is done with one.
    view : callable
        How one is shown.
    is_comparison : bool
    """

    noun: str
    act: str
    view: Callable[[Mapping[Any, Any]], dict[str, Any]]
    is_comparison: bool

    def row(self, connection: Connection, caller: Caller, job_id: str) -> RowMapping:
        """Return the row of a job; refuses where the caller sees none of this kind."""
        row = plans.get(connection, caller.area, job_id, is_comparison=self.is_comparison)
        if row is None:
            raise not_found(self.noun, job_id)
        return row

    async def status(self, request: Request, caller: Caller, context: Context, job_id: str) -> Response:
        """Answer how far a job is. Whoever asks again sends the ETag along, which for a live job changes with its progress."""
        row = await context.lookout.row(job_id)
        if row is None or (row["kind"] == plans.COMPARISON) != self.is_comparison or not covers(caller.area, row["area"]):
            raise not_found(self.noun, job_id)
        if row["state"] not in plans.LIVE:
            return tagged(request, lambda: self.view(row), row["revision"])
        # The row of a live job changes more often than its revision: by what is told of its progress.
        mark = f"{row['revision']}.{zlib.crc32(repr(row['progress']).encode()):08x}"
        return tagged(request, lambda: self.view(row), mark, {"Retry-After": "1"}, is_weak=True)

    def cancel(self, request: Request, caller: Caller, context: Context, job_id: str) -> Response:
        """Stop a job; one that has ended stays as it is."""
        with context.database.write() as connection:
            row = self.row(connection, caller, job_id)
            require_match(request, row["revision"], is_optional=True)
            if row["state"] in plans.LIVE:
                jobs.cancel(connection, job_id)
                audit.note(connection, caller.id, row["area"], f"{self.act}.cancel", job_id)
                row = self.row(connection, caller, job_id)
        return JSONResponse(self.view(row), 202, {"ETag": f'"{row["revision"]}"'})

    def problem(self, request: Request, caller: Caller, context: Context, job_id: str) -> Response:
        """Answer with the problem that a job is about, in the version that it is about."""
        with context.database.read() as connection:
            row = self.row(connection, caller, job_id)
            content = problems.body(connection, row["problem_id"], row["problem_version"])
        return tagged(request, unpacked(content), f"{row['problem_id']}.{row['problem_version']}")

    async def accepted(
        self,
        request: Request,
        caller: Caller,
        context: Context,
        accept: Callable[[], tuple[str, bool]],
        prefer: str | None,
        outcome: Callable[[RowMapping], tuple[str, bytes | None] | None],
    ) -> JSONResponse:
        """Answer whoever asked for a job: 202, 201 where they saw it end, 200 where it was asked for before.

        Parameters
        ----------
        accept
            Takes the job in; returns its id, and whether it is a new one.
        outcome
            Of a job that has ended while the caller waited: the name and the packed content of what comes along; None where nothing does.
        """
        job_id, is_new = await run_in_threadpool(accept)
        wait = _seconds_to_wait(prefer, context.settings.max_wait)
        row = await self._ended(request, caller, context, job_id, wait or 0.0)
        has_ended, view = row["state"] in plans.ENDED, self.view(row)
        headers = {"Location": view["links"]["self"], "ETag": f'"{row["revision"]}"'}
        if wait is not None:
            headers["Preference-Applied"] = f"wait={wait:g}"
            along = await run_in_threadpool(outcome, row) if has_ended else None
            if along is not None:
                name, content = along
                view[name] = None if content is None else json.loads(unpacked(content))
        if not has_ended:
            headers["Retry-After"] = "1"
        return JSONResponse(view, 200 if not is_new else 201 if wait is not None and has_ended else 202, headers)

    async def _ended(self, request: Request, caller: Caller, context: Context, job_id: str, seconds: float) -> RowMapping:
        """Return the row of a job when it has ended, after so many seconds, or when nobody waits any more."""

        def look() -> RowMapping:
            with context.database.read() as connection:
                return self.row(connection, caller, job_id)

        until = time.monotonic() + seconds
        while True:
            row = await run_in_threadpool(look)
            if row["state"] in plans.ENDED or time.monotonic() >= until or await request.is_disconnected():
                return row
            await anyio.sleep(WAIT_STEP)


def _seconds_to_wait(prefer: str | None, most: float) -> float | None:
    """Return how long a caller wants to wait for the end of a job, None where they do not say."""
    found = re.search(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])", prefer or "")
    return min(float(found[1]), most) if found else None


def job_answers(model: str, noun: str) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the answers to a request for a job."""
    return {
        202: {"description": "It is queued; `Location` is where to follow it"},
        200: answer(model, f"The {noun} that this Idempotency-Key was used for before"),
        201: answer(model, "It has ended while the caller waited; what came of it comes along"),
    }


PLAN = JobKind("plan", "plan", plan_view, is_comparison=False)
COMPARISON = JobKind("comparison", "scenarios", comparison_view, is_comparison=True)
