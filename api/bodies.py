"""Reading requests: size and time limited, gzip or not, every fault at once."""

from __future__ import annotations

import asyncio
import zlib
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.context import Context, context_of
from api.faults import Refusal
from matcher.errors import FaultyInput
from matcher.validation import faults_from_pydantic, parse_json

M = TypeVar("M", bound=BaseModel)


class _Body(FaultyInput):
    what = "body"


async def body_of(request: Request, context: Annotated[Context, Depends(context_of)]) -> bytes:
    """Return the body of a request, unpacked."""
    most = context.settings.max_body
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refusal("unsupported-media-type", f"send application/json, not {kind[:80]!r}", headers={"Accept": "application/json"})
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
