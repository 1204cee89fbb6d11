"""Small look-ups that the record API shares: references, periods, the next free id, camel-case names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.netsuite.problems import Refusal, unknown_record

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.netsuite.store import Store
    from q2c_pipeline.sandbox.systems import Record


def user_error(detail: str, path: str = "") -> Refusal:
    """Refuse a request that the business rules forbid."""
    return Refusal(400, "USER_ERROR", f"Error while accessing a resource. {detail}", path=path)


def invalid_content(detail: str, path: str = "") -> Refusal:
    """Refuse a body that cannot be read."""
    return Refusal(400, "INVALID_CONTENT", f"Error while accessing a resource. {detail}", path=path)


def find(store: Store, table: str, key: str) -> tuple[str, Record]:
    """The record named by an internal id or `eid:` external id, with its key in the table."""
    wanted, column = (key[4:], "externalid") if key.startswith("eid:") else (key, "id")
    for held, record in store.tables.get(table, {}).items():
        if str(record.get(column)) == wanted:
            return held, record
    raise unknown_record(table, key)


def reference(store: Store, table: str, body: dict[str, Any], name: str) -> Record:
    """The record that `body[name]` refers to by id or externalId."""
    given = body[name]
    if not isinstance(given, dict) or not {"id", "externalId"} & set(given):
        raise invalid_content(f"Invalid reference in field {name}.", name)
    key = str(given["id"]) if "id" in given else f"eid:{given['externalId']}"
    try:
        return find(store, table, key)[1]
    except Refusal as missing:
        raise Refusal(400, "INVALID_KEY_OR_REF", f"Invalid {name} reference key {key}.", path=name) from missing


def number(value: Any, name: str) -> Decimal:
    """A number of the body, exactly as written."""
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise invalid_content(f"Invalid number in field {name}.", name) from error


def day(value: Any, name: str) -> date:
    """A date of the body."""
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise invalid_content(f"Invalid date in field {name}.", name) from error


def next_id(store: Store, table: str, column: str = "id") -> int:
    """One more than the highest number in use."""
    return max((int(record[column]) for record in store.tables.get(table, {}).values()), default=0) + 1


def is_true(value: Any) -> bool:
    """Read a flag that may be held as a boolean or as 'T' and 'F'."""
    return value is True or value == "T"


def period_of(store: Store, moment: date) -> Record:
    """The base period (no quarter, year or adjustment period) that holds a day."""
    for period in store.tables.get("accountingperiod", {}).values():
        wider = any(is_true(period.get(flag)) for flag in ("isyear", "isquarter", "isadjust"))
        if not wider and period["startdate"] <= moment <= period["enddate"]:
            return period
    raise user_error(f"There is no accounting period for {moment.isoformat()}.", "tranDate")


def must_be_open(period: Record) -> None:
    """Refuse a posting into a closed or locked period."""
    if is_true(period.get("closed")) or is_true(period.get("alllocked")):
        raise user_error("You cannot add or change a transaction in a closed or locked period.", "postingPeriod")
