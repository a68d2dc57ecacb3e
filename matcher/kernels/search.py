"""Ruin and recreate with annealed acceptance, in compiled bursts.

References
----------
Ropke and Pisinger (2006), An Adaptive Large Neighborhood Search Heuristic for the Pickup and Delivery Problem with Time Windows,
doi 10.1287/trsc.1050.0135.
"""

from __future__ import annotations

import math

import numpy as np
from matcher.instance import FAR, Instance, Longs
from matcher.kernels.cells import (
    COMMUNITY_WEIGHT, ENTRY_FIRST, EQUITY, MAX_LATENESS, NEAR, NEAR_WIDTH, NODE_COUNT, N_IS_ROOM, N_SECONDS, N_VISIT, SHIFT_FIRST, SHIFT_NODE,
    VISIT_COUNT, V_COMMUNITY, V_FIRST_NODE, V_LOSS, V_ROLES, V_WEIGHT, V_WINDOWS, V_WINDOW_FIRST, WINDOWS, W_DUE, W_LOW, cell, node_row, visit_row,
    weight,
)  # fmt: skip
from matcher.kernels.insertion import has_news
from matcher.kernels.jit import kernel
from matcher.kernels.place import forget_touched, place_visit, remove_visit
from matcher.kernels.routes import (
    ABSENT, ABSENTEES, CLOCK, ENTRY, FAILED, IS_IN, JOURNAL, JOURNAL_LENGTH, JOURNAL_OVERFLOWED, LEFT_OUT, LOSS, MEMORY_END, NONE, ROUTES_HEAD, SHIFT,
    SLOT, SOFT, START, WORST, get_node, get_total, get_visit, memory_of, open_journal, put_total, put_visit, roll_back, view,
)  # fmt: skip
from matcher.kernels.ruin import ruin
from matcher.kernels.schedule import lateness, settle
from matcher.kernels.teams import best_place
from matcher.kernels.work import (
    ABSENCES, FOCUS, GIVEN_NODE, IS_OUT, IS_SCARCE, IS_WIDE, ORDER, RENT_PAID, SEED, SHIFT_BLINK, SORT_KEY, STEP, STEP_COUNT, TOUCHED, TOUCHED_COUNT,
    WANTED, below, draw, uniform,
)  # fmt: skip

LEAST_REMOVED, MOST_REMOVED, REMOVED_OF, REMOVED_IN_FOCUS = 5, 10, 8, 7
"""Visits that a step removes on average: one in so many, between the two; and in bursts that keep to the neighbours of one."""
SWEEP = 256
FAR_KEY = 1 << 20
MOST_CANDIDATES, MOST_TRIED = 4000, 32
"""Nodes that may be in the routes of a step up to which all are looked through for absent visits; above it so many absent ones are drawn."""
SHIFT_BLINK_STEPS, SHIFT_BLINK_RATE = 8, 4
"""In one step of so many, one shift of so many is passed over: what greedy insertion always chooses first is then not there to choose."""
FOCUS_ABOVE = 2000
"""Visits above which bursts of steps keep to the neighbours of one visit: what they work on then stays in the caches of the processor."""
FOCUS_KEPT, FOCUS_ABSENT = 2, 2
"""Bursts, on average, that keep to one visit; one in so many of these visits is one that is left out, where time is scarce."""

# slots of the head of a record of the best routes
BEST_COST, DIRTY_COUNT, DIRTY_ROOM, DIRTY, BEST_MEMORY, SEEN, SEEN_COUNT = range(7)
BEST_HEAD = 8
MOST_SEEN = 75
"""Nodes up to which a search notes for every entry the least cost of a plan that it saw with it."""


def best_of(instance: Instance, rt: Longs) -> Longs:
    """Return a record ``bs`` of the best routes, that starts with the routes as they are.

    It holds a memory of its own and a list of the cells where the current one may differ, so that a new best is copied cell by changed cell. In
    small instances it holds for every entry the least cost of any plan with it, too, kept or not: ``FAR`` where there was none.
    """
    room, memory = 4 * JOURNAL, memory_of(rt)
    entries = len(instance.entry_shift) if len(instance.nodes) <= MOST_SEEN else 0
    seen = BEST_HEAD + room + len(memory)
    bs = np.full(seen + entries, FAR, np.int64)
    total = view(rt).total
    cost = total[LOSS] + total[SOFT] + instance.weights[0]["max_lateness"] * total[WORST]
    bs[:BEST_HEAD] = cost, 0, room, BEST_HEAD, BEST_HEAD + room, seen, entries, 0
    bs[BEST_HEAD + room : seen] = memory
    return bs


