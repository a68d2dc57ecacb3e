"""What binds people to one another: links, acquaintance, refusals, preferences, claims, pins, volunteers who need help themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scenarios.weihai.draft import DraftNeed, DraftProvider, DraftResident, DraftRole, Json, clock_of
from scenarios.weihai.fits import can_serve, near_of, starts_of
from scenarios.weihai.geography import metres

if TYPE_CHECKING:
    from scenarios.weihai.chance import Chance

KNOWN_SHARE: Final = 0.5
REFUSED_SHARE: Final = 0.05
PREFERRED_PROVIDER_SHARE: Final = 0.1
VOLUNTEER_RESIDENT_SHARE: Final = 0.06
CLAIM_SHARE: Final = 0.06
PIN_SHARE: Final = 0.02
LINKED_VOLUNTEERS: Final = (2, 5)
REQUIRED_LINK_SHARE: Final = 0.1
"""Of the links between a social worker and volunteers, how many are required."""
NEAR_CANDIDATES: Final = 40


def make_links(chance: Chance, needs: Sequence[DraftNeed], providers: Sequence[DraftProvider]) -> list[Json]:
    """Return the standing links: every social worker with a few volunteers nearby, and some pairs of volunteers that do not get on.

    A volunteer who may serve only beside a linked social worker is in a link; whoever is in a link is checked, since the linked work is with minors.
    """
    near = near_of(providers)
    links: list[Json] = []
    linked: set[str] = set()
    for worker in near.by_kind["social_worker"]:
        draw = chance.of("link", worker.id)
        around = near.by_street[worker.site.place.street_code, "volunteer"] or near.by_kind["volunteer"]
        around = sorted(around, key=lambda provider: (metres(provider.point, worker.point), provider.id))
        free = [provider for provider in around if provider.id not in linked][:NEAR_CANDIDATES]
        members = draw.some(free[:12], draw.whole(*LINKED_VOLUNTEERS))
        wanting = [provider for provider in free if provider.supervision == "linked" and provider not in members]
        members += wanting[:3]
        if not members:
            continue
        grade = "required" if len(links) % round(1 / REQUIRED_LINK_SHARE) == 1 else "preferred"
        links.append({"id": f"l{len(links) + 1:04d}", "members": [worker.id, *(member.id for member in members)], "grade": grade})
        linked.update(member.id for member in members)
        for member in (worker, *members):
            member.is_checked = True
    for volunteer in near.by_kind["volunteer"]:
        if volunteer.supervision == "linked" and volunteer.id not in linked:
            volunteer.supervision = "social_worker"
    _make_linked_possible(needs, providers, links)
    volunteers = [provider for provider in near.by_kind["volunteer"] if provider.supervision != "linked"]
    links += _strained_pairs(chance.of("pairs").shuffled(volunteers), links)
    return links


def _strained_pairs(volunteers: Sequence[DraftProvider], links: Sequence[Json]) -> list[Json]:
    """Return links of pairs of volunteers who are better not sent together, or never: one pair for each dozen, two at least, none within a link."""
    wanted = max(2, len(volunteers) // 12)
    pairs: list[Json] = []
    for one, other in zip(volunteers[::2], volunteers[1::2], strict=False):
        if len(pairs) < wanted and not any({one.id, other.id} <= set(link["members"]) for link in links):
            name = f"l{len(links) + len(pairs) + 1:04d}"
            pairs.append({"id": name, "members": [one.id, other.id], "grade": ("unpreferred", "prohibited")[len(pairs) % 2]})
    return pairs


def _make_linked_possible(needs: Sequence[DraftNeed], providers: Sequence[DraftProvider], links: list[Json]) -> None:
    """Put a volunteer with the time into the link of a social worker who can lead, where a need for a linked team would find none."""
    people = {provider.id: provider for provider in providers}
    teams = [[people[name] for name in link["members"]] for link in links]
    by_street: dict[str, list[int]] = {}
    for index, members in enumerate(teams):
        by_street.setdefault(members[0].site.place.street_code, []).append(index)
    near = near_of(providers)
    for need in needs:
        if not need.kind.is_linked:
            continue
        lead, companion = need.team[0], need.team[1]
        here = [index for index in by_street.get(need.site.place.street_code, ()) if can_serve(teams[index][0], lead, need)]
        if any(can_serve(member, companion, need) for index in here for member in teams[index][1:]):
            continue
        volunteers = near.by_street[need.site.place.street_code, "volunteer"]
        for index in here:
            shared = [
                volunteer
                for volunteer in volunteers
                if volunteer not in teams[index] and any(shift.day == own.day for own in teams[index][0].shifts for shift in volunteer.shifts)
            ]
            able = [volunteer for volunteer in shared if _could_once_checked(volunteer, companion, need)]
            if able:
                chosen = min(able, key=lambda volunteer: (metres(volunteer.point, need.point), volunteer.id))
                chosen.is_checked = True
                teams[index].append(chosen)
                links[index]["members"].append(chosen.id)
                break


def _could_once_checked(volunteer: DraftProvider, role: DraftRole, need: DraftNeed) -> bool:
    was, volunteer.is_checked = volunteer.is_checked, True
    is_able = can_serve(volunteer, role, need)
    volunteer.is_checked = was
    return is_able


def tie(chance: Chance, needs: Sequence[DraftNeed], residents: Sequence[DraftResident], providers: Sequence[DraftProvider]) -> None:
    """Say who knows whom, who is refused, preferred or claimed, and which residents are volunteers."""
    near = near_of(providers)
    for need in needs:
        draw, resident = chance.of("tie", need.id), need.resident
        role = need.team[0]
        if resident is None:
            continue
        around = [provider for kind in role.kinds for provider in near.by_street[need.site.place.street_code, kind]]
        able = [provider for provider in draw.shuffled(around)[:NEAR_CANDIDATES] if can_serve(provider, role, need)]
        if able and draw.happens(KNOWN_SHARE):
            for provider in able[: draw.whole(1, 2)]:
                resident.known.setdefault(provider.id, draw.whole(1, 20))
        if len(able) > 4 and not resident.refused and draw.happens(REFUSED_SHARE):
            unknown = [provider.id for provider in able if provider.id not in resident.known]
            resident.refused = unknown[-1:]
        if able and draw.happens(PREFERRED_PROVIDER_SHARE):
            may = [provider.id for provider in able if provider.id not in resident.refused]
            need.preferred_providers = may[: draw.whole(1, 2)]
        if "organization" in role.kinds and draw.happens(CLAIM_SHARE):
            for provider in able:
                if provider.kind == "organization" and provider.id not in resident.refused:
                    provider.claims.append(need.id)
                    break
    taken: set[str] = set()
    for resident in residents:
        draw = chance.of("volunteer", resident.id)
        if not draw.happens(VOLUNTEER_RESIDENT_SHARE):
            continue
        around = [provider for provider in near.by_street[resident.site.place.street_code, "volunteer"] if provider.more.get("banked_hours", 0) > 0]
        free = [provider for provider in around if provider.id not in taken]
        if free:
            volunteer = min(free, key=lambda provider: (metres(provider.point, resident.point), provider.id))
            taken.add(volunteer.id)
            resident.volunteer, volunteer.point, volunteer.site = volunteer.id, resident.point, resident.site
            _keep_apart(resident, volunteer.id)


def _keep_apart(resident: DraftResident, volunteer: str) -> None:
    """Nobody is served by themselves."""
    resident.known.pop(volunteer, None)
    if volunteer not in resident.refused:
        resident.refused.append(volunteer)


def make_pins(chance: Chance, needs: Sequence[DraftNeed], providers: Sequence[DraftProvider]) -> list[Json]:
    """Return pins on one visit in fifty, in turn of the provider, of the day, and of the day and the start; each one could be kept by itself."""
    near = near_of(providers)
    wanted = max(1, round(PIN_SHARE * sum(need.visits for need in needs)))
    pins: list[Json] = []
    for need in chance.shuffled(needs):
        if len(pins) == wanted:
            break
        draw, roles = chance.of(need.id), need.first_team or need.team
        if need.kind.is_linked or need.is_rare or sum(role.count for role in roles) > 1:
            continue
        refused = need.resident.refused if need.resident is not None else []
        around = [provider for kind in roles[0].kinds for provider in near.by_street[need.site.place.street_code, kind]]
        able = [
            provider for provider in around if provider.id not in refused and provider.supervision == "none" and can_serve(provider, roles[0], need)
        ]
        if not able:
            continue
        provider = draw.pick(able)
        day, start = draw.pick(starts_of(provider, roles[0], need))
        visit = f"{need.id}#1"
        match len(pins) % 3:
            case 0:
                pins.append({"visit": visit, "role": roles[0].id, "provider": provider.id})
            case 1:
                pins.append({"visit": visit, "day": day})
            case _:
                pins.append({"visit": visit, "day": day, "start": clock_of(start)})
    return sorted(pins, key=lambda pin: str(pin["visit"]))
