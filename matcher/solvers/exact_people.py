"""Who serves, in the constraint program: teams, links, limits, faces, funds, and the two terms of fairness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcher.instance import PREFERRED, PROHIBITED, REQUIRED, SOCIAL_WORKER, UNPREFERRED

if TYPE_CHECKING:
    from matcher.solvers.exact_draft import Draft
    from matcher.solvers.exact_facts import Facts

MOST_VALUES = 400
"""A square is listed value by value up to so many; beyond, it is multiplied out."""

Team = dict[int, Any]
"""For one visit, whether each provider is in its team: a literal or a sum of literals that is 0 or 1."""


def add_people(d: Draft) -> None:
    """Add every rule and cost that hangs on who serves whom."""
    teams = [_team(d, v) for v in range(len(d.facts.visits))]
    for v, team in enumerate(teams):
        _add_team(d, v, team)
    _add_minutes(d)
    _add_residents(d, teams)
    _add_groups(d)
    _add_funds(d)
    _add_workload(d)
    _add_equity(d)


def _team(d: Draft, v: int) -> Team:
    """Return the team of a visit; a provider fills one role at most."""
    facts = d.facts
    literals: dict[int, list[Any]] = {}
    nodes: dict[int, set[int]] = {}
    for n in facts.roles(v):
        for held in facts.by_node[n]:
            p = facts.provider(held)
            literals.setdefault(p, []).append(d.entry[held.entry])
            nodes.setdefault(p, set()).add(n)
    for p, found in literals.items():
        if len(nodes[p]) > 1:
            d.model.add_at_most_one(found)
    return {p: d.all_of(found) for p, found in literals.items()}


def _add_team(d: Draft, v: int, team: Team) -> None:
    facts, visit = d.facts, d.facts.visits[v]
    for p in facts.instance.must_provider[visit.must_first : visit.must_first + visit.musts].tolist():
        d.model.add(team.get(p, 0) >= d.is_in[v])
    _add_supervision(d, team)
    if visit.is_linked:
        need = facts.needs[visit.need]
        links = facts.instance.need_link[need.link_first : need.link_first + need.links].tolist()
        chosen = {link: d.flag() for link in links}
        d.model.add(sum(chosen.values()) == d.is_in[v])
        for p, serves in team.items():
            d.model.add(serves <= sum(literal for link, literal in chosen.items() if p in facts.members[link]))
    if visit.roles >= 2:
        _add_links(d, team)


def _shared(facts: Facts, p: int, q: int) -> list[int]:
    """Return the links of which two providers are members."""
    return [link for link in facts.provider_links[p] if link in facts.provider_links[q]]


def _add_supervision(d: Draft, team: Team) -> None:
    facts = d.facts
    watched = [p for p in team if facts.providers[p].supervision]
    if not watched:
        return
    workers = [p for p in team if facts.providers[p].kind == SOCIAL_WORKER]
    for p in watched:
        near = workers
        if facts.providers[p].supervision == 2:
            near = [q for q in workers if any(facts.grades[link] <= PREFERRED for link in _shared(facts, p, q))]
        d.model.add(team[p] <= sum(team[q] for q in near))
    d.model.add(sum(team[p] for p in watched) <= sum(facts.providers[q].supervises * team[q] for q in workers))


def _add_links(d: Draft, team: Team) -> None:
    facts, pairing = d.facts, d.facts.weights.pairing
    for link in sorted({link for p in team for link in facts.provider_links[p]}):
        members = [p for p in team if p in facts.members[link]]
        if facts.grades[link] == REQUIRED:
            for p in members:
                d.model.add(team[p] <= sum(team[q] for q in members if q != p))
        elif facts.grades[link] == PROHIBITED:
            d.model.add(sum(team[p] for p in members) <= 1)
        elif facts.grades[link] == UNPREFERRED and pairing:
            for k, p in enumerate(members):
                for q in members[:k]:
                    meet = d.flag()
                    d.model.add(meet >= team[p] + team[q] - 1)
                    d.add_cost(pairing, meet)
    if not pairing:
        return
    for p in team:
        preferred = {link for link in facts.provider_links[p] if facts.grades[link] == PREFERRED}
        if preferred:
            alone = d.flag()
            friends = [q for q in team if q != p and preferred & set(facts.provider_links[q])]
            d.model.add(alone >= team[p] - sum(team[q] for q in friends))
            d.add_cost(pairing, alone)


def _add_minutes(d: Draft) -> None:
    """Add the limits a day and a week."""
    facts = d.facts
    for provider in facts.providers:
        for counter, most, unit in ((provider.day_counter, provider.max_day, "day"), (provider.week_counter, provider.max_week, "week")):
            if counter < 0:
                continue
            spent: dict[int, list[Any]] = {}
            for s in range(provider.shift_first, provider.shift_first + provider.shifts):
                for held in facts.by_shift.get(s, ()):
                    spent.setdefault(getattr(facts.shifts[s], unit), []).append(facts.nodes[held.node].seconds * d.entry[held.entry])
            for seconds in spent.values():
                d.model.add(sum(seconds) <= most)


def _add_residents(d: Draft, teams: list[Team]) -> None:
    """Add faces, once for each resident and provider, and caseloads."""
    facts, instance = d.facts, d.facts.instance
    cases: dict[tuple[int, int], list[Any]] = {}
    for r, (a, b) in enumerate(zip(instance.resident_first[:-1].tolist(), instance.resident_first[1:].tolist(), strict=True)):
        visits = instance.resident_visit[a:b].tolist()
        known = slice(int(instance.known_first[r]), int(instance.known_first[r + 1]))
        times = dict(zip(instance.known_provider[known].tolist(), instance.known_cost[known].tolist(), strict=True))
        for p in sorted({p for v in visits for p in teams[v]}):
            # as the kernels have it, nobody is a new face where new faces cost nothing
            cost = times.get(p, facts.weights.new_face) if facts.weights.new_face else 0
            if cost:
                face = d.flag()
                for v in visits:
                    if p in teams[v]:
                        d.model.add(face >= teams[v][p])
                d.add_cost(cost, face)
            if facts.providers[p].case_counter >= 0:
                for week, found in _by_week(d, visits, p).items():
                    case = d.flag()
                    for literal in found:
                        d.model.add_implication(literal, case)
                    cases.setdefault((p, week), []).append(case)
    for (p, _week), found in cases.items():
        if len(found) > facts.providers[p].caseload:
            d.model.add(sum(found) <= facts.providers[p].caseload)


def _by_week(d: Draft, visits: list[int], p: int) -> dict[int, list[Any]]:
    facts = d.facts
    found: dict[int, list[Any]] = {}
    for v in visits:
        for n in facts.roles(v):
            for held in facts.by_node[n]:
                if facts.provider(held) == p:
                    found.setdefault(facts.shifts[held.shift].week, []).append(d.entry[held.entry])
    return found


def _add_groups(d: Draft) -> None:
    """Add how many providers fill a role over the visits of a need: `max_providers` and continuity."""
    facts, instance = d.facts, d.facts.instance
    for a, b in zip(instance.group_first[:-1].tolist(), instance.group_first[1:].tolist(), strict=True):
        nodes = instance.group_node[a:b].tolist()
        if len(nodes) < 2:
            continue
        need = facts.needs[facts.visits[facts.nodes[nodes[0]].visit].need]
        if not need.max_providers and not need.continuity:
            continue
        literals: dict[int, dict[int, list[Any]]] = {}
        for n in nodes:
            for held in facts.by_node[n]:
                literals.setdefault(facts.provider(held), {}).setdefault(n, []).append(d.entry[held.entry])
        fills = {p: d.flag() for p in literals}
        for p, by_node in literals.items():
            for found in by_node.values():
                d.model.add(fills[p] >= sum(found))
        if need.max_providers:
            d.model.add(sum(fills.values()) <= need.max_providers)
        if need.continuity:
            has_any = d.flag()
            visits = {facts.nodes[n].visit for n in nodes}
            d.model.add_bool_or([~has_any, *(d.is_in[v] for v in sorted(visits))])
            d.add_cost(-need.continuity, has_any)
            for literal in fills.values():
                d.add_cost(need.continuity, literal)


def _add_funds(d: Draft) -> None:
    """Let each service that costs money be paid from one fund."""
    facts = d.facts
    amounts = facts.instance.fund_amount.tolist()
    paid: dict[tuple[int, int], list[Any]] = {}
    prices: dict[tuple[int, int], int] = {}
    for n, row in enumerate(facts.by_node):
        for held in row:
            if facts.entry_price[held.entry] > 0:
                paid.setdefault((n, facts.provider(held)), []).append(d.entry[held.entry])
                prices[n, facts.provider(held)] = facts.entry_price[held.entry]
    funds = {}
    for n in {n for n, _ in paid}:
        need = facts.needs[facts.visits[facts.nodes[n].visit].need]
        funds[n] = facts.instance.need_fund[need.fund_first : need.fund_first + need.funds].tolist()
    most = dict.fromkeys(range(len(amounts)), 0)
    for n, row in funds.items():
        for f in row:
            most[f] += max(price for (m, _), price in prices.items() if m == n)
    spent: dict[int, list[Any]] = {f: [] for f in range(len(amounts))}
    for (n, p), literals in paid.items():
        ample = [f for f in funds[n] if most[f] <= amounts[f]]
        if ample:  # a fund that can pay for all it may pay for: nobody else need
            d.pays[n, p, ample[0]] = literals
            continue
        if len(funds[n]) == 1:
            d.pays[n, p, funds[n][0]] = literals
            spent[funds[n][0]].append(prices[n, p] * d.all_of(literals))
            continue
        pays = {f: d.flag() for f in funds[n]}
        d.model.add(sum(pays.values()) == d.all_of(literals))
        for f, literal in pays.items():
            d.pays[n, p, f] = [literal]
            spent[f].append(prices[n, p] * literal)
    for f, payments in spent.items():
        if payments:
            d.model.add(sum(payments) <= amounts[f])


def _add_workload(d: Draft) -> None:
    facts = d.facts
    if not facts.weights.workload:
        return
    for provider in facts.providers:
        shifts = range(provider.shift_first, provider.shift_first + provider.shifts)
        row = [held for s in shifts for held in facts.by_shift.get(s, ())]
        if provider.offered <= 0 or not row:
            continue
        minutes = {held.node: facts.nodes[held.node].seconds // 60 for held in row}
        most = sum(facts.shifts[s].end - facts.shifts[s].start for s in shifts) // 60
        if provider.week_counter >= 0:
            most = min(most, provider.max_week // 60 * len({facts.shifts[held.shift].week for held in row}))
        served = sum(minutes[held.node] * d.entry[held.entry] for held in row)
        _add_square(d, served, sorted(minutes.values()), most, 1, provider.offered, facts.weights.workload)


def _add_equity(d: Draft) -> None:
    facts = d.facts
    if not facts.weights.equity:
        return
    for c, total in enumerate(facts.instance.community_weight.tolist()):
        visits = [v for v, visit in enumerate(facts.visits) if visit.community == c and visit.weight]
        if total > 0 and visits:
            left_out = total - sum(facts.visits[v].weight * d.is_in[v] for v in visits)
            _add_square(d, left_out, [facts.visits[v].weight for v in visits], total, 1000, total, facts.weights.equity)


def _add_square(d: Draft, amount: Any, parts: list[int], most: int, factor: int, share: int, weight: int) -> None:
    """Add ``weight * (factor * amount ** 2 // share)`` to the objective; `amount` is a sum of some of the parts, and no more than `most`."""
    values = {0}
    for part in parts:
        values |= {value + part for value in values if value + part <= most}
        if len(values) > MOST_VALUES:
            break
    if len(values) <= MOST_VALUES:
        chosen = {value: d.flag() for value in sorted(values)}
        d.model.add_exactly_one(chosen.values())
        d.model.add(amount == sum(value * literal for value, literal in chosen.items()))
        for value, literal in chosen.items():
            d.add_cost(weight * (factor * value * value // share), literal)
        return
    most = min(most, sum(parts))
    base, square, quotient = d.number(0, most), d.number(0, most * most), d.number(0, factor * most * most // share)
    d.model.add(base == amount)
    d.model.add_multiplication_equality(square, base, base)
    d.model.add(share * quotient >= factor * square - (share - 1))
    for k in range(17):  # tangents, for the linear relaxation
        at = most * k // 16
        d.model.add(share * quotient >= factor * (2 * at * base - at * at) - (share - 1))
    d.add_cost(weight, quotient)
