"""The families of public instances: which there are, where they lie, and the best that is known of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import hhcrsp, neutral

DATA = Path(__file__).parent / "data" / "hhcrsp"
HHCRSP = ("mankowska", "kummer", "italian")
NEUTRAL = "neutral"
FAMILIES = (*HHCRSP, NEUTRAL)
NEUTRAL_SIZES = ((300, 60), (1000, 80), (1000, 140), (5000, 420))
"""Visits and providers of the neutral weeks that are measured; each comes with every seed of `NEUTRAL_SEEDS`."""
NEUTRAL_SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Instance:
    """An instance of a family.

    Attributes
    ----------
    name : str
        Of its file, or for a neutral week ``visits-providers-seed``.
    group : str
        The instances that are reported in one row: those of one family and, where the family has classes of size, one size.
    best : float or None
        The best cost known, where someone has published one.
    reference : float or None
        The mean cost of 15 runs of BRKGA, where published; it took `reference_seconds`.
    """

    family: str
    name: str
    group: str
    visits: int
    best: float | None = None
    reference: float | None = None
    reference_seconds: float | None = None

    @property
    def is_neutral(self) -> bool:
        """Whether this is a neutral week, which peers can solve too."""
        return self.family == NEUTRAL

    def load(self) -> dict[str, Any]:
        """Return the instance as plain JSON values; a neutral week is made."""
        if self.is_neutral:
            visits, providers, seed = map(int, self.name.split("-"))
            return neutral.make_week(visits, providers, seed)
        return hhcrsp.read(DATA / self.family / self.name)


@cache
def instances_of(family: str) -> tuple[Instance, ...]:
    """Return the instances of a family, the smallest first. Raises `KeyError` for a family that there is none of."""
    if family not in FAMILIES:
        raise KeyError(family)
    if family == NEUTRAL:
        return tuple(
            Instance(NEUTRAL, f"{visits}-{providers}-{seed}", f"{NEUTRAL} {visits}", visits)
            for visits, providers in NEUTRAL_SIZES
            for seed in NEUTRAL_SEEDS
        )
    with (DATA / "best_known.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["family"] == family]
    found = [
        Instance(
            family,
            row["instance"],
            family if family == "italian" else f"{family} {row['patients']}",
            int(row["patients"]),
            _number(row["best_cost"]),
            _number(row["brkga_mean_of_15"]),
            _number(row["brkga_seconds"]),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda instance: (instance.visits, instance.name)))


def first_of_each_group(instances: tuple[Instance, ...], limit: int | None) -> list[Instance]:
    """Return the instances without those that come after the first `limit` of their group."""
    counts: dict[str, int] = {}
    kept = []
    for instance in instances:
        counts[instance.group] = counts.get(instance.group, 0) + 1
        if limit is None or counts[instance.group] <= limit:
            kept.append(instance)
    return kept


def _number(text: str) -> float | None:
    return float(text) if text else None
