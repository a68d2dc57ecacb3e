"""What prices of routes say to a search: which shifts are worth looking at for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from matcher.instance import freeze
from matcher.kernels.pricing import NODE_UNIT, U_COUNT
from matcher.kernels.routes import ENTRY, NONE, SHIFT, view
from matcher.solvers.seeds import key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.instance import Instance, Longs
    from matcher.solvers.ascent import Ascent, Bound
    from matcher.solvers.master import Master
    from matcher.stop import Run

SLACK = 0.03
"""By how much a route may earn less than the best of its shift to count as a good one: as a share of the least loss of a visit."""


@dataclass(frozen=True)
class Narrowed:
    """An instance with fewer entries, and which of the whole one's they are.

    Attributes
    ----------
    instance
    kept : int64[...]
        By entry of the narrowed instance, the entry of the whole one.
    """

    instance: Instance
    kept: Longs

    def widened(self, routes: Longs) -> Longs:
        """Return a state of the narrowed instance as one of the whole instance."""
        routes = routes.copy()
        node = view(routes).node
        placed = node[:, SHIFT] != NONE
        node[placed, ENTRY] = self.kept[node[placed, ENTRY]]
        return routes


class Guide:
    """Prices of routes for one instance, found when they are first asked for, and gone on with when they are asked for again.

    Use it as a context manager: threads and processes are then given back.
    """

    def __init__(self, instance: Instance, threads: int) -> None:
        self._instance, self._threads = instance, threads
        self._ascent: Ascent | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._ascent is not None:
            self._ascent.__exit__(*error)
            self._ascent = None

    def climb(self, run: Run, upper: int | None = None, routes: Longs | None = None, watch: Callable[[Bound, int], None] | None = None) -> Bound:
        """Let the bound rise until the run is over (`matcher.solvers.ascent.Ascent.climb`), and return it."""
        if self._ascent is None:
            from matcher.solvers.ascent import Ascent  # noqa: PLC0415 - linear programs take their time to load

            self._ascent = Ascent(self._instance, self._threads)
        return self._ascent.climb(run, upper, routes, watch)

    def narrowed(self, routes: Longs | None) -> Narrowed | None:
        """Return the instance with no more entries than good routes, and these routes, have; None where prices do not tell good ones yet.

        Rooms keep all of theirs.
        """
        instance = self._instance
        losses = instance.visits["loss"][instance.visits["loss"] > 0]
        likely = self._ascent.likely(SLACK * float(losses.min())) if self._ascent is not None and len(losses) else None
        if self._ascent is None or likely is None:
            return None
        keys = _keys(instance, self._ascent.master, *likely)
        node = np.repeat(np.arange(len(instance.nodes)), np.diff(instance.entry_first))
        is_kept = np.isin(node * len(instance.shifts) + instance.entry_shift, keys) | (instance.nodes["is_room"][node] == 1)
        if routes is not None:
            state = view(routes).node
            is_kept[state[state[:, SHIFT] != NONE, ENTRY]] = True
        return _with_entries(instance, node, np.flatnonzero(is_kept))


def _keys(instance: Instance, master: Master, groups: Longs, rows: Longs) -> Longs:
    """Return node * shifts + shift for every node that a row stands for, and every shift of a group."""
    shifts = instance.shifts
    of_group: dict[tuple[int, ...], list[int]] = {}
    for s in range(len(shifts)):
        of_group.setdefault(key_of(shifts[s]), []).append(s)
    found, nodes = set(), _nodes_of(instance, master)
    for pair in np.unique(rows * len(master.group_shift) + groups).tolist():
        row, g = divmod(pair, len(master.group_shift))
        members = of_group[key_of(shifts[master.group_shift[g]])]
        found |= {n * len(shifts) + s for n in nodes[row] for s in members}
    return np.fromiter(found, np.int64, len(found))


def _nodes_of(instance: Instance, master: Master) -> list[list[int]]:
    """Return by row the nodes that it stands for: of all visits of its unit, and of all roles that are called alike."""
    rx, visits, group = master.rx, instance.visits, instance.nodes["group"]
    unit_of = rx[rx[NODE_UNIT] : rx[NODE_UNIT] + len(instance.nodes)]
    first = dict(zip(unit_of[visits["first_node"]].tolist()[::-1], range(len(visits) - 1, -1, -1), strict=True))
    found: list[list[int]] = [[] for _ in range(master.rows)]
    for b, u in enumerate(master.bucket_unit.tolist()):
        v = first[u]
        base = int(visits["first_node"][v])
        for k, row in enumerate(master.bucket_row[master.bucket_row_first[b] : master.bucket_row_first[b + 1]].tolist()):
            alike = [j for j in range(int(visits["nodes"][v])) if group[base + j] == group[base + k]]
            found[row] = [int(visits["first_node"][w]) + j for w in range(v, v + int(master.unit[u, U_COUNT])) for j in alike]
    return found


def _with_entries(instance: Instance, node: Any, kept: Longs) -> Narrowed:
    """Return an instance with these entries only; `node` is that of each entry of the whole one."""
    shift, node = instance.entry_shift[kept], node[kept]
    order = np.argsort(shift, kind="stable")

    def starts(of: Any, count: int) -> Any:
        return np.concatenate(([0], np.cumsum(np.bincount(of, minlength=count)))).astype(np.int64)

    narrow = instance._replace(
        entry_first=starts(node, len(instance.nodes)), entry_shift=shift, entry_cost=instance.entry_cost[kept],
        entry_price=instance.entry_price[kept], shift_first=starts(shift, len(instance.shifts)), shift_node=node[order].astype(np.int32),
    )  # fmt: skip
    return Narrowed(freeze(narrow), kept)
