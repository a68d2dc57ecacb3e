"""Planning again after something happened: the week as it is now, and the plan nearest to the one in force."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from matcher.check import Report, check
from matcher.compile import Compiled, compile_problem
from matcher.decode import decode
from matcher.diff import Difference, VisitChange, What, changes_of, notices_of
from matcher.errors import Fault, InternalError
from matcher.explain.refit import Ground, Refit, absent_of
from matcher.kernels.cells import pack
from matcher.kernels.routes import IS_IN, START, view
from matcher.kernels.search import anneal
from matcher.living.amend import amend
from matcher.living.closing import closed
from matcher.living.desk import Desk, ready, without_collector
from matcher.living.events import Done, Events, EventsError, Late, faults_of, read_events
from matcher.living.patch import patched
from matcher.living.repack import repacked
from matcher.plan import Plan, Result
from matcher.solvers.improve import STEPS as CHUNK
from matcher.solvers.searcher import Searcher
from matcher.start import state_of
from matcher.stop import Stop
from matcher.versions import own_version, versions

if TYPE_CHECKING:
    import datetime as dt

    from matcher.instance import Longs
    from matcher.kernels.cells import Reals
    from matcher.living.amended import Amended
    from matcher.living.events import Event
    from matcher.problem import Pin, Problem
    from matcher.travel import Journeys

STEPS = 300
"""Steps of the search around what an event touched."""
MOST_FREED = 12
"""Visits left out so far that are looked at where something made room, those that lose most first."""
HOT, COLD = 0.02, 0.0005
"""First and last temperature of the search of the whole week, as shares of what leaving out an urgent visit costs."""


@dataclass(frozen=True)
class Replanned:
    """A week after what happened, and its plan.

    Attributes
    ----------
    problem : Problem
        The week as it is now: a valid problem, with what happened pinned, the past closed and the old plan in force.
    result : Result
        The new plan, verified against it, and how it came about.
    difference : Difference
        What differs from the plan in force: who has to be told what, and what the event costs, term by term (``a`` is the old plan in the old week).
    before : Plan
        What was left of the old plan, by the ids of the new week.
    gone, renamed
        Visits that are no part of the week any more, and why; visits that have another number, because one before them is gone.
    released : tuple of str
        Visits with a pin or a promise that could not be kept; what could not is dropped.
    frozen : tuple of str
        Visits that were not to be touched: they have begun, or an event settled them.
    """

    problem: Problem
    result: Result
    difference: Difference
    before: Plan
    gone: dict[str, Literal["withdrawn", "done"]]
    renamed: dict[str, str]
    released: tuple[str, ...]
    frozen: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """The new plan."""
        return self.result.plan

    def desk(self) -> Desk:
        """Open the desk of the new plan, for what happens next."""
        return Desk.of(self.problem, self.plan)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON values: all but the problem."""
        return {
            "plan": self.plan.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "result": self.result.summary(),
            **self.told(),
        }

    def told(self) -> dict[str, Any]:
        """Return what of the answer is neither problem, plan nor result: what became of visits, and who has to be told what."""
        return {
            "difference": self.difference.to_json(),
            "gone": dict(self.gone),
            "renamed": dict(self.renamed),
            "released": list(self.released),
            "frozen": list(self.frozen),
        }


