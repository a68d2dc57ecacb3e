"""The command line: weeks that are made, edited and compared. JSON on stdout, talk on stderr.

What a command needs is imported only by it, so that help is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from matcher.console import NO, RefusedInput, file_fault, run, say, write, write_json
from matcher.errors import Fault
from scenarios.words import Lang, usual_lang

app = typer.Typer(
    name="scenarios",
    help="Make weeks to plan, change them, and say what next year's money should buy. 四社联动",
    epilog="Results are JSON on stdout, talk is on stderr. Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 internal error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
make = typer.Typer(name="make", help="Make a week.", no_args_is_help=True)
app.add_typer(make)


@app.callback()
def _all(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,  # noqa: ARG001 - console.run reads it
) -> None:
    if version:
        from matcher.versions import own_version

        write(own_version() + "\n")
        raise typer.Exit


@make.command()
def weihai(
    *,
    size: Annotated[str, typer.Option(help="community (15 visits), street (300), district (3,000) or city (40,000).")] = "street",
    seed: Annotated[int, typer.Option(help="Seed of the week; from 0 to 2147483647.")] = 1,
    where: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="A community, street or district by name or code. [default: the size's own]", show_default=False),
    ] = None,
    scarcity: Annotated[
        float | None,
        typer.Option(help="How short people are: the share of what is asked for that nobody offers. [default: 0.1]", show_default=False),
    ] = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="Add a plan in force, of those who usually serve.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the week here (gzip where the name ends in .gz) and only figures to stdout."),
    ] = None,
) -> None:
    """Make a week of Weihai.

    Names, streets, districts and shapes are real; positions, people and needs are made from the seed. Equal arguments give equal bytes.
    """
    if output is not None:
        _check_target(output)
    from scenarios.weihai.sizes import ScenarioError
    from scenarios.weihai.week import SCARCITY, make_week

    try:
        problem = make_week(size, seed, where=where, scarcity=SCARCITY if scarcity is None else scarcity, in_force=in_force)
    except ScenarioError as error:
        raise RefusedInput("command line", [Fault("", f"--{fault.path[1:]} {fault.message}", fault.code) for fault in error.faults]) from None
    text = problem.to_json() + "\n"
    if output is None:
        write(text)
        return
    _save(output, text)
    counts: dict[str, Any] = {
        "needs": len(problem.needs),
        "visits": len(problem.visits),
        "providers": len(problem.providers),
        "shifts": len(problem.shifts),
    }
    write_json({"file": str(output), "size": size, "seed": seed, **counts, "digest": problem.digest})
    say(f"{problem.name}: {counts['visits']} visits, {counts['providers']} providers. Written to {output}.")


WeekFile = Annotated[
    str,
    typer.Argument(metavar="WEEK", help="A problem: JSON (gzip or not), an Excel workbook or a zip of CSV files; - reads JSON from standard input."),
]
ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIOS", help="Scenarios: YAML or JSON, see docs/scenarios.md.")]
LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language of the words: zh or en. Left out, the locale's.", show_default=False)]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
JobsOption = Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Processes that solve side by side, one thread each.")]


@app.command()
def schema(what: Annotated[Literal["scenarios", "targets"], typer.Argument(metavar="scenarios|targets", help="Which format.")] = "scenarios") -> None:
    """Print the JSON Schema of a format."""
    from scenarios.answers import schema_of

    write_json(schema_of(what))


@app.command()
def validate(week: WeekFile, scenarios: ScenarioFile) -> None:
    """Say whether every edit of every scenario can be applied to a week; if not, every fault with its path. Exit code 2 if it is not."""
    from scenarios.answers import checked

    write_json(checked(week, scenarios))


@app.command()
def apply(
    week: WeekFile,
    scenarios: ScenarioFile,
    scenario: Annotated[str, typer.Argument(metavar="ID", help="Which scenario; a point of a grid is called 'grid[name=value]'.")],
    *,
    draw: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The replicate: seed of what is drawn.")] = 1,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the week here (JSON or a workbook) instead of to stdout.")
    ] = None,
) -> None:
    """Write the week of one scenario, its edits applied."""
    if output is not None:
        _check_target(output)
    from matcher.cli_files import save_problem
    from scenarios.answers import edited

    made, figures = edited(week, scenarios, scenario, draw)
    if output is None:
        write(made.to_json() + "\n")
        return
    save_problem(output, made, usual_lang())
    write_json({"file": str(output), **figures})


@app.command("run")
def run_scenarios(
    week: WeekFile,
    scenarios: ScenarioFile,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the report; runs that are finished there are kept.")],
    budget: Annotated[float | None, typer.Option(help="Seconds a run. [default: the file's, else 5]", show_default=False)] = None,
    chunks: Annotated[int | None, typer.Option(min=1, help="Chunks of work a run, instead of seconds.", show_default=False)] = None,
    seeds: Annotated[int | None, typer.Option(min=1, max=100, help="Repeats. [default: the file's, else 3]", show_default=False)] = None,
    prove: Annotated[float | None, typer.Option(min=0, help="Seconds to prove a bound for each scenario.", show_default=False)] = None,
    cold: Annotated[bool, typer.Option("--cold", help="Start each run from nothing instead of from the plan of the base week.")] = False,
    jobs: JobsOption = 2,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Solve a week and every scenario of it, and say what differs and what is noise.

    Everything has the same budget and the same seeds. The folder gets a result for each run, from which a run that was cut short goes on.
    """
    from scenarios.answers import compared

    settings = {"budget": budget, "chunks": chunks, "seeds": seeds, "prove": prove, "warm": False if cold else None}
    write_json(compared(week, scenarios, output, settings, jobs=jobs, is_quiet=quiet, lang=lang or usual_lang()))


