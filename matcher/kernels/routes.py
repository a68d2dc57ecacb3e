"""The mutable search state: routes, times, counters and totals, in one flat memory that can be rolled back.

Kernels are handed it as ``rt``, an int64 array of three parts: a head that says where each table starts, the memory, and a journal. They read
any cell, and write
through `put`, which notes the old value in the journal. Rolling back is then exact, whatever was written, and costs no more than what was written.

tables of the memory
    nodes, 16 cells each: ``SHIFT`` (-1: not placed), ``PREV`` and ``NEXT`` in the route, ``START``, ``LATEST`` feasible start, ``AT`` the place
    where the provider then
    is, ``ARRIVAL`` and ``BOUND`` (earliest and latest start as far as the route alone goes), ``LOW`` and ``HIGH`` (the start option chosen),
    ``ENTRY``,
    ``FUND``, ``WAIT`` seconds before it, ``TIMED`` cost of its start.
    shifts, 8 cells: ``HEAD``, ``TAIL``, ``LUNCH_AFTER`` (the node after which lunch is taken, -1: before the first), ``CHANGED`` (clock of the
    last change), ``COUNT``.
    providers, 2 cells: ``SERVED`` seconds, ``FREED`` (clock of the last removal).
    visits, 4 cells: ``IS_IN``, ``SLOT`` in the list of absent ones, ``FAILED`` (clock of the last attempt that found no place), ``PAIRED`` cost
    of the team.
    counters (seconds a day and a week, caseloads), fen spent of each fund, urgency weight left out in each community, the absent visits in no
    order.
    totals: ``LOSS`` (unserved, pinned, banked, stability of absent visits, equity), ``SOFT`` (all the rest), ``ABSENT``, ``CLOCK``, ``WORST``
    lateness.
"""

from __future__ import annotations

from typing import NamedTuple, TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matcher.kernels.jit import kernel
import itertools


if TYPE_CHECKING:
    from matcher.instance import Instance, Longs

NONE = -1

SHIFT, PREV, NEXT, START, LATEST, AT, ARRIVAL, BOUND, LOW, HIGH, ENTRY, FUND, WAIT, TIMED = range(14)
HEAD, TAIL, LUNCH_AFTER, CHANGED, COUNT = range(5)
SERVED, FREED = range(2)
IS_IN, SLOT, FAILED, PAIRED = range(4)
LOSS, SOFT, ABSENT, CLOCK, WORST, FUNDS_FREED = range(6)
NODE_CELLS, SHIFT_CELLS, PROVIDER_CELLS, VISIT_CELLS, TOTAL_CELLS = 16, 8, 2, 4, 8

# slots of the head
NODE_STATE, SHIFT_STATE, PROVIDER_STATE, VISIT_STATE, COUNTERS, SPENT, LEFT_OUT, ABSENTEES, TOTALS = range(9)
MEMORY_END, JOURNAL_LENGTH, JOURNAL_OVERFLOWED = range(9, 12)
ROUTES_HEAD = 16

NEVER_FAILED = -1
JOURNAL = 1 << 18


class Routes(NamedTuple):
    """Views of the tables of a state, for Python; kernels get the array itself."""

    array: Longs
    node: npt.NDArray[np.int64]
    shift: npt.NDArray[np.int64]
    provider: npt.NDArray[np.int64]
    visit: npt.NDArray[np.int64]
    counter: Longs
    fund: Longs
    left_out: Longs
    absent: Longs
    total: Longs


def view(array: Longs) -> Routes:
    """Return views of the tables of a state."""
    ends = [int(cell) for cell in array[: TOTALS + 2]]
    parts = [array[a:b] for a, b in itertools.pairwise(ends)]
    widths = (NODE_CELLS, SHIFT_CELLS, PROVIDER_CELLS, VISIT_CELLS)
    tables = [part.reshape(-1, width) for part, width in zip(parts, widths, strict=False)]
    return Routes(array, *tables, *parts[4:])


