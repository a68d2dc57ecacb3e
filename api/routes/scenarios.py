"""Comparisons of scenarios as jobs: asked for, followed, stopped, read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response, StreamingResponse

from api.auth import Caller, Planner, Reader
from api.bodies import Body, read
from api.books import XLSX, lang_of
from api.context import Context
from api.documented import NOT_CHANGED, body, refusals, tagged_answers
from api.faults import Refusal, not_found
from api.routes.accepting import IdempotencyKey, accept_once, ground_of, refuse_beyond
from api.routes.books import AcceptLanguage, LangQuery, book_response
from api.routes.jobs import COMPARISON, Prefer, job_answers
from api.routes.problems import Cursor, Here, Limit, head_of
from api.routes.problems import read as read_problem
from api.routes.streams import STREAM, LastEventId, stream_of
from api.schemas.comparisons import ComparisonPage, ComparisonRequest, ComparisonView
from api.schemas.shared import State
from api.store import audit, plans, problems, runs
from api.store.packing import unpacked
from api.views import comparison_view, page, tagged
from matcher.errors import Fault, FaultyInput
from matcher.words import Lang
from scenarios.report import missing

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])
CHECKED = 20_000
"""Visits, times scenarios, up to which edits are tried on the week before a request is accepted: seconds. Beyond that the worker tries them first."""
SETTINGS = ("seeds", "budget", "chunks", "prove")
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""A report needs nothing from anywhere, and runs nothing."""
LangOfReport = Annotated[Lang | None, Query(description="Language of the report; left out, that of Accept-Language.")]


@router.post(
    "",
    status_code=202,
    response_model=ComparisonView,
    responses=refusals("body", "invalid-problem", "invalid-scenarios", "office", "conflict", "thing") | job_answers("ComparisonView", "comparison"),
    openapi_extra=body("ComparisonRequest"),
)
async def compare(
    request: Request, caller: Planner, context: Here, content: Body, idempotency_key: IdempotencyKey = None, prefer: Prefer = None
) -> Response:
    """Have scenarios compared with the week as it is: each is planned with the same budget and seeds, and what differs is told from noise.

    It is a job, as a plan is. Each run that is finished is kept: whatever happens to a worker, no run is done again.
    """

    def outcome(row: RowMapping) -> tuple[str, bytes | None] | None:
        if row["state"] == "failed":
            return None
        with context.database.read() as connection:
            return "comparison", runs.comparison(connection, row["id"])

    return await COMPARISON.accepted(request, caller, context, lambda: _accept(context, caller, content, idempotency_key), prefer, outcome)


def _accept(context: Context, caller: Caller, content: bytes, token: str | None) -> tuple[str, bool]:
    """Store a request for a comparison, with its problem, in one transaction; returns its id, and whether it is a new one."""
    read_first: dict[str, Any] = {}

    def work() -> None:
        asked = read(content, ComparisonRequest)
        refuse_beyond(context, asked, {})
        if asked.problem is not None:
            problem = read_problem(context, asked.problem, len(content), "/problem")
            visits, week = problem["facts"]["visits"], problem["body"]
        else:
            problem = None
            with context.database.read() as connection:
                head = head_of(connection, caller, str(asked.problem_id), asked.problem_version)
                week = problems.body(connection, head["id"], head["version"])
            # What was checked is what is compared, whatever is stored meanwhile.
            asked.problem_version, visits = head["version"], head["facts"]["visits"]
        read_first.update(asked=asked, settings=_settings(context, asked, visits, week), problem=problem)

    def make(connection: Connection) -> str:
        return _queue(context, connection, caller, **read_first)

    return accept_once(context, caller, token, b"scenarios " + content, work, make)


