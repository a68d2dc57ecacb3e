"""Where an absent visit of several nodes could go: the best few candidates of each role and day, joined into teams."""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import (
    DAY_SPAN, D_VISITS, N_GAP_HIGH, N_GAP_LOW, S_DAY, V_FIRST_NODE, V_NEED, V_NODES, V_ROLES, entry_provider, entry_shift, need_row, node_row,
    room_of, shift_row, visit_row,
)  # fmt: skip
from matcher.kernels.insertion import best_single, delay_cost, fits_day, scan_shift, timing_of
from matcher.kernels.jit import kernel
from matcher.kernels.look import look
from matcher.kernels.people import evaluate_provider, evaluate_team
from matcher.kernels.rents import rent
from matcher.kernels.routes import NONE
from matcher.kernels.work import (
    BEAM_SIZE, BEAM_WIDTH, BUCKETS, BUCKET_DAY, CHOSEN, COST, DAY_EPOCH, EARLIEST, FIXED, IS_EXACT, LATEST_START, LOOK, MEMBERS, PARTIAL, SCAN,
    STARTS, TO_ENTRY, TRIAL_DAY, TRIAL_PICK, beam_row, candidate, copy_candidate,
)  # fmt: skip


@kernel
def _keep(wk, role, bucket, row):
    """Insert a candidate into the beam of a role and day, sorted by cost, if it is good enough."""
    size = wk[wk[BEAM_SIZE] + role * wk[BUCKETS] + bucket]
    if size == BEAM_WIDTH and wk[row + COST] >= wk[beam_row(wk, role, bucket, BEAM_WIDTH - 1) + COST]:
        return
    k = size if size < BEAM_WIDTH else BEAM_WIDTH - 1
    while k > 0 and wk[beam_row(wk, role, bucket, k - 1) + COST] > wk[row + COST]:
        copy_candidate(wk, beam_row(wk, role, bucket, k - 1), beam_row(wk, role, bucket, k))
        k -= 1
    copy_candidate(wk, row, beam_row(wk, role, bucket, k))
    if size < BEAM_WIDTH:
        wk[wk[BEAM_SIZE] + role * wk[BUCKETS] + bucket] = size + 1


@kernel
def _fill_beams(ins, pts, rt, wk, v, limit, has_blinks, is_timed):
    """Collect the candidates of every node of a team visit by day; returns the number of days, 0 where some node has none."""
    visit = visit_row(ins, v)
    buckets, timing = 0, timing_of(ins, is_timed)
    is_spaced = ins[need_row(ins, ins[visit + V_NEED]) + D_VISITS] > 1
    wk[DAY_EPOCH] += 1
    for role in range(ins[visit + V_NODES]):
        n = ins[visit + V_FIRST_NODE] + role
        for b in range(buckets):
            wk[wk[BEAM_SIZE] + role * wk[BUCKETS] + b] = 0
        has_any = False
        for e in range(look(ins, rt, wk, n, NONE, True, has_blinks)):
            entry = wk[wk[LOOK] + e]
            day = ins[shift_row(ins, entry_shift(ins, entry)) + S_DAY]
            bucket = NONE
            for b in range(buckets):
                if wk[wk[BUCKET_DAY] + b] == day:
                    bucket = b
                    break
            if bucket == NONE and (role > 0 and ins[node_row(ins, n) + N_GAP_HIGH] == 0 and ins[DAY_SPAN] == 1):
                continue
            if role == 0 and is_spaced and not fits_day(ins, rt, wk, v, day):
                continue
            fixed = evaluate_provider(ins, rt, n, entry) + rent(ins, wk, n, entry_shift(ins, entry))
            if fixed >= limit:
                continue
            # what would not enter the beam of this day need not be worked out
            worth = limit
            if bucket != NONE and wk[wk[BEAM_SIZE] + role * wk[BUCKETS] + bucket] == BEAM_WIDTH:
                worth = min(limit, wk[beam_row(wk, role, bucket, BEAM_WIDTH - 1) + COST])
            found = scan_shift(ins, pts, rt, wk, n, entry, fixed, worth, has_blinks, timing, 0)
            if found == 0:
                continue
            if bucket == NONE:
                bucket = buckets
                wk[wk[BUCKET_DAY] + bucket] = day
                for r in range(ins[visit + V_NODES]):
                    wk[wk[BEAM_SIZE] + r * wk[BUCKETS] + bucket] = 0
                buckets += 1
            for k in range(found):
                _keep(wk, role, bucket, candidate(wk, SCAN, k))
            has_any = True
        if not has_any:
            return 0
    return buckets


@kernel
def _tried(wk, k):
    """Return where the candidate of role k of the team on trial starts."""
    return beam_row(wk, k, wk[wk[TRIAL_DAY] + k], wk[wk[TRIAL_PICK] + k])


