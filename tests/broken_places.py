"""Plans broken in a rule of rooms or money."""

from __future__ import annotations

from typing import Any

from matcher.rules import Rule
from tests.broken import Case, breaks
from tests.weeks import Json, alone, at, fund, need, organization, plan, role, serve, shift, venue, visit, volunteer, week


def gathering(name: str = "n", **more: Any) -> Json:
    """Return a need at the venue ``hall``."""
    return need(name, place="venue", venue="hall", **more)


def held(provider: str, start: str, room: str | None = "blue", name: str = "n#1") -> Json:
    """Return the assignment of a gathering."""
    return visit(name, serve(provider, start), room=room)


def open_hours(opening: list[Json], good: str, bad: str, *says: str) -> Case:
    problem = week([gathering()], [volunteer()], venues=[venue(opening=opening)])
    was = [at(f"mon {bad}"), at(f"mon {int(bad[:2]) + 1}{bad[2:]}")]
    allowed = [[at(f"mon {span['from']}"), at(f"mon {span['to']}")] for span in opening]
    return Case(problem, plan(held("v", f"mon {good}")), plan(held("v", f"mon {bad}")), "n#1", None, was, allowed, says)


@breaks(Rule.VENUE_OPEN)
def a_visit_after_closing_time() -> Case:
    return open_hours([shift("09:00", "12:00", day="mon")], "11:00", "11:01", "Mon 11:01-12:01", "Mon 09:00-12:00")


@breaks(Rule.VENUE_OPEN)
def a_visit_that_lies_in_no_single_opening() -> Case:
    opening = [shift("09:00", "12:00", day="mon"), shift("12:15", "15:00", day="mon")]
    return open_hours(opening, "12:15", "11:30", "Mon 11:30-12:30", "Mon 12:15-15:00")


@breaks(Rule.ROOM_FREE)
def a_room_that_another_visit_holds() -> Case:
    problem = week([gathering("m"), gathering()], [volunteer("v"), volunteer("u")], venues=[venue()])
    clean, broken = (plan(held("v", "mon 09:00", name="m#1"), held("u", time)) for time in ("mon 10:00", "mon 09:59"))
    was = {"room": "blue", "from": at("mon 09:59"), "to": at("mon 10:59")}
    says = "'blue'", "Mon 09:59-10:59", "visit 'm#1' (Mon 09:00-10:00)"
    return Case(problem, clean, broken, "n#1", None, was, {"from": at("mon 10:00")}, says)


@breaks(Rule.ROOM_FREE)
def a_visit_at_a_venue_without_a_room() -> Case:
    problem = week([gathering()], [volunteer()], venues=[venue()])
    return Case(problem, plan(held("v", "mon 09:00")), plan(held("v", "mon 09:00", None)), "n#1", None, None, ["blue"], ("holds no room", "blue"))


@breaks(Rule.SEATS)
def a_room_with_too_few_seats() -> Case:
    problem = week([gathering(attendees=10)], [volunteer()], venues=[venue({"id": "blue", "seats": 10}, {"id": "red", "seats": 9})])
    clean, broken = (plan(held("v", "mon 09:00", room)) for room in ("blue", "red"))
    return Case(problem, clean, broken, "n#1", None, 9, {"seats": 10, "rooms": ["blue"]}, ("'red' has 9 seats", "10 attendees"))


def paid(good: str | None, bad: str | None, allowed: Any, *says: str, **more: Any) -> Case:
    """Return the case of a service of 60 yuan paid from the right fund and from the wrong one."""
    funds = [
        fund("any", 100),
        fund("culture", 100, categories=["culture"]),
        fund("d", 100, communities=["d"]),
        fund("old", 100, categories=["elderly"], communities=["c"]),
    ]
    problem = week([need("n", role("carer", "organization"), **more)], [organization(price_per_hour=60)], funds=funds)
    return Case(problem, alone("o", fund=good), alone("o", fund=bad), "n#1", "o", bad, allowed, ("costs 60 yuan", *says))


@breaks(Rule.FUND_ALLOWED)
def a_price_that_no_fund_pays() -> Case:
    return paid("any", None, "any", "no fund pays", "a fund")


@breaks(Rule.FUND_ALLOWED)
def a_price_that_no_fund_pays_of_a_need_with_funds() -> Case:
    return paid("old", None, ["old"], "no fund pays", "one of old", funds=["old"])


@breaks(Rule.FUND_ALLOWED)
def a_fund_that_the_need_does_not_list() -> Case:
    return paid("old", "any", {"funds": ["old"]}, "'any'", "paid from old", funds=["old"])


@breaks(Rule.FUND_ALLOWED)
def a_fund_of_other_categories() -> Case:
    return paid("old", "culture", {"categories": ["culture"]}, "'culture'", "not elderly")


@breaks(Rule.FUND_ALLOWED)
def a_fund_of_other_communities() -> Case:
    return paid("old", "d", {"communities": ["d"]}, "'d'", "not c")


@breaks(Rule.FUND_BALANCE)
def a_fund_that_pays_more_than_it_has() -> Case:
    needs = [need(name, role("carer", "organization")) for name in ("m", "n")]
    problem = week(needs, [organization(price_per_visit="30.01", price_per_hour=20)], funds=[fund("a", 50.01), fund("b", 100)])
    first = visit("m#1", serve("o", "mon 09:00", fund="a"))
    clean, broken = (plan(first, visit("n#1", serve("o", "mon 11:00", fund=name))) for name in "ba")
    return Case(problem, clean, broken, None, None, {"fund": "a", "yuan": 100.02}, 50.01, ("'a' pays 100.02 yuan", "it has 50.01"))
