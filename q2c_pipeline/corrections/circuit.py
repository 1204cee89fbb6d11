"""A circuit for each instance, in the store, so that it holds for every process: repeated failure pauses all pushing to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from q2c_pipeline.corrections.policy import Limits
from q2c_pipeline.state.correction_tables import CIRCUIT


def open_until(connection: Connection, instance: str, now: datetime) -> datetime | None:
    """Until when nothing is pushed to the instance; None when it may be."""
    until = connection.execute(select(CIRCUIT.c.open_until).where(CIRCUIT.c.instance == instance)).scalar()
    return until if until is not None and until > now else None


def is_on_trial(connection: Connection, instance: str) -> bool:
    """Whether a pause is over and nothing has succeeded since: then one correction is sent, not many."""
    until = connection.execute(select(CIRCUIT.c.open_until).where(CIRCUIT.c.instance == instance)).scalar()
    return until is not None


def count(connection: Connection, instance: str, now: datetime, limits: Limits, *, failed: bool) -> datetime | None:
    """Count one answer, or its absence; returns the end of the pause where this failure opened the circuit.

    Failures in a row are counted over all pushers; any answer of the vendor itself closes the circuit.
    """
    before = connection.execute(select(CIRCUIT.c.failures).where(CIRCUIT.c.instance == instance)).scalar() or 0
    failures = before + 1 if failed else 0
    until = now + limits.circuit_pause if failures >= limits.circuit_failures else None
    connection.execute(delete(CIRCUIT).where(CIRCUIT.c.instance == instance))
    if failures:
        connection.execute(insert(CIRCUIT).values(instance=instance, failures=failures, open_until=until))
    return until
