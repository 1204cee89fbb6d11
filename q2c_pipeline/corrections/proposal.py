"""A proposal: what is broken, what would repair it, and where; its id is made of exactly that."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from q2c_pipeline.corrections.ownership import Ownership
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import Action, Payload, Target, Task, to_json

_IRREVERSIBLE = frozenset({Action.REMOVE, Action.REVERSE_JOURNAL, Action.TASK})


@dataclass(frozen=True)
class Break:
    """The exception that a proposal answers, with its evidence; the amount is what the bridge would move by."""

    exception_id: str
    control_id: str
    leg: str
    subject_key: str
    legal_entity_code: str | None
    currency: str | None
    difference_amount: Decimal
    amount_at_risk: Decimal | None
    queue: str
    reason: str
    evidence: str


@dataclass(frozen=True)
class Proposal:
    """One change for one record; a plan is all proposals of one exception, in the order of their steps."""

    cause: Break
    step: int
    target: Target
    action: Action
    payload: Payload
    ownership: Ownership = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        """A change of what the target does not own cannot exist; raises OwnershipError."""
        self.ownership.refuse_foreign(self.target, self.action, self.payload)

    @cached_property
    def base_id(self) -> str:
        """Digest of exception, action, target and payload: equal evidence gives equal ids on every night.

        A task is what its title says; that `8 days late` became `9 days late` does not make it another one.
        """
        said = self.payload.title if isinstance(self.payload, Task) else to_json(self.payload)
        return digest(self.cause.exception_id, self.action.value, self.step, to_json(self.target), said, length=32)

    @property
    def is_reversible(self) -> bool:
        """Whether it can be undone by another correction."""
        return self.action not in _IRREVERSIBLE


def repeated_id(base_id: str, earlier: int) -> str:
    """Id of the same proposal made anew after `earlier` rounds were completed: another idempotency key, so it can act again."""
    return base_id if earlier == 0 else digest(base_id, earlier, length=32)
