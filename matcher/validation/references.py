"""Ids and references of a problem: every id once, every reference to something that is there."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING

from matcher.errors import Fault
from matcher.fields import counted, show
from matcher.validation import pointer
from matcher.visits import roles_of

if TYPE_CHECKING:
    from matcher.people import Provider
    from matcher.problem import Need, Problem

Path = tuple[str | int, ...]


def reference_faults(problem: Problem) -> Iterator[Fault]:
    """Yield every id that stands twice and every reference to something that the problem does not have."""
    yield from _repeated_ids(problem)
    known = _Known(problem)
    for i, resident in enumerate(problem.residents):
        yield from known.look("community", resident.community, "residents", i, "community")
        for name in resident.known:
            yield from known.look("provider", name, "residents", i, "known", name)
        yield from known.look_all("provider", resident.refused, "residents", i, "refused")
        yield from _volunteer(known, i, resident.volunteer)
    for i, need in enumerate(problem.needs):
        yield from _of_need(known, i, need)
    for i, provider in enumerate(problem.providers):
        yield from _of_provider(known, i, provider)
    for i, link in enumerate(problem.links):
        yield from known.look_all("provider", link.members, "links", i, "members")
        yield from _once(link.members, "member", ("links", i, "members"))
    for i, venue in enumerate(problem.venues):
        yield from known.look("community", venue.community, "venues", i, "community")
    for i, fund in enumerate(problem.funds):
        yield from known.look_all("category", fund.categories or (), "funds", i, "categories")
        yield from known.look_all("community", fund.communities or (), "funds", i, "communities")
    yield from _of_plan_lines(known, problem)


class _Known:
    """What there is, by sort, and the fault of naming what there is not."""

    def __init__(self, problem: Problem) -> None:
        # Where an id stands twice, the first one counts: the second one is the fault.
        self.needs = {need.id: need for need in reversed(problem.needs)}
        self.providers = {provider.id: provider for provider in reversed(problem.providers)}
        self.ids: dict[str, Container[str]] = {
            "category": problem.category,
            "community": {community.id for community in problem.communities},
            "resident": {resident.id for resident in problem.residents},
            "need": self.needs,
            "provider": self.providers,
            "venue": {venue.id for venue in problem.venues},
            "fund": {fund.id for fund in problem.funds},
        }

    def look(self, sort: str, name: str | None, *path: str | int) -> Iterator[Fault]:
        if name is not None and name not in self.ids[sort]:
            yield Fault(pointer(*path), f"the problem has no {sort} {show(name)}", "unknown")

    def look_all(self, sort: str, names: Iterable[str], *path: str | int) -> Iterator[Fault]:
        for index, name in enumerate(names):
            yield from self.look(sort, name, *path, index)

    def visit_fault(self, visit: str) -> str | None:
        """Return what is wrong with a visit's id, None if there is such a visit."""
        name, _, number = visit.rpartition("#")
        need = self.needs.get(name)
        if need is None:
            return f"the problem has no need {show(name)}, so no visit {show(visit)}"
        if number != number.lstrip("0") or len(number) > 6 or int(number) > need.visits:
            return f"need {show(name)} has {counted(need.visits, 'visit')}, {show(f'{name}#1')} to {show(f'{name}#{need.visits}')}, not {show(visit)}"
        return None

    def roles_of_visit(self, visit: str) -> dict[str, tuple[str, ...]]:
        """Return the kinds that may fill each role of a visit that there is."""
        name, _, number = visit.rpartition("#")
        need = self.needs[name]
        team = need.first_team if number == "1" and need.first_team is not None else need.team
        return {place.id: (*place.role.kinds, *place.role.stand_ins) for place in roles_of(team, need.minutes)}


