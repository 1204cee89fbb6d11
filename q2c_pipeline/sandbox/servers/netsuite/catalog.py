"""The metadata catalogue: which records there are and which fields they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.netsuite.problems import unknown_record

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.netsuite.store import Store

_NUMBERS = ("BIGINT", "DECIMAL")
_FORMATS = {"DATE": "date", "TIMESTAMP": "date-time"}


def record_schema(store: Store, kind: str) -> dict[str, Any]:
    """The JSON schema of one record type."""
    columns = store.columns.get(kind.lower())
    if columns is None:
        raise unknown_record("record type", kind)
    properties = {name: _property(sql_type) for name, sql_type in columns.items()}
    return {"type": "object", "title": kind, "properties": properties, "x-ns-filterable": sorted(columns)}


def open_api(store: Store, kinds: list[str]) -> dict[str, Any]:
    """The catalogue as an OpenAPI document."""
    schemas = {kind: record_schema(store, kind) for kind in kinds or sorted(store.columns)}
    info = {"title": "NetSuite REST record API", "version": "v1"}
    return {"openapi": "3.0.1", "info": info, "paths": {}, "components": {"schemas": schemas}}


def names(store: Store, base: str) -> dict[str, Any]:
    """The catalogue as a list of names."""
    return {"items": [{"name": n, "links": [{"rel": "canonical", "href": f"{base}/{n}"}]} for n in sorted(store.columns)]}


def _property(sql_type: str) -> dict[str, str]:
    if sql_type.startswith(_NUMBERS):
        return {"type": "number"}
    return {"type": "string", **({"format": _FORMATS[sql_type]} if sql_type in _FORMATS else {})}
