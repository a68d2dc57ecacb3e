"""What is wrong is said at once, wholly, and with a pointer; nothing that comes in makes the server hang or break."""

from __future__ import annotations

import gzip
import json
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.client import ApiError
from api.documented import EXAMPLE_PROBLEM
from api.faults import KINDS, MEDIA_TYPE
from tests.api.running import ASKED, House


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"/v1/errors/{kind}"
    assert said["status"] == status
    assert said["title"] == KINDS[kind][1]
    return said


def test_every_fault_of_a_problem_comes_at_once_with_a_pointer_into_the_request(plain: House) -> None:
    broken = json.loads(json.dumps(EXAMPLE_PROBLEM))
    broken["needs"][0]["resident"] = "nobody"
    broken["needs"][0]["category"] = "none"
    http = plain.http(plain.key)
    for path, body, prefix in (
        ("/v1/plans", {"problem": broken, "budget": 1}, "/problem"),
        ("/v1/validate", {"problem": broken}, "/problem"),
        ("/v1/problems", broken, ""),
    ):
        said = refused(http.post(path, json=body), 422, "invalid-problem")
        assert {error["pointer"] for error in said["errors"]} == {f"{prefix}/needs/0/resident", f"{prefix}/needs/0/category"}
        assert {error["code"] for error in said["errors"]} == {"unknown"}


def test_every_fault_of_a_request_comes_at_once(plain: House) -> None:
    body = {"problem_id": 7, "budget": -1, "seed": "x", "colour": "red"}
    said = refused(plain.http(plain.key).post("/v1/plans", json=body), 422, "invalid-request")
    assert {error["pointer"] for error in said["errors"]} == {"/problem_id", "/budget", "/seed", "/colour"}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"\xff\xfe{}", 400, "not-json"),
        (b'{"problem": 1, "problem": 2}', 400, "not-json"),
        (b'{"budget": NaN}', 400, "not-json"),
        (b"[" * 100_000, 400, "not-json"),
        (b"[]", 422, "invalid-request"),
        (b"null", 422, "invalid-request"),
        (b"{}", 422, "invalid-request"),
        (b'{"problem": {}, "problem_id": "x"}', 422, "invalid-request"),
        (b'{"problem": {"a": 1}}', 422, "invalid-problem"),
        (b'{"problem_id": "none"}', 404, "not-found"),
        (b'{"problem_id": "x", "budget": 1e300}', 422, "invalid-request"),
    ],
    ids=range(13),
)
def test_a_body_that_says_nothing_is_refused_for_what_it_is(plain: House, body: bytes, status: int, kind: str) -> None:
    refused(plain.http(plain.key).post("/v1/plans", content=body, headers={"Content-Type": "application/json"}), status, kind)


