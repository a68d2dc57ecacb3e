"""What is proved valid is valid: validating the whole of it finds no fault, and says the same week."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.small import small_problem
from matcher.errors import ProblemError
from matcher.fields import Window
from matcher.living.amend import amend
from matcher.living.desk import Desk
from matcher.living.events import EventsError, read_events
from matcher.living.valid import Valid
from matcher.problem import Need, Pin, Problem
from matcher.solve import solve
from tests.living.events import random_events
from tests.weeks import need, plan, resident, role, serve, shift, venue, visit, volunteer, week

if TYPE_CHECKING:
    from matcher.plan import Plan


def said(problem: Problem, found: Plan, events: Any, now: Any, **asked: Any) -> Any:
    """What working events into a week says: the week and all else, or the faults."""
    try:
        return amend(problem, found, read_events(events, now), notice=30, **asked)
    except EventsError as error:
        return error.faults


@cache
def standing(seed: int) -> Desk:
    problem = small_problem(seed, 9)
    return Desk.of(problem, solve(problem, chunks=1, threads=1).plan)


@pytest.fixture(scope="module")
def proved() -> dict[int, bool]:
    return {}


@pytest.mark.parametrize("seed", range(100))
def test_a_week_is_the_same_whether_it_is_validated_or_proved_valid(seed: int, proved: dict[int, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    desk = standing(seed % 25)
    events, now = random_events(desk.problem, desk.plan, seed)
    theirs = said(desk.problem, desk.plan, events, now)
    changed = Valid.changed

    def noted(self: Valid, changes: Any) -> Problem | None:
        found = changed(self, changes)
        proved[seed] = proved.get(seed, False) or found is not None
        return found

    monkeypatch.setattr(Valid, "changed", noted)
    assert said(desk.problem, desk.plan, events, now, valid=desk.valid, pins=desk.pins.__getitem__) == theirs
    if seed == 99 and len(proved) == 100:
        assert sum(proved.values()) > 60


def ground() -> tuple[Problem, Valid]:
    needs = [
        need("n", visits=2, resident="r"),
        need(
            "m",
            x=500,
            visits=3,
            max_providers=1,
            windows=[{"day": "mon", "earliest": "09:00", "latest": "10:00"}] * 1
            + [{"day": "thu", "earliest": "09:00", "latest": "10:00"}, {"day": "fri", "earliest": "09:00", "latest": "10:00"}],
        ),
        need("s", role("one"), role("two"), meet="in_sequence", gap={"max_minutes": 30}),
        need("p", place="venue", venue="hall"),
    ]
    people = [volunteer("a"), volunteer("b")]
    problem = week(needs, people, residents=[resident("r", refused=["b"])], venues=[venue()], pins=[{"visit": "m#2", "day": "thu"}])
    lines = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("b", "mon 09:00")))
    desk = Desk.of(problem, lines)
    return desk.problem, desk.valid


def changed_need(problem: Problem, name: str, **update: Any) -> tuple[Need, ...]:
    return tuple(item.model_copy(update=update) if item.id == name else item for item in problem.needs)


MONDAY = (Window(day="mon", earliest="09:00", latest="10:00"),)
BEYOND = (Window(earliest=8 * 86_400, latest=8 * 86_400),)


@pytest.mark.parametrize(
    "change",
    [
        lambda problem: {"needs": changed_need(problem, "n", windows=MONDAY)},  # two visits in one day
        lambda problem: {"needs": changed_need(problem, "m", windows=MONDAY)},
        lambda problem: {"needs": changed_need(problem, "n", windows=BEYOND)},
        lambda problem: {"needs": changed_need(problem, "n", windows=())},
        lambda problem: {"needs": changed_need(problem, "n", visits=9)},
        lambda problem: {"needs": changed_need(problem, "s", windows=(Window(earliest=30_000, latest=30_000),), gap=None)},
        lambda problem: {"needs": changed_need(problem, "p", venue=None)},
        lambda problem: {"needs": changed_need(problem, "n", resident="nobody")},
        lambda problem: {"needs": (*problem.needs, problem.needs[0])},
        lambda problem: {"needs": problem.needs[1:]},  # the plan in force has a line of it
        lambda problem: {"pins": (*problem.pins, Pin(visit="n#1", provider="b"))},  # refused
        lambda problem: {"pins": (*problem.pins, Pin(visit="n#3", provider="a"))},
        lambda problem: {"pins": (*problem.pins, Pin(visit="n#1", role="nobody", provider="a"))},
        lambda problem: {"pins": (*problem.pins, Pin(visit="m#1", role="carer", provider="a"), Pin(visit="m#2", role="carer", provider="b"))},
        lambda problem: {"pins": (*problem.pins, Pin(visit="n#1", start=60))},
        lambda problem: {"in_force": (*problem.in_force, problem.in_force[0].model_copy())},
        lambda problem: {"in_force": (problem.in_force[0].model_copy(update={"team": {"carer": "nobody"}}), *problem.in_force[1:])},
        lambda problem: {"residents": (*problem.residents, problem.residents[0])},
        lambda problem: {"residents": (*problem.residents, problem.residents[0].model_copy(update={"id": "q", "community": "nowhere"}))},
        lambda problem: {"providers": problem.providers[:1]},
    ],
)
def test_what_is_not_valid_is_not_proved_to_be(change: Any) -> None:
    problem, valid = ground()
    changes = change(problem)
    with pytest.raises(ProblemError):
        problem.replace(**changes)
    assert valid.changed(changes) is None


def test_what_changes_all_other_visits_is_left_to_validation() -> None:
    problem, valid = ground()
    late = week([], [volunteer("a", shifts=[shift(80_000, 90_000)])]).providers  # type: ignore[arg-type]
    assert valid.changed({"providers": (late[0], problem.providers[1])}) is None
    assert valid.changed({"weights": problem.weights.model_copy(update={"stability": 10**9})}) is None
    assert valid.changed({"needs": (*problem.needs, problem.needs[0].model_copy(update={"id": "new"}))}) is not None
    assert valid.changed({"needs": changed_need(problem, "n", windows=problem.needs[1].windows)}) is not None
