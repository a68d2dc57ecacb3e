"""The command line: ``python -m benchmarks hhcrsp``, ``week``, ``make-week``, ``proofs``, ``table``, ``compare``. JSON on stdout, talk on stderr.

What takes long to import is imported only by the commands that need it, so that help is quick.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.console import NO, RefusedInput, file_fault, run, say, write, write_json
from matcher.errors import Fault

if TYPE_CHECKING:
    from benchmarks.contest import Run
    from benchmarks.families import Instance

app = typer.Typer(
    name="python -m benchmarks",
    help="Measure the engine on instances that others can judge, beside peers.",
    epilog="Results are JSON on stdout, talk is on stderr. Exit codes: 0 done, 1 the solution breaks a rule, 2 bad input, 3 internal error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

RESULTS = Path("benchmarks") / "results"
MAX_VISITS = 100_000
TOLD_EVERY = 10
"""Problems between two lines of progress."""

BudgetOption = Annotated[
    float | None, typer.Option(help="Seconds to search. [default: 10, without a limit where --chunks is given]", show_default=False)
]
ChunksOption = Annotated[int | None, typer.Option(min=0, help="Stop after so many chunks of work; with one thread, the same solution every time.")]
SeedOption = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the random choices.")]
ThreadsOption = Annotated[int, typer.Option(min=1, max=64, help="Searches that run side by side.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here (gzip where the name ends in .gz).")]


@app.callback()
def _all(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Measure the engine on instances that others can judge, beside peers."""


@app.command()
def hhcrsp(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An instance of home health care routing and scheduling: JSON, gzip or not.")],
    *,
    budget: BudgetOption = None,
    chunks: ChunksOption = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = 2,
    output: OutputOption = None,
) -> None:
    """Solve an HHCRSP instance; writes the published form of a solution and prints one line of figures."""
    limits = _limits(budget, chunks, seed, threads)
    _check_target(output, file)
    from benchmarks import contest  # noqa: PLC0415
    from benchmarks import hhcrsp as family  # noqa: PLC0415
    from benchmarks.judge import judge  # noqa: PLC0415

    instance = _read(family.read, file)
    solution, result = contest.solve_hhcrsp(instance, **limits)
    if output is not None:
        _save(output, solution)
    verdict = judge(instance, solution)
    parts = {name: round(getattr(verdict, name), 4) for name in ("cost", "distance", "total_tardiness", "max_tardiness")}
    _line({"feasible": verdict.is_feasible, **parts, "seconds": round(result.seconds, 2), "seed": seed, "chunks": result.chunks}, verdict.broken)


@app.command()
def week(
    file: Annotated[Path, typer.Argument(metavar="WEEK", help="A neutral week: JSON, gzip or not.")],
    *,
    budget: BudgetOption = None,
    chunks: ChunksOption = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = 2,
    prove: Annotated[float, typer.Option(min=0, max=10**6, help="Seconds, after the search, to prove a weight that no plan exceeds.")] = 0,
    output: OutputOption = None,
) -> None:
    """Solve a neutral week; writes the routes by index of shift and prints one line of figures."""
    limits = _limits(budget, chunks, seed, threads)
    _check_target(output, file)
    from benchmarks import contest, neutral  # noqa: PLC0415

    content = _read(neutral.read, file)
    routes, result = contest.solve_week(content, **limits)
    if output is not None:
        _save(output, {"routes": routes})
    verdict = neutral.judge(content, routes)
    broken = verdict.pop("broken")
    of = {"of": neutral.total_weight(content), "visits": len(content["visits"])}
    if prove > 0:
        of["at_most"] = contest.most_weight(content, result.plan, prove, threads)
    _line({"feasible": not broken, **verdict, **of, "seconds": round(result.seconds, 2), "seed": seed, "chunks": result.chunks}, broken)


@app.command()
def make_week(
    visits: Annotated[int, typer.Argument(min=1, max=MAX_VISITS, metavar="VISITS", help="How many visits.")],
    providers: Annotated[int, typer.Argument(min=1, max=MAX_VISITS, metavar="PROVIDERS", help="How many providers.")],
    seed: Annotated[int, typer.Argument(min=0, max=2**31 - 1, metavar="SEED", help="Seed of the week.")],
    *,
    output: OutputOption = None,
) -> None:
    """Make a neutral week: one person a visit, skills, several day windows, priorities."""
    _check_target(output)
    from benchmarks.neutral import make_week as make  # noqa: PLC0415

    made = make(visits, providers, seed)
    if output is None:
        write(json.dumps(made) + "\n")
        return
    _save(output, made)
    write(json.dumps({"visits": visits, "providers": providers, "shifts": len(made["shifts"]), "file": str(output)}) + "\n")


