"""An instance that is patched after an event says of every service what a compiled one says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.compile import Compiled, compile_problem
from matcher.decode import decode
from matcher.instance import FAR
from matcher.kernels.cells import ENTRIES, HEAD_CELLS, TABLES, TARIFFS, pack
from matcher.kernels.routes import view
from matcher.living.amend import amend
from matcher.living.desk import Desk
from matcher.living.events import EventsError, read_events
from matcher.living.patch import Patched, patched
from matcher.living.repack import repacked
from matcher.plan import Plan
from matcher.solve import solve
from matcher.start import state_of
from tests.living.events import random_events
from tests.weeks import fund, need, organization, plan, role, serve, shift, visit, volunteer, week, window

if TYPE_CHECKING:
    from matcher.living.amended import Amended


def entries(compiled: Compiled) -> dict[tuple[int, ...], tuple[int, int]]:
    """What each node costs in each shift that may hold it, by node, provider, crew and hours; impossible ones left out."""
    instance = compiled.instance
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for n in range(len(instance.nodes)):
        for entry in range(int(instance.entry_first[n]), int(instance.entry_first[n + 1])):
            row = instance.shifts[instance.entry_shift[entry]]
            key = (n, *(int(row[field]) for field in ("provider", "crew", "start", "end")))
            if instance.entry_cost[entry] < FAR:
                found[key] = int(instance.entry_cost[entry]), int(instance.entry_price[entry])
    return found


def starts(compiled: Compiled, v: int) -> list[tuple[int, int]]:
    row = compiled.instance.visits[v]
    return [(int(o["low"]), int(o["high"])) for o in compiled.instance.options[row["option_first"] : row["option_first"] + row["options"]]]


def amended_of(desk: Desk, events: Any, now: Any) -> Amended | None:
    try:
        return amend(desk.problem, desk.plan, read_events(events, now))
    except EventsError:
        return None


def assert_costs_are_told(desk: Desk, found: Patched) -> None:
    """Hold the packed form of a patched instance to the instance: which shift each entry is in, what it costs and what it takes from funds."""
    instance = found.compiled.instance
    ins, reals = repacked(desk.packed, instance, found.origin)
    whole, points = pack(instance)
    tables = [[*array[: TABLES + 1].tolist(), len(array)] for array in (ins, whole)]
    for k in range(TABLES + 1):
        if k not in (ENTRIES, TARIFFS):
            assert (ins[tables[0][k] : tables[0][k + 1]] == whole[tables[1][k] : tables[1][k + 1]]).all()
    assert (ins[TABLES + 1 : HEAD_CELLS] == whole[TABLES + 1 : HEAD_CELLS]).all()
    assert (reals == points).all()
    words = ins[tables[0][ENTRIES] : tables[0][ENTRIES + 1]]
    tariffs = ins[tables[0][TARIFFS] : tables[0][TARIFFS + 1]].reshape(-1, 2)[words >> 32]
    assert (words & 0xFFFFFFFF == instance.entry_shift).all()
    assert (np.minimum(tariffs[:, 0], FAR) == np.minimum(instance.entry_cost, FAR)).all()
    assert ((tariffs[:, 1] == instance.entry_price) | (instance.entry_cost >= FAR)).all()


@pytest.mark.parametrize("seed", range(100))
def test_a_patched_instance_allows_and_costs_what_a_compiled_one_does(seed: int) -> None:
    problem = small_problem(seed, 9)
    desk = Desk.of(problem, solve(problem, chunks=1, threads=1).plan)
    events, now = random_events(problem, desk.plan, seed)
    amended = amended_of(desk, events, now)
    found = patched(desk, amended) if amended is not None else None
    if amended is None or found is None:
        return
    ours, theirs = found.compiled, compile_problem(amended.problem)
    assert_costs_are_told(desk, found)
    ours_by, theirs_by = entries(ours), entries(theirs)
    for key, cost in theirs_by.items():
        # what has begun stays where it is, wherever else its pins would let it go
        if ours.visits[int(theirs.instance.nodes["visit"][key[0]])].id not in amended.frozen:
            assert ours_by[key] == cost
    for name in ("shift_first", "entry_first"):
        assert (getattr(ours.instance, name)[1:] >= getattr(ours.instance, name)[:-1]).all()
    for field in ("provider", "crew", "day", "week", "start", "end", "has_lunch", "lunch_low", "lunch_high", "lunch", "base"):
        assert (ours.instance.shifts[field] == theirs.instance.shifts[field]).all(), field
    assert (ours.instance.providers == theirs.instance.providers).all()
    for field in ("loss", "weight", "in_force_start", "stability", "roles", "number", "need", "first_node", "nodes", "resident", "community"):
        assert (ours.instance.visits[field] == theirs.instance.visits[field]).all(), field
    for field in ("first_visit", "visits", "is_numbered", "has_first_team", "max_providers", "funds", "links", "continuity"):
        # a need whose only planned visit was missed stays numbered
        assert (ours.instance.needs[field] == theirs.instance.needs[field]).all() or (field == "is_numbered" and amended.missed), field
    for name in ("group_first", "group_node", "resident_first", "resident_visit", "community_weight"):
        assert (getattr(ours.instance, name) == getattr(theirs.instance, name)).all(), name
    for field in ("visit", "place", "group", "is_room", "seconds", "pin"):
        assert (ours.instance.nodes[field] == theirs.instance.nodes[field]).all() or amended.frozen, field
    assert (ours.instance.points == theirs.instance.points).all()
    near = ours.instance.near
    assert ((near[:, 1:] < 0) | (near[:, :-1] >= 0)).all()
    assert near.max(initial=-1) < len(near)
    for v in range(len(ours.visits)):
        assert starts(ours, v) == starts(theirs, v)
    totals = [view(state_of(compiled, amended.carried)).total.tolist() for compiled in (ours, theirs)]
    assert totals[0][:3] == totals[1][:3]


def test_most_events_need_no_compiling() -> None:
    problem = week([need("n"), need("m", visits=2)], [volunteer("a"), volunteer("b")])
    before = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "tue 09:00")))
    desk = Desk.of(problem, before)
    for event in (
        {"kind": "absent", "provider": "a", "day": "mon"},
        {"kind": "absent", "provider": "a", "hours": {"day": "tue", "from": "10:00", "to": "11:00"}},
        {"kind": "missed", "visit": "n#1"},
        {"kind": "late", "visit": "n#1", "start": "09:20"},
        {"kind": "new_need", "need": need("new")},
        {"kind": "withdrawn", "visit": "n#1"},
        {"kind": "withdrawn", "visit": "m#1"},
        {"kind": "done", "visit": "m#1"},
    ):
        amended = amended_of(desk, [event], None)
        assert amended is not None
        assert patched(desk, amended) is not None


@pytest.mark.parametrize("events", [["n#1"], ["m#1"], ["m#1", "m#2"], ["n#1", "m#2"], ["p#1"]])
def test_who_waits_for_nobody_any_more_leaves_the_others_where_they_were(events: list[str]) -> None:
    needs = [need("n"), need("m", x=500, visits=3), need("p", x=900, visits=2)]
    problem = week(needs, [volunteer("a"), volunteer("b")], pins=[{"visit": "m#1", "provider": "a"}])
    lines = [visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "tue 09:00")), visit("m#3", serve("b", "thu 09:00"))]
    desk = Desk.of(problem, plan(*lines))
    amended = amended_of(desk, [{"kind": "withdrawn", "visit": name} for name in events], None)
    assert amended is not None
    found, theirs = patched(desk, amended), compile_problem(amended.problem)
    assert found is not None
    ours = found.compiled
    assert entries(ours) == entries(theirs)
    for name in ("nodes", "needs", "community_weight", "group_first", "group_node", "points"):
        assert (getattr(ours.instance, name) == getattr(theirs.instance, name)).all(), name
    states = [state_of(compiled, amended.carried) for compiled in (ours, theirs)]
    assert view(states[0]).total.tolist() == view(states[1]).total.tolist()
    assert decode(ours, states[0]) == decode(theirs, states[1])


def test_visits_that_take_over_from_one_with_a_team_of_its_own_are_compiled() -> None:
    problem = week([need("n", visits=2, first_team=[role("doctor", "volunteer")])], [volunteer("a")])
    desk = Desk.of(problem, plan(visit("n#1", serve("a", "mon 09:00", role="doctor")), visit("n#2", serve("a", "tue 09:00"))))
    amended = amended_of(desk, [{"kind": "withdrawn", "visit": "n#1"}], None)
    assert amended is not None
    assert patched(desk, amended) is None


EXTRA = [
    {"day": "tue", "from": "08:00", "to": "12:00"},  # a day that had none
    {"day": "mon", "from": "17:00", "to": "22:00"},  # longer
    {"day": "mon", "from": "12:00", "to": "15:00"},  # two made one
    {"day": "mon", "from": "11:00", "to": "15:30"},
]


@pytest.mark.parametrize("hours", EXTRA)
def test_longer_hours_are_patched_to_what_compiling_says(hours: dict[str, str]) -> None:
    needs = [
        need("n", windows=[window("08:00", "20:00")]),
        need("m", visits=2, windows=[window("17:30", "21:00")]),
        need("p", windows=[window("12:30", "13:30")], preferred_providers=["b"]),
        need("s", role("one"), role("two", "organization", "social_worker"), windows=[window("09:00", "20:00")]),
    ]
    own = [shift("08:00", "12:00", day="mon"), shift("15:00", "18:00", day="mon")]
    people = [volunteer("a", shifts=own), volunteer("b"), organization("o", crews=2, shifts=own, price_per_hour=60)]
    pins = [{"visit": "m#1", "role": "carer", "provider": "b"}, {"visit": "s#1", "day": "mon"}, {"visit": "s#1", "provider": "o"}]
    problem = week(needs, people, pins=pins, funds=[fund("f", 1000)])
    desk = Desk.of(problem, plan(visit("n#1", serve("a", "mon 09:00"))))
    for who in ("a", "o"):
        amended = amended_of(desk, [{"kind": "extra_hours", "provider": who, "hours": hours}], None)
        assert amended is not None
        found, theirs = patched(desk, amended), compile_problem(amended.problem)
        assert found is not None
        assert_costs_are_told(desk, found)
        ours = found.compiled
        assert entries(ours) == entries(theirs)
        assert entries(theirs).keys() - entries(desk.compiled).keys()
        assert (ours.instance.visits["is_paid"] >= theirs.instance.visits["is_paid"]).all()


def test_a_person_who_had_no_hours_at_all_is_compiled() -> None:
    problem = week([need("n")], [volunteer("a", shifts=[])])
    desk = Desk.of(problem, Plan())
    amended = amended_of(desk, [{"kind": "extra_hours", "provider": "a", "hours": {"day": "tue", "from": "08:00", "to": "12:00"}}], None)
    assert amended is not None
    assert patched(desk, amended) is None
