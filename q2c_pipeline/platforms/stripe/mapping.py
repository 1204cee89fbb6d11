"""How Stripe's records become canonical rows: minor units, unix seconds, exclusive ends, credit notes as negative documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from q2c_pipeline.domain.kinds import DocumentKind, DocumentStatus, PaymentKind, PaymentStatus, SubscriptionStatus
from q2c_pipeline.domain.money import exponents
from q2c_pipeline.schemas.reading import (
    MONEY,
    RATE,
    Column,
    Reading,
    apply,
    combine,
    constant,
    count,
    currency,
    date,
    enum,
    flag,
    in_one_line,
    minor_rate,
    minor_units,
    or_else,
    rate,
    text,
    unix_date,
    unix_instant,
)

_SUBSCRIPTION = {
    "incomplete": SubscriptionStatus.PENDING,
    "incomplete_expired": SubscriptionStatus.CANCELED,
    "trialing": SubscriptionStatus.ACTIVE,
    "active": SubscriptionStatus.ACTIVE,
    "past_due": SubscriptionStatus.ACTIVE,
    "unpaid": SubscriptionStatus.ACTIVE,
    "paused": SubscriptionStatus.PAUSED,
    "canceled": SubscriptionStatus.CANCELED,
}
_INVOICE = {
    "draft": DocumentStatus.DRAFT,
    "open": DocumentStatus.OPEN,
    "paid": DocumentStatus.PAID,
    "uncollectible": DocumentStatus.UNCOLLECTIBLE,
    "void": DocumentStatus.VOID,
}
_CREDIT_NOTE = {"issued": DocumentStatus.ISSUED, "void": DocumentStatus.VOID}
_CHARGE = {"succeeded": PaymentStatus.SUCCEEDED, "pending": PaymentStatus.PENDING, "failed": PaymentStatus.FAILED}
_REFUND = {**_CHARGE, "requires_action": PaymentStatus.PENDING, "canceled": PaymentStatus.CANCELED}
_INVOICE_PAYMENT = {"open": PaymentStatus.PENDING, "paid": PaymentStatus.SUCCEEDED, "canceled": PaymentStatus.CANCELED}
_MONTHS = {"month": 1, "year": 12}
"""Billing intervals that are whole months; a price by day or week has no number of months."""
_DIGITS = {**exponents(), "MGA": 0, "ISK": 2, "UGX": 2}
"""Digits of Stripe's minor unit, which is not ISO 4217's for MGA (none) and two currencies that ISO gives none (two)."""


def readings(conventions: Mapping[str, str], account_classes: Mapping[str, str]) -> Sequence[Reading]:  # noqa: ARG001
    """The readings of one instance; `time_zone` is where its books change the day (UTC unless configured)."""
    zone = conventions.get("time_zone", "UTC")
    return (
        _account(),
        _product(),
        _price(),
        _subscription(zone),
        _subscription_line(zone),
        _usage(),
        _invoice(zone),
        _invoice_line(zone),
        _credit_note(zone),
        _credit_note_line(zone),
        _charge(zone),
        _refund(zone),
        _application(),
    )


def _identity() -> dict[str, Column]:
    return {"source_id": text("id"), "source_version": unix_instant("read_until")}


def _account() -> Reading:
    return Reading(
        "customer",
        "account",
        {
            **_identity(),
            "account_number": text("account_number"),
            # A customer may have neither name nor e-mail address; its id still tells it apart.
            "account_name": or_else(text("account_name"), or_else(text("email"), text("id"))),
            "country_code": text("country_code"),
            "currency": currency("currency"),
            "claimed_crm_account_id": text("crm_account_id"),
            "domain": text("email"),
            "address": in_one_line(text("line1"), text("line2"), text("postal_code"), text("city")),
        },
    )


def _product() -> Reading:
    columns = {
        "product_code": text("product_code"),
        "product_name": text("product_name"),
        "is_active": flag("is_active"),
        "tax_class": text("tax_class"),
    }
    return Reading("product", "product", {**_identity(), **columns})


def _price() -> Reading:
    return Reading(
        "price",
        "price",
        {
            **_identity(),
            "product_source_id": text("product_id"),
            "currency": currency("currency"),
            "unit_price": _unit_price(),
            "billing_period_months": _months(),
            "meter_source_id": text("meter_id"),
            "is_active": flag("is_active"),
            "price_list_name": text("price_list"),
        },
    )


def _subscription(zone: str) -> Reading:
    status = enum("status", _SUBSCRIPTION)
    requested = combine(
        lambda day, state: pl.when(state == SubscriptionStatus.CANCELED.value).then(day), unix_date("canceled_at", zone), status
    )
    return Reading(
        "subscription",
        "subscription",
        {
            **_identity(),
            "account_source_id": text("customer_id"),
            "subscription_status": status,
            "legal_entity_code": text("legal_entity"),
            "currency": currency("currency"),
            "start_date": unix_date("start_date", zone),
            # `canceled_at` is when cancelling was asked for, often long before the end.
            "canceled_date": or_else(unix_date("ended_at", zone), or_else(unix_date("cancel_at", zone), requested)),
            "claimed_contract_id": text("crm_order_id"),
        },
    )


def _subscription_line(zone: str) -> Reading:
    return Reading(
        "subscription_item",
        "subscription_line",
        {
            **_identity(),
            "subscription_source_id": text("subscription_id"),
            "price_source_id": text("price_id"),
            "product_source_id": text("product_id"),
            "quantity": rate("quantity"),
            "unit_price": _unit_price(),
            "meter_source_id": text("meter_id"),
            "billing_period_months": _months(),
            "current_period_start_date": unix_date("period_start", zone),
            "current_period_end_date": unix_date("period_end", zone, exclusive_end=True),
            "claimed_contract_line_id": text("crm_order_item_id"),
            "claimed_contract_line_key": text("contract_line_key"),
        },
    )


def _usage() -> Reading:
    return Reading(
        "meter_event_summary",
        "usage",
        {
            **_identity(),
            "meter_source_id": text("meter_id"),
            "account_source_id": text("customer_id"),
            # Months are asked for in UTC, whatever the books' time zone is.
            "usage_start_date": unix_date("start_time"),
            "usage_end_date": unix_date("end_time", exclusive_end=True),
            "quantity": rate("quantity"),
        },
    )


def _invoice(zone: str) -> Reading:
    total, net = _money("total"), _money("total_excluding_tax")
    return Reading(
        "invoice",
        "invoice",
        {
            **_identity(),
            "document_kind": constant(DocumentKind.INVOICE.value),
            "document_number": text("number"),
            "document_status": enum("status", _INVOICE),
            "account_source_id": text("customer_id"),
            "subscription_source_id": text("subscription_id"),
            "legal_entity_code": or_else(text("legal_entity"), text("subscription_legal_entity")),
            "currency": currency("currency"),
            "issued_date": or_else(unix_date("effective_at", zone), unix_date("created", zone)),
            "due_date": unix_date("due_date", zone),
            "net_amount": net,
            "tax_amount": combine(lambda whole, part: whole - part, total, net),
            "total_amount": total,
            "open_amount": _money("amount_remaining"),
            "paid_amount": _money("amount_paid"),
            "finalized_at": unix_instant("finalized_at"),
            "voided_at": unix_instant("voided_at"),
            "claimed_ledger_batch": text("ledger_batch"),
        },
    )


def _credit_note(zone: str) -> Reading:
    total, net = _taken_back(_money("total")), _taken_back(_money("total_excluding_tax"))
    return Reading(
        "credit_note",
        "invoice",
        {
            **_identity(),
            "document_kind": constant(DocumentKind.CREDIT_MEMO.value),
            "document_number": text("number"),
            "document_status": enum("status", _CREDIT_NOTE),
            "account_source_id": text("customer_id"),
            "credited_invoice_source_id": text("invoice_id"),
            "legal_entity_code": text("legal_entity"),
            "currency": currency("currency"),
            "issued_date": or_else(unix_date("effective_at", zone), unix_date("created", zone)),
            "net_amount": net,
            "tax_amount": combine(lambda whole, part: whole - part, total, net),
            "total_amount": total,
            "finalized_at": unix_instant("created"),
            "voided_at": unix_instant("voided_at"),
            "claimed_ledger_batch": text("ledger_batch"),
        },
    )


def _invoice_line(zone: str) -> Reading:
    discount, inclusive = _money("discount_sum"), _money("inclusive_tax_sum")
    start, last = unix_date("period_start", zone), unix_date("period_end", zone, exclusive_end=True)
    proration = or_else(flag("subscription_proration"), or_else(flag("item_proration"), constant(value=False)))
    return Reading(
        "invoice_line",
        "invoice_line",
        {
            **_identity(),
            "invoice_source_id": text("invoice_id"),
            "subscription_source_id": or_else(text("subscription_id"), text("item_subscription_id")),
            "subscription_line_source_id": text("subscription_item_id"),
            "claimed_contract_line_id": text("crm_order_item_id"),
            "product_source_id": text("product_id"),
            "price_source_id": text("price_id"),
            "quantity": or_else(rate("quantity"), rate("whole_quantity")),
            "unit_price": _unit_price(),
            "discount_amount": discount,
            "net_amount": _net(_money("amount"), discount, inclusive),
            "tax_amount": _money("tax_sum"),
            "currency": currency("currency"),
            "service_start_date": start,
            # A charge for a moment has a period without length: its only day is its first.
            "service_end_date": combine(pl.max_horizontal, start, last),
            "is_proration": proration,
        },
        prepare=lambda frame: _with_tax_sums(frame).with_columns(
            _sum_of("discount_amounts", _parsed_list("discount_amounts")).alias("discount_sum")
        ),
    )


def _credit_note_line(zone: str) -> Reading:
    discount, inclusive = _money("discount_amount"), _money("inclusive_tax_sum")
    start, end = date("service_start"), date("service_end")
    credited_end = unix_date("credited_end", zone, exclusive_end=True)
    issued = unix_date("issued_at", zone)
    return Reading(
        "credit_note_line",
        "invoice_line",
        {
            **_identity(),
            "invoice_source_id": text("credit_note_id"),
            "credited_line_source_id": text("invoice_line_id"),
            "claimed_contract_line_id": text("crm_order_item_id"),
            "quantity": apply(lambda value: (-value).cast(RATE), rate("quantity")),
            "unit_price": _unit_price(),
            "discount_amount": _taken_back(discount),
            "net_amount": _taken_back(_net(_money("amount"), discount, inclusive)),
            "tax_amount": _taken_back(_money("tax_sum")),
            "currency": currency("currency"),
            "service_start_date": or_else(start, or_else(unix_date("credited_start", zone), issued)),
            "service_end_date": or_else(end, or_else(credited_end, issued)),
            "is_proration": constant(value=False),
        },
        prepare=_with_tax_sums,
    )


def _charge(zone: str) -> Reading:
    return Reading(
        "charge",
        "payment",
        {
            **_identity(),
            "payment_kind": constant(PaymentKind.PAYMENT.value),
            "payment_status": enum("status", _CHARGE),
            "account_source_id": text("customer_id"),
            "payment_source_id": text("payment_intent_id"),
            "payment_amount": _money("amount"),
            "currency": currency("currency"),
            "paid_date": unix_date("created", zone),
        },
    )


def _refund(zone: str) -> Reading:
    return Reading(
        "refund",
        "payment",
        {
            **_identity(),
            "payment_kind": constant(PaymentKind.REFUND.value),
            "payment_status": enum("status", _REFUND),
            "payment_source_id": or_else(text("charge_id"), text("payment_intent_id")),
            "payment_amount": _taken_back(_money("amount")),
            "currency": currency("currency"),
            "paid_date": unix_date("created", zone),
        },
    )


def _application() -> Reading:
    payment = or_else(text("payment_intent_id"), or_else(text("charge_id"), text("payment_record_id")))
    return Reading(
        "invoice_payment",
        "payment_application",
        {
            **_identity(),
            "invoice_source_id": text("invoice_id"),
            "payment_source_id": payment,
            "payment_status": enum("status", _INVOICE_PAYMENT),
            "payment_amount": _money("amount_paid"),
            "currency": currency("currency"),
        },
    )


def _money(name: str) -> Column:
    """Stripe's integer in major units: 1999 usd -> 19.99, 1999 jpy -> 1999, 1999 mga -> 1999, 1900 isk -> 19."""
    return minor_units(name, "currency", _DIGITS)


