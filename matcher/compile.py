"""From a problem to an instance: names become indices, rules on people become a sparse list of entries.

Everything that depends on more than one node of a plan (times, teams, limits, funds) is left to the kernels; everything else is decided here, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher import objective
from matcher.entries import Eligibility
from matcher.instance import (
    FAR,
    NEED,
    NODE,
    OPTION,
    PROFILE,
    PROVIDER,
    SHIFT,
    VISIT,
    WEIGHTS,
    WINDOW,
    Instance,
    freeze,
)
from matcher.kernels.eligibility import count_or_fill, find_near
from matcher.people import KINDS
from matcher.travel import Journeys
from matcher.visits import need_of, openings_of

if TYPE_CHECKING:
    from matcher.people import Resident
    from matcher.problem import InForce, Pin, Problem
    from matcher.visits import Visit

GRADES = ("required", "preferred", "unpreferred", "prohibited")
NEAR = 80
SUPERVISION = ("none", "social_worker", "linked")


@dataclass(frozen=True)
class Compiled:
    """An instance and the names of its rows: what `matcher.decode` needs to speak of the domain again."""

    problem: Problem
    instance: Instance
    visits: tuple[Visit, ...]
    rooms: tuple[str, ...]
    eligibility: Eligibility

    def provider_id(self, provider: int) -> str:
        """Return the id of a provider, or of a room, by its row."""
        people = len(self.problem.providers)
        return self.problem.providers[provider].id if provider < people else self.rooms[provider - people]


@dataclass(frozen=True)
class Basis:
    """What is compiled of a week whatever its needs: of its providers, rooms and links. Weeks with the same ones may share it; nothing writes to it.

    Attributes
    ----------
    journeys : Journeys
        Places and times of travel. It knows the places of needs, too, and of all of those that are compiled on it.
    provider : dict of str to int
        The row of each provider.
    links : list of list of int
        The links of each provider, by rising link.
    providers, shifts : structured arrays of `PROVIDER` and `SHIFT`
    counters : int
        How many counters the state needs.
    eligibility : Eligibility
    """

    journeys: Journeys
    provider: dict[str, int]
    links: list[list[int]]
    providers: Any
    shifts: Any
    counters: int
    eligibility: Eligibility

    @classmethod
    def of(cls, problem: Problem) -> Basis:
        """Return the basis of a week."""
        row = {provider.id: i for i, provider in enumerate(problem.providers)}
        links: list[list[int]] = [[] for _ in problem.providers]
        for i, link in enumerate(problem.links):
            for member in link.members:
                links[row[member]].append(i)
        journeys = Journeys(problem)
        providers, shifts = _providers_and_shifts(problem, journeys, row, links)
        counters = _number_counters(problem, providers)
        return cls(journeys, row, links, providers, shifts, counters, Eligibility(problem, problem.visits, row))

    def alone(self, problem: Problem) -> Basis:
        """Return the same for a week of some needs alone, of the same people."""
        return replace(self, eligibility=self.eligibility.of(problem, problem.visits))


def compile_problem(problem: Problem, basis: Basis | None = None) -> Compiled:
    """Return the instance of a problem.

    Raises nothing of its own: a `Problem` is valid by construction.

    Parameters
    ----------
    basis
        What is compiled of it whatever its needs, where that is at hand.
    """
    basis = basis or Basis.of(problem)
    visits, journeys, eligibility = problem.visits, basis.journeys, basis.eligibility
    index = _Index(problem, basis.provider)
    providers, shifts = basis.providers, basis.shifts
    need_table, link_lists, fund_lists = _needs(problem)
    nodes, groups, pins = _nodes(problem, visits, journeys)
    visit_table, windows, options, prefers, musts = _visits(problem, visits, index, pins)
    points = journeys.points
    profiles = np.array([(p.seconds_per_metre, p.table) for p in journeys.profiles], dtype=PROFILE)
    tables = np.array(journeys.tables, dtype=np.int32) if journeys.tables else np.zeros((0, 1, 1), np.int32)
    candidates = eligibility.candidates(pins.only_provider)
    entry_first = np.zeros(len(nodes) + 1, np.int64)
    facts = (nodes, visit_table, shifts, providers, windows)
    empty = np.zeros(0, np.int32)
    count_or_fill(facts, (points, profiles, tables), pins.days, candidates, entry_first, empty, empty, fill=False)
    entry_shift, entry_provider = np.zeros((2, entry_first[-1]), np.int32)
    count_or_fill(facts, (points, profiles, tables), pins.days, candidates, entry_first, entry_shift, entry_provider, fill=True)
    entry_cost, entry_price = eligibility.costs(entry_first, entry_provider)
    paid_nodes = np.add.reduceat(np.append(entry_price > 0, False), np.minimum(entry_first[:-1], len(entry_price))) * (np.diff(entry_first) > 0) > 0
    np.logical_or.at(paid := np.zeros(len(visits), bool), nodes["visit"], paid_nodes)
    visit_table["is_paid"] = paid
    resident_first, resident_visit = _grouped(visit_table["resident"], len(problem.residents))
    group_first, group_node = _grouped(nodes["group"], groups)
    by_shift = np.argsort(entry_shift, kind="stable")
    near = np.full((len(visits), min(NEAR, max(0, len(visits) - 1))), -1, np.int32)
    find_near((nodes, visit_table, windows), (points, profiles, tables), near)
    known_first, known_provider, known_cost = known_of(problem, problem.residents, index.provider)
    instance = Instance(
        nodes=nodes,
        visits=visit_table,
        needs=need_table,
        shifts=shifts,
        providers=providers,
        windows=windows,
        options=options,
        prefers=prefers,
        entry_first=entry_first,
        entry_shift=entry_shift,
        entry_cost=entry_cost,
        entry_price=entry_price,
        shift_first=np.searchsorted(entry_shift[by_shift], np.arange(len(shifts) + 1)).astype(np.int64),
        shift_node=np.repeat(np.arange(len(nodes)), np.diff(entry_first))[by_shift].astype(np.int32),
        near=near,
        group_first=group_first,
        group_node=group_node,
        resident_first=resident_first,
        resident_visit=resident_visit,
        known_first=known_first,
        known_provider=known_provider,
        known_cost=known_cost,
        need_fund=np.array(fund_lists, np.int32),
        need_link=np.array(link_lists, np.int32),
        link_first=_starts(len(link.members) for link in problem.links),
        link_provider=np.array([index.provider[p] for link in problem.links for p in link.members], np.int32),
        link_grade=np.array([GRADES.index(link.grade) for link in problem.links], np.int32),
        provider_link=np.array([i for row in basis.links for i in row], np.int32),
        must_provider=np.array(musts, np.int32),
        fund_amount=np.array([fund.amount for fund in problem.funds], np.int64),
        community_weight=_community_weights(visit_table, len(problem.communities)),
        points=points,
        profiles=profiles,
        tables=tables,
        weights=np.array([tuple(getattr(problem.weights, name) for name in WEIGHTS.names or ())], WEIGHTS),
        counters=np.array([basis.counters], np.int64),
        is_bounded=np.array([_is_bounded(windows, shifts)], np.int64),
    )
    rooms = tuple(room.id for venue in problem.venues for room in venue.rooms)
    return Compiled(problem, freeze(instance), visits, rooms, eligibility)


class _Index:
    """Rows by id."""

    def __init__(self, problem: Problem, provider: dict[str, int]) -> None:
        self.provider = provider
        self.resident = {resident.id: i for i, resident in enumerate(problem.residents)}
        self.community = {community.id: i for i, community in enumerate(problem.communities)}


def _table(rows: list[dict[str, int]], dtype: Any) -> Any:
    """Return a structured array; a field that a row does not have is 0. (Writing an array's fields one by one takes three times as long.)"""
    names = dtype.names
    return np.array([tuple([row.get(name, 0) for name in names]) for row in rows], dtype)


def _starts(lengths: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.concatenate(([0], np.cumsum(np.fromiter(lengths, np.int64)))).astype(np.int32)


def _grouped(keys: Any, count: int) -> tuple[Any, Any]:
    """Return the CSR lists of row numbers by key; negative keys are left out."""
    order = np.argsort(keys, kind="stable")
    order = order[keys[order] >= 0].astype(np.int32)
    return np.searchsorted(keys[order], np.arange(count + 1)).astype(np.int32), order


def known_of(problem: Problem, residents: Iterable[Resident], provider: dict[str, int]) -> tuple[Any, Any, Any]:
    """Return whom residents know, CSR: the first of each, the provider, and what they cost as a face."""
    known = [sorted((provider[p], objective.face(problem.weights, times)) for p, times in r.known.items()) for r in residents]
    flat = [pair for row in known for pair in row]
    return _starts(len(row) for row in known), np.array([p for p, _ in flat], np.int32), np.array([cost for _, cost in flat], np.int64)


def _providers_and_shifts(problem: Problem, journeys: Journeys, row_of: dict[str, int], links_of: list[list[int]]) -> tuple[Any, Any]:
    rooms = [(venue, room) for venue in problem.venues for room in venue.rooms]
    table: list[dict[str, int]] = []
    rows: list[tuple[int, ...]] = []
    first: dict[str, int] = {}
    count: dict[str, int] = {}
    for s, shift in enumerate(problem.shifts):
        p = shift.provider
        first.setdefault(p.id, s)
        count[p.id] = count.get(p.id, 0) + 1
        low, high, length = shift.lunch or (0, 0, 0)
        leg = p.max_leg_minutes * 60 if p.max_leg_minutes is not None else FAR
        rows.append(
            (
                row_of[p.id],
                shift.crew,
                shift.day,
                shift.week,
                journeys.of_base(p),
                journeys.of_profile(p),
                p.returns,
                shift.lunch is not None,
                shift.start,
                shift.end,
                low,
                high,
                length,
                leg,
            )
        )
    weeks, link_start = problem.horizon.weeks, 0
    for i, p in enumerate(problem.providers):
        links = len(links_of[i])
        start, shifts = first.get(p.id, 0), count.get(p.id, 0)
        own = rows[start : start + shifts]
        table.append(
            {
                "kind": KINDS.index(p.kind),
                "supervision": SUPERVISION.index(p.supervision),
                "supervises": p.supervises,
                "link_first": link_start,
                "links": links,
                "has_grades": links > 0,
                "caseload": p.caseload or 0,
                "max_day": p.max_minutes_day * 60 if p.max_minutes_day is not None else FAR,
                "max_week": p.max_minutes_week * 60 if p.max_minutes_week is not None else FAR,
                "shift_first": start,
                "shifts": shifts,
                "offered": objective.offered_minutes(p, sum(b - a for *_, a, b, _low, _high, _length, _leg in own) // 60, weeks),
            }
        )
        link_start += links
    for j, (venue, _room) in enumerate(rooms):
        spans = openings_of(venue, problem.horizon)
        table.append({"kind": 3, "max_day": FAR, "max_week": FAR, "shift_first": len(rows), "shifts": len(spans)})
        base = journeys.of_venue(venue)
        rows.extend((len(problem.providers) + j, 1, a // 86_400, a // 604_800, base, -1, 0, 0, a, b, 0, 0, 0, FAR) for a, b in spans)
    return _table(table, PROVIDER), np.array(rows, SHIFT)


def _number_counters(problem: Problem, providers: Any) -> int:
    """Give each limit a day, a week and each caseload its run of counters; return how many counters there are."""
    used = 0
    providers["day_counter"] = providers["week_counter"] = providers["case_counter"] = -1
    for i, p in enumerate(problem.providers):
        for field, is_limited, length in (
            ("day_counter", p.max_minutes_day is not None, problem.horizon.days),
            ("week_counter", p.max_minutes_week is not None, problem.horizon.weeks),
            ("case_counter", p.caseload is not None, problem.horizon.weeks),
        ):
            if is_limited:
                providers[field][i] = used
                used += length + 1
    return used


def _needs(problem: Problem) -> tuple[Any, list[int], list[int]]:
    rows: list[dict[str, int]] = []
    named = {need_of(pin.visit) for pin in problem.pins} | {need_of(line.visit) for line in problem.in_force}
    breadth = [
        (len(f.categories) if f.categories is not None else 10**6) * (len(f.communities) if f.communities is not None else 10**6)
        for f in problem.funds
    ]
    strong = [i for i, link in enumerate(problem.links) if link.grade in ("required", "preferred")]
    links: list[int] = []
    funds: list[int] = []
    for need in problem.needs:
        community = problem.community_of[need.id]
        may_pay = [
            f
            for f, fund in enumerate(problem.funds)
            if (need.funds is None or fund.id in need.funds)
            and (fund.categories is None or need.category in fund.categories)
            and (fund.communities is None or community in fund.communities)
        ]
        may_pay.sort(key=lambda f: (breadth[f], f))
        rows.append(
            {
                "visits": need.visits,
                "max_providers": need.max_providers or 0,
                "at_least_days": need.spacing.at_least_days,
                "at_most_days": need.spacing.at_most_days or 0,
                "has_first_team": need.first_team is not None,
                "is_numbered": need.first_team is not None or need.id in named,
                "continuity": problem.weights.continuity if need.continuity else 0,
                "fund_first": len(funds),
                "funds": len(may_pay),
                "link_first": len(links),
                "links": len(strong) if need.linked else 0,
            }
        )
        funds.extend(may_pay)
        links.extend(strong if need.linked else ())
    table = _table(rows, NEED)
    table["first_visit"] = np.cumsum(table["visits"]) - table["visits"]
    return table, links, funds


@dataclass
class _Pins:
    """What pins ask, by node and visit."""

    only_provider: dict[int, str]
    days: tuple[Any, Any]
    musts: dict[int, list[str]]


def _nodes(problem: Problem, visits: tuple[Visit, ...], journeys: Journeys) -> tuple[Any, int, _Pins]:
    rows: list[tuple[int, ...]] = []
    groups: dict[tuple[str, str], int] = {}
    pins: dict[str, list[Pin]] = {}
    for pin in problem.pins:
        pins.setdefault(pin.visit, []).append(pin)
    only: dict[int, str] = {}
    musts: dict[int, list[str]] = {}
    days: list[list[int]] = []
    for v, visit in enumerate(visits):
        need = visit.need
        place = -1 if need.place == "remote" else journeys.of_need(need)
        gap = (0, 0)
        if need.meet == "independent":
            gap = (-FAR, FAR)
        elif need.meet == "in_sequence" and need.gap is not None:
            gap = (need.gap.min_minutes * 60, need.gap.max_minutes * 60)
        first = len(rows)
        start = next((pin_start(problem, pin) for pin in pins.get(visit.id, ()) if pin.start is not None), -1)
        for k, role in enumerate(visit.roles):
            group = groups.setdefault((need.id, role.id), len(groups))
            rows.append((v, place, group, 0, role.seconds, *gap, start if k == 0 or need.meet == "together" else -1))
        if need.place == "venue":
            # The room is held as long as the gaps between the roles may make the visit.
            length = max(k * max(0, gap[1]) + role.seconds for k, role in enumerate(visit.roles))
            rows.append((v, -1, -1, 1, length, 0, 0, -1))
        allowed: set[int] | None = None
        for pin in pins.get(visit.id, ()):
            if pin.provider is not None:
                at = next((k for k, role in enumerate(visit.roles) if role.id == pin.role), None)
                at = 0 if at is None and len(visit.roles) == 1 else at
                if at is None:
                    musts.setdefault(v, []).append(pin.provider)
                else:
                    only[first + at] = pin.provider
            if pin.day is not None:
                named = set(problem.horizon.indices(pin.day))
                allowed = named if allowed is None else allowed & named
        days.append(sorted(allowed) if allowed is not None else [])
        days.extend([] for _ in range(len(rows) - first - 1))
    flat = [day for row in days for day in row]
    day_lists = (_starts(len(row) for row in days), np.array(flat, np.int32))
    return np.array(rows, NODE), len(groups), _Pins(only, day_lists, musts)


def pin_start(problem: Problem, pin: Pin) -> int:
    """Return the start that a pin asks for, in seconds from the start of the horizon (a clock time goes with the pin's one day)."""
    from matcher.fields import DAY, seconds_of  # noqa: PLC0415

    if isinstance(pin.start, int):
        return pin.start
    if isinstance(pin.start, str):
        day = problem.horizon.indices(pin.day)[0] if pin.day is not None else 0
        return day * DAY + seconds_of(pin.start)
    assert pin.start is not None
    return problem.horizon.since(pin.start)


def _visits(problem: Problem, visits: tuple[Visit, ...], index: _Index, pins: _Pins) -> tuple[Any, Any, Any, Any, list[int]]:
    rows: list[dict[str, int]] = []
    windows: list[tuple[int, int, int]] = []
    options: list[tuple[int, int]] = []
    prefers: list[tuple[int, int]] = []
    musts: list[int] = []
    residents = {resident.id: resident for resident in problem.residents}
    banked_hours = {provider.id: provider.banked_hours for provider in problem.providers}
    weights, in_force = problem.weights, {line.visit: line for line in problem.in_force}
    pinned = {pin.visit for pin in problem.pins}
    nodes, need = 0, -1
    shared: dict[tuple[int, int], tuple[int, ...]] = {}
    last_need: str | None = None
    for v, visit in enumerate(visits):
        if visit.need.id != last_need:
            need, last_need = need + 1, visit.need.id
        resident = residents[visit.need.resident] if visit.need.resident is not None else None
        line: InForce | None = in_force.get(visit.id)
        hours = banked_hours[resident.volunteer] if resident is not None and resident.volunteer is not None else 0
        stability = weights.stability if line is not None else 0
        key = (need, problem.horizon.since(line.start) if line is not None else -1)
        if key not in shared:
            opens = sorted({(low, high) for low, high in _options(visit.windows, visit.preferred, key[1])})
            shared[key] = (len(windows), len(visit.windows), len(options), len(opens), len(prefers), len(visit.preferred))
            windows.extend(visit.windows)
            options.extend(opens)
            prefers.extend(visit.preferred)
        is_late = any(high > due for _, due, high in visit.windows) and (weights.lateness > 0 or weights.max_lateness > 0)
        rows.append(
            {
                "first_node": nodes,
                "roles": len(visit.roles),
                "nodes": len(visit.roles) + (visit.need.place == "venue"),
                "need": need,
                "number": visit.number,
                "resident": index.resident[resident.id] if resident is not None else -1,
                "community": index.community[visit.community],
                "weight": objective.urgency_weight(weights, visit),
                "loss": objective.loss(weights, visit, hours, line, is_pinned=visit.id in pinned),
                "in_force_start": key[1],
                "stability": stability,
                **dict(zip(("window_first", "windows", "option_first", "options", "prefer_first", "prefers"), shared[key], strict=True)),
                "must_first": len(musts),
                "musts": len(pins.musts.get(v, ())),
                "is_linked": visit.need.linked,
                "is_timed": is_late or (bool(visit.preferred) and weights.preferred_window > 0) or stability > 0,
            }
        )
        nodes += rows[-1]["nodes"]
        musts.extend(index.provider[p] for p in pins.musts.get(v, ()))
    return _table(rows, VISIT), np.array(windows, WINDOW), np.array(options, OPTION), np.array(prefers, OPTION), musts


def _options(windows: Any, preferred: Any, in_force_start: int) -> Any:
    for low, _due, high in windows:
        yield low, high
        for opening, _ in preferred:
            if low < opening <= high:
                yield opening, high
        if low < in_force_start <= high:
            yield in_force_start, high


def _community_weights(visits: Any, communities: int) -> Any:
    weights = np.zeros(communities, np.int64)
    np.add.at(weights, visits["community"], visits["weight"])
    return weights


def _is_bounded(windows: Any, shifts: Any) -> int:
    """Return 0 where no window ends before the shifts do: latest starts would then never forbid anything."""
    if len(windows) == 0 or len(shifts) == 0:
        return 1
    return int(windows["high"].min() < shifts["end"].max())
