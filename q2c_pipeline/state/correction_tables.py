"""The life of corrections: what was proposed, who decided, what waits to be sent, every attempt, and blown circuits."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Float, ForeignKey, Index, Integer, String, Table, Text

from q2c_pipeline.state.tables import METADATA
from q2c_pipeline.state.types import ExactDecimal, Instant

CORRECTION = Table(
    "correction",
    METADATA,
    Column("correction_id", String(64), primary_key=True),
    Column("base_id", String(64), nullable=False),
    Column("exception_id", String(64), nullable=False),
    Column("control_id", String(10), nullable=False),
    Column("leg", String(2), nullable=False),
    Column("subject_key", Text, nullable=False),
    Column("legal_entity_code", String(40)),
    Column("currency", String(3)),
    Column("difference_amount", ExactDecimal, nullable=False),
    Column("amount_at_risk", ExactDecimal),
    Column("queue", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("plan_id", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("action", String(20), nullable=False),
    Column("instance", String(60), nullable=False),
    Column("target", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("is_reversible", Boolean, nullable=False),
    Column("proposer", String(200), nullable=False),
    Column("undoes", ForeignKey("correction.correction_id")),
    Column("status", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("seen_on", Date, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("external_id", String(200)),
    Column("version_after", String(64)),
    CheckConstraint(
        "status in ('proposed', 'approved', 'sent', 'acknowledged', 'verified', 'not_effective', 'unknown', 'dead_letter', "
        "'refused', 'review', 'rejected', 'expired', 'compensating', 'compensated', 'task', 'closed')",
        name="status_known",
    ),
    Index(None, "exception_id"),
    Index(None, "plan_id"),
    Index(None, "status"),
    Index(None, "base_id"),
)

CORRECTION_DECISION = Table(
    "correction_decision",
    METADATA,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("correction_id", ForeignKey("correction.correction_id"), nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("decision", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("shown", String(64), nullable=False),
    CheckConstraint("decision in ('approved', 'rejected')", name="decision_known"),
    Index(None, "correction_id"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("attempt_key", String(64), primary_key=True),
    Column("correction_id", ForeignKey("correction.correction_id"), nullable=False, unique=True),
    Column("plan_id", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("instance", String(60), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Column("claimed_by", String(64)),
    Column("claimed_until", Instant),
    CheckConstraint("state in ('waiting', 'claimed', 'unknown', 'finished', 'dead')", name="state_known"),
    CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    Index(None, "instance", "state"),
    Index(None, "plan_id"),
)

PUSH_ATTEMPT = Table(
    "push_attempt",
    METADATA,
    Column("attempt_id", Integer, primary_key=True, autoincrement=True),
    Column("attempt_key", ForeignKey("outbox.attempt_key"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("pusher", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("verdict", String(20)),
    Column("detail", Text),
    Column("external_id", String(200)),
    Column("version_after", String(64)),
    Column("retry_after", Float),
    Column("request_id", String(200)),
    CheckConstraint("kind in ('send', 'look_up')", name="kind_known"),
    Index(None, "attempt_key"),
)

CIRCUIT = Table(
    "circuit",
    METADATA,
    Column("instance", String(60), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", Instant),
    CheckConstraint("failures >= 0", name="failures_not_negative"),
)
