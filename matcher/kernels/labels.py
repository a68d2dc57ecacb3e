"""The route of a shift that earns most, found by labels that are extended in order of time.

An *item* is a way to serve a node in the shift at hand: an interval of starts, and what is earned by one of them. A *label* is a route so far.
One label beats another at the same place if it is no later, has earned no less, has had its lunch if the other has, has served no more seconds
(where they are limited), and none of the *guarded* units that the other has not. Units are guarded only once the best route serves one twice
(decremental state-space relaxation, https://doi.org/10.1002/net.20212); until then, and where no more can be guarded, the relaxation earns more
than any route does, never less.
"""

from __future__ import annotations

import numpy as np

from matcher.instance import FAR, Longs
from matcher.kernels.cells import (
    S_END, S_HAS_LUNCH, S_LUNCH, S_LUNCH_HIGH, S_LUNCH_LOW, S_START, shift_row,
)  # fmt: skip
from matcher.kernels.jit import kernel

GUARDS = 60
"""Units that the routes of a shift may be kept from serving twice, at most: bits of a word."""
LABELS = 10_000
SECOND_CHANCES = 12
"""How often the labels of a shift are made anew, with more units guarded, before a route that serves one twice is let pass."""

ROUGH = (GUARDS, 120, 64)
"""What rough looks do without: units beyond so many that earn most a second, differences of so many seconds, and of what a rest may earn what goes
beyond so many parts of 64."""

I_UNIT, I_PLACE, I_ROW, I_SECONDS, I_LOW, I_HIGH, I_PROFIT, I_BIT, I_NODE, I_ENTRY, I_SHARE = range(11)
ITEM_CELLS = 11
L_END, L_PROFIT, L_PLACE, L_ITEM, L_PARENT, L_LUNCH, L_NEXT_PLACE, L_NEXT_MINUTE, L_DEAD, L_MASK, L_SERVED = range(11)
LABEL_CELLS = 11
EXACT_SECONDS, GRAIN = 16_200, 60
"""In shifts that are longer, services end at whole minutes (earlier than they do): labels are then fewer, and the bound hardly weaker."""
R_ITEM, R_PROFIT, R_SECONDS, R_HIGH = range(4)
RANK_CELLS = 4

# slots of the head of a desk
(
    ITEM, LABEL, LEG, MINUTE, PLACE_HEAD, PLACE_INDEX, PLACE, REST, UNIT_BIT, UNIT_SEEN, RANK, ROUTE, WAY_IN, ORDER, LEG_WIDTH, REST_WIDTH,
    ROUGH_UNITS, ROUGH_SECONDS, ROUGH_REST,
) = range(19)  # fmt: skip
DESK_HEAD = 20


def desk(units: int, places: int, items: int, minutes: int, labels: int = LABELS, rough: tuple[int, int, int] = ROUGH) -> Longs:
    """Return a workspace for shifts of at most so many items and minutes.

    tables, after a head that says where each starts
        items of `ITEM_CELLS`, labels of `LABEL_CELLS`, ``LEG`` (seconds between local places, and in the last column home), the last label of each
        ``MINUTE`` and at each place (``PLACE_HEAD``), the local number of each place (``PLACE_INDEX``, -1 between calls) and the place of each
        number, what the ``REST`` from a minute on can earn (before lunch, and after), the guard of each unit (``UNIT_BIT``, -1 between calls), a
        mark for each unit (``UNIT_SEEN``, likewise), units in order of what they earn (``RANK``), the items of the best ``ROUTE``, the shortest
        ``WAY_IN`` to a place.
    """
    items = max(1, items)
    kept = min(items, places) + 2
    sizes = (
        items * ITEM_CELLS, labels * LABEL_CELLS, kept * kept, minutes + 2, kept, places + 1, kept, 2 * (minutes + 2), units, units,
        items * RANK_CELLS,
        items + minutes + 2, kept, items,
    )  # fmt: skip
    starts = DESK_HEAD + np.concatenate(([0], np.cumsum(sizes)))
    dk = np.zeros(starts[-1], np.int64)
    dk[: len(sizes)] = starts[:-1]
    for table in (PLACE_INDEX, UNIT_BIT, UNIT_SEEN):
        dk[starts[table] : starts[table + 1]] = -1
    dk[LEG_WIDTH], dk[REST_WIDTH] = kept, minutes + 2
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
def _copy_rank(dk, source, target):
    for k in range(RANK_CELLS):
        dk[target + k] = dk[source + k]