def _settings(context: Context, asked: ComparisonRequest, visits: int, week: bytes) -> dict[str, Any]:
    above = {name: getattr(asked, name) for name in SETTINGS if getattr(asked, name) is not None}
    try:
        found = context.intake.ask("", "api.reports.read_scenarios", asked.scenarios, above, None)
        settings = found["file"]["settings"]
        places = {name: f"/{name}" if name in above else f"/scenarios/settings/{name}" for name in ("budget", "prove")}
        refuse_beyond(context, asked, {place: settings[name] for name, place in places.items()})
        if found["runs"] > context.settings.max_runs:
            message = f"takes {found['runs']} runs; this server gives at most {context.settings.max_runs}"
            raise Refusal("invalid-request", "the comparison is larger than this server makes", faults=[Fault("/scenarios", message, "range")])
        if visits * len(found["cases"]) <= CHECKED:
            context.intake.ask("", "api.reports.read_scenarios", asked.scenarios, above, week)
    except FaultyInput as error:
        raise Refusal("invalid-scenarios", "the scenarios have faults", faults=error.faults) from None
    most = context.settings.threads
    return {"scenarios": found["file"], "cases": found["cases"], "threads": min(asked.threads or most, most)}


def _queue(
    context: Context, connection: Connection, caller: Caller, asked: ComparisonRequest, settings: dict[str, Any], problem: dict[str, Any] | None
) -> str:
    head, area = ground_of(context, connection, caller, asked, problem)
    job_id = plans.add(
        connection,
        area=area,
        caller=caller.id,
        kind=plans.COMPARISON,
        problem_id=head["id"],
        problem_version=head["version"],
        settings=settings,
        webhook=str(asked.webhook) if asked.webhook is not None else None,
    )
    counts = {"problem": head["id"], "version": head["version"], "scenarios": len(settings["cases"])}
    audit.note(connection, caller.id, area, "scenarios.compare", job_id, **counts)
    return job_id


@router.get("", response_model=ComparisonPage, responses=refusals("invalid-request"))
def list_comparisons(
    caller: Reader,
    context: Here,
    limit: Limit = 50,
    cursor: Cursor = None,
    state: State | None = None,
    problem_id: Annotated[str | None, Query(max_length=40)] = None,
) -> dict[str, Any]:
    """List the comparisons of the caller's area, newest first."""
    filters = {"state": state, "problem_id": problem_id}
    with context.database.read() as connection:
        found = plans.listed(connection, caller.area, cursor, limit + 1, filters, is_comparison=True)
    return page(map(comparison_view, found), limit)


@router.get("/{comparison_id}", response_model=ComparisonView, responses=refusals("thing") | NOT_CHANGED)
async def get_comparison_job(request: Request, caller: Reader, context: Here, comparison_id: str) -> Response:
    """Say how far a comparison is: its state, how many runs are finished of how many."""
    return await COMPARISON.status(request, caller, context, comparison_id)


@router.delete("/{comparison_id}", status_code=202, response_model=ComparisonView, responses=refusals("thing", "changed"))
def cancel_comparison(request: Request, caller: Planner, context: Here, comparison_id: str) -> Response:
    """Stop a comparison; what is finished is kept and compared. One that has ended stays as it is. If-Match is kept to, but not needed."""
    return COMPARISON.cancel(request, caller, context, comparison_id)


def _said(context: Context, caller: Caller, job_id: str) -> tuple[bytes, str, bool]:
    """Return what a comparison says, of its finished runs where it has not ended well; a mark of it; and whether it may say more later."""
    with context.database.read() as connection:
        row = COMPARISON.row(connection, caller, job_id)
        found = runs.comparison(connection, job_id)
        if found is not None:
            return unpacked(found), str(row["revision"]), False
        records = runs.records(connection, job_id)
        week = problems.body(connection, row["problem_id"], row["problem_version"])
    said: bytes | None = context.study.ask("", "api.reports.comparison", week, row["settings"]["scenarios"], records) if records else None
    if said is None:
        raise Refusal("conflict", f"no run of the week without edits is finished: it is {row['state']}")
    return said, f"{row['revision']}.{len(records)}", row["state"] in plans.LIVE


@router.get(
    "/{comparison_id}/comparison",
    response_class=Response,
    responses={
        200: {"description": "docs/scenarios.md, sishe-comparison/1", "content": {"application/json": {"schema": {"type": "object"}}}},
        **refusals("thing", "conflict", "office"),
        **NOT_CHANGED,
    },
)
def get_comparison(request: Request, caller: Reader, context: Here, comparison_id: str) -> Response:
    """Return what a comparison says: each figure of each scenario with what is noise in it. Before its end, of what is finished by now."""
    content, mark, is_weak = _said(context, caller, comparison_id)
    return tagged(request, content, mark, is_weak=is_weak)


