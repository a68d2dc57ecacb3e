"""Weeks as they might go: what is drawn by chance, and the week that is left for those who plan again."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from matcher.fields import DAY
from matcher.objective import urgency_weight
from scenarios.edits import apply
from scenarios.edits.models import AddNeeds
from scenarios.weihai.chance import Chance

if TYPE_CHECKING:
    from matcher.problem import Problem

Json = dict[str, Any]
URGENCY: Final = 5
"""Of the new needs."""


@dataclass(frozen=True)
class Risks:
    """How likely what is.

    Attributes
    ----------
    no_show : dict of str to float
        For each kind of provider the chance of being absent on a day.
    late, late_minutes : float
        The chance that a visit begins later or takes longer than planned, and by how many minutes on average (at most three times as many).
    urgent : float
        New needs of the highest urgency in a week, on average.
    urgent_category : str or None
        Their category; the one most asked for where None.
    """

    no_show: dict[str, float]
    late: float = 0.1
    late_minutes: float = 10.0
    urgent: float = 2.0
    urgent_category: str | None = None

    def to_json(self) -> Json:
        """Return the chances as plain JSON values."""
        return asdict(self)


RISKS: Final = Risks({"volunteer": 0.08, "social_worker": 0.03, "organization": 0.02})
"""All assumed."""


@dataclass(frozen=True)
class Draw:
    """A week as it might go.

    Attributes
    ----------
    absent : frozenset of (str, int)
        Providers and days (from 0) on which they do not come.
    delays : dict of str to int
        Seconds by which visits begin late, by visit id.
    urgent : int
        How many new urgent needs there are.
    number : int
        The draw's number: the seed of the new needs.
    """

    absent: frozenset[tuple[str, int]]
    delays: dict[str, int]
    urgent: int
    number: int

    def to_json(self) -> Json:
        """Return the draw as plain JSON values; equal draws give equal ones."""
        return {"absent": sorted([name, day] for name, day in self.absent), "delays": self.delays, "urgent": self.urgent, "number": self.number}


def drawn(problem: Problem, risks: Risks, number: int) -> Draw:
    """Draw a week; equal arguments give equal draws, and each absence and delay has a chance of its own."""
    chance = Chance("robustness", number)
    absent = frozenset(
        (shift.provider.id, shift.start // DAY)
        for shift in problem.shifts
        if chance.of("absent", shift.provider.id, shift.start // DAY).unit() < risks.no_show.get(shift.provider.kind, 0.0)
    )
    delays = {}
    for visit in problem.visits:
        draw = chance.of("late", visit.id)
        if draw.happens(risks.late):
            delays[visit.id] = round(60 * min(3 * risks.late_minutes, -risks.late_minutes * math.log(1 - draw.unit())))
    return Draw(absent, delays, _poisson(chance.of("urgent"), risks.urgent), number)


def _poisson(chance: Chance, mean: float) -> int:
    count, left = 0, math.exp(-mean)
    product = chance.unit()
    while product > left and count < 1000:
        count += 1
        product *= chance.unit()
    return count


def with_urgent(problem: Problem, draw: Draw, category: str | None) -> Problem:
    """Return the week with the urgent needs that come up in a draw."""
    if not draw.urgent or not problem.needs:
        return problem
    category = category or Counter(need.category for need in problem.needs).most_common(1)[0][0]
    edit = AddNeeds(edit="add_needs", seed=draw.number, category=category, count=draw.urgent, urgency=URGENCY, set={"visits": 1, "spacing": None})
    return apply(problem, (edit,)).problem


def left_of(problem: Problem, absent: frozenset[tuple[str, int]]) -> Problem:
    """Return a week without the shifts of those who do not come."""
    horizon = problem.horizon
    providers = []
    for provider in problem.providers:
        gone = {day for name, day in absent if name == provider.id}
        if gone:
            spans = [pair for span in provider.shifts for pair in span.spans(horizon) if pair[0] // DAY not in gone]
            provider = provider.model_copy(update={"shifts": tuple(type(provider.shifts[0])(start=a, end=b) for a, b in spans)})
        providers.append(provider)
    return problem.replace(providers=tuple(providers))


def asked_of(problem: Problem, draw: Draw) -> int:
    """Return the urgency weight of all visits of a week and of the urgent needs of a draw."""
    urgent = draw.urgent * problem.weights.urgency[URGENCY - 1] if problem.needs else 0
    return sum(urgency_weight(problem.weights, visit) for visit in problem.visits) + urgent


def weight_of(problem: Problem, visits: frozenset[str] | set[str]) -> int:
    """Return the urgency weight of visits."""
    return sum(urgency_weight(problem.weights, visit) for visit in problem.visits if visit.id in visits)