@app.command()
def proofs(
    part: Annotated[str, typer.Argument(metavar="PART", help="What is held against what: exhaustive, search, bound or recruits.")],
    *,
    problems: Annotated[int, typer.Option(min=1, max=MAX_VISITS, help="How many random problems.")] = 100,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Number of the first one; the others follow.")] = 1,
    visits: Annotated[
        int | None,
        typer.Option(min=2, max=100, help="Visits of the largest. [default: 12, 40 for search, 15 for recruits]", show_default=False),
    ] = None,
    budget: Annotated[float, typer.Option(min=0, max=10**4, help="Seconds of an ordinary run (search).")] = 5.0,
    threads: ThreadsOption = 2,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Problems at work at the same time.")] = 1,
) -> None:
    """Hold proofs against what they must agree with on random small problems; prints one line of figures, exit code 1 where one is wrong."""
    from benchmarks.proofs import PARTS, Limits, Tally, measure  # noqa: PLC0415

    chosen = next((known for known in PARTS if known == part), None)
    if chosen is None:
        raise RefusedInput("command line", [Fault("", f"PART should be one of {', '.join(PARTS)}, was {part!r}", "unknown")])

    def tell(done: int, tally: Tally) -> None:
        if done % TOLD_EVERY == 0:
            say(f"[{done}/{problems}] {tally.counts}, wrong: {tally.wrong}")

    limits = Limits(budget=budget, threads=threads)
    figures = measure(chosen, range(seed, seed + problems), most=visits, limits=limits, jobs=jobs, on_progress=tell)
    write(json.dumps(figures) + "\n")
    if figures["wrong"]:
        raise typer.Exit(NO)


@app.command()
def table(
    *,
    families: Annotated[str, typer.Option(help="Families, with commas between.")] = "mankowska,kummer,italian,neutral",
    budget: Annotated[float, typer.Option(min=0.1, max=10**6, help="Seconds of each run.")] = 60,
    seeds: Annotated[str, typer.Option(help="Seeds, with commas between; 1-10 means all from 1 to 10.")] = "1",
    peers: Annotated[str, typer.Option(help="Peers that run beside the engine on neutral weeks, with commas between.")] = "vroom,pyvrp,ortools",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many instances of each size of a family.")] = None,
    threads: ThreadsOption = 2,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Runs at the same time: no more than there are cores for their threads.")] = 1,
    results: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the runs, tables and plots are kept.")] = RESULTS,
    only_write: Annotated[bool, typer.Option("--only-write", help="Run nothing: write the tables of the runs that are there.")] = False,
) -> None:
    """Run families, seeds and peers, and write tables and plots of all runs so far.

    Each run is added to runs.jsonl as it ends; a second call skips those that are there, so that it may be stopped at any time.
    """
    from benchmarks import contest  # noqa: PLC0415
    from benchmarks.families import FAMILIES, first_of_each_group, instances_of  # noqa: PLC0415

    chosen = _choice("families", families, FAMILIES)
    rivals = _choice("peers", peers, contest.PEERS)
    numbers = _numbers(seeds)
    results.mkdir(parents=True, exist_ok=True)
    file = results / "runs.jsonl"
    try:
        runs = contest.read_runs(file)
    except ValueError as error:
        raise RefusedInput("file", [Fault("", str(error), "syntax")], str(file)) from None
    if not only_write:
        instances = first_of_each_group(tuple(instance for family in chosen for instance in instances_of(family)), limit)
        _run_all(planned(instances, rivals, numbers, budget, threads), runs, file, jobs)
    _write_results(runs, results)
    write_json({"runs": len(runs), "results": str(results)})


@app.command()
def compare(
    before: Annotated[str, typer.Argument(metavar="COMMIT_A", help="The commit that is the measure.")],
    after: Annotated[str, typer.Argument(metavar="COMMIT_B", help="The commit that is measured by it.")],
    *,
    k: Annotated[str | None, typer.Option("-k", metavar="EXPRESSION", help="Only benchmarks whose names match, as pytest has it.")] = None,
    m: Annotated[str, typer.Option("-m", metavar="MARK", help="Only benchmarks with this mark; an empty one for all.")] = "smoke",
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often each commit has its turn.")] = 3,
) -> None:
    """Run the suites at two commits in turn, and print how many times as long the second takes."""
    from benchmarks.compare import CompareError, report  # noqa: PLC0415
    from benchmarks.compare import compare as measure  # noqa: PLC0415

    options = [*(["-m", m] if m else []), *(["-k", k] if k else [])]
    try:
        found, odd = measure(before, after, rounds, options, say)
    except CompareError as error:
        raise RefusedInput("command line", [Fault("", str(error), "conflict")]) from None
    for each in found:
        say(f"{each.ratio:7.3f}  {each.before:12.6f} s  {each.after:12.6f} s  {each.name}")
    write_json(report(found, odd))


def planned(instances: list[Instance], peers: list[str], seeds: list[int], budget: float, threads: int) -> list[tuple[Run, Instance]]:
    """Return every run that is wanted, a round of all contestants on each instance: each peer stands beside the engine at the same hour."""
    from benchmarks.contest import OWN, SEEDLESS, plan_run  # noqa: PLC0415

    runs = [
        (plan_run(instance, contestant, 0 if contestant in SEEDLESS else seed, budget, threads), instance)
        for seed in seeds
        for instance in instances
        for contestant in (OWN, *(peers if instance.is_neutral else ()))
    ]
    return list({run.key: (run, instance) for run, instance in reversed(runs)}.values())[::-1]


