"""How a command ends: JSON on stdout, talk on stderr, and one exit code for each kind of end.

=====  =======================================================================
code   meaning
=====  =======================================================================
0      done
1      done, and the answer is no (`matcher check` found violations)
2      bad input: the command line, a file, a problem, a plan
3      a mistake of this program
130    stopped at once by the user
141    whoever read the output went away
=====  =======================================================================
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import typer

from matcher.errors import Fault, FaultyInput

DONE, NO, BAD_INPUT, INTERNAL, ABORTED, GONE = 0, 1, 2, 3, 130, 141
SHOWN_FAULTS = 50
"""How many faults are listed on stderr; the JSON on stdout has them all."""

_UsageError = typer.BadParameter.__bases__[0]


class RefusedInput(Exception):
    """Something that a command was given and cannot use: what it is, which file it came from, and every fault of it."""

    def __init__(self, what: str, faults: Iterable[Fault], file: str | None = None) -> None:
        self.what = what
        self.file = file
        self.faults = tuple(faults)
        super().__init__(what)

    def to_json(self) -> dict[str, Any]:
        """Return the error as plain JSON values."""
        return error_json(self.what, self._headline(), self.faults, self.file)

    def __str__(self) -> str:
        if self._is_plain():
            return self._headline()
        lines = [self._headline(), *(f"  {fault}" for fault in self.faults[:SHOWN_FAULTS])]
        if len(self.faults) > SHOWN_FAULTS:
            lines.append(f"  ... and {len(self.faults) - SHOWN_FAULTS} more")
        return "\n".join(lines)

    def _headline(self) -> str:
        count = len(self.faults)
        text = self.faults[0].message if self._is_plain() else f"the {self.what} has {count} fault{'s' if count != 1 else ''}"
        return f"{self.file}: {text}" if self.file else text

    def _is_plain(self) -> bool:
        """Whether the only fault is one of the whole, so that it needs no list."""
        return len(self.faults) == 1 and not self.faults[0].path


def error_json(what: str, message: str, faults: Iterable[Fault] = (), file: str | None = None) -> dict[str, Any]:
    """Return the one form in which every error is written: what was wrong, in which file, and each fault with its path."""
    listed = [{"path": fault.path, "message": fault.message, "code": fault.code} for fault in faults]
    return {"error": {"what": what, **({"file": file} if file else {}), "message": message, "faults": listed}}


def say(text: str) -> None:
    """Write a line of talk to stderr; whoever has closed it does not want it."""
    try:
        print(text, file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        return


class OutputLost(Exception):
    """What was to go to stdout could not be written; the cause is the system's error. (Not an OSError: typer would take it for its own.)"""


def write(text: str) -> None:
    """Write text to stdout as UTF-8, whatever the locale, and flush it; raises `OutputLost` where that cannot be done."""
    try:
        sys.stdout.flush()
        stream = getattr(sys.stdout, "buffer", None)
        if stream is None:
            sys.stdout.write(text)
        else:
            stream.write(text.encode("utf-8", errors="replace"))
        sys.stdout.flush()
    except OSError as error:
        raise OutputLost from error


def write_json(data: Any) -> None:
    """Write plain JSON values to stdout."""
    write(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def file_fault(error: OSError, path: str | Path) -> RefusedInput:
    """Turn an operating system's error about a file into what a command says of it."""
    reason = (error.strerror or str(error)).removeprefix(f"{path}: ")
    return RefusedInput("file", [Fault("", reason[:1].lower() + reason[1:], "file")], str(path))


def run(app: typer.Typer, argv: list[str] | None = None) -> NoReturn:
    """Run a command line to its end: every error becomes words on stderr, JSON on stdout and an exit code; ``--debug`` adds the traceback."""
    argv = list(sys.argv[1:] if argv is None else argv)
    is_debug = "--debug" in argv
    argv = [word for word in argv if word != "--debug"]
    try:
        code = _run(app, argv, is_debug=is_debug)
    except OutputLost as lost:
        # Python would complain once again when it closes stdout, so stdout is pointed elsewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(lost.__cause__, BrokenPipeError):
            raise SystemExit(GONE) from None
        say(f"The output cannot be written: {lost.__cause__}")
        code = BAD_INPUT
    raise SystemExit(code)


def _run(app: typer.Typer, argv: list[str], *, is_debug: bool) -> int:
    try:
        code = app(argv, standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except (KeyboardInterrupt, typer.Abort):
        say("Stopped.")
        return ABORTED
    except typer.Exit as error:
        return error.exit_code
    except Exception as error:
        if isinstance(error, OutputLost):
            raise
        if is_debug:
            traceback.print_exc()
        refused = _as_refused(error)
        if refused is not None:
            say(str(refused))
            write_json(refused.to_json())
            return BAD_INPUT
        if isinstance(error, _UsageError):
            error.show()  # type: ignore[attr-defined]
            message = error.format_message()  # type: ignore[attr-defined]
            write_json(error_json("command line", message, [Fault("", message, "usage")]))
            return BAD_INPUT
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        say(f"Internal error: {line}\nThis is a mistake of this program. Run the command again with --debug to see where, and please report it.")
        write_json(error_json("program", line))
        return INTERNAL


def _as_refused(error: Exception) -> RefusedInput | None:
    if isinstance(error, RefusedInput):
        return error
    if isinstance(error, FaultyInput):
        return RefusedInput(error.what, error.faults)
    if isinstance(error, OSError) and error.filename is not None:
        return file_fault(error, str(error.filename))
    return None
