"""Planning again: what has happened stands, what is promised is kept, the rest changes as little as it must."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from benchmarks.small import small_problem
from matcher.check import Report, check
from matcher.diff import What
from matcher.living.desk import Desk
from matcher.living.events import EventsError
from matcher.living.replan import Replanned, replan
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.rules import Rule, Term
from matcher.solve import solve
from matcher.travel import Journeys
from tests.living.events import random_events
from tests.test_recheck import random_change
from tests.weeks import alone, at, need, plan, resident, role, serve, shift, venue, visit, volunteer, week, window, worker

TWO = week([need("n", resident="r"), need("m")], [volunteer("a"), volunteer("b")], residents=[resident("r", location={"x": 0, "y": 0})])
BOTH = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "tue 09:00")))


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(at(text))


def served(found: Replanned | Plan) -> dict[str, tuple[str, dt.datetime]]:
    """Who serves each visit in its first role, and from when."""
    made = found.plan if isinstance(found, Replanned) else found
    return {item.visit: (item.team[0].provider, item.team[0].start) for item in made.assignments}


@pytest.fixture(scope="module")
def shown() -> dict[int, bool]:
    return {}


@pytest.mark.parametrize("seed", range(120))
def test_whatever_happens_the_week_is_valid_and_the_plan_keeps_its_rules_and_the_past(seed: int, shown: dict[int, bool]) -> None:
    problem = small_problem(seed, 9)
    before = solve(problem, chunks=1, threads=1).plan
    desk = Desk.of(problem, before)
    events, now = random_events(problem, before, seed)
    try:
        found = replan(desk, events=events, now=now, steps=40)
    except EventsError as error:
        _assert_refused_for_what_happened(events, error)
        return
    again = Problem.parse(found.problem.to_json())
    assert again.digest == found.problem.digest == found.plan.problem
    assert again.visits == found.problem.visits
    assert again.shifts == found.problem.shifts
    report = check(again, found.plan)
    assert report.is_clean
    assert report.cost == found.result.cost
    assert sum(found.result.terms.values()) == found.result.cost
    stood = {item.visit: item for item in found.before.assignments}
    for item in found.plan.assignments:
        if item.visit in found.frozen:
            assert item == stood[item.visit].model_copy(
                update={"team": tuple(_paid(a, b) for a, b in zip(stood[item.visit].team, item.team, strict=True))}
            )
        elif now is not None:
            assert min(service.start for service in item.team) >= now
    assert set(found.frozen) <= set(served(found))
    assert found.difference.cost_b == found.result.cost
    shown[seed] = _assert_verified_by_what_changed(desk, found, report, random.Random(seed))
    if seed == 119 and len(shown) > 80:
        assert sum(shown.values()) > 0.9 * len(shown)


def _assert_verified_by_what_changed(desk: Desk, found: Replanned, report: Report, rng: random.Random) -> bool:
    """What changed alone must tell of the plan, and of others near it, what the verifier tells of the whole; returns whether it told of the plan."""
    standing, journeys, assigned = desk.standing, Journeys(found.problem), list(found.plan.assignments)
    assert standing is not None
    of_plan = standing.report(found.problem, found.plan, journeys)
    assert of_plan in (None, report)
    for _ in range(4 if assigned else 0):
        changes = random_change(found.problem, assigned, rng)
        other = Plan(assignments=tuple(new for item in assigned if (new := changes.get(item.visit, item)) is not None))
        whole = check(found.problem, other)
        of_other = standing.report(found.problem, other, journeys)
        assert of_other == whole if of_other is not None else of_plan is None or not whole.is_clean
    return of_plan is not None


def _assert_refused_for_what_happened(events: list[dict[str, Any]], error: EventsError) -> None:
    """Only facts that break a rule, and new needs whose time is over, may be refused."""
    kinds = [events[int(fault.path.split("/")[2])]["kind"] for fault in error.faults if fault.path]
    assert set(kinds) <= {"late", "done", "new_need"}
    assert kinds


def _paid(old: Any, new: Any) -> Any:
    """The service as it stood, paid as it is now: somebody else's service has to be paid by somebody."""
    return old.model_copy(update={"fund": new.fund})


