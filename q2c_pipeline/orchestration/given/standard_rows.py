"""Questions of the revenue standard as rows of the tables that the nightly run maps its contracts to."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration.given.rows import ONCE, Convention, Facts, check_amount, dated, decimal_of, terms_of

if TYPE_CHECKING:
    from decimal import Decimal

    from q2c_pipeline.orchestration.given.rows import Row
    from q2c_pipeline.orchestration.given.standards import AllocationCase, ModificationCase

_FIRST = date(2000, 1, 1)
_PARTS = 10**4
"""Parts of one in a stand-alone price."""


def allocated(case: AllocationCase, number: int) -> Facts:
    """An order with a line for each obligation; the first bears the whole price, which is then divided."""
    lines, products, prices = [], [], []
    parts = _common_parts(case)
    for place, one in enumerate(case.obligations):
        key = f"{number}/{place:06}"
        price = case.transaction_price if place == 0 else Fraction(0)
        lines.append(_once(case, price, _FIRST, _FIRST) | {"source_id": key, "product_source_id": key})
        products.append({"source_id": key, "product_code": key, "revenue_class": "ratable"})
        prices.append((key, case.currency, None if one.ssp is None else decimal_of(_listed(case, one.ssp * parts))))
    rows = {"contract": [lines[0] | {"source_id": str(number)}], "contract_line": lines, "product": products}
    return Facts(Convention("actual_days", "half_up", None), rows, prices, _bundle(case, number))


def _common_parts(case: AllocationCase) -> int:
    """Thirds are counted in thirds where nothing but the proportion of the stand-alone prices matters."""
    prices = [one.ssp for one in case.obligations]
    if case.bundle is not None or None in prices:
        return 1
    parts = lcm(*(price.denominator for price in prices if price is not None))
    return 1 if _PARTS % parts == 0 else parts


def _bundle(case: AllocationCase, number: int) -> list[tuple[str, str, str, Decimal]]:
    if case.bundle is None:
        return []
    together = set(map(str, case.bundle.obligations))
    price = decimal_of(_listed(case, case.bundle.price))
    places = [place for place, one in enumerate(case.obligations) if str(one.id) in together]
    return [(str(number), f"{number}/{place:06}", case.currency, price) for place in places]


def modified(case: ModificationCase, number: int) -> Facts:
    """An order earned evenly by the month, and one that amends it when some of its months are over."""
    consideration, periods, elapsed = case.whole
    key, amending = str(number), f"{number}/2"
    first = _once(case, consideration, _FIRST, _months_on(periods) - timedelta(days=1))
    end = _months_on(elapsed + case.remaining_periods) - timedelta(days=1)
    second = _once(case, case.added_consideration, _months_on(elapsed), end)
    second |= {"source_id": amending, "contract_source_id": amending}
    second |= {"amends_contract_source_id": key, "amends_line_source_id": key}
    convention = Convention("actual_days", "half_up", "even_by_month", case.method)
    return Facts(convention, {"contract": [first, second], "contract_line": [first, second]})


def month_of(case: ModificationCase) -> date:
    """The month in which the modification of a question counts from."""
    return _months_on(case.whole[2])


def _once(case: AllocationCase | ModificationCase, price: Fraction, first: date, last: date) -> Row:
    check_amount(str(case.id), price / 12, first, first, 0)
    return dated(case.currency, terms_of(str(case.id), Fraction(1), price, Fraction(0)), first, last) | ONCE


def _months_on(months: int) -> date:
    year, month = divmod(months, 12)
    return date(_FIRST.year + year, month + 1, 1)


def _listed(case: AllocationCase, price: Fraction) -> Fraction:
    if _PARTS % price.denominator or price >= 10**12:
        raise ConfigurationError(
            expected="stand-alone prices of at most 12 digits before the point and 4 after",
            found=str(price),
            where=str(case.id),
            next_step="give it with fewer digits",
        )
    return price
