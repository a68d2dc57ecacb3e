"""A last look at all the routes that a search came by: the best set of them that goes together, one a shift.

A set-covering model: each visit is won once by any of the chosen routes that serve it, so that a route stands for every part of itself as well. Its
linear relaxation, grown by the routes that it wants, says which routes are worth a look (those of the highest earnings under its prices); CP-SAT
picks from these. What the model leaves aside (funds, caseloads, faces, spacing) the engine puts right: the picked routes are taken up visit by
visit, what breaks a rule is left out, what is left out goes where it fits best. Only a plan that is cheaper as the engine counts it is kept.

References
----------
Desaulniers, Desrosiers, Solomon (2005), Column Generation, doi 10.1007/b135457: sifting, and the restricted master heuristic.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

from matcher.instance import nodes_of_entries
from matcher.kernels.routes import NONE, SERVED, SHIFT, open_journal, view
from matcher.solvers.construct import construct
from matcher.solvers.pool import Pool, Routes, joined
from matcher.solvers.searcher import Searcher, best_of_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.instance import Instance, Longs
    from matcher.stop import Run

FIRST_ROUTES, ROUNDS, A_ROUND = 1000, 15, 10
"""Routes in the linear program at first, its rounds at most, and the routes of a shift that enter in one."""
PICKED_FROM = (800, 1600)
"""Routes that CP-SAT picks from, first and then, from what it picked; those of the best plan come on top."""
TICKS_A_CHUNK = 0.001
"""Units of CP-SAT's deterministic time, for each of the two, a chunk of search, where a run has no limit in seconds."""
PAUSE = 0.05
"""Seconds between two looks at whether someone asked to stop."""


def polish(searcher: Searcher, instance: Instance, pools: list[Pool], run: Run, chunks: int) -> bool:
    """Let the searcher go on from the best set of routes, if that is better than its best plan; returns whether it is.

    Parameters
    ----------
    pools
        The routes to choose from; those of the searcher's best plan join them.
    run
        Ends the look at its limit in seconds, or when it is cancelled. Without a limit in seconds, the outcome hangs on `chunks` alone.
    chunks
        Chunks of search that the look stands for.
    """
    best = searcher.best()
    own = Pool(instance)
    own.gather(best)
    if not len(own):
        return False
    routes = joined(instance, [own, *pools])
    costs, losses = _costs(instance, routes, view(best)), _losses(instance, view(best))
    held = _held(instance, routes, view(best))
    earned = _sift(instance, routes, costs, losses, held, run)
    if earned is None:
        return False
    order, picked = np.argsort(-earned, kind="stable"), held
    for most in PICKED_FROM:
        picked = _pick(instance, routes, np.union1d(order[:most], picked), costs, losses, picked, run, chunks)
    trial = Searcher.on(instance, (searcher.ins, searcher.pts), 1)
    _take_up(instance, trial, routes, picked)
    construct(trial, run.is_cancelled)
    if trial.cost() >= searcher.best_cost:
        return False
    searcher.rt[: len(trial.rt)] = trial.rt
    searcher.bs[:] = best_of_state(searcher, trial.rt)
    return True


def _costs(instance: Instance, routes: Routes, best: Any) -> Any:
    """Return what each route costs, as far as it can be told by itself; workloads at the slope where they are now."""
    owner = np.repeat(np.arange(len(routes)), np.diff(routes.first))
    shift = routes.shift[owner]
    entry = entries_of(instance, routes.node, shift)
    cost = instance.entry_cost[entry].astype(float)
    provider = instance.shifts["provider"][shift]
    offered = instance.providers["offered"].astype(float)
    slope = 2.0 * int(instance.weights[0]["workload"]) * (best.provider[:, SERVED] / 60) / np.maximum(1, offered) * (offered > 0)
    cost += slope[provider] * instance.nodes["seconds"][routes.node] / 60
    if instance.weights[0]["new_face"] > 0:
        resident = instance.visits["resident"][instance.nodes["visit"][routes.node]].astype(np.int64)
        width = len(instance.providers)
        known = np.repeat(np.arange(len(instance.known_first) - 1), np.diff(instance.known_first)) * width + instance.known_provider
        table = dict(zip(known.tolist(), instance.known_cost.tolist(), strict=True))
        new = int(instance.weights[0]["new_face"])
        faces = [table.get(r * width + p, new) if r >= 0 else 0 for r, p in zip(resident.tolist(), provider.tolist(), strict=True)]
        cost += np.array(faces, float)
    return routes.soft + np.add.reduceat(cost, routes.first[:-1])


