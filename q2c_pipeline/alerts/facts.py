"""What is worth telling, read from the state store; texts name controls, subjects and amounts, never people or secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, RowMapping, select

from q2c_pipeline.alerts.alert import Alert, AlertKind
from q2c_pipeline.state.case_tables import EXCEPTION_CASE
from q2c_pipeline.state.correction_tables import CIRCUIT, CORRECTION, OUTBOX

_CASE = EXCEPTION_CASE.c
_CLOSED = ("resolved", "waived")
_GRAVE = ("critical", "high")


def new_exceptions(connection: Connection, as_of: date, group_currency: str) -> Iterator[Alert]:
    """One alert a queue: how many were opened or came back that night, how grave they are, and of which controls."""
    opened = select(EXCEPTION_CASE).where(_CASE.opened_on == as_of, _CASE.status.not_in(_CLOSED))
    by_queue: dict[str, list[RowMapping]] = {}
    for row in connection.execute(opened.order_by(_CASE.exception_id)).mappings():
        by_queue.setdefault(row["queue"], []).append(row)
    for queue, rows in sorted(by_queue.items()):
        yield Alert(AlertKind.NEW_EXCEPTIONS, f"new|{as_of}|{queue}", _new(queue, rows, as_of, group_currency), queue)


def _new(queue: str, rows: Sequence[RowMapping], as_of: date, group_currency: str) -> str:
    severities, controls = Counter(row["severity"] for row in rows), Counter(row["control_id"] for row in rows)
    grave = ", ".join(f"{severities[one]} {one}" for one in _GRAVE if severities[one])
    worth = sum((row["amount_at_risk"] or Decimal(0) for row in rows), Decimal(0))
    listed = ", ".join(f"{control} {number}" for control, number in sorted(controls.items()))
    count = f"{len(rows)} new exception{'s' if len(rows) > 1 else ''}"
    head = f"{count} for {queue.replace('_', ' ')} on {as_of}"
    return f"{head}{f' ({grave})' if grave else ''}, {worth:,.2f} {group_currency} at risk: {listed}"


def breaches(connection: Connection, as_of: date) -> Iterator[Alert]:
    """Exceptions that are past the day by which they should have been resolved, one alert each and due day."""
    late = select(EXCEPTION_CASE).where(_CASE.due_on < as_of, _CASE.status.not_in(_CLOSED), _CASE.merged_into.is_(None))
    for row in connection.execute(late.order_by(_CASE.due_on, _CASE.exception_id)).mappings():
        who = f"assigned to {row['assignee']}" if row["assignee"] else "assigned to nobody"
        text = f"{row['control_id']} {row['subject_key']} was due on {row['due_on']}, is {row['status']} and {who}"
        yield Alert(AlertKind.SLA_BREACH, f"sla|{row['exception_id']}|{row['due_on']}", text, row["queue"])


def dead_letters(connection: Connection) -> Iterator[Alert]:
    """Corrections that were tried as often as the policy lets them be."""
    dead = (
        select(CORRECTION, OUTBOX.c.attempt_key, OUTBOX.c.attempts).join_from(OUTBOX, CORRECTION).where(OUTBOX.c.state == "dead")
    )
    for row in connection.execute(dead.order_by(OUTBOX.c.attempt_key)).mappings():
        short, what = row["correction_id"][:12], f"{row['action']} for {row['control_id']} {row['subject_key']}"
        tries = f"in {row['attempts']} attempts; `q2c corrections show {short}` tells why"
        text = f"correction {short} ({what}) did not reach {row['instance']} {tries}"
        yield Alert(AlertKind.DEAD_LETTER, f"dead|{row['attempt_key']}", text, "integration")


def unknown_effects(connection: Connection, attempts: int) -> Iterator[Alert]:
    """Corrections of which nobody could find out, in that many attempts, whether they took effect."""
    is_lost = (OUTBOX.c.state == "unknown") & (OUTBOX.c.attempts >= attempts)
    lost = select(CORRECTION, OUTBOX.c.attempt_key).join_from(OUTBOX, CORRECTION).where(is_lost)
    for row in connection.execute(lost.order_by(OUTBOX.c.attempt_key)).mappings():
        short, what = row["correction_id"][:12], f"{row['action']} for {row['control_id']} {row['subject_key']}"
        text = (
            f"it is not known whether correction {short} ({what}) took effect in {row['instance']}: look there for "
            f"{row['attempt_key']}; nothing is sent again before `q2c corrections push` has found out"
        )
        yield Alert(AlertKind.UNKNOWN_EFFECT, f"unknown|{row['attempt_key']}", text, "integration")


def open_circuits(connection: Connection, at: datetime) -> Iterator[Alert]:
    """Instances to which nothing is pushed for now."""
    blown = select(CIRCUIT).where(CIRCUIT.c.open_until > at).order_by(CIRCUIT.c.instance)
    for row in connection.execute(blown).mappings():
        until = f"{row['open_until']:%Y-%m-%d %H:%M} UTC"
        text = f"nothing is pushed to {row['instance']} until {until}, after {row['failures']} failures"
        yield Alert(AlertKind.CIRCUIT_OPEN, f"circuit|{row['instance']}|{row['open_until'].isoformat()}", text, "integration")
