"""The route of a shift that earns most, found by labels that are extended in order of time.

An *item* is a way to serve a node in the shift at hand: an interval of starts, and what is earned by one of them. A *label* is a route so far.
One label beats another at the same place if it is no later, has earned no less, has had its lunch if the other has, has served no more seconds
(where they are limited), and none of the *guarded* units that the other has not. Units are guarded only once the best route serves one twice
(decremental state-space relaxation, https://doi.org/10.1002/net.20212), and are remembered only at the stops between (Roberti and Mingozzi's dynamic
ng-paths, https://doi.org/10.1287/trsc.2013.0474); until then, and where no more can be guarded, the relaxation earns more than any route does, never
less. Where labels are many, those are dropped that cannot become the best by what `matcher.kernels.ahead` knows of the rest of the day.

That is no contradiction to one label beating another: for a rest of the day that serves no unit twice and none that the label remembers, what may be
earned ahead is no less than what that rest earns, so that of two labels the one that beats is not dropped before the one that is beaten would be.
"""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.ahead import ahead_of, keep_better, look_ahead, relaxed_route
from matcher.kernels.cells import S_END, S_HAS_LUNCH, S_LUNCH, S_START, shift_row
from matcher.kernels.desk import (
    BIT_TOLL, FEW_LABELS, GUARDS, GUARD_COUNT, GUARD_UNIT, IS_LOOSE, I_AT, I_BIT, I_HIGH, I_KEEP, I_LOW, I_PLACE, I_PROFIT, I_SECONDS, I_TOLL,
    I_UNIT, KEEPS, L_DEAD, L_END, L_ITEM, L_LUNCH, L_MASK, L_NEXT_MINUTE, L_NEXT_PLACE, L_PARENT, L_PLACE, L_PROFIT, L_SERVED, MINUTE, ORDER,
    PLACE_HEAD, PROVED, RANK, RANK_CELLS, RELAXED, REST, REST_WIDTH, ROUGH_REST, ROUGH_SECONDS, ROUGH_UNITS, R_HIGH, R_PROFIT, R_SECONDS, STOPS,
    UNIT_BIT, UNIT_SEEN, WAY_IN, item_row, label_row, leg, reach_after_lunch, rest_of,
)  # fmt: skip
from matcher.kernels.jit import kernel

SECOND_CHANCES = 12
"""How often the labels of a shift are made anew, with more units guarded, before a route that serves one twice is let pass."""
MOST_AHEAD = 60_000_000
"""Minutes of a shift times places times places up to which it is worth looking ahead."""
LOOSE = 200
"""A proof leaves much open that says more than one part in so many above what a route earns."""
EXACT_SECONDS, GRAIN = 16_200, 60
"""In shifts that are longer, services end at whole minutes (earlier than they do): labels are then fewer, and the bound hardly weaker."""


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
def _may_earn(dk, minutes, places, minute, place, is_fed, mask, served, limit, tolls, a_second, bits):
    """Return what a route that has come so far may earn from here on; without tolls (`bits` below 0) by its minutes only."""
    rest = rest_of(dk, minute, is_fed)
    if bits < 0:
        return rest
    ahead = dk[ahead_of(dk, minutes, places, minute, place, is_fed)] + tolls
    for b in range(bits):
        if mask >> b & 1 == 1:
            ahead -= dk[dk[BIT_TOLL] + b]
    return min(rest, ahead + a_second * (limit - served))


@kernel
def _most_open(dk, label, minute, minutes, places, limit, tolls, a_second, bits):
    """Return the most that any route may earn that goes on from a label, the others of its minute or those of later ones."""
    most, at = 0, label
    while minute <= minutes:
        while at >= 0:
            row = label_row(dk, at)
            if dk[row + L_DEAD] == 0:
                has_had, mask, served = dk[row + L_LUNCH] == 1, dk[row + L_MASK], dk[row + L_SERVED]
                may = _may_earn(dk, minutes, places, minute, dk[row + L_PLACE], has_had, mask, served, limit, tolls, a_second, bits)
                most = max(most, dk[row + L_PROFIT] + may)
            at = dk[row + L_NEXT_MINUTE]
        minute += 1
        if minute <= minutes:
            at = dk[dk[MINUTE] + minute]
    return most


