"""The few SOQL texts that the reader needs; values are always escaped by the client library."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from simple_salesforce.format import format_soql

from q2c_pipeline.landing.manifest import Window


def within(window: Window) -> str:
    """The condition that a record's stamp lies in the window."""
    until = format_soql("SystemModstamp < {}", window.until)
    return until if window.since is None else format_soql("SystemModstamp >= {} AND ", window.since) + until


def since(moment: datetime) -> str:
    """The condition that a record changed at or after a moment."""
    return format_soql("SystemModstamp >= {}", moment)


def rows(object_name: str, columns: Sequence[str], where: str) -> str:
    """Records in the order of their change, so that a broken reading can go on where it stopped."""
    return f"SELECT {', '.join(columns)} FROM {object_name} WHERE {where} ORDER BY SystemModstamp, Id"  # noqa: S608


def count(object_name: str, where: str) -> str:
    """How many records there are."""
    return f"SELECT COUNT() FROM {object_name} WHERE {where}"  # noqa: S608


def total(object_name: str, field: str, where: str, currency: str | None) -> str:
    """The sum of a field, of one currency's records if given."""
    only = format_soql(" AND CurrencyIsoCode = {}", currency) if currency else ""
    return f"SELECT SUM({field}) FROM {object_name} WHERE {where}{only}"  # noqa: S608
