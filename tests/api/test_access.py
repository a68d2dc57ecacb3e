"""Nobody gets in who should not, and nobody sees what is another's."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.routing import APIRoute

from api.client import ApiError
from api.documented import EXAMPLE_PROBLEM, EXAMPLE_SCENARIOS
from tests.api.running import ASKED, House

OPEN = {"/healthz", "/readyz"}
LINKED = "/v1/calendars/{link_id}/{signature}.ics"
"""Calendar programs show no key: the link itself is what lets them in (tests/api/test_calendars.py)."""
METHODS = ("get", "post", "put", "delete", "patch")


def operations(house: House) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in house.app.openapi()["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def filled(path: str) -> str:
    return re.sub(r"\{what\}", "plan", re.sub(r"\{(?!what)\w+\}", "x", path))


def scope_of(operation: dict[str, Any]) -> str:
    found = {scope for way in operation["security"] for scopes in way.values() for scope in scopes}
    assert len(found) == 1
    return str(found.pop())


def test_every_route_but_those_of_health_and_of_links_refuses_a_caller_without_a_key(plain: House) -> None:
    found = 0
    with plain.http() as http:
        for method, path, operation in operations(plain):
            if path in OPEN:
                assert http.request(method, filled(path)).status_code == 200
                continue
            if path == LINKED:
                assert http.request(method, filled(path)).status_code == 404
                continue
            found += 1
            assert operation["security"], path
            for headers in (
                {},
                {"Authorization": "Bearer sishe_0123456789ab_wrong"},
                {"Authorization": "Bearer a.b.c"},
                {"Authorization": "Basic eDp5"},
            ):
                answer = http.request(method, filled(path), headers=headers)
                assert (path, answer.status_code) == (path, 401)
                assert answer.headers["www-authenticate"].startswith("Bearer")
    assert found >= 20


def test_every_route_refuses_a_key_without_its_scope_and_lets_one_with_it_alone_in(plain: House) -> None:
    all_scopes = {"read", "plan", "publish", "admin"}
    for method, path, operation in operations(plain):
        if path in {*OPEN, LINKED}:
            continue
        scope = scope_of(operation)
        without = plain.http(plain.make_key("", *(all_scopes - {scope}))).request(method, filled(path))
        assert (path, without.status_code) == (path, 403)
        assert f'scope="{scope}"' in without.headers["www-authenticate"]
        has = plain.http(plain.make_key("", scope)).request(method, filled(path))
        assert has.status_code not in (401, 403), path


def test_the_document_names_every_route_that_there_is(plain: House) -> None:
    documented = {(method, path) for method, path, _ in operations(plain)}
    served = {
        (method.lower(), route.path_format) for route in _routes(plain.app.routes) for method in route.methods or () if method.lower() in METHODS
    }
    assert served == documented


def _routes(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            yield from _routes(inner.routes) if inner is not None else ()


@pytest.fixture(scope="module")
def two(plain: House) -> dict[str, Any]:
    """Two districts of one city, and what the first has stored."""
    keys = {area: plain.make_key(area) for area in ("weihai", "weihai/huancui", "weihai/wendeng", "weihai/huancui2")}
    own = plain.as_key(keys["weihai/huancui"])
    problem = own.store_problem(EXAMPLE_PROBLEM)["id"]
    plan = own.make_plan(problem, **ASKED)["id"]
    plain.work()
    compared = own.compare(problem, EXAMPLE_SCENARIOS)["id"]
    plain.work()
    return {"keys": keys, "problem": problem, "plan": plan, "comparison": compared}


@pytest.mark.parametrize("other", ["weihai/wendeng", "weihai/huancui2"])
def test_a_district_sees_nothing_of_another(plain: House, two: dict[str, Any], other: str) -> None:
    http = plain.http(two["keys"][other])
    for method, path, operation in operations(plain):
        names = [name for name in ("plan", "problem", "comparison") if f"{{{name}_id}}" in path]
        if not names:
            continue
        path = path.replace(f"{{{names[0]}_id}}", two[names[0]])
        found = http.request(method, filled(path), headers={"If-Match": "*"}, json=_example(operation))
        assert (method, path, found.status_code) == (method, path, 404)
        assert two["plan"] not in found.headers.get("location", "")
    for path in ("/v1/plans", "/v1/scenarios", "/v1/problems", "/v1/audit", "/v1/keys", "/v1/in-force"):
        assert two["plan"] not in http.get(path).text
        assert two["problem"] not in http.get(path).text
        assert two["comparison"] not in http.get(path).text
        assert "weihai/huancui" not in [item.get("area") for item in http.get(path).json()["items"]]
    asked = http.post("/v1/plans", json={"problem_id": two["problem"]})
    assert asked.status_code == 404
    asked = http.post("/v1/scenarios", json={"problem_id": two["problem"], "scenarios": EXAMPLE_SCENARIOS})
    assert asked.status_code == 404
    asked = http.post("/v1/plans", json={"problem": EXAMPLE_PROBLEM, "start_id": two["plan"]})
    assert asked.status_code == 404


def _example(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example")


def test_the_city_sees_its_districts(plain: House, two: dict[str, Any]) -> None:
    city = plain.as_key(two["keys"]["weihai"])
    assert city.job(two["plan"])["area"] == "weihai/huancui"
    assert two["problem"] in [item["id"] for item in city._json("GET", "/v1/problems")["items"]]


def test_nobody_stores_or_makes_keys_outside_their_area(plain: House, two: dict[str, Any]) -> None:
    http = plain.http(two["keys"]["weihai/huancui"])
    assert http.post("/v1/problems?area=weihai/wendeng", json=EXAMPLE_PROBLEM).status_code == 403
    assert http.post("/v1/plans", json={"problem": EXAMPLE_PROBLEM, "area": "weihai"}).status_code == 403
    assert http.post("/v1/keys", json={"name": "x", "area": "", "scopes": ["read"]}).status_code == 403
    made = http.post("/v1/keys", json={"name": "x", "area": "weihai/huancui/zhudao", "scopes": ["read"]})
    assert made.status_code == 201
    assert plain.http(made.json()["key"]).get("/v1/caller").json()["area"] == "weihai/huancui/zhudao"


def test_an_admin_cannot_hand_out_a_scope_that_it_does_not_have(plain: House) -> None:
    http = plain.http(plain.make_key("weihai", "admin"))
    assert http.post("/v1/keys", json={"name": "x", "area": "weihai", "scopes": ["publish"]}).status_code == 403
    assert http.post("/v1/keys", json={"name": "x", "area": "weihai", "scopes": ["admin"]}).status_code == 201


def test_a_revoked_key_is_no_key(plain: House) -> None:
    admin = plain.http(plain.key)
    made = admin.post("/v1/keys", json={"name": "short-lived", "area": "weihai", "scopes": ["read"]}).json()
    http = plain.http(made["key"])
    assert http.get("/v1/caller").status_code == 200
    revoked = admin.delete(f"/v1/keys/{made['id']}")
    assert revoked.json()["revoked_at"] is not None
    assert http.get("/v1/caller").status_code == 401


def test_a_key_is_kept_as_a_hash_and_shown_once(plain: House) -> None:
    secret = plain.key.rpartition("_")[2]
    for path in ("/v1/keys", "/v1/audit"):
        assert secret not in plain.http(plain.key).get(path).text
    folder = Path(str(plain.database.engine.url.database)).parent
    assert all(secret.encode() not in file.read_bytes() for file in folder.iterdir())


def test_too_many_requests_are_refused_with_the_time_to_wait(tmp_path: Path) -> None:
    with House(f"sqlite:///{tmp_path}/few.db", rate="5/minute") as few:
        answers = [few.http(few.key).get("/v1/caller") for _ in range(7)]
        assert [answer.status_code for answer in answers].count(429) == 2
        # At the beginning of a minute: its rest, and a fifth of the next one, until the five of this one weigh less than five.
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 73
        assert few.http(few.make_key("weihai")).get("/v1/caller").status_code == 200
        unknown = [few.http("sishe_guess_guess").get("/v1/caller").status_code for _ in range(7)]
        assert unknown.count(429) == 2


def test_who_did_what_is_noted(plain: House, two: dict[str, Any]) -> None:
    entries = plain.http(two["keys"]["weihai/huancui"]).get("/v1/audit?limit=200").json()["items"]
    actions = {(entry["action"], entry["thing"]) for entry in entries}
    assert {("problem.store", two["problem"]), ("plan.make", two["plan"])} <= actions
    assert all(entry["caller"].startswith("key:") or entry["caller"] == "tests" for entry in entries)


class Issuer:
    """An OIDC issuer: its discovery document and its keys, over HTTP."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(issuer.key.public_key()))
                said = {"jwks_uri": f"{issuer.url}/keys"} if "openid" in self.path else {"keys": [{**public, "kid": "k1", "use": "sig"}]}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        said = {"iss": self.url, "sub": "platform", "aud": "sishe", "exp": 4102444800, "area": "weihai/huancui", "scope": "read plan", **claims}
        return jwt.encode({name: value for name, value in said.items() if value is not None}, key or self.key, algorithm, {"kid": "k1"})


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    found = Issuer()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture(scope="module")
def trusting(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("oidc")
    with House(f"sqlite:///{folder}/oidc.db", oidc_issuer=issuer.url, oidc_audience="sishe") as found:
        yield found


def test_a_token_of_the_trusted_issuer_is_let_in_with_its_scopes_and_area(trusting: House, issuer: Issuer) -> None:
    http = trusting.http(issuer.token())
    said = http.get("/v1/caller").json()
    assert (said["id"], said["area"], said["scopes"]) == ("sub:platform", "weihai/huancui", ["plan", "read"])
    assert http.get("/v1/keys").status_code == 403
    assert trusting.as_key(issuer.token()).make_plan(EXAMPLE_PROBLEM, **ASKED)["area"] == "weihai/huancui"


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1000}, {"exp": None}, {"iss": "https://other.example"}, {"aud": "another"}, {"aud": None}, {"sub": None}, {"area": None}, {"area": 7}],
    ids=str,
)
def test_a_token_that_is_not_as_it_should_be_is_refused(trusting: House, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert trusting.http(issuer.token(**claims)).get("/v1/caller").status_code == 401


def test_a_token_that_another_key_signed_or_none_is_refused(trusting: House, issuer: Issuer) -> None:
    others = [
        issuer.token(rsa.generate_private_key(65537, 2048)),
        issuer.token(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        issuer.token("a shared secret, long enough for its hash", "HS256"),
        jwt.encode({"sub": "x", "area": "", "scope": "admin"}, "", "none"),
    ]
    for token in others:
        assert trusting.http(token).get("/v1/caller").status_code == 401


def test_without_an_issuer_no_token_is_let_in(plain: House, issuer: Issuer) -> None:
    assert plain.http(issuer.token()).get("/v1/caller").status_code == 401


def test_an_unknown_caller_is_told_the_same_whether_an_id_exists_or_not(plain: House) -> None:
    with pytest.raises(ApiError) as first:
        plain.as_key(plain.make_key("elsewhere")).job("pl-0")
    assert (first.value.status, first.value.kind) == (404, "not-found")
