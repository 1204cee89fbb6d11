"""From the published tables of a night to proposals: typed, checked against ownership, and each with its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from q2c_pipeline.corrections.ownership import FieldPlace, Ownership
from q2c_pipeline.corrections.proposal import Break, Proposal
from q2c_pipeline.domain.repairs import (
    Action,
    DraftInvoice,
    DraftJournal,
    FieldChange,
    JournalLine,
    Payload,
    PendingItem,
    SetFields,
    Target,
    Task,
)
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import OwnershipError
from q2c_pipeline.orchestration.writing_places import carried_key, ownership_of
from q2c_pipeline.settings import InstanceSettings, Settings

Row = Mapping[str, Any]
_CENT = Decimal("0.01")
_BREAKS = """
    select exception_id, control_id, leg, subject_key, legal_entity_code, currency, difference_amount, amount_at_risk, queue,
        reason, coalesce(evidence, '[]') as evidence
    from recon.exception
"""


def proposals(settings: Settings, published: Warehouse) -> list[Proposal]:
    """Everything that the night proposes, in a stable order; what the policy keeps out of reach becomes a task that says so."""
    breaks = {row["exception_id"]: _break(row) for row in _rows(published, _BREAKS)}
    found = _Found(breaks, ownership_of(settings), {one.name: one for one in settings.instances})
    for rows in _grouped(published, "repair.field_change", "instance", "table_name", "source_id"):
        found.fields(rows)
    for rows in _grouped(published, "repair.note", "instance", "table_name", "source_id"):
        found.note(rows)
    for rows in _grouped(published, "repair.journal_line"):
        found.journal(rows)
    for row in _rows(published, "select * from repair.pending_item order by all"):
        found.item(row)
    for rows in _grouped(published, "repair.draft_invoice_line", "instance", "account_source_id", "currency"):
        found.invoice(rows)
    for row in _rows(published, "select * from repair.open_task order by all"):
        found.task(row)
    return found.made


class _Found:
    """Collects proposals; each method takes the rows of one."""

    def __init__(self, breaks: Mapping[str, Break], ownership: Ownership, instances: Mapping[str, InstanceSettings]) -> None:
        self.made: list[Proposal] = []
        self._breaks, self._ownership, self._instances = breaks, ownership, instances

    def fields(self, rows: list[Row]) -> None:
        """Rows of one record become one change of several fields."""
        try:
            self._fields(rows, Action.SET_FIELDS)
        except OwnershipError as error:
            self._out_of_reach(rows[0], error)

    def note(self, rows: list[Row]) -> None:
        """What tells of an exception is written where the policy lists the field, and nowhere else."""
        with suppress(OwnershipError):
            self._fields(rows, Action.NOTE)

    def _fields(self, rows: list[Row], action: Action) -> None:
        first = rows[0]
        places = [self._ownership.place(first["instance"], first["table_name"], row["field_name"]) for row in rows]
        changes = tuple(
            FieldChange(place.vendor_field, row["before_value"], row["after_value"])
            for place, row in zip(places, rows, strict=True)
        )
        target = Target(
            first["instance"], places[0].object_name, first["source_id"], first["business_key"], _version(places[0], first)
        )
        self._add(first, target, action, SetFields(changes))

    def journal(self, rows: list[Row]) -> None:
        """Lines of one step become one draft."""
        first = rows[0]
        journal = DraftJournal(
            legal_entity_code=first["legal_entity_code"],
            subsidiary_id=first["subsidiary_source_id"],
            currency=first["currency"],
            posting_date=first["posting_date"],
            memo=first["memo"],
            document_number=first["document_number"],
            lines=tuple(_line(row) for row in rows),
        )
        target = Target(first["instance"], "journalEntry", None, first["document_number"] or first["memo"])
        self._add(first, target, Action.DRAFT_JOURNAL, journal)

    def item(self, row: Row) -> None:
        """An item that waits for the next invoice of its subscription."""
        target = Target(row["instance"], "invoiceitem", None, row["business_key"])
        self._add(row, target, Action.PENDING_ITEM, self._item(row, row["subscription_source_id"]))

    def invoice(self, rows: list[Row]) -> None:
        """Lines of one customer and currency become one draft, which names its entity: no subscription does it."""
        first = rows[0]
        items = tuple(self._item(row, None) for row in rows)
        entity = self._carried(first, "invoice", "legal_entity_code", first["legal_entity_code"])
        draft = DraftInvoice(first["account_source_id"], first["currency"], items, entity)
        self._add(first, Target(first["instance"], "invoice", None, first["business_key"]), Action.DRAFT_INVOICE, draft)

    def _item(self, row: Row, subscription_id: str | None) -> PendingItem:
        """An item carries the contract line to its invoice line, where billing's connector knows how."""
        return PendingItem(
            customer_id=row["account_source_id"],
            subscription_id=subscription_id,
            currency=row["currency"],
            amount=_exact(row["net_amount"]),
            description=row["description"],
            service_start=row["service_start_date"],
            service_end=row["service_end_date"],
            metadata=self._carried(row, "invoice_line", "claimed_contract_line_id", row["contract_line_source_id"]),
        )

    def _carried(self, row: Row, table: str, field: str, value: str) -> dict[str, str]:
        key = carried_key(self._instances[row["instance"]], table, field)
        return {key: value} if key else {}

    def task(self, row: Row) -> None:
        """Something for a person."""
        subject = self._breaks[row["exception_id"]].subject_key
        self._add(row, Target("", "", None, subject), Action.TASK, Task(row["queue"], row["title"], row["body"]))

    def _out_of_reach(self, row: Row, error: OwnershipError) -> None:
        cause = self._breaks[row["exception_id"]]
        title = f"{cause.control_id} {cause.subject_key}: correct it by hand, corrections may not write it"
        task = Task(cause.queue, title, f"{cause.reason}; {error.found} of {error.where}: {error.next_step}")
        self._add(row, Target("", "", None, cause.subject_key), Action.TASK, task)

    def _add(self, row: Row, target: Target, action: Action, payload: Payload) -> None:
        cause = self._breaks[row["exception_id"]]
        self.made.append(Proposal(cause, int(row["step"]), target, action, payload, self._ownership))


