"""Edits of money, of policy rules and of the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scenarios.edits.draft import Draft, Json, roles_of

if TYPE_CHECKING:
    from scenarios.edits.models import AddFund, ChangeFunds, ChangeRule, ChangeWeights


def change_funds(draft: Draft, edit: ChangeFunds) -> None:
    """Scale, add to or set the amounts; less than nothing is nothing."""
    if not draft.has("funds", edit.ids, "/ids"):
        return
    funds = [
        fund
        for fund in draft.data["funds"]
        if (edit.ids is None or fund["id"] in edit.ids) and (edit.sources is None or fund["source"] in edit.sources)
    ]
    if not funds:
        draft.fault("/sources" if edit.sources else "", "no fund of the week meets it", "unknown")
    for fund in funds:
        before = fund["amount"]
        if edit.factor is not None:
            after = round(before * edit.factor * 100) / 100
        elif edit.add is not None:
            after = max(0.0, round((before + edit.add) * 100) / 100)
        else:
            after = (edit.amount or 0) / 100
        fund["amount"] = after
        draft.went("looser" if after > before else "tighter" if after < before else "same")


def add_fund(draft: Draft, edit: AddFund) -> None:
    """Add a fund."""
    if any(fund["id"] == edit.id for fund in draft.data["funds"]):
        draft.fault("/id", f"there is a fund {edit.id!r} already", "duplicate")
        return
    if not (draft.has("categories", edit.categories, "/categories") and draft.has("communities", edit.communities, "/communities")):
        return
    fund: Json = {"id": edit.id, "name": edit.name, "source": edit.source, "amount": edit.amount / 100}
    if edit.categories is not None:
        fund["categories"] = list(edit.categories)
    if edit.communities is not None:
        fund["communities"] = list(edit.communities)
    draft.data["funds"].append(fund)
    draft.went("looser")


def change_weights(draft: Draft, edit: ChangeWeights) -> None:
    """Set weights."""
    draft.data["weights"] = {**draft.data.get("weights", {}), **edit.set}
    draft.went("other")


def change_rule(draft: Draft, edit: ChangeRule) -> None:
    """Lift or impose a rule."""
    known = _IMPOSED if edit.on else _LIFTED
    if edit.rule not in known:
        draft.fault("/on", f"{edit.rule!r} cannot be {'imposed' if edit.on else 'lifted'}; those that can are {', '.join(known)}", "range")
        return
    if edit.on and edit.rule in _VALUED and edit.value is None:
        draft.fault("/value", f"is missing: {edit.rule!r} is imposed with a number", "missing")
        return
    if edit.categories is not None and edit.rule not in _BY_CATEGORY:
        draft.fault("/categories", f"{edit.rule!r} is not a rule of categories; those that are: {', '.join(sorted(_BY_CATEGORY))}", "conflict")
        return
    if not draft.has("categories", edit.categories, "/categories"):
        return
    known[edit.rule](draft, edit)
    draft.went("tighter" if edit.on else "looser")


Change = Callable[[Draft, "ChangeRule"], None]


def _needs(draft: Draft, edit: ChangeRule) -> list[Json]:
    return [need for need in draft.needs if edit.categories is None or need["category"] in edit.categories]


def _drop_of_providers(*keys: str) -> Change:
    def change(draft: Draft, _: ChangeRule) -> None:
        for one in draft.providers:
            for key in keys:
                one.pop(key, None)

    return change


def _drop_of_roles(key: str) -> Change:
    def change(draft: Draft, edit: ChangeRule) -> None:
        for need in _needs(draft, edit):
            for role in roles_of(need):
                role.pop(key, None)

    return change


def _drop_of_needs(*keys: str) -> Change:
    def change(draft: Draft, edit: ChangeRule) -> None:
        for need in _needs(draft, edit):
            for key in keys:
                need.pop(key, None)

    return change


def _flag(name: str, *, is_on: bool) -> Change:
    def change(draft: Draft, edit: ChangeRule) -> None:
        used = [need["category"] for need in draft.needs]
        own = {item["id"]: item for item in draft.data["categories"]}
        for category in edit.categories or tuple(dict.fromkeys(used)):
            if category not in own:
                own[category] = draft.base.category[category].model_dump(mode="json", exclude_defaults=True)
                draft.data["categories"].append(own[category])
            own[category][name] = is_on

    return change


def _both(*changes: Change) -> Change:
    def change(draft: Draft, edit: ChangeRule) -> None:
        for one in changes:
            one(draft, edit)

    return change


def _no_language(draft: Draft, edit: ChangeRule) -> None:
    residents = {need.get("resident") for need in _needs(draft, edit)}
    for resident in draft.data["residents"]:
        if resident["id"] in residents:
            resident.pop("language", None)
    _drop_of_roles("language")(draft, edit)


def _no_refusals(draft: Draft, _: ChangeRule) -> None:
    for resident in draft.data["residents"]:
        resident.pop("refused", None)


def _no_links(draft: Draft, edit: ChangeRule) -> None:
    softer = {"required": "preferred", "prohibited": "unpreferred"}
    for link in draft.data["links"]:
        link["grade"] = softer.get(link.get("grade", "preferred"), link.get("grade", "preferred"))
    for need in _needs(draft, edit):
        need.pop("linked", None)


def _linked(draft: Draft, edit: ChangeRule) -> None:
    for need in _needs(draft, edit):
        if sum(role.get("count", 1) for role in need["team"]) > 1:
            need["linked"] = True


def _free_funds(draft: Draft, edit: ChangeRule) -> None:
    for fund in draft.data["funds"]:
        fund.pop("categories", None)
        fund.pop("communities", None)
    _drop_of_needs("funds")(draft, edit)


def _no_pins(draft: Draft, _: ChangeRule) -> None:
    draft.data["pins"] = []


def _limit(key: str, kinds: tuple[str, ...] = ("volunteer", "social_worker", "organization")) -> Change:
    def change(draft: Draft, edit: ChangeRule) -> None:
        for one in draft.providers:
            if one["kind"] in kinds and edit.value is not None:
                one[key] = min(edit.value, one.get(key) or edit.value)

    return change


def _supervised(draft: Draft, _: ChangeRule) -> None:
    for one in draft.providers:
        if one["kind"] == "volunteer" and one.get("supervision", "none") == "none":
            one["supervision"] = "social_worker"


def _own_area(draft: Draft, _: ChangeRule) -> None:
    for one in draft.providers:
        if one.get("community") is not None:
            held = one.get("area")
            one["area"] = [one["community"]] if held is None or one["community"] in held else []


def _at_lunch(draft: Draft, _: ChangeRule) -> None:
    for one in draft.providers:
        if one["kind"] != "volunteer" and one.get("lunch") is None:
            one["lunch"] = {}


def _few_faces(draft: Draft, edit: ChangeRule) -> None:
    for need in _needs(draft, edit):
        if edit.value is not None:
            need["max_providers"] = min(edit.value, need.get("max_providers") or edit.value)


def _apart(draft: Draft, edit: ChangeRule) -> None:
    for need in _needs(draft, edit):
        if edit.value is not None and need.get("visits", 1) > 1:
            spacing = dict(need.get("spacing", {}))
            spacing["at_least_days"] = max(edit.value, spacing.get("at_least_days", 1))
            if spacing.get("at_most_days") is not None:
                spacing["at_most_days"] = max(spacing["at_most_days"], spacing["at_least_days"])
            need["spacing"] = spacing


_LIFTED: dict[str, Change] = {
    "skill": _drop_of_roles("skills"),
    "certificate": _both(_drop_of_roles("certificate"), _flag("certified_social_worker", is_on=False)),
    "language": _no_language,
    "gender": _drop_of_roles("gender"),
    "refused": _no_refusals,
    "category": _both(_drop_of_providers("categories"), _flag("registered_organization", is_on=False)),
    "checked": _flag("checked", is_on=False),
    "area": _drop_of_providers("area"),
    "leg": _drop_of_providers("max_leg_minutes"),
    "lunch": _drop_of_providers("lunch"),
    "day_minutes": _drop_of_providers("max_minutes_day"),
    "week_minutes": _drop_of_providers("max_minutes_week"),
    "caseload": _drop_of_providers("caseload"),
    "supervision": _drop_of_providers("supervision"),
    "linked_team": _no_links,
    "spacing": _drop_of_needs("spacing"),
    "max_providers": _drop_of_needs("max_providers"),
    "fund_allowed": _free_funds,
    "pin": _no_pins,
}
_IMPOSED: dict[str, Change] = {
    "certificate": _flag("certified_social_worker", is_on=True),
    "category": _flag("registered_organization", is_on=True),
    "checked": _flag("checked", is_on=True),
    "area": _own_area,
    "leg": _limit("max_leg_minutes"),
    "lunch": _at_lunch,
    "day_minutes": _limit("max_minutes_day"),
    "week_minutes": _limit("max_minutes_week"),
    "caseload": _limit("caseload", ("social_worker",)),
    "supervision": _supervised,
    "linked_team": _linked,
    "spacing": _apart,
    "max_providers": _few_faces,
}
_VALUED = frozenset({"leg", "day_minutes", "week_minutes", "caseload", "spacing", "max_providers"})
_BY_CATEGORY = frozenset({"skill", "certificate", "language", "gender", "category", "checked", "linked_team", "spacing", "max_providers"})
