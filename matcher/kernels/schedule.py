"""Times on routes: earliest and latest starts, kept for every node, through teams that tie routes together.

The starts of a plan are the least solution of a system of monotone constraints: along a route by travel and lunch, within a visit by the gaps
between its roles.
``ARRIVAL`` of a node is what its own route demands; the starts of a visit follow from the arrivals of all its nodes. A change on one route is
carried to the others through the visits they share, route by route, until nothing moves. Latest starts mirror this from the ends of the shifts.
"""

from __future__ import annotations

from matcher.kernels.jit import kernel

from matcher.instance import FAR
from matcher.kernels.cells import (
    IS_BOUNDED, LATENESS, N_GAP_HIGH, N_GAP_LOW, N_IS_ROOM, N_PLACE, N_SECONDS, N_VISIT, PREFERRED_WINDOW, PREFERS, SHIFT_COUNT, S_BASE, S_END,
    S_HAS_LUNCH, S_LUNCH, S_LUNCH_HIGH, S_LUNCH_LOW, S_MAX_LEG, S_PROFILE, S_RETURNS, S_START, V_FIRST_NODE, V_IN_FORCE_START, V_IS_TIMED, V_NODES,
    V_PREFERS, V_PREFER_FIRST, V_ROLES, V_STABILITY, V_WINDOWS, V_WINDOW_FIRST, WAITING, WINDOWS, W_DUE, W_HIGH, W_LOW, cell, node_row, room_of,
    shift_row, visit_row, weight,
)  # fmt: skip
from matcher.kernels.roads import travel_seconds
from matcher.kernels.routes import (
    ARRIVAL, AT, BOUND, HEAD, HIGH, LATEST, LOW, LUNCH_AFTER, NEXT, NONE, PREV, SHIFT, SOFT, START, TAIL, TIMED, WAIT, get_node, get_shift,
    get_total, put_node, put_total,
)  # fmt: skip
from matcher.kernels.work import IS_QUEUED, QUEUE, QUEUE_HEAD, QUEUE_SIZE, TOUCHED, TOUCHED_COUNT


@kernel
def reach(ins, shift, end, travel, has_lunch):
    """Return the earliest start at the next stop, after a service that ends at `end`: lunch, if taken here, is after the leg, or before it."""
    if not has_lunch:
        return end + travel
    after = max(end + travel, ins[shift + S_LUNCH_LOW])
    if after + ins[shift + S_LUNCH] <= ins[shift + S_LUNCH_HIGH]:
        return after + ins[shift + S_LUNCH]
    before = max(end, ins[shift + S_LUNCH_LOW])
    if before + ins[shift + S_LUNCH] <= ins[shift + S_LUNCH_HIGH]:
        return before + ins[shift + S_LUNCH] + travel
    return FAR


@kernel
def depart(ins, shift, start, travel, has_lunch):
    """Return the latest end of a service from which `reach` still meets `start`; very negative if there is none."""
    if not has_lunch:
        return start - travel
    if ins[shift + S_LUNCH_LOW] + ins[shift + S_LUNCH] + travel <= start:
        return min(start - travel, ins[shift + S_LUNCH_HIGH]) - ins[shift + S_LUNCH]
    if ins[shift + S_LUNCH_LOW] + ins[shift + S_LUNCH] <= start:
        return min(start, ins[shift + S_LUNCH_HIGH]) - ins[shift + S_LUNCH] - travel
    return -FAR


@kernel
def lateness(ins, visit, start):
    """Return the seconds after the latest start, of the window of the visit that makes it least late."""
    late = FAR
    for w in range(ins[visit + V_WINDOW_FIRST], ins[visit + V_WINDOW_FIRST] + ins[visit + V_WINDOWS]):
        window = ins[WINDOWS] + 3 * w
        if ins[window + W_LOW] <= start <= ins[window + W_HIGH]:
            late = min(late, max(0, start - ins[window + W_DUE]))
    return late if late < FAR else 0


@kernel
def time_cost(ins, n, start):
    """Return what it costs that node n starts then: lateness, preferred windows, the start in force."""
    node = node_row(ins, n)
    visit = visit_row(ins, ins[node + N_VISIT])
    if ins[visit + V_IS_TIMED] == 0 or ins[node + N_IS_ROOM] == 1:
        return 0
    cost = 0
    if weight(ins, LATENESS) > 0:
        cost += weight(ins, LATENESS) * lateness(ins, visit, start)
    if n == ins[visit + V_FIRST_NODE]:
        if ins[visit + V_PREFERS] > 0 and weight(ins, PREFERRED_WINDOW) > 0:
            is_outside = True
            for k in range(ins[visit + V_PREFER_FIRST], ins[visit + V_PREFER_FIRST] + ins[visit + V_PREFERS]):
                if cell(ins, PREFERS, 2 * k) <= start <= cell(ins, PREFERS, 2 * k + 1):
                    is_outside = False
                    break
            if is_outside:
                cost += weight(ins, PREFERRED_WINDOW)
        if ins[visit + V_IN_FORCE_START] >= 0 and start != ins[visit + V_IN_FORCE_START]:
            cost += ins[visit + V_STABILITY]
    return cost


