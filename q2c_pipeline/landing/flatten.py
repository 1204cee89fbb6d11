"""A vendor's JSON record as flat text: dotted names for nested objects, JSON text for lists, every number's exact digits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from q2c_pipeline.landing.draft import FlatRecord


def loads_exact(body: str | bytes) -> Any:
    """Parse JSON and keep every number as the text that was sent: 1999.90 stays '1999.90'."""
    return _exact(body if isinstance(body, str) else body.decode("utf-8"))


_exact = json.JSONDecoder(parse_float=str, parse_int=str).decode


def flatten(record: dict[str, Any]) -> FlatRecord:
    """{'a': {'b': 1}, 'c': [2], 'd': True} -> {'a.b': '1', 'c': '[2]', 'd': 'true'}; an empty object is no field."""
    flat: FlatRecord = {}
    _flatten_into(flat, "", record)
    return flat


def _flatten_into(flat: FlatRecord, prefix: str, record: dict[str, Any]) -> None:
    for name, value in record.items():
        kind = type(value)
        if kind is str or value is None:
            flat[prefix + name] = value
        elif kind is dict:
            _flatten_into(flat, f"{prefix}{name}.", value)
        elif kind is bool:
            flat[prefix + name] = "true" if value else "false"
        else:
            flat[prefix + name] = as_text(value)


def as_text(value: Any) -> str:
    """The landing text of a boolean, number or list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _encoded(value) if value else "[]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


# One encoder for all: json.dumps makes a new one each time it is given options.
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
