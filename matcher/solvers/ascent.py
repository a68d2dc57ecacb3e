"""Prices that make a lower bound rise: a path of them, then mixtures of the best so far and those of a linear program over routes."""

from __future__ import annotations

import itertools
import logging
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from matcher.kernels.cells import pack
from matcher.kernels.chains import C_NUMBERS, TABLES, price_chains
from matcher.kernels.desk import IS_LOOSE, LABELS, MINUTES, PROVED, RELAXED, ROUGH, desk, learned
from matcher.kernels.pricing import U_COMMUNITY, U_COUNT, U_LOSS, U_NODES, U_WEIGHT, count_items, price_shifts
from matcher.solvers.known import KnownRoutes
from matcher.solvers.master import PART, master_of
from matcher.solvers.path import Path
from matcher.solvers.program import Program
from matcher.solvers.seeds import routes_of

if TYPE_CHECKING:
    from matcher.instance import Instance, Longs
    from matcher.kernels.cells import Reals
    from matcher.stop import Run

_log = logging.getLogger(__name__)
BLOCKS = 64
"""Parts in which shifts are priced: a thread that is done with one takes the next."""
FIRST_PRICE = 0.1
"""Prices before the first step, as a part of the losses."""
MINUTES_STEPS, FAR_MINUTES_STEPS, MINUTES_SHARE, MINUTES_STRIDE = 300, 1_000, 0.3, 0.05
"""Steps in which shifts are filled by minutes, with a linear program after them and without; the share of a run that they take at most, and how long
the strides of prices are at first."""
ROUGH_STEPS, NEAR, FIRST_ROUTES = 20, 1e-3, 3
HOLD, LEAST_HOLD, MOST_HOLD, CLOSE = 0.9, 0.3, 0.98, 1e-6
"""How much of the best prices stays in those of the next step; and when the linear program can prove no more."""
RIPE = 0.05
"""Share of what the linear program costs by which the best prices may still earn less where its routes are good for more than its own prices."""
WAY_STEPS, WAY_SHARE, WAY_STRIDE, WAY_KEPT = 150, 0.15, 0.03, 20
"""Rough steps towards the prices of routes before the linear program is first solved, the share of a run that they take at most, how long their
strides are at first, and of how many of the last ones the program gets the routes."""
MOST_ROWS = 10_000
"""Above so many rows there is no linear program, which would take minutes to solve: prices go up a path of rough routes instead."""
FAR_STRIDE, FAR_STEPS, FAR_SPARE = 0.01, 25, 1.3
"""How long the strides of these steps are at first, after how many of them it is first proved what they say, and the time kept for the last proof,
in proofs."""
LEAST_MINUTES = 10
MOST_WEIGHT = 1_000_000
"""Communities whose urgency weight is above this count without equity."""


@dataclass(frozen=True)
class Bound:
    """A proven lower bound on the cost of any plan.

    Attributes
    ----------
    value : int
    name : str
        ``minutes``: shifts are filled by the time of services and of the shortest ways; ``routes``: by routes with travel, windows and lunch;
        ``none``: nothing is negative.
    """

    value: int
    name: str


@dataclass
class Answer:
    """What the prices of one step say."""

    value: int
    slack: Any


@dataclass
class _Mixture:
    """Where the linear program and the best prices stand.

    Attributes
    ----------
    centre
        The best prices.
    guess, optimum
        What these earn by rough routes, and what the program costs (scaled).
    hold
        How much of them stays in the next ones.
    rough, fresh
        Rough steps since the last proof, and routes found in them.
    prices
        Those of the program when it was last solved.
    proved
        The best prices when it was last proved what they earn.
    """

    centre: Any
    guess: float = -math.inf
    optimum: float = math.inf
    hold: float = HOLD
    rough: int = 0
    fresh: int = 0
    prices: Any = None
    proved: Any = None


