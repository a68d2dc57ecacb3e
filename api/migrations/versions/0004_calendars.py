"""Calendars of people: what each was told by the plans that were published, and the links that they subscribe to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "appointments",
        sa.Column("area", sa.String(length=400), nullable=False),
        sa.Column("uid", sa.String(length=60), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("week", sa.String(length=10), nullable=False),
        sa.Column("community", sa.String(length=120), nullable=False),
        sa.Column("starts_at", sa.String(length=19), nullable=False),
        sa.Column("ends_at", sa.String(length=19), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("area", "uid", name=op.f("pk_appointments")),
    )
    op.create_index("ix_appointments_area_person", "appointments", ["area", "person"], unique=False)
    op.create_index("ix_appointments_area_week", "appointments", ["area", "week"], unique=False)
    op.create_table(
        "calendars",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=400), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("made_at", sa.Float(precision=53), nullable=False),
        sa.Column("made_by", sa.String(length=300), nullable=False),
        sa.Column("revoked_at", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    op.create_index("ix_calendars_area_id", "calendars", ["area", "id"], unique=False)
