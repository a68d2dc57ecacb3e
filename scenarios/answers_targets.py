"""What ``scenarios targets`` does between its arguments and its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matcher.cli_files import read_problem
from matcher.console import RefusedInput, file_fault, say
from matcher.errors import Fault
from matcher.files import write_atomic
from scenarios.answers import kept, make_folder, reported, short, teller
from scenarios.edits.models import Settings
from scenarios.figures import places_of
from scenarios.targets import Inputs, InputsFault, least, read_inputs, standing_of
from scenarios.targets.standing import Target, summary
from scenarios.words import Lang, word

Json = dict[str, Any]


def targeted(
    week: str, inputs: Path | None, year: int | None, folder: Path | None, settings: Json | None, *, jobs: int, is_quiet: bool, lang: Lang
) -> Json:
    """Reckon the targets of a week, the least that meets them, and (where there are settings) what that does to the week."""
    problem = read_problem(week, lang)
    known = _inputs(inputs, year)
    try:
        standings = standing_of(problem, known)
    except InputsFault as error:
        raise RefusedInput(error.what, error.faults, str(inputs)) from None
    if folder is not None:
        make_folder(folder)
    programme = least(standings, known)
    of_targets = summary(standings, known)
    found: Json = {
        "format": "sishe-targets-report/1",
        "week": {"name": problem.name, "note": problem.note, "digest": problem.digest},
        "places": places_of(problem),
        "inputs": known.model_dump(mode="json", by_alias=True),
        "summary": of_targets,
        "programme": programme.to_json(),
        "unmet": programme.unmet(standings, known) if programme.status in ("optimal", "feasible") else None,
        "communities": [standing.to_json() for standing in standings],
        "effect": None,
    }
    if not is_quiet:
        _tell(found, lang)
    if settings is not None and programme.status in ("optimal", "feasible"):
        from scenarios.targets.effect import effect  # noqa: PLC0415 - numpy and more load only when something is solved

        given = Settings(**{key: value for key, value in settings.items() if value is not None})
        with kept(folder, lang) as place:
            after = effect(problem, standings, programme, place, given, jobs=jobs, on_step=None if is_quiet else teller(lang))
        found["effect"] = {"settings": after["settings"], "base": short(after["base"]), "scenarios": [short(row) for row in after["scenarios"]]}
        if not is_quiet:
            for row in after["scenarios"]:
                say(f"{word(lang, 'effect.' + row['id'])}: {row['says'][lang]}")
    if folder is not None:
        write_atomic(folder / "targets.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        reported(folder, lang, is_quiet=is_quiet)
    return found


def _inputs(path: Path | None, year: int | None) -> Inputs:
    if year not in (None, 2017, 2020):
        raise RefusedInput("command line", [Fault("", f"--year should be 2017 or 2020, was {year}", "range")])
    try:
        known = read_inputs(path)
    except InputsFault as error:
        raise RefusedInput(error.what, error.faults, str(path)) from None
    except OSError as error:
        raise file_fault(error, str(path)) from None
    return known if year is None else known.model_copy(update={"year": year})


def _tell(found: Json, lang: Lang) -> None:
    for target in Target:
        row = found["summary"].get(str(target))
        if row is not None and row["asked"]:
            say(word(lang, "targets.line", target=word(lang, f"target.{target}"), met=row["met"], asked=row["asked"], missing=f"{row['missing']:,}"))
    programme = found["programme"]
    if programme["status"] not in ("optimal", "feasible"):
        say(word(lang, "targets.infeasible"))
        return
    totals = {name: f"{number:,}" for name, number in programme["totals"].items()}
    key = "targets.least" if programme["status"] == "optimal" else "targets.found"
    shared = sum(loan["social_workers"] for loan in programme["shared"])
    say(word(lang, key, yuan=f"{programme['cost_yuan']:,.0f}", courses=programme["courses"], shared=shared, **totals))
