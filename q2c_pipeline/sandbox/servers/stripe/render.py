"""Fills what the company knows up to the documented shape and puts Python values into JSON ones."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.systems import Record


_PLAIN = frozenset({str, int, bool, type(None)})
"""Types that are the same in Python and JSON; most values are of these, so they are passed over quickly."""


@dataclass(frozen=True)
class Template:
    """The usual values of one kind of object; `each` holds those of the elements of its lists."""

    prefix: str
    defaults: Record
    each: dict[str, Record]


@cache
def templates() -> dict[str, Template]:
    """All templates by table name."""
    text = files(__package__ or "").joinpath("templates.toml").read_text(encoding="utf-8")
    return {name: _template(raw) for name, raw in tomllib.loads(text).items()}


def _template(raw: dict[str, Any]) -> Template:
    each = {name: _defaults(element) for name, element in raw.get("each", {}).items()}
    return Template(raw["prefix"], _defaults(raw), each)


def _defaults(raw: dict[str, Any]) -> Record:
    defaults: Record = raw["fill"]
    for path in raw.get("null", []):
        *parents, last = path.split(".")
        node = defaults
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = None
    return defaults


def fill(table: str, record: Record) -> Record:
    """Give the record with every documented key, in wire form; nested objects are filled one level deep."""
    template = templates()[table]
    filled = template.defaults | record
    for name, value in record.items():
        if type(value) in _PLAIN:
            continue
        usual = template.defaults.get(name)
        if name in template.each and value:
            filled[name] = [template.each[name] | wire(name, element) for element in value]
        elif type(value) is dict and type(usual) is dict:
            filled[name] = usual | wire(name, value)
        else:
            filled[name] = wire(name, value)
    return filled


def wire(name: str, value: Any) -> Any:
    """One value as JSON carries it: instants as unix seconds, decimals as text where the field says `_decimal`."""
    match value:
        case str() | int():
            return value
        case dict():
            return {key: one if type(one) in _PLAIN else wire(key, one) for key, one in value.items()}
        case list():
            return [wire(name, inner) for inner in value]
        case datetime():
            return int(value.timestamp())
        case date():
            return int(datetime.combine(value, time(), UTC).timestamp())
        case Decimal():
            return _decimal(name, value)
        case _:
            message = f"{name}: a record may not hold {type(value).__name__}"
            raise TypeError(message)


def _decimal(name: str, value: Decimal) -> str | int | float:
    whole = value.to_integral_value()
    if name.endswith("_decimal"):
        return str(whole) if value == whole else f"{value.normalize():f}"
    return int(whole) if value == whole else float(value)
