"""Which tables can be computed for a part of the customers, and which customers the passing of a day touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.engine.touched import FACTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from q2c_pipeline.engine.sqlfiles import SqlFile

SPLIT = frozenset(
    {
        *(f"canonical.{name}" for name in FACTS),
        "canonical.gone_invoice",
        "link.booked_line",
        "link.contract_line",
        "link.document",
        "link.invoice_line",
        "link.money",
        "link.money_posting",
        "link.posted_transaction",
        "schedule.allocation",
        "schedule.amendment_class",
        "schedule.billing_period",
        "schedule.bundle_discount",
        "schedule.credit_split",
        "schedule.deferred_line",
        "schedule.line_term",
        "schedule.modification",
        "schedule.modification_step",
        "schedule.obligation",
        "schedule.rated_usage",
        "schedule.release_period",
        "schedule.revenue_line",
        "schedule.revenue_period",
        "schedule.service_period",
        "schedule.usage_period",
        "grid.billed_posted",
        "grid.billed_posted_break",
        "grid.billed_posted_document",
        "grid.booked_billed",
        "grid.booked_billed_amendment",
        "grid.booked_billed_break",
        "grid.document_demand",
        "grid.subledger_ledger",
        "grid.subledger_ledger_break",
        "grid.transaction_amount",
        "grid.transaction_balance",
        "recon.contract_balance",
        "control.sl02_payment_not_posted",
        "control.st02_invoice_status_contradicts",
        "mart.trace_edge",
        "mart.trace_node",
    }
)
"""Each row of these tables comes from records that belong together (`touched`), so that a part of the customers gives its rows.

Any other table, a new one too, is computed whole. What is named here is proven against whole runs by the tests, and each night
before it is used: the part's rows, computed as of last night, must be exactly those that the table holds of it.
"""
CLOCK = frozenset({"canonical.reading_cutoff"})
"""Shared tables that tell the day; whom a new day touches is said by TURNS."""
WITHIN_ACCOUNT = {"link.account": ("other_account_key", "account_key")}
"""Shared tables whose rows belong to the customers of these columns: they may change for the customers of the part."""


def _record(kind: str, key: str, source: str) -> str:
    """A SELECT of the records that the key column of some rows names."""
    return f"select {kind} as kind, split_part({key}, ':', 1) as instance, split_part({key}, ':', 2) as value from {source}"  # noqa: S608  (constants of this module)


_DUE = "where due_date between $since and $until"
_IN_FLIGHT = "where is_in_flight"
_MONEY = "unnest(['invoice', 'payment', 'payment_application', 'transaction'])"
TURNS = (
    """select 'contract' as kind, instance, source_id as value from canonical.contract
        where coalesce(cast(activated_at as date), start_date) between $since and $until""",
    "select 'invoice' as kind, instance, source_id as value from canonical.invoice where issued_date between $since and $until",
    _record("'contract_line'", "root_line_key", f"schedule.billing_period {_DUE}"),
    _record("'contract_line'", "root_line_key", f"schedule.usage_period {_DUE}"),
    # What is in flight may leave its grace any day; what has left it stays as it is.
    _record("'contract_line'", "contract_line_key", f"grid.booked_billed {_IN_FLIGHT}"),
    _record("'invoice'", "first_document_key", f"grid.booked_billed {_IN_FLIGHT}"),
    _record("'invoice'", "document_key", f"grid.billed_posted {_IN_FLIGHT}"),
    _record("'transaction'", "first_transaction_key", f"grid.billed_posted {_IN_FLIGHT}"),
    _record(_MONEY, "record_key", f"grid.subledger_ledger {_IN_FLIGHT}"),
    _record("'transaction'", "first_transaction_key", f"grid.subledger_ledger {_IN_FLIGHT}"),
)
"""Records whose rows change because a day has passed, by what tables held before; `$since` is the day after the last night's."""


def split_files(files: Sequence[SqlFile]) -> frozenset[str]:
    """Names of the files that are computed in part."""
    return SPLIT & {file.name for file in files}
