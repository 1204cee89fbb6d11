"""What is sent to an org: the rows that orders make, and the calls that carry them, byte for byte."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from q2c_pipeline.domain.repairs import Call, Order
from q2c_pipeline.platforms.preconditions import moment
from q2c_pipeline.platforms.salesforce.client import API_VERSION

BASE = f"/services/data/v{API_VERSION}"
NEW_JOB = "{new job}"
"""Stands in a preview for the id that the org will give to a bulk job."""


@dataclass
class Row:
    """All that the orders of one call change in one record."""

    object_name: str
    source_id: str
    orders: list[Order]
    values: dict[str, str | None]
    stamp: str | None = None


def record_of(order: Order) -> tuple[str, str]:
    """Object and id of the record that an order is about."""
    return order.target.object_name, order.target.source_id or ""


def calls_for(part: Sequence[Row], *, is_bulk: bool) -> list[Call]:
    """The calls that write these rows: one for a single record or a collection, three for a bulk job."""
    if is_bulk:
        return _bulk_calls(part)
    if len(part) == 1:
        row = part[0]
        return [Call("PATCH", f"{BASE}/sobjects/{row.object_name}/{row.source_id}", _json(row.values))]
    records = [{"attributes": {"type": row.object_name}, "id": row.source_id, **row.values} for row in part]
    return [Call("PATCH", f"{BASE}/composite/sobjects", _json({"allOrNone": False, "records": records}))]


def _bulk_calls(part: Sequence[Row]) -> list[Call]:
    job = {"object": part[0].object_name, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    return [
        Call("POST", f"{BASE}/jobs/ingest", _json(job)),
        Call("PUT", f"{BASE}/jobs/ingest/{NEW_JOB}/batches", _csv(part)),
        Call("PATCH", f"{BASE}/jobs/ingest/{NEW_JOB}", _json({"state": "UploadComplete"})),
    ]


def _csv(part: Sequence[Row]) -> str:
    """An empty cell leaves a field as it is; #N/A empties it."""
    names = sorted({name for row in part for name in row.values})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["Id", *names])
    for row in part:
        cells = ("#N/A" if name in row.values and row.values[name] is None else row.values.get(name) or "" for name in names)
        writer.writerow([row.source_id, *cells])
    return buffer.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def http_date(stamp: str) -> str:
    """The form of If-Unmodified-Since: Wed, 01 Jul 2026 00:00:01 GMT."""
    return format_datetime(moment(stamp), usegmt=True)
