"""Looking at plans: those who ask at the same moment share one query, so that many who poll cost little more than one."""

from __future__ import annotations

import asyncio

from sqlalchemy import RowMapping
from starlette.concurrency import run_in_threadpool

from api.database import Database
from api.store import plans

MOST = 500
"""Plans of one query."""


class Lookout:
    """Gives the rows of plans to coroutines of one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, list[asyncio.Future[RowMapping | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def row(self, plan_id: str) -> RowMapping | None:
        """Return the row of a plan as it is now, None where there is none."""
        future: asyncio.Future[RowMapping | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(plan_id, []).append(future)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        return await future

    async def _look(self) -> None:
        while self._waiting:
            names = list(self._waiting)[:MOST]
            asked = {name: self._waiting.pop(name) for name in names}
            try:
                found = await run_in_threadpool(self._rows, names)
            except Exception as error:  # noqa: BLE001 - it is the askers' to handle
                for future in _open(asked):
                    future.set_exception(error)
                continue
            for name, futures in asked.items():
                for future in _open({name: futures}):
                    future.set_result(found.get(name))

    def _rows(self, names: list[str]) -> dict[str, RowMapping]:
        with self._database.read() as connection:
            return {row["id"]: row for row in plans.some(connection, names)}


def _open(asked: dict[str, list[asyncio.Future[RowMapping | None]]]) -> list[asyncio.Future[RowMapping | None]]:
    """Return the futures that somebody still waits for."""
    return [future for futures in asked.values() for future in futures if not future.done()]
