"""What routes that give workbooks have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Query
from starlette.responses import Response

from api.books import MEDIA, Form, is_there
from api.context import Context
from api.faults import Refusal
from matcher.errors import FaultyInput
from matcher.words import Lang

AcceptLanguage = Annotated[
    str | None, Header(alias="Accept-Language", description="The language of what is said of workbooks: `zh` or `en`; left out, English.")
]
LangQuery = Annotated[Lang | None, Query(description="Language of the workbook; left out, that of Accept-Language.")]
FormQuery = Annotated[Form, Query(alias="format", description="`xlsx`: Excel; `zip`: a CSV file for each sheet.")]


def written(context: Context, write: Callable[..., bytes], *arguments: object, kind: str = "conflict") -> bytes:
    """Have a workbook written where nobody waits behind it; refuses where it cannot be, for what is a refusal of `kind`."""
    if not is_there():
        raise Refusal("conflict", "this server is set up without workbooks (the extra books)")
    try:
        found: bytes = context.study.ask("", write, *arguments)
    except FaultyInput as error:
        raise Refusal(kind, "it does not go into a workbook", faults=error.faults) from None
    return found


def book_response(content: bytes, name: str, form: Form, lang: Lang) -> Response:
    """Answer with a workbook, to be saved under a name."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Content-Language": lang,
        "Vary": "Accept-Language",
        "Cache-Control": "private, no-cache",
    }
    return Response(content, media_type=MEDIA[form], headers=headers)
