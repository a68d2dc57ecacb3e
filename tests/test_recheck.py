"""A change of a plan is judged by the part of the week that it touches as by the verifier on both whole plans."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.plan import Assignment, Plan
from matcher.rules import Rule
from matcher.solve import solve
from matcher.verifier.recheck import Recheck
from tests.weeks import alone, fund, need, organization, plan, serve, visit, volunteer, week

if TYPE_CHECKING:
    from matcher.problem import Problem

MINUTES = (-30, 0, 15, 60, 1440)


def random_change(problem: Problem, assigned: list[Assignment], rng: random.Random) -> dict[str, Assignment | None]:
    """One or two visits left out, moved in time (role by role), or given to anybody at all."""
    changes: dict[str, Assignment | None] = {}
    for _ in range(rng.choice((1, 1, 2))):
        item, kind = rng.choice(assigned), rng.random()
        team = list(item.team)
        if kind < 0.25:
            changes[item.visit] = None
            continue
        if kind < 0.6:
            for k, service in enumerate(team):
                by = dt.timedelta(minutes=rng.choice(MINUTES))
                team[k] = service.model_copy(update={"start": service.start + by, "end": service.end + by})
        else:
            k = rng.randrange(len(team))
            team[k] = team[k].model_copy(update={"provider": rng.choice(problem.providers).id, "crew": 1})
        changes[item.visit] = item.model_copy(update={"team": tuple(team)})
    return changes


@pytest.mark.parametrize("seed", range(40))
def test_a_change_breaks_the_rules_and_costs_what_the_whole_plans_differ_in(seed: int) -> None:
    problem = small_problem(seed, 10)
    before = solve(problem, chunks=1, threads=1).plan
    assigned, rng = list(before.assignments), random.Random(seed)
    if not assigned:
        return
    report = check(problem, before)
    assert report.is_clean
    recheck = Recheck(problem, before, is_clean=seed % 2 == 0)  # half of the time it has to find that out
    for _ in range(5):
        changes = random_change(problem, assigned, rng)
        kept = tuple(new for item in assigned if (new := changes.get(item.visit, item)) is not None)
        whole = check(problem, Plan(assignments=kept))
        judged = recheck.of(changes)
        assert sorted(map(str, judged.broken)) == sorted(map(str, whole.violations))
        assert judged.by_term == {term: cost - report.terms[term] for term, cost in whole.terms.items() if cost != report.terms[term]}
        assert judged.cost == whole.cost - report.cost
        assert judged.is_clean == whole.is_clean


def test_rules_that_a_change_mends_are_told() -> None:
    problem = week([need("n"), need("m")], [volunteer("a"), volunteer("b")])
    both = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 09:30")))
    judged = Recheck(problem, both).of({"m#1": alone("b", "mon 09:30", "m#1").assignments[0]})
    assert [item.rule for item in judged.mended] == [Rule.TRAVEL]
    assert judged.broken == ()


def test_a_fund_that_is_overdrawn_is_told_with_the_numbers_of_the_whole_week() -> None:
    needs = [need(name, {"id": "carer", "kinds": ["organization"]}) for name in ("n", "m")]
    problem = week(needs, [organization("o", price_per_visit=60), organization("p", price_per_visit=60)], funds=[fund("f", 100)])
    one = plan(visit("n#1", serve("o", "mon 09:00", fund="f")))
    judged = Recheck(problem, one).of({"m#1": plan(visit("m#1", serve("p", "mon 09:00", fund="f"))).assignments[0]})
    assert [(item.rule, item.was, item.allowed) for item in judged.broken] == [(Rule.FUND_BALANCE, {"fund": "f", "yuan": 120}, 100)]


def test_the_recheck_without_a_visit_is_that_of_the_plan_without_it() -> None:
    problem = week([need("n"), need("m")], [volunteer("a")])
    both = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 11:00")))
    recheck = Recheck(problem, both).without("n#1")
    assert recheck.of({"n#1": both.assignments[0]}).cost == check(problem, both).cost - check(problem, alone("a", "mon 11:00", "m#1")).cost
