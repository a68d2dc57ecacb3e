"""Which of the shifts that may hold a node are looked at: all where they are few; else those near it, those this step changed, and a few at random.

The cost of a step then does not grow with the number of people who could serve a visit.
"""

from __future__ import annotations

from matcher.kernels.cells import (
    ENTRY_FIRST, FEW, FIRST_NODE, MASKS, MASK_SLOT, MASK_WIDTH, NEAR, NEAR_WIDTH, N_VISIT, P_SHIFTS, P_SHIFT_FIRST, S_PROVIDER, cell, entry_shift,
    node_row, provider_row, shift_row,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.routes import CHANGED, FREED, NONE, SHIFT, get_node, get_provider, get_shift
from matcher.kernels.work import GIVEN_NODE, GIVEN_PERSON, IS_WIDE, LOOK, SHIFT_BLINK, SHIFT_STAMP, STAMP, STEP, STEP_COUNT, below

NEIGHBOURS = 16
AT_RANDOM = 2


@kernel
def ones(word):
    """Return how many bits of a word of 32 are set."""
    word -= (word >> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    return ((((word + (word >> 4)) & 0x0F0F0F0F) * 0x01010101) & 0xFFFFFFFF) >> 24


@kernel
def entry_of(ins, n, s):
    """Return the entry of node n in shift s, NONE where it has none (entries stand by rising shift)."""
    slot = cell(ins, MASK_SLOT, n)
    if slot != NONE:
        word = cell(ins, MASKS, slot * ins[MASK_WIDTH] + (s >> 5))
        bit = s & 31
        if (word >> bit) & 1 == 0:
            return NONE
        return cell(ins, ENTRY_FIRST, n) + (word >> 32) + ones(word & ((1 << bit) - 1))
    low, high = cell(ins, ENTRY_FIRST, n), cell(ins, ENTRY_FIRST, n + 1) - 1
    while low <= high:
        middle = (low + high) >> 1
        found = entry_shift(ins, middle)
        if found == s:
            return middle
        if found < s:
            low = middle + 1
        else:
            high = middle - 1
    return NONE


@kernel
def is_news(ins, rt, entry, failed):
    """Return whether anything about an entry has loosened since the visit last failed to find a place."""
    s = entry_shift(ins, entry)
    if get_shift(rt, s, CHANGED) > failed:
        return True
    return get_provider(rt, ins[shift_row(ins, s) + S_PROVIDER], FREED) > failed


@kernel
def is_passed_over(wk):
    """Return whether this step does not see a shift: in some steps of a search, one in so many at random."""
    return wk[SHIFT_BLINK] > 0 and below(wk, wk[SHIFT_BLINK]) == 0


@kernel
def _of_person(ins, wk, n, p):
    """Write to ``LOOK`` the entries of node n in the shifts of provider p; return how many."""
    provider, count = provider_row(ins, p), wk[LOOK]
    for s in range(ins[provider + P_SHIFT_FIRST], ins[provider + P_SHIFT_FIRST] + ins[provider + P_SHIFTS]):
        entry = entry_of(ins, n, s)
        if entry != NONE:
            wk[count] = entry
            count += 1
    return count - wk[LOOK]


@kernel
def look(ins, rt, wk, n, failed, sees_all, has_blinks):
    """Write to ``LOOK`` the entries of node n to try; return how many.

    Parameters
    ----------
    failed : int
        Clock of the last attempt that found no place; what has not loosened since is left out unless `sees_all`.
    has_blinks : bool
        Whether some shifts may be passed over at random.
    """
    first, last, count = cell(ins, ENTRY_FIRST, n), cell(ins, ENTRY_FIRST, n + 1), wk[LOOK]
    if n == wk[GIVEN_NODE]:
        return _of_person(ins, wk, n, wk[GIVEN_PERSON])
    if last - first <= FEW or wk[IS_WIDE] == 1:
        # A visit that has many entries did not see them all when it failed.
        sees_all |= last - first > FEW
        for entry in range(first, last):
            if (sees_all or is_news(ins, rt, entry, failed)) and not (has_blinks and is_passed_over(wk)):
                wk[count] = entry
                count += 1
        return count - wk[LOOK]
    wk[STAMP] += 1
    for t in range(wk[STEP_COUNT]):
        count = _consider(ins, wk, n, wk[wk[STEP] + t], count)
    if not sees_all:
        return count - wk[LOOK]
    v = ins[node_row(ins, n) + N_VISIT]
    for k in range(min(NEIGHBOURS, ins[NEAR_WIDTH])):
        u = cell(ins, NEAR, v * ins[NEAR_WIDTH] + k)
        if u == NONE:
            break
        for m in range(cell(ins, FIRST_NODE, u), cell(ins, FIRST_NODE, u + 1)):
            if get_node(rt, m, SHIFT) != NONE:
                count = _consider(ins, wk, n, get_node(rt, m, SHIFT), count)
    for _ in range(AT_RANDOM):
        count = _consider(ins, wk, n, entry_shift(ins, first + below(wk, last - first)), count)
    return count - wk[LOOK]


@kernel
def _consider(ins, wk, n, s, count):
    """Add the entry of a node in a shift to the list that ends at `count`, once; return where the list then ends."""
    if wk[wk[SHIFT_STAMP] + s] == wk[STAMP]:
        return count
    wk[wk[SHIFT_STAMP] + s] = wk[STAMP]
    entry = entry_of(ins, n, s)
    if entry == NONE:
        return count
    wk[count] = entry
    return count + 1
