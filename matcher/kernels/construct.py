"""Construction by regret: visits that lose most by waiting go first."""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import (
    D_VISITS, ENTRY_FIRST, S_DAY, V_FIRST_NODE, V_LOSS, V_NEED, V_NODES, cell, entry_shift, need_row, shift_row, visit_row,
)  # fmt: skip
from matcher.kernels.insertion import EXACT, UNTIMED, fits_spacing, scan_shift
from matcher.kernels.jit import kernel
from matcher.kernels.people import evaluate_provider
from matcher.kernels.routes import FAILED, get_visit
from matcher.kernels.teams import best_team
from matcher.kernels.work import COST, SCAN, candidate


@kernel
def _two_best_shifts(ins, pts, rt, wk, v, limit, is_timed):
    """Return the cost of the best place of a visit of one node, and of the best one in another shift; `limit` where there is none."""
    visit = visit_row(ins, v)
    n = ins[visit + V_FIRST_NODE]
    is_spaced = ins[need_row(ins, ins[visit + V_NEED]) + D_VISITS] > 1
    best, second = limit, limit
    for entry in range(cell(ins, ENTRY_FIRST, n), cell(ins, ENTRY_FIRST, n + 1)):
        if is_spaced and not fits_spacing(ins, rt, v, ins[shift_row(ins, entry_shift(ins, entry)) + S_DAY]):
            continue
        fixed = evaluate_provider(ins, rt, n, entry)
        if fixed >= second:
            continue
        cost = limit
        for k in range(scan_shift(ins, pts, rt, wk, n, entry, fixed, second, False, EXACT if is_timed else UNTIMED, 0)):
            cost = min(cost, wk[candidate(wk, SCAN, k) + COST])
        if cost < best:
            best, second = cost, best
        elif cost < second:
            second = cost
    return best, second


@kernel
def rank_by_regret(ins, pts, rt, wk, visits, keys, is_timed):
    """Write for each absent visit what is lost if its best place is taken (negative, so that the greatest regret sorts first).

    A visit that has a second choice loses the difference; one that has none, or needs a team, loses all that leaving it out costs. Visits without a
    place get `FAR`.
    """
    for k in range(len(visits)):
        v = visits[k]
        visit = visit_row(ins, v)
        loss = ins[visit + V_LOSS]
        if get_visit(rt, v, FAILED) >= 0:
            keys[k] = FAR
        elif ins[visit + V_NODES] == 1:
            best, second = _two_best_shifts(ins, pts, rt, wk, v, loss, is_timed)
            keys[k] = best - second if best < loss else FAR
        else:
            cost, _ = best_team(ins, pts, rt, wk, v, loss, False, is_timed)
            keys[k] = cost - loss if cost < FAR else FAR
