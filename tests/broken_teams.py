"""Plans broken in a rule of a team, of a need's visits, or of a pin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcher.rules import Rule
from tests.broken import Case, breaks
from tests.weeks import Json, alone, at, link, need, plan, role, serve, visit, volunteer, week, worker

if TYPE_CHECKING:
    from matcher.plan import Plan


def pair(name: str = "n", *, kinds: tuple[str, str] = ("volunteer", "volunteer"), **more: Any) -> Json:
    """Return a need for two providers, `carer` and `helper`."""
    return need(name, role("carer", kinds[0]), role("helper", kinds[1]), **more)


def both(carer: str, helper: str, start: str = "mon 09:00", later: str | None = None, name: str = "n#1") -> Json:
    """Return the assignment of a pair."""
    return visit(name, serve(carer, start), serve(helper, later or start, "helper"))


V, U, W = volunteer("v"), volunteer("u"), worker("w", supervises=1)


@breaks(Rule.TEAM)
def a_role_left_open() -> Case:
    problem = week([pair()], [V, U])
    return Case(problem, plan(both("v", "u")), alone("v"), "n#1", None, ["carer"], ["carer", "helper"], ("fills carer", "leaves helper open"))


@breaks(Rule.TEAM)
def one_of_three_like_places_left_open() -> Case:
    problem = week([need("n", role(count=3))], [V, U, volunteer("t")])
    services = [serve(name, "mon 09:00", f"carer.{k}") for k, name in enumerate("vut", 1)]
    broken = plan(visit("n#1", services[0], services[2]))
    says = "fills carer.1, carer.3", "leaves carer.2 open"
    return Case(problem, plan(visit("n#1", *services)), broken, "n#1", None, ["carer.1", "carer.3"], ["carer.1", "carer.2", "carer.3"], says)


def late(good: str, bad: str, allowed: Any, *says: str, **more: Any) -> Case:
    """Return the case of a pair of which the second comes at the wrong time."""
    clean, broken = (plan(both("v", "u", "mon 09:00", time)) for time in (good, bad))
    return Case(week([pair(**more)], [V, U]), clean, broken, "n#1", "u", at(bad), allowed, says)


@breaks(Rule.GAP)
def together_at_different_times() -> Case:
    return late("mon 09:00", "mon 09:05", at("mon 09:00"), "'helper' starts Mon 09:05", "'carer' Mon 09:00")


SEQUENCE: Json = {"meet": "in_sequence", "gap": {"min_minutes": 30, "max_minutes": 45}}
IN_SEQUENCE = [at("mon 09:30"), at("mon 09:45")]


@breaks(Rule.GAP)
def in_sequence_too_soon() -> Case:
    return late("mon 09:30", "mon 09:29", IN_SEQUENCE, "starts Mon 09:29", "30 to 45 min after", **SEQUENCE)


@breaks(Rule.GAP)
def in_sequence_too_late() -> Case:
    return late("mon 09:45", "mon 09:46", IN_SEQUENCE, "starts Mon 09:46", "30 to 45 min after", **SEQUENCE)


@breaks(Rule.GAP)
def in_sequence_in_the_wrong_order() -> Case:
    return late("mon 09:40", "mon 08:30", IN_SEQUENCE, "30 min before role 'carer'", **SEQUENCE)


@breaks(Rule.ONE_ROLE)
def one_provider_in_two_roles_at_once() -> Case:
    problem = week([pair()], [V, U])
    return Case(problem, plan(both("v", "u")), plan(both("v", "v")), "n#1", "v", ["carer", "helper"], 1, ("2 roles (carer, helper)", "at most 1"))


@breaks(Rule.ONE_ROLE)
def one_provider_in_two_roles_one_after_the_other() -> Case:
    problem = week([pair(meet="independent")], [V, U])
    clean, broken = (plan(both("v", name, "mon 09:00", "tue 09:00")) for name in "uv")
    return Case(problem, clean, broken, "n#1", "v", ["carer", "helper"], 1, ("2 roles", "at most 1"))


@breaks(Rule.SUPERVISION)
def a_supervised_volunteer_without_a_social_worker() -> Case:
    providers = [volunteer("v", supervision="social_worker"), U, W]
    problem = week([pair(kinds=("volunteer", "volunteer"), team=[role(), role("helper", "volunteer", "social_worker")])], providers)
    return Case(problem, plan(both("v", "w")), plan(both("v", "u")), "n#1", "v", [], "a social worker", ("without a social worker", "none"))


@breaks(Rule.SUPERVISION)
def a_linked_volunteer_with_a_social_worker_of_no_link() -> Case:
    providers = [volunteer("v", supervision="linked"), W, worker("x", supervises=1)]
    links = [link("k", "preferred", "v", "w")]
    problem = week([pair(kinds=("volunteer", "social_worker"))], providers, links=links)
    says = "a social worker linked to them", "social workers: x"
    return Case(problem, plan(both("v", "w")), plan(both("v", "x")), "n#1", "v", ["x"], "a social worker linked to them", says)


@breaks(Rule.SUPERVISION)
def a_linked_volunteer_with_a_social_worker_of_an_unpreferred_link() -> Case:
    providers = [volunteer("v", supervision="linked"), W, worker("x", supervises=1)]
    links = [link("k", "required", "v", "w"), link("j", "unpreferred", "v", "x")]
    problem = week(
        [need("n", role(), role("helper", "social_worker"), role("third", "social_worker", "volunteer"))],
        [*providers, U],
        links=[links[1], links[0] | {"grade": "preferred"}],
    )
    third = serve("w", "mon 09:00", "third")
    team = [serve("v", "mon 09:00"), serve("x", "mon 09:00", "helper")]
    broken = plan(visit("n#1", *team, serve("u", "mon 09:00", "third")))
    return Case(problem, plan(visit("n#1", *team, third)), broken, "n#1", "v", ["x"], "a social worker linked to them", ("social workers: x",))


@breaks(Rule.SUPERVISION)
def more_volunteers_than_the_social_workers_supervise() -> Case:
    providers = [*(volunteer(name, supervision="social_worker") for name in "vu"), W, worker("x", supervises=2)]
    problem = week([need("n", role(count=2), role("helper", "social_worker"))], providers)
    clean, broken = (
        plan(visit("n#1", *(serve(name, "mon 09:00", place) for name, place in (("v", "carer.1"), ("u", "carer.2"), (lead, "helper")))))
        for lead in "xw"
    )
    return Case(problem, clean, broken, "n#1", None, 2, 1, ("2 volunteers need supervision (v, u)", "supervise 1"))


@breaks(Rule.LINKED_TEAM)
def a_team_of_no_link_where_the_need_asks_for_one() -> Case:
    problem = week([pair(linked=True)], [V, U, volunteer("t")], links=[link("k", "preferred", "v", "u"), link("j", "unpreferred", "v", "t")])
    says = "no required or preferred link holds all of v, t"
    return Case(problem, plan(both("v", "u")), plan(both("v", "t")), "n#1", None, ["v", "t"], "members of one required or preferred link", (says,))


@breaks(Rule.LINKED_TEAM)
def a_member_of_a_required_link_without_another() -> Case:
    problem = week([pair(), need("m")], [V, U, volunteer("t"), volunteer("s")], links=[link("k", "required", "v", "u", "s")])
    single = visit("m#1", serve("v", "tue 09:00"))
    clean, broken = plan(both("v", "u"), single), plan(both("v", "t"), single)
    return Case(problem, clean, broken, "n#1", "v", ["v", "t"], ["s", "u"], ("required link 'k' (s, u)",))


@breaks(Rule.LINKED_TEAM)
def two_members_of_a_prohibited_link() -> Case:
    problem = week([pair()], [V, U, volunteer("t")], links=[link("k", "prohibited", "t", "v")])
    return Case(problem, plan(both("v", "u")), plan(both("v", "t")), "n#1", "t", ["v"], [], ("serves with v", "prohibited link 'k'"))


def spaced(good: str, bad: str, allowed: list[str | None], *says: str, number: int = 2, **spacing: int) -> Case:
    """Return the case of the first visit on Monday, and a later one of the need on a wrong day."""
    problem = week([need(visits=3, spacing=spacing)], [V], days=14)
    clean, broken = (plan(visit("n#1", serve("v", "mon 09:00")), visit(f"n#{number}", serve("v", time))) for time in (good, bad))
    return Case(problem, clean, broken, f"n#{number}", None, at(bad)[:10], allowed, says)


@breaks(Rule.SPACING)
def two_visits_too_near() -> Case:
    says = "is on Tue 2026-11-24", "1 days after visit 'n#1' (Mon 2026-11-23)", "at least 2"
    return spaced("wed 09:00", "tue 09:00", ["2026-11-25", None], *says, at_least_days=2)


@breaks(Rule.SPACING)
def two_visits_on_one_day() -> Case:
    return spaced("tue 09:00", "mon 11:00", ["2026-11-24", None], "0 days after", "at least 1")


@breaks(Rule.SPACING)
def two_visits_in_the_wrong_order() -> Case:
    problem = week([need(visits=2)], [V])
    clean, broken = (plan(visit("n#1", serve("v", "tue 09:00")), visit("n#2", serve("v", time))) for time in ("wed 09:00", "mon 09:00"))
    return Case(problem, clean, broken, "n#2", None, "2026-11-23", ["2026-11-25", None], ("1 days before visit 'n#1'",))


@breaks(Rule.SPACING)
def two_visits_too_far() -> Case:
    return spaced("thu 09:00", "fri 09:00", ["2026-11-24", "2026-11-26"], "4 days after", "at most 3", at_most_days=3)


@breaks(Rule.SPACING)
def a_third_visit_too_far_from_the_first_where_the_second_is_left_out() -> Case:
    return spaced("sun 09:00", "7 09:00", ["2026-11-24", "2026-11-29"], "7 days after", "at most 6", number=3, at_most_days=3)


@breaks(Rule.SPACING)
def a_later_visit_without_the_first_that_has_a_team_of_its_own() -> Case:
    problem = week([need(visits=2, first_team=[role("lead", "social_worker")])], [V, W])
    first, later = visit("n#1", serve("w", "mon 09:00", "lead")), visit("n#2", serve("v", "tue 09:00"))
    was, allowed = {"n#1": "unassigned"}, {"n#1": "assigned"}
    return Case(problem, plan(first, later), plan(later), "n#2", None, was, allowed, ("'n#1'", "is not"))


@breaks(Rule.MAX_PROVIDERS)
def a_third_provider_where_two_may_serve() -> Case:
    problem = week([need(visits=3, max_providers=2)], [V, U, volunteer("t")])
    start = [visit("n#1", serve("v", "mon 09:00")), visit("n#2", serve("u", "tue 09:00"))]
    clean, broken = (plan(*start, visit("n#3", serve(name, "wed 09:00"))) for name in "vt")
    return Case(problem, clean, broken, "n#3", "t", ["v", "u", "t"], 2, ("number 3", "v, u", "at most 2"))


def pinned(pin: Json, good: Plan, bad: Plan, provider: str | None, was: Any, allowed: Any, *says: str) -> Case:
    problem = week([pair(meet="independent")], [V, U, volunteer("t")], pins=[{"visit": "n#1", **pin}])
    return Case(problem, good, bad, "n#1", provider, was, allowed, says)


@breaks(Rule.PIN)
def another_provider_than_the_pinned() -> Case:
    good, bad = plan(both("u", "v")), plan(both("u", "t"))
    return pinned({"provider": "v"}, good, bad, "v", ["u", "t"], "v", "filled by u, t", "pin says v")


@breaks(Rule.PIN)
def the_pinned_provider_in_another_role() -> Case:
    good, bad = plan(both("u", "v")), plan(both("v", "u"))
    return pinned({"provider": "v", "role": "helper"}, good, bad, "v", ["u"], "v", "'helper' is filled by u", "pin says v")


@breaks(Rule.PIN)
def another_day_than_the_pinned() -> Case:
    good, bad = plan(both("v", "u", "tue 09:00", "wed 09:00")), plan(both("v", "u", "wed 09:00", "tue 09:00"))
    return pinned({"day": "2026-11-24"}, good, bad, None, "2026-11-25", "2026-11-24", "is on Wed 2026-11-25", "pin says 2026-11-24")


@breaks(Rule.PIN)
def another_weekday_than_the_pinned() -> Case:
    good, bad = plan(both("v", "u", "tue 09:00")), plan(both("v", "u", "wed 09:00"))
    return pinned({"day": "tue"}, good, bad, None, "2026-11-25", "tue", "is on Wed 2026-11-25", "pin says tue")


@breaks(Rule.PIN)
def another_time_of_day_than_the_pinned() -> Case:
    good, bad = plan(both("v", "u", "tue 09:00")), plan(both("v", "u", "tue 09:01", "tue 09:00"))
    return pinned({"day": "tue", "start": "09:00"}, good, bad, None, at("tue 09:01"), at("tue 09:00"), "starts Tue 09:01", "pin says Tue 09:00")


@breaks(Rule.PIN)
def the_pinned_time_of_day_on_another_day() -> Case:
    good, bad = plan(both("v", "u", "tue 09:00")), plan(both("v", "u", "wed 09:00"))
    return pinned({"day": "tue", "start": "09:00"}, good, bad, None, at("wed 09:00"), at("tue 09:00"), "starts Wed 09:00", "pin says Tue 09:00")


@breaks(Rule.PIN)
def another_moment_than_the_pinned() -> Case:
    good, bad = plan(both("v", "u", "tue 09:00")), plan(both("v", "u", "wed 09:00"))
    return pinned({"start": at("tue 09:00")}, good, bad, None, at("wed 09:00"), at("tue 09:00"), "starts Wed 09:00", "pin says Tue 09:00")
