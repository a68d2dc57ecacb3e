"""The smallest changes that would serve a visit: proposed from the near misses; `matcher.explain.trials` tries each one out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.explain import edits
from matcher.rules import Rule

if TYPE_CHECKING:
    from matcher.explain.alone import Alone
    from matcher.explain.answer import Miss
    from matcher.explain.edits import Edit
    from matcher.people import Provider
    from matcher.problem import Problem
    from matcher.visits import Visit, VisitRole

MOST_TRIED = 24
NEW_PROVIDER, NEW_ROOM, NO_PIN, NO_LINE = 4_800, 2_400, 30, 240
"""Sizes, in minutes that are taken to weigh as much, of changes without a number of minutes."""


CODES = frozenset(
    {
        "certify", "check_person", "drop_pins", "higher_caseload", "longer_leg", "looser_spacing", "more_faces", "more_hours", "more_minutes_day",
        "more_minutes_week", "more_money", "one_more_provider", "one_more_room", "shorter_lunch", "train", "wider_area", "wider_window",
    }
)  # fmt: skip
"""Every code of a change; docs/explain.md says what each means."""
OF_THE_NEED = frozenset({"drop_pins", "looser_spacing", "more_faces", "wider_window"})
"""Changes that bring nothing to any other need."""
OF_A_PERSON = frozenset({"certify", "check_person", "one_more_provider", "train", "wider_area"})
"""Changes after which somebody passes one rule more."""


@dataclass(frozen=True)
class Proposal:
    """A change that may serve a visit, not tried yet; `people` are the ids of those whom it is about."""

    code: str
    detail: dict[str, Any]
    size: int
    edit: Edit
    people: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code


def proposals(problem: Problem, visit: Visit, misses: list[tuple[int, Miss]], alone: Alone) -> list[Proposal]:
    """Return changes that may serve a visit, the smallest first; each provider stands for each kind of change once."""
    found = [proposal for size, miss in misses for proposal in _of_miss(problem, visit, size, miss)]
    found.extend(_of_visit(problem, visit, alone))
    best: dict[tuple[Any, ...], Proposal] = {}
    for proposal in found:
        key = (proposal.code, *(str(value) for name, value in proposal.detail.items() if name != "minutes"))
        if key not in best or proposal.size < best[key].size:
            best[key] = proposal
    ordered = sorted(best.values(), key=lambda p: (p.size, p.code, str(p.detail)))
    return _spread(ordered)


def _spread(ordered: list[Proposal]) -> list[Proposal]:
    """Keep `MOST_TRIED` proposals: a few of each code, so that one kind of change does not keep out all others."""
    kept: list[Proposal] = []
    for rank in range(len(ordered)):
        counts: dict[str, int] = {}
        for proposal in ordered:
            counts[proposal.code] = counts.get(proposal.code, 0) + 1
            if counts[proposal.code] == rank + 1:
                kept.append(proposal)
        if len(kept) >= MOST_TRIED or len(kept) == len(ordered):
            break
    return sorted(kept[:MOST_TRIED], key=lambda p: (p.size, p.code, str(p.detail)))


def _of_miss(problem: Problem, visit: Visit, size: int, miss: Miss) -> Iterator[Proposal]:
    who, minutes = miss.provider, int(miss.number or 0)
    provider = next(p for p in problem.providers if p.id == who)
    need = visit.need.id
    if miss.rule in (Rule.TRAVEL, Rule.SHIFT, Rule.LUNCH) and minutes:
        yield from _more_time(problem, visit, size, miss, minutes)
    if miss.rule == Rule.LUNCH:
        yield Proposal("shorter_lunch", {"provider": who, "minutes": minutes}, size, edits.shorter_lunch(who, minutes), (who,))
    elif miss.rule in (Rule.DAY_MINUTES, Rule.WEEK_MINUTES):
        code, field = ("more_minutes_day", "max_minutes_day") if miss.rule == Rule.DAY_MINUTES else ("more_minutes_week", "max_minutes_week")
        yield Proposal(code, {"provider": who, "minutes": minutes}, size, edits.higher_limit(who, field, minutes), (who,))
    elif miss.rule == Rule.CASELOAD:
        yield Proposal("higher_caseload", {"provider": who, "by": 1}, size, edits.higher_limit(who, "caseload", 1), (who,))
    elif miss.rule == Rule.LEG:
        yield Proposal("longer_leg", {"provider": who, "minutes": minutes}, size, edits.higher_limit(who, "max_leg_minutes", minutes), (who,))
    elif miss.rule == Rule.SKILL:
        skill, level = miss.detail["skill"], miss.detail["level"]
        yield Proposal("train", {"provider": who, "skill": skill, "level": level}, size, edits.trained(who, skill, level), (who,))
    elif miss.rule == Rule.AREA:
        yield Proposal("wider_area", {"provider": who, "community": visit.community}, size, edits.wider_area(who, visit.community), (who,))
    elif miss.rule == Rule.CHECKED:
        yield Proposal("check_person", {"provider": who}, size, edits.checked(who), (who,))
    elif miss.rule == Rule.CERTIFICATE and provider.kind == "social_worker":
        level = miss.detail["certificate"]
        yield Proposal("certify", {"provider": who, "certificate": level}, size, edits.certified(who, level), (who,))
    elif miss.rule == Rule.MAX_PROVIDERS:
        yield Proposal("more_faces", {"need": need, "by": 1}, size, edits.more_faces(need, 1), (who,))
    elif miss.rule == Rule.SPACING:
        spacing = visit.need.spacing
        if spacing.at_least_days > 1:
            yield Proposal(
                "looser_spacing", {"need": need, "at_least_days": spacing.at_least_days - 1}, 480, edits.looser_spacing(need, 1, 0), (who,)
            )
        if spacing.at_most_days is not None:
            yield Proposal("looser_spacing", {"need": need, "at_most_days": spacing.at_most_days + 1}, 480, edits.looser_spacing(need, 0, 1), (who,))
    elif miss.rule == Rule.FUND_BALANCE:
        yield from _more_money(problem, visit, miss)


def _more_time(problem: Problem, visit: Visit, size: int, miss: Miss, minutes: int) -> Iterator[Proposal]:
    start, end = (problem.horizon.since(miss.detail[name]) for name in ("from", "to"))
    both = [(miss.detail["earlier"], miss.detail["later"])] if "later" in miss.detail else [(0, minutes), (minutes, 0)]
    for earlier, later in both:
        detail = {"provider": miss.provider, "from": miss.detail["from"], "to": miss.detail["to"], "earlier": earlier, "later": later}
        yield Proposal("more_hours", detail, size, edits.longer_shift(miss.provider, start, end, earlier, later), (miss.provider,))
    for earlier, later in ((minutes, 0), (0, minutes)):
        detail = {"need": visit.need.id, "earlier": earlier, "later": later}
        yield Proposal("wider_window", detail, size + 1, edits.wider_windows(visit.need.id, earlier, later), (miss.provider,))


def _more_money(problem: Problem, visit: Visit, miss: Miss) -> Iterator[Proposal]:
    need, fen = visit.need, round((miss.number or 0) * 100)
    for fund in problem.funds:
        if (need.funds is None or fund.id in need.funds) and (fund.categories is None or need.category in fund.categories):
            if fund.communities is None or visit.community in fund.communities:
                detail = {"fund": fund.id, "yuan": fen / 100}
                yield Proposal("more_money", detail, max(1, fen // 100), edits.more_money(fund.id, fen), (miss.provider,))


def _of_visit(problem: Problem, visit: Visit, alone: Alone) -> Iterator[Proposal]:
    """Yield changes that no miss of one provider suggests."""
    if any(pin.visit == visit.id for pin in problem.pins):
        yield Proposal("drop_pins", {"visit": visit.id}, NO_PIN, edits.without_pins(visit.id))
    if visit.need.place == "venue" and visit.need.venue is not None:
        detail = {"venue": visit.need.venue, "seats": max(1, visit.need.attendees)}
        yield Proposal("one_more_room", detail, NEW_ROOM, edits.one_more_room(visit.need.venue, visit.need.attendees))
    if visit.need.visits > 1 and visit.need.max_providers is not None:
        yield Proposal("more_faces", {"need": visit.need.id, "by": 1}, NO_LINE, edits.more_faces(visit.need.id, 1))
    for role in visit.roles:
        if alone.role in (None, role.id):
            model = _model(problem, visit, role)
            if model is not None:
                detail = {"kind": model.kind, "like": model.id.rpartition(" +")[0], "community": visit.community, "role": role.id}
                yield Proposal("one_more_provider", detail, NEW_PROVIDER, edits.one_more_provider(model), (str(detail["like"]),))


def _model(problem: Problem, visit: Visit, role: VisitRole) -> Provider | None:
    """Return a new provider of a kind that the role asks for, made after one who is there: who has most of the skills, and at work most."""
    skills = role.role.skills
    offered = {p.id: sum(b - a for span in p.shifts for a, b in span.spans(problem.horizon)) for p in problem.providers}
    able = [p for p in problem.providers if p.kind in role.role.kinds and offered[p.id] > 0]
    if not able:
        return None
    language = role.role.language

    def rank(provider: Provider) -> tuple[Any, ...]:
        has = sum(provider.skills.get(skill, 0) >= level for skill, level in skills.items())
        is_open = provider.area is None or visit.community in provider.area
        speaks = language is None or language in provider.languages
        return (has, speaks, provider.checked, role.role.gender in (None, provider.gender), is_open, offered[provider.id], provider.id)

    best = max(able, key=rank)
    update: dict[str, Any] = {"id": edits.fresh(best.id, {p.id for p in problem.providers}), "claims": (), "community": visit.community}
    if best.area is not None and visit.community not in best.area:
        update["area"] = (*best.area, visit.community)
    missing = {skill: level for skill, level in skills.items() if best.skills.get(skill, 0) < level}
    return best.model_copy(update={**update, "skills": {**best.skills, **missing}})
