"""Comparisons of scenarios over HTTP: jobs like plans, of which no finished run is done again."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from api import comparing
from api.client import ApiError
from api.database import clock
from api.documented import EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS
from api.jobs import LostLease
from api.tables import callers, deliveries, runs
from api.tables import plans as table
from matcher.check import check
from matcher.words import Lang
from scenarios.compare import compare
from scenarios.edits import apply, scenarios_from
from scenarios.runs import work as work_on
from scenarios.weihai.week import make_week
from tests.api.running import House

WEEK = make_week("community", seed=3)
FILE: dict[str, Any] = {
    "title": "什么最有用",
    "settings": {"chunks": 1, "seeds": 2},
    "scenarios": [
        {"id": "more", "title": "多两名志愿者", "edits": [{"edit": "add_providers", "kind": "volunteer", "count": 2}]},
        {"id": "fewer", "edits": [{"edit": "remove_providers", "who": {"count": 2}}]},
    ],
    "grids": [{"id": "absent", "over": {"r": [0.1, 0.3]}, "edits": [{"edit": "no_shows", "rate": "$r"}]}],
}
CASES = ["more", "fewer", "absent[r=0.1]", "absent[r=0.3]"]


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """A comparison without how long its runs took."""
    for row in (found["base"], *found["scenarios"]):
        for run in row["runs"]:
            run.pop("seconds")
    return found


def count_of(house: House, job: str) -> int:
    with house.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(runs).where(runs.c.job_id == job)).scalar_one())


def test_scenarios_are_compared_as_on_the_command_line(house: House, tmp_path: Any) -> None:
    client = house.client
    answer = client.send("POST", "/v1/scenarios", json={"problem": json.loads(WEEK.to_json()), "scenarios": FILE, "threads": 2})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == job["links"]["self"] == f"/v1/scenarios/{job['id']}"
    assert (job["state"], job["title"], job["scenarios"]) == ("queued", "什么最有用", CASES)
    assert (job["settings"]["seeds"], job["settings"]["chunks"], job["settings"]["budget"]) == (2, 1, None)
    with pytest.raises(ApiError, match="no run of the week without edits is finished"):
        client.comparison(job["id"])
    house.work()
    job = client.job(job["id"])
    assert (job["state"], job["missing"], job["error"]) == ("done", [], None)
    assert job["progress"]["done"] == count_of(house, job["id"]) <= job["progress"]["total"]
    found = client.comparison(job["id"])
    by_hand = compare(WEEK, scenarios_from(FILE), tmp_path, jobs=0)
    assert plain(found) == plain(json.loads(json.dumps(by_hand)))
    kinds = [(kind, data.get("state")) for _, kind, data in client.follow(job["id"]) if kind == "state"]
    assert kinds == [("state", "queued"), ("state", "running"), ("state", "done")]
    assert client.send("GET", job["links"]["file"]).json() == {**FILE, "settings": scenarios_from(FILE).settings.model_dump(mode="json")}
    assert WEEK.digest == found["week"]["digest"]
    # The plan of each run is one of the week of its scenario.
    for case, row in zip(scenarios_from(FILE).cases, found["scenarios"], strict=True):
        for run in row["runs"]:
            plan = client.run_plan(job["id"], run["plan"])
            report = check(apply(WEEK, case.edits, draw=run["replicate"]).problem, plan)
            assert (report.is_clean, report.cost) == (True, run["cost"])
    with pytest.raises(ApiError, match="404"):
        client.run_plan(job["id"], "0" * 32)


def test_the_report_comes_as_a_page_and_as_a_workbook_in_both_languages(plain_job: tuple[House, str]) -> None:
    house, job = plain_job
    words: tuple[tuple[Lang, str], ...] = (("zh", "方案"), ("en", "scenario"))
    for lang, word in words:
        answer = house.client.send("GET", f"/v1/scenarios/{job}/report", params={"lang": lang})
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "One more volunteer" in answer.text
        assert word in answer.text.lower()
        assert "<script" not in answer.text
        book = load_workbook(io.BytesIO(house.client.report_book(job, lang=lang)))
        assert any("One more volunteer" in str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line)
    assert house.client.report(job, lang="zh") == house.http(house.key).get(f"/v1/scenarios/{job}/report", headers={"Accept-Language": "zh-CN"}).text


@pytest.fixture(scope="module")
def plain_job(plain: House) -> tuple[House, str]:
    made = plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS)
    plain.work()
    return plain, made["id"]


def test_a_comparison_is_none_of_the_plans_and_no_plan_a_comparison(plain_job: tuple[House, str]) -> None:
    house, job = plain_job
    plan = house.plan()["id"]
    assert job in [item["id"] for item in house.client._json("GET", "/v1/scenarios")["items"]]
    assert {item["id"] for item in house.client._json("GET", "/v1/plans")["items"]}.isdisjoint({job})
    assert {item["id"] for item in house.client._json("GET", "/v1/scenarios")["items"]}.isdisjoint({plan})
    http = house.http(house.key)
    for path in ("", "/plan", "/problem", "/result", "/versions", "/events", "/prices"):
        assert http.get(f"/v1/plans/{job}{path}").status_code == 404
    for path in ("", "/comparison", "/report", "/workbook", "/file", "/problem", "/events"):
        assert http.get(f"/v1/scenarios/{plan}{path}").status_code == 404
    assert http.delete(f"/v1/plans/{job}").status_code == http.delete(f"/v1/scenarios/{plan}").status_code == 404


def test_the_same_key_and_body_make_one_comparison_and_another_body_none(plain: House) -> None:
    first = plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS, idempotency_key="c1")
    assert plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS, idempotency_key="c1")["id"] == first["id"]
    with pytest.raises(ApiError, match="409"):
        plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS, idempotency_key="c1", seeds=4)
    with pytest.raises(ApiError, match="409"):
        plain.client.make_plan(EXAMPLE_PROBLEM, idempotency_key="c1")
    plain.client.cancel(first["id"])


def test_who_waits_gets_the_comparison_along(plain: House) -> None:
    worker = plain.worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        made = plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS, wait=25)
    finally:
        worker.stopping.set()
        thread.join()
    assert made["state"] == "done"
    assert [row["id"] for row in made["comparison"]["scenarios"]] == ["one-more", "later"]


def test_every_fault_is_told_at_once_with_a_pointer_into_what_was_sent(plain: House) -> None:
    def faults(scenarios: dict[str, Any], **more: Any) -> tuple[str, list[str]]:
        with pytest.raises(ApiError) as refused:
            plain.client.compare(WEEK, scenarios, **more)
        assert refused.value.status == 422
        return refused.value.kind, [error["pointer"] for error in refused.value.errors]

    bad_form = {"scenarios": [{"id": "a", "edits": [{"edit": "fly"}]}, {"id": "b", "edits": [{"edit": "no_shows", "rate": 7}]}]}
    assert faults(bad_form) == ("invalid-scenarios", ["/scenarios/scenarios/0/edits/0/edit", "/scenarios/scenarios/1/edits/0/rate"])
    nobody = {"edit": "remove_providers", "who": {"ids": ["nobody"]}}
    unfit = {"scenarios": [{"id": "a", "edits": [nobody]}, {"id": "b", "edits": [nobody]}]}
    kind, pointers = faults(unfit)
    assert kind == "invalid-scenarios"
    assert [pointer[:30] for pointer in pointers] == ["/scenarios/scenarios/0/edits/0", "/scenarios/scenarios/1/edits/0"]
    assert faults(FILE, budget=1e6) == ("invalid-request", ["/budget"])
    assert faults({**FILE, "settings": {"prove": 5000}}) == ("invalid-request", ["/scenarios/settings/prove"])
    many = {"id": "g", "over": {"n": {"from": 1, "to": 1500, "step": 1}}, "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}]}
    assert faults({"grids": [many]}) == (
        "invalid-request",
        ["/scenarios"],
    )


def test_what_does_not_fit_a_large_week_fails_in_the_worker_with_every_fault(plain: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.scenarios.CHECKED", 0)
    unfit = {"scenarios": [{"id": "a", "edits": [{"edit": "remove_providers", "who": {"ids": ["nobody"]}}]}]}
    made = plain.client.compare(WEEK, unfit, chunks=1)
    plain.work()
    job = plain.client.job(made["id"])
    assert (job["state"], job["error"]["code"]) == ("failed", "invalid")
    assert [error["pointer"][:30] for error in job["error"]["errors"]] == ["/scenarios/scenarios/0/edits/0"]
    assert count_of(plain, made["id"]) == 0


class Cut(Exception):
    """The worker is gone."""


def cut_after(house: House, monkeypatch: pytest.MonkeyPatch, number: int) -> list[str]:
    """Have the worker die when so many runs are kept; returns the keys of all runs that are begun from now on."""
    begun: list[str] = []
    real = work_on

    def work(problem: Any, shelf: Any, task: Any, key: str, cancelled: Any) -> Any:
        if len(begun) >= number:
            raise LostLease(key)
        begun.append(key)
        return real(problem, shelf, task, key, cancelled)

    monkeypatch.setattr(comparing, "work", work)
    return begun


def test_a_comparison_goes_on_where_a_dead_worker_left_it_and_says_the_same(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    made = house.client.compare(WEEK, FILE, threads=1)["id"]
    with monkeypatch.context() as patch:
        first = cut_after(house, patch, 4)
        house.work()
    assert len(first) == count_of(house, made) == 4
    assert house.client.job(made)["state"] == "running"
    # What is finished by then is told already, as a comparison of its own.
    so_far = house.client.comparison(made)
    assert so_far["base"]["runs"]
    assert so_far["missing"]
    with house.database.write() as connection:
        connection.execute(update(table).where(table.c.id == made).values(lease_until=clock() - 1))
    with monkeypatch.context() as patch:
        second = cut_after(house, patch, 10_000)
        house.work()
    job = house.client.job(made)
    assert (job["state"], job["attempt"]) == ("done", 2)
    assert set(first).isdisjoint(second)
    assert count_of(house, made) == len(first) + len(second)
    assert plain(house.client.comparison(made)) == plain(json.loads(json.dumps(compare(WEEK, scenarios_from(FILE), tmp_path, jobs=0))))


def test_stopping_keeps_what_is_finished(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.client.compare(WEEK, FILE, threads=1)["id"]
    real = work_on
    done = []

    def work(problem: Any, shelf: Any, task: Any, key: str, cancelled: Any) -> Any:
        record = real(problem, shelf, task, key, cancelled)
        done.append(key)
        if len(done) == 4:
            house.client.cancel(made)
        return record

    monkeypatch.setattr(comparing, "work", work)
    house.work(heartbeat=0.02)
    job = house.client.job(made)
    assert (job["state"], job["is_cancelled"]) == ("stopped", True)
    assert 4 <= count_of(house, made) < 10
    found = house.client.comparison(made)
    assert job["missing"] == found["missing"] != []
    assert found["base"]["runs"]
    assert "<html" in house.client.report(made)


def test_one_that_is_stopped_before_it_began_says_nothing(plain: House) -> None:
    made = plain.client.compare(WEEK, FILE)["id"]
    assert plain.client.cancel(made)["state"] == "stopped"
    plain.work()
    with pytest.raises(ApiError, match="it is stopped"):
        plain.client.comparison(made)


def test_a_comparison_makes_way_between_two_runs_for_another_caller_who_waits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "SLICE", 0.0)
    made = house.client.compare(WEEK, FILE, threads=1)["id"]
    other = house.as_key(house.make_key(""))
    plan = other.make_plan(EXAMPLE_PROBLEM, chunks=1, threads=1)["id"]
    with house.database.write() as connection:
        connection.execute(update(table).where(table.c.id == plan).values(made_at=clock() - 60))
        # The other one was served last, so that the comparison comes first.
        connection.execute(update(callers).values(served_at=None))
        caller = connection.execute(select(table.c.caller).where(table.c.id == plan)).scalar()
        connection.execute(update(callers).where(callers.c.id == caller).values(served_at=clock()))
    worker = house.worker()
    order = []
    while (job := worker.queue.claim()) is not None:
        worker.work(job)
        order.append(job.id)
    assert order == [made, plan, made]
    assert house.client.job(made)["state"] == "done"
    states = [data["state"] for _, kind, data in house.client.follow(made) if kind == "state"]
    assert states == ["queued", "running", "queued", "running", "done"]


def test_the_end_of_a_comparison_is_told_by_a_webhook(plain: House) -> None:
    made = plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS, webhook="http://127.0.0.1:9/hook")["id"]
    plain.work()
    with plain.database.read() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.plan_id == made)).mappings().one()
    told = json.loads(row["body"])
    assert (told["type"], told["data"]["scenarios"], told["data"]["state"]) == ("scenarios.ended", made, "done")


def test_a_comparison_is_asked_for_by_a_stored_problem_in_the_version_that_was_read(plain: House) -> None:
    stored = plain.client.store_problem(EXAMPLE_PROBLEM)
    made = plain.client.compare(stored["id"], EXAMPLE_SCENARIOS)
    assert made["problem"] == {"id": stored["id"], "version": 1}
    plain.client.cancel(made["id"])
    audit = plain.client._json("GET", "/v1/audit", params={"limit": 5})["items"]
    assert [(entry["action"], entry["thing"]) for entry in audit[:2]] == [("scenarios.cancel", made["id"]), ("scenarios.compare", made["id"])]
