"""What compiling decides about people, held to the verifier: one service in an otherwise empty plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.compile import Compiled, compile_problem
from matcher.instance import FAR
from matcher.plan import Assignment, Plan, Service
from matcher.problem import Problem
from matcher.rules import Rule, Term

if TYPE_CHECKING:
    from matcher.check import Report
    from matcher.people import Provider
    from matcher.visits import Shift, Visit

OF_PEOPLE = frozenset({Rule.KIND, Rule.SKILL, Rule.CERTIFICATE, Rule.LANGUAGE, Rule.GENDER, Rule.REFUSED, Rule.CATEGORY, Rule.CHECKED, Rule.AREA})
FIXED = (Term.STAND_IN, Term.PREFERRED_PERSON, Term.RATING, Term.MONEY)


def served(problem: Problem, visit: Visit, k: int, provider: Provider, start: int, *, crew: int = 1, fund: str | None = None) -> Report:
    """The verdict on a plan in which one provider fills one role, and nothing else happens."""
    role, horizon = visit.roles[k], problem.horizon
    service = Service(role=role.id, provider=provider.id, crew=crew, start=horizon.moment(start), end=horizon.moment(start + role.seconds), fund=fund)
    return check(problem, Plan(assignments=(Assignment(visit=visit.id, team=(service,)),)))


def rules_broken(problem: Problem, visit: Visit, k: int, provider: Provider) -> set[Rule]:
    """The rules on people that keep a provider from a role, whatever the time."""
    report = served(problem, visit, k, provider, visit.windows[0][0] if visit.windows else 0)
    broken = {violation.rule for violation in report.violations}
    found = broken & OF_PEOPLE
    if len(visit.roles) == 1:
        found |= broken & {Rule.SUPERVISION}
    return found


@pytest.mark.parametrize("seed", range(60))
def test_who_passes_each_rule_on_people_is_whom_the_verifier_lets_pass(seed: int) -> None:
    problem = small_problem(seed, 8, people=True)
    eligibility = compile_problem(problem).eligibility
    for visit in problem.visits:
        for k, role in enumerate(visit.roles):
            says = dict(eligibility.rules(visit, role))
            allowed = eligibility.allowed(visit, role)
            for p, provider in enumerate(problem.providers):
                expected = rules_broken(problem, visit, k, provider)
                found = {rule for rule, passes in says.items() if not passes[p]}
                assert found - {Rule.FUND_ALLOWED, Rule.LINKED_TEAM} == expected, (visit.id, role.id, provider.id)
                assert bool(allowed[p]) == (not found)


@pytest.mark.parametrize("seed", range(40))
def test_who_costs_money_is_kept_from_a_need_exactly_where_no_fund_is_allowed_to_pay(seed: int) -> None:
    problem = small_problem(seed, 6, funds=True, people=True)
    eligibility = compile_problem(problem).eligibility
    for visit in problem.visits:
        for k, role in enumerate(visit.roles):
            says = dict(eligibility.rules(visit, role)).get(Rule.FUND_ALLOWED, np.ones(len(problem.providers), bool))
            for p, provider in enumerate(problem.providers):
                start = visit.windows[0][0] if visit.windows else 0
                funds = [None, *(fund.id for fund in problem.funds)]
                reports = [served(problem, visit, k, provider, start, fund=fund) for fund in funds]
                can_be_paid = any(all(v.rule != Rule.FUND_ALLOWED for v in report.violations) for report in reports)
                assert bool(says[p]) == can_be_paid, (visit.id, provider.id)


def entry(compiled: Compiled, n: int, shift: Shift) -> int | None:
    """The entry of a node in a shift."""
    instance, row = compiled.instance, compiled.problem.shifts.index(shift)
    first, last = instance.entry_first[n], instance.entry_first[n + 1]
    found = np.flatnonzero(instance.entry_shift[first:last] == row)
    return int(first + found[0]) if len(found) else None


@pytest.mark.parametrize("seed", range(40))
def test_no_service_that_the_verifier_would_accept_alone_lacks_its_entry_and_its_fixed_cost_is_right(seed: int) -> None:
    problem = small_problem(seed, 4, grid=True, in_force=False, pins=False, days=2)
    compiled = compile_problem(problem)
    ignored = {Rule.TEAM, Rule.LINKED_TEAM, Rule.SUPERVISION, Rule.SPACING, Rule.FUND_ALLOWED, Rule.FUND_BALANCE, Rule.ROOM_FREE, Rule.VENUE_OPEN}
    ignored |= {Rule.SEATS}
    for v, visit in enumerate(problem.visits):
        for k in range(len(visit.roles)):
            n = int(compiled.instance.visits[v]["first_node"]) + k
            allowed = compiled.eligibility.allowed(visit, visit.roles[k])
            for shift in problem.shifts:
                if not allowed[problem.providers.index(shift.provider)]:
                    continue
                for start in {at for low, _, high in visit.windows for at in (low, high) if shift.start <= at <= shift.end}:
                    report = served(problem, visit, k, shift.provider, start, crew=shift.crew)
                    found = entry(compiled, n, shift)
                    if all(violation.rule in ignored for violation in report.violations) and _is_only_home(problem, shift, start):
                        assert found is not None, (visit.id, shift.provider.id, start)
                    if found is not None:
                        assert compiled.instance.entry_cost[found] == sum(report.terms[term] for term in FIXED if term != Term.MONEY) + (
                            problem.weights.money * int(compiled.instance.entry_price[found])
                        )


def _is_only_home(problem: Problem, shift: Shift, start: int) -> bool:
    """Whether a moment lies in that shift of its provider and in no other (shifts of a provider can overlap)."""
    return sum(s.provider == shift.provider and s.crew == shift.crew and s.start <= start <= s.end for s in problem.shifts) == 1


def test_the_price_of_a_service_is_by_the_visit_and_by_the_hour_rounded_up_to_a_fen() -> None:
    problem = Problem.build(
        {
            "horizon": {"start": "2026-03-02", "days": 1},
            "coordinates": "plane",
            "communities": [{"id": "c", "location": {"x": 0, "y": 0}}],
            "needs": [
                {
                    "id": "n",
                    "community": "c",
                    "category": "elderly",
                    "minutes": 50,
                    "windows": [{"earliest": "09:00", "latest": "10:00"}],
                    "team": [{"id": "main", "kinds": ["organization"]}],
                }
            ],
            "providers": [
                {
                    "id": "p",
                    "kind": "organization",
                    "location": {"x": 0, "y": 0},
                    "shifts": [{"from": "08:00", "to": "12:00"}],
                    "price_per_hour": "33.33",
                    "price_per_visit": 5,
                }
            ],
            "funds": [{"id": "f", "source": "fiscal", "amount": 100}],
        }
    )
    # 3333 fen an hour for 50 minutes is 2777.5 fen.
    assert compile_problem(problem).instance.entry_price.tolist() == [500 + 2778]


@pytest.mark.parametrize("seed", range(20))
def test_every_array_is_read_only_and_refers_to_what_exists(seed: int) -> None:
    instance = compile_problem(small_problem(seed, 12)).instance
    assert not any(array.flags.writeable for array in instance)
    assert all(array.flags.c_contiguous for array in instance)
    for array, size in (
        (instance.entry_shift, len(instance.shifts)),
        (instance.shift_node, len(instance.nodes)),
        (instance.group_node, len(instance.nodes)),
        (instance.resident_visit, len(instance.visits)),
        (instance.need_fund, len(instance.fund_amount)),
        (instance.near, len(instance.visits)),
    ):
        assert array.min(initial=0) >= -1
        assert array.max(initial=-1) < size
    assert (instance.visits["loss"] >= 0).all()
    assert (instance.visits["loss"] < FAR).all()
    assert instance.visits["nodes"].sum() == len(instance.nodes)
    assert instance.needs["visits"].sum() == len(instance.visits)


def test_roles_of_the_same_demands_share_who_may_fill_them_however_many_visits_there_are() -> None:
    problem = small_problem(3, 12, spacing=True, days=9)
    instance = compile_problem(problem).instance
    for need in instance.needs:
        first, count = int(need["first_visit"]), int(need["visits"])
        if need["has_first_team"] or need["is_numbered"]:
            continue
        rows = [instance.visits[v]["first_node"] for v in range(first, first + count)]
        shifts = [instance.entry_shift[instance.entry_first[n] : instance.entry_first[n + 1]].tolist() for n in rows]
        assert all(row == shifts[0] for row in shifts)
