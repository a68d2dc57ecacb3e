"""The command line: ``matcher solve``, ``check``, ``show`` and what goes with them. JSON on stdout, talk on stderr.

The engine is imported only by the commands that need it, so that help and tables are quick.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from matcher.cli_books import register as register_books
from matcher.cli_files import check_target, only_one_stdin, read, read_file_bytes, read_plan, read_problem, save, save_plan, save_problem
from matcher.console import BAD_INPUT, DONE, NO, RefusedInput, run, say, write, write_json
from matcher.errors import Fault
from matcher.words import Lang, usual_lang, word

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcher.plan import Result

app = typer.Typer(
    name="matcher",
    help="Match residents' needs to volunteers, social workers and organizations for a week. 四社联动",
    epilog="Results are JSON on stdout, talk is on stderr. Exit codes: 0 done, 1 violations found, 2 bad input, 3 internal error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

T = TypeVar("T")

WeekFile = Annotated[
    str, typer.Argument(metavar="WEEK", help="A problem: JSON (gzip or not), or a workbook (.xlsx, .zip of CSV); - reads standard input.")
]
PlanFile = Annotated[
    str, typer.Argument(metavar="PLAN", help="A plan or a result: JSON (gzip or not), or a workbook that solve wrote; - reads standard input.")
]
LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language of the words: zh or en. Left out, the locale's.", show_default=False)]


def _version(is_asked: bool) -> None:
    if is_asked:
        from matcher.versions import own_version

        write(own_version() + "\n")
        raise typer.Exit


@app.callback()
def _all(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Match residents' needs to volunteers, social workers and organizations for a week. 四社联动"""


@app.command()
def solve(
    week: WeekFile,
    *,
    budget: Annotated[
        float | None, typer.Option(help="Seconds to search. [default: 10, without a limit where --chunks is given]", show_default=False)
    ] = None,
    chunks: Annotated[int | None, typer.Option(min=0, help="Stop after so many chunks of work; with one thread, the same plan every time.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the random choices.")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Searches that run side by side.")] = 2,
    start: Annotated[str | None, typer.Option(metavar="PLAN", help="Start from this plan.")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Find the best plan and prove it; for small weeks. Tried anyway where it is quick.")] = False,
    prove: Annotated[
        float, typer.Option(min=0, max=10**7, help="Seconds more (after the search, or beside it), to prove how much better a plan could be.")
    ] = 0.0,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the plan here and only the figures to stdout.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    lang: LangOption = None,
) -> None:
    """Plan a week: who serves whom, when, with whom, paid by what.

    Ctrl-C stops the search and keeps the best plan so far; a second one aborts at once. The plan is verified before it is written.
    """
    from matcher.progress import stop_on_signal, watched

    if budget is not None and not 0 <= budget <= 10**7:
        raise RefusedInput("command line", [Fault("", f"--budget should be from 0 to 10000000 seconds, was {budget}", "range")])
    if budget is None and chunks is None:
        budget = 10.0
    only_one_stdin(week, start)
    if output is not None:
        check_target(output, week)
    lang = lang or usual_lang()
    problem = read_problem(week, lang)
    plan = read_plan(start, lang) if start is not None else None
    with stop_on_signal(lang) as is_stopped:

        def work(on_progress: Callable[..., None]) -> Result:
            from matcher.solve import solve as find

            return find(
                problem,
                budget=budget,
                chunks=chunks,
                seed=seed,
                threads=threads,
                start=plan,
                exact=exact,
                prove=prove,
                on_progress=on_progress,
                cancelled=is_stopped,
            )

        result = watched(work, budget=budget, lang=lang, is_quiet=quiet)
        if output is None:
            write_json({**result.summary(), "plan": json.loads(result.plan.to_json())})
        else:
            save_plan(output, problem, result.plan, lang)
            write_json({**result.summary(), "file": str(output)})
    if not quiet:
        say(_closing(result, output, lang))


@app.command()
def check(week: WeekFile, plan: PlanFile, *, lang: LangOption = None) -> None:
    """Verify a plan against its problem: every rule, and the cost term by term.

    Exit code 0 if the plan is clean, 1 if it breaks a rule.
    """
    only_one_stdin(week, plan)
    from matcher.check import check as verify

    problem = read_problem(week)
    report = verify(problem, read_plan(plan))
    lang = lang or usual_lang()
    write_json(report.to_json())
    for violation in report.violations[:SHOWN_VIOLATIONS]:
        who = " ".join(str(part) for part in (violation.visit, violation.provider) if part)
        say(f"{word(lang, f'rule.{violation.rule}')}: {who + ': ' if who else ''}{violation.message}")
    if len(report.violations) > SHOWN_VIOLATIONS:
        say(f"... {len(report.violations) - SHOWN_VIOLATIONS}")
    key = "check.clean" if report.is_clean else "check.broken"
    say(word(lang, key, cost=f"{report.cost:,}", count=len(report.violations)))
    raise typer.Exit(DONE if report.is_clean else NO)


SHOWN_VIOLATIONS = 50
"""How many violations are listed on stderr; the JSON on stdout has them all."""


@app.command()
def show(
    plan: PlanFile,
    *,
    by: Annotated[Literal["day", "provider", "community"], typer.Option(help="What the tables are grouped by.")] = "day",
    wide: Annotated[bool, typer.Option("--wide", help="Cut no column to the width of the terminal.")] = False,
    lang: LangOption = None,
) -> None:
    """Print a plan as tables: the week by day and provider, and the visits left out, with the reason."""
    from matcher.show import render, sections_of

    lang = lang or usual_lang()
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal and not wide else None
    text, is_cut = render(sections_of(read_plan(plan), lang, by), width=width, is_styled=is_terminal and "NO_COLOR" not in os.environ)
    write(text)
    if is_cut:
        say(word(lang, "show.cut"))


BudgetOption = Annotated[float, typer.Option(min=0, max=10**7, help="Seconds.")]
SeedOption = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the random choices.")]
TopOption = Annotated[int, typer.Option(min=0, max=1000, help="How many of the ranking are tried out.")]
RepeatsOption = Annotated[int, typer.Option(min=1, max=100, help="How often each is tried, with another seed each time.")]
NowOption = Annotated[str | None, typer.Option(metavar="MOMENT", help="Nothing new is planned before it: YYYY-MM-DDTHH:MM.", show_default=False)]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="JSON only: no words on stderr.")]


