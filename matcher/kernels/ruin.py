"""What a step removes: strings of visits near a random one, from routes where an absent one could go, or all visits of a need for somebody else.

References
----------
Christiaens and Vanden Berghe (2020), Slack Induction by String Removals for Vehicle Routing Problems, doi 10.1287/trsc.2019.0914.
"""

from __future__ import annotations

import math

from matcher.kernels.cells import (
    D_CONTINUITY, D_FIRST_VISIT, D_MAX_PROVIDERS, D_VISITS, ENTRY_FIRST, NEAR, NEAR_WIDTH, N_GROUP, N_VISIT, P_SHIFTS, P_SHIFT_FIRST, SHIFT_COUNT,
    S_DAY, S_PROVIDER, VISIT_COUNT, V_FIRST_NODE, V_NEED, V_NODES, V_ROLES, cell, entry_shift, need_row, node_row, provider_row, shift_row, visit_row,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.people import count_in_group
from matcher.kernels.place import remove_visit
from matcher.kernels.routes import ABSENT, ABSENTEES, COUNT, HEAD, IS_IN, NEXT, NONE, PREV, SHIFT, get_node, get_shift, get_total, get_visit
from matcher.kernels.work import FOCUS, GIVEN_NODE, GIVEN_PERSON, IS_SCARCE, IS_TOUCHED, REMOVED, SEED, WANTED, below, uniform

LONGEST_STRING = 10
SPLIT = 0.5
LONGER_SPLIT = 0.01
FOR_ABSENT, FOR_ABSENT_NEAR = 0.33, 0.66
"""Share of the steps that remove visits where one that is left out could go, rather than anywhere; and where bursts of steps keep to the neighbours
of one visit and time is scarce, for the steps of large weeks are few."""
FOR_PERSON, FOR_PERSON_VISITS = 8, 4
"""In one of so many steps that would begin at one of several visits of a need, somebody else is tried for all of them; as much more seldom as
there are more visits than so many times that number, for the steps of large weeks are too few to be spent on this."""
ABSENT_TRIES = 16
"""How often an absent visit is sought among the neighbours of the one that a burst of steps keeps to."""


@kernel
def _remove_string(ins, pts, rt, wk, n, length, is_split):
    """Remove a run of `length` visits of the route of node n that holds it; if split, keep a run inside."""
    s = get_node(rt, n, SHIFT)
    size = get_shift(rt, s, COUNT)
    keep = 0
    if is_split:
        keep = 1
        while keep < size - length and uniform(wk) < LONGER_SPLIT:
            keep += 1
    span = min(size, length + keep)
    # position of n, and the first position of the run
    at, m = 0, get_node(rt, n, PREV)
    while m != NONE:
        at += 1
        m = get_node(rt, m, PREV)
    low, high = max(0, at - span + 1), min(at, size - span)
    first = low + below(wk, high - low + 1)
    keep_from = first + below(wk, span - keep + 1) if keep > 0 else -1
    count, position, m = 0, 0, get_shift(rt, s, HEAD)
    while m != NONE and position < first + span:
        if position >= first and not (keep > 0 and keep_from <= position < keep_from + keep):
            wk[wk[REMOVED] + count] = ins[node_row(ins, m) + N_VISIT]
            count += 1
        position += 1
        m = get_node(rt, m, NEXT)
    for k in range(count):
        if get_visit(rt, wk[wk[REMOVED] + k], IS_IN) == 1:
            remove_visit(ins, pts, rt, wk, wk[wk[REMOVED] + k])


@kernel
def _near(ins, wk, v):
    """Return a random visit of those near visit v, or v itself."""
    u = cell(ins, NEAR, v * ins[NEAR_WIDTH] + below(wk, ins[NEAR_WIDTH]))
    return u if u != NONE else v


@kernel
def _draw_visit(ins, wk):
    """Return a random visit: of all, or of those around the visit that a burst of steps keeps to."""
    if wk[FOCUS] == NONE:
        return below(wk, ins[VISIT_COUNT])
    return _near(ins, wk, wk[FOCUS])


@kernel
def _draw_absent(ins, rt, wk):
    """Return a random absent visit, if possible one around the visit that a burst of steps keeps to."""
    if wk[FOCUS] != NONE:
        for _ in range(ABSENT_TRIES):
            v = _draw_visit(ins, wk)
            if get_visit(rt, v, IS_IN) == 0:
                return v
    return rt[rt[ABSENTEES] + below(wk, get_total(rt, ABSENT))]


@kernel
def ruin(ins, pts, rt, wk, mean_removed):
    """Remove strings of visits from routes near a random visit (slack induction by string removals)."""
    visits, shifts = ins[VISIT_COUNT], ins[SHIFT_COUNT]
    placed = visits - get_total(rt, ABSENT)
    if placed == 0:
        return
    used = 0
    mean_length = 1.0
    # mean length of the routes around, from a few of them: routes differ little and the whole count would cost time
    total = 0
    for _ in range(8):
        s = below(wk, shifts)
        if get_shift(rt, s, COUNT) > 0:
            total += get_shift(rt, s, COUNT)
            used += 1
    if used > 0:
        mean_length = total / used
    longest = min(float(LONGEST_STRING), max(1.0, mean_length))
    most = 4.0 * mean_removed / (1.0 + longest) - 1.0
    strings = math.floor(uniform(wk) * most + 1.0)
    wk[WANTED] = NONE
    if get_total(rt, ABSENT) > 0 and uniform(wk) < (FOR_ABSENT_NEAR if wk[FOCUS] != NONE and wk[IS_SCARCE] == 1 else FOR_ABSENT):
        v = _draw_absent(ins, rt, wk)
        wk[SEED] = v
        if below(wk, 2) == 0:
            wk[WANTED] = v
        if below(wk, 4) == 0:
            _remove_siblings(ins, pts, rt, wk, v)
        _make_room(ins, pts, rt, wk, v, strings, longest)
        return
    seed = _draw_visit(ins, wk)
    wk[SEED] = seed
    if _is_shared(ins, rt, seed) and below(wk, max(FOR_PERSON, visits // FOR_PERSON_VISITS)) == 0:
        if _give_to_another(ins, pts, rt, wk, seed, longest):
            return
    done = 0
    for k in range(-1, ins[NEAR_WIDTH]):
        v = seed if k < 0 else cell(ins, NEAR, seed * ins[NEAR_WIDTH] + k)
        if v < 0 or done >= strings:
            break
        if get_visit(rt, v, IS_IN) == 0:
            continue
        visit = visit_row(ins, v)
        n = ins[visit + V_FIRST_NODE] + below(wk, ins[visit + V_NODES])
        s = get_node(rt, n, SHIFT)
        if wk[wk[IS_TOUCHED] + s] == 1:
            continue
        _remove_some(ins, pts, rt, wk, n, longest)
        done += 1


@kernel
def _remove_siblings(ins, pts, rt, wk, v):
    """Remove all visits of the need of visit v that are placed."""
    need = need_row(ins, ins[visit_row(ins, v) + V_NEED])
    for w in range(ins[need + D_FIRST_VISIT], ins[need + D_FIRST_VISIT] + ins[need + D_VISITS]):
        if get_visit(rt, w, IS_IN) == 1:
            remove_visit(ins, pts, rt, wk, w)


@kernel
def _is_shared(ins, rt, v):
    """Return whether a placed visit is one of several over which a change of people costs something."""
    need = need_row(ins, ins[visit_row(ins, v) + V_NEED])
    return ins[need + D_VISITS] > 1 and ins[need + D_CONTINUITY] + ins[need + D_MAX_PROVIDERS] > 0 and get_visit(rt, v, IS_IN) == 1


@kernel
def _give_to_another(ins, pts, rt, wk, v, longest):
    """Remove all visits of the need of v, and have somebody who serves none of them in a role of v take it; returns False where who is drawn does.

    One visit given to another costs continuity, all of them often nothing: a change that pays only as a whole is found only as a whole. The others
    follow by themselves, for then the one who is new costs less in them than whoever was there before.
    """
    visit = visit_row(ins, v)
    n = ins[visit + V_FIRST_NODE] + below(wk, ins[visit + V_ROLES])
    first, last = cell(ins, ENTRY_FIRST, n), cell(ins, ENTRY_FIRST, n + 1)
    p = ins[shift_row(ins, entry_shift(ins, first + below(wk, last - first))) + S_PROVIDER]
    _, has = count_in_group(ins, rt, ins[node_row(ins, n) + N_GROUP], p)
    if has:
        return False
    _remove_siblings(ins, pts, rt, wk, v)
    if below(wk, 2) == 0:
        provider = provider_row(ins, p)
        for s in range(ins[provider + P_SHIFT_FIRST], ins[provider + P_SHIFT_FIRST] + ins[provider + P_SHIFTS]):
            if get_shift(rt, s, COUNT) > 0:
                _remove_anywhere(ins, pts, rt, wk, s, longest)
    wk[WANTED], wk[GIVEN_NODE], wk[GIVEN_PERSON] = v, n, p
    return True


@kernel
def _remove_some(ins, pts, rt, wk, n, longest):
    """Remove a string of random length around node n."""
    size = get_shift(rt, get_node(rt, n, SHIFT), COUNT)
    length = math.floor(uniform(wk) * min(float(size), longest) + 1.0)
    _remove_string(ins, pts, rt, wk, n, min(length, size), uniform(wk) < SPLIT and size > length)


@kernel
def _remove_anywhere(ins, pts, rt, wk, s, longest):
    """Remove a string of random length around a random node of the route of shift s, which is not empty."""
    n = get_shift(rt, s, HEAD)
    for _ in range(below(wk, get_shift(rt, s, COUNT))):
        n = get_node(rt, n, NEXT)
    _remove_some(ins, pts, rt, wk, n, longest)


@kernel
def _make_room(ins, pts, rt, wk, v, strings, longest):
    """Remove strings from routes that could hold an absent visit, most of them on one day."""
    visit = visit_row(ins, v)
    day, done = NONE, 0
    for _ in range(4 * strings + 4):
        n = ins[visit + V_FIRST_NODE] + below(wk, ins[visit + V_NODES])
        first, last = cell(ins, ENTRY_FIRST, n), cell(ins, ENTRY_FIRST, n + 1)
        if first == last:
            return
        s = entry_shift(ins, first + below(wk, last - first))
        if get_shift(rt, s, COUNT) == 0 or wk[wk[IS_TOUCHED] + s] == 1:
            continue
        if day != NONE and ins[shift_row(ins, s) + S_DAY] != day and below(wk, 8) > 0:
            continue
        day = ins[shift_row(ins, s) + S_DAY]
        _remove_anywhere(ins, pts, rt, wk, s, longest)
        done += 1
        if done == strings:
            return
