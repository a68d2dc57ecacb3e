"""Plans broken in a rule of one provider's time."""

from __future__ import annotations

from typing import Any

from matcher.rules import Rule
from tests.broken import Case, breaks
from tests.weeks import Json, alone, at, need, organization, plan, resident, role, serve, shift, visit, volunteer, week, window


def moved(needed: Json, provider: Json, good: str, bad: str, was: Any, allowed: Any, *says: str) -> Case:
    """Return the case of a visit of one provider at a time that keeps all rules, moved to one that does not."""
    problem = week([needed], [organization("another", crews=2), provider])
    return Case(problem, alone(provider["id"], good), alone(provider["id"], bad), "n#1", provider["id"], was, allowed, says)


MON_AND_TUE = [window("09:00", "10:00", day="mon", late_by=30), window("09:00", "10:00", day="tue")]
ALLOWED_MON_AND_TUE = [[at("mon 09:00"), at("mon 10:30")], [at("tue 09:00"), at("tue 10:00")]]


@breaks(Rule.WINDOW)
def a_start_before_the_window() -> Case:
    says = "starts Mon 08:59", "Mon 09:00-10:30"
    return moved(need(windows=MON_AND_TUE), volunteer(), "mon 09:00", "mon 08:59", at("mon 08:59"), ALLOWED_MON_AND_TUE, *says)


@breaks(Rule.WINDOW)
def a_start_after_the_lateness_that_the_window_allows() -> Case:
    says = "starts Mon 10:30:01", "Mon 09:00-10:30"
    return moved(need(windows=MON_AND_TUE), volunteer(), "mon 10:30", "mon 10:30:01", at("mon 10:30:01"), ALLOWED_MON_AND_TUE, *says)


@breaks(Rule.WINDOW)
def a_later_role_outside_the_window() -> Case:
    needed = need("n", role("carer"), role("helper"), meet="independent", windows=[window("09:00", "10:00")])
    problem = week([needed], [volunteer("v"), volunteer("u")])
    clean, broken = (plan(visit("n#1", serve("v", "mon 09:00"), serve("u", time, "helper"))) for time in ("tue 10:00", "tue 10:01"))
    allowed = [[at(f"{day} 09:00"), at(f"{day} 10:00")] for day in range(7)]
    return Case(problem, clean, broken, "n#1", "u", at("tue 10:01"), allowed, ("starts Tue 10:01", "Tue 09:00-10:00"))


@breaks(Rule.SHIFT)
def a_service_outside_every_shift() -> Case:
    morning = volunteer(shifts=[shift("08:00", "12:00", day="mon")])
    was, allowed = [at("mon 11:30"), at("mon 12:30")], [[at("mon 08:00"), at("mon 12:00")]]
    return moved(need(), morning, "mon 11:00", "mon 11:30", was, allowed, "Mon 11:30-12:30", "Mon 08:00-12:00")


@breaks(Rule.SHIFT)
def a_service_over_the_seam_of_two_shifts() -> Case:
    both = volunteer(shifts=[shift("08:00", "12:00", day="mon"), shift("12:00", "16:00", day="mon")])
    was, allowed = [at("mon 11:30"), at("mon 12:30")], [[at("mon 08:00"), at("mon 12:00")], [at("mon 12:00"), at("mon 16:00")]]
    return moved(need(), both, "mon 12:00", "mon 11:30", was, allowed, "Mon 11:30-12:30", "Mon 12:00-16:00")


@breaks(Rule.SHIFT)
def a_first_service_before_the_way_from_the_base() -> Case:
    says = "starts Mon 08:09", "before Mon 08:10", "takes 10 min"
    return moved(need(x=600), volunteer(), "mon 08:10", "mon 08:09", at("mon 08:09"), {"from": at("mon 08:10")}, *says)


@breaks(Rule.SHIFT)
def a_last_service_without_time_for_the_way_back() -> Case:
    says = "ends Mon 17:51", "after Mon 17:50", "takes 10 min"
    return moved(need(x=600), volunteer(), "mon 16:50", "mon 16:51", at("mon 17:51"), {"to": at("mon 17:50")}, *says)


