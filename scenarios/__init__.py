"""Problems that are made: the Weihai weeks, real communities with synthetic people and needs.

May import `matcher` and the standard library; only `scenarios.cli` imports typer.
Never here: a solver, a rule, a network, or a clock; a made week is a pure function of its arguments.
"""
