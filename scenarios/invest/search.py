"""`invest`: a cheap way to a service rate, step by step, each held by a verified plan.

What may help is ranked by urgency weight for a yuan; the first ones are tried out by looks, the best are bought, and the week is planned anew. Then
whatever can be given back is given back, and what is left is exchanged: one or two measures go, and whatever is cheaper and holds the rate comes in
their place. It is a local search: what it finds is not proved to be the cheapest.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.objective import urgency_weight
from scenarios.invest.measures import COSTS, Measure, measures
from scenarios.invest.trials import PLANS, Over, Progress, Trials, Week, cost_of, counts_of, edits_of, with_more
from scenarios.runs import Store
from scenarios.statistics import estimate, knee
from scenarios.workers import Workers

if TYPE_CHECKING:
    from matcher.problem import Problem

Json = dict[str, Any]
TRIES: Final = 600
"""Weeks that are tried at most, if the caller does not say."""
TRIED, CHEAPEST, BOUGHT, ROUNDS = 12, 4, 6, 60
"""Measures tried out at a time: the first of the ranking, and the cheapest that may be enough; bought at most in a round; rounds at most."""
VALUE: Final = 0.5
"""Where what was tried does not make up the deficit, only that is bought which gains this part, or more, of what the best gains for a yuan. No more
is tried where the best gains this part, or more, of what others may gain."""
PATIENCE, LITTLE_PATIENCE = 8, 3
"""How often more measures are tried in a round, at most; the same in an exchange."""
PAIRS: Final = 48
"""Pairs of measures that are tried where none gains anything alone."""
CLOSE: Final = 4
"""How many of the sets that miss the floor by least get a whole plan, where no look holds it."""
EXCHANGES: Final = 6
"""After how many exchanges that came to nothing the search ends."""
CHEAPER: Final = 0.01
"""Yuan that an exchange has to save."""


def _never() -> bool:
    return False


def invest(
    problem: Problem,
    folder: Path,
    goal: float = 0.95,
    *,
    jobs: int = 2,
    costs: Mapping[str, float] | None = None,
    most: float | None = None,
    budget: float | None = None,
    chunks: int | None = None,
    seed: int = 1,
    seeds: int = 3,
    tries: int = TRIES,
    cancelled: Callable[[], bool] = _never,
    on_step: Callable[[Progress], None] | None = None,
) -> Json:
    """Find a cheap way to a service rate, and return it with the frontier as plain JSON values.

    Parameters
    ----------
    folder
        Where what is done is kept; what is there already is not done again.
    goal
        The urgency-weighted service rate to reach, 0 to 1.
    jobs
        Worker processes; 0 works in this process.
    costs
        Yuan a week for a unit of each sort; what is left out is as in `COSTS`.
    most
        Yuan a week that may be spent; any amount if left out.
    budget, chunks
        Limits of each plan: seconds, or chunks of work. Two seconds if both are left out.
    seeds
        How often the last week is planned from nothing, with other seeds, to see whether the rate holds.
    tries
        Weeks that are tried at most; what is best by then is the answer, as it is when the search is stopped.
    cancelled
        Asked now and then; once it returns True, the best so far is returned.
    on_step
        Called when a week has been tried.

    Returns
    -------
    dict
        ``is_complete`` says whether the search ended by itself. ``checked`` is null where it was stopped.

    Raises
    ------
    RunError, InternalError
        A plan or a trial that failed; call again to go on with the others.
    Over
        If it was stopped before there was any plan.
    """
    budget = 2.0 if budget is None and chunks is None else budget
    with Workers(problem, Store(folder), jobs) as workers:
        trials = Trials(workers, goal, seed, budget, chunks, tries, cancelled, on_step or (lambda _: None))
        return _Search(trials, COSTS | dict(costs or {}), most).answer(seeds)


@dataclass
class _Search:
    """The search under way."""

    trials: Trials
    costs: Mapping[str, float]
    most: float | None

    def answer(self, seeds: int) -> Json:
        """Buy, give back, exchange; and tell what it came to."""
        trials, goal = self.trials, self.trials.goal
        is_complete = True
        try:
            week = trials.plans([((), None)])[0]
            # The first plan gets as much again, so that what is bought is not paid for with work that was only left undone.
            week = trials.plans([((), week.plan)], again=True)[0]
            week = self._reach(week, goal, self.most)
            # where the goal is out of reach, what is bought holds the rate that was reached, and no more than that is needed
            trials.goal = min(goal, week.rate)
            trials.note(week)
            self._exchanged(self._pruned(trials.best or week))
        except Over:
            is_complete = False
            if trials.best is None:
                raise
        best = trials.best
        assert best is not None
        try:
            rates = trials.checks(best.bought, seeds)
        except Over:
            rates = []
        points = trials.frontier()
        bend = knee([point["yuan"] for point in points], [point["rate"] for point in points])
        problem = self.trials.workers.problem
        return {
            "format": "sishe-investment/1",
            "week": {"name": problem.name, "digest": problem.digest},
            "goal": goal,
            "is_reached": best.rate >= goal,
            "is_complete": is_complete,
            "tried": trials.tried,
            "rate": best.rate,
            "yuan": best.yuan,
            "bought": [measure.to_json() for measure in sorted(best.bought, key=lambda one: (one.code, str(one.detail)))],
            "edits": [edit.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"edit": edit.edit} for edit in edits_of(best.bought)],
            "counts": counts_of(best.bought),
            # of the ids that stand in what is bought
            "names": {name: text for name, text in _names(problem) if text},
            "costs": dict(self.costs),
            "frontier": points,
            "knee": None if bend is None else points[bend.index],
            "checked": estimate(rates).to_json() | {"values": rates} if rates else None,
            "problem": trials.problem(best.bought),
            "plan": trials.plan(best),
        }

    # buying

    def _reach(self, week: Week, goal: float, most: float | None, *, is_exchange: bool = False) -> Week:
        """Buy until a plan at the goal is found, `most` yuan are spent or nothing is found to help."""
        if not is_exchange:
            self.trials.phase = "buy"
        useless: set[str] = set()
        for _ in range(ROUNDS):
            week, chosen = self._chosen(week, goal, most, useless, is_exchange=is_exchange)
            if week.rate < goal and not chosen:
                chosen = self._pair(week, goal, most, is_exchange=is_exchange)
            if week.rate >= goal or not chosen:
                break
            week = self.trials.plans([(with_more(week.bought, chosen), week.plan)], 1 if is_exchange else PLANS)[0]
        return week

    def _chosen(self, week: Week, goal: float, most: float | None, useless: set[str], *, is_exchange: bool) -> tuple[Week, list[Measure]]:
        """Return the week after another look, and what to buy next; what a look gains nothing by is useless.

        More is tried until what was found makes up the deficit, or what was not tried yet is not likely to be better.
        """
        left = None if most is None else most - week.yuan
        found = self._found(week, left)
        gains: list[Measure] = []
        seen: set[str] = set()
        chosen: list[Measure] = []
        for _ in range(LITTLE_PATIENCE if is_exchange else PATIENCE):
            deficit = self._deficit(week, goal)
            waiting = [one for one in found if one.name not in useless and one.name not in seen]
            hope = max((one.for_a_yuan(one.estimate) for one in waiting), default=0.0)
            best = max((one.for_a_yuan(one.gain) for one in gains), default=0.0)
            chosen = _picked(gains, deficit, left)
            if not waiting or week.rate >= goal or sum(one.gain for one in chosen) >= deficit or (chosen and best >= VALUE * hope):
                break
            # for all that may be spent the best that is known, or hoped for, would not be enough
            if is_exchange and left is not None and max(hope, best) * left < deficit:
                return week, []
            worthy = _undominated(waiting)
            tried = _varied(worthy)
            tried += sorted((one for one in worthy if one not in tried and one.estimate >= deficit), key=lambda one: one.yuan)[:CHEAPEST]
            # the week as it is gets the same work, so that what is gained is not only what more search would have found
            same = self.trials.looks([(week.bought, week.plan)], again=True)[0]
            weeks = self.trials.looks([(with_more(week.bought, [one]), week.plan) for one in tried])
            for one, more in zip(tried, weeks, strict=True):
                seen.add(one.name)
                if more.served > same.served:
                    gains.append(replace(one, gain=more.served - same.served))
                else:
                    useless.add(one.name)
            week = same
        else:
            chosen = _picked(gains, self._deficit(week, goal), left)
        return week, chosen

    def _pair(self, week: Week, goal: float, most: float | None, *, is_exchange: bool) -> list[Measure]:
        """Return two measures that gain something together, none where none of those tried do: the cheapest two of which each may help a visit."""
        left = None if most is None else most - week.yuan
        deficit = self._deficit(week, goal)
        both = [
            (one, other)
            for one, other in itertools.combinations_with_replacement(self._found(week, left), 2)
            if (left is None or one.yuan + other.yuan <= left)
            and (not is_exchange or one.estimate + other.estimate >= deficit)
            and not set(one.wanted).isdisjoint(other.wanted)
        ]
        both = sorted(both, key=lambda pair: (cost_of(pair), -sum(one.estimate for one in pair), pair[0].name, pair[1].name))[:PAIRS]
        weeks = self.trials.looks([(with_more(week.bought, pair), week.plan) for pair in both])
        gains = [(more.served - week.served, pair) for more, pair in zip(weeks, both, strict=True) if more.served > week.served]
        if not gains:
            return []
        enough = [found for found in gains if found[0] >= deficit]
        gain, pair = (
            min(enough, key=lambda found: cost_of(found[1])) if enough else max(gains, key=lambda found: found[0] / max(1e-9, cost_of(found[1])))
        )
        return [replace(one, gain=gain / 2) for one in pair]

    def _deficit(self, week: Week, goal: float) -> float:
        problem = self.trials.workers.problem
        return goal * sum(urgency_weight(problem.weights, visit) for visit in problem.visits) - week.served

    def _found(self, week: Week, most: float | None) -> list[Measure]:
        """Return what may help in a week and costs no more than `most`."""
        problem, served = self.trials.problem(week.bought), {a.visit for a in self.trials.plan(week).assignments}
        absent = [visit for visit in problem.visits if visit.id not in served]
        return [one for one in measures(problem, absent, self.costs) if most is None or one.yuan <= most]

    # giving back and exchanging

    def _pruned(self, week: Week) -> Week:
        """Give back what is not needed, the dearest first, as long as a plan at the goal is found.

        What a plan needs when all else is there it needs when less is, too, or so it is taken to be: it is tried once.
        """
        if self.trials.phase == "buy":
            self.trials.phase = "give_back"
        floor = self.trials.goal
        spare = set(week.bought)
        while spare & set(week.bought):
            order = sorted((one for one in week.bought if one in spare), key=lambda one: (one.for_a_yuan(one.gain), -one.yuan))
            sets = [(_without(week.bought, (one,)), week.plan) for one in order]
            alone = self.trials.looks(sets)
            if all(less.rate < floor for less in alone):
                close = sorted(range(len(sets)), key=lambda k: (-alone[k].served, alone[k].yuan))[:CLOSE]
                for k, less in zip(close, self.trials.plans([sets[k] for k in close], 1), strict=True):
                    alone[k] = less
            free = [one for one, less in zip(order, alone, strict=True) if less.rate >= floor]
            spare = set(free)
            if not free:
                break
            best = min((less for less in alone if less.rate >= floor), key=lambda less: less.yuan)
            sizes = sorted({-(-len(free) * k // 4) for k in range(1, 5)} - {1})
            for less in self.trials.looks([(_without(week.bought, free[:size]), week.plan) for size in sizes]):
                if less.rate >= floor and less.yuan < best.yuan:
                    best = less
            week = best
        return week

    def _exchanged(self, week: Week) -> Week:
        """Take away one or two measures, the dearest first, and buy again for less than they cost; whatever then holds the goal is kept."""
        self.trials.phase = "exchange"
        floor = self.trials.goal
        missed = 0
        kept: set[tuple[Measure, ...]] = set()
        while missed < EXCHANGES:
            sets = [(one,) for one in week.bought] + [*itertools.combinations(week.bought, 2)]
            given = next((given for given in sorted(sets, key=lambda some: (len(some), -cost_of(some))) if given not in kept), None)
            if given is None:
                break
            kept.add(given)
            rest = _without(week.bought, given)
            # for less than the cheapest of all nothing can come in its place, and that it cannot simply go was tried
            if len(given) == 1 and week.yuan - cost_of(rest) - CHEAPER < min(self.costs.values()):
                continue
            less = self.trials.looks([(rest, week.plan)])[0]
            less = self._reach(less, floor, week.yuan - CHEAPER, is_exchange=True)
            if less.rate >= floor:
                week, missed = self._pruned(less), 0
            else:
                missed += 1
        return week


def _names(problem: Problem) -> Iterator[tuple[str, str]]:
    for community in problem.communities:
        yield community.id, community.name
    for fund in problem.funds:
        yield fund.id, fund.name
    for provider in problem.providers:
        yield provider.id, provider.name


def _without(bought: Sequence[Measure], given: Sequence[Measure]) -> tuple[Measure, ...]:
    """Return what is left when something is given back, and with it what is nothing without it."""
    return tuple(one for one in bought if all(one is not other and not one.needs(other) for other in given))


def _undominated(found: Sequence[Measure]) -> list[Measure]:
    """Return those for which none of the others is cheaper, for the same visits, and may serve as much; teams always are: one alone is no team."""
    groups: dict[tuple[str, ...], list[Measure]] = {}
    for one in found:
        groups.setdefault(one.wanted, []).append(one)

    def is_beaten(one: Measure) -> bool:
        return one.code != "team" and any(other.yuan < one.yuan and other.estimate >= one.estimate for other in groups[one.wanted])

    return [one for one in found if not is_beaten(one)]


def _varied(found: Sequence[Measure]) -> list[Measure]:
    """Return what is tried at a time: first one for each group of visits, in their order, then a second one of another sort, and so on.

    Those of one sort for the same visits, such as an hour on each day, come after all sorts have had their turn.
    """
    turns: Counter[tuple[str, ...]] = Counter()
    sorts: Counter[tuple[str, tuple[str, ...]]] = Counter()
    places = []
    for place, one in enumerate(found):
        places.append((sorts[one.code, one.wanted], turns[one.wanted], place))
        sorts[one.code, one.wanted] += 1
        turns[one.wanted] += 1
    return [found[place] for *_, place in sorted(places)[:TRIED]]


def _picked(gains: Sequence[Measure], deficit: float, most: float | None) -> list[Measure]:
    """Return, of measures that were tried, the cheapest that make up a deficit; where they do not, those with the greatest gain for a yuan.

    No two of them are for the same visits: their gains would not add up. They cost no more than `most` together.
    """
    ranked = sorted(gains, key=lambda one: (-one.for_a_yuan(one.gain), one.name))
    # of all sets there would be too many
    few = ranked[:TRIED]
    few += sorted((one for one in ranked[TRIED:] if one.gain >= deficit), key=lambda one: one.yuan)[:CHEAPEST]
    most_gained = sum(sorted((one.gain for one in few), reverse=True)[:BOUGHT])
    best: tuple[Measure, ...] | None = None
    for size in range(1, min(BOUGHT, len(few)) + 1 if most_gained >= deficit else 1):
        for chosen in itertools.combinations(few, size):
            yuan = cost_of(chosen)
            if (
                sum(one.gain for one in chosen) >= deficit
                and (most is None or yuan <= most)
                and (best is None or yuan < cost_of(best))
                and _is_apart(chosen)
            ):
                best = chosen
    if best is not None:
        return [*best]
    picked: list[Measure] = []
    for one in ranked:
        cost = cost_of(picked) + one.yuan
        is_worth_it = one.for_a_yuan(one.gain) >= VALUE * ranked[0].for_a_yuan(ranked[0].gain)
        if is_worth_it and len(picked) < BOUGHT and _is_apart((*picked, one)) and (most is None or cost <= most):
            picked.append(one)
    return picked


def _is_apart(chosen: Sequence[Measure]) -> bool:
    wanted = [name for one in chosen for name in one.wanted]
    return len(wanted) == len(set(wanted))
