"""A part of a week around a visit is a valid week with a clean plan, and what is found in it holds in the whole one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.explain import explain, trials
from matcher.explain.surroundings import Surroundings
from matcher.plan import Plan
from matcher.rules import Rule
from matcher.solve import solve
from tests.weeks import need, plan, role, serve, venue, visit, volunteer, week

if TYPE_CHECKING:
    from matcher.problem import Problem


def of(problem: Problem, given: Plan, name: str, people: list[str]) -> tuple[set[str], dict[str, str]]:
    """Return the visits of the part around a visit, and whom its guests stand for."""
    part = Surroundings(problem, given).around(next(item for item in problem.visits if item.id == name), people)
    return {item.id for item in part.problem.visits}, part.guests


@pytest.mark.parametrize("seed", range(40))
def test_a_part_of_a_random_week_is_valid_and_its_plan_is_clean_and_that_of_the_whole(seed: int) -> None:
    problem, rng = small_problem(seed, 14), random.Random(seed)
    given = solve(problem, chunks=1, threads=1).plan
    whole = {item.visit: item for item in given.assignments}
    surroundings = Surroundings(problem, given)
    for _ in range(3):
        people = rng.sample([provider.id for provider in problem.providers], rng.randint(1, min(4, len(problem.providers))))
        rivals = rng.sample([item.id for item in problem.needs], min(2, len(problem.needs)))
        part = surroundings.around(rng.choice(problem.visits), people, rivals)
        part.problem.replace()  # raises if anything in it does not hang together
        # Of a link, only one member may be there.
        assert {item.rule for item in check(part.problem, part.plan).violations} <= {Rule.LINKED_TEAM}
        told = part.whole(part.plan.assignments)
        assert told == {name: whole[name] for name in told}
        assert {name for name in whole if name in {item.id for item in part.problem.visits}} == told.keys()


def test_colleagues_from_outside_come_as_guests_of_the_visit_alone() -> None:
    pair = (role("carer"), role("nurse"))
    problem = week([need("n"), need("m", *pair), need("o")], [volunteer("a"), volunteer("b")])
    team = visit("m#1", serve("a", "mon 10:00"), serve("b", "mon 10:00", "nurse"))
    visits, guests = of(problem, plan(team, visit("o#1", serve("b", "mon 12:00"))), "n#1", ["a"])
    assert visits == {"n#1", "m#1"}
    assert set(guests.values()) == {"b"}


def test_rooms_of_the_venue_of_the_visit_are_taken_as_they_are_in_the_plan() -> None:
    hall: dict[str, Any] = {"place": "venue", "venue": "hall"}
    problem = week([need("n", **hall), need("m", **hall), need("o")], [volunteer("a"), volunteer("b")], venues=[venue()])
    visits, guests = of(problem, plan(visit("m#1", serve("b", "mon 10:00"), room="blue"), visit("o#1", serve("b", "tue 10:00"))), "n#1", ["a"])
    assert visits == {"n#1", "m#1"}
    assert set(guests.values()) == {"b"}


@pytest.mark.parametrize("seed", range(40))
def test_changes_found_in_parts_serve_the_visit_in_the_whole_week_at_the_cost_that_is_said(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "ALL_PEOPLE", 0)
    monkeypatch.setattr(trials, "HELPERS", 1)
    problem = small_problem(seed, 14)
    given = solve(problem, chunks=1, threads=1).plan
    for item in given.unassigned[:2]:
        answer = explain(problem, given, item.visit, steps=20)
        for change in answer.changes:
            if answer.lost:
                continue
            kept = {line.visit: line for line in given.assignments} | change.becomes
            made = Plan(assignments=tuple(line for line in kept.values() if line is not None))
            report, before = check(change.problem, made), check(change.problem, given.model_copy(update={"problem": None}))
            assert report.is_clean
            assert kept[item.visit] is not None
            assert report.cost - before.cost == change.cost
