"""What the commands `explain`, `prices`, `recruits` and `diff` do: the answer as JSON on stdout, the same in tables on stderr."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from matcher.console import say, write_json
from matcher.diff import diff
from matcher.explain import explain
from matcher.prices import STAGES, Prices, prices, recruits
from matcher.progress import stop_on_signal
from matcher.show import Section, render
from matcher.solve import solve
from matcher.tell import difference_sections, explanation_sections, price_sections
from matcher.words import Lang, word

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

PAUSE = 2.0
"""Seconds between two lines of progress."""
FIRST_PLAN, DUALS, THREADS = 0.25, 0.25, 2
"""Shares of the budget that go to a plan where none is given and to the duals of prices, and shifts that are priced for these at the same time."""


def explain_visit(problem: Problem, plan: Plan, visit: str, *, budget: float, seed: int, lang: Lang, is_quiet: bool) -> None:
    """Explain one visit."""
    with stop_on_signal(lang) as is_stopped:
        answer = explain(problem, plan, visit, budget=budget, seed=seed, cancelled=is_stopped)
    write_json(answer.to_json())
    if not is_quiet:
        _tell(explanation_sections(answer, lang))


def price(
    problem: Problem, plan: Plan | None, *, is_recruits: bool, budget: float, top: int, repeats: int, seed: int, lang: Lang, is_quiet: bool
) -> None:
    """Price hours and funds, or recruits."""
    began = time.monotonic()
    last = [-PAUSE]

    def tell(done: int, total: int, code: str) -> None:
        now = time.monotonic()
        if not is_quiet and now - last[0] >= PAUSE:
            last[0] = now
            say(
                word(
                    lang,
                    "price.progress",
                    done=done,
                    total=total,
                    what=word(lang, f"price.{code}" if code in STAGES else f"code.{code}"),
                    seconds=f"{now - began:.1f}",
                )
            )

    with stop_on_signal(lang) as is_stopped:
        if plan is None:
            plan = solve(problem, budget=FIRST_PLAN * budget, seed=seed, cancelled=is_stopped).plan

        def is_over() -> bool:
            return is_stopped() or time.monotonic() - began >= budget

        ask: Callable[..., Prices] = recruits if is_recruits else prices
        found = ask(problem, plan, prove=DUALS * budget, threads=THREADS, top=top, repeats=repeats, seed=seed, is_over=is_over, on_progress=tell)
    write_json(found.to_json())
    if not is_quiet:
        _tell(price_sections(found, lang, is_recruits=is_recruits))


def compare(problem: Problem, a: Plan, b: Plan, *, lang: Lang, is_quiet: bool) -> None:
    """Compare two plans."""
    found = diff(problem, a, b)
    write_json(found.to_json())
    if not is_quiet:
        _tell(difference_sections(found, lang))


def _tell(sections: list[Section]) -> None:
    is_terminal = sys.stderr.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else None
    say(render(sections, width=width)[0].rstrip("\n"))
