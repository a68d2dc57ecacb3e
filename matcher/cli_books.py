"""The commands of those who live in a spreadsheet and the telephone: ``matcher template``, ``calendar`` and ``sheets``."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli_files import check_target, only_one_stdin, read, read_file_bytes, read_plan, read_problem, save, save_problem, with_books
from matcher.console import RefusedInput, file_fault, say, write, write_json
from matcher.errors import Fault, PlanError
from matcher.files import is_book
from matcher.words import Lang, usual_lang, word

if TYPE_CHECKING:
    from matcher.books.contacts import Contacts
    from matcher.books.lineage import Step

WeekFile = Annotated[str, typer.Argument(metavar="WEEK", help="A problem: JSON or a workbook; - reads standard input.")]
PlanFile = Annotated[str, typer.Argument(metavar="PLAN", help="A plan: JSON, or a workbook that solve wrote; - reads standard input.")]
LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language of the words: zh or en. Left out, the locale's.", show_default=False)]
ContactsOption = Annotated[
    str | None,
    typer.Option("--contacts", metavar="FILE", help="Names, addresses and telephones by id: CSV or Excel. Never part of a problem or plan."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(template)
    app.command()(calendar)
    app.command()(sheets)


def template(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook to write: .xlsx, or .zip of CSV; with --from, .json as well.")],
    *,
    source: Annotated[str | None, typer.Option("--from", metavar="WEEK", help="Fill it with this week: JSON or another workbook.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="No examples.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First day (YYYY-MM-DD). [default: the next Monday]", show_default=False)] = None,
    lang: LangOption = None,
) -> None:
    """Write a workbook to fill in: drop-down lists, examples, notes in both languages. With --from, turn a week into another kind of file."""
    lang = lang or usual_lang()
    if not is_book(output) and source is None:
        raise RefusedInput("command line", [Fault("", f"should be a file .xlsx or .zip, was {output}", "range")])
    if source is not None and (empty or start is not None):
        raise RefusedInput("command line", [Fault("", "--from cannot be given together with --empty or --start", "conflict")])
    check_target(output, source or "")
    if output.exists() and not force:
        # It may be the week that somebody has been filling in all morning.
        raise RefusedInput("file", [Fault("", word(lang, "book.is_there"), "conflict")], str(output))
    if source is not None:
        save_problem(output, read_problem(source, lang), lang)
    else:
        from matcher.books.example import empty_week, example_week, next_monday
        from matcher.books.files import week_bytes

        try:
            first = dt.date.fromisoformat(start) if start is not None else next_monday(dt.date.today())
        except ValueError:
            raise RefusedInput("command line", [Fault("", f"--start should be a date (YYYY-MM-DD), was {start}", "type")]) from None
        problem = empty_week(first) if empty else example_week(first, lang)
        save(output, week_bytes(problem, output, lang, is_example=not empty))
    say(word(lang, "book.template", file=output))
    write_json({"file": str(output)})


def calendar(
    week: WeekFile,
    plan: PlanFile,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR|FILE", help="A folder for a feed a person; with --provider, the file.")],
    provider: Annotated[str | None, typer.Option(metavar="ID", help="Only the feed of this person.")] = None,
    before: Annotated[
        str | None, typer.Option(metavar="PLAN", help="The plan that they have: what is gone is cancelled, what changed is renumbered.")
    ] = None,
    replanned: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="What `matcher replan` told of the numbers of visits (its JSON); once for each, in order of time."),
    ] = None,
    contacts: ContactsOption = None,
    zone: Annotated[str, typer.Option(metavar="TZID", help="The time zone that the week's times are in.")] = "Asia/Shanghai",
    lang: LangOption = None,
) -> None:
    """Write a calendar (iCalendar) for each person: what they serve, when, where, with whom.

    A feed that is there already is continued: the same visit keeps its identity, changes raise its number, what is gone is cancelled. Planning again
    gives visits other numbers where one before them is gone: `--replanned` says which.
    """
    with_books()
    only_one_stdin(week, plan, before, *(replanned or ()))
    lang = lang or usual_lang()
    problem, found = read_problem(week, lang), read_plan(plan, lang)
    older = read_plan(before, lang) if before is not None else None
    known = _contacts(contacts, lang)
    steps = [_step(name) for name in reversed(replanned or ())]
    from matcher.books.feeds import Feeds, feed_name, zone_of

    where = zone_of(zone)
    if where is None:
        raise RefusedInput("command line", [Fault("", f"--zone should be a time zone such as Asia/Shanghai, was {zone!r}", "unknown")])
    if provider is not None and provider not in {one.id for one in problem.providers}:
        raise RefusedInput("command line", [Fault("", f"--provider: the problem has no provider {provider!r}", "unknown")])
    feeds = Feeds(problem, found, lang=lang, zone=where, before=older, contacts=known, now=dt.datetime.now(dt.UTC), steps=steps)
    is_file = provider is not None and not output.is_dir()
    try:
        if not is_file:
            output.mkdir(parents=True, exist_ok=True)
        written = []
        for one in problem.providers:
            if provider is not None and one.id != provider:
                continue
            path = output if is_file else output / feed_name(one.id)
            text = feeds.feed(one.id, path.read_bytes() if path.exists() else None)
            if text is not None:
                save(path, text)
                written.append({"provider": one.id, "file": str(path), **feeds.counts[one.id]})
    except OSError as error:
        raise file_fault(error, output) from None
    write_json({"feeds": written})


def sheets(
    week: WeekFile,
    plan: PlanFile,
    *,
    contacts: ContactsOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the page here instead of to stdout.")] = None,
    by: Annotated[str, typer.Option(metavar="all|person|community", help="Which pages.")] = "all",
    lang: LangOption = None,
) -> None:
    """Write sheets to print on A4 (HTML): a page for each person and each community, with names, addresses and telephones from a contacts sheet."""
    with_books()
    only_one_stdin(week, plan)
    if by not in {"all", "person", "community"}:
        raise RefusedInput("command line", [Fault("", f"--by should be all, person or community, was {by!r}", "range")])
    if output is not None:
        check_target(output, week)
    lang = lang or usual_lang()
    problem, found = read_problem(week, lang), read_plan(plan, lang)
    known = _contacts(contacts, lang)
    from matcher.books.printed import printed

    text, unknown = printed(problem, found, known, lang, by)
    if unknown and contacts is not None:
        mark = "、" if lang == "zh" else ", "
        say(word(lang, "book.no_contact", count=len(unknown), who=mark.join(unknown[:20]) + (" ..." if len(unknown) > 20 else "")))
    if output is None:
        write(text)
    else:
        save(output, text)
        say(word(lang, "book.template", file=output))


def _step(name: str) -> Step:
    from matcher.books.lineage import Step

    def parse(data: bytes) -> Step:
        try:
            return Step.of(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PlanError([Fault("", "should be what `matcher replan` writes: JSON with renamed and gone", "type")]) from None

    return read(name, lambda path: parse(read_file_bytes(path)), parse)


def _contacts(name: str | None, lang: Lang) -> Contacts:
    from matcher.books.contacts import Contacts, read_contacts

    if name is None:
        return Contacts({})
    return read(name, lambda path: read_contacts(path, lang), lambda data: read_contacts("-.csv", lang, data))
