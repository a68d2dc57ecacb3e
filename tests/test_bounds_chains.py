"""The bound knows the order and spacing of numbered visits, and which teams there are: what cannot be served by itself is known to be lost."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.compile import compile_problem
from matcher.kernels.cells import pack
from matcher.kernels.chains import C_APART, C_FIRST, C_NEEDS_FIRST, C_NUMBERS, C_UNITS, C_WITHIN, TABLES, price_chains
from matcher.kernels.desk import PROVED, ROUGH
from matcher.kernels.pricing import U_COUNT, U_LOSS
from matcher.solve import solve
from matcher.solvers.ascent import Ascent
from matcher.solvers.bounds import bound
from matcher.solvers.columns import Columns
from matcher.solvers.master import Master, master_of
from matcher.solvers.seeds import routes_of
from matcher.start import state_of
from matcher.stop import Stop
from tests.weeks import need, role, volunteer, week, window, worker

if TYPE_CHECKING:
    from matcher.problem import Problem

ONLY_LOSSES = dict.fromkeys(
    ("new_face", "continuity", "preferred_window", "preferred_person", "pairing", "rating", "lateness", "money", "travel", "workload", "equity"), 0
)
DAYS = ("mon", "tue", "wed", "thu", "fri")


def lost(problem: Problem) -> tuple[float, float]:
    """Return how many visits (of equal loss) a good plan leaves out, and how many any plan must by the bound."""
    found = solve(problem, chunks=2, threads=1).cost
    instance = compile_problem(problem).instance
    lowest = bound(instance, Stop(budget=None, chunks=1_000).start(), upper=found).value
    assert lowest <= found
    loss = int(instance.visits["loss"].max())
    return found / loss, lowest / loss


def on(*days: str) -> list[dict[str, Any]]:
    return [window("09:00", "11:00", day=day) for day in days]


def there(*days: str) -> list[dict[str, Any]]:
    return [{"from": "08:00", "to": "18:00", "day": day} for day in days]


def test_visits_in_order_must_also_be_days_apart() -> None:
    first = [role("assessor", "social_worker")]
    spaced = need(visits=3, spacing={"at_least_days": 2}, windows=on(*DAYS), first_team=first)
    plan, least = lost(week([spaced], [volunteer(shifts=there("tue", "wed", "thu")), worker()], days=5, weights=ONLY_LOSSES))
    assert plan == 1
    assert least > 0.99


def test_nothing_is_served_without_the_first_team() -> None:
    spaced = need(visits=3, windows=on(*DAYS), first_team=[role("assessor", "social_worker", skills={"care": 5})])
    plan, least = lost(week([spaced], [volunteer(), worker()], days=5, weights=ONLY_LOSSES))
    assert plan == 3
    assert least > 2.99


def test_days_too_far_apart_cannot_both_be_served() -> None:
    spaced = need(visits=2, spacing={"at_most_days": 2}, windows=on(*DAYS))
    plan, least = lost(week([spaced], [volunteer(shifts=there("mon", "fri"))], days=5, weights=ONLY_LOSSES))
    assert plan == 1
    assert least > 0.99


def test_a_team_whose_members_are_never_there_together_is_none() -> None:
    pair = need("a", role("carer"), role("helper", "social_worker"), windows=on("mon", "tue"))
    people = [volunteer(shifts=there("mon")), worker(shifts=there("tue"))]
    plan, least = lost(week([pair], people, days=2, weights=ONLY_LOSSES))
    assert plan == 1
    assert least > 0.99


@pytest.mark.parametrize("grade", ["prohibited", "required"])
def test_links_leave_a_team_nobody(grade: str) -> None:
    # A required link is with somebody who is not able to help here.
    pair = need("a", role("carer"), role("helper", "social_worker"), windows=on("mon"))
    people = [volunteer("v"), worker("w"), volunteer("u", shifts=[{"from": "20:00", "to": "21:00", "day": "mon"}])]
    members = ["v", "w"] if grade == "prohibited" else ["v", "u"]
    links = [{"id": "l", "grade": grade, "members": members}]
    plan, least = lost(week([pair], people, days=1, weights=ONLY_LOSSES, links=links))
    assert plan == 1
    assert least > 0.99


def test_two_who_need_a_social_worker_are_no_team() -> None:
    pair = need("a", role("carer"), role("helper"), windows=on("mon"))
    people = [volunteer("v"), volunteer("u", supervision="social_worker")]
    plan, least = lost(week([pair], people, days=1, weights=ONLY_LOSSES))
    assert plan == 1
    assert least > 0.99


def test_one_pair_serves_one_of_two_visits_at_the_same_time() -> None:
    needs = [need(name, role("carer", count=2), windows=[window("09:00", "09:30", day="mon")]) for name in "ab"]
    plan, least = lost(week(needs, [volunteer("v"), volunteer("u")], days=1, weights=ONLY_LOSSES))
    assert plan == 1
    assert least > 0.99


def masters(count: int) -> list[tuple[int, Master]]:
    found = []
    for seed in range(count):
        switches: dict[str, Any] = {name: True for k, name in enumerate(("spacing", "first_team", "max_providers", "pins")) if seed >> k & 1}
        instance = compile_problem(small_problem(seed, 3 + seed % 4, days=5, **switches)).instance
        found.append((seed, master_of(instance, pack(instance))))
    return found


def best_of_chain(master: Master, c: int, prices: Any, losses: Any) -> int:
    """Return what a chain saves at most, by trying everything."""
    chain, best = master.chain[c], 0
    is_alike = chain[C_UNITS] == 1
    for choice in range(master.choice_first[c], master.choice_first[c + 1]):
        buckets = master.choice_bucket[master.choice_bucket_first[choice] : master.choice_bucket_first[choice + 1]].tolist()
        gain: dict[tuple[int, int], int] = {}
        for b in buckets:
            u = int(master.bucket_unit[b])
            worth = int(losses[u]) - sum(int(prices[row]) for row in master.bucket_row[master.bucket_row_first[b] : master.bucket_row_first[b + 1]])
            key = (0 if is_alike else u - int(chain[C_FIRST]), int(master.bucket_day[b]))
            gain[key] = max(worth, gain.get(key, worth))
        numbers = range(int(chain[C_NUMBERS]))
        days = sorted({day for _, day in gain})
        for picked in itertools.product([None, *days], repeat=len(numbers)):
            served = [(m, day) for m, day in zip(numbers, picked, strict=True) if day is not None]
            if any((0 if is_alike else m, day) not in gain for m, day in served) or (served and chain[C_NEEDS_FIRST] and served[0][0] > 0):
                continue
            if all(
                e - d >= chain[C_APART] and (chain[C_WITHIN] == 0 or e - d <= (k - m) * chain[C_WITHIN])
                for (m, d), (k, e) in itertools.combinations(served, 2)
            ):
                best = max(best, sum(gain[0 if is_alike else m, day] for m, day in served))
    return best


def test_chains_cost_what_the_best_of_all_ways_to_serve_them_costs() -> None:
    tried = 0
    for seed, master in masters(32):
        rng = np.random.default_rng(seed)
        losses = master.scale * master.unit[:, U_LOSS]
        prices = rng.integers(-losses.max() // 8, losses.max(), master.rows + master.counters + master.funds)
        width = int(np.diff(master.choice_bucket_first).max(initial=1))
        work = np.zeros((TABLES, int(master.chain[:, C_NUMBERS].max(initial=1)), width), np.int64)
        wanted, served = np.zeros(len(prices)), np.zeros(len(master.unit))
        cost = price_chains(master.rx, prices, losses, work, np.zeros(width, np.int64), wanted, served)
        saved = sum(best_of_chain(master, c, prices, losses) for c in range(len(master.chain)))
        assert cost == int(np.sum(losses * master.unit[:, U_COUNT])) - saved, seed
        # what is wanted, and what it serves, adds up to the same
        paid = float(np.sum(wanted * prices)) + float(np.sum(losses * (master.unit[:, U_COUNT] - served)))
        assert paid == pytest.approx(cost)
        tried += len(master.chain)
    assert tried > 60


def test_the_linear_program_serves_chains_as_they_may_be_served() -> None:
    # Were all rows free, it would serve exactly what the chains serve when nothing has a price.
    for seed, master in masters(32):
        losses = master.scale * master.unit[:, U_LOSS]
        columns = Columns(master, losses)
        columns.give(np.ones(master.rows))
        optimum, _ = columns.prices()
        prices = np.zeros(master.rows + master.counters + master.funds, np.int64)
        prices[: master.rows][master.is_shut] = 4 * losses.max()
        width = int(np.diff(master.choice_bucket_first).max(initial=1))
        work = np.zeros((TABLES, int(master.chain[:, C_NUMBERS].max(initial=1)), width), np.int64)
        cost = price_chains(master.rx, prices, losses, work, np.zeros(width, np.int64), np.zeros(len(prices)), np.zeros(len(master.unit)))
        assert optimum == pytest.approx(cost, rel=1e-6, abs=1e3), seed


def test_the_routes_of_a_plan_serve_in_the_linear_program_what_the_plan_serves() -> None:
    for seed in range(12):
        problem = small_problem(seed, 4 + seed % 5)
        compiled = compile_problem(problem)
        found = solve(problem, chunks=2, threads=1)
        packed, state = pack(compiled.instance), state_of(compiled, found.plan)
        master = master_of(compiled.instance, packed)
        columns = Columns(master, master.scale * master.unit[:, U_LOSS])
        for g, index, amount, cost in routes_of(compiled.instance, packed, master, state):
            columns.add_route(g, np.array(index, np.int32), np.array(amount), cost)
        optimum, _ = columns.prices()
        assert optimum <= (found.cost + 1) * master.scale, seed
        assert bound(compiled.instance, Stop(budget=None, chunks=200).start(), upper=found.cost, routes=state).value <= found.cost, seed


def test_a_rough_look_earns_no_more_than_is_proven_and_looks_to_the_end_of_limited_days() -> None:
    earned = proven = 0
    for seed in range(24):
        instance = compile_problem(small_problem(seed, 4 + seed % 6)).instance
        with Ascent(instance) as ascent:
            prices = np.zeros(ascent.size, np.int64)
            prices[: ascent.master.rows] = np.where(ascent.is_live, ascent.metric_of_rows, 0).astype(np.int64)
            ascent.ask(prices, ROUGH)
            rough = ascent.values.copy()
            ascent.ask(prices, PROVED)
        assert np.all(rough <= ascent.values), seed
        earned, proven = earned + int(rough.sum()), proven + int(ascent.values.sum())
    assert earned >= 0.97 * proven > 0