@pytest.mark.parametrize("seed", range(30))
def test_nothing_happened_and_nothing_changes(seed: int) -> None:
    problem = small_problem(seed, 9)
    desk = Desk.of(problem, solve(problem, chunks=1, threads=1).plan)
    found = replan(desk)
    assert found.difference.visits == ()
    assert found.difference.notices == ()
    assert found.problem.digest == desk.problem.digest


@pytest.mark.parametrize("seed", range(24))
def test_the_plan_is_no_worse_than_that_of_a_search_twenty_times_as_long(seed: int) -> None:
    problem = small_problem(seed, 9, weights=False)
    desk = Desk.of(problem, solve(problem, chunks=40, threads=1).plan)
    events, now = random_events(problem, desk.plan, seed)
    try:
        found = replan(desk, events=events, now=now)
    except EventsError:
        return
    # 300 steps of the search around what happened are one chunk and a half of the search of the whole week.
    long = solve(found.problem, chunks=30, threads=1, start=found.before)
    urgency = problem.weights.unserved * sum(problem.weights.urgency[item.need.urgency - 1] for item in found.problem.visits)
    assert found.result.cost <= long.cost + 0.01 * urgency, (found.result.cost, long.cost)


def test_who_is_ill_is_replaced_and_everybody_is_told() -> None:
    found = replan(TWO, BOTH, [{"kind": "absent", "provider": "a", "day": "mon"}])
    assert served(found) == {"n#1": ("b", moment("mon 09:00")), "m#1": ("a", moment("tue 09:00"))}
    assert [(change.visit, change.what) for change in found.difference.visits] == [("n#1", What.TEAM)]
    assert {(notice.who, notice.what) for notice in found.difference.notices} == {("r", What.TEAM), ("a", What.GONE), ("b", What.NEW)}


def test_an_absence_of_hours_leaves_the_other_hours() -> None:
    found = replan(TWO, BOTH, [{"kind": "absent", "provider": "a", "hours": {"day": "mon", "from": "08:00", "to": "12:00"}}], price=0)
    shifts = {(item.start, item.end) for item in found.problem.shifts if item.provider.id == "a" and item.day == 0}
    assert shifts == {(12 * 3600, 18 * 3600)}


def test_what_has_begun_stands_and_nothing_new_is_planned_before_now() -> None:
    problem = week([need("n"), need("m"), need("late", windows=[window("08:00", "09:00", day="mon")])], [volunteer("a")])
    before = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 15:00")))
    found = replan(problem, before, [{"kind": "absent", "provider": "a", "day": "mon"}], now=moment("mon 09:30"))
    assert served(found)["n#1"] == ("a", moment("mon 09:00"))
    assert found.frozen == ("n#1",)
    assert served(found)["m#1"][1] >= moment("tue 08:00")
    assert {item.visit: item.rule for item in found.plan.unassigned} == {"late#1": Rule.WINDOW}


def test_a_service_that_is_under_way_ends_and_the_way_home_is_granted() -> None:
    problem = week([need("n", x=600), need("m")], [volunteer("a"), volunteer("b")])
    before = plan(visit("n#1", serve("a", "mon 09:30")), visit("m#1", serve("a", "mon 11:00")))
    found = replan(problem, before, [{"kind": "absent", "provider": "a"}], now=moment("mon 10:00"))
    assert served(found)["n#1"] == ("a", moment("mon 09:30"))
    assert served(found)["m#1"][0] == "b"
    assert [(item.start, item.end) for item in found.problem.shifts if item.provider.id == "a"] == [(8 * 3600, 10 * 3600 + 40 * 60)]


