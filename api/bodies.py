"""Reading requests: size and time limited, gzip or not, every fault at once."""

from __future__ import annotations

import asyncio
import zlib
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.books import FORMS, Form
from api.context import Context, context_of
from api.faults import Refusal
from matcher.errors import FaultyInput
from matcher.validation import faults_from_pydantic, parse_json

M = TypeVar("M", bound=BaseModel)


class _Body(FaultyInput):
    what = "body"


class Sent(NamedTuple):
    """What was sent: its bytes, and of what kind of workbook they are; None is JSON."""

    content: bytes
    form: Form | None


async def body_of(request: Request, context: Annotated[Context, Depends(context_of)]) -> bytes:
    """Return the body of a request, JSON, unpacked."""
    kind = _media_type(request)
    if not _is_json(kind):
        raise Refusal("unsupported-media-type", f"send application/json, not {kind[:80]!r}", headers={"Accept": "application/json"})
    return await _received(request, context)


async def sent_of(request: Request, context: Annotated[Context, Depends(context_of)]) -> Sent:
    """Return the body of a request that may be JSON or a workbook."""
    kind = _media_type(request)
    if not _is_json(kind) and kind not in FORMS:
        accepted = ["application/json", *FORMS]
        raise Refusal("unsupported-media-type", f"send {' or '.join(accepted)}, not {kind[:80]!r}", headers={"Accept": ", ".join(accepted)})
    return Sent(await _received(request, context), FORMS.get(kind))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


async def _received(request: Request, context: Context) -> bytes:
    most = context.settings.max_body
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Refusal("unsupported-media-type", "send the body as it is, or gzip", headers={"Accept-Encoding": "gzip, identity"})
    parts: list[bytes] = []
    size = 0
    unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    try:
        async with asyncio.timeout(context.settings.body_seconds):
            async for chunk in request.stream():
                part = chunk if unpacker is None else unpacker.decompress(chunk, most + 1 - size)
                size += len(part)
                if size > most or (unpacker is not None and unpacker.unconsumed_tail):
                    raise Refusal("too-large", f"a body may have {most} bytes, unpacked", headers={"Connection": "close"})
                parts.append(part)
    except TimeoutError:
        raise Refusal("slow-body", f"a body may take {context.settings.body_seconds:g} s", headers={"Connection": "close"}) from None
    except zlib.error as error:
        raise Refusal("bad-encoding", f"should be gzip: {error}") from None
    if unpacker is not None and not unpacker.eof:
        raise Refusal("bad-encoding", "the gzip data end too early")
    return b"".join(parts)


Body = Annotated[bytes, Depends(body_of)]
JsonOrBook = Annotated[Sent, Depends(sent_of)]


def json_of(body: bytes) -> Any:
    """Return what a body says; refuses what is not JSON, and keys that stand twice."""
    try:
        return parse_json(body, _Body)
    except FaultyInput as error:
        raise Refusal("not-json", "the body should be JSON", faults=error.faults) from None


def read(body: bytes, model: type[M]) -> M:
    """Return a body as a model; refuses it with every fault."""
    data = json_of(body)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Refusal("invalid-request", "the request does not say what it should", faults=faults_from_pydantic(error)) from None
