"""Who is asking: API keys, or JWTs of one OIDC issuer; what they may do; and how often they may ask."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import httpx
import jwt
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.context import Context, context_of
from api.faults import Refusal
from api.settings import Settings
from api.store import keys

bearer = HTTPBearer(
    auto_error=False, scheme_name="bearer", description="An API key (`sishe_...`), or a JWT of the issuer that the server is set to trust."
)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="sishe"'}
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures by private keys only: a secret shared with the issuer would let whoever knows it make tokens."""


@dataclass(frozen=True)
class Caller:
    """Whoever asks. `id` names them in the log; `area` is what they see: it and all below it."""

    id: str
    name: str
    area: str
    scopes: frozenset[str]


class Gate:
    """Lets callers in, and keeps count."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limit: RateLimitItem = parse(settings.rate)
        self._counts = MovingWindowRateLimiter(MemoryStorage())

    def count(self, who: str) -> None:
        """Count a request; raises `Refusal` where there were too many."""
        if not self._counts.hit(self._limit, who):
            again = max(1, int(self._counts.get_window_stats(self._limit, who).reset_time - time.time()) + 1)
            raise Refusal("too-many", f"at most {self._limit} are allowed", headers={"Retry-After": str(again)})

    @cached_property
    def _jwks(self) -> jwt.PyJWKClient:
        url = self._settings.oidc_jwks
        if url is None:
            answer = httpx.get(f"{str(self._settings.oidc_issuer).rstrip('/')}/.well-known/openid-configuration", timeout=10.0)
            url = str(answer.raise_for_status().json()["jwks_uri"])
        return jwt.PyJWKClient(url, cache_keys=True, lifespan=3600, timeout=10)

    def of_token(self, token: str) -> Caller | None:
        """Return who a JWT speaks for; None where it is not valid."""
        if self._settings.oidc_issuer is None:
            return None
        try:
            key = self._jwks.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._settings.oidc_issuer,
                audience=self._settings.oidc_audience,
                options={"require": ["exp", "iss", "sub"], "verify_aud": self._settings.oidc_audience is not None},
                leeway=30,
            )
        except (jwt.PyJWTError, httpx.HTTPError, KeyError, TypeError, ValueError):
            return None
        area = claims.get(self._settings.oidc_area_claim)
        if not isinstance(area, str):
            return None  # a token that names no area must not see all of them
        scopes = claims.get("scope", "")
        words = scopes.split() if isinstance(scopes, str) else []
        return Caller(f"sub:{claims['sub']}"[:300], str(claims["sub"]), area.strip("/"), frozenset(words) & frozenset(keys.SCOPES))


def caller(
    request: Request,
    scopes: SecurityScopes,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    context: Annotated[Context, Depends(context_of)],
) -> Caller:
    """Return who asks; refuses those whom it does not know, who lack a scope, or who ask too often."""
    gate: Gate = request.app.state.gate
    found = None
    if shown is not None:
        found = _of_key(context, shown.credentials) if shown.credentials.startswith(f"{keys.PREFIX}_") else gate.of_token(shown.credentials)
    if found is None:
        gate.count(f"address:{request.client.host if request.client else ''}")
        detail = "show an API key or a token: Authorization: Bearer ..." if shown is None else "the key or token is not valid"
        raise Refusal("unauthenticated", detail, headers=CHALLENGE)
    gate.count(found.id)
    missing = [scope for scope in scopes.scopes if scope not in found.scopes]
    if missing:
        headers = {"WWW-Authenticate": f'Bearer realm="sishe", error="insufficient_scope", scope="{" ".join(missing)}"'}
        raise Refusal("forbidden", f"this takes the scope {', '.join(missing)}", headers=headers)
    request.state.caller = found.id
    return found


def _of_key(context: Context, text: str) -> Caller | None:
    with context.database.read() as connection:
        row = keys.matching(connection, text)
    return Caller(f"key:{row['id']}", row["name"], row["area"], frozenset(row["scopes"].split())) if row is not None else None


Reader = Annotated[Caller, Security(caller, scopes=["read"])]
Planner = Annotated[Caller, Security(caller, scopes=["plan"])]
Publisher = Annotated[Caller, Security(caller, scopes=["publish"])]
Admin = Annotated[Caller, Security(caller, scopes=["admin"])]
