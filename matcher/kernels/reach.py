"""What is known of an instance before any price: where shifts can get, along which ways, and how often providers can serve whom."""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import (
    N_PLACE, N_VISIT, SHIFT_FIRST, SHIFT_NODE, S_BASE, S_DAY, S_MAX_LEG, S_PROFILE, V_RESIDENT, cell, node_row, shift_row, visit_row,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.pricing import NODE_UNIT, U_COUNT, unit_row
from matcher.kernels.roads import travel_seconds


@kernel
def close_ways(ways, at, places):
    """Replace the seconds between places, in the square table that starts at `at`, by those of the shortest way over other places."""
    for k in range(places):
        for i in range(places):
            first = ways[at + i * places + k]
            for j in range(places):
                ways[at + i * places + j] = min(ways[at + i * places + j], first + ways[at + k * places + j])


@kernel
def mark_reachable(ins, pts, s, share, waiting):
    """Write 1 to the nodes of a shift that legs of allowed length lead to from the base, over other places of its nodes; 0 to the others.

    Parameters
    ----------
    share : int32[E]
        By position of `SHIFT_NODE`.
    waiting : int64[nodes of the shift + 1]
        Workspace.
    """
    shift = shift_row(ins, s)
    first, last, limit = cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1), ins[shift + S_MAX_LEG]
    is_free = limit >= FAR or ins[shift + S_PROFILE] < 0
    for at in range(first, last):
        share[at] = 1 if is_free else 0
    waiting[0] = ins[shift + S_BASE]
    count, k = 1, 0
    while k < count and not is_free:
        for at in range(first, last):
            if share[at] == 0:
                place = ins[node_row(ins, cell(ins, SHIFT_NODE, at)) + N_PLACE]
                if place < 0:
                    share[at] = 1
                elif travel_seconds(ins, pts, ins[shift + S_PROFILE], waiting[k], place) <= limit:
                    share[at] = 1
                    waiting[count] = place
                    count += 1
        k += 1


@kernel
def share_residents(ins, pts, rx, first_shift, last_shift, p, share, unit_state, resident_state, waiting):
    """Write, for each node that a shift of provider p may hold, how many services p can give the resident; 0 where no legs lead there.

    Parameters
    ----------
    share : int32[E]
        By position of `SHIFT_NODE`.
    unit_state, resident_state : int64[U, 3], int64[residents, 2]
        Workspace, -1 at the first call.
    """
    for s in range(first_shift, last_shift):
        mark_reachable(ins, pts, s, share, waiting)
        day = ins[shift_row(ins, s) + S_DAY]
        for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
            u = cell(rx, NODE_UNIT, cell(ins, SHIFT_NODE, at))
            if u < 0 or share[at] == 0:
                continue
            if unit_state[u, 0] != p:
                unit_state[u, 0], unit_state[u, 1], unit_state[u, 2] = p, -1, 0
            if unit_state[u, 1] != day:
                unit_state[u, 1] = day
                unit_state[u, 2] += 1
    for turn in range(2):
        for s in range(first_shift, last_shift):
            for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
                n = cell(ins, SHIFT_NODE, at)
                u, resident = cell(rx, NODE_UNIT, n), ins[visit_row(ins, ins[node_row(ins, n) + N_VISIT]) + V_RESIDENT]
                if u < 0 or share[at] == 0 or resident < 0:
                    continue
                if turn == 1:
                    share[at] = resident_state[resident, 1]
                elif unit_state[u, 0] == p:
                    if resident_state[resident, 0] != p:
                        resident_state[resident, 0], resident_state[resident, 1] = p, 0
                    resident_state[resident, 1] += min(rx[unit_row(rx, u) + U_COUNT], unit_state[u, 2])
                    unit_state[u, 0] = -1
