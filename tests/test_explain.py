"""Why a visit is left out: each verdict, each kind of near miss, and changes that hold when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from matcher.errors import PlanError
from matcher.explain import Certainty, Explanation, Verdict, edits, explain
from matcher.plan import Plan
from matcher.rules import Rule, Term
from matcher.solve import solve
from tests.weeks import (
    alone,
    fund,
    need,
    organization,
    plan,
    resident,
    role,
    serve,
    shift,
    venue,
    visit,
    volunteer,
    week,
    window,
    worker,
)

if TYPE_CHECKING:
    from matcher.problem import Problem

MON = [shift("08:00", "09:30", day="mon")]
"""Time for one visit of an hour."""


def of(problem: Problem, given: Plan | None = None, name: str = "n#1") -> Explanation:
    return explain(problem, given if given is not None else Plan(), name)


def codes(answer: Explanation) -> set[str]:
    return {change.code for change in answer.changes}


def change(answer: Explanation, code: str) -> dict[str, Any]:
    return next(item.detail for item in answer.changes if item.code == code)


def served(problem: Problem, given: Plan, name: str) -> bool:
    return name in {item.visit for item in solve(problem, chunks=2, threads=1, start=given).plan.assignments}


# verdicts


def test_a_visit_that_nobody_is_able_to_serve_is_proved_impossible_with_the_rule_that_stops_each() -> None:
    problem = week([need("n", role(skills={"care": 3}))], [volunteer("a"), volunteer("b", skills={"care": 2}), worker("w")])
    answer = of(problem)
    assert (answer.verdict, answer.certainty, answer.rule, answer.role) == (Verdict.IMPOSSIBLE, Certainty.PROVED, Rule.SKILL, "carer")
    assert {(stop.rule, stop.providers) for stop in answer.stopped} == {(Rule.KIND, ("w",)), (Rule.SKILL, ("a", "b"))}
    assert answer.forced is None


def test_a_visit_too_far_from_everybody_at_work_is_proved_impossible() -> None:
    answer = of(week([need(x=40_000)], [volunteer(shifts=[shift("08:00", "18:00")])]))
    assert (answer.verdict, answer.certainty, answer.rule) == (Verdict.IMPOSSIBLE, Certainty.PROVED, Rule.SHIFT)


def test_two_people_who_are_never_at_work_together_are_proved_to_make_a_visit_impossible() -> None:
    team = (role("carer"), role("nurse", "social_worker"))
    people = [volunteer(shifts=[shift("08:00", "12:00")]), worker(shifts=[shift("13:00", "18:00")])]
    answer = of(week([need("n", *team)], people))
    assert (answer.verdict, answer.certainty, answer.rule, answer.role) == (Verdict.IMPOSSIBLE, Certainty.PROVED, Rule.TEAM, None)


def test_one_person_for_two_roles_is_proved_to_make_a_visit_impossible() -> None:
    answer = of(week([need("n", role("carer", count=2))], [volunteer()]))
    assert (answer.verdict, answer.certainty, answer.rule) == (Verdict.IMPOSSIBLE, Certainty.PROVED, Rule.TEAM)


def test_a_lunch_that_leaves_no_time_is_named() -> None:
    lunch = {"earliest": "11:00", "latest": "13:00", "minutes": 60}
    person = volunteer(shifts=[shift("11:00", "13:00", day="mon")], lunch=lunch)
    answer = of(week([need(minutes=90, windows=[window("08:00", "12:00")])], [person]))
    assert (answer.verdict, answer.certainty, answer.rule) == (Verdict.IMPOSSIBLE, Certainty.PROVED, Rule.LUNCH)
    assert change(answer, "shorter_lunch")["provider"] == "v"


def test_a_closed_venue_is_named() -> None:
    at_night = venue(opening=[shift("20:00", "22:00")])
    answer = of(week([need(place="venue", venue="hall")], [volunteer()], venues=[at_night]))
    assert (answer.verdict, answer.rule, answer.role) == (Verdict.IMPOSSIBLE, Rule.VENUE_OPEN, "room")


def test_a_pin_on_somebody_who_is_off_is_named_and_dropping_it_helps() -> None:
    people = [volunteer("a", shifts=[shift("08:00", "18:00", day="mon")]), volunteer("b")]
    problem = week([need()], people, pins=[{"visit": "n#1", "provider": "a", "day": "tue"}])
    answer = of(problem)
    assert (answer.verdict, answer.certainty, answer.rule) == (Verdict.IMPOSSIBLE, Certainty.PROVED, Rule.PIN)
    assert "drop_pins" in codes(answer)


def test_a_visit_that_gave_way_names_whom_it_would_displace_and_what_that_costs() -> None:
    problem = week([need("n", urgency=2), need("m", urgency=5)], [volunteer(shifts=MON)])
    given = alone("v", "mon 08:00", "m#1")
    given = plan(visit("m#1", serve("v", "mon 08:00")))
    answer = of(problem, given)
    assert (answer.verdict, answer.certainty) == (Verdict.CROWDED_OUT, Certainty.HEURISTIC)
    assert answer.forced is not None
    assert [(item.visit, item.urgency) for item in answer.forced.displaced] == [("m#1", 5)]
    assert answer.forced.by_term[Term.UNSERVED] == 8_000_000
    report = check(problem, answer.forced.plan)
    assert report.is_clean
    assert answer.forced.cost == report.cost - check(problem, given).cost == sum(answer.forced.by_term.values())


def test_a_visit_that_was_overlooked_is_told_with_the_plan_that_serves_it() -> None:
    problem = week([need("n"), need("m")], [volunteer()])
    answer = of(problem, plan(visit("m#1", serve("v", "mon 09:00"))))
    assert (answer.verdict, answer.certainty) == (Verdict.NOT_FOUND, Certainty.PROVED)
    assert answer.forced is not None
    assert answer.forced.cost < 0
    assert {item.visit for item in answer.forced.plan.assignments} == {"n#1", "m#1"}


def test_a_tie_is_no_oversight() -> None:
    problem = week([need("n"), need("m")], [volunteer(shifts=MON)])
    answer = of(problem, plan(visit("m#1", serve("v", "mon 08:00"))))
    assert answer.verdict == Verdict.CROWDED_OUT
    assert answer.forced is not None
    assert answer.forced.cost == 0


def test_the_visits_of_a_need_that_compete_with_one_another_are_told_as_such() -> None:
    problem = week([need(visits=2)], [volunteer(shifts=MON)])
    given = plan(visit("n#1", serve("v", "mon 08:00")))
    answer = of(problem, given, "n#2")
    assert answer.verdict == Verdict.CROWDED_OUT
    assert answer.forced is not None
    assert [item.visit for item in answer.forced.displaced] == ["n#1"]


def test_a_visit_is_forced_in_though_it_has_to_clear_two_routes() -> None:
    team = (role("carer"), role("nurse", "social_worker"))
    people = [volunteer(shifts=MON), worker(shifts=MON)]
    needs = [need("n", *team, urgency=1), need("a", urgency=5), need("b", role("nurse", "social_worker"), urgency=5)]
    given = plan(visit("a#1", serve("v", "mon 08:00")), visit("b#1", serve("w", "mon 08:00", "nurse")))
    answer = of(week(needs, people), given)
    assert answer.verdict == Verdict.CROWDED_OUT
    assert answer.forced is not None
    assert {item.visit for item in answer.forced.displaced} == {"a#1", "b#1"}


# near misses, and the changes that follow from them: (the problem, what is served, the miss, the change)

AT_EIGHT = [window("08:00", "08:00", day="mon")]
URGENT = need("m", urgency=5)
BUSY = plan(visit("m#1", serve("v", "mon 08:00")))
RESIDENTS = [resident("r"), resident("s")]
CASES: dict[str, tuple[Problem, Plan, tuple[str, Rule, float | None], str]] = {
    "train": (week([need("n", role(skills={"care": 2}))], [volunteer(skills={"care": 1})]), Plan(), ("v", Rule.SKILL, 1), "train"),
    "area": (week([need()], [volunteer(area=["d"])]), Plan(), ("v", Rule.AREA, None), "wider_area"),
    "checked": (week([need(category="youth")], [volunteer()]), Plan(), ("v", Rule.CHECKED, None), "check_person"),
    "certificate": (
        week([need("n", role("carer", "social_worker", certificate="senior"))], [worker(certificate="assistant")]),
        Plan(),
        ("w", Rule.CERTIFICATE, None),
        "certify",
    ),
    "hours": (week([need(), URGENT], [volunteer(shifts=MON)]), BUSY, ("v", Rule.TRAVEL, 30), "more_hours"),
    "off duty": (
        week([need(windows=[window("10:00", "17:00", day="mon")])], [volunteer(shifts=MON)]),
        Plan(),
        ("v", Rule.SHIFT, 90),
        "more_hours",
    ),
    "window": (
        week(
            [need(windows=[window("08:00", "08:30", day="mon")]), need("m", urgency=5, windows=[window("08:00", "08:00", day="mon")])], [volunteer()]
        ),
        BUSY,
        ("v", Rule.TRAVEL, 30),
        "wider_window",
    ),
    "day": (
        week([need(), URGENT], [volunteer(shifts=[shift("08:00", "18:00", day="mon")], max_minutes_day=100)]),
        BUSY,
        ("v", Rule.DAY_MINUTES, 20),
        "more_minutes_day",
    ),
    "week": (week([need(), URGENT], [volunteer(max_minutes_week=90)]), BUSY, ("v", Rule.WEEK_MINUTES, 30), "more_minutes_week"),
    "caseload": (
        week([need(resident="r"), need("m", resident="s", urgency=5)], [volunteer(caseload=1)], residents=RESIDENTS),
        BUSY,
        ("v", Rule.CASELOAD, 1),
        "higher_caseload",
    ),
    "leg": (week([need(x=1200)], [volunteer(max_leg_minutes=15)]), Plan(), ("v", Rule.LEG, 5), "longer_leg"),
    "money": (
        week(
            [need("n", role("carer", "organization")), need("m", role("carer", "organization"), urgency=5)],
            [organization(price_per_visit=20)],
            funds=[fund("f", 30)],
        ),
        plan(visit("m#1", serve("o", "mon 08:00", fund="f"))),
        ("o", Rule.FUND_BALANCE, 20),
        "more_money",
    ),
    "lunch": (
        week(
            [need(windows=[window("11:00", "11:30", day="mon")])],
            [volunteer(shifts=[shift("11:00", "13:00", day="mon")], lunch={"earliest": "11:00", "latest": "12:45", "minutes": 90})],
        ),
        Plan(),
        ("v", Rule.LUNCH, None),
        "shorter_lunch",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_near_miss_is_told_with_its_number_and_the_change_that_follows_serves_the_visit(name: str) -> None:
    problem, given, (who, rule, number), code = CASES[name]
    answer = of(problem, given)
    if name != "lunch":
        assert (who, rule, number) in {(miss.provider, miss.rule, miss.number) for miss in answer.misses}
    assert code in codes(answer)
    found = next(item for item in answer.changes if item.code == code)
    assert found.cost < 0
    assert found.dropped == ()
    assert not served(problem, given, "n#1")
    assert served(found.problem, given, "n#1")


def test_one_person_more_is_proposed_where_all_are_busy() -> None:
    problem = week(
        [need(windows=[window("08:00", "08:00", day="mon")]), need("m", urgency=5, windows=[window("08:00", "08:00", day="mon")])], [volunteer()]
    )
    answer = of(problem, BUSY)
    assert change(answer, "one_more_provider")["like"] == "v"


def test_one_more_room_is_proposed_where_the_room_is_taken() -> None:
    needs = [need("n", place="venue", venue="hall", windows=AT_EIGHT), need("m", place="venue", venue="hall", urgency=5, windows=AT_EIGHT)]
    given = plan(visit("m#1", serve("v", "mon 08:00"), room="blue"))
    answer = of(week(needs, [volunteer("v"), volunteer("u")], venues=[venue()]), given)
    assert "one_more_room" in codes(answer)


def test_changes_are_sorted_by_size_and_misses_are_at_most_ten() -> None:
    people = [volunteer(f"v{k}", shifts=[shift("08:00", f"09:{10 + k}", day="mon")]) for k in range(15)]
    problem = week([need(minutes=90)], people)
    answer = of(problem)
    assert len(answer.misses) == 10
    assert answer.misses[0].provider == "v14"
    assert answer.misses[0].number == 6
    assert [item.size for item in answer.changes] == sorted(item.size for item in answer.changes)


def test_no_time_left_is_told_as_changes_that_were_not_tried() -> None:
    problem = week([need("n", role(skills={"care": 2}))], [volunteer(skills={"care": 1})])
    answer = explain(problem, Plan(), "n#1", budget=0)
    assert (answer.changes, answer.tried) == ((), 0)
    assert answer.untried > 0


# assigned visits


def test_an_assigned_visit_has_alternatives_whose_costs_the_verifier_counts() -> None:
    problem = week([need(x=600)], [volunteer("a", location={"x": 600, "y": 0}), volunteer("b"), volunteer("c", location={"x": 9000, "y": 0})])
    given = solve(problem, chunks=2, threads=1).plan
    answer = of(problem, given)
    assert (answer.verdict, answer.certainty) == (Verdict.ASSIGNED, Certainty.PROVED)
    assert (answer.choices[0].provider, answer.choices[0].fit, answer.choices[0].free) == ("a", 3, 3)
    assert 0 < len(answer.alternatives) <= 3
    assert [item.cost for item in answer.alternatives] == sorted(item.cost for item in answer.alternatives)
    for other in answer.alternatives:
        changed = plan(other.assignment.model_dump(mode="json", exclude_defaults=True))
        assert check(problem, changed).is_clean
        assert check(problem, changed).cost - check(problem, given).cost == other.cost == sum(other.by_term.values())


def test_rules_that_removed_people_from_an_assigned_visit_are_counted() -> None:
    problem = week([need("n", role(skills={"care": 1}))], [volunteer("a", skills={"care": 1}), volunteer("b"), worker("w")])
    answer = of(problem, alone("a"))
    assert [(step.rule, step.providers) for step in answer.choices[0].removed] == [(Rule.KIND, 1), (Rule.SKILL, 1)]


# input


def test_a_visit_that_the_problem_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(PlanError, match="no visit 'x#1'"):
        of(week([need()], [volunteer()]), name="x#1")


def test_a_plan_that_breaks_a_rule_is_refused_with_the_rule() -> None:
    with pytest.raises(PlanError, match="window"):
        of(week([need()], [volunteer()]), alone("v", "mon 17:30"))


def test_an_explanation_is_plain_json_and_the_same_every_time() -> None:
    problem = week([need("n", urgency=2), URGENT], [volunteer(shifts=MON)])
    first, second = (of(problem, BUSY).to_json() for _ in range(2))
    assert first == second
    assert first["verdict"] == "crowded_out"
    assert first["forced"]["by_term"]["unserved"] == 8_000_000


# edits


def test_a_longer_shift_leaves_the_other_days_of_a_span_alone() -> None:
    problem = week([need()], [volunteer()], days=3)
    longer = edits.longer_shift("v", 8 * 3600, 18 * 3600, 10, 20)(problem)
    assert [(item.start, item.end) for item in longer.shifts] == [
        (8 * 3600 - 600, 18 * 3600 + 1200),
        (86_400 + 8 * 3600, 86_400 + 18 * 3600),
        (2 * 86_400 + 8 * 3600, 2 * 86_400 + 18 * 3600),
    ]


def test_wider_windows_stay_within_their_day() -> None:
    problem = week([need(windows=[window("00:10", "23:50")])], [volunteer()])
    wider = edits.wider_windows("n", 30, 30)(problem)
    assert (wider.needs[0].windows[0].earliest, wider.needs[0].windows[0].latest) == ("00:00", "24:00")