class Ascent:
    """Prices that rise where more is wanted than covered, and fall where more is covered than wanted, and what they prove.

    Use it as a context manager: threads and the process of the linear program are then given back.

    Parameters
    ----------
    threads
        Shifts priced at the same time. What is found does not depend on it, but for when a run is over.
    part
        Seconds of the parts of the windows of teams (`matcher.solvers.master.PART`).
    spare
        Providers, by row, who are not there (`matcher.solvers.master.master_of`).

    Attributes
    ----------
    best, best_prices
        The best bound so far, and the prices that prove it.
    """

    def __init__(self, instance: Instance, threads: int = 1, part: int = PART, spare: frozenset[int] = frozenset()) -> None:
        self.instance, self.packed = instance, pack(instance)
        self.master = master = master_of(instance, self.packed, part, spare)
        self.pool = ThreadPoolExecutor(threads)
        self.scale = master.scale
        minutes = int((instance.shifts["end"] - instance.shifts["start"]).max(initial=60) + 59) // 60
        items = max((count_items(self.packed[0], master.rx, s) for s in master.group_shift), default=0)
        self.desks = [desk(len(master.unit), len(instance.points), items, minutes) for _ in range(threads)]
        groups = len(master.group_shift)
        self.learned = learned(groups, int(instance.shift_first[-1]))
        self.values, self.earned = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
        numbers, days = int(master.chain[:, C_NUMBERS].max(initial=1)), int(np.diff(master.choice_bucket_first).max(initial=1))
        # A route of so many minutes has an item a quarter of an hour at most, or few more, and each uses a row, three counters and a fund.
        width = 5 * (minutes // LEAST_MINUTES + 40) + 1
        self.columns, self.amounts = np.zeros((groups, width), np.int32), np.zeros((groups, width))
        # What the routes that were found last cost (scaled); infinitely much where they are none: filled by minutes, or relaxed.
        self._costs = np.full(groups, np.inf)
        self.work, self.days = np.zeros((TABLES, numbers, days), np.int64), np.zeros(days, np.int64)
        self.served = np.zeros(len(master.unit))
        self.size = master.rows + master.counters + master.funds
        self.losses, self.spread = self._losses(np.zeros(len(instance.community_weight), np.int64))
        self.blocks = self._blocks()
        self.metric = self._find_metric()
        # A bucket that cannot be served costs more than any loss, in a row that nobody covers; its other rows are worth nothing.
        self.is_live = np.zeros(master.rows, bool)
        self.is_live[master.bucket_row[np.repeat(master.is_open, np.diff(master.bucket_row_first))]] = True
        self.closed = 4.0 * master.scale * (int(instance.visits["loss"].max(initial=0)) + 1) * master.is_shut
        self.steps, self.best, self.best_prices = 0, Bound(0, "none"), np.zeros(self.size)
        self._minutes = self._path_of(np.where(self.is_live, FIRST_PRICE * self.metric[: master.rows], self.closed), MINUTES_STRIDE)
        self._has_followed, self._known = False, KnownRoutes(master.rows)
        self._program: Program | None = None
        self._mixture: _Mixture | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown()
        if self._program is not None:
            self._program.__exit__(*error)
            self._program = None

    def _blocks(self) -> list[tuple[int, int]]:
        """Return ranges of groups of about equal work, without those of groups that none is of."""
        work = np.cumsum(np.diff(self.instance.shift_first)[self.master.group_shift] + 1)
        total = int(work[-1]) if len(work) else 0
        edges = {0, *(int(np.searchsorted(work, total * (k + 1) // BLOCKS)) for k in range(BLOCKS - 1)), len(work)}
        is_there = self.master.group_count > 0
        edges |= set((np.flatnonzero(is_there[1:] != is_there[:-1]) + 1).tolist())
        return [(a, b) for a, b in itertools.pairwise(sorted(edges)) if is_there[a]]

    def _losses(self, slopes: Any) -> tuple[Any, int]:
        """Return the loss of each unit with its share of equity, and what the lines of these slopes lie below nothing at nothing, all scaled.

        Equity grows faster than any line: each community's is replaced by the line of a slope that touches it from below.
        """
        unit, below = self.master.unit, 0
        equity = int(self.instance.weights[0]["equity"])
        for community, slope in enumerate(slopes.tolist()):
            weight = int(self.instance.community_weight[community])
            if slope == 0:
                continue
            left = np.arange(weight + 1, dtype=np.int64)
            below += int((slope * left - self.scale * equity * (1000 * left * left // max(1, weight))).max())
        return self.scale * unit[:, U_LOSS] + slopes[unit[:, U_COMMUNITY]] * unit[:, U_WEIGHT], below

    def slopes(self, served: Any) -> Any:
        """Return the slopes of equity where so much of each unit is served."""
        unit = self.master.unit
        left = np.zeros(len(self.instance.community_weight))
        np.add.at(left, unit[:, U_COMMUNITY], (unit[:, U_COUNT] - served) * unit[:, U_WEIGHT])
        weight = np.maximum(1, self.instance.community_weight)
        slopes = self.scale * int(self.instance.weights[0]["equity"]) * 2000 * left / weight
        slopes[self.instance.community_weight > MOST_WEIGHT] = 0
        return np.minimum(slopes, 2**40).astype(np.int64)

    def ask(self, prices: Longs, how: int) -> Answer:
        """Return the bound that prices prove (scaled), and by how much each row and limit is missed; `how` is one of `matcher.kernels.desk`."""
        master = self.master

        todo = iter(self.blocks)

        def work(desk: Longs) -> None:
            for first, last in todo:
                price_shifts(
                    *self.packed, master.rx, desk, first, last, prices, how, self.learned, self.values, self.earned, self.columns, self.amounts,
                    LABELS,
                )  # fmt: skip

        if how in (ROUGH, RELAXED):
            self.earned[:] = np.maximum(0, self._paid(prices) - self._costs)
            self._known.recall(prices, self.earned, self.columns, self.amounts)
        list(self.pool.map(work, self.desks))
        self._costs = self._paid(prices) - self.earned
        if how == MINUTES:
            self._costs[:] = np.inf
        elif how == RELAXED:
            self._costs[self.learned[self.learned[IS_LOOSE] :][: len(self._costs)] == 1] = np.inf
        elif how == PROVED:
            self._known.add(prices, self.earned, self.columns, self.amounts)
        index, amounts = self._found()
        used = np.bincount(index.ravel(), (amounts * master.group_count[:, None]).ravel(), self.size)
        wanted = np.zeros(self.size)
        value = int(price_chains(master.rx, prices, self.losses, self.work, self.days, wanted, self.served)) - self.spread
        value -= sum(int(v) * int(c) for v, c in zip(self.values, master.group_count, strict=True))
        value -= sum(int(p) * int(a) for p, a in zip(prices[master.rows :], master.limits, strict=True))
        slack = wanted - used
        slack[: master.rows][~self.is_live] = 0
        slack[master.rows :] = -slack[master.rows :] - master.limits
        self.steps += 1
        return Answer(value, slack)

    def _paid(self, prices: Longs) -> Any:
        """Return what is paid, less what is used, for the routes that were found last."""
        index, amounts = self._found()
        return (np.where(index < self.master.rows, amounts, -amounts) * prices[index]).sum(axis=1)

    def _found(self) -> tuple[Any, Any]:
        """Return by group what the route that was found last covers and uses, and how much: nothing behind its end."""
        counts = self.columns[:, -1:]
        width = int(counts.max(initial=0))
        return self.columns[:, :width], np.where(np.arange(width) < counts, self.amounts[:, :width], 0)

    def worth(self) -> tuple[Reals, Reals]:
        """Return what the best prices say that each shift is worth, those of spare providers too, and each fund: units of the objective."""
        prices = np.rint(self.best_prices).astype(np.int64)
        self.blocks = [(g, g + 1) for g in range(len(self.master.group_shift))]
        self.ask(prices, PROVED)
        return self.values[self.master.group_of] / self.scale, prices[self.master.fund_at :] / self.scale

    def whole(self, value: int) -> int:
        """Return the bound in units of the objective: a cost is a whole number."""
        return -(-value // self.scale)

    def _find_metric(self) -> Any:
        """Return how far a step of one moves each price: losses for rows, the loss of an hour for seconds, of a resident, of a yuan spent."""
        master = self.master
        metric = np.zeros(self.size)
        bucket = np.repeat(np.arange(len(master.bucket_unit)), np.diff(master.bucket_row_first))
        unit = master.unit[master.bucket_unit[bucket]]
        metric[master.bucket_row] = self.scale * unit[:, U_LOSS] / unit[:, U_NODES]
        typical = max(1.0, float(np.mean(metric[: master.rows]))) if master.rows else 1.0
        self.metric_of_rows = metric[: master.rows].copy()
        self.bucket_of = np.zeros(master.rows, np.int64)
        self.bucket_of[master.bucket_row] = bucket
        unit_of = master.bucket_unit[self.bucket_of]
        self.rows_of = np.argsort(unit_of, kind="stable")
        self.row_first = np.searchsorted(unit_of[self.rows_of], np.arange(len(master.unit) + 1))
        metric[: master.rows] = np.sqrt(np.maximum(metric[: master.rows], typical / 100) * typical)
        is_case = np.zeros(master.counters, bool)
        for row in self.instance.providers:
            if row["case_counter"] >= 0:
                is_case[row["case_counter"] : row["case_counter"] + 1 + int(self.instance.shifts["week"].max(initial=0)) + 1] = True
        metric[master.rows : master.fund_at] = np.where(is_case, typical, typical / 3600)
        paid = self.instance.entry_price[self.instance.entry_price > 0]
        metric[master.fund_at :] = typical / max(1.0, float(paid.mean()) if len(paid) else 1.0)
        return metric

    def climb(self, run: Run, upper: int | None = None, routes: Longs | None = None, watch: Callable[[Bound, int], None] | None = None) -> Bound:
        """Return the best bound that is found until the run is over, or no further step is worth it. Asked again, it goes on from there.

        Parameters
        ----------
        upper
            The cost of a known plan. It only guides the steps; the bound is valid whatever is said here.
        routes
            The state that holds the routes of a known plan, which the linear program gets. They guide the steps only, too.
        watch
            Called with the best bound and the number of steps, whenever it rises.
        """
        self.run, self.upper, self.watch = run, upper, watch
        self._follow()
        if self.master.rows > MOST_ROWS:
            self._ascend(self._minutes.best_prices)
            return self.best
        if self._program is None:
            self._program = Program(self.master, self.losses)
        if routes is not None and not self._is_over():
            for g, index, amount, cost in routes_of(self.instance, self.packed, self.master, routes):
                self._program.add_route(g, np.array(index, np.int32), np.array(amount), cost)
        if self._mixture is None and not self._is_over():
            for turn in range(FIRST_ROUTES if routes is None else 0):
                self._share_out(self._program, turn)
            self._mixture = _Mixture(self._approach(self._minutes.best_prices, self._program))
        if self._mixture is not None:
            self._mix(self._mixture, self._program)
        return self.best

    def likely(self, slack: float) -> tuple[Any, Any] | None:
        """Return which groups likely serve which rows in good plans; None where the linear program does not know yet.

        Parameters
        ----------
        slack
            By how much a route may earn less than the best of its group, at the prices of the program, to count as good. Units of the objective.

        Returns
        -------
        int64[...], int64[...]
            Groups and rows, a pair for each row that a good route covers.
        """
        mixture = self._mixture
        if self._program is None or mixture is None or mixture.optimum - mixture.guess > RIPE * abs(mixture.optimum):
            return None
        groups, rows, earned = [], [], []
        for g, index, amount, cost in self._program.routes:
            is_row = index < self.master.rows
            groups.append(g)
            rows.append(index[is_row])
            earned.append(float(np.sum(np.where(is_row, amount, -amount) * mixture.prices[index])) - cost)
        group, most = np.array(groups, np.int64), np.zeros(len(self.master.group_shift))
        np.maximum.at(most, group, earned)
        is_good = most[group] - np.array(earned) <= slack * self.scale
        count = np.array([len(covered) for covered in rows], np.int64)
        covered = np.concatenate(rows).astype(np.int64) if rows else np.zeros(0, np.int64)
        kept = np.repeat(is_good, count)
        return np.repeat(group, count)[kept], covered[kept]

    def _is_over(self) -> bool:
        return self.run.reason(self.steps) is not None or (self.upper is not None and self.best.value >= self.upper)

    def _path_of(self, prices: Any, stride: float) -> Path:
        """Return a path from prices of rows (limits start without), or of both."""
        return Path(self.metric, self.master.rows, np.concatenate((prices, np.zeros(self.size - len(prices)))), stride)

    def _follow(self) -> None:
        """Go up a path of prices, shifts being filled by minutes."""
        path, part = self._minutes, self.run.part(None, None, MINUTES_SHARE)
        steps = MINUTES_STEPS if self.master.rows <= MOST_ROWS else FAR_MINUTES_STEPS
        for step in range(0 if self._has_followed else steps):
            if self._is_over() or part.reason(self.steps) is not None:
                break
            answer = self._try(path.prices, MINUTES)
            path.step(answer.value, answer.slack, 1 - max(step / steps, part.fraction(self.steps)))
        self._has_followed = True

    def _approach(self, centre: Any, columns: Program) -> Any:
        """Go up a path of prices with rough routes, give the program those of the last steps, and return the best prices.

        A step takes a tenth of the time of the program's, whose first prices say little: it starts where they would have led it.
        """
        path, kept = self._path_of(centre, WAY_STRIDE), deque[tuple[Any, ...]](maxlen=WAY_KEPT)
        part = self.run.part(None, None, WAY_SHARE)
        for step in range(WAY_STEPS):
            if self._is_over() or part.reason(self.steps) is not None:
                break
            trial = np.rint(path.prices)
            answer = self.ask(trial.astype(np.int64), ROUGH)
            kept.append((trial, self.earned.copy(), self.columns.copy(), self.amounts.copy()))
            path.step(answer.value, answer.slack, 1 - step / WAY_STEPS)
        for found in kept:
            columns.add(*found)
        return path.best_prices

    def _ascend(self, centre: Any) -> None:
        """Go up a path of prices with rough and relaxed routes until the run is over, and prove now and then what the best of the last of them say.

        Proofs tell which shifts rough looks say too little of; there are soon few others, so that each comes after twice as many steps as the last.
        """
        longest, turn = self._prove(centre), FAR_STEPS
        path, since, first = self._path_of(centre, FAR_STRIDE), 0, self.run.fraction(self.steps)
        while not self._is_over():
            answer = self.ask(np.rint(path.prices).astype(np.int64), RELAXED)
            path.step(answer.value, answer.slack, (1 - self.run.fraction(self.steps)) / max(1e-9, 1 - first))
            since += 1
            is_last = self.run.stop.budget is not None and self.run.seconds + FAR_SPARE * longest > self.run.stop.budget
            if is_last or since >= turn:
                longest, since, turn = max(longest, self._prove(path.best_prices)), 0, 2 * turn
                path.forget()
            if is_last:
                break

    def _prove(self, prices: Any) -> float:
        """Prove what prices say, unless the run is over; returns the seconds that it took."""
        began = self.run.seconds
        if not self._is_over():
            self._try(prices, PROVED)
        return self.run.seconds - began

    def _share_out(self, columns: Program, turn: int) -> None:
        """Give the program routes that go together: shift after shift takes the best of what is left."""
        master = self.master
        prices = np.rint(np.where(self.is_live, np.maximum(0, self.metric_of_rows), self.closed)).astype(np.int64)
        prices = np.concatenate((prices, np.zeros(self.size - master.rows, np.int64)))
        groups = np.random.default_rng(turn).permutation(len(master.group_shift))
        self._costs[:] = np.inf
        for g in groups.tolist():
            if self._is_over():
                break
            self.earned[g] = 0
            price_shifts(
                *self.packed, master.rx, self.desks[0], g, g + 1, prices, ROUGH, self.learned, self.values, self.earned,
                self.columns, self.amounts, LABELS,
            )  # fmt: skip
            columns.add_one(g, prices, self.earned, self.columns, self.amounts)
            taken = self.columns[g, : self.columns[g, -1]]
            for row in taken[taken < master.rows].tolist():
                # The other roles are to be served in the same bucket, and nothing of a single visit in another.
                b = self.bucket_of[row]
                u = int(master.bucket_unit[b])
                if master.unit[u, U_COUNT] == 1:
                    mine = self.rows_of[self.row_first[u] : self.row_first[u + 1]]
                    prices[mine[self.bucket_of[mine] != b]] = 0
                prices[row] = 0

    def _mix(self, at: _Mixture, columns: Program) -> None:
        """Let a linear program over the routes so far set the prices, as a mixture with the best prices, which keeps them from leaping about.

        Most steps look for routes roughly; what these say of their prices is a guess, which a step that proves puts right now and then.
        """
        best = -math.inf
        while not self._is_over():
            try:
                at.optimum, prices = columns.prices()
            except RuntimeError:
                # What is proven stays so without the program.
                _log.warning("The linear program could not be solved; the bound is what was proven before.")
                break
            prices[: self.master.rows] = np.where(self.is_live, prices[: self.master.rows], self.closed)
            at.prices = prices
            trial = np.rint(at.hold * at.centre + (1 - at.hold) * prices)
            answer = self.ask(trial.astype(np.int64), ROUGH)
            added = columns.add(trial, self.earned, self.columns, self.amounts)
            at.rough, at.fresh = at.rough + 1, at.fresh + added
            at.hold = self._hold(at.hold, answer.value - at.guess, at.optimum - at.guess) if added else max(0.0, at.hold - 0.2)
            if answer.value > at.guess:
                at.guess, at.centre = float(answer.value), trial
            if at.rough < ROUGH_STEPS and (at.optimum - at.guess > NEAR * abs(at.optimum) if added else at.hold > 0):
                continue
            # Where even rough steps find no further route, the prices of the linear program themselves are tried, too.
            found, at.guess = 0, at.guess if at.centre is at.proved else -math.inf
            for trial in ([] if at.centre is at.proved else [at.centre]) + ([] if at.fresh else [prices]):
                answer = self._try(trial, PROVED)
                found += columns.add(np.rint(trial), self.earned, self.columns, self.amounts)
                if answer.value > at.guess:
                    at.guess, at.centre = float(answer.value), trial
            at.proved, best = at.centre, max(best, at.guess)
            if at.optimum - best <= CLOSE * abs(at.optimum) or at.fresh + found == 0:
                break
            at.rough, at.fresh = 0, 0

    @staticmethod
    def _hold(hold: float, won: float, most: float) -> float:
        """Return how much of the best prices to keep in the next step, after one that won so much of the most that could be won."""
        if won > 0:
            return max(LEAST_HOLD, hold - 0.05)
        if -won > most:
            return min(MOST_HOLD, hold + 0.3 * (1 - hold))  # too far: the routes so far say little about these prices
        return max(0.0, hold - 0.1)

    def _try(self, prices: Any, how: int) -> Answer:
        """Ask what prices prove, and note it if it is the best."""
        answer = self.ask(np.rint(prices).astype(np.int64), how)
        if self.whole(answer.value) > self.best.value:
            self.best, self.best_prices = Bound(self.whole(answer.value), "routes" if how == PROVED else "minutes"), prices.copy()
            if self.watch is not None:
                self.watch(self.best, self.steps)
        return answer
