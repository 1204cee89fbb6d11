"""How an org's objects become canonical rows; names are the logical ones of fields.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from q2c_pipeline.domain import kinds
from q2c_pipeline.platforms.salesforce.tiers import TIERS
from q2c_pipeline.schemas.reading import (
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
    instant,
    money,
    or_else,
    percent_as_fraction,
    rate,
    text,
)

# REST prints +0000 and Bulk prints Z; this form reads both.
MOMENT = "%Y-%m-%dT%H:%M:%S%.f%#z"

REVENUE_CLASSES = {
    "Ratable": kinds.RevenueClass.RATABLE,
    "Point in Time": kinds.RevenueClass.POINT_IN_TIME,
    "Usage": kinds.RevenueClass.USAGE,
}
STATUS_CODES = {
    "Draft": kinds.ContractStatus.DRAFT,
    "Activated": kinds.ContractStatus.ACTIVATED,
    "Canceled": kinds.ContractStatus.CANCELLED,
}
CANCELLED = ("Cancelled", "Canceled")
AMENDMENTS = {
    "Quantity Increase": kinds.AmendmentKind.QUANTITY_INCREASE,
    "Quantity Decrease": kinds.AmendmentKind.QUANTITY_DECREASE,
    "Price Change": kinds.AmendmentKind.PRICE_CHANGE,
    "Cancellation": kinds.AmendmentKind.CANCELLATION,
    "Co-term Add-on": kinds.AmendmentKind.COTERM_ADD_ON,
    "Renewal": kinds.AmendmentKind.RENEWAL,
    "Pause": kinds.AmendmentKind.PAUSE,
    "Product Swap": kinds.AmendmentKind.PRODUCT_SWAP,
    "Bill-to Change": kinds.AmendmentKind.BILL_TO_CHANGE,
    "Re-allocation": kinds.AmendmentKind.REALLOCATION,
}
FREQUENCIES = {
    "Monthly": kinds.BillingFrequency.MONTHLY,
    "Quarterly": kinds.BillingFrequency.QUARTERLY,
    "Semiannual": kinds.BillingFrequency.SEMI_ANNUAL,
    "Annual": kinds.BillingFrequency.ANNUAL,
    "One-Time": kinds.BillingFrequency.ONE_TIME,
}
TIMINGS = {"Advance": kinds.BillingTiming.ADVANCE, "Arrears": kinds.BillingTiming.ARREARS}
ANCHORS = {"Start": kinds.BillingAnchor.START, "Calendar": kinds.BillingAnchor.CALENDAR}
PRICE_PERIODS = {
    "Month": kinds.PricePeriod.MONTH,
    "Year": kinds.PricePeriod.YEAR,
    "Once": kinds.PricePeriod.ONCE,
    "Unit": kinds.PricePeriod.UNIT,
}
CHARGES = {
    "Recurring": kinds.ChargeType.RECURRING,
    "One-Time": kinds.ChargeType.ONE_TIME,
    "Usage": kinds.ChargeType.USAGE,
}


def readings(conventions: Mapping[str, str], account_classes: Mapping[str, str]) -> Sequence[Reading]:  # noqa: ARG001
    """The readings of an org; `conventions` may name the one `currency` of an org without CurrencyIsoCode."""
    own = _currency(conventions.get("currency"))
    return (
        Reading("Account", "account", _record() | _account(own)),
        Reading("Product2", "product", _record() | _product()),
        Reading("PricebookEntry", "price", _record() | _price(own)),
        Reading("Opportunity", "opportunity", _record() | _opportunity(own)),
        Reading("OpportunityHistory", "opportunity_history", _record() | _opportunity_history(own)),
        Reading("OpportunityLineItem", "opportunity_line", _record() | _opportunity_line()),
        Reading("Order", "contract", _record() | _contract(own)),
        Reading("OrderItem", "contract_line", _record() | _contract_line()),
        Reading("OrderItem", "contract_tier", _record() | TIERS.columns, where=TIERS.where, prepare=TIERS.prepare),
    )


def _record() -> dict[str, Column]:
    """Which record a row comes from, and which version of it."""
    return {"source_id": text("id"), "source_version": instant("modified_at", MOMENT), "is_deleted": flag("is_deleted")}


def _currency(of_the_org: str | None) -> Column:
    return or_else(currency("currency"), constant(of_the_org)) if of_the_org else currency("currency")


def _account(own: Column) -> dict[str, Column]:
    return {
        "account_number": text("account_number"),
        "account_name": text("account_name"),
        "tax_id": text("tax_id"),
        "country_code": text("country_code"),
        "currency": own,
        "payment_terms": text("payment_terms"),
        "legal_entity_code": text("legal_entity_code"),
        "parent_source_id": text("parent_id"),
        "claimed_billing_account_id": text("billing_account_id"),
        "claimed_erp_account_id": text("erp_customer_id"),
        "domain": text("website"),
        "address": in_one_line(text("street"), text("postal_code"), text("city")),
    }


def _product() -> dict[str, Column]:
    return {
        "product_code": text("product_code"),
        "product_name": text("product_name"),
        "revenue_class": enum("revenue_class", REVENUE_CLASSES),
        "is_active": flag("is_active"),
    }


def _price(own: Column) -> dict[str, Column]:
    return {
        "product_source_id": text("product_id"),
        "currency": own,
        "unit_price": rate("unit_price"),
        "price_list_name": text("pricebook_id"),
        "is_active": flag("is_active"),
    }


def _opportunity(own: Column) -> dict[str, Column]:
    return {
        "opportunity_number": text("opportunity_number"),
        "opportunity_name": text("opportunity_name"),
        "account_source_id": text("account_id"),
        "opportunity_stage": combine(_stage, flag("is_closed"), flag("is_won")),
        "is_won": flag("is_won"),
        "close_date": date("close_date"),
        "opportunity_amount": money("amount"),
        "currency": own,
        "stage_name": text("stage_name"),
    }


def _opportunity_history(own: Column) -> dict[str, Column]:
    return {
        "opportunity_source_id": text("opportunity_id"),
        "stage_name": text("stage_name"),
        "close_date": date("close_date"),
        "opportunity_amount": money("amount"),
        "currency": own,
        "created_at": instant("created_at", MOMENT),
    }


def _stage(is_closed: pl.Expr, is_won: pl.Expr) -> pl.Expr:
    """Stage names are each org's own; closed and won are not."""
    won, lost, still_open = (pl.lit(stage.value) for stage in _STAGES)
    return pl.when(is_won).then(won).when(is_closed).then(lost).when(~is_closed).then(still_open)