def test_hours_of_absence_are_taken_at_their_word() -> None:
    absence = {"kind": "absent", "provider": "a", "hours": {"day": "mon", "from": "08:00", "to": "18:00"}}
    found = replan(TWO, BOTH, [absence], now=moment("mon 09:30"))
    assert "n#1" not in found.frozen
    assert served(found)["n#1"][1] >= moment("mon 09:30")
    assert Term.STABILITY not in {term for term, cost in found.result.terms.items() if cost}


def test_a_late_visit_pushes_what_comes_after_it() -> None:
    problem = week([need("n"), need("m")], [volunteer("a")])
    before = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 10:00")))
    found = replan(problem, before, [{"kind": "late", "visit": "n#1", "end": "10:25"}], now=moment("mon 09:50"))
    assert served(found) == {"n#1": ("a", moment("mon 09:25")), "m#1": ("a", moment("mon 10:25"))}
    assert [(change.visit, change.what) for change in found.difference.visits] == [("m#1", What.MOVED)]


def test_a_late_visit_may_run_past_its_window_and_its_shift() -> None:
    problem = week([need("n", x=600)], [volunteer("a")])
    found = replan(problem, alone("a", "mon 16:00"), [{"kind": "late", "visit": "n#1", "start": "17:30"}], now=moment("mon 17:40"))
    assert served(found) == {"n#1": ("a", moment("mon 17:30"))}
    assert max(item.end for item in found.problem.shifts if item.day == 0) == 18 * 3600 + 40 * 60


def test_a_visit_that_should_have_begun_after_a_late_one_has_not() -> None:
    problem = week([need("n"), need("m")], [volunteer("a")])
    before = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 10:00")))
    found = replan(problem, before, [{"kind": "late", "visit": "n#1", "end": "10:40"}], now=moment("mon 10:20"))
    assert found.frozen == ("n#1",)
    assert served(found)["m#1"][1] == moment("mon 10:40")


def test_a_late_visit_stands_where_the_next_of_a_mate_was_planned() -> None:
    team = (role("carer"), role("nurse", "social_worker"))
    problem = week([need("n", *team), need("m", role("nurse", "social_worker"))], [volunteer("a"), worker("w")])
    before = plan(
        visit("n#1", serve("a", "mon 09:00"), serve("w", "mon 09:00", "nurse")),
        visit("m#1", serve("w", "mon 10:00", "nurse")),
    )
    found = replan(problem, before, [{"kind": "late", "visit": "n#1", "start": "10:10"}], now=moment("mon 09:50"))
    assert served(found)["n#1"] == ("a", moment("mon 10:10"))
    assert served(found)["m#1"] == ("w", moment("mon 11:10"))


def test_a_missed_visit_is_planned_again_without_a_price() -> None:
    found = replan(TWO, BOTH, [{"kind": "missed", "visit": "n#1"}], now=moment("mon 12:00"))
    assert served(found)["n#1"][1] >= moment("mon 12:00")
    assert found.result.terms[Term.STABILITY] == 0
    assert [(change.visit, change.what) for change in found.difference.visits if change.visit == "n#1"] == [("n#1", What.MOVED)] or served(found)[
        "n#1"
    ][0] == "b"


def test_a_withdrawn_need_leaves_the_week_and_its_time_is_used() -> None:
    monday = [window("09:00", "09:00", day="mon")]
    problem = week([need("n", windows=monday), need("m", windows=monday)], [volunteer("a")])
    found = replan(problem, alone("a", "mon 09:00"), [{"kind": "withdrawn", "need": "n"}])
    assert found.gone == {"n#1": "withdrawn"}
    assert served(found) == {"m#1": ("a", moment("mon 09:00"))}
    assert [(change.visit, change.what) for change in found.difference.visits] == [("m#1", What.ASSIGNED), ("n#1", What.WITHDRAWN)]
    assert [(notice.who, notice.visit, notice.what) for notice in found.difference.notices] == [("a", "m#1", What.NEW), ("a", "n#1", What.GONE)]


