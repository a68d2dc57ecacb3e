"""Prices of routes say where a search looks: it finds plans no worse, keeps what it had, and proves a bound on the way."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher import stop
from matcher.check import check
from matcher.compile import compile_problem
from matcher.kernels.cells import pack
from matcher.kernels.routes import ENTRY, NONE, SHIFT, view
from matcher.kernels.search import cost_of
from matcher.solve import Incumbent, Progress, solve
from matcher.solvers import portfolio
from matcher.solvers.anneal import anneal
from matcher.solvers.ascent import Ascent
from matcher.solvers.guide import Guide
from matcher.solvers.portfolio import is_guided
from matcher.solvers.searcher import Searcher
from matcher.start import state_of
from matcher.stop import Stop
from tests.weeks import need, role, volunteer, week, window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.problem import Problem


def crowded(visits: int = 12) -> Problem:
    """Return a week of visits by two that three people cannot all serve."""
    pair, open_at = (role("one"), role("two")), [window("08:00", "11:00")]
    needs = [need(f"n{i}", *pair, x=900 * (i % 5), urgency=1 + i % 5, windows=open_at) for i in range(visits)]
    return week(needs, [volunteer("u"), volunteer("v"), volunteer("w", location={"x": 3000, "y": 0})], days=2)


def guided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have even small and short searches be guided, by a clock that goes on by four milliseconds whenever somebody looks at it."""
    for name, value in {"QUICK_LEGS": 0, "SMALL_LEGS": 0, "LEAST_GUIDED": 0.0, "LEAST_TURN": 1.5}.items():
        monkeypatch.setattr(portfolio, name, value)
    looks = itertools.count()
    monkeypatch.setattr(stop, "time", SimpleNamespace(perf_counter=lambda: 0.004 * next(looks)))


def narrowings() -> Iterator[tuple[Any, Any, Any]]:
    """Yield small instances, routes of each, and what prices leave of it."""
    for seed in range(8):
        instance, guide, state = priced(small_problem(seed, 14))
        with guide:
            narrowed = guide.narrowed(state)
        assert narrowed is not None
        yield instance, state, narrowed


def priced(problem: Problem) -> tuple[Any, Guide, Any]:
    """Return the instance, a guide that has found prices, and the routes of a plan."""
    compiled = compile_problem(problem)
    found = solve(problem, chunks=2, threads=1)
    state = state_of(compiled, found.plan)
    guide = Guide(compiled.instance, 1)
    guide.climb(Stop(None, 4000).start(), found.cost, state)
    return compiled.instance, guide, state


def test_a_narrowed_instance_has_some_of_the_entries_and_those_of_the_plan() -> None:
    fewer = 0
    for instance, state, narrowed in narrowings():
        node = np.repeat(np.arange(len(instance.nodes)), np.diff(instance.entry_first))
        narrow, kept = narrowed.instance, narrowed.kept
        assert np.array_equal(np.repeat(np.arange(len(instance.nodes)), np.diff(narrow.entry_first)), node[kept])
        for name in ("entry_shift", "entry_cost", "entry_price"):
            assert np.array_equal(getattr(narrow, name), getattr(instance, name)[kept])
        pairs = sorted(zip(narrow.entry_shift.tolist(), node[kept].tolist(), strict=True))
        assert [n for _, n in pairs] == narrow.shift_node.tolist()
        assert np.array_equal(np.diff(narrow.shift_first), np.bincount(narrow.entry_shift, minlength=len(instance.shifts)))
        nodes = view(state).node
        assert set(nodes[nodes[:, SHIFT] != NONE, ENTRY].tolist()) <= set(kept.tolist())
        fewer += len(kept) < len(node)
    assert fewer >= 3


def test_routes_of_a_narrowed_instance_cost_the_same_in_the_whole_one() -> None:
    served = 0
    for instance, _, narrowed in narrowings():
        found = anneal(narrowed.instance, None, Stop(None, 3).start(), 1, 1, lambda _: None)
        whole = Searcher.on(instance, pack(instance), 1, narrowed.widened(found.routes))
        assert int(cost_of(whole.ins, whole.rt)) == found.cost
        placed = view(whole.rt).node
        rows = np.flatnonzero(placed[:, SHIFT] != NONE)
        assert np.array_equal(instance.entry_shift[placed[rows, ENTRY]], placed[rows, SHIFT])
        served += len(rows)
    assert served > 0


