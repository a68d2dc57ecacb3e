"""`robustness`: what becomes of a plan when people do not come, visits run late and urgent needs come up, and what would make it hold.

Each draw is a week as it might go: who is absent on which day, how much later each visit begins, which urgent needs are new. A plan is followed as it
stands, or planned again at the start of the week by those who know all of the draw but the delays. Draws are the same for every plan that is tried on
them.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcher.check import check
from matcher.fields import DAY, Span
from matcher.solve import solve
from matcher.travel import Journeys
from scenarios.edits import ScenarioFault, apply
from scenarios.edits.models import AddNeeds, AddProviders, ChangeWindows
from scenarios.weihai.chance import Chance

if TYPE_CHECKING:
    from matcher.plan import Plan, Service
    from matcher.problem import Problem
    from matcher.visits import Visit

Json = dict[str, Any]
WORST: Final = 0.1
COVER: Final = 0.9
"""Share of the draws in which the spare people recommended are enough."""
CANDIDATE_CHUNKS: Final = 10
"""How many times the work of a plan made in a draw goes into each of the plans among which the one that holds best is looked for."""
SPARES, SPARE_LEVEL = 8, 3
"""How many of the rows of spare people are tried, and the level of the skill that they are asked for."""


@dataclass(frozen=True)
class Risks:
    """How likely what is.

    Attributes
    ----------
    no_show : dict of str to float
        For each kind of provider the chance of being absent on a day.
    late, late_minutes : float
        The chance that a visit begins later or takes longer than planned, and by how many minutes on average (at most three times as many).
    urgent : float
        New needs of the highest urgency in a week, on average.
    urgent_category : str or None
        Their category; the one most asked for where None.
    """

    no_show: dict[str, float]
    late: float = 0.1
    late_minutes: float = 10.0
    urgent: float = 2.0
    urgent_category: str | None = None


RISKS: Final = Risks({"volunteer": 0.08, "social_worker": 0.03, "organization": 0.02})
"""All assumed."""


@dataclass(frozen=True)
class Draw:
    """A week as it might go.

    Attributes
    ----------
    absent : frozenset of (str, int)
        Providers and days (from 0) on which they do not come.
    delays : dict of str to int
        Seconds by which visits begin late, by visit id.
    urgent : int
        How many new urgent needs there are.
    number : int
        The draw's number: the seed of the new needs.
    """

    absent: frozenset[tuple[str, int]]
    delays: dict[str, int]
    urgent: int
    number: int


def drawn(problem: Problem, risks: Risks, number: int) -> Draw:
    """Draw a week; equal arguments give equal draws, and each absence and delay has a chance of its own."""
    chance = Chance("robustness", number)
    absent = frozenset(
        (shift.provider.id, shift.start // DAY)
        for shift in problem.shifts
        if chance.of("absent", shift.provider.id, shift.start // DAY).unit() < risks.no_show.get(shift.provider.kind, 0.0)
    )
    delays = {}
    for visit in problem.visits:
        draw = chance.of("late", visit.id)
        if draw.happens(risks.late):
            delays[visit.id] = round(60 * min(3 * risks.late_minutes, -risks.late_minutes * math.log(1 - draw.unit())))
    return Draw(absent, delays, _poisson(chance.of("urgent"), risks.urgent), number)


def _poisson(chance: Chance, mean: float) -> int:
    count, left = 0, math.exp(-mean)
    product = chance.unit()
    while product > left and count < 1000:
        count += 1
        product *= chance.unit()
    return count


@dataclass(frozen=True)
class Outcome:
    """What became of a plan in a draw.

    Attributes
    ----------
    served : frozenset of str
        Visits that took place.
    lost : dict of str to str
        Visits of the plan that did not: ``absent`` or ``late``.
    """

    served: frozenset[str]
    lost: dict[str, str]


@dataclass
class _Stop:
    """A service on a route: its visit, those that begin together with it, its planned time, its place, and the way to it from the stop before."""

    visit: str
    group: str
    start: int
    end: int
    place: int
    way: int = 0


class Follower:
    """Follows plans of a week as they stand, whatever happens.

    A visit is lost where a member of its team is absent, or where it cannot begin in its windows any more: people finish what they are at, go on, and
    wait for one another; all roles of a visit begin as much later as the latest of them. Who is late for lunch or home is late; the visit counts.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._visits = {visit.id: visit for visit in problem.visits}
        self._providers = {provider.id: provider for provider in problem.providers}
        self._journeys = Journeys(problem)
        self._shifts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for shift in problem.shifts:
            self._shifts[shift.provider.id].append((shift.start, shift.end))

    def day(self, service: Service) -> int:
        """Return the day of a service, the one on which its shift starts."""
        at = self._problem.horizon.since(service.start)
        return next((low for low, high in self._shifts[service.provider] if low <= at < high), at) // DAY

    def follow(self, plan: Plan, draw: Draw) -> Outcome:
        """Return what becomes of a plan in a draw."""
        lost = {}
        for assignment in plan.assignments:
            if any((service.provider, self.day(service)) in draw.absent for service in assignment.team):
                lost[assignment.visit] = "absent"
        routes = self._routes(plan)
        # Who is late loses the visit, which lets the next ones be in time: the first visit that comes too late goes, and all is timed again.
        while True:
            late = self._first_late(routes, {*lost}, draw.delays)
            if late is None:
                break
            lost[late] = "late"
        return Outcome(frozenset(assignment.visit for assignment in plan.assignments if assignment.visit not in lost), lost)

    def _routes(self, plan: Plan) -> list[list[_Stop]]:
        since = self._problem.horizon.since
        routes: dict[tuple[str, int, int], list[_Stop]] = defaultdict(list)
        for assignment in plan.assignments:
            visit = self._visits[assignment.visit]
            place = -1 if visit.need.place == "remote" else self._journeys.of_need(visit.need)
            for service in assignment.team:
                group = f"{visit.id}/{service.role}" if visit.need.meet == "independent" else visit.id
                stop = _Stop(visit.id, group, since(service.start), since(service.end), place)
                routes[service.provider, service.crew, self.day(service)].append(stop)
        out = []
        for (name, _, _), stops in sorted(routes.items()):
            stops.sort(key=lambda stop: (stop.start, stop.end))
            provider, at = self._providers[name], -1
            for stop in stops:
                stop.way = self._journeys.seconds(provider, at, stop.place) if at >= 0 and stop.place >= 0 else 0
                at = stop.place if stop.place >= 0 else at
            out.append(stops)
        return out

    def _first_late(self, routes: list[list[_Stop]], lost: set[str], delays: dict[str, int]) -> str | None:
        """Return the first visit, as planned, that cannot begin in its windows; None where all can."""
        shift: dict[str, int] = {}
        late: list[tuple[int, str]] = []
        closed: set[str] = set()
        is_moving = True
        while is_moving:
            is_moving = False
            for stops in routes:
                free: int | None = None
                for stop in stops:
                    # A visit that is lost is passed by all the same: that nobody is there, or that it is too late, shows at the door.
                    free = None if free is None else free + stop.way
                    if stop.visit in lost or stop.group in closed:
                        continue
                    moved = max(shift.get(stop.group, 0), delays.get(stop.visit, 0), 0 if free is None else free - stop.start)
                    if moved > shift.get(stop.group, 0):
                        shift[stop.group] = moved
                        is_moving = True
                        if not self._is_open(self._visits[stop.visit], stop.start + moved):
                            late.append((stop.start, stop.visit))
                            closed.add(stop.group)
                            continue
                    free = stop.end + moved
        return min(late)[1] if late else None

    def _is_open(self, visit: Visit, start: int) -> bool:
        return any(low <= start <= latest for low, _, latest in visit.windows)


