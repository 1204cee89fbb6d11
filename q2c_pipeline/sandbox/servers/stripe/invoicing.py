"""The life of an invoice: draft, finalized, paid, void, uncollectible."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe.listing import require
from q2c_pipeline.sandbox.servers.stripe.problems import invalid
from q2c_pipeline.sandbox.servers.stripe.updates import read_fields

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from q2c_pipeline.sandbox.servers.stripe.calls import Call
    from q2c_pipeline.sandbox.servers.stripe.store import Store
    from q2c_pipeline.sandbox.systems import Record

_INVOICE_FIELDS = (
    *("auto_advance", "collection_method", "currency", "customer", "days_until_due", "description"),
    *("due_date", "effective_at", "subscription"),
)
_PAYABLE = ("open", "uncollectible")


def create(call: Call) -> Record:
    """Make a one-off draft invoice, with the customer's pending items when asked to."""
    params = dict(call.params)
    behavior = params.pop("pending_invoice_items_behavior", "exclude")
    require(params, "customer")
    given = read_fields(params, _INVOICE_FIELDS)
    customer = call.record("customer", given["customer"], param="customer")
    invoice = call.store.put("invoice", _new_draft(call, given, customer))
    call.announce("invoice", "created", invoice)
    if behavior == "include":
        bill(call, invoice, _pending_items(call, invoice))
    return call.show("invoice", invoice)


