"""API keys: ``sishe_<id>_<secret>``, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlalchemy import Connection, RowMapping, func, select

from api.database import clock
from api.store.packing import within
from api.tables import keys

PREFIX = "sishe"
SCOPES = ("read", "plan", "publish", "admin")


def hash_of(secret: str) -> str:
    """Return the hash of a secret. Secrets are 256 random bits, so that one round of SHA-256 is as good as many."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make(connection: Connection, name: str, area: str, scopes: list[str], by: str, expires_at: float | None = None) -> tuple[str, str]:
    """Make a key; returns its id and the key itself, which nobody can see again."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    words = " ".join(scope for scope in SCOPES if scope in scopes)
    row = {"id": key_id, "name": name, "area": area, "scopes": words, "secret_hash": hash_of(secret), "made_by": by, "expires_at": expires_at}
    connection.execute(keys.insert().values(made_at=clock(), **row))
    return key_id, f"{PREFIX}_{key_id}_{secret}"


def matching(connection: Connection, text: str) -> RowMapping | None:
    """Return the row of a key that is valid now, None for anything else."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    is_live = keys.c.revoked_at.is_(None) & (keys.c.expires_at.is_(None) | (keys.c.expires_at > clock()))
    row = connection.execute(select(keys).where(keys.c.id == key_id[:20], is_live)).mappings().first()
    # An unknown id takes as long as a wrong secret.
    is_right = hmac.compare_digest(hash_of(secret), row["secret_hash"] if row is not None else hash_of(""))
    return row if row is not None and is_right and prefix == PREFIX else None


def find(connection: Connection, key_id: str) -> RowMapping | None:
    """Return the row of a key, valid or not."""
    return connection.execute(select(keys).where(keys.c.id == key_id[:20])).mappings().first()


def listed(connection: Connection, area: str, after: str | None, limit: int) -> list[RowMapping]:
    """Return the keys of an area and below, by id."""
    query = select(keys).where(within(keys.c.area, area)).order_by(keys.c.id).limit(limit)
    if after is not None:
        query = query.where(keys.c.id > after)
    return list(connection.execute(query).mappings())


def revoke(connection: Connection, area: str, key_id: str) -> RowMapping | None:
    """Revoke a key from now on; returns its row, None where the area has none of that id."""
    where = (keys.c.id == key_id) & within(keys.c.area, area)
    connection.execute(keys.update().where(where, keys.c.revoked_at.is_(None)).values(revoked_at=clock()))
    return connection.execute(select(keys).where(where)).mappings().first()


def are_there_any(connection: Connection) -> bool:
    """Return whether any key was ever made."""
    return bool(connection.execute(select(func.count()).select_from(keys)).scalar_one())


def get(connection: Connection, key_id: str) -> RowMapping:
    """Return the row of a key."""
    return connection.execute(select(keys).where(keys.c.id == key_id)).mappings().one()


def now(connection: Connection) -> float:
    """Return the time by the database's clock."""
    return float(connection.execute(select(clock())).scalar_one())
