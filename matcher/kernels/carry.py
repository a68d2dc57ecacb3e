"""Taking up a whole plan: its visits one after another, again as long as one more finds its place."""

from __future__ import annotations

from matcher.kernels.cells import V_FIRST_NODE, V_NODES, visit_row
from matcher.kernels.follow import follow
from matcher.kernels.jit import kernel


@kernel
def carry(ins, pts, rt, wk, waiting, entries, planned, funds, own_entries, own_funds, is_timed):
    """Place absent visits as a plan has them, in the order given; return how many were placed.

    A visit may need another one beside it first (the leg home may be too long, and the one to the next visit not), so that those which found no place
    are tried again until nothing moves.

    Parameters
    ----------
    waiting : int64[visits of the plan]
        Their rows. Those placed are overwritten with -1.
    entries, planned, funds : int64[N]
        The entry, the planned start and the fund (-1: any) of each node.
    own_entries, own_funds : int64[nodes of the largest visit]
        Workspace.
    """
    placed, before = 0, -1
    while before != placed:
        before = placed
        for i in range(len(waiting)):
            v = waiting[i]
            if v < 0:
                continue
            visit = visit_row(ins, v)
            for k in range(ins[visit + V_NODES]):
                own_entries[k] = entries[ins[visit + V_FIRST_NODE] + k]
                own_funds[k] = funds[ins[visit + V_FIRST_NODE] + k]
            if follow(ins, pts, rt, wk, v, own_entries, planned, own_funds, is_timed):
                waiting[i] = -1
                placed += 1
    return placed
