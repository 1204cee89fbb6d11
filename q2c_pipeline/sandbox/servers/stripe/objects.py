"""Renders records with what belongs to them: embedded lists, full prices, event snapshots, expanded references."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe.problems import invalid
from q2c_pipeline.sandbox.servers.stripe.render import fill, templates, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.servers.misbehave import Tampering
    from q2c_pipeline.sandbox.servers.stripe.store import Store
    from q2c_pipeline.sandbox.systems import Record

EMBEDDED = 10
"""How many elements of a sub-list an object carries itself; the rest is behind the list's own address."""
_MAX_EXPAND_DEPTH = 4
_TIER_KEYS = ("flat_amount", "flat_amount_decimal", "unit_amount", "unit_amount_decimal", "up_to")
_PLAN_FROM_PRICE = {"id": "id", "amount": "unit_amount", "amount_decimal": "unit_amount_decimal"} | {
    name: name for name in ("active", "billing_scheme", "created", "currency", "product", "tiers_mode")
}


def table_of(record_id: str) -> str | None:
    """The table whose ids begin as this one does, e.g. `in_1` -> invoice."""
    fitting = [(len(t.prefix), name) for name, t in templates().items() if record_id.startswith(t.prefix)]
    return max(fitting)[1] if fitting else None


class Renderer:
    """Makes API objects of stored records."""

    def __init__(self, store: Store, tampering: Tampering) -> None:
        self._store, self.tampering = store, tampering
        self._builders: dict[str, Callable[[Record, Record], None]] = {
            "invoice": self._invoice,
            "credit_note": self._credit_note,
            "subscription": self._subscription,
            "subscription_item": self._subscription_item,
            "invoiceitem": self._invoiceitem,
            "price": self._price,
            "product": self._updated,
            "billing.meter": self._updated,
            "event": self._event,
        }
        self._includable: dict[tuple[str, str], Callable[[Record], Any]] = {
            ("price", "tiers"): self._tiers,
            ("invoice", "payments"): self._payments,
            ("charge", "refunds"): self._refunds,
        }

    def show(self, table: str, record: Record) -> Record:
        """The object as the API gives it without expansion."""
        if record.get("deleted"):
            return {"id": record["id"], "object": templates()[table].defaults["object"], "deleted": True}
        shown = fill(table, record)
        if builder := self._builders.get(table):
            builder(shown, record)
        return self.tampering.alter(table, record["id"], shown)

    def visible(self, table: str, record_id: str) -> bool:
        """Tell whether lists show the record."""
        return not self._store.table(table)[record_id].get("deleted") and not self.tampering.omits(table, record_id)

    def sublist(self, table: str, parent: str, parent_id: str) -> list[Record]:
        """The visible records of a sub-list, unrendered."""
        return [one for one in self._store.children(table, parent, parent_id) if self.visible(table, one["id"])]

    def expand(self, shown: Record, paths: list[str]) -> Record:
        """Replace references by the objects they mean; `data.customer` goes through a list."""
        expanded = deepcopy(shown) if paths else shown
        for path in paths:
            if path.count(".") >= _MAX_EXPAND_DEPTH:
                invalid(f"You cannot expand more than {_MAX_EXPAND_DEPTH} levels of a property. Property: {path}", "expand")
            self._expand(expanded, path.split("."), path)
        return expanded

    def _expand(self, node: Any, parts: list[str], path: str) -> None:
        if isinstance(node, list):
            for element in node:
                self._expand(element, parts, path)
        elif isinstance(node, dict) and parts:
            self._expand_in(node, parts[0], path)
            self._expand(node[parts[0]], parts[1:], path)

    def _expand_in(self, node: Record, name: str, path: str) -> None:
        include = self._includable.get((str(node.get("object")), name))
        if include:
            node[name] = include(node)
        elif name not in node:
            invalid(f"This property cannot be expanded ({path}).", "expand")
        elif isinstance(node[name], str):
            node[name] = self._referred(node[name], path)

    def _referred(self, record_id: str, path: str) -> Record:
        table = table_of(record_id)
        if table is None:
            invalid(f"This property cannot be expanded ({path}).", "expand")
        record = self._store.table(table).get(record_id, {"id": record_id, "deleted": True})
        return deepcopy(self.show(table, record))

    def _list(self, table: str, parent: str, parent_id: str, url: str) -> Record:
        members = self.sublist(table, parent, parent_id)
        data = [self.show(table, one) for one in members[:EMBEDDED]]
        return {"object": "list", "data": data, "has_more": len(members) > EMBEDDED, "url": url}

    def _invoice(self, shown: Record, record: Record) -> None:
        customer = self._store.table("customer").get(record.get("customer", ""), {})
        shown["customer_name"] = record.get("customer_name", customer.get("name"))
        shown["customer_email"] = record.get("customer_email", customer.get("email"))
        shown["lines"] = self._list("invoice_line", "invoice", record["id"], f"/v1/invoices/{record['id']}/lines")

    def _credit_note(self, shown: Record, record: Record) -> None:
        url = f"/v1/credit_notes/{record['id']}/lines"
        shown["lines"] = self._list("credit_note_line", "credit_note", record["id"], url)
        for line in shown["lines"]["data"]:
            line.pop("credit_note", None)

    def _subscription(self, shown: Record, record: Record) -> None:
        url = f"/v1/subscription_items?subscription={record['id']}"
        shown["items"] = self._list("subscription_item", "subscription", record["id"], url)

    def _subscription_item(self, shown: Record, record: Record) -> None:
        price = self._store.table("price").get(record["price"], {"id": record["price"]})
        shown["price"] = self.show("price", price)
        shown["plan"] = _plan(shown["price"])
        if shown.get("quantity") is None:
            shown.pop("quantity", None)

    def _invoiceitem(self, shown: Record, record: Record) -> None:
        rates = self._store.table("tax_rate")
        shown["tax_rates"] = [self.show("tax_rate", rates[one]) for one in record.get("tax_rates") or [] if one in rates]

    def _price(self, shown: Record, _record: Record) -> None:
        shown.pop("tiers", None)

    def _updated(self, shown: Record, record: Record) -> None:
        shown["updated"] = wire("updated", record.get("updated", shown["created"]))

    def _event(self, shown: Record, record: Record) -> None:
        snapshot = record["data"]["object"]
        table = table_of(snapshot["id"])
        if table:
            shown["data"] = {**shown["data"], "object": self.show(table, snapshot)}

    def _tiers(self, shown: Record) -> Any:
        tiers = self._store.table("price").get(shown["id"], {}).get("tiers")
        return tiers and [dict.fromkeys(_TIER_KEYS) | wire("tiers", tier) for tier in tiers]

    def _payments(self, shown: Record) -> Record:
        return self._list("invoice_payment", "invoice", shown["id"], f"/v1/invoice_payments?invoice={shown['id']}")

    def _refunds(self, shown: Record) -> Record:
        return self._list("refund", "charge", shown["id"], f"/v1/refunds?charge={shown['id']}")


def _plan(price: Record) -> Record:
    """The object of the older plan interface that every subscription item still carries."""
    recurring = price.get("recurring") or {}
    known = {name: price[source] for name, source in _PLAN_FROM_PRICE.items() if source in price}
    rhythm = {name: recurring[name] for name in ("interval", "interval_count", "usage_type", "meter") if name in recurring}
    return fill("plan", {**known, **rhythm})
