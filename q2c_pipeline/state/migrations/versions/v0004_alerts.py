"""Alerts that wait or were sent."""

import sqlalchemy as sa
from alembic import op

from q2c_pipeline.state.types import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table, empty."""
    op.create_table(
        "alert",
        sa.Column("alert_key", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("queue", sa.String(40)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("raised_at", Instant, nullable=False),
        sa.Column("sent_at", Instant),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text),
        sa.PrimaryKeyConstraint("alert_key", "channel", name="pk_alert"),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_alert_attempts_not_negative")),
    )
    op.create_index("ix_alert_sent_at", "alert", ["sent_at"])
