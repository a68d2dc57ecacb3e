"""Spare people: how many of a kind, with which skill, on call on which day, would have been enough."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from matcher.fields import DAY, Span
from scenarios.edits.models import AddProviders

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from scenarios.robust.draws import Draw
    from scenarios.robust.follow import Follower

Json = dict[str, Any]
COVER: Final = 0.9
"""Share of the draws in which the spare people recommended are enough."""
LEVEL: Final = 3
"""Of the skill that they are asked for."""


def spare(problem: Problem, row: Json) -> AddProviders:
    """Return the edit that adds the spare people of a row: on call all day, for as long as a usual shift."""
    own = [shift.end - shift.start for shift in problem.shifts if shift.provider.kind == row["kind"]]
    shifts = (Span(day=row["day"], start="08:30", end="17:30"),)
    limit = {"max_minutes_day": max(1, round(statistics.median(own) / 60)), "max_minutes_week": None, "lunch": None, "area": None}
    skills = {row["skill"]: LEVEL} if row["skill"] else None
    return AddProviders(edit="add_providers", seed=1, kind=row["kind"], count=row["people"], shifts=shifts, skills=skills, set=limit)


def spares(problem: Problem, follower: Follower, plan: Plan, weeks: Sequence[Draw], losses: Sequence[dict[str, str]]) -> list[Json]:
    """Return, by kind, skill and day, the spare people who would have been enough in `COVER` of the draws, and the hours they would have given.

    Of one day the hours of services that fell out for want of somebody count, in people: the hours over what one gives in a shift of that kind.
    """
    visits = {visit.id: visit for visit in problem.visits}
    of = {provider.id: provider for provider in problem.providers}
    shifts: dict[str, list[int]] = defaultdict(list)
    for shift in problem.shifts:
        shifts[shift.provider.kind].append(shift.end - shift.start)
    assignments = {assignment.visit: assignment for assignment in plan.assignments}
    short: dict[tuple[str, str, int], list[float]] = defaultdict(lambda: [0.0] * len(weeks))
    for k, (draw, lost) in enumerate(zip(weeks, losses, strict=True)):
        for name, cause in lost.items():
            if cause != "absent":
                continue
            roles = {role.id: role for role in visits[name].roles}
            for service in assignments[name].team:
                day = follower.day(service)
                if (service.provider, day) in draw.absent:
                    skill = max(roles[service.role].role.skills.items(), key=lambda item: (item[1], item[0]), default=("", 0))[0]
                    short[of[service.provider].kind, skill, day][k] += (service.end - service.start).total_seconds() / 3600
    out = []
    for (kind, skill, day), hours in short.items():
        enough = sorted(hours)[max(0, math.ceil(COVER * len(hours)) - 1)]
        usual = statistics.median(shifts[kind]) / 3600
        out.append(
            {
                "kind": kind,
                "skill": skill or None,
                "day": problem.horizon.moment(day * DAY).date().isoformat(),
                "people": math.ceil(enough / usual - 1e-9) if enough else 0,
                "hours": round(enough, 2),
                "expected_hours": round(statistics.fmean(hours), 3),
            }
        )
    return sorted(out, key=lambda row: (-row["people"], -row["expected_hours"], row["kind"], str(row["skill"]), row["day"]))
