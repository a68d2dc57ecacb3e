"""What an hour of each shift is worth to those who could use it, before any plan is made.

Each service is spread over the shifts that may hold it, and over being left out, as annealing at one temperature would: by the exponent of what each
costs, its rent included. Rents rise until nobody is asked for more time than there is. They are the one solution of a smooth convex problem
(the dual of an assignment with an entropy), where prices of a linear program are one corner of many.

References
----------
Cuturi (2013), Sinkhorn Distances: Lightspeed Computation of Optimal Transport, arXiv 1306.0895.
Kosowsky and Yuille (1994), The invisible hand algorithm: solving the assignment problem with statistical physics,
doi 10.1016/0893-6080(94)90081-7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import nodes_of_entries

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs

HOUR = 3600
USED = 0.85
"""Part of a shift that services may fill; the rest goes to the ways between them."""
ROUNDS, LEAST_ROUNDS, MOST_WORK, STRIDE = 150, 30, 200_000_000, 0.5
"""Rounds of price changes, fewer where all of them would look at more entries than that; and how much of what would be right for a single shift each
of them does."""


@dataclass(frozen=True)
class Rents:
    """Rents in units of cost.

    Attributes
    ----------
    hourly : int64[S]
        Of an hour of each shift.
    least : int64[N]
        What each node would pay in the shift where it pays least.
    """

    hourly: Longs
    least: Longs


def rents(instance: Instance, temperature: float) -> Rents | None:
    """Return the rents at which services, spread as annealing at that temperature would spread them, ask for no more time than there is.

    None where nothing is scarce.
    """
    nodes, shifts = instance.nodes, instance.shifts
    node = nodes_of_entries(instance)
    own = nodes["is_room"][node] == 0
    node, shift = node[own], instance.entry_shift[own].astype(np.int64)
    if not len(node):
        return None
    first = np.flatnonzero(np.concatenate(([True], node[1:] != node[:-1])))
    count = np.diff(np.append(first, len(node)))
    hours = nodes["seconds"][node] / HOUR
    visit = nodes["visit"][node[first]]
    left_out = np.exp(-instance.visits["loss"][visit] / instance.visits["roles"][visit] / temperature)
    most = np.maximum(1 / HOUR, USED * np.minimum(shifts["end"] - shifts["start"], instance.providers["max_day"][shifts["provider"]]) / HOUR)
    hourly = np.zeros(len(shifts))
    for _ in range(min(ROUNDS, max(LEAST_ROUNDS, MOST_WORK // len(node)))):
        weight = np.exp(-hourly[shift] * hours)
        part = weight / np.repeat(np.add.reduceat(weight, first) + left_out, count)
        asked = np.bincount(shift, part * hours, len(shifts))
        hourly = np.maximum(0.0, hourly + STRIDE * np.log(np.maximum(asked, 1e-9) / most))
    return _whole(instance, node, shift, first, np.rint(temperature * hourly).astype(np.int64))


def _whole(instance: Instance, node: Longs, shift: Longs, first: Any, hourly: Longs) -> Rents | None:
    """Return rents in whole units of cost; None where they are nothing."""
    if not hourly.any():
        return None
    least = np.zeros(len(instance.nodes), np.int64)
    least[node[first]] = np.minimum.reduceat(hourly[shift] * instance.nodes["seconds"][node] // HOUR, first)
    return Rents(hourly, least)
