"""Edits of what is asked: needs, how urgent, when, where; the venues; the ways."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from matcher.fields import DAY, seconds_of
from scenarios.edits.draft import Draft, Json, days_apart, json_of, moved, weekday_of
from scenarios.edits.people import put

if TYPE_CHECKING:
    from scenarios.edits.models import AddNeeds, ChangeNeeds, ChangeTravel, ChangeUrgency, ChangeWindows, CloseVenue, RemoveNeeds
    from scenarios.weihai.chance import Chance


def add_needs(draft: Draft, edit: AddNeeds) -> None:
    """Add needs like those of the week, of new residents."""
    is_known = draft.has("categories", edit.category, "/category") and draft.has("communities", edit.communities, "/communities")
    pool = [need for need in draft.base.needs if need.category == edit.category]
    if edit.like is not None:
        pool = [need for need in draft.base.needs if need.id == edit.like]
        if not pool:
            draft.fault("/like", f"there is no need {edit.like!r} in the week", "unknown")
            return
    if not pool:
        if is_known:
            draft.fault("/like", f"the week has no need of category {edit.category!r} to copy: name another need", "missing")
        return
    if not is_known:
        return
    draft.went("tighter")
    homes = {item.id: [r for r in draft.base.residents if r.community == item.id] for item in draft.base.communities}
    people = {item.id: item.population for item in draft.base.communities}
    resident_of = {resident.id: resident for resident in draft.base.residents}
    allowed = edit.communities or tuple(name for name, residents in homes.items() if residents) or tuple(homes)
    fresh, fresh_resident = draft.fresh("needs", "new-need-"), draft.fresh("residents", "new-resident-")
    # In-force lines, pins and claims speak of needs by id; a copy has none of them.
    for number in range(edit.count):
        draw = draft.chance(edit).of(number)
        model = draw.of("like").pick(pool)
        need: Json = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        need.update(id=fresh(), category=edit.category)
        for key in ("preferred_providers", "location"):
            need.pop(key, None)
        if edit.urgency is not None:
            need["urgency"] = edit.urgency
        if model.place != "venue":
            community = _drawn(draw.of("where"), allowed, people)
            if model.resident is not None:
                old = resident_of[model.resident]
                resident: Json = {"id": fresh_resident(), "community": community}
                for key in ("language", "gender"):
                    if getattr(old, key) is not None:
                        resident[key] = getattr(old, key)
                home = _home(draw.of("home"), draft, community, homes)
                if home is not None:
                    resident["location"] = home
                draft.data["residents"].append(resident)
                need["resident"] = resident["id"]
            else:
                need["community"] = community
                if model.location is not None or draft.base.travel.kind == "matrix":
                    home = _home(draw.of("home"), draft, community, homes)
                    if home is not None:
                        need["location"] = home
        put(need, edit.set)
        draft.needs.append(need)


def _drawn(draw: Chance, allowed: tuple[str, ...], people: dict[str, int]) -> str:
    weights = {name: float(people[name]) for name in allowed}
    return draw.weighted(weights) if any(weights.values()) else draw.pick(allowed)


def _home(draw: Chance, draft: Draft, community: str, homes: dict[str, list[Any]]) -> Json | None:
    """Return a place of the community to live at: a neighbour's, or the community's own; None where the week knows none."""
    places = [resident.location for resident in homes[community] if resident.location is not None]
    own = next(item.location for item in draft.base.communities if item.id == community)
    if not places and own is None:
        draft.fault("/communities", f"nothing in the week says where community {community!r} lies", "missing")
        return None
    place = draw.pick(places) if places else own
    assert place is not None
    return place.model_dump(mode="json", exclude_defaults=True)


def remove_needs(draft: Draft, edit: RemoveNeeds) -> None:
    """Take needs away, with what speaks of them."""
    gone = {need["id"] for need in draft.needs_of(edit, edit.which)}
    if not gone:
        return
    draft.went("looser")
    draft.data["needs"] = [need for need in draft.needs if need["id"] not in gone]
    for name in ("pins", "in_force"):
        draft.data[name] = [line for line in draft.data[name] if line["visit"].rpartition("#")[0] not in gone]
    for one in draft.providers:
        if "claims" in one:
            one["claims"] = [name for name in one["claims"] if name not in gone]


def change_urgency(draft: Draft, edit: ChangeUrgency) -> None:
    """Set or move the urgency of needs."""
    for need in draft.needs_of(edit, edit.which):
        before = need.get("urgency", 3)
        need["urgency"] = edit.to if edit.to is not None else min(5, max(1, before + (edit.by or 0)))


def change_windows(draft: Draft, edit: ChangeWindows) -> None:
    """Widen, narrow or replace windows; a window that would be left without length stays as one moment."""
    needs = draft.needs_of(edit, edit.which)
    last = draft.base.horizon.seconds
    for need in needs:
        if edit.windows is not None:
            need["windows"] = [json_of(window) for window in edit.windows]
        for window in need["windows"]:
            if edit.earlier or edit.later:
                is_clock = not isinstance(window["earliest"], int)
                low = moved(window["earliest"], -edit.earlier, DAY if is_clock else last - 1)
                high = moved(window["latest"], edit.later, DAY if is_clock else last)
                if seconds_of(high) < seconds_of(low):
                    low = high = moved(window["earliest"], (seconds_of(window["latest"]) - seconds_of(window["earliest"])) // 120, last)
                window["earliest"], window["latest"] = low, high
            if edit.late_by is not None:
                window["late_by"] = edit.late_by
    if needs:
        is_other = edit.windows is not None or edit.late_by is not None or edit.earlier * edit.later < 0
        more = edit.earlier + edit.later
        draft.went("other" if is_other else "looser" if more > 0 else "tighter" if more < 0 else "same")


def change_needs(draft: Draft, edit: ChangeNeeds) -> None:
    """Set keys."""
    for need in draft.needs_of(edit, edit.which):
        put(need, edit.set)
        draft.went("other")


def close_venue(draft: Draft, edit: CloseVenue) -> None:
    """Close venues, on some days or always; their needs wait or move."""
    is_known = draft.has("venues", edit.ids, "/ids")
    if edit.move_to is not None:
        is_known = draft.has("venues", edit.move_to, "/move_to") and is_known
        if edit.move_to in edit.ids:
            draft.fault("/move_to", "is one of those that close", "conflict")
            return
    if not is_known:
        return
    for venue in draft.data["venues"]:
        if venue["id"] not in edit.ids:
            continue
        opening = []
        for span in days_apart(venue["opening"], weekday_of) if edit.days is not None else ():
            if span.pop("_weekday", None) not in (edit.days or ()):
                opening.append(span)
        # A venue is never without opening in the format: one second holds no service.
        venue["opening"] = opening or [{"from": 0, "to": 1}]
    if edit.move_to is None:
        draft.went("tighter")
        return
    draft.went("other")
    for need in draft.needs:
        if need.get("venue") in edit.ids:
            need["venue"] = edit.move_to


def change_travel(draft: Draft, edit: ChangeTravel) -> None:
    """Scale speeds (rows of a matrix the other way round) and set the detour."""
    travel: Json = copy.deepcopy(draft.data["travel"])
    factor = edit.speed_factor
    way = "same"
    if factor is not None:
        if travel["kind"] == "matrix":
            if edit.modes is None:
                travel["seconds"] = _slower(travel["seconds"], factor)
            by_mode = travel.get("by_mode", {})
            for mode in edit.modes or tuple(by_mode):
                by_mode[mode] = _slower(by_mode.get(mode, draft.data["travel"]["seconds"]), factor)
            travel["by_mode"] = by_mode
        else:
            for mode, speed in travel["speeds_kmh"].items():
                if edit.modes is None or mode in edit.modes:
                    travel["speeds_kmh"][mode] = _speed(speed, factor)
            for one in draft.providers:
                if one.get("speed_kmh") is not None and (edit.modes is None or one.get("mode", "walk") in edit.modes):
                    one["speed_kmh"] = _speed(one["speed_kmh"], factor)
        way = "looser" if factor > 1 else "tighter" if factor < 1 else "same"
        draft.went(way)  # type: ignore[arg-type]
    if edit.detour is not None:
        if travel["kind"] == "matrix":
            draft.fault("/detour", "the ways of this week are a matrix, which has no detour", "conflict")
            return
        before = travel["detour"]
        travel["detour"] = edit.detour
        draft.went("looser" if edit.detour < before else "tighter" if edit.detour > before else "same")
    draft.data["travel"] = travel


def _speed(speed: float, factor: float) -> float:
    return min(300.0, max(0.1, round(speed * factor, 4)))


def _slower(matrix: list[list[int]], factor: float) -> list[list[int]]:
    return [[-int(-seconds // factor) for seconds in row] for row in matrix]
