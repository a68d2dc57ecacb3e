"""The exact solver: never above any other plan, never below the exhaustive optimum, and its bound holds whenever it is stopped."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.oracle import Oracle, TooLarge
from benchmarks.small import FEATURES, small_problem
from matcher.check import check
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.kernels.routes import START, view
from matcher.problem import Problem
from matcher.rules import Term
from matcher.solve import solve
from matcher.solvers.exact import draft, exact
from matcher.solvers.exact_facts import Facts, clipped, legs, merged
from matcher.solvers.exact_state import served_of, state_of
from matcher.start import state_of as state_of_plan
from matcher.stop import Stop

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.solvers import Outcome, Seen

SWITCHES = ("lateness", "sequence", "lunch", "remote", "links", "supervision", "waiting", "funds", "spacing", "crews", "in_force", "venues")


def solved(
    problem: Problem, *, chunks: int | None = 400, start: Plan | None = None, budget: float | None = None, **limits: Any
) -> tuple[Outcome, Plan]:
    """The outcome of one worker, and its plan, which the verifier has passed and counts alike."""
    compiled = compile_problem(problem)
    begin = state_of_plan(compiled, start) if start is not None else None
    outcome = exact(compiled.instance, begin, Stop(budget, chunks, **limits).start(), 1, 1, lambda _: None)
    plan = decode(compiled, outcome.routes)
    report = check(problem, plan)
    assert report.is_clean, [violation.message for violation in report.violations]
    assert report.cost == outcome.cost
    assert outcome.bound is None or outcome.bound <= outcome.cost
    return outcome, plan


def problem_of(needs: list[dict[str, Any]], **changes: Any) -> Problem:
    """One day, residents a quarter of an hour apart in a row, workers at the first of them; nothing but losses and travel costs anything."""
    nothing = ("new_face", "continuity", "preferred_window", "preferred_person", "pairing", "rating", "workload", "equity")
    data: dict[str, Any] = {
        "horizon": {"start": "2026-03-02", "days": 1},
        "communities": [{"id": "c"}],
        "residents": [{"id": f"r{i}", "community": "c", "location": {"row": i}} for i in range(3)],
        "needs": needs,
        "providers": [{"id": p, "kind": "social_worker", "location": {"row": 0}, "shifts": [{"from": "09:00", "to": "12:00"}]} for p in ("p", "q")],
        "travel": {"kind": "matrix", "seconds": [[900 * abs(a - b) for b in range(3)] for a in range(3)]},
        "weights": dict.fromkeys(nothing, 0),
    }
    return Problem.build(data | changes)


def need(name: str, resident: int, earliest: str, latest: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "resident": f"r{resident}",
        "category": "elderly",
        "minutes": 60,
        "windows": [{"earliest": earliest, "latest": latest}],
        "team": [{"id": "main", "kinds": ["social_worker"]}],
    } | changes


def test_waiting_is_avoided_by_starting_later_than_the_route_demands() -> None:
    # A quarter of an hour of service and one of travel from 10:00 meet the second one exactly; from 09:00 they leave an hour to wait.
    problem = problem_of(
        [need("a", 0, "09:00", "10:00", minutes=15), need("b", 1, "10:30", "10:30")],
        weights={"waiting": 5, "new_face": 0, "workload": 0, "equity": 0},
        providers=[{"id": "p", "kind": "social_worker", "location": {"row": 0}, "shifts": [{"from": "09:00", "to": "12:00"}]}],
    )
    outcome, plan = solved(problem)
    assert outcome.why == "proved"
    assert check(problem, plan).terms[Term.WAITING] == 0
    assert {a.visit: a.team[0].start.strftime("%H:%M") for a in plan.assignments} == {"a#1": "10:00", "b#1": "10:30"}
    assert solve(problem, chunks=2, threads=1).cost == outcome.cost


def test_two_visits_that_do_not_both_fit_one_worker_are_proved_to_need_another() -> None:
    needs = [need("a", 1, "09:15", "09:30"), need("b", 2, "09:15", "10:00")]
    outcome, plan = solved(problem_of(needs))
    assert (outcome.why, outcome.bound, outcome.bound_name) == ("proved", outcome.cost, "cp-sat")
    assert len({assignment.team[0].provider for assignment in plan.assignments}) == 2
    assert outcome.cost == 2 * 900 + 2 * 1800


def test_a_room_is_held_from_the_first_start_to_the_last_end_and_no_longer() -> None:
    # Both visits last 75 minutes at the least; the gaps could make each of them two hours, and the room is open for two and a half.
    team = [{"id": "one", "kinds": ["social_worker"]}, {"id": "two", "kinds": ["social_worker"]}]
    at_venue = {"place": "venue", "venue": "v", "attendees": 1, "team": team, "meet": "in_sequence", "gap": {"min_minutes": 15, "max_minutes": 60}}
    needs = [need("a", 0, "09:00", "09:30", **at_venue), need("b", 0, "09:00", "11:00", **at_venue)]
    rooms = [
        {"id": "v", "community": "c", "location": {"row": 0}, "rooms": [{"id": "room", "seats": 4}], "opening": [{"from": "09:00", "to": "11:30"}]}
    ]
    shifts = [{"from": "09:00", "to": "12:00"}]
    providers = [{"id": p, "kind": "social_worker", "location": {"row": 0}, "shifts": shifts} for p in "pqrs"]
    outcome, plan = solved(problem_of(needs, venues=rooms, providers=providers))
    assert outcome.bound == 0, "both fit, one after the other"
    # As long as the engine holds a room for the longest that the gaps allow, it has no routes of the optimum, and nothing is called proved.
    assert outcome.cost == 4_000_000 * (2 - len(plan.assignments))
    assert (outcome.why == "proved") is (len(plan.assignments) == 2)


def test_a_room_that_opens_for_less_time_than_the_engine_would_hold_it_is_left_to_the_proof() -> None:
    # An hour and a quarter at the least; the gaps could make it two hours, and the room is open for an hour and a half.
    team = [{"id": "one", "kinds": ["social_worker"]}, {"id": "two", "kinds": ["social_worker"]}]
    at_venue = {"place": "venue", "venue": "v", "attendees": 1, "team": team, "meet": "in_sequence", "gap": {"min_minutes": 15, "max_minutes": 60}}
    rooms = [
        {"id": "v", "community": "c", "location": {"row": 0}, "rooms": [{"id": "room", "seats": 4}], "opening": [{"from": "09:00", "to": "10:30"}]}
    ]
    outcome, plan = solved(problem_of([need("a", 0, "09:00", "09:30", **at_venue)], venues=rooms))
    assert (outcome.bound, outcome.why, plan.assignments) == (0, "chunks", ())


def test_the_plan_of_a_problem_with_a_room_that_opens_too_briefly_is_found() -> None:
    # Routes were once made of a room for which the engine has no entry, and the process ended.
    outcome, plan = solved(small_problem(101, 25, lunch=True), chunks=3)
    assert outcome.bound is not None
    assert len(plan.assignments) >= 8


@pytest.mark.parametrize("seed", range(140))
def test_the_optimum_of_a_tiny_problem_is_that_of_exhaustive_search(seed: int) -> None:
    switch: dict[str, Any] = {SWITCHES[seed % len(SWITCHES)]: True} if seed % 3 else {}
    problem = small_problem(seed, 2 + seed % 3, grid=True, days=1 + seed % 2, **{"waiting": False} | switch)
    outcome, _ = solved(problem)
    assert outcome.why == "proved"
    try:
        best, _ = Oracle(problem, checks=2_500).optimum()
    except TooLarge:
        return
    # The exhaustive search knows starts on a grid of quarters of an hour only; where waiting costs nothing that loses nothing.
    assert outcome.cost <= best
    if not problem.weights.waiting:
        assert outcome.cost == best


@functools.cache
def made(seed: int) -> tuple[Problem, Outcome]:
    visits = (4, 6, 8, 10)[seed % 4]
    switch: dict[str, Any] = {FEATURES[seed % len(FEATURES)]: True}
    problem = small_problem(seed, visits, **switch)
    return problem, solved(problem, chunks=30)[0]


@pytest.mark.parametrize("seed", range(500, 660))
def test_no_plan_of_the_search_costs_less_than_the_bound(seed: int) -> None:
    problem, outcome = made(seed)
    found = solve(problem, chunks=1, threads=1)
    assert outcome.bound is not None
    assert found.cost >= outcome.bound
    if outcome.why == "proved":
        assert found.cost >= outcome.cost == outcome.bound


@pytest.mark.parametrize("seed", range(500, 540))
def test_a_bound_from_before_the_proof_is_no_higher_than_the_optimum(seed: int) -> None:
    problem, outcome = made(seed)
    early, _ = solved(problem, chunks=1)
    assert early.bound is not None
    assert early.bound <= outcome.cost <= early.cost


@pytest.mark.parametrize("seed", range(700, 740))
def test_routes_made_anew_from_what_they_serve_cost_and_start_the_same(seed: int) -> None:
    problem = small_problem(seed, 10, crews=True, spacing=True)
    compiled = compile_problem(problem)
    state = state_of_plan(compiled, solve(problem, chunks=1, threads=1).plan)
    facts = Facts(compiled.instance)
    again = state_of(facts, served_of(facts, state))
    assert again is not None
    before, after = decode(compiled, state), decode(compiled, again)
    assert check(problem, after).terms == check(problem, before).terms
    assert sorted(view(again).node[:, START]) == sorted(view(state).node[:, START])


def test_a_start_is_never_made_worse_and_is_returned_where_there_is_no_time() -> None:
    problem = small_problem(11, 8)
    known = solve(problem, chunks=2, threads=1)
    outcome, plan = solved(problem, chunks=0, start=known.plan)
    assert outcome.cost <= known.cost
    assert plan.assignments == known.plan.assignments
    assert outcome.why == "chunks"


def test_one_who_asks_to_stop_gets_the_best_plan_so_far() -> None:
    outcome, _ = solved(small_problem(100, 12), chunks=None, budget=60.0, cancelled=lambda: True)
    assert outcome.why == "cancelled"


def test_equal_seeds_and_chunks_give_equal_routes() -> None:
    problem = small_problem(142, 12)
    first, second = solved(problem, chunks=10)[0], solved(problem, chunks=10)[0]
    assert np.array_equal(first.routes, second.routes)
    assert (first.cost, first.bound) == (second.cost, second.bound)


def test_who_watches_hears_of_falling_costs_and_of_the_bound_at_the_end() -> None:
    heard: list[Seen] = []
    instance = compile_problem(small_problem(109, 12)).instance
    outcome = exact(instance, None, Stop(budget=None, chunks=100).start(), 1, 1, heard.append)
    assert [seen.cost for seen in heard] == sorted({seen.cost for seen in heard}, reverse=True)
    assert heard[-1].cost == outcome.cost
    assert {seen.phase for seen in heard} == {"exact"}
    assert [seen.cost for seen in outcome.trace] == [seen.cost for seen in heard]


def test_a_problem_without_visits_costs_nothing() -> None:
    outcome, plan = solved(problem_of([]))
    assert (outcome.why, outcome.cost, outcome.bound, plan.assignments) == ("proved", 0, 0, ())


def test_intervals_that_touch_are_one_and_are_clipped_at_both_ends() -> None:
    assert merged([(5, 9), (0, 3), (4, 4), (20, 30)]) == [(0, 9), (20, 30)]
    assert clipped([(0, 9), (20, 30), (40, 50)], 8, 25) == [(8, 9), (20, 25)]


def test_the_legs_of_a_problem_grow_with_who_may_follow_whom() -> None:
    alone = problem_of([need("a", 1, "09:15", "09:30")])
    pair = problem_of([need("a", 1, "09:15", "09:30"), need("b", 2, "09:15", "10:00")])
    with_call = problem_of([need("a", 1, "09:15", "09:30"), need("b", 2, "09:15", "10:00", place="remote")])
    # Two workers: out and back for each visit, and one after the other, either way; a remote visit is served at the base or at the other's home.
    assert [legs(compile_problem(problem).instance) for problem in (alone, pair, with_call)] == [4, 12, 16]
    drawn = draft(Facts(compile_problem(with_call).instance))
    assert sum(len(arcs) for arcs in drawn.arcs.values()) <= 16
