"""Requests are counted by all servers of a database together, and keys that are refused are noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.database import Database
from api.rates import Rates
from tests.api.running import House


class Clock:
    """A time that moves when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000 * 60.0
        monkeypatch.setattr("api.rates.time.time", lambda: self.now)
        monkeypatch.setattr("api.store.rates.now", lambda _connection: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def let_in(rates: Rates, who: str, asked: int) -> int:
    return sum(rates.hit(who) is None for _ in range(asked))


def test_what_one_server_counted_another_one_knows_after_an_exchange(database: Database, clock: Clock) -> None:
    one, two = (Rates(database, "10/minute") for _ in range(2))
    assert let_in(one, "key:a", 6) == 6
    assert let_in(two, "key:a", 3) == 3
    for each in (one, two, one):
        each.exchange()
    assert [let_in(each, "key:a", 5) for each in (one, two)] == [1, 1]
    assert let_in(two, "key:b", 10) == 10


def test_what_was_counted_loses_its_weight_as_time_goes_on(database: Database, clock: Clock) -> None:
    rates = Rates(database, "10/minute")
    assert let_in(rates, "key:a", 12) == 10
    wait = rates.hit("key:a")
    assert wait is not None
    assert 60 <= wait <= 70
    clock.now += wait + 0.001
    assert let_in(rates, "key:a", 5) == 1
    clock.now += 30
    assert 4 <= let_in(rates, "key:a", 10) <= 6
    clock.now += 120
    assert let_in(rates, "key:a", 12) == 10


def test_the_shared_counts_are_forgotten_when_they_are_over(database: Database, clock: Clock) -> None:
    from sqlalchemy import func, select

    from api.tables import rates as table

    rates = Rates(database, "10/minute")
    for _ in range(4):
        let_in(rates, "key:a", 1)
        rates.exchange()
        clock.now += 60
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 2


def test_a_refused_key_is_noted_once_in_the_area_that_it_was_of(tmp_path: Path) -> None:
    with House(f"sqlite:///{tmp_path}/noted.db") as house:
        admin = house.http(house.key)
        made = admin.post("/v1/keys", json={"name": "x", "area": "weihai/huancui", "scopes": ["admin"]}).json()
        admin.delete(f"/v1/keys/{made['id']}")
        for key in (made["key"], made["key"], f"sishe_{made['id']}_guess", "sishe_nobody_guess", "sishe_other_guess", "a.b.c"):
            assert house.http(key).get("/v1/caller").status_code == 401
        entries = [entry for entry in admin.get("/v1/audit").json()["items"] if entry["action"] == "key.refused"]
        told = [(entry["thing"], entry["area"], entry["detail"]["why"]) for entry in entries]
        assert told == [("", "", "not a key"), (made["id"], "weihai/huancui", "revoked")]
        assert all(entry["caller"] == "address:127.0.0.1" for entry in entries)
        assert "guess" not in admin.get("/v1/audit").text
