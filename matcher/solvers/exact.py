"""The whole problem as a constraint program (CP-SAT): for small problems, the optimum and the proof that it is one.

Every rule and every term stands in the program in whole numbers, as docs/rules.md and docs/objective.md define them; nothing of it is a habit of
the engine (services may start later than the route demands), so that the bound holds for every plan. `matcher.solvers.exact_draft` has the
visits, `exact_routes` the routes, `exact_people` the people, and `exact_state` leads back to the engine's routes.
"""

from __future__ import annotations

import itertools
import math
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ortools.sat.python import cp_model

from matcher.kernels.routes import NONE, view
from matcher.solvers import ROUTES_PAUSE, Outcome, Seen, Watch
from matcher.solvers.construct import construct
from matcher.solvers.exact_draft import Draft, add_visits
from matcher.solvers.exact_facts import Facts
from matcher.solvers.exact_people import add_people
from matcher.solvers.exact_routes import BASE, add_routes
from matcher.solvers.exact_state import Served, Service, orders_of, served_of, state_of
from matcher.solvers.improve import improve, temperatures
from matcher.solvers.searcher import Searcher

if TYPE_CHECKING:
    from collections.abc import Container

    from matcher.instance import Instance, Longs
    from matcher.stop import Run

CHUNK = 0.05
"""What counts as a chunk where a run is limited by chunks: units of CP-SAT's deterministic time, about seconds."""
CHUNKS, FIRST = 5, 0.1
"""Chunks of search for a plan to start from, where none is given, and the share of the budget that they may take."""
PAUSE = 0.05
"""Seconds between two looks at whether someone asked to stop."""
MOST_EXACT = 1 << 52
"""Bounds come as floating-point numbers: above this they are no longer trusted to the last unit."""


def exact(instance: Instance, start: Longs | None, run: Run, seed: int, threads: int, watch: Watch, only: Container[int] | None = None) -> Outcome:
    """Find the best plan of a small problem, and prove that none is better.

    Parameters
    ----------
    start
        A state to start from; what a short search finds if left out. What is returned is never worse.
    threads
        Workers of CP-SAT. With one, and a limit in chunks alone, equal seeds give equal plans.
    watch
        Called with each better plan, and the bound at that moment, from a thread of the solver's.
    only
        The entries to choose from, those of `start` among them; all if left out.

    Returns
    -------
    Outcome
        `bound` holds for every plan of the problem, and there is none where it chose from some entries only; `why` is ``proved`` where the routes
        are proved to be the best there are, or the best of those entries.
    """
    facts = Facts(instance, only)
    best = _Best(facts, run, watch, start if start is not None else _searched(facts, run, seed), only is None)
    best.note(best.cost, best.assigned, None, best.state)
    status, bound = _solve(facts, best, run, seed, threads, is_strict=False)
    if status == cp_model.OPTIMAL and best.cost != bound and run.reason(0) is None:
        # The optimum holds a room for less time than the engine can: of what it can hold, find the best.
        _solve(facts, best, run, seed, threads, is_strict=True)
    why = "proved" if bound == best.cost else run.reason(0) or ("budget" if run.stop.budget is not None else "chunks")
    trace = tuple(seen for seen in best.trace if seen.cost >= best.cost)
    bound = bound if only is None else None
    return Outcome(best.state, best.cost, why, 0, bound, None if bound is None else "cp-sat", trace)


def retimed(instance: Instance, outcome: Outcome, run: Run, seed: int, watch: Watch) -> Outcome:
    """Return an outcome with the best order and starts that its routes can have, everybody serving what they serve.

    A search starts each service as early as its route allows, which is not the cheapest where waiting has a price. What is returned is never worse.
    """
    served = served_of(Facts(instance, only=()), outcome.routes)
    facts = Facts(instance, only={service.entry for services in served.values() for service in services})
    best = _Best(facts, run, watch, outcome.routes, is_whole=False)
    best.trace.extend(outcome.trace[-1:])
    _solve(facts, best, run, seed, 1, is_strict=True)
    if best.cost >= outcome.cost:
        return outcome
    return replace(outcome, routes=best.state, cost=best.cost, trace=(*outcome.trace, *best.trace[1:]))