@app.command()
def explain(
    week: WeekFile,
    plan: PlanFile,
    visit: Annotated[str, typer.Argument(metavar="VISIT", help="A visit: the id of a need, # and a number, such as n1#1.")],
    *,
    budget: Annotated[float, typer.Option(min=0, max=10**7, help="Seconds after which no further change is tried.")] = 2.0,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Say why a visit is left out, whom it would displace and what would help; or why it is served as it is, and how else it could be."""
    only_one_stdin(week, plan)
    problem, found = read_problem(week, lang), read_plan(plan, lang)
    from matcher.cli_answers import explain_visit

    explain_visit(problem, found, visit, budget=budget, seed=seed, lang=lang or usual_lang(), is_quiet=quiet)


@app.command()
def prices(
    week: WeekFile,
    *,
    plan: Annotated[str | None, typer.Option(metavar="PLAN", help="The plan to start from. Left out, one is made in a quarter of the time.")] = None,
    budget: BudgetOption = 60.0,
    top: TopOption = 10,
    repeats: RepeatsOption = 3,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Say what one, five and ten more hours of each scarce kind of time, or 100 yuan of each fund, are worth in served urgency."""
    _priced(week, plan, is_recruits=False, budget=budget, top=top, repeats=repeats, seed=seed, quiet=quiet, lang=lang)


@app.command()
def recruits(
    week: WeekFile,
    *,
    plan: Annotated[str | None, typer.Option(metavar="PLAN", help="The plan to start from. Left out, one is made in a quarter of the time.")] = None,
    budget: BudgetOption = 60.0,
    top: TopOption = 10,
    repeats: RepeatsOption = 3,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Rank one more volunteer (with what skill, where, on which weekday) and the training of those who are there."""
    _priced(week, plan, is_recruits=True, budget=budget, top=top, repeats=repeats, seed=seed, quiet=quiet, lang=lang)


@app.command()
def diff(
    week: WeekFile,
    a: Annotated[str, typer.Argument(metavar="A", help="A plan.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another plan of the same week.")],
    *,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Compare two plans of a week: what became of each visit, who has to be told what, and the cost term by term."""
    only_one_stdin(week, a, b)
    problem, before, after = read_problem(week), read_plan(a), read_plan(b)
    from matcher.cli_answers import compare

    compare(problem, before, after, lang=lang or usual_lang(), is_quiet=quiet)


def _priced(
    week: str, plan: str | None, *, is_recruits: bool, budget: float, top: int, repeats: int, seed: int, quiet: bool, lang: Lang | None
) -> None:
    only_one_stdin(week, plan)
    problem = read_problem(week)
    found = read_plan(plan) if plan is not None else None
    from matcher.cli_answers import price

    lang = lang or usual_lang()
    price(problem, found, is_recruits=is_recruits, budget=budget, top=top, repeats=repeats, seed=seed, lang=lang, is_quiet=quiet)


@app.command()
def replan(
    week: WeekFile,
    plan: PlanFile,
    events: Annotated[str, typer.Argument(metavar="EVENTS", help="What happened: JSON, as docs/living.md has it.")],
    *,
    now: NowOption = None,
    promise: Annotated[list[str] | None, typer.Option(metavar="VISIT", help="A visit that is promised; may stand several times.")] = None,
    notice: Annotated[int, typer.Option(min=0, max=10**6, help="Minutes after now within which every visit is promised.")] = 0,
    price: Annotated[int | None, typer.Option(min=0, max=10**9, help="What each change costs. Left out, as the week says.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, max=10**7, help="Seconds to search the whole week for changes worth their price.")] = None,
    chunks: Annotated[int | None, typer.Option(min=0, help="The same, in chunks of work.")] = None,
    seed: SeedOption = 1,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the plan here.")] = None,
    new_week: Annotated[Path | None, typer.Option("--week", metavar="FILE", help="Write the week as it is now here.")] = None,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Plan again after something happened, changing as little as it must: who has to be told what, and what it costs."""
    only_one_stdin(week, plan, events)
    for target in (output, new_week):
        if target is not None:
            check_target(target, week)
    from matcher.cli_living import moment, replan_week, tell_replanned
    from matcher.living.events import Events, EventsError

    problem, before = read_problem(week, lang), read_plan(plan, lang)
    happened = read(events, lambda name: Events.parse(read_file_bytes(name)), Events.parse)
    policy: dict[str, object] = {"promised": promise or (), "notice": notice, "price": price, "seed": seed}
    if now is not None:
        policy["now"] = moment(now, "now", EventsError)
    lang = lang or usual_lang()
    found = replan_week(problem, before, happened, policy=policy, budget=budget, chunks=chunks, lang=lang)
    if new_week is not None:
        save_problem(new_week, found.problem, lang)
    if output is not None:
        save_plan(output, found.problem, found.plan, lang)
    tell_replanned(found, has_plan=output is None, lang=lang, is_quiet=quiet)


@app.command()
def recommend(
    week: WeekFile,
    plan: PlanFile,
    visit: Annotated[str | None, typer.Argument(metavar="[VISIT]", help="A visit of the week; with --need, one of the new need's.")] = None,
    *,
    need: Annotated[str | None, typer.Option(metavar="FILE", help="A new need: JSON.")] = None,
    resident: Annotated[str | None, typer.Option(metavar="FILE", help="Its resident, if the week does not have them: JSON.")] = None,
    now: NowOption = None,
    top: TopOption = 10,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Recommend the best teams and times for a visit that nobody serves, or a new need, with their cost; the plan stays as it is."""
    only_one_stdin(week, plan, need, resident)
    if visit is None and need is None:
        raise RefusedInput("command line", [Fault("", "a visit or --need should be given", "missing")])
    from matcher.cli_living import moment, read_object, recommend_visit
    from matcher.errors import PlanError, ProblemError

    problem, given = read_problem(week, lang), read_plan(plan, lang)
    asked: dict[str, object] = {"visit": visit, "top": top}
    for name, file in (("need", need), ("resident", resident)):
        if file is not None:
            asked[name] = read(file, lambda path: read_object(read_file_bytes(path), ProblemError), lambda text: read_object(text, ProblemError))
    if now is not None:
        asked["now"] = moment(now, "now", PlanError)
    recommend_visit(problem, given, asked, lang=lang or usual_lang(), is_quiet=quiet)


@app.command()
def evaluate(
    week: WeekFile,
    plan: PlanFile,
    *,
    top: Annotated[int, typer.Option(min=0, max=1000, help="How many changes are suggested.")] = 3,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Judge a plan of your own: its cost, every broken rule, and the single changes that would help most.

    Exit code 0 if the plan is clean, 1 if it breaks a rule.
    """
    only_one_stdin(week, plan)
    problem, given = read_problem(week, lang), read_plan(plan, lang)
    from matcher.cli_living import evaluate_plan

    raise typer.Exit(DONE if evaluate_plan(problem, given, top=top, lang=lang or usual_lang(), is_quiet=quiet) else NO)


@app.command()
def what_if(
    week: WeekFile,
    plan: PlanFile,
    visit: Annotated[str, typer.Argument(metavar="VISIT", help="The visit that is moved.")],
    *,
    to: Annotated[str | None, typer.Option(metavar="PROVIDER", help="Who serves it then.")] = None,
    role: Annotated[str | None, typer.Option(help="In which role, where there are several.")] = None,
    at: Annotated[str | None, typer.Option(metavar="MOMENT", help="When it starts then: YYYY-MM-DDTHH:MM.")] = None,
    room: Annotated[str | None, typer.Option(help="In which room.")] = None,
    out: Annotated[bool, typer.Option("--out", help="Leave it out instead.")] = False,
    quiet: QuietOption = False,
    lang: LangOption = None,
) -> None:
    """Try out a move of one visit: which rules it would break, and what it would cost. Exit code 1 if it breaks one."""
    only_one_stdin(week, plan)
    from matcher.cli_living import moment, try_move
    from matcher.errors import PlanError

    problem, given = read_problem(week, lang), read_plan(plan, lang)
    move: dict[str, object] = {"visit": visit, "provider": to, "role": role, "room": room, "out": out}
    move["start"] = moment(at, "at", PlanError) if at is not None else None
    raise typer.Exit(DONE if try_move(problem, given, move, lang=lang or usual_lang(), is_quiet=quiet) else NO)


@app.command()
def picture(
    plan: PlanFile,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the picture here instead of to stdout.")] = None,
    lang: LangOption = None,
) -> None:
    """Draw a plan as a week board: a row for each provider, a bar for each service (SVG)."""
    from matcher.picture import board

    if output is not None:
        check_target(output, plan)
    drawn = board(read_plan(plan), lang or usual_lang())
    if output is None:
        write(drawn)
    else:
        save(output, drawn)


@app.command()
def validate(week: WeekFile) -> None:
    """Say whether a problem is valid; if not, every fault with its path. Exit code 2 if it is not."""
    try:
        problem = read_problem(week)
    except RefusedInput as refused:
        if refused.what not in {"problem", "workbook"}:
            raise
        say(str(refused))
        write_json({"is_valid": False, **refused.to_json()["error"]})
        raise typer.Exit(BAD_INPUT) from None
    counts = {"needs": len(problem.needs), "visits": len(problem.visits), "providers": len(problem.providers), "shifts": len(problem.shifts)}
    write_json({"is_valid": True, "faults": [], "digest": problem.digest, **counts})


@app.command()
def schema(what: Annotated[Literal["problem", "plan"], typer.Argument(metavar="problem|plan", help="Which format.")]) -> None:
    """Print the JSON Schema of a format."""
    from matcher.plan import Plan
    from matcher.problem import Problem

    model = Problem if what == "problem" else Plan
    write_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)})


@app.command()
def rules(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    lang: LangOption = None,
) -> None:
    """List the hard rules and the terms of the objective, each with its code and what it means."""
    from matcher.rules import Rule, Term
    from matcher.show import Section, render

    lang = lang or usual_lang()
    parts = {
        kind: [{"code": str(code), "name": word(lang, f"{kind}.{code}"), "says": word(lang, f"{kind}.{code}.says")} for code in codes]
        for kind, codes in (("rule", Rule), ("term", Term))
    }
    if as_json:
        write_json({"rules": parts["rule"], "terms": parts["term"]})
        return
    heads = {"rule": ("code", "rule", "says"), "term": ("code", "term", "adds")}
    titles = {"rule": "title.hard", "term": "title.terms"}
    sections = [
        Section(word(lang, titles[kind]), [word(lang, f"head.{head}") for head in heads[kind]], [list(row.values()) for row in rows])
        for kind, rows in parts.items()
    ]
    write(render(sections)[0])


def _closing(result: Result, output: Path | None, lang: Lang) -> str:
    from matcher.show import percent

    figures = result.plan.figures
    placed = ""
    if figures is not None:
        share = percent(figures.urgency_weight_assigned, figures.urgency_weight)
        placed = word(lang, "title.placed", assigned=figures.assigned, visits=figures.visits, share=share)
    text = word(
        lang, "solve.closing", placed=placed, cost=f"{result.cost:,}", seconds=f"{result.seconds:.1f}", status=word(lang, f"status.{result.status}")
    )
    return text + (word(lang, "solve.file", file=output) if output is not None else "")


register_books(app)


def main() -> None:
    """Run the command line; every error becomes one clear message and an exit code."""
    run(app)
