"""Plans broken in a rule that asks of one provider whether they may fill one role."""

from __future__ import annotations

from typing import Any

from matcher.rules import Rule
from tests.broken import Case, breaks
from tests.weeks import Json, alone, need, organization, resident, role, volunteer, week, worker


def swap(needed: Json, good: Json, bad: Json, was: Any, allowed: Any, *says: str, **more: Any) -> Case:
    """Return the case of a provider who may serve a visit alone, exchanged for one who may not."""
    problem = week([needed], [good, bad], **more)
    return Case(problem, alone(good["id"]), alone(bad["id"]), "n#1", bad["id"], was, allowed, says)


@breaks(Rule.KIND)
def a_kind_that_the_role_does_not_take() -> Case:
    needed = need("n", role("carer", "volunteer", stand_ins=["social_worker"]))
    return swap(needed, worker(), organization(), "organization", ["volunteer", "social_worker"], "organization", "volunteer, social_worker")


@breaks(Rule.SKILL)
def a_level_below_the_one_asked() -> Case:
    needed = need("n", role(skills={"bathing": 3}))
    good, bad = volunteer("v", skills={"bathing": 4}), volunteer("u", skills={"bathing": 2})
    return swap(needed, good, bad, {"bathing": 2}, {"bathing": 3}, "bathing at level 3", "has 2")


@breaks(Rule.SKILL)
def one_of_two_skills_missing() -> Case:
    needed = need("n", role(skills={"bathing": 1, "cooking": 1}))
    good, bad = volunteer("v", skills={"bathing": 1, "cooking": 1}), volunteer("u", skills={"bathing": 1})
    return swap(needed, good, bad, {"cooking": 0}, {"cooking": 1}, "cooking at level 1", "has none")


@breaks(Rule.CERTIFICATE)
def a_certificate_below_the_one_asked() -> Case:
    needed = need("n", role("carer", "social_worker", certificate="social_worker"))
    good, bad = worker("w", certificate="senior"), worker("x", certificate="assistant")
    return swap(needed, good, bad, "assistant", ["social_worker", "senior"], "assistant", "social_worker, senior")


@breaks(Rule.CERTIFICATE)
def a_volunteer_where_a_certificate_is_asked() -> Case:
    needed = need("n", role("carer", "volunteer", "social_worker", certificate="assistant"))
    return swap(needed, worker(certificate="assistant"), volunteer(), None, ["assistant", "social_worker", "senior"], "a volunteer")


@breaks(Rule.CERTIFICATE)
def a_category_of_certified_social_workers_only() -> Case:
    needed = need("n", role("carer", "social_worker"), category="correction")
    levels = ["assistant", "social_worker", "senior"]
    return swap(needed, worker("w", certificate="assistant"), worker("x"), None, levels, "certificate none", "the category asks")


@breaks(Rule.LANGUAGE)
def a_language_that_the_role_names() -> Case:
    needed = need("n", role(language="en"), resident="r")
    good, bad = volunteer("v", languages=["en"]), volunteer("u", languages=["zh", "ko"])
    return swap(needed, good, bad, ["zh", "ko"], ["en"], "zh, ko", "the role asks for en", residents=[resident(language="ko")])


@breaks(Rule.LANGUAGE)
def the_language_of_the_resident() -> Case:
    good, bad = volunteer("v", languages=["zh", "ko"]), volunteer("u")
    return swap(need(resident="r"), good, bad, ["zh"], ["ko"], "speaks zh", "the resident speaks ko", residents=[resident(language="ko")])


@breaks(Rule.GENDER)
def another_gender_than_the_role_asks() -> Case:
    needed = need("n", role(gender="female"))
    return swap(needed, volunteer("v", gender="female"), volunteer("u", gender="male"), "male", "female", "is male", "asks for female")


@breaks(Rule.GENDER)
def no_stated_gender_where_the_role_asks() -> Case:
    needed = need("n", role(gender="male"))
    return swap(needed, volunteer("v", gender="male"), volunteer("u"), None, "male", "no stated gender", "asks for male")


@breaks(Rule.REFUSED)
def a_provider_whom_the_resident_refused() -> Case:
    return swap(need(resident="r"), volunteer(), volunteer("u"), "u", {"not": ["u"]}, "refused u", residents=[resident(refused=["u"])])


@breaks(Rule.CATEGORY)
def a_category_that_the_organization_does_not_take() -> Case:
    needed = need("n", role("carer", "organization"))
    good, bad = organization("o"), organization("p", categories=["culture"])
    return swap(needed, good, bad, "elderly", ["culture"], "elderly", "culture")


@breaks(Rule.CATEGORY)
def an_organization_on_file_where_a_registered_one_is_asked() -> Case:
    needed = need("n", role("carer", "organization"), category="care")
    good, bad = organization("o", categories=["care"]), organization("p", registration="on_file")
    categories = [{"id": "care", "registered_organization": True}]
    return swap(needed, good, bad, "on_file", "registered", "on_file", "asks for a registered", categories=categories)


@breaks(Rule.CHECKED)
def an_unchecked_provider_in_youth_protection() -> Case:
    return swap(need(category="youth"), volunteer(checked=True), volunteer("u"), False, True, "is not checked", "youth")


@breaks(Rule.AREA)
def a_community_outside_the_area() -> Case:
    return swap(need(), volunteer("v", area=["d", "c"]), volunteer("u", area=["d"]), "c", ["d"], "community 'c'", "serves d")


@breaks(Rule.CREWS)
def a_crew_beyond_the_last() -> Case:
    problem = week([need("n", role("carer", "organization"))], [organization(crews=2)])
    return Case(problem, alone("o", crew=2), alone("o", crew=3), "n#1", "o", 3, [1, 2], ("crew 3", "from 1 to 2"))


@breaks(Rule.CREWS)
def a_second_crew_of_a_person() -> Case:
    return Case(week([need()], [volunteer()]), alone("v"), alone("v", crew=2), "n#1", "v", 2, [1, 1], ("crew 2", "from 1 to 1"))