def test_visits_after_one_that_is_gone_are_numbered_anew() -> None:
    problem = week([need("n", visits=3, spacing={"at_least_days": 2})], [volunteer("a")])
    before = plan(*(visit(f"n#{k}", serve("a", f"{day} 09:00")) for k, day in enumerate(("mon", "wed", "fri"), 1)))
    found = replan(problem, before, [{"kind": "done", "visit": "n#2"}])
    assert (found.gone, found.renamed) == ({"n#2": "done"}, {"n#3": "n#2"})
    assert served(found) == {"n#1": ("a", moment("mon 09:00")), "n#2": ("a", moment("fri 09:00"))}
    assert [(change.visit, change.what) for change in found.difference.visits] == [("n#2", What.WITHDRAWN)]


def test_a_visit_done_by_somebody_else_of_the_week_is_theirs() -> None:
    found = replan(TWO, BOTH, [{"kind": "done", "visit": "n#1", "team": {"carer": "b"}, "start": "09:15"}], now=moment("mon 12:00"))
    assert served(found)["n#1"] == ("b", moment("mon 09:15"))
    assert found.frozen == ("n#1",)


def test_what_happened_against_a_rule_is_refused_with_the_rule() -> None:
    problem = week([need("n")], [volunteer("a"), worker("w")])
    event = {"kind": "done", "visit": "n#1", "team": {"carer": "w"}}
    with pytest.raises(EventsError) as caught:
        replan(problem, alone("a"), [event], now=moment("mon 12:00"))
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [("/events/0/visit", "conflict")]
    assert "social_worker" in caught.value.faults[0].message


def test_a_new_need_is_served_without_moving_anybody() -> None:
    new = {"kind": "new_need", "need": need("new", resident="s", urgency=5, location={"x": 0, "y": 0}), "resident": resident("s")}
    found = replan(TWO, BOTH, [new])
    assert set(served(found)) == {"n#1", "m#1", "new#1"}
    assert [(change.visit, change.what) for change in found.difference.visits] == [("new#1", What.ASSIGNED)]


def test_a_closed_venue_moves_its_visits_to_another_day() -> None:
    problem = week([need("n", place="venue", venue="hall")], [volunteer("a")], venues=[venue()])
    before = plan(visit("n#1", serve("a", "mon 09:00"), room="blue"))
    found = replan(problem, before, [{"kind": "venue_closed", "venue": "hall", "day": "mon"}])
    assert served(found)["n#1"][1] >= moment("tue 08:00")


def test_a_venue_that_is_closed_all_week_serves_nobody() -> None:
    problem = week([need("n", place="venue", venue="hall")], [volunteer("a")], venues=[venue()])
    before = plan(visit("n#1", serve("a", "mon 09:00"), room="blue"))
    assert served(replan(problem, before, [{"kind": "venue_closed", "venue": "hall"}])) == {}


def test_extra_hours_let_in_who_was_left_out() -> None:
    problem = week([need("n"), need("m", windows=[window("19:00", "20:00", day="mon")])], [volunteer("a")])
    hours = {"day": "mon", "from": "18:00", "to": "22:00"}
    found = replan(problem, alone("a"), [{"kind": "extra_hours", "provider": "a", "hours": hours}])
    assert "m#1" in served(found)
    assert served(found)["n#1"] == ("a", moment("mon 09:00"))


def test_a_promise_is_kept_at_any_price() -> None:
    monday = [window("09:00", "12:00", day="mon")]
    problem = week([need("n", windows=monday), need("m")], [volunteer("a", shifts=[shift("08:00", "12:00")])])
    before = plan(visit("m#1", serve("a", "mon 10:00")))
    new = {"kind": "new_need", "need": need("new", urgency=5, windows=[window("10:00", "10:00", day="mon")])}
    assert served(replan(problem, before, [new], price=0))["m#1"][1] != moment("mon 10:00")
    kept = replan(problem, before, [new], price=0, promised=["m#1"])
    assert served(kept)["m#1"] == ("a", moment("mon 10:00"))
    assert "new#1" not in served(kept)
    assert served(replan(problem, before, [new], price=0, now=moment("mon 08:00"), notice=180))["m#1"] == ("a", moment("mon 10:00"))


