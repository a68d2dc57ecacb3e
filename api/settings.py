"""What can be set from outside: environment variables with the prefix ``SISHE_``. Secrets come from there and from nowhere else."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Seconds = Annotated[float, Field(ge=0)]
Bytes = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """The settings of a server and of its workers; docs/api.md has the table."""

    model_config = SettingsConfigDict(env_prefix="SISHE_", extra="ignore", frozen=True)

    database: SecretStr = SecretStr("sqlite:///sishe.db")
    """Where everything is kept: ``sqlite:///file`` or ``postgresql://user:password@host/name``."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=0, le=256)] = 1
    """Processes that solve; each works on one job at a time."""
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    """Searchers of one job."""
    nice: Annotated[int, Field(ge=0, le=19)] = 10
    """How far a server's workers stand back for the server, so that it answers while they search."""
    clerks: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that answer questions, each with its weeks kept warm; one more answers those that take long."""

    max_body: Bytes = 64 * 1024**2
    """Bytes of a request, unpacked."""
    body_seconds: Seconds = 60.0
    """How long a caller may take to send a request."""
    max_visits: Annotated[int, Field(ge=1)] = 50_000
    max_budget: Seconds = 3600.0
    """Seconds: the longest search, and the longest proof, that a caller may ask for."""
    max_runs: Annotated[int, Field(ge=1)] = 1000
    """Runs of one comparison: its scenarios and the week without edits, times repeats."""
    max_wait: Seconds = 30.0
    """The longest ``Prefer: wait``."""
    answer_seconds: Seconds = 60.0
    """How long a question about a plan may take before it is given up."""
    max_queued: Annotated[int, Field(ge=1)] = 100
    """Jobs of one caller that may wait at the same time."""
    max_streams: Annotated[int, Field(ge=1)] = 200
    """Progress streams open at the same time."""
    rate: str = "600/minute"
    """Requests of one caller, and, for those who show no valid key, of one address; counted by all servers of a database together."""
    key_seconds: Seconds = 2.0
    """How long a key that was let in is not looked up again: another server may let in a revoked one for so long."""

    lease: Annotated[float, Field(gt=0)] = 15.0
    """Seconds without a sign of life after which another worker takes over a job."""
    heartbeat: Annotated[float, Field(gt=0)] = 0.5
    poll: Annotated[float, Field(gt=0)] = 0.2
    checkpoint: Annotated[float, Field(gt=0)] = 5.0
    """Seconds of search between two times at which a better plan is saved: what a death of its worker costs a job at most."""
    attempts: Annotated[int, Field(ge=1)] = 5
    """How often a job whose worker died is begun before it counts as failed."""
    grace: Annotated[float, Field(gt=0)] = 300.0
    """Seconds that a job may take beyond what it was given, before its worker is ended."""
    keep_days: Annotated[float, Field(gt=0)] = 30.0
    """How long idempotency keys and the progress events of jobs that ended are kept."""

    webhook_secret: SecretStr | None = None
    """From which each caller's signing secret is derived; without it there are no webhooks."""
    webhook_private: bool = False
    """Whether webhooks may go to private addresses and without TLS."""
    webhook_tries: Annotated[int, Field(ge=1)] = 10
    webhook_pause: Annotated[float, Field(gt=0)] = 5.0
    """Seconds before the second try; doubled for each later one, up to an hour."""

    calendar_secret: SecretStr | None = None
    """From which the links to calendars are derived; without it there are none. Another one makes all links invalid."""
    calendar_days: Annotated[float, Field(gt=0, le=36500)] = 60.0
    """How long what is over stays in calendars."""
    zone: str = "Asia/Shanghai"
    """The time zone that the times of weeks are in, for calendars."""

    oidc_issuer: str | None = None
    """Accept JWTs of this issuer beside API keys."""
    oidc_audience: str | None = None
    oidc_jwks: str | None = None
    """Where the issuer's keys are; left out, its discovery document says."""
    oidc_area_claim: str = "area"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("should be a time zone such as Asia/Shanghai") from None

    @field_validator("database")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text.startswith("postgresql://"):
            text = "postgresql+psycopg://" + text.removeprefix("postgresql://")
        if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("should begin with sqlite:/// or postgresql://")
        if text in ("sqlite:///", "sqlite:///:memory:"):
            raise ValueError("should name a file: workers are processes of their own and share it")
        return SecretStr(text)
