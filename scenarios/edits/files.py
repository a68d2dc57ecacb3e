"""Scenario files: YAML 1.2 or JSON to scenarios, grids spread out, every fault at once."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from matcher.errors import Fault
from matcher.fields import show
from matcher.files import read_bytes
from matcher.validation import faults_from_pydantic, parse_json, pointer
from scenarios.edits.apply import Edited, ScenarioFault, apply
from scenarios.edits.models import EDITS, BaseEdit, Range, Scenario, ScenarioFile, Settings

if TYPE_CHECKING:
    from matcher.problem import Problem

MOST_CASES = 2_000
_TAG = re.compile(rf"(/edits/[0-9]+)/(?:{'|'.join(EDITS)})(?=/|$)")


@dataclass(frozen=True)
class Case:
    """One scenario to solve: written out, or one point of a grid.

    Attributes
    ----------
    id, title : str
    edits : tuple of edits
    path : str
        Where its edits stand in the file.
    grid : str or None
        The grid that it belongs to.
    values : dict
        The value of each name of the grid.
    """

    id: str
    title: str
    edits: tuple[BaseEdit, ...]
    path: str
    grid: str | None = None
    values: dict[str, Any] | None = None


@dataclass(frozen=True)
class ScenarioSet:
    """What a scenario file says: its settings and every case, grids spread out."""

    title: str
    note: str
    settings: Settings
    cases: tuple[Case, ...]
    grids: dict[str, str]
    """The title of each grid by its id."""

    def edited(self, problem: Problem, *, draw: int | None = None) -> Iterator[tuple[Case, Edited]]:
        """Yield every case with the problem after its edits, one at a time.

        Raises
        ------
        ScenarioFault
            At the end, with every fault of all cases; those that have one are passed over.
        """
        faults: dict[Fault, None] = {}
        for case in self.cases:
            try:
                made = apply(problem, case.edits, draw=self.settings.first_seed if draw is None else draw, path=case.path)
            except ScenarioFault as error:
                faults.update(dict.fromkeys(error.faults))
            else:
                yield case, made
        if faults:
            raise ScenarioFault(faults)


def read_scenarios(path: str | Path) -> ScenarioSet:
    """Read scenarios from a file, YAML or JSON (which YAML holds); raises `ScenarioFault` and `OSError`."""
    data = read_bytes(path)
    return scenarios_from(parse_json(data, ScenarioFault) if data.lstrip()[:1] == b"{" else parse_yaml(data))


def parse_yaml(data: bytes) -> Any:
    """Read YAML 1.2 into plain values; raises `ScenarioFault` where it is none, or a key stands twice."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only where a file is read
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    try:
        return _plain(YAML(typ="safe", pure=True).load(io.StringIO(data.decode())))
    except UnicodeDecodeError:
        raise ScenarioFault([Fault("", "should be UTF-8", "syntax")]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        code = "duplicate" if "duplicate key" in str(error.problem) else "syntax"
        raise ScenarioFault([Fault("", f"should be YAML or JSON: {error.problem}{where}", code)]) from None
    except YAMLError as error:
        raise ScenarioFault([Fault("", f"should be YAML or JSON: {error}".splitlines()[0], "syntax")]) from None


def _plain(value: Any) -> Any:
    """Return YAML's values as JSON has them: dates as text, keys as text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else value


def scenarios_from(data: Any) -> ScenarioSet:
    """Make scenarios from plain values, as JSON has them.

    Raises
    ------
    ScenarioFault
        Every fault of form, in scenarios and in every point of every grid.
    """
    faults = list(_unknown_edits(data))
    bad = {fault.path.removesuffix("/edit") for fault in faults}
    try:
        file = ScenarioFile.model_validate(data)
    except ValidationError as error:
        more = [Fault(_TAG.sub(r"\1", fault.path), fault.message, fault.code) for fault in faults_from_pydantic(error)]
        raise ScenarioFault([*faults, *(fault for fault in more if fault.path.removesuffix("/edit").removesuffix("/kind") not in bad)]) from None
    cases = [Case(item.id, item.title, item.edits, f"/scenarios/{index}/edits") for index, item in enumerate(file.scenarios)]
    for index, grid in enumerate(file.grids):
        for values in _points(grid.over, f"/grids/{index}/over", faults):
            edits = _filled(grid.edits, values, f"/grids/{index}/edits", faults)
            name = ", ".join(f"{key}={value}" for key, value in values.items())
            cases.append(Case(f"{grid.id}[{name}]", f"{grid.title or grid.id}: {name}", edits, f"/grids/{index}/edits", grid.id, values))
            if len(cases) > MOST_CASES:
                raise ScenarioFault([Fault("/grids", f"the grids have more than {MOST_CASES} points in all", "range")])
    faults += _twice([("scenarios", item.id) for item in file.scenarios] + [("grids", item.id) for item in file.grids])
    if faults:
        raise ScenarioFault(dict.fromkeys(faults))
    return ScenarioSet(file.title, file.note, file.settings, tuple(cases), {grid.id: grid.title or grid.id for grid in file.grids})


def _twice(named: list[tuple[str, str]]) -> Iterator[Fault]:
    seen: set[str] = {"base"}
    place: dict[str, int] = {}
    for group, name in named:
        index = place[group] = place.get(group, -1) + 1
        if name in seen:
            yield Fault(f"/{group}/{index}/id", f"{show(name)} stands twice ('base' is the week without edits)", "duplicate")
        seen.add(name)


def _unknown_edits(data: Any) -> Iterator[Fault]:
    """Yield the edits of scenarios that have no name, or one that there is not: what follows needs to know which they are."""
    scenarios = data.get("scenarios") if isinstance(data, dict) else None
    for i, scenario in enumerate(scenarios if isinstance(scenarios, list) else ()):
        edits = scenario.get("edits") if isinstance(scenario, dict) else None
        yield from _unknown_names(edits, f"/scenarios/{i}/edits")


def _unknown_names(edits: Any, path: str) -> Iterator[Fault]:
    for j, edit in enumerate(edits if isinstance(edits, (list, tuple)) else ()):
        if isinstance(edit, dict) and edit.get("edit") not in EDITS:
            code, message = "missing", "is missing"
            if "edit" in edit:
                code, message = "range", f"should be one of {', '.join(EDITS)}, was {show(edit['edit'])}"
            yield Fault(f"{path}/{j}/edit", message, code)


def _points(over: dict[str, tuple[Any, ...] | Range], path: str, faults: list[Fault]) -> Iterator[dict[str, Any]]:
    lists = []
    for name, values in over.items():
        if isinstance(values, Range):
            count = int((values.end - values.start) / values.step + 1e-9) + 1
            if count < 1 or count > MOST_CASES:
                faults.append(Fault(path + pointer(name), f"should give 1 to {MOST_CASES} values, gives {max(0, count)}", "range"))
                return
            steps = [round(values.start + k * values.step, 9) for k in range(count)]
            lists.append([int(value) if value.is_integer() else value for value in steps])
        elif values:
            lists.append(list(values))
        else:
            faults.append(Fault(path + pointer(name), "should have at least one value", "range"))
            return
    for combination in itertools.product(*lists):
        yield dict(zip(over, combination, strict=True))


def _filled(edits: Iterable[dict[str, Any]], values: dict[str, Any], path: str, faults: list[Fault]) -> tuple[BaseEdit, ...]:
    used: set[str] = set()
    filled = [_put(edit, values, used) for edit in edits]
    for name in values:
        if name not in used:
            faults.append(Fault(path, f"'${name}' stands nowhere in the edits", "missing"))
    unknown = list(_unknown_names(filled, path))
    faults += unknown
    if unknown:
        return ()
    try:
        return Scenario.model_validate({"id": "point", "edits": filled}).edits
    except ValidationError as error:
        tagged = [_TAG.sub(r"\1", fault.path) for fault in faults_from_pydantic(error)]
        found = zip(tagged, faults_from_pydantic(error), strict=True)
        faults += [Fault(path + place.removeprefix("/edits"), fault.message, fault.code) for place, fault in found]
        return ()


def _put(value: Any, values: dict[str, Any], used: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _put(item, values, used) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_put(item, values, used) for item in value]
    if isinstance(value, str) and value.startswith("$") and value[1:] in values:
        used.add(value[1:])
        return values[value[1:]]
    return value
