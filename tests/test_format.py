"""docs/format.md is the contract: every key of every object stands there with its default, and every example is what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from matcher import fields, people, plan, problem
from matcher.errors import Fault
from matcher.fields import Model
from matcher.plan import Plan, Result
from matcher.problem import Problem

DOCUMENT = Path(__file__).parent.parent / "docs" / "format.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json (problem|plan)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
MODELS = sorted(
    {
        model
        for module in (fields, people, problem, plan)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Model) and not model.__name__.startswith("_") and model is not Model
    },
    key=lambda model: model.__name__,
)


def section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/format.md has no section {title}"
    return found[1]


def rows(title: str) -> dict[str, list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip("`"): row for row in cells}


def default_of(model: type[Model], name: str) -> str:
    field = model.model_fields[name]
    is_told_apart_by = name == "kind" and model.__name__.endswith("Travel")
    if field.is_required() or is_told_apart_by:
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Model):
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def as_read(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    """Say whether a value has the structure that a JSON Schema asks for: types, keys, required ones, branches."""
    if "$ref" in schema:
        return as_read(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        return any(as_read(branch, value, root) for branch in branches)
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, dict) or set(schema.get("required", ())) - set(value):
            return False
        known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
        if other is False and set(value) - set(known):
            return False
        return all(as_read(known[key] if key in known else other if isinstance(other, dict) else {}, item, root) for key, item in value.items())
    if kind == "array":
        if not isinstance(value, list):
            return False
        first = schema.get("prefixItems", [])
        wanted = first[: len(value)] + [schema.get("items", {})] * (len(value) - len(first))
        return all(as_read(one, item, root) for one, item in zip(wanted, value, strict=True))
    types: dict[str | None, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None), None: object}
    return isinstance(value, types[kind])


def keys_in(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema.get("properties", ())).union(*(keys_in(item) for item in schema.values()))
    return set().union(*(keys_in(item) for item in schema)) if isinstance(schema, list) else set()


def test_the_units_are_settled_in_the_first_ten_lines() -> None:
    start = " ".join(TEXT.splitlines()[:10])
    for unit in ("whole minutes", "whole seconds", "yuan", "metres", "km/h", "degrees", "without a zone"):
        assert unit in start


def test_the_document_covers_problem_plan_and_result() -> None:
    assert {Problem, Plan, Result} <= set(MODELS)
    assert len(MODELS) > 30


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_an_object_stands_in_its_table_and_no_other(model: type[Model]) -> None:
    assert list(rows(model.__name__)) == [field.alias or name for name, field in model.model_fields.items()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_default_is_the_one_that_is_used(model: type[Model]) -> None:
    written = rows(model.__name__)
    for name, field in model.model_fields.items():
        key = field.alias or name
        assert written[key][3] == default_of(model, name), key


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_row_has_a_type_a_unit_and_a_meaning(model: type[Model]) -> None:
    for row in rows(model.__name__).values():
        assert len(row) == 5, row
        assert all(row)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads_and_comes_back_the_same(number: int) -> None:
    sort, text = EXAMPLES[number]
    if sort == "problem":
        week = Problem.parse(text)
        assert Problem.parse(week.to_json()) == week
        assert week.visits
    else:
        made = Plan.parse(text)
        assert Plan.parse(made.to_json()) == made


def test_there_are_examples_of_problems_and_plans() -> None:
    assert [sort for sort, _ in EXAMPLES].count("problem") == 3
    assert [sort for sort, _ in EXAMPLES].count("plan") == 1


def test_the_examples_use_every_key_of_a_problem_but_the_alternatives() -> None:
    def used(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*(used(item) for item in value.values()))
        return set().union(*(used(item) for item in value)) if isinstance(value, list) else set()

    examples = set().union(*(used(json.loads(text)) for sort, text in EXAMPLES if sort == "problem"))
    unused = keys_in(Problem.model_json_schema(by_alias=True)) - examples
    assert unused <= set(problem.Weights.model_fields) | {"certified_social_worker"}


def test_links_inside_the_document_lead_to_sections() -> None:
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", TEXT)) <= titles


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_json_schema_accepts_the_examples(number: int) -> None:
    sort, text = EXAMPLES[number]
    schema = (Problem if sort == "problem" else Plan).model_json_schema(by_alias=True)
    value = json.loads(text)
    assert as_read(schema, value, schema)
    assert not as_read(schema, {**value, "unknown": 1}, schema)


def test_the_json_schema_names_every_key() -> None:
    named = keys_in(Problem.model_json_schema(by_alias=True)) | keys_in(Plan.model_json_schema(by_alias=True))
    for model in MODELS:
        if model not in {Result, plan.TracePoint}:
            assert {field.alias or name for name, field in model.model_fields.items()} <= named


def test_every_code_of_a_fault_is_explained() -> None:
    codes = set(re.findall(r"``(\w+)``", (Fault.__doc__ or "").split("code\n")[1]))
    assert codes == set(rows("Faults"))
