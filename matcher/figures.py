"""The figures of a plan from anywhere, counted from what it says. Plans of the engine get the same ones as they are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.fields import Fen
from matcher.objective import urgency_weight
from matcher.people import KINDS
from matcher.plan import Figures, FundFigure, KindFigure
from matcher.verifier.reading import read

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem


def figures_of(problem: Problem, plan: Plan) -> Figures:
    """Return the figures of a plan: how much is served, by whom, at what price.

    Travel and waiting are those of routes; a service that no shift of its provider holds is on none, and counts without its way.

    Raises
    ------
    PlanError
        If the plan is of another problem, or speaks of what the problem does not have.
    """
    reading = read(problem, plan)
    weights = {visit.id: urgency_weight(problem.weights, visit) for visit in problem.visits}
    kinds = {kind: [service for service in reading.services if service.provider.kind == kind] for kind in KINDS}
    spent: dict[str, int] = {}
    for service in reading.services:
        if service.fund is not None:
            spent[service.fund.id] = spent.get(service.fund.id, 0) + service.price
    waiting = 0
    for route in reading.routes:
        for before, after, leg in zip(route.services, route.services[1:], route.legs[1:], strict=False):
            waiting += max(0, after.start - before.end - leg)
    return Figures(
        visits=len(weights),
        assigned=len(reading.assigned),
        urgency_weight=sum(weights.values()),
        urgency_weight_assigned=sum(weights[name] for name in reading.assigned),
        travel_seconds=sum(sum(route.legs) + route.back for route in reading.routes),
        waiting_seconds=waiting,
        kinds=tuple(
            KindFigure(
                kind=kind,
                providers=sum(provider.kind == kind for provider in problem.providers),
                serving=len({service.provider.id for service in services}),
                services=len(services),
                minutes=sum(service.role.minutes for service in services),
            )
            for kind, services in kinds.items()
        ),
        funds=tuple(FundFigure(fund=fund.id, amount=Fen(fund.amount), spent=Fen(spent.get(fund.id, 0))) for fund in problem.funds),
    )
