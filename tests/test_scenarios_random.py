"""Random compositions of every edit on weeks of a community: valid, pure, and never better than the week before where they only take away."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from matcher.check import check
from matcher.problem import Problem
from matcher.solve import solve
from scenarios.compare import compare
from scenarios.edits import Edited, ScenarioFault, apply, scenarios_from
from scenarios.edits.models import EDITS, BaseEdit
from scenarios.weihai.week import make_week

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matcher.errors import Fault

Json = dict[str, Any]
SEEDS = range(1, 9)
COMPOSITIONS = 12
"""For each week."""
RULES = ("skill", "language", "gender", "checked", "area", "lunch", "day_minutes", "spacing", "max_providers", "supervision")


def kinds(chance: random.Random) -> Json:
    return {"kinds": chance.sample(["volunteer", "social_worker", "organization"], chance.randint(1, 3))}


def part(chance: random.Random) -> Json:
    return {"share": chance.choice([0.2, 0.5, 0.8])} if chance.random() < 0.5 else {}


def one_of(chance: random.Random, *some: Json) -> Json:
    return chance.choice(some)


PEOPLE: dict[str, Callable[[random.Random, Problem], Json]] = {
    "add_providers": lambda c, _: {"kind": c.choice(["volunteer", "social_worker", "organization"]), "count": c.randint(1, 3)},
    "add_people": lambda c, w: {
        "providers": [
            {"id": "somebody", "kind": "volunteer", "location": at(w), "shifts": [{"from": "09:00", "to": f"{c.randint(10, 18)}:00"}]},
        ]
    },
    "remove_providers": lambda c, _: {"who": kinds(c) | part(c)},
    "train": lambda c, w: {"who": {"kinds": ["volunteer"]} | part(c), "skills": {c.choice(skills(w)): c.randint(1, 5)}},
    "change_hours": lambda c, _: {"who": kinds(c) | part(c), "earlier": c.randint(-60, 60), "later": c.randint(-60, 60)},
    "change_providers": lambda c, _: {"who": kinds(c) | part(c), "set": {"mode": c.choice(["walk", "bike", "car"])}},
    "change_prices": lambda c, _: one_of(c, {"factor": c.choice([0.5, 1.5])}, {"who": {"kinds": ["organization"]}, "per_hour": c.randint(0, 90)}),
    "no_shows": lambda c, _: {"rate": c.choice([0.1, 0.3]), "who": kinds(c), "per": c.choice(["shift", "provider"])},
    "pooling": lambda c, _: {"within": c.choice(["all", "district", "street", "community"])},
}
ASKS: dict[str, Callable[[random.Random, Problem], Json]] = {
    "add_needs": lambda c, w: {"category": c.choice(categories(w)), "count": c.randint(1, 3)},
    "remove_needs": lambda c, w: {"which": {"categories": [c.choice(categories(w))]} | part(c)},
    "change_urgency": lambda c, _: {"by": c.choice([-2, -1, 1, 2])},
    "change_windows": lambda c, _: one_of(c, {"earlier": c.randint(-30, 60), "later": c.randint(-30, 60)}, {"late_by": c.randint(0, 30)}),
    "change_needs": lambda c, w: {"which": {"categories": [c.choice(categories(w))]}, "set": {"urgency": c.randint(1, 5)}},
    "close_venue": lambda c, w: {"ids": [c.choice([venue.id for venue in w.venues] or ["none"])]} | one_of(c, {}, {"days": ["mon", "tue"]}),
}
MEANS: dict[str, Callable[[random.Random, Problem], Json]] = {
    "change_funds": lambda c, _: one_of(c, {"factor": c.choice([0, 0.5, 2])}, {"add": c.randint(-500, 500)}),
    "add_fund": lambda c, _: {"id": "more", "source": "charity", "amount": c.randint(0, 1000)},
    "change_weights": lambda c, _: {"set": {"equity": c.randint(0, 9)}},
    "change_travel": lambda c, _: one_of(c, {"speed_factor": c.choice([0.5, 0.8, 1.5])}, {"detour": c.choice([1.0, 1.6])}),
}
MIXED: dict[str, Callable[[random.Random, Problem], Json]] = {
    "change_rule": lambda c, _: {"rule": c.choice(RULES), "on": c.random() < 0.5, "value": 60}
}
TIGHTER: list[Callable[[random.Random], Json]] = [
    lambda c: {"edit": "remove_providers", "who": {"kinds": ["volunteer"], "share": c.choice([0.1, 0.3])}},
    lambda c: {"edit": "no_shows", "rate": c.choice([0.1, 0.3])},
    lambda c: {"edit": "change_funds", "factor": c.choice([0.3, 0.9])},
    lambda c: {"edit": "change_windows", "earlier": -c.randint(1, 20), "later": -c.randint(1, 20)},
    lambda c: {"edit": "change_prices", "factor": c.choice([1.2, 2.0])},
    lambda c: {"edit": "change_hours", "who": {"kinds": ["volunteer"]}, "earlier": -c.randint(1, 40)},
]


def skills(problem: Problem) -> list[str]:
    return sorted({name for provider in problem.providers for name in provider.skills})


def categories(problem: Problem) -> list[str]:
    return sorted({need.category for need in problem.needs})


def at(problem: Problem) -> Json:
    return problem.providers[0].location.model_dump(mode="json", exclude_defaults=True)


def read(edits: list[Json]) -> tuple[BaseEdit, ...]:
    return scenarios_from({"scenarios": [{"id": "random", "edits": edits}]}).cases[0].edits


def composed(seed: int, number: int, problem: Problem, most: int = 5) -> list[Json]:
    """Return so many random edits at most, of random sorts."""
    chance = random.Random(f"edits {seed} {number}")
    sorts = PEOPLE | ASKS | MEANS | MIXED
    return [{"edit": name, **sorts[name](chance, problem)} for name in chance.choices(sorted(sorts), k=chance.randint(1, most))]


def tried(problem: Problem, edits: list[Json], draw: int = 1) -> Edited | None:
    """Return a week after edits, None where it has nothing for one of them, which the faults say with their paths."""
    faults: tuple[Fault, ...] = ()
    try:
        return apply(problem, read(edits), draw=draw)
    except ScenarioFault as error:
        faults = tuple(error.faults)
    assert faults
    assert all(fault.path.startswith("/") for fault in faults)
    return None


def test_every_edit_has_its_turn() -> None:
    assert set(PEOPLE | ASKS | MEANS | MIXED) == set(EDITS)


def test_any_composition_is_a_valid_week_and_leaves_the_one_before_as_it_was() -> None:
    done: Counter[str] = Counter()
    for seed in SEEDS:
        problem = make_week("community", seed)
        before = problem.to_json()
        for number in range(COMPOSITIONS):
            edits = composed(seed, number, problem)
            made = tried(problem, edits)
            assert problem.to_json() == before
            if made is None:
                continue
            assert Problem.parse(made.problem.to_json()) == made.problem
            again = tried(problem, edits)
            assert again is not None
            assert again.problem.to_json() == made.problem.to_json()
            done.update(edit["edit"] for edit in edits)
    # refusals are few enough that each sort is really tried
    assert set(EDITS) - set(done) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_plan_of_a_composition_is_clean(seed: int) -> None:
    problem = make_week("community", seed)
    weeks = [made.problem for number in range(COMPOSITIONS // 2) if (made := tried(problem, composed(seed, number, problem))) is not None]
    assert weeks
    for edited in weeks:
        result = solve(edited, chunks=1, threads=1, seed=seed)
        report = check(edited, result.plan)
        assert report.is_clean
        assert report.cost == result.cost


def test_edits_of_people_of_needs_and_of_means_may_stand_in_any_order() -> None:
    compared = 0
    for seed in SEEDS:
        problem = make_week("community", seed)
        for number in range(COMPOSITIONS):
            chance = random.Random(f"order {seed} {number}")
            edits = [{"edit": name, **of[name](chance, problem)} for of in (PEOPLE, ASKS, MEANS) for name in [chance.choice(sorted(of))]]
            made = tried(problem, edits)
            if made is None:
                continue
            for _ in range(2):
                other = chance.sample(edits, len(edits))
                shuffled = tried(problem, other)
                assert shuffled is not None, (edits, other)
                assert json.loads(shuffled.problem.to_json()) == json.loads(made.problem.to_json()), (edits, other)
                assert shuffled.way == made.way
            compared += 1
    assert compared > COMPOSITIONS


@pytest.mark.parametrize("seed", SEEDS)
def test_what_only_takes_away_is_never_better(seed: int, tmp_path: Path) -> None:
    problem = make_week("community", seed)
    chance = random.Random(f"tighter {seed}")
    scenarios: list[Json] = []
    for number in range(6):
        edits = [make(chance) for make in chance.sample(TIGHTER, chance.randint(1, 3))]
        if all(tried(problem, edits, draw) is not None for draw in (1, 2)):
            scenarios.append({"id": f"less-{number}", "edits": edits})
    assert scenarios
    found = compare(problem, scenarios_from({"settings": {"chunks": 1, "seeds": 2}, "scenarios": scenarios}), tmp_path, jobs=0)
    base = found["base"]["measures"]["unserved"]["values"]
    for row in found["scenarios"]:
        assert row["way"] in ("tighter", "same")
        assert row["verdict"] not in ("better", "against")
        assert all(less >= was for less, was in zip(row["measures"]["unserved"]["values"], base, strict=True)), row["edits"]
