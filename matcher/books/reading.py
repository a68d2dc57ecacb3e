"""A book read as a week: every cell to what JSON has, every fault back to its cell.

Faults of the cells and faults that the engine finds later are given together. What could not be read is stood in for by something harmless, so that
the rest is looked through; faults that only come from the stand-in are left out.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from matcher.books.codecs import Context, Entries, Parsed, Whole
from matcher.books.errors import BookError, Finding, said
from matcher.books.findings import Wording
from matcher.books.grid import Book, Cell, Grid, Value
from matcher.books.ids import Identified, names_of
from matcher.books.layout import SETTINGS, SHEETS, Column
from matcher.books.tables import Table, Tables, find_tables, header_words
from matcher.books.tokens import EMPTY, Misread, folded, is_blank, tidy
from matcher.errors import Fault, ProblemError
from matcher.problem import SPEEDS_KMH, Problem, Weights
from matcher.validation import pointer
from matcher.visits import need_of
from matcher.words import Lang, has_word, word

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACES = re.compile(r"/location(?:/|$)|^/travel")
_TIMES = re.compile(r"/(?:windows|preferred|shifts|opening|visits|gap|start|day|spacing)(?:/|$)")
_PASSES = 4


class Reading:
    """One reading of a book. `problem` gives the week, or raises `BookError`; `notes` says what was not read."""

    def __init__(self, book: Book, lang: Lang) -> None:
        self.lang = lang
        self.tables: Tables = find_tables(book, lang)
        self.findings: list[Finding] = list(self.tables.findings)
        self.cells: dict[str, tuple[int, Cell]] = {}
        self.soft: set[str] = set()
        """Paths whose values are stand-ins, or cannot be judged because of one."""
        self.data: dict[str, Any] = {}
        self.soft_needs: set[str] = set()
        self.soft_people: set[str] = set()
        self.book = book
        self.ids: dict[tuple[int, int], Identified] = {}
        self.context = Context(lang, {})

    @property
    def notes(self) -> list[str]:
        """What is in the book and was not read."""
        return self.tables.notes

    def problem(self) -> Problem:
        """Return the week that the book holds.

        Raises
        ------
        BookError
            With every fault, each with its cell.
        """
        self._settings()
        self.context.names, self.ids, found = names_of(self.tables, self.lang)
        self.findings.extend(found)
        for sheet in SHEETS:
            for table in self.tables.of.get(sheet.key, ()):
                if sheet.key == "shifts":
                    self._shifts(table)
                else:
                    self._rows(table)
        self._weights()
        self._travel()
        problem = self._built()
        if self.findings or problem is None:
            faults = [finding.fault() for finding in sorted(self.findings, key=lambda finding: finding.order)]
            raise BookError(dict.fromkeys(faults))
        return problem

    # cells

    def _fault(self, rank: int, cell: Cell, wrong: Misread) -> None:
        if wrong.key:
            self.findings.append(Finding(rank, cell, said(wrong, self.lang), wrong.code))

    def _cell(self, column: Column, value: Value, rank: int, cell: Cell, path: str) -> Any:
        """Return what a cell means; None where it is left out. Faults are noted, and the path then holds a stand-in."""
        self.cells[path] = (rank, cell)
        found: Any = None
        try:
            if not is_blank(value):
                found = column.codec.read(value, self.context)
            if found is None and column.is_needed:
                raise Misread("needed", "missing", was=column.header(self.lang))
        except Misread as wrong:
            self._fault(rank, cell, wrong)
            found = column.codec.neutral(self.context) if column.is_needed or isinstance(column.codec, Parsed) else None
            self.soft.add(path)
        if self.context.problems:
            for problem in self.context.problems:
                self._fault(rank, cell, problem)
            self.context.problems.clear()
            self.soft.add(path)
        return found

    def _rows(self, table: Table) -> None:
        sheet = table.sheet
        has_id = any(column.key == "id" for column in sheet.columns)
        rows: list[dict[str, Any]] = self.data.setdefault(sheet.key, [])
        for row in table.rows:
            index = len(rows)
            base = f"/{sheet.key}/{index}"
            self.cells[base] = (table.rank, table.grid.cell(row, min(table.columns.values())))
            made: dict[str, Any] = {}
            for column in sheet.columns:
                path = base + "/" + column.key.replace(".", "/")
                at = table.columns.get(column.key)
                if at is None:
                    if column.is_needed:
                        _put(made, column.key, column.codec.neutral(self.context))
                        self._upset(column, base, path)
                    continue
                cell = table.grid.cell(row, at)
                value = table.grid.value(row, at)
                if column.key == "id":
                    self._id(table, row, cell, path, made)
                    continue
                found = self._cell(column, value, table.rank, cell, path)
                if path in self.soft:
                    self._upset(column, base, path)
                if found is not None:
                    _put(made, column.key, found)
            if "id" not in made and has_id:
                self._id(table, row, self.cells[base][1], base + "/id", made)
            if sheet.key == "providers":
                self._only_kind(sheet.columns, made, base)
            if sheet.key == "links" and len(made.get("members") or ()) < 2 and base + "/members" in self.soft:
                made["members"] = ["?1", "?2"]
            if sheet.key in {"pins", "in_force"} and ("visit" not in made or ("start" not in made and sheet.key == "in_force")):
                # Nothing stands in for a visit: the row is left out, and the next one takes its place.
                self.soft -= {path for path in self.soft if path == base or path.startswith(base + "/")}
                continue
            rows.append(made)

    def _id(self, table: Table, row: int, cell: Cell, path: str, made: dict[str, Any]) -> None:
        known = self.ids[table.rank, row]
        self.cells[path] = (table.rank, cell)
        made["id"] = known.id
        if not known.is_sure:
            self.soft.add(path)
            if table.sheet.key == "needs":
                self.soft_needs.add(known.id)

    def _upset(self, column: Column, base: str, path: str) -> None:
        """Note what cannot be judged because a cell could not be read."""
        self.soft.add(path)
        self.soft.update(f"{base}/{key}" if key else base for key in column.upsets)
        rank_cell = self.cells.get(base)
        known = None
        if rank_cell is not None:
            known = self.ids.get((rank_cell[0], rank_cell[1].row))
        if known is not None and base.startswith("/needs/") and column.key in {"windows", "team", "first_team", "visits", "resident"}:
            self.soft_needs.add(known.id)
        if known is not None and base.startswith("/providers/") and column.key == "kind":
            self.soft_people.add(known.id)

    def _only_kind(self, columns: tuple[Column, ...], made: dict[str, Any], base: str) -> None:
        """Report what a provider has that only another kind has."""
        if base + "/kind" in self.soft:
            for column in columns:
                if column.only:
                    made.pop(column.key, None)
            return
        from matcher.people import Provider  # noqa: PLC0415 - only its defaults are asked for

        for column in columns:
            if not column.only or column.only == made.get("kind") or column.key not in made:
                continue
            default = Provider.model_fields[column.key].get_default(call_default_factory=True)
            if made[column.key] != (list(default) if isinstance(default, tuple) else default):
                rank, cell = self.cells[f"{base}/{column.key}"]
                kind = word(self.lang, f"kinds.{column.only}")
                self.findings.append(Finding(rank, cell, word(self.lang, "book.only_kind", was=column.header(self.lang), kind=kind), "conflict"))
            del made[column.key]

    def _shifts(self, table: Table) -> None:
        people = {person["id"]: index for index, person in reversed(list(enumerate(self.data.get("providers", []))))}
        who, when = table.sheet.columns
        for row in table.rows:
            index: int | None = None
            if who.key in table.columns:
                cell = table.grid.cell(row, table.columns[who.key])
                name = self._cell(who, table.grid.value(row, table.columns[who.key]), table.rank, cell, f"/shifts/{table.rank}/{row}/provider")
                index = people.get(name) if f"/shifts/{table.rank}/{row}/provider" not in self.soft else None
            if when.key not in table.columns:
                continue
            cell = table.grid.cell(row, table.columns[when.key])
            found = self._cell(when, table.grid.value(row, table.columns[when.key]), table.rank, cell, f"/shifts/{table.rank}/{row}/hours")
            if index is None or f"/shifts/{table.rank}/{row}/hours" in self.soft:
                continue
            shifts = self.data["providers"][index].setdefault("shifts", [])
            for span in found or ():
                self.cells[f"/providers/{index}/shifts/{len(shifts)}"] = (table.rank, cell)
                shifts.append(span)

    # settings

    def _pairs(self, grids: list[tuple[int, Grid]], columns: tuple[Column, ...], take: Callable[[Column, Value, int, Cell], None]) -> set[str]:
        """Go through sheets of a label and a value a row."""
        seen: set[str] = set()
        for rank, grid in grids:
            for row, values in enumerate(grid.rows, 1):
                if not values or is_blank(values[0]):
                    continue
                plain = folded(str(values[0]))
                column = next((column for column in columns if plain in header_words(column)), None)
                value = grid.value(row, 2)
                if column is None and not is_blank(value) and row > 1:
                    self.tables.notes.append(word(self.lang, "book.unread_row", cell=grid.cell(row, 1), was=tidy(str(values[0]))))
                elif column is not None and column.key in seen:
                    self._fault(rank, grid.cell(row, 1), Misread("twice", "duplicate", was=tidy(str(values[0]))))
                elif column is not None:
                    seen.add(column.key)
                    take(column, value, rank, grid.cell(row, 2))
        return seen

    def _settings(self) -> None:
        speeds: dict[str, float] = {str(mode): speed for mode, speed in SPEEDS_KMH.items()}

        def take(column: Column, value: Value, rank: int, cell: Cell) -> None:
            path = "/" + column.key.replace(".", "/")
            is_speed = column.key.startswith("travel.speeds_kmh.")
            if is_speed and isinstance(value, str) and tidy(value) in EMPTY:
                self.cells[path] = (rank, cell)
                del speeds[column.key.rpartition(".")[2]]
                return
            found = self._cell(column, value, rank, cell, path)
            if is_speed and found is not None:
                speeds[column.key.rpartition(".")[2]] = found
            elif found is not None:
                _put(self.data, column.key, found)

        seen = self._pairs(self.tables.settings, SETTINGS.columns, take)
        if "horizon.start" not in seen:
            where = self.tables.settings[0] if self.tables.settings else (-1, self.book[0] if self.book else Grid(SETTINGS.title(self.lang), ()))
            key = "no_setting" if self.tables.settings else "no_settings"
            wrong = Misread(key, "missing", was=SETTINGS.column("horizon.start").header(self.lang), sheet=SETTINGS.title(self.lang))
            self._fault(where[0], where[1].cell(1, 1), wrong)
            self.soft.add("/horizon/start")
        horizon = self.data.setdefault("horizon", {})
        if "start" not in horizon:
            horizon["start"] = "2000-01-03"
            self.soft.add("/horizon/start")
        else:
            self.context.first_day = dt.date.fromisoformat(horizon["start"])
        if speeds != SPEEDS_KMH:
            self.data.setdefault("travel", {})["speeds_kmh"] = speeds
        self.context.coordinates = self.data.get("coordinates", "wgs84")
        travel = self.data.get("travel", {})
        if "kind" not in travel and "/travel/kind" not in self.soft:
            kind = "matrix" if self.tables.matrices else "roads" if self.tables.of.get("nodes") else "straight"
            if travel or kind != "straight":
                self.data["travel"] = {**travel, "kind": kind}
        self.context.travel = self.data.get("travel", {}).get("kind", "straight")

    def _weights(self) -> None:
        def take(column: Column, value: Value, rank: int, cell: Cell) -> None:
            found = self._cell(column, value, rank, cell, f"/weights/{column.key}")
            if found is not None:
                self.data.setdefault("weights", {})[column.key] = found

        self._pairs(self.tables.weights, weight_rows(), take)

    def _travel(self) -> None:
        travel = self.data.get("travel", {})
        kind = travel.get("kind", "straight")
        nodes, edges = (self._listed(key) for key in ("nodes", "edges"))
        if kind == "roads":
            travel |= {"nodes": [node["location"] for node in nodes], "edges": [[edge["0"], edge["1"], edge["2"]] for edge in edges]}
        if kind == "matrix":
            travel["seconds"] = []
            for mode, (rank, grid) in self.tables.matrices.items():
                path = "/travel/seconds" if not mode else pointer("travel", "by_mode", mode)
                rows = self._matrix(rank, grid, path)
                if mode:
                    travel.setdefault("by_mode", {})[mode] = rows
                else:
                    travel["seconds"] = rows

    def _listed(self, key: str) -> list[dict[str, Any]]:
        for table in self.tables.of.get(key, ()):
            before = set(self.cells)
            self._plain_rows(table, key)
            for path in set(self.cells) - before:
                self.cells["/travel" + path] = self.cells[path]
                if path in self.soft:
                    self.soft.add("/travel" + path)
        return self.data.pop(key, [])  # type: ignore[no-any-return]

    def _plain_rows(self, table: Table, key: str) -> None:
        rows = self.data.setdefault(key, [])
        for row in table.rows:
            base, made = f"/{key}/{len(rows)}", {}
            for column in table.sheet.columns:
                at = table.columns.get(column.key)
                path = base if key == "nodes" else f"{base}/{column.key}"
                if at is None:
                    made[column.key] = column.codec.neutral(self.context) or 0
                    self.soft.add(path)
                    continue
                found = self._cell(column, table.grid.value(row, at), table.rank, table.grid.cell(row, at), path)
                made[column.key] = 0 if found is None else found
            rows.append(made)

    def _matrix(self, rank: int, grid: Grid, path: str) -> list[list[int]]:
        self.cells[path] = (rank, grid.cell(1, 1))
        whole = Column("", "", "", Whole(), ("", ""), is_needed=True)
        width = max((index for index, value in enumerate(grid.rows[0], 1) if not is_blank(value)), default=1)
        rows: list[list[int]] = []
        for row in range(2, len(grid.rows) + 1):
            if all(is_blank(value) for value in grid.rows[row - 1]):
                continue
            here = f"{path}/{len(rows)}"
            self.cells[here] = (rank, grid.cell(row, 1))
            rows.append([self._cell(whole, grid.value(row, at), rank, grid.cell(row, at), f"{here}/{at - 2}") for at in range(2, width + 1)])
        return rows

    # what the engine finds

    def _built(self) -> Problem | None:
        data = {key: value for key, value in self.data.items() if value != []}
        wording = Wording(self.lang, self.context.names, lambda path: self.locate(path)[1])
        for _ in range(_PASSES):
            try:
                return Problem.build(data)
            except ProblemError as error:
                new = [fault for fault in error.faults if not self._is_consequence(fault)]
                for fault in new:
                    rank, cell = self.locate(fault.path)
                    self.findings.append(Finding(rank, cell, wording.said(fault), fault.code))
                before = len(self.soft)
                for fault in error.faults:
                    self._soften(data, fault.path)
                if len(self.soft) == before:
                    return None
        return None

    def _is_consequence(self, fault: Fault) -> bool:
        path = fault.path
        parents = {path, *(path[: match.start()] for match in re.finditer("/", path) if match.start())}
        if parents & self.soft or any(soft.startswith(path + "/") for soft in self.soft if path):
            return True
        if path.startswith(("/pins/", "/in_force/")) and fault.code in {"unknown", "conflict"}:
            row = self._row(path)
            need = need_of(str(row.get("visit", "")))
            if need in self.soft_needs or row.get("provider") in self.soft_people or self.soft_people & set(row.get("team", {}).values()):
                return True
        if path.endswith("/volunteer") and self._row(path).get("volunteer") in self.soft_people:
            return True
        if self.soft & {"/horizon/start", "/horizon/days"} and _TIMES.search(path):
            return True
        return bool(self.soft & {"/coordinates", "/travel/kind"} and (_PLACES.search(path) or path.endswith("/mode")))

    def _row(self, path: str) -> dict[str, Any]:
        _, key, index, *_ = path.split("/")
        rows = self.data.get(key, [])
        return rows[int(index)] if index.isdigit() and int(index) < len(rows) else {}

    def locate(self, path: str) -> tuple[int, Cell]:
        """Return the cell of a JSON pointer: its own, that of the value it is part of, or that of the first part of it."""
        if path in self.cells:
            return self.cells[path]
        inside = [cell for own, cell in self.cells.items() if own.startswith(path + "/")] if path else []
        if inside:
            return inside[-1]
        while path:
            path = path.rpartition("/")[0]
            if path in self.cells:
                return self.cells[path]
        grid = self.book[0] if self.book else Grid(SETTINGS.title(self.lang), ())
        return -1, grid.cell(1, 1)

    def _soften(self, data: dict[str, Any], path: str) -> None:
        """Take out a value that the engine refused, so that it can look at the rest."""
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        depth = 3 if len(parts) > 2 and parts[1].isdigit() else 2
        self.soft.add("/" + "/".join(parts[:depth]))
        inner: Any = data
        for part in parts[: depth - 1]:
            if isinstance(inner, dict) and part in inner:
                inner = inner[part]
            elif isinstance(inner, list) and part.isdigit() and int(part) < len(inner):
                inner = inner[int(part)]
            else:
                return
        if isinstance(inner, dict) and len(parts) >= depth and parts[depth - 1] in {"gap", "spacing"}:
            inner.pop(parts[depth - 1], None)


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        return
    *above, last = key.split(".")
    for name in above:
        data = data.setdefault(name, {})
    data[last] = value


def weight_rows() -> tuple[Column, ...]:
    """Return the rows of the sheet of weights."""
    rows = []
    for key in Weights.model_fields:
        zh, en = (word(lang, f"term.{key}") if has_word(lang, f"term.{key}") else word(lang, f"head.{key}") for lang in ("zh", "en"))
        codec = Entries(Whole()) if key == "urgency" else Whole()
        says = tuple(
            word(lang, f"term.{key}.says") if has_word(lang, f"term.{key}.says") else word(lang, "book.urgency_weights") for lang in ("zh", "en")
        )
        rows.append(Column(key, zh, en, codec, (says[0], says[1])))
    return tuple(rows)
