"""Which tables can be computed for a part of the customers, and which customers the passing of a day touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from q2c_pipeline.engine.touched import FACTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from q2c_pipeline.engine.sqlfiles import SqlFile

SPLIT = frozenset(
    {
        *(f"canonical.{name}" for name in FACTS),
        "canonical.gone_invoice",
        "claim.account",
        "link.account",
        "link.account_field",
        "link.booked_line",
        "link.contract_invoice_status",
        "link.contract_line",
        "link.credit_hold",
        "link.customer",
        "link.document",
        "link.invoice_line",
        "link.money",
        "link.money_customer",
        "link.money_posting",
        "link.summary_demand",
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
        "grid.deferred_balance",
        "grid.deferred_movement",
        "grid.document_demand",
        "grid.late_step",
        "grid.posted_recognised",
        "grid.subledger_ledger",
        "grid.subledger_ledger_break",
        "grid.transaction_amount",
        "grid.transaction_balance",
        "grid.unapplied",
        "recon.contract_balance",
        "control.bb15_proration_differs",
        "control.dq05_locked_figures_moved",
        "control.md04_changed_by_other",
        "control.md07_external_id_wrong",
        "control.sl02_payment_not_posted",
        "control.st02_invoice_status_contradicts",
        "mart.trace_edge",
        "mart.trace_node",
        "repair.customer",
    }
)
"""Each row of these tables comes from records that belong together (`touched`), so that a part of the customers gives its rows.

Any other table, a new one too, is computed whole. What is named here is proven against whole runs by the tests, and each night
before it is used: the part's rows, computed as of last night, must be exactly those that the table holds of it.
"""


@dataclass(frozen=True)
class ByLine:
    """How tables that look at releases line by line see a table: by the contract line that a row names."""

    key: tuple[str, ...]
    """What tells the part's own rows from others."""
    sees: str
    """Which of the part's rows they see: a journal in the part may name other customers' lines as well."""
    adds: tuple[str, ...]
    """Which other rows they see besides: releases of the part's lines in other journals, and what names no line at all."""


BY_LINE = frozenset({"grid.posted_recognised", "grid.deferred_movement"})
"""Tables of SPLIT that look at releases by contract line: one journal may release the revenue of thousands of customers."""
_LINES = "(select value from part_seen.line_key)"
_RELEASES = "transaction_kind in ('revenue_release', 'journal')"
SEEN_BY_LINE = {
    "canonical.posting": ByLine(
        ("instance", "source_id"),
        f"not {_RELEASES} or claimed_contract_line_key is null or claimed_contract_line_key in {_LINES}",
        (
            f"{_RELEASES} and claimed_contract_line_key in {_LINES}",
            "transaction_kind = 'revenue_release' and claimed_contract_line_key is null",
        ),
    ),
    "schedule.release_period": ByLine(("invoice_line_key",), "true", ("root_line_key is null",)),
}
"""What they see of the tables that they read; of all others they see the part."""
KEYS = {"link.customer": ("customer_id",)}
"""What the rows of a table are of, where that is not its first key."""
SUMS = {
    "grid.released_period": ("release_lines",),
    "link.used_account": ("posting_lines",),
    "recon.deferred_moved": ("posting_lines", "amount", "functional_amount"),
    "recon.leg_total": ("cells", "left_amount", "right_amount"),
    "recon.receivable_moved": ("movements", "amount"),
}
"""Tables of sums of rows of SPLIT, with the columns that are sums, the number of rows first: a part's sums are added to them."""
GROWING = frozenset({"grid.released_period"})
"""Shared tables that may gain rows: what a month's first release turns is in flight, and TURNS has it in the part every night."""
CLOCK = frozenset({"canonical.reading_cutoff"})
"""Shared tables that tell the day; whom a new day touches is said by TURNS."""
WITHIN = {
    "identity.account": ("account", ("other_account_key", "account_key")),
    "identity.customer": ("account", ("account_key",)),
    "canonical.left_out_transaction": ("transaction", ("instance || ':' || transaction_source_id",)),
}
"""Shared tables whose rows belong to the accounts or transactions of these columns: they may change for those of the part."""


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
    _record("'contract_line'", "contract_line_key", f"grid.posted_recognised {_IN_FLIGHT}"),
    f"select 'line_key' as kind, '' as instance, subject_key as value from grid.posted_recognised {_IN_FLIGHT}",  # noqa: S608  (constants of this module)
)
"""Records whose rows change because a day has passed, by what tables held before; `$since` is the day after the last night's."""


def split_files(files: Sequence[SqlFile]) -> frozenset[str]:
    """Names of the files that are computed in part."""
    return (SPLIT | SUMS.keys()) & {file.name for file in files}