_STAGES = (kinds.OpportunityStage.WON, kinds.OpportunityStage.LOST, kinds.OpportunityStage.OPEN)


def _opportunity_line() -> dict[str, Column]:
    return {
        "opportunity_source_id": text("opportunity_id"),
        "product_source_id": text("product_id"),
        "quantity": rate("quantity"),
        "unit_price": rate("unit_price"),
    }


def _contract(own: Column) -> dict[str, Column]:
    return {
        "contract_number": text("order_number"),
        "account_source_id": text("account_id"),
        "opportunity_source_id": text("opportunity_id"),
        "contract_status": apply(_unless_cancelled, enum("status_code", STATUS_CODES)),
        "legal_entity_code": text("legal_entity_code"),
        "currency": own,
        "start_date": date("start_date"),
        "end_date": date("end_date"),
        "activated_at": instant("activated_at", MOMENT),
        "amends_contract_source_id": text("original_order_id"),
        "amendment_kind": enum("amendment_kind", AMENDMENTS),
        "claimed_subscription_id": text("billing_subscription_id"),
        "claimed_billing_status": text("billing_status"),
        "claimed_invoice_status": text("invoice_status"),
        "claimed_payment_status": text("payment_status"),
        "exception_reason": text("exception_reason"),
    }


def _unless_cancelled(by_code: pl.Expr) -> pl.Expr:
    """A cancelled order has a status of its own but the code of a draft."""
    cancelled = pl.col("status").str.strip_chars().is_in(CANCELLED)
    return pl.when(cancelled).then(pl.lit(kinds.ContractStatus.CANCELLED.value)).otherwise(by_code)


def _contract_line() -> dict[str, Column]:
    frequency = enum("billing_frequency", FREQUENCIES)
    return {
        "contract_source_id": text("order_id"),
        "line_number": text("line_number"),
        "product_source_id": text("product_id"),
        "quantity": rate("quantity"),
        "unit_price": rate("unit_price"),
        "discount_fraction": apply(lambda value: value.fill_null(0), percent_as_fraction("discount_percent")),
        "discount_start_date": date("discount_start_date"),
        "discount_end_date": date("discount_end_date"),
        "start_date": date("start_date"),
        "end_date": combine(_end, date("end_date"), date("start_date"), frequency),
        "billing_frequency": frequency,
        "billing_timing": enum("billing_timing", TIMINGS),
        "billing_anchor": enum("billing_anchor", ANCHORS),
        "price_period": enum("price_period", PRICE_PERIODS),
        "charge_type": enum("charge_type", CHARGES),
        "ramp_segment": count("ramp_segment"),
        "allocated_price": money("allocated_price"),
        "amends_line_source_id": text("original_line_id"),
        "claimed_subscription_line_id": text("billing_line_id"),
    }


def _end(end: pl.Expr, start: pl.Expr, frequency: pl.Expr) -> pl.Expr:
    """A one-time line without an end is of its first day only."""
    return pl.when(frequency == kinds.BillingFrequency.ONE_TIME.value).then(pl.coalesce(end, start)).otherwise(end)
