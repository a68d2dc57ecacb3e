"""Stored problems."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from api.auth import Caller, Planner, Reader
from api.bodies import JsonOrBook, Sent, json_of
from api.books import TooLarge, is_there, lang_of, read_book, week_book
from api.context import Context, context_of
from api.documented import NOT_CHANGED, body, book_answer, refusals, tagged_answers
from api.faults import Refusal, below, not_found
from api.reading import read_problem
from api.routes.books import AcceptLanguage, FormQuery, LangQuery, book_response, written
from api.schemas.problems import ProblemPage, ProblemView, StoredView
from api.schemas.shared import AREA, Origin
from api.store import audit, problems
from api.store.packing import covers, unpacked
from api.views import page, problem_view, require_match, tagged
from matcher.errors import FaultyInput

router = APIRouter(prefix="/v1/problems", tags=["problems"])
Here = Annotated[Context, Depends(context_of)]
AreaQuery = Annotated[str | None, Query(pattern=AREA, max_length=400, description="Where it belongs; left out, the caller's area.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many a page has.")]
Cursor = Annotated[str | None, Query(max_length=60, description="`next` of the page before.")]


SMALL = 64 * 1024
"""Bytes of a request up to which a problem is read in a few milliseconds, here and now."""


def read(context: Context, data: Any, size: int, pointer: str = "") -> dict[str, Any]:
    """Validate a problem, a large one in a process of its own; refuses it with every fault, each with a pointer into the body that it came in."""
    try:
        found: dict[str, Any] = read_problem(data) if size <= SMALL else context.intake.ask("", read_problem, data)
    except FaultyInput as error:
        raise Refusal("invalid-problem", "the problem has faults", faults=below(error.faults, pointer)) from None
    _limit_visits(context, found)
    return found


def read_sent(context: Context, sent: Sent, accept_language: str | None) -> dict[str, Any]:
    """Validate a problem that came as JSON or as a workbook; refuses it with every fault, each with a pointer or with its cell.

    Beside what `read` returns there is under ``unread`` what a workbook held that was not read.
    """
    if sent.form is None:
        return {**read(context, json_of(sent.content), len(sent.content)), "unread": []}
    if not is_there():
        raise Refusal("unsupported-media-type", "this server is set up without workbooks (the extra books); send application/json")
    try:
        found: dict[str, Any] = context.intake.ask("", read_book, sent.content, sent.form, lang_of(accept_language), context.settings.max_body)
    except TooLarge as error:
        raise Refusal("too-large", error.faults[0].message) from None
    except FaultyInput as error:
        raise Refusal("invalid-problem", "the workbook has faults", faults=error.faults) from None
    _limit_visits(context, found)
    return found


def _limit_visits(context: Context, found: dict[str, Any]) -> None:
    visits = found["facts"]["visits"]
    if visits > context.settings.max_visits:
        raise Refusal("too-large", f"the problem has {visits} visits; this server plans up to {context.settings.max_visits}")


def area_for(caller: Caller, asked: str | None) -> str:
    """Return the area that something belongs to: what was asked, if that is the caller's to give, else the caller's own."""
    if asked is None:
        return caller.area
    if not covers(caller.area, asked):
        raise Refusal("forbidden", f"your area is {caller.area!r}; it does not hold {asked!r}")
    return asked


def head_of(connection: Any, caller: Caller, problem_id: str, version: int | None = None) -> Any:
    """Return what is known of a stored problem; refuses where the caller sees none."""
    row = problems.head(connection, caller.area, problem_id, version)
    if row is None:
        raise not_found("problem", problem_id if version is None else f"{problem_id} version {version}")
    return row


@router.post(
    "",
    status_code=201,
    response_model=StoredView,
    responses=refusals("body", "invalid-problem", "office"),
    openapi_extra=body("Problem", may_be_book=True),
)
def store_problem(caller: Planner, context: Here, sent: JsonOrBook, area: AreaQuery = None, accept_language: AcceptLanguage = None) -> Response:
    """Store a problem, valid as a whole: JSON, an Excel workbook, or a zip of CSV files."""
    belongs = area_for(caller, area)
    found = read_sent(context, sent, accept_language)
    with context.database.write() as connection:
        problem_id = problems.add(connection, belongs, caller.id, found["digest"], found["facts"], found["body"])
        audit.note(connection, caller.id, belongs, "problem.store", problem_id, digest=found["digest"])
        view = problem_view(head_of(connection, caller, problem_id)) | {"unread": found["unread"]}
    return JSONResponse(view, 201, {"Location": view["links"]["self"], "ETag": f'"{view["version"]}"'})


@router.get("", response_model=ProblemPage, responses=refusals("invalid-request"))
def list_problems(
    caller: Reader,
    context: Here,
    limit: Limit = 50,
    cursor: Cursor = None,
    origin: Annotated[Origin | None, Query(description="How they came; left out: all but those that were made by planning again.")] = None,
) -> dict[str, Any]:
    """List the problems of the caller's area, newest first."""
    with context.database.read() as connection:
        return page(map(problem_view, problems.listed(connection, caller.area, cursor, limit + 1, origin)), limit)


