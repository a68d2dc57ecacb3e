"""The verifier adds up the cost: each term of the objective against a figure that is worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from matcher.rules import Term
from tests.weeks import Json, alone, at, fund, link, need, organization, plan, resident, role, serve, shift, visit, volunteer, week, window, worker

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

Case = tuple["Problem", "Plan", int]
CASES: dict[str, tuple[Term, Callable[[], Case]]] = {}


def costs(term: Term) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Note that a function builds a problem, a clean plan, and the figure of one term."""

    def register(build: Callable[[], Case]) -> Callable[[], Case]:
        CASES[f"{term}-{build.__name__}"] = (term, build)
        return build

    return register


@costs(Term.UNSERVED)
def each_unassigned_visit_by_its_urgency() -> Case:
    needs = [need("a", urgency=1), need("b", urgency=4, visits=3), need("c", urgency=5)]
    problem = week(needs, [volunteer()], weights={"unserved": 100, "urgency": [1, 2, 4, 7, 11]})
    return problem, alone("v", name="b#2"), 100 * (1 + 7 + 7 + 11)


@costs(Term.PINNED)
def each_unassigned_visit_with_a_pin_once() -> Case:
    pins = [{"visit": "a#1", "day": "mon"}, {"visit": "a#1", "provider": "v"}, {"visit": "b#1", "day": "tue"}, {"visit": "b#2", "provider": "v"}]
    problem = week([need("a"), need("b", visits=2)], [volunteer()], pins=pins, weights={"pinned": 5})
    return problem, alone("v", "tue 09:00", "b#1"), 5 * 2


@costs(Term.BANKED)
def each_unassigned_visit_of_a_resident_who_gave_hours() -> Case:
    people = [resident("r", volunteer="v"), resident("s", volunteer="u"), resident("t")]
    needs = [need("a", resident="r", visits=2), need("b", resident="s"), need("c", resident="t"), need("d", resident="r")]
    problem = week(needs, [volunteer("v", banked_hours=30), volunteer("u", banked_hours=101)], residents=people, weights={"banked": 7})
    return problem, alone("u", name="d#1"), 7 * (30 + 30 + 100)


@costs(Term.NEW_FACE)
def each_resident_and_provider_once_less_for_the_known() -> Case:
    people = [resident("r", known={"v": 2}), resident("s")]
    needs = [need("a", resident="r", visits=2), need("b", resident="r"), need("c", resident="s"), need("d")]
    problem = week(needs, [volunteer("v"), volunteer("u")], residents=people, weights={"new_face": 100})
    services = [visit("a#1", serve("v", "mon 09:00")), visit("a#2", serve("v", "tue 09:00")), visit("b#1", serve("u", "mon 09:00"))]
    return problem, plan(*services, visit("c#1", serve("v", "wed 09:00")), visit("d#1", serve("v", "thu 09:00"))), 100 // 3 + 100 + 100


@costs(Term.CONTINUITY)
def each_further_provider_of_a_role_over_the_visits_of_a_need() -> Case:
    team = [role(), role("helper")]
    needs = [need("a", *team, visits=3, continuity=True), need("b", visits=2), need("c", continuity=True)]
    problem = week(needs, [volunteer(name) for name in "vutx"], weights={"continuity": 10})
    pairs = [("v", "u", "mon"), ("u", "v", "tue"), ("t", "u", "wed")]
    visits = [visit(f"a#{k}", serve(one, f"{day} 09:00"), serve(two, f"{day} 09:00", "helper")) for k, (one, two, day) in enumerate(pairs, 1)]
    rest = [visit("b#1", serve("x", "mon 09:00")), visit("b#2", serve("t", "tue 09:00"))]
    return problem, plan(*visits, *rest), 10 * (2 + 1)


