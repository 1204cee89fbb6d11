"""Credit notes: preview, issue, void, and what they do to their invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe import forms
from q2c_pipeline.sandbox.servers.stripe.invoicing import share
from q2c_pipeline.sandbox.servers.stripe.listing import plain_page, require, take_paging
from q2c_pipeline.sandbox.servers.stripe.problems import invalid, unknown
from q2c_pipeline.sandbox.servers.stripe.updates import read_fields

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.stripe.calls import Call
    from q2c_pipeline.sandbox.servers.stripe.forms import Params
    from q2c_pipeline.sandbox.systems import Record

_FIELDS = ("reason", "memo", "effective_at", "email_type")
_SPLIT = ("refund_amount", "credit_amount", "out_of_band_amount")
_REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory")
_LINE_FIELDS = {"type", "amount", "invoice_line_item", "quantity", "description", "unit_amount", "metadata"}
_CREDITABLE = ("open", "paid", "uncollectible")


def preview(call: Call) -> Record:
    """Show the credit note that the same parameters would issue."""
    note, lines = _draw_up(call)
    shown = call.show("credit_note", note)
    shown["lines"]["data"] = [show_line(call, line) for line in lines[:10]]
    shown["lines"]["has_more"] = len(lines) > 10
    return shown


def preview_lines(call: Call) -> Record:
    """Show all lines of the credit note that the same parameters would issue."""
    paging = take_paging(call.params)
    _, lines = _draw_up(call)
    return plain_page(lines, paging, "/v1/credit_notes/preview/lines", lambda one: show_line(call, one))


def create(call: Call) -> Record:
    """Issue a credit note: an open invoice owes less, a paid one is given back as the caller splits it."""
    note, lines = _draw_up(call)
    call.store.put("credit_note", note)
    for line in lines:
        call.store.put("credit_note_line", line)
    _settle(call, note, 1)
    call.announce("credit_note", "created", note)
    return call.show("credit_note", note)


def void(call: Call) -> Record:
    """Take back a credit note that was issued before payment."""
    note = call.record("credit_note")
    if note.get("status", "issued") != "issued" or note.get("type", "pre_payment") != "pre_payment":
        invalid("Only an issued pre-payment credit note can be voided.")
    call.change("credit_note", note, {"status": "void", "voided_at": call.store.tick()}, "voided")
    _settle(call, note, -1)
    return call.show("credit_note", note)


def show_line(call: Call, line: Record) -> Record:
    """A credit note's line; it does not name its note."""
    shown = call.show("credit_note_line", line)
    shown.pop("credit_note", None)
    return shown


def _draw_up(call: Call) -> tuple[Record, list[Record]]:
    params = dict(call.params)
    require(params, "invoice")
    invoice = call.record("invoice", params.pop("invoice"), param="invoice")
    if invoice["status"] not in _CREDITABLE:
        invalid(f"A credit note needs a finalized invoice; {invoice['id']} is {invoice['status']}.", "invoice")
    split = {name: forms.as_int(params.pop(name), name) for name in _SPLIT if name in params}
    asked, amount = params.pop("lines", None), params.pop("amount", None)
    given = read_fields(params, _FIELDS)
    if given.get("reason") not in {None, *_REASONS}:
        invalid(f"Invalid reason: must be one of {', '.join(_REASONS)}", "reason")
    note_id = call.store.new_id("credit_note")
    lines = _lines(call, note_id, invoice, asked, amount)
    return _note(call, invoice, lines, given, split), lines


def _lines(call: Call, note_id: str, invoice: Record, asked: Any, amount: str | None) -> list[Record]:
    if (not asked) == (amount is None):
        invalid("Give exactly one of amount and lines.", "amount")
    if amount is not None:
        asked = [{"type": "custom_line_item", "description": "Credit", "quantity": "1", "unit_amount": amount}]
    return [{"id": call.store.new_id("credit_note_line"), "credit_note": note_id, **_line(call, invoice, one)} for one in asked]


def _line(call: Call, invoice: Record, asked: Params) -> Record:
    for name in asked.keys() - _LINE_FIELDS:
        unknown(f"lines[{name}]")
    if asked.get("type") == "custom_line_item":
        return _custom_line(asked)
    require(asked, "invoice_line_item")
    credited = call.record("invoice_line", asked["invoice_line_item"], param="lines[invoice_line_item]")
    if credited["invoice"] != invoice["id"]:
        invalid(f"{credited['id']} is not a line of {invoice['id']}.", "lines[invoice_line_item]")
    return _credited_line(asked, credited)


def _custom_line(asked: Params) -> Record:
    require(asked, "unit_amount")
    quantity, unit = forms.as_int(asked.get("quantity", "1"), "quantity"), forms.as_int(asked["unit_amount"], "unit_amount")
    return {
        "type": "custom_line_item",
        "amount": quantity * unit,
        "discount_amount": 0,
        "quantity": quantity,
        "unit_amount": unit,
        "unit_amount_decimal": Decimal(unit),
        "description": asked.get("description"),
        "metadata": asked.get("metadata", {}),
        "taxes": [],
    }


