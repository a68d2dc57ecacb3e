"""Solving as a whole: what comes out is clean, costs what it says, does not depend on names, and can be stopped."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

import matcher.check
from benchmarks.proofs import problem_of
from benchmarks.small import small_problem
from matcher.check import check
from matcher.errors import InternalError
from matcher.fields import WEEKDAYS
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.rules import Term
from matcher.solve import Progress, solve
from tests import weeks

if TYPE_CHECKING:
    from matcher.check import Report
    from matcher.plan import Result

Json = dict[str, Any]


def quick(problem: Problem, **options: Any) -> Result:
    return solve(problem, **{"chunks": 1, "threads": 1, **options})


@pytest.mark.parametrize("first", range(0, 400, 40))
def test_every_plan_is_clean_and_costs_what_the_verifier_says(first: int) -> None:
    # solve() raises InternalError itself if not; here it is looked at from outside once more.
    for seed in range(first, first + 40):
        problem = small_problem(seed, 1 + seed % 12, grid=seed % 3 == 0)
        result = quick(problem)
        report = check(problem, result.plan)
        assert report.is_clean, (seed, report.violations)
        assert result.cost == report.cost == sum(result.terms.values())
        assert set(result.terms) == set(Term)
        assert result.cost <= check(problem, Plan()).cost
        placed, left_out = ({item.visit for item in items} for items in (result.plan.assignments, result.plan.unassigned))
        assert not placed & left_out
        assert placed | left_out == {visit.id for visit in problem.visits}


@pytest.mark.parametrize("seed", range(4))
def test_larger_problems_are_solved_as_cleanly(seed: int) -> None:
    problem = small_problem(7000 + seed, 40)
    assert check(problem, quick(problem, chunks=3).plan).is_clean


@pytest.mark.parametrize("seed", range(8))
def test_the_same_seed_and_chunks_give_the_same_bytes(seed: int) -> None:
    problem = small_problem(seed, 12)
    one, other = (quick(problem, chunks=2, seed=5) for _ in range(2))
    assert one.plan.to_json() == other.plan.to_json()
    assert (one.cost, one.chunks, one.stop, one.seed) == (other.cost, other.chunks, "chunks", 5)
    # A problem that was written and read again is the same problem.
    assert quick(Problem.parse(problem.to_json()), chunks=2, seed=5).plan.to_json() == one.plan.to_json()


def renamed(data: Any, names: dict[str, str]) -> Any:
    """The same JSON with other ids: of whole strings, keys, and the need before the # of a visit."""
    if isinstance(data, dict):
        return {names.get(key, key): renamed(value, names) for key, value in data.items()}
    if isinstance(data, list):
        return [renamed(item, names) for item in data]
    if isinstance(data, str):
        need, hash_sign, number = data.partition("#")
        return names.get(need, need) + hash_sign + number
    return data


@pytest.mark.parametrize("seed", range(10))
def test_other_names_change_nothing(seed: int) -> None:
    problem = small_problem(seed, 10)
    things: tuple[Any, ...] = (
        *problem.communities,
        *problem.residents,
        *problem.needs,
        *problem.providers,
        *problem.links,
        *problem.venues,
        *problem.funds,
    )
    ids = [thing.id for thing in things] + [room.id for venue in problem.venues for room in venue.rooms]
    names = {name: f"名{len(ids) - i:03d}" for i, name in enumerate(ids)}
    other = Problem.build(renamed(json.loads(problem.to_json()), names))
    before, after = quick(problem), quick(other)
    assert (before.cost, before.terms) == (after.cost, after.terms)
    assert [item.visit for item in after.plan.unassigned] == [renamed(item.visit, names) for item in before.plan.unassigned]


def later(data: Any, days: int) -> Any:
    """The same JSON with every date moved."""
    if isinstance(data, dict):
        return {key: later(value, days) for key, value in data.items()}
    if isinstance(data, list):
        return [later(item, days) for item in data]
    if isinstance(data, str) and data[:2] == "20" and data[4:5] == "-" and data not in WEEKDAYS:
        date, rest = dt.date.fromisoformat(data[:10]), data[10:]
        return (date + dt.timedelta(days=days)).isoformat() + rest
    return data


@pytest.mark.parametrize("seed", range(10))
def test_the_same_weeks_three_weeks_later_cost_the_same(seed: int) -> None:
    problem = small_problem(seed, 10)
    other = Problem.build(later(json.loads(problem.to_json()), 21))
    assert other.horizon.start == problem.horizon.start + dt.timedelta(days=21)
    before, after = quick(problem), quick(other)
    assert (before.cost, before.terms) == (after.cost, after.terms)
    starts = [service.start + dt.timedelta(days=21) for assignment in before.plan.assignments for service in assignment.team]
    assert [service.start for assignment in after.plan.assignments for service in assignment.team] == starts


