"""What a changed problem shares with the one it came from: visits, shifts, and the text that its digest is of, kept item by item."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matcher.fields import is_alike
from matcher.problem import Problem
from matcher.visits import shifts_of, visits_of

if TYPE_CHECKING:
    from matcher.problem import Need
    from matcher.visits import Shift, Visit


WINDOWS = '"windows":'


class Kept:
    """A problem whose visits, shifts and texts are at hand, so that those of a changed one need not all be worked out again.

    Parts are known by identity: a problem that is changed by `Problem.replace` shares all objects that the change left alone.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._visits: dict[int, list[Visit]] = {}
        for visit in problem.visits:
            self._visits.setdefault(id(visit.need), []).append(visit)
        self._shifts: dict[int, list[Shift]] = {}
        for shift in problem.shifts:
            self._shifts.setdefault(id(shift.provider), []).append(shift)
        self._need = {need.id: need for need in problem.needs}
        self._texts: dict[int, str] = {}
        for name in type(problem).model_fields:
            value = getattr(problem, name)
            for item in value if isinstance(value, tuple) else (value,):
                self._texts[id(item)] = _text(item)
        self._held: list[Any] = []

    def hold(self, items: Iterable[Any]) -> None:
        """Keep the texts of further items, which changed problems may have."""
        for item in items:
            self._held.append(item)
            self._texts[id(item)] = _text(item)

    def hand_on(self, problem: Problem) -> None:
        """Give a problem that was made from this one its visits, shifts and digest."""
        same = problem.residents[: len(self._problem.residents)] == self._problem.residents and problem.horizon is self._problem.horizon
        if not same:
            return
        own: dict[int, list[Visit]] = {}
        others: list[Need] = []
        spans: dict[int, tuple[tuple[int, int, int], ...]] = {}
        for need in problem.needs:
            if id(need) not in self._visits:
                old = self._but_for_windows(need)
                if old is None:
                    others.append(need)
                    continue
                key = id(need.windows)
                if key not in spans:
                    spans[key] = tuple(sorted({span for window in need.windows for span in window.spans(problem.horizon)}))
                own[id(need)] = [replace(visit, need=need, windows=spans[key]) for visit in self._visits[id(old)]]
        changed = Problem.model_construct(
            horizon=problem.horizon,
            residents=problem.residents,
            needs=tuple(others),
            providers=tuple(provider for provider in problem.providers if id(provider) not in self._shifts),
        )
        for visit in visits_of(changed):
            own.setdefault(id(visit.need), []).append(visit)
        theirs: dict[int, list[Shift]] = {}
        for shift in shifts_of(changed):
            theirs.setdefault(id(shift.provider), []).append(shift)
        visits = [visit for need in problem.needs for visit in self._visits.get(id(need)) or own[id(need)]]
        shifts = [shift for person in problem.providers for shift in self._shifts.get(id(person)) or theirs.get(id(person)) or ()]
        vars(problem).update(visits=tuple(visits), shifts=tuple(shifts), digest=self.digest(problem))

    def digest(self, problem: Problem) -> str:
        """Return what `Problem.digest` returns."""
        parts = {}
        for name, field in type(problem).model_fields.items():
            value = getattr(problem, name)
            if value == field.get_default(call_default_factory=True):
                continue
            items = value if isinstance(value, tuple) else (value,)
            if name == "needs":
                texts = self._texts_of(problem.needs)
            else:
                texts = [self._texts.get(id(item)) or _text(item) for item in items]
            parts[field.alias or name] = f"[{','.join(texts)}]" if isinstance(value, tuple) else texts[0]
        text = "{" + ",".join(f"{json.dumps(name)}:{parts[name]}" for name in sorted(parts)) + "}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _but_for_windows(self, need: Need) -> Need | None:
        """Return the need of before that has other windows and is else the same, if there is one."""
        old = self._need.get(need.id)
        return old if old is not None and is_alike(old, need, {"windows"}) else None

    def _texts_of(self, needs: Iterable[Need]) -> list[str]:
        """Return the texts of needs. Windows come last in a text, and many needs share them, all or some."""
        windows: dict[int, str] = {}
        one: dict[int, str] = {}
        texts = []
        for need in needs:
            text = self._texts.get(id(need))
            if text is None and (old := self._but_for_windows(need)) is not None:
                key = id(need.windows)
                if key not in windows:
                    for window in need.windows:
                        if id(window) not in one:
                            one[id(window)] = _text(window)
                    windows[key] = f"[{','.join(one[id(window)] for window in need.windows)}]"
                before = self._texts[id(old)]
                text = before[: before.rindex(WINDOWS) + len(WINDOWS)] + windows[key] + "}"
            texts.append(text or _text(need))
        return texts


def _text(item: Any) -> str:
    """Return an item as canonical JSON."""
    data = item.model_dump(mode="json", by_alias=True, exclude_defaults=True) if hasattr(item, "model_dump") else item
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