@dataclass(frozen=True)
class Sample:
    """What many draws come to: urgency weight served in each."""

    values: tuple[float, ...]
    asked: tuple[float, ...]

    def to_json(self) -> Json:
        """Return expected service, the worst tenth and the spread, as weights and as shares of what was asked in each draw."""
        rates = sorted(value / asked if asked else 1.0 for value, asked in zip(self.values, self.asked, strict=True))
        worst = rates[: max(1, round(WORST * len(rates)))]
        error = statistics.stdev(rates) / math.sqrt(len(rates)) if len(rates) > 1 else math.inf
        return {
            "draws": len(rates),
            "rate": round(statistics.fmean(rates), 6),
            "error": None if math.isinf(error) else round(error, 6),
            "worst_tenth": round(statistics.fmean(worst), 6),
            "least": round(rates[0], 6),
            "most": round(rates[-1], 6),
            "urgency": round(statistics.fmean(self.values), 3),
        }


def weight_of(problem: Problem, visits: frozenset[str] | set[str]) -> int:
    """Return the urgency weight of visits."""
    return sum(problem.weights.urgency[visit.need.urgency - 1] for visit in problem.visits if visit.id in visits)


Told = Callable[[str, int, int], None]
"""Called with what is at work, how much of it is done, and how much there is."""


