"""Where an absent visit could go: every position of every shift that may hold it, singly or as a team. Nothing is changed but the workspace."""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import (
    D_AT_LEAST_DAYS, D_AT_MOST_DAYS, D_FIRST_VISIT, D_HAS_FIRST_TEAM, D_IS_NUMBERED, D_VISITS, ENTRY_FIRST, IS_MONOTONE, LATENESS, MAX_LATENESS,
    NODE_DUE, N_GAP_HIGH, N_GAP_LOW, N_IS_ROOM, N_PIN, N_PLACE, N_SECONDS, N_VISIT, OPTIONS, O_HIGH, O_LOW, S_BASE, S_DAY, S_END, S_HAS_LUNCH,
    S_MAX_LEG, S_PROFILE, S_RETURNS, S_START, TRAVEL, V_FIRST_NODE, V_IS_PAID, V_NEED, V_NODES, V_OPTIONS, V_OPTION_FIRST, V_ROLES, cell, entry_cost,
    entry_shift, need_row, node_row, room_of, shift_row, visit_row, weight,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.look import is_news, look
from matcher.kernels.people import evaluate_provider
from matcher.kernels.rents import rent
from matcher.kernels.roads import travel_seconds
from matcher.kernels.routes import (
    AT, FAILED, FUNDS_FREED, HEAD, IS_IN, LATEST, LUNCH_AFTER, NEXT, NONE, SHIFT, START, TIMED, WAIT, WORST, get_node, get_shift, get_total,
    get_visit,
)  # fmt: skip
from matcher.kernels.schedule import depart, lateness, reach, time_cost
from matcher.kernels.work import (
    AFTER, CHOSEN, COST, DAY_EPOCH, DAY_STAMP, EARLIEST, EPOCH, FIXED, FROM, IS_EXACT, IS_LUNCH_AFTER, LATEST_START, LOOK, PAYER, PUSH_NODE,
    PUSH_ROOM, PUSH_START, SCAN, SCAN_ROOM, TO_ENTRY, TRIAL_COST, TRIAL_EPOCH, TRIAL_START, UNTIL, below, candidate, copy_candidate,
)  # fmt: skip

UNTIMED, EXACT, LEAST = range(3)
"""How far the costs of times are worked out: `scan_shift`."""
BLINK = 100
"""One position in so many is passed over, so that greedy insertion does not always end in the same place (Christiaens and Vanden Berghe 2020)."""


@kernel
def fits_spacing(ins, rt, v, day):
    """Return whether visit v may be on that day, given the days of the need's other visits."""
    visit = visit_row(ins, v)
    need = need_row(ins, ins[visit + V_NEED])
    if ins[need + D_VISITS] == 1:
        return True
    first, last = ins[need + D_FIRST_VISIT], ins[need + D_FIRST_VISIT] + ins[need + D_VISITS]
    if ins[need + D_HAS_FIRST_TEAM] == 1 and v != first and get_visit(rt, first, IS_IN) == 0:
        return False
    if ins[need + D_IS_NUMBERED] == 1:
        for w in range(first, last):
            if w == v or get_visit(rt, w, IS_IN) == 0:
                continue
            other = ins[shift_row(ins, get_node(rt, ins[visit_row(ins, w) + V_FIRST_NODE], SHIFT)) + S_DAY]
            ahead, steps = (other - day, w - v) if w > v else (day - other, v - w)
            if ahead < ins[need + D_AT_LEAST_DAYS] or (ins[need + D_AT_MOST_DAYS] > 0 and ahead > steps * ins[need + D_AT_MOST_DAYS]):
                return False
        return True
    # Interchangeable visits: walk through the days in order; a gap longer than allowed must be room for a visit that is left out.
    steps, at, is_counted = 0, -(1 << 30), False
    while True:
        following = 1 << 30
        for w in range(first, last):
            if w != v and get_visit(rt, w, IS_IN) == 1:
                other = ins[shift_row(ins, get_node(rt, ins[visit_row(ins, w) + V_FIRST_NODE], SHIFT)) + S_DAY]
                if other > at:
                    following = min(following, other)
        if not is_counted and day <= following:
            if day == following:
                return False
            following = day
            is_counted = True
        if following == 1 << 30:
            break
        if at > -(1 << 30):
            if following - at < ins[need + D_AT_LEAST_DAYS]:
                return False
            steps += max(1, -((at - following) // ins[need + D_AT_MOST_DAYS])) if ins[need + D_AT_MOST_DAYS] > 0 else 1
        at = following
    return steps <= ins[need + D_VISITS] - 1


@kernel
def fits_day(ins, rt, wk, v, day):
    """Return what `fits_spacing` says, working it out once a day while a place for a visit is sought (``DAY_EPOCH``)."""
    at = wk[DAY_STAMP] + 2 * day
    if wk[at] != wk[DAY_EPOCH]:
        wk[at] = wk[DAY_EPOCH]
        wk[at + 1] = fits_spacing(ins, rt, v, day)
    return wk[at + 1] == 1


@kernel
def evaluate_push(ins, pts, rt, wk, origin, start, limit):
    """Return what it costs to delay node `origin` until `start`, along all the routes that this delays; FAR where it cannot be, or not below `limit`.

    The delays are followed node by node, each at the start known so far, without writing them.
    """
    wk[EPOCH] += 1
    epoch = wk[EPOCH]
    wk[wk[PUSH_NODE]], wk[wk[PUSH_START]] = origin, start
    top, cost, steps = 1, 0, 0
    most = wk[PUSH_ROOM] - 24
    while top > 0:
        top -= 1
        n, start = wk[wk[PUSH_NODE] + top], wk[wk[PUSH_START] + top]
        steps += 1
        if top > most or steps > 4000:
            return FAR
        is_known = wk[wk[TRIAL_EPOCH] + n] == epoch
        old_start = wk[wk[TRIAL_START] + n] if is_known else get_node(rt, n, START)
        if start <= old_start:
            continue
        if start > get_node(rt, n, LATEST):
            return FAR
        old_cost = wk[wk[TRIAL_COST] + n] if is_known else get_node(rt, n, TIMED)
        new_cost = time_cost(ins, n, start)
        cost += new_cost - old_cost
        if cost >= limit and ins[IS_MONOTONE] == 1:
            return FAR
        wk[wk[TRIAL_EPOCH] + n], wk[wk[TRIAL_START] + n], wk[wk[TRIAL_COST] + n] = epoch, start, new_cost
        node = node_row(ins, n)
        visit = visit_row(ins, ins[node + N_VISIT])
        if ins[visit + V_NODES] > 1:
            first, room = ins[visit + V_FIRST_NODE], room_of(ins, visit)
            if n == room or (n == first and room != NONE):
                wk[wk[PUSH_NODE] + top], wk[wk[PUSH_START] + top] = first + room - n, start
                top += 1
            if n + 1 < first + ins[visit + V_ROLES]:
                wk[wk[PUSH_NODE] + top], wk[wk[PUSH_START] + top] = n + 1, start + ins[node_row(ins, n + 1) + N_GAP_LOW]
                top += 1
            if first < n != room:
                wk[wk[PUSH_NODE] + top], wk[wk[PUSH_START] + top] = n - 1, start - ins[node + N_GAP_HIGH]
                top += 1
        s = get_node(rt, n, SHIFT)
        shift = shift_row(ins, s)
        following = get_node(rt, n, NEXT)
        has_lunch = ins[shift + S_HAS_LUNCH] == 1 and get_shift(rt, s, LUNCH_AFTER) == n
        if following != NONE:
            travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], get_node(rt, n, AT), get_node(rt, following, AT))
            wk[wk[PUSH_NODE] + top], wk[wk[PUSH_START] + top] = following, reach(ins, shift, start + ins[node + N_SECONDS], travel, has_lunch)
            top += 1
        else:
            travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], get_node(rt, n, AT), ins[shift + S_BASE]) if ins[shift + S_RETURNS] == 1 else 0
            if reach(ins, shift, start + ins[node + N_SECONDS], travel, has_lunch) > ins[shift + S_END]:
                return FAR
    return cost


