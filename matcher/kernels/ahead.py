"""What a shift may still earn from each minute and place on: by routes that may serve a unit twice, but pay a toll for each time.

An elementary route from there on serves no unit twice, so that it earns no more than the best of all routes after tolls, and the tolls of all units
that it may serve (Christofides, Mingozzi and Toth 1981, https://doi.org/10.1002/net.3230110207). The seconds that a provider may serve have a toll
as well. Any tolls that are not negative will do; they are moved until the whole shift earns least.
"""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import S_END, S_HAS_LUNCH, S_START, shift_row
from matcher.kernels.desk import (
    AHEAD, ARRIVE, BEST, BY_BEST, I_AT, I_GAIN, I_HIGH, I_LOW, I_PLACE, I_PROFIT, I_SECONDS, I_TOLL, I_UNIT, LEG_WIDTH, ORDER, ROUTE, SECOND_TOLL,
    STOPS, TOLL, UNIT_BIT, UNIT_SEEN, item_row, leg, reach_after_lunch,
)  # fmt: skip
from matcher.kernels.jit import kernel

TRIALS, PATIENCE, SMALL_GAIN, SLOWER = 40, 2, 10, 0.5
"""Tolls are moved so often at most, and no further after so many times in which less than one part in so many of what is left was won; steps that
win nothing are shorter each time."""
RELAXED_PACE = 0.2
"""How far tolls are moved, of what is to be lost, where prices move too."""
NOTHING = -(1 << 60)
"""What may be earned where nothing may be served."""


@kernel
def ahead_of(dk, minutes, places, minute, place, has_had_lunch):
    """Return where the table says what may be earned from a minute and place on, lunch being over or not."""
    return dk[AHEAD] + ((minutes + 1) * (1 if has_had_lunch else 0) + minute) * places + place


@kernel
def _arrivals_of(dk, minutes, place, has_had_lunch):
    """Return where the arrivals of a place start: what may be earned by who arrives there in each minute, or later, and serves something."""
    return dk[ARRIVE] + (dk[LEG_WIDTH] * (1 if has_had_lunch else 0) + place) * (minutes + 2)


@kernel
def _minute_after_lunch(ins, shift, now, travel, fed):
    """Return the minute in which who leaves now is there and has had lunch on the way; beyond all minutes where it is over, or too late for it."""
    return FAR if fed else (reach_after_lunch(ins, shift, now, travel) - ins[shift + S_START]) // 60


@kernel
def _arrive(dk, minutes, minute, place, fed, fed_minute):
    """Return what may be earned by who arrives at a place, may have lunch there until so much later (`fed_minute`), and serves something."""
    may = dk[_arrivals_of(dk, minutes, place, fed) + minute] if minute <= minutes else NOTHING
    if fed_minute <= minutes:
        may = max(may, dk[_arrivals_of(dk, minutes, place, True) + fed_minute])
    return may


@kernel
def _serves(ins, shift, dk, item, place, places, now, fed):
    """Return when a service is done that begins in a minute, at a place where somebody is; FAR where it does not, or is too late for it."""
    if now > dk[item + I_HIGH] or now + 60 <= dk[item + I_LOW]:
        return FAR
    done = max(now, dk[item + I_LOW]) + dk[item + I_SECONDS]
    home = leg(dk, place, places)
    return FAR if (done + home if fed else reach_after_lunch(ins, shift, done, home)) > ins[shift + S_END] else done


