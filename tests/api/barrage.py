"""Many requests a second on few connections, by hand: a client that costs little beside the server that it measures."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 60.0


@dataclass(frozen=True)
class Shot:
    """A kind of request, in bytes, and how often it comes beside the others. `bodies` are taken in turn; none: it is a GET."""

    name: str
    share: float
    path: str
    bodies: tuple[bytes, ...] = ()
    is_conditional: bool = False
    """Whether the last ETag is sent along, as a caller does who polls."""


@dataclass
class Hits:
    """What came back."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    late: float = 0.0
    """Seconds by which the last request was sent too late."""

    def table(self, took: float) -> dict[str, Any]:
        """Return rates, statuses, and percentiles of the time from when a request was due to its whole answer, in milliseconds."""
        found = {}
        for name, seconds in sorted(self.seconds.items()):
            ordered = sorted(seconds)
            marks = {f"p{mark}": ordered[min(len(ordered) - 1, int(mark / 100 * len(ordered)))] for mark in (50, 95, 99)} | {"max": ordered[-1]}
            found[name] = {"count": len(ordered)} | {mark: round(value * 1000, 1) for mark, value in marks.items()}
        count = sum(map(len, self.seconds.values()))
        errors = sum(number for status, number in self.statuses.items() if not status.endswith((" 200", " 304")))
        return {"per_second": round(count / took, 1), "errors": errors, "statuses": dict(self.statuses), "milliseconds": found}


async def barrage(url: str, key: str, shots: list[Shot], *, connections: int, rate: float, seconds: float, seed: int = 1) -> dict[str, Any]:
    """Send requests at a rate (0: one after another as fast as answers come) on so many connections; returns `Hits.table`."""
    hits, chance = Hits(), random.Random(seed)
    began = time.perf_counter()
    turns = iter(range(10**9))
    parts = urlsplit(url)

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        tags: dict[str, bytes] = {}
        try:
            while True:
                turn = next(turns)
                due = began + turn / rate if rate else time.perf_counter()
                if due - began >= seconds:
                    return
                wait = due - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
                shot = chance.choices(shots, [shot.share for shot in shots])[0]
                body = shot.bodies[turn % len(shot.bodies)] if shot.bodies else b""
                head = [f"{'POST' if shot.bodies else 'GET'} {shot.path} HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {key}"]
                head += [f"Content-Length: {len(body)}", "Content-Type: application/json"] if body else []
                sent = "\r\n".join(head).encode()
                if shot.is_conditional and shot.name in tags:
                    sent += b"\r\nIf-None-Match: " + tags[shot.name]
                writer.write(sent + b"\r\n\r\n" + body)
                status, tag = await asyncio.wait_for(_answer(reader), TIMEOUT)
                if tag is not None:
                    tags[shot.name] = tag
                hits.seconds[shot.name].append(time.perf_counter() - due)
                hits.statuses[f"{shot.name} {status}"] += 1
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return hits.table(time.perf_counter() - began)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes | None]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:]) if name}
    length = int(fields.get(b"content-length", b"0"))
    if length:
        await reader.readexactly(length)
    return int(lines[0].split()[1]), fields.get(b"etag")


def fired(url: str, key: str, shots: list[Shot], **how: Any) -> dict[str, Any]:
    """Run a barrage from the outside of a loop."""
    return asyncio.run(barrage(url, key, shots, **how))


def recommend_bodies(week: Any, count: int) -> tuple[bytes, ...]:
    """Return requests for recommendations: needs like those of the week, with other names."""
    needs = [need for need in week.needs if len(need.team) == 1][:count]
    found = []
    for number, need in enumerate(needs):
        asked = need.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"id": f"one-more-{number}", "visits": 1}
        found.append(json.dumps({"need": asked, "top": 5}).encode())
    return tuple(found)
