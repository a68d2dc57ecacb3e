"""The desk: what it keeps, and that questions leave it as it was."""

from __future__ import annotations

import gc

import pytest

from benchmarks.small import small_problem
from matcher.check import check
from matcher.errors import PlanError
from matcher.kernels.carry import carry
from matcher.kernels.probe import diagnose_entries, exchange, probe, probe_exchanges
from matcher.living.derived import Kept
from matcher.living.desk import Desk, in_force, ready, without_collector
from matcher.living.evaluate import evaluate
from matcher.living.recommend import recommend
from matcher.living.replan import replan
from matcher.plan import Plan
from matcher.rules import Term
from matcher.solve import solve
from tests.weeks import alone, need, plan, serve, visit, volunteer, week

WEEK = week([need("n"), need("m")], [volunteer("a"), volunteer("b")])


def test_the_plan_on_a_desk_is_in_force() -> None:
    desk = Desk.of(WEEK, alone("a"))
    assert [(line.visit, line.team) for line in desk.problem.in_force] == [("n#1", {"carer": "a"})]
    assert desk.report == check(desk.problem, desk.plan)
    assert desk.report.terms[Term.STABILITY] == 0
    assert in_force(desk.problem, desk.plan) is desk.problem
    assert Desk.of(WEEK, alone("a"), is_in_force=False).problem is WEEK


def test_a_plan_that_breaks_a_rule_may_lie_on_a_desk_and_what_breaks_it_is_known() -> None:
    early = plan(visit("n#1", serve("a", "mon 09:00")), visit("m#1", serve("a", "mon 06:30")))
    assert Desk.of(WEEK, early).lost == ("m#1",)
    with pytest.raises(PlanError, match="another problem"):
        Desk.of(WEEK, alone("a").model_copy(update={"problem": "0" * 64}))


def test_questions_leave_a_desk_as_it_was() -> None:
    problem = small_problem(3, 10)
    desk = Desk.of(problem, solve(problem, chunks=1, threads=1).plan).warmed()
    state, size = desk.state.copy(), desk.nbytes
    replan(desk, events=[{"kind": "absent", "provider": problem.providers[0].id}])
    evaluate(desk)
    recommend(desk, visit=problem.visits[0].id)
    assert (desk.state == state).all()
    assert desk.nbytes == size > 0
    assert not any(array.flags.writeable for array in (*desk.compiled.instance, *desk.packed))


@pytest.mark.parametrize("seed", range(40))
def test_a_digest_from_kept_texts_is_that_of_the_problem(seed: int) -> None:
    problem = small_problem(seed, 8)
    kept = Kept(problem)
    providers = tuple(item.model_copy(update={"claims": ()}) if item.claims else item for item in problem.providers)
    changed = problem.replace(note="another", needs=problem.needs[1:], pins=(), in_force=(), providers=providers)
    visits, shifts, digest = changed.visits, changed.shifts, changed.digest
    for name in ("visits", "shifts", "digest"):
        changed.__dict__.pop(name)
    kept.hand_on(changed)
    assert (changed.visits, changed.shifts, changed.digest) == (visits, shifts, digest)


def test_kernels_that_are_ready_are_not_compiled_again_when_they_are_used() -> None:
    ready()
    problem = small_problem(5, 10)
    desk = Desk.of(problem, solve(problem, chunks=1, threads=1).plan)
    evaluate(desk)
    for item in desk.plan.assignments[:2]:
        recommend(desk, visit=item.visit)
    replan(desk, events=[{"kind": "withdrawn", "visit": desk.plan.assignments[0].visit}])
    assert [len(kernel.signatures) for kernel in (carry, diagnose_entries, probe, exchange, probe_exchanges)] == [1] * 5


def test_the_collector_is_as_it_was_afterwards() -> None:
    was = gc.isenabled()
    with without_collector():
        assert not gc.isenabled()
        with without_collector():
            assert not gc.isenabled()
    assert gc.isenabled() == was
    gc.disable()
    try:
        with without_collector():
            pass
        assert not gc.isenabled()
    finally:
        if was:
            gc.enable()


def test_an_empty_week_has_a_desk() -> None:
    empty = week([], [])
    assert replan(Desk.of(empty, Plan())).difference.visits == ()
