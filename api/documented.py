"""What OpenAPI says beyond what the framework finds out: bodies that are read by hand, problem details, the matcher's own schemas, examples."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.books import FORMS
from api.calendars import MEDIA_TYPE as CALENDAR
from api.faults import KINDS, MEDIA_TYPE
from api.schemas.administration import KeyRequest
from api.schemas.calendars import CalendarRequest
from api.schemas.comparisons import ComparisonRequest
from api.schemas.living import EvaluateRequest, RecommendRequest, ReplanRequest, WhatIfRequest
from api.schemas.plans import PlanRequest, PublishRequest
from api.schemas.problems import CheckRequest
from api.schemas.shared import STANDS_FOR, ZONED, Details
from matcher.living.events import KINDS as EVENTS
from matcher.plan import Plan, Result
from matcher.problem import Problem
from scenarios.edits.models import ScenarioFile

REF = "#/components/schemas/{model}"
EXAMPLE_PROBLEM: dict[str, Any] = {
    "format": "sishe-problem/1",
    "horizon": {"start": "2026-11-23", "days": 7},
    "communities": [{"id": "zhudao", "location": {"lat": 37.5097, "lon": 122.1164}}],
    "residents": [{"id": "r-1", "community": "zhudao"}],
    "needs": [
        {
            "id": "meal",
            "resident": "r-1",
            "category": "elderly",
            "minutes": 30,
            "windows": [{"earliest": "10:30", "latest": "12:00"}],
            "team": [{"id": "bring", "kinds": ["volunteer"]}],
        }
    ],
    "providers": [{"id": "v-1", "kind": "volunteer", "location": {"lat": 37.5083, "lon": 122.1102}, "shifts": [{"from": "08:00", "to": "13:00"}]}],
}
EXAMPLE_PLAN: dict[str, Any] = {
    "format": "sishe-plan/1",
    "assignments": [
        {
            "visit": "meal#1",
            "team": [{"role": "bring", "provider": "v-1", "start": "2026-11-23T10:30:00", "end": "2026-11-23T11:00:00"}],
        }
    ],
}
EXAMPLE_SCENARIOS: dict[str, Any] = {
    "title": "What next year's money should buy",
    "settings": {"chunks": 1, "seeds": 2},
    "scenarios": [
        {"id": "one-more", "title": "One more volunteer", "edits": [{"edit": "add_providers", "kind": "volunteer", "count": 1}]},
        {"id": "later", "edits": [{"edit": "change_windows", "later": 60}]},
    ],
}
EXAMPLES: dict[str, Any] = {
    "PlanRequest": {"problem": EXAMPLE_PROBLEM, "budget": 1, "seed": 1},
    "ComparisonRequest": {"problem": EXAMPLE_PROBLEM, "scenarios": EXAMPLE_SCENARIOS, "threads": 1},
    "ScenarioFile": EXAMPLE_SCENARIOS,
    "CheckRequest": {"problem": EXAMPLE_PROBLEM},
    "Problem": EXAMPLE_PROBLEM,
    "Plan": EXAMPLE_PLAN,
    "KeyRequest": {"name": "platform of Huancui", "area": "weihai/huancui", "scopes": ["read", "plan"]},
    "PublishRequest": {"version": 1},
    "CalendarRequest": {"person": "v-1", "lang": "zh"},
    "ReplanRequest": {"events": [{"kind": "absent", "provider": "v-1", "day": "mon"}], "now": "2026-11-23T07:30:00"},
    "RecommendRequest": {"visit": "meal#1", "top": 3},
    "EvaluateRequest": {"plan": EXAMPLE_PLAN, "top": 1},
    "WhatIfRequest": {"visit": "meal#1", "provider": "v-1", "start": "2026-11-24T11:00:00"},
}
COMMON = ("unauthenticated", "forbidden", "too-many")
REFUSED: dict[str, tuple[str, ...]] = {
    "body": ("not-json", "slow-body", "too-large", "unsupported-media-type", "invalid-request"),
    "thing": ("not-found",),
    "office": ("busy", "timeout"),
}


def refusals(*kinds: str, is_open: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that refuses for these reasons (kinds, or the groups of `REFUSED`), beside those of all that are not open."""
    names = [name for kind in (*(() if is_open else COMMON), *kinds) for name in REFUSED.get(kind, (kind,))]
    by_status: dict[int | str, dict[str, Any]] = {}
    for name in names:
        status, title = KINDS[name]
        example = {"type": f"/v1/errors/{name}", "title": title, "status": status, "detail": title}
        known = by_status.setdefault(
            status, {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Details")}, "examples": {}}}}
        )
        known["content"][MEDIA_TYPE]["examples"][name] = {"value": example}
    return by_status


def body(model: str, *, may_be_book: bool = False) -> dict[str, Any]:
    """Return what OpenAPI says of a request with a body of a model, by its name, or, where that may be, with a workbook."""
    content = {"schema": {"$ref": REF.format(model=model)}, "example": EXAMPLES[model]}
    books = {media: {"schema": {"type": "string", "format": "binary"}} for media in FORMS} if may_be_book else {}
    return {"requestBody": {"required": True, "content": {"application/json": content, **books}}}


def answer(model: str, description: str) -> dict[str, Any]:
    """Return what OpenAPI says of an answer that is written by hand."""
    return {"description": description, "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}}}


NOT_CHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed"}}


def tagged_answers(model: str, description: str, *kinds: str) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that gives something with an ETag, and refuses for these reasons."""
    return {200: answer(model, description), **refusals(*kinds), **NOT_CHANGED}


def book_answer(description: str) -> dict[str, Any]:
    """Return what OpenAPI says of an answer that is a workbook."""
    return {"description": description, "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in FORMS}}


def calendar_answer(description: str) -> dict[str, Any]:
    """Return what OpenAPI says of an answer that is a calendar."""
    return {"description": description, "content": {CALENDAR: {"schema": {"type": "string"}}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, openapi_version="3.1.0", description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        asked: list[type[BaseModel]] = [PlanRequest, ComparisonRequest, CheckRequest, KeyRequest, PublishRequest, CalendarRequest]
        asked += [ReplanRequest, RecommendRequest, EvaluateRequest, WhatIfRequest]
        models: list[type[BaseModel]] = [*asked, Details, Problem, Plan, Result, ScenarioFile, *EVENTS.values()]
        for name, schema in models_json_schema([(model, "validation") for model in models], ref_template=REF)[1]["$defs"].items():
            schemas.setdefault(name, schema)
        schemas["Event"] = {"oneOf": [{"$ref": REF.format(model=model.__name__)} for model in EVENTS.values()]}
        for name, example in EXAMPLES.items():
            schemas[name]["examples"] = [example]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        for path in made["paths"].values():
            for operation in path.values():
                _finish(operation)
        app.openapi_schema = _referred(made)
    return app.openapi_schema


def _referred(part: Any) -> Any:
    if isinstance(part, dict):
        if part.get("format") == "date-time" and "type" in part and not part.get(ZONED):
            # What plans and events say is local, without the zone that this format would ask for.
            return {**part, "format": "date-time-local"}
        if STANDS_FOR in part:
            return {"$ref": REF.format(model=part[STANDS_FOR])} | {key: value for key, value in part.items() if key == "description"}
        return {key: _referred(value) for key, value in part.items()}
    return [_referred(item) for item in part] if isinstance(part, list) else part


def _finish(operation: dict[str, Any]) -> None:
    # The framework promises its own kind of 422; ours is problem details, of a query or path that is not as it should be.
    found = operation.get("responses", {}).get("422", {})
    if "HTTPValidationError" in str(found):
        operation["responses"]["422"] = refusals("invalid-request")[422]
