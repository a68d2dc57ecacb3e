"""Sishe Matcher: who serves whom, when, with which colleague, paid from which fund.

The optimisation core: a problem in, a verified plan out.
It may import numpy, numba, ortools, networkx and pydantic; it never imports api, scenarios or benchmarks,
opens no network connection, prints nothing and configures no logging.
"""
