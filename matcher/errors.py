"""The errors that users meet, and the faults they carry.

MatcherError
├── ProblemError    a problem (or a file that should hold one) is not valid
├── PlanError       a plan cannot be read against its problem
└── InternalError   the engine broke its own promise (a plan that the verifier refuses)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    path
        JSON pointer (RFC 6901) to the faulty value, ``""`` for the whole document.
    message
        What is wrong, which value it was, and what would be accepted.
    code
        A stable word for programs: ``type``, ``range``, ``unknown``, ``duplicate``, ``order``, ``conflict``, ``missing``, ``extra``, ``syntax``.
    """

    path: str
    message: str
    code: str

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.message}"


class MatcherError(Exception):
    """Base of every error that this package raises on purpose."""


class FaultyInput(MatcherError):
    """An input with at least one fault; `faults` lists them all, in the order of the document."""

    what = "input"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        lines = "\n".join(f"  {fault}" for fault in self.faults[:50])
        more = f"\n  ... and {count - 50} more" if count > 50 else ""
        super().__init__(f"The {self.what} has {count} fault{'s' if count != 1 else ''}:\n{lines}{more}")


class ProblemError(FaultyInput):
    """A problem is not valid."""

    what = "problem"


class PlanError(FaultyInput):
    """A plan cannot be read, or speaks of things that its problem does not have."""

    what = "plan"


class InternalError(MatcherError):
    """The engine made a plan that its own verifier refuses; please report it."""
