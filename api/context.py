"""What the routes share: the settings, the database, the office, the workers."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from api.database import Database
from api.lookout import Lookout
from api.office import Office
from api.pool import Pool
from api.settings import Settings


@dataclass(frozen=True)
class Context:
    """One server's belongings."""

    settings: Settings
    database: Database
    office: Office
    intake: Office
    """For reading large problems, so that it waits for no question."""
    study: Office
    """For what takes long, so that nobody waits behind it."""
    pool: Pool
    lookout: Lookout


async def context_of(request: Request) -> Context:
    """Return the context of the server that a request came to."""
    found: Context = request.app.state.context
    return found