@app.command()
def targets(
    week: WeekFile,
    *,
    inputs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is known or assumed beyond the week: YAML or JSON, over scenarios/data/targets.yaml.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="2017 or 2020: the targets of which year. [default: the inputs']", show_default=False)] = None,
    effect: Annotated[bool, typer.Option("--effect/--no-effect", help="Solve the week before and after.")] = True,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the report and of the runs.")] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds a run. [default: 5]", show_default=False)] = None,
    chunks: Annotated[int | None, typer.Option(min=1, help="Chunks of work a run, instead of seconds.", show_default=False)] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Repeats.")] = 3,
    jobs: JobsOption = 2,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Say where each community stands against the targets of the 2015 document, the least that meets them all, and what that does to the week.

    Exit code 1 if the targets cannot be met within the limits of the inputs.
    """
    from scenarios.answers_targets import targeted

    settings = {"budget": budget, "chunks": chunks, "seeds": seeds}
    found = targeted(week, inputs, year, output, settings if effect else None, jobs=jobs, is_quiet=quiet, lang=lang or usual_lang())
    write_json(found)
    if found["programme"]["status"] not in ("optimal", "feasible"):
        raise typer.Exit(NO)


@app.command()
def invest(
    week: WeekFile,
    *,
    goal: Annotated[float, typer.Option(min=0, max=1, help="The urgency-weighted service rate to reach.")] = 0.95,
    cost: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=YUAN",
            help="What one more of something costs a week: recruit, train, hour_volunteer, hour_social_worker, hour_organization, fund (100 yuan). "
            "May stand several times.",
        ),
    ] = None,
    most: Annotated[float | None, typer.Option(min=0, help="Yuan a week that may be spent. [default: any]", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Keep the answer, the week and the plan here.")] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds a plan. [default: 2]", show_default=False)] = None,
    chunks: Annotated[int | None, typer.Option(min=1, help="Chunks of work a plan, instead of seconds.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the random choices.")] = 1,
    tries: Annotated[int | None, typer.Option(min=1, max=1_000_000, help="Weeks to try at most. [default: 600]", show_default=False)] = None,
    jobs: JobsOption = 2,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Find what to recruit, train and fund to reach a service rate cheaply, and the curve of service against money.

    Every point of the curve is a verified plan; that no way is cheaper is not proved. Exit code 1 if the goal is not reached.
    Ctrl-C keeps the best so far. The folder gets every plan on the way, from which a search that was cut short goes on.
    """
    from scenarios.answers_risks import invested

    limits = {"budget": budget, "chunks": chunks}
    chosen = {"jobs": jobs, "most": most, "seed": seed, "tries": tries}
    found = invested(week, goal, cost or [], output, limits | chosen, is_quiet=quiet, lang=lang or usual_lang())
    write_json(found)
    if not found["is_reached"]:
        raise typer.Exit(NO)