def robustness(
    problem: Problem,
    plan: Plan,
    *,
    risks: Risks = RISKS,
    draws: int = 100,
    replanned: int = 20,
    chunks: int = 10,
    candidates: int = 5,
    seed: int = 1,
    on_step: Told | None = None,
) -> Json:
    """Try a plan on many draws, and return what it comes to as plain JSON values.

    Parameters
    ----------
    plan
        A clean plan of the problem.
    draws, replanned
        How many weeks are drawn; how many of them are planned again as well.
    chunks
        Work of each plan that is made.
    candidates
        Other plans, of `CANDIDATE_CHUNKS` times the work, among which the most robust is looked for; 0 for none.
    """
    tell = on_step or (lambda *_: None)
    follower = Follower(problem)
    weeks = [drawn(problem, risks, seed * 1_000_000 + k) for k in range(draws)]
    urgent = [_with_urgent(problem, risks, draw) for draw in weeks]
    asked = [weight_of(week, {visit.id for visit in week.visits}) for week in urgent]
    outcomes = [follower.follow(plan, draw) for draw in weeks]
    as_it_is = Sample(tuple(weight_of(problem, outcome.served) for outcome in outcomes), tuple(asked))
    again, same = [], []
    for k in range(min(replanned, draws)):
        tell("replan", k, min(replanned, draws))
        week = _left_of(urgent[k], weeks[k].absent)
        made = solve(week, chunks=chunks, threads=1, seed=seed, start=_without(plan, weeks[k])).plan
        again.append(weight_of(urgent[k], Follower(urgent[k]).follow(made, weeks[k]).served))
        same.append(as_it_is.values[k])
    causes = Counter(cause for outcome in outcomes for cause in outcome.lost.values())
    spares = _spares(problem, follower, plan, weeks, outcomes)
    called = []
    on_call = [_spare(problem, row) for row in spares[:SPARES] if row["people"]]
    for k in range(len(again) if on_call else 0):
        tell("spares", k, len(again))
        week = _left_of(apply(urgent[k], on_call).problem, weeks[k].absent)
        made = solve(week, chunks=chunks, threads=1, seed=seed, start=_without(plan, weeks[k])).plan
        called.append(weight_of(urgent[k], Follower(week).follow(made, weeks[k]).served))
    found: Json = {
        "format": "sishe-robustness/1",
        "week": {"name": problem.name, "digest": problem.digest},
        "risks": {**risks.__dict__},
        "planned": {
            "urgency": weight_of(problem, {a.visit for a in plan.assignments}),
            "asked": weight_of(problem, {v.id for v in problem.visits}),
        },
        "as_planned": as_it_is.to_json() | {"lost": {cause: round(count / draws, 3) for cause, count in sorted(causes.items())}},
        "replanned": Sample(tuple(again), tuple(asked[: len(again)])).to_json() if again else None,
        "replanned_with_spares": Sample(tuple(called), tuple(asked[: len(called)])).to_json() | {"spares": len(on_call)} if called else None,
        "as_planned_same_draws": Sample(tuple(same), tuple(asked[: len(same)])).to_json() if same else None,
        "values": {"as_planned": list(as_it_is.values), "replanned": again, "asked": asked},
        "single_points": _single_points(problem, plan, chunks, seed, tell),
        "spares": spares,
    }
    if candidates:
        found["hedge"] = _hedge(problem, plan, risks, follower, draws, chunks, candidates, seed, tell)
    return found


def _with_urgent(problem: Problem, risks: Risks, draw: Draw) -> Problem:
    """Return the week with the urgent needs that come up in a draw."""
    if not draw.urgent or not problem.needs:
        return problem
    category = risks.urgent_category or Counter(need.category for need in problem.needs).most_common(1)[0][0]
    edit = AddNeeds(edit="add_needs", seed=draw.number, category=category, count=draw.urgent, urgency=5, set={"visits": 1, "spacing": None})
    return apply(problem, (edit,)).problem


