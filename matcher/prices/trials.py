"""Trials: planning again from one plan, with something more and without."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.check import check
from matcher.decode import decode
from matcher.explain.refit import Ground, Refit, absent_of
from matcher.kernels.routes import IS_IN, view

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.prices.resources import Resource
    from matcher.problem import Problem


@dataclass(frozen=True)
class Point:
    """What so many units were worth in a re-solve: means over the repeats of (with the units) minus (without).

    Attributes
    ----------
    urgency : float
        Urgency weight of the visits served in addition.
    visits : float
        Their number.
    cost : float
        What the plan costs more (negative: less).
    noise : float
        Half the range of `urgency` over the repeats and of what repeats without any unit differ by: a worth below it says nothing.
    """

    units: int
    urgency: float
    visits: float
    cost: float
    noise: float

    @property
    def is_noise(self) -> bool:
        """Whether the worth is no greater than the noise of the search."""
        return abs(self.urgency) <= self.noise

    def to_json(self) -> dict[str, Any]:
        """Return the point as plain JSON values."""
        return {
            "units": self.units,
            "urgency": round(self.urgency, 3),
            "visits": round(self.visits, 3),
            "cost": round(self.cost, 1),
            "noise": round(self.noise, 3),
            "is_noise": self.is_noise,
        }


class Trial:
    """Plans again from one plan, with a resource and without: the same seeds, the same steps, the same visits wanted."""

    def __init__(self, problem: Problem, plan: Plan, steps: int, seeds: list[int]) -> None:
        self._problem, self._plan, self._steps, self._seeds = problem, plan, steps, seeds
        self._ground = Ground.of(problem, plan)
        self._without: dict[tuple[str, ...], list[tuple[int, int, int]]] = {}

    def point(self, resource: Resource, units: int) -> Point:
        """Return what so many units of a resource are worth."""
        if resource.wanted not in self._without:
            self._without[resource.wanted] = [self._solved(self._ground, resource.wanted, seed) for seed in self._seeds]
        without = self._without[resource.wanted]
        changed = Ground.of(resource.more(units)(self._problem), self._plan)
        gained = [
            tuple(a - b for a, b in zip(self._solved(changed, resource.wanted, seed), base, strict=True))
            for seed, base in zip(self._seeds, without, strict=True)
        ]
        urgency = [gain[0] for gain in gained]
        noise = max(_half_range(urgency), _half_range([base[0] for base in without]))
        return Point(units, statistics.fmean(urgency), statistics.fmean(g[1] for g in gained), statistics.fmean(g[2] for g in gained), noise)

    def _solved(self, ground: Ground, wanted: tuple[str, ...], seed: int) -> tuple[int, int, int]:
        """Return urgency weight served, visits served and cost after a search; the verifier has passed the plan."""
        rows = {visit.id: v for v, visit in enumerate(ground.compiled.visits)}
        refit = Refit(ground, [rows[name] for name in wanted] or absent_of(ground.state), seed=seed)
        refit.construct()
        refit.run(self._steps)
        state = refit.best()
        report = check(ground.compiled.problem, decode(ground.compiled, state, with_reasons=False))
        assert report.is_clean, report.violations
        is_in = view(state).visit[:, IS_IN] == 1
        return int(ground.compiled.instance.visits["weight"][is_in].sum()), int(is_in.sum()), report.cost


def _half_range(values: Sequence[int]) -> float:
    return (max(values) - min(values)) / 2
