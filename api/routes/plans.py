"""Plans as jobs: asked for, followed, cancelled, read."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.auth import Caller, Planner, Reader
from api.bodies import Body, read
from api.books import lang_of, plan_book
from api.context import Context
from api.documented import NOT_CHANGED, body, book_answer, refusals, tagged_answers
from api.faults import Refusal, below, not_found
from api.reading import Stored
from api.routes.accepting import IdempotencyKey, accept_once, ground_of, refuse_beyond
from api.routes.books import AcceptLanguage, FormQuery, LangQuery, book_response, written
from api.routes.jobs import PLAN, Prefer, job_answers
from api.routes.problems import Cursor, Here, Limit
from api.routes.problems import read as read_problem
from api.schemas.plans import PlanPage, PlanRequest, PlanView, VersionPage
from api.schemas.shared import Standing, State
from api.store import audit, plans, problems
from api.store.packing import unpacked
from api.views import page, plan_view, tagged, version_view
from matcher.errors import FaultyInput
from matcher.solve import DEFAULT_BUDGET

T = TypeVar("T")
router = APIRouter(prefix="/v1/plans", tags=["plans"])
VersionQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Which version; left out, the newest.")]


@router.post(
    "",
    status_code=202,
    response_model=PlanView,
    responses=refusals("body", "invalid-problem", "invalid-plan", "office", "conflict", "thing") | job_answers("PlanView", "plan"),
    openapi_extra=body("PlanRequest"),
)
async def make_plan(
    request: Request, caller: Planner, context: Here, content: Body, idempotency_key: IdempotencyKey = None, prefer: Prefer = None
) -> Response:
    """Have a plan made. It is a job: follow it at `Location`, or wait for it with `Prefer: wait=5`."""

    def outcome(row: RowMapping) -> tuple[str, bytes] | None:
        if not row["version"]:
            return None
        with context.database.read() as connection:
            return "plan", get_version(connection, row, None)["body"]

    return await PLAN.accepted(request, caller, context, lambda: _accept(context, caller, content, idempotency_key), prefer, outcome)


def _accept(context: Context, caller: Caller, content: bytes, token: str | None) -> tuple[str, bool]:
    """Store a request for a plan, with its problem, in one transaction; returns the plan's id, and whether it is a new one."""
    read_first: dict[str, Any] = {}

    def work() -> None:
        asked = read(content, PlanRequest)
        settings = _settings(context, asked)
        problem = read_problem(context, asked.problem, len(content), "/problem") if asked.problem is not None else None
        read_first.update(asked=asked, settings=settings, problem=problem)

    def make(connection: Connection) -> str:
        return _queue(context, connection, caller, **read_first)

    return accept_once(context, caller, token, content, work, make)


def _queue(
    context: Context, connection: Connection, caller: Caller, asked: PlanRequest, settings: dict[str, Any], problem: dict[str, Any] | None
) -> str:
    head, area = ground_of(context, connection, caller, asked, problem)
    start = _start(context, connection, caller, asked, head, area)
    plan_id = plans.add(
        connection,
        area=area,
        caller=caller.id,
        kind="solve",
        problem_id=head["id"],
        problem_version=head["version"],
        settings=settings,
        start_id=start[0] if start is not None else None,
        start_version=start[1] if start is not None else None,
        webhook=str(asked.webhook) if asked.webhook is not None else None,
    )
    audit.note(connection, caller.id, area, "plan.make", plan_id, problem=head["id"], version=head["version"])
    return plan_id


def _settings(context: Context, asked: PlanRequest) -> dict[str, Any]:
    refuse_beyond(context, asked, {"/budget": asked.budget, "/prove": asked.prove})
    # A search in chunks ends by itself, but nobody may hold a worker without end.
    budget = asked.budget if asked.budget is not None else DEFAULT_BUDGET if asked.chunks is None else None
    most = context.settings.threads
    threads = min(asked.threads or most, most)
    return {"budget": budget, "chunks": asked.chunks, "seed": asked.seed, "threads": threads, "exact": asked.exact, "prove": asked.prove}


def _start(context: Context, connection: Connection, caller: Caller, asked: PlanRequest, head: RowMapping, area: str) -> tuple[str, int] | None:
    if asked.start_id is not None:
        plans.hold(connection, asked.start_id)
        row = PLAN.row(connection, caller, asked.start_id)
        number = asked.start_version or row["version"]
        if plans.version_head(connection, asked.start_id, number) is None:
            raise not_found("version of the plan", f"{asked.start_id} version {number}")
        return asked.start_id, number
    if asked.start is None:
        return None
    content = problems.body(connection, head["id"], head["version"])
    found = read_plan_at(context, head["digest"], content, asked.start, "/start")
    given = import_plan(connection, caller, head, area, found)
    return given, 1


def read_plan_at(context: Context, digest: str, content: bytes, data: Any, pointer: str) -> dict[str, Any]:
    """Read a plan that came in, at the office; refuses it with every fault, each with a pointer into the body that it came in."""
    try:
        found: dict[str, Any] = context.office.ask(digest, "read_plan", Stored(digest, "", is_in_force=False, problem=content), data)
    except FaultyInput as error:
        raise Refusal("invalid-plan", "the plan has faults", faults=below(error.faults, pointer)) from None
    return found