@kernel
def _fill_arrivals(ins, shift, dk, count, near, places, minutes, minute, fed):
    """Write what may be earned by who arrives at each place in a minute: what begins then, or what who arrives later may earn."""
    start, by = ins[shift + S_START], dk[BY_BEST]
    for k in range(near):
        at = _arrivals_of(dk, minutes, dk[by + k], fed) + minute
        dk[at] = dk[at + 1]
    for k in range(count):
        item = item_row(dk, dk[dk[ORDER] + k])
        only = dk[item + I_PLACE]
        for p in range(1 if only >= 0 else near):
            place = only if only >= 0 else dk[by + p]
            done = _serves(ins, shift, dk, item, place, places, start + 60 * minute, fed)
            if done < FAR:
                at = _arrivals_of(dk, minutes, place, fed) + minute
                dk[at] = max(dk[at], dk[item + I_GAIN] + dk[ahead_of(dk, minutes, places, (done - start) // 60, place, fed)])


@kernel
def _sort_places(dk, minutes, near, minute, fed, fed_minute):
    """Sort the places by what may be earned by who is there; the order of the minute after is nearly that of this one."""
    by, keys = dk[BY_BEST] + (dk[LEG_WIDTH] if fed else 0), dk[BEST]
    for k in range(near):
        place = dk[by + k]
        key = _arrive(dk, minutes, minute, place, fed, fed_minute)
        j = k
        while j > 0 and dk[keys + j - 1] < key:
            dk[keys + j], dk[by + j] = dk[keys + j - 1], dk[by + j - 1]
            j -= 1
        dk[keys + j], dk[by + j] = key, place


@kernel
def _list_worthwhile(dk, items, places, travel_weight, is_whole):
    """Write to ``ORDER`` the items that may earn something after tolls, and to ``BY_BEST`` their places and the base; returns how many these are.

    What earns nothing is left out of a route, which is no loss; straight ways may miss a second. A table of the whole day is for all places.
    """
    count, near = 0, 0
    for place in range(places):
        dk[dk[BEST] + place] = 1 if is_whole or place == 0 else 0
    for i in range(items):
        item = item_row(dk, i)
        if dk[item + I_GAIN] > -travel_weight:
            dk[dk[ORDER] + count] = i
            count += 1
            if dk[item + I_PLACE] >= 0:
                dk[dk[BEST] + dk[item + I_PLACE]] = 1
    for place in range(places):
        if dk[dk[BEST] + place] == 1:
            dk[dk[BY_BEST] + near] = dk[dk[BY_BEST] + dk[LEG_WIDTH] + near] = place
            near += 1
    return count, near


@kernel
def _look_ahead(ins, shift, dk, count, near, places, travel_weight):
    """Write the table for the items and places that are listed; returns what the whole shift earns after tolls.

    From the end of the day on, minute by minute: what services earn that begin then, at their places, and then what who leaves any place may earn.
    Who arrives later earns no more, so that places are looked at by what there is at once, until none that is left can be better.
    """
    start, needs_lunch = ins[shift + S_START], ins[shift + S_HAS_LUNCH] == 1
    minutes = (ins[shift + S_END] - start) // 60
    for k in range(near):
        for fed in range(2):
            dk[_arrivals_of(dk, minutes, dk[dk[BY_BEST] + k], fed == 1) + minutes + 1] = NOTHING
    for minute in range(minutes, -1, -1):
        now = start + 60 * minute
        for f in range(1, -1 if needs_lunch else 0, -1):
            fed, by = f == 1, dk[BY_BEST] + f * dk[LEG_WIDTH]
            _fill_arrivals(ins, shift, dk, count, near, places, minutes, minute, fed)
            _sort_places(dk, minutes, near, minute, fed, _minute_after_lunch(ins, shift, now, 0, fed))
            for p in range(near):
                place = dk[by + p]
                best = -travel_weight * leg(dk, place, places)
                if minute < minutes:
                    best = max(best, dk[ahead_of(dk, minutes, places, minute + 1, place, fed)])
                for k in range(near):
                    if dk[dk[BEST] + k] <= best:
                        break
                    there = dk[by + k]
                    travel = leg(dk, place, there)
                    fed_minute = _minute_after_lunch(ins, shift, now, travel, fed)
                    best = max(best, _arrive(dk, minutes, minute + travel // 60, there, fed, fed_minute) - travel_weight * travel)
                dk[ahead_of(dk, minutes, places, minute, place, fed)] = best
    return dk[ahead_of(dk, minutes, places, 0, 0, not needs_lunch)]


@kernel
def _next_place(ins, shift, dk, near, minutes, minute, place, fed, travel_weight, value):
    """Return the place that who leaves a place goes to for so much, the minute there, and whether lunch was before it; -1 where there is none."""
    now = ins[shift + S_START] + 60 * minute
    for k in range(near):
        there = dk[dk[BY_BEST] + k]
        travel = leg(dk, place, there)
        wanted, then = value + travel_weight * travel, minute + travel // 60
        if then <= minutes and dk[_arrivals_of(dk, minutes, there, fed) + then] == wanted:
            return there, then, fed
        then = _minute_after_lunch(ins, shift, now, travel, fed)
        if then <= minutes and dk[_arrivals_of(dk, minutes, there, True) + then] == wanted:
            return there, then, True
    return -1, minute, fed


@kernel
def _follow(ins, shift, dk, count, near, places, travel_weight):
    """Write to ``STOPS`` the items of the route that earns most after tolls; returns how many."""
    start, fed = ins[shift + S_START], ins[shift + S_HAS_LUNCH] != 1
    minutes = (ins[shift + S_END] - start) // 60
    minute, place, length = 0, 0, 0
    while True:
        value = dk[ahead_of(dk, minutes, places, minute, place, fed)]
        if value == -travel_weight * leg(dk, place, places):
            return length
        while minute < minutes and dk[ahead_of(dk, minutes, places, minute + 1, place, fed)] == value:
            minute += 1
        place, minute, fed = _next_place(ins, shift, dk, near, minutes, minute, place, fed, travel_weight, value)
        if place < 0:
            return length
        at = _arrivals_of(dk, minutes, place, fed)
        value = dk[at + minute]
        while dk[at + minute + 1] == value:
            minute += 1
        for k in range(count):
            i = dk[dk[ORDER] + k]
            item = item_row(dk, i)
            if dk[item + I_PLACE] < 0 or dk[item + I_PLACE] == place:
                done = _serves(ins, shift, dk, item, place, places, start + 60 * minute, fed)
                if done < FAR and dk[item + I_GAIN] + dk[ahead_of(dk, minutes, places, (done - start) // 60, place, fed)] == value:
                    dk[dk[STOPS] + length] = i
                    length, minute = length + 1, (done - start) // 60
                    break


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
def _read_tolls(dk, items, ln):
    """Write to the items the last tolls of their units; returns the mean of their seconds."""
    seconds = 0
    for i in range(items):
        item = item_row(dk, i)
        seconds += dk[item + I_SECONDS]
        # One toll for each unit, whatever its items were last time.
        seen = dk[UNIT_SEEN] + dk[item + I_UNIT]
        if dk[seen] < 0:
            dk[seen] = ln[ln[TOLL] + dk[item + I_AT]]
        dk[item + I_TOLL] = dk[seen]
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
def _look_after_tolls(ins, shift, dk, items, places, limit, travel_weight, a_second, is_whole):
    """Write the table for the tolls of the items and of a second; returns what the shift earns at most, all tolls of units, and what is listed."""
    total = _set_gains(dk, items, a_second)
    count, near = _list_worthwhile(dk, items, places, travel_weight, is_whole)
    value = _look_ahead(ins, shift, dk, count, near, places, travel_weight) + total + (a_second * limit if limit < FAR else 0)
    return value, total, count, near


@kernel
def _note_tolls(dk, items, ln, g, a_second):
    """Remember the tolls of the items, and that of a second."""
    ln[ln[SECOND_TOLL] + g] = a_second
    for i in range(items):
        item = item_row(dk, i)
        ln[ln[TOLL] + dk[item + I_AT]] = dk[item + I_TOLL]


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
    shift, mean = shift_row(ins, s), _read_tolls(dk, items, ln)
    a_second = ln[ln[SECOND_TOLL] + g] if limit < FAR else 0
    least, since, pace, is_moved = 1 << 60, 0, 1.0, True
    for _ in range(TRIALS):
        value, _, count, near = _look_after_tolls(ins, shift, dk, items, places, limit, travel_weight, a_second, False)
        since += 1
        if value < least:
            since = 0 if least - value > (value - good) // SMALL_GAIN else since
            least = value
            _note_tolls(dk, items, ln, g, a_second)
        else:
            pace *= SLOWER
        if value <= good or since > PATIENCE or not is_moved:
            break
        stops = _follow(ins, shift, dk, count, near, places, travel_weight)
        a_second, is_moved = _move_tolls(dk, items, stops, limit, mean, a_second, pace * (value - good))
        good, length = keep_better(dk, stops, limit, places, travel_weight, good, length)
    for i in range(items):
        item = item_row(dk, i)
        dk[item + I_TOLL] = ln[ln[TOLL] + dk[item + I_AT]]
    a_second = ln[ln[SECOND_TOLL] + g]
    _, total, _, _ = _look_after_tolls(ins, shift, dk, items, places, limit, travel_weight, a_second, True)
    return least, total, a_second, good, length


@kernel
def relaxed_route(ins, s, dk, items, places, limit, travel_weight, ln, g, good):
    """Write to ``ROUTE`` the route that earns most after the last tolls, and move these; returns what the shift earns at most, and its items.

    The route may serve a unit twice, and for longer than the limit: it is what the bound loses most by at these prices, tolls and all.
    """
    shift, mean = shift_row(ins, s), _read_tolls(dk, items, ln)
    a_second = ln[ln[SECOND_TOLL] + g] if limit < FAR else 0
    value, _, count, near = _look_after_tolls(ins, shift, dk, items, places, limit, travel_weight, a_second, False)
    stops = _follow(ins, shift, dk, count, near, places, travel_weight)
    for k in range(stops):
        dk[dk[ROUTE] + k] = dk[dk[STOPS] + k]
    a_second, _ = _move_tolls(dk, items, stops, limit, mean, a_second, RELAXED_PACE * max(0, value - good))
    _note_tolls(dk, items, ln, g, a_second)
    return value, stops
