"""Seconds between places: one square root, or one look-up; the same numbers as `matcher.travel` gives."""

from __future__ import annotations

import math

from matcher.kernels.jit import kernel

from matcher.kernels.cells import PLACE_COUNT, PROFILE_TABLES, PTS_PROFILES, TABLES, cell


@kernel
def travel_seconds(ins, pts, profile, origin, destination):
    """Return the seconds from a place to another for a profile; 0 from a place to itself, and in a room (profile -1)."""
    if origin == destination or profile < 0:
        return 0
    table = cell(ins, PROFILE_TABLES, profile)
    if table >= 0:
        places = ins[PLACE_COUNT]
        return cell(ins, TABLES, (table * places + origin) * places + destination)
    a, b = 3 * origin, 3 * destination
    dx, dy, dz = pts[a] - pts[b], pts[a + 1] - pts[b + 1], pts[a + 2] - pts[b + 2]
    return math.ceil(math.sqrt(dx * dx + dy * dy + dz * dz) * pts[ins[PTS_PROFILES] + profile])
