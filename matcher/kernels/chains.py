"""What chains of units cost under given prices: the visits of a need, whose days are tied to each other.

A chain is a run of units in the order of their numbers; interchangeable visits are one unit of several, whose numbers follow from their days. It
has 6 cells: the ``FIRST`` of its units, how many ``UNITS``, how many ``NUMBERS`` (visits), the days that visits are apart at least (``APART``) and, a
number, at most (``WITHIN``, 0: no limit), and whether nothing is served unless the first is (``NEEDS_FIRST``).
"""

from __future__ import annotations

from matcher.kernels.cells import cell
from matcher.kernels.jit import kernel
from matcher.kernels.pricing import (
    BUCKET_DAY, BUCKET_ROW, BUCKET_ROW_FIRST, BUCKET_UNIT, CHAINS, CHAIN_COUNT, CHOICE_BUCKET, CHOICE_BUCKET_FIRST, CHOICE_FIRST, U_COUNT, unit_row,
)  # fmt: skip

C_FIRST, C_UNITS, C_NUMBERS, C_APART, C_WITHIN, C_NEEDS_FIRST = range(6)
CHAIN_CELLS = 6
NEVER = -(1 << 60)
GAIN, PICK, BEST, BACK, TOP = range(5)
"""Tables of the workspace, by number and day: what a visit gains, in which bucket; the best of a chain that ends there, what came before it; and the
best end so far."""
TABLES = 5


@kernel
def _price_of(rx, bucket, prices):
    """Return what is paid for a visit in a bucket."""
    price = 0
    for k in range(cell(rx, BUCKET_ROW_FIRST, bucket), cell(rx, BUCKET_ROW_FIRST, bucket + 1)):
        price += prices[cell(rx, BUCKET_ROW, k)]
    return price


@kernel
def _fill_gains(rx, chain, first, last, losses, prices, work, days):
    """Write what each number gains at most on each day, in the buckets at these positions of ``CHOICE_BUCKET``; returns how many days."""
    count = 0
    for k in range(first, last):
        b = cell(rx, CHOICE_BUCKET, k)
        if count == 0 or days[count - 1] != cell(rx, BUCKET_DAY, b):
            days[count] = cell(rx, BUCKET_DAY, b)
            for number in range(rx[chain + C_UNITS]):
                work[GAIN, number, count], work[PICK, number, count] = NEVER, -1
            count += 1
        u = cell(rx, BUCKET_UNIT, b)
        number = u - rx[chain + C_FIRST]
        gain = losses[u] - _price_of(rx, b, prices)
        if gain > work[GAIN, number, count - 1]:
            work[GAIN, number, count - 1], work[PICK, number, count - 1] = gain, b
    return count


@kernel
def _before(rx, chain, number, day, work, days):
    """Return the best end, as number * width + day, of a chain that may go on with this number on this day; -1 where there is none."""
    width, apart, within, found = work.shape[2], rx[chain + C_APART], rx[chain + C_WITHIN], -1
    i = day
    while i >= 0 and days[i] + apart > days[day]:
        i -= 1
    if number == 0 or i < 0:
        return -1
    if within == 0:
        return work[TOP, number - 1, i]
    for m in range(number):
        for j in range(i + 1):
            if days[day] - days[j] <= (number - m) * within and work[BEST, m, j] > NEVER:
                if found < 0 or work[BEST, m, j] > work[BEST, found // width, found % width]:
                    found = m * width + j
    return found


@kernel
def _best_end(rx, chain, count, work, days):
    """Find the best chain over these days; returns what it gains (0: nothing is served) and where it ends, as number * width + day."""
    width, is_alike = work.shape[2], rx[chain + C_UNITS] == 1
    most, end = 0, -1
    for number in range(rx[chain + C_NUMBERS]):
        for day in range(count):
            gain = work[GAIN, 0 if is_alike else number, day]
            before = _before(rx, chain, number, day, work, days) if gain > NEVER else -1
            value, back = NEVER, -1
            if gain > NEVER and (number == 0 or rx[chain + C_NEEDS_FIRST] == 0):
                value = gain
            if before >= 0:
                joined = work[BEST, before // width, before % width]
                if joined > NEVER and joined + gain > value:
                    value, back = joined + gain, before
            work[BEST, number, day], work[BACK, number, day] = value, back
            top = number * width + day
            if number > 0 and work[BEST, work[TOP, number - 1, day] // width, work[TOP, number - 1, day] % width] > value:
                top = work[TOP, number - 1, day]
            if day > 0:
                other = work[TOP, number, day - 1]
                if work[BEST, other // width, other % width] > work[BEST, top // width, top % width]:
                    top = other
            work[TOP, number, day] = top
            if value > most:
                most, end = value, number * width + day
    return most, end


@kernel
def _want(rx, chain, end, work, wanted, served):
    """Add the rows of the buckets of the best chain, and what it serves of each unit."""
    width, is_alike = work.shape[2], rx[chain + C_UNITS] == 1
    while end >= 0:
        number, day = end // width, end % width
        b = work[PICK, 0 if is_alike else number, day]
        for k in range(cell(rx, BUCKET_ROW_FIRST, b), cell(rx, BUCKET_ROW_FIRST, b + 1)):
            wanted[cell(rx, BUCKET_ROW, k)] += 1.0
        served[cell(rx, BUCKET_UNIT, b)] += 1.0
        end = work[BACK, number, day]


@kernel
def price_chains(rx, prices, losses, work, days, wanted, served):
    """Return what all chains cost at least, visits served by price, the others lost.

    Parameters
    ----------
    losses : int64[U]
        What each visit of a unit costs if it is left out.
    work, days : int64[TABLES, most numbers of a chain, most days], int64[most days]
        Workspace.
    wanted : float64[...]
        Added to: the rows that are paid.
    served : float64[U]
        Written: how many visits of each unit are.
    """
    total = 0
    for c in range(rx[CHAIN_COUNT]):
        chain = rx[CHAINS] + c * CHAIN_CELLS
        for u in range(rx[chain + C_FIRST], rx[chain + C_FIRST] + rx[chain + C_UNITS]):
            total += losses[u] * rx[unit_row(rx, u) + U_COUNT]
            served[u] = 0.0
        most_saved, best = 0, -1
        for choice in range(cell(rx, CHOICE_FIRST, c), cell(rx, CHOICE_FIRST, c + 1)):
            first, last = cell(rx, CHOICE_BUCKET_FIRST, choice), cell(rx, CHOICE_BUCKET_FIRST, choice + 1)
            count = _fill_gains(rx, chain, first, last, losses, prices, work, days)
            saved, _ = _best_end(rx, chain, count, work, days)
            if saved > most_saved:
                most_saved, best = saved, choice
        if best >= 0:
            first, last = cell(rx, CHOICE_BUCKET_FIRST, best), cell(rx, CHOICE_BUCKET_FIRST, best + 1)
            count = _fill_gains(rx, chain, first, last, losses, prices, work, days)
            _, end = _best_end(rx, chain, count, work, days)
            _want(rx, chain, end, work, wanted, served)
            total -= most_saved
    return total
