"""What the proofs of the engine are worth, on random small problems: exact plans, the search and the bound, each held against what it must meet.

- ``exhaustive``: the plan that is proved the best, against every plan on a grid of starts, one after the other, judged by the verifier alone.
- ``search``: what an ordinary run finds in its seconds, and the search without the constraint solver in a number of chunks, against the optimum.
- ``bound``: the bound of weeks of any size, against the optimum; it may never be above it.
- ``recruits``: who is named first of those to recruit or to train, against every one of them tried out with the optimum of the week that has them.

A problem follows from its number, so that whatever disagrees can be made again: `problem_of`.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from benchmarks.oracle import Oracle, TooLarge
from benchmarks.small import small_problem
from matcher.check import check
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.objective import urgency_weight
from matcher.prices import estimate_recruits, recruits
from matcher.solve import solve
from matcher.solvers.bounds import bound
from matcher.solvers.exact import exact
from matcher.start import state_of
from matcher.stop import Stop
from scenarios.weihai.geography import sites
from scenarios.weihai.week import make_week

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.solvers import Outcome

Part = Literal["exhaustive", "search", "bound", "recruits"]
PARTS: tuple[Part, ...] = get_args(Part)
MOST_VISITS: dict[Part, int] = {"exhaustive": 12, "search": 40, "bound": 12, "recruits": 15}
SWITCHES = ("teams", "funds", "venues", "links", "spacing", "lunch", "sequence", "crews", "supervision", "in_force", "lateness", "remote")
"""Features that are surely there in turn, so that each is met often."""
PROOF_CHUNKS = 100
"""Of the constraint solver (`matcher.solvers.exact.CHUNK`): what is not proved after these counts as not proved."""
CHECKS = 4_000
"""Plans that the exhaustive search may look at in one problem."""
SEARCH_CHUNKS = 200
BOUND_STEPS = 400
SCARCITY = 0.4
"""Of the weeks of communities in which somebody is to be recruited: so short of people that some visits are left out."""


@dataclass(frozen=True)
class Limits:
    """What each problem gets."""

    budget: float = 5.0
    threads: int = 2
    chunks: int = SEARCH_CHUNKS
    checks: int = CHECKS
    steps: int = BOUND_STEPS


@dataclass
class Tally:
    """Counts over problems, and the numbers of those that disagree."""

    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    wrong: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)

    def add(self, number: int, found: dict[str, Any]) -> None:
        """Take in what came of one problem: truths are counted, floats added up, ``is_wrong`` and ``is_missed`` noted by number."""
        for name, value in found.items():
            if name == "is_wrong":
                self.wrong += [number] if value else []
            elif name == "is_missed":
                self.missed += [number] if value else []
            elif isinstance(value, bool):
                self.counts[name] = self.counts.get(name, 0) + value
            else:
                self.sums[name] = self.sums.get(name, 0.0) + value


def problem_of(part: Part, number: int, most: int | None = None) -> Problem:
    """Return a problem of a part by its number, of at most so many visits.

    Those of the exhaustive search are on the grid on which that is exact, of two days at most, and waiting costs nothing in them: the best plan may
    wait anywhere else, between two starts of the grid. Those of recruits are weeks of one community of Weihai, another with each number.
    """
    if part == "recruits":
        places = sorted(site.place.code for site in sites() if site.place.is_urban)
        return make_week("community", number, where=places[number % len(places)], scarcity=SCARCITY)
    visits = 2 + number % (max(2, most or MOST_VISITS[part]) - 1)
    switch: dict[str, Any] = {SWITCHES[number % len(SWITCHES)]: True}
    if part == "exhaustive":
        return small_problem(number, visits, grid=True, days=1 + number % 2, waiting=False, **switch)
    return small_problem(number, visits, **switch)


def measure(
    part: Part,
    numbers: range,
    *,
    most: int | None = None,
    limits: Limits | None = None,
    jobs: int = 1,
    on_progress: Callable[[int, Tally], None] | None = None,
) -> dict[str, Any]:
    """Measure a part on problems and return the figures, as plain JSON values.

    Parameters
    ----------
    numbers
        The problems (`problem_of`).
    most
        Visits of the largest ones; `MOST_VISITS` if left out.
    jobs
        Problems at work at the same time, each in a process of its own.
    on_progress
        Called after each problem with how many are done.

    Returns
    -------
    dict
        How many problems there were and of how many each claim held; ``missed`` are those whose optimum a run did not find, and ``first_wrong`` is
        the number of the first that disagrees, None where all agree.
    """
    began, tally = time.perf_counter(), Tally()
    work = partial(_measured, part, most=most, limits=limits or Limits())
    for done, (number, found) in enumerate(zip(numbers, _all(work, numbers, jobs), strict=True), start=1):
        tally.add(number, found)
        if on_progress is not None:
            on_progress(done, tally)
    figures: dict[str, Any] = {"part": part, "problems": len(numbers), "seed": numbers.start, "visits": most or MOST_VISITS[part], **tally.counts}
    figures |= {name: round(value / max(1, tally.counts.get("proved", 0)), 4) for name, value in tally.sums.items()}
    figures |= {"missed": tally.missed} if part in ("search", "recruits") else {}
    return {**figures, "wrong": len(tally.wrong), "first_wrong": min(tally.wrong, default=None), "seconds": round(time.perf_counter() - began, 1)}


def _all(work: Callable[[int], dict[str, Any]], numbers: range, jobs: int) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        yield from map(work, numbers)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, numbers)


def _measured(part: Part, number: int, most: int | None, limits: Limits) -> dict[str, Any]:
    problem = problem_of(part, number, most)
    by_part = {"exhaustive": against_all_plans, "search": against_optimum, "bound": against_bound, "recruits": against_each}
    return by_part[part](problem, limits)


def against_all_plans(problem: Problem, limits: Limits) -> dict[str, Any]:
    """Hold the plan that is proved the best against all plans on the grid: none may cost less.

    That the plan is there, and costs what is claimed, says the verifier; so the two together make it the optimum.
    """
    best = _proved(problem)
    if best is None:
        return {"proved": False}
    found: Plan | None = None
    try:
        found, is_compared = Oracle(problem, checks=limits.checks).below(best.cost), True
    except TooLarge:
        is_compared = False
    # Where all plans are too many, a plan of the search that costs less would do as well to show a proof wrong.
    searched = solve(problem, chunks=1, threads=1).cost
    return {
        "proved": True,
        "compared": is_compared,
        "equal": is_compared and found is None,
        "compared_of_6_or_more": is_compared and len(problem.visits) >= 6,
        "is_wrong": found is not None or searched < best.cost,
    }


def against_optimum(problem: Problem, limits: Limits) -> dict[str, Any]:
    """Hold what an ordinary run finds, and the search alone, against the optimum, where that is proved."""
    result = solve(problem, budget=limits.budget, threads=limits.threads)
    alone = solve(problem, chunks=limits.chunks, threads=1)
    optimum = result.cost if result.status == "optimal" else None
    if optimum is None:
        best = _proved(problem, min(result, alone, key=lambda found: found.cost).plan)
        if best is None:
            return {"proved": False}
        optimum = best.cost
    return {
        "proved": True,
        "equal": result.cost == optimum,
        "proved_within_budget": result.status == "optimal",
        "equal_by_search_alone": alone.cost == optimum,
        "equal_by_search_alone_but_for_waiting": alone.cost == optimum or problem.weights.waiting > 0,
        "is_missed": result.cost > optimum,
        "is_wrong": min(result.cost, alone.cost) < optimum,
        "seconds_of_run": result.seconds,
        "seconds_of_search_alone": alone.seconds,
    }


def against_bound(problem: Problem, limits: Limits) -> dict[str, Any]:
    """Hold the bound against the optimum."""
    best = _proved(problem)
    if best is None:
        return {"proved": False}
    lowest = bound(compile_problem(problem).instance, Stop(None, limits.steps).start(), upper=best.cost).value
    loss = sum(urgency_weight(problem.weights, visit) for visit in problem.visits) * problem.weights.unserved
    return {
        "proved": True,
        "equal": lowest == best.cost,
        "equal_but_not_zero": lowest == best.cost > 0,
        "within_a_percent_of_losses": best.cost - lowest <= 0.01 * loss,
        "is_wrong": lowest > best.cost,
        "gap": max(0, best.cost - lowest) / max(1, best.cost),
    }


def against_each(problem: Problem, _limits: Limits) -> dict[str, Any]:
    """Hold who is named first of those to recruit or to train against every one of them, each by the optimum of the week that has them."""
    best = _proved(problem)
    if best is None:
        return {"proved": False}
    plan, served = _served(problem, best)
    absent = [visit for visit in problem.visits if visit.id not in {assignment.visit for assignment in plan.assignments}]
    candidates = estimate_recruits(problem, absent)
    if not candidates:
        return {"proved": True, "nobody_to_recruit": True}
    named = recruits(problem, plan).prices[0]
    gains, own = [], 0
    for candidate in candidates:
        with_it = candidate.more(1)(problem)
        found = _proved(with_it, plan)
        if found is None:
            return {"proved": False}
        gains.append(_served(with_it, found)[1] - served)
        if (candidate.code, candidate.detail) == (named.code, named.detail):
            own = gains[-1]
    return {
        "proved": True,
        "equal": own == max(gains),
        "within_one": own >= max(gains) - 1,
        "is_missed": own < max(gains),
        "is_wrong": False,
        "candidates": float(len(candidates)),
        "gain": float(own),
        "most": float(max(gains)),
    }


def _served(problem: Problem, outcome: Outcome) -> tuple[Plan, int]:
    """Return a plan and the urgency weight that it serves."""
    plan = decode(compile_problem(problem), outcome.routes, with_reasons=False)
    weight = {visit.id: urgency_weight(problem.weights, visit) for visit in problem.visits}
    return plan, sum(weight[assignment.visit] for assignment in plan.assignments)


def _proved(problem: Problem, start: Plan | None = None) -> Outcome | None:
    """Return the best plan as the constraint solver proves it, verified; None where it does not within `PROOF_CHUNKS`."""
    compiled = compile_problem(problem)
    begin = state_of(compiled, start) if start is not None else None
    outcome = exact(compiled.instance, begin, Stop(None, PROOF_CHUNKS).start(), 1, 1, lambda _: None)
    report = check(problem, decode(compiled, outcome.routes))
    if not report.is_clean or report.cost != outcome.cost:
        raise AssertionError("the verifier does not agree with the exact solver")
    return outcome if outcome.why == "proved" else None
