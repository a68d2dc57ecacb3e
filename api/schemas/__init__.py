"""The JSON of requests and answers, one module for each noun. What is inside a problem, a plan or a result is the matcher's: docs/format.md.

May import pydantic and the words of `matcher`; never a route, the database or a solver.
"""
