"""What the processes of the office do: read problems and plans, and answer questions about them. Plain values in, plain values out."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any

from api.calendars import appointments_of
from api.reading import NotAtHand, Stored, body_of, described
from api.store.packing import unpacked
from matcher.check import check
from matcher.compile import compile_problem
from matcher.decode import decode
from matcher.diff import Difference, VisitChange, What, changes_of, diff, notices_of
from matcher.errors import Fault, PlanError
from matcher.explain import explain
from matcher.figures import figures_of
from matcher.living.desk import Desk, without_collector
from matcher.living.evaluate import evaluate, what_if
from matcher.living.recommend import recommend
from matcher.living.replan import replan
from matcher.plan import Plan, Unassigned
from matcher.prices import prices, recruits
from matcher.problem import Problem
from matcher.start import state_of

KEPT_VISITS = 60_000
"""Visits of the weeks that one process keeps at hand, all together."""
KEPT_AT_DESKS = 20_000
"""Visits of the weeks that it keeps compiled, each with a plan."""

_weeks: OrderedDict[str, Problem] = OrderedDict()
_desks: OrderedDict[tuple[str, str, bool], Desk] = OrderedDict()
_ahead: deque[Stored] = deque(maxlen=2)


def _json(data: Any) -> bytes:
    """Return an answer as it is sent: written here, so that the server only passes it on."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def read_plan(of: Stored, data: Any) -> dict[str, Any]:
    """Read a plan that came in against its stored problem; returns its body and what the verifier says. Raises `PlanError`.

    What a plan says of itself is the engine's to say, whatever came in: who is left out and why, the names, and the figures. A plan that breaks
    rules has none: what it counts as served may not be.
    """
    problem = week(of.digest, of.problem)
    plan = Plan.parse(json.dumps(data))
    report = check(problem, plan)
    compiled = compile_problem(problem)
    told = decode(compiled, state_of(compiled, plan), plan)
    served = {line.visit: line for line in plan.assignments}
    left_out = tuple(_left_out(problem, served, told.unassigned))
    figures = figures_of(problem, plan) if report.is_clean else None
    plan = plan.model_copy(update={"problem": problem.digest, "unassigned": left_out, "figures": figures, "labels": told.labels})
    return {"body": body_of(plan), "report": report.to_json(), "assigned": len(plan.assignments), "visits": len(problem.visits)}


def _left_out(problem: Problem, served: Container[str], told: Iterable[Unassigned]) -> Iterator[Unassigned]:
    """Yield why each visit is left out that nobody serves. Visits of one need may stand for one another, so that the number may be another one's."""
    reasons: dict[str, list[Unassigned]] = {}
    for left in told:
        reasons.setdefault(left.visit.rpartition("#")[0], []).append(left)
    for visit in problem.visits:
        if visit.id in served:
            continue
        known = reasons[visit.id.rpartition("#")[0]]
        own = next((left for left in known if left.visit == visit.id), known[0])
        yield own.model_copy(update={"visit": visit.id})


def week(digest: str, body: bytes | None) -> Problem:
    """Return a stored problem, read once for as long as it is asked about. Raises `NotAtHand` where it came without the body to read it from."""
    problem = _weeks.get(digest)
    if problem is None:
        if body is None:
            raise NotAtHand
        problem = Problem.parse(unpacked(body))
        _keep(problem)
    _weeks.move_to_end(digest)
    return problem


def _keep(problem: Problem) -> None:
    _weeks[problem.digest] = problem
    while len(_weeks) > 1 and sum(len(kept.visits) for kept in _weeks.values()) > KEPT_VISITS:
        _weeks.popitem(last=False)


def desk(of: Stored) -> Desk:
    """Return a stored plan at a desk of its own: compiled once, for as long as it is asked about."""
    name = (of.digest, of.name, of.is_in_force)
    found = _desks.get(name)
    if found is None:
        found = Desk.of(week(of.digest, of.problem), _plan(of), is_in_force=of.is_in_force).warmed()
        _desks[name] = found
        while len(_desks) > 1 and sum(len(kept.problem.visits) for kept in _desks.values()) > KEPT_AT_DESKS:
            _desks.popitem(last=False)
    _desks.move_to_end(name)
    return found


def ask_ahead(of: Stored) -> None:
    """Note a plan that will be asked about: a pause is used to open its desk. Only the newest few are."""
    _ahead.append(of)


def do_ahead() -> bool:
    """Open the desk of a plan that will be asked about, the newest first; returns whether there was one."""
    if not _ahead:
        return False
    with contextlib.suppress(Exception):  # what is wrong with it is told to whoever asks
        desk(_ahead.pop())
    return True


