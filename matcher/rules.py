"""The closed list of hard rules: one name for the violation, the reason, the row in docs/rules.md and the test.

The meaning of each rule is fixed in ``docs/rules.md``. Every plan that the engine reports keeps all of them.
"""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """A hard rule. The value is its stable code in JSON."""

    KIND = "kind"
    SKILL = "skill"
    CERTIFICATE = "certificate"
    LANGUAGE = "language"
    GENDER = "gender"
    REFUSED = "refused"
    CATEGORY = "category"
    CHECKED = "checked"
    AREA = "area"
    WINDOW = "window"
    SHIFT = "shift"
    TRAVEL = "travel"
    LEG = "leg"
    LUNCH = "lunch"
    DAY_MINUTES = "day_minutes"
    WEEK_MINUTES = "week_minutes"
    CASELOAD = "caseload"
    CREWS = "crews"
    TEAM = "team"
    GAP = "gap"
    ONE_ROLE = "one_role"
    SUPERVISION = "supervision"
    LINKED_TEAM = "linked_team"
    SPACING = "spacing"
    MAX_PROVIDERS = "max_providers"
    VENUE_OPEN = "venue_open"
    ROOM_FREE = "room_free"
    SEATS = "seats"
    FUND_ALLOWED = "fund_allowed"
    FUND_BALANCE = "fund_balance"
    PIN = "pin"


class Term(StrEnum):
    """A summand of the objective. The value is its stable code in JSON; docs/objective.md has the formulas."""

    UNSERVED = "unserved"
    PINNED = "pinned"
    BANKED = "banked"
    NEW_FACE = "new_face"
    CONTINUITY = "continuity"
    PREFERRED_WINDOW = "preferred_window"
    PREFERRED_PERSON = "preferred_person"
    PAIRING = "pairing"
    STAND_IN = "stand_in"
    RATING = "rating"
    LATENESS = "lateness"
    MAX_LATENESS = "max_lateness"
    MONEY = "money"
    TRAVEL = "travel"
    WAITING = "waiting"
    WORKLOAD = "workload"
    EQUITY = "equity"
    STABILITY = "stability"