@breaks(Rule.SHIFT)
def a_remote_visit_that_ends_after_the_way_back_from_the_last_place() -> Case:
    problem = week([need("m", x=600), need("n", place="remote")], [volunteer()])
    clean, broken = (plan(visit("m#1", serve("v", "mon 15:00")), visit("n#1", serve("v", time))) for time in ("mon 16:50", "mon 16:55"))
    return Case(problem, clean, broken, "n#1", "v", at("mon 17:55"), {"to": at("mon 17:50")}, ("ends Mon 17:55", "after Mon 17:50"))


def second(good: str, bad: str, *says: str, allowed: str, first: Json | None = None, **more: Any) -> Case:
    """Return the case of two visits of one provider, of which the second moves too near to the first (09:00 to 10:00)."""
    problem = week([need("m", **(first or {})), need("n", **more)], [volunteer()])
    clean, broken = (plan(visit("m#1", serve("v", "mon 09:00")), visit("n#1", serve("v", time))) for time in (good, bad))
    return Case(problem, clean, broken, "n#1", "v", at(bad), {"from": at(allowed)}, says)


@breaks(Rule.TRAVEL)
def a_start_before_the_way_is_done() -> Case:
    return second("mon 10:10", "mon 10:09", "starts Mon 10:09", "before Mon 10:10", "takes 10 min", allowed="mon 10:10", x=600)


@breaks(Rule.TRAVEL)
def two_services_at_once() -> Case:
    return second("mon 10:00", "mon 09:30", "starts Mon 09:30", "before Mon 10:00", allowed="mon 10:00")


@breaks(Rule.TRAVEL)
def a_remote_visit_beside_another() -> Case:
    return second("mon 10:00", "mon 09:59", "starts Mon 09:59", "before Mon 10:00", allowed="mon 10:00", first={"x": 600}, place="remote")


@breaks(Rule.TRAVEL)
def a_way_from_the_base_after_a_remote_visit() -> Case:
    return second("mon 10:10", "mon 10:05", "starts Mon 10:05", "takes 10 min", allowed="mon 10:10", first={"place": "remote"}, x=600)


@breaks(Rule.LEG)
def a_way_from_the_base_beyond_the_farthest_leg() -> Case:
    near, far = need("m", x=600), need("n", x=601)
    problem = week([near, far], [volunteer(max_leg_minutes=10, returns=False)])
    return Case(problem, alone("v", name="m#1"), alone("v"), "n#1", "v", 601, 600, ("takes 10 min 1 s", "at most 10 min"))


@breaks(Rule.LEG)
def a_way_back_beyond_the_farthest_leg() -> Case:
    problem = week(
        [need("m", x=600), need("n", x=1200)], [volunteer(max_leg_minutes=10, returns=True), volunteer("u", max_leg_minutes=10, returns=False)]
    )
    clean, broken = (plan(visit("m#1", serve(name, "mon 09:00")), visit("n#1", serve(name, "mon 10:10"))) for name in "uv")
    return Case(problem, clean, broken, "n#1", "v", 1200, 600, ("back to the base takes 20 min", "at most 10 min"))


@breaks(Rule.LEG)
def a_way_between_two_visits_beyond_the_farthest_leg() -> Case:
    problem = week([need("m", x=600), need("n", x=-600)], [volunteer(max_leg_minutes=10)])
    clean, broken = (plan(visit("m#1", serve("v", "mon 09:00")), visit("n#1", serve("v", time))) for time in ("tue 11:00", "mon 11:00"))
    return Case(problem, clean, broken, "n#1", "v", 1200, 600, ("takes 20 min", "at most 10 min"))


