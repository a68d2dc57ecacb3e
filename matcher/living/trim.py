"""The instance of a week that visits have left, from that of the week with them: their rows go, those after them move up, all else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.travel import Journeys
from matcher.visits import need_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matcher.instance import Instance, Longs
    from matcher.problem import Problem


def trimmed(base: Instance, gone: Iterable[int], after: Problem) -> Instance:
    """Return an instance without some of its visits, as writable arrays.

    Parameters
    ----------
    base, gone
        The instance, and the rows of the visits that have left. No need loses its first visit and keeps others, if that one has a team of its own.
    after
        The week without them (there may be further needs at its end): what is known of needs by their visits, and of places, is read from it.
    """
    visits_kept = np.ones(len(base.visits), bool)
    visits_kept[list(gone)] = False
    counts = np.bincount(base.visits["need"][visits_kept], minlength=len(base.needs))
    needs_kept, nodes_kept = counts > 0, visits_kept[base.nodes["visit"]]
    visit_row, need_row, node_row = _rows(visits_kept), _rows(needs_kept), _rows(nodes_kept)
    visits, needs, nodes = base.visits[visits_kept], base.needs[needs_kept], base.nodes[nodes_kept]
    nodes["visit"] = visit_row[nodes["visit"]]
    visits["need"] = need_row[visits["need"]]
    visits["first_node"] = node_row[visits["first_node"]]
    needs["visits"] = counts[needs_kept]
    needs["first_visit"] = np.cumsum(needs["visits"]) - needs["visits"]
    visits["number"] = np.arange(len(visits)) - needs["first_visit"][visits["need"]] + 1
    named = {need_of(name) for name in (*(pin.visit for pin in after.pins), *(line.visit for line in after.in_force))}
    for row in np.flatnonzero(counts[needs_kept] < base.needs["visits"][needs_kept]).tolist():
        needs["is_numbered"][row] = after.needs[row].first_team is not None or after.needs[row].id in named
    groups_kept = np.zeros(len(base.group_first) - 1, bool)
    groups_kept[nodes["group"][nodes["group"] >= 0]] = True
    nodes["group"] = np.where(nodes["group"] >= 0, _rows(groups_kept)[nodes["group"]], -1)
    group_first, group_node = _thinned(base.group_first, base.group_node, nodes_kept[base.group_node], node_row)
    resident_first, resident_visit = _thinned(base.resident_first, base.resident_visit, visits_kept[base.resident_visit], visit_row)
    shift_first, shift_node = _thinned(base.shift_first, base.shift_node, nodes_kept[base.shift_node], node_row)
    entries_kept = np.repeat(nodes_kept, np.diff(base.entry_first))
    entries = np.diff(base.entry_first)[nodes_kept]
    weight = base.community_weight.copy()
    left = base.visits[~visits_kept]
    np.subtract.at(weight, left["community"], left["weight"])
    instance = base._replace(
        nodes=nodes,
        visits=visits,
        needs=needs,
        entry_first=np.concatenate(([0], np.cumsum(entries))).astype(base.entry_first.dtype),
        entry_shift=base.entry_shift[entries_kept],
        entry_cost=base.entry_cost[entries_kept],
        entry_price=base.entry_price[entries_kept],
        shift_first=shift_first,
        shift_node=shift_node,
        near=_near(base, visits_kept, visit_row),
        group_first=group_first[np.append(groups_kept, True)],
        group_node=group_node,
        resident_first=resident_first,
        resident_visit=resident_visit,
        community_weight=weight,
    )
    return instance if needs_kept.all() else _replaced(instance, after)


def _rows(kept: Any) -> Longs:
    """Return the new row of each old one; what stands for a row that has left says nothing."""
    return np.cumsum(kept) - 1


def _thinned(first: Any, item: Any, kept: Any, row: Longs) -> tuple[Any, Any]:
    """Return CSR lists without the items that have left, the others by their new rows."""
    before = np.concatenate(([0], np.cumsum(kept)))
    return before[first].astype(first.dtype), row[item[kept]].astype(item.dtype)


def _near(base: Instance, kept: Any, row: Longs) -> Any:
    """Return the lists of near visits without those that have left; what is free at the end of a list is -1."""
    near = base.near[kept]
    is_there = (near >= 0) & kept[near]
    near = np.where(is_there, row[near], -1).astype(near.dtype)
    short = np.flatnonzero(~is_there.all(axis=1))
    order = np.argsort(~is_there[short], axis=1, kind="stable")
    near[short] = np.take_along_axis(near[short], order, axis=1)
    return near


def _replaced(instance: Instance, after: Problem) -> Instance:
    """Return an instance with the places of a week without some needs: those of the other needs may have moved up, bases and venues stand first."""
    journeys = Journeys(after)
    place = np.array([journeys.of_need(need) for need in after.needs[: len(instance.needs)]], instance.nodes["place"].dtype)
    nodes = instance.nodes
    nodes["place"] = np.where(nodes["place"] >= 0, place[instance.visits["need"][nodes["visit"]]], -1)
    tables = np.array(journeys.tables, dtype=np.int32) if journeys.tables else instance.tables
    return instance._replace(nodes=nodes, points=journeys.points, tables=tables)