def _reported(context: Context, caller: Caller, job_id: str, kind: str, lang: Lang) -> bytes:
    if missing():
        raise Refusal("conflict", f"this server is set up without {', '.join(missing())} (the extra report)")
    content, _, _ = _said(context, caller, job_id)
    found: bytes = context.study.ask("", f"api.reports.{kind}", content, lang)
    return found


@router.get(
    "/{comparison_id}/report",
    response_class=Response,
    responses={
        200: {"description": "A page that needs nothing else", "content": {"text/html": {"schema": {"type": "string"}}}},
        **refusals("thing", "conflict", "office", "invalid-request"),
    },
)
def get_report(caller: Reader, context: Here, comparison_id: str, lang: LangOfReport = None, accept_language: AcceptLanguage = None) -> Response:
    """Return the report of a comparison as one page: words, charts, maps, tables."""
    words = lang or lang_of(accept_language)
    headers = {"Content-Security-Policy": POLICY, "Content-Language": words, "Vary": "Accept-Language", "Cache-Control": "private, no-cache"}
    return Response(_reported(context, caller, comparison_id, "report", words), media_type="text/html", headers=headers)


@router.get(
    "/{comparison_id}/workbook",
    response_class=Response,
    responses={
        200: {"description": "The report as a workbook", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}},
        **refusals("thing", "conflict", "office", "invalid-request"),
    },
)
def get_report_workbook(
    caller: Reader, context: Here, comparison_id: str, lang: LangQuery = None, accept_language: AcceptLanguage = None
) -> Response:
    """Return the report of a comparison as an Excel workbook."""
    words = lang or lang_of(accept_language)
    return book_response(_reported(context, caller, comparison_id, "workbook", words), comparison_id, "xlsx", words)


@router.get(
    "/{comparison_id}/file",
    response_class=Response,
    responses=tagged_answers("ScenarioFile", "The scenarios, with all settings", "thing"),
)
def get_scenarios(request: Request, caller: Reader, context: Here, comparison_id: str) -> Response:
    """Return the scenarios that were asked for, with all settings as they are: `scenarios run` takes them, too."""
    with context.database.read() as connection:
        row = COMPARISON.row(connection, caller, comparison_id)
    return tagged(request, dict(row["settings"]["scenarios"]), "file")


@router.get(
    "/{comparison_id}/problem",
    response_class=Response,
    responses=tagged_answers("Problem", "The week without edits", "thing"),
)
def get_base_problem(request: Request, caller: Reader, context: Here, comparison_id: str) -> Response:
    """Return the week that scenarios are compared with, in the version that was asked for."""
    return COMPARISON.problem(request, caller, context, comparison_id)


@router.get(
    "/{comparison_id}/plans/{name}",
    response_class=Response,
    responses=tagged_answers("Plan", "The plan", "thing", "invalid-request"),
)
def get_run_plan(
    request: Request, caller: Reader, context: Here, comparison_id: str, name: Annotated[str, Path(max_length=40, description="`plan` of a run.")]
) -> Response:
    """Return the plan of a finished run, by the name that the run gives it. It is a plan of the week of its scenario."""
    with context.database.read() as connection:
        COMPARISON.row(connection, caller, comparison_id)
        found = runs.plan(connection, comparison_id, name)
    if found is None:
        raise not_found("plan of this comparison", name)
    return tagged(request, unpacked(found), name)


@router.get("/{comparison_id}/events", response_class=StreamingResponse, responses=STREAM)
def follow_comparison(request: Request, caller: Reader, context: Here, comparison_id: str, last_event_id: LastEventId = None) -> Response:
    """Follow a comparison: every event after `Last-Event-ID`, then each new one as it comes."""
    with context.database.read() as connection:
        COMPARISON.row(connection, caller, comparison_id)
    return stream_of(request, context, comparison_id, last_event_id)
