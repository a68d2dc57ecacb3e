"""Figures of plans from anywhere: those of the engine's own plans, and of times that are not the engine's."""

from __future__ import annotations

import pytest

from benchmarks.small import small_problem
from matcher.figures import figures_of
from matcher.solve import solve
from tests.weeks import need, plan, serve, visit, volunteer, week


@pytest.mark.parametrize("seed", range(40))
def test_a_plan_from_anywhere_has_the_figures_that_the_engine_gives_it(seed: int) -> None:
    problem = small_problem(seed, 12)
    made = solve(problem, chunks=1, threads=1).plan
    assert figures_of(problem, made) == made.figures


def test_the_figures_of_a_plan_with_times_of_its_own_are_those_of_its_times() -> None:
    problem = week([need("n", x=600), need("m", x=600)], [volunteer("a")])
    plans = (plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", start))) for start in ("mon 10:00", "mon 11:00"))
    close, apart = (figures_of(problem, each) for each in plans)
    assert close.model_copy(update={"waiting_seconds": 3600}) == apart
    assert (close.assigned, close.travel_seconds, close.waiting_seconds) == (2, 1200, 0)
