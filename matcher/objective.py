"""The parts of the objective that depend on no other part of a plan: what the compile step works out once, for the kernels to add up.

docs/objective.md gives the formulas of all terms. The verifier has its own reading of that page and never comes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matcher.people import Provider
    from matcher.problem import InForce, Weights
    from matcher.visits import Visit

MOST_BANKED_HOURS = 100
"""Banked hours above this weigh no more."""


def urgency_weight(weights: Weights, visit: Visit) -> int:
    """Return the urgency weight of a visit."""
    return weights.urgency[visit.need.urgency - 1]


def loss(weights: Weights, visit: Visit, banked_hours: int, line: InForce | None, *, is_pinned: bool) -> int:
    """Return what it costs to leave a visit out, equity aside: ``unserved``, ``pinned``, ``banked`` and ``stability``.

    Parameters
    ----------
    banked_hours
        Hours that the visit's resident has given as a volunteer, 0 for any other.
    line
        What the plan in force says of the visit, if anything.
    """
    cost = weights.unserved * urgency_weight(weights, visit) + weights.banked * min(banked_hours, MOST_BANKED_HOURS)
    if is_pinned:
        cost += weights.pinned
    if line is not None:
        cost += weights.stability * (len(visit.roles) + 1)
    return cost


def face(weights: Weights, times_known: int) -> int:
    """Return what a provider costs as a face, once for each resident, by how often the two have met (``new_face``)."""
    return weights.new_face // (1 + times_known)


def rating(weights: Weights, provider: Provider) -> int:
    """Return what a service of a provider costs for their rating, 5 being the best (``rating``)."""
    return weights.rating * (5 - provider.rating) if provider.rating is not None else 0


def offered_minutes(provider: Provider, shift_minutes: int, weeks: int) -> int:
    """Return the minutes that a provider's share of the work is measured by (``workload``): what is offered, within the limit a week."""
    return shift_minutes if provider.max_minutes_week is None else min(shift_minutes, provider.max_minutes_week * weeks)
