"""`robustness`: what becomes of a plan when people do not come, visits run late and urgent needs come up, and what would make it hold.

Each draw is a week as it might go: who is absent on which day, how much later each visit begins, which urgent needs are new. A plan is followed as it
stands, or planned again at the start of the week by those who know all of the draw but the delays. Draws are the same for every plan that is tried on
them.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.objective import urgency_weight
from matcher.people import KINDS
from scenarios.robust.draws import RISKS, Draw, Risks, asked_of, drawn, weight_of
from scenarios.robust.follow import Follower
from scenarios.robust.jobs import Candidate, Replan, absence, portions
from scenarios.robust.spares import spare, spares
from scenarios.runs import FIRST, Store, Task
from scenarios.workers import Workers

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from scenarios.workers import Job, Told

Json = dict[str, Any]
WORST: Final = 0.1
CANDIDATE_CHUNKS: Final = 10
"""How many times the work of a plan made in a draw goes into each of the plans among which the one that holds best is looked for."""
SPARES: Final = 8
"""How many of the rows of spare people are tried."""
SINGLES: Final = 5
"""How many people of each kind are tried to be without."""


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


def robustness(
    problem: Problem,
    plan: Plan | None,
    folder: Path,
    *,
    jobs: int = 2,
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
        A clean plan of the problem; where None, one is made with `CANDIDATE_CHUNKS` times the work.
    folder
        Where what is done is kept; what is there already is not done again.
    jobs
        Worker processes; 0 works in this process.
    draws, replanned
        How many weeks are drawn; how many of them are planned again as well.
    chunks
        Work of each plan that is made.
    candidates
        Other plans, of `CANDIDATE_CHUNKS` times the work, among which the most robust is looked for; 0 for none.
    on_step
        Called when a piece of the work ends.

    Raises
    ------
    RunError, InternalError
        A piece that failed; call again to go on with the others.
    """
    with Workers(problem, Store(folder), jobs) as workers:
        return _Trial(workers, risks, range(seed * 1_000_000, seed * 1_000_000 + draws), chunks, seed, on_step).verdict(plan, replanned, candidates)


