"""The OpenAPI document: whole, valid, with examples that work; and the server does what it says, whatever is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from api import documented
from api.documented import EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS, EXAMPLES
from tests.api.running import House


def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.http().get("/openapi.json").json()
    return found


def test_every_operation_says_what_it_does_what_it_answers_and_what_it_refuses(plain: House) -> None:
    found = document(plain)
    assert found["openapi"].startswith("3.1")
    names = []
    for path, item in found["paths"].items():
        for method, operation in item.items():
            names.append(operation["operationId"])
            assert operation["description"], path
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert good, path
            if path in ("/healthz", "/readyz"):
                continue
            is_linked = path.endswith("/{signature}.ics")
            assert ({"404", "429"} if is_linked else {"401", "403", "429"}) <= set(operation["responses"]), path
            if method in ("post", "put"):
                content = operation["requestBody"]["content"]["application/json"]
                assert content["example"], path
                assert content["schema"]["$ref"].rpartition("/")[2] in found["components"]["schemas"]
            for status, answer in operation["responses"].items():
                assert status < "4" or next(iter(answer["content"])) in ("application/problem+json", "application/json"), (path, status)
    assert len(names) == len(set(names))


def test_the_page_of_the_document_takes_everything_from_the_server_itself(plain: House) -> None:
    http = plain.http()
    page = http.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype html>", "")
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(wanted) == 4
    for path in wanted:
        found = http.get(f"/{path}")
        assert (path, found.status_code) == (path, 200)
    assert "openapi.json" in http.get("/docs/begin.js").text


def test_every_reference_leads_somewhere(plain: House) -> None:
    found = document(plain)
    known = set(found["components"]["schemas"])

    def refs(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                yield part["$ref"]
            for value in part.values():
                yield from refs(value)
        elif isinstance(part, list):
            for value in part:
                yield from refs(value)

    assert {ref.removeprefix("#/components/schemas/") for ref in refs(found)} <= known
    assert "x-stands-for" not in str(found)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ("Problem", "Plan", "ScenarioFile")])
def test_the_example_of_each_request_is_one(name: str) -> None:
    model: Any = getattr(documented, name)
    assert model.model_validate(EXAMPLES[name]).model_dump(exclude_unset=True).keys() == EXAMPLES[name].keys()


CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
SLOW = ("/events", "/prices")


def test_whatever_is_sent_the_answer_is_one_of_those_that_are_documented(plain: House) -> None:
    job = plain.plan()
    compared = plain.client.compare(EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS)["id"]
    plain.work()
    headers = {"Authorization": f"Bearer {plain.key}"}
    found: Any = schemathesis.openapi.from_url(f"{plain.url}/openapi.json").get_all_operations()
    operations = [each.ok() for each in found]
    assert len(operations) > 30
    for operation in operations:
        if operation.path.endswith(SLOW):
            continue

        @settings(
            max_examples=6,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(operation.as_strategy(), booleans())
        def holds(case: Any, is_real: bool) -> None:
            # Half of the time what is asked about is there, so that more than "not found" is seen.
            if is_real:
                real = {"plan_id": job["id"], "problem_id": job["problem"]["id"], "other": job["id"], "visit": "meal#1", "comparison_id": compared}
                case.path_parameters.update({name: real[name] for name in case.path_parameters if name in real})
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

        holds()