def _unit_price() -> Column:
    return minor_rate("unit_amount", "currency", _DIGITS)


def _taken_back(column: Column) -> Column:
    """The negative of an amount."""
    return apply(lambda value: (-value).cast(MONEY), column)


def _net(amount: Column, discount: Column, inclusive_tax: Column) -> Column:
    return combine(lambda gross, less, tax: (gross - less - tax).cast(MONEY), amount, discount, inclusive_tax)


def _months() -> Column:
    """Months in one billing period: 3 x month -> 3, 1 x year -> 12, 2 x week -> none."""
    in_months = pl.col("interval").replace_strict(list(_MONTHS), list(_MONTHS.values()), default=None, return_dtype=pl.Int64)
    return apply(lambda times: times * in_months, count("interval_count"))


def _with_tax_sums(frame: pl.LazyFrame) -> pl.LazyFrame:
    inclusive = pl.element().struct.field("tax_behavior") == "inclusive"
    parsed = frame.with_columns(_parsed_list("taxes").alias("tax_list"))
    return parsed.with_columns(
        _sum_of("taxes", pl.col("tax_list")).alias("tax_sum"),
        _sum_of("taxes", pl.col("tax_list"), only=inclusive).alias("inclusive_tax_sum"),
    ).drop("tax_list")


