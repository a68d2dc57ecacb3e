"""Problems that are made and changed: the Weihai weeks, what-ifs as edits, comparisons of them, the targets of the 2015 document.

May import `matcher`; only `scenarios.cli` imports typer, only `scenarios.edits` and `scenarios.targets` pydantic.
Never here: a rule, a cost or a network. A made or edited week is a pure function of its arguments.
"""
