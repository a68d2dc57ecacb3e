"""The workspace in which the best route of a shift is found: its items, its labels, and what is known of the rest of the day."""

from __future__ import annotations

import numpy as np

from matcher.instance import FAR, Longs
from matcher.kernels.cells import S_LUNCH, S_LUNCH_HIGH, S_LUNCH_LOW
from matcher.kernels.jit import kernel

GUARDS = 60
"""Units that the routes of a shift may be kept from serving twice, at most: bits of a word."""
LABELS, FEW = 10_000, 2_000
"""How many labels a desk holds, and after how many it is worth knowing more of what may follow on them."""

MINUTES, ROUGH, RELAXED, PROVED = range(4)
"""How shifts may be priced: by their minutes; by a good route of each, which proves nothing; so, but where the last proof was loose by a route that
may serve a unit twice (`matcher.kernels.ahead.relaxed_route`); so that it is proved that no route earns more."""

ROUGH_LOOK = (GUARDS, 120, 64)
"""What rough looks do without: units beyond so many that earn most a second, differences of so many seconds, and of what a rest may earn what goes
beyond so many parts of 64."""

I_UNIT, I_PLACE, I_ROW, I_SECONDS, I_LOW, I_HIGH, I_PROFIT, I_BIT, I_NODE, I_ENTRY, I_SHARE, I_AT, I_KEEP, I_TOLL, I_GAIN = range(15)
ITEM_CELLS = 15
L_END, L_PROFIT, L_PLACE, L_ITEM, L_PARENT, L_LUNCH, L_NEXT_PLACE, L_NEXT_MINUTE, L_DEAD, L_MASK, L_SERVED = range(11)
LABEL_CELLS = 11
R_ITEM, R_PROFIT, R_SECONDS, R_HIGH = range(4)
RANK_CELLS = 4

# slots of the head of a desk
(
    ITEM, LABEL, LEG, MINUTE, PLACE_HEAD, PLACE_INDEX, PLACE, REST, UNIT_BIT, UNIT_SEEN, RANK, ROUTE, WAY_IN, ORDER, STOPS, AHEAD, BIT_TOLL,
    ARRIVE, BEST, BY_BEST, LEG_WIDTH, REST_WIDTH, ROUGH_UNITS, ROUGH_SECONDS, ROUGH_REST, FEW_LABELS,
) = range(26)  # fmt: skip
DESK_HEAD = 26

# slots of the head of what is learned
GUARD_COUNT, GUARD_UNIT, KEEPS, TOLL, SECOND_TOLL, IS_LOOSE = range(6)
LEARNED_HEAD = 6


def learned(groups: int, positions: int) -> Longs:
    """Return room for what is learned of shifts at one price and helps at the next.

    tables, after a head that says where each starts
        how many units are guarded in each group (``GUARD_COUNT``), and which (``GUARD_UNIT``, `GUARDS` a group); which guards are remembered at each
        position of `SHIFT_NODE` (``KEEPS``); the toll of its unit there (``TOLL``), and of a second of service in each group (``SECOND_TOLL``);
        whether the last proof of a group was loose (``IS_LOOSE``).
    """
    starts = LEARNED_HEAD + np.cumsum((0, groups, groups * GUARDS, positions, positions, groups, groups))
    ln = np.zeros(starts[-1], np.int64)
    ln[:LEARNED_HEAD] = starts[:-1]
    return ln


def desk(units: int, places: int, items: int, minutes: int, labels: int = LABELS, few: int = FEW, rough: tuple[int, int, int] = ROUGH_LOOK) -> Longs:
    """Return a workspace for shifts of at most so many items and minutes.

    tables, after a head that says where each starts
        items of `ITEM_CELLS`, labels of `LABEL_CELLS`, ``LEG`` (seconds between local places, and in the last column home), the last label of each
        ``MINUTE`` and at each place (``PLACE_HEAD``), the local number of each place (``PLACE_INDEX``, -1 between calls) and the place of each
        number, what the ``REST`` from a minute on can earn (before lunch, and after), the guard of each unit (``UNIT_BIT``, -1 between calls), a
        mark for each unit (``UNIT_SEEN``, likewise), units in order of what they earn (``RANK``), the items of the best ``ROUTE``, the shortest
        ``WAY_IN`` to a place, the ``ORDER`` in which items are looked at, the ``STOPS`` of a route at hand, what may be earned ``AHEAD`` of a
        minute and place (before lunch, and after), the toll of each guarded unit (``BIT_TOLL``), what may be earned by who is to ``ARRIVE`` at a
        place in a minute (likewise), and the places ``BY_BEST`` (likewise), the best of which earn so much (``BEST``).
    """
    items = max(1, items)
    kept = min(items, places) + 2
    sizes = (
        items * ITEM_CELLS, labels * LABEL_CELLS, kept * kept, minutes + 2, kept, places + 1, kept, 2 * (minutes + 2), units, units,
        items * RANK_CELLS,
        items + minutes + 2, kept, items, items + minutes + 2, 2 * (minutes + 2) * kept, GUARDS, 2 * (minutes + 2) * kept, kept, 2 * kept,
    )  # fmt: skip
    starts = DESK_HEAD + np.concatenate(([0], np.cumsum(sizes)))
    dk = np.zeros(starts[-1], np.int64)
    dk[: len(sizes)] = starts[:-1]
    for table in (PLACE_INDEX, UNIT_BIT, UNIT_SEEN):
        dk[starts[table] : starts[table + 1]] = -1
    dk[LEG_WIDTH], dk[REST_WIDTH] = kept, minutes + 2
    dk[FEW_LABELS] = min(few, labels)
    dk[ROUGH_UNITS], dk[ROUGH_SECONDS], dk[ROUGH_REST] = rough
    return dk


@kernel
def item_row(dk, i):
    """Return where item i starts."""
    return dk[ITEM] + i * ITEM_CELLS


@kernel
def label_row(dk, label):
    """Return where a label starts."""
    return dk[LABEL] + label * LABEL_CELLS


@kernel
def leg(dk, a, b):
    """Return the seconds from one local place to another."""
    return dk[dk[LEG] + a * dk[LEG_WIDTH] + b]


@kernel
def rest_of(dk, minute, has_had_lunch):
    """Return what a shift may earn from a minute on, lunch being over or not."""
    return dk[dk[REST] + (dk[REST_WIDTH] if has_had_lunch else 0) + minute]


@kernel
def reach_after_lunch(ins, shift, end, travel):
    """Return the earliest start after a lunch in a gap; FAR where it is too late for one. The way may be walked partly before it, partly after."""
    if max(end, ins[shift + S_LUNCH_LOW]) + ins[shift + S_LUNCH] > ins[shift + S_LUNCH_HIGH]:
        return FAR
    return max(end + travel, ins[shift + S_LUNCH_LOW]) + ins[shift + S_LUNCH]
