"""Calendars that follow what is published: who is who over plans, what is newer, what is taken back; and who may look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar, Event

from api.calendars import appointments_of
from api.client import ApiError, Client
from api.documented import EXAMPLE_PROBLEM
from api.store.calendars import Appointment, merged
from matcher.cli import main
from matcher.plan import Plan
from matcher.problem import Problem
from tests.api.running import ASKED, House
from tests.weeks import need, plan, role, serve, visit, volunteer, week

THRICE: dict[str, Any] = {**EXAMPLE_PROBLEM, "needs": [{**EXAMPLE_PROBLEM["needs"][0], "visits": 3, "spacing": {"at_least_days": 2}}]}


def events(feed: bytes) -> dict[str, Event]:
    found = [event for event in Calendar.from_ical(feed).walk("VEVENT") if isinstance(event, Event)]
    named = {str(event["UID"]): event for event in found}
    assert len(named) == len(found), "an identity stands twice"
    return named


def state(event: Event) -> tuple[str, int]:
    return str(event["STATUS"]), event.sequence


def started(event: Event) -> str:
    begin: Any = event.start
    return str(begin.replace(tzinfo=None).isoformat())


def put_in_force(house: House, client: Client, problem: dict[str, Any] = THRICE) -> str:
    made = client.make_plan(problem, **ASKED)["id"]
    house.work()
    client.publish(made)
    return str(made)


def starts(client: Client, plan_id: str) -> dict[str, str]:
    return {line.visit: line.team[0].start.isoformat() for line in client.plan(plan_id).assignments}


def test_a_visit_stays_the_same_event_when_those_before_it_leave_and_the_numbers_change(house: House) -> None:
    client = house.as_key(house.make_key("numbers"))
    first = put_in_force(house, client)
    before, old = starts(client, first), events(client.calendar("v-1"))
    assert sorted(map(started, old.values())) == sorted(before.values())
    assert {state(event) for event in old.values()} == {("CONFIRMED", 0)}

    again = client.replan(first, [{"kind": "withdrawn", "visit": "meal#1"}])
    assert again["renamed"] == {"meal#2": "meal#1", "meal#3": "meal#2"}
    draft = again["plan"]["id"]
    assert events(client.calendar("v-1")).keys() == old.keys(), "a draft is nobody's to know"
    # It is edited by hand before it goes out, and what is known of the numbers must outlive that.
    edited = json.loads(client.plan(draft).to_json())
    edited.pop("figures", None)
    moved = next(line for line in edited["assignments"] if line["visit"] == "meal#2")
    for service in moved["team"]:
        for end in ("start", "end"):
            service[end] = service[end].replace("T10:", "T11:") if service[end][11:13] == "10" else service[end].replace("T11:", "T12:")
    client.replace_plan(draft, edited, seen=1)
    client.publish(draft)
    new = events(client.calendar("v-1"))
    assert new.keys() == old.keys()
    was = {started(event): uid for uid, event in old.items()}
    assert state(new[was[before["meal#1"]]]) == ("CANCELLED", 1)
    assert new[was[before["meal#2"]]].to_ical() == old[was[before["meal#2"]]].to_ical()
    assert state(new[was[before["meal#3"]]]) == ("CONFIRMED", 1)
    assert started(new[was[before["meal#3"]]]) == starts(client, draft)["meal#2"] != before["meal#3"]

    # Put in force again, the first plan gives everything back, with numbers that are higher still.
    client.publish(first)
    back = events(client.calendar("v-1"))
    assert {uid: state(event) for uid, event in back.items()} == {
        was[before["meal#1"]]: ("CONFIRMED", 2),
        was[before["meal#2"]]: ("CONFIRMED", 0),
        was[before["meal#3"]]: ("CONFIRMED", 2),
    }
    assert sorted(map(started, back.values())) == sorted(before.values())


def test_files_and_calendars_over_http_have_the_same_identities_after_planning_again(
    plain: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = plain.as_key(plain.make_key("files"))
    first = put_in_force(plain, client)
    again = client.replan(first, [{"kind": "withdrawn", "visit": "meal#1"}])
    draft = again["plan"]["id"]
    client.publish(draft)
    for name, content in (
        ("old.json", client.plan(first).to_json().encode()),
        ("week.json", client.send("GET", f"/v1/plans/{draft}/problem").content),
        ("plan.json", client.plan(draft).to_json().encode()),
        ("replanned.json", json.dumps(again).encode()),
    ):
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)

    def made(folder: str, *more: str) -> dict[str, tuple[str, str]]:
        monkeypatch.setattr("sys.argv", ["matcher", "calendar", "week.json", "plan.json", "-o", folder, "--lang", "en", *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return {uid: (str(event["STATUS"]), started(event)) for uid, event in events((tmp_path / folder / "v-1.ics").read_bytes()).items()}

    told = {uid: (str(event["STATUS"]), started(event)) for uid, event in events(client.calendar("v-1")).items()}
    assert sorted(status for status, _ in told.values()) == ["CANCELLED", "CONFIRMED", "CONFIRMED"]
    assert made("told", "--replanned", "replanned.json", "--before", "old.json") == told
    # Who does not say what became of the numbers has the second visit take over from the first.
    assert made("untold", "--before", "old.json") != told


def test_what_planning_again_said_is_still_there_after_an_edit_by_hand(house: House) -> None:
    client = house.as_key(house.make_key("kept"))
    first = put_in_force(house, client)
    draft = client.replan(first, [{"kind": "withdrawn", "visit": "meal#1"}])["plan"]["id"]
    said = client.diff(first, draft)
    client.replace_plan(draft, client.plan(draft), seen=1)
    assert client.result(draft)["replan"]["difference"] == said
    assert client._json("GET", f"/v1/plans/{first}/diff/{draft}", params={"other_version": 1}) == said


def test_a_visit_at_another_time_stays_the_same_event(house: House) -> None:
    client = house.as_key(house.make_key("instead"))
    first = put_in_force(house, client)
    before, old = starts(client, first), events(client.calendar("v-1"))
    later = {**THRICE["needs"][0], "id": "meal~2", "visits": 1, "windows": [{"day": "sun", "earliest": "09:00", "latest": "09:30"}]}
    later.pop("spacing")
    again = client.replan(first, [{"kind": "withdrawn", "visit": "meal#2"}, {"kind": "new_need", "need": later}])["plan"]["id"]
    client.publish(again)
    new = events(client.calendar("v-1"))
    assert new.keys() == old.keys()
    uid = next(uid for uid, event in old.items() if started(event) == before["meal#2"])
    assert state(new[uid]) == ("CONFIRMED", 1)
    assert started(new[uid]) == starts(client, again)["meal~2#1"]
    assert {state(event) for name, event in new.items() if name != uid} == {("CONFIRMED", 0)}


def test_an_organization_that_serves_a_visit_in_two_roles_has_an_event_for_each() -> None:
    crews = {**volunteer("o"), "kind": "organization", "crews": 2}
    problem = week([need("n", role("a", "organization"), role("b", "organization"))], [crews])
    made = plan(visit("n#1", serve("o", "mon 09:00", "a"), serve("o", "mon 09:00", "b")))
    assert len({one["uid"] for one in appointments_of(problem, made, [])}) == 2


def test_two_visits_that_have_come_to_one_name_are_told_apart() -> None:
    problem = week([need("n", visits=2)], [volunteer("v")])
    made = plan(visit("n#1", serve("v", "mon 09:00")), visit("n#2", serve("v", "tue 09:00")))
    lineage = [{"renamed": {"n#2": "n#1"}, "gone": []}]
    assert len({one["uid"] for one in appointments_of(problem, made, lineage)}) == 2


def one(uid: str, community: str = "c", **more: Any) -> Appointment:
    texts = {"zh": ["a", "", ""], "en": ["a", "", ""]}
    return Appointment(uid, "v", "V", "2026-11-23", community, "2026-11-23T09:00:00", "2026-11-23T10:00:00", texts, **more)


def test_what_was_told_for_other_communities_stands() -> None:
    known = {"a": one("a", "c"), "b": one("b", "d"), "off": one("off", "c", is_cancelled=True, sequence=3)}
    changed = merged(known, [one("new", "c")], {"c"}, 7.0)
    assert changed == [one("new", "c", changed_at=7.0), one("a", "c", is_cancelled=True, sequence=1, changed_at=7.0)]
    assert merged(known, [one("a", "c"), one("off", "c")], {"c"}, 7.0) == [one("off", "c", sequence=4, changed_at=7.0)]


def test_a_calendar_is_what_calendar_programs_expect_in_both_languages(plain: House) -> None:
    client = plain.as_key(plain.make_key("programs"))
    named = {**THRICE, "providers": [{**THRICE["providers"][0], "name": "王芳"}, {**THRICE["providers"][0], "id": "idle"}]}
    put_in_force(plain, client, named)
    answer = client.send("GET", "/v1/people/v-1/calendar.ics", params={"lang": "zh"})
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar: Any = Calendar.from_ical(answer.content)
    assert "王芳" in str(calendar["X-WR-CALNAME"])
    assert (str(calendar["METHOD"]), str(calendar["X-WR-TIMEZONE"])) == ("PUBLISH", "Asia/Shanghai")
    assert len(calendar.walk("VTIMEZONE")) == 1
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    english = events(client.calendar("v-1", lang="en"))
    assert english.keys() == events(answer.content).keys()
    assert "Elderly" in str(next(iter(english.values()))["DESCRIPTION"])
    seen = {"If-None-Match": answer.headers["etag"]}
    assert client.send("GET", "/v1/people/v-1/calendar.ics", params={"lang": "zh"}, headers=seen).status_code == 304
    assert client.send("GET", "/v1/people/v-1/calendar.ics", params={"lang": "en"}, headers=seen).status_code == 200
    with pytest.raises(ApiError, match="404"):
        client.calendar("nobody")


def test_a_link_lets_a_calendar_program_in_without_a_key_until_it_is_revoked(house: House) -> None:
    client = house.as_key(house.make_key("links"))
    made = client.calendar_link("v-1", lang="en")
    program = house.http()
    empty = program.get(made["links"]["feed"])
    assert (empty.status_code, events(empty.content)) == (200, {})
    put_in_force(house, client)
    feed = program.get(made["links"]["feed"])
    assert events(feed.content).keys() == events(client.calendar("v-1")).keys() != set()
    assert feed.headers["etag"] != empty.headers["etag"]
    assert program.get(made["links"]["feed"], headers={"If-None-Match": feed.headers["etag"]}).status_code == 304
    assert client.calendar_link("v-1", lang="en") == made
    assert client.calendar_link("v-1", lang="zh")["id"] != made["id"]
    assert [item["id"] for item in client._json("GET", "/v1/calendars", params={"person": "v-1", "limit": 1})["items"]] != [made["id"]]

    revoked = client.revoke_calendar_link(made["id"])
    assert revoked["links"]["feed"] is None
    gone, wrong = program.get(made["links"]["feed"]), program.get(f"/v1/calendars/{made['id']}/guessed.ics")
    assert gone.status_code == wrong.status_code == 404
    assert gone.json() == wrong.json()
    another = client.calendar_link("v-1", lang="en")
    assert another["id"] != made["id"]
    assert program.get(made["links"]["feed"]).status_code == 404
    assert program.get(another["links"]["feed"]).status_code == 200
    signature = another["links"]["feed"].rpartition("/")[2]
    assert program.get(f"/v1/calendars/{made['id']}/{signature}").status_code == 404
    actions = [item["action"] for item in client._json("GET", "/v1/audit")["items"]]
    assert (actions.count("calendar.link"), actions.count("calendar.revoke")) == (3, 1)


def test_what_makes_a_link_secret_stands_nowhere(plain: House) -> None:
    client = plain.as_key(plain.make_key("secret"))
    made = client.calendar_link("v-1")
    secret = made["links"]["feed"].rpartition("/")[2].removesuffix(".ics")
    folder = Path(str(plain.database.engine.url.database)).parent
    assert all(secret.encode() not in file.read_bytes() for file in folder.iterdir())


def test_nobody_sees_calendars_or_links_of_another_area(house: House) -> None:
    own, other = (house.as_key(house.make_key(area)) for area in ("city/east", "city/west"))
    put_in_force(house, own)
    made = own.calendar_link("v-1")
    for forbidden in (lambda: other.calendar("v-1"), lambda: other.revoke_calendar_link(made["id"])):
        with pytest.raises(ApiError, match="404"):
            forbidden()
    for area in (lambda: other.calendar("v-1", area="city/east"), lambda: other.calendar_link("v-1", area="city/east")):
        with pytest.raises(ApiError, match="403"):
            area()
    assert other._json("GET", "/v1/calendars")["items"] == []
    # Whose area holds it may name it.
    city = house.as_key(house.make_key("city"))
    assert events(city.calendar("v-1", area="city/east")) != {}
    assert city.calendar_link("v-1", area="city/east") == made


def test_to_read_is_not_to_give_out(plain: House) -> None:
    reader = plain.as_key(plain.make_key("", "read", "plan"))
    with pytest.raises(ApiError) as refused:
        reader.calendar_link("v-1")
    assert refused.value.kind == "forbidden"


def test_without_a_secret_there_are_no_links(tmp_path: Path) -> None:
    with House(f"sqlite:///{tmp_path}/bare.db", calendar_secret=None) as bare:
        assert not bare.client._json("GET", "/v1/caller")["has_calendar_links"]
        with pytest.raises(ApiError) as refused:
            bare.client.calendar_link("v-1")
        assert (refused.value.kind, "SISHE_CALENDAR_SECRET" in str(refused.value)) == ("conflict", True)
        assert bare.http().get("/v1/calendars/ca-0/None.ics").status_code == 404
        assert bare.http().get("/v1/calendars/ca-0/.ics").status_code == 404


def test_guessing_links_and_asking_too_often_is_refused(tmp_path: Path) -> None:
    with House(f"sqlite:///{tmp_path}/few.db", rate="5/minute") as few:
        feed = few.client.calendar_link("v-1")["links"]["feed"]
        guesses = [few.http().get("/v1/calendars/ca-0/guess.ics").status_code for _ in range(7)]
        assert guesses.count(429) == 2
        asked = [few.http().get(feed).status_code for _ in range(7)]
        assert (asked.count(200), asked.count(429)) == (5, 2)


def test_what_is_over_leaves_calendars_after_a_while(tmp_path: Path) -> None:
    old = {**THRICE, "horizon": {"start": "2024-01-01", "days": 7}}
    with House(f"sqlite:///{tmp_path}/old.db", calendar_days=60) as house:
        put_in_force(house, house.client, old)
        assert events(house.client.calendar("v-1")) == {}


def test_a_zone_that_there_is_not_is_no_setting() -> None:
    from pydantic import ValidationError

    from api.settings import Settings

    with pytest.raises(ValidationError, match="should be a time zone such as Asia/Shanghai"):
        Settings(zone="Asia/Nowhere")


def test_appointments_speak_of_the_problem_alone() -> None:
    problem = Problem.build(THRICE)
    made = Plan.parse(
        json.dumps(
            {
                "format": "sishe-plan/1",
                "assignments": [
                    {"visit": "meal#1", "team": [{"role": "bring", "provider": "v-1", "start": "2026-11-23T10:30:00", "end": "2026-11-23T11:00:00"}]}
                ],
            }
        )
    )
    (told,) = appointments_of(problem, made, [])
    assert told["texts"]["en"] == ["meal#1 · r-1", "zhudao", "Elderly · bring\nmeal#1"]
    assert (told["person"], told["name"], told["community"]) == ("v-1", "v-1", "zhudao")
