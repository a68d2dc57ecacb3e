"""Names, addresses and telephones by id: a sheet of the user's own, joined only in what is printed and never part of a problem or plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.books.csvzip import read_csv
from matcher.books.errors import BookError, said
from matcher.books.excel import read_excel
from matcher.books.tokens import Misread, folded, is_blank, text_of
from matcher.errors import Fault
from matcher.files import read_bytes
from matcher.words import Lang, word

if TYPE_CHECKING:
    from matcher.books.grid import Grid

HEADERS = {
    "id": ("编号", "id", "代号", "居民编号", "人员编号", "code"),
    "name": ("姓名", "name", "名称", "名字"),
    "phone": ("电话", "phone", "手机", "联系电话", "telephone", "mobile", "tel"),
    "address": ("地址", "address", "住址", "家庭住址"),
    "note": ("备注", "note", "notes", "提示"),
    "sort": ("类别", "sort", "type", "种类"),
}
SORTS = {"居民": "resident", "resident": "resident", "人员": "provider", "person": "provider", "provider": "provider", "服务者": "provider"}


@dataclass(frozen=True)
class Contact:
    """How somebody is reached."""

    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""


@dataclass(frozen=True)
class Contacts:
    """Contacts by id. Where a resident and a provider share an id, the column of sorts tells them apart."""

    of: dict[tuple[str, str], Contact]

    def find(self, sort: str, name: str) -> Contact | None:
        """Return the contact of a ``resident`` or a ``provider``; None where there is none."""
        return self.of.get((sort, name)) or self.of.get(("", name))


def read_contacts(path: str | Path, lang: Lang, data: bytes | None = None) -> Contacts:
    """Read contacts from a CSV file or the first sheet of an Excel workbook.

    Parameters
    ----------
    path
        The file; its suffix says which of the two it is.
    data
        Its content, where it was read already.

    Raises
    ------
    BookError
        There is no column of ids, or an id stands twice; with the cells.
    OSError
        If the file cannot be read.
    """
    content = read_bytes(path) if data is None else data
    try:
        if Path(path).suffix.lower() in {".xlsx", ".xlsm", ".xls"}:
            grids = read_excel(content)
            return _contacts(grids[0], lang)
        return _contacts(read_csv(content, Path(path).stem), lang)
    except Misread as wrong:
        raise BookError([Fault("", said(wrong, lang), wrong.code)]) from None


def _contacts(grid: Grid, lang: Lang) -> Contacts:
    columns: dict[str, int] = {}
    for index, value in enumerate(grid.rows[0] if grid.rows else (), 1):
        for key, words in HEADERS.items():
            if isinstance(value, str) and folded(value) in words:
                columns.setdefault(key, index)
    if "id" not in columns:
        raise BookError([Fault(str(grid.cell(1, 1)), word(lang, "book.no_column", was=HEADERS["id"][0 if lang == "zh" else 1]), "missing")])
    found: dict[tuple[str, str], Contact] = {}
    faults: list[Fault] = []
    for row in range(2, len(grid.rows) + 1):
        texts: dict[str, str] = {}
        for key, index in columns.items():
            try:
                texts[key] = text_of(grid.value(row, index))
            except Misread as wrong:
                faults.append(Fault(str(grid.cell(row, index)), said(wrong, lang), wrong.code))
                texts[key] = ""
        if is_blank(texts["id"]):
            continue
        who = (SORTS.get(folded(texts.get("sort", "")), ""), texts["id"])
        if who in found:
            faults.append(Fault(str(grid.cell(row, columns["id"])), said(Misread("twice", was=texts["id"]), lang), "duplicate"))
        found[who] = Contact(*(texts.get(name, "") for name in ("name", "phone", "address", "note")))
    if faults:
        raise BookError(faults)
    return Contacts(found)
