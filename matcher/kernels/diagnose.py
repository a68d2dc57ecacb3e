"""Why an absent visit has no place in the routes as they are: the first rule that stops an entry, and by how much."""

from __future__ import annotations

from matcher.instance import FAR, ROOM
from matcher.kernels.cells import (
    D_MAX_PROVIDERS, D_VISITS, N_GROUP, N_PLACE, N_SECONDS, N_VISIT, OPTIONS, O_HIGH, O_LOW, P_CASELOAD, P_CASE_COUNTER, P_DAY_COUNTER, P_KIND,
    P_MAX_DAY, P_MAX_WEEK, P_WEEK_COUNTER, S_BASE, S_DAY, S_END, S_HAS_LUNCH, S_MAX_LEG, S_PROFILE, S_PROVIDER, S_RETURNS, S_START, S_WEEK, V_NEED,
    V_OPTIONS, V_OPTION_FIRST, V_RESIDENT, cell, entry_price, entry_shift, need_row, node_row, provider_row, shift_row, visit_row,
)  # fmt: skip
from matcher.kernels.insertion import fits_spacing
from matcher.kernels.jit import kernel
from matcher.kernels.people import count_in_group, payer, serves
from matcher.kernels.roads import travel_seconds
from matcher.kernels.routes import AT, COUNTERS, HEAD, LATEST, LUNCH_AFTER, NEXT, NONE, START, get_node, get_shift
from matcher.kernels.schedule import reach

FREE, BY_SPACING, BY_DAY_MINUTES, BY_WEEK_MINUTES, BY_CASELOAD, BY_MAX_PROVIDERS, BY_FUND, BY_LEG, BY_TIME = range(9)


@kernel
def diagnose(ins, pts, rt, n, entry):
    """Return what keeps node n out of the shift of an entry, and by how many seconds (or fen), where that is a number.

    ``FREE`` means that nothing does, taken alone. ``BY_TIME`` is given with the least number of seconds by which a position is too short.
    """
    s = entry_shift(ins, entry)
    shift = shift_row(ins, s)
    p = ins[shift + S_PROVIDER]
    provider = provider_row(ins, p)
    node = node_row(ins, n)
    v = ins[node + N_VISIT]
    visit = visit_row(ins, v)
    need = need_row(ins, ins[visit + V_NEED])
    seconds = ins[node + N_SECONDS]
    if not fits_spacing(ins, rt, v, ins[shift + S_DAY]):
        return BY_SPACING, 0
    if ins[provider + P_KIND] != ROOM:
        if ins[provider + P_DAY_COUNTER] >= 0:
            over = rt[rt[COUNTERS] + ins[provider + P_DAY_COUNTER] + ins[shift + S_DAY]] + seconds - ins[provider + P_MAX_DAY]
            if over > 0:
                return BY_DAY_MINUTES, over
        if ins[provider + P_WEEK_COUNTER] >= 0:
            over = rt[rt[COUNTERS] + ins[provider + P_WEEK_COUNTER] + ins[shift + S_WEEK]] + seconds - ins[provider + P_MAX_WEEK]
            if over > 0:
                return BY_WEEK_MINUTES, over
        if ins[visit + V_RESIDENT] >= 0 and ins[provider + P_CASE_COUNTER] >= 0:
            cases = rt[rt[COUNTERS] + ins[provider + P_CASE_COUNTER] + ins[shift + S_WEEK]]
            if cases >= ins[provider + P_CASELOAD] and not serves(ins, rt, ins[visit + V_RESIDENT], p, ins[shift + S_WEEK]):
                return BY_CASELOAD, 1
        if ins[need + D_VISITS] > 1 and ins[need + D_MAX_PROVIDERS] > 0:
            different, has = count_in_group(ins, rt, ins[node + N_GROUP], p)
            if not has and different >= ins[need + D_MAX_PROVIDERS]:
                return BY_MAX_PROVIDERS, 1
        price = entry_price(ins, entry)
        if price > 0 and payer(ins, rt, need, price) == NONE:
            return BY_FUND, price
    return _shortest_time(ins, pts, rt, n, s)


@kernel
def _shortest_time(ins, pts, rt, n, s):
    shift, node = shift_row(ins, s), node_row(ins, n)
    visit = visit_row(ins, ins[node + N_VISIT])
    profile, leg = ins[shift + S_PROFILE], ins[shift + S_MAX_LEG]
    lunch_after = get_shift(rt, s, LUNCH_AFTER) if ins[shift + S_HAS_LUNCH] == 1 else -2
    least, is_leg = FAR, True
    for o in range(ins[visit + V_OPTION_FIRST], ins[visit + V_OPTION_FIRST] + ins[visit + V_OPTIONS]):
        low, high = cell(ins, OPTIONS, 2 * o + O_LOW), cell(ins, OPTIONS, 2 * o + O_HIGH)
        before, following = NONE, get_shift(rt, s, HEAD)
        end, at = ins[shift + S_START], ins[shift + S_BASE]
        while True:
            here = ins[node + N_PLACE] if ins[node + N_PLACE] >= 0 else at
            out = travel_seconds(ins, pts, profile, at, here)
            to = get_node(rt, following, AT) if following != NONE else ins[shift + S_BASE]
            on = travel_seconds(ins, pts, profile, here, to) if following != NONE or ins[shift + S_RETURNS] == 1 else 0
            bound = get_node(rt, following, LATEST) if following != NONE else ins[shift + S_END]
            if out <= leg and on <= leg:
                is_leg = False
                for is_lunch_on in range(2 if lunch_after == before else 1):
                    has_lunch = lunch_after == before
                    start = max(low, reach(ins, shift, end, out, has_lunch and is_lunch_on == 0))
                    short = max(start - high, reach(ins, shift, start + ins[node + N_SECONDS], on, has_lunch and is_lunch_on == 1) - bound)
                    least = min(least, short)
            if following == NONE:
                break
            before, at = following, get_node(rt, following, AT)
            end = get_node(rt, following, START) + ins[node_row(ins, following) + N_SECONDS]
            following = get_node(rt, following, NEXT)
    if is_leg:
        return BY_LEG, 0
    return (FREE, 0) if least <= 0 else (BY_TIME, least)
