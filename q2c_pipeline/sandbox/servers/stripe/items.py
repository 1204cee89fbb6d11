"""Invoice items: charges and credits that wait for an invoice or stand on a draft."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe import forms
from q2c_pipeline.sandbox.servers.stripe.invoicing import bill, draft, totals
from q2c_pipeline.sandbox.servers.stripe.listing import require
from q2c_pipeline.sandbox.servers.stripe.problems import invalid, unknown
from q2c_pipeline.sandbox.servers.stripe.updates import read_fields

if TYPE_CHECKING:
    from datetime import datetime

    from q2c_pipeline.sandbox.servers.stripe.calls import Call
    from q2c_pipeline.sandbox.systems import Record

_ITEM_FIELDS = ("amount", "currency", "customer", "description", "discountable", "invoice", "quantity", "subscription")


def create(call: Call) -> Record:
    """Add a pending invoice item, or one on the draft invoice that it names."""
    params = dict(call.params)
    period, pricing, tax_rates = params.pop("period", None), params.pop("pricing", None), params.pop("tax_rates", [])
    require(params, "customer")
    given = read_fields(params, _ITEM_FIELDS)
    customer = call.record("customer", given["customer"], param="customer")
    invoice = _draft_for_item(call, given)
    amount, price = _item_amount(call, given, pricing)
    now = call.store.tick()
    item = {
        "id": call.store.new_id("invoiceitem"),
        "customer": customer["id"],
        "amount": amount,
        "net_amount": amount,
        "currency": given.get("currency") or (price or invoice or customer).get("currency") or "usd",
        "created": now,
        "date": now,
        "description": given.get("description"),
        "discountable": given.get("discountable", False),
        "invoice": given.get("invoice"),
        "metadata": given.get("metadata", {}),
        "parent": _item_parent(given.get("subscription")),
        "period": _period(period, now),
        "pricing": _pricing(price, amount, given.get("quantity", 1)),
        "quantity": given.get("quantity", 1),
        "quantity_decimal": Decimal(given.get("quantity", 1)),
        "tax_rates": tax_rates,
    }
    call.store.put("invoiceitem", item)
    call.announce("invoiceitem", "created", item)
    if invoice is not None:
        bill(call, invoice, [item])
    return call.show("invoiceitem", item)


def delete(call: Call) -> Record:
    """Remove an invoice item that no final invoice holds."""
    item = call.record("invoiceitem")
    if item.get("invoice"):
        invoice = draft(call, call.record("invoice", item["invoice"]), "delete an item of")
        for line in call.store.children("invoice_line", "invoice", invoice["id"]):
            if _item_of(line) == item["id"]:
                call.store.remove("invoice_line", line["id"])
        call.change("invoice", invoice, totals(call.store.children("invoice_line", "invoice", invoice["id"])))
    call.store.remove("invoiceitem", item["id"])
    call.announce("invoiceitem", "deleted", item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def _draft_for_item(call: Call, given: Record) -> Record | None:
    if "invoice" not in given:
        return None
    return draft(call, call.record("invoice", given["invoice"], param="invoice"), "add items to")


def _item_amount(call: Call, given: Record, pricing: Any) -> tuple[int, Record | None]:
    if "amount" in given:
        return given["amount"], None
    if not isinstance(pricing, dict) or "price" not in pricing:
        invalid("Give either amount or pricing[price].", "amount")
    price = call.record("price", pricing["price"], param="pricing[price]")
    return price["unit_amount"] * given.get("quantity", 1), price


def _item_parent(subscription: str | None) -> Record | None:
    if not subscription:
        return None
    return {"type": "subscription_details", "subscription_details": {"subscription": subscription}}


def _period(given: Any, now: datetime) -> Record:
    if given is None:
        return {"start": now, "end": now}
    require(given, "start", "end")
    for name in given.keys() - {"start", "end"}:
        unknown(f"period[{name}]")
    return {name: forms.as_time(text, f"period[{name}]") for name, text in given.items()}


def _pricing(price: Record | None, amount: int, quantity: int) -> Record:
    details = price and {"price": price["id"], "product": price["product"]}
    unit = Decimal(amount) / quantity if quantity else Decimal(0)
    return {"type": "price_details", "price_details": details, "unit_amount_decimal": round(unit, 12)}


def _item_of(line: Record) -> Any:
    parent = line.get("parent") or {}
    return (parent.get("invoice_item_details") or parent.get("subscription_item_details") or {}).get("invoice_item")
