"""Corrections: proposals, decisions, the outbox, every attempt to push, and circuits."""

import sqlalchemy as sa
from alembic import op

from q2c_pipeline.state.migrations.only_grows import refuse
from q2c_pipeline.state.types import ExactDecimal, Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables, empty."""
    _corrections()
    _decisions()
    _outbox()
    _attempts()
    _circuits()


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.String(64), nullable=False),
        sa.Column("base_id", sa.String(64), nullable=False),
        sa.Column("exception_id", sa.String(64), nullable=False),
        sa.Column("control_id", sa.String(10), nullable=False),
        sa.Column("leg", sa.String(2), nullable=False),
        sa.Column("subject_key", sa.Text, nullable=False),
        sa.Column("legal_entity_code", sa.String(40)),
        sa.Column("currency", sa.String(3)),
        sa.Column("difference_amount", ExactDecimal, nullable=False),
        sa.Column("amount_at_risk", ExactDecimal),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("plan_id", sa.String(64), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("instance", sa.String(60), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("is_reversible", sa.Boolean, nullable=False),
        sa.Column("proposer", sa.String(200), nullable=False),
        sa.Column("undoes", sa.String(64)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("proposed_on", sa.Date, nullable=False),
        sa.Column("seen_on", sa.Date, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("acknowledged_at", Instant),
        sa.Column("external_id", sa.String(200)),
        sa.Column("version_after", sa.String(64)),
        sa.PrimaryKeyConstraint("correction_id", name="pk_correction"),
        sa.CheckConstraint(
            "status in ('proposed', 'approved', 'sent', 'acknowledged', 'verified', 'not_effective', 'unknown', 'dead_letter', "
            "'refused', 'review', 'rejected', 'expired', 'compensating', 'compensated', 'task', 'closed')",
            name=op.f("ck_correction_status_known"),
        ),
        sa.ForeignKeyConstraint(["undoes"], ["correction.correction_id"], name="fk_correction_correction"),
    )
    op.create_index("ix_correction_base_id", "correction", ["base_id"])
    op.create_index("ix_correction_exception_id", "correction", ["exception_id"])
    op.create_index("ix_correction_plan_id", "correction", ["plan_id"])
    op.create_index("ix_correction_status", "correction", ["status"])


def _decisions() -> None:
    op.create_table(
        "correction_decision",
        sa.Column("decision_id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("correction_id", sa.String(64), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("shown", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_correction_decision"),
        sa.CheckConstraint(
            "decision in ('approved', 'rejected')",
            name=op.f("ck_correction_decision_decision_known"),
        ),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.correction_id"], name="fk_correction_decision_correction"),
    )
    op.create_index("ix_correction_decision_correction_id", "correction_decision", ["correction_id"])
    refuse("correction_decision", "update", "delete")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("attempt_key", sa.String(64), nullable=False),
        sa.Column("correction_id", sa.String(64), nullable=False),
        sa.Column("plan_id", sa.String(64), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("instance", sa.String(60), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try_at", Instant, nullable=False),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("claimed_until", Instant),
        sa.PrimaryKeyConstraint("attempt_key", name="pk_outbox"),
        sa.CheckConstraint(
            "attempts >= 0",
            name=op.f("ck_outbox_attempts_not_negative"),
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'claimed', 'unknown', 'finished', 'dead')",
            name=op.f("ck_outbox_state_known"),
        ),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.correction_id"], name="fk_outbox_correction"),
        sa.UniqueConstraint("correction_id", name="uq_outbox_correction_id"),
    )
    op.create_index("ix_outbox_instance_state", "outbox", ["instance", "state"])
    op.create_index("ix_outbox_plan_id", "outbox", ["plan_id"])


def _attempts() -> None:
    op.create_table(
        "push_attempt",
        sa.Column("attempt_id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("attempt_key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("pusher", sa.String(64), nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("verdict", sa.String(20)),
        sa.Column("detail", sa.Text),
        sa.Column("external_id", sa.String(200)),
        sa.Column("version_after", sa.String(64)),
        sa.Column("retry_after", sa.Float),
        sa.Column("request_id", sa.String(200)),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_push_attempt"),
        sa.CheckConstraint(
            "kind in ('send', 'look_up')",
            name=op.f("ck_push_attempt_kind_known"),
        ),
        sa.ForeignKeyConstraint(["attempt_key"], ["outbox.attempt_key"], name="fk_push_attempt_outbox"),
    )
    op.create_index("ix_push_attempt_attempt_key", "push_attempt", ["attempt_key"])


def _circuits() -> None:
    op.create_table(
        "circuit",
        sa.Column("instance", sa.String(60), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("open_until", Instant),
        sa.PrimaryKeyConstraint("instance", name="pk_circuit"),
        sa.CheckConstraint(
            "failures >= 0",
            name=op.f("ck_circuit_failures_not_negative"),
        ),
    )
