"""What differs in routes that were changed, as assignments: only what moved is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matcher.decode import Tables, numbered
from matcher.kernels.routes import IS_IN, SHIFT, START, view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matcher.compile import Compiled
    from matcher.instance import Longs
    from matcher.plan import Assignment

Changed = dict[str, "Assignment | None"]


def changed(before: Mapping[str, Assignment], after: Mapping[str, Assignment]) -> Changed:
    """Return what becomes of the visits of one plan in another, both by visit."""
    return {name: after.get(name) for name in sorted(before.keys() | after.keys()) if after.get(name) != before.get(name)}


class Trace:
    """Routes as they were, and the plan that goes with them, to compare changed routes with.

    Parameters
    ----------
    state
        The routes; what is needed of them is copied.
    assigned
        The plan, by visit.
    """

    def __init__(self, compiled: Compiled, state: Longs, assigned: Mapping[str, Assignment]) -> None:
        routes = view(state)
        self.assigned = assigned
        self._compiled = compiled
        self._tables = Tables(compiled, routes)
        self._nodes, self._is_in = routes.node[:, [SHIFT, START]].copy(), routes.visit[:, IS_IN].copy()

    def changes(self, state: Longs, v: int) -> Changed:
        """Return what becomes of visits in changed routes; visit v is the one that it is about, which keeps its number if it is alone of its need."""
        instance, routes = self._compiled.instance, view(state)
        moved = (routes.node[:, [SHIFT, START]] != self._nodes).any(axis=1)
        rows = {v, *instance.nodes["visit"][moved].tolist(), *np.flatnonzero(routes.visit[:, IS_IN] != self._is_in).tolist()}
        need_of = instance.visits["need"]
        touched = sorted({int(need_of[w]) for w in rows})
        holder = dict(numbered(self._compiled, routes, touched))
        first = int(instance.needs[need_of[v]]["first_visit"])
        if routes.visit[v, IS_IN] and v not in holder and first in holder and sum(int(need_of[w] == need_of[v]) for w in holder) == 1:
            holder[v] = holder.pop(first)
        tables, found = Tables(self._compiled, routes, self._tables), Changed()
        for row in touched:
            need = instance.needs[row]
            for w in range(int(need["first_visit"]), int(need["first_visit"] + need["visits"])):
                name = self._compiled.visits[w].id
                was = self.assigned.get(name)
                now = tables.assignment(name, holder[w], was) if w in holder else None
                if now != was and (w in rows or not need["is_numbered"]):
                    found[name] = now
        return found
