"""Speed and quality, measured: one adapter for each public family of instances, one runner, suites for pytest-benchmark, published tables.

May import matcher and scenarios, and what the peers need. Adapters translate to `matcher.problem.Problem` and call `matcher.solve.solve`:
there is no second engine here.
"""