@kernel
def _make_labels(ins, s, dk, items, places, limit, travel_weight, tolerance, room, best, is_rough, tolls, a_second, bits):
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
                        done -= (done - start) % grain
                        kept = mask & dk[item + I_KEEP] | bit
                        is_best = gain - travel_weight * home > best
                        if not is_best:
                            may = _may_earn(dk, minutes, places, (done - start) // 60, there, is_fed, kept, served, limit, tolls, a_second, bits)
                            if gain + may <= best + tolerance:
                                continue
                        if count == room:
                            return best, last, _most_open(dk, at, minute, minutes, places, limit, tolls, a_second, bits)
                        before = count
                        count = _insert(dk, count, start, done, gain, kept, there, i, at, 1 if is_fed else 0, served, is_rough)
                        if count > before and is_best:
                            best, last = gain - travel_weight * home, before
            at = dk[label + L_NEXT_MINUTE]
    return best, last, 0


@kernel
def _trace(dk, last):
    """Write to ``STOPS`` the items of the route that ends in a label; returns how many."""
    length, at = 0, label_row(dk, last)
    while dk[at + L_PARENT] >= 0:
        length, at = length + 1, label_row(dk, dk[at + L_PARENT])
    at = label_row(dk, last)
    for k in range(length - 1, -1, -1):
        dk[dk[STOPS] + k], at = dk[at + L_ITEM], label_row(dk, dk[at + L_PARENT])
    return length


@kernel
def _set_bits(dk, items, ln, is_rough):
    """Write to the items the guards of their units, and which guards a route through them remembers (roughly: all)."""
    for i in range(items):
        item = item_row(dk, i)
        bit = dk[dk[UNIT_BIT] + dk[item + I_UNIT]]
        dk[item + I_BIT] = 1 << bit if bit >= 0 else 0
        if bit >= 0 and not is_rough:
            dk[dk[BIT_TOLL] + bit] = dk[item + I_TOLL]
        dk[item + I_KEEP] = -1 if is_rough else ln[ln[KEEPS] + dk[item + I_AT]]


@kernel
def _set_guards(dk, ln, g, is_set):
    """Give the guarded units of a group their bits, or take them away again."""
    for k in range(ln[ln[GUARD_COUNT] + g]):
        dk[dk[UNIT_BIT] + ln[ln[GUARD_UNIT] + g * GUARDS + k]] = k if is_set else -1


@kernel
def _guard(dk, length, ln, g):
    """Guard what the route in ``STOPS`` serves twice, and remember it in between; returns how much of that is new."""
    added, guards = 0, ln[GUARD_UNIT] + g * GUARDS
    for k in range(length):
        u, again = dk[item_row(dk, dk[dk[STOPS] + k]) + I_UNIT], k + 1
        while again < length and dk[item_row(dk, dk[dk[STOPS] + again]) + I_UNIT] != u:
            again += 1
        bit, count = dk[dk[UNIT_BIT] + u], ln[ln[GUARD_COUNT] + g]
        if again == length or (bit < 0 and count == GUARDS):
            continue
        if bit < 0:
            bit, added = count, added + 1
            dk[dk[UNIT_BIT] + u], ln[guards + bit], ln[ln[GUARD_COUNT] + g] = bit, u, count + 1
        for between in range(k + 1, again):
            at = ln[KEEPS] + dk[item_row(dk, dk[dk[STOPS] + between]) + I_AT]
            if ln[at] >> bit & 1 == 0:
                ln[at] |= 1 << bit
                added += 1
    return added


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
def best_route(ins, s, dk, items, places, limit, travel_weight, tolerance, ln, g, room, kept, how, known):
    """Return what the best route of a shift earns at most (roughly: about), what the one in ``ROUTE`` earns, and how many items it has.

    Parameters
    ----------
    limit : int
        Seconds of service that the route may hold; FAR where there is no limit.
    tolerance : int
        Labels that would raise the best by no more than this are not followed; the value includes it.
    ln, g
        What was learned of the shift, whose group is g: read, and extended by units that the best route serves twice.
    room : int
        How many labels the desk holds.
    kept : int
        How many units stand in ``RANK``.
    how : int
        ``ROUGH``, ``RELAXED`` or ``PROVED`` (`matcher.kernels.desk`).
    known : int
        What a route earns that is known (0: none): one that earns no more is not looked for.
    """
    shift = shift_row(ins, s)
    is_small = (ins[shift + S_END] - ins[shift + S_START]) // 60 * places * places <= MOST_AHEAD
    if how == RELAXED and is_small and ln[ln[IS_LOOSE] + g] == 1:
        value, length = relaxed_route(ins, s, dk, items, places, limit, travel_weight, ln, g, known)
        return value, value, length
    # Roughly, every unit can be guarded: labels forget what they served when they are compared.
    guarded = min(kept, dk[ROUGH_UNITS])
    for k in range(guarded):
        dk[dk[UNIT_BIT] + dk[item_row(dk, dk[dk[RANK] + RANK_CELLS * k]) + I_UNIT]] = k
    _set_bits(dk, items, ln, True)
    _, last, _ = _make_labels(ins, s, dk, _put_first(dk, items, True), places, limit, travel_weight, tolerance, room, known, True, 0, 0, -1)
    good, length = keep_better(dk, _trace(dk, last), limit, places, travel_weight, 0, 0) if last >= 0 else (known, 0)
    for k in range(guarded):
        dk[dk[UNIT_BIT] + dk[item_row(dk, dk[dk[RANK] + RANK_CELLS * k]) + I_UNIT]] = -1
    if how != PROVED:
        return good + tolerance, good, length
    _set_guards(dk, ln, g, True)
    value, all_tolls, a_second, bits, few = FAR << 20, 0, 0, -1, dk[FEW_LABELS] if is_small else room
    for _ in range(SECOND_CHANCES):
        # A good route known from the start lets most labels be dropped.
        _set_bits(dk, items, ln, False)
        count = _put_first(dk, items, False)
        best, last, left = _make_labels(ins, s, dk, count, places, limit, travel_weight, tolerance, few, good, False, all_tolls, a_second, bits)
        if left > 0 and bits < 0 and is_small:
            # Too many labels: it is worth knowing more of what may follow on them.
            _set_guards(dk, ln, g, False)
            value, all_tolls, a_second, good, length = look_ahead(ins, s, dk, items, places, limit, travel_weight, ln, g, good, length)
            if value <= good:
                break
            _set_guards(dk, ln, g, True)
            bits, few = ln[ln[GUARD_COUNT] + g], room
            continue
        # Whatever is guarded, no route earns more; with more guards there may be no room for all labels, and less is known.
        value = min(value, max(best, left))
        if last < 0:
            break
        stops = _trace(dk, last)
        added = _guard(dk, stops, ln, g)
        good, length = keep_better(dk, stops, limit, places, travel_weight, good, length)
        if added == 0 or left > best:
            break
        bits = ln[ln[GUARD_COUNT] + g] if bits >= 0 else -1
    _set_guards(dk, ln, g, False)
    ln[ln[IS_LOOSE] + g] = 1 if value - good > good // LOOSE else 0
    return value + tolerance, good, length
