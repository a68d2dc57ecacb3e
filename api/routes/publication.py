"""Putting a plan in force: one for each community and week."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import IntegrityError
from starlette.responses import JSONResponse, Response

from api.auth import Caller, Publisher, Reader
from api.bodies import Body, read
from api.documented import body, refusals
from api.faults import Refusal
from api.routes.jobs import PLAN
from api.routes.living import Asked
from api.routes.plans import get_version
from api.routes.problems import Here, head_of
from api.schemas.plans import InForcePage, PlanView, PublishRequest
from api.store import audit, calendars, plans
from api.store.packing import moment
from api.views import plan_view, require_match

router = APIRouter(prefix="/v1", tags=["publication"])


@router.post(
    "/plans/{plan_id}/publish",
    response_model=PlanView,
    responses=refusals("body", "thing", "office", "conflict", "changed", "precondition-required"),
    openapi_extra=body("PublishRequest"),
)
def publish(request: Request, caller: Publisher, context: Here, plan_id: str, content: Body) -> Response:
    """Put a plan in force for all communities of its problem, in the week in which it starts. What was in force there before is superseded.

    Which version is meant is said by `version`, or by If-Match with the ETag of the plan or of its content.
    """
    asked = read(content, PublishRequest)
    with context.database.read() as connection:
        row, version = _publishable(connection, request, caller, plan_id, asked)
        lineage = calendars.lineage(connection, row)
    told = Asked.about(context, caller, plan_id, version).ask("ask_appointments", lineage)
    try:
        with context.database.write() as connection:
            row, again = _publishable(connection, request, caller, plan_id, asked)
            if again != version:
                raise Refusal("changed", f"version {version} is not the newest any more: that is {again}")
            facts = head_of(connection, caller, row["problem_id"], row["problem_version"])["facts"]
            superseded = plans.publish(connection, row, facts["communities"], facts["start"], caller.id)
            calendars.tell(connection, row["area"], facts["start"], facts["communities"], told)
            audit.note(connection, caller.id, row["area"], "plan.publish", plan_id, version=version, superseded=superseded)
            row = PLAN.row(connection, caller, plan_id)
    except IntegrityError:
        raise Refusal("conflict", "another plan was published for the same communities at this moment") from None
    ahead = Asked.about(context, caller, plan_id, version).ahead()
    return JSONResponse(plan_view(row), headers={"ETag": f'"{row["revision"]}"'}, background=ahead)


def _publishable(connection: Connection, request: Request, caller: Caller, plan_id: str, asked: PublishRequest) -> tuple[RowMapping, int]:
    """Return the row and the version of a plan that may be put in force as it is; refuses any other."""
    row = PLAN.row(connection, caller, plan_id)
    if row["state"] in plans.LIVE:
        raise Refusal("conflict", f"it is still {row['state']}; stop it first to publish the best plan so far")
    found = get_version(connection, row, None, is_whole=False)
    require_match(request, row["revision"], f"v{row['version']}", is_optional=asked.version is not None)
    if asked.version not in (None, found["version"]):
        raise Refusal("changed", f"version {asked.version} is not the newest: that is {found['version']}")
    if found["violations"]:
        raise Refusal("conflict", f"the plan breaks {found['violations']} rules")
    return row, int(found["version"])


@router.get("/in-force", response_model=InForcePage, responses=refusals("invalid-request"))
def list_in_force(
    caller: Reader,
    context: Here,
    community: Annotated[str | None, Query(max_length=120)] = None,
    week: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$", description="The first day of the week.")] = None,
) -> dict[str, Any]:
    """List which plan is in force in which community and week."""
    with context.database.read() as connection:
        rows = plans.in_force_at(connection, caller.area, community, week)
    return {
        "items": [
            {
                **{key: row[key] for key in ("area", "community", "week", "version")},
                "plan": row["plan_id"],
                "at": moment(row["at"]),
                "by": row["caller"],
            }
            for row in rows
        ]
    }
