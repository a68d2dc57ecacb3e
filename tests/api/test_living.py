"""What is asked of a plan while one lives with it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from api import answers
from api.client import ApiError
from api.documented import EXAMPLE_PLAN
from api.reading import NotAtHand, Stored, body_of
from matcher.check import check
from matcher.plan import Plan
from matcher.problem import Problem
from scenarios.weihai.week import make_week
from tests.api.running import House

WEEK = make_week("community", seed=1)


@pytest.fixture(scope="module")
def plan(plain: House) -> dict[str, Any]:
    made = plain.client.make_plan(WEEK, chunks=5, threads=1)
    plain.work()
    return plain.client.job(made["id"])


def ask(house: House, of: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    return house.client._json("POST", f"/v1/plans/{of['id']}/{what}", json=body)


def test_an_absence_gives_a_new_draft_that_keeps_the_rules_of_the_week_as_it_is_now(plain: House, plan: dict[str, Any]) -> None:
    provider = plain.client.plan(plan["id"]).assignments[0].team[0].provider
    said = plain.client.replan(plan["id"], [{"kind": "absent", "provider": provider}])
    new = said["plan"]
    assert (new["kind"], new["state"], new["standing"], new["start"]) == ("replan", "done", "draft", {"id": plan["id"], "version": 1})
    problem = Problem.parse(plain.client.send("GET", new["links"]["problem"]).content)
    after = plain.client.plan(new["id"])
    assert check(problem, after).is_clean
    assert provider not in {service.provider for line in after.assignments for service in line.team}
    assert said["difference"]["visits"]
    assert plain.client.job(plan["id"])["version"] == 1


def test_a_pause_is_used_to_open_the_desk_of_a_plan_that_will_be_asked_about() -> None:
    whole = Stored(WEEK.digest, "ahead.1", True, body_of(WEEK), body_of(Plan()))
    by_name = whole._replace(problem=None, plan=None)
    with pytest.raises(NotAtHand):
        answers.desk(by_name)
    answers.ask_ahead(whole._replace(plan=b"not a plan"))
    answers.ask_ahead(whole)
    assert answers.do_ahead()
    assert answers.desk(by_name).problem == WEEK
    assert answers.do_ahead(), "the other one, which has to be told to whoever asks"
    assert not answers.do_ahead()


def test_the_same_events_under_the_same_key_make_one_draft(plain: House, plan: dict[str, Any]) -> None:
    body = {"events": [{"kind": "withdrawn", "need": WEEK.needs[0].id}]}
    answers = [plain.client.send("POST", f"/v1/plans/{plan['id']}/replan", json=body, headers={"Idempotency-Key": "e1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["plan"]["id"] == answers[1].json()["plan"]["id"]
    assert answers[1].json()["gone"] == answers[0].json()["gone"] != {}


def test_events_that_do_not_go_with_the_week_are_refused_with_a_pointer_each(plain: House, plan: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        ask(plain, plan, "replan", events=[{"kind": "absent", "provider": "nobody"}, {"kind": "missed", "visit": "none#1"}])
    assert (refused.value.status, refused.value.kind) == (422, "invalid-events")
    assert [error["pointer"] for error in refused.value.errors] == ["/events/0/provider", "/events/1/visit"]


def test_options_for_a_new_need_come_cheapest_first_and_change_nothing(plain: House, plan: dict[str, Any]) -> None:
    need = WEEK.needs[0].model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"id": "one-more"}
    said = plain.client.recommend(plan["id"], need=need, top=5)
    costs = [option["cost"] for option in said["options"]]
    assert said["visit"] == "one-more#1"
    assert costs
    assert costs == sorted(costs)
    assert all(sum(option["by_term"].values()) == option["cost"] for option in said["options"])
    assert plain.client.job(plan["id"])["version"] == 1
    with pytest.raises(ApiError) as refused:
        ask(plain, plan, "recommend", need={**need, "minutes": -1})
    assert [error["pointer"] for error in refused.value.errors] == ["/need/minutes"]
    with pytest.raises(ApiError, match="422"):
        ask(plain, plan, "recommend")


def test_ones_own_plan_is_judged_with_what_it_breaks_and_what_to_change_first(plain: House, plan: dict[str, Any]) -> None:
    own = plain.client.plan(plan["id"]).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    own["assignments"] = own["assignments"][1:]
    said = plain.client.evaluate(plan["id"], own)
    assert said["is_clean"]
    assert said["cost"] > plan["cost"]
    assert said["suggestions"][0]["kind"] == "add"
    assert plain.client.evaluate(plan["id"])["cost"] == plan["cost"]
    with pytest.raises(ApiError) as refused:
        ask(plain, plan, "evaluate", plan=EXAMPLE_PLAN)
    assert refused.value.kind == "invalid-plan"
    assert all(error["pointer"].startswith("/plan/assignments/") for error in refused.value.errors)


def test_a_move_is_tried_out_without_being_made(plain: House, plan: dict[str, Any]) -> None:
    line = plain.client.plan(plan["id"]).assignments[0]
    said = plain.client.what_if(plan["id"], line.visit, out=True)
    assert said["is_allowed"]
    assert said["after"] is None
    assert said["cost"] == sum(said["by_term"].values()) > 0
    moved = ask(plain, plan, "what-if", visit=line.visit, start=f"{WEEK.horizon.start}T03:00:00")
    assert not moved["is_allowed"]
    assert "window" in {violation["rule"] for violation in moved["broken"]}


def test_a_visit_is_explained_and_one_that_is_not_there_is_not_found(plain: House, plan: dict[str, Any]) -> None:
    line = plain.client.plan(plan["id"]).assignments[0]
    said = plain.client.explain(plan["id"], line.visit, budget=0.1)
    assert (said["visit"], said["verdict"]) == (line.visit, "assigned")
    with pytest.raises(ApiError, match="404"):
        plain.client.explain(plan["id"], "none#1")


def test_two_plans_of_one_problem_are_compared(plain: House, plan: dict[str, Any]) -> None:
    other = plain.client.make_plan(plan["problem"]["id"], chunks=0, threads=1, seed=5)
    plain.work()
    said = plain.client.diff(plan["id"], other["id"])
    assert said["cost"]["a"] == plan["cost"]


def test_plans_of_two_versions_of_a_week_are_compared_by_the_names_of_their_visits(plain: House, plan: dict[str, Any]) -> None:
    served = next(line.visit for line in plain.client.plan(plan["id"]).assignments)
    need = served.rpartition("#")[0]
    smaller = WEEK.replace(needs=tuple(item for item in WEEK.needs if item.id != need))
    other = plain.client.make_plan(smaller, chunks=5, threads=1)
    plain.work()
    said = plain.client.diff(plan["id"], other["id"])
    assert served in said["only_a"]
    assert said["only_b"] == []
    assert {item["visit"]: item["what"] for item in said["visits"]}[served] == "withdrawn"
    assert said["cost"]["b"] == plain.client.job(other["id"])["cost"]
    foreign = plain.plan()
    with pytest.raises(ApiError, match="no visit in common") as refused:
        plain.client.diff(plan["id"], foreign["id"])
    assert (refused.value.status, [item["plan"] for item in refused.value.details["plans"]]) == (409, [plan["id"], foreign["id"]])


def test_a_plan_and_what_planning_it_again_gave_are_compared_as_that_said(plain: House, plan: dict[str, Any]) -> None:
    said = plain.client.replan(plan["id"], [{"kind": "withdrawn", "need": WEEK.needs[1].id}])
    assert plain.client.diff(plan["id"], said["plan"]["id"]) == said["difference"]


def test_what_a_stored_plan_says_of_itself_is_true_whatever_came_in(plain: House, plan: dict[str, Any]) -> None:
    job = plain.client.make_plan(plan["problem"]["id"], chunks=5, threads=1)["id"]
    plain.work()
    made = plain.client.plan(job)
    assert made.figures is not None
    told = json.loads(made.to_json())
    told["figures"]["assigned"] = 10**6
    told["unassigned"] = []
    told["labels"] = {}
    plain.client.replace_plan(job, told, seen=1)
    assert plain.client.plan(job) == made
    # One visit less: it has a reason now, and the figures count it no more.
    fewer = {**told, "assignments": told["assignments"][1:]}
    plain.client.replace_plan(job, fewer, seen=2)
    now = plain.client.plan(job)
    assert {left.visit for left in now.unassigned} == {visit.id for visit in WEEK.visits} - {line.visit for line in now.assignments}
    assert now.figures is not None
    assert now.figures.assigned == made.figures.assigned - 1
    # One that breaks a rule has no figures that would be true.
    broken = json.loads(json.dumps(told["assignments"]))
    for service in broken[0]["team"]:
        for name in ("start", "end"):
            service[name] = (dt.datetime.fromisoformat(service[name]) - dt.timedelta(hours=6)).isoformat()
    plain.client.replace_plan(job, {**told, "assignments": broken}, seen=3)
    assert plain.client.plan(job).figures is None
    assert plain.client._json("GET", f"/v1/plans/{job}/versions")["items"][0]["violations"] > 0


@pytest.mark.parametrize("what", ["prices", "recruits"])
def test_what_more_would_be_worth_is_ranked(plain: House, plan: dict[str, Any], what: str) -> None:
    said = plain.client._json("GET", f"/v1/plans/{plan['id']}/prices", params={"what": what, "budget": 0.2, "top": 1})
    assert isinstance(said["prices"], list)
    assert said["repeats"] == 1


def test_a_plan_that_is_not_there_yet_answers_no_question(plain: House) -> None:
    job = plain.client.make_plan(WEEK, chunks=1)
    for what in ("evaluate", "replan"):
        with pytest.raises(ApiError, match="no plan yet"):
            ask(plain, job, what, **({"events": []} if what == "replan" else {}))
    plain.client.cancel(job["id"])
