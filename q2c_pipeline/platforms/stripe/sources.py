"""What is read from Stripe: each object's list, the events that tell of its changes, and the lists it carries inside."""

from __future__ import annotations

from dataclasses import dataclass

Params = dict[str, str]


@dataclass(frozen=True)
class Parts:
    """A list inside an object that is landed as an object of its own.

    `inherits` names facts of the header that its parts do not repeat: landed name -> header fields, the first with a value.
    `is_money` parts add up to their header's total without tax.
    """

    name: str
    key: str
    path: str
    says: str
    inherits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_money: bool = True


@dataclass(frozen=True)
class Source:
    """A listed object; a full read goes through all `lists`, an incremental one re-reads what is in `still_open`."""

    name: str
    path: str
    says: str
    lists: tuple[Params, ...] = ({},)
    events: tuple[str, ...] = ()
    still_open: tuple[Params, ...] = ()
    parts: Parts | None = None
    has_created: bool = True


def _types(prefix: str, words: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{word}" for word in words.split())


_CREDIT_NOTE_LINES = Parts(
    "credit_note_line",
    "lines",
    "/v1/credit_notes/{id}/lines",
    "what a credit note takes back",
    inherits=(
        ("request.credit_note", ("id",)),
        ("request.currency", ("currency",)),
        ("request.effective_at", ("effective_at", "created")),
    ),
)
SOURCES = (
    Source("customer", "/v1/customers", "who is billed", events=_types("customer", "created updated deleted")),
    Source("product", "/v1/products", "what is sold", events=_types("product", "created updated deleted")),
    Source(
        "price",
        "/v1/prices",
        "what it costs, with usage tiers",
        # Without `active` the list leaves out archived prices, which old subscriptions still have.
        lists=tuple({"active": active, "expand[]": "data.tiers"} for active in ("true", "false")),
        events=_types("price", "created updated deleted"),
    ),
    Source("billing.meter", "/v1/billing/meters", "what usage is counted by", has_created=False),
    Source(
        "subscription",
        "/v1/subscriptions",
        "what is billed again and again",
        # Without `status` the list leaves out canceled ones.
        lists=({"status": "all"},),
        events=_types(
            "customer.subscription",
            "created updated deleted paused resumed pending_update_applied pending_update_expired trial_will_end",
        ),
        still_open=({},),
        parts=Parts(
            "subscription_item", "items", "/v1/subscription_items?subscription={id}", "one product of it", is_money=False
        ),
    ),
    Source(
        "invoice",
        "/v1/invoices",
        "billing documents",
        events=_types(
            "invoice",
            "created updated finalized finalization_failed sent paid payment_succeeded payment_failed payment_action_required "
            "overdue overpaid voided marked_uncollectible deleted",
        ),
        still_open=({"status": "draft"}, {"status": "open"}),
        parts=Parts("invoice_line", "lines", "/v1/invoices/{id}/lines", "what an invoice bills"),
    ),
    Source(
        "credit_note",
        "/v1/credit_notes",
        "documents that take invoices back",
        events=_types("credit_note", "created updated voided"),
        parts=_CREDIT_NOTE_LINES,
    ),
    Source(
        "charge",
        "/v1/charges",
        "money in",
        events=_types("charge", "succeeded pending failed captured expired refunded updated"),
    ),
    Source("refund", "/v1/refunds", "money out", events=_types("refund", "created updated failed")),
    Source(
        "invoice_payment",
        "/v1/invoice_payments",
        "which money settles which invoice",
        events=_types("invoice_payment", "paid"),
        still_open=({"status": "open"},),
    ),
)
USAGE = "meter_event_summary"
