"""Placing and removing visits: links, counters, totals. Times follow by `schedule.settle`."""

from __future__ import annotations

from matcher.instance import FAR, ROOM
from matcher.kernels.cells import (
    COMMUNITY_WEIGHT, D_CONTINUITY, D_FIRST_VISIT, D_FUNDS, D_FUND_FIRST, D_HAS_FIRST_TEAM, D_VISITS, EQUITY, FUND_AMOUNT, NEED_FUND, NEW_FACE,
    N_GROUP, N_PLACE, N_SECONDS, N_VISIT, P_CASE_COUNTER, P_DAY_COUNTER, P_KIND, P_WEEK_COUNTER, S_BASE, S_DAY, S_PROFILE, S_PROVIDER, S_RETURNS,
    S_WEEK, TRAVEL, V_COMMUNITY, V_FIRST_NODE, V_LOSS, V_NEED, V_NODES, V_NUMBER, V_RESIDENT, V_WEIGHT, WAITING, cell, entry_cost, entry_price,
    entry_shift, need_row, node_row, provider_row, shift_row, visit_row, weight,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.people import count_in_group, face_cost, payer, serves, workload_cost
from matcher.kernels.rents import pay_rent
from matcher.kernels.roads import travel_seconds
from matcher.kernels.routes import (
    ABSENT, ABSENTEES, ARRIVAL, BOUND, CHANGED, CLOCK, COUNT, COUNTERS, ENTRY, FAILED, FREED, FUND, FUNDS_FREED, HEAD, HIGH, IS_IN, LATEST, LEFT_OUT,
    LOSS, LOW, LUNCH_AFTER, NEVER_FAILED, NEXT, NONE, PAIRED, PREV, SERVED, SHIFT, SLOT, SOFT, SPENT, START, TAIL, TIMED, WAIT, get_node,
    get_provider, get_shift, get_total, get_visit, put_in, put_node, put_provider, put_shift, put_total, put_visit,
)  # fmt: skip
from matcher.kernels.work import AFTER, CHOSEN, FROM, IS_LUNCH_AFTER, IS_TOUCHED, PAYER, TOUCHED, TOUCHED_COUNT, TO_ENTRY, UNTIL, candidate


@kernel
def touch(rt, wk, s):
    """Note that a route changed: its times are to be settled, and visits that failed before may find a place in it."""
    put_shift(rt, s, CHANGED, get_total(rt, CLOCK))
    if wk[wk[IS_TOUCHED] + s] == 0:
        wk[wk[IS_TOUCHED] + s] = 1
        wk[wk[TOUCHED] + wk[TOUCHED_COUNT]] = s
        wk[TOUCHED_COUNT] += 1


@kernel
def forget_touched(wk):
    """Empty the list of changed routes."""
    for k in range(wk[TOUCHED_COUNT]):
        wk[wk[IS_TOUCHED] + wk[wk[TOUCHED] + k]] = 0
    wk[TOUCHED_COUNT] = 0


@kernel
def _position(ins, rt, s, n):
    """Return the place where the provider is once node n (NONE: none yet) is served. ``AT`` says the same, but only on settled routes."""
    while n != NONE:
        if ins[node_row(ins, n) + N_PLACE] >= 0:
            return ins[node_row(ins, n) + N_PLACE]
        n = get_node(rt, n, PREV)
    return ins[shift_row(ins, s) + S_BASE]


@kernel
def route_travel_around(ins, pts, rt, s, n):
    """Return the seconds of travel into node n and out of it in its route, as far as the next node that has a place (or home)."""
    shift = shift_row(ins, s)
    at = _position(ins, rt, s, get_node(rt, n, PREV))
    total = 0
    m = n
    while m != NONE:
        place = ins[node_row(ins, m) + N_PLACE]
        here = place if place >= 0 else at
        total += travel_seconds(ins, pts, ins[shift + S_PROFILE], at, here)
        at = here
        if m != n and place >= 0:
            return total
        m = get_node(rt, m, NEXT)
    if ins[shift + S_RETURNS] == 1:
        total += travel_seconds(ins, pts, ins[shift + S_PROFILE], at, ins[shift + S_BASE])
    return total


@kernel
def route_travel_from(ins, pts, rt, s, before):
    """Return the seconds of travel from node `before` (NONE: the base) to the next node that has a place (or home)."""
    shift = shift_row(ins, s)
    at = _position(ins, rt, s, before)
    m = get_node(rt, before, NEXT) if before != NONE else get_shift(rt, s, HEAD)
    if m == NONE and before == NONE:
        return 0
    while m != NONE:
        place = ins[node_row(ins, m) + N_PLACE]
        if place >= 0:
            return travel_seconds(ins, pts, ins[shift + S_PROFILE], at, place)
        m = get_node(rt, m, NEXT)
    return travel_seconds(ins, pts, ins[shift + S_PROFILE], at, ins[shift + S_BASE]) if ins[shift + S_RETURNS] == 1 else 0


@kernel
def _link(ins, pts, rt, n, s, after, is_lunch_after):
    before_travel = route_travel_from(ins, pts, rt, s, after)
    following = get_node(rt, after, NEXT) if after != NONE else get_shift(rt, s, HEAD)
    put_node(rt, n, SHIFT, s)
    put_node(rt, n, PREV, after)
    put_node(rt, n, NEXT, following)
    if after != NONE:
        put_node(rt, after, NEXT, n)
    else:
        put_shift(rt, s, HEAD, n)
    if following != NONE:
        put_node(rt, following, PREV, n)
    else:
        put_shift(rt, s, TAIL, n)
    if is_lunch_after == 1:
        put_shift(rt, s, LUNCH_AFTER, n)
    put_shift(rt, s, COUNT, get_shift(rt, s, COUNT) + 1)
    gained = route_travel_around(ins, pts, rt, s, n) - before_travel
    put_total(rt, SOFT, get_total(rt, SOFT) + weight(ins, TRAVEL) * gained)


@kernel
def _unlink(ins, pts, rt, n, s):
    around = route_travel_around(ins, pts, rt, s, n)
    before, after = get_node(rt, n, PREV), get_node(rt, n, NEXT)
    if before != NONE:
        put_node(rt, before, NEXT, after)
    else:
        put_shift(rt, s, HEAD, after)
    if after != NONE:
        put_node(rt, after, PREV, before)
    else:
        put_shift(rt, s, TAIL, before)
    if get_shift(rt, s, LUNCH_AFTER) == n:
        put_shift(rt, s, LUNCH_AFTER, before)
    put_shift(rt, s, COUNT, get_shift(rt, s, COUNT) - 1)
    gained = route_travel_from(ins, pts, rt, s, before) - around
    soft = weight(ins, TRAVEL) * gained - get_node(rt, n, TIMED) - weight(ins, WAITING) * get_node(rt, n, WAIT)
    put_total(rt, SOFT, get_total(rt, SOFT) + soft)
    for field in (SHIFT, PREV, NEXT, ENTRY, FUND):
        put_node(rt, n, field, NONE)
    put_node(rt, n, TIMED, 0)
    put_node(rt, n, WAIT, 0)


@kernel
def _count(ins, rt, n, entry, sign):
    """Add (1) or take away (-1) a node's service from counters and costs; the node is not linked at that moment."""
    s = entry_shift(ins, entry)
    shift = shift_row(ins, s)
    p = ins[shift + S_PROVIDER]
    provider = provider_row(ins, p)
    if ins[provider + P_KIND] == ROOM:
        return
    node = node_row(ins, n)
    visit = visit_row(ins, ins[node + N_VISIT])
    need = need_row(ins, ins[visit + V_NEED])
    cost = entry_cost(ins, entry)
    if ins[provider + P_DAY_COUNTER] >= 0:
        c = ins[provider + P_DAY_COUNTER] + ins[shift + S_DAY]
        put_in(rt, COUNTERS, c, rt[rt[COUNTERS] + c] + sign * ins[node + N_SECONDS])
    if ins[provider + P_WEEK_COUNTER] >= 0:
        c = ins[provider + P_WEEK_COUNTER] + ins[shift + S_WEEK]
        put_in(rt, COUNTERS, c, rt[rt[COUNTERS] + c] + sign * ins[node + N_SECONDS])
    if ins[visit + V_RESIDENT] >= 0:
        if ins[provider + P_CASE_COUNTER] >= 0 and not serves(ins, rt, ins[visit + V_RESIDENT], p, ins[shift + S_WEEK]):
            c = ins[provider + P_CASE_COUNTER] + ins[shift + S_WEEK]
            put_in(rt, COUNTERS, c, rt[rt[COUNTERS] + c] + sign)
        if weight(ins, NEW_FACE) > 0 and not serves(ins, rt, ins[visit + V_RESIDENT], p, NONE):
            cost += face_cost(ins, ins[visit + V_RESIDENT], p)
    if ins[need + D_VISITS] > 1 and ins[need + D_CONTINUITY] > 0:
        different, has = count_in_group(ins, rt, ins[node + N_GROUP], p)
        if different > 0 and not has:
            cost += ins[need + D_CONTINUITY]
    served = get_provider(rt, p, SERVED)
    cost += sign * (workload_cost(ins, p, served + sign * ins[node + N_SECONDS]) - workload_cost(ins, p, served))
    put_provider(rt, p, SERVED, served + sign * ins[node + N_SECONDS])
    put_total(rt, SOFT, get_total(rt, SOFT) + sign * cost)


@kernel
def _equity_cost(ins, community, left_out):
    total = cell(ins, COMMUNITY_WEIGHT, community)
    return weight(ins, EQUITY) * (1000 * left_out * left_out // total) if total > 0 else 0


@kernel
def _leave_out(ins, rt, visit, sign):
    """Add (1) or take away (-1) the loss of a visit that is left out."""
    c = ins[visit + V_COMMUNITY]
    old = rt[rt[LEFT_OUT] + c]
    new = old + sign * ins[visit + V_WEIGHT]
    put_in(rt, LEFT_OUT, c, new)
    gained = sign * ins[visit + V_LOSS] + _equity_cost(ins, c, new) - _equity_cost(ins, c, old)
    put_total(rt, LOSS, get_total(rt, LOSS) + gained)


@kernel
def _forget_failures(ins, rt, need):
    for v in range(ins[need + D_FIRST_VISIT], ins[need + D_FIRST_VISIT] + ins[need + D_VISITS]):
        put_visit(rt, v, FAILED, NEVER_FAILED)


@kernel
def _payer(ins, rt, need, price, wanted):
    """Return the fund `wanted` if it may pay that much for the need, else the first that may; NONE if there is none."""
    for k in range(ins[need + D_FUND_FIRST], ins[need + D_FUND_FIRST] + ins[need + D_FUNDS]):
        if cell(ins, NEED_FUND, k) == wanted and rt[rt[SPENT] + wanted] + price <= cell(ins, FUND_AMOUNT, wanted):
            return wanted
    return payer(ins, rt, need, price)


@kernel
def place_visit(ins, pts, rt, wk, v, pairing):
    """Place an absent visit as ``CHOSEN`` of the workspace says. Times are not settled yet.

    Returns False where no fund can pay for all of its roles; the caller then rolls back.
    """
    visit = visit_row(ins, v)
    need = need_row(ins, ins[visit + V_NEED])
    for k in range(ins[visit + V_NODES]):
        n = ins[visit + V_FIRST_NODE] + k
        chosen = candidate(wk, CHOSEN, k)
        entry = wk[chosen + TO_ENTRY]
        s = entry_shift(ins, entry)
        price = entry_price(ins, entry)
        if price > 0:
            f = _payer(ins, rt, need, price, wk[chosen + PAYER])
            if f == NONE:
                return False
            put_in(rt, SPENT, f, rt[rt[SPENT] + f] + price)
            put_node(rt, n, FUND, f)
        _count(ins, rt, n, entry, 1)
        pay_rent(ins, wk, n, s, 1)
        put_node(rt, n, ENTRY, entry)
        for field, value in ((LOW, wk[chosen + FROM]), (ARRIVAL, wk[chosen + FROM]), (START, -FAR), (HIGH, wk[chosen + UNTIL])):
            put_node(rt, n, field, value)
        put_node(rt, n, LATEST, wk[chosen + UNTIL])
        put_node(rt, n, BOUND, wk[chosen + UNTIL])
        _link(ins, pts, rt, n, s, wk[chosen + AFTER], wk[chosen + IS_LUNCH_AFTER])
        touch(rt, wk, s)
        # the visit counts as in from its first node on, so that a second role sees what the first one changed
        put_visit(rt, v, IS_IN, 1)
    put_visit(rt, v, PAIRED, pairing)
    put_total(rt, SOFT, get_total(rt, SOFT) + pairing)
    last = get_total(rt, ABSENT) - 1
    moved, slot = rt[rt[ABSENTEES] + last], get_visit(rt, v, SLOT)
    put_in(rt, ABSENTEES, slot, moved)
    put_visit(rt, moved, SLOT, slot)
    put_visit(rt, v, SLOT, NONE)
    put_total(rt, ABSENT, last)
    _leave_out(ins, rt, visit, -1)
    _forget_failures(ins, rt, need)
    return True


@kernel
def remove_visit(ins, pts, rt, wk, v):
    """Remove a placed visit (and, if it is a need's first with a first team, the visits that hang on it). Times are not settled yet."""
    visit = visit_row(ins, v)
    need = need_row(ins, ins[visit + V_NEED])
    if ins[need + D_HAS_FIRST_TEAM] == 1 and ins[visit + V_NUMBER] == 1:
        for w in range(v + 1, ins[need + D_FIRST_VISIT] + ins[need + D_VISITS]):
            if get_visit(rt, w, IS_IN) == 1:
                _remove_one(ins, pts, rt, wk, w)
    _remove_one(ins, pts, rt, wk, v)


@kernel
def _remove_one(ins, pts, rt, wk, v):
    visit = visit_row(ins, v)
    for n in range(ins[visit + V_FIRST_NODE], ins[visit + V_FIRST_NODE] + ins[visit + V_NODES]):
        s = get_node(rt, n, SHIFT)
        entry, f = get_node(rt, n, ENTRY), get_node(rt, n, FUND)
        if f != NONE:
            put_in(rt, SPENT, f, rt[rt[SPENT] + f] - entry_price(ins, entry))
            put_total(rt, FUNDS_FREED, get_total(rt, CLOCK))
        _unlink(ins, pts, rt, n, s)
        touch(rt, wk, s)
        _count(ins, rt, n, entry, -1)
        pay_rent(ins, wk, n, s, -1)
        put_provider(rt, ins[shift_row(ins, s) + S_PROVIDER], FREED, get_total(rt, CLOCK))
    put_total(rt, SOFT, get_total(rt, SOFT) - get_visit(rt, v, PAIRED))
    put_visit(rt, v, PAIRED, 0)
    put_visit(rt, v, IS_IN, 0)
    slot = get_total(rt, ABSENT)
    put_in(rt, ABSENTEES, slot, v)
    put_visit(rt, v, SLOT, slot)
    put_total(rt, ABSENT, slot + 1)
    _leave_out(ins, rt, visit, 1)
    _forget_failures(ins, rt, need_row(ins, ins[visit + V_NEED]))
