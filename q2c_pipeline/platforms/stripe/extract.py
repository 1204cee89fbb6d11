"""Reads a Stripe account into landing records: headers, their lines, usage, with proof of completeness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from q2c_pipeline.errors import SourceError
from q2c_pipeline.landing.draft import FlatRecord
from q2c_pipeline.landing.flatten import flatten
from q2c_pipeline.landing.manifest import Tombstone, Window
from q2c_pipeline.platforms.extraction import Context, Extract, Finding, Instance, ObjectSpec
from q2c_pipeline.platforms.http import RequestLog, RetryPolicy
from q2c_pipeline.platforms.stripe.client import StripeClient
from q2c_pipeline.platforms.stripe.delivery import Delivery
from q2c_pipeline.platforms.stripe.reader import Reader
from q2c_pipeline.platforms.stripe.sources import SOURCES, USAGE, Source
from q2c_pipeline.platforms.stripe.usage import asks_of, read_usage
from q2c_pipeline.schemas.fieldmap import FieldMap, load_field_map

_FIELDS = Path(__file__).with_name("fields.toml")
_BY_NAME = {source.name: source for source in SOURCES}
_OWNER = {source.parts.name: source for source in SOURCES if source.parts}
_DEPENDENTS = {"subscription": ("subscription_item", USAGE), "invoice": ("invoice_line",), "credit_note": ("credit_note_line",)}


def connect(instance: Instance, policy: RetryPolicy | None = None) -> StripeConnector:
    """The reader of one configured Stripe account."""
    return StripeConnector(instance, policy)


class StripeConnector:
    """Reads one account; what a header's read found is kept until the objects that follow from it are read."""

    def __init__(self, instance: Instance, policy: RetryPolicy | None = None) -> None:
        self.fields: FieldMap = load_field_map(_FIELDS, instance.field_overrides)
        self.log = RequestLog()
        self._client = StripeClient(instance, self.log, policy)
        self._kept: dict[str, tuple[Window, Delivery]] = {}

    def objects(self) -> Sequence[ObjectSpec]:
        """Headers before their parts, subscriptions before usage."""
        return list(_specs())

    def extract(self, spec: ObjectSpec, context: Context) -> Extract:
        """Read one object's changes inside the window."""
        if spec.name in _BY_NAME:
            return self._headers(_BY_NAME[spec.name], context)
        if spec.name == USAGE:
            return self._usage(context)
        return self._parts(spec.name, context)

    def check(self) -> Iterable[Finding]:
        """Ask each list for one record: the key works, may read it, and the fields that are read are there."""
        for source in SOURCES:
            yield self._tried(source)

    def close(self) -> None:
        """Give connections and memory back."""
        self._kept.clear()
        self._client.close()

    def _headers(self, source: Source, context: Context) -> Extract:
        delivery = Reader(self._client, source, context.window, context.known_ids).read()
        if source.name in _DEPENDENTS:
            self._kept[source.name] = (context.window, delivery)
        records = [piece.header for piece in delivery.pieces.values()]
        return Extract(
            records,
            delivery.header_checks(),
            _tombstones(delivery.gone, context.window, is_announced=not delivery.is_full),
            _notes(delivery),
        )

    def _parts(self, name: str, context: Context) -> Extract:
        source = _OWNER[name]
        delivery = self._delivery(source, context, last_user=name)
        kind = source.parts
        records = delivery.parts()
        if name == "credit_note_line":
            records = self._with_credited_periods(records, delivery)
        checks = delivery.part_checks() if kind and kind.is_money else []
        present = {part["id"] or "" for part in records}
        gone = _lost_parts(delivery, context, present) if all(check.is_ok for check in checks) else []
        return Extract(records, checks, _tombstones(gone, context.window), _notes(delivery))

    def _usage(self, context: Context) -> Extract:
        delivery = self._delivery(_BY_NAME["subscription"], context, last_user=USAGE)
        asks = asks_of(delivery, context.window, self.fields)
        records = read_usage(self._client, asks, context.window)
        return Extract(records, notes={"customer_months_asked": str(len(asks))})

    def _delivery(self, source: Source, context: Context, *, last_user: str) -> Delivery:
        """What the header's read of this run found, or a new read when that covered another window (an earlier run broke off)."""
        window, delivery = self._kept.get(source.name, (None, None))
        if delivery is None or window != context.window:
            delivery = Reader(self._client, source, context.window, set).read()
        if last_user == _DEPENDENTS[source.name][-1]:
            self._kept.pop(source.name, None)
        return delivery

    def _with_credited_periods(self, lines: list[FlatRecord], delivery: Delivery) -> list[FlatRecord]:
        """Give lines that do not name their service the period of the invoice line that they take back."""
        start, credited = self._vendor("credit_note_line", "service_start"), self._vendor("credit_note_line", "invoice_line_id")
        note, invoice = self._vendor("credit_note_line", "credit_note_id"), self._vendor("credit_note", "invoice_id")
        undated = [line for line in lines if not line.get(start) and line.get(credited)]
        invoices = sorted({delivery.pieces[line[note] or ""].header[invoice] or "" for line in undated})
        listed = self._client.each(lambda one: self._client.drain(f"/v1/invoices/{one}/lines"), invoices)
        periods = {line["id"]: flatten({"credited": {"period": line["period"]}}) for page in listed for line in page}
        return [{**line, **periods.get(line.get(credited), {})} if not line.get(start) else line for line in lines]

    def _vendor(self, object_name: str, logical: str) -> str:
        return self.fields[object_name].vendor[logical]

    def _tried(self, source: Source) -> Finding:
        try:
            found = self._client.get(source.path, {**source.lists[0], "limit": "1"})["data"]
        except SourceError as error:
            return Finding(source.path, is_ok=False, says=error.found, next_step=error.next_step)
        known = {"read.until", *(flatten(found[0]) if found else ())}
        missing = [name for name in self.fields[source.name].required() if found and name not in known]
        if missing:
            step = "correct [instances.fields] in q2c.toml, or pin the account's API version"
            return Finding(source.path, is_ok=False, says=f"lacks {', '.join(missing)}", next_step=step)
        return Finding(source.path, is_ok=True, says="readable" if found else "readable, but empty")


def _specs() -> Iterator[ObjectSpec]:
    for source in SOURCES:
        yield ObjectSpec(source.name, says=source.says)
        if source.parts:
            yield ObjectSpec(source.parts.name, says=source.parts.says)
        if source.name == "subscription":
            yield ObjectSpec(USAGE, says="metered quantities by month")


def _lost_parts(delivery: Delivery, context: Context, present: set[str]) -> list[str]:
    """Parts that their header no longer has; a full read compares with all that is known, else events tell."""
    before = context.known_ids() if delivery.is_full else delivery.parts_before
    return sorted(before - present)


def _tombstones(ids: Iterable[str], window: Window, *, is_announced: bool = True) -> list[Tombstone]:
    return [Tombstone(one, window.until, is_announced) for one in ids]


def _notes(delivery: Delivery) -> dict[str, str]:
    return {"read": "everything" if delivery.is_full else "changes"}
