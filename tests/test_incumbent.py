"""`solve(on_incumbent=...)`: better plans while the search goes on."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.errors import InternalError
from matcher.plan import Plan
from matcher.solve import Incumbent, solve
from scenarios.weihai.week import make_week

WEEK = make_week("community", seed=2)


def searched(monkeypatch: pytest.MonkeyPatch, problem: Any = WEEK, pause: float = 0.0, **limits: Any) -> tuple[list[Incumbent], Any]:
    monkeypatch.setattr("matcher.solvers.anneal.ROUTES_PAUSE", pause)
    monkeypatch.setattr("matcher.solvers.exact.ROUTES_PAUSE", pause)
    seen: list[Incumbent] = []
    return seen, solve(problem, on_incumbent=seen.append, **limits)


@pytest.mark.parametrize("threads", [1, 2])
def test_each_incumbent_is_a_clean_plan_better_than_those_before_and_the_last_one_is_the_result(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    seen, result = searched(monkeypatch, chunks=20, threads=threads)
    costs = [incumbent.cost for incumbent in seen]
    assert len(costs) >= 3
    assert costs == sorted(set(costs), reverse=True)
    # Their plans can be made when the search is long over.
    for incumbent in seen:
        report = check(WEEK, incumbent.plan())
        assert (report.is_clean, report.cost) == (True, incumbent.cost)
        assert len(incumbent.plan().assignments) == incumbent.assigned
    assert costs[-1] == result.cost
    assert seen[-1].plan() == result.plan


def test_who_listens_changes_nothing_of_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _, heard = searched(monkeypatch, chunks=10, threads=1)
    assert heard.plan == solve(WEEK, chunks=10, threads=1).plan


def test_incumbents_come_seldom_within_a_leg_and_always_where_searchers_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, result = searched(monkeypatch, pause=1e9, chunks=20, threads=1)
    assert len(seen) == 2
    assert seen[0].chunks == 0
    assert seen[-1].cost == result.cost


@pytest.mark.parametrize("seed", range(3))
def test_a_proof_hands_over_what_it_finds(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    problem = small_problem(seed, 6)
    seen, result = searched(monkeypatch, problem, chunks=40, threads=1, exact=True)
    assert [check(problem, incumbent.plan()).cost for incumbent in seen] == [incumbent.cost for incumbent in seen]
    assert seen[-1].cost == result.cost
    assert result.plan == solve(problem, chunks=40, threads=1, exact=True).plan


def test_an_incumbent_that_the_verifier_refuses_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, _ = searched(monkeypatch, chunks=1, threads=1)
    other = check(WEEK, Plan())
    monkeypatch.setattr("matcher.check.check", lambda *_: other)
    with pytest.raises(InternalError, match="its verifier says"):
        seen[0].plan()
