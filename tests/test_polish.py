"""Choosing the best set of all the routes that a search came by."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from benchmarks import neutral
from matcher.check import check
from matcher.compile import Compiled, compile_problem
from matcher.decode import decode
from matcher.kernels.cells import pack
from matcher.kernels.routes import ABSENT, LOSS, SOFT, view
from matcher.problem import Problem
from matcher.solve import solve
from matcher.solvers import anneal, polish
from matcher.solvers.construct import construct
from matcher.solvers.improve import improve, temperatures
from matcher.solvers.pool import Pool, Routes, joined, suits
from matcher.solvers.searcher import Searcher
from matcher.stop import Run, Stop
from scenarios.weihai.week import make_week

CHUNKS = 1000


@pytest.fixture(scope="module")
def week() -> tuple[Problem, Compiled]:
    """A week of 120 visits, one person each."""
    problem = neutral.problem_of(neutral.make_week(120, 24, 3))
    return problem, compile_problem(problem)


def searched(compiled: Compiled, seed: int, chunks: int, pool: Pool | None = None) -> Searcher:
    """A searcher after some chunks, its routes gathered."""
    searcher = Searcher.on(compiled.instance, pack(compiled.instance), seed)
    construct(searcher, lambda: False)
    fall = temperatures(compiled.instance, searcher)
    for k in range(chunks):
        improve(searcher, fall, k / chunks, (k + 1) / chunks)
        if pool is not None:
            pool.gather(searcher.rt)
    return searcher


def run_of(budget: float | None = None, *, is_cancelled: bool = False) -> Run:
    return Stop(budget, CHUNKS, lambda: is_cancelled).start()


def chosen_from(instance: Any, routes: Routes, best: Any) -> Any:
    """What the linear program and the pick make of routes, from the best plan."""
    costs, losses, held = polish._costs(instance, routes, best), polish._losses(instance, best), polish._held(instance, routes, best)
    earned = polish._sift(instance, routes, costs, losses, held, run_of())
    order = np.argsort(-earned, kind="stable")[:400]
    picked = polish._pick(instance, routes, np.union1d(order, held), costs, losses, held, run_of(), CHUNKS)
    return costs, losses, held, picked


def worth(instance: Any, routes: Routes, rows: Any, costs: Any, losses: Any) -> float:
    """What a set of routes wins, less what it costs."""
    won = {int(v) for r in rows for v in instance.nodes["visit"][routes.of(r)]}
    return float(sum(losses[v] for v in won) - sum(costs[r] for r in rows))


def test_a_pool_holds_every_route_once(week: tuple[Problem, Compiled]) -> None:
    _, compiled = week
    pool = Pool(compiled.instance)
    searcher = searched(compiled, 1, 2)
    pool.gather(searcher.rt)
    count = len(pool)
    used = {int(s) for s in view(searcher.rt).node[:, 0] if s >= 0}
    assert count == len(used)
    pool.gather(searcher.rt)
    assert len(pool) == count


def test_the_routes_of_a_plan_cost_together_what_the_engine_says(week: tuple[Problem, Compiled]) -> None:
    _, compiled = week
    pool = Pool(compiled.instance)
    searcher = searched(compiled, 1, 3)
    pool.gather(searcher.rt)
    routes, state = joined(compiled.instance, [pool]), view(searcher.rt)
    assert int(routes.soft.sum()) == int(state.total[SOFT])
    assert int(polish._costs(compiled.instance, routes, state).sum()) == int(state.total[SOFT])
    out = compiled.instance.visits["loss"].sum() - polish._losses(compiled.instance, state)[compiled.instance.nodes["visit"][routes.node]].sum()
    assert int(out) == int(state.total[LOSS])
    assert len(polish._held(compiled.instance, routes, state)) == len(routes)


def test_of_routes_that_serve_the_same_the_cheapest_is_kept(week: tuple[Problem, Compiled]) -> None:
    _, compiled = week
    pool = Pool(compiled.instance)
    searched(compiled, 1, 40, pool)
    routes = joined(compiled.instance, [pool])
    served = [(int(routes.shift[r]), *sorted(routes.of(r).tolist())) for r in range(len(routes))]
    assert len(set(served)) == len(served) < len(pool)


def test_the_pick_is_the_best_set_there_is(week: tuple[Problem, Compiled]) -> None:
    _, compiled = week
    instance, pool = compiled.instance, Pool(compiled.instance)
    searcher = searched(compiled, 2, 30, pool)
    best, every = view(searcher.best()), joined(compiled.instance, [pool])
    # of the three shifts with the most routes five routes each: few enough to try all sets
    busy = np.argsort(-np.bincount(every.shift), kind="stable")[:3]
    rows = np.concatenate([np.flatnonzero(every.shift == s)[:5] for s in busy])
    length = np.diff(every.first)[rows]
    at = np.concatenate([np.arange(every.first[r], every.first[r + 1]) for r in rows])
    routes = Routes(every.shift[rows], every.soft[rows], np.concatenate(([0], np.cumsum(length))), every.node[at], every.start[at])
    costs, losses, _, picked = chosen_from(instance, routes, best)
    options = [[None, *np.flatnonzero(routes.shift == s).tolist()] for s in busy]
    sets = [[r for r in some if r is not None] for some in itertools.product(*options)]
    assert worth(instance, routes, picked, costs, losses) == max(worth(instance, routes, some, costs, losses) for some in sets)


def test_hours_that_shifts_share_limit_the_pick() -> None:
    raw = neutral.problem_of(neutral.make_week(120, 24, 3)).model_dump(mode="json", by_alias=True, exclude_none=True)
    for provider in raw["providers"]:
        provider["max_minutes_week"] = 240
    compiled = compile_problem(Problem.build(raw))
    instance, pool = compiled.instance, Pool(compiled.instance)
    searcher = searched(compiled, 1, 30, pool)
    own = Pool(instance)
    own.gather(searcher.best())
    routes = joined(instance, [own, pool])
    *_, picked = chosen_from(instance, routes, view(searcher.best()))
    assert polish._limits(instance, routes)
    seconds: dict[int, int] = {}
    for r in picked.tolist():
        p = int(instance.shifts["provider"][routes.shift[r]])
        seconds[p] = seconds.get(p, 0) + int(instance.nodes["seconds"][routes.of(r)].sum())
    assert max(seconds.values()) <= 240 * 60


def test_polishing_a_short_search_gains_and_the_plan_is_clean(week: tuple[Problem, Compiled]) -> None:
    problem, compiled = week
    pools = [Pool(compiled.instance), Pool(compiled.instance)]
    searcher = searched(compiled, 1, 12, pools[0])
    searched(compiled, 2, 12, pools[1])
    before = searcher.best_cost
    assert polish.polish(searcher, compiled.instance, pools, run_of(), CHUNKS)
    assert searcher.best_cost == searcher.cost() < before
    report = check(problem, decode(compiled, searcher.best()))
    assert report.is_clean
    assert report.cost == searcher.best_cost


def test_nothing_changes_where_nothing_better_is_found(week: tuple[Problem, Compiled]) -> None:
    _, compiled = week
    searcher = searched(compiled, 1, 3)
    before, state = searcher.best_cost, searcher.rt.copy()
    assert not polish.polish(searcher, compiled.instance, [], run_of(), CHUNKS)
    assert searcher.best_cost == before
    assert (searcher.rt == state).all()


@pytest.mark.parametrize("run", [run_of(0.0), run_of(is_cancelled=True)], ids=["no time", "cancelled"])
def test_without_time_nothing_changes(week: tuple[Problem, Compiled], run: Run) -> None:
    _, compiled = week
    pool = Pool(compiled.instance)
    searcher = searched(compiled, 1, 8, pool)
    before = searcher.best_cost
    assert not polish.polish(searcher, compiled.instance, [pool], run, CHUNKS)
    assert searcher.best_cost == before


def test_a_long_search_of_a_week_that_suits_ends_with_a_pick_and_is_repeatable(
    week: tuple[Problem, Compiled], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, _ = week
    calls = []

    def counted(*arguments: Any) -> bool:
        calls.append(len(arguments[2]))
        return polish_as_it_is(*arguments)

    polish_as_it_is = polish.polish
    monkeypatch.setattr(polish, "polish", counted)
    monkeypatch.setattr(anneal, "LEAST_STEPS", 20)
    plans = [solve(problem, chunks=24, seed=5, threads=1) for _ in range(2)]
    assert calls == [1, 1]
    assert plans[0].plan == plans[1].plan
    assert plans[0].chunks == 24
    monkeypatch.setattr(anneal, "LEAST_STEPS", 1000)
    solve(problem, chunks=24, seed=5, threads=1)
    assert calls == [1, 1]


def test_searchers_side_by_side_on_a_week_of_teams_never_choose_from_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their trades fall on the moment from which routes are gathered, in a week that does not suit as well."""

    def refused(*_: Any) -> bool:
        raise AssertionError("chose from the routes of a week that does not suit")

    monkeypatch.setattr(polish, "polish", refused)
    monkeypatch.setattr(anneal, "LEAST_STEPS", 1)
    problem = make_week("community", 4)
    assert not suits(compile_problem(problem).instance)
    result = solve(problem, chunks=48, seed=2, threads=2)
    assert result.chunks >= 48
    assert check(problem, result.plan).is_clean


