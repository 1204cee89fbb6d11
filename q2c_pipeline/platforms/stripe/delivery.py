"""What one read of an object found: flat headers with their flat parts, counted so that completeness can be proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from q2c_pipeline.landing.draft import FlatRecord
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
    """All pieces by id; `received` counts what lists gave, so that an id that comes twice in one list shows."""

    is_full: bool
    pieces: dict[str, Piece] = field(default_factory=dict)
    received: int = 0
    distinct: int = 0
    gone: list[str] = field(default_factory=list)
    unlisted: int = 0
    parts_before: set[str] = field(default_factory=set)

    def add_list(self, pieces: Iterable[Piece]) -> None:
        """Take the outcome of one list; a record that an earlier list gave already stays as it is."""
        rows = list(pieces)
        self.received += len(rows)
        self.distinct += len({piece.source_id for piece in rows})
        for piece in rows:
            self.pieces.setdefault(piece.source_id, piece)

    def parts(self) -> list[FlatRecord]:
        """The parts of all headers."""
        return [part for piece in self.pieces.values() for part in piece.parts]

    def header_checks(self) -> list[Check]:
        """Whether lists gave every record once, and every record that is known and not deleted."""
        checks = [Check("distinct ids", str(self.received), str(self.distinct))]
        return [*checks, Check("known records that lists leave out", "0", str(self.unlisted))] if self.is_full else checks

    def part_checks(self) -> list[Check]:
        """Per currency, the headers' totals without tax against the sum of their parts."""
        stated: Counter[str] = Counter()
        summed: Counter[str] = Counter()
        for piece in self.pieces.values():
            stated[piece.currency] += piece.stated  # type: ignore[assignment]  # a Counter adds decimals as well
            summed[piece.currency] += piece.summed  # type: ignore[assignment]
        return [Check(f"net of lines in minor units of {code}", str(stated[code]), str(summed[code])) for code in sorted(stated)]


def piece_of(raw: Raw, parts: list[Raw], kind: Parts | None, stamp: FlatRecord) -> Piece:
    """Flatten one record and its parts; `raw` no longer holds the parts."""
    header = {**flatten(raw), **stamp}
    if kind is None:
        return Piece(raw["id"], header)
    inherited = {name: _first(header, fields) for name, fields in kind.inherits}
    flat = tuple({**flatten(part), **inherited, **stamp} for part in parts)
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
