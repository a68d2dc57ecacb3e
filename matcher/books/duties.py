"""The services of a plan as those who go there need them: for whom, where, with whom, and how they are reached."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.books.contacts import Contact
from matcher.visits import need_of
from matcher.words import Lang, role_words, word

if TYPE_CHECKING:
    from matcher.books.contacts import Contacts
    from matcher.plan import Assignment, Plan, Service
    from matcher.problem import Problem


@dataclass(frozen=True)
class Duty:
    """One service of one provider."""

    visit: str
    provider: str
    start: dt.datetime
    end: dt.datetime
    title: str
    category: str
    community: str
    role: str
    resident: str
    """The resident's name where the contacts have it, else their id; empty for a group's need."""
    where: str
    phone: str
    note: str
    mates: tuple[tuple[str, str], ...]
    """The name and the telephone of each colleague."""

    @property
    def summary(self) -> str:
        """What it is, and for whom, in a few words."""
        return self.title + (f" · {self.resident}" if self.resident else f" · {self.community}" if self.community else "")

    def description(self, lang: Lang) -> str:
        """Return the rest of what who goes there should know, a line for each."""
        mates = ("、" if lang == "zh" else ", ").join(name + (f" {phone}" if phone else "") for name, phone in self.mates)
        lines = [f"{self.category} · {role_words(lang, self.role)}", *([word(lang, "book.with", who=mates)] if mates else [])]
        lines.extend(text for text in (self.phone, self.note) if text)
        return "\n".join((*lines, self.visit))


def identities(first_day: dt.date, duties: Iterable[Duty]) -> list[str]:
    """Return who each duty is to a calendar program (its ``UID``): the week, the visit and the provider make it, not the time and not the role.

    Who serves a visit in several roles (an organization with several crews) has one identity more for each further role.
    """
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    found = []
    for duty in duties:
        number = counts[duty.visit, duty.provider] = counts[duty.visit, duty.provider] + 1
        text = f"{first_day.isoformat()}\n{duty.visit}\n{duty.provider}" + ("" if number == 1 else f"\n{number}")
        found.append(hashlib.sha256(text.encode()).hexdigest()[:32] + "@sishe-matcher")
    return found


def duties_of(problem: Problem, plan: Plan, contacts: Contacts, lang: Lang) -> list[Duty]:
    """Return every service of a plan, in order of time. Visits of needs that the problem does not have are left out."""
    reading = _Reading(problem, contacts, lang)
    duties = [reading.duty(assignment, service) for assignment in plan.assignments for service in assignment.team if reading.knows(assignment)]
    return sorted(duties, key=lambda duty: (duty.start, duty.visit, duty.role))


class _Reading:
    def __init__(self, problem: Problem, contacts: Contacts, lang: Lang) -> None:
        self.lang, self.contacts, self.problem = lang, contacts, problem
        self.needs = {need.id: need for need in problem.needs}
        self.providers = {provider.id: provider for provider in problem.providers}
        self.communities = {community.id: community.name or community.id for community in problem.communities}
        self.venues = {venue.id: venue.name or venue.id for venue in problem.venues}

    def knows(self, assignment: Assignment) -> bool:
        return need_of(assignment.visit) in self.needs

    def name(self, provider: str) -> str:
        contact = self.contacts.find("provider", provider)
        own = self.providers.get(provider)
        return (contact.name if contact else "") or (own.name if own else "") or provider

    def duty(self, assignment: Assignment, service: Service) -> Duty:
        need = self.needs[need_of(assignment.visit)]
        community = self.communities.get(self.problem.community_of[need.id], "")
        contact = (self.contacts.find("resident", need.resident) if need.resident else None) or Contact()
        if need.place == "venue":
            where = " ".join(part for part in (self.venues.get(need.venue or "", ""), assignment.room or "") if part)
        elif need.place == "remote":
            where = word(self.lang, "show.remote")
        else:
            where = contact.address or community
        category = self.problem.category[need.category]
        mates = {other.provider: None for other in assignment.team if other.provider != service.provider}
        return Duty(
            visit=assignment.visit,
            provider=service.provider,
            start=service.start,
            end=service.end,
            title=need.title or assignment.visit,
            category=(category.name_zh if self.lang == "zh" else category.name_en) or category.id,
            community=community,
            role=service.role,
            resident=contact.name or need.resident or "",
            where=where,
            phone=contact.phone,
            note=contact.note,
            mates=tuple((self.name(mate), (self.contacts.find("provider", mate) or Contact()).phone) for mate in mates),
        )