def test_bodies_may_come_as_gzip_and_answers_go_as_gzip(plain: House) -> None:
    body = gzip.compress(json.dumps({"problem": EXAMPLE_PROBLEM}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    http = plain.http(plain.key)
    assert http.post("/v1/validate", content=body, headers=headers).json()["facts"]["visits"] == 1
    refused(http.post("/v1/validate", content=body[:-5], headers=headers), 400, "bad-encoding")
    refused(http.post("/v1/validate", content=b"plain", headers=headers), 400, "bad-encoding")
    refused(http.post("/v1/validate", content=body, headers={**headers, "Content-Encoding": "br"}), 415, "unsupported-media-type")
    refused(http.post("/v1/validate", content=b"a=b", headers={"Content-Type": "text/plain"}), 415, "unsupported-media-type")
    assert http.get("/v1/rules", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    limits = {"max_body": 20_000, "body_seconds": 0.5, "max_visits": 3, "max_budget": 5.0, "max_queued": 2, "max_streams": 1}
    with House(f"sqlite:///{tmp_path_factory.mktemp('small')}/small.db", **limits) as found:
        yield found


def test_what_is_too_large_is_refused_before_it_is_read_whole(small: House) -> None:
    http = small.http(small.key)
    refused(http.post("/v1/validate", content=b" " * 30_000, headers={"Content-Type": "application/json"}), 413, "too-large")
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert len(bomb) < 60_000
    refused(http.post("/v1/validate", content=bomb[:19_000], headers=headers), 413, "too-large")
    many = json.loads(json.dumps(EXAMPLE_PROBLEM))
    many["needs"][0]["visits"] = 4
    refused(http.post("/v1/validate", json={"problem": many}), 413, "too-large")


def test_a_body_that_does_not_arrive_is_not_waited_for(small: House) -> None:
    host, port = small.url.removeprefix("http://").split(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = [
            "POST /v1/validate HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {small.key}",
            "Content-Type: application/json",
            "Content-Length: 100",
        ]
        connection.sendall("\r\n".join([*head, "", "{"]).encode())
        assert b" 408 " in connection.recv(4096).split(b"\r\n")[0]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "], ids=["nothing", "half a head"])
def test_a_head_that_does_not_arrive_is_not_waited_for(small: House, said: bytes) -> None:
    host, port = small.url.removeprefix("http://").split(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(said)
        assert connection.recv(4096) == b""
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("part", [b"X-Many: 1\r\n", b"x" * 10], ids=["many headers", "one without end"])
def test_a_head_without_end_is_cut_off(small: House, part: bytes) -> None:
    host, port = small.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + (b"" if part.endswith(b"\n") else b"X-Long: "))
        sent = 0
        try:
            while sent < 10_000_000:
                connection.sendall(part * 1000)
                sent += len(part) * 1000
            assert sent < 10_000_000
        except OSError:
            assert sent < 10_000_000
    assert small.http().get("/healthz").status_code == 200


def test_more_time_than_the_server_gives_is_refused(small: House) -> None:
    said = refused(small.http(small.key).post("/v1/plans", json={"problem": EXAMPLE_PROBLEM, "budget": 6, "prove": 7}), 422, "invalid-request")
    assert [error["pointer"] for error in said["errors"]] == ["/budget", "/prove"]


def test_one_caller_cannot_fill_the_queue(small: House) -> None:
    client = small.as_key(small.make_key("greedy"))
    for _ in range(2):
        client.make_plan(EXAMPLE_PROBLEM, **ASKED)
    with pytest.raises(ApiError) as refusal:
        client.make_plan(EXAMPLE_PROBLEM, **ASKED)
    assert refusal.value.kind == "too-many"
    assert small.as_key(small.make_key("modest")).make_plan(EXAMPLE_PROBLEM, **ASKED)["state"] == "queued"
    small.work()


def test_streams_are_counted_and_given_back(small: House) -> None:
    job = small.client.make_plan(EXAMPLE_PROBLEM, **ASKED)
    http = small.http(small.key)
    with http.stream("GET", f"/v1/plans/{job['id']}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        refused(http.get(f"/v1/plans/{job['id']}/events"), 503, "busy")
    small.work()
    for _ in range(50):
        if len(list(small.client.follow(job["id"]))) > 2:
            return
        time.sleep(0.1)
    raise AssertionError


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("PATCH", "/v1/plans", 405, "method-not-allowed"),
        ("GET", "/v1/plans?limit=0", 422, "invalid-request"),
        ("GET", "/v1/plans?limit=x", 422, "invalid-request"),
        ("GET", "/v1/plans?state=lost", 422, "invalid-request"),
        ("GET", "/v1/plans/pl-none", 404, "not-found"),
        ("GET", "/v1/schema/nothing", 422, "invalid-request"),
        ("GET", "/v1/errors/nothing", 404, "not-found"),
        ("DELETE", "/v1/keys/none", 404, "not-found"),
    ],
)
def test_every_refusal_has_problem_details(plain: House, method: str, path: str, status: int, kind: str) -> None:
    refused(plain.http(plain.key).request(method, path), status, kind)


def test_an_error_of_the_server_says_nothing_of_its_inside(plain: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("wang lives in the third house")

    monkeypatch.setattr("api.routes.plans.plans.listed", broken)
    said = plain.http(plain.key).get("/v1/plans")
    assert "wang" not in said.text
    refused(said, 500, "internal")
    assert said.headers["x-request-id"]


def test_a_database_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    with House(f"sqlite:///{tmp_path}/gone.db") as house:
        house.database.engine.dispose()
        for file in tmp_path.iterdir():
            file.unlink()
        answer = house.http(house.key).get("/v1/caller")
        assert answer.status_code in (401, 503)


def test_an_answer_that_takes_too_long_ends_its_process_and_the_next_one_is_answered(plain: House) -> None:
    from api.faults import Refusal
    from api.office import Office

    office = Office(1, 0.6)
    try:
        with pytest.raises(Refusal) as refusal:
            office.ask("week", time.sleep, 5)
        assert refusal.value.kind == "timeout"
        office._seconds = 20.0
        assert office.ask("week", len, "four") == 4
    finally:
        office.close()


def test_the_numbers_tell_what_is_mounted_from_what_is_not_there(plain: House) -> None:
    http = plain.http(plain.key)
    for path in ("/desk/index.html", "/docs/static/swagger-ui.css", "/nothing/here"):
        http.get(path)
    routes = [f'route="{route}"' for route in ("/desk/{path}", "/docs/static/{path}", "unknown")]
    # A request is counted once its last byte is sent, which may be just after it was read.
    text = next((text for text in (http.get("/metrics").text for _ in range(100)) if all(route in text for route in routes)), "")
    assert text
    assert "index.html" not in text


def test_the_logs_and_the_numbers_name_nobody(plain: House) -> None:
    http = plain.http(plain.key)
    http.get("/v1/plans/plan_of_nobody")
    texts = (http.get("/metrics").text for _ in range(100))
    text = next((text for text in texts if 'route="/v1/plans/{plan_id}"' in text), "")
    assert text
    assert "sishe_plans" in text
    assert "pl-" not in text
    ready = plain.http().get("/readyz").json()
    assert ready == {"status": "ok", "checks": {"database": True, "workers": True, "accepting": True}}
