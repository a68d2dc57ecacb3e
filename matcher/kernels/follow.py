"""Placing a visit as a plan says: in the given shifts, between the services before and after it, if every rule still allows it."""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import S_DAY, V_FIRST_NODE, V_NODES, V_ROLES, entry_provider, entry_shift, shift_row, visit_row
from matcher.kernels.insertion import EXACT, UNTIMED, fits_spacing, scan_shift
from matcher.kernels.jit import kernel
from matcher.kernels.people import evaluate_provider, evaluate_team
from matcher.kernels.place import forget_touched, place_visit
from matcher.kernels.routes import HEAD, IS_IN, JOURNAL_LENGTH, NEXT, NONE, get_node, get_shift, get_visit, open_journal, roll_back
from matcher.kernels.schedule import settle
from matcher.kernels.work import AFTER, CHOSEN, EARLIEST, FROM, MEMBERS, PAYER, SCAN, TO_ENTRY, UNTIL, candidate, copy_candidate


@kernel
def _choose(ins, pts, rt, wk, n, k, entry, planned, is_timed):
    """Leave in ``CHOSEN`` the way to put node n into the route of an entry that suits a start best; returns whether there is one."""
    fixed = evaluate_provider(ins, rt, n, entry)
    if fixed >= FAR:
        return False
    # Among what is there already by the starts that are planned: until every visit is in, the routes start earlier.
    start, before, m = planned[n], NONE, get_shift(rt, entry_shift(ins, entry), HEAD)
    while m != NONE and planned[m] <= start:
        before, m = m, get_node(rt, m, NEXT)
    best, has_found = FAR, False
    for c in range(scan_shift(ins, pts, rt, wk, n, entry, fixed, FAR, False, EXACT if is_timed else UNTIMED, 0)):
        row = candidate(wk, SCAN, c)
        if wk[row + AFTER] != before or not wk[row + FROM] <= start <= wk[row + UNTIL]:
            continue
        # Of the start options that hold the start the last one to open; of two ways to take lunch the one that does not delay the start.
        miss = 2 * max(0, wk[row + EARLIEST] - start) + abs(start - max(wk[row + FROM], wk[row + EARLIEST]))
        if miss < best:
            best, has_found = miss, True
            copy_candidate(wk, row, candidate(wk, CHOSEN, k))
    return has_found


@kernel
def follow(ins, pts, rt, wk, v, entries, planned, funds, is_timed):
    """Place an absent visit as a plan has it, among what is there of the plan already.

    Parameters
    ----------
    entries, funds : int64[nodes of the visit]
        The entry of each node, and the fund that pays for it if it may (NONE: any).
    planned : int64[N]
        The planned start of every node of the plan.

    Returns
    -------
    bool
        False, with nothing changed, where a rule forbids it as things stand.
    """
    visit = visit_row(ins, v)
    first, count = ins[visit + V_FIRST_NODE], ins[visit + V_NODES]
    open_journal(rt)
    if get_visit(rt, v, IS_IN) == 1 or not fits_spacing(ins, rt, v, ins[shift_row(ins, entry_shift(ins, entries[0])) + S_DAY]):
        return False
    for k in range(count):
        if not _choose(ins, pts, rt, wk, first + k, k, entries[k], planned, is_timed):
            return False
        wk[candidate(wk, CHOSEN, k) + PAYER] = funds[k]
        for j in range(k):
            if entry_shift(ins, entries[j]) == entry_shift(ins, entries[k]):
                return False
    for k in range(ins[visit + V_ROLES]):
        wk[wk[MEMBERS] + k] = entry_provider(ins, wk[candidate(wk, CHOSEN, k) + TO_ENTRY])
    pairing = evaluate_team(ins, wk, visit, ins[visit + V_ROLES])
    if pairing >= FAR:
        return False
    mark = rt[JOURNAL_LENGTH]
    if place_visit(ins, pts, rt, wk, v, pairing) and settle(ins, pts, rt, wk) == NONE:
        forget_touched(wk)
        return True
    forget_touched(wk)
    roll_back(rt, mark)
    return False
