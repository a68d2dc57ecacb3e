"""What-ifs as data: named edits of a problem, read from YAML or JSON, checked as a whole, applied as pure functions.

May import `matcher`'s domain, pydantic (in `models`), ruamel.yaml (in `files`) and `scenarios.weihai.chance`.
Never here: a solver, a clock, or a change of the problem that was given.
"""

from __future__ import annotations

from scenarios.edits.apply import Edited, ScenarioFault, Way, apply
from scenarios.edits.files import Case, ScenarioSet, read_scenarios, scenarios_from

__all__ = ["Case", "Edited", "ScenarioFault", "ScenarioSet", "Way", "apply", "read_scenarios", "scenarios_from"]
