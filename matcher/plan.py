"""The plan: who serves which visit, when, in which room, paid from which fund; and what is left out, with the reason.

A plan is a pure function of the problem and the routes found: it holds no run time, seed or machine, so equal routes give equal bytes.
`Result` is the plan with how it was found: status, cost by term, bound, gap, seed, trace.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError

from matcher.errors import Fault, PlanError
from matcher.fields import Count, Id, Misfit, Model, Moment, Money, Text, VisitId, Whole
from matcher.people import Kind
from matcher.rules import Rule, Term

FORMAT: Final = "sishe-plan/1"


_MAX_DEPTH = 8


def _plain(value: Any) -> Any:
    """Refuse what could not be written as JSON again: depth without end, numbers that are none."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            raise Misfit("should hold finite numbers only", "range")
        level = [inner for item in level if isinstance(item, (dict, list, tuple)) for inner in (item.values() if isinstance(item, dict) else item)]
    if level:
        raise Misfit(f"should be nested at most {_MAX_DEPTH} deep", "range")
    return value


class Service(Model):
    """One role of an assigned visit: who, from when to when, and the fund that pays, if it costs money."""

    role: Text
    provider: Id
    crew: Count = 1
    start: Moment
    end: Moment
    fund: Id | None = None


class Assignment(Model):
    """An assigned visit: its whole team, and its room if it is at a venue."""

    visit: VisitId
    team: Annotated[tuple[Service, ...], Field(min_length=1)]
    room: Id | None = None


class Removed(Model):
    """How many providers one rule keeps from one role of a visit."""

    rule: Rule
    role: Text
    providers: Whole


class Unassigned(Model):
    """A visit without a team.

    ``rule`` is the rule that stopped it last: no provider is left in `role` once it has been applied. ``removed`` counts, rule by rule in the
    order in which they were applied, the providers that each one removed. ``change`` is the least single change seen that would open a
    place for it in this plan, with numbers; null where no single one was seen.
    """

    visit: VisitId
    rule: Rule
    role: Text | None = None
    removed: tuple[Removed, ...] = ()
    change: Annotated[dict[str, Any], BeforeValidator(_plain)] | None = None


class FundFigure(Model):
    """What a fund had and what the plan spends of it."""

    fund: Id
    amount: Money
    spent: Money


class KindFigure(Model):
    """What the providers of one kind do in the plan."""

    kind: Kind
    providers: Whole
    serving: Whole
    services: Whole
    minutes: Whole


class Figures(Model):
    """What a coordinator asks first: how much is served, by whom, at what price."""

    visits: Whole
    assigned: Whole
    urgency_weight: Whole
    urgency_weight_assigned: Whole
    travel_seconds: Whole
    waiting_seconds: Whole
    kinds: tuple[KindFigure, ...]
    funds: tuple[FundFigure, ...]


class NeedLabel(Model):
    """What a reader of a plan wants to see of a need."""

    title: Text
    category_zh: Text
    category_en: Text
    community: Text
    urgency: Whole
    place: Text


class ProviderLabel(Model):
    """What a reader of a plan wants to see of a provider."""

    name: Text
    kind: Kind
    community: Text


class Labels(Model):
    """The names that a plan needs to be read without its problem."""

    needs: dict[Id, NeedLabel] = Field(default_factory=dict)
    providers: dict[Id, ProviderLabel] = Field(default_factory=dict)
    rooms: dict[Text, Text] = Field(default_factory=dict)
    funds: dict[Id, Text] = Field(default_factory=dict)


class Plan(Model):
    """Assignments, unassigned visits with reasons, figures, and the names to read them by."""

    format: Literal["sishe-plan/1"] = FORMAT
    problem: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    assignments: tuple[Assignment, ...] = ()
    unassigned: tuple[Unassigned, ...] = ()
    figures: Figures | None = None
    labels: Labels = Labels()

    @classmethod
    def parse(cls, text: str | bytes) -> Plan:
        """Read a plan, or the plan of a result, from JSON text; raises `PlanError` with every fault."""
        from matcher.validation import faults_from_pydantic, parse_json  # noqa: PLC0415

        data = parse_json(text, PlanError)
        above = "/plan" if isinstance(data, dict) and "plan" in data else ""
        try:
            return cls.model_validate(data["plan"] if above else data)
        except ValidationError as error:
            raise PlanError(Fault(above + fault.path, fault.message, fault.code) for fault in faults_from_pydantic(error)) from None

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """Read a plan from a JSON file; raises `PlanError` and `OSError`."""
        from matcher.files import read_bytes  # noqa: PLC0415

        return cls.parse(read_bytes(path))

    def to_json(self) -> str:
        """Write the plan as JSON, leaving out what is at its default."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps({"format": FORMAT, **data}, ensure_ascii=False, indent=1)


class TracePoint(Model):
    """A moment of the search: what the best plan cost then."""

    seconds: float
    chunks: Whole
    cost: int
    assigned: Whole


class Result(Model):
    """A plan and how it came about.

    ``gap`` is ``(cost - bound) / max(1, abs(cost))``; `bound` is a proven lower bound on the cost of every plan of the problem. ``gap_of_urgency`` is
    the same difference as a share of what it would cost to leave out every visit (``weights.unserved`` times the urgency weight of all visits), which
    tells more where the cost is near nothing; None where nothing is lost by leaving out.
    """

    plan: Plan
    status: Literal["optimal", "feasible", "stopped"]
    cost: int
    terms: dict[Term, int]
    bound: int | None = None
    bound_name: Text | None = None
    gap: float | None = None
    gap_of_urgency: float | None = None
    seed: int
    threads: int
    chunks: int
    seconds: float
    stop: Text
    version: Text
    versions: dict[str, str]
    trace: tuple[TracePoint, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Return the result as plain JSON values, without its plan."""
        return self.model_dump(mode="json", exclude={"plan"})
