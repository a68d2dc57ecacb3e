"""What does not change: rules, schemas, kinds of refusal; and validation."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from api.auth import Reader
from api.bodies import JsonOrBook, read
from api.books import lang_of, template_book
from api.documented import body, book_answer, refusals
from api.faults import KINDS, not_found
from api.routes.books import AcceptLanguage, FormQuery, LangQuery, book_response, written
from api.routes.problems import Here, read_sent
from api.routes.problems import read as read_problem
from api.schemas.catalogue import ErrorKind, Errors, Rules
from api.schemas.problems import CheckRequest, ValidationView
from matcher.plan import Plan, Result
from matcher.problem import Problem
from matcher.rules import Rule, Term
from matcher.words import word

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.post(
    "/validate",
    response_model=ValidationView,
    responses=refusals("body", "invalid-problem", "office"),
    openapi_extra=body("CheckRequest", may_be_book=True),
)
def validate(
    caller: Reader,  # noqa: ARG001 - the caller has to be one
    context: Here,
    sent: JsonOrBook,
    accept_language: AcceptLanguage = None,
) -> dict[str, Any]:
    """Validate a problem, JSON or a workbook, without storing it; all its faults come at once."""
    if sent.form is None:
        asked = read(sent.content, CheckRequest)
        found = {**read_problem(context, asked.problem, len(sent.content), "/problem"), "unread": []}
    else:
        found = read_sent(context, sent, accept_language)
    return {"is_valid": True, **{name: found[name] for name in ("digest", "facts", "unread")}}


@router.get(
    "/template",
    response_class=Response,
    responses={200: book_answer("The workbook"), **refusals("invalid-request", "conflict", "office")},
)
def template(
    caller: Reader,  # noqa: ARG001
    context: Here,
    lang: LangQuery = None,
    form: FormQuery = "xlsx",
    start: Annotated[dt.date | None, Query(description="The first day; left out, the next Monday.")] = None,
    is_empty: Annotated[bool, Query(alias="empty", description="Without examples.")] = False,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Return a workbook to fill in: drop-down lists, examples, notes in both languages."""
    words = lang or lang_of(accept_language)
    first = None if start is None else start.isoformat()
    made = written(context, partial(template_book, is_empty=is_empty), form, words, first, kind="invalid-request")
    return book_response(made, "template", form, words)


@router.get("/rules", response_model=Rules, responses=refusals())
def rules(caller: Reader) -> dict[str, Any]:  # noqa: ARG001
    """List the hard rules and the terms of the cost, in Chinese and English."""

    def codes(kind: str, values: type[Rule | Term]) -> list[dict[str, str]]:
        return [
            {"code": str(code)}
            | {f"name_{lang}": word(lang, f"{kind}.{code}") for lang in ("zh", "en")}
            | {f"says_{lang}": word(lang, f"{kind}.{code}.says") for lang in ("zh", "en")}
            for code in values
        ]

    return {"rules": codes("rule", Rule), "terms": codes("term", Term)}


@router.get(
    "/schema/{what}",
    response_class=Response,
    responses={200: {"description": "The JSON Schema", "content": {"application/schema+json": {}}}, **refusals("invalid-request")},
)
def schema(caller: Reader, what: Literal["problem", "plan", "result"]) -> Response:  # noqa: ARG001
    """Return the JSON Schema of a format."""
    model: type[Problem | Plan | Result] = Problem if what == "problem" else Plan if what == "plan" else Result
    text = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}
    return JSONResponse(text, media_type="application/schema+json", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/errors", response_model=Errors, responses=refusals())
def error_kinds(caller: Reader) -> dict[str, Any]:  # noqa: ARG001
    """List the kinds of refusal: what `type` can be in problem details."""
    return {"items": [_kind(name) for name in KINDS]}


@router.get("/errors/{name}", response_model=ErrorKind, responses=refusals("thing"))
def error_kind(caller: Reader, name: str) -> dict[str, Any]:  # noqa: ARG001
    """Say what a kind of refusal is."""
    if name not in KINDS:
        raise not_found("kind of refusal", name)
    return _kind(name)


def _kind(name: str) -> dict[str, Any]:
    status, title = KINDS[name]
    return {"type": f"/v1/errors/{name}", "status": status, "title": title}
