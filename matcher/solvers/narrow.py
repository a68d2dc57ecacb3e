"""An instance with fewer entries: those that good routes use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import freeze, nodes_of_entries
from matcher.kernels.pricing import NODE_UNIT, U_COUNT
from matcher.kernels.routes import ENTRY, NONE, SHIFT, entries_in_use, view

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.solvers.master import Master


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


def narrowed(instance: Instance, master: Master, likely: tuple[Longs, Longs], routes: Longs | None) -> Narrowed:
    """Return an instance with no more entries than these have; rooms keep all of theirs.

    Parameters
    ----------
    likely : int64[...], int64[...]
        Groups and rows of the relaxation (`matcher.solvers.ascent.Ascent.likely`).
    routes
        A state, None for none.
    """
    keys = _keys(instance, master, *likely)
    node = nodes_of_entries(instance)
    is_kept = np.isin(node * len(instance.shifts) + instance.entry_shift, keys) | (instance.nodes["is_room"][node] == 1)
    if routes is not None:
        is_kept[entries_in_use(routes)] = True
    return _with_entries(instance, node, np.flatnonzero(is_kept))


def _keys(instance: Instance, master: Master, groups: Longs, rows: Longs) -> Longs:
    """Return node * shifts + shift for every node that a row stands for, and every shift of a group."""
    members: list[list[int]] = [[] for _ in master.group_shift]
    for s, g in enumerate(master.group_of.tolist()):
        members[g].append(s)
    found, nodes = set(), _nodes_of(instance, master)
    for pair in np.unique(rows * len(master.group_shift) + groups).tolist():
        row, g = divmod(pair, len(master.group_shift))
        found |= {n * len(instance.shifts) + s for n in nodes[row] for s in members[g]}
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
