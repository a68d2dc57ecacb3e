"""What scarce time is worth, and that it guides a search without counting in any cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.compile import compile_problem
from matcher.instance import nodes_of_entries
from matcher.kernels.cells import pack
from matcher.kernels.routes import IS_IN, JOURNAL_OVERFLOWED, NONE, SHIFT, roll_back, view
from matcher.kernels.search import take_step
from matcher.kernels.teams import best_place
from matcher.kernels.work import CHOSEN, RENT_PAID, TO_ENTRY, below, candidate, uniform
from matcher.solvers.construct import construct
from matcher.solvers.improve import HOT_LOSS, RENT, Temperatures, rents_of
from matcher.solvers.rents import USED, Rents, rents
from matcher.solvers.searcher import Searcher
from tests.weeks import need, role, shift, volunteer, week

if TYPE_CHECKING:
    from matcher.instance import Instance

TEMPERATURE = 300_000.0


def rivals(nurses: int = 8, callers: int = 8, pairs: int = 0) -> Instance:
    """Return a day on which `able` alone may nurse, and both may call, alone or together; each has ten hours, less the ways."""
    needs = [need(f"nurse{k}", role(skills={"nursing": 1})) for k in range(nurses)] + [need(f"call{k}") for k in range(callers)]
    needs += [need(f"pair{k}", role("one"), role("two")) for k in range(pairs)]
    day = [shift("08:00", "18:00")]
    return compile_problem(week(needs, [volunteer("able", skills={"nursing": 1}, shifts=day), volunteer("plain", shifts=day)], days=1)).instance


def spread(instance: Instance, hourly: Any) -> Any:
    """Return the hours that each shift is asked for, where services are spread as annealing would."""
    node, hours = nodes_of_entries(instance), instance.nodes["seconds"] / 3600
    weight = np.exp(-hourly[instance.entry_shift] * hours[node] / TEMPERATURE) * (instance.nodes["is_room"][node] == 0)
    out = np.exp(-instance.visits["loss"] / instance.visits["roles"] / TEMPERATURE)[instance.nodes["visit"]]
    part = weight / (np.bincount(node, weight, len(instance.nodes)) + out)[node]
    return np.bincount(instance.entry_shift, part * hours[node], len(instance.shifts))


def test_the_time_of_who_alone_can_serve_somebody_is_dear() -> None:
    found = rents(rivals(), TEMPERATURE)
    assert found is not None
    able, plain = found.hourly.tolist()
    assert able > 0.2 * TEMPERATURE
    assert plain == 0
    # Calls pay with `able` what they would not with `plain`; who nurses has no choice, and pays no more than there.
    assert found.least[:8].tolist() == [able] * 8
    assert found.least[8:].tolist() == [0] * 8


def test_nothing_has_a_rent_where_there_is_time_for_all() -> None:
    assert rents(rivals(nurses=2, callers=2), TEMPERATURE) is None


def test_at_these_rents_nobody_is_asked_for_more_time_than_there_is() -> None:
    tight = 0
    for seed in range(30):
        instance = compile_problem(small_problem(seed, 40)).instance
        found = rents(instance, TEMPERATURE)
        if found is None:
            continue
        most = np.minimum(instance.shifts["end"] - instance.shifts["start"], instance.providers["max_day"][instance.shifts["provider"]]) * USED / 3600
        asked = spread(instance, found.hourly)
        assert (asked <= 1.1 * most + 0.01).all()
        dear = found.hourly > 0.05 * TEMPERATURE
        assert asked[dear] == pytest.approx(most[dear], rel=0.1, abs=0.01)
        tight += int(dear.sum())
    assert tight > 30


def test_a_visit_that_many_can_serve_goes_where_time_is_not_scarce() -> None:
    instance = rivals()
    ins, pts = pack(instance)
    call = int(np.flatnonzero(np.diff(instance.entry_first) == 2)[0])
    for part, taker in ((0.0, "able"), (1.0, "plain")):
        searcher = Searcher.on(instance, (ins, pts), 1)
        searcher.charge(rents(instance, TEMPERATURE))
        with searcher.paying(part):
            best_place(ins, pts, searcher.rt, searcher.wk, call, int(instance.visits[call]["loss"]), False, searcher.is_timed)
        entry = int(searcher.wk[candidate(searcher.wk, CHOSEN, 0) + TO_ENTRY])
        assert ("able", "plain")[int(instance.shifts["provider"][instance.entry_shift[entry]])] == taker


@pytest.mark.parametrize("seed", [k for k in range(12) if k not in (4, 5)])  # in these two, few are served and none moves
def test_a_step_notes_what_the_plan_pays_more_after_it(seed: int) -> None:
    instance = compile_problem(small_problem(seed, 20)).instance
    searcher = Searcher.on(instance, pack(instance), seed)
    rng = np.random.default_rng(seed)
    owed = Rents(rng.integers(0, 5, len(instance.shifts)) * 50_000, rng.integers(0, 60_000, len(instance.nodes)))
    searcher.charge(owed)
    ins, pts, rt, wk, _ = searcher.arrays

    def paid() -> int:
        node = view(rt).node
        placed = [n for n in range(len(node)) if node[n, SHIFT] != NONE]
        owing = [int(owed.hourly[node[n, SHIFT]]) * int(instance.nodes["seconds"][n]) // 3600 - int(owed.least[n]) for n in placed]
        return sum(max(0, more) for n, more in zip(placed, owing, strict=True) if owed.hourly[node[n, SHIFT]])

    with searcher.paying(1.0):
        construct(searcher, lambda: False)
        moved = 0
        for _ in range(60):
            before = paid()
            take_step(ins, pts, rt, wk, 5, bool(below(wk, 4) == 0), searcher.is_timed)
            assert rt[JOURNAL_OVERFLOWED] == 0
            assert paid() - before == wk[RENT_PAID]
            moved += int(wk[RENT_PAID] != 0)
            if uniform(wk) < 0.5:
                roll_back(rt, 0)
                assert paid() == before
    assert view(rt).visit[:, IS_IN].any()
    assert moved > 5


def test_rents_count_less_as_a_search_goes_on_and_not_at_its_end() -> None:
    fall = Temperatures(100.0, 1.0, 30.0, 0.8, rent_ends=0.5)
    assert [fall.rent(fraction) for fraction in (0.0, 0.39, 0.4, 0.49, 0.5, 1.0, 1.5)] == [RENT, RENT, RENT / 2, RENT / 2, 0, 0, 0]
    assert fall.rest().rent(0.0) == 0
    assert Temperatures(100.0, 1.0, 30.0, 0.8).rent(0.0) == 0


def test_a_search_asks_for_rents_at_the_temperature_that_it_starts_with() -> None:
    instance = rivals(pairs=1)
    found, same = rents_of(instance), rents(instance, HOT_LOSS * float(instance.visits["loss"].min()))
    assert found is not None
    assert same is not None
    assert np.array_equal(found.hourly, same.hourly)


def test_a_search_asks_for_no_rents_where_nobody_is_visited_by_two_or_one_may_always_be_late() -> None:
    assert rents_of(rivals()) is None
    instance = rivals(pairs=1)
    assert rents_of(instance._replace(is_bounded=np.zeros_like(instance.is_bounded))) is None
