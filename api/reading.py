"""Reading problems that come in. It loads the domain alone, so that a server that only passes questions on loads no solver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from api.store.packing import packed
from matcher.problem import Problem

if TYPE_CHECKING:
    from matcher.plan import Plan


class Stored(NamedTuple):
    """A stored plan and the problem that it is of: their names, and their bodies where whoever answers does not have them at hand.

    `name` tells the version of the plan from every other one, `digest` the problem.
    """

    digest: str
    name: str
    is_in_force: bool
    problem: bytes | None = None
    plan: bytes | None = None


class NotAtHand(Exception):
    """A question came by names alone, of a week or a plan that is not at hand: it has to be asked again with the bodies."""


def read_problem(data: Any) -> dict[str, Any]:
    """Validate a problem that came in; returns its digest, what a list of problems shows of it, and its body. Raises `ProblemError`."""
    return described(Problem.build(data))


def described(problem: Problem) -> dict[str, Any]:
    """Return a problem as it is stored: its digest, what a list of problems shows of it, and its body."""
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
    return {"digest": problem.digest, "facts": facts, "body": body_of(problem)}


def body_of(item: Problem | Plan) -> bytes:
    """Return a problem or a plan as it is stored: its JSON, without what is at its default, packed.

    It says what `to_json` says, on one line: written by pydantic's own code in an eighth of the time.
    """
    text = item.model_dump_json(by_alias=True, exclude_defaults=True)
    rest = "}" if text == "{}" else f",{text[1:]}"
    return packed(f'{{"format":"{item.format}"{rest}')
