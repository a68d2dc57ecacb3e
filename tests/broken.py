"""A clean plan and the same plan broken in one rule: what a case is, and the table of all cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.rules import Rule


@dataclass(frozen=True)
class Case:
    """A problem, a plan that keeps all rules, the same plan broken in one, and what the verifier should say."""

    problem: Problem
    clean: Plan
    broken: Plan
    visit: str | None
    provider: str | None
    was: Any
    allowed: Any
    says: tuple[str, ...]


CASES: dict[str, tuple[Rule, Callable[[], Case]]] = {}


def breaks(rule: Rule) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    def register(build: Callable[[], Case]) -> Callable[[], Case]:
        CASES[f"{rule}-{build.__name__}"] = (rule, build)
        return build

    return register
