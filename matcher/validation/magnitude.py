"""The size of a problem: what can be held in memory, and the proof that no plan's cost leaves the range of whole numbers.

The cost of every plan is a sum of terms that are never negative. Each term is bounded here from the problem alone, in exact arithmetic; the sum of
the bounds stays below `COST_LIMIT`, so that sums and differences of costs fit into 64 bits everywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.errors import Fault
from matcher.rules import Term
from matcher.visits import need_of

if TYPE_CHECKING:
    from matcher.fields import Horizon, Span
    from matcher.people import Resident
    from matcher.problem import Need, Problem, Role, Weights

COST_LIMIT = 2**61
MAX_VISITS = 1_000_000
MAX_SERVICES = 4_000_000
MAX_SHIFTS = 4_000_000


def magnitude_faults(problem: Problem) -> Iterator[Fault]:
    """Yield the faults of size of a problem whose parts hang together."""
    visits = sum(need.visits for need in problem.needs)
    if visits > MAX_VISITS:
        yield Fault("/needs", f"{visits} visits are more than a problem may have ({MAX_VISITS})", "range")
    services = sum(_services(need) for need in problem.needs)
    if services > MAX_SERVICES:
        yield Fault("/needs", f"{services} roles of visits are more than a problem may have ({MAX_SERVICES})", "range")
    offers = _Offers(problem)
    if offers.shifts > MAX_SHIFTS:
        yield Fault("/providers", f"{offers.shifts} shifts of crews are more than a problem may have ({MAX_SHIFTS})", "range")
    bounds = cost_bounds(problem, offers)
    most = sum(bounds.values())
    if most >= COST_LIMIT:
        term = max(bounds, key=lambda name: bounds[name])
        reach = f"the cost of a plan could reach {most:.3e}, which is not below the limit of 2^61 ({COST_LIMIT:.3e})"
        message = f"{reach}; lower weight {term.value!r}, whose term could reach {bounds[term]:.3e}"
        yield Fault(f"/weights/{term.value}", message, "range")


class _Offers:
    """What providers offer: shifts (crews counted), seconds on duty, minutes of the workload term."""

    def __init__(self, problem: Problem) -> None:
        self.shifts = self.seconds = self.minutes = 0
        seen: dict[tuple[Span, ...], tuple[int, int]] = {}
        for provider in problem.providers:
            if provider.shifts not in seen:
                spans = spans_of(provider.shifts, problem.horizon)
                seen[provider.shifts] = len(spans), sum(end - start for start, end in spans)
            count, seconds = seen[provider.shifts]
            self.shifts += count * provider.crews
            self.seconds += seconds * provider.crews
            offered = seconds * provider.crews // 60
            if provider.max_minutes_week is not None:
                offered = min(offered, provider.max_minutes_week * problem.horizon.weeks)
            self.minutes += offered


def spans_of(shifts: tuple[Span, ...], horizon: Horizon) -> set[tuple[int, int]]:
    """Return every different ``(start, end)`` of some shifts in the horizon, in seconds."""
    return {span for shift in shifts for span in shift.spans(horizon)}


def cost_bounds(problem: Problem, offers: _Offers | None = None) -> dict[Term, int]:
    """Return, for each term of the objective, a number that it exceeds in no plan that keeps the rules.

    A route lies inside its shift, so that all travel and waiting is at most the time on duty; payments come from funds, so that they are at most what
    the funds hold; a provider's minutes are at most those offered.
    """
    offers = offers or _Offers(problem)
    weights = problem.weights
    totals = _Totals(problem, weights)
    people = {provider.id: provider for provider in problem.providers}
    residents = {resident.id: resident for resident in problem.residents}
    banked = sum(need.visits * min(people[name].banked_hours, 100) for need in problem.needs if (name := _volunteer(residents, need)) in people)
    return {
        Term.UNSERVED: weights.unserved * sum(totals.urgency.values()),
        Term.PINNED: weights.pinned * len({pin.visit for pin in problem.pins}),
        Term.BANKED: weights.banked * banked,
        Term.NEW_FACE: weights.new_face * totals.resident_services,
        Term.CONTINUITY: weights.continuity * totals.services,
        Term.PREFERRED_WINDOW: weights.preferred_window * totals.visits,
        Term.PREFERRED_PERSON: weights.preferred_person * totals.services,
        Term.PAIRING: weights.pairing * (totals.services + totals.pairs * sum(link.grade == "unpreferred" for link in problem.links)),
        Term.STAND_IN: weights.stand_in * totals.services,
        Term.RATING: weights.rating * 4 * totals.services,
        Term.LATENESS: weights.lateness * totals.lateness,
        Term.MAX_LATENESS: weights.max_lateness * totals.max_lateness,
        Term.MONEY: weights.money * sum(fund.amount for fund in problem.funds),
        Term.TRAVEL: weights.travel * offers.seconds,
        Term.WAITING: weights.waiting * offers.seconds,
        Term.WORKLOAD: weights.workload * offers.minutes,
        Term.EQUITY: weights.equity * 1000 * sum(totals.urgency.values()),
        Term.STABILITY: weights.stability * sum(1 + totals.roles[need_of(line.visit)] for line in problem.in_force),
    }


class _Totals:
    """Sums over the needs that several terms share."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        self.visits = self.services = self.resident_services = self.pairs = self.lateness = self.max_lateness = 0
        self.urgency: dict[int, int] = defaultdict(int)
        self.roles: Counter[str] = Counter()
        for need in problem.needs:
            services, largest, late = _services(need), _largest_team(need), 60 * max(window.late_by for window in need.windows)
            self.visits += need.visits
            self.services += services
            self.resident_services += services if need.resident is not None else 0
            self.pairs += need.visits * largest * (largest - 1) // 2
            self.lateness += services * late
            self.max_lateness = max(self.max_lateness, late)
            self.urgency[need.urgency] += need.visits * weights.urgency[need.urgency - 1]
            self.roles[need.id] = largest


def _volunteer(residents: dict[str, Resident], need: Need) -> str:
    resident = residents.get(need.resident or "")
    return (resident.volunteer or "") if resident is not None else ""


def _size(team: tuple[Role, ...]) -> int:
    return sum(role.count for role in team)


def _services(need: Need) -> int:
    first = _size(need.team if need.first_team is None else need.first_team)
    return first + (need.visits - 1) * _size(need.team)


def _largest_team(need: Need) -> int:
    return max(_size(need.team), _size(need.first_team or ()))