def entries_of(instance: Instance, node: Longs, shift: Longs) -> Any:
    """Return the entry of each node in its shift."""
    width = len(instance.shifts) + 1
    keys = nodes_of_entries(instance) * width + instance.entry_shift
    return np.searchsorted(keys, node * width + shift)


def _losses(instance: Instance, best: Any) -> Any:
    """Return what leaving each visit out costs, with equity at its slope."""
    visits = instance.visits
    total = np.maximum(1, instance.community_weight)[visits["community"]]
    left = best.left_out[visits["community"]]
    equity = int(instance.weights[0]["equity"]) * 1000.0 * visits["weight"] * (2 * left + visits["weight"]) / total
    return visits["loss"] + equity


def _held(instance: Instance, routes: Routes, best: Any) -> Any:
    """Return the routes of the best plan, by their rows."""
    is_in = best.node[routes.node, SHIFT] == np.repeat(routes.shift, np.diff(routes.first))
    whole = np.logical_and.reduceat(is_in, routes.first[:-1])
    size = np.bincount(best.node[best.node[:, SHIFT] != NONE, SHIFT], minlength=len(instance.shifts))
    return np.flatnonzero(whole & (np.diff(routes.first) == size[routes.shift]))


def _limits(instance: Instance, routes: Routes) -> list[tuple[int, Longs, Longs]]:
    """Return, for each limit of hours that several shifts share, the seconds allowed, the routes that use it and how many seconds each uses."""
    shifts, providers = instance.shifts, instance.providers
    seconds = np.add.reduceat(instance.nodes["seconds"][routes.node], routes.first[:-1])
    found = []
    for counter, most, unit in (("day_counter", "max_day", "day"), ("week_counter", "max_week", "week")):
        first = providers[counter][shifts["provider"]]
        keys = np.where(first >= 0, first + shifts[unit], NONE)
        of_route = keys[routes.shift]
        for key in np.unique(keys[keys >= 0]).tolist():
            rows = np.flatnonzero(of_route == key)
            if len(np.unique(routes.shift[rows])) > 1:
                found.append((int(providers[most][shifts["provider"][routes.shift[rows[0]]]]), rows, seconds[rows]))
    return found


def _sift(instance: Instance, routes: Routes, costs: Any, losses: Any, held: Any, run: Run) -> Any:
    """Return what each route earns beyond its cost and its shift's price under the prices of the linear relaxation; None where there is no time."""
    unit = 100.0 / max(1.0, float(np.mean(losses)))
    solver = pywraplp.Solver.CreateSolver("GLOP")
    solver.SetSolverSpecificParametersAsString("use_preprocessing: false")  # each round goes on from the last one's basis
    infinity, objective = solver.infinity(), solver.Objective()
    objective.SetMaximization()
    rows = [solver.Constraint(0.0, infinity) for _ in losses]
    for row, loss in zip(rows, losses.tolist(), strict=True):
        won = solver.NumVar(0.0, 1.0, "")
        row.SetCoefficient(won, -1.0)
        objective.SetCoefficient(won, loss * unit)
    shifts = {s: solver.Constraint(-infinity, 1.0) for s in np.unique(routes.shift).tolist()}
    limits = _limits(instance, routes)
    bars = [solver.Constraint(-infinity, most / 3600) for most, _, _ in limits]
    uses: dict[int, list[tuple[int, float]]] = {}
    for at, (_, used_by, seconds) in enumerate(limits):
        for r, amount in zip(used_by.tolist(), seconds.tolist(), strict=True):
            uses.setdefault(r, []).append((at, amount / 3600))
    visit = instance.nodes["visit"]
    is_inside = np.zeros(len(routes), bool)

    def add(some: Any) -> None:
        for r in some.tolist():
            if is_inside[r]:
                continue
            is_inside[r] = True
            chosen = solver.NumVar(0.0, infinity, "")
            objective.SetCoefficient(chosen, -float(costs[r]) * unit)
            shifts[int(routes.shift[r])].SetCoefficient(chosen, 1.0)
            for v in visit[routes.of(r)].tolist():
                rows[v].SetCoefficient(chosen, 1.0)
            for at, amount in uses.get(r, ()):
                bars[at].SetCoefficient(chosen, amount)

    add(held)
    add(np.arange(max(0, len(routes) - FIRST_ROUTES), len(routes)))
    owner_visit, earned = visit[routes.node], None
    for _ in range(ROUNDS):
        left = _left(run)
        if left <= 0 or run.is_cancelled():
            break
        if math.isfinite(left):
            solver.set_time_limit(max(1, int(1000 * left / 2)))
        if solver.Solve() != pywraplp.Solver.OPTIMAL:
            break
        prices = -np.array([row.dual_value() for row in rows])
        earned = np.add.reduceat(prices[owner_visit], routes.first[:-1])
        dues = np.zeros(len(instance.shifts))
        dues[list(shifts)] = [row.dual_value() for row in shifts.values()]
        earned = earned / unit - costs - dues[routes.shift] / unit
        for (_, used_by, seconds), bar in zip(limits, bars, strict=True):
            earned[used_by] -= seconds / 3600 * bar.dual_value() / unit
        wanted = np.flatnonzero((earned > 1e-6 / unit) & ~is_inside)
        if not len(wanted):
            break
        wanted = wanted[np.lexsort((-earned[wanted], routes.shift[wanted]))]
        shift = routes.shift[wanted]
        rank = np.arange(len(wanted)) - np.searchsorted(shift, shift)
        add(wanted[rank < A_ROUND])
    return earned


