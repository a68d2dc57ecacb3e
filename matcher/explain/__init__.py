"""Why a visit is left out, or served as it is: verdicts, near misses, changes that would help, alternatives. The entry is `explain`.

It may import the whole engine and the verifier; no solver, kernel or verifier imports it.
Nothing is said here that was not tried out and verified, or is marked as a guess; docs/explain.md has the codes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from matcher.check import Report, check
from matcher.decode import decode
from matcher.errors import Fault, PlanError
from matcher.explain.alone import Alone, alone
from matcher.explain.alternatives import Others, alternatives
from matcher.explain.answer import Alternative, Certainty, Change, Choice, Displaced, Explanation, Forced, Miss, Stopped, Verdict
from matcher.explain.changes import proposals
from matcher.explain.forced import STEPS, forced
from matcher.explain.misses import MOST, Misses
from matcher.explain.refit import Ground, never
from matcher.explain.trials import try_out
from matcher.reasons import Reasons
from matcher.trace import Trace
from matcher.verifier.recheck import Recheck

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

__all__ = [
    "Alternative",
    "Certainty",
    "Change",
    "Choice",
    "Displaced",
    "Explanation",
    "Forced",
    "Miss",
    "Stopped",
    "Verdict",
    "explain",
]


def explain(
    problem: Problem,
    plan: Plan,
    visit: str,
    *,
    budget: float | None = None,
    seed: int = 1,
    steps: int = STEPS,
    cancelled: Callable[[], bool] | None = None,
    ground: Ground | None = None,
    recheck: Recheck | None = None,
) -> Explanation:
    """Explain why a plan serves a visit as it does, or leaves it out.

    Parameters
    ----------
    problem, plan
        A problem and a clean plan of it, from anywhere.
    visit
        The id of the visit (``need#number``).
    budget
        Seconds, from when the problem is compiled, after which no further change or alternative is begun; without one, all are looked at, and
        equal calls give equal answers.
    seed, steps
        Of the search for the plan that is forced to serve the visit.
    cancelled
        Asked now and then; once it returns True, what is known by then is returned.
    ground, recheck
        The plan as routes, all of it, and what verifies changes of it, where both are at hand: the plan is known to be clean then.

    Raises
    ------
    PlanError
        If the plan breaks a rule of the problem or is not of this problem, or the problem has no such visit.
    """
    is_known = ground is not None and recheck is not None
    given = 0 if is_known else _verified(problem, plan).cost
    ground = ground or Ground.of(problem, plan)
    until = None if budget is None else time.perf_counter() + budget

    def is_over() -> bool:
        return (cancelled is not None and cancelled()) or (until is not None and time.perf_counter() >= until)

    try:
        v = ground.row(visit)
    except KeyError:
        raise PlanError([Fault("", f"the problem has no visit {visit!r}; a visit is a need's id, # and a number, such as n1#1", "unknown")]) from None
    served = {item.visit for item in plan.assignments}
    lost = tuple(item.id for w, item in enumerate(ground.compiled.visits) if item.id in served and not ground.is_in(w))
    behind = 0
    if not ground.is_alike and ground.is_in(v) == (visit in served):
        plan = decode(ground.compiled, ground.state)
        behind = check(problem, plan).cost - given
    recheck = recheck or Recheck(problem, plan, ground.journeys, is_clean=True)
    assignment = next((item for item in plan.assignments if item.visit == visit), None)
    if assignment is not None and not ground.is_in(v):
        return Explanation(visit=visit, verdict=Verdict.ASSIGNED, certainty=Certainty.PROVED, lost=lost, assignment=assignment)
    if assignment is not None:
        others, trace = Others(ground, v, ground.packed), Trace(ground.compiled, ground.state, {item.visit: item for item in plan.assignments})
        return Explanation(
            visit=visit,
            verdict=Verdict.ASSIGNED,
            certainty=Certainty.PROVED,
            lost=lost,
            assignment=assignment,
            choices=others.choices(assignment),
            alternatives=alternatives(others, trace, recheck, v, assignment, is_over),
        )
    return _left_out(ground, plan, recheck, v, seed=seed, steps=steps, is_over=is_over, cancelled=cancelled or never, lost=lost, behind=behind)


def _left_out(
    ground: Ground,
    plan: Plan,
    recheck: Recheck,
    v: int,
    *,
    seed: int,
    steps: int,
    is_over: Callable[[], bool],
    cancelled: Callable[[], bool],
    lost: tuple[str, ...],
    behind: int,
) -> Explanation:
    compiled = ground.compiled
    visit = compiled.visits[v]
    by_itself = alone(compiled, visit, ground.journeys)
    reason = Reasons(compiled, ground.state, ground.packed).of(v)
    found = forced(ground, plan, recheck, v, seed=seed, steps=steps, is_over=cancelled) if by_itself.rule is None else None
    verdict, certainty = _verdict(by_itself, found, behind)
    seen = Misses(ground).of(v)
    offered = proposals(compiled.problem, visit, seen.misses, by_itself)
    tried = try_out(ground, plan, recheck, v, offered, seen, seed=seed, is_over=is_over)
    rule, role = (reason.rule, reason.role) if by_itself.rule is None else (by_itself.rule, by_itself.role)
    return Explanation(
        visit=visit.id,
        verdict=verdict,
        certainty=certainty,
        rule=rule,
        role=role,
        removed=reason.removed,
        stopped=by_itself.stopped if verdict == Verdict.IMPOSSIBLE else (),
        forced=found,
        misses=tuple(miss for _, miss in seen.misses[:MOST]),
        changes=tried.changes,
        tried=tried.tried,
        untried=tried.untried,
        lost=lost,
    )


def _verdict(by_itself: Alone, found: Forced | None, behind: int) -> tuple[Verdict, Certainty]:
    if by_itself.rule is not None:
        return Verdict.IMPOSSIBLE, Certainty.PROVED
    if found is None:
        return Verdict.IMPOSSIBLE, Certainty.HEURISTIC
    # A plan that serves it at no more cost is there to be looked at; that there is none is only as sure as the search. At equal cost it is a tie
    # between the visit and those that it would displace.
    gained = found.cost + behind
    is_missed = gained < 0 or (gained == 0 and not found.displaced)
    return (Verdict.NOT_FOUND, Certainty.PROVED) if is_missed else (Verdict.CROWDED_OUT, Certainty.HEURISTIC)


def _verified(problem: Problem, plan: Plan) -> Report:
    report = check(problem, plan)
    if not report.is_clean:
        first = report.violations[0]
        message = f"the plan breaks {len(report.violations)} rules, so it cannot be explained; the first: {first.rule}: {first.message}"
        raise PlanError([Fault("", message, "conflict")])
    return report
