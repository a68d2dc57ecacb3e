"""The verifier: a clean plan, broken by hand in one rule, is reported with that rule and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from matcher.check import check
from matcher.errors import PlanError
from matcher.rules import Rule, Term
from tests import broken_people, broken_places, broken_routes, broken_teams
from tests.broken import CASES, Case
from tests.weeks import alone, at, fund, link, need, plan, role, serve, shift, venue, visit, volunteer, week, window, worker

FILES = (broken_people, broken_routes, broken_teams, broken_places)


@pytest.mark.parametrize(("rule", "build"), CASES.values(), ids=CASES.keys())
def test_a_clean_plan_broken_in_one_rule_is_reported_with_that_rule_only(rule: Rule, build: Callable[[], Case]) -> None:
    case = build()
    assert check(case.problem, case.clean).violations == ()
    (violation,) = check(case.problem, case.broken).violations
    assert (violation.rule, violation.visit, violation.provider) == (rule, case.visit, case.provider), violation.message
    assert violation.was == case.was
    assert violation.allowed == case.allowed
    for part in case.says:
        assert part in violation.message


def test_every_rule_has_a_plan_that_breaks_it_alone() -> None:
    assert {rule for rule, _ in CASES.values()} == set(Rule)


def test_every_file_of_cases_is_read() -> None:
    assert {build.__module__ for _, build in CASES.values()} == {file.__name__ for file in FILES}


def rules(report: Any) -> list[str]:
    return [violation.rule.value for violation in report.violations]


def test_a_report_is_plain_json_with_every_term_in_order() -> None:
    problem = week([need(windows=[window("08:00", "17:00", day=day) for day in ("mon", "tue")])], [volunteer()])
    told = json.loads(json.dumps(check(problem, alone("v", "mon 07:00")).to_json()))
    assert list(told) == ["is_clean", "cost", "terms", "violations"]
    assert list(told["terms"]) == [term.value for term in Term]
    assert told["is_clean"] is False
    assert [entry["rule"] for entry in told["violations"]] == ["window", "shift"]
    assert told["violations"][0] == {
        "rule": "window",
        "visit": "n#1",
        "provider": "v",
        "message": "role 'carer' starts Mon 07:00, outside every window (Mon 08:00-17:00, Tue 08:00-17:00)",
        "was": at("mon 07:00"),
        "allowed": [[at(f"{day} 08:00"), at(f"{day} 17:00")] for day in range(2)],
    }


def test_an_empty_plan_is_clean() -> None:
    assert check(week([need()], [volunteer()]), plan()).is_clean


def test_a_visit_that_the_plan_does_not_mention_counts_as_unassigned() -> None:
    problem = week([need()], [volunteer()])
    assert check(problem, plan()) == check(problem, plan(unassigned=[{"visit": "n#1", "rule": "window"}]))


def test_every_violation_is_found_in_the_order_of_the_rules() -> None:
    needs = [need("m", role(skills={"bathing": 1})), need("n", role("carer", "social_worker"))]
    problem = week(needs, [volunteer("v"), volunteer("u")])
    broken = plan(visit("n#1", serve("v", "mon 09:30")), visit("m#1", serve("v", "mon 09:00")))
    assert [(v.rule.value, v.visit) for v in check(problem, broken).violations] == [("kind", "n#1"), ("skill", "m#1"), ("travel", "n#1")]


def test_a_service_outside_the_shifts_is_on_no_route() -> None:
    problem = week([need("m", x=600), need("n")], [volunteer(shifts=[shift("09:00", "12:00")], lunch={})])
    assert rules(check(problem, plan(visit("m#1", serve("v", "mon 11:30")), visit("n#1", serve("v", "mon 11:00"))))) == ["shift"]


def test_two_visits_in_a_row_of_a_linked_room_are_each_named_once() -> None:
    needs = [need(name, place="venue", venue="hall") for name in "abc"]
    problem = week(needs, [volunteer(name) for name in "uvw"], venues=[venue()])
    starts = {"a": "mon 09:00", "b": "mon 09:30", "c": "mon 09:45"}
    broken = plan(*(visit(f"{name}#1", serve(who, starts[name]), room="blue") for name, who in zip("abc", "uvw", strict=True)))
    assert [(v.rule.value, v.visit) for v in check(problem, broken).violations] == [("room_free", "b#1"), ("room_free", "c#1")]


def test_a_visit_may_lie_over_the_seam_of_two_openings_that_touch() -> None:
    opening = [shift("09:00", "12:00"), shift("12:00", "15:00")]
    problem = week([need("n", place="venue", venue="hall")], [volunteer()], venues=[venue(opening=opening)])
    assert check(problem, plan(visit("n#1", serve("v", "mon 11:30"), room="blue"))).is_clean


def test_an_open_role_hides_what_its_provider_could_still_mend() -> None:
    providers = [volunteer("v", supervision="social_worker"), worker("w", supervises=1), volunteer("u")]
    needed = need(
        "n", role(), role("helper", "social_worker"), role("third", "volunteer"), meet="in_sequence", gap={"min_minutes": 10, "max_minutes": 10}
    )
    links = [link("k", "required", "v", "w")]
    problem = week([needed], providers, links=links, pins=[{"visit": "n#1", "provider": "w"}])
    assert rules(check(problem, plan(visit("n#1", serve("v", "mon 09:00"), serve("u", "mon 11:00", "third"))))) == ["team"]


def test_a_visit_whose_first_role_is_open_has_no_day_and_no_start() -> None:
    needed = need("n", role(), role("helper"), visits=2, spacing={"at_least_days": 2}, preferred=[window("09:00", "10:00")])
    lines = [{"visit": "n#1", "start": at("mon 11:00"), "team": {"carer": "v", "helper": "u"}}]
    pins = [{"visit": "n#1", "day": "tue"}]
    problem = week([needed], [volunteer("v"), volunteer("u")], pins=pins, in_force=lines, weights={"stability": 10})
    full = visit("n#2", serve("v", "mon 09:00"), serve("u", "mon 09:00", "helper"))
    report = check(problem, plan(visit("n#1", serve("u", "mon 11:00", "helper")), full))
    assert rules(report) == ["team"]
    assert (report.terms[Term.PREFERRED_WINDOW], report.terms[Term.STABILITY]) == (0, 20)


def test_a_pin_of_an_open_role_is_left_to_the_team_and_of_a_filled_one_is_not() -> None:
    needed = need("n", role(), role("helper"))
    for pinned, found in (("helper", ["team"]), ("carer", ["team", "pin"])):
        problem = week([needed], [volunteer("v"), volunteer("u")], pins=[{"visit": "n#1", "role": pinned, "provider": "u"}])
        assert rules(check(problem, alone("v"))) == found


def test_three_members_of_a_prohibited_link_are_named_once() -> None:
    problem = week([need("n", role(count=3))], [volunteer(name) for name in "vut"], links=[link("k", "prohibited", "v", "u", "t")])
    services = [serve(name, "mon 09:00", f"carer.{k}") for k, name in enumerate("vut", 1)]
    assert [(v.provider, v.was) for v in check(problem, plan(visit("n#1", *services))).violations] == [("t", ["u", "v"])]


def test_a_longer_horizon_is_told_with_dates() -> None:
    problem = week([need(windows=[window("09:00", "10:00", day="2026-12-01")])], [volunteer()], days=14)
    (violation,) = check(problem, alone("v", "8 10:01")).violations
    assert violation.message == "role 'carer' starts Tue 2026-12-01 10:01, outside every window (Tue 2026-12-01 09:00-10:00)"


FAULTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "visit": (visit("x#1", serve("v", "mon 09:00")), "/assignments/0/visit", "unknown", "no visit 'x#1'"),
    "number": (visit("n#2", serve("v", "mon 09:00")), "/assignments/0/visit", "unknown", "no visit 'n#2'"),
    "provider": (visit("n#1", serve("x", "mon 09:00")), "/assignments/0/team/0/provider", "unknown", "no provider 'x'"),
    "fund": (visit("n#1", serve("v", "mon 09:00", fund="x")), "/assignments/0/team/0/fund", "unknown", "no fund 'x'"),
    "room": (visit("hall#1", serve("v", "mon 09:00"), room="x"), "/assignments/0/room", "unknown", "no room 'x'; it has blue"),
    "room at home": (visit("n#1", serve("v", "mon 09:00"), room="blue"), "/assignments/0/room", "conflict", "is 'home'"),
    "role": (visit("n#1", serve("v", "mon 09:00", "x")), "/assignments/0/team/0/role", "unknown", "no role 'x'; it has 'carer'"),
    "role twice": (
        visit("n#1", serve("v", "mon 09:00"), serve("v", "mon 11:00")),
        "/assignments/0/team/1/role",
        "duplicate",
        "filled already",
    ),
    "end": (visit("n#1", serve("v", "mon 09:00", minutes=59)), "/assignments/0/team/0/end", "conflict", "was 2026-11-23T09:59:00; 60 minutes"),
}


@pytest.mark.parametrize(("assignment", "path", "code", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_plan_that_speaks_of_what_the_problem_does_not_have_is_refused(assignment: dict[str, Any], path: str, code: str, says: str) -> None:
    problem = week([need(), need("hall", place="venue", venue="hall")], [volunteer()], venues=[venue()], funds=[fund("f", 1)])
    with pytest.raises(PlanError) as error:
        check(problem, plan(assignment))
    fault = error.value.faults[0]
    assert (fault.path, fault.code) == (path, code)
    assert says in fault.message


def test_all_faults_of_a_plan_are_raised_at_once() -> None:
    problem = week([need(visits=2)], [volunteer()])
    done = visit("n#1", serve("v", "mon 09:00"))
    unassigned = [{"visit": "n#1", "rule": "window"}, {"visit": "x#1", "rule": "window"}]
    with pytest.raises(PlanError) as error:
        check(problem, plan(done, visit("n#1", serve("x", "mon 09:00")), unassigned=unassigned, problem="0" * 64))
    assert [(fault.path, fault.code) for fault in error.value.faults] == [
        ("/problem", "conflict"),
        ("/assignments/1/visit", "duplicate"),
        ("/assignments/1/team/0/provider", "unknown"),
        ("/unassigned/0/visit", "duplicate"),
        ("/unassigned/1/visit", "unknown"),
    ]


def test_a_plan_with_the_digest_of_its_problem_is_read() -> None:
    problem = week([need()], [volunteer()])
    assert check(problem, plan(visit("n#1", serve("v", "mon 09:00")), problem=problem.digest)).is_clean