def draft(facts: Facts, *, is_strict: bool = False) -> Draft:
    """Return the constraint program of a problem, its objective included."""
    drawn = Draft(cp_model.CpModel(), lambda spans: cp_model.Domain.from_intervals([list(span) for span in spans]), facts, is_strict)
    add_visits(drawn)
    add_routes(drawn)
    add_people(drawn)
    drawn.model.minimize(sum(cost * variable for cost, variable in drawn.costs) + drawn.constant)
    return drawn


def _searched(facts: Facts, run: Run, seed: int) -> Longs:
    """Return a plan of a short search: proofs are quicker from a good plan."""
    searcher = Searcher.on(facts.instance, facts.packed, seed)
    construct(searcher, run.is_cancelled)
    fall = temperatures(facts.instance, searcher)
    for k in range(CHUNKS):
        if run.is_cancelled() or (run.stop.chunks is None and run.fraction(0) >= FIRST):
            break
        improve(searcher, fall, k / CHUNKS, (k + 1) / CHUNKS)
    return searcher.best()


@dataclass
class _Best:
    """The best routes so far, and the story of how they were found."""

    facts: Facts
    run: Run
    watch: Watch
    state: Longs
    is_whole: bool
    trace: list[Seen] = field(default_factory=list)
    cost: int = 0
    assigned: int = 0

    def __post_init__(self) -> None:
        self.cost = self._cost(self.state)
        self.assigned = int((view(self.state).visit[:, 0] == 1).sum())

    def _cost(self, state: Longs) -> int:
        return Searcher.on(self.facts.instance, self.facts.packed, 1, state).cost()

    def note(self, cost: int, assigned: int, bound: int | None, state: Longs | None = None) -> None:
        """Tell who watches of a plan, and remember it if it is better than those before; `state` holds it, where it is at hand."""
        seen = Seen(self.run.seconds, 0, cost, assigned, "exact", bound if self.is_whole else None)
        if not self.trace or cost < self.trace[-1].cost:
            self.trace.append(seen)
            # The engine may count less than the solver has proved yet.
            self.watch(seen if state is None else replace(seen, routes=state, cost=self._cost(state)))

    def take(self, served: Served, cost: int, *, is_optimal: bool) -> None:
        """Make a solution the best routes, if the engine can hold it and it is better."""
        state = state_of(self.facts, served)
        if state is None:
            return
        own = self._cost(state)
        assert own <= cost, "a plan costs what its solution says, or less where a cost of the solution is not yet tight"
        assert own == cost or not is_optimal, "the constraint program and the engine count the optimum alike"
        if own < self.cost:
            self.state, self.cost = state, own
            self.assigned = len(served)


def _solve(facts: Facts, best: _Best, run: Run, seed: int, threads: int, *, is_strict: bool) -> tuple[Any, int | None]:
    """Solve the program from the best routes so far; returns CP-SAT's status and a proven bound."""
    drawn = draft(facts, is_strict=is_strict)
    _hint(drawn, served_of(facts, best.state))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = threads
    if threads == 1:  # a single worker proves more with the fuller linear relaxation; several have one among them that does so
        solver.parameters.linearization_level = 2
    solver.parameters.random_seed = seed % (1 << 31)
    if run.stop.budget is not None:
        solver.parameters.max_time_in_seconds = max(0.0, run.stop.budget - run.seconds)
    if run.stop.chunks is not None:
        solver.parameters.max_deterministic_time = CHUNK * run.stop.chunks
    listener = _Listener(drawn, best)
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(PAUSE):
            if run.is_cancelled():
                solver.stop_search()

    guard = threading.Thread(target=look, daemon=True)
    guard.start()
    try:
        status = solver.solve(drawn.model, listener)
    finally:
        is_over.set()
        guard.join()
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        cost = round(solver.objective_value)
        if cost <= best.cost:
            best.take(_served(drawn, solver), cost, is_optimal=status == cp_model.OPTIMAL)
        best.note(best.cost, best.assigned, _whole(solver.best_objective_bound), best.state)
    # Before it knows better, CP-SAT says 0, which holds: no term of the objective is negative.
    bound = _whole(solver.best_objective_bound) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.UNKNOWN) else None
    return status, bound


