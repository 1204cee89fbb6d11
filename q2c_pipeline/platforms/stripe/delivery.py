"""What one read of an object found: flat headers with their flat parts, counted so that completeness can be proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from q2c_pipeline.landing.draft import Draft, FlatRecord
from q2c_pipeline.landing.flatten import flatten
from q2c_pipeline.landing.manifest import Check
from q2c_pipeline.platforms.stripe.client import Raw
from q2c_pipeline.platforms.stripe.sources import Parts


@dataclass(frozen=True)
class Piece:
    """A header and its parts; `stated` is the header's total without tax, `summed` the same from its parts."""

    source_id: str
    header: FlatRecord
    parts: tuple[FlatRecord, ...] = ()
    currency: str = ""
    stated: Decimal = Decimal(0)
    summed: Decimal = Decimal(0)


@dataclass
class Delivery:
    """What one read found: headers and parts on disk, ids and sums in memory.

    `received` counts what lists gave, so that an id that comes twice in one list shows.
    """

    is_full: bool
    headers: Draft
    parts: Draft | None = None
    hear: Callable[[Piece], None] = lambda _piece: None
    ids: set[str] = field(default_factory=set)
    received: int = 0
    distinct: int = 0
    gone: list[str] = field(default_factory=list)
    unlisted: int = 0
    parts_before: set[str] = field(default_factory=set)
    _stated: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _summed: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add_list(self, pages: Iterable[list[Piece]]) -> None:
        """Take the outcome of one list; a record that an earlier list gave already stays as it is."""
        seen: set[str] = set()
        for page in pages:
            self.received += len(page)
            seen.update(piece.source_id for piece in page)
            self.add(page)
        self.distinct += len(seen)

    def add(self, page: list[Piece]) -> None:
        """Take the records that are not there yet."""
        news = list({piece.source_id: piece for piece in reversed(page) if piece.source_id not in self.ids}.values())[::-1]
        self.ids.update(piece.source_id for piece in news)
        self.headers.add([piece.header for piece in news])
        if self.parts is not None:
            self.parts.add([part for piece in news for part in piece.parts])
        for piece in news:
            self._stated[piece.currency] += piece.stated
            self._summed[piece.currency] += piece.summed
            self.hear(piece)

    def header_checks(self) -> list[Check]:
        """Whether lists gave every record once, and every record that is known and not deleted."""
        checks = [Check("distinct ids", str(self.received), str(self.distinct))]
        return [*checks, Check("known records that lists leave out", "0", str(self.unlisted))] if self.is_full else checks

    def part_checks(self) -> list[Check]:
        """Per currency, the headers' totals without tax against the sum of their parts."""
        return [
            Check(f"net of lines in minor units of {code}", str(self._stated[code]), str(self._summed[code]))
            for code in sorted(self._stated)
        ]


def piece_of(raw: Raw, parts: list[Raw], kind: Parts | None, stamp: FlatRecord) -> Piece:
    """Flatten one record and its parts; `raw` no longer holds the parts."""
    header = flatten(raw)
    header.update(stamp)
    if kind is None:
        return Piece(raw["id"], header)
    inherited = {name: _first(header, fields) for name, fields in kind.inherits} | stamp
    flat = tuple(map(flatten, parts))
    for part in flat:
        part.update(inherited)
    if not kind.is_money:
        return Piece(raw["id"], header, flat)
    stated = number(raw.get("total_excluding_tax"))
    return Piece(raw["id"], header, flat, str(raw["currency"]), stated, sum(map(net_of, parts), Decimal(0)))


def net_of(part: Mapping[str, Any]) -> Decimal:
    """A line's amount after its discounts and without tax that it includes: 1000 - 100 - 0 = 900."""
    given = part.get("discount_amount")
    discount = _total(part.get("discount_amounts")) if given is None else number(given)
    inclusive = [tax for tax in part.get("taxes") or [] if tax.get("tax_behavior") == "inclusive"]
    return number(part.get("amount")) - discount - _total(inclusive)


def number(text: Any) -> Decimal:
    """An amount for a control sum; what is not a number counts as zero, and its row is rejected later."""
    try:
        return Decimal(text or 0)
    except ArithmeticError:
        return Decimal(0)


def _total(amounts: Iterable[Mapping[str, Any]] | None) -> Decimal:
    return sum((number(one.get("amount")) for one in amounts or []), Decimal(0))


def _first(header: FlatRecord, fields: tuple[str, ...]) -> str | None:
    return next((header[name] for name in fields if header.get(name) is not None), None)
