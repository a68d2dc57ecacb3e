"""Random events for random weeks."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

KINDS = ("absent", "hours", "extra_hours", "venue_closed", "new_need", "withdrawn", "gone", "late", "done", "others", "missed")


def random_events(problem: Problem, plan: Plan, seed: int) -> tuple[list[dict[str, Any]], dt.datetime | None]:
    """One or two events that may happen to a plan, and a moment to tell them at (sometimes before the week begins)."""
    rng = random.Random(f"events {seed}")
    first = dt.datetime.combine(problem.horizon.start, dt.time())
    now = first + dt.timedelta(days=rng.randrange(problem.horizon.days), minutes=rng.randrange(5 * 60, 20 * 60))
    kinds = rng.sample(KINDS, rng.choice((1, 1, 2)))
    spoken: set[str] = set()
    events = [event for kind in kinds if (event := _event(problem, plan, kind, rng, spoken)) is not None]
    return events, (now if rng.random() < 0.8 else None)


def _event(problem: Problem, plan: Plan, kind: str, rng: random.Random, spoken: set[str]) -> dict[str, Any] | None:
    day = (problem.horizon.start + dt.timedelta(days=rng.randrange(problem.horizon.days))).isoformat()
    who = rng.choice(problem.providers).id if problem.providers else None
    if kind == "absent":
        return {"kind": "absent", "provider": who, **({"day": day} if rng.random() < 0.7 else {})}
    if kind in ("hours", "extra_hours"):
        hours = {"day": day, "from": rng.choice(("06:00", "08:00", "10:30")), "to": rng.choice(("12:00", "15:15", "22:00"))}
        return {"kind": "absent" if kind == "hours" else kind, "provider": who, "hours": hours}
    if kind == "venue_closed":
        return {"kind": kind, "venue": rng.choice(problem.venues).id, "day": day} if problem.venues else None
    if kind == "new_need":
        need = rng.choice(problem.needs).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {"kind": kind, "need": {**need, "id": "new"}}
    names = [item.visit for item in plan.assignments if item.visit.rpartition("#")[0] not in spoken]
    if not names:
        return None
    name = rng.choice(names)
    need_id = name.rpartition("#")[0]
    spoken.add(need_id)
    if kind == "withdrawn":
        return {"kind": kind, "visit": name}
    if kind == "gone":
        return {"kind": "withdrawn", "need": need_id}
    if kind == "missed":
        return {"kind": kind, "visit": name}
    item = next(item for item in plan.assignments if item.visit == name)
    if kind == "late":
        return {"kind": kind, "visit": name, "start": (item.team[0].start + dt.timedelta(minutes=rng.choice((5, 15, 40)))).isoformat()}
    if kind == "others":
        return {"kind": "done", "visit": name}
    return {"kind": "done", "visit": name, "team": {item.team[0].role: rng.choice(problem.providers).id}}
