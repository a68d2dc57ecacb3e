"""What a shift may still earn from each minute and place on: by routes that may serve a unit twice, but pay a toll for each time.

An elementary route from there on serves no unit twice, so that it earns no more than the best of all routes after tolls, and the tolls of all units
that it may serve (Christofides, Mingozzi and Toth 1981, https://doi.org/10.1002/net.3230110207). The seconds that a provider may serve have a toll
as well. Any tolls that are not negative will do; they are moved until the whole shift earns least.
"""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import S_END, S_HAS_LUNCH, S_START, shift_row
from matcher.kernels.desk import (
    AHEAD, I_AT, I_GAIN, I_HIGH, I_LOW, I_PLACE, I_PROFIT, I_REACH, I_SECONDS, I_TOLL, I_UNIT, ORDER, ROUTE, SECOND_TOLL, STOPS, TOLL, UNIT_BIT,
    UNIT_SEEN, item_row, leg, reach_after_lunch,
)  # fmt: skip
from matcher.kernels.jit import kernel

TRIALS, PATIENCE, SMALL_GAIN, SLOWER = 40, 6, 50, 0.7
"""Tolls are moved so often at most, and no further after so many times in which less than one part in so many of what is left was won; steps that
win nothing are shorter each time."""


@kernel
def ahead_of(dk, minutes, places, minute, place, has_had_lunch):
    """Return where the table says what may be earned from a minute and place on, lunch being over or not."""
    return dk[AHEAD] + ((minutes + 1) * (1 if has_had_lunch else 0) + minute) * places + place


@kernel
def _step(ins, shift, dk, i, place, places, end, takes, has_had):
    """Return when a service is done that follows on a stop at a place and moment, FAR where there is no time for it."""
    item = item_row(dk, i)
    there = dk[item + I_PLACE] if dk[item + I_PLACE] >= 0 else place
    travel = leg(dk, place, there)
    if end + travel > dk[item + I_HIGH]:
        return FAR
    begin = max(dk[item + I_LOW], reach_after_lunch(ins, shift, end, travel) if takes == 1 else end + travel)
    if begin > dk[item + I_HIGH]:
        return FAR
    done = begin + dk[item + I_SECONDS]
    home = leg(dk, there, places)
    is_fed = has_had or takes == 1
    if (done + home if is_fed else reach_after_lunch(ins, shift, done, home)) > ins[shift + S_END]:
        return FAR
    return done


@kernel
def _can_wait(ins, shift, dk, item, end, travel, has_had):
    """Whether who leaves for a service, so far away at most, may as well leave a minute later, with lunch on the way or without."""
    if end + 60 + travel > dk[item + I_LOW]:
        return False
    return has_had or reach_after_lunch(ins, shift, end, 0) == FAR or reach_after_lunch(ins, shift, end + 60, travel) <= dk[item + I_LOW]


