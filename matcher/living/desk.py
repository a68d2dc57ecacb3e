"""The desk: a week and its plan in force, compiled once and kept warm, so that what is asked about them is answered at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import boolean, int64

from matcher.check import Report, judged
from matcher.compile import Basis, Compiled, compile_problem
from matcher.explain.refit import Ground
from matcher.kernels.cells import pack
from matcher.kernels.probe import exchange, probe, probe_exchanges
from matcher.kernels.routes import IS_IN, view
from matcher.living.amended import lines_of, pins_of
from matcher.living.derived import Kept
from matcher.living.valid import Valid
from matcher.solvers.warm import INS, NUMBERS, PTS, warm_up
from matcher.start import state_of
from matcher.verifier.reading import read
from matcher.verifier.recheck import Recheck
from matcher.verifier.standing import Standing

if TYPE_CHECKING:
    from matcher.instance import Longs
    from matcher.kernels.cells import Reals
    from matcher.plan import Assignment, Plan
    from matcher.problem import Pin, Problem
    from matcher.verifier.reading import Reading


@dataclass(frozen=True)
class Desk:
    """A week and a plan of it, ready for questions. The one owner of what is kept warm; nothing that is asked changes it.

    Attributes
    ----------
    problem : Problem
        The week. Where the plan is in force, it says so (``in_force``), and whatever departs from the plan costs ``stability``.
    plan : Plan
        The plan; it does not say which problem it is of.
    report : Report
        What the verifier says of it.
    compiled : Compiled
    packed : (int64[...], float64[...])
        The instance as kernels take it, read-only.
    state : int64[...]
        The plan as routes; never written. What of the plan breaks a rule is not in it (`lost`).
    is_in_force : bool
        Whether the problem says that the plan is the one in force.
    """

    problem: Problem
    plan: Plan
    report: Report
    compiled: Compiled
    packed: tuple[Longs, Reals]
    state: Longs
    is_in_force: bool = True

    @classmethod
    def of(cls, problem: Problem, plan: Plan, *, is_in_force: bool = True) -> Desk:
        """Open a desk: verify the plan, compile the week, take the plan up as routes.

        Parameters
        ----------
        plan
            A plan of the problem, from anywhere; it may break rules.
        is_in_force
            Whether the plan is the one in force, from now on, whatever the problem said; if not, the problem is left as it is.

        Raises
        ------
        PlanError
            If the plan is of another problem, or speaks of what the problem does not have.
        """
        reading = read(problem, plan)
        if is_in_force:
            standing = in_force(problem, plan)
            if standing is not problem:
                problem, plan = standing, plan.model_copy(update={"problem": None})
                reading = read(problem, plan)
        ready()
        compiled = compile_problem(problem)
        packed = pack(compiled.instance)
        plan = plan.model_copy(update={"problem": None})
        desk = cls(problem, plan, judged(reading), compiled, packed, state_of(compiled, plan, packed), is_in_force)
        vars(desk).update(reading=reading)
        return desk

    @property
    def ground(self) -> Ground:
        """The compiled week and the routes, as `matcher.explain` takes them."""
        return Ground(self.compiled, self.state, packed=self.packed, known_journeys=self.basis.journeys)

    @cached_property
    def assigned(self) -> dict[str, Assignment]:
        """The assignments of the plan, by visit."""
        return {item.visit: item for item in self.plan.assignments}

    @cached_property
    def row(self) -> dict[str, int]:
        """The row of each visit, by its id."""
        return {visit.id: v for v, visit in enumerate(self.compiled.visits)}

    @cached_property
    def lost(self) -> tuple[str, ...]:
        """The visits that the plan serves and the routes do not, for they break a rule."""
        is_in = view(self.state).visit[:, IS_IN]
        return tuple(item.visit for item in self.plan.assignments if not is_in[self.row[item.visit]])

    @cached_property
    def kept(self) -> Kept:
        """What a changed week shares with this one."""
        kept = Kept(self.problem)
        kept.hold(pin for pins in self.pins.values() for pin in pins)
        return kept

    @cached_property
    def pins(self) -> dict[str, tuple[Pin, ...]]:
        """The pins that would keep each visit of the plan as it is."""
        return {item.visit: pins_of(item) for item in self.plan.assignments}

    @cached_property
    def candidates(self) -> tuple[Longs, Any]:
        """Whom (rows of providers and rooms) the rules on people allow to each node, whatever pins ask: CSR."""
        return self.compiled.eligibility.candidates({})

    @cached_property
    def valid(self) -> Valid:
        """What a changed week is proved valid from."""
        return Valid(self.problem, (pin for pins in self.pins.values() for pin in pins) if self.report.is_clean else ())

    def warmed(self) -> Desk:
        """Have everything ready that questions would otherwise wait for at first; returns the desk itself."""
        for name in ("assigned", "row", "kept", "pins", "recheck", "basis", "candidates", "valid", "standing"):
            getattr(self, name)
        return self

    @cached_property
    def basis(self) -> Basis:
        """What a need more is compiled on."""
        return Basis.of(self.problem)

    @cached_property
    def recheck(self) -> Recheck:
        """The verifier of changes of the plan."""
        return Recheck(self.problem, self.plan, self.basis.journeys, is_clean=self.report.is_clean, reading=self.reading)

    @cached_property
    def reading(self) -> Reading:
        """The plan as the verifier has read it."""
        return read(self.problem, self.plan, self.basis.journeys)

    @cached_property
    def standing(self) -> Standing | None:
        """What the plan of a changed week is verified from; None where the plan breaks a rule."""
        if not self.report.is_clean:
            return None
        pins = (pin for pins in self.pins.values() for pin in pins)
        return Standing(self.recheck.parts, self.basis.journeys, self.reading, self.report.terms, pins)

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays that are kept; the objects beside them take about two thirds as much again."""
        arrays = (*self.compiled.instance, *self.packed, self.state)
        return sum(np.asarray(array).nbytes for array in arrays)


def in_force(problem: Problem, plan: Plan) -> Problem:
    """Return the week with a plan of it in force, the problem itself where it says just that already."""
    lines = lines_of(plan.assignments)
    return problem if lines == problem.in_force else problem.replace(in_force=lines)


def ready() -> None:
    """Have every kernel ready that answers need, those of the search among them: compiled, or loaded from the last time."""
    warm_up()
    state, number, flag = (INS, PTS, NUMBERS, NUMBERS), int64, boolean
    probe.compile((*state, NUMBERS, NUMBERS, flag))
    exchange.compile((*state, number, number, flag))
    probe_exchanges.compile((*state, number, NUMBERS, NUMBERS, flag))


@contextmanager
def without_collector() -> Iterator[None]:
    """Do without Python's cyclic garbage collector for a moment.

    An answer makes hundreds of thousands of small objects, none of them in cycles; looking through all that a desk keeps, again and again, took a
    quarter of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
