"""Plans over HTTP, from the request to the plan in force, on both databases."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from sqlalchemy import update

from api.client import ApiError
from api.documented import EXAMPLE_PLAN, EXAMPLE_PROBLEM
from api.tables import plans as table
from matcher.check import check
from matcher.problem import Problem
from matcher.solve import solve
from scenarios.weihai.week import make_week
from tests.api.running import ASKED, House

WEEK = make_week("community", seed=3)


def test_a_plan_is_accepted_made_followed_and_read(house: House) -> None:
    client = house.client
    answer = client.send("POST", "/v1/plans", json={"problem": json.loads(WEEK.to_json()), "chunks": 4, "threads": 1})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == job["links"]["self"] == f"/v1/plans/{job['id']}"
    assert (job["state"], job["version"], job["standing"]) == ("queued", 0, "draft")
    house.work()
    job = client.job(job["id"])
    assert (job["state"], job["version"]) == ("done", 1)
    assert job["visits"] == len(WEEK.visits) == job["assigned"] + job["unassigned"]
    plan = client.plan(job["id"])
    report = check(WEEK, plan)
    assert report.is_clean
    assert report.cost == job["cost"] == client.result(job["id"])["cost"]
    # The same work by hand gives the same plan.
    assert plan == solve(WEEK, chunks=4, threads=1).plan
    kinds = [(kind, data.get("state")) for _, kind, data in client.follow(job["id"])]
    assert kinds[0] == ("state", "queued")
    assert kinds[-1] == ("state", "done")
    assert Problem.parse(client.send("GET", job["links"]["problem"]).content) == WEEK


def test_a_stored_problem_is_planned_in_the_version_that_is_asked_for(house: House) -> None:
    client = house.client
    stored = client.store_problem(WEEK)
    assert stored["facts"]["visits"] == len(WEEK.visits)
    tag = client.send("GET", stored["links"]["self"]).headers["etag"]
    changed = WEEK.replace(name="changed")
    client.send("PUT", stored["links"]["problem"], json=json.loads(changed.to_json()), headers={"If-Match": tag})
    old = client.make_plan(stored["id"], problem_version=1, **ASKED)
    new = client.make_plan(stored["id"], **ASKED)
    house.work()
    assert client.job(old["id"])["problem"] == {"id": stored["id"], "version": 1}
    assert client.plan(old["id"]).problem == WEEK.digest
    assert client.plan(new["id"]).problem == changed.digest
    assert client.problem(stored["id"], version=1) == WEEK


def test_whoever_waits_gets_a_small_plan_at_once(house: House) -> None:
    stop = threading.Event()
    worker = house.worker()

    def work() -> None:
        while not stop.is_set():
            job = worker.queue.claim()
            if job is not None:
                worker.work(job)
            stop.wait(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        answer = house.client.send("POST", "/v1/plans", json={"problem": EXAMPLE_PROBLEM, **ASKED}, headers={"Prefer": "respond-async, wait=10"})
    finally:
        stop.set()
        thread.join()
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=10"
    assert answer.json()["plan"]["assignments"][0]["visit"] == "meal#1"


def test_whoever_waits_in_vain_gets_the_job(house: House) -> None:
    began = time.monotonic()
    answer = house.client.send("POST", "/v1/plans", json={"problem": EXAMPLE_PROBLEM, **ASKED}, headers={"Prefer": "wait=1"})
    assert 1.0 <= time.monotonic() - began < 5.0
    assert answer.status_code == 202
    house.client.cancel(answer.json()["id"])


def test_better_plans_are_saved_while_a_search_goes_on_and_the_best_one_when_it_is_stopped(house: House) -> None:
    street = make_week("street", seed=1)
    job = house.client.make_plan(street, budget=60, threads=1)
    thread = threading.Thread(target=house.work, kwargs={"checkpoint": 0.3, "heartbeat": 0.05})
    thread.start()
    for _, kind, data in house.client.follow(job["id"]):
        if kind == "version" and data["version"] == 2:
            break
    assert house.client.job(job["id"])["state"] == "running"
    assert check(street, house.client.plan(job["id"])).is_clean
    assert house.client.cancel(job["id"])["is_cancelled"]
    thread.join(20)
    ended = house.client.job(job["id"])
    assert ended["state"] == "stopped"
    told = [data["cost"] for _, kind, data in house.client.follow(job["id"]) if kind == "version"]
    assert len(told) >= 3
    assert told == sorted(told, reverse=True)
    assert check(street, house.client.plan(job["id"])).cost == ended["cost"] == told[-1]
    # Of the versions on the way, the last one stays.
    assert [item["version"] for item in house.client._json("GET", ended["links"]["versions"])["items"]] == [len(told)]
    assert ended["progress"]["seconds"] == pytest.approx(house.client.result(job["id"])["seconds"], abs=0.01)


def test_a_search_that_is_taken_up_again_gets_the_rest_of_its_time(house: House) -> None:
    street = make_week("street", seed=1)
    job = house.client.make_plan(street, budget=30, threads=1)["id"]
    worker = house.worker(checkpoint=0.2, heartbeat=0.05)
    begun = worker.queue.claim()
    assert begun is not None
    thread = threading.Thread(target=worker.work, args=(begun,))
    thread.start()
    for _, kind, _data in house.client.follow(job):
        if kind == "version":
            break
    worker.stopping.set()
    thread.join(20)
    saved = check(street, house.client.plan(job)).cost
    again = worker.queue.claim()
    assert again is not None
    assert 0 < again.spent < 30
    assert again.cost == saved
    house.worker().queue.hand_back(again)
    with house.database.write() as connection:
        connection.execute(update(table).where(table.c.id == job).values(spent=29.7))
    began = time.monotonic()
    house.work()
    ended = house.client.job(job)
    assert (ended["state"], ended["attempt"]) == ("done", 3)
    assert time.monotonic() - began < 10
    assert ended["cost"] <= saved
    assert 29.7 <= ended["progress"]["seconds"] < 32


def test_a_search_in_chunks_alone_holds_no_worker_longer_than_the_longest_budget(house: House) -> None:
    street = make_week("street", seed=1)
    job = house.client.make_plan(street, chunks=10**9, threads=1)
    house.work(max_budget=0.5)
    ended = house.client.job(job["id"])
    assert ended["state"] == "stopped"
    assert check(street, house.client.plan(job["id"])).is_clean


def test_a_plan_starts_from_another_one(house: House) -> None:
    first = house.plan()
    from_stored = house.client.make_plan(EXAMPLE_PROBLEM, start_id=first["id"], chunks=0, threads=1)
    from_given = house.client.make_plan(EXAMPLE_PROBLEM, start=EXAMPLE_PLAN, chunks=0, threads=1)
    house.work()
    assert house.client.job(from_stored["id"])["start"] == {"id": first["id"], "version": 1}
    given = house.client.job(from_given["id"])
    assert house.client.job(given["start"]["id"])["kind"] == "import"
    assert given["assigned"] == 1


def test_the_same_request_under_the_same_key_is_the_same_plan_also_when_both_come_at_once(house: House) -> None:
    found: list[Any] = []

    def ask() -> None:
        client = house.as_key(house.key)
        found.append(client.send("POST", "/v1/plans", json={"problem": EXAMPLE_PROBLEM, **ASKED}, headers={"Idempotency-Key": "week 48"}))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.json()["id"] for answer in found}) == 1
    assert sorted(answer.status_code for answer in found) == [200, 200, 200, 202]
    with pytest.raises(ApiError) as refused:
        house.client.make_plan(EXAMPLE_PROBLEM, idempotency_key="week 48", chunks=2)
    assert (refused.value.status, refused.value.kind) == (409, "conflict")
    other = house.as_key(house.make_key("weihai")).make_plan(EXAMPLE_PROBLEM, idempotency_key="week 48", **ASKED)
    assert other["id"] != found[0].json()["id"]
    house.work()


def test_lists_go_page_by_page_over_everything_once(house: House) -> None:
    key = house.make_key("pages")
    client = house.as_key(key)
    problem = client.store_problem(EXAMPLE_PROBLEM)["id"]
    made = [client.make_plan(problem, **ASKED)["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = client._json("GET", "/v1/plans", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
    client.cancel(made[0])
    assert [item["id"] for item in client._json("GET", "/v1/plans", params={"state": "stopped"})["items"]] == made[:1]
    house.work()


def test_what_is_unchanged_is_not_sent_again(house: House) -> None:
    job = house.plan()
    for path in (f"/v1/plans/{job['id']}", job["links"]["plan"], job["links"]["problem"], job["links"]["result"]):
        first = house.client.send("GET", path)
        again = house.client.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
        assert (path, again.status_code, again.content) == (path, 304, b"")


def test_one_plan_is_in_force_for_each_community_and_week(house: House) -> None:
    client = house.as_key(house.make_key("force"))
    first, second = (client.make_plan(EXAMPLE_PROBLEM, **ASKED)["id"] for _ in range(2))
    with pytest.raises(ApiError, match="still queued"):
        client._json("POST", f"/v1/plans/{first}/publish", json={"version": 1})
    house.work()
    assert client.publish(first, 1)["standing"] == "published"
    assert client.publish(second)["standing"] == "published"
    assert client.job(first)["standing"] == "superseded"
    found = client.in_force(community="zhudao", week="2026-11-23")
    assert [(item["plan"], item["version"], item["area"]) for item in found] == [(second, 1, "force")]
    with pytest.raises(ApiError, match="not the newest"):
        client._json("POST", f"/v1/plans/{second}/publish", json={"version": 7})


def test_a_plan_of_some_communities_supersedes_no_more_than_those(house: House) -> None:
    client = house.as_key(house.make_key("parts"))
    both = {**EXAMPLE_PROBLEM, "communities": [*EXAMPLE_PROBLEM["communities"], {"id": "ximen", "location": {"lat": 37.5, "lon": 122.1}}]}
    wide, narrow = client.make_plan(both, **ASKED)["id"], client.make_plan(EXAMPLE_PROBLEM, **ASKED)["id"]
    house.work()
    for plan in (wide, narrow):
        client.publish(plan)
    assert client.job(wide)["standing"] == "published"
    found = {item["community"]: item["plan"] for item in client._json("GET", "/v1/in-force")["items"]}
    assert found == {"zhudao": narrow, "ximen": wide}


def test_an_edited_plan_is_a_version_and_one_that_breaks_a_rule_is_not_published(house: House) -> None:
    client = house.client
    job = house.plan()
    tag = client.send("GET", job["links"]["plan"]).headers["etag"]
    late = json.loads(json.dumps(EXAMPLE_PLAN).replace("T10:30", "T12:45").replace("T11:00", "T13:15"))
    with pytest.raises(ApiError, match="428"):
        client.send("PUT", job["links"]["plan"], json=late)
    edited = client.replace_plan(job["id"], late, seen=1)
    assert (edited["version"], edited["cost"] is not None) == (2, True)
    with pytest.raises(ApiError, match="412"):
        client.send("PUT", job["links"]["plan"], json=EXAMPLE_PLAN, headers={"If-Match": tag})
    with pytest.raises(ApiError, match="breaks"):
        client.publish(job["id"])
    client.replace_plan(job["id"], EXAMPLE_PLAN, seen=2)
    assert client.publish(job["id"])["standing"] == "published"
    assert [item["violations"] for item in client._json("GET", job["links"]["versions"])["items"]] == [0, 2, 0]
    with pytest.raises(ApiError, match="only a draft"):
        client.send("PUT", job["links"]["plan"], json=late, headers={"If-Match": "*"})


def test_a_problem_with_plans_stays_and_one_without_can_go(house: House) -> None:
    client = house.client
    used, unused = client.store_problem(EXAMPLE_PROBLEM)["id"], client.store_problem(EXAMPLE_PROBLEM)["id"]
    client.make_plan(used, **ASKED)
    with pytest.raises(ApiError, match="409"):
        client.send("DELETE", f"/v1/problems/{used}", headers={"If-Match": '"1"'})
    with pytest.raises(ApiError, match="428"):
        client.send("DELETE", f"/v1/problems/{unused}")
    with pytest.raises(ApiError, match="412"):
        client.send("DELETE", f"/v1/problems/{unused}", headers={"If-Match": '"7"'})
    assert client.send("DELETE", f"/v1/problems/{unused}", headers={"If-Match": '"1"'}).status_code == 204
    with pytest.raises(ApiError, match="404"):
        client.problem(unused)
    house.work()


def test_a_stream_goes_on_after_the_last_event_that_was_seen(house: House) -> None:
    job = house.plan()
    events = list(house.client.follow(job["id"]))
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    assert list(house.client.follow(job["id"], after=2)) == events[2:]


def test_a_job_that_the_engine_refuses_ends_as_failed_and_the_worker_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from matcher.errors import InternalError

    def broken(*_: Any, **__: Any) -> None:
        raise InternalError("costs differ")

    job = house.client.make_plan(EXAMPLE_PROBLEM, **ASKED)
    with monkeypatch.context() as patched:
        patched.setattr("api.worker.solve", broken)
        house.work()
    ended = house.client.job(job["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "internal")
    assert house.plan()["state"] == "done"


def test_weeks_that_planning_again_made_are_not_among_those_that_people_stored(house: House) -> None:
    client = house.as_key(house.make_key("origins"))
    stored = client.store_problem(EXAMPLE_PROBLEM)["id"]
    sent = client.make_plan(EXAMPLE_PROBLEM, **ASKED)
    house.work()
    again = client.replan(sent["id"], [{"kind": "absent", "provider": "v-1", "day": "mon"}])["plan"]["problem"]["id"]

    def listed(**query: str) -> list[str]:
        return [item["id"] for item in client._json("GET", "/v1/problems", params=query)["items"]]

    assert listed() == [sent["problem"]["id"], stored]
    assert listed(origin="replan") == [again]
    assert client._json("GET", f"/v1/problems/{again}")["origin"] == "replan"


def test_whoever_publishes_or_stops_a_plan_says_which_state_of_it_they_saw(house: House) -> None:
    job = house.plan()
    path = f"/v1/plans/{job['id']}/publish"

    def sent(body: dict[str, Any], **headers: str) -> int:
        return house.http(house.key).post(path, json=body, headers=headers).status_code

    seen = house.client.send("GET", job["links"]["self"]).headers["etag"]
    house.client.replace_plan(job["id"], EXAMPLE_PLAN, seen=1)
    assert sent({}) == 428
    assert [sent({"version": 1}), sent({}, **{"If-Match": seen}), sent({}, **{"If-Match": '"v1"'})] == [412, 412, 412]
    assert sent({"version": 2}, **{"If-Match": '"v1"'}) == 412
    assert sent({}, **{"If-Match": '"v2"'}) == 200
    assert sent({}, **{"If-Match": house.client.send("GET", job["links"]["self"]).headers["etag"]}) == 200
    running = house.client.make_plan(EXAMPLE_PROBLEM, **ASKED)
    with pytest.raises(ApiError, match="412"):
        house.client.send("DELETE", running["links"]["self"], headers={"If-Match": '"77"'})
    assert house.client.cancel(running["id"])["state"] == "stopped"
