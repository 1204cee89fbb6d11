"""A Stripe account small enough to know by heart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.systems import Systems

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.systems import Record, Tables

AS_OF = date(2026, 3, 31)
INVOICES = 25
LONG_INVOICE = "in_024"
LONG_LINES = 12


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def keyed(*records: Record) -> dict[str, Record]:
    return {record["id"]: record for record in records}


def small_shop() -> Systems:
    """Two customers, one subscription of twelve items, 25 invoices, one credit note, usage, payments."""
    return Systems(as_of=AS_OF, salesforce={}, stripe=_tables(), netsuite={})


def _tables() -> Tables:
    invoices = [_invoice(number) for number in range(INVOICES)]
    lines = [_line(invoice, number) for invoice in invoices for number in range(_line_count(invoice["id"]))]
    return {
        "customer": keyed(_customer("cus_a", "Alpha"), _customer("cus_b", "Beta")),
        "product": keyed({"id": "prod_seat", "name": "Seat", "active": True, "metadata": {"product_code": "SEAT"}}),
        "price": keyed(*_prices()),
        "billing.meter": keyed({"id": "mtr_calls", "event_name": "calls", "display_name": "Calls", "created": at("2025-06-01")}),
        "meter_event_summary": {f"mtr_calls|cus_a|2026-0{month}": _usage(month) for month in (1, 2, 3)},
        "subscription": keyed(_subscription("sub_a", "active"), _subscription("sub_old", "canceled")),
        "subscription_item": keyed(*(_item(number) for number in range(12))),
        "invoice": keyed(*invoices),
        "invoice_line": keyed(*lines),
        "credit_note": keyed(_credit_note()),
        "credit_note_line": keyed(_credit_note_line()),
        "invoice_payment": keyed(_invoice_payment()),
        "charge": keyed(_charge("ch_a"), _charge("ch_b")),
        "payment_intent": keyed({"id": "pi_a", "amount": 12000, "currency": "usd", "created": at("2026-03-02")}),
        "refund": keyed(_refund()),
        "tax_rate": keyed({"id": "txr_us", "percentage": Decimal("8.25"), "display_name": "Sales Tax"}),
        "event": keyed(_event("evt_old", "2026-02-01", "in_000"), _event("evt_new", "2026-03-20", "in_001")),
    }


def _customer(customer_id: str, name: str) -> Record:
    return {
        "id": customer_id,
        "name": name,
        "email": f"{name.lower()}@example.com",
        "currency": "usd",
        "created": at("2025-06-01"),
        "address": {"country": "US"},
        "metadata": {"account_number": f"AC-{name}", "salesforce_account_id": f"001{name}"},
    }


def _prices() -> tuple[Record, ...]:
    monthly = {"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None}
    licensed = {"product": "prod_seat", "currency": "usd", "created": at("2025-06-01"), "active": True, "recurring": monthly}
    tiers = [
        {"up_to": 1000, "unit_amount_decimal": Decimal(0)},
        {"up_to": None, "unit_amount_decimal": Decimal("0.5")},
    ]
    return (
        {"id": "price_seat", **licensed, "unit_amount": 1000, "unit_amount_decimal": Decimal(1000)},
        {"id": "price_old", **licensed, "active": False, "unit_amount": 900, "unit_amount_decimal": Decimal(900)},
        {
            "id": "price_calls",
            **licensed,
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": tiers,
            "recurring": {**monthly, "usage_type": "metered", "meter": "mtr_calls"},
        },
    )


def _usage(month: int) -> Record:
    return {
        "meter": "mtr_calls",
        "customer": "cus_a",
        "start_time": at(f"2026-0{month}-01"),
        "end_time": at(f"2026-0{month + 1}-01"),
        "aggregated_value": Decimal(month * 1000) + Decimal("0.5"),
    }


def _subscription(subscription_id: str, status: str) -> Record:
    start = at("2026-01-01")
    return {
        "id": subscription_id,
        "customer": "cus_a",
        "status": status,
        "currency": "usd",
        "start_date": start,
        "created": start,
        "billing_cycle_anchor": start,
        "canceled_at": at("2026-02-15") if status == "canceled" else None,
        "metadata": {"order_number": "ORD-1", "legal_entity": "US", "salesforce_order_id": "801A"},
    }


def _item(number: int) -> Record:
    item: dict[str, Any] = {
        "id": f"si_{number:02d}",
        "subscription": "sub_a",
        "price": "price_calls" if number == 11 else "price_seat",
        "current_period_start": at("2026-03-01"),
        "current_period_end": at("2026-04-01"),
        "created": at("2026-01-01"),
        "metadata": {"salesforce_order_item_id": f"802{number}", "contract_line": f"ORD-1/{number + 1}"},
    }
    return item if number == 11 else {**item, "quantity": 2}


def _line_count(invoice_id: str) -> int:
    return LONG_LINES if invoice_id == LONG_INVOICE else 1


def _invoice(number: int) -> Record:
    invoice_id, created = f"in_{number:03d}", at("2026-02-20") + timedelta(days=number)
    net = 1000 * _line_count(invoice_id)
    tax = 83 * _line_count(invoice_id)
    status = "draft" if number == 23 else "paid" if number == 0 else "open"
    return {
        "id": invoice_id,
        "number": None if status == "draft" else f"INV-US-{number:06d}",
        "customer": "cus_b" if number % 5 == 0 else "cus_a",
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_a", "metadata": {"legal_entity": "US"}},
        },
        "status": status,
        "currency": "usd",
        "created": created,
        "effective_at": None if status == "draft" else created,
        "period_start": created,
        "period_end": created,
        "status_transitions": {"finalized_at": created},
        "subtotal": net,
        "total": net + tax,
        "total_excluding_tax": net,
        "total_taxes": [{"amount": tax, "tax_rate_details": {"tax_rate": "txr_us"}}],
        "amount_due": net + tax,
        "amount_paid": net + tax if status == "paid" else 0,
        "amount_remaining": 0 if status == "paid" else net + tax,
        "metadata": {"legal_entity": "US"},
    }


def _line(invoice: Record, number: int) -> Record:
    details = {"subscription": "sub_a", "subscription_item": f"si_{number:02d}", "proration": False}
    return {
        "id": f"il_{invoice['id'][3:]}_{number:02d}",
        "invoice": invoice["id"],
        "amount": 1000,
        "subtotal": 1000,
        "currency": "usd",
        "quantity": 1,
        "quantity_decimal": Decimal(1),
        "period": {"start": at("2026-03-01"), "end": at("2026-04-01")},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": "price_seat", "product": "prod_seat"},
            "unit_amount_decimal": Decimal(1000),
        },
        "parent": {"type": "subscription_item_details", "subscription_item_details": details},
        "taxes": [{"amount": 83, "taxable_amount": 1000, "tax_rate_details": {"tax_rate": "txr_us"}}],
        "metadata": {},
    }


def _credit_note() -> Record:
    created = at("2026-03-10")
    return {
        "id": "cn_a",
        "number": "CN-US-000001",
        "invoice": "in_001",
        "customer": "cus_a",
        "currency": "usd",
        "status": "issued",
        "created": created,
        "effective_at": created,
        "subtotal": 200,
        "total": 217,
        "total_excluding_tax": 200,
        "amount": 217,
        "pre_payment_amount": 217,
        "metadata": {"legal_entity": "US"},
    }


def _credit_note_line() -> Record:
    return {
        "id": "cnli_a",
        "credit_note": "cn_a",
        "invoice_line_item": "il_001_00",
        "amount": 200,
        "quantity": 1,
        "taxes": [{"amount": 17, "taxable_amount": 200, "tax_rate_details": {"tax_rate": "txr_us"}}],
        "metadata": {"service_start": "2026-03-10", "service_end": "2026-03-31"},
    }


def _invoice_payment() -> Record:
    return {
        "id": "inpay_a",
        "invoice": "in_000",
        "status": "paid",
        "amount_paid": 1083,
        "amount_requested": 1083,
        "currency": "usd",
        "created": at("2026-03-02"),
        "payment": {"type": "payment_intent", "payment_intent": "pi_a"},
    }


def _charge(charge_id: str) -> Record:
    return {
        "id": charge_id,
        "amount": 12000,
        "amount_captured": 12000,
        "amount_refunded": 0,
        "currency": "usd",
        "customer": "cus_b",
        "created": at("2026-03-02"),
        "payment_intent": "pi_a",
    }


def _refund() -> Record:
    return {"id": "re_a", "charge": "ch_b", "amount": 500, "currency": "usd", "status": "succeeded", "created": at("2026-03-05")}


def _event(event_id: str, day: str, invoice_id: str) -> Record:
    snapshot = _invoice(int(invoice_id[3:]))
    return {"id": event_id, "type": "invoice.updated", "created": at(day), "data": {"object": snapshot}}
