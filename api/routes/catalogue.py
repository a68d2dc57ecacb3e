"""What does not change: rules, schemas, kinds of refusal; and validation."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.auth import Reader
from api.bodies import Body, read
from api.documented import body, refusals
from api.faults import KINDS, not_found
from api.routes.problems import Here
from api.routes.problems import read as read_problem
from api.schemas import CheckRequest, ErrorKind, Errors, Rules, ValidationView
from matcher.plan import Plan, Result
from matcher.problem import Problem
from matcher.rules import Rule, Term
from matcher.words import word

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.post(
    "/validate",
    response_model=ValidationView,
    responses=refusals("body", "invalid-problem", "office"),
    openapi_extra=body("CheckRequest"),
)
def validate(caller: Reader, context: Here, content: Body) -> dict[str, Any]:  # noqa: ARG001 - the caller has to be one
    """Validate a problem without storing it; all its faults come at once."""
    asked = read(content, CheckRequest)
    found = read_problem(context, asked.problem, len(content), "/problem")
    return {"is_valid": True, "digest": found["digest"], "facts": found["facts"]}


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