@kernel
def _following_travel(ins, pts, rt, shift, here, at, following):
    """Return the travel from a place to the next node that has a place (or home), and what it is now from `at`; where remote nodes stand between."""
    m = following
    while m != NONE:
        place = ins[node_row(ins, m) + N_PLACE]
        if place >= 0:
            return travel_seconds(ins, pts, ins[shift + S_PROFILE], here, place), travel_seconds(ins, pts, ins[shift + S_PROFILE], at, place)
        m = get_node(rt, m, NEXT)
    if ins[shift + S_RETURNS] == 1:
        return travel_seconds(ins, pts, ins[shift + S_PROFILE], here, ins[shift + S_BASE]), travel_seconds(
            ins, pts, ins[shift + S_PROFILE], at, ins[shift + S_BASE]
        )
    return 0, 0


@kernel
def time_part(ins, pts, rt, wk, n, start, following, following_start, limit):
    """Return the cost of the start of node n and of the delay it brings to the node after it; FAR where that cannot be, or not below `limit`."""
    cost = time_cost(ins, n, start)
    if weight(ins, MAX_LATENESS) > 0 and ins[node_row(ins, n) + N_IS_ROOM] == 0:
        late = lateness(ins, visit_row(ins, ins[node_row(ins, n) + N_VISIT]), start)
        cost += weight(ins, MAX_LATENESS) * max(0, late - get_total(rt, WORST))
    if following != NONE and following_start > get_node(rt, following, START):
        cost += evaluate_push(ins, pts, rt, wk, following, following_start, limit - cost)
    return cost