@app.command()
def robust(
    week: WeekFile,
    *,
    plan: Annotated[str | None, typer.Option(metavar="PLAN", help="The plan to try. Left out, one is made.")] = None,
    volunteer: Annotated[float | None, typer.Option(min=0, max=1, help="Chance that a volunteer is absent on a day. [default: 0.08]")] = None,
    social_worker: Annotated[float | None, typer.Option(min=0, max=1, help="The same of a social worker. [default: 0.03]")] = None,
    organization: Annotated[float | None, typer.Option(min=0, max=1, help="The same of an organization. [default: 0.02]")] = None,
    late: Annotated[float, typer.Option(min=0, max=1, help="Chance that a visit begins late.")] = 0.1,
    late_minutes: Annotated[float, typer.Option(min=0, max=600, help="By how many minutes on average.")] = 10.0,
    urgent: Annotated[float, typer.Option(min=0, max=500, help="New urgent needs in the week, on average.")] = 2.0,
    urgent_category: Annotated[str | None, typer.Option(help="Their category. [default: the one most asked for]", show_default=False)] = None,
    draws: Annotated[int, typer.Option(min=2, max=10_000, help="Weeks that are drawn.")] = 100,
    replanned: Annotated[int, typer.Option(min=0, max=10_000, help="How many of these are planned again as well.")] = 20,
    candidates: Annotated[int, typer.Option(min=0, max=100, help="Other plans among which the one that holds best is looked for.")] = 5,
    chunks: Annotated[int, typer.Option(min=1, help="Chunks of work of each plan.")] = 10,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Keep the answer and the best plan here.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=100_000, help="Seed of the draws and plans.")] = 1,
    jobs: JobsOption = 2,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Try a plan on weeks as they might go: people who do not come, visits that begin late, urgent needs that come up.

    Says what service to expect, as planned and planned again; the worst tenth; whose absence costs most; which spare people would help on which day.
    The folder gets what is done on the way, from which a trial that was cut short goes on.
    """
    from scenarios.answers_risks import tried

    shares = {"volunteer": volunteer, "social_worker": social_worker, "organization": organization}
    risks = {**shares, "late": late, "late_minutes": late_minutes, "urgent": urgent, "urgent_category": urgent_category}
    settings = {"draws": draws, "replanned": replanned, "candidates": candidates, "chunks": chunks, "seed": seed}
    write_json(tried(week, plan, risks, output, settings, jobs=jobs, is_quiet=quiet, lang=lang or usual_lang()))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that run, targets, invest or robust wrote to.")],
    *,
    lang: LangOption = None,
) -> None:
    """Write the page and the workbook of a folder anew, in another language for example."""
    from scenarios.answers import rewritten

    write_json(rewritten(folder, lang or usual_lang()))


def _check_target(output: Path) -> None:
    """Refuse, before any work is done, a file that could not be written at the end."""
    fault = ""
    if output.is_dir():
        fault = "is a directory; should be a file to write"
    elif not output.parent.is_dir():
        fault = f"the folder {str(output.parent)!r} does not exist"
    if fault:
        raise RefusedInput("file", [Fault("", fault, "file")], str(output))


def _save(output: Path, text: str) -> None:
    from matcher.files import write_atomic

    try:
        write_atomic(output, text)
    except OSError as error:
        raise file_fault(error, output) from None


def main() -> None:
    """Run the command line; every error becomes one clear message and an exit code."""
    run(app)


if __name__ == "__main__":
    main()
