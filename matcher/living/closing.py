"""Closing the past to visits whose windows do not say so."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from matcher.instance import freeze

if TYPE_CHECKING:
    from matcher.compile import Compiled


def closed(compiled: Compiled, names: Container[str], now: int) -> Compiled:
    """Take from some visits (ids) the starts before now, in seconds of the horizon. No row of the instance moves."""
    instance = compiled.instance
    visits, options = instance.visits.copy(), [instance.options]
    count = len(instance.options)
    for v, visit in enumerate(compiled.visits):
        if visit.id in names:
            first, size = int(visits[v]["option_first"]), int(visits[v]["options"])
            left = instance.options[first : first + size].copy()
            left = left[left["high"] >= now]
            left["low"] = np.maximum(left["low"], now)
            visits[v]["option_first"], visits[v]["options"] = count, len(left)
            options.append(left)
            count += len(left)
    return replace(compiled, instance=freeze(instance._replace(visits=visits, options=np.concatenate(options))))