@kernel
def _team_starts(ins, wk, visit):
    """Write the starts of the team on trial to ``STARTS``; returns whether every role can keep its own."""
    first, count, starts, has_room = ins[visit + V_FIRST_NODE], ins[visit + V_ROLES], wk[STARTS], room_of(ins, visit) != NONE
    for k in range(count):
        start = wk[_tried(wk, k) + EARLIEST]
        if k == 0 and has_room:
            start = max(start, wk[_tried(wk, count) + EARLIEST])
        if k > 0:
            start = max(start, wk[starts + k - 1] + ins[node_row(ins, first + k) + N_GAP_LOW])
        wk[starts + k] = start
    for k in range(count - 1, -1, -1):
        if k + 1 < count:
            wk[starts + k] = max(wk[starts + k], wk[starts + k + 1] - ins[node_row(ins, first + k + 1) + N_GAP_HIGH])
        if wk[starts + k] > wk[_tried(wk, k) + LATEST_START]:
            return False
    if has_room:
        wk[starts + count] = wk[starts]
        return wk[starts] <= wk[_tried(wk, count) + LATEST_START]
    return True


@kernel
def _trial_cost(ins, pts, rt, wk, visit, partial, limit, is_timed):
    """Return the cost of the team on trial, FAR where its times or its members do not go together; the team's own cost is second."""
    if not _team_starts(ins, wk, visit):
        return FAR, 0
    for k in range(ins[visit + V_ROLES]):
        wk[wk[MEMBERS] + k] = entry_provider(ins, wk[_tried(wk, k) + TO_ENTRY])
    pairing = evaluate_team(ins, wk, visit, ins[visit + V_ROLES])
    if pairing + partial >= limit:
        return FAR, 0
    cost = partial + pairing
    if is_timed:
        for k in range(ins[visit + V_NODES]):
            row, start = _tried(wk, k), wk[wk[STARTS] + k]
            if start > wk[row + EARLIEST] or wk[row + IS_EXACT] == 0:
                cost -= wk[row + COST] - wk[row + FIXED]
                part = delay_cost(ins, pts, rt, wk, ins[visit + V_FIRST_NODE] + k, row, start, limit - cost)
                cost += part
                if cost >= limit:
                    return FAR, 0
                if start == wk[row + EARLIEST]:
                    wk[row + COST], wk[row + IS_EXACT] = wk[row + FIXED] + part, 1
    return cost, pairing


@kernel
def _next_day(ins, wk, visit, k, bucket, days):
    """Return the first day from `bucket` on that role k of the team on trial may be on, given the role before it; `days` if there is none."""
    before = 0 if k == ins[visit + V_ROLES] else k - 1
    while k > 0 and bucket < days:
        day = wk[wk[BUCKET_DAY] + wk[wk[TRIAL_DAY] + before]]
        if _may_follow(ins, ins[visit + V_FIRST_NODE] + k, day, wk[wk[BUCKET_DAY] + bucket]):
            break
        bucket += 1
    return bucket


@kernel
def best_team(ins, pts, rt, wk, v, limit, has_blinks, is_timed):
    """Find a cheap team for a visit of several nodes: the best few candidates of each role and day, joined depth-first over the roles.

    Returns the cost (FAR: none under `limit`) and the pairing cost within it, and leaves the team in ``CHOSEN``.
    """
    visit = visit_row(ins, v)
    days = _fill_beams(ins, pts, rt, wk, v, limit, has_blinks, is_timed)
    if days == 0:
        return FAR, 0
    best, best_pairing, has_found = limit, 0, False
    last, k = ins[visit + V_NODES] - 1, 0
    wk[wk[TRIAL_DAY]], wk[wk[TRIAL_PICK]] = 0, -1
    while k >= 0:
        wk[wk[TRIAL_PICK] + k] += 1
        bucket, pick = wk[wk[TRIAL_DAY] + k], wk[wk[TRIAL_PICK] + k]
        total = FAR
        if pick < wk[wk[BEAM_SIZE] + k * wk[BUCKETS] + bucket]:
            total = wk[beam_row(wk, k, bucket, pick) + COST] + (wk[wk[PARTIAL] + k - 1] if k > 0 else 0)
        is_deeper = total < best and k < last
        if total < best and k == last:
            cost, pairing = _trial_cost(ins, pts, rt, wk, visit, total, best, is_timed)
            if cost < best:
                best, best_pairing, has_found = cost, pairing, True
                for r in range(last + 1):
                    copy_candidate(wk, _tried(wk, r), candidate(wk, CHOSEN, r))
            continue
        if is_deeper:
            wk[wk[PARTIAL] + k] = total
            k += 1
            bucket = -1
        bucket = _next_day(ins, wk, visit, k, bucket + 1, days)
        if bucket >= days:
            k -= 1
        else:
            wk[wk[TRIAL_DAY] + k], wk[wk[TRIAL_PICK] + k] = bucket, -1
    return (best, best_pairing) if has_found else (FAR, 0)


@kernel
def _may_follow(ins, n, day, other):
    """Return whether a node may be on a day, given the day of the node before it in the visit."""
    low, high = ins[node_row(ins, n) + N_GAP_LOW], ins[node_row(ins, n) + N_GAP_HIGH]
    return (other - day + ins[DAY_SPAN]) * 86_400 > low and (other - day - ins[DAY_SPAN]) * 86_400 < high


@kernel
def best_place(ins, pts, rt, wk, v, limit, has_blinks, is_timed):
    """Find a place for an absent visit; returns (cost, pairing cost), cost FAR where none is under `limit`; the place is in ``CHOSEN``."""
    if ins[visit_row(ins, v) + V_NODES] == 1:
        return best_single(ins, pts, rt, wk, v, limit, has_blinks, is_timed), 0
    return best_team(ins, pts, rt, wk, v, limit, has_blinks, is_timed)
