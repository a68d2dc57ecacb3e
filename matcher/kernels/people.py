"""Limits and costs that hang on who serves: minutes, caseloads, faces, funds, teams."""

from __future__ import annotations

from matcher.instance import FAR, PREFERRED, PROHIBITED, REQUIRED, ROOM, SOCIAL_WORKER, UNPREFERRED
from matcher.kernels.cells import (
    D_CONTINUITY, D_FUNDS, D_FUND_FIRST, D_LINKS, D_LINK_FIRST, D_MAX_PROVIDERS, D_VISITS, FUND_AMOUNT, GROUP_FIRST, GROUP_NODE, KNOWN_COST,
    KNOWN_FIRST, KNOWN_PROVIDER, LINK_FIRST, LINK_GRADE, LINK_PROVIDER, MUST_PROVIDER, NEED_FUND, NEED_LINK, NEW_FACE, N_GROUP, N_SECONDS, N_VISIT,
    PAIRING, PROVIDER_LINK, P_CASELOAD, P_CASE_COUNTER, P_DAY_COUNTER, P_HAS_GRADES, P_KIND, P_LINKS, P_LINK_FIRST, P_MAX_DAY, P_MAX_WEEK, P_OFFERED,
    P_SUPERVISES, P_SUPERVISION, P_WEEK_COUNTER, RESIDENT_FIRST, RESIDENT_VISIT, S_DAY, S_PROVIDER, S_WEEK, V_FIRST_NODE, V_IS_LINKED, V_MUSTS,
    V_MUST_FIRST, V_NEED, V_RESIDENT, V_ROLES, WORKLOAD, cell, entry_cost, entry_price, entry_shift, need_row, node_row, provider_row, shift_row,
    visit_row, weight,
)  # fmt: skip
from matcher.kernels.jit import kernel
from matcher.kernels.routes import COUNTERS, IS_IN, NONE, SERVED, SHIFT, SPENT, get_node, get_provider, get_visit
from matcher.kernels.work import MEMBERS


@kernel
def provider_of(ins, rt, n):
    """Return the provider of a placed node."""
    return ins[shift_row(ins, get_node(rt, n, SHIFT)) + S_PROVIDER]


@kernel
def serves(ins, rt, resident, p, week):
    """Return whether provider p serves the resident in that week (NONE: in any), as things stand."""
    for k in range(cell(ins, RESIDENT_FIRST, resident), cell(ins, RESIDENT_FIRST, resident + 1)):
        v = cell(ins, RESIDENT_VISIT, k)
        if get_visit(rt, v, IS_IN) == 1:
            visit = visit_row(ins, v)
            for n in range(ins[visit + V_FIRST_NODE], ins[visit + V_FIRST_NODE] + ins[visit + V_ROLES]):
                s = get_node(rt, n, SHIFT)
                if s != NONE and ins[shift_row(ins, s) + S_PROVIDER] == p and (week == NONE or ins[shift_row(ins, s) + S_WEEK] == week):
                    return True
    return False


@kernel
def face_cost(ins, resident, p):
    """Return what provider p costs as a face that the resident does not know, or knows a little."""
    for k in range(cell(ins, KNOWN_FIRST, resident), cell(ins, KNOWN_FIRST, resident + 1)):
        if cell(ins, KNOWN_PROVIDER, k) == p:
            return cell(ins, KNOWN_COST, k)
    return weight(ins, NEW_FACE)


@kernel
def count_in_group(ins, rt, group, p):
    """Return how many different providers fill the role over the need's visits, and whether p is one of them."""
    different, has = 0, False
    first, last = cell(ins, GROUP_FIRST, group), cell(ins, GROUP_FIRST, group + 1)
    for k in range(first, last):
        s = get_node(rt, cell(ins, GROUP_NODE, k), SHIFT)
        if s == NONE:
            continue
        q = ins[shift_row(ins, s) + S_PROVIDER]
        has |= q == p
        is_new = True
        for j in range(first, k):
            other = get_node(rt, cell(ins, GROUP_NODE, j), SHIFT)
            if other != NONE and ins[shift_row(ins, other) + S_PROVIDER] == q:
                is_new = False
                break
        different += is_new
    return different, has


