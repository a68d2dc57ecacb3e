"""Ids and the names that people use instead: resolved where they are clear, asked about where they are not."""

from __future__ import annotations

import difflib
from collections import defaultdict

from matcher.books.tokens import Misread, folded, quoted, tidy, unquoted

_SHOWN = 12
"""Of what there is, so many are named where nothing is like what was written."""


class Names:
    """The ids of one sort of thing, each with the names it goes by; the first of them is the one that it is written by."""

    def __init__(self, sort: str) -> None:
        self.sort = sort
        self.names: dict[str, tuple[str, ...]] = {}
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, set[str]] = defaultdict(set)
        self.broken: set[str] = set()
        """What stands in id cells that could not be read: references to it are not faults of their own."""
        self._written: dict[str, str] = {}

    def add(self, name: str, *others: str) -> None:
        """Take in an id and its other names."""
        known = tuple(dict.fromkeys(tidy(other) for other in others if tidy(other)))
        self.names[name] = tuple(dict.fromkeys((*self.names.get(name, ()), *known)))
        for text in (name, *known):
            self._exact[text].add(name)
            self._folded[folded(text)].add(name)

    def resolve(self, text: str) -> str:
        """Return the id that a text means: an id, a name that only one goes by, or ``name (id)``; in quotes, an id before all names.

        Raises
        ------
        Misread
            Nothing goes by it, or several do; the message names them.
        """
        found = self._found(text)
        if len(found) == 1:
            return next(iter(found))
        text = tidy(unquoted(text))
        if found:
            listed = ", ".join(f"{text} ({name})" for name in sorted(found)[:6])
            raise Misread("ambiguous", "conflict", was=text, which=listed)
        if text in self.broken:
            raise Misread("")
        near = self._near(text)
        raise Misread("unknown" if near else "unknown_other", "unknown", sort=self.sort, was=text, near=near or self._first())

    def _found(self, text: str) -> set[str]:
        """Return the ids of all that a text may mean."""
        if text.startswith('"') and unquoted(text) in self.names:
            return {unquoted(text)}
        text = tidy(unquoted(text))
        return self._exact.get(text) or self._in_brackets(text) or self._folded.get(folded(text)) or set()

    def _in_brackets(self, text: str) -> set[str] | None:
        if not text.endswith((")", "）")):
            return None
        for index, char in enumerate(text):
            if char in "(（":
                inner, head = tidy(text[index + 1 : -1]), tidy(text[:index])
                if inner in self.names and (head == inner or folded(head) in {folded(other) for other in self.names[inner]}):
                    return {inner}
        return None

    def _near(self, text: str) -> tuple[str, ...]:
        """Return what may have been meant, in the words in which the book would write it."""
        found = difflib.get_close_matches(text, list(self._exact)[:5000], 6, 0.5)
        means = dict.fromkeys(name for near in found for name in sorted(self._exact[near]))
        return tuple(self.written(name) for name in list(means)[:3])

    def _first(self) -> tuple[str, ...]:
        """Return what there is to choose from, or the first of it."""
        shown = tuple(self.written(name) for name in list(self.names)[:_SHOWN])
        return (*shown, "...") if len(self.names) > _SHOWN else shown

    def written(self, name: str) -> str:
        """Return the shortest text that means an id and says its name; where none is clear, the id in quotes."""
        if name not in self._written:
            first = next(iter(self.names.get(name, ())), "")
            tries = (first, f"{first} ({name})" if first else "", name, f"{name} ({name})")
            self._written[name] = next((text for text in tries if text and self._means(text, name)), '"' + name.replace('"', '""') + '"')
        return self._written[name]

    def _means(self, text: str, name: str) -> bool:
        return self._found(text) == {name} and quoted(text, None) == text
