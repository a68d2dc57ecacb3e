"""Living with a plan: planning again, slots for one need more, one's own edits judged, why, what differs, what more would be worth."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal, NamedTuple, Self

from fastapi import APIRouter, Query, Request
from sqlalchemy import RowMapping
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from api.auth import Caller, Planner, Reader
from api.bodies import Body, json_of, read
from api.context import Context
from api.documented import body, refusals
from api.faults import Refusal, below, not_found
from api.office import Office
from api.reading import NotAtHand, Stored
from api.routes.accepting import IdempotencyKey, accept_once
from api.routes.jobs import PLAN
from api.routes.plans import VersionQuery, get_version, require_version
from api.routes.problems import Here
from api.schemas.living import EvaluateRequest, RecommendRequest, ReplanRequest, ReplanView, WhatIfRequest
from api.schemas.plans import PlanView
from api.store import audit, plans, problems
from api.views import plan_view, require_match
from matcher.errors import FaultyInput, PlanError, ProblemError

router = APIRouter(prefix="/v1/plans/{plan_id}", tags=["living with a plan"])
SHARE = 0.5
"""Of the time that an answer may take, what a search for it gets; opening the week takes the rest."""
JSON_ANSWER: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}


class Asked(NamedTuple):
    """A plan that questions are about."""

    context: Context
    row: RowMapping
    """`plans.asked_about`: where the plan stands, and which version is meant (``asked_version``)."""

    @classmethod
    def about(cls, context: Context, caller: Caller, plan_id: str, number: int | None = None) -> Self:
        """Return a plan that a caller asks about; refuses where they see none, or where it has no such version."""
        with context.database.read() as connection:
            row = plans.asked_about(connection, caller.area, plan_id, number)
        if row is None:
            raise not_found("plan", plan_id)
        require_version(row, number, row["asked_version"])
        return cls(context, row)

    @property
    def of(self) -> Stored:
        """How the office is asked about it: by names alone."""
        row = self.row
        is_in_force = row["standing"] == "published" and row["asked_version"] == row["version"]
        return Stored(row["digest"], f"{row['id']}.{row['asked_version']}", is_in_force)

    def whole(self) -> Stored:
        """Return the same with the bodies."""
        row = self.row
        with self.context.database.read() as connection:
            found = get_version(connection, row, row["asked_version"])
            return self.of._replace(problem=problems.body(connection, row["problem_id"], row["problem_version"]), plan=found["body"])

    def ask(self, question: str, *arguments: Any, pointer: str = "", office: Office | None = None) -> Any:
        """Have a question answered: at first by names alone, with the bodies where they are not at hand. Refuses with every fault that is found."""
        office = office or self.context.office
        try:
            try:
                return office.ask(self.of.digest, question, self.of, *arguments)
            except NotAtHand:
                return office.ask(self.of.digest, question, self.whole(), *arguments)
        except FaultyInput as error:
            kind = "invalid-problem" if isinstance(error, ProblemError) else "invalid-plan" if isinstance(error, PlanError) else "invalid-events"
            raise Refusal(kind, f"the {error.what} has faults", faults=below(error.faults, pointer)) from None

    def ahead(self) -> BackgroundTask:
        """Return what has the plan at hand before the first question about it comes, if there is a pause before."""

        def told() -> None:
            with contextlib.suppress(Refusal, RuntimeError):
                self.context.office.ask(self.of.digest, "ask_ahead", self.whole())

        return BackgroundTask(told)

    def answer(self, question: str, *arguments: Any, pointer: str = "", office: Office | None = None) -> Response:
        """Answer with what the office says, as it says it."""
        return Response(self.ask(question, *arguments, pointer=pointer, office=office), media_type="application/json")


@router.post(
    "/replan",
    status_code=201,
    response_model=ReplanView,
    responses=refusals("body", "thing", "office", "conflict", "invalid-plan", "invalid-events")
    | {200: {"description": "Done before, under this key"}},
    openapi_extra=body("ReplanRequest"),
)
def replan(
    caller: Planner, context: Here, plan_id: str, content: Body, version: VersionQuery = None, idempotency_key: IdempotencyKey = None
) -> Response:
    """Plan the week again after something happened, changing as little as it must. The new plan, of the week as it is now, is a draft of its own."""
    asked = read(content, ReplanRequest).model_dump(mode="json")
    about = Asked.about(context, caller, plan_id, version)
    row, number = about.row, about.row["asked_version"]

    def make(connection: Any) -> str:
        problem = answer["problem"]
        problem_id = problems.add(connection, row["area"], caller.id, problem["digest"], problem["facts"], problem["body"], origin="replan")
        made = plans.add(
            connection,
            area=row["area"],
            caller=caller.id,
            kind="replan",
            problem_id=problem_id,
            problem_version=1,
            settings={"events": len(asked["events"]), "seed": asked["seed"], "budget": asked["budget"]},
            start_id=plan_id,
            start_version=number,
            state="done",
            version=1,
            result={**answer["result"], "replan": answer["answer"]},
            progress=_progress(answer),
        )
        plans.save_version(connection, made, 1, answer["plan"], attempt=0, cost=answer["result"]["cost"], violations=0, by="matcher")
        audit.note(connection, caller.id, row["area"], "plan.replan", made, of=plan_id, version=number, events=len(asked["events"]))
        return made

    answer: dict[str, Any] = {}

    def work() -> None:
        answer.update(about.ask("ask_replan", asked))

    made, is_new = accept_once(context, caller, idempotency_key, f"{plan_id}.{number}".encode() + content, work, make)
    with context.database.read() as connection:
        new = PLAN.row(connection, caller, made)
    view = plan_view(new)
    said = {"plan": view, **new["result"]["replan"]}
    headers = {"Location": view["links"]["self"], "ETag": f'"{new["revision"]}"'}
    return JSONResponse(said, 201 if is_new else 200, headers, background=Asked.about(context, caller, made).ahead() if is_new else None)


def _progress(answer: dict[str, Any]) -> dict[str, Any]:
    visits, result = answer["problem"]["facts"]["visits"], answer["result"]
    known = {"cost": result["cost"], "bound": None, "visits": visits, "assigned": answer["assigned"]}
    return {"phase": "end", "seconds": round(result["seconds"], 2), "chunks": result["chunks"], **known}


@router.post(
    "/recommend",
    responses=refusals("body", "thing", "office", "conflict", "invalid-problem", "invalid-plan") | {200: JSON_ANSWER},
    openapi_extra=body("RecommendRequest"),
)
def recommend(caller: Reader, context: Here, plan_id: str, content: Body, version: VersionQuery = None) -> Response:
    """Recommend teams and times for a new need or a visit, the cheapest first, each verified, with its cost by term. The plan stays as it is."""
    asked = read(content, RecommendRequest).model_dump(mode="json")
    about = Asked.about(context, caller, plan_id, version)
    return about.answer("ask_recommend", asked, SHARE * context.settings.answer_seconds)


@router.post(
    "/evaluate",
    responses=refusals("body", "thing", "office", "conflict", "invalid-plan") | {200: JSON_ANSWER},
    openapi_extra=body("EvaluateRequest"),
)
def evaluate(caller: Reader, context: Here, plan_id: str, content: Body, version: VersionQuery = None) -> Response:
    """Judge a plan of this problem, which may break rules: cost by term, every violation, and what the engine would change first."""
    asked = read(content, EvaluateRequest)
    about = Asked.about(context, caller, plan_id, version)
    seconds = SHARE * context.settings.answer_seconds
    return about.answer("ask_evaluate", asked.plan, asked.top, seconds, pointer="/plan" if asked.plan else "")


@router.post(
    "/what-if",
    responses=refusals("body", "thing", "office", "conflict", "invalid-plan") | {200: JSON_ANSWER},
    openapi_extra=body("WhatIfRequest"),
)
def what_if(caller: Reader, context: Here, plan_id: str, content: Body, version: VersionQuery = None) -> Response:
    """Try out a move of one visit, as on a board: which rules it would break, what it would cost. Nothing is changed."""
    asked = read(content, WhatIfRequest).model_dump(mode="json")
    about = Asked.about(context, caller, plan_id, version)
    return about.answer("ask_what_if", asked)


@router.get("/explain/{visit:path}", responses=refusals("thing", "office", "conflict", "invalid-plan", "invalid-request") | {200: JSON_ANSWER})
def explain(
    caller: Reader,
    context: Here,
    plan_id: str,
    visit: str,
    budget: Annotated[float, Query(ge=0, le=30, description="Seconds after which no further change is tried.")] = 2.0,
    version: VersionQuery = None,
) -> Response:
    """Say why a visit is left out and what would let it in, or why it is served as it is (docs/explain.md). In a path, `#` is written `%23`."""
    about = Asked.about(context, caller, plan_id, version)
    try:
        return about.answer("ask_explain", visit, budget)
    except Refusal as refusal:
        if [fault.code for fault in refusal.faults] == ["unknown"]:
            raise not_found("visit", visit) from None
        raise


@router.get("/diff/{other}", responses=refusals("thing", "office", "conflict", "invalid-plan", "invalid-request") | {200: JSON_ANSWER})
def diff(caller: Reader, context: Here, plan_id: str, other: str, version: VersionQuery = None, other_version: VersionQuery = None) -> Response:
    """Compare this plan (`a`) with another (`b`): what became of each visit, who has to be told what, the cost by term.

    Plans of two versions of a week are compared by the names of their visits; `only_a` and `only_b` then name those that are in one week alone.
    A plan that came of planning this one again is compared as it was then. Weeks without a visit in common are not compared (409).
    """
    about, their = Asked.about(context, caller, plan_id, version), Asked.about(context, caller, other, other_version)
    made_of = (their.row["start_id"], their.row["start_version"], their.row["asked_version"])
    if their.row["kind"] == "replan" and made_of == (plan_id, about.row["asked_version"], 1):
        with context.database.read() as connection:
            return JSONResponse(PLAN.row(connection, caller, other)["result"]["replan"]["difference"])
    try:
        return about.answer("ask_diff", their.whole())
    except Refusal as refusal:
        if [fault.code for fault in refusal.faults] == ["conflict"]:
            names = [{"plan": each.row["id"], "problem": each.row["problem_id"], "version": each.row["problem_version"]} for each in (about, their)]
            detail = f"{plan_id} and {other} cannot be compared: {refusal.faults[0].message}"
            raise Refusal("conflict", detail, plans=names) from None
        raise


@router.get("/prices", responses=refusals("thing", "office", "conflict", "invalid-plan", "invalid-request") | {200: JSON_ANSWER})
def prices(
    caller: Reader,
    context: Here,
    plan_id: str,
    what: Annotated[Literal["prices", "recruits"], Query(description="Hours and money, or people and training.")] = "prices",
    budget: Annotated[float, Query(ge=0, le=45, description="Seconds; what is not tried out by then has its estimate alone.")] = 20.0,
    top: Annotated[int, Query(ge=0, le=100, description="How many of the ranking are tried out.")] = 5,
    repeats: Annotated[int, Query(ge=1, le=10, description="How often each is tried, with another seed.")] = 1,
    seed: Annotated[int, Query(ge=0, le=2**31 - 1)] = 1,
    version: VersionQuery = None,
) -> Response:
    """Say what one more hour, 100 yuan or one more volunteer would be worth, each tried out by planning again."""
    about = Asked.about(context, caller, plan_id, version)
    asked = {"what": what, "budget": budget, "top": top, "repeats": repeats, "seed": seed}
    return about.answer("ask_prices", asked, office=context.study)


@router.put(
    "/plan",
    response_model=PlanView,
    responses=refusals("body", "thing", "office", "conflict", "invalid-plan", "changed", "precondition-required"),
    openapi_extra=body("Plan"),
)
def replace_plan(request: Request, caller: Planner, context: Here, plan_id: str, content: Body) -> Response:
    """Store one's own edited plan as the next version of a draft; one that breaks rules is not published. If-Match: the version that was read."""
    about = Asked.about(context, caller, plan_id)
    row, number = about.row, about.row["asked_version"]
    require_match(request, f"v{row['version']}")
    if row["state"] in plans.LIVE or row["standing"] != "draft":
        raise Refusal("conflict", f"only a draft that has ended is edited; this one is {row['state']} and {row['standing']}")
    new = about.ask("read_plan", json_of(content))
    report = new["report"]
    count = len(report["violations"])
    with context.database.write() as connection:
        if not plans.add_version(connection, plan_id, number, report["cost"], new["assigned"]):
            raise Refusal("changed", "another version was stored meanwhile")
        plans.save_version(connection, plan_id, number + 1, new["body"], attempt=0, cost=report["cost"], violations=count, by=caller.id)
        audit.note(connection, caller.id, row["area"], "plan.edit", plan_id, version=number + 1, violations=count)
        row = PLAN.row(connection, caller, plan_id)
    return JSONResponse(plan_view(row), headers={"ETag": f'"v{row["version"]}"'})
