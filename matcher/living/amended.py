"""A week after what happened, and what keeps the plan that it had: lines of the plan in force, and pins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from matcher.problem import InForce, Pin, Problem

if TYPE_CHECKING:
    from matcher.plan import Assignment, Plan


@dataclass(frozen=True)
class Amended:
    """A week after what happened.

    Attributes
    ----------
    problem : Problem
        The week: events worked in, facts pinned, windows closed to the past, the rest of the plan in force.
    carried : Plan
        What is left of the plan, by the ids of `problem`; some of it may no longer be possible.
    frozen : frozenset of str
        Visits that have begun, or whose people and start are settled by an event.
    gone : dict of str to str
        Visits of the old week that are no part of the new one, and why: ``withdrawn`` or ``done``.
    renamed : dict of str to str
        Visits that have another number in the new week than in the old one, because one before them is gone.
    missed, added : tuple of str
        Planned visits that did not take place; visits of new needs.
    released : tuple of str
        Visits whose pins an event made impossible; they are dropped so far as that goes.
    over : frozenset of str
        Visits whose windows could not be closed to the past, for their week would not be valid: mostly such as nobody serves and whose time is over.
    closed : frozenset of str
        Visits that are not to begin before now whatever their windows say: those, and the ones whose need has moments of the past among its windows.
    has_room : bool
        Whether something happened that may leave room for others.
    """

    problem: Problem
    carried: Plan
    frozen: frozenset[str]
    gone: dict[str, Literal["withdrawn", "done"]]
    renamed: dict[str, str]
    missed: tuple[str, ...]
    added: tuple[str, ...]
    released: tuple[str, ...]
    over: frozenset[str]
    closed: frozenset[str]
    has_room: bool
    now: int | None


def lines_of(assignments: Iterable[Assignment]) -> tuple[InForce, ...]:
    """Return the lines of a plan in force that serves as these assignments do."""
    return tuple(
        InForce(visit=item.visit, start=item.team[0].start, team={service.role: service.provider for service in item.team}) for item in assignments
    )


def pins_of(assignment: Assignment) -> tuple[Pin, ...]:
    """Return the pins that keep a visit as it is: each of its people in their role, and its start with the first of them."""
    first, *others = assignment.team
    start = Pin(visit=assignment.visit, role=first.role, provider=first.provider, start=first.start)
    return (start, *(Pin(visit=assignment.visit, role=service.role, provider=service.provider) for service in others))