def _credited_line(asked: Params, credited: Record) -> Record:
    discount = sum(part["amount"] for part in credited.get("discount_amounts", []))
    quantity = asked.get("quantity")
    amount = _credited_amount(asked, credited)
    return {
        "type": "invoice_line_item",
        "invoice_line_item": credited["id"],
        "amount": amount,
        "discount_amount": share(discount, amount, credited["amount"]),
        "quantity": forms.as_int(quantity, "quantity") if quantity else None,
        "description": asked.get("description", credited.get("description")),
        "metadata": asked.get("metadata", {}),
        "taxes": [_part_of_tax(tax, amount, credited["amount"]) for tax in credited.get("taxes", [])],
    }


def _credited_amount(asked: Params, credited: Record) -> int:
    """What a line takes back: the amount it says, or its quantity's part of the invoice line."""
    if "amount" in asked:
        return forms.as_int(asked["amount"], "lines[amount]")
    require(asked, "quantity")
    return share(credited["amount"], forms.as_int(asked["quantity"], "quantity"), credited.get("quantity") or 1)


def _part_of_tax(tax: Record, part: int, whole: int) -> Record:
    taxable = share(tax.get("taxable_amount") or whole, part, whole)
    return {**tax, "amount": share(tax["amount"], part, whole), "taxable_amount": taxable}


def _note(call: Call, invoice: Record, lines: list[Record], given: Record, split: dict[str, int]) -> Record:
    now = call.store.tick()
    discount = sum(line["discount_amount"] for line in lines)
    net = sum(line["amount"] for line in lines) - discount
    taxes = [tax for line in lines for tax in line["taxes"]]
    total = net + sum(tax["amount"] for tax in taxes)
    given.pop("email_type", None)
    return {
        "id": lines[0]["credit_note"],
        "number": _next_number(call, invoice),
        "invoice": invoice["id"],
        "customer": invoice["customer"],
        "currency": invoice["currency"],
        "status": "issued",
        "created": now,
        "effective_at": given.pop("effective_at", None) or now,
        "metadata": given.pop("metadata", {}),
        "subtotal": net,
        "subtotal_excluding_tax": net,
        "discount_amount": discount,
        "total_excluding_tax": net,
        "total_taxes": taxes,
        "total": total,
        "amount": total,
        **given,
        **_parts(invoice, total, split),
    }


def _parts(invoice: Record, total: int, split: dict[str, int]) -> Record:
    """How much reduces the debt and how much is given back; the caller must split the latter."""
    creditable = _creditable(invoice)
    if not 0 < total <= creditable:
        invalid(f"The credit of {total} must be above 0 and at most {creditable}, what the invoice has left.", "amount")
    before = min(total, invoice["amount_remaining"])
    after = total - before
    if sum(split.values()) != after:
        names = ", ".join(_SPLIT)
        invalid(f"The sum of {names} must be {after}, the part of the credit that was already paid.", "credit_amount")
    kind = "pre_payment" if after == 0 else "mixed" if before else "post_payment"
    out_of_band = split.get("out_of_band_amount")
    return {"type": kind, "pre_payment_amount": before, "post_payment_amount": after, "out_of_band_amount": out_of_band}


def _creditable(invoice: Record) -> int:
    credited = invoice.get("pre_payment_credit_notes_amount", 0) + invoice.get("post_payment_credit_notes_amount", 0)
    return int(invoice["total"] - credited)


def _settle(call: Call, note: Record, sign: int) -> None:
    invoice = call.store.table("invoice")[note["invoice"]]
    before, after = sign * note.get("pre_payment_amount", 0), sign * note.get("post_payment_amount", 0)
    remaining = invoice["amount_remaining"] - before
    values = {
        "pre_payment_credit_notes_amount": invoice.get("pre_payment_credit_notes_amount", 0) + before,
        "post_payment_credit_notes_amount": invoice.get("post_payment_credit_notes_amount", 0) + after,
        "amount_remaining": remaining,
        "amount_due": invoice["amount_due"] - before,
    }
    if invoice["status"] == "open" and remaining == 0:
        paid_at = {**(invoice.get("status_transitions") or {}), "paid_at": call.store.now()}
        values |= {"status": "paid", "status_transitions": paid_at}
    call.change("invoice", invoice, values)


def _next_number(call: Call, invoice: Record) -> str:
    """The number after the highest of its series, e.g. CN-US-000045 -> CN-US-000046."""
    entity = (invoice.get("metadata") or {}).get("legal_entity")
    series = f"CN-{entity}-" if entity else "CN-"
    taken = [str(one.get("number") or "").removeprefix(series) for one in call.store.table("credit_note").values()]
    return f"{series}{max((int(one) for one in taken if one.isdigit()), default=0) + 1:06d}"
