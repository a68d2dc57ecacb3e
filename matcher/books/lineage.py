"""Who a visit is over all plans of a week: planning again gives visits other numbers, and calendars know each by the name that it had at first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matcher.books.duties import Duty

INSTEAD = re.compile(r"(.+)~(\d+)~*#1")
"""A visit that was asked for at another time is one withdrawn and a new need, whose id says which visit it stands for: the desk calls it so."""


class Step(NamedTuple):
    """What one planning again did to the names of visits."""

    old: Mapping[str, str]
    """The old name of each that has another number now."""
    gone: Collection[str]
    """Old names of visits that left the week."""

    @classmethod
    def of(cls, replanned: Mapping[str, Any]) -> Step:
        """Read it from what planning again answers (``renamed``, ``gone``)."""
        return cls({new: old for old, new in replanned["renamed"].items()}, frozenset(replanned["gone"]))

    def before(self, visit: str) -> str:
        """Return the name that a visit had before this step."""
        visit = self.old.get(visit, visit)
        found = INSTEAD.fullmatch(visit)
        return f"{found[1]}#{found[2]}" if found is not None and f"{found[1]}#{found[2]}" in self.gone else visit


def first_names(visits: Iterable[str], steps: Iterable[Step]) -> dict[str, str]:
    """Return the name that each visit had at first; no two have the same.

    Parameters
    ----------
    steps
        The plannings again that led to the week, the newest first.
    """
    first = {visit: visit for visit in visits}
    for step in steps:
        first = {visit: step.before(name) for visit, name in first.items()}
    taken: set[str] = set()
    for visit in sorted(first, key=lambda visit: first[visit] == visit):
        # Two of one name can come only of a week that was edited by hand between plans; they are told apart all the same.
        while first[visit] in taken:
            first[visit] += "'"
        taken.add(first[visit])
    return first


def called(duty: Duty, visit: str) -> Duty:
    """Return a duty with another name of its visit."""
    return replace(duty, visit=visit, title=visit if duty.title == duty.visit else duty.title)
