"""NetSuite rows as canonical rows: signs are debit positive, flags are T and F, moments are in the account's time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from q2c_pipeline.domain.kinds import AccountClass, CreditHold, PeriodState, TransactionKind
from q2c_pipeline.schemas.reading import (
    Column,
    Reading,
    apply,
    combine,
    constant,
    currency,
    date,
    enum,
    flag,
    in_one_line,
    instant,
    money,
    or_else,
    rate,
    text,
)

_KINDS = {
    "CustInvc": TransactionKind.INVOICE,
    "CustCred": TransactionKind.CREDIT_MEMO,
    "CustPymt": TransactionKind.PAYMENT,
    "CustRfnd": TransactionKind.REFUND,
    "Journal": TransactionKind.JOURNAL,
    "FxReval": TransactionKind.FX_REVALUATION,
}
_CREDIT_HOLDS = {"AUTO": CreditHold.NONE, "OFF": CreditHold.NONE, "ON": CreditHold.HOLD}
"""Automatic holds depend on a balance that the ledger works out at the till; only a hold that somebody set is one here."""
_CLASSES = {
    "AcctRec": AccountClass.RECEIVABLE,
    "Bank": AccountClass.CASH,
    "DeferRevenue": AccountClass.DEFERRED_REVENUE,
    "Income": AccountClass.REVENUE,
    "UnbilledRec": AccountClass.UNBILLED,
    **dict.fromkeys(
        (
            "AcctPay",
            "COGS",
            "CredCard",
            "DeferExpense",
            "Equity",
            "Expense",
            "FixedAsset",
            "LongTermLiab",
            "NonPosting",
            "OthAsset",
            "OthCurrAsset",
            "OthCurrLiab",
            "OthExpense",
            "OthIncome",
            "Stat",
        ),
        AccountClass.OTHER,
    ),
}
"""What an account is by its type alone; the instance's account_classes say more about single accounts."""


def readings(conventions: Mapping[str, str], account_classes: Mapping[str, str]) -> Sequence[Reading]:
    """How each landed object becomes canonical rows."""
    zone = conventions.get("time_zone", "UTC")
    return (
        _reading("subsidiary", "legal_entity", zone, _LEGAL_ENTITY),
        _reading("customer", "account", zone, _ACCOUNT),
        _reading("item", "product", zone, _PRODUCT),
        _reading("account", "ledger_account", zone, {**_LEDGER_ACCOUNT, "account_class": _account_class(account_classes)}),
        _reading(
            "accountingperiod",
            "accounting_period",
            zone,
            {**_PERIOD, "closed_at": _moment("closed_at", zone)},
            where=_IS_BASE_PERIOD,
        ),
        _reading("currencyrate", "fx_rate", zone, _FX_RATE),
        _reading("transactionaccountingline", "posting", zone, {**_POSTING, "created_at": _moment("created_at", zone)}),
    )


def _reading(source: str, table: str, zone: str, columns: Mapping[str, Column], where: pl.Expr | None = None) -> Reading:
    common = {"source_id": text("id"), "source_version": _moment("modified_at", zone)}
    return Reading(source, table, {**common, **columns}, where)


def _moment(name: str, zone: str) -> Column:
    """A moment of the account's time zone in UTC: 2026-07-01 09:00:00 in Berlin is 07:00 UTC."""

    def in_utc(local: pl.Expr) -> pl.Expr:
        return local.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")

    return apply(in_utc, instant(name, "%Y-%m-%d %H:%M:%S"))


def _flag(name: str) -> Column:
    return flag(name, "T", "F")


def _account_class(account_classes: Mapping[str, str]) -> Column:
    """The class that the configuration gives to the account's number, else the one of its type."""
    by_number = pl.col("number").replace_strict(account_classes, default=None, return_dtype=pl.String)
    return or_else(Column(by_number), enum("type", _CLASSES))


def _period_state(closed: pl.Expr, locked: pl.Expr, receivables: pl.Expr) -> pl.Expr:
    open_or_soft = (
        pl.when(locked | receivables).then(pl.lit(PeriodState.SOFT_CLOSED.value)).otherwise(pl.lit(PeriodState.OPEN.value))
    )
    return pl.when(closed).then(pl.lit(PeriodState.CLOSED.value)).otherwise(open_or_soft)


def _kind(kind: pl.Expr, release: pl.Expr) -> pl.Expr:
    """A journal line that recognises revenue is a release; other journals are by hand."""
    is_release = (kind == TransactionKind.JOURNAL.value) & release.fill_null(value=False)
    return pl.when(is_release).then(pl.lit(TransactionKind.REVENUE_RELEASE.value)).otherwise(kind)


_LEGAL_ENTITY = {
    "legal_entity_code": or_else(text("code"), text("id")),
    "legal_entity_name": text("name"),
    "country_code": text("country"),
    "currency": currency("currency"),
}
_ACCOUNT = {
    "account_number": text("number"),
    "account_name": or_else(text("name"), text("number")),
    "tax_id": text("tax_id"),
    "currency": currency("currency"),
    "payment_terms": text("payment_terms"),
    "legal_entity_code": text("subsidiary_code"),
    "subsidiary_source_id": text("subsidiary"),
    "parent_source_id": text("parent"),
    "claimed_crm_account_id": text("crm_account_id"),
    "credit_hold": enum("credit_hold", _CREDIT_HOLDS),
    "domain": or_else(text("site"), text("email")),
    "address": in_one_line(text("address")),
}
_PRODUCT = {
    "product_code": text("code"),
    "product_name": or_else(text("name"), text("code")),
    "is_active": flag("inactive", "F", "T"),
}
_LEDGER_ACCOUNT = {
    "ledger_account_number": text("number"),
    "ledger_account_name": text("name"),
    "account_type": text("type"),
    "is_active": flag("inactive", "F", "T"),
}
_IS_BASE_PERIOD = (pl.col("is_year") == "F") & (pl.col("is_quarter") == "F")
_PERIOD = {
    "period_name": text("name"),
    "start_date": date("first_date"),
    "end_date": date("last_date"),
    "period_state": combine(_period_state, _flag("closed"), _flag("all_locked"), _flag("receivables_locked")),
    "is_adjustment": _flag("is_adjustment"),
}
_FX_RATE = {
    "currency": currency("transaction_currency"),
    "quote_currency": currency("base_currency"),
    "effective_date": date("effective_date"),
    "exchange_rate": rate("rate"),
    "rate_type": constant("spot"),
}
_POSTING = {
    "transaction_source_id": text("transaction"),
    "transaction_number": text("transaction_number"),
    "transaction_kind": combine(_kind, enum("transaction_type", _KINDS), _flag("revenue_release")),
    "line_number": text("line"),
    "subsidiary_source_id": text("subsidiary"),
    "book_source_id": text("book"),
    "is_primary_book": _flag("book_is_primary"),
    "ledger_account_source_id": text("account"),
    "accounting_period_source_id": text("period"),
    "account_source_id": text("customer"),
    "posting_date": date("posting_date"),
    "currency": currency("currency"),
    "transaction_amount": money("transaction_amount"),
    "functional_amount": money("functional_amount"),
    "exchange_rate": rate("exchange_rate"),
    "is_posted": _flag("posting"),
    "is_voided": _flag("voided"),
    "is_tax_line": _flag("tax_line"),
    "claimed_document_number": text("document_number"),
    "claimed_document_id": text("document_id"),
    "claimed_contract_line_key": text("contract_line_key"),
    "reference": text("reference"),
    "memo": text("memo"),
}
