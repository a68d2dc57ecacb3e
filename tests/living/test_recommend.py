"""Options for one visit more: clean, unlike one another, and costing what the verifier says, term by term."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.compile import compile_problem
from matcher.errors import PlanError, ProblemError
from matcher.kernels import cells
from matcher.kernels.routes import view
from matcher.living.append import with_need
from matcher.living.desk import Desk
from matcher.living.recommend import Recommended, recommend
from matcher.plan import Plan
from matcher.rules import Term
from matcher.solve import solve
from tests.weeks import alone, at, need, plan, resident, role, serve, visit, volunteer, week, window, worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.people import Resident
    from matcher.problem import Need, Problem


def without_last(problem: Problem) -> tuple[Problem, Need]:
    """The problem without its last need, and that need."""
    last = problem.needs[-1]
    names = {f"{last.id}#{number}" for number in range(1, last.visits + 1)}
    providers = tuple(item.model_copy(update={"claims": tuple(name for name in item.claims if name != last.id)}) for item in problem.providers)
    smaller = problem.replace(
        needs=problem.needs[:-1],
        providers=tuple(new if new.claims != old.claims else old for new, old in zip(providers, problem.providers, strict=True)),
        pins=tuple(pin for pin in problem.pins if pin.visit not in names),
        in_force=tuple(line for line in problem.in_force if line.visit not in names),
    )
    return smaller, last


def assert_exact(found: Recommended) -> None:
    before = check(found.problem, found.before)
    for option in found.options:
        report = check(found.problem, found.plan_with(option))
        assert report.is_clean or set(map(str, report.violations)) <= set(map(str, before.violations))
        assert option.cost == report.cost - before.cost
        assert option.by_term == {term: cost - before.terms[term] for term, cost in report.terms.items() if cost != before.terms[term]}


@pytest.mark.parametrize("seed", range(30))
def test_every_option_is_clean_and_costs_what_the_verifier_says(seed: int) -> None:
    problem = small_problem(seed, 10)
    if len(problem.needs) < 2:
        return
    smaller, last = without_last(problem)
    desk = Desk.of(smaller, solve(smaller, chunks=1, threads=1).plan)
    assert_exact(recommend(desk, need=last))
    for name in [item.visit for item in desk.plan.unassigned[:1]] + [item.visit for item in desk.plan.assignments[:1]]:
        assert_exact(recommend(desk, visit=name))


def each_as_new(seed: int) -> Iterator[tuple[Problem, Need, Resident | None]]:
    """The week of a seed without one of its needs, and that need: for each of them; with its resident, where nobody else is at home there."""
    problem = small_problem(seed, 8)
    for asked in problem.needs if len(problem.needs) > 1 else ():
        order = (*(other for other in problem.needs if other is not asked), asked)
        smaller, last = without_last(problem.replace(needs=order))
        own = next((item for item in problem.residents if item.id == asked.resident), None)
        if own is not None and not any(other.resident == own.id for other in smaller.needs):
            yield smaller.replace(residents=tuple(item for item in smaller.residents if item is not own)), last, own
        else:
            yield smaller, last, None


def unpacked(packed: tuple[Any, Any]) -> dict[str, Any]:
    """What a packed instance says: its counts, its tables, and of each entry its shift, cost and price; not where it says it."""
    ins, pts = packed
    ends = [*ins[: cells.TABLES + 1].tolist(), len(ins)]
    found: dict[Any, Any] = {k: ins[low:high] for k, (low, high) in enumerate(itertools.pairwise(ends))}
    words, tariffs = found.pop(cells.ENTRIES), found.pop(cells.TARIFFS).reshape(-1, 2)
    counts = ins[cells.VISIT_COUNT : cells.HEAD_CELLS]
    return {**found, "entries": np.column_stack((words & 0xFFFFFFFF, tariffs[words >> 32])), "counts": counts, "points": pts}


@pytest.mark.parametrize("seed", range(60))
def test_a_need_that_is_put_behind_the_others_gives_the_instance_of_the_whole_week(seed: int) -> None:
    for smaller, last, own in each_as_new(seed):
        desk = Desk.of(smaller, Plan())
        wider = with_need(desk, last, own)
        residents = (*smaller.residents, own) if own is not None else smaller.residents
        whole = compile_problem(desk.problem.replace(needs=(*desk.problem.needs, last), residents=residents))
        for name in whole.instance._fields:
            ours, theirs = getattr(wider.compiled.instance, name), getattr(whole.instance, name)
            if name != "near":  # a list of neighbours, made more cheaply
                assert ours.dtype == theirs.dtype, name
                assert ours.shape == theirs.shape, name
                assert (ours == theirs).all(), name
        ours, theirs = unpacked(wider.packed), unpacked(cells.pack(wider.compiled.instance))
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        assert {name: wider.row[name] for name in wider.row} == {visit.id: v for v, visit in enumerate(whole.visits)}


@pytest.mark.parametrize("seed", range(30))
def test_a_new_need_is_recommended_what_it_would_be_in_the_week_that_has_it(seed: int) -> None:
    for smaller, last, own in each_as_new(seed):
        desk = Desk.of(smaller, solve(smaller, chunks=1, threads=1).plan)
        wider = with_need(desk, last, own)
        total = view(wider.state).total
        weights = wider.compiled.instance.weights[0]
        whole = desk.problem.replace(needs=wider.problem.needs, residents=wider.problem.residents)
        assert int(total[0] + total[1] + weights["max_lateness"] * total[4]) == check(whole, desk.plan).cost
        slow = Desk.of(whole, desk.plan, is_in_force=False)
        for number in range(1, last.visits + 1):
            name = f"{last.id}#{number}"
            assert recommend(desk, need=last, resident=own, visit=name).to_json() == recommend(slow, visit=name).to_json()


def test_options_are_teams_and_days_not_starts_of_one_team() -> None:
    problem = week([need("n")], [volunteer(name) for name in "abc"])
    found = recommend(problem, Plan(), need=need("new"))
    people = [option.assignment.team[0].provider for option in found.options]
    assert len(found.options) == 6
    assert {name: people.count(name) for name in "abc"} == {"a": 2, "b": 2, "c": 2}
    starts = {(option.assignment.team[0].provider, option.assignment.team[0].start.date()) for option in found.options}
    assert len(starts) == 6


def test_the_best_option_comes_first_and_is_worth_the_visit() -> None:
    known = resident("r", known={"b": 5})
    problem = week([need("n")], [volunteer("a"), volunteer("b")], residents=[known])
    found = recommend(problem, Plan(), need=need("new", resident="r", urgency=5, location={"x": 0, "y": 0}))
    assert found.options[0].assignment.team[0].provider == "b"
    assert found.options[0].by_term[Term.UNSERVED] == -10_000_000
    assert [option.cost for option in found.options] == sorted(option.cost for option in found.options)


def test_nothing_is_recommended_before_now() -> None:
    problem = week([need("n")], [volunteer("a")])
    now = dt.datetime.fromisoformat(at("wed 12:00"))
    found = recommend(problem, Plan(), need=need("new"), now=now)
    assert found.options
    assert min(option.assignment.team[0].start for option in found.options) >= now


def test_where_nothing_is_free_somebody_makes_way_and_the_option_says_who() -> None:
    monday = [window("09:00", "09:00", day="mon")]
    problem = week([need("n", windows=monday, urgency=1)], [volunteer("a")])
    found = recommend(problem, alone("a", "mon 09:00"), need=need("new", windows=monday, urgency=5))
    assert [(item.before.visit, item.after) for item in found.options[0].moved] == [("n#1", None)]
    assert_exact(found)


def test_a_visit_that_makes_way_keeps_being_served_where_it_can() -> None:
    monday = [window("09:00", "09:00", day="mon")]
    problem = week([need("n")], [volunteer("a")])
    found = recommend(problem, alone("a", "mon 09:00"), need=need("new", windows=monday, urgency=5))
    moved = found.options[0].moved
    assert [item.before.visit for item in moved] == ["n#1"]
    assert moved[0].after is not None
    assert_exact(found)


def test_a_new_need_may_bring_its_resident() -> None:
    problem = week([need("n")], [volunteer("a")], residents=[resident("r")])
    newcomer = resident("s", location={"x": 100, "y": 0}, refused=["a"])
    new = {key: value for key, value in need("new", resident="s").items() if key != "location"}
    assert recommend(problem, Plan(), need=new, resident=newcomer).options == ()
    assert recommend(problem, Plan(), need=new, resident={**newcomer, "refused": []}).options


@pytest.mark.parametrize(
    ("new", "path", "code"),
    [
        (need("n"), "/need/id", "duplicate"),
        (need("new", category="cooking"), "/need/category", "unknown"),
        (need("new", minutes=0), "/need/minutes", "range"),
        (need("new", preferred_providers=["ghost"]), "/need/preferred_providers/0", "unknown"),
        (need("new", visits=9), "/need/visits", "conflict"),
    ],
)
def test_a_need_that_does_not_go_with_the_week_is_refused_with_its_path(new: dict[str, Any], path: str, code: str) -> None:
    problem = week([need("n")], [volunteer("a")])
    with pytest.raises(ProblemError) as caught:
        recommend(problem, Plan(), need=new)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]


def test_a_visit_that_there_is_not_is_refused() -> None:
    with pytest.raises(PlanError, match="no visit 'ghost#1'"):
        recommend(week([need("n")], [volunteer("a")]), Plan(), visit="ghost#1")


def test_options_of_a_team_name_everybody_in_it() -> None:
    problem = week([need("n")], [volunteer("a"), volunteer("b"), worker("w")])
    found = recommend(problem, Plan(), need=need("new", role("carer"), role("nurse", "social_worker")))
    assert {tuple(service.provider for service in option.assignment.team) for option in found.options} == {("a", "w"), ("b", "w")}
    data = found.to_json()
    assert data["options"][0]["by_term"]["unserved"] < 0
    assert data["places"] >= len(data["options"])


def test_the_plan_on_the_desk_is_as_it_was() -> None:
    problem = week([need("n"), need("m")], [volunteer("a")])
    desk = Desk.of(problem, plan(visit("n#1", serve("a", "mon 09:00"))))
    state = desk.state.copy()
    assert recommend(desk, visit="m#1").options
    assert recommend(desk, need=need("new")).options
    assert (desk.state == state).all()
    assert len(desk.problem.needs) == 2
