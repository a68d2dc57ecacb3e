"""The routes of a known plan as columns of the linear program: prices are sound from the start where there is a plan to start from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import ROOM
from matcher.kernels.people import face_cost
from matcher.kernels.pricing import NODE_UNIT, O_COST, O_HIGH, O_LOW, O_ROW, OFFER_CELLS, OFFER_FIRST, OFFERS, POSITION, SHARE_BASE
from matcher.kernels.roads import travel_seconds
from matcher.kernels.routes import FUND, IS_IN, SHIFT, START, view

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals
    from matcher.solvers.master import Master

MOST_ORDERS = 24

Route = tuple[int, list[int], list[float], float]
"""Group, what it covers and uses, how much of it, and what it costs (scaled)."""
Stop = tuple[int, int, int, int, int, int]
"""Start, node, position of `Instance.shift_node`, row, cost of the start, fund (-1: none)."""


def routes_of(instance: Instance, packed: tuple[Longs, Reals], master: Master, state: Longs) -> Iterator[Route]:
    """Yield the routes of a state, as the linear program sees them.

    What they cost is what pricing would say, but for lunches; a visit that fits no bucket is left out.
    """
    shifts = instance.shifts
    for s, stops in _stops(instance, master, state).items():
        index, amount = [], []
        shift, cost = shifts[s], 0
        provider, place = instance.providers[shift["provider"]], int(shift["base"])
        for _, n, at, row, timed, fund in sorted(stops):
            index.append(row)
            amount.append(1.0)
            cost += timed
            if provider["kind"] == ROOM:
                continue
            entry, share = divmod(int(master.rx[master.rx[POSITION] + at]), int(master.rx[SHARE_BASE]))
            resident = int(instance.visits["resident"][instance.nodes["visit"][n]])
            cost += int(instance.entry_cost[entry])
            if resident >= 0:
                cost += int(face_cost(packed[0], resident, int(shift["provider"]))) // share
            seconds, there = float(instance.nodes["seconds"][n]), int(instance.nodes["place"][n])
            if there >= 0:
                cost += int(instance.weights[0]["travel"]) * int(travel_seconds(*packed, int(shift["profile"]), place, there))
                place = there
            used = [("day_counter", "day", seconds), ("week_counter", "week", seconds)]
            used += [("case_counter", "week", 1.0 / share)] if resident >= 0 else []
            for counter, span, much in used:
                if provider[counter] >= 0:
                    index.append(master.rows + int(provider[counter]) + int(shift[span]))
                    amount.append(much)
            if fund >= 0:
                index.append(master.fund_at + fund)
                amount.append(float(instance.entry_price[entry]))
        if shift["returns"] and provider["kind"] != ROOM:
            cost += int(instance.weights[0]["travel"]) * int(travel_seconds(*packed, int(shift["profile"]), place, int(shift["base"])))
        yield int(master.group_of[s]), index, amount, float(master.scale * cost)


def _stops(instance: Instance, master: Master, state: Longs) -> dict[int, list[Stop]]:
    """Return the stops of each shift, each with a row; all nodes of a visit in rows of one bucket."""
    rx, routes = master.rx, view(state)
    found: dict[int, list[Stop]] = {}
    bucket_of = np.zeros(master.rows, np.int64)
    bucket_of[master.bucket_row] = np.repeat(np.arange(len(master.bucket_unit)), np.diff(master.bucket_row_first))
    for v in np.flatnonzero(routes.visit[:, IS_IN] == 1).tolist():
        visit = instance.visits[v]
        first = int(visit["first_node"])
        stands = first
        if rx[rx[NODE_UNIT] + first] < 0:
            stands = int(instance.visits["first_node"][instance.needs["first_visit"][visit["need"]]])
        nodes, roles = int(visit["nodes"]), int(visit["roles"])
        places = [tuple(int(cell) for cell in routes.node[first + k, [SHIFT, START, FUND]]) for k in range(nodes)]
        # Of roles that are alike, buckets know one order only.
        for order in itertools.islice(itertools.permutations(range(roles)), MOST_ORDERS):
            whole = [places[k] for k in order] + places[roles:]
            offers = [_offers(instance, master, bucket_of, stands + k, *place) for k, place in enumerate(whole)]
            buckets = set.intersection(*(set(some) for some in offers))
            if buckets:
                for (s, _, _), some in zip(whole, offers, strict=True):
                    found.setdefault(s, []).append(some[min(buckets)])
                break
    return found


def _offers(instance: Instance, master: Master, bucket_of: Any, n: int, s: int, start: int, fund: int) -> dict[int, Stop]:
    """Return by bucket how a shift can serve a node at a time."""
    rx = master.rx
    found: dict[int, Stop] = {}
    low, high = int(instance.shift_first[s]), int(instance.shift_first[s + 1])
    at = low + int(np.searchsorted(instance.shift_node[low:high], n))
    if at == high or instance.shift_node[at] != n:
        return found
    for j in range(int(rx[rx[OFFER_FIRST] + at]), int(rx[rx[OFFER_FIRST] + at + 1])):
        offer = rx[rx[OFFERS] + j * OFFER_CELLS : rx[OFFERS] + (j + 1) * OFFER_CELLS]
        if offer[O_LOW] <= start <= offer[O_HIGH]:
            found[int(bucket_of[offer[O_ROW]])] = (start, n, at, int(offer[O_ROW]), int(offer[O_COST]), fund)
    return found
