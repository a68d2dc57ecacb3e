"""Counts of requests that servers share, and where a stored problem is from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "rates",
        sa.Column("who", sa.String(length=320), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", "span", name=op.f("pk_rates")),
    )
    op.add_column("problems", sa.Column("origin", sa.String(length=20), nullable=False, server_default="stored"))
    # What problems were made for planning again can be told from the plans that they were made for.
    op.execute("UPDATE problems SET origin = 'replan' WHERE id IN (SELECT problem_id FROM plans WHERE kind = 'replan')")
