"""What the processes of the office do: read problems and plans, and answer questions about them. Plain values in, plain values out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from api.reading import Stored, described
from api.store.packing import unpacked
from matcher.check import check
from matcher.diff import diff
from matcher.explain import explain
from matcher.living.desk import Desk
from matcher.living.evaluate import evaluate, what_if
from matcher.living.recommend import recommend
from matcher.living.replan import replan
from matcher.plan import Plan
from matcher.prices import prices, recruits
from matcher.problem import Problem

KEPT_VISITS = 60_000
"""Visits of the weeks that one process keeps at hand, all together."""
KEPT_AT_DESKS = 20_000
"""Visits of the weeks that it keeps compiled, each with a plan."""

_weeks: OrderedDict[str, Problem] = OrderedDict()
_desks: OrderedDict[tuple[str, str, bool], Desk] = OrderedDict()


def read_plan(digest: str, body: bytes, data: Any) -> dict[str, Any]:
    """Read a plan that came in against its stored problem; returns its JSON and what the verifier says. Raises `PlanError`."""
    problem = week(digest, body)
    plan = Plan.parse(json.dumps(data))
    report = check(problem, plan)
    return {"body": plan.to_json(), "report": report.to_json(), "assigned": len(plan.assignments), "visits": len(problem.visits)}


def week(digest: str, body: bytes) -> Problem:
    """Return a stored problem, read once for as long as it is asked about."""
    problem = _weeks.get(digest)
    if problem is None:
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
    name = (of.digest, hashlib.sha256(of.plan).hexdigest(), of.is_in_force)
    found = _desks.get(name)
    if found is None:
        found = Desk.of(week(of.digest, of.problem), Plan.parse(unpacked(of.plan)), is_in_force=of.is_in_force).warmed()
        _desks[name] = found
        while len(_desks) > 1 and sum(len(kept.problem.visits) for kept in _desks.values()) > KEPT_AT_DESKS:
            _desks.popitem(last=False)
    _desks.move_to_end(name)
    return found


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
    answer = {key: value for key, value in found.to_json().items() if key not in ("plan", "result")}
    return {
        "answer": answer,
        "problem": described(found.problem),
        "plan": found.plan.to_json(),
        "result": found.result.summary(),
        "assigned": len(found.plan.assignments),
    }


def ask_recommend(of: Stored, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Recommend teams and times for one visit."""
    named = {name: asked[name] for name in ("visit", "need", "resident", "top")}
    return recommend(desk(of), now=_moment(asked["now"]), is_over=_until(seconds), **named).to_json()


def ask_evaluate(of: Stored, given: Any, top: int, seconds: float) -> dict[str, Any]:
    """Judge a plan: the stored one, or one that came in, of the same problem."""
    if given is None:
        return evaluate(desk(of), top=top, is_over=_until(seconds)).to_json()
    return evaluate(week(of.digest, of.problem), Plan.parse(json.dumps(given)), top=top, is_over=_until(seconds)).to_json()


def ask_what_if(of: Stored, asked: dict[str, Any]) -> dict[str, Any]:
    """Try out a move of one visit."""
    return what_if(desk(of), **{**asked, "start": _moment(asked["start"])}).to_json()


def ask_explain(of: Stored, visit: str, seconds: float) -> dict[str, Any]:
    """Explain why a visit is left out, or served as it is."""
    return explain(week(of.digest, of.problem), Plan.parse(unpacked(of.plan)), visit, budget=seconds).to_json()


def ask_diff(of: Stored, other: bytes) -> dict[str, Any]:
    """Compare two plans of one problem."""
    return diff(week(of.digest, of.problem), Plan.parse(unpacked(of.plan)), Plan.parse(unpacked(other))).to_json()


def ask_prices(of: Stored, asked: dict[str, Any]) -> dict[str, Any]:
    """Say what more hours, money or people would be worth."""
    ask = recruits if asked["what"] == "recruits" else prices
    named = {name: asked[name] for name in ("top", "repeats", "seed")}
    return ask(week(of.digest, of.problem), Plan.parse(unpacked(of.plan)), is_over=_until(asked["budget"]), **named).to_json()
