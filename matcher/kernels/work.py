"""The workspace of one searcher, ``wk``: scratch tables that hold nothing from one step to the next, and the random numbers.

Like ``rt``, it is one int64 array with a head that says where each table starts; kernels write it freely.

tables
    ``QUEUE``, ``IS_QUEUED``, ``TOUCHED``, ``IS_TOUCHED``: shifts waiting to be settled, and shifts changed since the last settling.
    ``SCAN``: candidates of one node in one shift. ``BEAM``, ``BEAM_SIZE``, ``BUCKET_DAY``: the best candidates of each role of a team, by day.
    ``CHOSEN``: the best place found, a candidate for each node. ``TRIAL_DAY``, ``TRIAL_PICK``, ``PARTIAL``, ``MEMBERS``, ``STARTS``: the team
    being tried.
    ``PUSH_NODE``, ``PUSH_START``, ``TRIAL_START``, ``TRIAL_COST``, ``TRIAL_EPOCH``: delays being followed through the routes.
    ``GIVEN_NODE``, ``GIVEN_PERSON``: a node that only one provider may take in this step, -1 for none.
    ``HOURLY`` rent of each shift and ``LEAST_RENT`` of each node, ``RENT_PART`` of them that counts now, ``RENT_PAID`` by this step
    (`matcher.kernels.rents`); ``IS_SCARCE``: whether there are any. These stay from step to step.
    ``ORDER``, ``SORT_KEY``, ``IS_OUT``, ``REMOVED``: visits being placed or removed. ``ABSENCES``: how often each visit failed to find a place.

A *candidate* is one way to hold one node: ``COST``, ``FIXED`` (the part that does not depend on when), ``TO_ENTRY``, ``AFTER`` (the node before
it), ``IS_LUNCH_AFTER``,
``FROM`` and ``UNTIL`` (the start option), ``EARLIEST`` and ``LATEST_START`` there,
``PAYER`` (the fund that a plan names), ``IS_EXACT`` (0 where the cost of times in ``COST`` is only the least that it can be).
"""

from __future__ import annotations

import numpy as np
from matcher.kernels.jit import kernel

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs

COST, FIXED, TO_ENTRY, AFTER, IS_LUNCH_AFTER, FROM, UNTIL, EARLIEST, LATEST_START, PAYER, IS_EXACT = range(11)
CANDIDATE = 11
BEAM_WIDTH = 10
SCAN_ROOM = 512

# slots of the head
(
    QUEUE, IS_QUEUED, TOUCHED, IS_TOUCHED, SCAN, BEAM, BEAM_SIZE, BUCKET_DAY, CHOSEN, TRIAL_DAY, TRIAL_PICK, PARTIAL, MEMBERS, STARTS, PUSH_NODE,
    PUSH_START, TRIAL_START, TRIAL_COST, TRIAL_EPOCH, ORDER, SORT_KEY, IS_OUT, REMOVED, ABSENCES, DAY_STAMP, LOOK, SHIFT_STAMP, STEP, HOURLY,
    LEAST_RENT,
) = range(30)  # fmt: skip
(
    RNG, TOUCHED_COUNT, EPOCH, PUSH_ROOM, QUEUE_HEAD, QUEUE_SIZE, BUCKETS, SHIFT_BLINK, WANTED, DAY_EPOCH, STAMP, STEP_COUNT, IS_WIDE, FOCUS, SEED,
    GIVEN_NODE, GIVEN_PERSON, RENT_PART, RENT_PAID, IS_SCARCE,
) = range(30, 50)  # fmt: skip
WORK_HEAD = 52


def workspace(instance: Instance, seed: int) -> Longs:
    """Return a workspace whose random numbers follow from the seed."""
    nodes, visits, shifts = len(instance.nodes), len(instance.visits), len(instance.shifts)
    roles = int(instance.visits["nodes"].max(initial=1))
    pushes = 4 * nodes + 64
    buckets = len(np.unique(instance.shifts["day"]))
    sizes = [
        shifts, shifts, shifts, shifts, SCAN_ROOM * CANDIDATE, roles * buckets * BEAM_WIDTH * CANDIDATE, roles * buckets, buckets,
        roles * CANDIDATE, roles, roles, roles, roles, roles, pushes, pushes, nodes, nodes, nodes, visits, visits, visits, visits + nodes, visits,
        2 * (int(instance.shifts["day"].max(initial=0)) + 1), int(np.diff(instance.entry_first).max(initial=0)) + 1, shifts, shifts, shifts, nodes,
    ]  # fmt: skip
    starts = WORK_HEAD + np.concatenate(([0], np.cumsum(sizes)))
    wk = np.zeros(starts[-1], np.int64)
    wk[: len(sizes)] = starts[:-1]
    wk[PUSH_ROOM], wk[BUCKETS], wk[FOCUS], wk[GIVEN_NODE] = pushes, buckets, -1, -1
    mixed = (seed * 0x9E3779B97F4A7C15 + 0x5851F42D4C957F2D) % 2**64 or 1
    wk[RNG] = mixed - 2**64 if mixed >= 2**63 else mixed
    return wk


@kernel
def draw(wk):
    """Return the next 64 random bits (xorshift64*; Vigna 2016, doi 10.1145/2845077)."""
    x = np.uint64(wk[RNG])
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    wk[RNG] = np.int64(x)
    return x * np.uint64(0x2545F4914F6CDD1D)


@kernel
def below(wk, bound):
    """Return a random integer from 0 to bound - 1 (bound under 2**31)."""
    return np.int64(((draw(wk) >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))


@kernel
def uniform(wk):
    """Return a random number from 0 (included) to 1 (excluded)."""
    return np.float64(draw(wk) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def candidate(wk, table, index):
    """Return where a candidate of a table (`SCAN`, `CHOSEN`) starts."""
    return wk[table] + index * CANDIDATE


@kernel
def beam_row(wk, role, bucket, index):
    """Return where a candidate in the beam of a role and day starts."""
    return wk[BEAM] + ((role * wk[BUCKETS] + bucket) * BEAM_WIDTH + index) * CANDIDATE


@kernel
def copy_candidate(wk, source, target):
    """Copy one candidate over another."""
    for k in range(CANDIDATE):
        wk[target + k] = wk[source + k]
