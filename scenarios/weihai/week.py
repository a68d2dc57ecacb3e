"""`make_week`: from a size and a seed to a problem. The order in which a week is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from matcher.errors import Fault
from matcher.problem import FORMAT, Problem
from scenarios.weihai.chance import Chance
from scenarios.weihai.draft import Json, location
from scenarios.weihai.fits import train
from scenarios.weihai.habit import plan_in_force
from scenarios.weihai.hours import hand_out
from scenarios.weihai.needs import make_needs
from scenarios.weihai.people import make_providers
from scenarios.weihai.sizes import ScenarioError, Size, sites_of, size_of
from scenarios.weihai.ties import make_links, make_pins, tie
from scenarios.weihai.venues import make_funds, make_venues

if TYPE_CHECKING:
    from scenarios.weihai.geography import Site

MONDAY: Final = dt.date(2026, 11, 23)
SCARCITY: Final = 0.1
"""The share of the minutes asked for (with those on the way) that nobody offers."""

SEEDS: Final = 2**31
NOTE: Final = (
    "真实：威海市社区（居委会、村委会）的名称与代码、所属街道（镇）与区市、区市边界。"
    "合成：社区与人员的位置、人口等数字、居民需求、志愿者、社工、社会组织、场所、资金，均由程序按种子生成，不对应任何真实的人或机构。\n"
    "Real: names and codes of the communities, their streets and districts, the shapes of the districts. Synthetic: every position and figure, "
    "residents, needs, volunteers, social workers, organizations, venues and funds, made from a seed; none stands for a real person or body."
)


def make_week(size: str = "street", seed: int = 1, *, where: str | None = None, scarcity: float = SCARCITY, in_force: bool = False) -> Problem:
    """Make a week of Weihai: real communities, synthetic people and needs.

    Parameters
    ----------
    size
        ``community`` (15 visits, 10 providers), ``street`` (300, 60), ``district`` (3,000, 600) or ``city`` (40,000, 8,000).
    seed
        From 0 to 2^31 - 1. Equal arguments give equal bytes on every machine.
    where
        The community, street or district (code or name) instead of the size's own: 竹岛路居委会, 竹岛街道, 环翠区, or all of Weihai.
    scarcity
        How short people are: the share of the minutes asked for, with those on the way, that nobody offers. 0 offers as much as is asked, 0.5 half.
        Every provider offers one shift at least (three, where the size is a community), so that very short weeks are less short than asked.
    in_force
        Whether there is a plan in force, for the needs that someone known to the resident serves.

    Raises
    ------
    ScenarioError
        The size, the place, the seed or the scarcity is not one that there is; everything wrong at once.
    """
    chosen, sites = _checked(size, seed, where, scarcity)
    # The place by its communities, so that its name and its code give the same week.
    chance = Chance("weihai", size, sites[0].place.code, len(sites), seed)
    venues = make_venues(chance.of("venues"), sites)
    needs, residents = make_needs(chance.of("needs"), sites, chosen.visits, venues)
    providers = make_providers(chance.of("people"), chosen, sites, needs)
    hand_out(chance.of("hours"), needs, providers, scarcity, chosen.least_shifts)
    train(needs, providers)
    links = make_links(chance.of("links"), needs, providers)
    tie(chance.of("ties"), needs, residents, providers)
    funds = make_funds(chance.of("funds"), sites, needs, providers)
    data: Json = {
        "format": FORMAT,
        "name": _name(sites, where if where is not None else chosen.where, seed),
        "note": NOTE,
        "horizon": {"start": MONDAY.isoformat(), "days": 7},
        "coordinates": "wgs84",
        "categories": [{"id": "home_care", "name_zh": "居家养老", "name_en": "Home-based elder care", "registered_organization": True}],
        "communities": [_community(site) for site in sites],
        "residents": [resident.to_json() for resident in residents],
        "needs": [need.to_json() for need in needs],
        "providers": [provider.to_json() for provider in providers],
        "links": links,
        "venues": [venue.to_json() for venue in venues],
        "funds": funds,
        "travel": {"kind": "straight", "detour": 1.3},
        "pins": make_pins(chance.of("pins"), needs, providers),
        "in_force": plan_in_force(chance.of("in_force"), needs, providers, MONDAY) if in_force else [],
    }
    return Problem.build(data)


def _checked(size: str, seed: int, where: str | None, scarcity: float) -> tuple[Size, tuple[Site, ...]]:
    faults: list[Fault] = []
    chosen: Size | None = None
    sites: tuple[Site, ...] = ()
    try:
        chosen = size_of(size)
    except ScenarioError as error:
        faults += error.faults
    try:
        sites = sites_of(where if where is not None else chosen.where if chosen is not None else "")
    except ScenarioError as error:
        faults += error.faults
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEEDS:
        faults.append(Fault("/seed", f"should be a whole number from 0 to {SEEDS - 1}, was {seed!r}", "range"))
    if isinstance(scarcity, bool) or not isinstance(scarcity, (int, float)) or not 0 <= scarcity < 1:
        faults.append(Fault("/scarcity", f"should be a number from 0 to below 1, was {scarcity!r}", "range"))
    if faults or chosen is None:
        raise ScenarioError(faults)
    return chosen, sites


def _name(sites: Sequence[Site], where: str, seed: int) -> str:
    place = sites[0].place
    if len(sites) == 1:
        where = f"{place.street}{place.name}"
    elif where in (place.street, place.street_code):
        where = f"{place.district}{place.street}"
    elif where == place.district_code:
        where = place.district
    return f"威海市{where}一周服务 #{seed}"


def _community(site: Site) -> Json:
    place = site.place
    return {
        "id": place.code,
        "name": place.name,
        "street": place.street,
        "district": place.district,
        "area": "urban" if place.is_urban else "rural",
        "population": site.population,
        "party_members": site.party_members,
        "staff": site.staff,
        "service_points": list(site.service_points),
        "location": location(site.point),
    }
