"""Putting a plan in force: one for each community and week."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.exc import IntegrityError
from starlette.responses import JSONResponse, Response

from api.auth import Publisher, Reader
from api.bodies import Body, read
from api.documented import body, refusals
from api.faults import Refusal
from api.routes.plans import get_version, row_of
from api.routes.problems import Here, head_of
from api.schemas import InForcePage, PlanView, PublishRequest
from api.store import audit, plans
from api.store.packing import moment
from api.views import plan_view, require_match

router = APIRouter(prefix="/v1", tags=["publication"])


@router.post(
    "/plans/{plan_id}/publish",
    response_model=PlanView,
    responses=refusals("body", "thing", "conflict", "changed", "precondition-required"),
    openapi_extra=body("PublishRequest"),
)
def publish(request: Request, caller: Publisher, context: Here, plan_id: str, content: Body) -> Response:
    """Put a plan in force for all communities of its problem, in the week in which it starts. What was in force there before is superseded.

    Which version is meant is said by `version`, or by If-Match with the ETag of the plan or of its content.
    """
    asked = read(content, PublishRequest)
    try:
        with context.database.write() as connection:
            row = row_of(connection, caller, plan_id)
            if row["state"] in plans.LIVE:
                raise Refusal("conflict", f"it is still {row['state']}; stop it first to publish the best plan so far")
            found = get_version(connection, row, None)
            require_match(request, row["revision"], f"v{row['version']}", is_optional=asked.version is not None)
            if asked.version not in (None, found["version"]):
                raise Refusal("changed", f"version {asked.version} is not the newest: that is {found['version']}")
            if found["violations"]:
                raise Refusal("conflict", f"the plan breaks {found['violations']} rules")
            facts = head_of(connection, caller, row["problem_id"], row["problem_version"])["facts"]
            superseded = plans.publish(connection, row, facts["communities"], facts["start"], caller.id)
            audit.note(connection, caller.id, row["area"], "plan.publish", plan_id, version=found["version"], superseded=superseded)
            row = row_of(connection, caller, plan_id)
    except IntegrityError:
        raise Refusal("conflict", "another plan was published for the same communities at this moment") from None
    return JSONResponse(plan_view(row), headers={"ETag": f'"{row["revision"]}"'})


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
