"""What a service pays, while a search walks, for time of a shift that is scarce: more than it would in the shift where it is least missed.

A visit that many could serve costs nearly the same with any of them, and at high temperatures goes to whoever comes first: often to somebody who
alone could have served another. The rent of an hour (`matcher.solvers.rents`) tells them apart. It only guides: the cost of a plan, and which plan
is the best, are what they are without it.
"""

from __future__ import annotations

from matcher.kernels.cells import N_SECONDS, node_row
from matcher.kernels.jit import kernel
from matcher.kernels.work import HOURLY, LEAST_RENT, RENT_PAID, RENT_PART

WHOLE = 1024
"""``RENT_PART`` where rents count in full."""


@kernel
def rent(ins, wk, n, s):
    """Return what node n pays for its time in shift s, more than in the shift of least rent that may hold it."""
    if wk[RENT_PART] == 0:
        return 0
    hourly = wk[wk[HOURLY] + s]
    if hourly == 0:
        return 0
    return max(0, hourly * ins[node_row(ins, n) + N_SECONDS] // 3600 - wk[wk[LEAST_RENT] + n]) * wk[RENT_PART] // WHOLE


@kernel
def pay_rent(ins, wk, n, s, sign):
    """Note that node n is placed in shift s (1), or removed from it (-1), in this step."""
    wk[RENT_PAID] += sign * rent(ins, wk, n, s)
