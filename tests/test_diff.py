"""What differs between two plans: visits, who has to be told, and the cost by term."""

from __future__ import annotations

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.diff import Swap, What, diff
from matcher.errors import PlanError
from matcher.plan import Plan
from matcher.rules import Term
from matcher.solve import solve
from tests.weeks import alone, at, fund, need, organization, plan, resident, role, serve, venue, visit, volunteer, week, worker

TWO = week([need("n", resident="r"), need("m", resident="s")], [volunteer("a"), volunteer("b")], residents=[resident("r"), resident("s")])
PAIR = week([need("n", role("carer"), role("nurse", "social_worker"))], [volunteer("a"), volunteer("b"), worker("w")])


def whats(a: Plan, b: Plan) -> list[tuple[str, What]]:
    return [(change.visit, change.what) for change in diff(TWO, a, b).visits]


def test_plans_that_are_alike_differ_in_nothing() -> None:
    found = diff(TWO, alone("a"), alone("a"))
    assert (found.visits, found.notices, found.by_term) == ((), (), {})


def test_a_visit_that_is_now_served_is_told_to_its_resident_and_its_provider() -> None:
    found = diff(TWO, Plan(), alone("a", "mon 09:00"))
    assert [(change.visit, change.what) for change in found.visits] == [("n#1", What.ASSIGNED)]
    told = [(notice.who, notice.is_resident, notice.what) for notice in found.notices]
    assert told == [("r", True, What.ASSIGNED), ("a", False, What.NEW)]
    assert found.by_term[Term.UNSERVED] == -4_000_000


def test_a_visit_that_is_dropped_is_told_with_the_time_that_no_longer_holds() -> None:
    found = diff(TWO, alone("a", "mon 09:00"), Plan())
    assert [(notice.who, notice.what) for notice in found.notices] == [("r", What.DROPPED), ("a", What.GONE)]
    assert [notice.after for notice in found.notices] == [None, None]
    assert [notice.to_json()["before"] for notice in found.notices] == [at("mon 09:00")] * 2


def test_a_visit_at_another_time_is_moved_and_one_by_others_has_another_team() -> None:
    assert whats(alone("a", "mon 09:00"), alone("a", "tue 09:00")) == [("n#1", What.MOVED)]
    assert whats(alone("a", "mon 09:00"), alone("b", "mon 09:00")) == [("n#1", What.TEAM)]
    assert whats(alone("a", "mon 09:00"), alone("b", "tue 09:00")) == [("n#1", What.MOVED_TEAM)]


def test_who_is_replaced_and_who_replaces_are_both_told_and_the_mate_hears_of_it() -> None:
    before = plan(visit("n#1", serve("a", "mon 09:00"), serve("w", "mon 09:00", "nurse")))
    after = plan(visit("n#1", serve("b", "mon 09:00"), serve("w", "mon 09:00", "nurse")))
    found = diff(PAIR, before, after)
    assert found.visits[0].swaps == (Swap("carer", "a", "b"),)
    assert {(notice.who, notice.what) for notice in found.notices} == {("a", What.GONE), ("b", What.NEW), ("w", What.MATES)}


def test_another_room_is_a_move() -> None:
    rooms = venue({"id": "blue", "seats": 5}, {"id": "red", "seats": 5})
    problem = week([need(place="venue", venue="hall")], [volunteer("a")], venues=[rooms])
    before, after = (plan(visit("n#1", serve("a", "mon 09:00"), room=room)) for room in ("blue", "red"))
    found = diff(problem, before, after)
    assert [(change.what) for change in found.visits] == [What.MOVED]
    assert [(notice.who, notice.what) for notice in found.notices] == [("a", What.MOVED)]


def test_another_fund_is_told_to_nobody() -> None:
    problem = week([need("n", role("carer", "organization"))], [organization(price_per_visit=10)], funds=[fund("f", 50), fund("g", 50)])
    found = diff(problem, alone("o", fund="f"), alone("o", fund="g"))
    assert ([change.what for change in found.visits], found.notices) == ([What.FUND], ())


def test_visits_of_one_need_are_compared_number_by_number() -> None:
    problem = week([need(visits=2)], [volunteer("a")])
    before = plan(visit("n#1", serve("a", "mon 09:00")), visit("n#2", serve("a", "tue 09:00")))
    after = plan(visit("n#1", serve("a", "mon 09:00")), visit("n#2", serve("a", "wed 09:00")))
    assert [(change.visit, change.what) for change in diff(problem, before, after).visits] == [("n#2", What.MOVED)]


def test_broken_rules_of_either_plan_are_counted() -> None:
    found = diff(TWO, alone("a", "mon 17:30"), alone("a"))
    assert (found.violations_a > 0, found.violations_b) == (True, 0)


def test_a_plan_of_something_else_is_refused_by_its_letter() -> None:
    with pytest.raises(PlanError, match="plan b: "):
        diff(TWO, Plan(), alone("nobody"))


@pytest.mark.parametrize("seed", range(15))
def test_the_terms_add_up_to_the_difference_in_cost_and_the_way_back_is_its_mirror(seed: int) -> None:
    problem = small_problem(seed, 10)
    a, b = (solve(problem, chunks=1, threads=1, seed=k).plan for k in (1, 2))
    found, back = diff(problem, a, b), diff(problem, b, a)
    assert sum(found.by_term.values()) == found.cost_b - found.cost_a == check(problem, b).cost - check(problem, a).cost
    assert back.by_term == {term: -cost for term, cost in found.by_term.items()}
    mirror = {What.ASSIGNED: What.DROPPED, What.DROPPED: What.ASSIGNED}
    assert [(c.visit, mirror.get(c.what, c.what)) for c in found.visits] == [(c.visit, c.what) for c in back.visits]
    assert found.to_json()["cost"]["difference"] == found.cost_b - found.cost_a
