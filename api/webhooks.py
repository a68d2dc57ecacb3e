"""Sending webhooks: signed as Standard Webhooks has it, tried again with growing pauses, never to where only this machine may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from api.database import Database
from api.settings import Settings
from api.store import webhooks
from api.store.keys import now
from api.store.plans import tidy

log = structlog.get_logger()

LEASE = 60.0
"""Seconds after which a try whose sender died is due again."""
TIMEOUT = httpx.Timeout(10.0)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
LONGEST_PAUSE = 3600.0
TIDY = 3600.0
"""Seconds between two times at which what nobody needs any more is forgotten."""


def secret_of(settings: Settings, caller: str) -> str | None:
    """Return the secret that signs a caller's webhooks: derived from the server's, so that none is stored. None where the server has none."""
    if settings.webhook_secret is None:
        return None
    key = hmac.digest(settings.webhook_secret.get_secret_value().encode(), f"webhook:{caller}".encode(), "sha256")
    return "whsec_" + base64.b64encode(key).decode()


def signed(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that say who sent a body, and when."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mark).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature, "content-type": "application/json"}


def verify(secret: str, headers: Mapping[str, str], body: bytes, at: float, tolerance: float = 300.0) -> bool:
    """Return whether a webhook is what it says: for receivers. `at` is the receiver's time; an old one is refused, as it may be a copy."""
    try:
        timestamp = int(headers["webhook-timestamp"])
        ours = signed(secret, headers["webhook-id"], timestamp, body)["webhook-signature"]
        return abs(at - timestamp) <= tolerance and any(hmac.compare_digest(ours, given) for given in headers["webhook-signature"].split())
    except (KeyError, ValueError):
        return False


class BadAddress(Exception):
    """A webhook does not go to where it should go."""


def address_of(url: str) -> str:
    """Return the address that a webhook is sent to; raises `BadAddress` where a host has one that only this machine or network may reach."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        raise BadAddress("is not https")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):
        raise BadAddress("its host is not known") from None
    addresses = [str(address[4][0]) for address in found]
    if not addresses or not all(map(_is_public, addresses)):
        raise BadAddress("its host is inside a private network")
    return addresses[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # Addresses that stand for one of version 4 are as public as that one.
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(each is not None and not _is_public(str(each)) for each in inner):
            return False
    return address.is_global and not address.is_multicast


class Courier(threading.Thread):
    """Sends what is due, one after the other, and tidies up now and then. Several may run: each try is one courier's."""

    def __init__(self, database: Database, settings: Settings, stopping: threading.Event) -> None:
        super().__init__(name="courier", daemon=True)
        self._database, self._settings, self._stopping = database, settings, stopping
        # No proxy of the environment: it would look the name up again, and reach what this machine does not.
        self._http = httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False)

    def run(self) -> None:
        """Send until told to stop."""
        tidied: float | None = None
        while not self._stopping.is_set():
            try:
                if tidied is None or time.monotonic() - tidied > TIDY:
                    tidied = time.monotonic()
                    with self._database.write() as connection:
                        tidy(connection, self._settings.keep_days * 86_400.0)
                if self.send_one():
                    continue
            except Exception as error:  # noqa: BLE001 - the database may be away for a while
                log.warning("no webhook could be taken", error=type(error).__name__)
            self._stopping.wait(1.0)
        self._http.close()

    def send_one(self) -> bool:
        """Send the webhook that is due longest; returns whether there was one."""
        with self._database.read() as connection:
            if not webhooks.is_any_due(connection):
                return False
        with self._database.write() as connection:
            row = webhooks.take(connection, LEASE)
            timestamp = int(now(connection))
        if row is None:
            return False
        tries, settings = row["tries"] + 1, self._settings
        status, error = self._sent(dict(row), timestamp)
        pause = None if error is None or tries >= settings.webhook_tries else min(LONGEST_PAUSE, settings.webhook_pause * 2 ** (tries - 1))
        with self._database.write() as connection:
            webhooks.note(connection, row["id"], tries, status, error, pause)
        log.info("webhook sent" if error is None else "webhook failed", plan=row["plan_id"], status=status, tries=tries)
        return True

    def _sent(self, row: dict[str, Any], timestamp: int) -> tuple[int | None, str | None]:
        secret = secret_of(self._settings, row["caller"])
        if secret is None:
            return None, "the server has no webhook secret"
        headers, url = signed(secret, row["id"], timestamp, row["body"]), httpx.URL(row["url"])
        extensions: dict[str, Any] = {}
        try:
            if not self._settings.webhook_private:
                # The name is looked up once: what was found to be public is where the body goes, whatever the name says a moment later.
                address = address_of(row["url"])
                headers["host"], extensions["sni_hostname"] = url.netloc.decode(), url.host
                url = url.copy_with(host=address)
            # The answer's body is of no use, and could be without end.
            with self._http.stream("POST", url, content=row["body"], headers=headers, extensions=extensions) as answer:
                return answer.status_code, None if answer.is_success else f"answered {answer.status_code}"
        except BadAddress as fault:
            return None, str(fault)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, type(error).__name__
