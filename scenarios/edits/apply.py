"""Applying edits: one after the other to a copy, then everything validated again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcher.errors import Fault, FaultyInput, ProblemError
from matcher.problem import Problem
from matcher.validation import pointer
from scenarios.edits import asks, means, people
from scenarios.edits.draft import LISTS, Draft, Way

if TYPE_CHECKING:
    from scenarios.edits.models import BaseEdit

__all__ = ["Edited", "ScenarioFault", "Way", "apply"]


class ScenarioFault(FaultyInput):
    """Scenarios that cannot be read, or edits that the week has nothing for; every fault at once, by its JSON pointer."""

    what = "scenarios file"


@dataclass(frozen=True)
class Edited:
    """A problem after its edits.

    Attributes
    ----------
    problem : Problem
    way : {'same', 'looser', 'tighter', 'other'}
        Whether every plan of the problem before is one of the problem after (looser), or the other way round (tighter), both or neither.
    """

    problem: Problem
    way: Way


_CHANGES: Final[dict[str, Callable[[Draft, Any], None]]] = {
    name: getattr(module, name)
    for module, names in {
        people: (
            "add_providers",
            "add_people",
            "remove_providers",
            "train",
            "change_hours",
            "change_providers",
            "change_prices",
            "no_shows",
            "pooling",
        ),
        asks: ("add_needs", "remove_needs", "change_urgency", "change_windows", "change_needs", "close_venue", "change_travel"),
        means: ("change_funds", "add_fund", "change_rule", "change_weights"),
    }.items()
    for name in names
}


def apply(problem: Problem, edits: Sequence[BaseEdit], *, draw: int = 1, path: str = "/edits") -> Edited:
    """Return a problem with edits applied in their order; the one given stays as it is.

    Parameters
    ----------
    draw
        The seed of the draws of edits that have none of their own. Equal problems, edits and draws give equal results.
    path
        Where the edits stand in their file, for the faults.

    Raises
    ------
    ScenarioFault
        Every edit that the week has nothing for; or, where each by itself can be done, what does not hang together afterwards.
    """
    if not edits:
        return Edited(problem, "same")
    draft = _drafted(problem, edits, draw, path)
    if draft.faults:
        raise ScenarioFault(draft.faults)
    try:
        return Edited(_built(draft), draft.way)
    except ProblemError as error:
        raise ScenarioFault(_blamed(problem, edits, draw, path, error)) from None


def _drafted(problem: Problem, edits: Sequence[BaseEdit], draw: int, path: str) -> Draft:
    draft = Draft(problem, draw)
    for index, edit in enumerate(edits):
        draft.begin(edit, path + pointer(index))
        _CHANGES[edit.edit](draft, edit)
    return draft


def _built(draft: Draft) -> Problem:
    return Problem.build({key: value for key, value in draft.data.items() if value or key not in LISTS})


def _blamed(problem: Problem, edits: Sequence[BaseEdit], draw: int, path: str, error: ProblemError) -> list[Fault]:
    """Return the faults of an edited problem, with the edit after which they come up first."""
    at = len(edits) - 1
    for count in range(1, len(edits)):
        try:
            _built(_drafted(problem, edits[:count], draw, path))
        except ProblemError as first:
            at, error = count - 1, first
            break
    return [Fault(path + pointer(at), f"the week is not valid after it: {fault.path or '/'}: {fault.message}", fault.code) for fault in error.faults]