@kernel
def _set_start(ins, rt, n, start):
    put_node(rt, n, START, start)
    cost = time_cost(ins, n, start)
    old = get_node(rt, n, TIMED)
    if cost != old:
        put_node(rt, n, TIMED, cost)
        put_total(rt, SOFT, get_total(rt, SOFT) + cost - old)


@kernel
def _set_wait(ins, rt, n, seconds):
    """Note how long the provider waits before a node. Rooms do not wait."""
    if ins[node_row(ins, n) + N_IS_ROOM] == 1:
        return
    old = get_node(rt, n, WAIT)
    if seconds != old:
        put_node(rt, n, WAIT, seconds)
        put_total(rt, SOFT, get_total(rt, SOFT) + weight(ins, WAITING) * (seconds - old))


@kernel
def _enqueue(ins, wk, s):
    """Add a shift to the ring of routes to look at again, unless it waits there already."""
    if wk[wk[IS_QUEUED] + s] == 0:
        wk[wk[IS_QUEUED] + s] = 1
        wk[wk[QUEUE] + (wk[QUEUE_HEAD] + wk[QUEUE_SIZE]) % ins[SHIFT_COUNT]] = s
        wk[QUEUE_SIZE] += 1


@kernel
def _dequeue(ins, wk):
    s = wk[wk[QUEUE] + wk[QUEUE_HEAD]]
    wk[QUEUE_HEAD] = (wk[QUEUE_HEAD] + 1) % ins[SHIFT_COUNT]
    wk[QUEUE_SIZE] -= 1
    wk[wk[IS_QUEUED] + s] = 0
    return s


@kernel
def _starts_from_arrivals(ins, rt, wk, visit, own_shift):
    """Set the starts of all nodes of a visit of several from their arrivals; other routes that move are queued. Returns False past a node's HIGH."""
    first, last, room = ins[visit + V_FIRST_NODE], ins[visit + V_FIRST_NODE] + ins[visit + V_ROLES] - 1, room_of(ins, visit)
    earliest = get_node(rt, first, ARRIVAL)
    if room != NONE:
        earliest = max(earliest, get_node(rt, room, ARRIVAL))
    is_fine = True
    following = 0
    for n in range(last, first - 1, -1):
        # No earlier than its arrival, nor than the least gap after the one before it (visits have few nodes: the chain is walked anew for each);
        start = earliest
        for m in range(first + 1, n + 1):
            start = max(get_node(rt, m, ARRIVAL), start + ins[node_row(ins, m) + N_GAP_LOW])
        # nor so early that the gap to the one after it is too long.
        if n < last:
            start = max(start, following - ins[node_row(ins, n + 1) + N_GAP_HIGH])
        is_fine &= _move(ins, rt, wk, n, start, own_shift)
        following = start
    if room != NONE:
        is_fine &= _move(ins, rt, wk, room, following, own_shift)
    return is_fine


@kernel
def _move(ins, rt, wk, n, start, own_shift):
    """Set the start of a node of a visit of several; its route is queued if it is another one. Returns False past the node's HIGH."""
    if start != get_node(rt, n, START):
        _set_start(ins, rt, n, start)
        if get_node(rt, n, SHIFT) != own_shift:
            _enqueue(ins, wk, get_node(rt, n, SHIFT))
    return start <= get_node(rt, n, HIGH)


@kernel
def _latest_from_bounds(ins, rt, wk, visit, own_shift):
    """Set the latest starts of all nodes of a visit of several from the bounds of their routes; other routes that move are queued."""
    first, last, room = ins[visit + V_FIRST_NODE], ins[visit + V_FIRST_NODE] + ins[visit + V_ROLES] - 1, room_of(ins, visit)
    value = 0
    for n in range(first, last + 1):
        # the backward value of this node: no later than its bound, nor than the least gap before the one after it
        highest = get_node(rt, last, BOUND)
        for m in range(last - 1, n - 1, -1):
            highest = min(get_node(rt, m, BOUND), highest - ins[node_row(ins, m + 1) + N_GAP_LOW])
        if n > first:
            value = min(highest, value + ins[node_row(ins, n) + N_GAP_HIGH])
        else:
            value = highest if room == NONE else min(highest, get_node(rt, room, BOUND))
            if room != NONE:
                _limit(rt, ins, wk, room, value, own_shift)
        _limit(rt, ins, wk, n, value, own_shift)


