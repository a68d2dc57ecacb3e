"""Why a visit is left out: one small case for each rule that can be the one that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.small import small_problem
from matcher.problem import Problem
from matcher.rules import Rule
from matcher.solve import solve

if TYPE_CHECKING:
    from matcher.plan import Plan, Unassigned

Json = dict[str, Any]


def case(
    need: Json | None = None, provider: Json | None = None, *, needs: list[Json] | None = None, providers: list[Json] | None = None, **parts: Any
) -> Problem:
    """A resident ten minutes away from a worker, and a need of an hour in the morning that the worker could serve, with what is given changed."""
    one_need: Json = {
        "id": "n",
        "resident": "r",
        "category": "elderly",
        "minutes": 60,
        "windows": [{"earliest": "09:00", "latest": "10:00"}],
        "team": [{"id": "main", "kinds": ["social_worker"]}],
        **(need or {}),
    }
    one_provider: Json = {
        "id": "p",
        "kind": "social_worker",
        "certificate": "assistant",
        "location": {"row": 0},
        "shifts": [{"from": "08:00", "to": "12:00"}],
        **(provider or {}),
    }
    return Problem.build(
        {
            "horizon": {"start": "2026-03-02", "days": 1},
            "communities": [{"id": "c"}, {"id": "d"}],
            "residents": [
                {"id": "r", "community": "c", "location": {"row": 1}},
                {"id": "other", "community": "c", "location": {"row": 1}},
            ],
            "needs": [one_need, *({**one_need, **more} for more in needs or [])],
            "providers": [one_provider, *({**one_provider, **more} for more in providers or [])],
            "travel": {"kind": "matrix", "seconds": [[0, 600], [600, 0]]},
            **parts,
        }
    )


def reason(problem: Problem, visit: str = "n#1") -> Unassigned:
    plan = solve(problem, chunks=2, threads=1).plan
    found = [item for item in plan.unassigned if item.visit == visit]
    assert found, f"{visit} is served: {plan.assignments}"
    return found[0]


def role(**more: Any) -> list[Json]:
    return [{"id": "main", "kinds": ["social_worker"], **more}]


RESIDENT: Json = {"id": "r", "community": "c", "location": {"row": 1}}
URGENT: Json = {"id": "m", "resident": "other", "urgency": 5}
GUEST: Json = {"id": "q", "kind": "volunteer", "certificate": None}

PEOPLE: list[tuple[Rule, Problem]] = [
    (Rule.KIND, case({"team": role(kinds=["volunteer"])})),
    (Rule.SKILL, case({"team": role(skills={"care": 2})}, {"skills": {"care": 1}})),
    (Rule.CERTIFICATE, case({"team": role(certificate="senior")})),
    (Rule.CERTIFICATE, case({"category": "correction"}, {"certificate": None})),
    (Rule.LANGUAGE, case({"team": role(language="ko")})),
    (Rule.LANGUAGE, case(residents=[{**RESIDENT, "language": "ko"}])),
    (Rule.GENDER, case({"team": role(gender="female")}, {"gender": "male"})),
    (Rule.GENDER, case({"team": role(gender="female")})),
    (Rule.REFUSED, case(residents=[{**RESIDENT, "refused": ["p"]}])),
    (
        Rule.CATEGORY,
        case({"team": role(kinds=["organization"])}, {"kind": "organization", "certificate": None, "categories": ["culture"]}),
    ),
    (
        Rule.CATEGORY,
        case(
            {"team": role(kinds=["organization"]), "category": "games"},
            {"kind": "organization", "certificate": None, "registration": "on_file"},
            categories=[{"id": "games", "registered_organization": True}],
        ),
    ),
    (Rule.CHECKED, case({"category": "youth"})),
    (Rule.AREA, case(provider={"area": ["d"]})),
    (
        Rule.SUPERVISION,
        case({"team": role(kinds=["volunteer"])}, {"kind": "volunteer", "certificate": None, "supervision": "social_worker"}),
    ),
    (Rule.FUND_ALLOWED, case(provider={"price_per_visit": 10})),
]


@pytest.mark.parametrize(("rule", "problem"), PEOPLE, ids=[f"{rule}-{k}" for k, (rule, _) in enumerate(PEOPLE)])
def test_a_rule_on_people_that_keeps_the_only_provider_away_is_the_reason(rule: Rule, problem: Problem) -> None:
    found = reason(problem)
    assert (found.rule, found.role, found.change) == (rule, "main", None)
    assert [(item.rule, item.role, item.providers) for item in found.removed] == [(rule, "main", 1)]


def test_providers_are_counted_under_the_first_rule_that_removes_them() -> None:
    problem = case(
        {"team": role(skills={"care": 2}, gender="female")},
        {"gender": "male"},
        providers=[{"id": "q", "gender": "female"}, {"id": "v", "kind": "volunteer", "certificate": None}, {"id": "s", "skills": {"care": 3}}],
    )
    found = reason(problem)
    assert [(item.rule, item.providers) for item in found.removed] == [(Rule.KIND, 1), (Rule.SKILL, 2), (Rule.GENDER, 1)]
    assert found.rule == Rule.GENDER


def test_nobody_at_work_at_that_time_is_told_as_shift() -> None:
    found = reason(case(provider={"shifts": [{"from": "10:30", "to": "12:00"}]}))
    assert (found.rule, found.role) == (Rule.SHIFT, "main")


def test_a_pinned_day_without_a_shift_is_told_as_pin() -> None:
    problem = case(
        {"windows": [{"earliest": "09:00", "latest": "10:00"}]},
        {"shifts": [{"day": "mon", "from": "08:00", "to": "12:00"}]},
        horizon={"start": "2026-03-02", "days": 2},
        pins=[{"visit": "n#1", "day": "tue"}],
    )
    assert reason(problem).rule == Rule.PIN


def test_a_leg_that_is_too_long_is_told_as_leg() -> None:
    assert reason(case(provider={"max_leg_minutes": 9})).rule == Rule.LEG


def test_the_minutes_of_a_day_that_are_used_up_tell_how_many_more_would_do() -> None:
    found = reason(case(provider={"max_minutes_day": 100}, needs=[URGENT]))
    assert found.rule == Rule.DAY_MINUTES
    assert found.change == {"code": "more_minutes_day", "provider": "p", "day": "2026-03-02", "minutes": 20}


def test_the_minutes_of_a_week_that_are_used_up_tell_how_many_more_would_do() -> None:
    found = reason(case(provider={"max_minutes_week": 90}, needs=[URGENT]))
    assert found.rule == Rule.WEEK_MINUTES
    assert found.change == {"code": "more_minutes_week", "provider": "p", "day": "2026-03-02", "minutes": 30}


def test_a_full_caseload_asks_for_one_more() -> None:
    found = reason(case(provider={"caseload": 1}, needs=[URGENT]))
    assert found.rule == Rule.CASELOAD
    assert found.change == {"code": "higher_caseload", "provider": "p", "day": "2026-03-02", "by": 1}


def test_a_fund_that_is_spent_asks_for_the_money() -> None:
    funds = [{"id": "f", "source": "fiscal", "amount": 25}]
    found = reason(case({"windows": [{"earliest": "08:30", "latest": "10:30"}]}, {"price_per_visit": 15}, needs=[URGENT], funds=funds))
    assert found.rule == Rule.FUND_BALANCE
    assert found.change is not None
    assert found.change["code"] == "more_money"


def test_a_route_without_room_tells_how_many_minutes_it_is_short_of() -> None:
    # From 08:10 at the earliest; the urgent hour and this one end at 11:00 at the earliest, the latest start is 10:00.
    window = [{"earliest": "09:00", "latest": "09:30"}]
    found = reason(case({"windows": window}, needs=[{**URGENT, "windows": window}]))
    assert found.rule == Rule.TRAVEL
    assert found.change == {"code": "more_time", "provider": "p", "day": "2026-03-02", "minutes": 30}


def test_too_many_faces_are_told_as_max_providers() -> None:
    problem = case(
        {"visits": 2, "max_providers": 1},
        {"shifts": [{"day": "mon", "from": "08:00", "to": "12:00"}]},
        providers=[{"id": "q", "shifts": [{"day": "tue", "from": "08:00", "to": "12:00"}]}],
        horizon={"start": "2026-03-02", "days": 2},
    )
    assert reason(problem, "n#2").rule == Rule.MAX_PROVIDERS


def test_a_second_visit_without_another_day_is_told_as_spacing() -> None:
    problem = case({"visits": 2}, {"shifts": [{"day": "mon", "from": "08:00", "to": "12:00"}]}, horizon={"start": "2026-03-02", "days": 2})
    assert reason(problem, "n#2").rule == Rule.SPACING


def test_two_roles_for_one_provider_are_told_as_team() -> None:
    found = reason(case({"team": [{"id": "main", "kinds": ["social_worker"]}, {"id": "second", "kinds": ["social_worker"]}]}))
    assert (found.rule, found.role) == (Rule.TEAM, None)


def test_two_people_who_are_never_there_together_are_told_as_team() -> None:
    problem = case(
        {"windows": [{"earliest": "08:30", "latest": "11:00"}], "team": [*role(), {"id": "second", "kinds": ["volunteer"]}]},
        {"shifts": [{"from": "08:00", "to": "10:00"}]},
        providers=[{**GUEST, "shifts": [{"from": "10:15", "to": "12:30"}]}],
    )
    assert reason(problem).rule == Rule.TEAM


def test_the_role_that_nobody_can_fill_is_named() -> None:
    found = reason(case({"team": [*role(), {"id": "second", "kinds": ["volunteer"]}]}))
    assert (found.rule, found.role) == (Rule.KIND, "second")
    assert [(item.rule, item.role) for item in found.removed] == [(Rule.KIND, "second")]


def test_a_room_that_is_taken_is_told_as_room_free() -> None:
    venue = {"id": "v", "community": "c", "location": {"row": 1}, "rooms": [{"id": "v1", "seats": 5}], "opening": [{"from": "08:00", "to": "10:30"}]}
    at_venue: Json = {"place": "venue", "venue": "v", "attendees": 3}
    problem = case(at_venue, providers=[{"id": "q"}], needs=[{**URGENT, **at_venue}], venues=[venue])
    found = reason(problem)
    assert found.rule == Rule.ROOM_FREE


def test_a_venue_that_is_closed_then_is_told_as_venue_open() -> None:
    venue = {"id": "v", "community": "c", "location": {"row": 1}, "rooms": [{"id": "v1", "seats": 5}], "opening": [{"from": "12:00", "to": "18:00"}]}
    assert reason(case({"place": "venue", "venue": "v"}, venues=[venue])).rule == Rule.VENUE_OPEN


def test_no_provider_at_all_is_told_as_kind() -> None:
    problem = case()
    found = reason(problem.replace(providers=()))
    assert (found.rule, found.removed) == (Rule.KIND, ())


@pytest.mark.parametrize("seed", range(40))
def test_every_visit_left_out_of_any_plan_has_a_reason_whose_counts_hold(seed: int) -> None:
    problem = small_problem(seed, 12)
    plan: Plan = solve(problem, chunks=1, threads=1).plan
    roles = {visit.id: [role.id for role in visit.roles] for visit in problem.visits}
    for item in plan.unassigned:
        assert isinstance(item.rule, Rule)
        for name in {removed.role for removed in item.removed} & set(roles[item.visit]):
            assert sum(removed.providers for removed in item.removed if removed.role == name) <= len(problem.providers)
        assert all(removed.providers > 0 for removed in item.removed)
        if item.rule != Rule.TEAM and item.role in roles[item.visit] and problem.providers:
            # Nobody is left for the role that is named: all providers are accounted for.
            assert sum(removed.providers for removed in item.removed if removed.role == item.role) == len(problem.providers)
            assert item.removed[-1].rule == item.rule
