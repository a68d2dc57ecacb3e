"""From a programme to a week: how many of those recruited, registered and founded would offer hours, as edits; and what that does to service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.compare import compare
from scenarios.edits import Case, ScenarioSet
from scenarios.edits.files import scenarios_from

if TYPE_CHECKING:
    from matcher.problem import Problem
    from scenarios.edits.models import Settings
    from scenarios.targets.program import Programme
    from scenarios.targets.standing import Standing
    from scenarios.workers import Told

Json = dict[str, Any]
_SORTS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("volunteer", "volunteers", ("register",)),
    ("social_worker", "social_workers", ("recruit", "recruit_certified", "convert")),
    ("organization", "organizations", ("organization",)),
)
"""Of each kind: the figure that counts all there are, and the actions that bring more."""


def edits_of(problem: Problem, standings: Sequence[Standing], programme: Programme) -> dict[str, list[Json]]:
    """Return the edits of the week that a programme amounts to, by group: ``volunteer``, ``social_worker``, ``organization``, ``certify``.

    Only some of those registered offer hours in one week. The share is the week's own: its people of a kind over all there are of that kind in
    its communities. Of those added the same share offers hours, shared out over the communities by largest remainders.
    """
    out: dict[str, list[Json]] = {}
    for kind, figure, actions in _SORTS:
        active = sum(1 for one in problem.providers if one.kind == kind and one.shifts)
        there = sum(standing.value(figure) for standing in standings)
        gained = {standing.community.id: sum(programme.actions.get(standing.community.id, {}).get(a, 0) for a in actions) for standing in standings}
        counts = _shared_out({name: number * active / there if there else 0.0 for name, number in gained.items()})
        if active and any(counts.values()):
            out[kind] = [{"edit": "add_providers", "kind": kind, "count": count, "communities": [name]} for name, count in counts.items() if count]
    taught = []
    for standing in standings:
        number = programme.actions.get(standing.community.id, {}).get("certify", 0)
        without = [
            one.id for one in problem.providers if one.kind == "social_worker" and one.community == standing.community.id and one.certificate is None
        ]
        taught += without[:number]
    if taught:
        out["certify"] = [{"edit": "train", "who": {"ids": taught}, "certificate": "assistant"}]
    return out


def _shared_out(parts: dict[str, float]) -> dict[str, int]:
    """Return whole numbers near the parts whose sum is that of the parts, rounded; the largest remainders are rounded up."""
    counts = {name: int(part) for name, part in parts.items()}
    left = round(sum(parts.values())) - sum(counts.values())
    for name in sorted(parts, key=lambda name: (counts[name] - parts[name], name))[: max(0, left)]:
        counts[name] += 1
    return counts


def effect(
    problem: Problem,
    standings: Sequence[Standing],
    programme: Programme,
    folder: Path,
    settings: Settings,
    *,
    jobs: int = 2,
    on_step: Told | None = None,
) -> Json:
    """Solve the week before and after a programme, and after each part of it alone; returns the comparison of `scenarios.compare`.

    Scenarios are called ``all`` and, for each group of edits, as in `edits_of`.
    """
    groups = edits_of(problem, standings, programme)
    file = {"scenarios": [{"id": "all", "edits": [edit for edits in groups.values() for edit in edits]}]}
    if len(groups) > 1:
        file["scenarios"] += [{"id": name, "edits": edits} for name, edits in groups.items()]
    made = scenarios_from(file)
    cases: tuple[Case, ...] = made.cases
    return compare(problem, ScenarioSet("", "", settings, cases, {}), folder, jobs=jobs, on_step=on_step)
