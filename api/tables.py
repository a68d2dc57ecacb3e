"""The tables. Times are seconds since 1970 by the database's clock, bodies are JSON packed with zlib."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
)


def _moment(name: str, *, is_always: bool = True) -> Column[float]:
    """A point in time; null where it is not yet, or never, unless it `is_always` there."""
    return Column(name, Float(53), nullable=not is_always)


def _area(*, is_key: bool = False) -> Column[str]:
    """The area that something belongs to."""
    return Column("area", String(400), primary_key=is_key, nullable=False)


def _caller(name: str, *, is_key: bool = False) -> Column[str]:
    """Whoever asked, as the audit log names them."""
    return Column(name, String(300), primary_key=is_key, nullable=False)


def _job(name: str, *, is_key: bool = False) -> Column[str]:
    """The plan or comparison that a row goes with, and goes away with."""
    return Column(name, String(40), ForeignKey("plans.id", ondelete="CASCADE"), primary_key=is_key, nullable=False)


keys = Table(
    "keys",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("name", String(200), nullable=False),
    _area(),
    Column("scopes", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    _moment("made_at"),
    _caller("made_by"),
    _moment("expires_at", is_always=False),
    _moment("revoked_at", is_always=False),
)
"""API keys. Only a hash of the secret is kept."""

callers = Table("callers", metadata, _caller("id", is_key=True), _moment("served_at", is_always=False))
"""Who has asked for plans, and when a job of theirs was last begun: the next job is one of who has waited longest."""

problems = Table(
    "problems",
    metadata,
    Column("id", String(40), primary_key=True),
    _area(),
    Column("version", Integer, nullable=False),
    _moment("made_at"),
    _caller("made_by"),
    Column("origin", String(20), nullable=False, server_default="stored"),
    Index("ix_problems_area_id", "area", "id"),
)
"""`origin` says how a problem came: ``stored`` by itself, with a request for a ``plan``, or by a ``replan``."""

problem_versions = Table(
    "problem_versions",
    metadata,
    Column("problem_id", String(40), ForeignKey("problems.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _moment("made_at"),
    _caller("made_by"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(40), primary_key=True),
    _area(),
    Column("caller", String(300), ForeignKey("callers.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("problem_id", String(40), nullable=False),
    Column("problem_version", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("start_id", String(40)),
    Column("start_version", Integer),
    Column("state", String(20), nullable=False),
    Column("is_cancelled", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    _moment("lease_until", is_always=False),
    Column("worker", String(100)),
    Column("spent", Float(53), nullable=False),
    Column("progress", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("standing", String(20), nullable=False),
    Column("webhook", String(2000)),
    _moment("made_at"),
    _moment("started_at", is_always=False),
    _moment("ended_at", is_always=False),
    ForeignKeyConstraint(["problem_id", "problem_version"], ["problem_versions.problem_id", "problem_versions.version"]),
    Index("ix_plans_area_id", "area", "id"),
    Index("ix_plans_state_caller_made_at", "state", "caller", "made_at"),
    Index("ix_plans_problem_id", "problem_id"),
)
"""Plans and, in the same row, the jobs that make them. `attempt` is the fence: who writes with an old one changes nothing.

A comparison of scenarios is a job, too, of the kind ``scenarios``: it has no plan of its own but `runs`, and in the end what `comparisons` has of it.
"""

plan_versions = Table(
    "plan_versions",
    metadata,
    _job("plan_id", is_key=True),
    Column("version", Integer, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("cost", BigInteger),
    Column("violations", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _moment("made_at"),
    _caller("made_by"),
)

runs = Table(
    "runs",
    metadata,
    _job("job_id", is_key=True),
    Column("key", String(32), primary_key=True),
    Column("record", LargeBinary, nullable=False),
    Column("plan", String(32)),
    Column("body", LargeBinary),
    _moment("made_at"),
    Index("ix_runs_job_id_plan", "job_id", "plan"),
)
"""Finished runs of comparisons: `key` is the digest of all that decides a run, `plan` the digest of its plan, `body` the plan itself."""

comparisons = Table(
    "comparisons",
    metadata,
    _job("job_id", is_key=True),
    Column("body", LargeBinary, nullable=False),
    _moment("made_at"),
)
"""What comparisons that have ended say."""

events = Table(
    "events",
    metadata,
    _job("plan_id", is_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("data", JSON, nullable=False),
    _moment("at"),
)

repeats = Table(
    "repeats",
    metadata,
    _caller("caller", is_key=True),
    Column("token", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    _job("plan_id"),
    _moment("at"),
)
"""Idempotency keys: which request of a caller made which plan."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    _job("plan_id"),
    _caller("caller"),
    Column("url", String(2000), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
    _moment("next_at", is_always=False),
    Column("status", Integer),
    Column("error", String(300)),
    _moment("done_at", is_always=False),
    Index("ix_deliveries_next_at", "next_at"),
)
"""Webhooks: `next_at` is when the next try is due, null once there is none."""

in_force = Table(
    "in_force",
    metadata,
    _area(is_key=True),
    Column("community", String(120), primary_key=True),
    Column("week", String(10), primary_key=True),
    Column("plan_id", String(40), ForeignKey("plans.id"), nullable=False),
    Column("version", Integer, nullable=False),
    _moment("at"),
    _caller("caller"),
)
"""The plan in force of each community and week; the key of the table is what allows but one."""

appointments = Table(
    "appointments",
    metadata,
    _area(is_key=True),
    Column("uid", String(60), primary_key=True),
    Column("person", String(200), nullable=False),
    Column("name", String(400), nullable=False),
    Column("week", String(10), nullable=False),
    Column("community", String(120), nullable=False),
    Column("starts_at", String(19), nullable=False),
    Column("ends_at", String(19), nullable=False),
    Column("texts", JSON, nullable=False),
    Column("is_cancelled", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    _moment("changed_at"),
    Index("ix_appointments_area_person", "area", "person"),
    Index("ix_appointments_area_week", "area", "week"),
)
"""What the plans that were published have told each person, also what was taken back since. Starts and ends are local, texts in both languages."""

calendars = Table(
    "calendars",
    metadata,
    Column("id", String(40), primary_key=True),
    _area(),
    Column("person", String(200), nullable=False),
    Column("lang", String(2), nullable=False),
    _moment("made_at"),
    _caller("made_by"),
    _moment("revoked_at", is_always=False),
    Index("ix_calendars_area_id", "area", "id"),
)
"""Links to calendars. What makes a link secret is derived from the server's secret and stands nowhere."""

rates = Table(
    "rates",
    metadata,
    Column("who", String(320), primary_key=True),
    Column("span", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""How many requests of a caller all servers together have answered in one span of time."""

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _moment("at"),
    _caller("caller"),
    _area(),
    Column("action", String(60), nullable=False),
    Column("thing", String(200), nullable=False),
    Column("detail", JSON, nullable=False),
    Index("ix_audit_area_id", "area", "id"),
)
"""Who did what. Triggers refuse any change of a row and any removal."""
