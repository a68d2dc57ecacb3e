"""Books as CSV files in one zip, a file for each sheet: for those who have no Excel."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
import zlib

from matcher.books.excel import MAX_UNPACKED
from matcher.books.grid import Book, Grid, Value
from matcher.books.tokens import Misread

_UTF8_NAME = 0x800
_FIRST_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)


def read_csv_zip(data: bytes) -> Book:
    """Return the CSV files of a zip as sheets, named for the files. UTF-8 is read, and GB 18030 where it is none; all cells are texts.

    Raises
    ------
    Misread
        The bytes are no zip, or one that unpacks to more than half a gigabyte, or a file in it is in another encoding.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            items = [item for item in packed.infolist() if item.filename.lower().endswith(".csv") and not item.filename.startswith("__MACOSX")]
            if sum(item.file_size for item in items) > MAX_UNPACKED:
                raise Misread("too_large", "syntax")
            return [read_csv(packed.read(item), _name(item)) for item in items]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise Misread("no_zip", "syntax", why=str(error)) from None


def read_csv(data: bytes, title: str) -> Grid:
    """Return one CSV file as a sheet; commas, semicolons and tabs are understood. Raises `Misread` where it is neither UTF-8 nor GB 18030."""
    text = ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Misread("encoding", "syntax", was=title)
    first = text.split("\n", 1)[0]
    mark = max(",;\t", key=lambda char: (first.count(char), char == ","))
    csv.field_size_limit(10**7)
    try:
        rows: list[list[Value]] = [[cell or None for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark)]
    except csv.Error as error:
        raise Misread("no_zip", "syntax", why=str(error)) from None
    return Grid(title, rows)


def _name(item: zipfile.ZipInfo) -> str:
    name = item.filename
    if not item.flag_bits & _UTF8_NAME:
        # Windows writes the names of a zip in the code page of its user, which Python takes for that of an old IBM PC.
        with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
            name = name.encode("cp437").decode("gb18030")
    return name.rpartition("/")[2][: -len(".csv")]


def csv_zip(book: Book, extra: dict[str, bytes] | None = None) -> bytes:
    """Return a book as a zip of CSV files (UTF-8 with a byte order mark, as Excel wants it), with other files beside them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for grid in book:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\r\n").writerows([["" if value is None else _text(value) for value in row] for row in grid.rows])
            _add(packed, grid.title + ".csv", text.getvalue().encode("utf-8-sig"))
        for name, data in (extra or {}).items():
            _add(packed, name, data)
    return made.getvalue()


def _text(value: Value) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _add(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    item = zipfile.ZipInfo(name, _FIRST_DAY_OF_ZIP)
    item.compress_type = zipfile.ZIP_DEFLATED
    item.external_attr = 0o644 << 16
    packed.writestr(item, data)