def _plan(of: Stored) -> Plan:
    if of.plan is None:
        raise NotAtHand
    return Plan.parse(unpacked(of.plan))


def _until(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text is not None else None


def ask_replan(of: Stored, asked: dict[str, Any]) -> dict[str, Any]:
    """Plan again after events; returns the answer, the new week and the new plan."""
    policy = {name: asked[name] for name in ("promised", "notice", "price", "budget", "seed")}
    # What is planned again is in force by that, whatever the store says of it.
    found = replan(desk(of._replace(is_in_force=True)), None, {"now": asked["now"], "events": asked["events"]}, **policy)
    _keep(found.problem)
    return {
        "answer": found.told(),
        "problem": described(found.problem),
        "plan": body_of(found.plan),
        "result": found.result.summary(),
        "assigned": len(found.plan.assignments),
    }


def ask_appointments(of: Stored, lineage: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say what a plan tells its people, for their calendars."""
    return appointments_of(week(of.digest, of.problem), _plan(of), lineage)


def ask_recommend(of: Stored, asked: dict[str, Any], seconds: float) -> bytes:
    """Recommend teams and times for one visit."""
    named = {name: asked[name] for name in ("visit", "need", "resident", "top")}
    return _json(recommend(desk(of), now=_moment(asked["now"]), is_over=_until(seconds), **named).to_json())


def ask_evaluate(of: Stored, given: Any, top: int, seconds: float) -> bytes:
    """Judge a plan: the stored one, or one that came in, of the same problem."""
    if given is None:
        return _json(evaluate(desk(of), top=top, is_over=_until(seconds)).to_json())
    return _json(evaluate(week(of.digest, of.problem), Plan.parse(json.dumps(given)), top=top, is_over=_until(seconds)).to_json())


def ask_what_if(of: Stored, asked: dict[str, Any]) -> bytes:
    """Try out a move of one visit."""
    return _json(what_if(desk(of), **{**asked, "start": _moment(asked["start"])}).to_json())


def ask_explain(of: Stored, visit: str, seconds: float) -> bytes:
    """Explain why a visit is left out, or served as it is."""
    at = desk(of)
    if not at.report.is_clean or at.lost:  # what cannot be taken up as it is takes the long way, or is refused
        return _json(explain(week(of.digest, of.problem), _plan(of), visit, budget=seconds).to_json())
    with without_collector():
        found = explain(at.problem, at.plan, visit, budget=seconds, ground=at.ground, recheck=at.recheck)
    return _json(found.to_json())


def ask_diff(of: Stored, other: Stored) -> bytes:
    """Compare two plans, of one problem or of two that have visits in common."""
    if other.plan is None:
        raise NotAtHand
    a, b = _plan(of), _plan(other)
    if of.digest == other.digest:
        return _json(diff(week(of.digest, of.problem), a, b).to_json())
    return _json(_across(week(of.digest, of.problem), a, week(other.digest, other.problem), b))


def _across(before: Problem, a: Plan, after: Problem, b: Plan) -> dict[str, Any]:
    """Compare plans of two problems, visit by visit as they are named; raises `PlanError` where no visit is in both."""
    old, new = ({visit.id for visit in problem.visits} for problem in (before, after))
    if before.horizon.start != after.horizon.start or not old & new:
        raise PlanError([Fault("", "the plans are of different weeks, or of weeks that have no visit in common", "conflict")])
    gone = tuple(VisitChange(line.visit, What.WITHDRAWN, line, None, ()) for line in a.assignments if line.visit not in new)
    visits = (*changes_of(after, a, b), *gone)
    of_a, of_b = check(before, a), check(after, b)
    found = Difference(
        visits,
        notices_of((before, after), visits),
        cost_a=of_a.cost,
        cost_b=of_b.cost,
        terms_a=of_a.terms,
        terms_b=of_b.terms,
        violations_a=len(of_a.violations),
        violations_b=len(of_b.violations),
    )
    return {**found.to_json(), "only_a": sorted(old - new), "only_b": sorted(new - old)}


def ask_prices(of: Stored, asked: dict[str, Any]) -> bytes:
    """Say what more hours, money or people would be worth."""
    ask = recruits if asked["what"] == "recruits" else prices
    named = {name: asked[name] for name in ("top", "repeats", "seed")}
    return _json(ask(week(of.digest, of.problem), _plan(of), is_over=_until(asked["budget"]), **named).to_json())
