"""The needs of a week: how many of which kind, of whom, when, for how long, and what they ask of a team."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, Final

from scenarios.weihai.catalogue import HOURS, NEED_KINDS, RARE_SKILLS, WEEK, NeedKind, Part
from scenarios.weihai.draft import DraftNeed, DraftResident, DraftRole, DraftVenue, Stretch, minutes_of
from scenarios.weihai.geography import Site, metres

if TYPE_CHECKING:
    from scenarios.weihai.chance import Chance

DECK: Final = 200
"""Cards of a deck: kinds of need are dealt from shuffled decks in proportion to their shares, so that small weeks have them all too."""

SECOND_NEED_SHARE: Final = 0.25
GENDERS: Final = {"female": 0.58, "male": 0.42}
LANGUAGES_URBAN: Final = {None: 0.92, "jiaoliao": 0.055, "ko": 0.025}
LANGUAGES_RURAL: Final = {None: 0.875, "jiaoliao": 0.12, "ko": 0.005}
SOME_DAYS_SHARE: Final = 0.5
HALF_DAY_SHARE: Final = 0.25
PREFERRED_SHARE: Final = 0.25
LATE_SHARE: Final = 0.08
DEMENTIA_SHARE: Final = 0.06
"""Of the visits to old people at home, how many ask for a skill in dementia care."""
CARED_FOR_AT_HOME: Final = ("日间陪护", "独居老人探访")


def systematic(chance: Chance, weights: Sequence[float], count: int) -> list[int]:
    """Return `count` indices, each about as often as its weight says: equal steps along the summed weights from a random start."""
    total = fsum(weights)
    step, point = total / count, chance.unit() * total / count
    out, index, below = [], 0, weights[0]
    for _ in range(count):
        while point >= below and index < len(weights) - 1:
            index += 1
            below += weights[index]
        out.append(index)
        point += step
    return out


def make_needs(chance: Chance, sites: Sequence[Site], visits: int, venues: Sequence[DraftVenue]) -> tuple[list[DraftNeed], list[DraftResident]]:
    """Return needs of exactly `visits` visits, and the residents whose they are."""
    kinds: list[NeedKind] = []
    planned = 0
    deal = chance.of("deck")
    lengths: list[int] = []
    while planned < visits:
        for kind in deal.shuffled(_deck()):
            length = min(deal.pick(kind.visits), visits - planned)
            kinds.append(kind)
            lengths.append(length)
            planned += length
            if planned == visits:
                break
    where = systematic(chance.of("where"), [site.population for site in sites], len(kinds))
    where = chance.of("order").shuffled(where)
    halls = _halls(sites, venues)
    residents: list[DraftResident] = []
    at_home: dict[str, list[DraftResident]] = defaultdict(list)
    needs = []
    for number, (kind, length, index) in enumerate(zip(kinds, lengths, where, strict=True), start=1):
        site, draw = sites[index], chance.of("need", number)
        resident = None
        if kind.attendees is None:
            neighbours = at_home[site.place.code]
            if neighbours and draw.happens(SECOND_NEED_SHARE):
                resident = draw.pick(neighbours)
            else:
                resident = _resident(draw, site, len(residents) + 1)
                residents.append(resident)
                neighbours.append(resident)
        need = _need(draw, f"n{number:05d}", kind, site, resident, length)
        if kind.place == "venue":
            need.venue = _hall(need, halls[site.place.street_code, _needs_long(kind)])
        needs.append(need)
    return needs, residents


def _deck() -> list[NeedKind]:
    total = fsum(kind.share for kind in NEED_KINDS)
    cards: list[NeedKind] = []
    summed = 0.0
    for kind in NEED_KINDS:
        summed += kind.share
        cards.extend([kind] * (round(summed * DECK / total) - len(cards)))
    return cards


def _resident(draw: Chance, site: Site, number: int) -> DraftResident:
    languages = LANGUAGES_URBAN if site.place.is_urban else LANGUAGES_RURAL
    return DraftResident(f"r{number:05d}", site, site.home(draw), draw.weighted(languages), draw.weighted(GENDERS))


def _need(draw: Chance, name: str, kind: NeedKind, site: Site, resident: DraftResident | None, visits: int) -> DraftNeed:
    windows, is_bound = _windows(draw, kind, visits)
    need = DraftNeed(
        id=name,
        kind=kind,
        site=site,
        resident=resident,
        urgency=draw.pick(kind.urgency),
        minutes=draw.pick(kind.minutes),
        visits=visits,
        windows=windows,
        team=_team(draw, kind.team, resident),
        first_team=_team(draw, kind.first_team, resident) if kind.first_team is not None and visits > 1 else None,
        continuity=visits > 1 and draw.happens(kind.continuity),
        max_providers=draw.whole(1, 2) if visits > 1 and draw.happens(kind.few_people) else None,
        attendees=draw.whole(*kind.attendees) if kind.attendees is not None else int(kind.place == "venue"),
    )
    if visits > 1 and not is_bound and len(HOURS[kind.hours].days) >= 5:
        need.spacing = _spacing(draw, visits)
    if kind.attendees is None and draw.happens(PREFERRED_SHARE):
        need.preferred = _preferred(draw, windows)
    if any(skill in RARE_SKILLS for role in need.team for skill in role.skills):
        need.is_rare = True
    if kind.title in CARED_FOR_AT_HOME and draw.happens(DEMENTIA_SHARE):
        need.team[0].skills["dementia_care"] = draw.whole(2, 5)
        need.is_rare = True
    return need


def _team(draw: Chance, parts: tuple[Part, ...], resident: DraftResident | None) -> list[DraftRole]:
    roles = []
    for place, part in enumerate(parts):
        gender = resident.gender if resident is not None and part.same_gender > 0 and draw.happens(part.same_gender) else None
        # One of a team who speaks the resident's language is enough.
        language = "zh" if place > 0 and resident is not None and resident.language is not None else part.language
        skills = {part.skill: draw.whole(*part.level)} if part.skill is not None else {}
        roles.append(DraftRole(part.id, part.kinds, part.stand_ins, part.count, part.minutes, skills, part.certificate, language, gender))
    return roles


def _windows(draw: Chance, kind: NeedKind, visits: int) -> tuple[list[Stretch], bool]:
    """Return the windows, and whether the days are so few that they leave the visits no choice."""
    hours = HOURS[kind.hours]
    stretches = [(minutes_of(low), minutes_of(high)) for low, high in hours.stretches]
    days: Sequence[str] = hours.days
    late_by, is_bound = hours.late_by, False
    if kind.attendees is not None:
        # A group meets at a set time on set days.
        days, is_bound = draw.some(hours.days, visits), True
        low, high = draw.pick(stretches)
        begin = low + 15 * draw.whole(0, max(0, (high - low - 30) // 15))
        stretches = [(begin, min(begin + 30, high))]
    elif visits == 1 and draw.happens(SOME_DAYS_SHARE):
        days = draw.some(hours.days, draw.whole(1, 3))
    if kind.attendees is None and len(stretches) == 1 and stretches[0][1] - stretches[0][0] > 360 and draw.happens(2 * HALF_DAY_SHARE):
        low, high = stretches[0]
        stretches = [(low, low + 150)] if draw.happens(0.5) else [(high - 180, high)]
    if kind.attendees is None and draw.happens(LATE_SHARE):
        late_by = late_by or 30
    if len(days) == len(WEEK):
        return [Stretch(None, low, high, late_by) for low, high in stretches], is_bound
    return [Stretch(day, low, high, late_by) for day in days for low, high in stretches], is_bound


def _spacing(draw: Chance, visits: int) -> dict[str, int]:
    """Return a spacing that even the five working days have room for."""
    if visits >= 4:
        return {"at_least_days": 1, "at_most_days": 2} if draw.happens(0.5) else {}
    least = 2 if visits == 3 or draw.happens(0.6) else 1
    return {"at_least_days": least, "at_most_days": least + draw.whole(0, 2)} if draw.happens(0.4) else {"at_least_days": least}


def _preferred(draw: Chance, windows: list[Stretch]) -> list[Stretch]:
    window = draw.pick(windows)
    if window.end - window.start <= 60:
        return [Stretch(window.day, window.start, window.end)]
    middle = (window.start + window.end) // 30 * 15
    return [Stretch(window.day, window.start, middle) if draw.happens(0.6) else Stretch(window.day, middle, window.end)]


def _needs_long(kind: NeedKind) -> bool:
    return kind.hours in {"school", "weekend", "evening", "afternoon"}


def _halls(sites: Sequence[Site], venues: Sequence[DraftVenue]) -> dict[tuple[str, bool], list[DraftVenue]]:
    """Return the venues that a street's needs may use: its own, or all where it has none; once any, once those with long hours."""
    streets = dict.fromkeys(site.place.street_code for site in sites)
    out = {}
    for street in streets:
        for is_long in (False, True):
            own = [venue for venue in venues if venue.site.place.street_code == street and venue.is_long >= is_long]
            out[street, is_long] = own or [venue for venue in venues if venue.is_long >= is_long]
    return out


def _hall(need: DraftNeed, halls: list[DraftVenue]) -> str:
    roomy = [venue for venue in halls if max(seats for _, seats in venue.rooms) >= need.attendees]
    return min(roomy, key=lambda venue: (metres(venue.point, need.site.point), venue.id)).id