def replan(
    week: Problem | Desk,
    plan: Plan | None = None,
    events: Events | Iterable[Event | Mapping[str, Any]] | Mapping[str, Any] = (),
    *,
    now: dt.datetime | None = None,
    promised: Collection[str] = (),
    notice: int = 0,
    price: int | None = None,
    steps: int = STEPS,
    budget: float | None = None,
    chunks: int | None = None,
    seed: int = 1,
    cancelled: Callable[[], bool] | None = None,
) -> Replanned:
    """Plan a week again after something happened, changing as little as it must.

    The search looks around what the events touched. Each change of the plan in force costs the weight ``stability``, so that a visit is moved or
    given to others only where that is worth more. With a `budget` or `chunks`, the whole week is then searched for further changes worth their price.

    Parameters
    ----------
    week, plan
        A problem and its plan in force, or the `Desk` that has both.
    events
        What happened (`matcher.living.events`): objects, plain values, or `Events`.
    now
        The moment as of which this is known, where the events do not say: what began before it stands, and nothing new is planned before it.
        Without one, the week has not begun.
    promised
        Visits (ids) that are not to be changed unless an event makes them impossible.
    notice
        Minutes after now within which every visit is promised.
    price
        What each change costs, instead of the week's weight ``stability``.
    steps, seed
        Of the search around what was touched; equal calls without a budget give equal plans.
    budget, chunks
        Seconds, or chunks of work, of a search of the whole week after it.
    cancelled
        Asked now and then; once it returns True, the best plan so far is returned.

    Raises
    ------
    EventsError
        If the events contradict the week, the plan or one another, or what happened cannot be part of a plan that keeps the rules: every fault.
    PlanError
        If the plan is not one of the problem.
    """
    began = time.perf_counter()
    with without_collector():
        desk = _standing(week, plan)
        happened = read_events(events, now)
        stop = None if budget is None and chunks is None else Stop(budget, chunks, cancelled)
        return _replanned(desk, happened, _Policy(promised, notice, price, steps, seed), stop, began)


@dataclass(frozen=True)
class _Policy:
    promised: Collection[str]
    notice: int
    price: int | None
    steps: int
    seed: int


def _replanned(desk: Desk, happened: Events, policy: _Policy, stop: Stop | None, began: float) -> Replanned:
    faults = [*_policy_faults(desk, policy), *faults_of(happened, desk.problem, desk.plan)]
    if faults:
        raise EventsError(faults)
    amended = amend(
        desk.problem,
        desk.plan,
        happened,
        promised=policy.promised,
        notice=policy.notice,
        price=policy.price,
        pins=desk.pins.__getitem__,
        valid=desk.valid,
    )
    taken = _taken_up(amended, desk)
    _refuse_impossible(taken, happened)
    state, ran, why = _searched(taken, steps=policy.steps, stop=stop, seed=policy.seed)
    after, report = _verified(taken, state, desk)
    result = Result(
        plan=after,
        status="stopped" if why == "cancelled" else "feasible",
        cost=report.cost,
        terms=dict(report.terms),
        seed=policy.seed,
        threads=1,
        chunks=ran,
        seconds=time.perf_counter() - began,
        stop=why,
        version=own_version(),
        versions=versions(),
    )
    amended = taken.amended
    return Replanned(
        problem=amended.problem,
        result=result,
        difference=_difference(desk, amended, after, report),
        before=amended.carried,
        gone=amended.gone,
        renamed=amended.renamed,
        released=amended.released,
        frozen=tuple(sorted(amended.frozen)),
    )


def _standing(week: Problem | Desk, plan: Plan | None) -> Desk:
    """Return the desk on which the plan is the one in force."""
    if not isinstance(week, Desk):
        return Desk.of(week, plan or Plan())
    return week if week.is_in_force else Desk.of(week.problem, week.plan)


def _policy_faults(desk: Desk, policy: _Policy) -> list[Fault]:
    notice, price = policy.notice, policy.price
    faults = [Fault("/promised", f"there is no visit {name!r}", "unknown") for name in policy.promised if name not in desk.row]
    if notice < 0:
        faults.append(Fault("/notice", f"should be minutes from 0, was {notice}", "range"))
    if price is not None and not 0 <= price <= 10**9:
        faults.append(Fault("/price", f"should be from 0 to 1000000000, was {price}", "range"))
    return faults


@dataclass(frozen=True)
class _Taken:
    """An amended week, compiled, and what is left of the plan as routes."""

    amended: Amended
    compiled: Compiled
    packed: tuple[Longs, Reals]
    state: Longs
    journeys: Journeys

    def absent(self) -> list[str]:
        """Return the visits of the carried plan that the routes do not serve."""
        is_in = view(self.state).visit[:, IS_IN]
        served = {visit.id for v, visit in enumerate(self.compiled.visits) if is_in[v]}
        return [item.visit for item in self.amended.carried.assignments if item.visit not in served]