@kernel
def _sort_ranks(dk, count):
    """Sort ``RANK`` by falling profit a second (Shell's method)."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            row, j = dk[RANK] + RANK_CELLS * i, i
            item, profit, seconds, high = dk[row], dk[row + R_PROFIT], dk[row + R_SECONDS], dk[row + R_HIGH]
            while j >= gap:
                other = dk[RANK] + RANK_CELLS * (j - gap)
                if dk[other + R_PROFIT] * seconds >= profit * dk[other + R_SECONDS]:
                    break
                _copy_rank(dk, other, dk[RANK] + RANK_CELLS * j)
                j -= gap
            row = dk[RANK] + RANK_CELLS * j
            dk[row], dk[row + R_PROFIT], dk[row + R_SECONDS], dk[row + R_HIGH] = item, profit, seconds, high
        gap //= 3


@kernel
def rank_units(dk, items, has_ways):
    """Write to ``RANK`` the units of the items, those that earn most a second first; returns how many.

    Of the items of a unit the most profitable counts, at the least time of any, with the shortest way to its place, and the latest start.
    """
    kept = 0
    for i in range(items):
        item = item_row(dk, i)
        seconds = dk[item + I_SECONDS] + (dk[dk[WAY_IN] + dk[item + I_PLACE]] if has_ways and dk[item + I_PLACE] >= 0 else 0)
        seen = dk[UNIT_SEEN] + dk[item + I_UNIT]
        if dk[seen] < 0:
            dk[seen] = kept
            row = dk[RANK] + RANK_CELLS * kept
            dk[row], dk[row + R_PROFIT], dk[row + R_SECONDS], dk[row + R_HIGH] = i, dk[item + I_PROFIT], seconds, dk[item + I_HIGH]
            kept += 1
        else:
            row = dk[RANK] + RANK_CELLS * dk[seen]
            if dk[item + I_PROFIT] > dk[row + R_PROFIT]:
                dk[row], dk[row + R_PROFIT] = i, dk[item + I_PROFIT]
            dk[row + R_SECONDS] = min(dk[row + R_SECONDS], seconds)
            dk[row + R_HIGH] = max(dk[row + R_HIGH], dk[item + I_HIGH])
    for k in range(kept):
        dk[dk[UNIT_SEEN] + dk[item_row(dk, dk[dk[RANK] + RANK_CELLS * k]) + I_UNIT]] = -1
    _sort_ranks(dk, kept)
    return kept


@kernel
def earn(dk, kept, start, capacity):
    """Return what so many seconds from a moment on earn at most, with parts of services counted, and of each unit one."""
    earned = 0
    for k in range(kept):
        row = dk[RANK] + RANK_CELLS * k
        if dk[row + R_PROFIT] <= 0 or capacity <= 0:
            break
        if dk[row + R_HIGH] < start:
            continue
        if dk[row + R_SECONDS] > capacity:
            return earned + dk[row + R_PROFIT] * capacity // dk[row + R_SECONDS] + 1
        earned += dk[row + R_PROFIT]
        capacity -= dk[row + R_SECONDS]
    return earned


@kernel
def fill_rests(ins, s, dk, kept):
    """Write to ``REST`` what a shift may earn from each minute on."""
    shift = shift_row(ins, s)
    lunch = ins[shift + S_LUNCH] if ins[shift + S_HAS_LUNCH] == 1 else 0
    start, end = ins[shift + S_START], ins[shift + S_END]
    for minute in range((end - start) // 60 + 1):
        now = start + 60 * minute
        dk[dk[REST] + minute] = earn(dk, kept, now, end - now - lunch)
        dk[dk[REST] + dk[REST_WIDTH] + minute] = earn(dk, kept, now, end - now)


@kernel
def reach_after_lunch(ins, shift, end, travel):
    """Return the earliest start after a lunch in a gap; FAR where it is too late for one. The way may be walked partly before it, partly after."""
    if max(end, ins[shift + S_LUNCH_LOW]) + ins[shift + S_LUNCH] > ins[shift + S_LUNCH_HIGH]:
        return FAR
    return max(end + travel, ins[shift + S_LUNCH_LOW]) + ins[shift + S_LUNCH]


@kernel
def _insert(dk, count, origin, end, profit, mask, place, item, parent, lunch, served, is_rough):
    """Add a label unless one is as good (roughly: whatever they served); those that it beats die. Returns how many labels there are."""
    head = dk[PLACE_HEAD] + place
    other, before = dk[head], -1
    late = end + (dk[ROUGH_SECONDS] if is_rough else 0)
    while other >= 0:
        row = label_row(dk, other)
        following = dk[row + L_NEXT_PLACE]
        is_beaten = dk[row + L_END] <= late and dk[row + L_PROFIT] >= profit and dk[row + L_LUNCH] >= lunch
        if is_beaten and (is_rough or (dk[row + L_SERVED] <= served and dk[row + L_MASK] & ~mask == 0)):
            return count
        beats = end <= dk[row + L_END] and profit >= dk[row + L_PROFIT] and lunch >= dk[row + L_LUNCH]
        if beats and (is_rough or (served <= dk[row + L_SERVED] and mask & ~dk[row + L_MASK] == 0)):
            dk[row + L_DEAD] = 1
            if before < 0:
                dk[head] = following
            else:
                dk[label_row(dk, before) + L_NEXT_PLACE] = following
        else:
            before = other
        other = following
    row = label_row(dk, count)
    dk[row + L_END], dk[row + L_PROFIT], dk[row + L_PLACE], dk[row + L_ITEM], dk[row + L_PARENT] = end, profit, place, item, parent
    dk[row + L_LUNCH], dk[row + L_DEAD], dk[row + L_MASK], dk[row + L_SERVED] = lunch, 0, mask, served
    dk[row + L_NEXT_PLACE] = dk[head]
    dk[head] = count
    minute = dk[MINUTE] + (end - origin) // 60
    dk[row + L_NEXT_MINUTE] = dk[minute]
    dk[minute] = count
    return count + 1


@kernel
def _most_open(dk, label, minute, minutes):
    """Return the most that any route may earn that goes on from a label, the others of its minute or those of later ones."""
    most, at = 0, label
    while minute <= minutes:
        while at >= 0:
            row = label_row(dk, at)
            if dk[row + L_DEAD] == 0:
                most = max(most, dk[row + L_PROFIT] + rest_of(dk, minute, dk[row + L_LUNCH] == 1))
            at = dk[row + L_NEXT_MINUTE]
        minute += 1
        if minute <= minutes:
            at = dk[dk[MINUTE] + minute]
    return most


@kernel
def _make_labels(ins, s, dk, items, places, limit, travel_weight, tolerance, room, best, is_rough):
    """Make the labels of a shift; returns what the best route earns, its last label, and what those might that there was no room for.

    The last label is -1 where no route earns more than `best`, which is then returned; the last number 0 where there was room for all.
    Every service takes a minute or more, so that a label of a minute is complete when its turn comes.
    """
    shift = shift_row(ins, s)
    start, end_of_shift = ins[shift + S_START], ins[shift + S_END]
    minutes = (end_of_shift - start) // 60
    for minute in range(minutes + 1):
        dk[dk[MINUTE] + minute] = -1
    for place in range(places):
        dk[dk[PLACE_HEAD] + place] = -1
    needs_lunch, grain = ins[shift + S_HAS_LUNCH] == 1, 1 if end_of_shift - start <= EXACT_SECONDS else GRAIN
    part = dk[ROUGH_REST] if is_rough else 64
    count = _insert(dk, 0, start, start, 0, 0, 0, -1, -1, 0 if needs_lunch else 1, 0, is_rough)
    last = -1
    for minute in range(minutes + 1):
        at = dk[dk[MINUTE] + minute]
        while at >= 0:
            label = label_row(dk, at)
            end, profit, place, has_had = dk[label + L_END], dk[label + L_PROFIT], dk[label + L_PLACE], dk[label + L_LUNCH] == 1
            if dk[label + L_DEAD] == 0 and profit + rest_of(dk, minute, has_had) * part // 64 > best + tolerance:
                mask = dk[label + L_MASK]
                for k in range(items):
                    i = dk[dk[ORDER] + k]
                    item = item_row(dk, i)
                    bit = dk[item + I_BIT]
                    if bit & mask != 0:
                        continue
                    there = dk[item + I_PLACE] if dk[item + I_PLACE] >= 0 else place
                    travel = leg(dk, place, there)
                    if end + travel > dk[item + I_HIGH]:
                        continue
                    served = 0
                    if limit < FAR:
                        served = dk[label + L_SERVED] + dk[item + I_SECONDS]
                        if served > limit:
                            continue
                    gain = profit + dk[item + I_PROFIT] - travel_weight * travel
                    home = leg(dk, there, places)
                    for takes in range(1 if has_had else 2):
                        begin = max(dk[item + I_LOW], reach_after_lunch(ins, shift, end, travel) if takes == 1 else end + travel)
                        if begin > dk[item + I_HIGH]:
                            continue
                        done = begin + dk[item + I_SECONDS]
                        is_fed = has_had or takes == 1
                        if (done + home if is_fed else reach_after_lunch(ins, shift, done, home)) > end_of_shift:
                            continue
                        if count == room:
                            return best, last, _most_open(dk, at, minute, minutes)
                        done -= (done - start) % grain
                        before = count
                        count = _insert(dk, count, start, done, gain, mask | bit, there, i, at, 1 if is_fed else 0, served, is_rough)
                        if count > before and gain - travel_weight * home > best:
                            best, last = gain - travel_weight * home, before
            at = dk[label + L_NEXT_MINUTE]
    return best, last, 0


@kernel
def _trace(dk, last):
    """Write to ``ROUTE`` the items of the route that ends in a label; returns how many, and whether it serves a unit twice."""
    length, is_twice = 0, False
    at = label_row(dk, last)
    while dk[at + L_PARENT] >= 0:
        dk[dk[ROUTE] + length] = dk[at + L_ITEM]
        length += 1
        seen = dk[UNIT_SEEN] + dk[item_row(dk, dk[at + L_ITEM]) + I_UNIT]
        is_twice |= dk[seen] >= 0
        dk[seen] = 1
        at = label_row(dk, dk[at + L_PARENT])
    for k in range(length):
        dk[dk[UNIT_SEEN] + dk[item_row(dk, dk[dk[ROUTE] + k]) + I_UNIT]] = -1
    return length, is_twice


@kernel
def _set_bits(dk, items):
    for i in range(items):
        item = item_row(dk, i)
        bit = dk[dk[UNIT_BIT] + dk[item + I_UNIT]]
        dk[item + I_BIT] = 1 << bit if bit >= 0 else 0


@kernel
def _put_first(dk, items, is_rough):
    """Write to ``ORDER`` the items that are looked at: roughly those of guarded units, else all; returns how many they are."""
    count = 0
    for i in range(items):
        if not is_rough or dk[item_row(dk, i) + I_BIT] != 0:
            dk[dk[ORDER] + count] = i
            count += 1
    return count


@kernel
def best_route(ins, s, dk, items, places, limit, travel_weight, tolerance, guards, guard_count, room, kept, is_rough):
    """Return what the best route of a shift earns at most (roughly: about), how many items ``ROUTE`` then holds, and how many units are guarded.

    Parameters
    ----------
    limit : int
        Seconds of service that the route may hold; FAR where there is no limit.
    tolerance : int
        Labels that would raise the best by no more than this are not followed; the value includes it.
    guards : int32[GUARDS]
        Units that a route may not serve twice; extended by those that the best route serves twice.
    room : int
        How many labels the desk holds.
    kept : int
        How many units stand in ``RANK``.
    is_rough : bool
        Whether a good route will do, whose value then proves nothing.
    """
    # Roughly, every unit can be guarded: labels forget what they served when they are compared.
    guarded = min(kept, dk[ROUGH_UNITS])
    for k in range(guarded):
        dk[dk[UNIT_BIT] + dk[item_row(dk, dk[dk[RANK] + RANK_CELLS * k]) + I_UNIT]] = k
    _set_bits(dk, items)
    good, last, _ = _make_labels(ins, s, dk, _put_first(dk, items, True), places, limit, travel_weight, tolerance, room, 0, True)
    length, is_twice = _trace(dk, last) if last >= 0 else (0, False)
    for k in range(guarded):
        dk[dk[UNIT_BIT] + dk[item_row(dk, dk[dk[RANK] + RANK_CELLS * k]) + I_UNIT]] = -1
    if is_rough:
        return good + tolerance, length, guard_count
    for k in range(guard_count):
        dk[dk[UNIT_BIT] + guards[k]] = k
    _set_bits(dk, items)
    items = _put_first(dk, items, False)
    value = FAR << 20
    for attempt in range(SECOND_CHANCES):
        # A good route known from the start lets most labels be dropped.
        best, last, left = _make_labels(ins, s, dk, items, places, limit, travel_weight, tolerance, room, good, False)
        # Whatever is guarded, no route earns more; with more guards there may be no room for all labels, and less is known.
        value = min(value, max(best, left) + tolerance)
        if last < 0:
            # what a step before found serves a unit twice
            length = length if attempt == 0 else 0
            break
        length, is_twice = _trace(dk, last)
        added = 0
        for k in range(length if is_twice else 0):
            u = dk[item_row(dk, dk[dk[ROUTE] + k]) + I_UNIT]
            for j in range(k):
                if dk[item_row(dk, dk[dk[ROUTE] + j]) + I_UNIT] == u and dk[dk[UNIT_BIT] + u] < 0 and guard_count < GUARDS:
                    dk[dk[UNIT_BIT] + u] = guard_count
                    guards[guard_count] = u
                    guard_count += 1
                    added += 1
        if added == 0:
            break
        _set_bits(dk, items)
    for k in range(guard_count):
        dk[dk[UNIT_BIT] + guards[k]] = -1
    return value, length, guard_count
