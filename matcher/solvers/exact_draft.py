"""The constraint program while it is drawn up: its variables, its costs, and the visits' own rules (times within a team, windows, spacing)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from matcher.instance import FAR
from matcher.solvers.exact_facts import clipped, merged

if TYPE_CHECKING:
    from matcher.solvers.exact_facts import Facts, Spans


@dataclass
class Draft:
    """The variables of a constraint program and what they cost.

    Attributes
    ----------
    model
        The CP-SAT model.
    domain
        Makes a domain of intervals.
    is_strict
        Whether rooms are held as long as the engine holds them, rather than from the first start to the last end exactly.
    is_in : list
        A literal for each visit.
    start : list
        A variable for each node; the nodes of a visit that starts together share one.
    entry : dict
        A literal for each entry of a role that some route can keep.
    holds : dict
        For each visit with a room, an entry (-1: none that the engine knows), a room shift and a literal for each way to hold one.
    pays : dict
        For a node, a provider and a fund, the literals one of which says that this fund pays.
    arcs : dict
        For each shift, ``(node before, node after, literal)``, -1 for the base.
    costs : list
        Coefficients and variables of the objective.
    """

    model: Any
    domain: Callable[[Spans], Any]
    facts: Facts
    is_strict: bool
    is_in: list[Any] = field(default_factory=list)
    start: list[Any] = field(default_factory=list)
    entry: dict[int, Any] = field(default_factory=dict)
    holds: dict[int, list[tuple[int, int, Any]]] = field(default_factory=dict)
    pays: dict[tuple[int, int, int], list[Any]] = field(default_factory=dict)
    arcs: dict[int, list[tuple[int, int, Any]]] = field(default_factory=dict)
    costs: list[tuple[int, Any]] = field(default_factory=list)
    constant: int = 0

    def flag(self) -> Any:
        """Return a new literal."""
        return self.model.new_bool_var("")

    def number(self, low: int, high: int) -> Any:
        """Return a new whole number."""
        return self.model.new_int_var(low, high, "")

    def add_cost(self, cost: int, variable: Any) -> None:
        """Add a variable to the objective."""
        if cost:
            self.costs.append((cost, variable))

    def all_of(self, literals: list[Any]) -> Any:
        """Return a literal, or a sum, that counts which of some literals hold."""
        return literals[0] if len(literals) == 1 else sum(literals)


def add_visits(d: Draft) -> None:
    """Add a literal for each visit and entry and a start for each node, with windows, pins, gaps, lateness and spacing."""
    facts = d.facts
    late: list[Any] = []
    for v, visit in enumerate(facts.visits):
        is_in = d.flag()
        d.is_in.append(is_in)
        d.constant += visit.loss
        d.add_cost(-visit.loss, is_in)
        _add_starts(d, v)
        for n in facts.roles(v):
            for held in facts.by_node[n]:
                literal = d.entry[held.entry] = d.flag()
                d.add_cost(facts.entry_cost[held.entry], literal)
                d.model.add_linear_expression_in_domain(d.start[n], d.domain(held.spans)).only_enforce_if(literal)
            d.model.add(sum(d.entry[held.entry] for held in facts.by_node[n]) == is_in)
        late.extend(_add_lateness(d, v))
        _add_start_costs(d, v)
    if late:
        worst = d.number(0, max(high for _, _, high in facts.windows))
        for seconds in late:
            d.model.add(worst >= seconds)
        d.add_cost(facts.weights.max_lateness, worst)
    for need in facts.needs:
        _add_spacing(d, need)


def is_together(d: Draft, v: int) -> bool:
    """Return whether all roles of a visit start at the same time."""
    return all(d.facts.nodes[n].gap_low == d.facts.nodes[n].gap_high == 0 for n in d.facts.roles(v)[1:])


def _add_starts(d: Draft, v: int) -> None:
    facts, roles = d.facts, d.facts.roles(v)
    together = is_together(d, v)
    for k, n in enumerate(roles):
        spans = facts.spans[n]
        if not spans or not facts.by_node[n]:
            d.model.add(d.is_in[v] == 0)
        if k > 0 and together:
            d.start.append(d.start[-1])
            continue
        lows = [held.earliest for held in facts.by_node[n]]
        kept = clipped(spans, min(lows), max(held.latest for held in facts.by_node[n])) if lows and spans else [(0, 0)]
        d.start.append(d.model.new_int_var_from_domain(d.domain(kept), ""))
        node = facts.nodes[n]
        if k > 0 and node.gap_low > -FAR:
            gap = d.start[n] - d.start[n - 1]
            d.model.add(gap >= node.gap_low).only_enforce_if(d.is_in[v])
            d.model.add(gap <= node.gap_high).only_enforce_if(d.is_in[v])
    if facts.room(v) is not None:
        d.start.append(d.start[roles[0]])


def _add_lateness(d: Draft, v: int) -> list[Any]:
    """Add what lateness costs; returns the seconds late of each of its nodes (once for those that start together)."""
    facts, weights, windows = d.facts, d.facts.weights, d.facts.windows_of(v)
    extended = [(low, due, high) for low, due, high in windows if high > due]
    if not extended or not (weights.lateness or weights.max_lateness):
        return []
    on_time = d.domain(merged([(low, due) for low, due, _ in windows]))
    found = []
    roles = facts.roles(v)
    for n in roles[:1] if is_together(d, v) else roles:
        # Which window holds the start is free: the one that makes it least late is the cheapest to say.
        late = d.number(0, max(high - due for _, due, high in extended))
        in_time = d.flag()
        d.model.add_linear_expression_in_domain(d.start[n], on_time).only_enforce_if(in_time)
        held = [in_time]
        for low, due, high in extended:
            literal = d.flag()
            held.append(literal)
            d.model.add(d.start[n] >= low).only_enforce_if(literal)
            d.model.add(d.start[n] <= high).only_enforce_if(literal)
            d.model.add(late >= d.start[n] - due).only_enforce_if(literal)
        d.model.add(sum(held) == d.is_in[v])
        d.add_cost(weights.lateness * (len(roles) if is_together(d, v) else 1), late)
        found.append(late)
    return found


def _add_start_costs(d: Draft, v: int) -> None:
    """Add what the start of the first service costs: outside the preferred windows, or at another time than in the plan in force."""
    facts, visit = d.facts, d.facts.visits[v]
    first = d.start[visit.first_node]
    if visit.prefers and facts.weights.preferred_window:
        rows = facts.instance.prefers[visit.prefer_first : visit.prefer_first + visit.prefers].tolist()
        _add_reward(d, v, facts.weights.preferred_window, first, merged(rows))
    if visit.in_force_start >= 0 and visit.stability:
        _add_reward(d, v, visit.stability, first, [(visit.in_force_start, visit.in_force_start)])


def _add_reward(d: Draft, v: int, cost: int, start: Any, spans: Spans) -> None:
    """Add a cost of the visit that it is spared where it starts within `spans`."""
    is_inside = d.flag()
    d.model.add_implication(is_inside, d.is_in[v])
    d.model.add_linear_expression_in_domain(start, d.domain(spans)).only_enforce_if(is_inside)
    d.add_cost(cost, d.is_in[v])
    d.add_cost(-cost, is_inside)


def _add_spacing(d: Draft, need: Any) -> None:
    """Add the distances between the visits of a need, numbered in order of time, and the order in which equal ones are left out."""
    if need.visits == 1:
        return
    facts, rows = d.facts, range(need.first_visit, need.first_visit + need.visits)
    day: dict[int, Any] = {}
    by_day: dict[int, list[Any]] = {}
    for v in rows:
        first = facts.by_node[facts.visits[v].first_node]
        days = [facts.shifts[held.shift].day for held in first]
        day[v] = d.number(min(days, default=0), max(days, default=0))
        chosen = [(d.entry[held.entry], facts.shifts[held.shift].day) for held in first]
        for literal, value in chosen:
            d.model.add(day[v] == value).only_enforce_if(literal)
            by_day.setdefault(value, []).append(literal)
    for v in rows:
        for w in range(v + 1, rows.stop):
            both = [d.is_in[v], d.is_in[w]]
            d.model.add(day[w] - day[v] >= need.at_least_days).only_enforce_if(both)
            if need.at_most_days:
                d.model.add(day[w] - day[v] <= (w - v) * need.at_most_days).only_enforce_if(both)
    if need.at_least_days > 0:  # what follows from the distances, as sums
        for value in by_day:
            close = [literal for other in range(value, value + need.at_least_days) for literal in by_day.get(other, ())]
            d.model.add_at_most_one(close)
    if need.has_first_team:
        for v in rows[1:]:
            d.model.add_implication(d.is_in[v], d.is_in[rows[0]])
    elif not need.is_numbered:
        # Equal visits: the first is served if any is, and without a longest distance those served come first.
        for v in rows[1:]:
            d.model.add_implication(d.is_in[v], d.is_in[rows[0]] if need.at_most_days else d.is_in[v - 1])
