"""The caller's own plan: its cost and faults, what to change first, and moves on a board."""

from __future__ import annotations

import datetime as dt

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.errors import PlanError
from matcher.living.desk import Desk
from matcher.living.evaluate import evaluate, what_if
from matcher.plan import Assignment, Plan
from matcher.rules import Rule, Term
from matcher.solve import solve
from tests.weeks import alone, at, fund, need, organization, plan, role, serve, venue, visit, volunteer, week, worker

TWO = week([need("n", x=600), need("m", x=600)], [volunteer("a"), volunteer("b")])


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(at(text))


@pytest.mark.parametrize("seed", range(25))
def test_what_is_suggested_makes_the_plan_as_much_better_as_it_says(seed: int) -> None:
    problem = small_problem(seed, 9)
    good = solve(problem, chunks=1, threads=1).plan
    kept = good.assignments[: len(good.assignments) // 2]
    edited = [item if k % 3 else _given_to(item, problem.providers[seed % len(problem.providers)].id) for k, item in enumerate(kept)]
    found = evaluate(problem, Plan(assignments=tuple(edited)))
    whole = check(problem, Plan(assignments=tuple(edited)))
    assert found.report == whole
    for item in found.suggestions:
        changed = {item.visit: item.after, **{other.before.visit: other.after for other in item.moved}}
        rest = [new for old in edited if (new := changed.pop(old.visit, old)) is not None]
        after = check(problem, Plan(assignments=(*rest, *(new for new in changed.values() if new is not None))))
        assert after.cost - whole.cost == item.cost
        assert len(after.violations) - len(whole.violations) == len(item.broken) - len(item.mended)
        assert item.mended or item.cost < 0


def _given_to(item: Assignment, provider: str) -> Assignment:
    first, *others = item.team
    return item.model_copy(update={"team": (first.model_copy(update={"provider": provider, "crew": 1}), *others)})


def test_the_broken_rule_is_what_would_be_changed_first() -> None:
    both = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 09:30")))
    found = evaluate(TWO, both)
    assert [item.rule for item in found.report.violations] == [Rule.TRAVEL]
    assert found.first is not None
    assert (found.first.kind, len(found.first.mended), found.first.broken) in {("reassign", 1, ()), ("move", 1, ())}
    assert found.to_json()["suggestions"][0]["visit"] == found.first.visit


def test_a_visit_that_is_left_out_and_has_a_place_is_added() -> None:
    found = evaluate(TWO, alone("a", "mon 09:00"))
    assert found.first is not None
    assert (found.first.kind, found.first.visit, found.first.before) == ("add", "m#1", None)
    assert found.first.by_term[Term.UNSERVED] == -4_000_000


def test_nothing_is_suggested_for_a_plan_that_no_single_visit_makes_better() -> None:
    problem = week([need("n")], [volunteer("a")])
    best = solve(problem, chunks=3, threads=1, exact=True).plan
    assert evaluate(problem, best).first is None


def test_a_move_on_a_board_says_which_rules_it_breaks_and_what_it_costs() -> None:
    both = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("b", "mon 09:30")))
    clash = what_if(TWO, both, visit="m#1", provider="a")
    assert not clash.is_allowed
    assert [item.rule for item in clash.broken] == [Rule.TRAVEL]
    later = what_if(TWO, both, visit="m#1", provider="a", start=moment("mon 11:00"))
    assert later.is_allowed
    moved = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 11:00")))
    assert later.cost == check(TWO, moved).cost - check(TWO, both).cost
    assert later.to_json()["by_term"]["travel"] < 0


def test_a_move_back_mends_what_was_broken() -> None:
    early = alone("a", "mon 06:00")
    assert {item.rule for item in what_if(TWO, early, visit="n#1", start=moment("mon 09:00")).mended} == {Rule.WINDOW, Rule.SHIFT}


