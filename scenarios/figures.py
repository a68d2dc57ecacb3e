"""What a plan of a week comes to, in the figures that planners compare: by category, community, reason, kind and fund, and as flat measures.

Weights of urgency are those of a yardstick week, the one before any edit, so that a scenario that changes urgencies is measured as all others are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from matcher.objective import urgency_weight
from matcher.people import KINDS

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.visits import Visit

Json = dict[str, Any]

GOOD: Final[dict[str, int]] = {
    "rate": 1,
    "unserved": -1,
    "visits_unserved": -1,
    "worst_community": 1,
    "gini_communities": -1,
    "one_person": 1,
    "faces": -1,
    "travel_hours": -1,
    "yuan": -1,
    "cost": -1,
}
"""Measures of which more is better (1) or worse (-1); of the others neither is."""

SHARES: Final = frozenset({"rate", "worst_community", "gini_communities", "gini_volunteers", "one_person", "use_volunteers"})
"""Measures from 0 to 1."""


def figures_of(problem: Problem, plan: Plan, cost: int, *, yardstick: Problem | None = None) -> Json:
    """Return the figures of a plan as plain JSON values.

    Parameters
    ----------
    cost
        What the plan costs, by the weights of its own problem.
    yardstick
        The week whose weights and urgencies measure; the problem itself if left out. Needs that it does not have count at their own urgency.

    Returns
    -------
    dict
        ``measures``: numbers by name (`GOOD` says which way is better; shares from 0 to 1, hours, yuan, points of urgency weight);
        ``categories``, ``communities``, ``districts``: visits and urgency weight asked and served; ``reasons``: what is left out by rule;
        ``kinds``: providers, services and minutes; ``funds``: fen had and spent.
    """
    weigh = _weigher(problem, yardstick or problem)
    served = {assignment.visit for assignment in plan.assignments}
    groups = {name: _groups(problem, served, weigh, name) for name in ("categories", "communities", "districts")}
    reasons: Json = {}
    visit_of = {visit.id: visit for visit in problem.visits}
    for left in plan.unassigned:
        row = reasons.setdefault(str(left.rule), {"visits": 0, "urgency": 0})
        row["visits"] += 1
        row["urgency"] += weigh(visit_of[left.visit])
    kinds, minutes = _kinds(problem, plan)
    funds = _funds(problem, plan)
    asked = sum(weigh(visit) for visit in problem.visits)
    got = sum(weigh(visit) for visit in problem.visits if visit.id in served)
    rates = [row["urgency_served"] / row["urgency"] for row in groups["communities"].values() if row["urgency"]]
    offered = _offered(problem)
    uses = [minutes.get(one.id, 0) / offered[one.id] for one in problem.providers if one.kind == "volunteer" and offered[one.id]]
    faces, one_person = _continuity(problem, plan)
    assert plan.figures is not None
    measures = {
        "rate": got / asked if asked else 1.0,
        "served": got,
        "unserved": asked - got,
        "visits_served": len(served),
        "visits_unserved": len(problem.visits) - len(served),
        "worst_community": min(rates, default=1.0),
        "gini_communities": gini(rates),
        "gini_volunteers": gini(uses),
        "use_volunteers": sum(uses) / len(uses) if uses else 0.0,
        "faces": faces,
        "one_person": one_person,
        "travel_hours": plan.figures.travel_seconds / 3600,
        "yuan": sum(row["spent"] for row in funds.values()) / 100,
        "cost": cost,
        **{f"hours_{kind}": row["minutes"] / 60 for kind, row in kinds.items()},
    }
    return {"measures": measures, **groups, "reasons": reasons, "kinds": kinds, "funds": funds}


def places_of(problem: Problem) -> list[Json]:
    """Return where the communities lie, for maps: degrees east and north, or metres of a plane; none where any has no place."""
    out: list[Json] = []
    for community in problem.communities:
        place = community.location
        if place is None or place.row is not None:
            return []
        is_degrees = place.lat is not None
        x, y = (place.lon, place.lat) if is_degrees else (place.x, place.y)
        out.append({"id": community.id, "name": community.name, "x": x, "y": y, "is_degrees": is_degrees})
    return out


def _weigher(problem: Problem, yardstick: Problem) -> Callable[[Visit], int]:
    weight = {visit.need.id: urgency_weight(yardstick.weights, visit) for week in (problem, yardstick) for visit in week.visits}
    return lambda visit: weight[visit.need.id]


def _groups(problem: Problem, served: set[str], weigh: Callable[[Visit], int], name: str) -> Json:
    place = {item.id: item for item in problem.communities}

    def group(visit: Visit) -> tuple[str, str]:
        community = place[visit.community]
        if name == "categories":
            return visit.need.category, visit.need.category
        if name == "communities":
            return community.id, community.name or community.id
        return community.district, community.district

    rows: Json = {}
    for visit in problem.visits:
        key, label = group(visit)
        row = rows.setdefault(key, {"name": label, "visits": 0, "visits_served": 0, "urgency": 0, "urgency_served": 0})
        row["visits"] += 1
        row["urgency"] += weigh(visit)
        if visit.id in served:
            row["visits_served"] += 1
            row["urgency_served"] += weigh(visit)
    for key, row in rows.items():
        if name == "categories":
            category = problem.category[key]
            row["name_zh"], row["name_en"] = category.name_zh or key, category.name_en or key
    return dict(sorted(rows.items()))


def _kinds(problem: Problem, plan: Plan) -> tuple[Json, dict[str, int]]:
    minutes: dict[str, int] = defaultdict(int)
    services: dict[str, int] = defaultdict(int)
    for assignment in plan.assignments:
        for service in assignment.team:
            minutes[service.provider] += round((service.end - service.start).total_seconds() / 60)
            services[service.provider] += 1
    offered = _offered(problem)
    rows: Json = {}
    for kind in KINDS:
        own = [one.id for one in problem.providers if one.kind == kind and offered[one.id]]
        rows[kind] = {
            "providers": len(own),
            "serving": sum(1 for name in own if services[name]),
            "services": sum(services[name] for name in own),
            "minutes": sum(minutes[name] for name in own),
            "offered": sum(offered[name] for name in own),
        }
    return rows, dict(minutes)


def _offered(problem: Problem) -> dict[str, int]:
    """Return the minutes of shifts that each provider offers, those of all crews together."""
    offered = dict.fromkeys((one.id for one in problem.providers), 0)
    for shift in problem.shifts:
        offered[shift.provider.id] += (shift.end - shift.start) // 60
    return offered


def _funds(problem: Problem, plan: Plan) -> Json:
    assert plan.figures is not None
    of = {fund.id: fund for fund in problem.funds}
    return {
        row.fund: {"name": of[row.fund].name or row.fund, "source": of[row.fund].source, "amount": row.amount, "spent": row.spent}
        for row in plan.figures.funds
    }


def _continuity(problem: Problem, plan: Plan) -> tuple[float, float]:
    """Return the different providers of a resident with two or more services, on average; and the share of repeated needs served by the same team."""
    resident = {need.id: need.resident for need in problem.needs}
    people: dict[str, list[str]] = defaultdict(list)
    roles: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for assignment in plan.assignments:
        need = assignment.visit.rpartition("#")[0]
        for service in assignment.team:
            if resident[need] is not None:
                people[str(resident[need])].append(service.provider)
            roles[need][service.role].append(service.provider)
    several = [len(set(names)) for names in people.values() if len(names) > 1]
    repeated = [all(len(set(names)) == 1 for names in of.values()) for of in roles.values() if max(map(len, of.values())) > 1]
    return (sum(several) / len(several) if several else 0.0), (sum(repeated) / len(repeated) if repeated else 1.0)


def gini(values: Iterable[float]) -> float:
    """Return the Gini coefficient of numbers that are not negative: 0 where all are alike, towards 1 where one has everything."""
    ranked = sorted(values)
    total = sum(ranked)
    if not ranked or total <= 0:
        return 0.0
    count = len(ranked)
    return sum((2 * rank - count - 1) * value for rank, value in enumerate(ranked, start=1)) / (count * total)


def flat(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return every number that is compared, by a name with dots: the measures, and the rates, reasons, kinds and funds of the tables."""
    out = {name: float(value) for name, value in figures["measures"].items()}
    for table in ("categories", "communities", "districts"):
        for key, row in figures[table].items():
            if row["urgency"]:
                out[f"{table}.{key}"] = row["urgency_served"] / row["urgency"]
    for rule, row in figures["reasons"].items():
        out[f"reasons.{rule}"] = float(row["urgency"])
    for kind, row in figures["kinds"].items():
        out[f"kinds.{kind}"] = row["minutes"] / 60
    for fund, row in figures["funds"].items():
        out[f"funds.{fund}"] = row["spent"] / 100
    return out
