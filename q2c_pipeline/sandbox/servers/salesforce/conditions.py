"""Turns a parsed WHERE into a Python test of one record, with Salesforce's rules for nulls, case and literal types."""

from __future__ import annotations

import operator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError, no_such_field
from q2c_pipeline.sandbox.servers.salesforce.schema import NUMBERS
from q2c_pipeline.sandbox.servers.salesforce.soql import Combine, Compare, Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from q2c_pipeline.sandbox.systems import Record

    Test = Callable[[Record], bool]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compile_where(object_name: str, fields: Mapping[str, str], where: Condition | None) -> Test:
    """The test that keeps the records which `where` describes."""
    if where is None:
        return lambda _record: True
    if isinstance(where, Combine):
        return _combined(where.op, [compile_where(object_name, fields, part) for part in where.parts])
    if where.name not in fields:
        raise no_such_field(object_name, where.name)
    return _comparison(where, fields[where.name])


def _combined(op: str, tests: list[Test]) -> Test:
    if op == "not":
        return lambda record: not tests[0](record)
    if op == "and":
        return lambda record: all(test(record) for test in tests)
    return lambda record: any(test(record) for test in tests)


def _comparison(where: Compare, kind: str) -> Test:
    if where.op in {"in", "not in"}:
        wanted = {_comparable(value, kind, where.name) for value in where.value}
        inside = where.op == "in"
        return lambda record: (_fold(record.get(where.name), kind) in wanted) == inside
    value = _comparable(where.value, kind, where.name)
    compare = _OPERATORS[where.op]
    if where.op in {"=", "!="}:
        return lambda record: compare(_fold(record.get(where.name), kind), value)
    return lambda record: (found := _fold(record.get(where.name), kind)) is not None and compare(found, value)


def _comparable(value: Any, kind: str, name: str) -> Any:
    """The literal as it is compared; a literal of another type than the field is refused as Salesforce does."""
    wanted: dict[str, tuple[type, ...]] = {"datetime": (datetime,), "date": (date,), "boolean": (bool,)}
    right = wanted.get(kind, (Decimal,) if kind in NUMBERS else (str,))
    if value is not None and (not isinstance(value, right) or (kind == "date" and isinstance(value, datetime))):
        quoting = "should not be enclosed in quotes" if isinstance(value, str) else "is of another type"
        message = f"value of filter criterion for field '{name}' must be of type {kind} and {quoting}"
        raise ApiError(400, "INVALID_FIELD", message)
    return _fold(value, kind)


def _fold(value: Any, kind: str) -> Any:
    """Text is compared without regard to case, ids are not; an empty text is null."""
    if isinstance(value, str) and kind not in {"id", "reference"}:
        return value.casefold() or None
    return value