def _taken_up(amended: Amended, desk: Desk) -> _Taken:
    """Compile an amended week and take up the plan; pins and promises that can no longer be kept are dropped, and it is taken up again."""
    ready()
    while True:
        desk.kept.hand_on(amended.problem)
        found = patched(desk, amended)
        compiled = found.compiled if found is not None else compile_problem(amended.problem)
        if amended.closed and amended.now is not None:
            compiled = closed(compiled, amended.closed, amended.now)
        packed = pack(compiled.instance) if found is None else repacked(desk.packed, compiled.instance, found.origin)
        taken = _Taken(amended, compiled, packed, state_of(compiled, amended.carried, packed, amended.frozen), _journeys(desk, amended))
        pinned = {pin.visit for pin in amended.problem.pins} - amended.frozen
        broken = [name for name in taken.absent() if name in pinned]
        if not broken:
            return taken
        pins: tuple[Pin, ...] = tuple(pin for pin in amended.problem.pins if pin.visit not in broken)
        amended = replace(amended, problem=amended.problem.replace(pins=pins), released=tuple(dict.fromkeys((*amended.released, *broken))))


def _journeys(desk: Desk, amended: Amended) -> Journeys:
    """Return the ways of the week as it is now: those of before, for nobody moved, and those to new needs."""
    journeys, known = desk.basis.journeys, {need.id for need in desk.problem.needs}
    for need in amended.problem.needs:
        if need.id not in known:
            journeys = journeys.with_need(amended.problem, need)
    return journeys


def _refuse_impossible(taken: _Taken, events: Events) -> None:
    """Refuse facts that no plan can hold: the verifier says which rules they break."""
    lost = [name for name in taken.absent() if name in taken.amended.frozen]
    if not lost:
        return
    report = check(taken.amended.problem, taken.amended.carried)
    old = {new: name for name, new in taken.amended.renamed.items()}
    about = {getattr(event, "visit", None): i for i, event in enumerate(events.events)}
    settled = [i for i, event in enumerate(events.events) if isinstance(event, (Late, Done))]
    team = {item.visit: {service.provider for service in item.team} for item in taken.amended.carried.assignments}
    faults = []
    for name in lost:
        broken = [item for item in report.violations if item.visit == name or (item.visit is None and item.provider in team[name])]
        why = "; ".join(f"{item.rule}: {item.message}" for item in broken[:3]) or "with the others that have begun, it leaves no time for the ways"
        i = about.get(old.get(name, name), settled[0] if settled else None)
        path = f"/events/{i}/visit" if i is not None else ""
        message = f"visit {name!r} cannot stand as it happened ({why}); report it as done by others, without a team, to take it out of the week"
        faults.append(Fault(path, message, "conflict"))
    raise EventsError(faults)


def _searched(taken: _Taken, *, steps: int, stop: Stop | None, seed: int) -> tuple[Longs, int, str]:
    """Return the best routes found, the chunks of the search of the whole week, and why it ended."""
    ground = Ground(taken.compiled, taken.state, packed=taken.packed)
    wanted, freed = _wanted(taken)
    state = taken.state
    if wanted or freed:
        refit = Refit(ground, [*wanted, *freed], seed=seed)
        refit.insert([*wanted, *freed])
        if wanted:
            refit.run(steps)
        state = refit.best()
    if stop is None:
        return state, 0, "steps"
    return _improved(taken, state, stop, seed)


