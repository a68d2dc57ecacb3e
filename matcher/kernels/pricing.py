"""What units cost and what routes earn, under given prices: the two halves of the lower bound of `matcher.solvers.bounds`.

Every row (a node of a unit in a bucket) has a price, which is paid to the route that serves it; seconds of limited providers, residents of limited
caseloads and fen of funds have one too, which routes pay. docs/bounds.md says what is relaxed, and why the bound holds nevertheless.

The relaxation is one int64 array ``rx``, with a head that says where each table starts (`matcher.solvers.master` makes it):

units, 6 cells: ``COUNT`` of visits (interchangeable ones are one unit), ``NODES`` of each, ``GUARD`` (of units of equal guard a route serves one,
    once), ``LOSS`` of each, urgency ``WEIGHT``, ``COMMUNITY``.
chains, 6 cells: units that stand together because days tie them, in order of their numbers (`matcher.kernels.chains`).
``BUCKET_DAY``, ``BUCKET_UNIT``, ``BUCKET_ROW_FIRST``, ``BUCKET_ROW``: the days, parts of windows and kinds of team in which all nodes of a visit
    may be served, and the row of each node.
``CHOICE_FIRST`` (of each chain), ``CHOICE_BUCKET_FIRST`` (of each choice), ``CHOICE_BUCKET``: sets of buckets, by rising day, of one of which a chain
    takes all.
``PIECE_FIRST`` (of each node), pieces of 6 cells: ``LOW``, ``HIGH`` start, cost of such a start, row, day of shift and set of providers (-1: any).
``SETS``: providers as bits, ``SET_WORDS`` words of `SET_BITS` a set.
``NODE_UNIT`` (-1: an equal node stands for it), ``NODE_SECONDS``: of each node.
``POSITION``: for each position of `SHIFT_NODE` its entry, times ``SHARE_BASE``, plus the most services of its resident that its provider can
    give (0: out of reach).
``GROUP_SHIFT``, ``GROUP_COUNT``: shifts that are alike (crews) are priced once.
``LEAST_SECONDS``: the shortest service of each shift.
``WAYS``: seconds between places along the shortest way, for each table of the instance; ``HAS_WAYS`` is 0 where there were too many.
``OFFER_FIRST`` (of each position of `SHIFT_NODE`), offers of 4 cells: ``LOW``, ``HIGH`` start, cost, row: what of its pieces a shift can serve.
"""

from __future__ import annotations

