"""How requests come in: what stands before a body is limited in size and time, too, before anything knows who sends it."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 1024
"""Bytes of a request's first line and headers."""


class Wire(HttpToolsProtocol):
    """One connection."""

    _is_head = True
    _head = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the first request is waited for."""
        super().connection_made(transport)
        app = self.config.app
        assert isinstance(app, FastAPI)
        self._seconds = app.state.context.settings.body_seconds
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what has come, if it is not too much before a body."""
        if self._is_head:
            self._head += len(data)
        super().data_received(data)
        if self._is_head and self._head > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_head, self._head = True, 0
        if self._timer is None:
            self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that the head is over: for the body, the application keeps time and count."""
        self._is_head, self._head = False, 0
        self._done()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self._seconds, self._too_late)

    def _done(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()
