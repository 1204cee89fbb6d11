"""What corrections may write, who approves them, and how often and how long a push is tried."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field

from q2c_pipeline import platforms
from q2c_pipeline.corrections.policy import Approvers, Limits, Rule
from q2c_pipeline.domain.repairs import Action
from q2c_pipeline.settings.values import Amount, Section

Fields = dict[str, list[str]]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


_STATUS = ("claimed_subscription_id", "claimed_billing_status", "claimed_invoice_status", "claimed_payment_status")
_MASTER = ("claimed_billing_account_id", "claimed_erp_account_id", "tax_id", "payment_terms", "legal_entity_code")
_COPY = ("claimed_crm_account_id", "account_name")
_ORDER = ("claimed_contract_id",)
_LINE = ("claimed_contract_line_id",)


def _fields(**by_table: tuple[str, ...]) -> Fields:
    return {table: list(names) for table, names in by_table.items()}


def known_writes() -> frozenset[str]:
    """Every canonical field that some connector can write, as table.field: what its writes.toml names."""
    found = set()
    for file in Path(platforms.__file__).parent.glob("*/writes.toml"):
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        found |= {
            f"{table}.{field}" for table, spec in said.items() if isinstance(spec, dict) for field in spec if field != "object"
        }
    return frozenset(found)


class Writable(Section):
    """Canonical fields by table that corrections may write in the systems of each role; everything else is out of reach."""

    crm: Fields = Field(default_factory=lambda: _fields(contract=_STATUS, account=_MASTER))
    billing: Fields = Field(default_factory=lambda: _fields(account=_COPY, subscription=_ORDER, subscription_line=_LINE))
    erp: Fields = Field(default_factory=lambda: _fields(account=_COPY))

    def of(self, role: str) -> Mapping[str, list[str]]:
        """Fields by table for one role."""
        found: Fields = getattr(self, role)
        return found


class ApprovalRule(Section):
    """Who approves what fits; what is left out fits everything; `up_to` is amount at risk in group currency."""

    approvers: Approvers
    actions: list[Action] = Field(default_factory=list)
    controls: list[str] = Field(default_factory=list)
    entities: list[str] = Field(default_factory=list)
    reversible: bool | None = None
    up_to: Amount | None = None

    @property
    def rule(self) -> Rule:
        """The rule as corrections apply it."""
        return Rule(
            self.approvers,
            frozenset(self.actions),
            frozenset(self.controls),
            frozenset(self.entities),
            self.reversible,
            self.up_to,
        )


_ONE_UP_TO = ApprovalRule(approvers=Approvers.ONE, reversible=True, up_to=Decimal(10_000))


class Approvals(Section):
    """The first rule that fits decides; what no rule fits needs four eyes."""

    rules: list[ApprovalRule] = Field(default_factory=lambda: [_ONE_UP_TO])


class Corrections(Section):
    """How the outbox is emptied; the sensor pushes for real only where `push_by_itself` says so."""

    push_by_itself: bool = False
    attempts: Annotated[int, Field(ge=1, le=50)] = 5
    first_wait_seconds: Seconds = 2
    longest_wait_seconds: Seconds = 300
    lease_seconds: Seconds = 300
    circuit_failures: Annotated[int, Field(ge=1, le=1_000)] = 3
    circuit_pause_seconds: Seconds = 300
    batch: Annotated[int, Field(ge=1, le=2_000)] = 200
    wait_days: Annotated[int, Field(ge=1, le=365)] = 40

    @property
    def limits(self) -> Limits:
        """The same as the outbox applies it."""
        return Limits(
            attempts=self.attempts,
            first_wait=timedelta(seconds=self.first_wait_seconds),
            longest_wait=timedelta(seconds=self.longest_wait_seconds),
            lease=timedelta(seconds=self.lease_seconds),
            circuit_failures=self.circuit_failures,
            circuit_pause=timedelta(seconds=self.circuit_pause_seconds),
            batch=self.batch,
            wait_days=self.wait_days,
        )