def test_a_promise_and_a_pin_that_illness_breaks_are_released() -> None:
    pinned = TWO.replace(pins=({"visit": "n#1", "provider": "a"},))
    found = replan(pinned, BOTH.model_copy(update={"problem": None}), [{"kind": "absent", "provider": "a", "day": "mon"}], promised=["n#1"])
    assert found.released == ("n#1",)
    assert served(found)["n#1"] == ("b", moment("mon 09:00"))
    assert found.result.terms[Term.PINNED] == 0


def test_a_promise_that_a_late_visit_breaks_is_released() -> None:
    problem = week([need("n"), need("m")], [volunteer("a")])
    before = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 10:00")))
    found = replan(problem, before, [{"kind": "late", "visit": "n#1", "end": "10:25"}], now=moment("mon 09:50"), promised=["m#1"])
    assert found.released == ("m#1",)
    assert served(found)["m#1"] == ("a", moment("mon 10:25"))


def test_the_price_of_a_change_decides_whether_it_is_made() -> None:
    problem = week([need("n", x=3000)], [volunteer("a"), volunteer("b", location={"x": 3000, "y": 0})])
    for price, changed in ((0, 1), (40_000, 0)):
        found = replan(problem, alone("a"), [], price=price, chunks=3)
        assert len(found.difference.visits) == changed
        assert found.problem.weights.stability == price


def test_equal_calls_give_equal_plans_and_a_search_of_the_week_is_never_worse() -> None:
    problem = small_problem(7, 10)
    desk = Desk.of(problem, solve(problem, chunks=1, threads=1).plan)
    events, now = [{"kind": "absent", "provider": desk.plan.assignments[0].team[0].provider}], None
    first, second = (replan(desk, events=events, now=now, chunks=2) for _ in range(2))
    assert first.plan == second.plan
    assert first.result.chunks == 2
    assert first.result.cost <= replan(desk, events=events, now=now).result.cost


def test_whoever_asks_to_stop_gets_the_plan_so_far() -> None:
    found = replan(TWO, BOTH, [{"kind": "absent", "provider": "a"}], budget=60, cancelled=lambda: True)
    assert found.result.status == "stopped"
    assert check(found.problem, found.plan).is_clean


def test_a_plan_that_breaks_a_rule_is_mended() -> None:
    clash = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 09:30")))
    found = replan(TWO, clash, [])
    assert found.difference.violations_a == 1
    assert set(served(found)) == {"n#1", "m#1"}


def test_what_happens_next_starts_from_the_new_plan() -> None:
    first = replan(TWO, BOTH, [{"kind": "absent", "provider": "a", "day": "mon"}], now=moment("mon 07:00"))
    second = replan(first.desk(), events=[{"kind": "absent", "provider": "b", "day": "mon"}], now=moment("mon 08:00"))
    assert served(second)["n#1"][1] >= moment("tue 08:00")
    assert second.before == first.plan.model_copy(update={"problem": None, "unassigned": (), "figures": None, "labels": second.before.labels})


def test_the_answer_is_plain_json_without_the_problem() -> None:
    data = replan(TWO, BOTH, [{"kind": "withdrawn", "visit": "n#1"}]).to_json()
    assert set(data) == {"plan", "result", "difference", "gone", "renamed", "released", "frozen"}
    assert data["difference"]["counts"] == {"withdrawn": 1}
    assert Plan.model_validate(data["plan"]).assignments[0].visit == "m#1"


def test_one_role_that_is_open_of_a_team_is_filled_and_the_mate_stays() -> None:
    problem = week([need("n", role("carer"), role("nurse", "social_worker"))], [volunteer("a"), volunteer("b"), worker("w")])
    before = plan(visit("n#1", serve("a", "mon 09:00"), serve("w", "mon 09:00", "nurse")))
    found = replan(problem, before, [{"kind": "absent", "provider": "a"}])
    assert [service.provider for service in found.plan.assignments[0].team] == ["b", "w"]
    assert found.result.terms[Term.STABILITY] == 40_000