def import_plan(connection: Connection, caller: Caller, head: RowMapping, area: str, found: dict[str, Any]) -> str:
    """Store a plan that came from outside, as one that is done."""
    report = found["report"]
    plan_id = plans.add(
        connection,
        area=area,
        caller=caller.id,
        kind="import",
        problem_id=head["id"],
        problem_version=head["version"],
        settings={},
        state="done",
        version=1,
        result={"cost": report["cost"], "terms": report["terms"], "status": "given"},
        progress={"phase": "end", "seconds": 0.0, "chunks": 0, "visits": found["visits"], "assigned": found["assigned"], "cost": report["cost"]},
    )
    count = len(report["violations"])
    plans.save_version(connection, plan_id, 1, found["body"], attempt=0, cost=report["cost"], violations=count, by=caller.id)
    audit.note(connection, caller.id, area, "plan.import", plan_id, problem=head["id"])
    return plan_id


@router.get("", response_model=PlanPage, responses=refusals("invalid-request"))
def list_plans(
    caller: Reader,
    context: Here,
    limit: Limit = 50,
    cursor: Cursor = None,
    state: State | None = None,
    standing: Standing | None = None,
    problem_id: Annotated[str | None, Query(max_length=40)] = None,
) -> dict[str, Any]:
    """List the plans of the caller's area, newest first."""
    filters = {"state": state, "standing": standing, "problem_id": problem_id}
    with context.database.read() as connection:
        return page(map(plan_view, plans.listed(connection, caller.area, cursor, limit + 1, filters)), limit)


@router.get("/{plan_id}", response_model=PlanView, responses=refusals("thing") | NOT_CHANGED)
async def get_plan(request: Request, caller: Reader, context: Here, plan_id: str) -> Response:
    """Say how far a plan is: its state, the best cost so far, bound, gap, how many visits are left out."""
    return await PLAN.status(request, caller, context, plan_id)


@router.delete("/{plan_id}", status_code=202, response_model=PlanView, responses=refusals("thing", "changed"))
def cancel_plan(request: Request, caller: Planner, context: Here, plan_id: str) -> Response:
    """Stop a plan that is being made; the best one so far is kept. One that has ended stays as it is. If-Match is kept to, but not needed."""
    return PLAN.cancel(request, caller, context, plan_id)


def get_version(connection: Connection, row: RowMapping, number: int | None, *, is_whole: bool = True) -> RowMapping:
    """Return a version of a plan, with its packed body if it is to be whole, the newest if none is given; refuses where there is none."""
    find = plans.version if is_whole else plans.version_head
    found = find(connection, row["id"], number or row["version"])
    return require_version(row, number, found)


def require_version(row: RowMapping, number: int | None, found: T | None) -> T:
    """Return the version of a plan that was found; refuses where there was none."""
    if not row["version"]:
        raise Refusal("conflict", f"there is no plan yet: it is {row['state']}")
    if found is None:
        raise not_found("version of the plan", f"{row['id']} version {number}")
    return found


@router.get(
    "/{plan_id}/plan",
    response_class=Response,
    responses=tagged_answers("Plan", "The plan", "thing", "conflict", "invalid-request"),
)
def get_plan_content(request: Request, caller: Reader, context: Here, plan_id: str, version: VersionQuery = None) -> Response:
    """Return the plan: the newest version that is saved, also while it is still being improved."""
    with context.database.read() as connection:
        found = get_version(connection, PLAN.row(connection, caller, plan_id), version)
    return tagged(request, unpacked(found["body"]), f"v{found['version']}")


@router.get(
    "/{plan_id}/workbook",
    response_class=Response,
    responses={200: book_answer("The plan as a workbook"), **refusals("thing", "conflict", "invalid-request", "office")},
)
def get_plan_workbook(
    caller: Reader,
    context: Here,
    plan_id: str,
    version: VersionQuery = None,
    lang: LangQuery = None,
    form: FormQuery = "xlsx",
    accept_language: AcceptLanguage = None,
) -> Response:
    """Return the plan as a workbook: by day, by person, by community, and what is left out with the reasons."""
    with context.database.read() as connection:
        row = PLAN.row(connection, caller, plan_id)
        found = get_version(connection, row, version)
        content = problems.body(connection, row["problem_id"], row["problem_version"])
    words = lang or lang_of(accept_language)
    return book_response(written(context, plan_book, content, found["body"], form, words), f"{plan_id}-v{found['version']}", form, words)


@router.get(
    "/{plan_id}/problem",
    response_class=Response,
    responses=tagged_answers("Problem", "The problem that it is a plan of", "thing"),
)
def get_plan_problem(request: Request, caller: Reader, context: Here, plan_id: str) -> Response:
    """Return the problem that a plan was made of, in the version that it was made of."""
    return PLAN.problem(request, caller, context, plan_id)


@router.get(
    "/{plan_id}/result",
    responses={200: {"description": "How the plan came about: docs/format.md, Result, without the plan"}, **refusals("thing", "conflict")},
)
def get_plan_result(request: Request, caller: Reader, context: Here, plan_id: str) -> Response:
    """Return how a plan came about: its cost by term, bound, gap, seed, versions, trace."""
    with context.database.read() as connection:
        row = PLAN.row(connection, caller, plan_id)
    if row["result"] is None:
        raise Refusal("conflict", f"there is no result: it is {row['state']}")
    return tagged(request, dict(row["result"]), row["revision"])


@router.get("/{plan_id}/versions", response_model=VersionPage, responses=refusals("thing"))
def list_versions(caller: Reader, context: Here, plan_id: str) -> dict[str, Any]:
    """List the saved versions of a plan, newest first."""
    with context.database.read() as connection:
        PLAN.row(connection, caller, plan_id)
        return {"items": [version_view(row) for row in plans.versions(connection, plan_id)]}