def least_costs(bs: Longs) -> Longs:
    """Return for every entry the least cost of any plan that was seen with it, ``FAR`` for none; of large instances nothing."""
    return bs[bs[SEEN] : bs[SEEN] + bs[SEEN_COUNT]].copy()


def best_routes(rt: Longs, bs: Longs) -> Longs:
    """Return a state of its own that holds the best routes."""
    copy = rt.copy()
    memory_of(copy)[:] = bs[bs[BEST_MEMORY] : bs[SEEN]]
    return copy


@kernel
def cost_of(ins, rt):
    """Return the cost of the current routes."""
    return get_total(rt, LOSS) + get_total(rt, SOFT) + weight(ins, MAX_LATENESS) * get_total(rt, WORST)


@kernel
def refresh_worst(ins, rt):
    """Bring the highest lateness up to date, if it costs anything."""
    if weight(ins, MAX_LATENESS) == 0:
        return
    worst = 0
    for n in range(ins[NODE_COUNT]):
        if get_node(rt, n, SHIFT) != NONE and ins[node_row(ins, n) + N_IS_ROOM] == 0:
            worst = max(worst, lateness(ins, visit_row(ins, ins[node_row(ins, n) + N_VISIT]), get_node(rt, n, START)))
    put_total(rt, WORST, worst)


@kernel
def note_changes(rt, bs):
    """Remember which cells the accepted step changed."""
    count, length = bs[DIRTY_COUNT], rt[JOURNAL_LENGTH]
    if count < 0 or rt[JOURNAL_OVERFLOWED] == 1 or count + length > bs[DIRTY_ROOM]:
        bs[DIRTY_COUNT] = -1
        return
    for k in range(length):
        bs[bs[DIRTY] + count + k] = rt[rt[MEMORY_END] + 2 * k]
    bs[DIRTY_COUNT] = count + length


@kernel
def record_best(rt, bs, cost):
    """Make the current routes the best."""
    offset = bs[BEST_MEMORY] - ROUTES_HEAD
    if bs[DIRTY_COUNT] < 0:
        for c in range(ROUTES_HEAD, rt[MEMORY_END]):
            bs[offset + c] = rt[c]
    else:
        for k in range(bs[DIRTY_COUNT]):
            c = bs[bs[DIRTY] + k]
            bs[offset + c] = rt[c]
    bs[DIRTY_COUNT] = 0
    bs[BEST_COST] = cost


@kernel
def return_to_best(rt, bs):
    """Make the best routes the current ones."""
    offset = bs[BEST_MEMORY] - ROUTES_HEAD
    for c in range(ROUTES_HEAD, rt[MEMORY_END]):
        rt[c] = bs[offset + c]
    bs[DIRTY_COUNT] = 0


@kernel
def note_entries(rt, bs, nodes, cost):
    """Note for every entry in use what plans with it cost at least."""
    for n in range(nodes):
        if get_node(rt, n, SHIFT) != NONE:
            at = bs[SEEN] + get_node(rt, n, ENTRY)
            bs[at] = min(bs[at], cost)


@kernel
def settle_or_remove(ins, pts, rt, wk):
    """Settle the touched routes; where removals broke a time or a leg (possible only off the triangle inequality), remove what is in the way."""
    while True:
        offender = settle(ins, pts, rt, wk)
        if offender == NONE:
            break
        remove_visit(ins, pts, rt, wk, ins[node_row(ins, offender) + N_VISIT])
    forget_touched(wk)


