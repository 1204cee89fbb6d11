"""Proposals made by hand, people, and a pusher that answers what it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Connection

from q2c_pipeline.corrections.ownership import FieldPlace, Ownership
from q2c_pipeline.corrections.proposal import Break, Proposal
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.repairs import (
    Action,
    Call,
    DraftJournal,
    FieldChange,
    IsOurs,
    JournalLine,
    Order,
    Outcome,
    SetFields,
    Target,
    Task,
    Verdict,
    always,
)

DAY = date(2026, 6, 30)
AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
_STATUS = FieldPlace("sf_main", "Order", "Billing_Status__c", is_versioned=True)
_ACCOUNT = FieldPlace("stripe_main", "customer", "metadata.salesforce_account_id", is_versioned=False)
OWNERSHIP = Ownership(
    {
        ("sf_main", "contract", "claimed_billing_status"): _STATUS,
        ("stripe_main", "account", "claimed_crm_account_id"): _ACCOUNT,
    },
    {"sf_main": "crm", "stripe_main": "billing", "netsuite_main": "erp"},
)


def cause(name: str = "x1", **facts: object) -> Break:
    """An exception; what is given replaces what is usual."""
    usual = Break(
        exception_id=f"exception-{name}",
        control_id="ST01",
        leg="ST",
        subject_key=f"ORD-{name}",
        legal_entity_code="DE",
        currency=None,
        difference_amount=Decimal(0),
        amount_at_risk=Decimal(0),
        queue="sales operations",
        reason="order says Active, its subscription is canceled",
        evidence='[{"instance":"sf_main","table":"contract","source_id":"801"}]',
    )
    return replace(usual, **facts)  # type: ignore[arg-type]


def set_status(name: str = "x1", after: str = "Canceled", version: str = "v1", **facts: object) -> Proposal:
    """A change of one order's status."""
    target = Target("sf_main", "Order", f"801-{name}", f"ORD-{name}", version)
    payload = SetFields((FieldChange("Billing_Status__c", "Active", after),))
    return Proposal(cause(name, **facts), 1, target, Action.SET_FIELDS, payload, OWNERSHIP)


def journal(name: str = "x1", step: int = 1, amount: str = "100.00", **facts: object) -> Proposal:
    """A draft journal over some amount, worth the same."""
    worth = Decimal(amount)
    lines = (JournalLine("1100", worth, Decimal(0)), JournalLine("4000", Decimal(0), worth))
    payload = DraftJournal("DE", "3", "EUR", date(2026, 6, 15), f"step {step}", f"INV-{name}", lines)
    target = Target("netsuite_main", "journalEntry", None, f"INV-{name}")
    usual = {"control_id": "BP06", "leg": "BP", "currency": "EUR", "difference_amount": worth, "amount_at_risk": worth}
    return Proposal(cause(name, **{**usual, **facts}), step, target, Action.DRAFT_JOURNAL, payload, OWNERSHIP)


def task(name: str = "x1", body: str = "why") -> Proposal:
    """Something for a person."""
    return Proposal(cause(name), 1, Target("", "", None, name), Action.TASK, Task("tax", f"look at {name}", body), OWNERSHIP)


def by(connection: Connection, who: str, at: datetime = AT) -> Trail:
    """Somebody at work."""
    return Trail(connection, who, at, "1")


def anybody(entity: str | None) -> None:
    """A permission that everybody has."""


@dataclass
class ScriptedPusher:
    """Answers with the verdicts it was given, in order, then with done; remembers what reached it."""

    verdicts: list[Verdict] = field(default_factory=list)
    found: list[Outcome | None] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    retry_after: float | None = None

    def preview(self, orders: Sequence[Order]) -> list[Call]:
        """One call an order."""
        return [Call("POST", f"/{order.target.object_name}", order.correction_id) for order in orders]

    def look_up(self, order: Order) -> Outcome | None:
        """What it was told to find."""
        self.looked_up.append(order.attempt_key)
        return self.found.pop(0) if self.found else None

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:  # noqa: ARG002
        """The next verdicts."""
        return [self._answer(order) for order in orders]

    def _answer(self, order: Order) -> Outcome:
        self.sent.append(order.attempt_key)
        verdict = self.verdicts.pop(0) if self.verdicts else Verdict.DONE
        made = f"made-{len(self.sent)}" if verdict is Verdict.DONE else None
        return Outcome(order.correction_id, verdict, made, "v2", f"said {verdict.value}", self.retry_after)
