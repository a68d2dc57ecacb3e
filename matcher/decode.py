"""From routes back to a plan: indices become names, seconds become dates, absent visits get their reason."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from matcher.kernels.routes import FUND, IS_IN, NONE, SHIFT, START, Routes, view
from matcher.people import KINDS
from matcher.plan import (
    Assignment,
    Figures,
    FundFigure,
    KindFigure,
    Labels,
    NeedLabel,
    Plan,
    ProviderLabel,
    Service,
    Unassigned,
)
from matcher.reasons import Reasons
from matcher.rules import Rule

if TYPE_CHECKING:
    from matcher.compile import Compiled
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals


def decode(
    compiled: Compiled,
    state: Longs,
    like: Plan | None = None,
    *,
    with_reasons: bool = True,
    packed: tuple[Longs, Reals] | None = None,
    over: Container[str] = (),
) -> Plan:
    """Return the plan that a state holds: a pure function of the two.

    Parameters
    ----------
    like
        A plan that may be much the same: assignments and labels that are equal are taken from it rather than made again, which is quicker.
    with_reasons
        Whether the plan says of each visit left out what stopped it. Without, it does not mention them, which the verifier takes for left out too:
        for plans that are only counted.
    packed
        The instance as kernels take it, where it is at hand: reasons are found by kernels.
    over
        Visits whose time is over: where one is left out, that is why, whatever else would have stopped it.
    """
    assignments = assignments_of(compiled, state, like)
    unassigned: list[Unassigned] = []
    if with_reasons:
        served = {item.visit for item in assignments}
        absent = [(v, visit.id) for v, visit in enumerate(compiled.visits) if visit.id not in served]
        reasons = Reasons(compiled, state, packed).of_all(v for v, name in absent if name not in over)
        unassigned.extend(Unassigned(visit=name, rule=Rule.WINDOW) if name in over else next(reasons) for _, name in absent)
    return Plan(
        problem=compiled.problem.digest,
        assignments=tuple(assignments),
        unassigned=tuple(unassigned),
        figures=_figures(compiled, view(state)),
        labels=_labels(compiled, assignments, unassigned, like.labels if like is not None else None),
    )


def assignments_of(compiled: Compiled, state: Longs, like: Plan | None = None) -> list[Assignment]:
    """Return who serves which visit in a state, in the order of the visits; `like` as in `decode`."""
    routes = view(state)
    holder = dict(numbered(compiled, routes, range(len(compiled.instance.needs))))
    made = {assignment.visit: assignment for assignment in like.assignments} if like is not None else {}
    tables = Tables(compiled, routes)
    return [tables.assignment(visit.id, holder[v], made.get(visit.id)) for v, visit in enumerate(compiled.visits) if v in holder]


def numbered(compiled: Compiled, routes: Routes, needs: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield each served visit of some needs (rows) with the visit whose place in the routes it takes.

    Visits of a need whose order does not matter are interchangeable in the search; here they are numbered in order of time, with room
    left in gaps that are longer than the need allows between neighbours.
    """
    instance = compiled.instance
    is_in, nodes = routes.visit[:, IS_IN], instance.visits["first_node"]
    for row in needs:
        need = instance.needs[row]
        first, count = int(need["first_visit"]), int(need["visits"])
        placed = [v for v in range(first, first + count) if is_in[v]]
        if need["is_numbered"] or count == 1:
            yield from ((v, v) for v in placed)
            continue
        placed.sort(key=lambda v: (int(instance.shifts[routes.node[nodes[v], SHIFT]]["day"]), int(routes.node[nodes[v], START])))
        at, day_before = first - 1, 0
        for v in placed:
            day = int(instance.shifts[routes.node[nodes[v], SHIFT]]["day"])
            step = 1
            if at >= first and need["at_most_days"]:
                step = max(1, -(-(day - day_before) // int(need["at_most_days"])))
            at, day_before = at + step, day
            yield at, v


class Tables:
    """What assignments are written from, as plain lists: a look into an array costs more than into a list.

    Parameters
    ----------
    like
        Tables of other routes of the same week: what the two have in common is taken from them.
    """

    def __init__(self, compiled: Compiled, routes: Routes, like: Tables | None = None) -> None:
        if like is not None:
            vars(self).update(vars(like))
            self._shift, self._start, self._fund = (routes.node[:, field].tolist() for field in (SHIFT, START, FUND))
            return
        instance = compiled.instance
        self._compiled, self._horizon = compiled, compiled.problem.horizon
        self._first, self._nodes = instance.visits["first_node"].tolist(), instance.visits["nodes"].tolist()
        self._is_room, self._seconds = instance.nodes["is_room"].tolist(), instance.nodes["seconds"].tolist()
        self._provider, self._crew = instance.shifts["provider"].tolist(), instance.shifts["crew"].tolist()
        self._shift, self._start, self._fund = (routes.node[:, field].tolist() for field in (SHIFT, START, FUND))

    def assignment(self, name: str, v: int, made: Assignment | None) -> Assignment:
        """Return the assignment of a visit that takes the place of visit v in the routes; the one that is made already, where it says the same."""
        compiled, rows, room = self._compiled, [], None
        for k, n in enumerate(range(self._first[v], self._first[v] + self._nodes[v])):
            shift = self._shift[n]
            who = compiled.provider_id(self._provider[shift])
            if self._is_room[n]:
                room = who
                continue
            fund = self._fund[n]
            start = self._horizon.moment(self._start[n])
            rows.append((compiled.visits[v].roles[k].id, who, self._crew[shift], start, compiled.problem.funds[fund].id if fund != NONE else None, n))
        if made is not None and made.room == room and len(made.team) == len(rows):
            same = zip(made.team, rows, strict=True)
            if all((old.role, old.provider, old.crew, old.start, old.fund) == row[:5] for old, row in same):
                return made
        services = [
            Service(role=role, provider=who, crew=crew, start=start, end=self._horizon.moment(self._start[n] + self._seconds[n]), fund=fund)
            for role, who, crew, start, fund, n in rows
        ]
        return Assignment(visit=name, team=tuple(services), room=room)


def _figures(compiled: Compiled, routes: Routes) -> Figures:
    from matcher.kernels.routes import WAIT  # noqa: PLC0415

    instance, problem = compiled.instance, compiled.problem
    is_in = routes.visit[:, IS_IN] == 1
    weight = instance.visits["weight"]
    placed = routes.node[:, SHIFT] != NONE
    people = placed & (instance.nodes["is_room"] == 0)
    who = instance.shifts["provider"][routes.node[people, SHIFT]]
    kind = instance.providers["kind"]
    minutes = np.zeros(len(instance.providers), np.int64)
    np.add.at(minutes, who, instance.nodes["seconds"][people] // 60)
    services = np.bincount(who, minlength=len(instance.providers))
    return Figures(
        visits=len(is_in),
        assigned=int(is_in.sum()),
        urgency_weight=int(weight.sum()),
        urgency_weight_assigned=int(weight[is_in].sum()),
        travel_seconds=_travel(instance, routes),
        waiting_seconds=int(routes.node[people, WAIT].sum()),
        kinds=tuple(
            KindFigure(
                kind=name,
                providers=int((kind == k).sum()),
                serving=int((services[kind == k] > 0).sum()),
                services=int(services[kind == k].sum()),
                minutes=int(minutes[kind == k].sum()),
            )
            for k, name in enumerate(KINDS)
        ),
        funds=tuple(
            FundFigure(fund=fund.id, amount=_yuan(fund.amount), spent=_yuan(int(spent)))
            for fund, spent in zip(problem.funds, routes.fund, strict=True)
        ),
    )


def _travel(instance: Instance, routes: Routes) -> int:
    """Return the seconds of all ways, by the arithmetic of `matcher.travel`, which is the same to the last bit here."""
    from matcher.kernels.routes import HEAD, NEXT  # noqa: PLC0415

    places, following = instance.nodes["place"].tolist(), routes.node[:, NEXT].tolist()
    profiles, bases, returns = (instance.shifts[name].tolist() for name in ("profile", "base", "returns"))
    legs: list[tuple[int, int, int]] = []
    for s, n in enumerate(routes.shift[:, HEAD].tolist()):
        if n == NONE or profiles[s] < 0:
            continue
        at = bases[s]
        while n != NONE:
            if places[n] >= 0:
                legs.append((profiles[s], at, places[n]))
                at = places[n]
            n = following[n]
        if returns[s]:
            legs.append((profiles[s], at, bases[s]))
    if not legs:
        return 0
    profile, origin, end = np.array(legs).T
    table = instance.profiles["table"][profile]
    dx, dy, dz = (instance.points[origin] - instance.points[end]).T
    straight = np.ceil(np.sqrt(dx * dx + dy * dy + dz * dz) * instance.profiles["seconds_per_metre"][profile]).astype(np.int64)
    return int(np.where(table >= 0, instance.tables[table, origin, end], straight).sum() if len(instance.tables) else straight.sum())


def _yuan(fen: int) -> int:
    from matcher.fields import Fen  # noqa: PLC0415

    return Fen(fen)


def _labels(compiled: Compiled, assignments: list[Assignment], unassigned: list[Unassigned], like: Labels | None) -> Labels:
    problem = compiled.problem
    made = like.needs if like is not None else {}
    community = {item.id: item.name or item.id for item in problem.communities}
    needs = {}
    for need in problem.needs:
        category = problem.category[need.category]
        words = (need.title, category.name_zh or category.id, category.name_en or category.id, community[problem.community_of[need.id]])
        old = made.get(need.id)
        if old is None or (old.title, old.category_zh, old.category_en, old.community, old.urgency, old.place) != (*words, need.urgency, need.place):
            title, category_zh, category_en, name = words
            old = NeedLabel(title=title, category_zh=category_zh, category_en=category_en, community=name, urgency=need.urgency, place=need.place)
        needs[need.id] = old
    serving = {service.provider for assignment in assignments for service in assignment.team}
    serving |= {str(item.change["provider"]) for item in unassigned if item.change and "provider" in item.change}
    providers = {
        p.id: ProviderLabel(name=p.name, kind=p.kind, community=community.get(p.community or "", "")) for p in problem.providers if p.id in serving
    }
    used = {assignment.room for assignment in assignments}
    rooms = {room.id: venue.name or venue.id for venue in problem.venues for room in venue.rooms if room.id in used}
    return Labels(needs=needs, providers=providers, rooms=rooms, funds={fund.id: fund.name for fund in problem.funds})