def delete(call: Call) -> Record:
    """Remove a one-off draft; its items are pending again."""
    invoice = draft(call, call.record("invoice"), "delete")
    if _subscription_of(invoice):
        invalid("Draft invoices of subscriptions can't be deleted.")
    for line in call.store.children("invoice_line", "invoice", invoice["id"]):
        call.store.remove("invoice_line", line["id"])
    for item in call.store.children("invoiceitem", "invoice", invoice["id"]):
        item["invoice"] = None
    call.store.touch("invoiceitem")
    call.store.remove("invoice", invoice["id"])
    call.announce("invoice", "deleted", invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def finalize(call: Call) -> Record:
    """Give a draft its number and make it due."""
    invoice = draft(call, call.record("invoice"), "finalize")
    now = call.store.tick()
    days = invoice.get("days_until_due") or 30
    values = {
        "status": "paid" if invoice["total"] == 0 else "open",
        "number": _next_number(call.store, invoice),
        "effective_at": invoice.get("effective_at") or now,
        "due_date": invoice.get("due_date") or now + timedelta(days=days),
        "status_transitions": _transition(invoice, "finalized_at", now),
    }
    call.change("invoice", invoice, values, "finalized")
    return call.show("invoice", invoice)


def void(call: Call) -> Record:
    """Take a final, unpaid invoice back."""
    return _move(call, _PAYABLE, "void", "voided_at", "voided")


def mark_uncollectible(call: Call) -> Record:
    """Write an open invoice off."""
    return _move(call, ("open",), "uncollectible", "marked_uncollectible_at", "marked_uncollectible")


def pay(call: Call) -> Record:
    """Record a payment made outside; the sandbox charges nobody."""
    if call.params.get("paid_out_of_band") != "true":
        invalid("This sandbox does not charge: send paid_out_of_band=true.", "paid_out_of_band")
    return _move(call, _PAYABLE, "paid", "paid_at", "paid", settled=True)


def totals(lines: Iterable[Record]) -> Record:
    """The amounts of an unpaid invoice from its lines."""
    rows = list(lines)
    gross = sum(line["amount"] for line in rows)
    discount = sum(part["amount"] for line in rows for part in line.get("discount_amounts", []))
    taxes = [tax for line in rows for tax in line.get("taxes", [])]
    net = gross - discount
    total = net + sum(tax["amount"] for tax in taxes)
    return {
        "subtotal": net, "subtotal_excluding_tax": net, "total_excluding_tax": net, "total": total,
        "amount_due": total, "amount_remaining": total, "total_taxes": taxes,
    }  # fmt: skip


def share(amount: int, part: int, whole: int) -> int:
    """A proportional part of an amount, rounded half away from zero: 50/100 of 19 is 10."""
    exact = Decimal(amount) * part / whole if whole else Decimal(0)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _move(call: Call, allowed: tuple[str, ...], status: str, stamp: str, what: str, *, settled: bool = False) -> Record:
    invoice = call.record("invoice")
    if invoice["status"] not in allowed:
        invalid(f"An invoice that is {invoice['status']} can't become {status}.")
    transition = _transition(invoice, stamp, call.store.tick())
    paid = {"amount_paid": invoice["amount_due"], "amount_remaining": 0} if settled else {}
    call.change("invoice", invoice, {"status": status, "status_transitions": transition, **paid}, what)
    return call.show("invoice", invoice)


def _transition(invoice: Record, stamp: str, moment: datetime) -> Record:
    return {**(invoice.get("status_transitions") or {}), stamp: moment}


def draft(call: Call, invoice: Record, verb: str) -> Record:
    """The invoice if it is still a draft."""
    if invoice.get("status", "draft") != "draft":
        invalid(f"You can only {verb} a draft invoice; {invoice['id']} is {invoice['status']}.")
    return call.store.table("invoice")[invoice["id"]]


def _new_draft(call: Call, given: Record, customer: Record) -> Record:
    now = call.store.tick()
    subscription = given.pop("subscription", None)
    parent = subscription and {
        "type": "subscription_details",
        "subscription_details": {"subscription": subscription, "metadata": {}},
    }
    base: Record = {
        "currency": customer.get("currency") or "usd",
        "metadata": {},
        "billing_reason": "manual",
        "auto_advance": False,
    }
    born = {"id": call.store.new_id("invoice"), "status": "draft", "created": now, "period_start": now, "period_end": now}
    return {**base, **given, **born, "parent": parent, "amount_paid": 0, **totals([])}


def _pending_items(call: Call, invoice: Record) -> list[Record]:
    pending = [item for item in call.store.table("invoiceitem").values() if not item.get("invoice")]
    return [i for i in pending if i["customer"] == invoice["customer"] and i["currency"] == invoice["currency"]]


def bill(call: Call, invoice: Record, items: list[Record]) -> None:
    """Put items on a draft invoice as lines."""
    for item in items:
        item["invoice"] = invoice["id"]
        call.store.put("invoice_line", _line_of(call, invoice, item))
    call.store.touch("invoiceitem")
    call.change("invoice", invoice, totals(call.store.children("invoice_line", "invoice", invoice["id"])))


def _line_of(call: Call, invoice: Record, item: Record) -> Record:
    subscription = ((item.get("parent") or {}).get("subscription_details") or {}).get("subscription")
    details = {"invoice_item": item["id"], "subscription": subscription, "proration": False, "proration_details": None}
    kept = ("amount", "currency", "description", "discountable", "metadata", "period", "pricing", "quantity", "quantity_decimal")
    return {
        "id": call.store.new_id("invoice_line"),
        "invoice": invoice["id"],
        **{name: item[name] for name in kept},
        "subtotal": item["amount"],
        "parent": {"type": "invoice_item_details", "invoice_item_details": details},
        "taxes": [_tax(call, item["amount"], rate) for rate in item.get("tax_rates") or []],
    }


def _tax(call: Call, amount: int, rate_id: str) -> Record:
    rate = call.record("tax_rate", rate_id, param="tax_rates")
    exact = Decimal(amount) * Decimal(str(rate["percentage"])) / 100
    return {
        "amount": int(exact.quantize(Decimal(1), ROUND_HALF_UP)), "tax_behavior": "exclusive", "taxable_amount": amount,
        "tax_rate_details": {"tax_rate": rate_id}, "type": "tax_rate_details",
    }  # fmt: skip


def _subscription_of(invoice: Record) -> Any:
    return ((invoice.get("parent") or {}).get("subscription_details") or {}).get("subscription")


def _next_number(store: Store, invoice: Record) -> str:
    """The number after the highest of its series, e.g. INV-US-000123 -> INV-US-000124."""
    entity = (invoice.get("metadata") or {}).get("legal_entity")
    series = f"INV-{entity}-" if entity else "INV-"
    taken = [str(one.get("number") or "") for one in store.table("invoice").values()]
    last = max((int(one.removeprefix(series)) for one in taken if one.removeprefix(series).isdigit()), default=0)
    return f"{series}{last + 1:06d}"
