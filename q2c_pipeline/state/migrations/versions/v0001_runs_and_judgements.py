"""History of runs and what people said of customer records.

A store from before versions has these tables already: they are adopted as they are.
"""

import sqlalchemy as sa
from alembic import op

from q2c_pipeline.state.migrations.only_grows import refuse
from q2c_pipeline.state.types import ExactDecimal, Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what is missing."""
    _runs()
    _judgements()


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("policy_version", sa.String(64), nullable=False),
        sa.Column("batches", sa.Integer, nullable=False),
        sa.Column("exceptions", sa.Integer, nullable=False),
        sa.Column("amount_at_risk", ExactDecimal, nullable=False),
        sa.Column("group_currency", sa.String(3), nullable=False),
        sa.Column("unexplained", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_run"),
        sa.CheckConstraint("batches >= 0 and exceptions >= 0 and unexplained >= 0", name=op.f("ck_run_counts_not_negative")),
        if_not_exists=True,
    )
    op.create_index("ix_run_as_of_started_at", "run", ["as_of", "started_at"], if_not_exists=True)
    op.create_table(
        "run_control",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("control_id", sa.String(10), nullable=False),
        sa.Column("exceptions", sa.Integer, nullable=False),
        sa.Column("amount_at_risk", ExactDecimal, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "control_id", name="pk_run_control"),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], ondelete="CASCADE", name="fk_run_control_run"),
        sa.CheckConstraint("exceptions >= 0", name=op.f("ck_run_control_exceptions_not_negative")),
        if_not_exists=True,
    )


def _judgements() -> None:
    known = "opinion in ('same', 'different', 'unsure', 'withdrawn')"
    op.create_table(
        "identity_judgement",
        sa.Column("judgement_id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("left_key", sa.String(400), nullable=False),
        sa.Column("right_key", sa.String(400), nullable=False),
        sa.Column("opinion", sa.String(20), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("judged_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("judgement_id", name="pk_identity_judgement"),
        sa.CheckConstraint("left_key < right_key", name=op.f("ck_identity_judgement_keys_in_order")),
        sa.CheckConstraint(known, name=op.f("ck_identity_judgement_opinion_known")),
        if_not_exists=True,
    )
    keys = ["left_key", "right_key"]
    op.create_index("ix_identity_judgement_left_key_right_key", "identity_judgement", keys, if_not_exists=True)
    refuse("identity_judgement", "update", "delete")  # a withdrawal is a row of its own
