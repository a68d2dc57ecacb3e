"""How commands read what they are given and write what they made: JSON, or workbooks where the name of a file says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from matcher.console import RefusedInput, file_fault, say
from matcher.errors import Fault, FaultyInput
from matcher.files import is_book, write_atomic
from matcher.words import Lang, usual_lang, word

if TYPE_CHECKING:
    from matcher.plan import Plan
    from matcher.problem import Problem

T = TypeVar("T")


def read_problem(name: str, lang: Lang | None = None) -> Problem:
    """Read a problem from JSON or a workbook; raises `RefusedInput` with every fault. `lang` is that of the faults of workbooks."""
    from matcher.problem import Problem

    if is_book(name):
        with_books()
        from matcher.books.files import read_week

        return read(name, partial(read_week, lang=lang or usual_lang(), tell=say), Problem.parse)
    return read(name, Problem.read, Problem.parse)


def read_plan(name: str, lang: Lang | None = None) -> Plan:
    """Read a plan from JSON, or from a workbook that `matcher solve` wrote; raises `RefusedInput` with every fault."""
    from matcher.plan import Plan

    if is_book(name):
        with_books()
        from matcher.books.files import read_plan as read_plan_book

        return read(name, partial(read_plan_book, lang=lang or usual_lang()), Plan.parse)
    return read(name, Plan.read, Plan.parse)


def read(name: str, read_file: Callable[[str], T], parse: Callable[[bytes], T]) -> T:
    """Read a file, or standard input where its name is ``-``; raises `RefusedInput`."""
    try:
        return parse(sys.stdin.buffer.read()) if name == "-" else read_file(name)
    except FaultyInput as error:
        raise RefusedInput(error.what, error.faults, "standard input" if name == "-" else name) from None
    except OSError as error:
        raise file_fault(error, name) from None


def read_file_bytes(name: str) -> bytes:
    """Return the content of a file."""
    from matcher.files import read_bytes

    return read_bytes(name)


def with_books() -> None:
    """Refuse, in words, what needs the libraries of the extra ``books`` where they are not installed."""
    try:
        import icalendar  # noqa: F401
        import jinja2  # noqa: F401
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise RefusedInput("program", [Fault("", word(usual_lang(), "book.no_library", name=error.name), "missing")]) from None


def only_one_stdin(*names: str | None) -> None:
    """Refuse to read two inputs from standard input."""
    if names.count("-") > 1:
        raise RefusedInput("command line", [Fault("", "only one input can be read from standard input", "conflict")])


def check_target(output: Path, source: str) -> None:
    """Refuse, before any work is done, a file that could not be written at the end or would replace the input."""
    fault = ""
    if output.is_dir():
        fault = "is a directory; should be a file to write"
    elif not output.parent.is_dir():
        fault = f"the folder {str(output.parent)!r} does not exist"
    elif output.exists() and Path(source).exists() and output.samefile(source):
        fault = "is the input of this command; should be another file"
    if fault:
        raise RefusedInput("file", [Fault("", fault, "file")], str(output))
    if is_book(output):
        with_books()


def save(output: Path, content: str | bytes) -> None:
    """Write a file as a whole; raises `RefusedInput` where it cannot be written."""
    try:
        write_atomic(output, content)
    except OSError as error:
        raise file_fault(error, output) from None


def save_problem(output: Path, problem: Problem, lang: Lang) -> None:
    """Write a problem as JSON, or as a workbook where the name says so."""
    if is_book(output):
        from matcher.books.files import week_bytes

        save(output, week_bytes(problem, output, lang))
    else:
        save(output, problem.to_json() + "\n")


def save_plan(output: Path, problem: Problem, plan: Plan, lang: Lang) -> None:
    """Write a plan as JSON, or as a workbook where the name says so."""
    if is_book(output):
        from matcher.books.files import plan_bytes

        save(output, plan_bytes(problem, plan, output, lang))
    else:
        save(output, plan.to_json() + "\n")
