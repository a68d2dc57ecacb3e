"""The ranking: every resource tried out briefly in one problem that knows them all, and what a proven bound says that it could save at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.compile import compile_problem
from matcher.explain import edits
from matcher.explain.refit import Ground, Refit, never
from matcher.kernels.cells import FUND_AMOUNT, S_END, pack, shift_row
from matcher.kernels.routes import IS_IN, view
from matcher.solvers.warm import warm_up
from matcher.start import state_of

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.people import Provider
    from matcher.plan import Plan
    from matcher.prices.resources import Resource
    from matcher.problem import Problem
    from matcher.stop import Stop

MOST_PEOPLE = 400
"""Resources that bring people and are ranked: the first by estimate."""
BRIEF = 100
"""Steps of a brief trial."""
BRIEFLY, PROOF = STAGES = "brief", "proof"
"""What is going on before anything is tried out at length, as progress calls it."""


class Ranking:
    """A problem with everybody who could come, or could be trained, beside those who are there: whom none of the routes may use until asked.

    Parameters
    ----------
    plan
        A clean plan of the problem.
    resources
        The most promising first. Of those that bring people the first `MOST_PEOPLE` are ranked.
    """

    def __init__(self, problem: Problem, plan: Plan, resources: Sequence[Resource]) -> None:
        self._problem, self._plan, self._resources = problem, plan, resources
        taken = {provider.id for provider in problem.providers}
        rows = {provider.id: p for p, provider in enumerate(problem.providers)}
        spare: list[Provider] = []

        def add(person: Provider) -> int:
            name = edits.fresh("spare", taken)
            taken.add(name)
            spare.append(person.model_copy(update={"id": name}))
            return len(rows) + len(spare) - 1

        self._brought: dict[int, tuple[int, int | None, int | None]] = {}
        """Of each resource, by its place: who comes, instead of whom, and who is like the latter and comes, too."""
        for item in [item for item in resources if item.person is not None][:MOST_PEOPLE]:
            assert item.person is not None
            before = rows.get(item.person.id)
            self._brought[id(item)] = add(item.person), before, None if before is None else add(problem.providers[before])
        self._spare = spare
        self._compiled = compile_problem(problem.replace(providers=(*problem.providers, *spare)))
        warm_up()
        instance = self._compiled.instance
        self._ins, self._pts = pack(instance)
        self._state = state_of(self._compiled, plan, (self._ins, self._pts))
        self._visits = {visit.id: v for v, visit in enumerate(self._compiled.visits)}
        self._funds = {fund.id: f for f, fund in enumerate(problem.funds)}
        self._provider = instance.shifts["provider"]
        self._cells = np.array([shift_row(self._ins, s) + S_END for s in range(len(instance.shifts))], np.int64)

    def by_trial(
        self, *, steps: int = BRIEF, seed: int = 1, is_over: Callable[[], bool] = never, on_progress: Callable[[int, int], None] | None = None
    ) -> dict[int, float]:
        """Return by the `id` of each resource how much more urgency weight a brief search serves with it than without it.

        Resources beyond the first, and those that `is_over` leaves no time for, are missing.
        """
        ins = self._ins.copy()
        spare = np.arange(len(self._problem.providers), len(self._problem.providers) + len(self._spare))
        is_shut = np.isin(self._provider, spare)
        ins[self._cells[is_shut]] = -1
        without: dict[tuple[str, ...], int] = {}
        found: dict[int, float] = {}
        for done, item in enumerate(self._resources):
            if is_over():
                break
            if on_progress is not None:
                on_progress(done, len(self._resources))
            wanted = [self._visits[name] for name in item.wanted]
            if item.wanted not in without:
                without[item.wanted] = self._served(ins, is_shut, self._state, wanted, steps, seed)
            with_it = None
            if item.code == "fund":
                cell = int(ins[FUND_AMOUNT]) + self._funds[item.detail["fund"]]
                ins[cell] += item.size
                with_it = self._served(ins, is_shut, self._state, wanted, steps, seed)
                ins[cell] -= item.size
            elif id(item) in self._brought:
                who, instead, _ = self._brought[id(item)]
                changed, state = is_shut.copy(), self._state
                changed[self._provider == who] = False
                if instead is not None:
                    changed[self._provider == instead] = True
                    state = self._with_routes_of(instead, who)
                kept = ins[self._cells]
                ins[self._cells] = np.where(changed, -1, self._ins[self._cells])
                with_it = self._served(ins, changed, state, wanted, steps, seed)
                ins[self._cells] = kept
            if with_it is not None:
                found[id(item)] = float(with_it - without[item.wanted])
        return found

    def by_duals(self, cost: int, stop: Stop, threads: int = 1) -> tuple[dict[int, float], int]:
        """Return by the `id` of each resource the urgency weight that its first unit can serve at most, as far as the bound is tight; and the bound.

        Those who could come stand in the linear program as people of whom there are none: what the best route of one would earn under its prices
        is the most that the first of them can save. Training is worth what the trained earn more than the untrained would.

        Parameters
        ----------
        cost
            Of the plan.
        stop
            When the bound has risen enough: seconds, or steps.
        """
        from matcher.solvers.bounds import duals  # noqa: PLC0415 - linear programs take their time to load

        instance, rows = self._compiled.instance, len(self._problem.providers)
        spare = frozenset(range(rows, rows + len(self._spare)))
        told = duals(instance, stop.start(), spare, upper=cost, routes=self._state, threads=threads)
        worth = np.zeros(len(instance.providers))
        np.add.at(worth, self._provider, told.shift)
        unit = max(1, self._problem.weights.unserved)
        found = {}
        for item in self._resources:
            if item.code == "fund":
                found[id(item)] = float(told.fund[self._funds[item.detail["fund"]]]) * item.size / unit
            elif id(item) in self._brought:
                who, _, like = self._brought[id(item)]
                found[id(item)] = max(0.0, float(worth[who]) - (0.0 if like is None else float(worth[like]))) / unit
        return found, told.bound.value

    def _served(self, ins: Longs, is_shut: Any, state: Longs, wanted: list[int], steps: int, seed: int) -> int:
        """Return the urgency weight that is served after a brief search for places for some visits."""
        # Kernels are compiled for a packed instance that nobody writes to; any other would have them all compiled again.
        frozen = ins.view()
        frozen.setflags(write=False)
        refit = Refit(Ground(self._compiled, state, packed=(frozen, self._pts)), wanted, seed=seed, shut=is_shut)
        refit.insert(wanted)
        refit.run(steps)
        is_in = view(refit.best()).visit[:, IS_IN] == 1
        return int(self._compiled.instance.visits["weight"][is_in].sum())

    def _with_routes_of(self, provider: int, heir: int) -> Longs:
        """Return the plan as routes in which one provider's visits are another's."""
        people = self._compiled.problem.providers
        old, new = people[provider].id, people[heir].id
        assignments = [
            one
            if all(service.provider != old for service in one.team)
            else one.model_copy(
                update={"team": tuple(s.model_copy(update={"provider": new}) if s.provider == old else s for s in one.team)},
            )
            for one in self._plan.assignments
        ]
        return state_of(self._compiled, self._plan.model_copy(update={"assignments": tuple(assignments)}), (self._ins, self._pts))


def ranked(
    problem: Problem,
    plan: Plan,
    cost: int,
    resources: Sequence[Resource],
    stop: Stop | None,
    *,
    seed: int,
    threads: int,
    is_over: Callable[[], bool],
    on_progress: Callable[[int, int, str], None] | None,
) -> tuple[list[Resource], int | None]:
    """Return resources with what a brief trial and the duals say, the most worth first, and the bound of the duals.

    What a trial serves more counts first, then the dual value, then the estimate; those that were not tried come last.
    """
    tell = on_progress or (lambda _done, _total, _what: None)
    ranking = Ranking(problem, plan, resources)
    gains = ranking.by_trial(seed=seed, is_over=is_over, on_progress=lambda done, total: tell(done, total, BRIEFLY))
    worths: dict[int, float] = {}
    bound = None
    if stop is not None and not is_over():
        tell(0, 1, PROOF)
        worths, bound = ranking.by_duals(cost, stop, threads)
    told = [replace(item, gain=gains.get(id(item)), dual=worths.get(id(item))) for item in resources]
    told.sort(key=lambda item: (-1.0 if item.gain is None else item.gain, -1.0 if item.dual is None else item.dual, item.estimate), reverse=True)
    return told, bound
