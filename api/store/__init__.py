"""What is kept, by noun: functions from a connection to rows and back. Each is part of its caller's transaction.

May import `api.tables` and `api.database`. Never here: HTTP, pydantic, a solver, or a decision about who may see what beyond an area.
"""