def test_a_visit_is_taken_out_and_put_in() -> None:
    out = what_if(TWO, alone("a", "mon 09:00"), visit="n#1", out=True)
    assert (out.after, out.by_term[Term.UNSERVED]) == (None, 4_000_000)
    into = what_if(TWO, Plan(), visit="n#1", provider="b", start=moment("mon 09:00"))
    assert (into.before, into.is_allowed, into.by_term[Term.UNSERVED]) == (None, True, -4_000_000)
    assert what_if(TWO, Plan(), visit="n#1", out=True).cost == 0


def test_a_team_moves_together_and_takes_over_who_is_dropped_on_it() -> None:
    problem = week([need("n", role("carer"), role("nurse", "social_worker"))], [volunteer("a"), volunteer("b"), worker("w")])
    before = plan(visit("n#1", serve("a", "mon 09:00"), serve("w", "mon 09:00", "nurse")))
    found = what_if(problem, before, visit="n#1", provider="b", start=moment("tue 10:00"))
    assert found.is_allowed
    assert found.after is not None
    assert [(item.role, item.provider, item.start) for item in found.after.team] == [
        ("carer", "b", moment("tue 10:00")),
        ("nurse", "w", moment("tue 10:00")),
    ]


def test_a_crew_a_fund_and_a_room_are_found_for_what_is_dropped() -> None:
    problem = week(
        [need("n", {"id": "carer", "kinds": ["organization"]}, place="venue", venue="hall"), need("m", {"id": "carer", "kinds": ["organization"]})],
        [organization("o", crews=2, price_per_visit=10)],
        venues=[venue({"id": "blue", "seats": 5}, {"id": "red", "seats": 50})],
        funds=[fund("f", 100)],
    )
    before = plan(visit("m#1", serve("o", "mon 09:00", fund="f")))
    found = what_if(problem, before, visit="n#1", provider="o", start=moment("mon 09:00"))
    assert found.is_allowed
    assert found.after is not None
    assert (found.after.team[0].crew, found.after.team[0].fund, found.after.room) == (2, "f", "blue")


@pytest.mark.parametrize(
    ("move", "path"),
    [
        ({"visit": "ghost#1"}, "/visit"),
        ({"visit": "n#1", "provider": "ghost"}, "/provider"),
        ({"visit": "n#1", "provider": "a", "role": "cook"}, "/role"),
        ({"visit": "m#1", "provider": "a"}, "/start"),
        ({"visit": "m#1", "start": moment("mon 09:00")}, "/provider"),
    ],
)
def test_a_move_that_means_nothing_is_refused_with_its_path(move: dict[str, object], path: str) -> None:
    with pytest.raises(PlanError) as caught:
        what_if(TWO, alone("a", "mon 09:00"), **move)  # type: ignore[arg-type]
    assert [fault.path for fault in caught.value.faults] == [path]


def test_a_role_has_to_be_named_where_several_suit() -> None:
    problem = week([need("n", role("carer"), role("driver"))], [volunteer("a"), volunteer("b"), volunteer("c")])
    before = plan(visit("n#1", serve("a", "mon 09:00"), serve("b", "mon 09:00", "driver")))
    with pytest.raises(PlanError, match="several roles"):
        what_if(problem, before, visit="n#1", provider="c")
    assert what_if(problem, before, visit="n#1", provider="c", role="driver").is_allowed


def test_a_desk_and_a_plan_give_the_same_answer() -> None:
    both = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("b", "mon 09:30")))
    desk = Desk.of(TWO, both, is_in_force=False)
    assert what_if(desk, visit="m#1", provider="a") == what_if(TWO, both, visit="m#1", provider="a")
    assert evaluate(desk) == evaluate(TWO, both)


def test_on_a_plan_in_force_a_move_costs_what_changes_cost() -> None:
    both = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("b", "mon 09:30")))
    found = what_if(Desk.of(TWO, both), visit="m#1", start=moment("mon 13:00"))
    assert found.by_term == {Term.STABILITY: 40_000}
