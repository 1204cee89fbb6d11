"""What can be done to a system, and what came of it: the values that corrections and the vendors' pushers share."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

Made = TypeVar("Made")


class Action(StrEnum):
    """The few kinds of change; everything else is a task for a person. A note sets fields that tell of an exception."""

    SET_FIELDS = "set_fields"
    NOTE = "note"
    DRAFT_JOURNAL = "draft_journal"
    PENDING_ITEM = "pending_item"
    DRAFT_INVOICE = "draft_invoice"
    REMOVE = "remove"
    REVERSE_JOURNAL = "reverse_journal"
    TASK = "task"


class Verdict(StrEnum):
    """What is known after a call: a vendor's no (rejected) is never mixed up with a failure of the line (failed)."""

    DONE = "done"
    CHANGED = "changed"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Target:
    """The record to change as it stood in the evidence; no source id for a record that is to be made."""

    instance: str
    object_name: str
    source_id: str | None
    business_key: str
    version: str | None = None


@dataclass(frozen=True)
class FieldChange:
    """One field of one record, from the value in evidence to the right one (None empties it)."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class SetFields:
    """Fields of an existing record; Stripe's are named `metadata.<key>`."""

    changes: tuple[FieldChange, ...]

    def __post_init__(self) -> None:
        """A change that changes nothing, or twice the same field, is a mistake of the proposal."""
        names = [change.name for change in self.changes]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"fields to set must be named once each, found {names}")
        if still := [change.name for change in self.changes if change.before == change.after]:
            raise ValueError(f"a field that is right already cannot be set: {still}")


@dataclass(frozen=True)
class JournalLine:
    """One side of a journal on one account of the ERP's chart; receivables name a customer, releases a contract line."""

    account_number: str
    debit: Decimal
    credit: Decimal
    memo: str = ""
    customer_id: str | None = None
    contract_line_key: str | None = None


@dataclass(frozen=True)
class DraftJournal:
    """A journal for an accountant to post: it balances, or it cannot be made (debit 119.00 = credit 100.00 + 19.00)."""

    legal_entity_code: str
    subsidiary_id: str
    currency: str
    posting_date: date
    memo: str
    document_number: str | None
    lines: tuple[JournalLine, ...]

    def __post_init__(self) -> None:
        """Debits equal credits, and each line has exactly one positive side."""
        debit, credit = sum(line.debit for line in self.lines), sum(line.credit for line in self.lines)
        if debit != credit or not self.lines:
            raise ValueError(f"a journal must balance, found debit {debit} and credit {credit}")
        if odd := [line for line in self.lines if min(line.debit, line.credit) != 0 or max(line.debit, line.credit) <= 0]:
            raise ValueError(f"a journal line has one positive side, found {odd[0]}")


@dataclass(frozen=True)
class PendingItem:
    """An invoice item that waits for the customer's next invoice; the amount is in major units (1000.00 EUR)."""

    customer_id: str
    subscription_id: str | None
    currency: str
    amount: Decimal
    description: str
    service_start: date
    service_end: date  # inclusive, as everywhere in the canonical model
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftInvoice:
    """An invoice that nobody sends by itself, made of its own items."""

    customer_id: str
    currency: str
    items: tuple[PendingItem, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Remove:
    """Delete a draft that an earlier correction made."""

    object_name: str
    source_id: str


@dataclass(frozen=True)
class ReverseJournal:
    """Reverse a journal of ours that was posted meanwhile."""

    source_id: str
    reversal_date: date


@dataclass(frozen=True)
class Task:
    """Something for a person; it never reaches a vendor."""

    queue: str
    title: str
    body: str


Payload = SetFields | DraftJournal | PendingItem | DraftInvoice | Remove | ReverseJournal | Task

PAYLOADS: dict[Action, type[Payload]] = {
    Action.SET_FIELDS: SetFields,
    Action.NOTE: SetFields,
    Action.DRAFT_JOURNAL: DraftJournal,
    Action.PENDING_ITEM: PendingItem,
    Action.DRAFT_INVOICE: DraftInvoice,
    Action.REMOVE: Remove,
    Action.REVERSE_JOURNAL: ReverseJournal,
    Action.TASK: Task,
}


@dataclass(frozen=True)
class Order:
    """One approved change for one vendor; the attempt key is the idempotency key and never changes between attempts."""

    correction_id: str
    attempt_key: str
    target: Target
    action: Action
    payload: Payload


@dataclass(frozen=True)
class Outcome:
    """What a vendor answered, or that it did not."""

    correction_id: str
    verdict: Verdict
    external_id: str | None = None
    version_after: str | None = None
    detail: str = ""
    retry_after: float | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Call:
    """One HTTP call as it would be sent, without secrets."""

    method: str
    path: str
    body: str


IsOurs = Callable[[], bool]
"""Whether nobody else has taken over meanwhile; asked right before each write."""


def always() -> bool:
    """Nobody else is at work."""
    return True


class Pusher(Protocol):
    """The writing side of one instance."""

    def preview(self, orders: Sequence[Order]) -> list[Call]:
        """Exactly the calls that `send` would make."""
        ...

    def look_up(self, order: Order) -> Outcome | None:
        """Whether an earlier, unanswered attempt took effect; None if it did not."""
        ...

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:
        """One outcome an order, in order; checks the precondition before writing, repeats nothing that may have acted.

        Right before each write it asks whether the orders are still its own: a pusher that was held up writes nothing.
        """
        ...


def to_json(value: Any) -> str:
    """Canonical JSON of a value of this module: sorted keys, exact decimals as text (Decimal('1.50') -> "1.50")."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def from_json(kind: type[Made], text: str) -> Made:
    """The value back, checked by its own constructor."""
    made: Made = _typed(kind, json.loads(text))
    return made


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    """The types of a value's fields; working them out is slow, and there are few kinds."""
    return get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    if value is None or kind is str:
        return value
    if kind is Decimal:
        return Decimal(value)
    if kind is date:
        return date.fromisoformat(value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _typed(hints[name], each) for name, each in value.items()})
    return _contained(kind, value)


def _contained(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple(_typed(inner[0], each) for each in value)
    if origin in (Union, types.UnionType):
        return _typed(next(each for each in inner if each is not type(None)), value)
    return kind(value) if isinstance(kind, type) else dict(value)
