"""What units cost and what routes earn, under given prices: the two halves of the lower bound of `matcher.solvers.bounds`.

Every row (a node of a unit in a bucket) has a price, which is paid to the route that serves it; seconds of limited providers, residents of limited
caseloads and fen of funds have one too, which routes pay. docs/bounds.md says what is relaxed, and why the bound holds nevertheless.

The relaxation is one int64 array ``rx``, with a head that says where each table starts (`matcher.solvers.master` makes it):

units, 7 cells: ``COUNT`` of visits (interchangeable ones are one unit), ``NODES`` of each, ``DAYS`` that they are apart, ``LOSS`` of each,
    urgency ``WEIGHT``, ``COMMUNITY``.
``BUCKET_FIRST`` (of each unit), ``BUCKET_DAY``, ``BUCKET_PROVIDER`` (-1: any), ``BUCKET_ROW``: the days or parts of windows in which all nodes of a
    visit have to be served, where a need limits its providers those of each.
``CHOICE_FIRST`` (of each unit), ``CHOICE_BUCKET_FIRST`` (of each choice), ``CHOICE_BUCKET``: sets of buckets, by rising day, of one of which a unit
    takes all.
``PIECE_FIRST`` (of each unit), pieces of 5 cells: ``LOW``, ``HIGH`` start, cost of such a start to the first service, and to each other,
    bucket (-1: the one of the shift's day).
``NODE_UNIT`` (-1: an equal node stands for it), ``NODE_SECONDS``: of each node.
``POSITION``: for each position of `SHIFT_NODE` its entry, times ``SHARE_BASE``, plus the most services of its resident that its provider can
    give (0: out of reach).
``GROUP_SHIFT``, ``GROUP_COUNT``: shifts that are alike (crews) are priced once.
``LEAST_SECONDS``: the shortest service of each shift.
``WAYS``: seconds between places along the shortest way, for each table of the instance; ``HAS_WAYS`` is 0 where there were too many.
"""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import (
    D_FUNDS, D_FUND_FIRST, NEED_FUND, NEW_FACE, N_IS_ROOM, N_PIN, N_PLACE, N_VISIT, PLACE_COUNT, PROFILE_TABLES, P_CASE_COUNTER, P_DAY_COUNTER,
    P_MAX_DAY, P_MAX_WEEK, P_WEEK_COUNTER, SHIFT_FIRST, SHIFT_NODE, S_BASE, S_DAY, S_END, S_HAS_LUNCH, S_LUNCH, S_MAX_LEG, S_PROFILE, S_PROVIDER,
    S_RETURNS, S_START, S_WEEK, TRAVEL, V_FIRST_NODE, V_NEED, V_RESIDENT, cell, entry_cost, entry_price, need_row, node_row, provider_row, shift_row,
    visit_row, weight,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.labels import (
    I_ENTRY, I_HIGH, I_LOW, I_NODE, I_PLACE, I_PROFIT, I_ROW, I_SECONDS, I_SHARE, I_UNIT, LEG, LEG_WIDTH, PLACE, PLACE_HEAD, PLACE_INDEX, RANK,
    RANK_CELLS, ROUTE, R_PROFIT, R_SECONDS, WAY_IN, best_route, earn, fill_rests, item_row, rank_units,
)  # fmt: skip
from matcher.kernels.people import face_cost
from matcher.kernels.roads import travel_seconds

U_COUNT, U_NODES, U_DAYS, U_LOSS, U_WEIGHT, U_COMMUNITY = range(6)
UNIT_CELLS = 6
Q_LOW, Q_HIGH, Q_FIRST_COST, Q_OTHER_COST, Q_BUCKET = range(5)
PIECE_CELLS = 5

TOLERANCE = 2_000
"""The best route of a shift may be missed by so small a part of what the shift earns at most; the bound allows for it."""

# slots of the head of rx
(
    UNITS, BUCKET_FIRST, BUCKET_DAY, BUCKET_PROVIDER, BUCKET_ROW, CHOICE_FIRST, CHOICE_BUCKET_FIRST, CHOICE_BUCKET, PIECE_FIRST, PIECES, NODE_UNIT,
    NODE_SECONDS, POSITION, GROUP_SHIFT, GROUP_COUNT, LEAST_SECONDS, WAYS,
) = range(17)  # fmt: skip
UNIT_COUNT, SHARE_BASE, HAS_WAYS, COUNTER_AT, FUND_AT, SCALE = range(17, 23)
RELAXATION_HEAD = 24


@kernel
def unit_row(rx, u):
    """Return where the row of unit u starts."""
    return rx[UNITS] + u * UNIT_CELLS


@kernel
def least_travel(ins, pts, rx, profile, origin, destination):
    """Return the seconds that any way between two places takes at least; 0 from a place to itself, and in a room."""
    if origin == destination or profile < 0:
        return 0
    table = cell(ins, PROFILE_TABLES, profile)
    if table < 0:
        return travel_seconds(ins, pts, profile, origin, destination)
    places = ins[PLACE_COUNT]
    return cell(rx, WAYS, (table * places + origin) * places + destination) if rx[HAS_WAYS] == 1 else 0


@kernel
def _row_of(rx, unit, bucket, day, provider, role):
    """Return the row of a node of a unit in a bucket, or (bucket -1) on the day of the shift; -1 where there is none."""
    if bucket >= 0:
        return cell(rx, BUCKET_ROW, bucket) + role
    for b in range(cell(rx, BUCKET_FIRST, unit), cell(rx, BUCKET_FIRST, unit + 1)):
        if cell(rx, BUCKET_DAY, b) == day and (cell(rx, BUCKET_PROVIDER, b) < 0 or cell(rx, BUCKET_PROVIDER, b) == provider):
            return cell(rx, BUCKET_ROW, b) + role
    return -1


@kernel
def _cheapest_fund(ins, rx, need, prices):
    """Return the fund that charges least of those that may pay for a need, -1 where there is none."""
    best = -1
    for k in range(ins[need + D_FUND_FIRST], ins[need + D_FUND_FIRST] + ins[need + D_FUNDS]):
        f = cell(ins, NEED_FUND, k)
        if best < 0 or prices[rx[FUND_AT] + f] < prices[rx[FUND_AT] + best]:
            best = f
    return best


@kernel
def count_items(ins, rx, s):
    """Return how many items a shift may have."""
    shift = shift_row(ins, s)
    count = 0
    for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
        n = cell(ins, SHIFT_NODE, at)
        unit = cell(rx, NODE_UNIT, n)
        if unit < 0:
            continue
        for piece in range(cell(rx, PIECE_FIRST, unit), cell(rx, PIECE_FIRST, unit + 1)):
            row = rx[PIECES] + piece * PIECE_CELLS
            if max(rx[row + Q_LOW], ins[shift + S_START]) <= min(rx[row + Q_HIGH], ins[shift + S_END] - cell(rx, NODE_SECONDS, n)):
                count += 1
    return count


@kernel
def mark_rows(ins, rx, s, is_covered):
    """Write 1 to the rows that some item of a shift covers."""
    shift = shift_row(ins, s)
    for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
        n = cell(ins, SHIFT_NODE, at)
        unit = cell(rx, NODE_UNIT, n)
        if unit < 0 or cell(rx, POSITION, at) % rx[SHARE_BASE] == 0:
            continue
        role = n - ins[visit_row(ins, ins[node_row(ins, n) + N_VISIT]) + V_FIRST_NODE]
        for piece in range(cell(rx, PIECE_FIRST, unit), cell(rx, PIECE_FIRST, unit + 1)):
            row = rx[PIECES] + piece * PIECE_CELLS
            if max(rx[row + Q_LOW], ins[shift + S_START]) <= min(rx[row + Q_HIGH], ins[shift + S_END] - cell(rx, NODE_SECONDS, n)):
                priced = _row_of(rx, unit, rx[row + Q_BUCKET], ins[shift + S_DAY], ins[shift + S_PROVIDER], role)
                if priced >= 0:
                    is_covered[priced] = 1


@kernel
def _cost_of_position(ins, rx, s, at, a_second, a_case, prices):
    """Return what it costs the provider of a shift to serve the node at a position, times aside; FAR times the scale where no fund may pay."""
    shift = shift_row(ins, s)
    n, entry, share = cell(ins, SHIFT_NODE, at), cell(rx, POSITION, at) // rx[SHARE_BASE], cell(rx, POSITION, at) % rx[SHARE_BASE]
    visit = visit_row(ins, ins[node_row(ins, n) + N_VISIT])
    cost = rx[SCALE] * entry_cost(ins, entry) + a_second * cell(rx, NODE_SECONDS, n)
    price = entry_price(ins, entry)
    if price > 0:
        f = _cheapest_fund(ins, rx, need_row(ins, ins[visit + V_NEED]), prices)
        if f < 0:
            return FAR * rx[SCALE]
        cost += price * prices[rx[FUND_AT] + f]
    if ins[visit + V_RESIDENT] >= 0:
        if weight(ins, NEW_FACE) > 0:
            a_case += rx[SCALE] * face_cost(ins, ins[visit + V_RESIDENT], ins[shift + S_PROVIDER])
        cost += a_case // share
    return cost


@kernel
def _gather(ins, rx, s, prices, dk):
    """Write the items of a shift that may earn something; returns how many they are.

    What earns nothing is left out: a route without it is no longer, and takes no more time, ways being the shortest.
    """
    shift = shift_row(ins, s)
    provider = provider_row(ins, ins[shift + S_PROVIDER])
    is_room = ins[shift + S_PROFILE] < 0
    a_second, a_case, least = 0, 0, 0
    if not is_room:
        if ins[provider + P_DAY_COUNTER] >= 0:
            a_second += prices[rx[COUNTER_AT] + ins[provider + P_DAY_COUNTER] + ins[shift + S_DAY]]
        if ins[provider + P_WEEK_COUNTER] >= 0:
            a_second += prices[rx[COUNTER_AT] + ins[provider + P_WEEK_COUNTER] + ins[shift + S_WEEK]]
        if ins[provider + P_CASE_COUNTER] >= 0:
            a_case += prices[rx[COUNTER_AT] + ins[provider + P_CASE_COUNTER] + ins[shift + S_WEEK]]
        if cell(ins, PROFILE_TABLES, ins[shift + S_PROFILE]) < 0:
            # Straight ways, each rounded up, may together be a second shorter than the way that leaves a place out.
            least = -rx[SCALE] * weight(ins, TRAVEL)
    count = 0
    for at in range(cell(ins, SHIFT_FIRST, s), cell(ins, SHIFT_FIRST, s + 1)):
        n = cell(ins, SHIFT_NODE, at)
        unit = cell(rx, NODE_UNIT, n)
        share = cell(rx, POSITION, at) % rx[SHARE_BASE]
        if unit < 0 or share == 0:
            continue
        node = node_row(ins, n)
        role, seconds = n - ins[visit_row(ins, ins[node + N_VISIT]) + V_FIRST_NODE], cell(rx, NODE_SECONDS, n)
        fixed = 0 if is_room else _cost_of_position(ins, rx, s, at, a_second, a_case, prices)
        for piece in range(cell(rx, PIECE_FIRST, unit), cell(rx, PIECE_FIRST, unit + 1)):
            row = rx[PIECES] + piece * PIECE_CELLS
            low, high = max(rx[row + Q_LOW], ins[shift + S_START]), min(rx[row + Q_HIGH], ins[shift + S_END] - seconds)
            if ins[node + N_PIN] >= 0:
                low, high = max(low, ins[node + N_PIN]), min(high, ins[node + N_PIN])
            if low > high:
                continue
            priced = _row_of(rx, unit, rx[row + Q_BUCKET], ins[shift + S_DAY], ins[shift + S_PROVIDER], role)
            if priced < 0:
                continue
            profit = prices[priced] - fixed
            if ins[node + N_IS_ROOM] == 0:
                profit -= rx[SCALE] * rx[row + (Q_FIRST_COST if role == 0 else Q_OTHER_COST)]
            if profit <= least:
                continue
            item = item_row(dk, count)
            dk[item + I_UNIT], dk[item + I_PLACE], dk[item + I_ROW], dk[item + I_SECONDS] = unit, ins[node + N_PLACE], priced, seconds
            dk[item + I_LOW], dk[item + I_HIGH], dk[item + I_PROFIT], dk[item + I_NODE] = low, high, profit, n
            dk[item + I_ENTRY], dk[item + I_SHARE] = cell(rx, POSITION, at) // rx[SHARE_BASE], share
            count += 1
    return count


@kernel
def _number_places(ins, pts, rx, dk, items, s):
    """Number the places of the items, the base being 0, and write the seconds between any two; returns how many there are."""
    shift = shift_row(ins, s)
    base, profile = ins[shift + S_BASE], ins[shift + S_PROFILE]
    dk[dk[PLACE]] = base
    count = 1
    if profile >= 0:
        dk[dk[PLACE_INDEX] + base] = 0
        for i in range(items):
            at = item_row(dk, i) + I_PLACE
            if dk[at] >= 0:
                index = dk[PLACE_INDEX] + dk[at]
                if dk[index] < 0:
                    dk[index] = count
                    dk[dk[PLACE] + count] = dk[at]
                    count += 1
                dk[at] = dk[index]
        for a in range(count):
            dk[dk[PLACE_INDEX] + dk[dk[PLACE] + a]] = -1
    for a in range(count):
        row = dk[LEG] + a * dk[LEG_WIDTH]
        for b in range(count):
            seconds = least_travel(ins, pts, rx, profile, dk[dk[PLACE] + a], dk[dk[PLACE] + b])
            # In a leg that is too long stands a stop that was left out, which takes at least the shortest service.
            dk[row + b] = seconds + (cell(rx, LEAST_SECONDS, s) if seconds > ins[shift + S_MAX_LEG] else 0)
        # The way home stands in a column of its own; who does not return goes there in no time.
        dk[row + count] = dk[row] if ins[shift + S_RETURNS] == 1 else 0
    _find_ways_in(dk, items, count)
    return count


@kernel
def _find_ways_in(dk, items, count):
    """Write the shortest way to each local place from any other; nothing to places of several units."""
    for b in range(count):
        shortest = 0 if b == 0 else FAR
        for a in range(count):
            if a != b and b > 0:
                shortest = min(shortest, dk[dk[LEG] + a * dk[LEG_WIDTH] + b])
        dk[dk[WAY_IN] + b] = shortest
        dk[dk[PLACE_HEAD] + b] = -1
    for i in range(items):
        item = item_row(dk, i)
        if dk[item + I_PLACE] >= 0:
            only = dk[PLACE_HEAD] + dk[item + I_PLACE]
            if dk[only] >= 0 and dk[only] != dk[item + I_UNIT]:
                dk[dk[WAY_IN] + dk[item + I_PLACE]] = 0
            dk[only] = dk[item + I_UNIT]


@kernel
def _length(ins, s):
    """Return the seconds of a shift, lunch left out."""
    shift = shift_row(ins, s)
    return ins[shift + S_END] - ins[shift + S_START] - (ins[shift + S_LUNCH] if ins[shift + S_HAS_LUNCH] == 1 else 0)


@kernel
def _limit(ins, s):
    """Return the seconds of service that a shift may hold by the limits of its provider, FAR where it is too short to reach them."""
    shift = shift_row(ins, s)
    if ins[shift + S_PROFILE] < 0:
        return FAR
    provider = provider_row(ins, ins[shift + S_PROVIDER])
    limit = min(ins[provider + P_MAX_DAY], ins[provider + P_MAX_WEEK])
    return limit if limit < _length(ins, s) else FAR


@kernel
def _earn_at_most(ins, dk, items, s):
    """Return what a shift earns at most, by the seconds that it has and by the limits of its provider; units stay in ``RANK``."""
    start, limit, ceiling = ins[shift_row(ins, s) + S_START], _limit(ins, s), 1 << 62
    if limit < FAR:
        ceiling = earn(dk, rank_units(dk, items, False), start, limit)
    kept = rank_units(dk, items, True)
    return min(ceiling, earn(dk, kept, start, _length(ins, s))), kept


@kernel
def _note(columns, amounts, g, at, index, amount):
    """Add an amount to the column of a group; the last cell of the row counts them."""
    count = columns[g, at]
    if count < at:
        columns[g, count], amounts[g, count] = index, amount
        columns[g, at] = count + 1


@kernel
def _use(ins, rx, dk, i, s, part, prices, columns, amounts, g):
    """Add what an item covers and uses to the column of a group."""
    item, shift, at = item_row(dk, i), shift_row(ins, s), columns.shape[1] - 1
    _note(columns, amounts, g, at, dk[item + I_ROW], part)
    if ins[shift + S_PROFILE] < 0:
        return
    provider = provider_row(ins, ins[shift + S_PROVIDER])
    visit = visit_row(ins, ins[node_row(ins, dk[item + I_NODE]) + N_VISIT])
    if ins[provider + P_DAY_COUNTER] >= 0:
        _note(columns, amounts, g, at, rx[COUNTER_AT] + ins[provider + P_DAY_COUNTER] + ins[shift + S_DAY], part * dk[item + I_SECONDS])
    if ins[provider + P_WEEK_COUNTER] >= 0:
        _note(columns, amounts, g, at, rx[COUNTER_AT] + ins[provider + P_WEEK_COUNTER] + ins[shift + S_WEEK], part * dk[item + I_SECONDS])
    if ins[provider + P_CASE_COUNTER] >= 0 and ins[visit + V_RESIDENT] >= 0:
        _note(columns, amounts, g, at, rx[COUNTER_AT] + ins[provider + P_CASE_COUNTER] + ins[shift + S_WEEK], part / dk[item + I_SHARE])
    price = entry_price(ins, dk[item + I_ENTRY])
    if price > 0:
        _note(columns, amounts, g, at, rx[FUND_AT] + _cheapest_fund(ins, rx, need_row(ins, ins[visit + V_NEED]), prices), part * price)


@kernel
def price_shifts(ins, pts, rx, dk, first, last, prices, is_exact, guards, guard_counts, values, columns, amounts, room):
    """Price the groups of like shifts from `first` up to `last`.

    Parameters
    ----------
    prices : int64[...]
        What is paid for each row; from ``COUNTER_AT`` on what a second (or a resident) of each counter costs, from ``FUND_AT`` on a fen of each
        fund. All in units of 1 / ``SCALE`` of the objective.
    is_exact : bool
        Whether to look for routes, or only to fill the minutes of each shift.
    guards, guard_counts : int32[G, GUARDS], int32[G]
        Units that may not be served twice; extended.
    values : int64[G]
        Written: what the best route of a shift of the group earns, or more.
    columns, amounts : int32[G, width], float64[G, width]
        Written: which rows, counters and funds the route covers or uses, and how much; the last cell of `columns` says how many stand there.
    room : int
        How many labels the desk holds.
    """
    for g in range(first, last):
        s = cell(rx, GROUP_SHIFT, g)
        columns[g, columns.shape[1] - 1] = 0
        values[g] = 0
        items = _gather(ins, rx, s, prices, dk)
        if items == 0:
            continue
        places = _number_places(ins, pts, rx, dk, items, s)
        ceiling, kept = _earn_at_most(ins, dk, items, s)
        value, length = -1, 0
        if is_exact:
            travel_weight, tolerance = rx[SCALE] * weight(ins, TRAVEL), ceiling // TOLERANCE
            fill_rests(ins, s, dk, kept)
            value, length, guard_counts[g] = best_route(
                ins, s, dk, items, places, _limit(ins, s), travel_weight, tolerance, guards[g], guard_counts[g], room
            )
        if value >= 0:
            values[g] = min(value, ceiling)
            for k in range(length):
                _use(ins, rx, dk, dk[dk[ROUTE] + k], s, 1.0, prices, columns, amounts, g)
            continue
        values[g] = ceiling
        left = _length(ins, s)
        for k in range(kept):
            row = dk[RANK] + RANK_CELLS * k
            if left <= 0 or dk[row + R_PROFIT] <= 0:
                break
            _use(ins, rx, dk, dk[row], s, min(1.0, left / dk[row + R_SECONDS]), prices, columns, amounts, g)
            left -= dk[row + R_SECONDS]


@kernel
def _price_of(rx, bucket, nodes, prices):
    """Return what is paid for a visit in a bucket."""
    price = 0
    for k in range(nodes):
        price += prices[cell(rx, BUCKET_ROW, bucket) + k]
    return price


@kernel
def _want(rx, bucket, nodes, wanted):
    for k in range(nodes):
        wanted[cell(rx, BUCKET_ROW, bucket) + k] += 1.0


@kernel
def _choose_days(rx, u, first, last, loss, prices, saved, choice):
    """Return what the visits of a unit save at most in the buckets at positions `first` to `last` of ``CHOICE_BUCKET``.

    One bucket a day at most, the days apart. `choice` says how: column j is about the first j buckets, row m about m visits.
    """
    unit, width = unit_row(rx, u), last - first + 1
    for j in range(width):
        saved[0, j] = 0
    for m in range(1, rx[unit + U_COUNT] + 1):
        saved[m, 0], choice[m, 0] = 0, 0
        i = 0
        for j in range(1, width):
            b = cell(rx, CHOICE_BUCKET, first + j - 1)
            while i < j - 1 and cell(rx, BUCKET_DAY, cell(rx, CHOICE_BUCKET, first + i)) + rx[unit + U_DAYS] <= cell(rx, BUCKET_DAY, b):
                i += 1
            gain = loss - _price_of(rx, b, rx[unit + U_NODES], prices)
            saved[m, j], choice[m, j] = saved[m, j - 1], choice[m, j - 1]
            if gain > 0 and saved[m - 1, i] + gain > saved[m, j]:
                saved[m, j], choice[m, j] = saved[m - 1, i] + gain, j
    return saved[rx[unit + U_COUNT], width - 1]


@kernel
def _want_days(rx, u, first, last, choice, wanted):
    """Add the rows of the buckets that `_choose_days` chose; returns how many buckets."""
    unit, served = unit_row(rx, u), 0
    m, j = rx[unit + U_COUNT], last - first
    while m > 0 and choice[m, j] > 0:
        b = cell(rx, CHOICE_BUCKET, first + choice[m, j] - 1)
        _want(rx, b, rx[unit + U_NODES], wanted)
        served += 1
        j = choice[m, j] - 1
        while j > 0 and cell(rx, BUCKET_DAY, cell(rx, CHOICE_BUCKET, first + j - 1)) + rx[unit + U_DAYS] > cell(rx, BUCKET_DAY, b):
            j -= 1
        m -= 1
    return served


@kernel
def price_units(rx, prices, losses, saved, choice, wanted, served):
    """Return what the units cost at least, visits served by price, the others lost.

    Parameters
    ----------
    losses : int64[U]
        What each visit of a unit costs if it is left out.
    saved, choice : int64[most visits of a unit + 1, most buckets of a unit + 1]
        Workspace.
    wanted : float64[...]
        Added to: the rows that are paid.
    served : float64[U]
        Written: how many visits of each unit are.
    """
    total = 0
    for u in range(rx[UNIT_COUNT]):
        unit = unit_row(rx, u)
        nodes, most = rx[unit + U_NODES], rx[unit + U_COUNT]
        served[u] = 0
        if most == 1:
            best, chosen = losses[u], -1
            for b in range(cell(rx, BUCKET_FIRST, u), cell(rx, BUCKET_FIRST, u + 1)):
                price = _price_of(rx, b, nodes, prices)
                if price < best:
                    best, chosen = price, b
            total += best
            if chosen >= 0:
                _want(rx, chosen, nodes, wanted)
                served[u] = 1
            continue
        most_saved, first, last = 0, 0, 0
        for c in range(cell(rx, CHOICE_FIRST, u), cell(rx, CHOICE_FIRST, u + 1)):
            a, b = cell(rx, CHOICE_BUCKET_FIRST, c), cell(rx, CHOICE_BUCKET_FIRST, c + 1)
            value = _choose_days(rx, u, a, b, losses[u], prices, saved, choice)
            if value > most_saved:
                most_saved, first, last = value, a, b
        total += most * losses[u] - most_saved
        if most_saved > 0:
            _choose_days(rx, u, first, last, losses[u], prices, saved, choice)
            served[u] = _want_days(rx, u, first, last, choice, wanted)
    return total
