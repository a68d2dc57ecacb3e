"""Webhooks: signed, tried again, sent once, and not to where they should not go."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from api.client import ApiError
from api.database import clock
from api.documented import EXAMPLE_PROBLEM
from api.tables import deliveries
from api.webhooks import BadAddress, Courier, address_of, secret_of, signed, verify
from tests.api.running import ASKED, House


class Receiver:
    """Somebody's server; it answers with the statuses that it is given, then with 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


def sent(house: House, receiver: Receiver, count: int) -> None:
    for _ in range(100):
        if len(receiver.got) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(receiver.got)


def deliveries_of(house: House, plan: str) -> Any:
    with house.database.read() as connection:
        return connection.execute(select(deliveries).where(deliveries.c.plan_id == plan)).mappings().one()


def test_the_end_of_a_plan_is_told_once_and_signed_with_the_callers_secret(house: House, receiver: Receiver) -> None:
    job = house.plan(webhook=receiver.url)
    sent(house, receiver, 1)
    headers, body = receiver.got[0]
    said = json.loads(body)
    assert (said["type"], said["data"]) == ("plan.ended", {"plan": job["id"], "state": "done", "version": 1, "ended_at": job["ended_at"]})
    secret = house.client._json("GET", "/v1/caller")["webhook_secret"]
    assert verify(secret, headers, body, time.time())
    assert not verify(secret, headers, body + b" ", time.time())
    assert not verify(secret, headers, body, time.time() + 400)
    assert not verify(str(secret_of(house.settings, "key:another")), headers, body, time.time())
    for _ in range(50):
        if deliveries_of(house, job["id"])["done_at"] is not None:
            break
        time.sleep(0.05)
    row = deliveries_of(house, job["id"])
    assert (row["status"], row["tries"], row["next_at"]) == (200, 1, None)


def test_a_receiver_that_is_down_is_tried_again_later_and_given_up_in_the_end(house: House, receiver: Receiver) -> None:
    receiver.answers = [503, 500, 503]
    courier = Courier(house.database, house.settings.model_copy(update={"webhook_tries": 3, "webhook_pause": 100.0}), threading.Event())
    job = house.plan(webhook=receiver.url)
    sent(house, receiver, 1)
    for tries in (2, 3):
        waiting = _settled(house, job["id"], tries - 1)
        assert waiting["next_at"] is not None
        with house.database.write() as connection:
            connection.execute(update(deliveries).values(next_at=clock() + 50))
            connection.execute(update(deliveries).where(deliveries.c.plan_id == job["id"]).values(next_at=clock() - 1))
        courier.send_one()
        _settled(house, job["id"], tries)
    row = deliveries_of(house, job["id"])
    assert row["tries"] == len(receiver.got) == 3
    assert row["done_at"] is None
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def _settled(house: House, plan: str, tries: int) -> Any:
    row = None
    for _ in range(100):
        row = deliveries_of(house, plan)
        if row["tries"] >= tries and row["error"] is not None:
            return row
        time.sleep(0.05)
    raise AssertionError(row)


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    # https://www.standardwebhooks.com: secret, id, timestamp and body of the reference libraries' tests.
    headers = signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://2130706433/",
        "https://[fe80::1%25lo]/",
        "https://x:99999/",
    ],
)
def test_nothing_is_sent_to_where_only_this_machine_may_go(url: str) -> None:
    with pytest.raises(BadAddress):
        address_of(url)


def test_a_name_that_is_looked_up_anew_leads_nowhere_else(plain: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def found(host: str, port: int, **_: Any) -> Any:
        looked_up.append(host)
        return [(None, None, None, None, ("93.184.215.14", port))] if len(looked_up) == 1 else [(None, None, None, None, ("127.0.0.1", port))]

    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(204)

    monkeypatch.setattr("api.webhooks.socket.getaddrinfo", found)
    courier = Courier(plain.database, plain.settings.model_copy(update={"webhook_private": False}), threading.Event())
    courier._http = httpx.Client(transport=httpx.MockTransport(answer))
    sent = courier._sent({"id": "msg-1", "url": "https://hooks.example.org:8443/x?y=1", "caller": "key:a", "body": b"{}"}, 1_700_000_000)
    assert sent == (204, None)
    assert looked_up == ["hooks.example.org"]
    assert str(asked[0].url) == "https://93.184.215.14:8443/x?y=1"
    assert asked[0].headers["host"] == "hooks.example.org:8443"
    assert asked[0].extensions["sni_hostname"] == "hooks.example.org"
    assert courier._sent({"id": "msg-2", "url": "https://hooks.example.org/", "caller": "key:a", "body": b"{}"}, 1) == (
        None,
        "its host is inside a private network",
    )
    assert len(asked) == 1


def test_webhooks_are_refused_where_the_server_has_no_secret_for_them(tmp_path: Any) -> None:
    with House(f"sqlite:///{tmp_path}/mute.db", webhook_secret=None) as house:
        with pytest.raises(ApiError) as refused:
            house.client.make_plan(EXAMPLE_PROBLEM, webhook="https://example.org/", **ASKED)
        assert refused.value.errors[0]["pointer"] == "/webhook"
        assert house.client._json("GET", "/v1/caller")["webhook_secret"] is None
