"""What is said to be in the way is in the way: with it no best plan serves the visit, and without it every one does.

One small week for each code of a change, and for each rule of a near miss; a code or a rule without its week fails. Both plans are proved the best.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from matcher.explain import explain
from matcher.explain.changes import CODES
from matcher.explain.misses import RULES
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.rules import Rule
from matcher.solve import solve
from tests.weeks import fund, need, organization, plan, resident, role, serve, shift, venue, visit, volunteer, week, window, worker

MON, TUE = shift("08:00", "18:00", day="mon"), shift("08:00", "18:00", day="tue")
SHORT = shift("08:00", "09:30", day="mon")
"""Time for one visit of an hour."""
AT_EIGHT = [window("08:00", "08:00", day="mon")]
URGENT = need("m", urgency=5)
BUSY = plan(visit("m#1", serve("v", "mon 08:00")))
FIRST = plan(visit("n#1", serve("a", "mon 08:00")))
CARERS = [need(name, role("carer", "organization"), urgency=urgency) for name, urgency in (("n", 1), ("m", 5))]
IN_HALL = [need(name, place="venue", venue="hall", urgency=urgency, windows=AT_EIGHT) for name, urgency in (("n", 1), ("m", 5))]


class Case(NamedTuple):
    """A week, what is served in it, the rule that a miss names (if any), and the change (or the week without the obstacle) that serves the visit."""

    problem: Problem
    plan: Plan
    rule: Rule | None
    way: str | Problem
    visit: str = "n#1"


CASES = {
    "a skill": Case(week([need("n", role(skills={"care": 2}))], [volunteer(skills={"care": 1})]), Plan(), Rule.SKILL, "train"),
    "an area": Case(week([need()], [volunteer(area=["d"])]), Plan(), Rule.AREA, "wider_area"),
    "a check": Case(week([need(category="youth")], [volunteer()]), Plan(), Rule.CHECKED, "check_person"),
    "a certificate": Case(
        week([need("n", role("carer", "social_worker", certificate="senior"))], [worker(certificate="assistant")]),
        Plan(),
        Rule.CERTIFICATE,
        "certify",
    ),
    "another visit": Case(week([need(), URGENT], [volunteer(shifts=[SHORT])]), BUSY, Rule.TRAVEL, "more_hours"),
    "a shift": Case(week([need(windows=[window("10:00", "17:00", day="mon")])], [volunteer(shifts=[SHORT])]), Plan(), Rule.SHIFT, "more_hours"),
    "a window": Case(
        week([need(windows=[window("08:00", "08:30", day="mon")]), need("m", urgency=5, windows=AT_EIGHT)], [volunteer()]),
        BUSY,
        Rule.TRAVEL,
        "wider_window",
    ),
    "minutes of a day": Case(
        week([need(), URGENT], [volunteer(shifts=[MON], max_minutes_day=100)]), BUSY, Rule.DAY_MINUTES, "more_minutes_day"
    ),
    "minutes of a week": Case(week([need(), URGENT], [volunteer(max_minutes_week=90)]), BUSY, Rule.WEEK_MINUTES, "more_minutes_week"),
    "a caseload": Case(
        week([need(resident="r"), need("m", resident="s", urgency=5)], [volunteer(caseload=1)], residents=[resident("r"), resident("s")]),
        BUSY,
        Rule.CASELOAD,
        "higher_caseload",
    ),
    "a leg": Case(week([need(x=1200)], [volunteer(max_leg_minutes=15)]), Plan(), Rule.LEG, "longer_leg"),
    "a fund": Case(
        week(CARERS, [organization(price_per_visit=20)], funds=[fund("f", 30)]),
        plan(visit("m#1", serve("o", "mon 08:00", fund="f"))),
        Rule.FUND_BALANCE,
        "more_money",
    ),
    "a lunch": Case(
        week(
            [need(), need("m", urgency=5, windows=AT_EIGHT)],
            [volunteer(shifts=[shift("08:00", "10:30", day="mon")], lunch={"earliest": "08:30", "latest": "10:30", "minutes": 60})],
        ),
        BUSY,
        Rule.LUNCH,
        "shorter_lunch",
    ),
    "a pin": Case(
        week([need()], [volunteer("u", shifts=[]), volunteer("v")], pins=[{"visit": "n#1", "provider": "u"}]), Plan(), None, "drop_pins"
    ),
    "one face": Case(
        week([need(visits=2, spacing={"at_least_days": 1}, max_providers=1)], [volunteer("a", shifts=[MON]), volunteer("b", shifts=[TUE])]),
        FIRST,
        Rule.MAX_PROVIDERS,
        "more_faces",
        "n#2",
    ),
    "spacing": Case(
        week([need(visits=2, spacing={"at_least_days": 2})], [volunteer("a", shifts=[MON, TUE])]), FIRST, Rule.SPACING, "looser_spacing", "n#2"
    ),
    "a room": Case(
        week(IN_HALL, [volunteer("v"), volunteer("u")], venues=[venue()]),
        plan(visit("m#1", serve("v", "mon 08:00"), room="blue")),
        None,
        "one_more_room",
    ),
    "nobody": Case(week([need(windows=AT_EIGHT), need("m", urgency=5, windows=AT_EIGHT)], [volunteer()]), BUSY, Rule.TRAVEL, "one_more_provider"),
    "a language": Case(
        week([need("n", role(language="ko"))], [volunteer()]),
        Plan(),
        Rule.LANGUAGE,
        week([need("n", role(language="ko"))], [volunteer(languages=["zh", "ko"])]),
    ),
    "a gender": Case(
        week([need("n", role(gender="female"))], [volunteer(gender="male")]),
        Plan(),
        Rule.GENDER,
        week([need("n", role(gender="female"))], [volunteer(gender="female")]),
    ),
    "a category": Case(
        week(CARERS[:1], [organization(categories=["youth"])]), Plan(), Rule.CATEGORY, week(CARERS[:1], [organization(categories=["elderly"])])
    ),
    "supervision": Case(
        week([need()], [volunteer(supervision="social_worker")]), Plan(), Rule.SUPERVISION, week([need()], [volunteer(supervision="none")])
    ),
}  # fmt: skip


def is_served(problem: Problem, name: str) -> bool:
    """Return whether the plan that is proved the best serves a visit."""
    result = solve(problem, chunks=100, threads=1, exact=True)
    assert result.status == "optimal"
    return name in {item.visit for item in result.plan.assignments}


def test_every_code_of_a_change_and_every_rule_of_a_miss_has_its_week() -> None:
    assert {case.way for case in CASES.values() if isinstance(case.way, str)} == CODES
    assert {case.rule for case in CASES.values()} - {None} == RULES


@pytest.mark.parametrize("name", CASES)
def test_a_visit_is_served_once_what_is_in_its_way_is_gone_and_not_before(name: str) -> None:
    case = CASES[name]
    answer = explain(case.problem, case.plan, case.visit)
    if case.rule is not None:
        assert case.rule in {miss.rule for miss in answer.misses}
    assert not is_served(case.problem, case.visit)
    after = case.way if isinstance(case.way, Problem) else next(change.problem for change in answer.changes if change.code == case.way)
    assert is_served(after, case.visit)
