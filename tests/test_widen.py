"""Proofs among few entries: they find the best plan of those, prove nothing of the others, and end with the best plan of all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.instance import FAR, Instance
from matcher.kernels.routes import ENTRY, NONE, SHIFT, view
from matcher.solvers import Outcome, Seen, widen
from matcher.solvers.anneal import anneal
from matcher.solvers.exact import exact
from matcher.stop import Stop
from tests.weeks import need, role, volunteer, week

if TYPE_CHECKING:
    from matcher.instance import Longs


def quiet(_seen: Seen) -> None:
    """Tell nobody."""


def used(routes: Longs) -> Any:
    """Return the entries in use."""
    node = view(routes).node
    return node[node[:, SHIFT] != NONE, ENTRY]


def annealed(instance: Instance, chunks: int = 2, seed: int = 1) -> Outcome:
    return anneal(instance, None, Stop(None, chunks).start(), seed, 1, quiet)


def proved(instance: Instance, routes: Longs, only: set[int] | None = None) -> Outcome:
    return exact(instance, routes, Stop(None, 2_000).start(), 1, 1, quiet, only)


def outcome(cost: int, why: str = "budget", **facts: Any) -> Outcome:
    return Outcome(np.array([cost]), cost, why, 3, **facts)


def test_a_search_of_a_small_week_knows_for_every_entry_a_cost_that_plans_with_it_had() -> None:
    for seed in range(8):
        instance = compile_problem(small_problem(seed, 10)).instance
        found = annealed(instance)
        assert found.least_costs is not None
        assert len(found.least_costs) == len(instance.entry_shift)
        assert found.least_costs.min() >= found.cost
        if len(used(found.routes)) and found.trace[-1].phase == "search":
            assert (found.least_costs[used(found.routes)] == found.cost).all()


def test_a_search_of_a_larger_week_knows_no_such_costs() -> None:
    assert annealed(compile_problem(small_problem(3, 90)).instance, 1).least_costs is None


def test_the_best_plan_among_few_entries_uses_these_alone_and_bounds_nothing() -> None:
    for seed in range(10):
        problem = small_problem(seed, 8)
        compiled = compile_problem(problem)
        found = annealed(compiled.instance)
        told: list[Seen] = []
        rng = np.random.default_rng(seed)
        only = {*used(found.routes).tolist(), *rng.choice(len(compiled.instance.entry_shift), len(compiled.instance.entry_shift) // 2).tolist()}
        few = exact(compiled.instance, found.routes, Stop(None, 2_000).start(), 1, 1, told.append, only)
        is_room = compiled.instance.nodes["is_room"][np.repeat(np.arange(len(compiled.instance.nodes)), np.diff(compiled.instance.entry_first))] == 1
        assert few.bound is None
        assert all(seen.bound is None for seen in told)
        assert {e for e in used(few.routes).tolist() if not is_room[e]} <= only
        assert proved(compiled.instance, found.routes).cost <= few.cost <= found.cost
        assert check(problem, decode(compiled, few.routes)).cost == few.cost


@pytest.mark.parametrize("first", [1, 3])
def test_ever_more_entries_end_with_the_best_plan_of_all_and_its_proof(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    monkeypatch.setattr(widen, "FIRST_ENTRIES", first)
    monkeypatch.setattr(widen, "NEARLY_ALL", 1.0)
    for seed in range(8):
        instance = compile_problem(small_problem(seed, 7)).instance
        found = annealed(instance, 1)
        best = widen.widen(instance, found, Stop(None, 2_000).start(), 1, 1, quiet)
        assert best.cost == proved(instance, found.routes).cost
        assert (best.why, best.bound) == ("proved", best.cost)


def test_a_round_that_is_not_proved_in_its_time_is_the_last_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widen, "FIRST_ENTRIES", 1)
    instance = compile_problem(small_problem(5, 20)).instance
    found = annealed(instance, 1)
    best = widen.widen(instance, found, Stop(0.0).start(), 1, 1, quiet)
    assert (best.cost, best.why, best.bound) == (found.cost, "budget", None)


def test_a_visit_that_no_plan_served_has_all_its_entries_looked_at_first() -> None:
    instance = compile_problem(week([need("n", role("one")), need("m", role("one"))], [volunteer("u"), volunteer("v")], days=2)).instance
    least = np.full(len(instance.entry_shift), FAR)
    mine = slice(int(instance.entry_first[1]), int(instance.entry_first[2]))
    other = np.arange(int(instance.entry_first[0]), int(instance.entry_first[1]))
    least[other] = np.arange(len(other))[::-1] + 100
    ranked = widen.ranked(instance, least)
    assert set(ranked[: mine.stop - mine.start].tolist()) == set(range(mine.start, mine.stop))
    assert ranked[mine.stop - mine.start :].tolist() == other[::-1].tolist()


def test_what_follows_keeps_the_better_routes_the_higher_bound_and_what_both_saw() -> None:
    before = outcome(
        90, bound=40, bound_name="routes", trace=(Seen(1, 2, 95, 1, "search"), Seen(2, 3, 90, 1, "search")), least_costs=np.array([90, 99])
    )
    after = outcome(100, "chunks", bound=30, bound_name="cp-sat", trace=(Seen(3, 1, 100, 1, "search"), Seen(3, 1, 80, 1, "search")))
    both = before.followed_by(after)
    assert (both.cost, both.bound, both.bound_name, both.why, both.chunks) == (90, 40, "routes", "chunks", 6)
    assert [(seen.cost, seen.chunks) for seen in both.trace] == [(95, 2), (90, 3), (80, 4)]
    assert both.routes.tolist() == [90]
    seen = both.followed_by(replace(after, cost=70, least_costs=np.array([95, 70])))
    assert (seen.cost, seen.least_costs.tolist() if seen.least_costs is not None else None) == (70, [90, 70])


def test_a_plan_that_comes_down_to_a_bound_of_before_is_proved() -> None:
    assert outcome(90, bound=80, bound_name="cp-sat").followed_by(outcome(80)).why == "proved"