def test_nothing_is_known_of_good_routes_before_prices_are() -> None:
    compiled = compile_problem(crowded())
    with Guide(compiled.instance, 1) as guide:
        assert guide.narrowed(None) is None
        guide.climb(Stop(None, 1).start())
        assert guide.narrowed(None) is None


@pytest.mark.parametrize("threads", [1, 2])
def test_a_guided_search_finds_a_clean_plan_and_a_bound_that_is_not_above_it(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    guided(monkeypatch)
    narrowed, original = [], Guide.narrowed

    def note(self: Guide, routes: Any) -> Any:
        narrowed.append(original(self, routes))
        return narrowed[-1]

    monkeypatch.setattr(Guide, "narrowed", note)
    problem = crowded()
    handed: list[Incumbent] = []
    result = solve(problem, budget=12, threads=threads, on_incumbent=handed.append)
    # Side by side, who looks at the clock how often is up to the machine.
    assert threads > 1 or any(found is not None for found in narrowed)
    assert check(problem, result.plan).is_clean
    assert result.bound is not None
    assert result.bound <= result.cost
    assert threads > 1 or result.bound_name == "routes"
    assert result.cost <= solve(problem, chunks=1, threads=1).cost
    costs = [point.cost for point in result.trace]
    assert costs == sorted(costs, reverse=True)
    assert [point.chunks for point in result.trace] == sorted(point.chunks for point in result.trace)
    for one in handed:
        assert check(problem, one.plan()).cost == one.cost


def test_what_is_proved_beside_a_search_is_not_above_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    guided(monkeypatch)
    monkeypatch.setattr(portfolio, "MOST_GUIDED", 0)
    problem, watched = crowded(), list[Guide]()
    seen: list[Progress] = []
    monkeypatch.setattr(Guide, "narrowed", lambda self, routes: watched.append(self))
    result = solve(problem, budget=4, prove=4, threads=2, on_progress=seen.append)
    assert not watched, "nobody asks where good routes go"
    assert check(problem, result.plan).is_clean
    assert result.bound is not None
    assert 0 < result.bound <= result.cost
    assert all(one.bound is None or one.bound <= result.bound for one in seen)


@pytest.mark.parametrize(("budget", "prove", "threads", "chunks"), [(4.0, 1.9, 2, None), (4.0, 4.0, 1, None), (4.0, 4.0, 2, 3), (None, 4.0, 2, 3)])
def test_a_short_proof_waits_for_the_search(
    budget: float | None, prove: float, threads: int, chunks: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portfolio, "MOST_GUIDED", 0)
    instance = compile_problem(crowded()).instance
    assert portfolio.proves_beside(instance, Stop(4.0), 2.0, 2)
    assert not portfolio.proves_beside(instance, Stop(budget, chunks), prove, threads)


def test_a_guided_search_that_is_cancelled_keeps_its_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    guided(monkeypatch)
    asked = itertools.count()
    result = solve(crowded(), budget=60, threads=2, cancelled=lambda: next(asked) > 60)
    assert result.status == "stopped"
    assert check(crowded(), result.plan).is_clean


def test_where_everybody_is_served_no_prices_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    guided(monkeypatch)
    monkeypatch.setattr(Guide, "climb", lambda *_: pytest.fail("prices were looked for"))
    result = solve(crowded(2), budget=2, threads=1)
    assert not result.plan.unassigned


def test_only_long_searches_of_weeks_with_teams_are_guided() -> None:
    teams, alone = compile_problem(crowded()).instance, compile_problem(week([need()], [volunteer()], days=1)).instance
    assert is_guided(teams, 20)
    assert not is_guided(teams, 19)
    assert not is_guided(alone, 600)


def test_an_ascent_that_is_asked_again_goes_on_and_says_no_less() -> None:
    for seed in range(4):
        problem = small_problem(seed, 12)
        found = solve(problem, chunks=2, threads=1)
        compiled = compile_problem(problem)
        with Ascent(compiled.instance) as ascent:
            first = ascent.climb(Stop(None, 60).start(), found.cost)
            steps = ascent.steps
            again = ascent.climb(Stop(None, 300).start(), found.cost, state_of(compiled, found.plan))
        assert first.value <= again.value <= found.cost, seed
        assert ascent.steps >= steps
