"""How jobs are taken in: once for each idempotency key, within limits, with the problem that they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Header
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from api.auth import Caller
from api.context import Context
from api.faults import Refusal
from api.routes.problems import area_for, head_of
from api.schemas.plans import JobRequest
from api.store import audit, plans, problems
from matcher.errors import Fault

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=255, description="Any text, new for each job: a repeated request makes no second one.")
]


def refuse_beyond(context: Context, asked: JobRequest, seconds: Mapping[str, float | None]) -> None:
    """Refuse a request for more seconds (by pointer) than this server gives, or for a webhook that it cannot send."""
    limits = context.settings
    faults = [
        Fault(pointer, f"should be at most {limits.max_budget:g} seconds, was {value:g}", "range")
        for pointer, value in seconds.items()
        if value is not None and value > limits.max_budget
    ]
    if asked.webhook is not None and limits.webhook_secret is None:
        faults.append(Fault("/webhook", "this server is not set up to send webhooks", "conflict"))
    elif asked.webhook is not None and asked.webhook.scheme != "https" and not limits.webhook_private:
        faults.append(Fault("/webhook", "should be an https address", "range"))
    if faults:
        raise Refusal("invalid-request", "the request asks for more than this server gives", faults=faults)


def ground_of(context: Context, connection: Connection, caller: Caller, asked: JobRequest, problem: dict[str, Any] | None) -> tuple[Any, str]:
    """Return the stored problem that a job is about and the area that it belongs to; a problem that came along is stored.

    Refuses where too many jobs of the caller wait already.
    """
    if plans.waiting(connection, caller.id) >= context.settings.max_queued:
        raise Refusal("too-many", f"{context.settings.max_queued} of your jobs wait already", headers={"Retry-After": "10"})
    area = area_for(caller, asked.area)
    if problem is not None:
        problem_id = problems.add(connection, area, caller.id, problem["digest"], problem["facts"], problem["body"], origin="plan")
        audit.note(connection, caller.id, area, "problem.store", problem_id, digest=problem["digest"])
        return head_of(connection, caller, problem_id), area
    head = head_of(connection, caller, str(asked.problem_id), asked.problem_version)
    return head, area if asked.area is not None else head["area"]


def accept_once(
    context: Context, caller: Caller, token: str | None, content: bytes, work: Callable[[], None], make: Callable[[Connection], str]
) -> tuple[str, bool]:
    """Do what a request asks for, once for each idempotency key; returns the id of the job made, and whether it was made now.

    Parameters
    ----------
    token
        The key; without one, it is done in any case.
    content
        What a repeated request has to have in common with the first.
    work
        Whatever can be done, and refused, without the database.
    make
        Stores the outcome; in one transaction with the key.
    """
    fingerprint = hashlib.sha256(content).hexdigest()
    if token is not None:
        with context.database.read() as connection:
            known = _repeated(connection, caller, token, fingerprint)
        if known is not None:
            return known, False
    work()
    try:
        with context.database.write() as connection:
            made = make(connection)
            if token is not None:
                plans.remember(connection, caller.id, token, fingerprint, made)
    except IntegrityError:
        # The same key came twice at the same moment; the other request was first.
        with context.database.read() as connection:
            known = _repeated(connection, caller, token or "", fingerprint)
        if known is None:
            raise
        return known, False
    return made, True


def _repeated(connection: Connection, caller: Caller, token: str, fingerprint: str) -> str | None:
    known = plans.repeat_of(connection, caller.id, token)
    if known is None:
        return None
    if known["fingerprint"] != fingerprint:
        raise Refusal("conflict", "this Idempotency-Key was used with another body")
    return str(known["plan_id"])
