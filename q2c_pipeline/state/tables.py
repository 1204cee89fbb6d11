"""Tables of the state store: what cannot be rebuilt from landing."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, MetaData, String, Table, Text

from q2c_pipeline.state.types import ExactDecimal, Instant

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

RUN = Table(
    "run",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("as_of", Date, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("status", String(20), nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("batches", Integer, nullable=False),
    Column("exceptions", Integer, nullable=False),
    Column("amount_at_risk", ExactDecimal, nullable=False),
    Column("group_currency", String(3), nullable=False),
    Column("unexplained", Integer, nullable=False),
    Column("audit_entries", Integer),
    Column("audit_hash", String(64)),
    Column("policy_digest", String(64)),
    CheckConstraint("batches >= 0 and exceptions >= 0 and unexplained >= 0", name="counts_not_negative"),
    Index(None, "as_of", "started_at"),
)

RUN_CONTROL = Table(
    "run_control",
    METADATA,
    Column("run_id", ForeignKey("run.run_id", ondelete="CASCADE"), primary_key=True),
    Column("control_id", String(10), primary_key=True),
    Column("exceptions", Integer, nullable=False),
    Column("amount_at_risk", ExactDecimal, nullable=False),
    CheckConstraint("exceptions >= 0", name="exceptions_not_negative"),
)

IDENTITY_JUDGEMENT = Table(
    "identity_judgement",
    METADATA,
    Column("judgement_id", Integer, primary_key=True, autoincrement=True),
    Column("left_key", String(400), nullable=False),
    Column("right_key", String(400), nullable=False),
    Column("opinion", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("judged_at", Instant, nullable=False),
    CheckConstraint("left_key < right_key", name="keys_in_order"),
    CheckConstraint("opinion in ('same', 'different', 'unsure', 'withdrawn')", name="opinion_known"),
    Index(None, "left_key", "right_key"),
)
