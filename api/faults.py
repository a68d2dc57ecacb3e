"""What a caller is told when something is refused: problem details (RFC 9457), with every fault of an input and its JSON pointer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from matcher.errors import Fault

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 1000
"""Faults that are listed; `count` says how many there are."""

KINDS: dict[str, tuple[int, str]] = {
    "invalid-request": (422, "The request is not valid"),
    "invalid-problem": (422, "The problem is not valid"),
    "invalid-plan": (422, "The plan is not valid, or not of this problem"),
    "invalid-events": (422, "The events are not valid, or do not go with the week and its plan"),
    "invalid-scenarios": (422, "The scenarios are not valid, or do not go with the week"),
    "not-json": (400, "The body is not JSON"),
    "bad-encoding": (400, "The body is not what Content-Encoding says"),
    "unsupported-media-type": (415, "The body is of another type than is accepted"),
    "unauthenticated": (401, "No valid key or token"),
    "forbidden": (403, "The key or token has not the scope that this takes"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "The path does not take this method"),
    "slow-body": (408, "The body took too long to arrive"),
    "conflict": (409, "The state of things does not allow this"),
    "too-large": (413, "Larger than is accepted"),
    "changed": (412, "It has changed since it was read"),
    "precondition-required": (428, "If-Match is needed to change this"),
    "too-many": (429, "Too many requests"),
    "internal": (500, "An error of the server"),
    "busy": (503, "Too busy at the moment"),
    "timeout": (504, "It took too long"),
}
"""The kinds of refusal: status and title. A kind is the last part of `type`; GET /v1/errors lists them."""


class Refusal(Exception):
    """Something is refused.

    Parameters
    ----------
    kind
        A key of `KINDS`.
    detail
        What is wrong in this case.
    faults
        Every fault of the input.
    headers
        To send along.
    extra
        More members of the answer.
    """

    def __init__(self, kind: str, detail: str, *, faults: Iterable[Fault] = (), headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.faults, self.headers, self.extra = kind, detail, tuple(faults), dict(headers or {}), extra
        self.status = KINDS[kind][0]

    def body(self) -> dict[str, Any]:
        """Return the problem details."""
        status, title = KINDS[self.kind]
        body: dict[str, Any] = {"type": f"/v1/errors/{self.kind}", "title": title, "status": status, "detail": self.detail, **self.extra}
        if self.faults:
            body["count"] = len(self.faults)
            body["errors"] = [{"pointer": fault.path, "detail": fault.message, "code": fault.code} for fault in self.faults[:MOST_FAULTS]]
        return body

    def response(self) -> JSONResponse:
        """Return it as a response."""
        return JSONResponse(self.body(), self.status, self.headers, MEDIA_TYPE)


def not_found(what: str, name: str) -> Refusal:
    """Return the refusal for a thing that is not there, or not for this caller, which is told the same."""
    return Refusal("not-found", f"there is no {what} {name!r}")


def below(faults: Iterable[Fault], pointer: str) -> list[Fault]:
    """Return faults as faults of a document that holds theirs at `pointer`."""
    return [Fault(pointer + fault.path, fault.message, fault.code) for fault in faults]


def of_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """Return the refusal for a status that the framework gives."""
    for kind, (known, _) in KINDS.items():
        if known == status:
            return Refusal(kind, detail, headers=headers)
    return Refusal("internal" if status >= 500 else "invalid-request", detail or HTTPStatus(status).phrase, headers=headers)
