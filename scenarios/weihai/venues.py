"""Where groups meet, and the money of the week: venues with rooms and opening hours, funds of the four sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, Final

from scenarios.weihai.draft import DAYS, DraftNeed, DraftProvider, DraftVenue, Json, Stretch

if TYPE_CHECKING:
    from scenarios.weihai.chance import Chance
    from scenarios.weihai.geography import Site

VENUE_SHARE: Final = 0.3
LONG_SHARE: Final = 0.5
ROOM_NAMES: Final = ("多功能厅", "活动室", "社工室")
SEATS: Final = ((36, 60), (15, 30), (4, 10))
EXPECTED_SPENT: Final = 1.0
"""The share of what organizations are asked for that ends up with them, at a guess: others can serve some of it, some is left out."""

FUND_SHARES: Final = {"fiscal": 0.55, "welfare_lottery": 0.2, "charity": 0.12, "venture": 0.08}
FUND_NAMES: Final = {"fiscal": "财政购买服务资金", "welfare_lottery": "福彩公益金", "charity": "慈善救助金", "venture": "公益创投项目资金"}
FUND_CATEGORIES: Final[dict[str, list[str] | None]] = {
    "fiscal": None,
    "welfare_lottery": ["elderly", "home_care", "disability"],
    "charity": ["social_relief", "disability", "veterans", "youth", "home_care"],
    "venture": ["culture", "youth", "employment", "environment", "public_safety"],
}
OWN_FUNDS_SHARE: Final = 0.1
"""Of the needs that an organization may serve, how many are paid from certain funds only."""


def make_venues(chance: Chance, sites: Sequence[Site]) -> list[DraftVenue]:
    """Return venues in about three of ten communities, the large ones first, and at least one with long hours in each street."""
    streets: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        streets[site.place.street_code].append(site)
    venues: list[DraftVenue] = []
    for members in streets.values():
        largest = sorted(members, key=lambda site: (-site.population, site.place.code))
        for place, site in enumerate(largest[: max(1, round(VENUE_SHARE * len(members)))]):
            draw = chance.of(site.place.code)
            venues.append(_venue(draw, site, len(venues) + 1, is_long=place == 0 or draw.happens(LONG_SHARE)))
    return venues


def _venue(draw: Chance, site: Site, number: int, *, is_long: bool) -> DraftVenue:
    name = f"{site.place.short_name}{'社区党群服务中心' if site.place.is_urban else '村便民服务站'}".replace("村村", "村")
    rooms = [(f"h{number:04d}-{k + 1}-{ROOM_NAMES[k]}", draw.whole(*SEATS[k])) for k in range(draw.whole(2 if is_long else 1, 3))]
    if is_long:
        opening = [Stretch(None, 510, 1230)]
    elif draw.happens(0.5):
        opening = [Stretch(day, 510, 1050) for day in DAYS[:6]]
    else:
        opening = [Stretch(day, low, high) for day in DAYS[:5] for low, high in ((510, 720), (780, 1050))]
    return DraftVenue(f"h{number:04d}", name, site, site.home(draw), rooms, opening, is_long)


def make_funds(chance: Chance, sites: Sequence[Site], needs: Sequence[DraftNeed], providers: Sequence[DraftProvider]) -> list[Json]:
    """Return funds of the four sources, and say which needs are paid from certain funds only.

    Fiscal money and the lottery's are held for a district, charity and venture money for a street. Together they hold about what is asked for, but
    each may pay for some categories only, so that some run dry while others are left over.
    """
    rates = [provider.price_per_hour for provider in providers if provider.kind == "organization"]
    rate = sum(rates) / max(1, len(rates))
    asked: dict[tuple[str, str], float] = defaultdict(float)
    for need in needs:
        asked[need.site.place.street_code, need.kind.category] += rate * _paid_minutes(need) / 60
    by_district: dict[str, dict[str, list[Site]]] = defaultdict(lambda: defaultdict(list))
    for site in sites:
        by_district[site.place.district_code][site.place.street_code].append(site)
    funds: list[Json] = []
    of_street: dict[str, list[str]] = defaultdict(list)
    for streets in by_district.values():
        total = fsum(value for (street, _), value in asked.items() if street in streets)
        everyone = [site for members in streets.values() for site in members]
        for source in ("fiscal", "welfare_lottery"):
            fund = _fund(chance, len(funds) + 1, source, total, everyone, everyone[0].place.district)
            if len(by_district) == 1:
                del fund["communities"]
            funds.append(fund)
            for street in streets:
                of_street[street].append(fund["id"])
        for street, members in streets.items():
            money = fsum(value for (code, _), value in asked.items() if code == street)
            for source in ("charity", "venture"):
                funds.append(_fund(chance, len(funds) + 1, source, money, members, members[0].place.street))
                of_street[street].append(funds[-1]["id"])
    for need in needs:
        draw = chance.of("own", need.id)
        if _paid_minutes(need) > 0 and draw.happens(OWN_FUNDS_SHARE):
            may = [fund["id"] for fund in funds if fund["id"] in of_street[need.site.place.street_code] and _pays(fund, need.kind.category)]
            need.funds = draw.some(may, draw.whole(1, 2))
    return funds


def _paid_minutes(need: DraftNeed) -> float:
    return fsum((role.minutes or need.minutes) * count / len(role.kinds) for role, count in need.teams if "organization" in role.kinds)


def _pays(fund: Json, category: str) -> bool:
    return category in fund.get("categories", (category,))


def _fund(chance: Chance, number: int, source: str, asked: float, members: Sequence[Site], whose: str) -> Json:
    draw = chance.of(source, number)
    share = FUND_SHARES[source] * EXPECTED_SPENT * draw.between(0.75, 1.1)
    chosen = members if source in {"fiscal", "welfare_lottery"} else draw.some(members, max(1, round(draw.between(0.6, 1) * len(members))))
    fund = {
        "id": f"f{number:03d}",
        "name": f"{whose}{FUND_NAMES[source]}",
        "source": source,
        "amount": max(300, 10 * round(asked * share / 10)),
        "communities": [site.place.code for site in chosen],
    }
    categories = FUND_CATEGORIES[source]
    return {**fund, "categories": categories} if categories is not None else fund
