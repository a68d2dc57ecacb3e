"""Compiled kernels: arrays in, arrays out.

They may import numpy, numba and matcher.instance; never pydantic, the domain or a clock.
Functions whose name starts with ``evaluate_`` or ``scan_`` change nothing but their workspace; the others say what they write.
"""

from matcher.kernels.cache import use_own_folder

use_own_folder()