@kernel
def workload_cost(ins, p, seconds):
    """Return the fairness cost of a provider who serves that long."""
    offered = ins[provider_row(ins, p) + P_OFFERED]
    minutes = seconds // 60
    return weight(ins, WORKLOAD) * (minutes * minutes // offered) if offered > 0 else 0


@kernel
def payer(ins, rt, need, price):
    """Return the first fund that may pay that much for the need, NONE if there is none."""
    for k in range(ins[need + D_FUND_FIRST], ins[need + D_FUND_FIRST] + ins[need + D_FUNDS]):
        f = cell(ins, NEED_FUND, k)
        if rt[rt[SPENT] + f] + price <= cell(ins, FUND_AMOUNT, f):
            return f
    return NONE


@kernel
def evaluate_provider(ins, rt, n, entry):
    """Return the cost of the provider of an entry for node n as things stand, times and travel aside; FAR where a limit forbids it."""
    shift = shift_row(ins, entry_shift(ins, entry))
    p = ins[shift + S_PROVIDER]
    provider = provider_row(ins, p)
    if ins[provider + P_KIND] == ROOM:
        return 0
    node = node_row(ins, n)
    if (
        ins[provider + P_DAY_COUNTER] >= 0
        and rt[rt[COUNTERS] + ins[provider + P_DAY_COUNTER] + ins[shift + S_DAY]] + ins[node + N_SECONDS] > ins[provider + P_MAX_DAY]
    ):
        return FAR
    if (
        ins[provider + P_WEEK_COUNTER] >= 0
        and rt[rt[COUNTERS] + ins[provider + P_WEEK_COUNTER] + ins[shift + S_WEEK]] + ins[node + N_SECONDS] > ins[provider + P_MAX_WEEK]
    ):
        return FAR
    visit = visit_row(ins, ins[node + N_VISIT])
    need = need_row(ins, ins[visit + V_NEED])
    cost = entry_cost(ins, entry)
    if entry_price(ins, entry) > 0 and payer(ins, rt, need, entry_price(ins, entry)) == NONE:
        return FAR
    if ins[visit + V_RESIDENT] >= 0:
        if (
            ins[provider + P_CASE_COUNTER] >= 0
            and rt[rt[COUNTERS] + ins[provider + P_CASE_COUNTER] + ins[shift + S_WEEK]] >= ins[provider + P_CASELOAD]
        ):
            if not serves(ins, rt, ins[visit + V_RESIDENT], p, ins[shift + S_WEEK]):
                return FAR
        if weight(ins, NEW_FACE) > 0 and not serves(ins, rt, ins[visit + V_RESIDENT], p, NONE):
            cost += face_cost(ins, ins[visit + V_RESIDENT], p)
    if ins[need + D_VISITS] > 1 and (ins[need + D_MAX_PROVIDERS] > 0 or ins[need + D_CONTINUITY] > 0):
        different, has = count_in_group(ins, rt, ins[node + N_GROUP], p)
        if not has:
            if ins[need + D_MAX_PROVIDERS] > 0 and different >= ins[need + D_MAX_PROVIDERS]:
                return FAR
            if different > 0:
                cost += ins[need + D_CONTINUITY]
    if ins[provider + P_OFFERED] > 0 and weight(ins, WORKLOAD) > 0:
        served = get_provider(rt, p, SERVED)
        cost += workload_cost(ins, p, served + ins[node + N_SECONDS]) - workload_cost(ins, p, served)
    return cost


@kernel
def _share(ins, p, q, grade):
    """Return how many links of that grade (REQUIRED - 1: any that is not UNPREFERRED or PROHIBITED) hold both providers."""
    a, b = provider_row(ins, p), provider_row(ins, q)
    i, j, found = ins[a + P_LINK_FIRST], ins[b + P_LINK_FIRST], 0
    while i < ins[a + P_LINK_FIRST] + ins[a + P_LINKS] and j < ins[b + P_LINK_FIRST] + ins[b + P_LINKS]:
        x, y = cell(ins, PROVIDER_LINK, i), cell(ins, PROVIDER_LINK, j)
        if x == y:
            g = cell(ins, LINK_GRADE, x)
            found += g == grade or (grade < 0 and g <= PREFERRED)
        i += x <= y
        j += y <= x
    return found


@kernel
def _is_supervised(ins, wk, size):
    in_need, span = 0, 0
    for i in range(size):
        provider = provider_row(ins, wk[wk[MEMBERS] + i])
        if ins[provider + P_KIND] == SOCIAL_WORKER:
            span += ins[provider + P_SUPERVISES]
        if ins[provider + P_SUPERVISION] == 0:
            continue
        in_need += 1
        has_supervisor = False
        for j in range(size):
            if ins[provider_row(ins, wk[wk[MEMBERS] + j]) + P_KIND] == SOCIAL_WORKER and (
                ins[provider + P_SUPERVISION] == 1 or _share(ins, wk[wk[MEMBERS] + i], wk[wk[MEMBERS] + j], -1) > 0
            ):
                has_supervisor = True
                break
        if not has_supervisor:
            return False
    return in_need <= span


@kernel
def _is_linked(ins, wk, visit, size):
    need = need_row(ins, ins[visit + V_NEED])
    for k in range(ins[need + D_LINK_FIRST], ins[need + D_LINK_FIRST] + ins[need + D_LINKS]):
        link = cell(ins, NEED_LINK, k)
        everyone = True
        for i in range(size):
            is_member = False
            for m in range(cell(ins, LINK_FIRST, link), cell(ins, LINK_FIRST, link + 1)):
                if cell(ins, LINK_PROVIDER, m) == wk[wk[MEMBERS] + i]:
                    is_member = True
                    break
            if not is_member:
                everyone = False
                break
        if everyone:
            return True
    return False


@kernel
def _misses_required(ins, wk, size, i):
    """Return whether member i has a required link none of whose other members is in the team."""
    provider = provider_row(ins, wk[wk[MEMBERS] + i])
    for k in range(ins[provider + P_LINK_FIRST], ins[provider + P_LINK_FIRST] + ins[provider + P_LINKS]):
        link = cell(ins, PROVIDER_LINK, k)
        if cell(ins, LINK_GRADE, link) != REQUIRED:
            continue
        has_other = False
        for j in range(size):
            if j == i:
                continue
            for m in range(cell(ins, LINK_FIRST, link), cell(ins, LINK_FIRST, link + 1)):
                if cell(ins, LINK_PROVIDER, m) == wk[wk[MEMBERS] + j]:
                    has_other = True
        if not has_other:
            return True
    return False


@kernel
def evaluate_team(ins, wk, visit, size):
    """Return what a team costs as a team, FAR where a rule on teams forbids it.

    Parameters
    ----------
    visit : int
        Its row. The providers of its roles, the room left out, stand in ``MEMBERS`` of the workspace.
    size : int
        How many they are.
    """
    for i in range(size):
        for j in range(i):
            if wk[wk[MEMBERS] + i] == wk[wk[MEMBERS] + j]:
                return FAR
    for k in range(ins[visit + V_MUST_FIRST], ins[visit + V_MUST_FIRST] + ins[visit + V_MUSTS]):
        is_there = False
        for i in range(size):
            is_there |= cell(ins, MUST_PROVIDER, k) == wk[wk[MEMBERS] + i]
        if not is_there:
            return FAR
    has_grades, has_supervised = False, False
    for i in range(size):
        provider = provider_row(ins, wk[wk[MEMBERS] + i])
        has_grades |= ins[provider + P_HAS_GRADES] == 1
        has_supervised |= ins[provider + P_SUPERVISION] > 0
    if has_supervised and not _is_supervised(ins, wk, size):
        return FAR
    if ins[visit + V_IS_LINKED] == 1 and not _is_linked(ins, wk, visit, size):
        return FAR
    if not has_grades or size < 2:
        return 0
    cost = 0
    for i in range(size):
        provider = provider_row(ins, wk[wk[MEMBERS] + i])
        if ins[provider + P_LINKS] == 0:
            continue
        if _misses_required(ins, wk, size, i):
            return FAR
        has_preferred = False
        for k in range(ins[provider + P_LINK_FIRST], ins[provider + P_LINK_FIRST] + ins[provider + P_LINKS]):
            has_preferred |= cell(ins, LINK_GRADE, cell(ins, PROVIDER_LINK, k)) == PREFERRED
        has_friend = False
        for j in range(size):
            if j == i:
                continue
            if j < i:
                if _share(ins, wk[wk[MEMBERS] + i], wk[wk[MEMBERS] + j], PROHIBITED) > 0:
                    return FAR
                cost += weight(ins, PAIRING) * _share(ins, wk[wk[MEMBERS] + i], wk[wk[MEMBERS] + j], UNPREFERRED)
            has_friend |= _share(ins, wk[wk[MEMBERS] + i], wk[wk[MEMBERS] + j], PREFERRED) > 0
        if has_preferred and not has_friend:
            cost += weight(ins, PAIRING)
    return cost
