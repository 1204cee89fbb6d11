"""What a sold line obliges the company to bill: service periods and their amounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import DAY, add_months
from q2c_pipeline.sandbox.company.money import half_away, to_minor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

    from q2c_pipeline.sandbox.company.catalogue import Product

MONTHS = {"Monthly": 1, "Quarterly": 3, "Semiannual": 6, "Annual": 12}


@dataclass(frozen=True)
class Strand:
    """One order line: an original line, a ramp segment or the delta of an amendment."""

    key: str
    start: date
    end: date
    quantity: int
    price: Decimal
    discount: Decimal
    delta: bool = False
    discount_end: date | None = None
    """Last day of the discount; None for one that holds as long as the line."""


@dataclass(frozen=True)
class Slice:
    """A strand's charge for one service period, in minor units."""

    start: date
    end: date
    gross: int
    net: int


@dataclass
class Root:
    """An original contract line with everything that was later sold on top of it."""

    key: str
    order_id: str
    order_item_id: str
    account_id: str
    product: Product
    entity: str
    currency: str
    start: date
    end: date
    frequency: str
    timing: str
    anchor: str
    price_period: str
    charge_type: str
    tiers: tuple[tuple[int | None, Decimal], ...] = ()
    subscription_id: str | None = None
    item_id: str | None = None
    strands: list[Strand] = field(default_factory=list)
    cells: dict[date, list[tuple[Strand, Slice]]] = field(default_factory=dict)
    billed: dict[date, str] = field(default_factory=dict)

    @property
    def months(self) -> int:
        """Months in a full billing period."""
        return MONTHS[self.frequency]

    def boundary(self, number: int) -> date:
        """First day of the period of that number, counted from the root's start or its calendar period."""
        if self.anchor == "Start":
            return add_months(self.start, number * self.months)
        first = self.start.replace(day=1, month=self.start.month - (self.start.month - 1) % self.months)
        return add_months(first, number * self.months)

    def due(self, piece: Slice) -> date:
        """Day on which a slice of service is due: its first day in advance, the day after its last in arrears."""
        advance = self.charge_type == "One-Time" or self.timing == "Advance"
        return piece.start if advance else piece.end + DAY

    def periods(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """Full periods (start, exclusive end) that overlap the days from `first` to `last`."""
        gone = (first.year - self.start.year) * 12 + first.month - self.start.month
        number = max(0, gone // self.months - 1)
        while self.boundary(number) <= last:
            if self.boundary(number + 1) > first:
                yield self.boundary(number), self.boundary(number + 1)
            number += 1

    def period_price(self, strand: Strand) -> Fraction:
        """List price of one unit for a full period, in minor units: 120.00 a year, quarterly -> 3000."""
        unit = to_minor(strand.price, self.currency)
        if self.charge_type != "Recurring":
            return unit
        return unit * self.months / (12 if self.price_period == "Year" else 1)

    def live(self, day: date) -> list[Strand]:
        """Strands in force on a day."""
        return [strand for strand in self.strands if strand.start <= day <= strand.end]

    def quantity(self, day: date) -> int:
        """Quantity under contract on a day."""
        return sum(strand.quantity for strand in self.live(day))


def slices(root: Root, strand: Strand) -> list[Slice]:
    """A strand's charges; 100.00 a month from 16 to 30 April and all of May -> 50.00 and 100.00."""
    once = [(strand.start, strand.start, Fraction(1))]
    spans = once if root.charge_type == "One-Time" else list(_spans(root, strand))
    full = strand.quantity * root.period_price(strand)
    shares = [share for _, _, share in spans]
    gross = _spread(full, shares)
    net = _spread(full, [share * _left_over(strand, first, last) for first, last, share in spans])
    return [Slice(first, last, g, n) for (first, last, _), g, n in zip(spans, gross, net, strict=True)]


def _left_over(strand: Strand, first: date, last: date) -> Fraction:
    """Part of the price of some days that the discount leaves: 10 % on 10 of 30 days -> 29/30."""
    end = last if strand.discount_end is None else min(last, strand.discount_end)
    discounted = Fraction(max((end - first).days + 1, 0), (last - first).days + 1)
    return 1 - discounted * Fraction(strand.discount) / 100


def _spans(root: Root, strand: Strand) -> Iterator[tuple[date, date, Fraction]]:
    for start, end in root.periods(strand.start, strand.end):
        first, last = max(start, strand.start), min(end - DAY, strand.end)
        yield first, last, Fraction((last - first).days + 1, (end - start).days)


def _spread(full: Fraction, shares: list[Fraction]) -> list[int]:
    amounts = [half_away(full * share) for share in shares[:-1]]
    return [*amounts, half_away(full * sum(shares)) - sum(amounts)]


def rate_usage(tiers: tuple[tuple[int | None, Decimal], ...], quantity: Decimal, currency: str) -> int:
    """Graduated rating, rounded once: 1,200 units with 1,000 included and 0.02 after -> 4.00."""
    total, lower = Fraction(0), Fraction(0)
    for up_to, price in tiers:
        upper = Fraction(quantity) if up_to is None else min(Fraction(quantity), Fraction(up_to))
        if upper > lower:
            total += (upper - lower) * to_minor(price, currency)
            lower = upper
    return half_away(total)
