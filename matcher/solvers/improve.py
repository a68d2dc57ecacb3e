"""Annealed ruin and recreate on one searcher, chunk by chunk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.kernels.routes import ABSENT, SOFT, view
from matcher.kernels.search import FOCUS_ABOVE, anneal
from matcher.solvers.rents import rents

if TYPE_CHECKING:
    from matcher.instance import Instance
    from matcher.solvers.rents import Rents
    from matcher.solvers.searcher import Searcher

STEPS = 200
"""Ruin-recreate steps of a chunk: some tens of milliseconds, the delay with which a stop is noticed."""

HOT_LOSS, HOT_SOFT, COLD_SOFT = 0.3, 1.0, 0.05
"""The starting temperature as a share of the least loss of an absent visit, or of the soft cost of a visit; the final one as a share
of the latter."""
KNEE_LOSS, KNEE = 0.03, 0.8
"""Where losses set the start, so much of the search goes to the temperatures down to this share of the least loss: who is served is decided there,
and what the soft costs decide takes less."""
RENT, RENT_FALLS, RENT_ENDS, RENT_ENDS_FAR = 0.3, 0.8, 0.6, 0.9
"""Which part of the rents of scarce time counts (`matcher.solvers.rents`), and after which part of the time that it does it is halved. That ends at a
fraction of the search; at a later one where bursts keep to the neighbours of one visit (`FOCUS_ABOVE`): each has few steps there, and goes nowhere
anew once it is cold."""


@dataclass(frozen=True)
class Temperatures:
    """A fall from `hot` to `cold`, in units of cost, over `knee`, reached when the fraction `turn` of the search is over.

    Services pay for scarce time until the fraction `rent_ends`.
    """

    hot: float
    cold: float
    knee: float
    turn: float
    rent_ends: float = 0.0

    def at(self, fraction: float) -> float:
        """Return the temperature when that fraction of the search is over."""
        fraction = min(1.0, max(0.0, fraction))
        if fraction < self.turn:
            return float(self.hot * (self.knee / self.hot) ** (fraction / self.turn))
        return float(self.knee * (self.cold / self.knee) ** ((fraction - self.turn) / (1 - self.turn)))

    def rent(self, fraction: float) -> float:
        """Return the part of the rents that counts when that fraction of the search is over."""
        if fraction >= self.rent_ends:
            return 0.0
        return RENT if fraction < RENT_FALLS * self.rent_ends else RENT / 2

    def rest(self) -> Temperatures:
        """Return the fall from the turn on, on which nobody pays rents."""
        knee = self.at(self.turn)
        return Temperatures(knee, self.cold, math.sqrt(knee * self.cold), 0.5)


def temperatures(instance: Instance, searcher: Searcher) -> Temperatures:
    """Fit the fall of the temperature to the costs of a constructed plan."""
    routes = view(searcher.rt)
    absent = int(routes.total[ABSENT])
    placed = max(1, len(instance.visits) - absent)
    soft = max(1.0, float(routes.total[SOFT]) / placed)
    hot, knee = HOT_SOFT * soft, 0.0
    if absent:
        least = float(np.min(instance.visits["loss"][routes.absent[:absent]]))
        hot = max(hot, HOT_LOSS * least)
        knee = KNEE_LOSS * least
    hot = max(hot, 2.0)
    cold = max(min(COLD_SOFT * soft, hot / 10), 1.0)
    rent_ends = 0.0 if not absent else RENT_ENDS if len(instance.visits) <= FOCUS_ABOVE else RENT_ENDS_FAR
    # One geometric fall passes the knee sooner than that where it lies high above the end; nowhere is it passed later.
    turn = math.log(hot / knee) / math.log(hot / cold) if cold < knee < hot else 1.0
    if turn >= KNEE:
        return Temperatures(hot, cold, math.sqrt(hot * cold), 0.5, rent_ends)
    return Temperatures(hot, cold, knee, KNEE, rent_ends)


def is_hard(instance: Instance) -> bool:
    """Return whether somebody is visited by two, and somebody may be left out.

    Where nobody is visited by two, the search by itself comes within half a percent of what is proved; where one may always be late, nobody is left
    out.
    """
    return bool((instance.visits["nodes"] > 1).any()) and bool(instance.is_bounded[0])


def rents_of(instance: Instance) -> Rents | None:
    """Return the rents of scarce time at the temperature at which a search starts where somebody has to be left out.

    None where nothing is scarce, and in weeks that are not hard: rents lead a search astray that is nearly at the best by itself.
    """
    losses = instance.visits["loss"]
    if not is_hard(instance) or not (losses > 0).any():
        return None
    return rents(instance, HOT_LOSS * float(losses[losses > 0].min()))


def improve(searcher: Searcher, fall: Temperatures, fraction: float, following: float) -> None:
    """Run one chunk, in which the search goes from one fraction of its length to the next."""
    with searcher.paying(fall.rent(fraction)):
        anneal(*searcher.arrays, STEPS, fall.at(fraction), fall.at(following), searcher.is_timed)