@costs(Term.PREFERRED_WINDOW)
def each_visit_whose_first_service_misses_the_preferred_windows() -> Case:
    preferred = [window("09:00", "10:00", day="mon"), window("14:00", "15:00", late_by=60)]
    pair = need("a", role(), role("helper"), meet="independent", visits=5, preferred=preferred)
    problem = week([pair, need("b")], [volunteer("v"), volunteer("u")], weights={"preferred_window": 10})
    starts = [
        ("mon 10:00", "mon 12:00"),
        ("tue 10:00", "tue 14:30"),
        ("wed 15:00", "wed 08:00"),
        ("thu 15:01", "thu 15:00"),
        ("fri 10:00", "fri 14:00"),
    ]
    visits = [visit(f"a#{k}", serve("v", one), serve("u", two, "helper")) for k, (one, two) in enumerate(starts, 1)]
    return problem, plan(*visits, visit("b#1", serve("v", "fri 12:00"))), 10 * 3


@costs(Term.PREFERRED_PERSON)
def each_service_by_none_of_the_preferred_or_claiming() -> Case:
    pair = [role("carer", "volunteer", "organization"), role("helper", "volunteer")]
    needs = [need("a", *pair, preferred_providers=["v"]), need("b", *pair), need("c", *pair, preferred_providers=["u"])]
    problem = week(needs, [volunteer("v"), volunteer("u"), organization("o", claims=["a", "c"])], weights={"preferred_person": 10})
    teams = [("a#1", "v", "u", "mon"), ("b#1", "u", "v", "tue"), ("c#1", "o", "u", "wed")]
    visits = [visit(name, serve(one, f"{day} 09:00"), serve(two, f"{day} 09:00", "helper")) for name, one, two, day in teams]
    return problem, plan(*visits), 10 * 1


@costs(Term.PAIRING)
def each_member_away_from_preferred_links_and_each_unpreferred_link_shared() -> Case:
    names = ("carer", "helper", "third")
    links = [
        link("vu", "preferred", "v", "u"),
        link("vx", "preferred", "v", "x"),
        link("tx", "preferred", "t", "x"),
        link("no", "unpreferred", "v", "u", "t"),
        link("also", "unpreferred", "u", "t"),
    ]
    needs = [need("a", *(role(name) for name in names)), need("b"), need("d", role(), role("helper"))]
    problem = week(needs, [volunteer(name) for name in "vutx"], links=links, weights={"pairing": 10})
    team = [serve(who, "mon 09:00", name) for who, name in zip("vut", names, strict=True)]
    away, shared = 1 + 2, 3 + 1 + 1
    two = visit("d#1", serve("v", "tue 09:00"), serve("t", "tue 09:00", "helper"))
    return problem, plan(visit("a#1", *team), visit("b#1", serve("x", "mon 09:00")), two), 10 * (away + shared)


@costs(Term.STAND_IN)
def each_service_by_a_kind_that_stands_in() -> Case:
    team = [role("carer", "volunteer", stand_ins=["social_worker"]), role("helper", "social_worker", stand_ins=["organization"])]
    problem = week([need("a", *team), need("b", *team)], [volunteer(), worker(), worker("x"), organization()], weights={"stand_in": 10})
    one = visit("a#1", serve("w", "mon 09:00"), serve("o", "mon 09:00", "helper"))
    return problem, plan(one, visit("b#1", serve("v", "mon 09:00"), serve("x", "mon 09:00", "helper"))), 10 * 2


@costs(Term.RATING)
def each_service_by_what_its_provider_lacks_of_five() -> Case:
    problem = week([need(visits=4)], [volunteer("v", rating=2), volunteer("u", rating=5), volunteer("t")], weights={"rating": 10})
    visits = [visit(f"n#{k}", serve(who, f"{day} 09:00")) for k, (who, day) in enumerate([("v", "mon"), ("v", "tue"), ("u", "wed"), ("t", "thu")], 1)]
    return problem, plan(*visits), 10 * (3 + 3)


LATE = [window("08:00", "09:00", late_by=120), window("08:30", "10:00", late_by=30), window("14:00", "15:00", late_by=30)]


def late_week(weights: Json) -> tuple[Problem, Plan]:
    """Return a week of four visits: 30 minutes late, 10 minutes and a second late, 45 minutes late, and not late at all."""
    problem = week([need(windows=LATE, visits=4)], [volunteer()], weights=weights)
    starts = ("mon 10:30", "tue 15:10:01", "wed 10:45", "thu 10:00")
    return problem, plan(*(visit(f"n#{k}", serve("v", start)) for k, start in enumerate(starts, 1)))


