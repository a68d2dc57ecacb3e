"""When shifts can serve nodes by themselves, and what of the pieces of a node that leaves to them."""

from __future__ import annotations

from matcher.kernels.cells import (
    N_PIN, N_PLACE, PROFILE_TABLES, SHIFT_COUNT, SHIFT_FIRST, SHIFT_NODE, S_BASE, S_DAY, S_END, S_PROFILE, S_PROVIDER, S_RETURNS, S_START, cell,
    node_row, shift_row,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.pricing import (
    NODE_SECONDS, NODE_UNIT, OFFER_CELLS, O_COST, O_HIGH, O_LOW, O_ROW, PIECES, PIECE_CELLS, PIECE_FIRST, POSITION, Q_COST, Q_DAY, Q_HIGH, Q_LOW,
    Q_ROW, Q_SET, SETS, SET_BITS, SET_WORDS, SHARE_BASE, least_travel,
)  # fmt: skip

ROUNDING = 5
"""Seconds by which straight ways, each rounded up, may together be shorter than the way that leaves places out."""


@kernel
def find_spans(ins, pts, rx, spans):
    """Write the earliest and latest start of the node at each position of `SHIFT_NODE`, were it alone in its shift; none where it is out of reach.

    Parameters
    ----------
    spans : int64[E, 2]
    """
    for s in range(ins[SHIFT_COUNT]):
        shift = shift_row(ins, s)
        base, profile = ins[shift + S_BASE], ins[shift + S_PROFILE]
        for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
            n = cell(ins, SHIFT_NODE, at)
            node, out, back = node_row(ins, n), 0, 0
            place = ins[node + N_PLACE]
            if profile >= 0 and place >= 0:
                out = least_travel(ins, pts, rx, profile, base, place)
                back = least_travel(ins, pts, rx, profile, place, base) if ins[shift + S_RETURNS] == 1 else 0
                if cell(ins, PROFILE_TABLES, profile) < 0:
                    out, back = max(0, out - ROUNDING), max(0, back - ROUNDING)
            spans[at, 0], spans[at, 1] = ins[shift + S_START] + out, ins[shift + S_END] - cell(rx, NODE_SECONDS, n) - back
            if ins[node + N_PIN] >= 0:
                spans[at, 0], spans[at, 1] = max(spans[at, 0], ins[node + N_PIN]), min(spans[at, 1], ins[node + N_PIN])
            if cell(rx, NODE_UNIT, n) < 0 or cell(rx, POSITION, at) % rx[SHARE_BASE] == 0:
                spans[at, 0], spans[at, 1] = 1, 0


@kernel
def make_offers(ins, rx, spans, first, offers, fill):
    """Count, or write, the offers of all positions.

    Parameters
    ----------
    spans : int64[E, 2]
        Of `find_spans`.
    first : int64[E + 1]
        Written: where the offers of each position start.
    offers : int64[...]
        Written if `fill` is True.
    """
    count = 0
    for s in range(ins[SHIFT_COUNT]):
        shift = shift_row(ins, s)
        day, p = ins[shift + S_DAY], ins[shift + S_PROVIDER]
        for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
            first[at] = count
            if spans[at, 0] > spans[at, 1]:
                continue
            n = cell(ins, SHIFT_NODE, at)
            for piece in range(cell(rx, PIECE_FIRST, n), cell(rx, PIECE_FIRST, n + 1)):
                row = rx[PIECES] + piece * PIECE_CELLS
                low, high = max(rx[row + Q_LOW], spans[at, 0]), min(rx[row + Q_HIGH], spans[at, 1])
                if low > high or (rx[row + Q_DAY] >= 0 and rx[row + Q_DAY] != day):
                    continue
                chosen = rx[row + Q_SET]
                if chosen >= 0 and (cell(rx, SETS, chosen * rx[SET_WORDS] + p // SET_BITS) >> (p % SET_BITS)) & 1 == 0:
                    continue
                if fill:
                    offer = count * OFFER_CELLS
                    offers[offer + O_LOW], offers[offer + O_HIGH] = low, high
                    offers[offer + O_COST], offers[offer + O_ROW] = rx[row + Q_COST], rx[row + Q_ROW]
                count += 1
    first[len(first) - 1] = count
    return count