def _left_of(problem: Problem, absent: frozenset[tuple[str, int]]) -> Problem:
    """Return a week without the shifts of those who do not come."""
    horizon = problem.horizon
    providers = []
    for provider in problem.providers:
        gone = {day for name, day in absent if name == provider.id}
        if gone:
            spans = [pair for span in provider.shifts for pair in span.spans(horizon) if pair[0] // DAY not in gone]
            provider = provider.model_copy(update={"shifts": tuple(type(provider.shifts[0])(start=a, end=b) for a, b in spans)})
        providers.append(provider)
    return problem.replace(providers=tuple(providers))


def _without(plan: Plan, draw: Draw) -> Plan:
    """Return what of a plan those serve who always come, as a start for another week than its own."""
    names = {name for name, _ in draw.absent}
    kept = tuple(a for a in plan.assignments if not any(service.provider in names for service in a.team))
    return plan.model_copy(update={"assignments": kept, "unassigned": (), "problem": None, "figures": None})


def _spare(problem: Problem, row: Json) -> AddProviders:
    """Return the edit that adds the spare people of a row: on call all day, for as long as a usual shift."""
    own = [shift.end - shift.start for shift in problem.shifts if shift.provider.kind == row["kind"]]
    shifts = (Span(day=row["day"], start="08:30", end="17:30"),)
    limit = {"max_minutes_day": max(1, round(statistics.median(own) / 60)), "max_minutes_week": None, "lunch": None, "area": None}
    skills = {row["skill"]: SPARE_LEVEL} if row["skill"] else None
    return AddProviders(edit="add_providers", seed=1, kind=row["kind"], count=row["people"], shifts=shifts, skills=skills, set=limit)


def _single_points(problem: Problem, plan: Plan, chunks: int, seed: int, tell: Told, top: int = 5) -> list[Json]:
    """Return whose absence for the whole week costs most, as planned and planned again; the former is exact."""
    weight = {visit.id: problem.weights.urgency[visit.need.urgency - 1] for visit in problem.visits}
    loss: dict[str, int] = defaultdict(int)
    hours: dict[str, float] = defaultdict(float)
    for assignment in plan.assignments:
        for name in {service.provider for service in assignment.team}:
            loss[name] += weight[assignment.visit]
        for service in assignment.team:
            hours[service.provider] += (service.end - service.start).total_seconds() / 3600
    of = {provider.id: provider for provider in problem.providers}
    planned = sum(weight[assignment.visit] for assignment in plan.assignments)
    out = []
    for kind in ("volunteer", "social_worker", "organization"):
        names = sorted((name for name in loss if of[name].kind == kind), key=lambda name: (-loss[name], name))[:top]
        for k, name in enumerate(names):
            tell("single", k, len(names))
            absent = frozenset((name, day) for day in range(problem.horizon.days))
            rest = plan.model_copy(
                update={
                    "assignments": tuple(a for a in plan.assignments if all(s.provider != name for s in a.team)),
                    "unassigned": (),
                    "problem": None,
                }
            )
            made = solve(_left_of(problem, absent), chunks=chunks, threads=1, seed=seed, start=rest).plan
            replanned = planned - sum(weight[assignment.visit] for assignment in made.assignments)
            out.append(
                {
                    "provider": name,
                    "name": of[name].name or name,
                    "kind": kind,
                    "hours": round(hours[name], 2),
                    "loss": loss[name],
                    "loss_replanned": replanned,
                }
            )
    return sorted(out, key=lambda row: (-row["loss_replanned"], -row["loss"], row["provider"]))


def _spares(problem: Problem, follower: Follower, plan: Plan, weeks: Sequence[Draw], outcomes: Sequence[Outcome]) -> list[Json]:
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
    for k, (draw, outcome) in enumerate(zip(weeks, outcomes, strict=True)):
        for name, cause in outcome.lost.items():
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


def _hedge(problem: Problem, plan: Plan, risks: Risks, follower: Follower, draws: int, chunks: int, candidates: int, seed: int, tell: Told) -> Json:
    """Choose, of the plan and others, the one that holds best, and judge the choice on draws that did not decide it.

    Every other one is made with windows that close sooner by the usual delay, so that a visit that begins late is still in time.
    """
    plans = [plan]
    sooner = ChangeWindows(edit="change_windows", later=-min(1440, round(risks.late_minutes)))
    for k in range(candidates):
        tell("candidates", k, candidates)
        week = problem
        if k % 2 == 0:
            try:
                week = apply(problem, (sooner,)).problem
            except ScenarioFault:
                # a pin, or a spacing, that needs the last minutes of a window
                continue
        made = solve(week, chunks=CANDIDATE_CHUNKS * chunks, threads=1, seed=seed + 101 + k).plan
        # a plan of the tighter week is one of the week, too
        made = made.model_copy(update={"problem": problem.digest})
        assert check(problem, made).is_clean
        plans.append(made)
    asked = weight_of(problem, {visit.id for visit in problem.visits})

    def tried(chosen: Plan, first: int) -> Sample:
        weeks = [drawn(problem, risks, first + k) for k in range(draws)]
        return Sample(tuple(weight_of(problem, follower.follow(chosen, draw).served) for draw in weeks), (asked,) * draws)

    scores = []
    for one in plans:
        row = tried(one, seed * 1_000_000 + 400_000).to_json()
        scores.append((row["rate"] + row["worst_tenth"]) / 2)
    best = max(range(len(plans)), key=lambda k: (scores[k], -k))
    before, after = tried(plan, seed * 1_000_000 + 800_000), tried(plans[best], seed * 1_000_000 + 800_000)
    return {
        "candidates": len(plans),
        "chosen": best,
        "planned": weight_of(problem, {a.visit for a in plans[best].assignments}),
        "before": before.to_json(),
        "after": after.to_json(),
        "plan": plans[best],
    }
