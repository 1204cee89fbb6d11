"""Alerts by channel: what waits to be told, and what was told when."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text

from q2c_pipeline.state.tables import METADATA
from q2c_pipeline.state.types import Instant

ALERT = Table(
    "alert",
    METADATA,
    Column("alert_key", String(200), primary_key=True),
    Column("channel", String(60), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("queue", String(40)),
    Column("text", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("trouble", Text),
    Column("claimed_until", Instant),
    CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    Index(None, "sent_at"),
)