@costs(Term.LATENESS)
def each_second_after_the_window_that_makes_it_least_late() -> Case:
    # Wednesday's 10:45 is in the first window only, whose latest is 09:00.
    return *late_week({"lateness": 3}), 3 * (1800 + 601 + 6300)


@costs(Term.MAX_LATENESS)
def the_greatest_lateness_of_all() -> Case:
    return *late_week({"max_lateness": 3}), 3 * 6300


@costs(Term.MONEY)
def each_fen_paid_rounded_up_for_each_service() -> Case:
    team = [role("carer", "organization", minutes=50), role("helper", "organization")]
    providers = [organization("o", price_per_hour=10), organization("p", price_per_hour="0.01", price_per_visit=2)]
    problem = week([need("n", *team, visits=2)], providers, funds=[fund("f", 1000)], weights={"money": 3})
    services = [[serve("o", f"{day} 09:00", minutes=50, fund="f"), serve("p", f"{day} 09:00", "helper", fund="f")] for day in ("mon", "tue")]
    return problem, plan(*(visit(f"n#{k}", *team) for k, team in enumerate(services, 1))), 3 * 2 * (834 + 201)


@costs(Term.TRAVEL)
def each_leg_from_the_base_and_back_to_it() -> Case:
    needs = [need("a", x=300), need("b", x=-200), need("c", place="remote"), need("d", x=700), need("e", x=40)]
    providers = [volunteer("v"), volunteer("u", returns=False), volunteer("t", mode="bike")]
    problem = week(needs, providers, weights={"travel": 3})
    starts = [("a", "v", "mon 09:00"), ("c", "v", "mon 10:00"), ("b", "v", "mon 12:00"), ("d", "u", "mon 09:00"), ("e", "t", "mon 09:00")]
    return problem, plan(*(visit(f"{name}#1", serve(who, start)) for name, who, start in starts)), 3 * (300 + 500 + 200 + 700 + 10 + 10)


@costs(Term.WAITING)
def each_second_between_services_beside_the_way() -> Case:
    needs = [need("a"), need("b", place="remote"), need("c", x=300), need("d", x=300)]
    problem = week(needs, [volunteer(lunch={})], weights={"waiting": 3})
    starts = [("a", "mon 09:00"), ("b", "mon 10:10"), ("c", "mon 12:30"), ("d", "tue 10:00")]
    return problem, plan(*(visit(f"{name}#1", serve("v", start)) for name, start in starts)), 3 * (600 + 80 * 60 - 300)


