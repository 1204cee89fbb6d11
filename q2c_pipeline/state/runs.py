"""History of runs: one row a run and one a control, so that reports can show whether things get better."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from q2c_pipeline.state.audit import head_of
from q2c_pipeline.state.tables import RUN, RUN_CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine

_ANCHOR = ("audit_entries", "audit_hash")
"""Columns that tie a run to the audit log, see there."""


@dataclass(frozen=True)
class ControlCount:
    """What one control found in one run."""

    control_id: str
    exceptions: int
    amount_at_risk: Decimal


@dataclass(frozen=True)
class Run:
    """One run and its result; amounts in group currency, `unexplained` counts lines of the bridge that do not close."""

    run_id: str
    as_of: date
    started_at: datetime
    finished_at: datetime | None
    status: str
    policy_version: str
    batches: int
    exceptions: int
    amount_at_risk: Decimal
    group_currency: str
    unexplained: int
    controls: tuple[ControlCount, ...] = ()
    policy_digest: str | None = None


def record_run(engine: Engine, run: Run) -> None:
    """Keep a run, what its controls found and the head of the audit log; recording the same run id again replaces it."""
    with engine.begin() as connection:
        connection.execute(delete(RUN_CONTROL).where(RUN_CONTROL.c.run_id == run.run_id))
        connection.execute(delete(RUN).where(RUN.c.run_id == run.run_id))
        head = head_of(connection)
        facts = {column.name: getattr(run, column.name) for column in RUN.columns if column.name not in _ANCHOR}
        connection.execute(insert(RUN), facts | dict(zip(_ANCHOR, (head.entries, head.hash), strict=True)))
        if run.controls:
            connection.execute(insert(RUN_CONTROL), [_control_row(run.run_id, control) for control in run.controls])


def runs(engine: Engine, limit: int = 30) -> list[Run]:
    """The newest `limit` runs, oldest first."""
    facts = [column for column in RUN.columns if column.name not in _ANCHOR]
    newest = select(*facts).order_by(RUN.c.as_of.desc(), RUN.c.started_at.desc(), RUN.c.run_id.desc()).limit(limit)
    with engine.connect() as connection:
        rows = connection.execute(newest).mappings().all()
        controls = _controls(connection, [row["run_id"] for row in rows])
    return [Run(**row, controls=tuple(controls.get(row["run_id"], ()))) for row in reversed(rows)]


def _control_row(run_id: str, control: ControlCount) -> Mapping[str, object]:
    return {
        "run_id": run_id,
        "control_id": control.control_id,
        "exceptions": control.exceptions,
        "amount_at_risk": control.amount_at_risk,
    }


def _controls(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[ControlCount]]:
    query = select(RUN_CONTROL).where(RUN_CONTROL.c.run_id.in_(run_ids)).order_by(RUN_CONTROL.c.control_id)
    found: dict[str, list[ControlCount]] = {}
    for row in connection.execute(query).mappings():
        control = ControlCount(row["control_id"], row["exceptions"], row["amount_at_risk"])
        found.setdefault(row["run_id"], []).append(control)
    return found
