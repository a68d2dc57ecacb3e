"""What a few repeats can say: means with their intervals, paired differences, and where a curve bends."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

CONFIDENCE: Final = 0.95
BEND: Final = 0.1
"""How far a curve has to rise above its chord, as a part of its whole rise, for its bend to be called a knee."""


@dataclass(frozen=True)
class Spread:
    """The standard deviation inside groups of repeats, of all groups together, and its degrees of freedom."""

    spread: float
    freedom: int


@dataclass(frozen=True)
class Estimate:
    """A mean over repeats and the interval that holds the true one with `CONFIDENCE` (Student's t); `half` is infinite for one repeat.

    `chance` is how likely a mean so far from 0, or further, is where the true one is 0; None for one repeat.
    """

    mean: float
    half: float
    spread: float
    repeats: int
    chance: float | None = None

    @property
    def is_noise(self) -> bool:
        """Whether the interval holds 0: as a difference, that nothing can be said."""
        return abs(self.mean) <= self.half

    def to_json(self) -> dict[str, Any]:
        """Return the estimate as plain JSON values; null stands for an interval without end."""
        ends = [None, None] if math.isinf(self.half) else [round(self.mean - self.half, 6), round(self.mean + self.half, 6)]
        return {"mean": round(self.mean, 6), "low": ends[0], "high": ends[1], "spread": round(self.spread, 6), "repeats": self.repeats}


def estimate(values: Sequence[float], pool: Spread | None = None) -> Estimate:
    """Estimate the mean of repeats.

    Parameters
    ----------
    values
        One for each repeat.
    pool
        What repeats differ by elsewhere. The spread is taken to be no less than the pool's, and its degrees of freedom count: of two or three
        values that are alike, or far apart, by chance, theirs alone says little.
    """
    count = len(values)
    mean = statistics.fmean(values)
    if count < 2:
        return Estimate(mean, math.inf, 0.0, count)
    pool = pool or Spread(0.0, 0)
    spread = statistics.stdev(values)
    freedom, error = count - 1 + pool.freedom, max(spread, pool.spread) / math.sqrt(count)
    return Estimate(mean, quantile(freedom) * error, spread, count, _chance(mean, error, freedom))


def _chance(mean: float, error: float, freedom: int) -> float:
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    from scipy.special import stdtr  # noqa: PLC0415

    return float(2 * stdtr(freedom, -abs(mean) / error))


def holm(chances: Sequence[float | None]) -> list[float | None]:
    """Return chances adjusted for there being several: calling those below a level something, all together are wrong at most that often.

    References
    ----------
    Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6 (1979), 65-70.
    """
    known = sorted((chance, k) for k, chance in enumerate(chances) if chance is not None)
    out: list[float | None] = [None] * len(chances)
    highest = 0.0
    for rank, (chance, k) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * chance))
        out[k] = highest
    return out


def quantile(freedom: int) -> float:
    """Return the two-sided Student quantile of `CONFIDENCE` for so many degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy loads only when something is estimated

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def pooled(groups: Iterable[Sequence[float]]) -> Spread:
    """Return what repeats differ by inside groups, over all groups together."""
    several = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if not freedom:
        return Spread(0.0, 0)
    return Spread(math.sqrt(sum(statistics.variance(group) * (len(group) - 1) for group in several) / freedom), freedom)


@dataclass(frozen=True)
class Knee:
    """Where a curve bends most: the index of the point, and how far it lies above the chord (a part of the whole rise)."""

    index: int
    height: float


def knee(x: Sequence[float], y: Sequence[float], *, noise: float = 0.0) -> Knee | None:
    """Find the knee of a curve that rises ever less (or falls ever less), None where it has none.

    The curve is made monotone (isotonic regression), both axes are scaled to 0 to 1, and the point that lies highest above the straight line
    from the first to the last is the knee.

    Parameters
    ----------
    x, y
        The points, `x` rising.
    noise
        Half the interval of a value: a rise that is not above it has no knee, nor has one whose bend is not.

    References
    ----------
    Satopää, Albrecht, Irwin, Raghavan: Finding a "Kneedle" in a Haystack. ICDCSW 2011. https://doi.org/10.1109/ICDCSW.2011.20
    """
    if len(x) < 3 or not x[0] < x[-1]:
        return None
    from scipy.optimize import isotonic_regression  # noqa: PLC0415

    rises = y[-1] >= y[0]
    smooth = [float(value) for value in isotonic_regression([float(value) for value in y], increasing=rises).x]
    rise = abs(smooth[-1] - smooth[0])
    if rise <= noise or rise == 0:
        return None
    heights = [abs(value - smooth[0]) / rise - (place - x[0]) / (x[-1] - x[0]) for place, value in zip(x, smooth, strict=True)]
    index = max(range(len(x)), key=lambda k: heights[k])
    return Knee(index, heights[index]) if heights[index] > max(BEND, noise / rise) else None
