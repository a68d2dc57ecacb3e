"""Reading and writing files: gzip where the first bytes say so, and writes that are whole or not at all."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from pathlib import Path

MAX_BYTES = 2 * 1024**3
BOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".zip")


def is_book(path: str | Path) -> bool:
    """Say whether a file is a workbook by its name: Excel, or a zip of CSV files; anything else is JSON. `matcher.books` reads and writes them."""
    return Path(path).suffix.lower() in BOOK_SUFFIXES


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a file, unpacked if it is gzip. Raises `OSError` where it cannot be read or is damaged."""
    with Path(path).open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if data[:2] == b"\x1f\x8b":
        try:
            unpacker = zlib.decompressobj(wbits=31)
            data = unpacker.decompress(data, MAX_BYTES + 1)
            if not unpacker.eof and len(data) <= MAX_BYTES:
                raise OSError(f"{path}: the gzip file ends too early")
        except zlib.error as error:
            raise OSError(f"{path}: damaged gzip file ({error})") from None
    if len(data) > MAX_BYTES:
        raise OSError(f"{path}: larger than {MAX_BYTES} bytes")
    return data


def write_atomic(path: str | Path, text: str | bytes) -> None:
    """Write text (UTF-8; gzip where the name ends in .gz) or bytes so that a reader sees the old file or the whole new one."""
    target = Path(path)
    data = text.encode() if isinstance(text, str) else text
    if target.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
