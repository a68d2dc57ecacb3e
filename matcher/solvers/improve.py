"""Annealed ruin and recreate on one searcher, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.kernels.routes import ABSENT, SOFT, view
from matcher.kernels.search import anneal

if TYPE_CHECKING:
    from matcher.instance import Instance
    from matcher.solvers.searcher import Searcher

STEPS = 200
"""Ruin-recreate steps of a chunk: some tens of milliseconds, the delay with which a stop is noticed."""

HOT_LOSS, HOT_SOFT, COLD_SOFT = 0.3, 1.0, 0.05
"""The starting temperature as a share of the least loss of an absent visit, or of the soft cost of a visit; the final one as a share
of the latter."""


@dataclass(frozen=True)
class Temperatures:
    """A geometric fall from `hot` to `cold`, in units of cost."""

    hot: float
    cold: float

    def at(self, fraction: float) -> float:
        """Return the temperature when that fraction of the search is over."""
        return float(self.hot * (self.cold / self.hot) ** min(1.0, max(0.0, fraction)))


def temperatures(instance: Instance, searcher: Searcher) -> Temperatures:
    """Fit the fall of the temperature to the costs of a constructed plan."""
    routes = view(searcher.rt)
    absent = int(routes.total[ABSENT])
    placed = max(1, len(instance.visits) - absent)
    soft = max(1.0, float(routes.total[SOFT]) / placed)
    hot = HOT_SOFT * soft
    if absent:
        losses = instance.visits["loss"][routes.absent[:absent]]
        hot = max(hot, HOT_LOSS * float(np.min(losses)))
    cold = min(COLD_SOFT * soft, hot / 10)
    return Temperatures(max(hot, 2.0), max(cold, 1.0))


def improve(searcher: Searcher, fall: Temperatures, fraction: float, following: float) -> None:
    """Run one chunk, in which the search goes from one fraction of its length to the next."""
    anneal(*searcher.arrays, STEPS, fall.at(fraction), fall.at(following), searcher.is_timed)
