"""The proof survives whatever becomes of the process that solves its linear program."""

from __future__ import annotations

import io
import os
import pickle
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ortools.linear_solver import pywraplp

from benchmarks.small import small_problem
from matcher.compile import compile_problem
from matcher.kernels.cells import pack
from matcher.kernels.pricing import U_LOSS
from matcher.solvers import program
from matcher.solvers.bounds import bound
from matcher.solvers.columns import Columns
from matcher.solvers.master import Master, master_of
from matcher.solvers.program import FAULTS, MOST_UNSOLVED, Program, serve
from matcher.stop import Stop

if TYPE_CHECKING:
    from matcher.instance import Instance
    from matcher.solvers.ascent import Bound


def bound_of(instance: Instance) -> Bound:
    return bound(instance, Stop(budget=None, chunks=1500).start())


@pytest.fixture(scope="module")
def instance() -> Instance:
    return compile_problem(small_problem(5, 10)).instance


def masters_of_a_week() -> tuple[Master, Any]:
    """Return what a linear program starts from."""
    found = compile_problem(small_problem(6, 8)).instance
    master = master_of(found, pack(found))
    return master, master.scale * master.unit[:, U_LOSS]


def kill_before(monkeypatch: pytest.MonkeyPatch, times: int) -> list[Program]:
    """Abort the process just before so many questions, the first being left alone; returns each program that was hit."""
    ask, asked = Program._ask, [0]
    hit: list[Program] = []

    def ask_or_kill(self: Program) -> Any:
        asked[0] += 1
        if asked[0] > 1 and len(hit) < times and self.pid is not None:
            hit.append(self)
            os.kill(self.pid, signal.SIGABRT)
        elif asked[0] > 1 and len(hit) < times:
            hit.append(self)
            self._process = program._begin()
            os.kill(self._process.pid, signal.SIGABRT)
        return ask(self)

    monkeypatch.setattr(Program, "_ask", ask_or_kill)
    return hit


def test_an_abort_of_the_linear_program_does_not_stop_the_proof(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = bound_of(instance)
    hit = kill_before(monkeypatch, 1)
    best = bound_of(instance)
    assert len(hit) == 1
    assert hit[0].faults == 1
    assert best.name == undisturbed.name == "routes"
    assert abs(best.value - undisturbed.value) <= 0.01 * abs(undisturbed.value)


def test_what_is_proven_stays_where_every_process_aborts(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = bound_of(instance)
    hit = kill_before(monkeypatch, 1_000)
    best = bound_of(instance)
    assert len(hit) == FAULTS
    assert 0 < best.value <= undisturbed.value


def test_a_program_that_is_not_solved_now_and_then_is_no_fault(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, asked = Program._ask, [0]

    def ask_or_fail(self: Program) -> Any:
        asked[0] += 1
        return ask(self) if asked[0] % MOST_UNSOLVED else None

    undisturbed = bound_of(instance)
    monkeypatch.setattr(Program, "_ask", ask_or_fail)
    best = bound_of(instance)
    assert asked[0] > FAULTS * MOST_UNSOLVED
    assert abs(best.value - undisturbed.value) <= 0.01 * abs(undisturbed.value)


def test_a_program_that_is_never_solved_ends_the_proof(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Program] = []

    def fail(self: Program) -> None:
        asked.append(self)

    monkeypatch.setattr(Program, "_ask", fail)
    assert bound_of(instance).value >= 0
    assert len(asked) == MOST_UNSOLVED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_leaves_the_process_to_its_parent(number: int) -> None:
    process = program._begin()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        master = masters_of_a_week()
        for _ in range(2):
            pickle.dump((pickle.dumps(master), []), process.stdin)
            process.stdin.flush()
            assert pickle.load(process.stdout) is not None
            # It answers, so that it has set up how it takes signals.
            process.send_signal(number)
    finally:
        program._end(process)


def test_a_solver_that_goes_astray_from_its_last_basis_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = Columns(*masters_of_a_week())
    expected, _ = columns.prices()
    solve, results = columns._solver.Solve, iter([pywraplp.Solver.ABNORMAL])
    monkeypatch.setattr(columns._solver, "Solve", lambda *how: next(results, None) or solve(*how))
    found, prices = columns.prices()
    assert found == pytest.approx(expected)
    assert np.all(prices >= 0)


def test_a_process_is_used_again_by_the_next_proof(instance: Instance) -> None:
    bound_of(instance)
    before = [process.pid for process in program._idle]
    assert before
    bound_of(instance)
    assert [process.pid for process in program._idle] == before


def test_a_program_that_was_not_solved_is_said_so_and_the_service_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unsolved:
        def __init__(self, *start: Any) -> None:
            self.start = start

        def prices(self) -> tuple[float, Any]:
            raise RuntimeError

    monkeypatch.setattr(program, "Columns", Unsolved)
    source, target = io.BytesIO(), io.BytesIO()
    pickle.dump((pickle.dumps((1, 2)), []), source)
    pickle.dump((None, []), source)
    source.seek(0)
    serve(source, target)
    target.seek(0)
    assert [pickle.load(target), pickle.load(target)] == [None, None]
