"""How values look on the wire: JSON with exact decimals, and Bulk API CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKED = re.compile(r'"\\u0000([^"]*)"')


def to_json(value: Any) -> bytes:
    """JSON text in which a Decimal is a number with exactly its own digits, and instants end in +0000."""
    text = json.dumps(value, default=_plain, separators=(",", ":"))
    return _MARKED.sub(r"\1", text).encode()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"\0{value:f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}+0000"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no wire form for {type(value)}")


def to_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]], *, line_ending: str, delimiter: str) -> bytes:
    """A Bulk result: header always, everything quoted, null as an empty cell, instants ending in Z."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator=line_ending, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return buffer.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _plain(value).removesuffix("+0000") + "Z"
    return _plain(value) if isinstance(value, (Decimal, date)) else str(value)