from matcher.instance import FAR
from matcher.kernels.cells import (
    D_FUNDS, D_FUND_FIRST, NEED_FUND, NEW_FACE, N_PLACE, N_VISIT, PLACE_COUNT, PROFILE_TABLES, P_CASE_COUNTER, P_DAY_COUNTER, P_MAX_DAY, P_MAX_WEEK,
    P_WEEK_COUNTER, SHIFT_FIRST, SHIFT_NODE, S_BASE, S_DAY, S_END, S_HAS_LUNCH, S_LUNCH, S_MAX_LEG, S_PROFILE, S_PROVIDER, S_RETURNS, S_START, S_WEEK,
    TRAVEL, V_NEED, V_RESIDENT, cell, entry_cost, entry_price, need_row, node_row, provider_row, shift_row, visit_row, weight,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.desk import (
    I_AT, I_ENTRY, I_HIGH, I_LOW, I_NODE, I_PLACE, I_PROFIT, I_ROW, I_SECONDS, I_SHARE, I_UNIT, LEG, LEG_WIDTH, MINUTES, PLACE, PLACE_HEAD,
    PLACE_INDEX, RANK, RANK_CELLS, RELAXED, ROUGH, ROUTE, R_PROFIT, R_SECONDS, WAY_IN, item_row,
)  # fmt: skip
from matcher.kernels.labels import best_route, earn, fill_rests, rank_units
from matcher.kernels.people import face_cost
from matcher.kernels.roads import travel_seconds

U_COUNT, U_NODES, U_GUARD, U_LOSS, U_WEIGHT, U_COMMUNITY = range(6)
UNIT_CELLS = 6
Q_LOW, Q_HIGH, Q_COST, Q_ROW, Q_DAY, Q_SET = range(6)
PIECE_CELLS = 6
O_LOW, O_HIGH, O_COST, O_ROW = range(4)
OFFER_CELLS = 4
SET_BITS = 60

TOLERANCE = 20_000
"""The best route of a shift may be missed by so small a part of what the shift earns at most; the bound allows for it."""

# slots of the head of rx
(
    UNITS, CHAINS, BUCKET_DAY, BUCKET_UNIT, BUCKET_ROW_FIRST, BUCKET_ROW, CHOICE_FIRST, CHOICE_BUCKET_FIRST, CHOICE_BUCKET, PIECE_FIRST, PIECES, SETS,
    NODE_UNIT, NODE_SECONDS, POSITION, GROUP_SHIFT, GROUP_COUNT, LEAST_SECONDS, WAYS, OFFER_FIRST, OFFERS,
) = range(21)  # fmt: skip
CHAIN_COUNT, SHARE_BASE, HAS_WAYS, COUNTER_AT, FUND_AT, SCALE, SET_WORDS = range(21, 28)
RELAXATION_HEAD = 28


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
    return cell(rx, OFFER_FIRST, cell(ins, SHIFT_FIRST, s + 1)) - cell(rx, OFFER_FIRST, cell(ins, SHIFT_FIRST, s))


@kernel
def mark_rows(ins, rx, s, is_covered):
    """Write 1 to the rows that some item of a shift covers."""
    for offer in range(cell(rx, OFFER_FIRST, cell(ins, SHIFT_FIRST, s)), cell(rx, OFFER_FIRST, cell(ins, SHIFT_FIRST, s + 1))):
        is_covered[rx[rx[OFFERS] + offer * OFFER_CELLS + O_ROW]] = 1


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
        fixed = 0 if is_room else _cost_of_position(ins, rx, s, at, a_second, a_case, prices)
        guard = rx[unit_row(rx, unit) + U_GUARD]
        for k in range(cell(rx, OFFER_FIRST, at), cell(rx, OFFER_FIRST, at + 1)):
            offer = rx[OFFERS] + k * OFFER_CELLS
            profit = prices[rx[offer + O_ROW]] - fixed - rx[SCALE] * rx[offer + O_COST]
            if profit <= least:
                continue
            item = item_row(dk, count)
            dk[item + I_UNIT], dk[item + I_PLACE], dk[item + I_ROW] = guard, ins[node_row(ins, n) + N_PLACE], rx[offer + O_ROW]
            dk[item + I_LOW], dk[item + I_HIGH], dk[item + I_PROFIT], dk[item + I_NODE] = rx[offer + O_LOW], rx[offer + O_HIGH], profit, n
            dk[item + I_SECONDS] = cell(rx, NODE_SECONDS, n)
            dk[item + I_ENTRY], dk[item + I_SHARE], dk[item + I_AT] = cell(rx, POSITION, at) // rx[SHARE_BASE], share, at
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
def price_shifts(ins, pts, rx, dk, first, last, prices, how, ln, values, earned, columns, amounts, room):
    """Price the groups of like shifts from `first` up to `last`.

    Parameters
    ----------
    prices : int64[...]
        What is paid for each row; from ``COUNTER_AT`` on what a second (or a resident) of each counter costs, from ``FUND_AT`` on a fen of each
        fund. All in units of 1 / ``SCALE`` of the objective.
    how : int
        ``MINUTES``, ``ROUGH``, ``RELAXED`` or ``PROVED`` (`matcher.kernels.desk`).
    ln
        What was learned of the shifts (`matcher.kernels.desk.learned`); extended.
    values, earned : int64[G]
        Written: what the best route of a shift of the group earns, or more; and what the one in `columns` earns. Read, where good routes do: what the
        one that stands there earns; it stays unless there is a better one.
    columns, amounts : int32[G, width], float64[G, width]
        Written: which rows, counters and funds the route covers or uses, and how much; the last cell of `columns` says how many stand there.
    room : int
        How many labels the desk holds.
    """
    for g in range(first, last):
        s = cell(rx, GROUP_SHIFT, g)
        known = earned[g] if how == ROUGH or how == RELAXED else 0
        if known == 0:
            columns[g, columns.shape[1] - 1] = 0
        values[g] = earned[g] = known
        items = _gather(ins, rx, s, prices, dk)
        if items == 0:
            continue
        places = _number_places(ins, pts, rx, dk, items, s)
        ceiling, kept = _earn_at_most(ins, dk, items, s)
        value, length = -1, 0
        if how != MINUTES:
            travel_weight, tolerance = rx[SCALE] * weight(ins, TRAVEL), ceiling // TOLERANCE
            fill_rests(ins, s, dk, kept)
            value, earned[g], length = best_route(ins, s, dk, items, places, _limit(ins, s), travel_weight, tolerance, ln, g, room, kept, how, known)
            if length == 0 and known > 0:
                values[g] = min(value, ceiling)
                continue
            columns[g, columns.shape[1] - 1] = 0
        if value >= 0:
            values[g] = min(value, ceiling)
            for k in range(length):
                _use(ins, rx, dk, dk[dk[ROUTE] + k], s, 1.0, prices, columns, amounts, g)
            continue
        values[g] = earned[g] = ceiling
        left = _length(ins, s)
        for k in range(kept):
            row = dk[RANK] + RANK_CELLS * k
            if left <= 0 or dk[row + R_PROFIT] <= 0:
                break
            _use(ins, rx, dk, dk[row], s, min(1.0, left / dk[row + R_SECONDS]), prices, columns, amounts, g)
            left -= dk[row + R_SECONDS]
