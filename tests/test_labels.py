"""The best route of a shift earns no more than is said, and where there is room for all labels no less, but for the tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.compile import compile_problem
from matcher.kernels.cells import pack
from matcher.kernels.desk import (
    I_HIGH,
    I_LOW,
    I_PLACE,
    I_PROFIT,
    I_SECONDS,
    I_UNIT,
    IS_LOOSE,
    ITEM,
    ITEM_CELLS,
    LABEL,
    LABELS,
    LEG,
    LEG_WIDTH,
    PROVED,
    RELAXED,
    desk,
    learned,
)
from matcher.kernels.labels import EXACT_SECONDS
from matcher.kernels.pricing import SCALE, TOLERANCE, count_items, price_shifts
from matcher.solvers.master import master_of

if TYPE_CHECKING:
    from matcher.instance import Instance

MOST_ITEMS = 9


class Shifts:
    """The shifts of a small problem, to be priced by desks of any size."""

    def __init__(self, seed: int) -> None:
        self.instance: Instance = compile_problem(small_problem(seed, 3 + seed % 7)).instance
        self.packed = pack(self.instance)
        self.master = master_of(self.instance, self.packed)
        groups = len(self.master.group_shift)
        self.random = np.random.default_rng(seed)
        self.prices = np.zeros(self.master.rows + self.master.counters + self.master.funds, np.int64)
        self.draw_prices()
        self.learned = learned(groups, int(self.instance.shift_first[-1]))
        self.values, self.earned = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
        self.columns, self.amounts = np.zeros((groups, 600), np.int32), np.zeros((groups, 600))
        minutes = int((self.instance.shifts["end"] - self.instance.shifts["start"]).max() + 59) // 60
        items = max(count_items(self.packed[0], self.master.rx, s) for s in self.master.group_shift)
        self._size = (len(self.master.unit), len(self.instance.points), items, minutes)

    def draw_prices(self) -> None:
        """Pay something else for every row, and nothing for a third of them."""
        typical = self.master.scale * int(self.instance.visits["loss"].max(initial=1))
        self.prices[: self.master.rows] = np.maximum(0, self.random.integers(-typical // 2, typical, self.master.rows))

    def desk(self, **more: Any) -> Any:
        return desk(*self._size, **more)

    def price(self, g: int, dk: Any, room: int = LABELS, how: int = PROVED) -> tuple[int, int]:
        """Return what the best route of a group earns at most, and what the one that was found earns."""
        price_shifts(
            *self.packed, self.master.rx, dk, g, g + 1, self.prices, how, self.learned, self.values, self.earned,
            self.columns, self.amounts, room,
        )  # fmt: skip
        return int(self.values[g]), int(self.earned[g])


def most_of(shifts: Shifts, g: int, dk: Any) -> int | None:
    """Return what the best of all routes over the items on a desk earns, to the second; None where there are too many items."""
    shift = shifts.instance.shifts[shifts.master.group_shift[g]]
    items = dk[dk[ITEM] : dk[LABEL]].reshape(-1, ITEM_CELLS)
    items = items[items[:, I_SECONDS] > 0].tolist()
    if len(items) > MOST_ITEMS:
        return None
    places = 1 + max(item[I_PLACE] for item in items)
    legs = dk[dk[LEG] :][: max(1, places) * dk[LEG_WIDTH]].reshape(-1, dk[LEG_WIDTH]).tolist()
    a_second = int(shifts.master.rx[SCALE]) * int(shifts.instance.weights[0]["travel"])
    end_of_shift, lunch = int(shift["end"]), int(shift["lunch"])
    provider = shifts.instance.providers[shift["provider"]]
    limit = min(int(provider["max_day"]), int(provider["max_week"])) if shift["profile"] >= 0 else end_of_shift

    def after_lunch(end: int, travel: int) -> int:
        is_late = max(end, int(shift["lunch_low"])) + lunch > int(shift["lunch_high"])
        return 2 * end_of_shift if is_late else max(end + travel, int(shift["lunch_low"])) + lunch

    def best(place: int, end: int, has_had: bool, served: int, units: frozenset[int]) -> int:
        home = legs[place][max(1, places)]
        most = -a_second * home if (end + home if has_had else after_lunch(end, home)) <= end_of_shift else -(1 << 62)
        for item in items:
            if item[I_UNIT] in units or served + item[I_SECONDS] > limit:
                continue
            there = item[I_PLACE] if item[I_PLACE] >= 0 else place
            travel = legs[place][there]
            for takes in (False,) if has_had else (False, True):
                start = max(item[I_LOW], after_lunch(end, travel) if takes else end + travel)
                if start <= item[I_HIGH]:
                    rest = best(there, start + item[I_SECONDS], has_had or takes, served + item[I_SECONDS], units | {item[I_UNIT]})
                    most = max(most, item[I_PROFIT] - a_second * travel + rest)
        return most

    return best(0, int(shift["start"]), not shift["has_lunch"], 0, frozenset())


@pytest.mark.parametrize("block", range(3))
def test_no_route_earns_more_than_the_labels_say(block: int) -> None:
    counted = {"routes": 0, "equal": 0, "short": 0, "close": 0}
    for seed in range(40 * block, 40 * block + 40):
        shifts = Shifts(seed)
        for g in range(len(shifts.master.group_shift)):
            roomy = shifts.desk()
            shifts.price(g, shifts.desk(few=1))
            shifts.draw_prices()
            # What was learned at other prices must do no harm at these.
            value, earned = shifts.price(g, roomy)
            most = most_of(shifts, g, roomy) if value > 0 else None
            if most is None:
                continue
            assert value >= most, (seed, g)
            assert earned <= value, (seed, g)
            for few, room in ((1, LABELS), (1, 12), (3, 3)):
                narrow, found = shifts.price(g, shifts.desk(few=few), room)
                assert narrow >= most, (seed, g, few, room)
                assert found <= narrow, (seed, g, few, room)
            # Whatever the tolls were moved to, a route that may serve a unit twice for them earns no less.
            shifts.learned[shifts.learned[IS_LOOSE] + g] = 1
            relaxed = [shifts.price(g, roomy, how=RELAXED)[0] for _ in range(12)]
            assert min(relaxed) >= most, (seed, g)
            counted["close"] += min(relaxed) <= most + most // 20
            shift = shifts.instance.shifts[shifts.master.group_shift[g]]
            counted["routes"] += 1
            if shift["end"] - shift["start"] <= EXACT_SECONDS:
                counted["short"] += 1
                counted["equal"] += value <= most + shifts.prices.sum() // TOLERANCE + 2
    assert counted["routes"] > 60
    assert counted["equal"] == counted["short"] > 10
    assert counted["close"] >= 0.8 * counted["routes"]