class _Listener(cp_model.CpSolverSolutionCallback):
    """Hears of each better solution while CP-SAT runs."""

    def __init__(self, drawn: Draft, best: _Best) -> None:
        super().__init__()
        self._drawn, self._best = drawn, best
        self._handed = best.run.seconds

    def on_solution_callback(self) -> None:
        """Tell who watches, with the routes now and then, and stop if asked to."""
        best, state = self._best, None
        assigned = sum(self.boolean_value(literal) for literal in self._drawn.is_in)
        if best.run.seconds >= self._handed + ROUTES_PAUSE:
            self._handed = best.run.seconds
            state = state_of(best.facts, _served(self._drawn, self))
        best.note(round(self.objective_value), assigned, _whole(self.best_objective_bound), state)
        if best.run.is_cancelled():
            self.stop_search()


def _whole(bound: float) -> int | None:
    """Return a bound in whole numbers that holds whatever was rounded."""
    if not math.isfinite(bound):
        return None
    if abs(bound) < MOST_EXACT:
        return math.ceil(bound - 1e-3)
    return math.floor(bound - abs(bound) * 1e-12)


def _served(drawn: Draft, solver: Any) -> Served:
    """Return what a solution serves."""
    facts, served = drawn.facts, {}
    for v, is_in in enumerate(drawn.is_in):
        if not solver.boolean_value(is_in):
            continue
        services = []
        for n in facts.roles(v):
            held = next(held for held in facts.by_node[n] if solver.boolean_value(drawn.entry[held.entry]))
            p, fund = facts.provider(held), NONE
            if facts.entry_price[held.entry]:
                funds = range(len(facts.instance.fund_amount))
                fund = next(f for f in funds if any(solver.boolean_value(literal) for literal in drawn.pays.get((n, p, f), ())))
            services.append(Service(held.entry, solver.value(drawn.start[n]), fund))
        if v in drawn.holds:
            entry = next(e for e, _, literal in drawn.holds[v] if solver.boolean_value(literal))
            services.append(Service(entry, services[0].start))
        served[v] = services
    return served


def _hint(drawn: Draft, served: Served) -> None:
    """Show CP-SAT a plan to start from."""
    facts, shown = drawn.facts, _Shown({})
    for literal in drawn.entry.values():
        shown.show(literal, 0)
    for v, is_in in enumerate(drawn.is_in):
        shown.show(is_in, int(v in served))
        for k, service in enumerate(served.get(v, ())):
            n = facts.visits[v].first_node + k
            shown.show(drawn.start[n], service.start)
            if service.entry in drawn.entry:
                shown.show(drawn.entry[service.entry], 1)
        for e, _, literal in drawn.holds.get(v, ()):
            shown.show(literal, int(v in served and served[v][-1].entry == e))
    orders = orders_of(facts, served)
    for s, arcs in drawn.arcs.items():
        route = [BASE, *(n for _, n in orders.get(s, ())), BASE]
        legs = set(itertools.pairwise(route)) if len(route) > 2 else set()
        for before, after, literal in arcs:
            if not shown.has(literal) and (before, after) not in legs:
                shown.show(literal, 0)
            elif not shown.has(literal) and sum((b, a) == (before, after) for b, a, _ in arcs) == 1:
                shown.show(literal, 1)
    for variable, value in shown.values.values():
        drawn.model.add_hint(variable, value)


@dataclass
class _Shown:
    """Values shown to CP-SAT, one a variable."""

    values: dict[int, tuple[Any, int]]

    def has(self, variable: Any) -> bool:
        """Return whether a value is shown already."""
        return variable.index in self.values

    def show(self, variable: Any, value: int) -> None:
        """Show a value; the last one counts."""
        self.values[variable.index] = (variable, value)