@kernel
def _least_gain(ins, rt, n, start):
    """Return the least that the cost of the start of node n grows by if it moves there: counted from the last start that is in time."""
    return max(0, weight(ins, LATENESS) * max(0, start - cell(ins, NODE_DUE, n)) - get_node(rt, n, TIMED))


@kernel
def least_push(ins, rt, n, start, limit):
    """Return the least that it can cost to delay node n until `start`: what its own route and the teams in it pay; at least `limit` if it is more.

    Holds where a later start never costs less (``IS_MONOTONE``). Waiting before a node takes up a delay; what else may lie in between
    only makes it longer.
    """
    cost, delay = 0, start - get_node(rt, n, START)
    while delay > 0:
        start = get_node(rt, n, START) + delay
        cost += _least_gain(ins, rt, n, start)
        node = node_row(ins, n)
        visit = visit_row(ins, ins[node + N_VISIT])
        if ins[visit + V_ROLES] > 1:
            first = ins[visit + V_FIRST_NODE]
            if n + 1 < first + ins[visit + V_ROLES]:
                own = start + ins[node_row(ins, n + 1) + N_GAP_LOW]
                if own > get_node(rt, n + 1, START):
                    cost += _least_gain(ins, rt, n + 1, own)
            if n > first and n < first + ins[visit + V_ROLES]:
                own = start - ins[node + N_GAP_HIGH]
                if own > get_node(rt, n - 1, START):
                    cost += _least_gain(ins, rt, n - 1, own)
        n = get_node(rt, n, NEXT)
        if n == NONE or cost >= limit:
            break
        delay -= get_node(rt, n, WAIT)
    return cost


@kernel
def _least_time_part(ins, rt, n, start, following, following_start, limit, is_room):
    """Return the least that the start of node n and the delay it brings to the node after it can cost (see `time_part`)."""
    late = max(0, start - cell(ins, NODE_DUE, n))
    cost = weight(ins, LATENESS) * late + weight(ins, MAX_LATENESS) * max(0, late - get_total(rt, WORST))
    # the seconds that rooms stand empty are not kept
    if following != NONE and not is_room and cost < limit:
        cost += least_push(ins, rt, following, following_start, limit - cost)
    return cost


