"""How kernels are compiled."""

from __future__ import annotations

from typing import Any

from numba import njit

# Kernels hand a few arrays from one to the next, millions of times a second, and allocate nothing. Without numba's runtime they do not count
# references to those arrays; the counting took more than half of the time of a search, and threads waited for one another over the shared instance.
kernel: Any = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
"""Decorator of every kernel: compiled, cached, free of the interpreter's lock. A kernel allocates no array."""
