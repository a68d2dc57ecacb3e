"""Edits: what each does to a week, that draws are nested, that composition is order, and that every fault is named at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.small import small_problem
from matcher.problem import Problem
from scenarios.edits import Edited, ScenarioFault, ScenarioSet, apply, scenarios_from
from scenarios.edits.files import parse_yaml
from scenarios.edits.models import EDITS
from scenarios.weihai.week import make_week

if TYPE_CHECKING:
    from matcher.errors import Fault

Json = dict[str, Any]


@pytest.fixture(scope="module")
def street() -> Problem:
    return make_week("street", 1)


def read(*edits: Json) -> ScenarioSet:
    return scenarios_from({"scenarios": [{"id": "s", "edits": list(edits)}]})


def edited(problem: Problem, *edits: Json, draw: int = 1) -> Edited:
    return apply(problem, read(*edits).cases[0].edits, draw=draw, path="/scenarios/0/edits")


def faults(problem: Problem, *edits: Json) -> dict[str, str]:
    with pytest.raises(ScenarioFault) as error:
        edited(problem, *edits)
    return {fault.path: fault.message for fault in error.value.faults}


def ids(problem: Problem, kind: str = "volunteer") -> set[str]:
    return {provider.id for provider in problem.providers if provider.kind == kind and provider.shifts}


def test_the_week_that_was_given_stays_as_it_is(street: Problem) -> None:
    digest = make_week("street", 1).digest
    edited(street, {"edit": "remove_providers", "who": {"kinds": ["volunteer"]}}, {"edit": "change_funds", "factor": 0})
    assert make_week("street", 1) == street
    assert street.digest == digest


def test_no_edits_give_the_same_week(street: Problem) -> None:
    assert apply(street, ()).problem is street


def test_equal_edits_and_draws_give_equal_weeks_and_another_draw_another(street: Problem) -> None:
    edit = {"edit": "add_providers", "kind": "volunteer", "count": 5}
    assert edited(street, edit).problem.digest == edited(street, edit).problem.digest
    assert edited(street, edit, draw=2).problem.digest != edited(street, edit).problem.digest
    assert edited(street, {**edit, "seed": 7}, draw=2).problem.digest == edited(street, {**edit, "seed": 7}).problem.digest


def test_larger_numbers_hold_smaller_ones(street: Problem) -> None:
    few = edited(street, {"edit": "add_providers", "kind": "volunteer", "count": 3}).problem
    many = edited(street, {"edit": "add_providers", "kind": "volunteer", "count": 9}).problem
    assert many.providers[: len(few.providers)] == few.providers
    left = [edited(street, {"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": n}}).problem for n in (5, 20)]
    assert ids(left[1]) < ids(left[0]) < ids(street)
    assert len(ids(street)) - len(ids(left[1])) == 20
    gone = [edited(street, {"edit": "no_shows", "rate": rate}).problem for rate in (0.1, 0.5)]
    there = [{(shift.provider.id, shift.start) for shift in problem.shifts} for problem in (street, *gone)]
    assert there[2] < there[1] < there[0]
    needs = [edited(street, {"edit": "add_needs", "category": "elderly", "count": n}).problem for n in (2, 6)]
    assert needs[1].needs[: len(needs[0].needs)] == needs[0].needs


def test_new_people_are_like_those_there_and_live_where_it_was_asked(street: Problem) -> None:
    community = street.communities[3].id
    made = edited(
        street,
        {
            "edit": "add_providers",
            "kind": "social_worker",
            "count": 2,
            "communities": [community],
            "hours_week": 12,
            "set": {"certificate": "senior"},
        },
    ).problem.providers[-2:]
    for one in made:
        assert (one.kind, one.community, one.certificate) == ("social_worker", community, "senior")
        hours = sum(end - start for span in one.shifts for start, end in span.spans(street.horizon)) / 3600
        assert hours == 12


def test_training_teaches_and_never_unteaches(street: Problem) -> None:
    after = edited(street, {"edit": "train", "who": {"kinds": ["volunteer"]}, "skills": {"lifting": 2}, "checked": True}).problem
    for before, now in zip(street.providers, after.providers, strict=True):
        if now.kind == "volunteer":
            assert now.skills["lifting"] == max(2, before.skills.get("lifting", 0))
            assert now.checked


def test_hours_move_at_both_ends_and_days_fall_out(street: Problem) -> None:
    after = edited(street, {"edit": "change_hours", "who": {"kinds": ["volunteer"]}, "earlier": 15, "later": 30, "drop_days": ["sat"]}).problem
    horizon = street.horizon
    for before, now in zip(street.providers, after.providers, strict=True):
        if now.kind == "volunteer":
            wanted = [(a - 900, b + 1800) for span in before.shifts for a, b in span.spans(horizon) if a // 86400 != 5]
            assert sorted(pair for span in now.shifts for pair in span.spans(horizon)) == sorted(wanted)


def test_money_is_scaled_to_the_fen(street: Problem) -> None:
    after = edited(street, {"edit": "change_funds", "factor": 0.333}, {"edit": "change_prices", "factor": 1.1}).problem
    assert [fund.amount for fund in after.funds] == [round(fund.amount * 0.333) for fund in street.funds]
    assert all(now.price_per_hour == round(before.price_per_hour * 1.1) for before, now in zip(street.providers, after.providers, strict=True))


def test_less_money_than_nothing_is_nothing(street: Problem) -> None:
    assert {fund.amount for fund in edited(street, {"edit": "change_funds", "add": -1e9}).problem.funds} == {0}


def test_urgency_is_kept_between_one_and_five(street: Problem) -> None:
    after = edited(street, {"edit": "change_urgency", "which": {"categories": ["elderly"]}, "by": 2}).problem
    for before, now in zip(street.needs, after.needs, strict=True):
        assert now.urgency == (min(5, before.urgency + 2) if now.category == "elderly" else before.urgency)


def test_a_closed_venue_holds_nothing_and_its_needs_can_move(street: Problem) -> None:
    venue = next(venue.id for venue in street.venues if any(need.venue == venue.id for need in street.needs))
    closed = edited(street, {"edit": "close_venue", "ids": [venue]}).problem
    assert sum(end - start for span in next(v for v in closed.venues if v.id == venue).opening for start, end in span.spans(street.horizon)) == 1
    large = max((v for v in street.venues if v.id != venue), key=lambda v: max(room.seats for room in v.rooms)).id
    moved = edited(street, {"edit": "close_venue", "ids": [venue], "move_to": large}).problem
    assert not any(need.venue == venue for need in moved.needs)


def test_a_venue_can_close_on_some_days_only(street: Problem) -> None:
    venue = street.venues[0]
    after = edited(street, {"edit": "close_venue", "ids": [venue.id], "days": ["mon", "sun"]}).problem.venues[0]
    days = {start // 86400 for span in after.opening for start, _ in span.spans(street.horizon)}
    assert days == {start // 86400 for span in venue.opening for start, _ in span.spans(street.horizon)} - {0, 6}


def test_pooling_opens_the_areas_or_keeps_each_to_its_own(street: Problem) -> None:
    assert all(one.area is None for one in edited(street, {"edit": "pooling", "within": "all"}).problem.providers)
    assert all(one.area == (one.community,) for one in edited(street, {"edit": "pooling", "within": "community"}).problem.providers)


def test_a_rule_can_be_lifted_and_imposed(street: Problem) -> None:
    lifted = edited(street, {"edit": "change_rule", "rule": "skill", "on": False}).problem
    assert not any(role.skills for need in lifted.needs for role in need.team)
    imposed = edited(street, {"edit": "change_rule", "rule": "checked", "on": True, "categories": ["elderly"]}).problem
    assert imposed.category["elderly"].checked
    assert imposed.category["elderly"].name_zh == "为老"


@pytest.mark.parametrize(
    ("edits", "way"),
    [
        ([{"edit": "add_providers", "kind": "volunteer", "count": 2}], "looser"),
        ([{"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": 2}}], "tighter"),
        ([{"edit": "add_needs", "category": "elderly", "count": 2}], "tighter"),
        ([{"edit": "change_funds", "factor": 0.5}, {"edit": "no_shows", "rate": 0.2}], "tighter"),
        ([{"edit": "change_funds", "factor": 2}, {"edit": "no_shows", "rate": 0.2}], "other"),
        ([{"edit": "change_weights", "set": {"equity": 100}}], "other"),
        ([{"edit": "change_funds", "factor": 1}], "same"),
    ],
)
def test_it_is_known_whether_a_change_can_only_help_or_only_hurt(street: Problem, edits: list[Json], way: str) -> None:
    assert edited(street, *edits).way == way


def test_every_fault_of_every_edit_is_named_at_once(street: Problem) -> None:
    found = faults(
        street,
        {"edit": "remove_providers", "who": {"ids": ["nobody", "v0001", "none"]}},
        {"edit": "train", "who": {"kinds": ["volunteer"]}, "skills": {"juggling": 3}},
        {"edit": "add_needs", "category": "magic", "count": 1},
        {"edit": "remove_providers", "who": {"kinds": ["volunteer"], "count": 400}},
        {"edit": "close_venue", "ids": ["palace"]},
    )
    assert set(found) == {
        "/scenarios/0/edits/0/who/ids/0",
        "/scenarios/0/edits/0/who/ids/2",
        "/scenarios/0/edits/1/skills",
        "/scenarios/0/edits/2/category",
        "/scenarios/0/edits/3/who/count",
        "/scenarios/0/edits/4/ids/0",
    }
    assert "should be at most the 45" in found["/scenarios/0/edits/3/who/count"]


def test_what_does_not_hang_together_afterwards_is_blamed_on_the_edit_that_broke_it(street: Problem) -> None:
    found = faults(
        street,
        {"edit": "no_shows", "rate": 0.1},
        {"edit": "change_needs", "which": {"ids": [street.needs[0].id]}, "set": {"minutes": 0, "colour": "red"}},
        {"edit": "change_funds", "factor": 2},
    )
    assert set(found) == {"/scenarios/0/edits/1"}
    assert "/needs/0" in found["/scenarios/0/edits/1"]


def test_faults_of_form_have_the_path_that_the_author_sees() -> None:
    with pytest.raises(ScenarioFault) as error:
        scenarios_from(
            {
                "settings": {"seeds": 0},
                "scenarios": [
                    {"id": "a", "edits": [{"edit": "fly"}, {"edit": "no_shows", "rate": 2}, {"kind": "volunteer"}]},
                    {"id": "b", "edits": [{"edit": "change_funds"}], "colour": 1},
                ],
            }
        )
    assert {fault.path for fault in error.value.faults} == {
        "/settings/seeds",
        "/scenarios/0/edits/0/edit",
        "/scenarios/0/edits/1/rate",
        "/scenarios/0/edits/2/edit",
        "/scenarios/1/edits/0",
        "/scenarios/1/colour",
    }


def test_a_grid_is_one_scenario_for_each_value() -> None:
    made = scenarios_from(
        {
            "grids": [
                {
                    "id": "g",
                    "over": {"n": {"from": 10, "to": 30, "step": 10}, "rate": [0, 0.5]},
                    "edits": [{"edit": "add_providers", "kind": "volunteer", "count": "$n"}, {"edit": "no_shows", "rate": "$rate"}],
                }
            ]
        }
    )
    assert [case.id for case in made.cases][:3] == ["g[n=10, rate=0]", "g[n=10, rate=0.5]", "g[n=20, rate=0]"]
    assert made.cases[-1].values == {"n": 30, "rate": 0.5}
    assert (made.cases[-1].edits[0].count, made.cases[-1].edits[1].rate) == (30, 0.5)  # type: ignore[attr-defined]


def test_faults_in_a_grid_are_named_once() -> None:
    edits = [{"edit": "no_shows", "rate": "$x"}, {"edit": "vanish"}]
    with pytest.raises(ScenarioFault) as error:
        scenarios_from({"grids": [{"id": "g", "over": {"x": [0.1, 0.2], "y": [1, 2]}, "edits": edits}]})
    assert [fault.path for fault in error.value.faults] == ["/grids/0/edits", "/grids/0/edits/1/edit"]


def test_yaml_reads_times_as_times_and_refuses_keys_that_stand_twice() -> None:
    assert parse_yaml(b"from: 10:30\nday: 2026-11-23\non: on\n") == {"from": "10:30", "day": "2026-11-23", "on": "on"}
    for text, code in ((b"a: 1\na: 2\n", "duplicate"), (b"a: [1\n", "syntax"), (b"\xff\xfe", "syntax")):
        with pytest.raises(ScenarioFault) as error:
            parse_yaml(text)
        assert error.value.faults[0].code == code


def test_ids_stand_once_and_base_is_taken() -> None:
    with pytest.raises(ScenarioFault) as error:
        scenarios_from({"scenarios": [{"id": "a"}, {"id": "a"}, {"id": "base"}]})
    assert [fault.path for fault in error.value.faults] == ["/scenarios/1/id", "/scenarios/2/id"]


def _safe(name: str) -> Json:
    """An edit of each sort that any week can take, or refuse with a fault."""
    some: Json = {"who": {"kinds": ["volunteer"]}}
    somebody = {"id": "somebody", "kind": "volunteer", "location": {"x": 0, "y": 0}, "shifts": [{"from": "09:00", "to": "11:00"}]}
    all_of_them: dict[str, Json] = {
        "add_providers": {"kind": "volunteer", "count": 2},
        "add_people": {"providers": [somebody]},
        "remove_providers": {"who": {"kinds": ["volunteer"], "share": 0.5}},
        "train": {**some, "skills": {"care": 5}},
        "change_hours": {**some, "earlier": 20, "later": -10, "limit_factor": 0.5},
        "change_providers": {**some, "set": {"mode": "car"}},
        "change_prices": {"factor": 0.5},
        "change_funds": {"add": 12.5},
        "add_fund": {"id": "more", "source": "charity", "amount": 100},
        "add_needs": {"category": "elderly", "count": 2, "urgency": 5},
        "remove_needs": {"which": {"share": 0.3}},
        "change_urgency": {"by": 1},
        "change_windows": {"earlier": 10, "later": 10},
        "change_needs": {"which": {"categories": ["elderly"]}, "set": {"urgency": 2}},
        "change_travel": {"speed_factor": 0.8},
        "close_venue": {"ids": ["hall"]},
        "no_shows": {"rate": 0.3, "who": {}},
        "pooling": {"within": "community"},
        "change_rule": {"rule": "skill", "on": False},
        "change_weights": {"set": {"equity": 3}},
    }
    return all_of_them[name]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=4))
def test_any_edits_of_any_week_give_a_valid_week_or_faults_with_their_paths(seed: int, names: list[str]) -> None:
    problem = small_problem(seed)
    edits = read(*({"edit": name, **_safe(name)} for name in names)).cases[0].edits
    made: Problem = problem
    found: tuple[Fault, ...] = ()
    try:
        made = apply(problem, edits).problem
    except ScenarioFault as error:
        found = error.faults
    assert all(fault.path.startswith("/edits/") for fault in found)
    assert Problem.parse(made.to_json()) == made


def test_the_document_has_every_edit_and_its_example_is_read(street: Problem) -> None:
    text = (Path(__file__).parent.parent / "docs" / "scenarios.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|$", text, re.MULTILINE)) >= set(EDITS)
    for name, model in EDITS.items():
        row = re.search(rf"^\| `{name}` \|([^|]*)\|", text, re.MULTILINE)
        assert row is not None
        assert set(model.model_fields) - {"edit", "seed"} <= set(re.findall(r"`(\w+)`", row[1])), name
    example = re.search(r"```yaml scenarios\n(.*?)```", text, re.DOTALL)
    assert example is not None
    assert len(list(scenarios_from(parse_yaml(example[1].encode())).edited(street))) == 12