def noon(good: tuple[str, str], bad: tuple[str, str], **more: Any) -> Case:
    """Return the case of a volunteer with an hour of lunch from 11:30 to 13:30: a visit at 08:00, two around noon, one at 17:00."""
    problem = week([need("a"), need("m"), need("n", **more), need("z")], [volunteer(lunch={})])
    clean, broken = (
        plan(*(visit(f"{name}#1", serve("v", start)) for name, start in zip("amnz", ("mon 08:00", *two, "mon 17:00"), strict=True)))
        for two in (good, bad)
    )
    busy = [[at(time), at(f"mon {int(time[4:6]) + 1}{time[6:]}")] for time in (*bad, "mon 17:00")]
    if bad[1] > "mon 12:30":
        busy.pop()  # the visit at noon ends after the lunch window, so that the next one is of no concern
    says = "no break of 60 min on Mon 11:30-13:30", bad[0][4:], bad[1][4:]
    return Case(problem, clean, broken, None, "v", busy, {"from": at("mon 11:30"), "to": at("mon 13:30"), "minutes": 60}, says)


@breaks(Rule.LUNCH)
def no_hour_between_two_services() -> Case:
    return noon(("mon 11:00", "mon 13:00"), ("mon 11:00", "mon 12:50"))


@breaks(Rule.LUNCH)
def an_hour_that_the_way_takes_part_of() -> Case:
    return noon(("mon 11:00", "mon 13:10"), ("mon 11:00", "mon 13:05"), x=600)


@breaks(Rule.LUNCH)
def an_hour_after_the_last_service_that_ends_after_the_lunch_window() -> Case:
    return noon(("mon 10:00", "mon 11:30"), ("mon 10:35", "mon 11:40"))


@breaks(Rule.LUNCH)
def a_break_that_the_way_would_split() -> Case:
    return noon(("mon 10:00", "mon 14:10"), ("mon 10:00", "mon 14:05"), x=6000)


@breaks(Rule.DAY_MINUTES)
def too_many_minutes_in_a_day() -> Case:
    problem = week(
        [need("m"), need("n", role("carer", "organization"), x=600), need("k", role("carer", "organization"))],
        [volunteer(), organization(crews=2, max_minutes_day=119)],
    )
    rest = visit("k#1", serve("o", "mon 09:00"))
    clean, broken = (plan(rest, visit("n#1", serve("o", time, crew=2))) for time in ("tue 09:00", "mon 09:00"))
    return Case(problem, clean, broken, None, "o", 120, 119, ("120 min", "Mon 2026-11-23", "at most 119 min a day"))


@breaks(Rule.DAY_MINUTES)
def minutes_after_midnight_that_belong_to_the_day_of_the_shift() -> Case:
    windows = [{"earliest": 22 * 3600, "latest": 32 * 3600}]
    night = volunteer(shifts=[{"from": 22 * 3600, "to": 33 * 3600}, shift("09:00", "12:00", day="tue")], max_minutes_day=60)
    problem = week([need("m", windows=windows), need("n", windows=[*windows, window("09:00", "10:00", day="tue")])], [night])
    clean, broken = (plan(visit("m#1", serve("v", "mon 22:00")), visit("n#1", serve("v", time))) for time in ("tue 09:00", "tue 01:00"))
    return Case(problem, clean, broken, None, "v", 120, 60, ("120 min", "Mon 2026-11-23", "at most 60"))


@breaks(Rule.WEEK_MINUTES)
def too_many_minutes_in_a_week() -> Case:
    problem = week([need("m"), need("n")], [volunteer(max_minutes_week=60)], days=14)
    clean, broken = (plan(visit("m#1", serve("v", "sun 09:00")), visit("n#1", serve("v", time))) for time in ("7 09:00", "mon 09:00"))
    return Case(problem, clean, broken, None, "v", 120, 60, ("120 min", "Mon 2026-11-23", "at most 60 min a week"))


@breaks(Rule.CASELOAD)
def too_many_residents_in_a_week() -> Case:
    needs = [need("m", resident="r"), need("n", resident="s"), need("k", resident="r"), need("group")]
    problem = week(needs, [volunteer(caseload=1)], days=14, residents=[resident("r"), resident("s")])
    rest = [visit("m#1", serve("v", "mon 09:00")), visit("k#1", serve("v", "tue 09:00")), visit("group#1", serve("v", "wed 09:00"))]
    clean, broken = (plan(*rest, visit("n#1", serve("v", time))) for time in ("7 09:00", "sun 09:00"))
    return Case(problem, clean, broken, None, "v", 2, 1, ("2 residents", "Mon 2026-11-23", "at most 1"))
