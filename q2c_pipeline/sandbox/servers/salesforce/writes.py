"""Changes through the API: update, create and upsert of one record or of a collection, row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError, no_such_field
from q2c_pipeline.sandbox.servers.salesforce.schema import EXTERNAL_IDS, NUMBERS, READ_ONLY, UNIQUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.servers.salesforce.org import Org
    from q2c_pipeline.sandbox.systems import Record

MAX_COLLECTION = 200


class SeveralMatchError(ApiError):
    """An external id that more than one record carries: HTTP 300 with their addresses."""

    def __init__(self, field: str, ids: list[str]) -> None:
        message = f"{field}: more than one record found for external id field: {ids}"
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", message)
        self.ids = ids


class Writer:
    """Applies writes to the org; `lock_once` names records that are locked by someone else at the first attempt."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.lock_once: set[str] = set()

    def update(self, object_name: str, record_id: str, given: dict[str, Any], *, unmodified_since: str | None = None) -> None:
        """Change one record by its id; with an HTTP date only if it is no newer than that."""
        record = self._org.records(object_name).get(record_id)
        if record is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if unmodified_since and record["SystemModstamp"].replace(microsecond=0) > parsedate_to_datetime(unmodified_since):
            raise ApiError(412, "PRECONDITION_FAILED", "The record was modified after the date of If-Unmodified-Since")
        self._write(object_name, record, self._values(object_name, given))

    def create(self, object_name: str, given: dict[str, Any]) -> Record:
        """A new record."""
        values = self._values(object_name, given)
        self._check_unique(object_name, values, None)
        return self._org.create(object_name, values)

    def upsert(
        self, object_name: str, field: str, key: str, given: dict[str, Any], *, update_only: bool = False
    ) -> tuple[Record, bool]:
        """Change the record whose `field` is `key`, or create it; the flag says that it was created."""
        found = self._find(object_name, field, key)
        if found is None and (update_only or field == "Id"):
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if found is None:
            return self.create(object_name, {field: key, **given}), True
        self._write(object_name, found, self._values(object_name, given))
        return found, False

    def collection(self, rows: list[dict[str, Any]], write: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Any]:
        """Each row written by itself: the reply is in request order, and a failed row does not stop the next."""
        if len(rows) > MAX_COLLECTION:
            raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_COLLECTION}")
        return [_outcome(row, write) for row in rows]

    def _find(self, object_name: str, field: str, key: str) -> Record | None:
        if field != "Id" and field not in EXTERNAL_IDS.get(object_name, ()):
            message = f"Provided external ID field does not exist or is not accessible: {field}"
            raise ApiError(404, "NOT_FOUND", message)
        found = [r for r in self._org.records(object_name).values() if r.get(field) == key and not r.get("IsDeleted")]
        if len(found) > 1:
            raise SeveralMatchError(field, [r["Id"] for r in found])
        return found[0] if found else None

    def _write(self, object_name: str, record: Record, values: dict[str, Any]) -> None:
        if record.get("IsDeleted"):
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        if record["Id"] in self.lock_once:
            self.lock_once.discard(record["Id"])
            message = f"unable to obtain exclusive access to this record or 1 records: {record['Id']}"
            raise ApiError(400, "UNABLE_TO_LOCK_ROW", message)
        self._check_unique(object_name, values, record["Id"])
        self._org.change(record, values)

    def _check_unique(self, object_name: str, values: dict[str, Any], own_id: str | None) -> None:
        for name in UNIQUE & values.keys():
            others = (r for i, r in self._org.records(object_name).items() if i != own_id and not r.get("IsDeleted"))
            if values[name] is not None and (same := next((r for r in others if r.get(name) == values[name]), None)):
                message = f"duplicate value found: {name} duplicates value on record with id: {same['Id']}"
                raise ApiError(400, "DUPLICATE_VALUE", message, (name,))

    def _values(self, object_name: str, given: dict[str, Any]) -> dict[str, Any]:
        fields = self._org.fields(object_name)
        values = {name: value for name, value in given.items() if name != "attributes"}
        for name in values:
            if name not in fields:
                raise no_such_field(object_name, name)
            if name in READ_ONLY:
                message = f"Unable to create/update fields: {name}. Please check the security settings of this field."
                raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, (name,))
        return {name: _typed(name, fields[name], value) for name, value in values.items()}


def _outcome(row: dict[str, Any], write: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    try:
        return write(row) | {"success": True, "errors": []}
    except ApiError as problem:
        error = {"statusCode": problem.code, "message": problem.message, "fields": list(problem.fields)}
        return {"success": False, "errors": [error]}


def _typed(name: str, kind: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    try:
        reader: Callable[[Any], Any] = _READERS.get("number" if kind in NUMBERS else kind, _text)
        return reader(value)
    except (TypeError, ValueError, ArithmeticError):
        message = f"Cannot deserialize instance of {kind} from value {value!r}"
        raise ApiError(400, "JSON_PARSER_ERROR", message, (name,)) from None


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "number": _number, "boolean": _flag, "date": date.fromisoformat, "datetime": _instant,
}  # fmt: skip