def _break(row: Row) -> Break:
    difference = _exact(row["difference_amount"] or Decimal(0))
    worth = row["amount_at_risk"]
    return Break(**{**row, "difference_amount": difference, "amount_at_risk": None if worth is None else _exact(worth)})


def _line(row: Row) -> JournalLine:
    return JournalLine(
        account_number=row["ledger_account_number"],
        debit=_exact(row["debit_amount"]),
        credit=_exact(row["credit_amount"]),
        customer_id=row["account_source_id"],
        contract_line_key=row["contract_line_key"],
    )


def _version(place: FieldPlace, row: Row) -> str | None:
    """The stamp in evidence, as text that does not depend on how many digits it was sent with."""
    stamp: datetime | None = row["source_version"]
    return stamp.isoformat() if place.is_versioned and stamp is not None else None


def _exact(amount: Decimal) -> Decimal:
    """With two digits where they are enough, so that equal amounts are equal texts: 100.0000 -> 100.00, 1.2340 -> 1.234."""
    short = amount.quantize(_CENT)
    return short if short == amount else amount.normalize()


def _rows(published: Warehouse, query: str) -> Iterable[Row]:
    return published.query(query).iter_rows(named=True)


def _grouped(published: Warehouse, table: str, *key: str) -> Iterator[list[Row]]:
    """Rows of one proposal together: of one exception, step and record."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in _rows(published, f"select * from {table} order by all"):  # noqa: S608  (tables of this module)
        groups[tuple(row[name] for name in ("exception_id", "step", *key))].append(row)
    yield from groups.values()
