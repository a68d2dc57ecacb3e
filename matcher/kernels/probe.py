"""Looking without leaving a trace: what stops each entry of a node, and what it would cost to take a visit elsewhere, in, or out."""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import ENTRY_FIRST, V_FIRST_NODE, V_NODES, cell, visit_row
from matcher.kernels.diagnose import diagnose
from matcher.kernels.jit import kernel
from matcher.kernels.place import forget_touched, place_visit, remove_visit
from matcher.kernels.routes import ABSENT, ENTRY, IS_IN, JOURNAL_OVERFLOWED, NONE, START, get_node, get_total, get_visit, open_journal, roll_back
from matcher.kernels.schedule import settle
from matcher.kernels.search import cost_of, insert_visit, refresh_worst
from matcher.kernels.teams import best_place
from matcher.kernels.work import IS_WIDE

OUT_COST, PLACED_COST, FIRST = 0, 1, 2
"""Columns of what `probe` writes: what it costs to leave the visit out, and to have it where it costs least (`FAR`: nowhere), in comparison with the
routes as they are; then an entry and a start for each node."""


@kernel
def diagnose_entries(ins, pts, rt, n, codes, shorts):
    """Write what `diagnose` says of each entry of node n."""
    first = cell(ins, ENTRY_FIRST, n)
    for entry in range(first, cell(ins, ENTRY_FIRST, n + 1)):
        code, short = diagnose(ins, pts, rt, n, entry)
        codes[entry - first], shorts[entry - first] = code, short


@kernel
def exchange(ins, pts, rt, wk, v, u, is_timed):
    """Take visit u out, place the absent visit v where it costs least then, and u where it still finds a place; return what that costs.

    `FAR`, where v finds none. The routes are left changed, for the caller to look at and roll back; the journal is opened here.
    """
    open_journal(rt)
    before = cost_of(ins, rt)
    remove_visit(ins, pts, rt, wk, u)
    is_fine = settle(ins, pts, rt, wk) == NONE
    forget_touched(wk)
    if not is_fine:
        return FAR
    wk[IS_WIDE] = 1
    cost, pairing = best_place(ins, pts, rt, wk, v, FAR - 1, False, is_timed)
    is_fine = cost < FAR and place_visit(ins, pts, rt, wk, v, pairing) and settle(ins, pts, rt, wk) == NONE
    forget_touched(wk)
    if is_fine:
        insert_visit(ins, pts, rt, wk, u, False, is_timed)
        refresh_worst(ins, rt)
    wk[IS_WIDE] = 0
    return cost_of(ins, rt) - before if is_fine else FAR


@kernel
def probe_exchanges(ins, pts, rt, wk, v, others, costs, is_timed):
    """Write for each visit of `others`, which are served, what `exchange` costs; the routes are as before afterwards."""
    for i in range(len(others)):
        costs[i] = exchange(ins, pts, rt, wk, v, others[i], is_timed)
        roll_back(rt, 0)


@kernel
def probe(ins, pts, rt, wk, visits, found, is_timed):
    """Write for each visit what it costs to leave it out, and to have it where it costs least; the routes are as before afterwards.

    Parameters
    ----------
    visits : int64[...]
        Rows of visits, served or not.
    found : int64[len(visits), FIRST + 2 * nodes of the largest visit], flat
        See `OUT_COST`. A visit that others cannot do without is not probed: both costs are `FAR`.
    """
    width = len(found) // max(1, len(visits))
    wk[IS_WIDE] = 1
    for i in range(len(visits)):
        v = visits[i]
        visit = visit_row(ins, v)
        row = i * width
        open_journal(rt)
        before, absent = cost_of(ins, rt), get_total(rt, ABSENT)
        was_in = get_visit(rt, v, IS_IN) == 1
        found[row + OUT_COST], found[row + PLACED_COST] = 0, FAR
        is_fine = True
        if was_in:
            remove_visit(ins, pts, rt, wk, v)
            is_fine = settle(ins, pts, rt, wk) == NONE and get_total(rt, ABSENT) == absent + 1
            forget_touched(wk)
            refresh_worst(ins, rt)
            found[row + OUT_COST] = cost_of(ins, rt) - before if is_fine else FAR
        if is_fine:
            cost, pairing = best_place(ins, pts, rt, wk, v, FAR - 1, False, is_timed)
            if cost < FAR:
                if place_visit(ins, pts, rt, wk, v, pairing) and settle(ins, pts, rt, wk) == NONE:
                    refresh_worst(ins, rt)
                    found[row + PLACED_COST] = cost_of(ins, rt) - before
                    for k in range(ins[visit + V_NODES]):
                        n = ins[visit + V_FIRST_NODE] + k
                        found[row + FIRST + 2 * k], found[row + FIRST + 2 * k + 1] = get_node(rt, n, ENTRY), get_node(rt, n, START)
                forget_touched(wk)
        if rt[JOURNAL_OVERFLOWED] == 0:
            roll_back(rt, 0)
    wk[IS_WIDE] = 0
