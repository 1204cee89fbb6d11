"""Who has to approve what: rules in order, the first that fits decides, and what no rule fits needs four eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from q2c_pipeline.corrections.record import Correction
from q2c_pipeline.domain.repairs import Action


class Approvers(StrEnum):
    """How many people it takes."""

    AUTOMATIC = "automatic"
    ONE = "one"
    FOUR_EYES = "four_eyes"


NUMBER = {Approvers.AUTOMATIC: 0, Approvers.ONE: 1, Approvers.FOUR_EYES: 2}


@dataclass(frozen=True)
class Rule:
    """What is left out fits everything; the limit is in group currency and counts the amount at risk."""

    approvers: Approvers
    actions: frozenset[Action] = frozenset()
    controls: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    is_reversible: bool | None = None
    up_to: Decimal | None = None

    def fits(self, one: Correction) -> bool:
        """Whether the rule speaks of this correction: up_to 1000.00 fits 1000.00, not 1000.01 and not an unknown worth."""
        return (
            (not self.actions or one.action in self.actions)
            and (not self.controls or one.control_id in self.controls)
            and (not self.entities or one.legal_entity_code in self.entities)
            and (self.is_reversible is None or one.is_reversible == self.is_reversible)
            and (self.up_to is None or (one.amount_at_risk is not None and one.amount_at_risk <= self.up_to))
        )


@dataclass(frozen=True)
class Limits:
    """How often and how long: attempts, waits, leases, circuit, and how long a draft may wait for people."""

    attempts: int = 5
    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=5)
    lease: timedelta = timedelta(minutes=5)
    circuit_failures: int = 3
    circuit_pause: timedelta = timedelta(minutes=5)
    batch: int = 200
    wait_days: int = 40


def approvers(rules: Sequence[Rule], corrections: Sequence[Correction]) -> Approvers:
    """What the strictest of the corrections needs: a plan is approved as a whole."""
    needed = [next((rule.approvers for rule in rules if rule.fits(one)), Approvers.FOUR_EYES) for one in corrections]
    return max(needed, key=NUMBER.__getitem__, default=Approvers.FOUR_EYES)
