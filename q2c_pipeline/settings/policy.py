"""What a company has decided: grace, severity, tolerances, who is one company; a run keeps the version that it ran under."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.settings.agreements import Days, Ownership, Sla
from q2c_pipeline.settings.alerting import Alerts
from q2c_pipeline.settings.corrections import Approvals, Corrections, Writable
from q2c_pipeline.settings.responsibilities import ExceptionWork, Person
from q2c_pipeline.settings.rules import Bundle, Convention, GraceRule, Materiality, Tolerance
from q2c_pipeline.settings.values import Amount, Currency, Section


class Grace(Section):
    """Days a document may be on its way before its absence is an exception."""

    booking_days: Days = 1
    invoice_days: Days = 3
    posting_days: Days = 2


class Severity(Section):
    """From which amount at risk (group currency) an exception is high or critical."""

    high_amount: Amount = Decimal(1_000)
    critical_amount: Amount = Decimal(10_000)


class Identity(Section):
    """When two customer records are one company: from `same` up by themselves; between `different` and `same` a person looks."""

    same: Annotated[Decimal, Field(gt=Decimal("0.5"), le=1)] = Decimal("0.60")
    different: Annotated[Decimal, Field(ge=0, lt=Decimal("0.5"))] = Decimal("0.25")

    @property
    def thresholds(self) -> Thresholds:
        """As scores are: probabilities, never money."""
        return Thresholds(same=float(self.same), different=float(self.different))


class Policy(Section):
    """Everything a run may be blamed for: stored by version and digest with each run."""

    version: Annotated[str, Field(min_length=1, max_length=64)] = "1"
    effective_from: date | None = None
    grace: Grace = Grace()
    grace_rules: list[GraceRule] = Field(default_factory=list)
    sla: Sla = Sla()
    ownership: Ownership = Ownership()
    writable: Writable = Writable()
    approvals: Approvals = Approvals()
    corrections: Corrections = Corrections()
    severity: Severity = Severity()
    tolerances: list[Tolerance] = Field(default_factory=list)
    materiality: list[Materiality] = Field(default_factory=list)
    conventions: dict[str, Convention] = Field(default_factory=dict)
    standalone_prices: dict[str, dict[Currency, Amount | Literal["residual"]]] = Field(default_factory=dict)
    bundles: dict[str, Bundle] = Field(default_factory=dict)
    identity: Identity = Identity()
    people: dict[str, Person] = Field(default_factory=dict)
    exceptions: ExceptionWork = ExceptionWork()
    alerts: Alerts = Alerts()
    overlap_minutes: Annotated[int, Field(ge=0, le=1440)] = 10
    bulk_threshold: Annotated[int, Field(ge=1)] = 20_000
    proration: Literal["actual_days", "thirty_360", "by_second", "none"] = "actual_days"

    @property
    def overlap(self) -> timedelta:
        """How far a window reaches back before the last high-water mark."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def digest(self) -> str:
        """A digest of what the policy says, whatever its version is called, however numbers are written."""
        said = _plain(self.model_dump(exclude={"version", "effective_from", "people", "alerts"}))
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    """Values as JSON has them; equal numbers are equal texts: 1000, 1000.0 -> "1000"."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(str(one) for one in value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value if value is None or isinstance(value, (bool, int)) else str(value)