@kernel
def scan_shift(ins, pts, rt, wk, n, entry, fixed, limit, has_blinks, timing, found):
    """Write to ``SCAN``, from row `found` on, every way to put node n into the shift of an entry that costs less than `limit`; return where they end.

    Parameters
    ----------
    fixed : int
        What the provider costs, whatever the position (`people.evaluate_provider`).
    timing : int
        ``UNTIMED`` where starts cost nothing; ``EXACT``: delays are followed to their ends; ``LEAST``: the least that they can cost is enough.
    """
    s = entry_shift(ins, entry)
    shift = shift_row(ins, s)
    node = node_row(ins, n)
    visit = visit_row(ins, ins[node + N_VISIT])
    per_second = weight(ins, TRAVEL)
    is_room = ins[node + N_IS_ROOM] == 1
    lunch_after = get_shift(rt, s, LUNCH_AFTER) if ins[shift + S_HAS_LUNCH] == 1 else -2
    for o in range(ins[visit + V_OPTION_FIRST], ins[visit + V_OPTION_FIRST] + ins[visit + V_OPTIONS]):
        low, high = cell(ins, OPTIONS, 2 * o + O_LOW), cell(ins, OPTIONS, 2 * o + O_HIGH)
        if ins[node + N_PIN] != NONE:
            if not low <= ins[node + N_PIN] <= high:
                continue
            low = high = ins[node + N_PIN]
        if high < ins[shift + S_START]:
            continue
        if low > ins[shift + S_END]:
            break
        before, following = NONE, get_shift(rt, s, HEAD)
        end, at = ins[shift + S_START], ins[shift + S_BASE]
        while True:
            here = ins[node + N_PLACE] if ins[node + N_PLACE] >= 0 else at
            out = travel_seconds(ins, pts, ins[shift + S_PROFILE], at, here)
            if end + out > high:
                break
            is_remote_next = following != NONE and ins[node_row(ins, following) + N_PLACE] < 0
            if following == NONE:
                on = travel_seconds(ins, pts, ins[shift + S_PROFILE], here, ins[shift + S_BASE]) if ins[shift + S_RETURNS] == 1 else 0
                old = (
                    travel_seconds(ins, pts, ins[shift + S_PROFILE], at, ins[shift + S_BASE]) if ins[shift + S_RETURNS] == 1 and before != NONE else 0
                )
                on_travel = on
            elif is_remote_next:
                on, old = _following_travel(ins, pts, rt, shift, here, at, following)
                on_travel = 0
            else:
                next_place = ins[node_row(ins, following) + N_PLACE]
                on = travel_seconds(ins, pts, ins[shift + S_PROFILE], here, next_place)
                old = travel_seconds(ins, pts, ins[shift + S_PROFILE], at, next_place)
                on_travel = on
            cost = fixed + per_second * (out + on - old)
            has_lunch = lunch_after == before
            is_open = cost < limit and out <= ins[shift + S_MAX_LEG] and on <= ins[shift + S_MAX_LEG]
            if is_open and not (has_blinks and below(wk, BLINK) == 0):
                for variant in range(2 if has_lunch else 1):
                    start = max(low, reach(ins, shift, end, out, has_lunch and variant == 0))
                    if start > high:
                        continue
                    lunch_on = has_lunch and variant == 1
                    following_start = reach(ins, shift, start + ins[node + N_SECONDS], on_travel, lunch_on)
                    bound = get_node(rt, following, LATEST) if following != NONE else ins[shift + S_END]
                    if following_start > bound:
                        continue
                    total = cost
                    if timing != UNTIMED:
                        if timing == EXACT:
                            total += time_part(ins, pts, rt, wk, n, start, following, following_start, limit - cost)
                        else:
                            total += _least_time_part(ins, rt, n, start, following, following_start, limit - cost, is_room)
                        if total >= limit:
                            continue
                    if found < SCAN_ROOM:
                        row = candidate(wk, SCAN, found)
                        wk[row + COST] = total
                        wk[row + FIXED] = cost
                        wk[row + TO_ENTRY] = entry
                        wk[row + AFTER] = before
                        wk[row + IS_LUNCH_AFTER] = variant
                        wk[row + FROM] = low
                        wk[row + UNTIL] = high
                        wk[row + EARLIEST] = start
                        wk[row + LATEST_START] = min(high, depart(ins, shift, bound, on_travel, lunch_on) - ins[node + N_SECONDS])
                        wk[row + PAYER] = NONE
                        wk[row + IS_EXACT] = timing != LEAST
                        found += 1
            if following == NONE:
                break
            before, at = following, get_node(rt, following, AT)
            end = get_node(rt, following, START) + ins[node_row(ins, following) + N_SECONDS]
            following = get_node(rt, following, NEXT)
    return found


@kernel
def timing_of(ins, is_timed):
    """Return how the costs of starts are found for the candidates of a place: see `scan_shift`."""
    if not is_timed:
        return UNTIMED
    return LEAST if ins[IS_MONOTONE] == 1 else EXACT


