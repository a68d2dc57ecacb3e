"""Weeks and plans as workbooks. All of it runs in processes beside the server's own: a file from outside may hold far more than it seems to."""

from __future__ import annotations

import copy
import datetime as dt
import io
import re
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from api.reading import described
from api.store.packing import unpacked
from matcher.errors import Fault, FaultyInput
from matcher.plan import Plan
from matcher.problem import Problem
from matcher.words import LANGS, Lang

try:
    import resource
except ImportError:  # not there on every system
    resource = None  # type: ignore[assignment]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
Form = Literal["xlsx", "zip"]
FORMS: dict[str, Form] = {XLSX: "xlsx", ZIP: "zip"}
MEDIA: dict[Form, str] = {form: media for media, form in FORMS.items()}
MEMORY = 1024**3
"""Bytes that reading one workbook may take."""
RESERVE = 16 * 1024**2
"""Of these, what is kept back for saying that the rest was not enough."""
STATM = Path("/proc/self/statm")
CHUNK = 1 << 16


class TooLarge(FaultyInput):
    """A workbook unpacks to more than may be sent, or takes more memory than it may."""

    what = "workbook"


def is_there(library: str = "openpyxl") -> bool:
    """Return whether a library for workbooks and calendars (the extra ``books``) is installed."""
    return find_spec(library) is not None


def lang_of(accepted: str | None) -> Lang:
    """Return the language that an Accept-Language header likes best: Chinese or English; English where it names neither."""
    best: tuple[float, Lang] = (0.0, "en")
    for part in (accepted or "").split(","):
        found = re.fullmatch(r"\s*([a-zA-Z]{2})(?:-[\w-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", part)
        lang = next((lang for lang in LANGS if found is not None and lang == found[1].lower()), None)
        if found is not None and lang is not None and float(found[2] or 1) > best[0]:
            best = (float(found[2] or 1), lang)
    return best[1]


def read_book(data: bytes, form: Form, lang: Lang, most: int, memory: int = MEMORY) -> dict[str, Any]:
    """Read a week from a workbook.

    Parameters
    ----------
    data
        An Excel workbook, or a zip of CSV files, as `form` says.
    lang
        Language of the faults.
    most
        Bytes that it may unpack to.
    memory
        Bytes that this process may take in addition while it reads.

    Returns
    -------
    dict
        As `api.reading.described` has it, and under ``unread`` what was in the workbook and not read.

    Raises
    ------
    BookError
        With every fault, each with its cell.
    TooLarge
        If it unpacks to more bytes, or takes more memory, than it may.
    """
    from matcher.books.csvzip import read_csv_zip  # noqa: PLC0415 - openpyxl takes its time, and may not be installed
    from matcher.books.errors import BookError, said  # noqa: PLC0415
    from matcher.books.excel import read_excel  # noqa: PLC0415
    from matcher.books.reading import Reading  # noqa: PLC0415
    from matcher.books.tokens import Misread  # noqa: PLC0415

    before = _limit(memory)
    reserve: bytearray | None = bytearray(RESERVE)
    try:
        wrong = _unsound(data, most)
        if wrong is not None:
            raise Misread("no_excel" if form == "xlsx" else "no_zip", "syntax", why=wrong)
        reading = Reading(read_csv_zip(data) if form == "zip" else read_excel(data), lang)
        return {**described(reading.problem()), "unread": list(reading.notes)}
    except Misread as error:
        raise BookError([Fault("", said(error, lang), error.code)]) from None
    except MemoryError:
        # Where nothing is left, even to say so takes memory.
        reserve = None
        _restore(before)
        raise TooLarge([Fault("", f"the workbook takes more than {memory >> 20} MiB of memory to read", "range")]) from None
    finally:
        del reserve
        _restore(before)


def _unsound(data: bytes, most: int) -> str | None:
    """Unpack every file of a zip once, piece by piece, and forget it; returns why the zip cannot be trusted, or None.

    Sizes in the directory of a zip are only what its maker claims; whoever relies on them unpacks gigabytes out of a few kilobytes.
    """
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None  # no zip at all; the reader says what it is instead
    left = most
    with packed:
        for item in packed.infolist():
            if item.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                return f"{item.filename}: unusual compression"
            probe = copy.copy(item)
            # Beyond what is allowed, so that reading passes the limit before it comes to this end.
            probe.file_size = left + 2 * CHUNK
            size = 0
            try:
                with packed.open(probe) as file:
                    while piece := file.read(CHUNK):
                        size += len(piece)
                        if size > left:
                            raise TooLarge([Fault("", f"the workbook may have {most} bytes, unpacked", "range")])
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
                return f"{item.filename}: {error}"
            if size != item.file_size:
                return f"{item.filename}: not of the size that it claims"
            left -= size
    return None


def _limit(more: int) -> tuple[int, int] | None:
    """Let this process take so many bytes more and no others, where the system can say how many it has; returns the limits before."""
    if resource is None or not STATM.exists():
        return None
    taken = int(STATM.read_text().split()[0]) * resource.getpagesize()
    soft, hard = before = resource.getrlimit(resource.RLIMIT_AS)
    limits = [taken + more, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    return before


def _restore(before: tuple[int, int] | None) -> None:
    if before is not None:
        resource.setrlimit(resource.RLIMIT_AS, before)


def template_book(form: Form, lang: Lang, start: str | None, *, is_empty: bool) -> bytes:
    """Return the workbook to fill in, for the week that starts on a day (the next Monday, if none is given), with or without examples."""
    from matcher.books.example import empty_week, example_week, next_monday  # noqa: PLC0415
    from matcher.books.files import week_bytes  # noqa: PLC0415

    first = dt.date.fromisoformat(start) if start is not None else next_monday(dt.date.today())
    week = empty_week(first) if is_empty else example_week(first, lang)
    return week_bytes(week, f"week.{form}", lang, is_example=not is_empty)


def week_book(problem: bytes, form: Form, lang: Lang) -> bytes:
    """Return a stored problem as a workbook. Raises `BookError` where a text is longer than a cell can hold."""
    from matcher.books.files import week_bytes  # noqa: PLC0415

    return week_bytes(Problem.parse(unpacked(problem)), f"week.{form}", lang)


def plan_book(problem: bytes, plan: bytes, form: Form, lang: Lang) -> bytes:
    """Return a stored plan as a workbook: sheets by day, person and community, and what is left out."""
    from matcher.books.files import plan_bytes  # noqa: PLC0415

    return plan_bytes(Problem.parse(unpacked(problem)), Plan.parse(unpacked(plan)), f"plan.{form}", lang)
