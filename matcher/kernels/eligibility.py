"""Which shifts may hold which node, as far as that depends on nothing else: sparse, never visits by providers by visits."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True)
def _straight_seconds(points, profiles, profile, a, b):
    dx, dy, dz = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
    return int(math.sqrt(dx * dx + dy * dy + dz * dz) * profiles[profile].seconds_per_metre)


@njit(cache=True)
def _seconds(points, profiles, matrices, a, b):
    """Return about how many seconds two places are apart, for the first profile."""
    if profiles.shape[0] == 0:
        return 0
    table = profiles[0].table
    return int(matrices[table, a, b]) if table >= 0 else _straight_seconds(points, profiles, 0, a, b)


@njit(cache=True)
def count_or_fill(tables, travel, node_facts, candidates, out_first, out_shift, out_provider, *, fill):
    """Count the entries of each node, or write them.

    Parameters
    ----------
    tables : (nodes, visits, shifts, providers, windows)
        As in `matcher.instance.Instance`.
    travel : (points, profiles, tables)
    node_facts : (day_first, day)
        Days that pins allow to each node, CSR; an empty row allows all.
    candidates : (first, provider)
        Providers that the rules on people allow to each node, CSR.
    out_first : int64[N + 1]
        Written when counting (cumulated), read when filling.
    out_shift, out_provider : int32[E]
        Written when filling.
    """
    nodes, visits, shifts, providers, windows = tables
    points, profiles, _matrices = travel
    day_first, allowed_day = node_facts
    first, provider_of = candidates
    for n in range(nodes.shape[0]):
        visit = visits[nodes[n].visit]
        found = out_first[n] if fill else 0
        for k in range(first[n], first[n + 1]):
            p = provider_of[k]
            provider = providers[p]
            for s in range(provider.shift_first, provider.shift_first + provider.shifts):
                shift = shifts[s]
                if day_first[n] < day_first[n + 1]:
                    is_allowed = False
                    for d in range(day_first[n], day_first[n + 1]):
                        if allowed_day[d] == shift.day:
                            is_allowed = True
                    if not is_allowed:
                        continue
                out = 0
                back = 0
                place = nodes[n].place
                if place >= 0 and shift.profile >= 0 and profiles[shift.profile].table < 0:
                    out = _straight_seconds(points, profiles, shift.profile, shift.base, place)
                    back = out if shift.returns else 0
                # Straight lines obey the triangle inequality up to rounding: no way to the place is shorter by more than a few seconds.
                earliest = shift.start + max(0, out - 60)
                latest = shift.end - nodes[n].seconds - max(0, back - 60)
                fits = False
                for w in range(visit.window_first, visit.window_first + visit.windows):
                    if max(windows[w].low, earliest) <= min(windows[w].high, latest):
                        fits = True
                        break
                if fits:
                    if fill:
                        out_shift[found] = s
                        out_provider[found] = p
                    found += 1
        if not fill:
            out_first[n + 1] = out_first[n] + found


@njit(cache=True)
def find_near(tables, travel, near):
    """Write to each row of `near` the visits that are nearest to a visit: seconds of travel, and more where the days or the hours differ.

    Visits without a place count as moderately far from all others.
    """
    nodes, visits, windows = tables
    points, profiles, matrices = travel
    count, width = near.shape
    if width == 0:
        return
    days = np.zeros(count, np.uint64)
    hour = np.zeros(count, np.int64)
    middle = np.zeros(count, np.int64)
    place = np.zeros(count, np.int64)
    for v in range(count):
        visit = visits[v]
        place[v] = nodes[visit.first_node].place
        for w in range(visit.window_first, visit.window_first + visit.windows):
            days[v] |= np.uint64(1) << np.uint64((windows[w].low // 86_400) % 64)
            middle[v] = (windows[w].low + windows[w].due) // 2
            hour[v] += middle[v] % 86_400 // visit.windows
    far = np.zeros(width, np.int64)
    for v in range(count):
        held = 0
        for u in range(count):
            if u == v:
                continue
            distance = 600
            if place[u] >= 0 and place[v] >= 0:
                distance = _seconds(points, profiles, matrices, place[v], place[u])
            if visits[u].windows == 1 and visits[v].windows == 1:
                # one window each: how far apart in time, up to days
                distance += abs(middle[u] - middle[v]) // 8
            else:
                distance += abs(hour[u] - hour[v]) // 8
                if days[u] & days[v] == 0:
                    distance += 1_800
            if held == width and distance >= far[width - 1]:
                continue
            k = held if held < width else width - 1
            while k > 0 and far[k - 1] > distance:
                far[k] = far[k - 1]
                near[v, k] = near[v, k - 1]
                k -= 1
            far[k] = distance
            near[v, k] = u
            held = min(held + 1, width)