def _repeated_ids(problem: Problem) -> Iterator[Fault]:
    for sort, items in (
        ("category", problem.categories),
        ("community", problem.communities),
        ("resident", problem.residents),
        ("need", problem.needs),
        ("provider", problem.providers),
        ("link", problem.links),
        ("venue", problem.venues),
        ("fund", problem.funds),
    ):
        field = {"category": "categories", "community": "communities"}.get(sort, sort + "s")
        yield from _once((item.id for item in items), sort, (field,), "id")
    rooms: dict[str, str] = {}
    for i, venue in enumerate(problem.venues):
        for j, room in enumerate(venue.rooms):
            if room.id in rooms:
                yield Fault(pointer("venues", i, "rooms", j, "id"), f"room {show(room.id)} is at {rooms[room.id]} already", "duplicate")
            rooms.setdefault(room.id, pointer("venues", i, "rooms", j))


def _once(names: Iterable[str], sort: str, path: Path, *tail: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            yield Fault(pointer(*path, index, *tail), f"{sort} {show(name)} is at {pointer(*path, first[name])} already", "duplicate")
        first.setdefault(name, index)


def _volunteer(known: _Known, index: int, name: str | None) -> Iterator[Fault]:
    yield from known.look("provider", name, "residents", index, "volunteer")
    provider = known.providers.get(name or "")
    if provider is not None and provider.kind != "volunteer":
        message = f"should be a volunteer, provider {show(name)} is of kind {provider.kind!r}"
        yield Fault(pointer("residents", index, "volunteer"), message, "conflict")


def _of_need(known: _Known, i: int, need: Need) -> Iterator[Fault]:
    yield from known.look("resident", need.resident, "needs", i, "resident")
    yield from known.look("community", need.community, "needs", i, "community")
    yield from known.look("category", need.category, "needs", i, "category")
    yield from known.look("venue", need.venue, "needs", i, "venue")
    yield from known.look_all("provider", need.preferred_providers, "needs", i, "preferred_providers")
    yield from known.look_all("fund", need.funds or (), "needs", i, "funds")
    for name, team in (("team", need.team), ("first_team", need.first_team or ())):
        yield from _once((role.id for role in team), "role", ("needs", i, name), "id")


def _of_provider(known: _Known, i: int, provider: Provider) -> Iterator[Fault]:
    yield from known.look("community", provider.community, "providers", i, "community")
    yield from known.look_all("community", provider.area or (), "providers", i, "area")
    yield from known.look_all("category", provider.categories or (), "providers", i, "categories")
    yield from known.look_all("need", provider.claims, "providers", i, "claims")


def _of_plan_lines(known: _Known, problem: Problem) -> Iterator[Fault]:
    """Pins, and the plan in force: their visits, roles and providers."""
    for i, pin in enumerate(problem.pins):
        yield from known.look("provider", pin.provider, "pins", i, "provider")
        wrong = known.visit_fault(pin.visit)
        if wrong is not None:
            yield Fault(pointer("pins", i, "visit"), wrong, "unknown")
        elif pin.role is not None:
            yield from _role(known.roles_of_visit(pin.visit), pin.role, pin.visit, pointer("pins", i, "role"))
    yield from _once((line.visit for line in problem.in_force), "visit", ("in_force",), "visit")
    for i, line in enumerate(problem.in_force):
        wrong = known.visit_fault(line.visit)
        if wrong is not None:
            yield Fault(pointer("in_force", i, "visit"), wrong, "unknown")
        roles = known.roles_of_visit(line.visit) if wrong is None else None
        seen: dict[str, str] = {}
        for role, provider in line.team.items():
            path = pointer("in_force", i, "team", role)
            if roles is not None:
                yield from _role(roles, role, line.visit, path)
            yield from known.look("provider", provider, "in_force", i, "team", role)
            if provider in seen:
                yield Fault(path, f"provider {show(provider)} fills role {show(seen[provider])} of this visit already", "conflict")
            seen.setdefault(provider, role)


def _role(roles: dict[str, tuple[str, ...]], role: str, visit: str, path: str) -> Iterator[Fault]:
    if role not in roles:
        yield Fault(path, f"visit {show(visit)} has no role {show(role)}; it has {', '.join(show(name) for name in list(roles)[:20])}", "unknown")
