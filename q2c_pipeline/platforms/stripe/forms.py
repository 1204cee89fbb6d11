"""What is sent to Stripe: orders as form bodies, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from q2c_pipeline.domain.money import exponents
from q2c_pipeline.domain.repairs import Call, DraftInvoice, Order, PendingItem
from q2c_pipeline.errors import ContractError

KEY = "q2c_attempt"
"""Metadata under which what we make carries its idempotency key: it is found again even when the answer was lost."""
NEW_INVOICE = "{new invoice}"
"""Stands in a preview for the id that Stripe will give to the draft."""
_COLLECTIONS = {"invoiceitem": "invoiceitems", "invoice": "invoices"}


def item_form(item: PendingItem, key: str, zone: ZoneInfo) -> dict[str, str]:
    """The form of one item; the period is given as moments, its end as the first one after the last day."""
    fields = {
        "customer": item.customer_id,
        "amount": str(minor_units(item)),
        "currency": item.currency.lower(),
        "description": item.description,
        "period[start]": _midnight(item.service_start, zone),
        "period[end]": _midnight(item.service_end + timedelta(days=1), zone),
    }
    fields |= {"subscription": item.subscription_id} if item.subscription_id else {}
    return fields | _metadata(item.metadata, key)


def _midnight(day: date, zone: ZoneInfo) -> str:
    return str(int(datetime.combine(day, time(), tzinfo=zone).timestamp()))


def minor_units(item: PendingItem) -> int:
    """The amount in the currency's smallest unit: 12.50 USD -> 1250, 1250 JPY -> 1250; a fraction of one is refused."""
    minor = item.amount.scaleb(exponents()[item.currency])
    if minor != minor.to_integral_value():
        raise ContractError(
            expected=f"an amount of {item.currency} without a fraction of its smallest unit",
            found=str(item.amount),
            where=f"invoice item for {item.customer_id}",
            next_step="round the amount in the control that proposes it",
        )
    return int(minor)


def draft_form(draft: DraftInvoice, key: str) -> dict[str, str]:
    """Never finalized by itself, and without the customer's other pending items."""
    fields = {
        "customer": draft.customer_id,
        "currency": draft.currency.lower(),
        "auto_advance": "false",
        "pending_invoice_items_behavior": "exclude",
    }
    return fields | _metadata(draft.metadata, key)


def part_key(order: Order, number: int) -> str:
    """The key of one item of a draft: each POST needs its own."""
    return f"{order.attempt_key}-{number}"


def _metadata(given: Mapping[str, str], key: str) -> dict[str, str]:
    return {f"metadata[{name}]": value for name, value in {**given, KEY: key}.items()}


def bracketed(name: str) -> str:
    """metadata.order_id -> metadata[order_id]: the form's spelling of a path; metadata keys may hold dots themselves."""
    first, _, rest = name.partition(".")
    return f"{first}[{rest}]" if rest else first


def collection_of(object_name: str) -> str:
    """The address of an object: customer -> customers."""
    return _COLLECTIONS.get(object_name, f"{object_name}s")


def post_call(collection: str, fields: Mapping[str, str]) -> Call:
    """A POST with these fields as its body."""
    return Call("POST", f"/v1/{collection}", urlencode(fields))
