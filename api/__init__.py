"""The HTTP API: thin. It parses, calls `matcher` or `scenarios`, stores, and maps errors to problem+json.

May import everything of `matcher` and `scenarios` that a caller of the library may, beside FastAPI, SQLAlchemy and their kin.
Never here: a rule, a cost, or a search; whatever decides who visits whom is called, not written.
"""
