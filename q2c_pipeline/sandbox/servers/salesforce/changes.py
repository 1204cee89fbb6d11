"""The replication calls: ids deleted and updated in a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.salesforce.org import Org
    from q2c_pipeline.sandbox.systems import Record

_BIN_DAYS = timedelta(days=15)


def deleted(org: Org, object_name: str, start: str, end: str) -> dict[str, Any]:
    """Records of the recycle bin whose deletion falls into the window; purged ones are never told."""
    found = [record for record in _within(org, object_name, start, end) if record.get("IsDeleted")]
    return {
        "deletedRecords": [{"id": record["Id"], "deletedDate": record["SystemModstamp"]} for record in found],
        "earliestDateAvailable": org.now - _BIN_DAYS,
        "latestDateCovered": _minute(end),
    }


def updated(org: Org, object_name: str, start: str, end: str) -> dict[str, Any]:
    """Ids of the records that changed in the window."""
    found = [record["Id"] for record in _within(org, object_name, start, end) if not record.get("IsDeleted")]
    return {"ids": found, "latestDateCovered": _minute(end)}


def _within(org: Org, object_name: str, start: str, end: str) -> list[Record]:
    first, last = _minute(start), _minute(end)
    if last <= first:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "endDate must be more than one minute greater than startDate")
    if first < org.now - _BIN_DAYS:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 15 days ago")
    return [r for r in org.records(object_name).values() if first <= r["SystemModstamp"] < last]


def _minute(text: str) -> datetime:
    """An instant with its seconds ignored, as the service does."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"invalid date: {text!r}") from None
    if found.tzinfo is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"date without time zone: {text!r}")
    return found.astimezone(UTC).replace(second=0, microsecond=0)
