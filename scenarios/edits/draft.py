"""A problem on its way through edits: plain JSON values that edits change, the draws they make, and the faults that they meet."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from matcher.errors import Fault
from matcher.fields import WEEKDAYS, Span, Window, clock, seconds_of, show
from scenarios.weihai.chance import Chance

if TYPE_CHECKING:
    from matcher.problem import Problem
    from scenarios.edits.models import BaseEdit, Some, Which, Who

Json = dict[str, Any]
Way = Literal["same", "looser", "tighter", "other"]
"""How a change stands to what can be done: every plan is still one (looser), no plan is new (tighter), both (same), or neither (other)."""

LISTS = ("categories", "communities", "residents", "needs", "providers", "links", "venues", "funds", "pins", "in_force")


class Draft:
    """The JSON of a problem that edits change in place, a deep copy of the one that was given.

    Attributes
    ----------
    data : dict
        The problem as JSON has it; every list is there.
    base : Problem
        The problem as it was given: what is drawn is drawn from it, so that edits before do not change the draws of those after.
    faults : list of Fault
        What the edits cannot do, by JSON pointer.
    """

    def __init__(self, problem: Problem, draw: int) -> None:
        self.base = problem
        self.data: Json = problem.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.data = copy.deepcopy(self.data)
        for name in LISTS:
            self.data[name] = list(self.data.get(name, ()))
        self.data["travel"] = problem.travel.model_dump(mode="json", by_alias=True)
        self.faults: list[Fault] = []
        self.ways: set[Way] = set()
        self._draw = draw
        self._path = ""
        self._turns: dict[str, int] = {}
        self._turn = 0

    def begin(self, edit: BaseEdit, path: str) -> None:
        """Note which edit is at work, and where it stands in its file."""
        self._path = path
        self._turn = self._turns[edit.edit] = self._turns.get(edit.edit, 0) + 1

    def fault(self, where: str, message: str, code: str) -> None:
        """Note something that the edit at work cannot do; `where` is a pointer inside the edit."""
        self.faults.append(Fault(self._path + where, message, code))

    def went(self, way: Way) -> None:
        """Note how the edit at work stands to what can be done."""
        self.ways.add(way)

    @property
    def way(self) -> Way:
        """How all edits together stand to what can be done."""
        ways = self.ways - {"same"}
        return "same" if not ways else ways.pop() if len(ways) == 1 else "other"

    def chance(self, edit: BaseEdit) -> Chance:
        """Return the stream of an edit: the same for the n-th edit of its sort in every scenario, so that larger numbers hold smaller ones."""
        return Chance("edit", edit.edit, self._turn, self._draw if edit.seed is None else edit.seed)

    # what is there

    @property
    def providers(self) -> list[Json]:
        """The providers as JSON has them."""
        return self.data["providers"]  # type: ignore[no-any-return]

    @property
    def needs(self) -> list[Json]:
        """The needs as JSON has them."""
        return self.data["needs"]  # type: ignore[no-any-return]

    def community_of(self, need: Json) -> str:
        """Return the community of a need."""
        if need.get("community") is not None:
            return str(need["community"])
        return str(next(item["community"] for item in self.data["residents"] if item["id"] == need["resident"]))

    def has(self, kind: str, ids: str | Iterable[str] | None, where: str) -> bool:
        """Say whether an id, or all of several, are in a list of the problem; each that is not is a fault."""
        if ids is None:
            return True
        is_one = isinstance(ids, str)
        known = {item["id"] for item in self.data[kind]} if kind != "categories" else {*self.base.category, *(c["id"] for c in self.data[kind])}
        missing = [(index, name) for index, name in enumerate([ids] if isinstance(ids, str) else ids) if name not in known]
        for index, name in missing:
            self.fault(where if is_one else f"{where}/{index}", f"there is no {_ONE[kind]} {show(name)} in the week", "unknown")
        return not missing

    def knows_skill(self, skills: Iterable[str], where: str) -> bool:
        """Say whether somebody has, or some role asks for, each of the skills; one that nobody knows is a fault."""
        known = {name for provider in self.providers for name in provider.get("skills", ())}
        known |= {name for need in self.needs for role in roles_of(need) for name in role.get("skills", ())}
        missing = [name for name in skills if name not in known]
        for name in missing:
            self.fault(where, f"no role asks for the skill {show(name)} and nobody has it; known are {', '.join(sorted(known)) or 'none'}", "unknown")
        return not missing

    # selections

    def providers_of(self, edit: BaseEdit, who: Who, where: str = "/who") -> list[Json]:
        """Return the providers of a selection in the order of the week; none, with a fault, where there are not so many."""
        is_known = [self.has("providers", who.ids, f"{where}/ids"), self.has("communities", who.communities, f"{where}/communities")]
        if who.skill is not None:
            is_known.append(self.knows_skill([who.skill], f"{where}/skill"))
        if not all(is_known):
            return []
        found = [
            one
            for one in self.providers
            if (who.ids is None or one["id"] in who.ids)
            and (who.kinds is None or one["kind"] in who.kinds)
            and (who.communities is None or one.get("community") in who.communities)
            and (who.skill is None or who.skill in one.get("skills", ()))
            and (who.supervision is None or (one["kind"] == "volunteer" and one.get("supervision", "none") == who.supervision))
            and (who.registration is None or (one["kind"] == "organization" and one.get("registration", "registered") == who.registration))
            and (who.ids is not None or one.get("shifts") or not self._was_there(one))
        ]
        return self._some(edit, who, found, where, "provider")

    def needs_of(self, edit: BaseEdit, which: Which, where: str = "/which") -> list[Json]:
        """Return the needs of a selection in the order of the week; none, with a fault, where there are not so many."""
        is_known = [
            self.has("needs", which.ids, f"{where}/ids"),
            self.has("categories", which.categories, f"{where}/categories"),
            self.has("communities", which.communities, f"{where}/communities"),
        ]
        if which.skill is not None:
            is_known.append(self.knows_skill([which.skill], f"{where}/skill"))
        if not all(is_known):
            return []
        found = [
            need
            for need in self.needs
            if (which.ids is None or need["id"] in which.ids)
            and (which.categories is None or need["category"] in which.categories)
            and (which.communities is None or self.community_of(need) in which.communities)
            and (which.urgency is None or need.get("urgency", 3) in which.urgency)
            and (which.place is None or need.get("place", "home") == which.place)
            and (which.skill is None or any(which.skill in role.get("skills", ()) for role in roles_of(need)))
        ]
        return self._some(edit, which, found, where, "need")

    def _was_there(self, one: Json) -> bool:
        """Whether somebody without hours had some in the week as it was given: removed, not idle from the start."""
        return any(provider.id == one["id"] and provider.shifts for provider in self.base.providers)

    def _some(self, edit: BaseEdit, part: Some, found: list[Json], where: str, noun: str) -> list[Json]:
        if not found:
            self.fault(where, f"no {noun} of the week meets it", "unknown")
            return []
        if part.count is None and part.share is None:
            return found
        count = part.count if part.count is not None else round(len(found) * (part.share or 0.0))
        if count > len(found):
            self.fault(f"{where}/count", f"should be at most the {len(found)} that meet the rest, was {count}", "range")
            return []
        first = set(self.chance(edit).of("some").shuffled(sorted(item["id"] for item in found))[:count])
        return [item for item in found if item["id"] in first]

    def fresh(self, kind: str, stem: str) -> Callable[[], str]:
        """Return a function that gives a new id of a list of the problem each time: ``stem 1``, ``stem 2`` ..."""
        taken = {item["id"] for item in self.data[kind]}
        number = 0

        def give() -> str:
            nonlocal number
            number += 1
            while f"{stem}{number:04d}" in taken:
                number += 1
            taken.add(f"{stem}{number:04d}")
            return f"{stem}{number:04d}"

        return give


_ONE = {
    "providers": "provider",
    "communities": "community",
    "needs": "need",
    "categories": "category",
    "venues": "venue",
    "funds": "fund",
    "residents": "resident",
}


def roles_of(need: Json) -> list[Json]:
    """Return every role of a need, of its first team too."""
    return [*need["team"], *(need.get("first_team") or ())]


def moved(time: str | int, minutes: int, last: int) -> str | int:
    """Return a clock time, or seconds of the horizon, so many minutes later (negative: sooner), kept from 0 to `last` seconds."""
    seconds = min(max(0, seconds_of(time) + 60 * minutes), last)
    return seconds if isinstance(time, int) else clock(seconds)


def days_apart(spans: Sequence[Json], weekday_of: Callable[[str], str]) -> list[Json]:
    """Return spans with one for each weekday in place of those of every day (seconds stay as they are)."""
    out: list[Json] = []
    for span in spans:
        if isinstance(span["from"], int):
            out.append(dict(span))
        elif span.get("day") is None:
            out.extend({**span, "day": day} for day in WEEKDAYS)
        else:
            out.append({**span, "_weekday": weekday_of(span["day"])})
    return [{**span, "_weekday": span.get("_weekday", span.get("day"))} for span in out]


def weekday_of(day: str) -> str:
    """Return the weekday of a weekday or a date."""
    return day if day in WEEKDAYS else WEEKDAYS[dt.date.fromisoformat(day).weekday()]


def json_of(item: Span | Window) -> Json:
    """Return a span or a window as JSON has it."""
    return item.model_dump(mode="json", by_alias=True, exclude_defaults=True)
