"""How kernels are compiled."""

from __future__ import annotations

from numba import njit

# Kernels hand a few arrays from one to the next, millions of times a second, and allocate nothing. Without numba's runtime they do not count
# references to those arrays; the counting took more than half of the time of a search, and threads waited for one another over the shared instance.
kernel = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
"""Decorator of every kernel: compiled, cached, free of the interpreter's lock. A kernel allocates no array."""
