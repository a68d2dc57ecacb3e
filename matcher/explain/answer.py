"""What an explanation says: stable codes and numbers, as frozen data; words come from the catalogues (`matcher.explain.words`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.explain.edits import Edit
    from matcher.plan import Assignment, Plan, Removed
    from matcher.problem import Problem
    from matcher.rules import Rule, Term


class Verdict(StrEnum):
    """What an explanation comes to."""

    ASSIGNED = "assigned"
    """The plan serves the visit."""
    IMPOSSIBLE = "impossible"
    """No plan of the problem serves it."""
    CROWDED_OUT = "crowded_out"
    """It can be served, but the cheapest plan found that does so costs more than the plan."""
    NOT_FOUND = "not_found"
    """It can be served at no more than the plan costs: the search has missed it."""


class Certainty(StrEnum):
    """How sure a verdict is."""

    PROVED = "proved"
    HEURISTIC = "heuristic"


def plain_json(value: Any) -> Any:
    """Return a value of this module as plain JSON values; what is None is left out of objects."""
    if hasattr(value, "to_json") and not isinstance(value, type):
        return value.to_json()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(plain_json(key)): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


class Data:
    """Base of the parts of an explanation."""

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON values."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return {name: plain_json(value) for name, value in pairs if value is not None}


@dataclass(frozen=True)
class Stopped(Data):
    """The providers (or rooms) that a rule keeps from a role whatever the rest of the plan; each stands under the first rule that stops it."""

    role: str
    rule: Rule
    providers: tuple[str, ...]


@dataclass(frozen=True)
class Displaced(Data):
    """A visit that the plan serves and the plan that is forced to serve another one does not."""

    visit: str
    urgency: int


@dataclass(frozen=True)
class Forced(Data):
    """The cheapest plan found that serves the visit.

    ``cost`` and ``by_term`` are differences: what this plan costs more than the plan in question (terms that do not differ are left out).
    The plan does not say why others are left out.
    """

    cost: int
    by_term: dict[Term, int]
    assignment: Assignment
    displaced: tuple[Displaced, ...]
    gained: tuple[str, ...]
    moved: tuple[str, ...]
    plan: Plan

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON values; the plan with its assignments only."""
        data = super().to_json()
        data["plan"] = {"assignments": plain_json(self.plan.assignments)}
        return data


@dataclass(frozen=True)
class Miss(Data):
    """A provider who could fill a role but for one thing.

    Attributes
    ----------
    rule : Rule
        The one rule that keeps them out of the plan as it is.
    number : int or None
        By how much: in `unit` (``minutes``, ``levels``, ``yuan``, ``residents``, ``providers``), None where the rule is a matter of yes or no.
    detail : dict
        What the rule is about: the skill and the level that is asked, the shift (``from``, ``to``) that came nearest, ...
    """

    role: str
    provider: str
    rule: Rule
    number: float | None
    unit: str | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class Change(Data):
    """A change of the problem with which the visit is served, tried out by making it and solving again from the plan.

    Attributes
    ----------
    code : str
        What is changed; docs/explain.md lists the codes.
    detail : dict
        Whom or what it is about, and the number.
    size : int
        How great a change it is, in minutes or what is taken to weigh as much (docs/explain.md): only for the order.
    cost : int
        What the new plan costs more (negative: less) than the plan in question costs under the changed problem.
    becomes : dict of str to Assignment or None
        The visits that the new plan serves otherwise, the one in question among them; None where it leaves one out (not part of the JSON).
    edit : Edit
        The change itself.
    base : Problem
        The problem without it.
    """

    code: str
    detail: dict[str, Any]
    size: int
    cost: int
    becomes: dict[str, Assignment | None]
    edit: Edit
    base: Problem

    @property
    def dropped(self) -> tuple[str, ...]:
        """Visits that the plan serves and the new one does not; there are none unless that pays."""
        return tuple(name for name, item in self.becomes.items() if item is None)

    @property
    def problem(self) -> Problem:
        """The problem with the change made."""
        return self.edit(self.base)

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        data = {"code": self.code, **plain_json(self.detail), "size": self.size, "cost": self.cost}
        return {**data, "dropped": list(self.dropped)}


@dataclass(frozen=True)
class Choice(Data):
    """How many could fill a role of an assigned visit: `fit` pass the rules on people, `free` have room for it in the plan without it."""

    role: str
    provider: str
    removed: tuple[Removed, ...]
    fit: int
    free: int


@dataclass(frozen=True)
class Alternative(Data):
    """Another team or time for an assigned visit, all other visits staying with whom they are; differences as in `Forced`."""

    cost: int
    by_term: dict[Term, int]
    assignment: Assignment


@dataclass(frozen=True)
class Explanation(Data):
    """Why a visit is served as it is, or is not.

    Attributes
    ----------
    rule, role
        Of an unassigned visit: the rule that stopped it last, and the role that nobody is left for (None: the team as a whole).
    removed : tuple of Removed
        How many providers each rule removed, role by role, in the order of the rules.
    stopped : tuple of Stopped
        Of an impossible visit: the rule that stops each provider, role by role.
    misses : tuple of Miss
        The nearest misses, at most ten.
    changes : tuple of Change
        The smallest changes that serve it, the smallest first; each was tried out.
    tried, untried : int
        Changes that were tried out, and those that the budget left no time for.
    lost : tuple of str
        Visits of the plan that could not be taken up as routes: comparisons are with the plan without them.
    """

    visit: str
    verdict: Verdict
    certainty: Certainty
    rule: Rule | None = None
    role: str | None = None
    removed: tuple[Removed, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    forced: Forced | None = None
    misses: tuple[Miss, ...] = ()
    changes: tuple[Change, ...] = ()
    tried: int = 0
    lost: tuple[str, ...] = ()
    untried: int = 0
    assignment: Assignment | None = None
    choices: tuple[Choice, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
