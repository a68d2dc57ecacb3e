"""How kernels see an instance: two flat arrays, and a name for every cell.

A compiled function pays for each array it is handed, at every call; a tuple of forty costs more than the work of most kernels. So an
`Instance` is packed once: all integers into ``ins``, all reals into ``pts``. The head of ``ins`` says where each table starts: row v of the
visits begins at ``visit_row(ins, v)``, and ``ins[visit_row(ins, v) + V_LOSS]`` is its loss; ``cell(ins, ENTRY_FIRST, n)`` is ``entry_first[n]``.
The other two arrays that kernels are handed, ``rt`` (`matcher.kernels.routes`) and ``wk`` (`matcher.kernels.work`), are laid out alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matcher.kernels.jit import kernel

from matcher.instance import FAR, NEED, NODE, OPTION, PROFILE, PROVIDER, SHIFT, VISIT, WEIGHTS, WINDOW, Instance, Longs

Reals = npt.NDArray[np.float64]

N_VISIT, N_PLACE, N_GROUP, N_IS_ROOM, N_SECONDS, N_GAP_LOW, N_GAP_HIGH, N_PIN = range(8)
(
    V_FIRST_NODE, V_NODES, V_ROLES, V_NEED, V_RESIDENT, V_COMMUNITY, V_WINDOW_FIRST, V_WINDOWS, V_OPTION_FIRST, V_OPTIONS, V_PREFER_FIRST, V_PREFERS,
    V_MUST_FIRST, V_MUSTS, V_NUMBER, V_IS_LINKED, V_IS_TIMED, V_IS_PAID, V_WEIGHT, V_LOSS, V_IN_FORCE_START, V_STABILITY,
) = range(22)  # fmt: skip
(
    D_FIRST_VISIT, D_VISITS, D_AT_LEAST_DAYS, D_AT_MOST_DAYS, D_IS_NUMBERED, D_HAS_FIRST_TEAM, D_MAX_PROVIDERS, D_FUND_FIRST, D_FUNDS, D_LINK_FIRST,
    D_LINKS, D_CONTINUITY,
) = range(12)  # fmt: skip
(
    S_PROVIDER, S_CREW, S_DAY, S_WEEK, S_BASE, S_PROFILE, S_RETURNS, S_HAS_LUNCH, S_START, S_END, S_LUNCH_LOW, S_LUNCH_HIGH, S_LUNCH, S_MAX_LEG,
) = range(14)  # fmt: skip
(
    P_KIND, P_SUPERVISION, P_SUPERVISES, P_LINK_FIRST, P_LINKS, P_HAS_GRADES, P_DAY_COUNTER, P_WEEK_COUNTER, P_CASE_COUNTER, P_CASELOAD, P_MAX_DAY,
    P_MAX_WEEK, P_OFFERED, P_SHIFT_FIRST, P_SHIFTS,
) = range(15)  # fmt: skip
W_LOW, W_DUE, W_HIGH = range(3)
T_COST, T_PRICE = range(2)
O_LOW, O_HIGH = range(2)
(
    LATENESS, MAX_LATENESS, PREFERRED_WINDOW, TRAVEL, WAITING, WORKLOAD, EQUITY, PAIRING, NEW_FACE,
) = range(9)  # fmt: skip

# slots of the head of ins: where each table starts
(
    NODES, VISITS, NEEDS, SHIFTS, PROVIDERS, WINDOWS, OPTIONS, PREFERS, PROFILE_TABLES, WEIGHT_CELLS, ENTRY_FIRST, ENTRIES, TARIFFS, MASK_SLOT,
    MASKS, NODE_DUE, FIRST_NODE, SHIFT_FIRST, SHIFT_NODE, NEAR, GROUP_FIRST, GROUP_NODE, RESIDENT_FIRST, RESIDENT_VISIT, KNOWN_FIRST,
    KNOWN_PROVIDER, KNOWN_COST, NEED_FUND, NEED_LINK, LINK_FIRST, LINK_PROVIDER, LINK_GRADE, PROVIDER_LINK, MUST_PROVIDER, FUND_AMOUNT,
    COMMUNITY_WEIGHT, TABLES,
) = range(37)  # fmt: skip
# and how many there are of what
VISIT_COUNT, NODE_COUNT, SHIFT_COUNT, PLACE_COUNT, NEAR_WIDTH, IS_BOUNDED, PTS_PROFILES, DAY_SPAN, IS_MONOTONE, MASK_WIDTH = range(37, 47)
HEAD_CELLS = 48

NODE_WIDTH, VISIT_WIDTH, NEED_WIDTH, SHIFT_WIDTH, PROVIDER_WIDTH = 8, 22, 12, 14, 15


def _table(rows: Any, dtype: np.dtype[Any]) -> Longs:
    names = dtype.names or ()
    return np.stack([rows[name].astype(np.int64) for name in names], axis=1).ravel() if len(rows) else np.zeros(0, np.int64)


FEW = 64
"""Entries of a node up to which the search looks at all of them, and finds one by halving; nodes with more have a mask of their shifts."""


def _mask_width(instance: Instance) -> int:
    return (len(instance.shifts) + 31) // 32


def _masks(instance: Instance) -> tuple[Longs, Longs]:
    """Return, for every node that has many entries, which shifts they are in: a slot for each node (-1: none), and a row of words for each slot.

    A word stands for 32 shifts: a bit for each in its low half, and in its high half how many entries the node has in the shifts before them.
    """
    counts = np.diff(instance.entry_first)
    has_mask, width = counts > FEW, _mask_width(instance)
    slots = np.where(has_mask, np.cumsum(has_mask) - 1, -1)
    shift = instance.entry_shift[np.repeat(has_mask, counts)].astype(np.int64)
    word = np.repeat(slots[has_mask], counts[has_mask]) * width + (shift >> 5)
    size = int(has_mask.sum()) * width
    bits = np.bincount(word, weights=(1 << (shift & 31)).astype(np.float64), minlength=size).astype(np.int64)
    held = np.bincount(word, minlength=size).reshape(-1, width) if size else np.zeros((0, 1), np.int64)
    before = (np.cumsum(held, axis=1) - held).ravel()
    return slots.astype(np.int64), bits | before << 32


def _entries(instance: Instance) -> tuple[Longs, Longs]:
    """Return a word for each entry, its shift in the low half and its tariff in the high one, and the tariffs: what differs in cost and price.

    One word an entry, for there may be thousands for each node, of which a step reads a few, here and there.
    """
    cost, price = instance.entry_cost.astype(np.int64), instance.entry_price.astype(np.int64)
    prices, of_price = _distinct(price)
    costs, of_cost = _distinct(cost)
    pairs, tariff = _distinct(of_price * len(costs) + of_cost)
    tariffs = np.stack([costs[pairs % len(costs)], prices[pairs // len(costs)]], axis=1) if len(pairs) else np.zeros((0, 2), np.int64)
    return instance.entry_shift.astype(np.int64) | (tariff + 1) << 32, np.concatenate(([FAR, 0], tariffs.ravel()))


def closed(words: Longs) -> Longs:
    """Return the words of entries (`ENTRIES`) with the first tariff in place of their own: at its cost nobody takes them."""
    return words & 0xFFFFFFFF


def _distinct(values: Longs) -> tuple[Longs, Longs]:
    """Return the different values, and which of them each is."""
    if len(values) == 0 or (values == values[0]).all():
        return values[:1], np.zeros(len(values), np.int64)
    found, index = np.unique(values, return_inverse=True)
    return found, index.astype(np.int64)


def _node_due(instance: Instance) -> Longs:
    """Return for every node the last start that is in time; `FAR` where late starts cost nothing."""
    due = np.full(len(instance.visits), FAR, np.int64)
    windows = instance.visits["windows"]
    is_late_dear = (windows > 0) & (instance.visits["is_timed"] == 1)
    if instance.weights[0]["lateness"] or instance.weights[0]["max_lateness"]:
        for v in np.flatnonzero(is_late_dear):
            first = instance.visits["window_first"][v]
            due[v] = instance.windows["due"][first : first + windows[v]].max()
    return np.where(instance.nodes["is_room"] == 1, FAR, due[instance.nodes["visit"]])


def pack(instance: Instance) -> tuple[Longs, Reals]:
    """Return the two arrays that kernels run on, read-only."""
    for dtype, width in ((NODE, NODE_WIDTH), (VISIT, VISIT_WIDTH), (NEED, NEED_WIDTH), (SHIFT, SHIFT_WIDTH), (PROVIDER, PROVIDER_WIDTH)):
        assert len(dtype.names or ()) == width, "cells.py names every field of every table"
    assert len(WEIGHTS.names or ()) == NEW_FACE + 1
    assert PROFILE.names == ("seconds_per_metre", "table")
    i = instance
    parts: list[Any] = [
        _table(i.nodes, NODE), _table(i.visits, VISIT), _table(i.needs, NEED), _table(i.shifts, SHIFT), _table(i.providers, PROVIDER),
        _table(i.windows, WINDOW), _table(i.options, OPTION), _table(i.prefers, OPTION), i.profiles["table"], _table(i.weights, WEIGHTS),
        i.entry_first, *_entries(i), *_masks(i),
        _node_due(i), np.append(i.visits["first_node"], len(i.nodes)), i.shift_first, i.shift_node, i.near.ravel(), i.group_first, i.group_node,
        i.resident_first, i.resident_visit, i.known_first, i.known_provider, i.known_cost, i.need_fund, i.need_link, i.link_first, i.link_provider,
        i.link_grade, i.provider_link, i.must_provider, i.fund_amount, i.community_weight, i.tables.ravel(),
    ]  # fmt: skip
    head = np.zeros(HEAD_CELLS, np.int64)
    starts = HEAD_CELLS + np.concatenate(([0], np.cumsum([len(part) for part in parts])))
    head[: len(parts)] = starts[:-1]
    head[VISIT_COUNT], head[NODE_COUNT], head[SHIFT_COUNT] = len(i.visits), len(i.nodes), len(i.shifts)
    head[PLACE_COUNT], head[NEAR_WIDTH], head[IS_BOUNDED] = len(i.points), i.near.shape[1], i.is_bounded[0]
    head[PTS_PROFILES], head[MASK_WIDTH] = i.points.size, _mask_width(i)
    # whether a later start never costs less
    head[IS_MONOTONE] = not i.visits["prefers"].any() and not i.visits["stability"].any()
    # the most calendar days that a shift touches
    head[DAY_SPAN] = int(((i.shifts["end"] - 1) // 86_400 - i.shifts["start"] // 86_400).max(initial=0)) + 1
    ins = np.concatenate([head, *(part.astype(np.int64, copy=False) for part in parts)])
    pts = np.concatenate([i.points.ravel(), i.profiles["seconds_per_metre"]])
    ins.setflags(write=False)
    pts.setflags(write=False)
    return ins, pts


@kernel
def cell(array, table, index):
    """Return cell `index` of a table of an array with a head."""
    return array[array[table] + index]


@kernel
def node_row(ins, n):
    """Return where the row of node n starts."""
    return ins[NODES] + n * NODE_WIDTH


@kernel
def visit_row(ins, v):
    """Return where the row of visit v starts."""
    return ins[VISITS] + v * VISIT_WIDTH


@kernel
def need_row(ins, need):
    """Return where the row of a need starts."""
    return ins[NEEDS] + need * NEED_WIDTH


@kernel
def shift_row(ins, s):
    """Return where the row of shift s starts."""
    return ins[SHIFTS] + s * SHIFT_WIDTH


@kernel
def provider_row(ins, p):
    """Return where the row of provider p starts."""
    return ins[PROVIDERS] + p * PROVIDER_WIDTH


@kernel
def room_of(ins, visit):
    """Return the node of the room of a visit, by its row; -1 where it has none."""
    return ins[visit + V_FIRST_NODE] + ins[visit + V_ROLES] if ins[visit + V_NODES] > ins[visit + V_ROLES] else -1


@kernel
def entry_shift(ins, entry):
    """Return the shift of an entry."""
    return cell(ins, ENTRIES, entry) & 0xFFFFFFFF


@kernel
def _tariff(ins, entry):
    """Return where the tariff of an entry starts."""
    return ins[TARIFFS] + 2 * (cell(ins, ENTRIES, entry) >> 32)


@kernel
def entry_cost(ins, entry):
    """Return what an entry costs, whatever the rest of the plan."""
    return ins[_tariff(ins, entry) + T_COST]


@kernel
def entry_price(ins, entry):
    """Return what an entry takes from a fund, in fen."""
    return ins[_tariff(ins, entry) + T_PRICE]


@kernel
def entry_provider(ins, entry):
    """Return the provider of an entry."""
    return ins[shift_row(ins, entry_shift(ins, entry)) + S_PROVIDER]


@kernel
def weight(ins, name):
    """Return a weight of the objective."""
    return ins[ins[WEIGHT_CELLS] + name]