@costs(Term.WORKLOAD)
def each_provider_by_the_square_of_minutes_over_what_they_offer() -> Case:
    hours = [shift("09:00", "12:00", day="mon"), shift("14:00", "16:00", day="tue")]
    providers = [
        volunteer("v", shifts=hours),
        volunteer("u", shifts=hours, max_minutes_week=100),
        organization("o", shifts=hours, crews=2),
        organization("p", shifts=hours, crews=3, max_minutes_week=850),
        volunteer("idle"),
    ]
    anyone = role("carer", "volunteer", "organization")
    problem = week([need(str(k), anyone) for k in range(6)], providers, weights={"workload": 7})
    starts = [("v", "mon 09:00"), ("v", "mon 10:00"), ("v", "tue 14:00"), ("u", "mon 09:00"), ("o", "mon 09:00"), ("p", "mon 09:00")]
    visits = [visit(f"{k}#1", serve(who, start)) for k, (who, start) in enumerate(starts)]
    return problem, plan(*visits), 7 * (180 * 180 // 300 + 60 * 60 // 100 + 60 * 60 // 600 + 60 * 60 // 850)


@costs(Term.EQUITY)
def each_community_by_the_square_of_what_is_left_out_over_what_is_asked() -> Case:
    needs = [need("a", urgency=3, visits=2), need("b", urgency=1), need("d", resident="s", urgency=2), need("e", resident="s", urgency=5)]
    problem = week(needs, [volunteer()], residents=[resident("s", community="d")], weights={"equity": 3, "urgency": [1, 2, 4, 7, 10]})
    served = plan(visit("a#1", serve("v", "mon 09:00")), visit("e#1", serve("v", "tue 09:00")))
    return problem, served, 3 * (1000 * 5 * 5 // 9 + 1000 * 2 * 2 // 12)


@costs(Term.STABILITY)
def each_role_that_changes_hands_and_each_first_start_that_moves() -> Case:
    pair = [role(), role("helper")]
    team = {"carer": "v", "helper": "u"}
    lines = [{"visit": f"n#{k}", "start": at(f"{day} 09:00"), "team": team} for k, day in enumerate(("mon", "tue", "wed", "thu"), 1)]
    lines += [{"visit": "n#5", "start": at("fri 09:00"), "team": {"carer": "v"}}, {"visit": "n#6", "start": at("sat 09:00"), "team": {}}]
    problem = week([need("n", *pair, visits=7)], [volunteer(name) for name in "vut"], in_force=lines, weights={"stability": 10})
    now = [("n#1", "v", "u", "mon 09:00"), ("n#2", "u", "v", "tue 09:00"), ("n#3", "v", "t", "wed 09:30"), ("n#5", "v", "u", "fri 09:00")]
    visits = [visit(name, serve(one, start), serve(two, start, "helper")) for name, one, two, start in now]
    kept, swapped, moved, out, joined, out_too = 0, 2, 2, 3, 1, 3
    return (
        problem,
        plan(*visits, visit("n#7", serve("t", "sun 09:00"), serve("v", "sun 09:00", "helper"))),
        10 * (kept + swapped + moved + out + joined + out_too),
    )


@pytest.mark.parametrize(("term", "build"), CASES.values(), ids=CASES.keys())
def test_a_term_is_what_the_document_says(term: Term, build: Callable[[], Case]) -> None:
    problem, made, figure = build()
    report = check(problem, made)
    assert report.violations == ()
    assert report.terms[term] == figure
    assert figure > 0


def test_every_term_has_a_figure_worked_out_by_hand() -> None:
    assert {term for term, _ in CASES.values()} == set(Term)


@pytest.mark.parametrize("build", [build for _, build in CASES.values()], ids=CASES.keys())
def test_the_cost_is_the_sum_of_the_terms_in_order_and_in_whole_numbers(build: Callable[[], Case]) -> None:
    problem, made, _ = build()
    report = check(problem, made)
    assert list(report.terms) == list(Term)
    assert report.cost == sum(report.terms.values())
    assert all(type(amount) is int and amount >= 0 for amount in report.terms.values())


@pytest.mark.parametrize(("term", "build"), CASES.values(), ids=CASES.keys())
def test_a_term_grows_with_its_own_weight_only(term: Term, build: Callable[[], Case]) -> None:
    problem, made, figure = build()
    nothing: dict[str, Any] = {name: 0 for name in type(problem.weights).model_fields if name != "urgency"}
    weight = nothing | {term.value: getattr(problem.weights, term.value), "urgency": problem.weights.urgency}
    report = check(problem.replace(weights=weight), made)
    assert {name: amount for name, amount in report.terms.items() if amount} == {term: figure}
    assert report.cost == figure


def test_a_plan_of_one_visit_costs_what_is_worked_out_by_hand() -> None:
    problem = week([need(resident="r", x=600)], [volunteer(rating=4)], residents=[resident()])
    terms = {term: amount for term, amount in check(problem, alone("v")).terms.items() if amount}
    assert terms == {Term.NEW_FACE: 20_000, Term.RATING: 500, Term.TRAVEL: 1200}


def test_a_problem_without_needs_costs_nothing() -> None:
    assert check(week([], []), plan()).cost == 0


def test_a_community_whose_urgencies_weigh_nothing_costs_no_equity() -> None:
    assert check(week([need()], [], weights={"urgency": [0, 0, 0, 0, 0]}), plan()).cost == 0
