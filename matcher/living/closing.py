"""Closing the past to visits whose windows do not say so."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import OPTION, freeze

if TYPE_CHECKING:
    from matcher.compile import Compiled


def closed(compiled: Compiled, names: Container[str], now: int) -> Compiled:
    """Take from some visits (ids) the starts before now, in seconds of the horizon. No row of the instance moves."""
    instance = compiled.instance
    first, count = (instance.visits[name].tolist() for name in ("option_first", "options"))
    low, high = (instance.options[name].tolist() for name in ("low", "high"))
    options: list[tuple[int, ...]] = []
    rows: list[tuple[int, int, int]] = []
    for v, visit in enumerate(compiled.visits):
        if visit.id in names:
            left = [(max(low[k], now), high[k]) for k in range(first[v], first[v] + count[v]) if high[k] >= now]
            rows.append((v, len(instance.options) + len(options), len(left)))
            options.extend(left)
    visits = instance.visits.copy()
    at, visits_first, visits_count = np.array(rows, np.int64).reshape(-1, 3).T
    visits["option_first"][at], visits["options"][at] = visits_first, visits_count
    return replace(compiled, instance=freeze(instance._replace(visits=visits, options=np.concatenate((instance.options, rows_of(options, OPTION))))))


def rows_of(rows: list[tuple[int, ...]], dtype: np.dtype[Any]) -> Any:
    """Return a structured array of tuples, all of whose fields are 64 bits: by way of plain numbers, which is quicker."""
    return np.array(rows, np.int64).ravel().view(dtype)
