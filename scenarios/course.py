"""The course of a comparison: which runs it takes, batch by batch, and which plan counts for each week in the end.

First the base week is planned, then every week from that plan. Then plans are carried over: a plan found for one week that holds in another is a plan
of the other, too, and counts there if it leaves out less. Last come the proofs. Each batch depends on the records of those before and on nothing
else, so that whoever has the records, from this process or from an earlier one, is where the comparison is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from scenarios.edits import Case, ScenarioSet
from scenarios.runs import BASE, FIRST, Task, first_tasks, replicates

Json = dict[str, Any]
Place = tuple[str, int]
"""A scenario and a replicate."""
DEFAULT_BUDGET: Final = 5.0
ROUNDS: Final = 3
"""How often, at most, a better plan of the base week is handed on to every other week."""
Batches = Generator[list[Task], Mapping[Task, Json], None]
Offers = Generator[list[Task], Mapping[Task, Json], bool]
Taken = Generator[list[Task], Mapping[Task, Json], Mapping[Task, Json]]
Line = tuple[str, list[Case]]
"""The way that all points of a line of a grid go, and the line."""
Directed = Generator[list[Task], Mapping[Task, Json], list[Line]]


class Course:
    """A comparison under way.

    Attributes
    ----------
    batch : list of Task
        The runs that come next, in any order; none when all is done.
    best : dict
        By scenario and replicate the record that counts, as far as there is one.
    proofs : dict
        By scenario the record of its bound.
    total : int
        Runs known so far; carrying over adds a few.
    """

    def __init__(self, scenarios: ScenarioSet) -> None:
        settings = scenarios.settings
        if settings.budget is None and settings.chunks is None:
            settings = settings.model_copy(update={"budget": DEFAULT_BUDGET})
        self.settings = settings
        self.cases = [Case(BASE, "", (), ""), *scenarios.cases]
        self.best: dict[Place, Json] = {}
        self.proofs: dict[str, Json] = {}
        self._numbers = replicates(settings)
        self._first = first_tasks(settings) if settings.warm else []
        self.total = len(self._first) + len(self.cases) * len(self._numbers) + (len(self.cases) if settings.prove else 0)
        self._offers: set[Task] = set()
        self._batches = self._all()
        self.batch = next(self._batches)

    def go_on(self, records: Mapping[Task, Json]) -> None:
        """Take the records of the whole batch, and go on to the next."""
        try:
            self.batch = self._batches.send(records)
        except StopIteration:
            self.batch = []

    def replay(self, find: Callable[[Task], Json | None]) -> list[Task]:
        """Go as far as there are records, and return the runs of the batch that have none yet; none when all is done."""
        while self.batch:
            records = {task: record for task in self.batch if (record := find(task)) is not None}
            if len(records) < len(self.batch):
                for task, record in records.items():
                    if task.scenario != FIRST and not task.prove:
                        self.best.setdefault((task.scenario, task.replicate), _of(task, record))
                return [task for task in self.batch if task not in records]
            self.go_on(records)
        return []

    def _all(self) -> Batches:
        settings, starts = self.settings, {}
        if self._first:
            begun = yield self._first
            starts = {task.replicate: begun[task]["plan"] for task in self._first}
        # Replicate by replicate, so that a comparison that is cut short has seen every scenario.
        places = [(case, r) for r in self._numbers for case in self.cases]
        tasks = [Task(case.id, r, case.edits, r, settings.budget, settings.chunks, starts.get(r)) for case, r in places]
        done = yield tasks
        self.best = {(task.scenario, task.replicate): _of(task, done[task]) for task in tasks}
        yield from self._carry()
        if settings.prove:
            r = self._numbers[0]
            proofs = [Task(case.id, r, case.edits, r, None, None, self.best[case.id, r]["plan"], settings.prove) for case in self.cases]
            proved = yield proofs
            self.proofs = {task.scenario: proved[task] for task in proofs}

    def _carry(self) -> Batches:
        """Carry plans over until no week that only allows more leaves out more.

        What is better for the base week is offered to all: else the base week, with the best of so many searches, would look better than weeks
        with one search each that differ in nothing that matters.
        """
        lines = yield from self._directed()
        is_better = False
        for _ in range(ROUNDS):
            if is_better:
                yield from self._offered((self.cases[k], r, BASE) for r in self._numbers for k in range(1, len(self.cases)))
            for line in (line for way, line in lines if way == "tighter"):
                yield from self._along(line)
            is_better = yield from self._offered(self._from_tighter())
            looser = [(case, r, BASE) for case in self.cases[1:] for r in self._numbers if self._way(case) in ("looser", "same")]
            yield from self._offered(offer for offer in looser if self._leaves(BASE, offer[1]) < self._leaves(offer[0].id, offer[1]))
            for line in (line for way, line in lines if way == "looser"):
                yield from self._along(line)
            if not is_better:
                return

    def _directed(self) -> Directed:
        """Return the lines of grids, each from the week that allows least to the one that allows most, with the way that all their points go.

        What a number means to a week is found out by trying: the plan of one end of a line holds at the other, or it does not. Where both hold at
        the other end the line is walked both ways; where neither does, from where more is left out to where less is.
        """
        r, directed = self._numbers[0], []
        lines = list(_lines(self.cases, self.best, self._numbers))
        tasks = [(self._offer(line[-1], r, line[0].id), self._offer(line[0], r, line[-1].id)) for _, line in lines]
        done = (yield from self._taken([task for pair in tasks for task in pair])) if tasks else {}
        for (way, line), (up, down) in zip(lines, tasks, strict=True):
            holds = [_unserved(done[task]) <= self._leaves(giver.id, r) for task, giver in ((up, line[0]), (down, line[-1]))]
            if holds[0] == holds[1]:
                first, last = (fmean(self._leaves(case.id, number) for number in self._numbers) for case in (line[0], line[-1]))
                ways = (line, line[::-1]) if first >= last else (line[::-1], line)
                directed += [(way, one) for one in ways[: 2 if holds[0] else 1]]
            else:
                directed.append((way, line if holds[0] else line[::-1]))
        return directed

    def _from_tighter(self) -> Iterator[tuple[Case, int, str]]:
        for r in self._numbers:
            tighter = [case.id for case in self.cases[1:] if self._way(case) in ("tighter", "same")]
            least = min(tighter, key=lambda name: self._leaves(name, r), default=None)
            if least is not None and self._leaves(least, r) < self._leaves(BASE, r):
                yield self.cases[0], r, least

    def _along(self, line: Sequence[Case]) -> Batches:
        """Offer each plan of a line of weeks, of which each allows more than the one before, to the next."""
        for before, after in itertools.pairwise(line):
            yield from self._offered((after, r, before.id) for r in self._numbers if self._leaves(before.id, r) < self._leaves(after.id, r))

    def _offered(self, offers: Iterable[tuple[Case, int, str]]) -> Offers:
        """Try plans of other weeks in weeks; where one leaves out less, or as much for less, it counts. Returns whether any did."""
        tasks = {self._offer(case, r, giver): giver for case, r, giver in offers}
        if not tasks:
            return False
        done = yield from self._taken(list(tasks))
        is_any = False
        for task, giver in tasks.items():
            place = task.scenario, task.replicate
            if _rank(done[task]) < _rank(self.best[place]):
                self.best[place] = _of(task, done[task]) | {"carried": giver}
                is_any = True
        return is_any

    def _offer(self, case: Case, replicate: int, giver: str) -> Task:
        """Return the run that takes over the plan of another week: without search, what breaks a rule is dropped, and what fits in is put in."""
        return Task(case.id, replicate, case.edits, replicate, 0.0, None, self.best[giver, replicate]["plan"])

    def _taken(self, tasks: list[Task]) -> Taken:
        """Have runs that take plans over done, and return their records; one that was done before is not counted again."""
        self.total += len(set(tasks) - self._offers)
        self._offers.update(tasks)
        return (yield tasks)

    def _way(self, case: Case) -> str:
        return str(self.best[case.id, self._numbers[0]]["way"])

    def _leaves(self, name: str, replicate: int) -> float:
        return _unserved(self.best[name, replicate])


def _of(task: Task, record: Json) -> Json:
    """Return a record as that of a task: equal runs of several scenarios have one."""
    return {"scenario": task.scenario, "replicate": task.replicate, **record}


def _unserved(record: Json) -> float:
    return float(record["figures"]["measures"]["unserved"])


def _rank(record: Json) -> tuple[float, int]:
    return _unserved(record), record["cost"]


def _lines(cases: Sequence[Case], records: Mapping[Place, Json], numbers: Sequence[int]) -> Iterator[Line]:
    """Yield the lines of grids along one number, by that number, where all points go the same way."""
    groups: dict[tuple[Any, ...], list[Case]] = {}
    for case in cases:
        for name, value in (case.values or {}).items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                others = tuple((key, repr(other)) for key, other in (case.values or {}).items() if key != name)
                groups.setdefault((case.grid, name, others), []).append(case)
    for (_, name, _), group in groups.items():
        ways = {str(records[case.id, r]["way"]) for case in group for r in numbers} - {"same"}
        if len(group) > 1 and len(ways) == 1 and ways <= {"tighter", "looser"}:
            yield ways.pop(), sorted(group, key=lambda case: (case.values or {})[name])
