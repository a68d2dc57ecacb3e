"""How large a week can be, and which part of Weihai it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.errors import Fault, FaultyInput
from scenarios.weihai.geography import Site, sites


class ScenarioError(FaultyInput):
    """A week cannot be made as asked; its faults say what was asked and what may be."""

    what = "scenario"


@dataclass(frozen=True, slots=True)
class Size:
    """How many visits and providers a week has, and where it is by default."""

    name: str
    visits: int
    volunteers: int
    social_workers: int
    organizations: int
    where: str
    """A code or name of a community, street or district; empty for all of Weihai."""
    least_shifts: int = 1
    """How many every provider has; more than one where they are so few that otherwise no day would have anybody."""

    @property
    def providers(self) -> int:
        """All providers."""
        return self.volunteers + self.social_workers + self.organizations


SIZES: Final = {
    "community": Size("community", 15, 6, 2, 2, "371002003012", least_shifts=3),
    "street": Size("street", 300, 45, 8, 7, "竹岛街道"),
    "district": Size("district", 3_000, 450, 80, 70, "环翠区"),
    "city": Size("city", 40_000, 6_000, 1_070, 930, ""),
}
"""The sizes by name."""


def size_of(name: str) -> Size:
    """Return a size by its name; raises `ScenarioError` where there is none of that name."""
    if name not in SIZES:
        raise ScenarioError([Fault("/size", f"should be one of {', '.join(SIZES)}, was {name!r}", "range")])
    return SIZES[name]


def sites_of(where: str) -> tuple[Site, ...]:
    """Return the communities of a district, street or community, given by its code or its name; all for an empty text.

    Raises
    ------
    ScenarioError
        There is no such place, or communities of more than one street have that name: their codes are named.
    """
    if not where:
        return sites()
    for of_place in ("district_code", "district", "street_code", "street", "code"):
        found = tuple(site for site in sites() if getattr(site.place, of_place) == where)
        if found:
            return found
    named = tuple(site for site in sites() if where in (site.place.name, site.place.short_name))
    if len(named) == 1:
        return named
    if named:
        codes = ", ".join(f"{site.place.code} ({site.place.street})" for site in named[:20])
        raise ScenarioError([Fault("/where", f"{where!r} is the name of {len(named)} communities; should be a code: {codes}", "conflict")])
    districts = ", ".join(dict.fromkeys(site.place.district for site in sites()))
    message = f"should be a community, street or district of Weihai by its name or code, was {where!r}; the districts are {districts}"
    raise ScenarioError([Fault("/where", message, "unknown")])