@kernel
def insert_visit(ins, pts, rt, wk, v, has_blinks, is_timed):
    """Place an absent visit where it costs least, if that is less than leaving it out. Returns whether it was placed."""
    visit = visit_row(ins, v)
    if rt[JOURNAL_LENGTH] > JOURNAL - (JOURNAL >> 2):
        return False
    limit = ins[visit + V_LOSS] + 1
    left_out, total = rt[rt[LEFT_OUT] + ins[visit + V_COMMUNITY]], cell(ins, COMMUNITY_WEIGHT, ins[visit + V_COMMUNITY])
    equity = weight(ins, EQUITY)
    if equity > 0 and total > 0:
        after = left_out - ins[visit + V_WEIGHT]
        limit += equity * (1000 * left_out * left_out // total) - equity * (1000 * after * after // total)
    cost, pairing = best_place(ins, pts, rt, wk, v, limit, has_blinks, is_timed)
    if cost >= FAR:
        if (not has_blinks or wk[SHIFT_BLINK] == 0) and wk[GIVEN_NODE] == NONE:
            put_visit(rt, v, FAILED, get_total(rt, CLOCK))
        return False
    mark, paid = rt[JOURNAL_LENGTH], wk[RENT_PAID]
    if place_visit(ins, pts, rt, wk, v, pairing):
        if settle(ins, pts, rt, wk) == NONE:
            forget_touched(wk)
            return True
    forget_touched(wk)
    roll_back(rt, mark)
    wk[RENT_PAID] = paid
    return False


@kernel
def _gather(ins, rt, wk, is_sweep, removed_from):
    """Write to ``ORDER`` the absent visits that may find a place now; return how many."""
    count, absent, candidates = 0, get_total(rt, ABSENT), 0
    for t in range(wk[TOUCHED_COUNT]):
        s = wk[wk[TOUCHED] + t]
        wk[wk[STEP] + t] = s
        candidates += cell(ins, SHIFT_FIRST, s + 1) - cell(ins, SHIFT_FIRST, s)
    wk[STEP_COUNT] = wk[TOUCHED_COUNT]
    if is_sweep or candidates > MOST_CANDIDATES:
        # What this step removed stands last in the list of absent visits; of the others those near its seed, in a sweep some of all.
        limit = (removed_from if removed_from <= MOST_TRIED else MOST_TRIED) if is_sweep else min(MOST_TRIED, ins[NEAR_WIDTH])
        for k in range(limit):
            if is_sweep:
                v = rt[rt[ABSENTEES] + (k if limit == removed_from else below(wk, removed_from))]
            else:
                v = cell(ins, NEAR, wk[SEED] * ins[NEAR_WIDTH] + k)
                if v == NONE:
                    break
            is_older = get_visit(rt, v, IS_IN) == 0 and get_visit(rt, v, SLOT) < removed_from
            if is_older and wk[wk[IS_OUT] + v] == 0 and (not is_sweep or has_news(ins, rt, v)):
                wk[wk[IS_OUT] + v] = 1
                wk[wk[ORDER] + count] = v
                count += 1
        for k in range(removed_from, absent):
            wk[wk[ORDER] + count] = rt[rt[ABSENTEES] + k]
            count += 1
        for k in range(count):
            wk[wk[IS_OUT] + wk[wk[ORDER] + k]] = 0
        return count
    for t in range(wk[TOUCHED_COUNT]):
        s = wk[wk[TOUCHED] + t]
        for k in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
            v = ins[node_row(ins, cell(ins, SHIFT_NODE, k)) + N_VISIT]
            if get_visit(rt, v, IS_IN) == 0 and wk[wk[IS_OUT] + v] == 0:
                wk[wk[IS_OUT] + v] = 1
                wk[wk[ORDER] + count] = v
                count += 1
    for k in range(count):
        wk[wk[IS_OUT] + wk[wk[ORDER] + k]] = 0
    return count


@kernel
def _sort_keys(ins, wk, count):
    """Choose at random how the visits to place are ordered, and write a key for each: low goes first."""
    how = below(wk, 16)
    for k in range(count):
        v = wk[wk[ORDER] + k]
        visit = visit_row(ins, v)
        noise = np.int64(draw(wk) >> np.uint64(44))
        if how < 3:
            key = noise
        elif how < 6:
            key = -ins[visit + V_LOSS] * 1_000 // (1 + ins[node_row(ins, ins[visit + V_FIRST_NODE]) + N_SECONDS] * ins[visit + V_ROLES])
        elif how < 8:
            key = -ins[visit + V_LOSS]
        elif how < 9:
            key = -ins[node_row(ins, ins[visit + V_FIRST_NODE]) + N_SECONDS] * ins[visit + V_ROLES]
        elif how < 11:
            key = cell(ins, ENTRY_FIRST, ins[visit + V_FIRST_NODE] + 1) - cell(ins, ENTRY_FIRST, ins[visit + V_FIRST_NODE])
        elif how < 12:
            key = -wk[wk[ABSENCES] + v]
        else:
            first, last = (
                ins[WINDOWS] + 3 * ins[visit + V_WINDOW_FIRST],
                ins[WINDOWS] + 3 * (ins[visit + V_WINDOW_FIRST] + ins[visit + V_WINDOWS] - 1),
            )
            if how < 14:
                key = ins[first + W_LOW]
            else:
                key = ins[last + W_DUE] - ins[first + W_LOW] if how == 14 else ins[last + W_DUE]
        wk[wk[SORT_KEY] + k] = key * 1_000_000 + noise % 1_000_000 if v != wk[WANTED] else -FAR * FAR_KEY


@kernel
def _sort(wk, count):
    """Sort ``ORDER`` by ``SORT_KEY``, low first (Shell's method: a step has tens of visits to place, now and then hundreds)."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            v, key, j = wk[wk[ORDER] + i], wk[wk[SORT_KEY] + i], i
            while j >= gap and wk[wk[SORT_KEY] + j - gap] > key:
                wk[wk[ORDER] + j], wk[wk[SORT_KEY] + j] = wk[wk[ORDER] + j - gap], wk[wk[SORT_KEY] + j - gap]
                j -= gap
            wk[wk[ORDER] + j], wk[wk[SORT_KEY] + j] = v, key
        gap //= 3


@kernel
def recreate(ins, pts, rt, wk, is_sweep, is_timed, removed_from):
    """Place absent visits one by one, in a random kind of order, each where it costs least.

    Those that this step removed stand in the list of absent visits from `removed_from` on.
    """
    wk[IS_WIDE] = is_sweep
    count = _gather(ins, rt, wk, is_sweep, removed_from)
    settle_or_remove(ins, pts, rt, wk)
    if wk[GIVEN_NODE] != NONE:
        insert_visit(ins, pts, rt, wk, wk[WANTED], True, is_timed)
        wk[GIVEN_NODE] = NONE
    _sort_keys(ins, wk, count)
    _sort(wk, count)
    for k in range(count):
        v = wk[wk[ORDER] + k]
        if get_visit(rt, v, IS_IN) == 0 and not insert_visit(ins, pts, rt, wk, v, get_visit(rt, v, FAILED) < 0, is_timed):
            wk[wk[ABSENCES] + v] += 1


@kernel
def take_step(ins, pts, rt, wk, mean_removed, is_sweep, is_timed):
    """Ruin the current routes and recreate them; what was written since can be rolled back."""
    open_journal(rt)
    wk[RENT_PAID] = 0
    put_total(rt, CLOCK, get_total(rt, CLOCK) + 1)
    wk[SHIFT_BLINK] = SHIFT_BLINK_RATE if below(wk, SHIFT_BLINK_STEPS) == 0 else 0
    removed_from = get_total(rt, ABSENT)
    ruin(ins, pts, rt, wk, mean_removed)
    recreate(ins, pts, rt, wk, is_sweep, is_timed, removed_from)
    refresh_worst(ins, rt)


@kernel
def anneal(ins, pts, rt, wk, bs, steps, hot, cold, is_timed):
    """Run ruin-recreate steps while the temperature falls from `hot` to `cold`.

    Parameters
    ----------
    rt, wk, bs
        All modified in place: the current routes, the workspace, the record of the best routes.
    steps : int
    hot, cold : float
        Temperatures in units of cost: a step that costs as much more than the current routes is accepted once in e times.

    Returns
    -------
    int
        Steps that were accepted.
    """
    accepted = 0
    if ins[VISIT_COUNT] > FOCUS_ABOVE and (wk[FOCUS] == NONE or below(wk, FOCUS_KEPT) == 0):
        absent = get_total(rt, ABSENT)
        is_for_absent = wk[IS_SCARCE] == 1 and absent > 0 and below(wk, FOCUS_ABSENT) == 0
        wk[FOCUS] = rt[rt[ABSENTEES] + below(wk, absent)] if is_for_absent else below(wk, ins[VISIT_COUNT])
    mean_removed = REMOVED_IN_FOCUS if wk[FOCUS] != NONE else min(MOST_REMOVED, max(LEAST_REMOVED, ins[VISIT_COUNT] // REMOVED_OF))
    for i in range(steps):
        temperature = hot * (cold / hot) ** (i / steps)
        old = cost_of(ins, rt)
        take_step(ins, pts, rt, wk, mean_removed, below(wk, SWEEP) == 0, is_timed)
        new = cost_of(ins, rt)
        if bs[SEEN_COUNT] > 0:
            note_entries(rt, bs, ins[NODE_COUNT], new)
        if rt[JOURNAL_OVERFLOWED] == 1 or new + wk[RENT_PAID] < old - temperature * math.log(1.0 - uniform(wk)):
            accepted += 1
            note_changes(rt, bs)
            if new < bs[BEST_COST]:
                record_best(rt, bs, new)
        else:
            roll_back(rt, 0)
    return accepted


@kernel
def fill(ins, pts, rt, wk, bs, visits, is_timed):
    """Try to place the given visits in their order; record the outcome as the best if it is. Returns how many were placed."""
    placed = 0
    wk[IS_WIDE] = 1
    for v in visits:
        open_journal(rt)
        if get_visit(rt, v, IS_IN) == 0 and insert_visit(ins, pts, rt, wk, v, False, is_timed):
            placed += 1
        note_changes(rt, bs)
    wk[IS_WIDE] = 0
    open_journal(rt)
    refresh_worst(ins, rt)
    note_changes(rt, bs)
    cost = cost_of(ins, rt)
    if cost < bs[BEST_COST]:
        record_best(rt, bs, cost)
    return placed
