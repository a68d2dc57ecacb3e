"""From routes back to a plan: indices become names, seconds become dates, absent visits get their reason."""

from __future__ import annotations

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
)
from matcher.reasons import Reasons

if TYPE_CHECKING:
    from matcher.compile import Compiled
    from matcher.instance import Longs
    from matcher.plan import Unassigned


def decode(compiled: Compiled, state: Longs) -> Plan:
    """Return the plan that a state holds: a pure function of the two."""
    routes = view(state)
    holder = _numbered(compiled, routes)
    assignments, unassigned = [], []
    reasons = Reasons(compiled, state)
    for v, visit in enumerate(compiled.visits):
        w = holder[v]
        if w == NONE:
            unassigned.append(reasons.of(v))
        else:
            assignments.append(_assignment(compiled, routes, visit.id, w))
    return Plan(
        problem=compiled.problem.digest,
        assignments=tuple(assignments),
        unassigned=tuple(unassigned),
        figures=_figures(compiled, routes),
        labels=_labels(compiled, assignments, unassigned),
    )


def _numbered(compiled: Compiled, routes: Routes) -> list[int]:
    """Return for each visit the one whose place it takes, NONE if it is left out.

    Visits of a need whose order does not matter are interchangeable in the search; here they are numbered in order of time, with room
    left in gaps that are longer than the need allows between neighbours.
    """
    instance = compiled.instance
    holder = [NONE] * len(instance.visits)
    for need in instance.needs:
        first, count = int(need["first_visit"]), int(need["visits"])
        placed = [v for v in range(first, first + count) if routes.visit[v, IS_IN]]
        if need["is_numbered"] or count == 1:
            for v in placed:
                holder[v] = v
            continue
        node = instance.visits["first_node"]
        placed.sort(key=lambda v: (int(instance.shifts[routes.node[node[v], SHIFT]]["day"]), int(routes.node[node[v], START])))
        at, day_before = first - 1, 0
        for v in placed:
            day = int(instance.shifts[routes.node[node[v], SHIFT]]["day"])
            step = 1
            if at >= first and need["at_most_days"]:
                step = max(1, -(-(day - day_before) // int(need["at_most_days"])))
            at, day_before = at + step, day
            holder[at] = v
    return holder


def _assignment(compiled: Compiled, routes: Routes, visit_id: str, v: int) -> Assignment:
    instance, problem = compiled.instance, compiled.problem
    row, services, room = instance.visits[v], [], None
    for k in range(int(row["nodes"])):
        n = int(row["first_node"]) + k
        shift = instance.shifts[routes.node[n, SHIFT]]
        who = compiled.provider_id(int(shift["provider"]))
        if instance.nodes[n]["is_room"]:
            room = who
            continue
        start, fund = int(routes.node[n, START]), int(routes.node[n, FUND])
        services.append(
            Service(
                role=compiled.visits[v].roles[k].id,
                provider=who,
                crew=int(shift["crew"]),
                start=problem.horizon.moment(start),
                end=problem.horizon.moment(start + int(instance.nodes[n]["seconds"])),
                fund=problem.funds[fund].id if fund != NONE else None,
            )
        )
    return Assignment(visit=visit_id, team=tuple(services), room=room)


def _figures(compiled: Compiled, routes: Routes) -> Figures:
    from matcher.kernels.routes import HEAD, NEXT, WAIT  # noqa: PLC0415
    from matcher.travel import Journeys  # noqa: PLC0415

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
    journeys, travel = Journeys(problem), 0
    for s in np.flatnonzero(routes.shift[:, HEAD] != NONE).tolist():
        shift = instance.shifts[s]
        if shift["profile"] < 0:
            continue
        provider, n = problem.providers[int(shift["provider"])], int(routes.shift[s, HEAD])
        at = base = int(shift["base"])
        while n != NONE:
            place = int(instance.nodes[n]["place"])
            if place >= 0:
                travel += journeys.seconds(provider, at, place)
                at = place
            n = int(routes.node[n, NEXT])
        travel += journeys.seconds(provider, at, base) if shift["returns"] else 0
    return Figures(
        visits=len(is_in),
        assigned=int(is_in.sum()),
        urgency_weight=int(weight.sum()),
        urgency_weight_assigned=int(weight[is_in].sum()),
        travel_seconds=travel,
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


def _yuan(fen: int) -> int:
    from matcher.fields import Fen  # noqa: PLC0415

    return Fen(fen)


def _labels(compiled: Compiled, assignments: list[Assignment], unassigned: list[Unassigned]) -> Labels:
    problem = compiled.problem
    community = {item.id: item.name or item.id for item in problem.communities}
    needs = {}
    for need in problem.needs:
        category = problem.category[need.category]
        needs[need.id] = NeedLabel(
            title=need.title,
            category_zh=category.name_zh or category.id,
            category_en=category.name_en or category.id,
            community=community[problem.community_of[need.id]],
            urgency=need.urgency,
            place=need.place,
        )
    serving = {service.provider for assignment in assignments for service in assignment.team}
    serving |= {str(item.change["provider"]) for item in unassigned if item.change and "provider" in item.change}
    providers = {
        p.id: ProviderLabel(name=p.name, kind=p.kind, community=community.get(p.community or "", "")) for p in problem.providers if p.id in serving
    }
    used = {assignment.room for assignment in assignments}
    rooms = {room.id: venue.name or venue.id for venue in problem.venues for room in venue.rooms if room.id in used}
    return Labels(needs=needs, providers=providers, rooms=rooms, funds={fund.id: fund.name for fund in problem.funds})
