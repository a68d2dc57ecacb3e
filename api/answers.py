"""What the processes of the desk do: read problems and plans, and answer questions about them. Plain values in, plain values out."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from api.store.packing import unpacked
from matcher.check import check
from matcher.plan import Plan
from matcher.problem import Problem

KEPT_VISITS = 60_000
"""Visits of the weeks that one process keeps at hand, all together."""

_weeks: OrderedDict[str, Problem] = OrderedDict()


def read_problem(data: Any) -> dict[str, Any]:
    """Validate a problem that came in; returns its digest, what a list of problems shows of it, and its JSON. Raises `ProblemError`."""
    problem = Problem.build(data)
    _keep(problem)
    facts = {
        "name": problem.name,
        "start": problem.horizon.start.isoformat(),
        "days": problem.horizon.days,
        "communities": [community.id for community in problem.communities],
        "needs": len(problem.needs),
        "visits": len(problem.visits),
        "providers": len(problem.providers),
        "shifts": len(problem.shifts),
    }
    return {"digest": problem.digest, "facts": facts, "body": problem.to_json()}


def read_plan(digest: str, body: bytes, data: Any) -> dict[str, Any]:
    """Read a plan that came in against its stored problem; returns its JSON and what the verifier says. Raises `PlanError`."""
    problem = week(digest, body)
    plan = Plan.parse(json.dumps(data))
    report = check(problem, plan)
    return {"body": plan.to_json(), "report": report.to_json()}


def week(digest: str, body: bytes) -> Problem:
    """Return a stored problem, read once for as long as it is asked about."""
    problem = _weeks.get(digest)
    if problem is None:
        problem = Problem.parse(unpacked(body))
        _keep(problem)
    _weeks.move_to_end(digest)
    return problem


def _keep(problem: Problem) -> None:
    _weeks[problem.digest] = problem
    while len(_weeks) > 1 and sum(len(kept.visits) for kept in _weeks.values()) > KEPT_VISITS:
        _weeks.popitem(last=False)