def _left(run: Run) -> float:
    """Return the seconds that a run has left."""
    return math.inf if run.stop.budget is None else run.stop.budget - run.seconds


def _pick(instance: Instance, routes: Routes, rows: Any, costs: Any, losses: Any, known: Any, run: Run, chunks: int) -> Any:
    """Return the rows of the best set of routes that CP-SAT finds, and of those known if it finds none."""
    model, visit = cp_model.CpModel(), instance.nodes["visit"]
    is_known = set(known.tolist())
    chosen = {r: model.new_bool_var("") for r in rows.tolist()}
    by_shift: dict[int, list[Any]] = {}
    by_visit: dict[int, list[Any]] = {}
    for r, literal in chosen.items():
        by_shift.setdefault(int(routes.shift[r]), []).append(literal)
        for v in visit[routes.of(r)].tolist():
            by_visit.setdefault(v, []).append(literal)
        model.add_hint(literal, r in is_known)
    for literals in by_shift.values():
        model.add_at_most_one(literals)
    for most, used_by, seconds in _limits(instance, routes):
        used = [(chosen[r], amount) for r, amount in zip(used_by.tolist(), seconds.tolist(), strict=True) if r in chosen]
        if used:
            model.add(sum(amount * literal for literal, amount in used) <= most)
    served = {v for r in is_known for v in visit[routes.of(r)].tolist()}
    terms = [-round(float(costs[r])) * literal for r, literal in chosen.items()]
    for v, literals in by_visit.items():
        won = model.new_bool_var("")
        model.add_bool_or([*literals, ~won])
        model.add_hint(won, v in served)
        terms.append(round(float(losses[v])) * won)
    model.maximize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    left = _left(run)
    if left <= 0 or run.is_cancelled():
        return known
    if math.isfinite(left):
        solver.parameters.max_time_in_seconds = left
    else:
        solver.parameters.max_deterministic_time = TICKS_A_CHUNK * chunks
    status = _solved(solver, model, run.is_cancelled)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return known
    return np.array([r for r, literal in chosen.items() if solver.boolean_value(literal)], np.int64)


def _solved(solver: Any, model: Any, is_cancelled: Callable[[], bool]) -> Any:
    """Solve a model, and stop when asked to."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(PAUSE):
            if is_cancelled():
                solver.stop_search()

    guard = threading.Thread(target=look, daemon=True)
    guard.start()
    try:
        return solver.solve(model)
    finally:
        is_over.set()
        guard.join()


def _take_up(instance: Instance, trial: Searcher, routes: Routes, picked: Any) -> None:
    """Serve what the picked routes serve, in order of time; of a visit that several serve, the route of the fewest visits keeps it."""
    planned, shift = np.zeros(len(instance.nodes), np.int64), np.full(len(instance.nodes), NONE, np.int64)
    for r in sorted(picked.tolist(), key=lambda r: (len(routes.of(r)), r), reverse=True):
        for n, start in zip(routes.of(r).tolist(), routes.start[routes.first[r] : routes.first[r + 1]].tolist(), strict=True):
            planned[n], shift[n] = start, routes.shift[r]
    nodes = np.flatnonzero(shift != NONE)
    entries = np.full(len(instance.nodes), NONE, np.int64)
    entries[nodes] = entries_of(instance, nodes, shift[nodes])
    waiting = instance.nodes["visit"][nodes[np.lexsort((nodes, planned[nodes]))]].astype(np.int64)
    trial.take_up(instance, waiting, entries, planned, np.full(len(planned), NONE, np.int64))
    open_journal(trial.rt)
