"""Plans as workbooks, calendars and sheets to print."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event
from openpyxl import load_workbook

from matcher.books.contacts import Contact, Contacts, read_contacts
from matcher.books.errors import BookError
from matcher.books.feeds import Feeds, feed_name, zone_of
from matcher.books.files import plan_bytes, read_plan
from matcher.books.printed import printed
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.errors import PlanError
from matcher.plan import Plan, Removed, Unassigned
from matcher.problem import Problem
from matcher.rules import Rule
from matcher.start import state_of
from matcher.words import LANGS, Lang
from tests.weeks import need, plan, resident, role, serve, visit, volunteer, week

NOW = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOBODY = Contacts({})


@pytest.fixture
def problem() -> Problem:
    team = (role("lead"), role("help"))
    return week(
        [need("bath", *team, resident="r", title="=助浴<b>"), need("call", role("caller"), title="探访", place="remote"), need("late", role("x"))],
        [{**volunteer("v1"), "name": "王芳"}, volunteer("v2")],
        residents=[resident("r")],
    )


@pytest.fixture
def made() -> Plan:
    left = Unassigned(visit="late#1", rule=Rule.SKILL)
    return plan(
        visit("bath#1", serve("v1", "mon 09:00", "lead"), serve("v2", "mon 09:00", "help")),
        visit("call#1", serve("v1", "tue 10:00", "caller")),
        unassigned=(left,),
    )


def feeds(problem: Problem, made: Plan, *, now: dt.datetime = NOW, before: Plan | None = None, contacts: Contacts = NOBODY) -> Feeds:
    return Feeds(problem, made, lang="zh", zone=SHANGHAI, before=before, contacts=contacts, now=now)


def events(feed: bytes | None) -> list[Event]:
    assert feed is not None
    return [event for event in Calendar.from_ical(feed).walk("VEVENT") if isinstance(event, Event)]


def test_a_plan_has_a_sheet_by_day_by_person_by_community_and_one_of_what_is_left_out(problem: Problem, made: Plan) -> None:
    book = load_workbook(io.BytesIO(plan_bytes(problem, made, "plan.xlsx", "zh")))
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"] == ["概况", "按日", "按人员", "按社区", "未安排"]
    rows = list(book["按人员"].iter_rows(values_only=True))
    assert len(rows) == 4
    assert [row[0] for row in rows[1:]] == ["v1", "v1", "v2"]
    assert "技能" in [cell for row in book["未安排"].iter_rows(values_only=True) for cell in row]
    assert all(cell.data_type != "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)


CHANGES: tuple[dict[str, object] | None, ...] = (
    {"code": "more_time", "provider": "v1", "day": "2026-11-24", "minutes": 30},
    {"code": "more_time", "room": "big", "day": "2026-11-24", "minutes": 30},
    {"code": "more_minutes_day", "provider": "v1", "day": "2026-11-24", "minutes": 30},
    {"code": "more_minutes_week", "provider": "v1", "day": "2026-11-24", "minutes": 30},
    {"code": "more_money", "provider": "v1", "day": "2026-11-24", "yuan": 12.5},
    {"code": "higher_caseload", "provider": "v1", "day": "2026-11-24", "by": 1},
    None,
)
"""All that `matcher.reasons` has to say."""


@pytest.mark.parametrize("lang", LANGS)
def test_a_plan_with_every_reason_and_every_change_speaks_one_language(lang: Lang) -> None:
    names = {"zh": ("助浴", "王芳", "大厅", "竹岛", "主"), "en": ("bathing", "Fang Wang", "great hall", "Zhudao", "lead")}[lang]
    title, person, hall, community, part = names
    rooms, opening = [{"id": "big", "seats": 9}], [{"from": "08:00", "to": "18:00"}]
    venue = {"id": "h", "name": hall, "community": "c", "location": {"x": 0, "y": 0}, "rooms": rooms, "opening": opening}
    group = need("c", role(part, "organization"), title=title, place="venue", venue="h")
    problem = week(
        [*(need(f"n{i}", role(part), title=title) for i in range(len(Rule) + 1)), group],
        [{**volunteer("v1"), "name": person}, {**volunteer("o1"), "name": person, "kind": "organization", "crews": 2}],
        communities=[{"id": "c", "name": community, "location": {"x": 0, "y": 0}}],
        venues=[venue],
        funds=[{"id": "f", "name": title, "source": "charity", "amount": 100}],
    )
    removed = tuple(Removed(rule=rule, role=part, providers=2) for rule in Rule)
    left = tuple(
        Unassigned(visit=f"n{i + 1}#1", rule=rule, role=part, removed=removed, change=CHANGES[i % len(CHANGES)]) for i, rule in enumerate(Rule)
    )
    made = plan(visit("n0#1", serve("v1", "mon 09:00", part)), visit("c#1", serve("o1", "tue 09:00", part), room="big"), unassigned=left)
    compiled = compile_problem(problem)
    told = decode(compiled, state_of(compiled, made), made)
    made = made.model_copy(update={"labels": told.labels, "figures": told.figures})
    book = load_workbook(io.BytesIO(plan_bytes(problem, made, "plan.xlsx", lang)))
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    cells = [str(cell.value) for sheet in shown for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 4 * len(Rule)
    for text in (*(sheet.title for sheet in shown), *cells):
        # Ids are nobody's language: those of visits and funds.
        other = re.findall(r"[A-Za-z]{2,}", text) if lang == "zh" else re.findall(r"[\u3000-\u9fff\uff00-\uffef]", text)
        assert other == [], text
    for change in CHANGES:
        assert change is None or not any(str(change["code"]) in text for text in cells)


@pytest.mark.parametrize("name", ["plan.xlsx", "plan.zip"])
def test_the_plan_itself_travels_in_its_workbook(tmp_path: Path, problem: Problem, made: Plan, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(plan_bytes(problem, made, path, "en"))
    assert read_plan(path, "en") == made


def test_a_workbook_without_a_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.csv", "a")
    with pytest.raises(PlanError, match="holds no plan"):
        read_plan(path, "en")


def test_a_feed_has_an_event_for_each_service_in_local_time(problem: Problem, made: Plan) -> None:
    found = events(feeds(problem, made).feed("v1"))
    assert [event.start for event in found] == [dt.datetime(2026, 11, 23, 9, tzinfo=SHANGHAI), dt.datetime(2026, 11, 24, 10, tzinfo=SHANGHAI)]
    assert found[0]["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert [str(event["STATUS"]) for event in found] == ["CONFIRMED", "CONFIRMED"]
    assert "v2" in str(found[0]["DESCRIPTION"])
    assert len({str(event["UID"]) for event in found}) == 2


def test_the_same_plan_made_again_is_the_same_feed(problem: Problem, made: Plan) -> None:
    first = feeds(problem, made).feed("v1")
    assert feeds(problem, made, now=LATER).feed("v1", first) == first


def test_what_moved_is_renumbered_and_what_is_gone_is_cancelled(problem: Problem, made: Plan) -> None:
    after = plan(visit("bath#1", serve("v1", "mon 11:00", "lead"), serve("v2", "mon 11:00", "help")))
    old = events(feeds(problem, made).feed("v1"))
    new = events(feeds(problem, after, now=LATER, before=made).feed("v1"))
    assert {str(event["UID"]) for event in new} == {str(event["UID"]) for event in old}
    assert [(str(event["STATUS"]), event.sequence) for event in new] == [("CONFIRMED", 1), ("CANCELLED", 1)]


def test_numbers_go_on_from_the_feed_that_is_out_there(problem: Problem, made: Plan) -> None:
    after = plan(visit("bath#1", serve("v1", "mon 11:00", "lead"), serve("v2", "mon 11:00", "help")))
    first = feeds(problem, made).feed("v1")
    second = feeds(problem, after, before=made).feed("v1", first)
    third = events(feeds(problem, made, before=after).feed("v1", second))
    assert [(str(event["STATUS"]), event.sequence) for event in third] == [("CONFIRMED", 2), ("CONFIRMED", 2)]


def test_events_of_other_weeks_stay_in_the_feed(problem: Problem, made: Plan) -> None:
    first = feeds(problem, made).feed("v1")
    data = problem.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    later = Problem.build({**data, "horizon": {"start": "2026-11-30"}})
    moved = Plan.parse(made.to_json().replace("2026-11-23", "2026-11-30").replace("2026-11-24", "2026-12-01"))
    both = events(feeds(later, moved).feed("v1", first))
    assert [str(event["STATUS"]) for event in both] == ["CONFIRMED"] * 4
    assert len({str(event["UID"]) for event in both}) == 4


def test_who_has_nothing_has_no_feed_until_something_is_taken_away(problem: Problem, made: Plan) -> None:
    nothing = plan()
    assert feeds(problem, nothing).feed("v1") is None
    assert {str(event["STATUS"]) for event in events(feeds(problem, nothing, before=made).feed("v1"))} == {"CANCELLED"}


def test_a_file_that_is_no_calendar_is_not_continued(problem: Problem, made: Plan) -> None:
    with pytest.raises(PlanError, match="no calendar"):
        feeds(problem, made).feed("v1", b"rubbish")


def test_names_of_feeds_are_safe_and_apart() -> None:
    names = [feed_name(name) for name in ("v1", "../v1", "a/b", "a:b", "王芳", "")]
    assert names[0] == "v1.ics"
    assert names[4] == "王芳.ics"
    assert len(set(names)) == len(names)
    assert not any(re.search(r"[/\\:]|^\.", name) for name in names)
    assert zone_of("Mars/Olympus") is None


def test_sheets_have_a_page_a_person_and_a_community_with_names_from_the_contacts(problem: Problem, made: Plan) -> None:
    contacts = Contacts({("resident", "r"): Contact("王奶奶", "123", "竹岛路 1 号", "按门铃"), ("", "v1"): Contact("王芳芳", "456")})
    text, unknown = printed(problem, made, contacts, "zh")
    assert text.count("<section>") == 3
    for part in ("王奶奶", "竹岛路 1 号", "按门铃", "王芳芳", "456", "=助浴&lt;b&gt;", "size: A4"):
        assert part in text
    assert "<b>" not in text
    assert "http" not in text
    assert unknown == ["v2"]
    assert printed(problem, made, contacts, "zh", "person")[0].count("<section>") == 2
    assert "技能" in printed(problem, made, contacts, "zh", "community")[0]


def test_contacts_are_read_in_both_languages_and_told_apart_by_sort(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("类别,编号,姓名,电话,地址\n居民,1,王奶奶,0631-1,竹岛路\n人员,1,王芳,138,\n", encoding="gb18030")
    found = read_contacts(path, "zh")
    assert found.find("resident", "1") == Contact("王奶奶", "0631-1", "竹岛路")
    assert found.find("provider", "1") == Contact("王芳", "138")
    assert found.find("resident", "2") is None
    path.write_text("id;name;phone\na;x;1\na;y;2\n", encoding="utf-8")
    with pytest.raises(BookError, match="c!A3"):
        read_contacts(path, "en")
    path.write_text("who,phone\na,1\n", encoding="utf-8")
    with pytest.raises(BookError, match="c!A1"):
        read_contacts(path, "en")
