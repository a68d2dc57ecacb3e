"""How often callers may ask: counted in memory at each request, and shared by all servers through the database about once a second.

A window slides: what was counted in the span of time before counts in part, the less the further the present one has gone. Between two exchanges a
server knows of the others what they had told by then, so that all together may let through what they answer within a second beyond the limit.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict

import structlog
from limits import parse

from api.database import Database
from api.store import rates

log = structlog.get_logger()
EXCHANGE = 1.0
"""Seconds between two exchanges of counts."""


class Rates:
    """The counts of one server.

    Parameters
    ----------
    limit
        Such as ``600/minute``: requests of one caller, and the time in which so many are allowed.
    """

    def __init__(self, database: Database, limit: str) -> None:
        found = parse(limit)
        self.limit, self._most, self._span = found, found.amount, float(found.get_expiry())
        self._database, self._lock = database, threading.Lock()
        self._own: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._told: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._others: dict[tuple[str, int], int] = {}
        self._ahead = 0.0

    def hit(self, who: str) -> float | None:
        """Count a request; returns None, or the seconds to wait where there were too many, which is not counted."""
        now = time.time() + self._ahead
        span, gone = divmod(now, self._span)
        here, before = (who, int(span)), (who, int(span) - 1)
        with self._lock:
            count = self._own.get(here, 0) + self._others.get(here, 0)
            past = self._own.get(before, 0) + self._others.get(before, 0)
            if count + past * (1 - gone / self._span) + 1 > self._most:
                if count >= self._most:
                    return self._span - gone + self._span * (1 - (self._most - 1) / count)
                # What was counted before has lost enough weight by then.
                return max(0.0, self._span * (1 - max(0.0, self._most - 1 - count) / past) - gone)
            self._own[here] += 1
        return None

    def run(self, stopping: threading.Event) -> None:
        """Exchange counts with the other servers until told to stop."""
        while not stopping.wait(EXCHANGE):
            try:
                self.exchange()
            except Exception as error:  # noqa: BLE001 - without the database each server goes on counting by itself
                log.warning("counts were not exchanged", error=type(error).__name__)

    def exchange(self) -> None:
        """Add to the shared counts what was counted since the last time, and learn what all servers together have; forget what is over."""
        with self._lock:
            now = int((time.time() + self._ahead) // self._span)
            for counts in (self._own, self._told, self._others):
                for name in [name for name in counts if name[1] < now - 1]:
                    del counts[name]
            counted = dict(self._own)
            new = {name: count - self._told[name] for name, count in counted.items() if count > self._told[name]}
        if not counted:
            return
        with self._database.write() if new else self._database.read() as connection:
            if new:
                rates.add(connection, new)
                rates.forget(connection, now - 1)
            totals, clock = rates.totals(connection, list(counted)), rates.now(connection)
        with self._lock:
            self._told.update(counted)
            self._others.update({name: total - counted[name] for name, total in totals.items()})
            # Servers agree on when a span begins: the database's clock says.
            self._ahead = clock - time.time()