@pytest.mark.parametrize("number", [3, 6, 9, 17])
def test_where_waiting_has_a_price_services_start_as_late_as_is_cheapest(number: int) -> None:
    """Random weeks in which the search finds who goes where, and the optimum starts some services later than the routes demand."""
    problem = problem_of("search", number)
    assert problem.weights.waiting > 0
    result = quick(problem, chunks=100)
    best = solve(problem, budget=60, threads=1, exact=True)
    assert (result.cost, best.status) == (best.cost, "optimal")


def test_a_visit_before_a_fixed_one_waits_at_home_rather_than_in_between() -> None:
    needs = [weeks.need("a", windows=[weeks.window("08:00", "12:00")]), weeks.need("b", windows=[weeks.window("13:00", "13:00", day="mon")])]
    problem = weeks.week(needs, [weeks.volunteer(shifts=[weeks.shift("08:00", "18:00", day="mon")])], weights={"waiting": 5})
    result = quick(problem)
    starts = {assignment.visit: assignment.team[0].start.hour for assignment in result.plan.assignments}
    assert starts == {"a#1": 12, "b#1": 13}
    assert result.terms[Term.WAITING] == 0


@pytest.mark.parametrize("seed", [*range(20), 37, 115, 261])  # the last three have independent roles, which follow one another in any order
def test_a_plan_to_start_from_is_kept_or_improved(seed: int) -> None:
    problem = small_problem(300 + seed, 12, waiting=False)
    good = quick(problem, chunks=4, seed=9)
    assert quick(problem, start=good.plan, chunks=0).cost <= good.cost
    assert quick(problem, start=good.plan, chunks=2).cost <= good.cost


@pytest.mark.parametrize("seed", range(10))
def test_what_of_a_start_breaks_a_rule_or_is_of_another_problem_is_left_out(seed: int) -> None:
    problem, other = small_problem(500 + seed, 12), small_problem(600 + seed, 12)
    result = quick(problem, start=quick(other).plan)
    assert check(problem, result.plan).is_clean


def test_a_cancelled_run_says_so_and_has_a_plan_all_the_same() -> None:
    problem = small_problem(11, 12)
    asked: list[None] = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > 12

    result = solve(problem, budget=600, threads=1, cancelled=cancelled)
    assert (result.status, result.stop) == ("stopped", "cancelled")
    assert check(problem, result.plan).is_clean


def test_a_run_that_is_cancelled_before_it_begins_serves_nobody_and_says_why() -> None:
    problem = small_problem(11, 12)
    result = solve(problem, budget=600, threads=1, cancelled=lambda: True)
    assert result.stop == "cancelled"
    assert result.cost == check(problem, result.plan).cost


def test_a_budget_of_nothing_gives_a_valid_plan_at_once() -> None:
    problem = small_problem(12, 12)
    result = solve(problem, budget=0, threads=1)
    assert result.stop == "budget"
    assert check(problem, result.plan).is_clean


@pytest.mark.parametrize("limits", [{"budget": -1}, {"chunks": -1}, {"threads": 0, "chunks": 1}, {"budget": float("nan")}])
def test_limits_below_their_least_are_refused_with_their_value(limits: Json) -> None:
    (name, value), *_ = limits.items()
    with pytest.raises(ValueError, match=f"{name} should be .* was {value}"):
        solve(small_problem(1, 2), **limits)


def empty(**parts: Any) -> Problem:
    return Problem.build({"horizon": {"start": "2026-03-02", "days": 1}, **parts})


def test_a_problem_of_nothing_has_a_plan_of_nothing() -> None:
    result = quick(empty())
    assert (result.plan.assignments, result.plan.unassigned) == ((), ())
    assert result.cost == 0


def test_without_providers_nobody_is_served_and_each_visit_says_why() -> None:
    problem = small_problem(4, 6, pins=False, in_force=False, links=False, preferred=False, people=False)
    residents = tuple(resident.model_copy(update={"volunteer": None}) for resident in problem.residents)
    bare = problem.replace(providers=(), links=(), residents=residents)
    result = quick(bare)
    assert result.plan.assignments == ()
    assert {item.visit for item in result.plan.unassigned} == {visit.id for visit in bare.visits}
    assert result.cost == check(bare, Plan()).cost