def _run_all(wanted: list[tuple[Run, Instance]], runs: list[Run], file: Path, jobs: int = 1) -> None:
    from benchmarks.contest import add_run, do_run  # noqa: PLC0415
    from benchmarks.machine import load  # noqa: PLC0415

    there = {run.key for run in runs if not run.error}
    left = [(run, instance) for run, instance in wanted if run.key not in there]
    say(f"{len(left)} runs, {len(wanted) - len(left)} are there already")
    if left and load() > 0.5:
        say(f"The machine is busy (load {load():.1f}); figures measured now are worth little.")
    with ThreadPoolExecutor(jobs) as pool:
        under_way = [pool.submit(do_run, run, instance) for run, instance in left]
        try:
            for k, future in enumerate(as_completed(under_way), start=1):
                done = future.result()
                add_run(file, done)
                runs.append(done)
                what = done.error or ("no valid solution" if done.cost is None else f"cost {done.cost:,.2f}")
                say(f"[{k}/{len(left)}] {done.group} {done.instance} {done.contestant} seed {done.seed}: {what}, {done.seconds:.1f} s")
        finally:  # on Ctrl-C what has not begun never does
            pool.shutdown(wait=False, cancel_futures=True)


def _write_results(runs: list[Run], folder: Path) -> None:
    from benchmarks.plots import draw  # noqa: PLC0415
    from benchmarks.tables import runs_to_csv, summarize, to_csv, to_markdown  # noqa: PLC0415
    from matcher.files import write_atomic  # noqa: PLC0415

    plots = draw(runs, folder)
    for name, text in (("README.md", to_markdown(runs, plots)), ("summary.csv", to_csv(summarize(runs))), ("runs.csv", runs_to_csv(runs))):
        write_atomic(folder / name, text)


def _limits(budget: float | None, chunks: int | None, seed: int, threads: int) -> dict[str, Any]:
    if budget is not None and not 0 <= budget <= 10**7:
        raise RefusedInput("command line", [Fault("", f"--budget should be from 0 to 10000000 seconds, was {budget}", "range")])
    return {"budget": 10.0 if budget is None and chunks is None else budget, "chunks": chunks, "seed": seed, "threads": threads}


def _choice(option: str, text: str, known: tuple[str, ...]) -> list[str]:
    chosen = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    odd = [word for word in chosen if word not in known]
    if odd or (option == "families" and not chosen):
        raise RefusedInput("command line", [Fault("", f"--{option} should be of {', '.join(known)}, was {', '.join(odd) or 'empty'}", "unknown")])
    return chosen


def _numbers(text: str) -> list[int]:
    try:
        parts = [[int(end) for end in part.split("-")] for part in text.split(",")]
        if any(len(part) > 2 or not 0 <= part[0] <= part[-1] < 2**31 or part[-1] - part[0] > 1000 for part in parts):
            raise ValueError(text)
    except ValueError:
        raise RefusedInput("command line", [Fault("", f"--seeds should be like 1,2,3 or 1-10, was {text!r}", "range")]) from None
    return list(dict.fromkeys(number for part in parts for number in range(part[0], part[-1] + 1)))


def _read(read: Any, file: Path) -> dict[str, Any]:
    from benchmarks.shape import InstanceError  # noqa: PLC0415

    try:
        content: dict[str, Any] = read(file)
    except InstanceError as error:
        raise RefusedInput(error.what, error.faults, str(file)) from None
    except OSError as error:
        raise file_fault(error, file) from None
    return content


def _line(figures: dict[str, Any], broken: list[str]) -> None:
    """Print one line of figures; a solution that breaks a rule ends the command with 1."""
    write(json.dumps({**figures, **({"broken": broken[:20]} if broken else {})}) + "\n")
    if broken:
        raise typer.Exit(NO)


def _check_target(output: Path | None, source: Path | None = None) -> None:
    """Refuse, before any work is done, a file that could not be written at the end or would replace the input."""
    fault = ""
    if output is None:
        return
    if output.is_dir():
        fault = "is a directory; should be a file to write"
    elif not output.parent.is_dir():
        fault = f"the folder {str(output.parent)!r} does not exist"
    elif source is not None and output.exists() and source.exists() and output.samefile(source):
        fault = "is the input of this command; should be another file"
    if fault:
        raise RefusedInput("file", [Fault("", fault, "file")], str(output))


def _save(output: Path, content: Any) -> None:
    from matcher.files import write_atomic  # noqa: PLC0415

    try:
        write_atomic(output, json.dumps(content) + "\n")
    except OSError as error:
        raise file_fault(error, output) from None


def main() -> None:
    """Run the command line; every error becomes one clear message and an exit code."""
    run(app)
