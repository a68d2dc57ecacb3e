"""Proofs among few entries, then among more: the constraint solver looks first at those of the cheapest plans that a search has seen.

A small problem has some twenty entries a node, and a plan of the search mostly a few that are not the best ones. Among the entries of good plans
alone, a few a node, the best plan is proved in a fraction of a second, where a proof among all takes many: what each round finds is where the next
one starts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from matcher.instance import FAR, nodes_of_entries
from matcher.kernels.routes import entries_in_use
from matcher.solvers.exact import exact

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.solvers import Outcome, Watch
    from matcher.stop import Run

FIRST_ENTRIES, WIDER, NEARLY_ALL = 6, 1.7, 0.75
"""Entries a node in the first round, and how many times as many there are in each round after it; a round of so large a part of all is of all."""
ROUND_SHARE, LEAST_PART = 0.9, 0.25
"""The share of what is left that a round gets, but for one of all; and of the time of the round before, what has to be left for another one."""


def widen(instance: Instance, found: Outcome, run: Run, seed: int, threads: int, watch: Watch) -> Outcome:
    """Return the best plan among ever more entries, until the best of all is proved or a round takes too long; never one that is worse.

    Parameters
    ----------
    found
        With its `least_costs`, by which entries are ranked; without, all of them are looked at at once.
    threads, watch
        As `matcher.solvers.exact.exact` has them.
    """
    order = ranked(instance, found.least_costs)
    best, most = found, FIRST_ENTRIES * len(instance.nodes)
    while True:
        began, is_whole = run.seconds, most >= NEARLY_ALL * len(order)
        only = None if is_whole else {*order[:most].tolist(), *entries_in_use(best.routes).tolist()}
        part = run if is_whole else run.part(None, None, ROUND_SHARE)
        best = best.followed_by(exact(instance, best.routes, part, seed, threads, watch, only))
        left = math.inf if run.stop.budget is None else run.stop.budget - run.seconds
        if is_whole or best.bound == best.cost or part.reason(0) is not None or left < LEAST_PART * (run.seconds - began):
            return best if is_whole or best.bound == best.cost else replace(best, why=run.reason(0) or "budget")
        most = math.ceil(most * WIDER)


def ranked(instance: Instance, least_costs: Longs | None) -> Longs:
    """Return the entries in the order in which they are let in: first all of nodes that no plan served, then by the cheapest plan with them."""
    if least_costs is None:
        return np.zeros(0, np.int64)
    node = nodes_of_entries(instance)
    cheapest = np.full(len(instance.nodes), FAR)
    np.minimum.at(cheapest, node, least_costs)
    return np.lexsort((least_costs, cheapest[node] < FAR))