@kernel
def _limit(rt, ins, wk, n, latest, own_shift):
    """Set the latest start of a node of a visit of several; its route is queued if it is another one."""
    if latest != get_node(rt, n, LATEST):
        put_node(rt, n, LATEST, latest)
        if get_node(rt, n, SHIFT) != own_shift:
            _enqueue(ins, wk, get_node(rt, n, SHIFT))


@kernel
def _forward(ins, pts, rt, wk, s):
    """Recompute the starts of one route from its head. Returns NONE, or a node that starts or ends too late."""
    shift = shift_row(ins, s)
    end, at, before = ins[shift + S_START], ins[shift + S_BASE], NONE
    lunch_after = get_shift(rt, s, LUNCH_AFTER) if ins[shift + S_HAS_LUNCH] == 1 else -2
    n = get_shift(rt, s, HEAD)
    while n != NONE:
        node = node_row(ins, n)
        here = ins[node + N_PLACE] if ins[node + N_PLACE] >= 0 else at
        travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], at, here)
        arrival = max(get_node(rt, n, LOW), reach(ins, shift, end, travel, lunch_after == before))
        put_node(rt, n, ARRIVAL, arrival)
        put_node(rt, n, AT, here)
        visit = visit_row(ins, ins[node + N_VISIT])
        if ins[visit + V_NODES] == 1:
            if arrival != get_node(rt, n, START):
                _set_start(ins, rt, n, arrival)
            if arrival > get_node(rt, n, HIGH):
                return n
        elif not _starts_from_arrivals(ins, rt, wk, visit, s):
            return n
        start = get_node(rt, n, START)
        if travel > ins[shift + S_MAX_LEG]:
            return n
        _set_wait(ins, rt, n, start - end - travel if before != NONE else 0)
        end, at, before = start + ins[node + N_SECONDS], here, n
        n = get_node(rt, n, NEXT)
    if before != NONE:
        travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], at, ins[shift + S_BASE]) if ins[shift + S_RETURNS] == 1 else 0
        if reach(ins, shift, end, travel, lunch_after == before) > ins[shift + S_END] or travel > ins[shift + S_MAX_LEG]:
            return before
    return NONE


@kernel
def _backward(ins, pts, rt, wk, s):
    """Recompute the latest starts of one route from its tail."""
    shift = shift_row(ins, s)
    lunch_after = get_shift(rt, s, LUNCH_AFTER) if ins[shift + S_HAS_LUNCH] == 1 else -2
    n = get_shift(rt, s, TAIL)
    if n == NONE:
        return
    travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], get_node(rt, n, AT), ins[shift + S_BASE]) if ins[shift + S_RETURNS] == 1 else 0
    limit = depart(ins, shift, ins[shift + S_END], travel, lunch_after == n)
    while n != NONE:
        node = node_row(ins, n)
        bound = min(get_node(rt, n, HIGH), limit - ins[node + N_SECONDS])
        put_node(rt, n, BOUND, bound)
        visit = visit_row(ins, ins[node + N_VISIT])
        if ins[visit + V_NODES] == 1:
            put_node(rt, n, LATEST, bound)
        else:
            _latest_from_bounds(ins, rt, wk, visit, s)
        before = get_node(rt, n, PREV)
        if before != NONE:
            travel = travel_seconds(ins, pts, ins[shift + S_PROFILE], get_node(rt, before, AT), get_node(rt, n, AT))
            limit = depart(ins, shift, get_node(rt, n, LATEST), travel, lunch_after == before)
        n = before


@kernel
def settle(ins, pts, rt, wk):
    """Bring all times up to date after the touched routes changed.

    Returns
    -------
    int
        NONE, or a node that cannot keep its times; the routes are then not all up to date, and the caller rolls back or removes the node's visit.
    """
    most_turns = 200 + 8 * ins[SHIFT_COUNT]
    for k in range(wk[TOUCHED_COUNT]):
        _enqueue(ins, wk, wk[wk[TOUCHED] + k])
    offender, turns = NONE, 0
    while wk[QUEUE_SIZE] > 0 and offender == NONE:
        s = _dequeue(ins, wk)
        turns += 1
        offender = _forward(ins, pts, rt, wk, s)
        if offender == NONE and turns > most_turns:  # a cycle of teams that wait for one another
            offender = get_shift(rt, s, HEAD)
    if offender == NONE and ins[IS_BOUNDED] == 1:
        for k in range(wk[TOUCHED_COUNT]):
            _enqueue(ins, wk, wk[wk[TOUCHED] + k])
        turns = 0
        while wk[QUEUE_SIZE] > 0 and turns <= most_turns:
            turns += 1
            _backward(ins, pts, rt, wk, _dequeue(ins, wk))
    while wk[QUEUE_SIZE] > 0:
        _dequeue(ins, wk)
    return offender