def _wanted(taken: _Taken) -> tuple[list[int], list[int]]:
    """Return the visits to find a place for, those that lose most first: displaced, missed, new or held up; and those that room was made for."""
    amended, instance = taken.amended, taken.compiled.instance
    loss = instance.visits["loss"]
    row = {visit.id: v for v, visit in enumerate(taken.compiled.visits)}
    names = {*taken.absent(), *amended.missed, *amended.added}
    moved = _moved(taken)
    names.update(item.visit for item in amended.carried.assignments if moved[row[item.visit]])
    wanted = sorted((row[name] for name in names if name in row), key=lambda v: (-int(loss[v]), v))
    if not amended.has_room:
        return wanted, []
    absent = [v for v in absent_of(taken.state) if v not in wanted and taken.compiled.visits[v].id not in amended.over]
    return wanted, sorted(absent, key=lambda v: (-int(loss[v]), v))


def _moved(taken: _Taken) -> list[bool]:
    """Return of each visit whether it is served, at another time than in the plan in force."""
    visits, routes = taken.compiled.instance.visits, view(taken.state)
    is_in, planned = routes.visit[:, IS_IN] == 1, visits["in_force_start"]
    moved: list[bool] = (is_in & (planned >= 0) & (routes.node[visits["first_node"], START] != planned)).tolist()
    return moved


def _improved(taken: _Taken, state: Longs, stop: Stop, seed: int) -> tuple[Longs, int, str]:
    """Search the whole week, coolly: what is not worth its price is left as it is."""
    instance = taken.compiled.instance
    searcher = Searcher.on(instance, taken.packed, seed, state)
    scale = float(np.median(instance.visits["loss"])) if len(instance.visits) else 1.0
    run, chunks = stop.start(), 0
    while (why := run.reason(chunks)) is None:
        part = run.fraction(chunks)
        hot = max(2.0, scale * HOT * (COLD / HOT) ** part)
        anneal(*searcher.arrays, CHUNK, hot, max(1.0, 0.9 * hot), searcher.is_timed)
        chunks += 1
    return searcher.best(), chunks, why


def _verified(taken: _Taken, state: Longs, desk: Desk) -> tuple[Plan, Report]:
    """Return the plan of routes, verified: clean, costing what the search says, and with nothing new in the past."""
    amended = taken.amended
    like = amended.carried.model_copy(update={"labels": desk.plan.labels})
    plan = decode(taken.compiled, state, like, packed=taken.packed, over=amended.over)
    report = desk.standing.report(amended.problem, plan, taken.journeys) if desk.standing is not None else None
    report = report or check(amended.problem, plan, taken.journeys)
    total = view(state).total
    cost = int(total[0] + total[1] + taken.compiled.instance.weights[0]["max_lateness"] * total[4])
    since = amended.problem.horizon.since
    early = [
        item.visit
        for item in plan.assignments
        if amended.now is not None and item.visit not in amended.frozen and min(since(service.start) for service in item.team) < amended.now
    ]
    if not report.is_clean or report.cost != cost or early:
        broken = "; ".join(violation.message for violation in report.violations[:5])
        message = f"the plan found costs {cost}, its verifier says {report.cost}; violations: {broken or 'none'}; in the past: {early[:5] or 'none'}"
        raise InternalError(message)
    return plan, report


def _difference(desk: Desk, amended: Amended, plan: Plan, report: Report) -> Difference:
    old = {assignment.visit: assignment for assignment in desk.plan.assignments}
    left = tuple(_leaving(name, old[name]) for name in amended.gone if name in old)
    missed = {name: old_name for old_name, name in amended.renamed.items()}
    before = [*amended.carried.assignments, *(old[missed.get(name, name)].model_copy(update={"visit": name}) for name in amended.missed)]
    visits = (*changes_of(amended.problem, Plan(assignments=tuple(before)), plan), *left)
    return Difference(
        visits=visits,
        notices=notices_of((desk.problem, amended.problem), visits),
        cost_a=desk.report.cost,
        cost_b=report.cost,
        terms_a=desk.report.terms,
        terms_b=report.terms,
        violations_a=len(desk.report.violations),
        violations_b=len(report.violations),
    )


def _leaving(name: str, assignment: Any) -> VisitChange:
    return VisitChange(name, What.WITHDRAWN, assignment, None, ())
