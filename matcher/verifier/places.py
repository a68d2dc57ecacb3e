"""The rules of rooms and money: `venue_open`, `room_free`, `seats`, `fund_allowed`, `fund_balance`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.rules import Rule
from matcher.verifier.violations import Violation, iso, listed, told_span, yuan
from matcher.visits import openings_of

if TYPE_CHECKING:
    from matcher.verifier.reading import Assigned, Reading, Served


def place_violations(reading: Reading) -> Iterator[Violation]:
    """Yield what is wrong with the rooms of the visits at venues, and with what pays for the services."""
    yield from _venues(reading)
    yield from _rooms(reading)
    yield from _funds(reading)


def _venues(reading: Reading) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    venues = {venue.id: venue for venue in reading.problem.venues}
    opening = {venue.id: openings_of(venue, horizon) for venue in reading.problem.venues}
    for item in reading.assigned.values():
        need = item.visit.need
        if need.place != "venue" or need.venue is None:
            continue
        start, end = item.span
        if not any(low <= start and end <= high for low, high in opening[need.venue]):
            near = sorted(opening[need.venue], key=lambda span: max(span[0] - start, end - span[1]))
            spans = listed((told_span(horizon, low, high) for low, high in near), "never open")
            message = f"takes {told_span(horizon, start, end)}, which no opening of venue {need.venue!r} holds ({spans})"
            allowed = [[iso(horizon, low), iso(horizon, high)] for low, high in opening[need.venue]]
            yield Violation(Rule.VENUE_OPEN, item.visit.id, None, message, [iso(horizon, start), iso(horizon, end)], allowed)
        if item.room is not None and item.room.seats < need.attendees:
            message = f"room {item.room.id!r} has {item.room.seats} seats, the need has {need.attendees} attendees"
            large = [room.id for room in venues[need.venue].rooms if room.seats >= need.attendees]
            allowed_rooms = {"seats": need.attendees, "rooms": large}
            yield Violation(Rule.SEATS, item.visit.id, None, message, item.room.seats, allowed_rooms)


def _rooms(reading: Reading) -> Iterator[Violation]:
    horizon = reading.problem.horizon
    uses: dict[tuple[str, str], list[tuple[int, int, Assigned]]] = {}
    names = {venue.id: [room.id for room in venue.rooms] for venue in reading.problem.venues}
    for item in reading.assigned.values():
        need = item.visit.need
        if need.place != "venue" or need.venue is None:
            continue
        if item.room is None:
            message = f"holds no room of venue {need.venue!r}, should hold one of {listed(names[need.venue])}"
            yield Violation(Rule.ROOM_FREE, item.visit.id, None, message, None, names[need.venue])
        else:
            uses.setdefault((need.venue, item.room.id), []).append((*item.span, item))
    for (venue, room), spans in sorted(uses.items()):
        spans.sort(key=lambda use: (use[0], use[1], use[2].visit.id))
        holder = spans[0]
        for use in spans[1:]:
            start, end, item = use
            if start < holder[1]:
                other = f"visit {holder[2].visit.id!r} ({told_span(horizon, holder[0], holder[1])})"
                message = f"holds room {room!r} of venue {venue!r} {told_span(horizon, start, end)}, while {other} holds it"
                was = {"room": room, "from": iso(horizon, start), "to": iso(horizon, end)}
                yield Violation(Rule.ROOM_FREE, item.visit.id, None, message, was, {"from": iso(horizon, holder[1])})
            if end > holder[1]:
                holder = use


def _funds(reading: Reading) -> Iterator[Violation]:
    paid: dict[str, int] = {}
    for service in reading.services:
        price = service.price
        if price == 0:
            continue
        yield from _fund_allowed(service, price)
        if service.fund is not None:
            paid[service.fund.id] = paid.get(service.fund.id, 0) + price
    for fund in reading.problem.funds:
        total = paid.get(fund.id, 0)
        if total > fund.amount:
            message = f"fund {fund.id!r} pays {yuan(total)} yuan, it has {yuan(fund.amount)}"
            yield Violation(Rule.FUND_BALANCE, None, None, message, {"fund": fund.id, "yuan": yuan(total)}, yuan(fund.amount))


def _fund_allowed(service: Served, price: int) -> Iterator[Violation]:
    visit, fund = service.visit, service.fund
    need = visit.need
    cost = f"role {service.role.id!r} costs {yuan(price)} yuan"
    if fund is None:
        allowed = "any" if need.funds is None else list(need.funds)
        funds = "a fund" if need.funds is None else f"one of {listed(need.funds)}"
        yield Violation(Rule.FUND_ALLOWED, visit.id, service.provider.id, f"{cost} and no fund pays, should be {funds}", None, allowed)
        return
    against = []
    if need.funds is not None and fund.id not in need.funds:
        against.append(("funds", f"the need may be paid from {listed(need.funds)}", list(need.funds)))
    if fund.categories is not None and need.category not in fund.categories:
        against.append(("categories", f"it pays for categories {listed(fund.categories)}, not {need.category}", list(fund.categories)))
    if fund.communities is not None and visit.community not in fund.communities:
        against.append(("communities", f"it pays for communities {listed(fund.communities)}, not {visit.community}", list(fund.communities)))
    if against:
        message = f"{cost}, paid from fund {fund.id!r}: " + "; ".join(text for _, text, _ in against)
        yield Violation(Rule.FUND_ALLOWED, visit.id, service.provider.id, message, fund.id, {key: values for key, _, values in against})
