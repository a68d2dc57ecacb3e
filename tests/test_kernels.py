"""After any number of steps, what kernels keep up to date is what a full recount in plain Python gives; and rolling back is exact."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks import hhcrsp, neutral
from benchmarks.small import small_problem
from matcher.compile import compile_problem
from matcher.instance import FAR
from matcher.kernels import routes as r
from matcher.kernels.cells import FEW, IS_MONOTONE, pack
from matcher.kernels.insertion import evaluate_push, least_push
from matcher.kernels.look import entry_of, look
from matcher.kernels.schedule import depart, reach
from matcher.kernels.search import anneal, take_step
from matcher.kernels.teams import best_place
from matcher.kernels.work import GIVEN_NODE, GIVEN_PERSON, LOOK, below, uniform
from matcher.plan import Assignment, Plan, Service
from matcher.problem import Problem
from matcher.solvers.construct import construct
from matcher.solvers.searcher import Searcher
from matcher.start import state_of
from matcher.travel import Journeys

if TYPE_CHECKING:
    from matcher.instance import Instance


HHCRSP = Path(hhcrsp.__file__).parent / "data" / "hhcrsp"


class Recount:
    """Everything that follows from who stands where in which route, counted again."""

    def __init__(self, instance: Instance, journeys: Journeys, problem: Any, searcher: Searcher) -> None:
        self.i, self.journeys, self.problem = instance, journeys, problem
        self.searcher, self.routes = searcher, r.view(searcher.rt)
        self.order: dict[int, list[int]] = {}
        for s in range(len(instance.shifts)):
            self.order[s] = []
            n = int(self.routes.shift[s, r.HEAD])
            while n != r.NONE:
                self.order[s].append(n)
                n = int(self.routes.node[n, r.NEXT])
        self.placed = {n: s for s, route in self.order.items() for n in route}

    def seconds(self, s: int, a: int, b: int) -> int:
        shift = self.i.shifts[s]
        if shift["profile"] < 0:
            return 0
        return self.journeys.seconds(self.problem.providers[int(shift["provider"])], a, b)

    def legs(self, s: int) -> list[tuple[int, int]]:
        """The place before each node and at it, and one more pair for the way back."""
        at = base = int(self.i.shifts[s]["base"])
        legs = []
        for n in self.order[s]:
            here = int(self.i.nodes[n]["place"])
            here = at if here < 0 else here
            legs.append((at, here))
            at = here
        return [*legs, (at, base if self.i.shifts[s]["returns"] else at)]

    def is_service(self, n: int) -> bool:
        return not self.i.nodes[n]["is_room"]

    def row(self, s: int) -> int:
        """Where the packed row of a shift starts."""
        return int(self.searcher.ins[3]) + 14 * s

    # times, as the least and the greatest solution of all constraints, by repetition until nothing moves

    def starts(self) -> dict[int, int]:
        start = {n: int(self.routes.node[n, r.LOW]) for n in self.placed}
        while True:
            before = dict(start)
            for s, route in self.order.items():
                end, lunch_after, previous = int(self.i.shifts[s]["start"]), int(self.routes.shift[s, r.LUNCH_AFTER]), r.NONE
                for n, (a, b) in zip(route, self.legs(s), strict=False):
                    has_lunch = bool(self.i.shifts[s]["has_lunch"]) and lunch_after == previous
                    start[n] = max(start[n], int(reach(self.searcher.ins, self.row(s), end, self.seconds(s, a, b), has_lunch)))
                    end, previous = start[n] + int(self.i.nodes[n]["seconds"]), n
            for a, b in self.neighbours():
                start[b] = max(start[b], start[a] + int(self.i.nodes[b]["gap_low"]))
                start[a] = max(start[a], start[b] - int(self.i.nodes[b]["gap_high"]))
            if start == before:
                return start

    def latest(self) -> dict[int, int]:
        late = {n: int(self.routes.node[n, r.HIGH]) for n in self.placed}
        while True:
            before = dict(late)
            for s, route in self.order.items():
                bound, lunch_after = int(self.i.shifts[s]["end"]), int(self.routes.shift[s, r.LUNCH_AFTER])
                for n, (a, b) in zip(reversed(route), reversed(self.legs(s)), strict=False):
                    has_lunch = bool(self.i.shifts[s]["has_lunch"]) and lunch_after == n
                    limit = int(depart(self.searcher.ins, self.row(s), bound, self.seconds(s, a, b), has_lunch))
                    late[n] = min(late[n], limit - int(self.i.nodes[n]["seconds"]))
                    bound = late[n]
            for a, b in self.neighbours():
                late[a] = min(late[a], late[b] - int(self.i.nodes[b]["gap_low"]))
                late[b] = min(late[b], late[a] + int(self.i.nodes[b]["gap_high"]))
            if late == before:
                return late

    def neighbours(self) -> list[tuple[int, int]]:
        """The nodes of a placed visit that stand next to one another."""
        return [(n - 1, n) for n in self.placed if n - 1 in self.placed and self.i.nodes[n]["visit"] == self.i.nodes[n - 1]["visit"]]

    # costs

    def soft(self, start: dict[int, int]) -> int:
        return sum(
            (self.travel(), self.waiting(start), self.timed(start), self.fixed(), self.faces(), self.continuity(), self.pairing(), self.workload())
        )

    def weight(self, name: str) -> int:
        return int(self.i.weights[0][name])

    def travel(self) -> int:
        return self.weight("travel") * sum(self.seconds(s, a, b) for s, route in self.order.items() if route for a, b in self.legs(s))

    def waiting(self, start: dict[int, int]) -> int:
        seconds = 0
        for s, route in self.order.items():
            if self.i.shifts[s]["profile"] >= 0:
                for k in range(1, len(route)):
                    a, b = self.legs(s)[k]
                    seconds += start[route[k]] - start[route[k - 1]] - int(self.i.nodes[route[k - 1]]["seconds"]) - self.seconds(s, a, b)
        return self.weight("waiting") * seconds

    def late(self, n: int, start: int) -> int:
        visit = self.i.visits[self.i.nodes[n]["visit"]]
        windows = self.i.windows[visit["window_first"] : visit["window_first"] + visit["windows"]]
        return min((max(0, start - due) for low, due, high in windows.tolist() if low <= start <= high), default=0)

    def timed(self, start: dict[int, int]) -> int:
        cost = 0
        for n, at in start.items():
            visit = self.i.visits[self.i.nodes[n]["visit"]]
            if not self.is_service(n):
                continue
            cost += self.weight("lateness") * self.late(n, at)
            if n == visit["first_node"]:
                prefers = self.i.prefers[visit["prefer_first"] : visit["prefer_first"] + visit["prefers"]]
                if len(prefers) and not any(p["low"] <= at <= p["high"] for p in prefers):
                    cost += self.weight("preferred_window")
                if visit["in_force_start"] >= 0 and at != visit["in_force_start"]:
                    cost += int(visit["stability"])
        return cost

    def fixed(self) -> int:
        cost = 0
        for n, s in self.placed.items():
            entry = int(self.routes.node[n, r.ENTRY])
            assert self.i.entry_shift[entry] == s
            assert self.i.entry_first[n] <= entry < self.i.entry_first[n + 1]
            cost += int(self.i.entry_cost[entry])
        return cost

    def who(self, n: int) -> int:
        return int(self.i.shifts[self.placed[n]]["provider"])

    def services(self) -> list[tuple[int, int, Any]]:
        return [(n, self.who(n), self.i.visits[self.i.nodes[n]["visit"]]) for n in self.placed if self.is_service(n)]

    def faces(self) -> int:
        pairs = {(int(visit["resident"]), p) for _, p, visit in self.services() if visit["resident"] >= 0}
        cost = 0
        for resident, p in pairs:
            row = slice(self.i.known_first[resident], self.i.known_first[resident + 1])
            known = dict(zip(self.i.known_provider[row].tolist(), self.i.known_cost[row].tolist(), strict=True))
            cost += known.get(p, self.weight("new_face"))
        return cost

    def continuity(self) -> int:
        groups: dict[int, set[int]] = defaultdict(set)
        price = {}
        for n, p, visit in self.services():
            group = int(self.i.nodes[n]["group"])
            groups[group].add(p)
            price[group] = int(self.i.needs[visit["need"]]["continuity"])
        return sum(price[group] * (len(who) - 1) for group, who in groups.items())

    def pairing(self) -> int:
        grades = [link.grade for link in self.problem.links]
        links = {i: {k for k, link in enumerate(self.problem.links) if p.id in link.members} for i, p in enumerate(self.problem.providers)}
        teams: dict[int, list[int]] = defaultdict(list)
        for n, p, _ in self.services():
            teams[int(self.i.nodes[n]["visit"])].append(p)
        cost = 0
        for v, team in teams.items():
            own = 0
            for k, p in enumerate(team):
                others = set().union(*(links[q] for q in team if q != p)) if len(team) > 1 else set()
                liked = {link for link in links[p] if grades[link] == "preferred"}
                own += bool(liked and not liked & others) if len(team) > 1 else 0
                own += sum(grades[link] == "unpreferred" for q in team[:k] for link in links[p] & links[q])
            assert self.routes.visit[v, r.PAIRED] == self.weight("pairing") * own
            cost += self.weight("pairing") * own
        return cost

    def served(self) -> dict[int, int]:
        seconds: dict[int, int] = defaultdict(int)
        for n, p, _ in self.services():
            seconds[p] += int(self.i.nodes[n]["seconds"])
        return seconds

    def workload(self) -> int:
        cost = 0
        for p, seconds in self.served().items():
            offered = int(self.i.providers[p]["offered"])
            cost += self.weight("workload") * ((seconds // 60) ** 2 // offered) if offered > 0 else 0
        return cost

    def left_out(self) -> list[int]:
        left = [0] * len(self.i.community_weight)
        for v in self.absent():
            left[self.i.visits[v]["community"]] += int(self.i.visits[v]["weight"])
        return left

    def absent(self) -> set[int]:
        present = {int(self.i.nodes[n]["visit"]) for n in self.placed}
        return set(range(len(self.i.visits))) - present

    def loss(self) -> int:
        loss = sum(int(self.i.visits[v]["loss"]) for v in self.absent())
        shares = zip(self.left_out(), self.i.community_weight.tolist(), strict=True)
        unequal: int = sum(1000 * u * u // t for u, t in shares if t > 0)
        return loss + self.weight("equity") * unequal

    def counters(self) -> list[int]:
        counters = [0] * int(self.i.counters[0])
        cases: dict[int, set[int]] = defaultdict(set)
        for n, p, visit in self.services():
            shift, provider = self.i.shifts[self.placed[n]], self.i.providers[p]
            for field, unit in (("day_counter", "day"), ("week_counter", "week")):
                if provider[field] >= 0:
                    counters[int(provider[field] + shift[unit])] += int(self.i.nodes[n]["seconds"])
            if provider["case_counter"] >= 0 and visit["resident"] >= 0:
                cases[int(provider["case_counter"] + shift["week"])].add(int(visit["resident"]))
        for counter, residents in cases.items():
            counters[counter] = len(residents)
        return counters

    def spent(self) -> list[int]:
        spent = [0] * len(self.i.fund_amount)
        for n in self.placed:
            price = int(self.i.entry_price[self.routes.node[n, r.ENTRY]]) if self.is_service(n) else 0
            assert (price > 0) == (self.routes.node[n, r.FUND] != r.NONE)
            if price:
                spent[self.routes.node[n, r.FUND]] += price
        return spent

    # the comparison

    def check_links(self) -> None:
        for s, route in self.order.items():
            state = self.routes.shift[s]
            assert state[r.COUNT] == len(route)
            assert state[r.TAIL] == (route[-1] if route else r.NONE)
            assert state[r.LUNCH_AFTER] in (r.NONE, *route)
            for before, n in zip([r.NONE, *route], route, strict=False):
                assert (self.routes.node[n, r.PREV], self.routes.node[n, r.SHIFT]) == (before, s)
            for n, (_, here) in zip(route, self.legs(s), strict=False):
                assert self.routes.node[n, r.AT] == here
            for a, b in self.legs(s) if route else ():
                assert self.seconds(s, a, b) <= self.i.shifts[s]["max_leg"]
        for n in range(len(self.i.nodes)):
            assert (self.routes.node[n, r.SHIFT] == r.NONE) == (n not in self.placed)
        for v, visit in enumerate(self.i.visits):
            nodes = range(int(visit["first_node"]), int(visit["first_node"] + visit["nodes"]))
            assert {n in self.placed for n in nodes} == {bool(self.routes.visit[v, r.IS_IN])}

    def check(self) -> None:
        self.check_links()
        total = self.routes.total
        start = self.starts()
        assert {n: int(self.routes.node[n, r.START]) for n in self.placed} == start
        if self.i.is_bounded[0]:
            latest = self.latest()
            assert {n: int(self.routes.node[n, r.LATEST]) for n in self.placed} == latest
            assert all(start[n] <= latest[n] for n in start)
        assert self.timed(start) == sum(int(self.routes.node[n, r.TIMED]) for n in self.placed)
        assert total[r.SOFT] == self.soft(start)
        assert total[r.LOSS] == self.loss()
        assert set(self.routes.absent[: total[r.ABSENT]].tolist()) == self.absent()
        assert total[r.ABSENT] == len(self.absent())
        assert self.routes.left_out.tolist() == self.left_out()
        assert self.routes.counter.tolist() == self.counters()
        assert self.routes.fund.tolist() == self.spent()
        assert all(spent <= amount for spent, amount in zip(self.spent(), self.i.fund_amount.tolist(), strict=True))
        served = self.served()
        assert self.routes.provider[:, r.SERVED].tolist() == [served.get(p, 0) for p in range(len(self.i.providers))]
        if self.weight("max_lateness"):
            assert total[r.WORST] == max((self.late(n, at) for n, at in start.items() if self.is_service(n)), default=0)


def begin(seed: int, visits: int, **switches: Any) -> tuple[Instance, Journeys, Any, Searcher]:
    problem = small_problem(seed, visits, **switches)
    instance = compile_problem(problem).instance
    searcher = Searcher.on(instance, pack(instance), seed)
    return instance, Journeys(problem), problem, searcher


def step(searcher: Searcher) -> None:
    """One step of the search, as `anneal` takes it, without the decision to keep it."""
    ins, pts, rt, wk, _ = searcher.arrays
    take_step(ins, pts, rt, wk, 4, bool(below(wk, 4) == 0), searcher.is_timed)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_kept_up_to_date_equals_a_full_recount(seed: int) -> None:
    instance, journeys, problem, searcher = begin(seed, 4 + seed)
    Recount(instance, journeys, problem, searcher).check()
    construct(searcher, lambda: False)
    Recount(instance, journeys, problem, searcher).check()
    for _ in range(12):
        step(searcher)
        Recount(instance, journeys, problem, searcher).check()


@pytest.mark.parametrize("seed", range(100, 120))
def test_rolling_back_restores_the_memory_exactly(seed: int) -> None:
    _, _, _, searcher = begin(seed, 20)
    construct(searcher, lambda: False)
    for _ in range(20):
        before = r.memory_of(searcher.rt).copy()
        step(searcher)
        if uniform(searcher.wk) < 0.7:
            r.roll_back(searcher.rt, 0)
            assert np.array_equal(r.memory_of(searcher.rt), before)


@pytest.mark.parametrize("seed", range(200, 220))
def test_the_record_of_the_best_is_a_state_of_its_cost(seed: int) -> None:
    instance, journeys, problem, searcher = begin(seed, 16)
    construct(searcher, lambda: False)
    anneal(*searcher.arrays, 60, 1e5, 10.0, searcher.is_timed)
    best = searcher.best_cost
    searcher.return_to_best()
    assert searcher.cost() == best
    Recount(instance, journeys, problem, searcher).check()


def test_a_delay_may_pass_through_a_team_where_starts_cost_something() -> None:
    window = {"day": "mon", "earliest": "08:30", "latest": "10:00", "late_by": 30}
    early = {"day": "mon", "earliest": "08:00", "latest": "08:15"}
    shift = [{"day": "mon", "from": "08:00", "to": "12:00"}]
    problem = Problem.build(
        {
            "format": "sishe-problem/1",
            "horizon": {"start": "2026-11-23"},
            "coordinates": "plane",
            "communities": [{"id": "c", "location": {"x": 0, "y": 0}}],
            "needs": [
                {"id": "pair", "community": "c", "category": "elderly", "minutes": 60, "windows": [window],
                 "team": [{"id": "a", "kinds": ["volunteer"], "skills": {"a": 1}}, {"id": "b", "kinds": ["volunteer"], "skills": {"b": 1}}]},
                {"id": "one", "community": "c", "category": "elderly", "minutes": 60, "windows": [early],
                 "team": [{"id": "a", "kinds": ["volunteer"], "skills": {"a": 1}}]},
            ],
            "providers": [{"id": p, "kind": "volunteer", "location": {"x": 0, "y": 0}, "skills": {p: 1}, "shifts": shift} for p in ("a", "b")],
        }
    )  # fmt: skip
    compiled = compile_problem(problem)
    moment = problem.horizon.moment
    services = tuple(Service(role=p, provider=p, start=moment(30_600), end=moment(34_200)) for p in ("a", "b"))
    state = state_of(compiled, Plan(assignments=(Assignment(visit="pair#1", team=services),)))
    searcher = Searcher.on(compiled.instance, pack(compiled.instance), 1, state)
    assert searcher.is_timed
    cost, _ = best_place(searcher.ins, searcher.pts, searcher.rt, searcher.wk, 1, FAR, False, searcher.is_timed)
    assert cost < FAR


def test_the_least_that_a_delay_can_cost_is_never_above_what_it_costs() -> None:
    compiled = compile_problem(hhcrsp.problem_of(hhcrsp.read(HHCRSP / "mankowska" / "InstanzCPLEX_HCSRP_50_1.json.gz")))
    searcher = Searcher.on(compiled.instance, pack(compiled.instance), 1)
    construct(searcher, lambda: False)
    ins, pts, rt, wk, _ = searcher.arrays
    assert ins[IS_MONOTONE] == 1
    routes = r.view(rt)
    placed = np.flatnonzero(routes.node[:, r.SHIFT] != r.NONE)
    tight = dear = 0
    for n in placed:
        for delay in (60, 600, 3_600, 10_800):
            start = int(routes.node[n, r.START]) + delay
            least, cost = least_push(ins, rt, n, start, FAR), evaluate_push(ins, pts, rt, wk, n, start, FAR)
            assert 0 <= least <= cost
            tight += least == cost < FAR
            dear += cost > 0
    assert tight > 100
    assert dear > 100


def test_a_mask_finds_the_entries_that_a_list_holds_and_no_other() -> None:
    compiled = compile_problem(neutral.problem_of(neutral.make_week(300, 90, 1)))
    ins, _ = pack(compiled.instance)
    first, shifts = compiled.instance.entry_first, compiled.instance.entry_shift
    many = np.flatnonzero(np.diff(first) > FEW)
    assert len(many) > 20
    for n in range(len(compiled.instance.nodes)):
        entries = {int(shifts[e]): e for e in range(first[n], first[n + 1])}
        assert [entry_of(ins, n, s) for s in range(len(compiled.instance.shifts))] == [
            entries.get(s, r.NONE) for s in range(len(compiled.instance.shifts))
        ]


def test_a_node_that_is_given_to_a_person_sees_the_shifts_of_that_person_alone() -> None:
    instance = compile_problem(small_problem(21, 40)).instance
    searcher = Searcher.on(instance, pack(instance), 1, None)
    ins, _, rt, wk = searcher.arrays[:4]
    looked = 0
    for n in range(len(instance.nodes)):
        entries = range(instance.entry_first[n], instance.entry_first[n + 1])
        providers = {int(instance.shifts[instance.entry_shift[e]]["provider"]) for e in entries}
        for p in providers:
            wk[GIVEN_NODE], wk[GIVEN_PERSON] = n, p
            seen = [int(wk[wk[LOOK] + k]) for k in range(look(ins, rt, wk, n, r.NONE, True, False))]
            assert seen == [e for e in entries if instance.shifts[instance.entry_shift[e]]["provider"] == p]
            looked += 1
        wk[GIVEN_NODE] = r.NONE
        assert look(ins, rt, wk, n, r.NONE, True, False) == len(entries) or len(entries) > FEW
    assert looked > 50


def test_nothing_stays_given_to_a_person_after_a_step() -> None:
    problem = small_problem(38, 40)
    instance = compile_problem(problem).instance
    searcher = Searcher.on(instance, pack(instance), 1, None)
    construct(searcher, lambda: False)
    ins, pts, rt, wk = searcher.arrays[:4]
    given = 0
    for _ in range(400):
        wk[GIVEN_PERSON] = r.NONE
        take_step(ins, pts, rt, wk, 10, False, searcher.is_timed)
        assert wk[GIVEN_NODE] == r.NONE
        given += int(wk[GIVEN_PERSON] != r.NONE)
    assert given > 5