def test_providers_without_needs_have_nothing_to_do() -> None:
    problem = small_problem(4, 6, pins=False, in_force=False)
    providers = tuple(provider.model_copy(update={"claims": ()}) for provider in problem.providers)
    assert quick(problem.replace(needs=(), providers=providers)).cost == 0


def test_providers_without_shifts_serve_nobody() -> None:
    problem = small_problem(4, 6, pins=False)
    idle = problem.replace(providers=tuple(provider.model_copy(update={"shifts": ()}) for provider in problem.providers))
    assert quick(idle).plan.assignments == ()


def test_progress_is_told_from_compiling_to_verifying() -> None:
    problem = small_problem(13, 12)
    seen: list[Progress] = []
    result = quick(problem, chunks=5, on_progress=seen.append)
    assert seen[0].phase.startswith("compile")
    assert seen[-1].phase == "verify"
    assert {moment.phase for moment in seen} >= {"construct", "verify"}
    assert {moment.visits for moment in seen} == {len(problem.visits)}
    told = [moment for moment in seen if not moment.phase.startswith("compile")]
    assert [moment.cost for moment in told] == sorted((moment.cost for moment in told), reverse=True)
    assert told[-1].cost == result.cost
    assert told[-1].assigned == len(result.plan.assignments)


def test_the_trace_falls_from_the_first_plan_to_the_last() -> None:
    result = quick(small_problem(14, 30), chunks=5)
    costs = [point.cost for point in result.trace]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == result.cost


@pytest.mark.parametrize("seed", range(6))
def test_two_threads_give_a_clean_plan_and_count_the_chunks_of_both(seed: int) -> None:
    problem = small_problem(20 + seed, 12)
    result = solve(problem, chunks=6, threads=2)
    assert check(problem, result.plan).is_clean
    assert result.threads == 2
    assert result.chunks >= 6


def test_a_plan_that_the_verifier_refuses_is_an_internal_error_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = small_problem(2, 6)
    honest = matcher.check.check

    def dearer(problem: Problem, plan: Plan) -> Report:
        report = honest(problem, plan)
        return type(report)(violations=report.violations, terms={**report.terms, Term.TRAVEL: report.terms[Term.TRAVEL] + 1}, cost=report.cost + 1)

    monkeypatch.setattr(matcher.check, "check", dearer)
    cost = honest(problem, Plan()).cost
    with pytest.raises(InternalError, match=r"costs \d+, its verifier says \d+") as caught:
        quick(problem)
    told = [int(word.strip(",;")) for word in str(caught.value).split() if word.strip(",;").isdigit()]
    assert told[1] == told[0] + 1
    assert told[0] <= cost


def test_the_terms_of_a_result_add_up_and_its_status_tells_of_no_proof_it_lacks() -> None:
    result = quick(small_problem(15, 10))
    assert sum(result.terms.values()) == result.cost
    assert result.status == ("optimal" if result.bound == result.cost else "feasible")
    if result.bound is not None:
        assert result.bound <= result.cost
        assert result.gap == (result.cost - result.bound) / max(1, abs(result.cost))


@pytest.mark.parametrize("seed", [3, 4, 7])
def test_a_bound_that_is_asked_for_is_proved_and_gives_the_gap(seed: int) -> None:
    phases: list[str] = []
    result = solve(small_problem(seed, 6), chunks=2, threads=1, prove=0.5, on_progress=lambda seen: phases.append(seen.phase))
    assert result.bound is not None
    assert result.bound <= result.cost
    assert result.gap == (result.cost - result.bound) / max(1, abs(result.cost))
    figures = result.plan.figures
    assert figures is not None
    assert result.gap_of_urgency == (result.cost - result.bound) / (1_000_000 * figures.urgency_weight)
    assert result.bound_name in {"minutes", "routes", "none"}
    assert "verify" in phases


def test_a_gap_is_no_share_of_an_urgency_that_costs_nothing() -> None:
    problem = weeks.week([weeks.need("n", weeks.role("carer", "volunteer"))], [weeks.volunteer("v")], weights={"unserved": 0})
    result = solve(problem, chunks=2, threads=1, prove=0.2)
    assert result.bound is not None
    assert result.gap_of_urgency is None


def test_a_small_week_gets_a_first_plan_whatever_the_budget() -> None:
    problem = weeks.week([weeks.need("n", weeks.role("carer", "volunteer"))], [weeks.volunteer("v")])
    result = solve(problem, budget=0.0, threads=1)
    assert [assignment.visit for assignment in result.plan.assignments] == ["n#1"]