_LIST_OF_OBJECTS = r"(?s)^\s*\[\s*(\{.*\}\s*)?\]\s*$"


def _parsed_list(name: str) -> pl.Expr:
    """The list; nothing for a text that is none, at which the parser would stop the whole batch."""
    return (
        pl.when(pl.col(name).str.contains(_LIST_OF_OBJECTS))
        .then(pl.col(name))
        .str.json_decode(pl.List(pl.Struct({"amount": pl.String, "tax_behavior": pl.String})))
    )


def _sum_of(name: str, parsed: pl.Expr, only: pl.Expr | None = None) -> pl.Expr:
    """Text of the sum of a row's own list of amounts; a list with anything but whole numbers stays as it is and is rejected."""
    amount = pl.element().struct.field("amount")
    chosen = amount if only is None else pl.when(only).then(amount).otherwise(pl.lit("0"))
    total = parsed.list.eval(chosen.cast(pl.Int64, strict=False)).list.sum().fill_null(0)
    is_whole = parsed.list.eval(amount.str.contains(r"^-?\d{1,15}$").fill_null(value=False)).list.all().fill_null(value=True)
    is_none = parsed.is_null() & (pl.col(name).str.strip_chars() != "")
    return pl.when(is_whole & ~is_none.fill_null(value=False)).then(total.cast(pl.String)).otherwise(pl.col(name))
