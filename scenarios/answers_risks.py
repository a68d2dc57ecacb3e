"""What ``scenarios invest`` and ``scenarios robust`` do between their arguments and their answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matcher.cli_files import read_plan, read_problem
from matcher.console import RefusedInput, say
from matcher.errors import Fault, PlanError
from matcher.files import write_atomic
from scenarios.answers import PAUSE, kept, make_folder, reported, teller
from scenarios.words import Lang, word

Json = dict[str, Any]


def invested(
    week: str,
    goal: float,
    costs: list[str],
    folder: Path | None,
    settings: Json,
    *,
    is_quiet: bool,
    lang: Lang,
) -> Json:
    """Find a cheap way to a service rate; with a folder, keep the week and the plan that reach it. After Ctrl-C it is the best so far."""
    from matcher.progress import stop_on_signal  # noqa: PLC0415 - the engine loads only where it is used
    from scenarios.invest import COSTS, TRIES, Over, Progress, invest  # noqa: PLC0415

    prices = _prices(costs, COSTS)
    problem = read_problem(week, lang)
    if folder is not None:
        make_folder(folder)

    last: tuple[str, float] = "", 0.0

    def tell(at: Progress) -> None:
        nonlocal last
        if is_quiet or (at.phase == last[0] and at.seconds - last[1] < PAUSE):
            return
        last = at.phase, at.seconds
        values = {"tried": at.tried, "tries": at.tries, "seconds": f"{at.seconds:.0f}", "rate": f"{100 * at.rate:.1f}%", "yuan": f"{at.yuan:,.0f}"}
        say(word(lang, "invest.step", phase=word(lang, f"invest.phase_{at.phase}"), **values))

    with kept(folder, lang) as place, stop_on_signal(lang) as is_stopped:
        tries = TRIES if settings["tries"] is None else settings["tries"]
        try:
            found = invest(problem, place, goal, costs=prices, cancelled=is_stopped, on_step=tell, **settings | {"tries": tries})
        except Over:
            raise KeyboardInterrupt from None
    after, plan, edits = found.pop("problem"), found.pop("plan"), found.pop("edits")
    if folder is not None:
        write_atomic(folder / "investment.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        write_atomic(folder / "investment-week.json", after.to_json() + "\n")
        write_atomic(folder / "investment-plan.json", plan.to_json() + "\n")
        # as a scenario it can be changed by hand, and held against the week as it is
        scenarios = {"format": "sishe-scenarios/1", "scenarios": [{"id": "investment", "edits": edits}]}
        write_atomic(folder / "investment-scenarios.json", json.dumps(scenarios, ensure_ascii=False, indent=1) + "\n")
        reported(folder, lang, is_quiet=is_quiet)
    if not is_quiet:
        key = "invest.reached" if found["is_reached"] else "invest.missed"
        say(word(lang, key, goal=f"{100 * goal:.0f}%", rate=f"{100 * found['rate']:.1f}%", yuan=f"{found['yuan']:,.0f}"))
        if not found["is_complete"]:
            say(word(lang, "invest.cut", tried=found["tried"]))
    return found


def _prices(given: list[str], known: dict[str, float]) -> dict[str, float]:
    faults, out = [], {}
    for text in given:
        name, sign, value = text.partition("=")
        try:
            out[name] = float(value)
        except ValueError:
            sign = ""
        if not sign or name not in known or not 0 <= out.get(name, -1) < 1e9:
            message = f"--cost should be NAME=YUAN, the name one of {', '.join(known)}, was {text!r}"
            faults.append(Fault("", message, "range"))
    if faults:
        raise RefusedInput("command line", faults)
    return out


def tried(week: str, plan: str | None, risks: Json, folder: Path | None, settings: Json, *, jobs: int, is_quiet: bool, lang: Lang) -> Json:
    """Try a plan (one that is made, where none is given) on weeks as they might go."""
    from matcher.check import check  # noqa: PLC0415 - the engine loads only where it is used
    from scenarios.robust import RISKS, Risks, robustness  # noqa: PLC0415

    problem = read_problem(week, lang)
    category = risks["urgent_category"]
    if category is not None and category not in {need.category for need in problem.needs}:
        raise RefusedInput("command line", [Fault("", f"--urgent-category: the week has no need of category {category!r} to copy", "unknown")])
    given = None
    if plan is not None:
        given = read_plan(plan, lang)
        try:
            report = check(problem, given)
        except PlanError as error:
            raise RefusedInput(error.what, error.faults, plan) from None
        if not report.is_clean:
            raise RefusedInput("plan", [Fault("", f"breaks {len(report.violations)} rules of the week; see matcher check", "conflict")], plan)
    if folder is not None:
        make_folder(folder)
    no_show = {kind: RISKS.no_show[kind] if risks[kind] is None else risks[kind] for kind in RISKS.no_show}
    chances = Risks(no_show, risks["late"], risks["late_minutes"], risks["urgent"], category)
    tell = None if is_quiet else teller(lang, "robust")
    with kept(folder, lang) as place:
        found = robustness(problem, given, place, jobs=jobs, risks=chances, on_step=tell, **settings)
    hedge = found["hedge"].pop("plan") if "hedge" in found else None
    if folder is not None:
        write_atomic(folder / "robustness.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        if hedge is not None:
            write_atomic(folder / "robust-plan.json", hedge.to_json() + "\n")
        reported(folder, lang, is_quiet=is_quiet)
    if not is_quiet:
        for key in ("as_planned", "replanned", "replanned_with_spares"):
            row = found[key]
            if row is not None:
                say(word(lang, f"robust.says.{key}", rate=f"{100 * row['rate']:.1f}%", worst=f"{100 * row['worst_tenth']:.1f}%", draws=row["draws"]))
        volunteers = [row for row in found["single_points"] if row["kind"] == "volunteer"]
        if volunteers:
            say(word(lang, "robust.single_says", name=volunteers[0]["name"], loss=volunteers[0]["loss"], again=volunteers[0]["loss_replanned"]))
    return found