def empty(instance: Instance) -> Routes:
    """Return routes that serve nobody: every visit absent, every loss counted."""
    sizes = (
        len(instance.nodes) * NODE_CELLS,
        len(instance.shifts) * SHIFT_CELLS,
        len(instance.providers) * PROVIDER_CELLS,
        len(instance.visits) * VISIT_CELLS,
        int(instance.counters[0]),
        len(instance.fund_amount),
        len(instance.community_weight),
        len(instance.visits),
        TOTAL_CELLS,
    )
    starts = ROUTES_HEAD + np.concatenate(([0], np.cumsum(sizes)))
    array = np.zeros(starts[-1] + 2 * JOURNAL, np.int64)
    array[: len(starts)] = starts
    routes = view(array)
    routes.node[:] = NONE
    routes.node[:, [WAIT, TIMED]] = 0
    routes.shift[:, [HEAD, TAIL, LUNCH_AFTER]] = NONE
    routes.visit[:, FAILED] = NEVER_FAILED
    routes.visit[:, SLOT] = routes.absent[:] = np.arange(len(instance.visits))
    np.add.at(routes.left_out, instance.visits["community"], instance.visits["weight"])
    weights = zip(routes.left_out.tolist(), instance.community_weight.tolist(), strict=True)
    equity = int(instance.weights[0]["equity"]) * sum(1000 * u * u // t for u, t in weights if t)
    routes.total[LOSS] = int(instance.visits["loss"].sum()) + equity
    routes.total[ABSENT] = len(instance.visits)
    return routes


def entries_in_use(array: Longs) -> Longs:
    """Return the entries in which a state holds its nodes."""
    node: Longs = view(array).node
    entries: Longs = node[node[:, SHIFT] != NONE, ENTRY]
    return entries


def memory_of(array: Longs) -> Longs:
    """Return the memory of a state: all that makes it what it is."""
    return array[ROUTES_HEAD : array[MEMORY_END]]


@kernel
def put(rt, cell, value):
    """Write one cell of the memory, noting the old value. Past its room the journal only notes that it overflowed."""
    old = rt[cell]
    if old != value:
        length = rt[JOURNAL_LENGTH]
        if length < JOURNAL:
            at = rt[MEMORY_END] + 2 * length
            rt[at] = cell
            rt[at + 1] = old
            rt[JOURNAL_LENGTH] = length + 1
        else:
            rt[JOURNAL_OVERFLOWED] = 1
        rt[cell] = value


@kernel
def roll_back(rt, mark):
    """Undo every write since the journal had `mark` entries, the latest first."""
    start = rt[MEMORY_END]
    for k in range(rt[JOURNAL_LENGTH] - 1, mark - 1, -1):
        rt[rt[start + 2 * k]] = rt[start + 2 * k + 1]
    rt[JOURNAL_LENGTH] = mark


@kernel
def open_journal(rt):
    """Forget the past: what is written from now on can be rolled back to here."""
    rt[JOURNAL_LENGTH] = 0
    rt[JOURNAL_OVERFLOWED] = 0


@kernel
def get_node(rt, n, field):
    """Return a field of node n."""
    return rt[rt[NODE_STATE] + n * NODE_CELLS + field]


@kernel
def put_node(rt, n, field, value):
    """Write a field of node n."""
    put(rt, rt[NODE_STATE] + n * NODE_CELLS + field, value)


@kernel
def get_shift(rt, s, field):
    """Return a field of the route of shift s."""
    return rt[rt[SHIFT_STATE] + s * SHIFT_CELLS + field]


@kernel
def put_shift(rt, s, field, value):
    """Write a field of the route of shift s."""
    put(rt, rt[SHIFT_STATE] + s * SHIFT_CELLS + field, value)


@kernel
def get_provider(rt, p, field):
    """Return a field of provider p."""
    return rt[rt[PROVIDER_STATE] + p * PROVIDER_CELLS + field]


@kernel
def put_provider(rt, p, field, value):
    """Write a field of provider p."""
    put(rt, rt[PROVIDER_STATE] + p * PROVIDER_CELLS + field, value)


@kernel
def get_visit(rt, v, field):
    """Return a field of visit v."""
    return rt[rt[VISIT_STATE] + v * VISIT_CELLS + field]


@kernel
def put_visit(rt, v, field, value):
    """Write a field of visit v."""
    put(rt, rt[VISIT_STATE] + v * VISIT_CELLS + field, value)


@kernel
def get_total(rt, field):
    """Return a total."""
    return rt[rt[TOTALS] + field]


@kernel
def put_total(rt, field, value):
    """Write a total."""
    put(rt, rt[TOTALS] + field, value)


@kernel
def put_in(rt, table, index, value):
    """Write cell `index` of one of the plain tables: `COUNTERS`, `SPENT`, `LEFT_OUT`, `ABSENTEES`."""
    put(rt, rt[table] + index, value)
