"""What to recruit, train and fund to reach a service rate cheaply, and the curve of service against money.

May import `matcher`, `scenarios.edits` and the runs and workers of `scenarios`. Never here: a price that is not said to be assumed.
"""

from scenarios.invest.measures import COSTS
from scenarios.invest.search import TRIES, invest
from scenarios.invest.trials import Over, Progress

__all__ = ["COSTS", "TRIES", "Over", "Progress", "invest"]
