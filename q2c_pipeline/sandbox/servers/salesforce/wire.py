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
    """JSON text in which a Decimal is a number with all its digits, and instants end in +0000."""
    text = json.dumps(value, default=_plain, separators=(",", ":"))
    return _MARKED.sub(r"\1", text).encode()


def number(value: Decimal) -> str:
    """A number as the service prints it: 10 -> 10.0, from ten million on and below a thousandth with an exponent.

    12345678.9 -> 1.23456789E7; 0.0005 -> 5.0E-4.
    """
    _, digits, exponent = value.normalize().as_tuple()
    power = len(digits) + int(exponent) - 1
    if value and not -3 <= power < 7:
        sign, significand = "-" if value < 0 else "", "".join(map(str, digits))
        return f"{sign}{significand[0]}.{significand[1:] or '0'}E{power}"
    plain = f"{value.normalize():f}"
    return plain if "." in plain else f"{plain}.0"


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return "\0" + number(value)
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
    if isinstance(value, Decimal):
        return number(value)
    return _plain(value) if isinstance(value, date) else str(value)
