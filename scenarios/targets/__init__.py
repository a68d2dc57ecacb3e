"""The targets of the 2015 document: where communities stand, the least that meets every target, and what that does to a week.

May import `matcher`, `scenarios.edits`, `scenarios.compare`, pydantic (in `inputs`) and OR-Tools (in `program`).
Never here: a figure without its origin.
"""

from __future__ import annotations

from scenarios.targets.inputs import Inputs, InputsFault, read_inputs
from scenarios.targets.program import Programme, least
from scenarios.targets.standing import Standing, Target, standing_of

__all__ = ["Inputs", "InputsFault", "Programme", "Standing", "Target", "least", "read_inputs", "standing_of"]