@dataclass
class _Trial:
    """The trial of a plan: its batches of jobs, each of which needs what those before have found."""

    workers: Workers
    risks: Risks
    numbers: range
    chunks: int
    seed: int
    on_step: Told | None

    def verdict(self, given: Plan | None, replanned: int, candidates: int) -> Json:
        """Return all that is asked."""
        problem, store = self.workers.problem, self.workers.store
        hedge = self._portions * (candidates + 3) if candidates else 0
        # how many single people and spare people there are to try shows only later
        total = int(given is None) + self._portions + 2 * min(replanned, len(self.numbers)) + len(KINDS) * SINGLES + candidates + hedge
        if given is None:
            first = Task(FIRST, self.seed, (), self.seed, None, CANDIDATE_CHUNKS * self.chunks)
            name = self.workers.run([first], self.on_step, total=total)[first]["plan"]
        else:
            name = store.put(given)
        plan = store.plan(name)
        weeks = [drawn(problem, self.risks, number) for number in self.numbers]
        asked = tuple(asked_of(problem, week) for week in weeks)
        losses = self._followed({name: name}, self.numbers, total)[name]
        as_it_is = Sample(tuple(self._served(plan, lost) for lost in losses), asked)
        rows = spares(problem, Follower(problem), plan, weeks, losses)
        on_call = tuple(spare(problem, row) for row in rows[:SPARES] if row["people"])
        many = weeks[:replanned]
        again = [self._replan("replan", draw, (), name) for draw in many]
        called = [self._replan("spares", draw, on_call, name) for draw in many] if on_call else []
        singles = _singles(problem, plan)
        without = [self._replan("single", absence(problem, row["provider"]), (), name) for row in singles]
        # every other one in weeks whose windows close sooner by the usual delay
        sooner = min(1440, round(self.risks.late_minutes))
        work = CANDIDATE_CHUNKS * self.chunks
        others = [Candidate("candidate", 0 if k % 2 else sooner, work, self.seed + 101 + k) for k in range(candidates)]
        # the longest first, so that no worker is left alone with one of them in the end
        batch: list[Job] = [*others, *again, *called, *without]
        total = int(given is None) + self._portions + len(batch) + hedge
        done = self.workers.run(batch, self.on_step, total=total) if batch else {}
        causes = Counter(cause for lost in losses for cause in lost.values())
        planned = weight_of(problem, {a.visit for a in plan.assignments})
        for row, job in zip(singles, without, strict=True):
            row["loss_replanned"] = planned - done[job]["served"]
        samples = {
            "replanned": Sample(tuple(done[job]["served"] for job in again), asked[: len(again)]),
            "replanned_with_spares": Sample(tuple(done[job]["served"] for job in called), asked[: len(called)]),
            "as_planned_same_draws": Sample(as_it_is.values[: len(again)], asked[: len(again)]),
        }
        told = {key: sample.to_json() if sample.values else None for key, sample in samples.items()}
        if told["replanned_with_spares"] is not None:
            told["replanned_with_spares"]["spares"] = len(on_call)
        found: Json = {
            "format": "sishe-robustness/1",
            "week": {"name": problem.name, "digest": problem.digest},
            "risks": self.risks.to_json(),
            "planned": {"urgency": planned, "asked": weight_of(problem, {visit.id for visit in problem.visits})},
            "as_planned": as_it_is.to_json() | {"lost": {cause: round(count / len(weeks), 3) for cause, count in sorted(causes.items())}},
            **told,
            "values": {"as_planned": list(as_it_is.values), "replanned": list(samples["replanned"].values), "asked": list(asked)},
            "single_points": sorted(singles, key=lambda row: (-row["loss_replanned"], -row["loss"], row["provider"])),
            "spares": rows,
        }
        if candidates:
            found["hedge"] = self._hedge(name, [done[job]["plan"] for job in others if done[job]["plan"] is not None], total)
        return found

    @property
    def _portions(self) -> int:
        return len(portions("", "", self.risks, self.numbers))

    def _replan(self, name: str, draw: Draw, on_call: Sequence[Any], plan: str) -> Replan:
        return Replan(name, draw, self.risks.urgent_category, tuple(on_call), plan, self.chunks, self.seed)

    def _followed(self, plans: dict[str, str], numbers: range, total: int) -> dict[str, list[dict[str, str]]]:
        """Return, for plans by name, the visits lost in each of the draws."""
        of = {name: portions("follow", plan, self.risks, numbers) for name, plan in plans.items()}
        done = self.workers.run([job for own in of.values() for job in own], self.on_step, total=total)
        return {name: [lost for job in own for lost in done[job]["lost"]] for name, own in of.items()}

    def _served(self, plan: Plan, lost: dict[str, str]) -> int:
        return weight_of(self.workers.problem, {a.visit for a in plan.assignments} - lost.keys())

    def _hedge(self, first: str, others: Sequence[str], total: int) -> Json:
        """Choose, of the plan and others, the one that holds best, and judge the choice on draws that did not decide it."""
        problem, store = self.workers.problem, self.workers.store
        asked = weight_of(problem, {visit.id for visit in problem.visits})
        names = [first, *others]
        plans = {str(k): name for k, name in enumerate(names)}

        def tried(chosen: dict[str, str], begin: int) -> dict[str, Json]:
            numbers = range(self.numbers.start + begin, self.numbers.stop + begin)
            out = {}
            for key, losses in self._followed(chosen, numbers, total).items():
                plan = store.plan(chosen[key])
                out[key] = Sample(tuple(self._served(plan, lost) for lost in losses), (asked,) * len(losses)).to_json()
            return out

        scores = [(row["rate"] + row["worst_tenth"]) / 2 for row in tried(plans, 400_000).values()]
        best = max(range(len(names)), key=lambda k: (scores[k], -k))
        judged = tried({"before": first, "after": names[best]}, 800_000)
        chosen = store.plan(names[best])
        return {
            "candidates": len(names),
            "chosen": best,
            "planned": weight_of(problem, {a.visit for a in chosen.assignments}),
            **judged,
            "plan": chosen,
        }


def _singles(problem: Problem, plan: Plan) -> list[Json]:
    """Return those of each kind whose absence for the whole week loses most of a plan as it stands, which is exact."""
    weight = {visit.id: urgency_weight(problem.weights, visit) for visit in problem.visits}
    loss: dict[str, int] = defaultdict(int)
    hours: dict[str, float] = defaultdict(float)
    for assignment in plan.assignments:
        for name in {service.provider for service in assignment.team}:
            loss[name] += weight[assignment.visit]
        for service in assignment.team:
            hours[service.provider] += (service.end - service.start).total_seconds() / 3600
    of = {provider.id: provider for provider in problem.providers}
    out = []
    for kind in KINDS:
        names = sorted((name for name in loss if of[name].kind == kind), key=lambda name: (-loss[name], name))[:SINGLES]
        for name in names:
            out.append({"provider": name, "name": of[name].name or name, "kind": kind, "hours": round(hours[name], 2), "loss": loss[name]})
    return out