def test_picked_routes_are_taken_up_in_a_week_whose_visits_have_several_nodes() -> None:
    """The work space must hold the largest visit; of one with partners elsewhere a route has only a part, and it stays out."""
    problem = make_week("community", 4)
    compiled = compile_problem(problem)
    pool = Pool(compiled.instance)
    searcher = searched(compiled, 1, 4, pool)
    assert compiled.instance.visits["nodes"].max() > 1
    routes = joined(compiled.instance, [pool])
    trial = Searcher.on(compiled.instance, (searcher.ins, searcher.pts), 1)
    polish._take_up(compiled.instance, trial, routes, polish._held(compiled.instance, routes, view(searcher.rt)))
    assert view(trial.rt).total[ABSENT] < len(compiled.instance.visits)
    assert check(problem, decode(compiled, trial.rt)).is_clean


def test_weeks_of_teams_and_small_and_large_weeks_do_not_suit(week: tuple[Problem, Compiled]) -> None:
    _, compiled = week
    assert suits(compiled.instance)
    assert not suits(compile_problem(neutral.problem_of(neutral.make_week(60, 12, 1))).instance)
    assert not suits(compiled.instance._replace(visits=np.tile(compiled.instance.visits, 5)))
    visits = compiled.instance.visits.copy()
    visits["nodes"][0] = 2
    assert not suits(compiled.instance._replace(visits=visits))
    paid = compiled.instance.visits.copy()
    paid["is_paid"][:11] = 1
    assert suits(compiled.instance._replace(visits=paid))
    paid["is_paid"][:13] = 1
    assert not suits(compiled.instance._replace(visits=paid))
