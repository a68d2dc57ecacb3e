"""Who is asking: API keys, or JWTs of one OIDC issuer; what they may do; and how often they may ask."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import httpx
import jwt
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.concurrency import run_in_threadpool

from api.context import Context, context_of
from api.faults import Refusal
from api.rates import Rates
from api.settings import Settings
from api.store import audit, keys

bearer = HTTPBearer(
    auto_error=False, scheme_name="bearer", description="An API key (`sishe_...`), or a JWT of the issuer that the server is set to trust."
)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="sishe"'}
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures by private keys only: a secret shared with the issuer would let whoever knows it make tokens."""


MOST_KNOWN = 10_000
"""Keys and tokens that are remembered at the same time."""
NOTED_SECONDS = 60.0
"""Between two entries in the audit log of one key that was refused at one address."""


def _mark(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class Caller:
    """Whoever asks. `id` names them in the log; `area` is what they see: it and all below it."""

    id: str
    name: str
    area: str
    scopes: frozenset[str]


class Gate:
    """Lets callers in, and keeps count."""

    def __init__(self, settings: Settings, rates: Rates) -> None:
        self._settings, self._rates = settings, rates
        self._known: dict[bytes, tuple[Caller, float]] = {}
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, who: str) -> None:
        """Count a request; raises `Refusal` where there were too many."""
        again = self._rates.hit(who)
        if again is not None:
            raise Refusal("too-many", f"at most {self._rates.limit} are allowed", headers={"Retry-After": str(int(again) + 1)})

    def known(self, text: str) -> Caller | None:
        """Return who showed this key or token a moment ago."""
        found = self._known.get(_mark(text))
        return found[0] if found is not None and found[1] > time.monotonic() else None

    def remember(self, text: str, caller: Caller) -> None:
        """Remember for a moment who showed a key or token."""
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[_mark(text)] = (caller, time.monotonic() + self._settings.key_seconds)

    def is_first(self, what: str) -> bool:
        """Return whether a refusal is to be noted: others like it were not, in the last minute."""
        now = time.monotonic()
        with self._lock:
            if len(self._noted) >= MOST_KNOWN:
                self._noted.clear()
            if self._noted.get(what, -NOTED_SECONDS) > now - NOTED_SECONDS:
                return False
            self._noted[what] = now
        return True

    def forget(self) -> None:
        """Forget who was let in: a key was revoked."""
        self._known.clear()

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


async def caller(
    request: Request,
    scopes: SecurityScopes,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    context: Annotated[Context, Depends(context_of)],
) -> Caller:
    """Return who asks; refuses those whom it does not know, who lack a scope, or who ask too often."""
    gate: Gate = request.app.state.gate
    found = gate.known(shown.credentials) if shown is not None else None
    if found is None:
        address = f"address:{request.client.host if request.client else ''}"
        if shown is not None:
            found = await run_in_threadpool(_looked_up, context, gate, shown.credentials, address)
        if found is None:
            gate.count(address)
            detail = "show an API key or a token: Authorization: Bearer ..." if shown is None else "the key or token is not valid"
            raise Refusal("unauthenticated", detail, headers=CHALLENGE)
    gate.count(found.id)
    missing = [scope for scope in scopes.scopes if scope not in found.scopes]
    if missing:
        headers = {"WWW-Authenticate": f'Bearer realm="sishe", error="insufficient_scope", scope="{" ".join(missing)}"'}
        raise Refusal("forbidden", f"this takes the scope {', '.join(missing)}", headers=headers)
    request.state.caller = found.id
    return found


def _looked_up(context: Context, gate: Gate, text: str, address: str) -> Caller | None:
    """Return whose key or token it is, by the database or the issuer; None where it is not valid, which is noted."""
    found = _of_key(context, text) if text.startswith(f"{keys.PREFIX}_") else gate.of_token(text)
    if found is not None:
        gate.remember(text, found)
    else:
        _note_refused(context, gate, text, address)
    return found


def _note_refused(context: Context, gate: Gate, text: str, address: str) -> None:
    """Note in the audit log that a key was refused: of a key that there is, in its area, and once a minute at most for each key and address."""
    with context.database.read() as connection:
        row = keys.find(connection, text.removeprefix(f"{keys.PREFIX}_").partition("_")[0])
    thing, area = (row["id"], row["area"]) if row is not None else ("", "")
    if not gate.is_first(f"{thing} {address}"):
        return
    why = "not a key" if row is None else "revoked" if row["revoked_at"] is not None else "expired or with another secret"
    with context.database.write() as connection:
        audit.note(connection, address[:300], area, "key.refused", thing, why=why)


def _of_key(context: Context, text: str) -> Caller | None:
    with context.database.read() as connection:
        row = keys.matching(connection, text)
    return Caller(f"key:{row['id']}", row["name"], row["area"], frozenset(row["scopes"].split())) if row is not None else None


Reader = Annotated[Caller, Security(caller, scopes=["read"])]
Planner = Annotated[Caller, Security(caller, scopes=["plan"])]
Publisher = Annotated[Caller, Security(caller, scopes=["publish"])]
Admin = Annotated[Caller, Security(caller, scopes=["admin"])]
