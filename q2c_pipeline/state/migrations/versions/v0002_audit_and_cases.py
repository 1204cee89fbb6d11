"""The audit log, and the life of exceptions."""

import sqlalchemy as sa
from alembic import op

from q2c_pipeline.state.migrations.only_grows import refuse
from q2c_pipeline.state.types import ExactDecimal, Instant

revision = "0002"
down_revision = "0001"

_START = "0" * 64
"""Hash before the first entry."""


def upgrade() -> None:
    """Add the tables, empty; the audit log begins."""
    _audit()
    _anchors()
    _cases()
    _events()
    _syncs()


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("entry_number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("what", sa.String(60), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("old", sa.Text),
        sa.Column("new", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("entry_number", name="pk_audit_entry"),
        sa.UniqueConstraint("previous_hash", name="uq_audit_entry_previous_hash"),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject"])
    refuse("audit_entry", "update", "delete")
    head = op.create_table(
        "audit_head",
        sa.Column("head_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("head_id", name="pk_audit_head"),
        sa.CheckConstraint("head_id = 1", name=op.f("ck_audit_head_one_row")),
    )
    op.bulk_insert(head, [{"head_id": 1, "entries": 0, "hash": _START}])
    grows = "new.entries >= old.entries and new.head_id = old.head_id"
    refuse("audit_head", "update", "delete", unless=grows, says="audit_head only moves on")


def _anchors() -> None:
    """Each run keeps the head it saw, so that entries cannot vanish from the end without a run that contradicts it.

    And what its policy said: a policy that changes under an unchanged version is noticed.
    """
    op.add_column("run", sa.Column("audit_entries", sa.Integer))
    op.add_column("run", sa.Column("audit_hash", sa.String(64)))
    op.add_column("run", sa.Column("policy_digest", sa.String(64)))


def _cases() -> None:
    op.create_table(
        "exception_case",
        sa.Column("exception_id", sa.String(64), nullable=False),
        sa.Column("control_id", sa.String(10), nullable=False),
        sa.Column("leg", sa.String(2), nullable=False),
        sa.Column("subject_key", sa.Text, nullable=False),
        sa.Column("legal_entity_code", sa.String(40)),
        sa.Column("currency", sa.String(3)),
        sa.Column("first_period", sa.Date),
        sa.Column("difference_amount", ExactDecimal),
        sa.Column("amount_at_risk", ExactDecimal),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("assignee", sa.String(200)),
        sa.Column("first_seen", sa.Date, nullable=False),
        sa.Column("last_seen", sa.Date, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("resolved_on", sa.Date),
        sa.Column("waived_until", sa.Date),
        sa.Column("waived_by", sa.String(200)),
        sa.Column("waiver_reason", sa.Text),
        sa.Column("merged_into", sa.String(64)),
        sa.Column("times_reopened", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("exception_id", name="pk_exception_case"),
        sa.ForeignKeyConstraint(["merged_into"], ["exception_case.exception_id"], name="fk_exception_case_exception_case"),
        sa.CheckConstraint(
            "status in ('open', 'assigned', 'in progress', 'waiting on correction', 'resolved', 'waived')",
            name=op.f("ck_exception_case_status_known"),
        ),
        sa.CheckConstraint(
            "status <> 'waived' or (waived_until is not null and waived_by is not null and waiver_reason is not null)",
            name=op.f("ck_exception_case_waiver_whole"),
        ),
        sa.CheckConstraint("merged_into <> exception_id", name=op.f("ck_exception_case_not_into_itself")),
    )
    op.create_index("ix_exception_case_status_queue", "exception_case", ["status", "queue"])
    op.create_index("ix_exception_case_merged_into", "exception_case", ["merged_into"])


def _events() -> None:
    op.create_table(
        "exception_event",
        sa.Column("event_id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("exception_id", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("old", sa.Text),
        sa.Column("new", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("audit_number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_exception_event"),
        sa.ForeignKeyConstraint(["exception_id"], ["exception_case.exception_id"], name="fk_exception_event_exception_case"),
        sa.ForeignKeyConstraint(["audit_number"], ["audit_entry.entry_number"], name="fk_exception_event_audit_entry"),
    )
    op.create_index("ix_exception_event_exception_id", "exception_event", ["exception_id"])
    op.create_index("ix_exception_event_audit_number", "exception_event", ["audit_number"])
    refuse("exception_event", "update", "delete")


def _syncs() -> None:
    op.create_table(
        "exception_sync",
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("opened", sa.Integer, nullable=False),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("returned", sa.Integer, nullable=False),
        sa.Column("resolved", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("legs_not_judged", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("as_of", name="pk_exception_sync"),
    )
