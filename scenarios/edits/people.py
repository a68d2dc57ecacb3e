"""Edits of those who serve: who is there, what they can, when they come, what they cost, how far they go."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from matcher.fields import DAY, WEEKDAYS, Span, seconds_of
from matcher.people import CERTIFICATES
from scenarios.edits.draft import Draft, Json, days_apart, json_of, moved, weekday_of

if TYPE_CHECKING:
    from scenarios.edits.models import (
        AddPeople,
        AddProviders,
        ChangeHours,
        ChangePrices,
        ChangeProviders,
        NoShows,
        Pooling,
        RemoveProviders,
        Train,
    )
    from scenarios.weihai.chance import Chance

STEMS = {"volunteer": "new-volunteer-", "social_worker": "new-social-worker-", "organization": "new-organization-"}
_OF_OTHERS = ("claims", "hours_given", "banked_hours")


def add_providers(draft: Draft, edit: AddProviders) -> None:
    """Add providers like those of the week."""
    pool = [provider for provider in draft.base.providers if provider.kind == edit.kind and provider.shifts]
    is_sound = draft.has("communities", edit.communities, "/communities")
    if edit.skills:
        is_sound = draft.knows_skill(edit.skills, "/skills") and is_sound
    if edit.like is not None:
        pool = [provider for provider in draft.base.providers if provider.id == edit.like]
        if not pool:
            draft.fault("/like", f"there is no provider {edit.like!r} in the week", "unknown")
        elif pool[0].kind != edit.kind:
            draft.fault("/like", f"{edit.like!r} is of kind {pool[0].kind!r}, should be {edit.kind!r}", "conflict")
            return
    elif not pool and not (edit.shifts and edit.communities):
        draft.fault("/like", f"the week has nobody of kind {edit.kind!r} to copy: give communities and shifts", "missing")
    if not is_sound or (not pool and not (edit.shifts and edit.communities)):
        return
    draft.went("looser")
    models = [provider.model_dump(mode="json", by_alias=True, exclude_defaults=True) for provider in pool]
    homes = _homes(draft)
    weights = _asked(draft, edit.kind, edit.communities or tuple(homes))
    fresh = draft.fresh("providers", STEMS[edit.kind])
    for number in range(edit.count):
        draw = draft.chance(edit).of(number)
        made = _made(draft, edit, draw, models, homes, weights)
        if made is not None:
            draft.providers.append({**made, "id": fresh(), **copy.deepcopy(edit.set)})


def _made(draft: Draft, edit: AddProviders, draw: Chance, models: list[Json], homes: dict[str, list[Json]], weights: dict[str, float]) -> Json | None:
    community = draw.of("where").weighted(weights) if any(weights.values()) else draw.of("where").pick(sorted(weights))
    if models:
        made = copy.deepcopy(draw.of("like").pick(models))
        for key in _OF_OTHERS:
            made.pop(key, None)
    else:
        made = {"kind": edit.kind}
    if not homes.get(community):
        draft.fault("/communities", f"nothing in the week says where community {community!r} lies", "missing")
        return None
    if edit.like is None or edit.communities is not None:
        made["community"] = community
        made["location"] = copy.deepcopy(draw.of("home").pick(homes[community]))
        if made.get("area") is not None and community not in made["area"]:
            made["area"] = [*made["area"], community]
    if made.get("supervision") == "linked":
        # a newcomer has no link yet, and could never serve
        made["supervision"] = "social_worker"
    made["name"] = ""
    if edit.skills is not None:
        made["skills"] = dict(edit.skills)
    if edit.shifts is not None:
        made["shifts"] = [json_of(span) for span in edit.shifts]
    elif edit.hours_week is not None:
        made["shifts"] = _week_of(draw.of("hours"), models, edit.hours_week)
        for key in ("max_minutes_day", "max_minutes_week"):
            made.pop(key, None)
    return made


def _homes(draft: Draft) -> dict[str, list[Json]]:
    """Return the places of each community that the week knows: homes, needs, its own, in the order of the week."""
    out: dict[str, list[Json]] = {item.id: [] for item in draft.base.communities}
    for resident in draft.base.residents:
        if resident.location is not None:
            out[resident.community].append(resident.location.model_dump(mode="json", exclude_defaults=True))
    for community in draft.base.communities:
        if not out[community.id] and community.location is not None:
            out[community.id].append(community.location.model_dump(mode="json", exclude_defaults=True))
    for provider in draft.base.providers:
        if provider.community is not None and not out[provider.community]:
            out[provider.community].append(provider.location.model_dump(mode="json", exclude_defaults=True))
    return out


def _asked(draft: Draft, kind: str, communities: tuple[str, ...]) -> dict[str, float]:
    """Return the minutes that the visits of each community ask of a kind."""
    out = dict.fromkeys(communities, 0.0)
    for visit in draft.base.visits:
        if visit.community in out:
            out[visit.community] += sum(role.minutes for role in visit.roles if kind in role.role.kinds)
    return out


def _week_of(draw: Chance, models: list[Json], hours: float) -> list[Json]:
    """Return shifts on different days, drawn from those of the week, that add up to so many hours."""
    spans = [span for model in models for span in days_apart(model["shifts"], weekday_of) if not isinstance(span["from"], int)]
    taken, left, out = set(), round(hours * 60), []
    office = [{"_weekday": day, "from": "08:30", "to": "17:30"} for day in WEEKDAYS]
    for span in [*draw.shuffled(spans), *office]:
        day = span["_weekday"]
        if left <= 0:
            break
        if day in taken:
            continue
        taken.add(day)
        start, end = seconds_of(span["from"]) // 60, seconds_of(span["to"]) // 60
        length = min(left, end - start)
        out.append({"day": day, "from": f"{start // 60:02d}:{start % 60:02d}", "to": f"{(start + length) // 60:02d}:{(start + length) % 60:02d}"})
        left -= length
    return out


def add_people(draft: Draft, edit: AddPeople) -> None:
    """Add people that are written out in full."""
    draft.went("looser")
    draft.providers.extend(person.model_dump(mode="json", by_alias=True, exclude_defaults=True) for person in edit.providers)


def remove_providers(draft: Draft, edit: RemoveProviders) -> None:
    """Take people out of service. Who is pinned, or bound by a required link, stays by name but has no hours: promises are not dropped in silence."""
    gone = {one["id"] for one in draft.providers_of(edit, edit.who)}
    if not gone:
        return
    draft.went("tighter")
    for one in draft.providers:
        if one["id"] in gone:
            one["shifts"] = []
    bound = {pin.get("provider") for pin in draft.data["pins"]}
    bound |= {name for link in draft.data["links"] if link.get("grade") == "required" for name in link["members"]}
    drop = gone - bound
    draft.data["providers"] = [one for one in draft.providers if one["id"] not in drop]
    links = [{**link, "members": [name for name in link["members"] if name not in drop]} for link in draft.data["links"]]
    draft.data["links"] = [link for link in links if len(link["members"]) > 1]
    for resident in draft.data["residents"]:
        if resident.get("volunteer") in drop:
            del resident["volunteer"]
        if "known" in resident:
            resident["known"] = {name: times for name, times in resident["known"].items() if name not in drop}
        if "refused" in resident:
            resident["refused"] = [name for name in resident["refused"] if name not in drop]
    for need in draft.needs:
        if "preferred_providers" in need:
            need["preferred_providers"] = [name for name in need["preferred_providers"] if name not in drop]
    for line in draft.data["in_force"]:
        line["team"] = {role: name for role, name in line["team"].items() if name not in drop}


def train(draft: Draft, edit: Train) -> None:
    """Teach people; what they know better already stays."""
    is_known = draft.knows_skill(edit.skills, "/skills")
    people = draft.providers_of(edit, edit.who)
    if not is_known:
        return
    if edit.certificate is not None and any(one["kind"] != "social_worker" for one in people):
        draft.fault("/certificate", "only social workers hold one, and the selection has others", "conflict")
        return
    draft.went("looser")
    for one in people:
        has = dict(one.get("skills", {}))
        for skill, level in edit.skills.items():
            has[skill] = max(level, has.get(skill, 0))
        if has:
            one["skills"] = has
        if edit.certificate is not None:
            held = one.get("certificate")
            one["certificate"] = max((edit.certificate, *([held] if held else [])), key=CERTIFICATES.index)
        if edit.languages:
            one["languages"] = list(dict.fromkeys((*one.get("languages", ["zh"]), *edit.languages)))
        if edit.checked:
            one["checked"] = True


def change_hours(draft: Draft, edit: ChangeHours) -> None:
    """Move the ends of shifts, add some, take days off."""
    people = draft.providers_of(edit, edit.who)
    last = draft.base.horizon.seconds + DAY
    for one in people:
        shifts = []
        for span in days_apart(one.get("shifts", []), weekday_of) if edit.drop_days else one.get("shifts", []):
            if span.pop("_weekday", None) in edit.drop_days:
                continue
            is_clock = not isinstance(span["from"], int)
            start, end = moved(span["from"], -edit.earlier, DAY if is_clock else last), moved(span["to"], edit.later, DAY if is_clock else last)
            if seconds_of(start) < seconds_of(end):
                shifts.append({**span, "from": start, "to": end})
        one["shifts"] = [*shifts, *(json_of(span) for span in edit.add_shifts)]
        if edit.limit_factor is not None:
            for key in ("max_minutes_day", "max_minutes_week"):
                if one.get(key) is not None:
                    one[key] = max(1, round(one[key] * edit.limit_factor))
    factor = 1.0 if edit.limit_factor is None else edit.limit_factor
    more = edit.earlier > 0 or edit.later > 0 or bool(edit.add_shifts) or factor > 1
    less = edit.earlier < 0 or edit.later < 0 or bool(edit.drop_days) or factor < 1
    moves = edit.earlier or edit.later
    if people:
        # a shift that comes to hold a lunch window, or no longer does, has other duties
        has_lunch = moves and any(one.get("lunch") is not None for one in people)
        draft.went("other" if has_lunch or (more and less) else "looser" if more else "tighter" if less else "same")


def change_providers(draft: Draft, edit: ChangeProviders) -> None:
    """Set keys."""
    for one in draft.providers_of(edit, edit.who):
        put(one, edit.set)
        draft.went("other")


def put(item: Json, keys: dict[str, Any]) -> None:
    """Set keys of an object; null takes one away."""
    for key, value in keys.items():
        if value is None:
            item.pop(key, None)
        else:
            item[key] = copy.deepcopy(value)


def change_prices(draft: Draft, edit: ChangePrices) -> None:
    """Set or scale the prices of those who ask any (or, where they are set, of all that are selected)."""
    for one in draft.providers_of(edit, edit.who):
        before = (one.get("price_per_hour", 0), one.get("price_per_visit", 0))
        if edit.factor is not None:
            after = tuple(round(price * edit.factor * 100) / 100 for price in before)
        else:
            after = (
                before[0] if edit.per_hour is None else edit.per_hour / 100,
                before[1] if edit.per_visit is None else edit.per_visit / 100,
            )
        one["price_per_hour"], one["price_per_visit"] = after
        dearer, cheaper = any(b > a for a, b in zip(before, after, strict=True)), any(b < a for a, b in zip(before, after, strict=True))
        draft.went("other" if dearer and cheaper else "tighter" if dearer else "looser" if cheaper else "same")


def no_shows(draft: Draft, edit: NoShows) -> None:
    """Let shifts fall out by chance; each shift has its own draw, so that a higher rate keeps what a lower one took."""
    people = draft.providers_of(edit, edit.who)
    draw = draft.chance(edit)
    for one in people:
        if edit.per == "provider":
            if draw.of(one["id"]).unit() < edit.rate:
                one["shifts"] = []
            continue
        spans = [stretch for span in one.get("shifts", []) for stretch in Span.model_validate(span).spans(draft.base.horizon)]
        one["shifts"] = [{"from": start, "to": end} for start, end in spans if draw.of(one["id"], start).unit() >= edit.rate]
    if people:
        draft.went("tighter")


def pooling(draft: Draft, edit: Pooling) -> None:
    """Set the areas; who belongs to no community keeps the own one."""
    place = {item.id: item for item in draft.base.communities}
    for one in draft.providers_of(edit, edit.who):
        before = one.get("area")
        if edit.within == "all":
            one.pop("area", None)
            draft.went("same" if before is None else "looser")
            continue
        home = one.get("community")
        if home is None:
            continue
        if edit.within == "community":
            area = [home]
        elif edit.within == "street":
            area = [item.id for item in draft.base.communities if (item.district, item.street) == (place[home].district, place[home].street)]
        else:
            area = [item.id for item in draft.base.communities if item.district == place[home].district]
        one["area"] = area
        is_tighter, is_looser = before is None or set(area) <= set(before), before is not None and set(area) >= set(before)
        draft.went("same" if is_tighter and is_looser else "tighter" if is_tighter else "looser" if is_looser else "other")
