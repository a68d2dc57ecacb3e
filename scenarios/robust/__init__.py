"""Plans on weeks as they might go: people who do not come, visits that begin late, urgent needs that come up.

May import `matcher`, `scenarios.edits` and the workers of `scenarios`. Never here: a chance that is not said to be assumed.
"""

from scenarios.robust.draws import RISKS, Draw, Risks, drawn
from scenarios.robust.follow import Follower, Outcome
from scenarios.robust.judge import CANDIDATE_CHUNKS, robustness

__all__ = ["CANDIDATE_CHUNKS", "RISKS", "Draw", "Follower", "Outcome", "Risks", "drawn", "robustness"]
