"""The rules of a team and of a need's visits: `team` to `linked_team`, `spacing`, `max_providers` and `pin`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.fields import DAY, seconds_of
from matcher.rules import Rule
from matcher.verifier.violations import Violation, date, iso, listed, spent, told, told_day

if TYPE_CHECKING:
    from matcher.fields import Horizon
    from matcher.people import Link, Provider
    from matcher.problem import Pin, Problem
    from matcher.verifier.reading import Assigned, Reading, Served


class Links:
    """The links of a problem, by member."""

    def __init__(self, problem: Problem) -> None:
        self.members = {link.id: frozenset(link.members) for link in problem.links}
        self._of: dict[str, list[Link]] = {}
        for link in problem.links:
            for name in self.members[link.id]:
                self._of.setdefault(name, []).append(link)

    def of(self, provider: str) -> list[Link]:
        """Return the links that the provider is a member of."""
        return self._of.get(provider, [])

    def shared(self, one: str, other: str) -> list[Link]:
        """Return the links that both are members of."""
        return [link for link in self.of(one) if other in self.members[link.id]]


def team_violations(reading: Reading) -> Iterator[Violation]:
    """Yield what is wrong with each team, between the visits of each need, and against the pins.

    What another member could still mend is left unsaid of a team that is not full: `team` says it.
    """
    links = Links(reading.problem)
    for item in reading.assigned.values():
        if _is_plain(item):
            continue
        yield from _full(item)
        yield from _gap(reading, item)
        yield from _one_role(item)
        if item.is_full:
            yield from _supervision(links, item)
        yield from _linked(links, item)
    yield from _needs(reading)
    for pin in reading.problem.pins:
        yield from pin_violations(reading, pin)


def _is_plain(item: Assigned) -> bool:
    """Return whether one person serves who may do so alone, so that no rule on teams can be broken: four visits in five are like that."""
    return len(item.services) == 1 and item.is_full and not item.visit.need.linked and item.services[0].provider.supervision == "none"


def _full(item: Assigned) -> Iterator[Violation]:
    if not item.is_full:
        filled = [service.role.id for service in item.services]
        roles = [role.id for role in item.visit.roles]
        missing = [name for name in roles if name not in filled]
        yield Violation(Rule.TEAM, item.visit.id, None, f"fills {listed(filled)} and leaves {listed(missing)} open", filled, roles)


def _gap(reading: Reading, item: Assigned) -> Iterator[Violation]:
    horizon, need = reading.problem.horizon, item.visit.need
    if need.meet == "together":
        first = item.services[0]
        for service in item.services[1:]:
            if service.start != first.start:
                message = (
                    f"role {service.role.id!r} starts {told(horizon, service.start)}, "
                    f"role {first.role.id!r} {told(horizon, first.start)}; they meet together"
                )
                yield Violation(Rule.GAP, item.visit.id, service.provider.id, message, iso(horizon, service.start), iso(horizon, first.start))
    elif need.meet == "in_sequence" and need.gap is not None:
        services = {service.role.id: service for service in item.services}
        least, most = need.gap.min_minutes * 60, need.gap.max_minutes * 60
        for role_before, role_after in zip(item.visit.roles, item.visit.roles[1:], strict=False):
            before, after = services.get(role_before.id), services.get(role_after.id)
            if before is None or after is None or least <= after.start - before.start <= most:
                continue
            away = after.start - before.start
            side = "after" if away >= 0 else "before"
            message = (
                f"role {role_after.id!r} starts {told(horizon, after.start)}, {spent(abs(away))} {side} role {role_before.id!r}; "
                f"{need.gap.min_minutes} to {need.gap.max_minutes} min after it ({told(horizon, before.start)}) are allowed"
            )
            allowed = [iso(horizon, before.start + least), iso(horizon, before.start + most)]
            yield Violation(Rule.GAP, item.visit.id, after.provider.id, message, iso(horizon, after.start), allowed)


def _one_role(item: Assigned) -> Iterator[Violation]:
    roles: dict[str, list[str]] = {}
    for service in item.services:
        roles.setdefault(service.provider.id, []).append(service.role.id)
    for name, filled in roles.items():
        if len(filled) > 1:
            message = f"fills {len(filled)} roles ({listed(filled)}), at most 1 is allowed"
            yield Violation(Rule.ONE_ROLE, item.visit.id, name, message, filled, 1)


def _supervision(links: Links, item: Assigned) -> Iterator[Violation]:
    members = item.members
    watched = [provider for provider in members.values() if provider.kind == "volunteer" and provider.supervision != "none"]
    if not watched:
        return
    workers = [provider for provider in members.values() if provider.kind == "social_worker"]
    alone = False
    for volunteer in watched:
        linked = [worker for worker in workers if any(link.grade in {"required", "preferred"} for link in links.shared(volunteer.id, worker.id))]
        if (linked if volunteer.supervision == "linked" else workers) == []:
            alone = True
            asked = "a social worker linked to them" if volunteer.supervision == "linked" else "a social worker"
            was = [worker.id for worker in workers]
            message = f"serves without {asked} in the team (social workers: {listed(was)})"
            yield Violation(Rule.SUPERVISION, item.visit.id, volunteer.id, message, was, asked)
    capacity = sum(worker.supervises for worker in workers)
    if not alone and len(watched) > capacity:
        message = f"{len(watched)} volunteers need supervision ({listed(v.id for v in watched)}), the team's social workers supervise {capacity}"
        yield Violation(Rule.SUPERVISION, item.visit.id, None, message, len(watched), capacity)


def _linked(links: Links, item: Assigned) -> Iterator[Violation]:
    members, visit = item.members, item.visit
    names = set(members)
    if visit.need.linked:
        wide = [link for link in links.of(next(iter(members))) if link.grade in {"required", "preferred"}]
        if not any(names <= links.members[link.id] for link in wide):
            team = list(members)
            message = f"the need asks for a linked team; no required or preferred link holds all of {listed(team)}"
            yield Violation(Rule.LINKED_TEAM, visit.id, None, message, team, "members of one required or preferred link")
    for name in members:
        for link in links.of(name):
            others = sorted(links.members[link.id] & names - {name})
            if link.grade == "required" and not others and len(item.services) >= 2 and item.is_full:
                with_whom = sorted(links.members[link.id] - {name})
                message = f"serves without another member of required link {link.id!r} ({listed(with_whom)})"
                yield Violation(Rule.LINKED_TEAM, visit.id, name, message, list(members), with_whom)
            if link.grade == "prohibited" and others and name < others[0]:
                message = f"serves with {listed(others)}, against prohibited link {link.id!r}"
                yield Violation(Rule.LINKED_TEAM, visit.id, name, message, others, [])


def _needs(reading: Reading) -> Iterator[Violation]:
    last: Assigned | None = None
    has_first = False
    filled: dict[str, list[str]] = {}
    for item in reading.assigned.values():
        need = item.visit.need
        if last is None or last.visit.need.id != need.id:
            filled = {}
            has_first = item.visit.number == 1
        elif last.first is not None and item.first is not None:
            yield from _spacing(reading, last, item, last.first.day, item.first.day)
        if need.first_team is not None and not has_first:
            first = f"{need.id}#1"
            message = f"is assigned, while the first visit {first!r} of the need, which has a team of its own, is not"
            yield Violation(Rule.SPACING, item.visit.id, None, message, {first: "unassigned"}, {first: "assigned"})
        if need.max_providers is not None:
            yield from _many_providers(item, filled, need.max_providers)
        last = item


def _many_providers(item: Assigned, filled: dict[str, list[str]], most: int) -> Iterator[Violation]:
    """Note who fills the roles of a visit in `filled` (role to different providers), and name each provider above `most` at their first visit."""
    for service in item.services:
        names = filled.setdefault(service.role.id, [])
        if service.provider.id in names:
            continue
        names.append(service.provider.id)
        if len(names) > most:
            message = (
                f"is provider number {len(names)} in role {service.role.id!r} of the need (after {listed(names[:-1])}), at most {most} may fill it"
            )
            yield Violation(Rule.MAX_PROVIDERS, item.visit.id, service.provider.id, message, list(names), most)


def _spacing(reading: Reading, before: Assigned, after: Assigned, day: int, next_day: int) -> Iterator[Violation]:
    """Compare two visits that follow each other: where all such pairs keep the distances, so do pairs further apart."""
    horizon, spacing = reading.problem.horizon, after.visit.need.spacing
    least = spacing.at_least_days
    most = None if spacing.at_most_days is None else (after.visit.number - before.visit.number) * spacing.at_most_days
    away = next_day - day
    if away < least or (most is not None and away > most):
        bounds = f"at least {least}" + (f", at most {most}" if most is not None else "")
        message = (
            f"is on {told_day(horizon, next_day)}, {abs(away)} days {'after' if away >= 0 else 'before'} visit {before.visit.id!r} "
            f"({told_day(horizon, day)}); {bounds} days after it are allowed"
        )
        allowed = [date(horizon, day + least), None if most is None else date(horizon, day + most)]
        yield Violation(Rule.SPACING, after.visit.id, None, message, date(horizon, next_day), allowed)


def pin_violations(reading: Reading, pin: Pin) -> Iterator[Violation]:
    """Yield how a plan departs from a pin; a visit that it leaves out does not."""
    item = reading.assigned.get(pin.visit)
    if item is None:
        return
    if pin.provider is not None:
        yield from _pinned_provider(item, pin, pin.provider)
    if item.first is not None:
        yield from _pinned_time(reading, item.first, pin)


def _pinned_provider(item: Assigned, pin: Pin, provider: str) -> Iterator[Violation]:
    named = [service for service in item.services if pin.role in (None, service.role.id)]
    if any(service.provider.id == provider for service in named):
        return
    if not item.is_full and (pin.role is None or not named):
        return
    where = "the team" if pin.role is None else f"role {pin.role!r}"
    was = [service.provider.id for service in named]
    message = f"{where} is filled by {listed(was)}, the pin says {provider}"
    yield Violation(Rule.PIN, item.visit.id, provider, message, was, provider)


def _pinned_time(reading: Reading, first: Served, pin: Pin) -> Iterator[Violation]:
    horizon, visit = reading.problem.horizon, first.visit
    due = _pinned_start(horizon, pin)
    if due is not None and first.start != due:
        message = f"starts {told(horizon, first.start)}, the pin says {told(horizon, due)}"
        yield Violation(Rule.PIN, visit.id, None, message, iso(horizon, first.start), iso(horizon, due))
    elif pin.day is not None and first.day not in horizon.indices(pin.day):
        message = f"is on {told_day(horizon, first.day)}, the pin says {pin.day}"
        yield Violation(Rule.PIN, visit.id, None, message, date(horizon, first.day), pin.day)


def _pinned_start(horizon: Horizon, pin: Pin) -> int | None:
    """Return the start that a pin asks for: a moment, or a time of day on its one day."""
    if isinstance(pin.start, dt.datetime):
        return horizon.since(pin.start)
    if isinstance(pin.start, str):
        return horizon.indices(pin.day)[0] * DAY + seconds_of(pin.start)
    return pin.start


def sharing(links: Links, members: dict[str, Provider]) -> int:
    """Count the faults of `pairing`: members away from all their preferred links, and unpreferred links that two members share."""
    names = list(members)
    team = set(names)
    count = 0
    for index, name in enumerate(names):
        preferred = [link for link in links.of(name) if link.grade == "preferred"]
        if preferred and not any(links.members[link.id] & team - {name} for link in preferred):
            count += 1
        for other in names[index + 1 :]:
            count += sum(link.grade == "unpreferred" for link in links.shared(name, other))
    return count