@kernel
def delay_cost(ins, pts, rt, wk, n, row, start, limit):
    """Return the time part of a candidate's cost if it starts then; FAR where it cannot, or not below `limit`."""
    s = entry_shift(ins, wk[row + TO_ENTRY])
    shift = shift_row(ins, s)
    after = wk[row + AFTER]
    following = get_node(rt, after, NEXT) if after != NONE else get_shift(rt, s, HEAD)
    following_start = 0
    if following != NONE:
        at = get_node(rt, after, AT) if after != NONE else ins[shift + S_BASE]
        here = ins[node_row(ins, n) + N_PLACE] if ins[node_row(ins, n) + N_PLACE] >= 0 else at
        place = ins[node_row(ins, following) + N_PLACE]
        travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], here, place) if place >= 0 else 0
        has_lunch = ins[shift + S_HAS_LUNCH] == 1 and get_shift(rt, s, LUNCH_AFTER) == after and wk[row + IS_LUNCH_AFTER] == 1
        following_start = reach(ins, shift, start + ins[node_row(ins, n) + N_SECONDS], travel, has_lunch)
    return time_part(ins, pts, rt, wk, n, start, following, following_start, limit)


@kernel
def _best_scanned(ins, pts, rt, wk, n, count, limit):
    """Leave the cheapest of `count` candidates in ``CHOSEN`` if it costs less than `limit`; return what it costs, or `limit`.

    The delays are followed for those that may be cheapest first, until none that is left can be cheaper.
    """
    best = limit
    while True:
        least, at = best, NONE
        for k in range(count):
            cost = wk[candidate(wk, SCAN, k) + COST]
            if cost < least:
                least, at = cost, k
        if at == NONE:
            return best
        row = candidate(wk, SCAN, at)
        fixed = wk[row + FIXED]
        cost = fixed + delay_cost(ins, pts, rt, wk, n, row, wk[row + EARLIEST], best - fixed)
        if cost < best:
            best = cost
            copy_candidate(wk, row, candidate(wk, CHOSEN, 0))
            wk[candidate(wk, CHOSEN, 0) + COST], wk[candidate(wk, CHOSEN, 0) + IS_EXACT] = cost, 1
        wk[row + COST] = FAR


@kernel
def best_single(ins, pts, rt, wk, v, limit, has_blinks, is_timed):
    """Find the cheapest place of a visit of one node; returns its cost (FAR: none under `limit`) and leaves it in ``CHOSEN``."""
    visit = visit_row(ins, v)
    n = ins[visit + V_FIRST_NODE]
    failed = get_visit(rt, v, FAILED)
    sees_all = failed < 0 or (ins[visit + V_IS_PAID] == 1 and get_total(rt, FUNDS_FREED) > failed)
    best, count, timing = limit, 0, timing_of(ins, is_timed)
    is_spaced = ins[need_row(ins, ins[visit + V_NEED]) + D_VISITS] > 1
    wk[DAY_EPOCH] += 1
    for e in range(look(ins, rt, wk, n, failed, sees_all, has_blinks)):
        entry = wk[wk[LOOK] + e]
        if entry_cost(ins, entry) >= best:
            continue
        if is_spaced and not fits_day(ins, rt, wk, v, ins[shift_row(ins, entry_shift(ins, entry)) + S_DAY]):
            continue
        fixed = evaluate_provider(ins, rt, n, entry) + rent(ins, wk, n, entry_shift(ins, entry))
        if fixed >= best:
            continue
        if timing == LEAST:
            count = scan_shift(ins, pts, rt, wk, n, entry, fixed, best, has_blinks, timing, count)
            if count > SCAN_ROOM // 2:
                best = _best_scanned(ins, pts, rt, wk, n, count, best)
                count = 0
            continue
        for k in range(scan_shift(ins, pts, rt, wk, n, entry, fixed, best, has_blinks, timing, 0)):
            row = candidate(wk, SCAN, k)
            if wk[row + COST] < best:
                best = wk[row + COST]
                copy_candidate(wk, row, candidate(wk, CHOSEN, 0))
    best = _best_scanned(ins, pts, rt, wk, n, count, best)
    return best if best < limit else FAR


@kernel
def has_news(ins, rt, v):
    """Return whether any entry of an absent visit has loosened since it last failed."""
    visit = visit_row(ins, v)
    failed = get_visit(rt, v, FAILED)
    if failed < 0 or (ins[visit + V_IS_PAID] == 1 and get_total(rt, FUNDS_FREED) > failed):
        return True
    for n in range(ins[visit + V_FIRST_NODE], ins[visit + V_FIRST_NODE] + ins[visit + V_NODES]):
        for entry in range(cell(ins, ENTRY_FIRST, n), cell(ins, ENTRY_FIRST, n + 1)):
            if is_news(ins, rt, entry, failed):
                return True
    return False
