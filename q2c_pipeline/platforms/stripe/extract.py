"""Reads a Stripe account into landing records: headers, their lines, usage, with proof of completeness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from q2c_pipeline.errors import SourceError
from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.flatten import flatten
from q2c_pipeline.landing.manifest import Tombstone, Window
from q2c_pipeline.platforms.extraction import Context, Extract, Finding, Instance, ObjectSpec
from q2c_pipeline.platforms.http import RequestLog, RetryPolicy
from q2c_pipeline.platforms.stripe.client import StripeClient
from q2c_pipeline.platforms.stripe.delivery import Delivery, Piece
from q2c_pipeline.platforms.stripe.reader import Reader
from q2c_pipeline.platforms.stripe.sources import SOURCES, USAGE, Source
from q2c_pipeline.platforms.stripe.usage import Ask, asks_of, read_usage
from q2c_pipeline.schemas.fieldmap import FieldMap, load_field_map

_FIELDS = Path(__file__).with_name("fields.toml")
_BY_NAME = {source.name: source for source in SOURCES}
_OWNER = {source.parts.name: source for source in SOURCES if source.parts}


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
        self._asks: set[Ask] = set()

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
        delivery = self._read(source, context, context.known_ids)
        return Extract(
            delivery.headers,
            delivery.header_checks(),
            _tombstones(delivery.gone, context.window, is_announced=not delivery.is_full),
            _notes(delivery),
        )

    def _parts(self, name: str, context: Context) -> Extract:
        source = _OWNER[name]
        delivery = self._delivery(source, context)
        parts = delivery.parts or context.draft(name)
        checks = delivery.part_checks() if source.parts and source.parts.is_money else []
        gone = _lost_parts(delivery, context, parts) if all(check.is_ok for check in checks) else []
        return Extract(parts, checks, _tombstones(gone, context.window), _notes(delivery))

    def _usage(self, context: Context) -> Extract:
        self._delivery(_BY_NAME["subscription"], context)
        asks, draft = sorted(self._asks), context.draft(USAGE)
        draft.add(read_usage(self._client, asks, context.window))
        return Extract(draft, notes={"customer_months_asked": str(len(asks))})

    def _delivery(self, source: Source, context: Context) -> Delivery:
        """What the header's read of this run found, or a new read when that covered another window (an earlier run broke off)."""
        window, delivery = self._kept.get(source.name, (None, None))
        if delivery is None or window != context.window:
            delivery = self._read(source, context, set)
        return delivery

    def _read(self, source: Source, context: Context, known_ids: Callable[[], set[str]]) -> Delivery:
        completed = self._with_credited_periods if source.name == "credit_note" else _as_it_is
        reader = Reader(self._client, source, context.window, known_ids, completed)
        parts = context.draft(source.parts.name) if source.parts else None
        delivery = Delivery(reader.reads_all, context.draft(source.name), parts)
        if source.name == "subscription":
            self._asks = set()
            delivery.hear = lambda piece: self._asks.update(asks_of(piece, context.window, self.fields))
        reader.read(delivery)
        if source.parts:
            self._kept[source.name] = (context.window, delivery)
        return delivery

    def _with_credited_periods(self, note: Piece) -> Piece:
        """Give lines that do not name their service the period of the invoice line that they take back."""
        start, credited = self._vendor("credit_note_line", "service_start"), self._vendor("credit_note_line", "invoice_line_id")
        if not any(line.get(credited) and not line.get(start) for line in note.parts):
            return note
        invoice = note.header[self._vendor("credit_note", "invoice_id")]
        lines = chain.from_iterable(self._client.pages(f"/v1/invoices/{invoice}/lines", {}))
        periods = {line["id"]: flatten({"credited": {"period": line["period"]}}) for line in lines}
        found = (line if line.get(start) else {**line, **periods.get(line.get(credited), {})} for line in note.parts)
        return replace(note, parts=tuple(found))

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


def _as_it_is(piece: Piece) -> Piece:
    return piece


def _lost_parts(delivery: Delivery, context: Context, parts: Draft) -> list[str]:
    """Parts that their header no longer has; a full read compares with all that is known, else events tell."""
    before = context.known_ids() if delivery.is_full else delivery.parts_before
    return sorted(before - parts.texts("id")) if before else []


def _tombstones(ids: Iterable[str], window: Window, *, is_announced: bool = True) -> list[Tombstone]:
    return [Tombstone(one, window.until, is_announced) for one in ids]


def _notes(delivery: Delivery) -> dict[str, str]:
    return {"read": "everything" if delivery.is_full else "changes"}
