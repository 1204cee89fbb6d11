"""The life of exceptions: a case each, everything that happened to it, and what each night found."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from q2c_pipeline.state.tables import METADATA
from q2c_pipeline.state.types import ExactDecimal, Instant

EXCEPTION_CASE = Table(
    "exception_case",
    METADATA,
    Column("exception_id", String(64), primary_key=True),
    Column("control_id", String(10), nullable=False),
    Column("leg", String(2), nullable=False),
    Column("subject_key", Text, nullable=False),
    Column("legal_entity_code", String(40)),
    Column("currency", String(3)),
    Column("first_period", Date),
    Column("difference_amount", ExactDecimal),
    Column("amount_at_risk", ExactDecimal),
    Column("reason", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("queue", String(40), nullable=False),
    Column("status", String(30), nullable=False),
    Column("assignee", String(200)),
    Column("first_seen", Date, nullable=False),
    Column("last_seen", Date, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("resolved_on", Date),
    Column("waived_until", Date),
    Column("waived_by", String(200)),
    Column("waiver_reason", Text),
    Column("waived_amount", ExactDecimal),
    Column("merged_into", ForeignKey("exception_case.exception_id")),
    Column("times_reopened", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "status in ('open', 'assigned', 'in progress', 'waiting on correction', 'resolved', 'waived')", name="status_known"
    ),
    CheckConstraint(
        "status <> 'waived' or (waived_until is not null and waived_by is not null and waiver_reason is not null)",
        name="waiver_whole",
    ),
    CheckConstraint("merged_into <> exception_id", name="not_into_itself"),
    Index(None, "status", "queue"),
    Index(None, "merged_into"),
)

EXCEPTION_EVENT = Table(
    "exception_event",
    METADATA,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("exception_id", ForeignKey("exception_case.exception_id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(200), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("why", Text, nullable=False),
    Column("audit_number", ForeignKey("audit_entry.entry_number"), nullable=False),
    Index(None, "exception_id"),
    Index(None, "audit_number"),
)

EXCEPTION_SYNC = Table(
    "exception_sync",
    METADATA,
    Column("as_of", Date, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("found", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("returned", Integer, nullable=False),
    Column("resolved", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("legs_not_judged", String(200), nullable=False),
)
