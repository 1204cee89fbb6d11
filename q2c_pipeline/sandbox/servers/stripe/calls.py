"""One request on its way through the server, and the events that its changes leave behind."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe.problems import not_found

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.stripe.forms import Params
    from q2c_pipeline.sandbox.servers.stripe.objects import Renderer
    from q2c_pipeline.sandbox.servers.stripe.store import Store
    from q2c_pipeline.sandbox.systems import Record

API_VERSION = "2026-10-28.endive"
_EVENT_PREFIX = {"subscription": "customer.subscription"}


@dataclass(frozen=True)
class Call:
    """What the caller sent, and the tables it works on."""

    store: Store
    renderer: Renderer
    params: Params
    ids: dict[str, str]
    request_id: str
    idempotency_key: str | None = None

    def record(self, table: str, record_id: str | None = None, *, param: str = "id") -> Record:
        """The stored record that the address (or a parameter) names; deleted ones are gone."""
        wanted = self.ids["id"] if record_id is None else record_id
        found = self.store.table(table).get(wanted)
        if found is None or found.get("deleted"):
            not_found(table, wanted, param=param, status=404 if record_id is None else 400)
        return found

    def show(self, table: str, record: Record) -> Record:
        """The record as the API gives it."""
        return self.renderer.show(table, record)

    def announce(self, table: str, what: str, record: Record, before: Record | None = None) -> None:
        """Append the event of a change, e.g. `invoice` + `voided`, with the former values of the changed fields."""
        data: dict[str, Any] = {"object": deepcopy(record)}
        if before is not None:
            changed = {name for name in record.keys() | before.keys() if record.get(name) != before.get(name)}
            data["previous_attributes"] = {name: before.get(name) for name in sorted(changed)}
        event = {
            "id": self.store.new_id("event"),
            "type": f"{_EVENT_PREFIX.get(table, table)}.{what}",
            "created": self.store.tick(),
            "api_version": API_VERSION,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "data": data,
        }
        self.store.put("event", event)

    def change(self, table: str, record: Record, values: Record, what: str = "updated") -> Record:
        """Set fields of a stored record and announce it; nothing happens when nothing differs."""
        before = deepcopy(record)
        record.update(values)
        if record != before:
            self.store.touch(table)
            self.announce(table, what, record, before)
        return record
