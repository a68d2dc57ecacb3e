"""The verifier: every hard rule that a plan breaks, and what the plan costs, by docs/rules.md and docs/objective.md.

It is a reading of its own, in plain Python: it shares no code with what compiles, searches and decodes, so that an error there shows here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.rules import Rule, Term
from matcher.verifier.people import people_violations
from matcher.verifier.places import place_violations
from matcher.verifier.reading import read
from matcher.verifier.routes import route_violations
from matcher.verifier.tally import tally
from matcher.verifier.teams import team_violations
from matcher.verifier.violations import Violation

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem
    from matcher.travel import Journeys
    from matcher.verifier.reading import Reading

__all__ = ["Report", "Violation", "check"]

_ORDER = {rule: index for index, rule in enumerate(Rule)}


@dataclass(frozen=True, slots=True)
class Report:
    """What the verifier says of a plan.

    Attributes
    ----------
    violations : tuple of Violation
        Every broken rule, in the order of docs/rules.md; empty for a clean plan.
    cost : int
        The objective: the sum of the terms.
    terms : dict of Term to int
        Every term of the objective at its weight, in the order of docs/objective.md.
    """

    violations: tuple[Violation, ...]
    cost: int
    terms: dict[Term, int]

    @property
    def is_clean(self) -> bool:
        """Whether the plan keeps all rules."""
        return not self.violations

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "is_clean": self.is_clean,
            "cost": self.cost,
            "terms": {term.value: amount for term, amount in self.terms.items()},
            "violations": [violation.to_json() for violation in self.violations],
        }


def check(problem: Problem, plan: Plan, journeys: Journeys | None = None) -> Report:
    """Verify a plan: find every broken rule and add up the cost.

    A visit of the problem that the plan does not mention counts as unassigned.

    Parameters
    ----------
    problem : Problem
    plan : Plan
        A plan of this problem, from anywhere.
    journeys
        The ways of the problem, or of one of which it is a part, where they are at hand.

    Returns
    -------
    Report
        Violations in the order of the rules, then of the problem's visits; the cost and its terms.

    Raises
    ------
    PlanError
        The plan carries the digest of another problem; or it names a visit, role, provider, fund or room that the problem does not have; or
        a visit or role stands twice; or a service does not last as long as its role. All faults at once.
    """
    return judged(read(problem, plan, journeys))


def judged(reading: Reading) -> Report:
    """Return what the verifier says of a plan that it has read."""
    found = [*people_violations(reading), *route_violations(reading), *team_violations(reading), *place_violations(reading)]
    terms = tally(reading)
    return Report(tuple(sorted(found, key=lambda violation: _ORDER[violation.rule])), sum(terms.values()), terms)
