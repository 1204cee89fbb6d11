"""The customer record: read and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.netsuite.references import find, invalid_content, is_true, reference

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.netsuite.store import Store
    from q2c_pipeline.sandbox.systems import Record

_TEXTS = {
    "entityId": "entityid",
    "companyName": "companyname",
    "externalId": "externalid",
    "vatRegNumber": "vatregnumber",
    "email": "email",
}
_REFERENCES = {"currency": "currency", "subsidiary": "subsidiary", "parent": "customer"}


def show(record: Record) -> dict[str, Any]:
    """The customer in the form of the record API."""
    texts = {name: record[column] for name, column in _TEXTS.items() if record.get(column) is not None}
    links = {name: {"id": str(record[name])} for name in _REFERENCES if record.get(name) is not None}
    stamp = record["lastmodifieddate"].strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"id": str(record["id"]), "isInactive": is_true(record.get("isinactive")), "lastModifiedDate": stamp, **texts, **links}


def change(store: Store, key: str, body: dict[str, Any], *, strict: bool) -> str:
    """Change fields of one customer; gives its internal id."""
    held, record = find(store, "customer", key)
    unknown = [name for name in body if name not in {*_TEXTS, *_REFERENCES, "isInactive"}]
    if strict and unknown:
        raise invalid_content(f"Unknown field name: {unknown[0]}.", unknown[0])
    changes = {column: body[name] for name, column in _TEXTS.items() if name in body}
    changes |= {name: reference(store, table, body, name)["id"] for name, table in _REFERENCES.items() if name in body}
    changes |= {"isinactive": bool(body["isInactive"])} if "isInactive" in body else {}
    store.touch("customer", held, **changes)
    return str(record["id"])
