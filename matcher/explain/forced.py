"""The cheapest plan found that is forced to serve a visit: what it costs, and whom it displaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from matcher.decode import decode
from matcher.diff import What, changes_of
from matcher.explain.answer import Displaced, Forced
from matcher.explain.refit import Ground, Refit, never
from matcher.trace import changed
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.verifier.recheck import Recheck

STEPS = 1200
"""Steps of the search for the forced plan."""


def forced(
    ground: Ground, plan: Plan, recheck: Recheck, v: int, *, seed: int, steps: int = STEPS, is_over: Callable[[], bool] = never
) -> Forced | None:
    """Return the cheapest plan found that serves visit v, None where none was found.

    Parameters
    ----------
    plan, recheck
        The plan in question, and what verifies changes of it.
    """
    refit = _fitted(ground, v, seed, steps, is_over)
    if refit is None:
        return None
    visit = ground.compiled.visits[v].id
    before = {item.visit: item for item in plan.assignments}
    for found in _named(decode(ground.compiled, refit.best(), plan, with_reasons=False), visit):
        after = {item.visit: item for item in found.assignments}
        assignment = after.get(visit)
        if assignment is None:
            continue
        judged = recheck.of(changed(before, after))
        if judged.is_clean:
            break
    else:
        return None
    changes = changes_of(ground.compiled.problem, plan, found)
    urgency = {item.id: item.need.urgency for item in ground.compiled.visits}
    return Forced(
        cost=judged.cost,
        by_term=judged.by_term,
        assignment=assignment,
        displaced=tuple(Displaced(change.visit, urgency[change.visit]) for change in changes if change.what == What.DROPPED),
        gained=tuple(change.visit for change in changes if change.what == What.ASSIGNED and change.visit != visit),
        moved=tuple(change.visit for change in changes if change.what not in (What.ASSIGNED, What.DROPPED, What.FUND)),
        plan=found,
    )


def _named(plan: Plan, visit: str) -> Iterator[Plan]:
    """Yield the plan with the visit in it: as it is, or, where the visits of its need are interchangeable and not all served, with another's place.

    The nearest one before it is the first to give its place, then the one after it; then it stays alone of its need.
    """
    need, _, number = visit.rpartition("#")
    places = {int(item.visit.rpartition("#")[2]): k for k, item in enumerate(plan.assignments) if need_of(item.visit) == need}
    if int(number) in places:
        yield plan
        return
    nearest = sorted(places, key=lambda n: (n > int(number), abs(n - int(number))))
    for giver in dict.fromkeys([*nearest[:1], *[n for n in nearest if n > int(number)][:1]]):
        yield _renamed(plan, plan.assignments[places[giver]].visit, visit, set())
    if nearest:
        others = {plan.assignments[k].visit for n, k in places.items() if n != nearest[0]}
        yield _renamed(plan, plan.assignments[places[nearest[0]]].visit, visit, others)


def _renamed(plan: Plan, giver: str, visit: str, without: set[str]) -> Plan:
    """Return a plan in which one visit has the place of another, and some are left out."""
    kept = [item for item in plan.assignments if item.visit not in without]
    assignments = tuple(item.model_copy(update={"visit": visit}) if item.visit == giver else item for item in kept)
    unassigned = tuple(item.model_copy(update={"visit": giver}) if item.visit == visit else item for item in plan.unassigned)
    return plan.model_copy(update={"assignments": assignments, "unassigned": unassigned})


def _fitted(ground: Ground, v: int, seed: int, steps: int, is_over: Callable[[], bool]) -> Refit | None:
    """Return a search whose best routes serve visit v, None where it finds no such routes."""
    instance = ground.compiled.instance
    need = instance.needs[instance.visits[v]["need"]]
    siblings = ground.siblings(v)
    # What the visit cannot do without: the need's first visit, where the others hang on it; and the visits that it could only take the name of,
    # where those of the need are interchangeable.
    before = [siblings[0]] if need["has_first_team"] and v != siblings[0] else []
    must = [*before, v]
    if not need["is_numbered"]:
        must.extend(w for w in siblings if w != v and ground.is_in(w))
    absent = [w for w in must if not ground.is_in(w)]
    refit = Refit(ground, absent, must=must, seed=seed)
    refit.insert(absent)
    refit.run(steps, is_over)
    if refit.serves(v):
        return refit
    return _cleared(ground, v, before, seed, steps, is_over)


def _cleared(ground: Ground, v: int, before: list[int], seed: int, steps: int, is_over: Callable[[], bool]) -> Refit | None:
    """Clear the way for visit v where nothing near the plan holds it: its siblings, the routes it would take, all that their providers do."""
    instance = ground.compiled.instance
    by_itself = Refit(ground, [*before, v], must=[*before, v], seed=seed, is_empty=True)
    by_itself.insert([*before, v])
    if not by_itself.serves(v):
        return None
    shifts = by_itself.shifts_of(v)
    providers = instance.shifts["provider"][shifts]
    week = np.flatnonzero(np.isin(instance.shifts["provider"], providers)).tolist()
    for clear in ((), shifts, week):
        refit = Refit(ground, [*before, v], must=[*before, v], seed=seed)
        gone = refit.unseat([*(w for w in ground.siblings(v) if w not in before), *refit.held_by(clear)])
        refit.insert([*before, v])
        if refit.serves(v):
            refit.insert(sorted(gone, key=lambda w: -int(instance.visits[w]["loss"])))
            refit.run(steps, is_over)
            return refit
    return None
