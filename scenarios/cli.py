"""The command line: ``scenarios make weihai``. JSON on stdout, talk on stderr.

The maker is imported only by the command that needs it, so that help is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from matcher.console import RefusedInput, file_fault, run, say, write, write_json
from matcher.errors import Fault

app = typer.Typer(
    name="scenarios",
    help="Make weeks to plan: real communities of Weihai, synthetic people and needs. 四社联动",
    epilog="Results are JSON on stdout, talk is on stderr. Exit codes: 0 done, 2 bad input, 3 internal error.",
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
        from importlib.metadata import version as version_of

        write(version_of("sishe-matcher") + "\n")
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
