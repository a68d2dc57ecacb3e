"""Peers solve the same week under the same rules, and count its cost as the judge does."""

from __future__ import annotations

from importlib import import_module

import pytest

from benchmarks import neutral
from benchmarks.contest import PEERS
from benchmarks.peers.pyvrp import merge

SECONDS = 3.0
"""Enough for the slowest to serve somebody on a busy machine."""


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_keeps_the_rules_of_a_neutral_week_and_its_last_cost_is_the_judges(name: str) -> None:
    week = neutral.make_week(25, 6, 1)
    routes, trace = import_module(f"benchmarks.peers.{name}").solve(week, SECONDS, 1, 1)
    verdict = neutral.judge(week, routes)
    assert verdict["broken"] == []
    assert verdict["served"] > 5
    assert trace[-1][1] == neutral.cost_of(week, verdict)


def test_a_week_that_would_not_fit_into_memory_is_not_tried_by_pyvrp(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = import_module("benchmarks.peers.pyvrp")
    monkeypatch.setattr(peer, "SHARE", 0.0)
    with pytest.raises(MemoryError, match="sets of skills"):
        peer.solve(neutral.make_week(25, 6, 1), 0.3, 1, 1)


def test_searches_side_by_side_fall_as_the_best_of_them() -> None:
    assert merge([[(1, 9), (4, 3)], [(2, 5), (3, 6), (5, 4)], []]) == [(1, 9), (2, 5), (4, 3)]
