"""The work of a trial, each piece apart from all others: plans that are followed, weeks that are planned again, other plans that are made.

Each is a job of `scenarios.workers`: done side by side, kept in the folder, and not done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.edits import ScenarioFault, apply
from scenarios.edits.models import ChangeWindows
from scenarios.robust.draws import Draw, Risks, drawn, left_of, weight_of, with_urgent
from scenarios.robust.follow import Follower
from scenarios.runs import digest_of

if TYPE_CHECKING:
    from matcher.problem import Problem
    from scenarios.edits.models import AddProviders
    from scenarios.runs import Store

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Follow:
    """A plan followed as it stands through the draws of some numbers; the record has the visits lost in each, and why."""

    name: str
    plan: str
    risks: Risks
    numbers: range

    def key(self, base: str) -> str:
        """Return the name of its record."""
        return digest_of("follow", base, self.plan, self.risks.to_json(), [*self.numbers])

    def work(self, base: Problem, store: Store, key: str) -> Json:
        """Follow the plan."""
        plan, follower = store.plan(self.plan), Follower(base)
        lost = [follower.follow(plan, drawn(base, self.risks, number)).lost for number in self.numbers]
        return store.keep({"key": key, "plan": None, "lost": lost}, None)

    def __str__(self) -> str:
        return f"plan {self.plan} followed through draws {self.numbers.start} to {self.numbers.stop - 1}"


@dataclass(frozen=True, eq=False)
class Replan:
    """A draw planned again, from a plan and by those who know all of it but the delays; the record has the urgency weight that is then served."""

    name: str
    draw: Draw
    category: str | None
    spares: tuple[AddProviders, ...]
    plan: str
    chunks: int
    seed: int

    def key(self, base: str) -> str:
        """Return the name of its record."""
        spares = [edit.model_dump(mode="json", by_alias=True) for edit in self.spares]
        return digest_of("replan", base, self.draw.to_json(), self.category, spares, self.plan, self.chunks, self.seed)

    def work(self, base: Problem, store: Store, key: str) -> Json:
        """Plan the week that is left, and follow that plan through the delays."""
        from matcher.solve import solve  # noqa: PLC0415 - the engine loads only where it is used

        week = with_urgent(base, self.draw, self.category)
        if self.spares:
            week = apply(week, self.spares).problem
        made = solve(left_of(week, self.draw.absent), chunks=self.chunks, threads=1, seed=self.seed, start=store.plan(self.plan)).plan
        served = weight_of(week, Follower(week).follow(made, self.draw).served)
        return store.keep({"key": key, "plan": None, "served": served}, None)

    def __str__(self) -> str:
        return f"draw {self.draw.number} planned again"


@dataclass(frozen=True, eq=False)
class Candidate:
    """Another plan of the week; with `sooner`, one made with windows that close so many minutes sooner, so that who is late is still in time.

    The record has no plan where a pin or a spacing needs the last minutes of a window.
    """

    name: str
    sooner: int
    chunks: int
    seed: int

    def key(self, base: str) -> str:
        """Return the name of its record."""
        return digest_of("candidate", base, self.sooner, self.chunks, self.seed)

    def work(self, base: Problem, store: Store, key: str) -> Json:
        """Make the plan."""
        from matcher.check import check  # noqa: PLC0415 - the engine loads only where it is used
        from matcher.solve import solve  # noqa: PLC0415

        week = base
        if self.sooner:
            try:
                week = apply(base, (ChangeWindows(edit="change_windows", later=-self.sooner),)).problem
            except ScenarioFault:
                return store.keep({"key": key, "plan": None}, None)
        made = solve(week, chunks=self.chunks, threads=1, seed=self.seed).plan
        # a plan of the tighter week is one of the week, too
        made = made.model_copy(update={"problem": base.digest})
        assert check(base, made).is_clean
        return store.keep({"key": key}, made)

    def __str__(self) -> str:
        return f"another plan, seed {self.seed}"


def absence(problem: Problem, provider: str) -> Draw:
    """Return the week in which one person never comes and nothing else happens."""
    return Draw(frozenset((provider, day) for day in range(problem.horizon.days)), {}, 0, 0)


def portions(name: str, plan: str, risks: Risks, numbers: range, size: int = 50) -> Sequence[Follow]:
    """Return the jobs that follow a plan through the draws of all numbers, each through so many at most."""
    return [Follow(name, plan, risks, numbers[k : k + size]) for k in range(0, len(numbers), size)]
