"""Those who serve: volunteers, social workers and organizations, near where the needs are and with the skills that are asked for there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scenarios.weihai.draft import DraftNeed, DraftProvider, Json
from scenarios.weihai.needs import systematic

if TYPE_CHECKING:
    from scenarios.weihai.chance import Chance
    from scenarios.weihai.geography import Site
    from scenarios.weihai.sizes import Size

FEMALE: Final = {"volunteer": 0.62, "social_worker": 0.7}
MODES_URBAN: Final = {"walk": 0.3, "bike": 0.4, "bus": 0.15, "car": 0.15}
MODES_RURAL: Final = {"walk": 0.1, "bike": 0.45, "bus": 0.05, "car": 0.4}
MODES_AT_WORK: Final = {"bike": 0.5, "bus": 0.15, "car": 0.35}
ELECTRIC_SHARE: Final = 0.5
ELECTRIC_KMH: Final = 20
DIALECT_SHARE_URBAN, DIALECT_SHARE_RURAL = 0.45, 0.8
KOREAN_SHARE: Final = 0.06
CHECKED: Final = {"volunteer": 0.3, "organization": 0.6}
LEVELS_VOLUNTEER: Final = {1: 0.1, 2: 0.3, 3: 0.35, 4: 0.17, 5: 0.08}
LEVELS_AT_WORK: Final = {2: 0.15, 3: 0.4, 4: 0.3, 5: 0.15}
CERTIFICATE_SHARES: Final = {None: 0.3, "assistant": 0.33, "social_worker": 0.28, "senior": 0.09}
SHARES: Final = {
    "volunteer": {"linked": 0.06, "social_worker": 0.12, "stays": 0.08},
    "social_worker": {"checked": 0.9},
    "organization": {"on_file": 0.3, "area": 0.4, "crews": 0.45, "visit_price": 0.5},
}
"""Of each kind, how many may only serve with a linked social worker, or with any; do not return to their base; are checked; are on file only; keep to
an area; have two or three crews; ask a price a visit. These are shared out exactly, so that every street has them all."""
RATED_SHARE: Final = 0.6
RATINGS: Final = {5: 0.35, 4: 0.4, 3: 0.2, 2: 0.05}
ALL_CATEGORIES_SHARE: Final = 0.25
RARE_HOLDER_SHARE: Final = 0.02

MOTTOS: Final = ("同心", "暖阳", "爱邻", "和睦", "海风", "馨悦", "众益", "晚晴", "初心", "守望", "益家", "安澜", "新芽", "睦邻", "德馨", "康和")
PURPOSES: Final = {
    "home_care": "居家养老服务中心",
    "elderly": "助老服务中心",
    "disability": "助残服务站",
    "social_relief": "公益救助服务社",
    "veterans": "拥军优属服务队",
    "employment": "就业创业服务中心",
    "public_safety": "平安服务社",
    "environment": "环境卫生服务队",
    "culture": "文体协会",
    "youth": "青少年服务中心",
    "correction": "社会工作服务中心",
}

Demand = dict[tuple[str, str], dict[str, float]]


def make_providers(chance: Chance, size: Size, sites: Sequence[Site], needs: Sequence[DraftNeed]) -> list[DraftProvider]:
    """Return the providers of a week, without their shifts: volunteers, then social workers, then organizations."""
    skills = _demand(needs, "skill")
    categories = _demand(needs, "category")
    load = [1e-9] * len(sites)
    index_of = {site.place.code: index for index, site in enumerate(sites)}
    for need in needs:
        load[index_of[need.site.place.code]] += need.minutes * need.visits
    out = []
    counts = {"volunteer": size.volunteers, "social_worker": size.social_workers, "organization": size.organizations}
    makers = {"volunteer": _volunteer, "social_worker": _social_worker, "organization": _organization}
    streets: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        streets[site.place.street_code].append(site)
    for kind, count in counts.items():
        marks = {name: chance.of(kind, name).marked(count, share) for name, share in SHARES[kind].items()}
        for number, index in enumerate(systematic(chance.of(kind, "where"), load, count), start=1):
            site, draw = sites[index], chance.of(kind, number)
            street = site.place.street_code
            asked = skills.get((street, kind)) or skills.get(("", kind)) or {}
            has = {name: marked[number - 1] for name, marked in marks.items()}
            provider = makers[kind](draw, number, site, asked, has)
            if kind == "organization":
                _field(
                    draw,
                    provider,
                    number,
                    categories.get((street, kind)) or {"elderly": 1.0},
                    streets[street],
                    is_wide=size.organizations < 4 or not has["area"],
                )
            out.append(provider)
    return out


def _demand(needs: Sequence[DraftNeed], what: str) -> Demand:
    """Return the minutes asked of each kind for each skill (or category), by street and, under "", in all."""
    asked: Demand = defaultdict(lambda: defaultdict(float))
    for need in needs:
        for role, count in need.teams:
            minutes = (role.minutes or need.minutes) * count / len(role.kinds)
            for kind in role.kinds:
                for name in role.skills if what == "skill" else (need.kind.category,):
                    if not need.is_rare or what != "skill":
                        asked[need.site.place.street_code, kind][name] += minutes
                        asked["", kind][name] += minutes
    return asked


def _learn(draw: Chance, asked: dict[str, float], count: int, levels: dict[int, float]) -> dict[str, int]:
    """Return so many different skills, those that more is asked of more often."""
    left, skills = dict(asked), {}
    for _ in range(min(count, len(asked))):
        skill = draw.weighted(left)
        skills[skill] = draw.weighted(levels)
        del left[skill]
    for rare in ("sign_language", "dementia_care"):
        if draw.happens(RARE_HOLDER_SHARE):
            skills[rare] = draw.whole(2, 3)
    return skills


def _languages(draw: Chance, site: Site) -> list[str]:
    languages = ["zh"]
    if draw.happens(DIALECT_SHARE_URBAN if site.place.is_urban else DIALECT_SHARE_RURAL):
        languages.append("jiaoliao")
    if draw.happens(KOREAN_SHARE):
        languages.append("ko")
    return languages


def _travels(draw: Chance, mode: str, site: Site) -> Json:
    more: Json = {"max_leg_minutes": draw.pick((20, 25, 30) if site.place.is_urban else (30, 35, 45))}
    if mode == "bike" and draw.happens(ELECTRIC_SHARE):
        more["speed_kmh"] = ELECTRIC_KMH
    return more


def _volunteer(draw: Chance, number: int, site: Site, asked: dict[str, float], has: dict[str, bool]) -> DraftProvider:
    mode = draw.weighted(MODES_URBAN if site.place.is_urban else MODES_RURAL)
    given = draw.whole(0, 240)
    more: Json = {
        **_travels(draw, mode, site),
        "max_minutes_day": draw.pick((120, 150, 180, 180, 240)),
        "max_minutes_week": draw.pick((180, 240, 300, 360, 480)),
        "hours_given": given,
        "banked_hours": int(given * draw.unit()),
    }
    if draw.happens(RATED_SHARE):
        more["rating"] = draw.weighted(RATINGS)
    if draw.happens(0.1):
        more["caseload"] = draw.whole(2, 4)
    provider = DraftProvider(
        id=f"v{number:04d}",
        kind="volunteer",
        name=f"志愿者 {number:04d}",
        site=site,
        point=site.home(draw),
        mode=mode,
        languages=_languages(draw, site),
        gender="female" if draw.happens(FEMALE["volunteer"]) else "male",
        is_checked=draw.happens(CHECKED["volunteer"]),
        skills=_learn(draw, asked, draw.whole(2, 4), LEVELS_VOLUNTEER),
        supervision="linked" if has["linked"] else "social_worker" if has["social_worker"] else "none",
        more={key: value for key, value in more.items() if value},
    )
    if has["stays"]:
        provider.more["returns"] = False
    return provider


def _social_worker(draw: Chance, number: int, site: Site, asked: dict[str, float], has: dict[str, bool]) -> DraftProvider:
    mode = draw.weighted(MODES_AT_WORK)
    more: Json = {
        **_travels(draw, mode, site),
        "max_minutes_day": draw.pick((300, 330, 360)),
        "caseload": draw.whole(7, 14),
        "lunch": draw.pick(({}, {}, {"minutes": 45}, {"earliest": "11:30", "latest": "13:00", "minutes": 60})),
        "supervises": draw.whole(1, 4),
    }
    if draw.happens(RATED_SHARE):
        more["rating"] = draw.weighted(RATINGS)
    return DraftProvider(
        id=f"s{number:04d}",
        kind="social_worker",
        name=f"社工 {number:04d}",
        site=site,
        point=site.point,
        mode=mode,
        languages=_languages(draw, site),
        gender="female" if draw.happens(FEMALE["social_worker"]) else "male",
        is_checked=has["checked"],
        skills=_learn(draw, asked, draw.whole(3, 5), LEVELS_AT_WORK),
        certificate=draw.weighted(CERTIFICATE_SHARES),
        more=more,
    )


def _organization(draw: Chance, number: int, site: Site, asked: dict[str, float], has: dict[str, bool]) -> DraftProvider:
    mode = draw.weighted({"car": 0.6, "bike": 0.4})
    more: Json = {"max_leg_minutes": draw.pick((30, 40))}
    if has["visit_price"]:
        more["price_per_visit"] = draw.pick((5, 10))
    if draw.happens(RATED_SHARE):
        more["rating"] = draw.weighted(RATINGS)
    return DraftProvider(
        id=f"o{number:04d}",
        kind="organization",
        name="",
        site=site,
        point=site.home(draw),
        mode=mode,
        languages=["zh", "jiaoliao"] if draw.happens(0.7) else ["zh"],
        gender=None,
        is_checked=draw.happens(CHECKED["organization"]),
        skills=_learn(draw, asked, draw.whole(4, 8), LEVELS_AT_WORK),
        is_registered=not has["on_file"],
        crews=draw.whole(2, 3) if has["crews"] else 1,
        price_per_hour=5 * draw.whole(5, 12),
        more=more,
    )


def _field(draw: Chance, provider: DraftProvider, number: int, categories: dict[str, float], street: Sequence[Site], *, is_wide: bool) -> None:
    """Give an organization its categories, its name and perhaps an area."""
    main = draw.weighted(categories)
    if not draw.happens(ALL_CATEGORIES_SHARE):
        left = {name: value for name, value in categories.items() if name != main}
        chosen = [main]
        while left and len(chosen) < 5:
            chosen.append(draw.weighted(left))
            del left[chosen[-1]]
        provider.categories = chosen
    if not is_wide:
        share = draw.between(0.5, 1)
        provider.area = [site.place.code for site in draw.some(street, max(1, round(share * len(street))))]
        if provider.site.place.code not in provider.area:
            provider.area.append(provider.site.place.code)
    turn, motto = divmod(number - 1, len(MOTTOS))
    ordinal = f"第{turn + 1}" if turn else ""
    provider.name = f"{provider.site.place.street}{MOTTOS[motto]}{ordinal}{PURPOSES[main]}"
