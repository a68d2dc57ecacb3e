"""The packed form of an instance that comes of another one, from the packed form of that: nothing that is there is worked out again."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.instance import FAR, NEED, NODE, VISIT
from matcher.kernels.cells import (
    COMMUNITY_WEIGHT,
    ENTRIES,
    ENTRY_FIRST,
    FIRST_NODE,
    GROUP_FIRST,
    GROUP_NODE,
    HEAD_CELLS,
    IS_BOUNDED,
    IS_MONOTONE,
    KNOWN_COST,
    KNOWN_FIRST,
    KNOWN_PROVIDER,
    MASK_SLOT,
    MASKS,
    NEAR,
    NEED_FUND,
    NEED_LINK,
    NEEDS,
    NODE_COUNT,
    NODE_DUE,
    NODES,
    OPTIONS,
    PLACE_COUNT,
    PREFERS,
    PTS_PROFILES,
    RESIDENT_FIRST,
    RESIDENT_VISIT,
    SHIFT_FIRST,
    SHIFT_NODE,
    TABLES,
    TARIFFS,
    VISIT_COUNT,
    VISITS,
    WINDOWS,
    pack,
)

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals

TABLE_COUNT = TABLES + 1


def appended(packed: tuple[Longs, Reals], base: Instance, own: Instance, whole: Instance) -> tuple[Longs, Reals]:
    """Return what `matcher.kernels.cells.pack` returns of `whole`, but for the order of tariffs, which says nothing.

    Parameters
    ----------
    packed, base
        The week without the need, in both forms.
    own
        The need alone, on the same people.
    whole
        The two joined: the rows of `base`, then those of `own`.
    """
    head, parts, new = packed[0][:HEAD_CELLS].copy(), _parts(packed[0]), _parts(pack(own)[0])
    for table in (WINDOWS, OPTIONS, PREFERS, NODE_DUE, NEED_FUND, NEED_LINK, MASKS):
        if len(new[table]):
            parts[table] = np.concatenate((parts[table], new[table]))
    # Tariff 0 is the same in both; the others of the need come after those of the week.
    known = len(parts[TARIFFS]) // 2 - 1
    parts[ENTRIES] = np.concatenate((parts[ENTRIES], new[ENTRIES] + (known << 32)))
    parts[TARIFFS] = np.concatenate((parts[TARIFFS], new[TARIFFS][2:]))
    slots = int((parts[MASK_SLOT] >= 0).sum())
    parts[MASK_SLOT] = np.concatenate((parts[MASK_SLOT], np.where(new[MASK_SLOT] >= 0, new[MASK_SLOT] + slots, -1)))
    for table, rows, before, dtype in (
        (NODES, whole.nodes, len(base.nodes), NODE),
        (VISITS, whole.visits, len(base.visits), VISIT),
        (NEEDS, whole.needs, len(base.needs), NEED),
    ):
        parts[table] = np.concatenate((parts[table], *(_cells(row, dtype) for row in rows[before:])))
    for table, cells in (
        (ENTRY_FIRST, whole.entry_first),
        (FIRST_NODE, np.append(whole.visits["first_node"], len(whole.nodes))),
        (SHIFT_FIRST, whole.shift_first),
        (SHIFT_NODE, whole.shift_node),
        (NEAR, whole.near.ravel()),
        (GROUP_FIRST, whole.group_first),
        (GROUP_NODE, whole.group_node),
        (RESIDENT_FIRST, whole.resident_first),
        (RESIDENT_VISIT, whole.resident_visit),
        (KNOWN_FIRST, whole.known_first),
        (KNOWN_PROVIDER, whole.known_provider),
        (KNOWN_COST, whole.known_cost),
        (COMMUNITY_WEIGHT, whole.community_weight),
        (TABLES, whole.tables.ravel()),
    ):
        parts[table] = cells
    head[VISIT_COUNT], head[NODE_COUNT], head[PLACE_COUNT] = len(whole.visits), len(whole.nodes), len(whole.points)
    head[PTS_PROFILES], head[IS_BOUNDED] = whole.points.size, whole.is_bounded[0]
    head[IS_MONOTONE] = not whole.visits["prefers"].any() and not whole.visits["stability"].any()
    pts = np.concatenate([whole.points.ravel(), whole.profiles["seconds_per_metre"]])
    pts.setflags(write=False)
    return _assembled(head, [np.asarray(part, np.int64) for part in parts]), pts


def repacked(packed: tuple[Longs, Reals], instance: Instance, origin: Longs) -> tuple[Longs, Reals]:
    """Return what `matcher.kernels.cells.pack` returns of an instance, but for the order of tariffs, and for the price of what is impossible anyway.

    Finding out which entries cost the same takes most of packing; most of them cost what they did.

    Parameters
    ----------
    packed
        The week that the instance comes of.
    origin : int64[E]
        The entry of that week that costs the same; -1 where there is none.
    """
    nothing = np.zeros(len(instance.entry_cost), np.int64)
    ins, pts = pack(instance._replace(entry_cost=nothing, entry_price=nothing))
    before = _parts(packed[0])
    known = len(before[TARIFFS]) // 2
    tariff = np.zeros(len(origin), np.int64)  # 0: impossible
    has_one = origin >= 0
    tariff[has_one] = before[ENTRIES][origin[has_one]] >> 32
    new = np.flatnonzero(~has_one & (instance.entry_cost < FAR))
    pairs = np.stack((instance.entry_cost[new], instance.entry_price[new]), axis=1)
    tariffs, of_new = np.unique(pairs, axis=0, return_inverse=True)
    tariff[new] = known + of_new.ravel()
    parts = _parts(ins)
    parts[ENTRIES] = instance.entry_shift.astype(np.int64) | tariff << 32
    parts[TARIFFS] = np.concatenate((before[TARIFFS], tariffs.ravel()))
    return _assembled(ins[:HEAD_CELLS], parts), pts


def _assembled(head: Longs, parts: list[Any]) -> Longs:
    """Return tables with the head that goes with them, read-only: where each starts is put right."""
    starts = HEAD_CELLS + np.concatenate(([0], np.cumsum([len(part) for part in parts])))
    ins = np.concatenate((head, *parts))
    ins[:TABLE_COUNT] = starts[:-1]
    ins.setflags(write=False)
    return ins


def _parts(ins: Longs) -> list[Any]:
    """Return views of the tables of a packed instance, in their order."""
    ends = [*ins[:TABLE_COUNT].tolist(), len(ins)]
    return [ins[low:high] for low, high in itertools.pairwise(ends)]


def _cells(row: Any, dtype: np.dtype[Any]) -> Longs:
    return np.array([int(row[name]) for name in dtype.names or ()], np.int64)