@router.get("/{problem_id}", response_model=ProblemView, responses=refusals("thing") | NOT_CHANGED)
def get_problem(request: Request, caller: Reader, context: Here, problem_id: str) -> Response:
    """Say what a stored problem holds."""
    with context.database.read() as connection:
        row = head_of(connection, caller, problem_id)
    return tagged(request, problem_view(row), row["version"])


@router.get(
    "/{problem_id}/problem",
    response_class=Response,
    responses=tagged_answers("Problem", "The problem", "thing", "invalid-request"),
)
def get_problem_content(
    request: Request, caller: Reader, context: Here, problem_id: str, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> Response:
    """Return a stored problem; of an older version, if asked."""
    with context.database.read() as connection:
        row = head_of(connection, caller, problem_id, version)
        content = problems.body(connection, problem_id, row["version"])
    return tagged(request, unpacked(content), row["version"])


@router.get(
    "/{problem_id}/workbook",
    response_class=Response,
    responses={200: book_answer("The problem as a workbook"), **refusals("thing", "invalid-request", "conflict", "office")},
)
def get_problem_workbook(
    caller: Reader,
    context: Here,
    problem_id: str,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    lang: LangQuery = None,
    form: FormQuery = "xlsx",
    accept_language: AcceptLanguage = None,
) -> Response:
    """Return a stored problem as a workbook, to go on with in a spreadsheet."""
    with context.database.read() as connection:
        row = head_of(connection, caller, problem_id, version)
        content = problems.body(connection, problem_id, row["version"])
    words = lang or lang_of(accept_language)
    return book_response(written(context, week_book, content, form, words), problem_id, form, words)


@router.put(
    "/{problem_id}/problem",
    response_model=StoredView,
    responses=refusals("body", "thing", "invalid-problem", "office", "changed", "precondition-required"),
    openapi_extra=body("Problem", may_be_book=True),
)
def replace_problem(
    request: Request, caller: Planner, context: Here, problem_id: str, sent: JsonOrBook, accept_language: AcceptLanguage = None
) -> Response:
    """Store the next version of a problem. If-Match says which one was read; plans keep the version that they were made of."""
    with context.database.read() as connection:
        row = head_of(connection, caller, problem_id)
    require_match(request, row["version"])
    found = read_sent(context, sent, accept_language)
    with context.database.write() as connection:
        if not problems.add_version(connection, problem_id, row["version"], caller.id, found["digest"], found["facts"], found["body"]):
            raise Refusal("changed", "another version was stored meanwhile")
        audit.note(connection, caller.id, row["area"], "problem.replace", problem_id, digest=found["digest"], version=row["version"] + 1)
        row = head_of(connection, caller, problem_id)
    return JSONResponse(problem_view(row) | {"unread": found["unread"]}, headers={"ETag": f'"{row["version"]}"'})


@router.delete("/{problem_id}", status_code=204, response_class=Response, responses=refusals("thing", "conflict", "changed", "precondition-required"))
def remove_problem(request: Request, caller: Planner, context: Here, problem_id: str) -> Response:
    """Remove a stored problem that no plan was made of. If-Match says which version was seen."""
    with context.database.write() as connection:
        row = head_of(connection, caller, problem_id)
        require_match(request, row["version"])
        if problems.is_used(connection, problem_id):
            raise Refusal("conflict", "there are plans of this problem")
        problems.remove(connection, problem_id)
        audit.note(connection, caller.id, row["area"], "problem.remove", problem_id)
    return Response(status_code=204)