@kernel
def _look_ahead(ins, shift, dk, items, places, travel_weight):
    """Write the table for the tolls of the items; returns what the whole shift earns after tolls.

    Who waits for a service may as well wait for it here: what may follow a stop at once is looked at, and the same stop a minute later.
    """
    start, needs_lunch = ins[shift + S_START], ins[shift + S_HAS_LUNCH] == 1
    minutes = (ins[shift + S_END] - start) // 60
    for minute in range(minutes, -1, -1):
        end = start + 60 * minute
        for fed in range(1, -1 if needs_lunch else 0, -1):
            count = 0
            for i in range(items):
                item = item_row(dk, i)
                if end <= dk[item + I_HIGH] and not _can_wait(ins, shift, dk, item, end, dk[item + I_REACH], fed == 1):
                    dk[dk[ORDER] + count] = i
                    count += 1
            for place in range(places):
                best = -travel_weight * leg(dk, place, places)
                if minute < minutes:
                    best = max(best, dk[ahead_of(dk, minutes, places, minute + 1, place, fed == 1)])
                for k in range(count):
                    i = dk[dk[ORDER] + k]
                    item = item_row(dk, i)
                    there = dk[item + I_PLACE] if dk[item + I_PLACE] >= 0 else place
                    travel = leg(dk, place, there)
                    for takes in range(1 if fed == 1 else 2):
                        done = _step(ins, shift, dk, i, place, places, end, takes, fed == 1)
                        if done < FAR:
                            rest = dk[ahead_of(dk, minutes, places, (done - start) // 60, there, fed == 1 or takes == 1)]
                            best = max(best, dk[item + I_GAIN] - travel_weight * travel + rest)
                dk[ahead_of(dk, minutes, places, minute, place, fed == 1)] = best
    return dk[ahead_of(dk, minutes, places, 0, 0, not needs_lunch)]


@kernel
def _follow(ins, shift, dk, items, places, travel_weight):
    """Write to ``STOPS`` the items of the route that earns most after tolls; returns how many."""
    start, has_had = ins[shift + S_START], ins[shift + S_HAS_LUNCH] != 1
    minutes = (ins[shift + S_END] - start) // 60
    minute, place, length = 0, 0, 0
    while True:
        value = dk[ahead_of(dk, minutes, places, minute, place, has_had)]
        if value == -travel_weight * leg(dk, place, places):
            return length
        while minute < minutes and dk[ahead_of(dk, minutes, places, minute + 1, place, has_had)] == value:
            minute += 1
        end, found = start + 60 * minute, False
        for i in range(items):
            item = item_row(dk, i)
            there = dk[item + I_PLACE] if dk[item + I_PLACE] >= 0 else place
            gain = dk[item + I_GAIN] - travel_weight * leg(dk, place, there)
            for takes in range(1 if has_had else 2):
                done = _step(ins, shift, dk, i, place, places, end, takes, has_had)
                if done < FAR:
                    later, fed = (done - start) // 60, has_had or takes == 1
                    if gain + dk[ahead_of(dk, minutes, places, later, there, fed)] == value:
                        dk[dk[STOPS] + length] = i
                        length, minute, place, has_had, found = length + 1, later, there, fed, True
                        break
            if found:
                break
        if not found:
            return length


@kernel
def _set_gains(dk, items, a_second):
    """Write to the items what they earn after tolls; returns the tolls of all units, each once."""
    total = 0
    for i in range(items):
        item = item_row(dk, i)
        dk[item + I_GAIN] = dk[item + I_PROFIT] - dk[item + I_TOLL] - a_second * dk[item + I_SECONDS]
        seen = dk[UNIT_SEEN] + dk[item + I_UNIT]
        if dk[seen] < 0:
            dk[seen] = 0
            total += dk[item + I_TOLL]
    for i in range(items):
        dk[dk[UNIT_SEEN] + dk[item_row(dk, i) + I_UNIT]] = -1
    return total


@kernel
def keep_better(dk, length, limit, places, travel_weight, good, known):
    """Take out of the route in ``STOPS`` what it serves again, or beyond the limit, and write it to ``ROUTE`` if it earns more than the one there.

    Returns what the route in ``ROUTE`` then earns, and its length.
    """
    kept, place, profit, served = 0, 0, 0, 0
    for k in range(length):
        i = dk[dk[STOPS] + k]
        item = item_row(dk, i)
        seen = dk[UNIT_SEEN] + dk[item + I_UNIT]
        if dk[seen] >= 0 or (limit < FAR and served + dk[item + I_SECONDS] > limit):
            continue
        dk[seen] = 0
        served += dk[item + I_SECONDS]
        there = dk[item + I_PLACE] if dk[item + I_PLACE] >= 0 else place
        profit += dk[item + I_PROFIT] - travel_weight * leg(dk, place, there)
        place = there
        dk[dk[STOPS] + kept] = i
        kept += 1
    for k in range(kept):
        dk[dk[UNIT_SEEN] + dk[item_row(dk, dk[dk[STOPS] + k]) + I_UNIT]] = -1
    profit -= travel_weight * leg(dk, place, places)
    if profit <= good:
        return good, known
    for k in range(kept):
        dk[dk[ROUTE] + k] = dk[dk[STOPS] + k]
    return profit, kept


@kernel
def _read_tolls(dk, items, places, ln):
    """Write to the items the last tolls of their units and the longest ways to them; returns the mean of their seconds."""
    seconds = 0
    for i in range(items):
        item = item_row(dk, i)
        seconds += dk[item + I_SECONDS]
        # One toll for each unit, whatever its items were last time.
        seen = dk[UNIT_SEEN] + dk[item + I_UNIT]
        if dk[seen] < 0:
            dk[seen] = ln[ln[TOLL] + dk[item + I_AT]]
        dk[item + I_TOLL], dk[item + I_REACH] = dk[seen], 0
        if dk[item + I_PLACE] >= 0:
            for place in range(places):
                dk[item + I_REACH] = max(dk[item + I_REACH], leg(dk, place, dk[item + I_PLACE]))
    for i in range(items):
        dk[dk[UNIT_SEEN] + dk[item_row(dk, i) + I_UNIT]] = -1
    return max(1, seconds // max(1, items))


@kernel
def _move_tolls(dk, items, stops, limit, mean, a_second, height):
    """Raise the tolls of what the route in ``STOPS`` serves more than once, lower those of what it does not serve; returns that of a second.

    The step is Polyak's, over as much height as is to be lost. Returned is also whether there was anything to move.
    """
    served = 0
    for k in range(stops):
        item = item_row(dk, dk[dk[STOPS] + k])
        served += dk[item + I_SECONDS]
        seen = dk[UNIT_SEEN] + dk[item + I_UNIT]
        dk[seen] = max(0, dk[seen]) + 1
    over = (served - limit) / mean if limit < FAR else 0.0
    norm = over * over if over > 0 or a_second > 0 else 0.0
    for i in range(items):
        item = item_row(dk, i)
        times, mark = max(0, dk[dk[UNIT_SEEN] + dk[item + I_UNIT]]), dk[UNIT_BIT] + dk[item + I_UNIT]
        if dk[mark] < 0 and (times > 1 or (times == 0 and dk[item + I_TOLL] > 0)):
            norm += (times - 1.0) ** 2
            dk[mark] = 0
    step = height / norm if norm > 0 else 0.0
    for i in range(items):
        item = item_row(dk, i)
        dk[dk[UNIT_BIT] + dk[item + I_UNIT]] = -1
        times = max(0, dk[dk[UNIT_SEEN] + dk[item + I_UNIT]])
        dk[item + I_TOLL] = max(0, dk[item + I_TOLL] + int(step * (times - 1)))
    for k in range(stops):
        dk[dk[UNIT_SEEN] + dk[item_row(dk, dk[dk[STOPS] + k]) + I_UNIT]] = -1
    return max(0, a_second + int(step * over / mean)), norm > 0


@kernel
def look_ahead(ins, s, dk, items, places, limit, travel_weight, ln, g, good, length):
    """Move the tolls until the shift earns least, and write the table.

    Parameters
    ----------
    ln, g
        What was learned of the shift, whose group is g: read and written for the items at hand.
    good, length : int
        What the route in ``ROUTE`` earns, and how many items it has.

    Returns
    -------
    tuple
        What the shift earns at most, the tolls of all units, that of a second, and what the best route found on the way earns and its length, which
        then stands in ``ROUTE``.
    """
    shift, mean = shift_row(ins, s), _read_tolls(dk, items, places, ln)
    a_second = ln[ln[SECOND_TOLL] + g] if limit < FAR else 0
    least, since, pace, is_moved = 1 << 60, 0, 1.0, True
    for _ in range(TRIALS):
        total = _set_gains(dk, items, a_second)
        value = _look_ahead(ins, shift, dk, items, places, travel_weight) + total + (a_second * limit if limit < FAR else 0)
        since += 1
        if value < least:
            since = 0 if least - value > (value - good) // SMALL_GAIN else since
            least, ln[ln[SECOND_TOLL] + g] = value, a_second
            for i in range(items):
                item = item_row(dk, i)
                ln[ln[TOLL] + dk[item + I_AT]] = dk[item + I_TOLL]
        else:
            pace *= SLOWER
        if value <= good or since > PATIENCE or not is_moved:
            break
        stops = _follow(ins, shift, dk, items, places, travel_weight)
        a_second, is_moved = _move_tolls(dk, items, stops, limit, mean, a_second, pace * (value - good))
        good, length = keep_better(dk, stops, limit, places, travel_weight, good, length)
    for i in range(items):
        item = item_row(dk, i)
        dk[item + I_TOLL] = ln[ln[TOLL] + dk[item + I_AT]]
    total = _set_gains(dk, items, ln[ln[SECOND_TOLL] + g])
    _look_ahead(ins, shift, dk, items, places, travel_weight)
    return least, total, ln[ln[SECOND_TOLL] + g] if limit < FAR else 0, good, length
