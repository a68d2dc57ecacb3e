"""The problem as read-only arrays: integer indices, integer seconds and costs, sparse eligibility. No strings, no objects.

Prose names: `V` visits, `N` nodes (one for each role of a visit, and one for the room of a visit at a venue), `S` shifts (of each crew, and the
openings of each room), `P` providers followed by rooms, `E` entries (a node and a shift that may hold it), `W` windows, `L` places.

A table (`nodes`, `visits`, ...) is a structured array: one row for each thing, one field for each fact. Rows stay together in memory, which is how
the kernels read them, and an Instance of few arrays is cheap to hand from kernel to kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FAR = 1 << 40
"""A time later, and a cost higher, than any that occurs; sums of a few thousand of it still fit int64."""

Table = npt.NDArray[Any]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

NODE = np.dtype(
    [
        ("visit", "i4"),
        ("place", "i4"),  # -1: remote, or a room
        ("group", "i4"),  # nodes of one need and role name, over its visits; -1 for a room
        ("is_room", "i4"),
        ("seconds", "i8"),
        ("gap_low", "i8"),  # seconds from the start of the role before it to this one's, at least and at most; a room starts with the first role
        ("gap_high", "i8"),
        ("pin", "i8"),  # the start that a pin asks for, -1: none
    ],
    align=True,
)
VISIT = np.dtype(
    [
        ("first_node", "i4"),
        ("nodes", "i4"),  # the room's included, which stands last
        ("roles", "i4"),
        ("need", "i4"),
        ("resident", "i4"),  # -1: none
        ("community", "i4"),
        ("window_first", "i4"),
        ("windows", "i4"),
        ("option_first", "i4"),
        ("options", "i4"),
        ("prefer_first", "i4"),
        ("prefers", "i4"),
        ("must_first", "i4"),  # providers that a pin wants in any role
        ("musts", "i4"),
        ("number", "i4"),
        ("is_linked", "i4"),
        ("is_timed", "i4"),  # its cost depends on when it starts
        ("is_paid", "i4"),  # some entry costs money
        ("weight", "i8"),  # urgency weight
        ("loss", "i8"),  # what it costs to leave it out, equity aside
        ("in_force_start", "i8"),  # -1: not in the plan in force
        ("stability", "i8"),  # what it costs to start at another time than in the plan in force
    ],
    align=True,
)
NEED = np.dtype(
    [
        ("first_visit", "i4"),
        ("visits", "i4"),
        ("at_least_days", "i4"),
        ("at_most_days", "i4"),  # 0: no limit
        ("is_numbered", "i4"),  # its visits are not interchangeable
        ("has_first_team", "i4"),
        ("max_providers", "i4"),  # 0: no limit
        ("fund_first", "i4"),
        ("funds", "i4"),
        ("link_first", "i4"),  # links whose members may be the team, where the need says linked
        ("links", "i4"),
        ("continuity", "i8"),  # cost of each provider after the first
    ],
    align=True,
)
SHIFT = np.dtype(
    [
        ("provider", "i4"),
        ("crew", "i4"),
        ("day", "i4"),
        ("week", "i4"),
        ("base", "i4"),
        ("profile", "i4"),  # -1: a room, where nothing travels
        ("returns", "i4"),
        ("has_lunch", "i4"),
        ("start", "i8"),
        ("end", "i8"),
        ("lunch_low", "i8"),
        ("lunch_high", "i8"),
        ("lunch", "i8"),
        ("max_leg", "i8"),
    ],
    align=True,
)
PROVIDER = np.dtype(
    [
        ("kind", "i4"),  # 0 volunteer, 1 social worker, 2 organization, 3 room
        ("supervision", "i4"),  # 0 none, 1 any social worker, 2 a linked one
        ("supervises", "i4"),
        ("link_first", "i4"),
        ("links", "i4"),
        ("has_grades", "i4"),  # some link of it has a bearing on which teams it may join or what they cost
        ("day_counter", "i4"),  # first of its counters of seconds a day, -1: no limit a day
        ("week_counter", "i4"),
        ("case_counter", "i4"),
        ("caseload", "i4"),
        ("max_day", "i8"),  # seconds
        ("max_week", "i8"),
        ("offered", "i8"),  # minutes, 0: has no share of the work
        ("shift_first", "i4"),
        ("shifts", "i4"),
    ],
    align=True,
)
WINDOW = np.dtype([("low", "i8"), ("due", "i8"), ("high", "i8")], align=True)
OPTION = np.dtype([("low", "i8"), ("high", "i8")], align=True)
PROFILE = np.dtype([("seconds_per_metre", "f8"), ("table", "i4")], align=True)
WEIGHTS = np.dtype(
    [
        (name, "i8")
        for name in (
            "lateness",
            "max_lateness",
            "preferred_window",
            "travel",
            "waiting",
            "workload",
            "equity",
            "pairing",
            "new_face",
        )
    ],
    align=True,
)

VOLUNTEER, SOCIAL_WORKER, ORGANIZATION, ROOM = 0, 1, 2, 3
REQUIRED, PREFERRED, UNPREFERRED, PROHIBITED = 0, 1, 2, 3


class Instance(NamedTuple):
    """Read-only arrays that kernels run on; made by `matcher.compile` only, which also freezes them.

    Attributes
    ----------
    nodes, visits, needs, shifts, providers : structured arrays of `NODE`, `VISIT`, ...
        The visits of a need and the nodes of a visit stand together.
    windows : WINDOW[W]
        Start windows: earliest, latest without lateness, latest with it; `VISIT.window_first` points into it.
    options : OPTION[O]
        Earliest starts that are worth choosing between (window openings, preferred openings, the start in force), each with the
        latest start of its window.
    prefers : OPTION[...]
        Preferred windows.
    entry_first : int32[N + 1]
        Entries of node n are ``entry_first[n]`` up to ``entry_first[n + 1]``, by rising shift.
    entry_shift : int32[E]
    entry_cost : int64[E]
        The cost of that node in that shift that depends on nothing else: stand-in, preferred person, rating, money, stability.
    entry_price : int64[E]
        The part of it that a fund pays, in fen.
    shift_first, shift_node : CSR of the entries the other way round, the nodes that each shift may hold.
    near : int32[V, K]
        Visits that are near in place and time, the nearest first; -1 where there are no more.
    group_first, group_node : the nodes of each role name of a need.
    resident_first, resident_visit : the visits of each resident.
    known_first, known_provider, known_cost : what a provider whom the resident knows costs as a face, in place of `WEIGHTS.new_face`.
    need_fund : funds that may pay for a need, the least useful for others first; `NEED.fund_first` points into it.
    need_link, link_first, link_provider, link_grade : links, their members, their grades.
    provider_link : the links of each provider, by rising link.
    must_provider : providers whom a pin wants in any role.
    fund_amount : int64[F], fen.
    community_weight : int64[C]
        Urgency weight of all visits of the community.
    points : float64[L, 3], profiles : PROFILE[...], tables : int32[T, L, L]
        Travel, as in `matcher.travel`.
    weights : WEIGHTS[1]
    counters : int64[1]
        How many counters the state needs for limits a day, a week and for caseloads.
    is_bounded : int64[1]
        1 where starts have latest times worth keeping up to date; 0 where lateness is open-ended.
    """

    nodes: Table
    visits: Table
    needs: Table
    shifts: Table
    providers: Table
    windows: Table
    options: Table
    prefers: Table
    entry_first: Longs
    entry_shift: Ints
    entry_cost: Longs
    entry_price: Longs
    shift_first: Longs
    shift_node: Ints
    near: Ints
    group_first: Ints
    group_node: Ints
    resident_first: Ints
    resident_visit: Ints
    known_first: Ints
    known_provider: Ints
    known_cost: Longs
    need_fund: Ints
    need_link: Ints
    link_first: Ints
    link_provider: Ints
    link_grade: Ints
    provider_link: Ints
    must_provider: Ints
    fund_amount: Longs
    community_weight: Longs
    points: npt.NDArray[np.float64]
    profiles: Table
    tables: npt.NDArray[np.int32]
    weights: Table
    counters: Longs
    is_bounded: Longs


def freeze(instance: Instance) -> Instance:
    """Make every array C-contiguous and read-only. The only place that does: frozen and unfrozen arrays would compile twice."""
    arrays = [np.ascontiguousarray(array) for array in instance]
    for array in arrays:
        array.setflags(write=False)
    return Instance(*arrays)


def nodes_of_entries(instance: Instance) -> Longs:
    """Return the node of each entry."""
    return np.repeat(np.arange(len(instance.nodes)), np.diff(instance.entry_first))
