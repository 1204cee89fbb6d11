"""What exists before the first day of business: master data of the three systems, fiscal periods and rates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import (
    CHART,
    CURRENCIES,
    CURRENCY_FACTOR,
    CURRENCY_NAME,
    ENTITIES,
    PRODUCTS,
    TAX_CODE,
    VALUE_IN_USD,
    Product,
)
from q2c_pipeline.sandbox.company.dates import DAY, add_months, at, days_between, month_end, month_start
from q2c_pipeline.sandbox.company.money import EXPONENT, half_away, plain, to_minor
from q2c_pipeline.sandbox.company.world import World, salesforce_record

if TYPE_CHECKING:
    from datetime import date, datetime

PRICEBOOK_ID = "01sQ20000000001AAA"
HISTORY_BEFORE_START = timedelta(days=75)


def lay_foundation(world: World) -> None:
    """Fill the systems with everything that trade needs."""
    moment = at(world.start - HISTORY_BEFORE_START, 8)
    _books(world, moment)
    _periods(world, moment)
    _rates(world)
    _consolidation(world)
    _catalogue(world, moment)


def _books(world: World, moment: datetime) -> None:
    stamp = {"lastmodifieddate": moment}
    tables = world.netsuite
    for entity in ENTITIES.values():
        tables["subsidiary"][str(entity.number)] = {
            "id": entity.number,
            "name": entity.name,
            "legalname": entity.name,
            "country": entity.country,
            "currency": CURRENCIES[entity.currency],
            "externalid": entity.code,
            "isinactive": False,
            **stamp,
        }
    for symbol, number in CURRENCIES.items():
        tables["currency"][str(number)] = {
            "id": number,
            "name": CURRENCY_NAME[symbol],
            "symbol": symbol,
            "currencyprecision": EXPONENT[symbol],
            "isbasecurrency": symbol == "USD",
        }
    for account in CHART.values():
        tables["account"][str(account.internal_id)] = {
            "id": account.internal_id,
            "acctnumber": account.number,
            "fullname": account.name,
            "accttype": account.kind,
            "generalrate": account.rate,
            "isinactive": False,
            "subsidiary": 1,
            **stamp,
        }
    for number, name in ((1, "Primary book"), (2, "Local book")):
        tables["accountingbook"][str(number)] = {"id": number, "name": name, "isprimary": number == 1}


def _periods(world: World, moment: datetime) -> None:
    """Months under quarters under years, and one adjustment period a year, as NetSuite keeps them."""
    number = 500
    for year in range(world.start.year, world.as_of.year + 2):
        first = month_start(world.start).replace(year=year, month=1)
        number = year_id = number + 1
        _period(world, moment, number, f"FY {year}", first, 12, isyear=True)
        for quarter in range(4):
            number = quarter_id = number + 1
            start = add_months(first, quarter * 3)
            _period(world, moment, number, f"Q{quarter + 1} {year}", start, 3, parent=year_id, isquarter=True)
            for month in range(3):
                number += 1
                begin = add_months(start, month)
                world.periods[begin] = number
                _period(world, moment, number, f"{begin:%b %Y}", begin, 1, parent=quarter_id)
        number += 1
        _period(world, moment, number, f"Adj {year}", add_months(first, 11), 1, parent=quarter_id, isadjust=True)


def _period(
    world: World,
    moment: datetime,
    number: int,
    name: str,
    start: date,
    months: int,
    *,
    parent: int | None = None,
    isyear: bool = False,
    isquarter: bool = False,
    isadjust: bool = False,
) -> None:
    end = add_months(start, months) - DAY
    closing = end + timedelta(days=40)
    closed = closing <= world.as_of
    world.netsuite["accountingperiod"][str(number)] = {
        "id": number,
        "periodname": name,
        "startdate": start,
        "enddate": end,
        "isyear": isyear,
        "isquarter": isquarter,
        "isadjust": isadjust,
        "isposting": not isyear and not isquarter,
        "closed": closed,
        "closedondate": at(closing, 18) if closed else None,
        "alllocked": closed,
        "arlocked": closed,
        "aplocked": closed,
        "allownonglchanges": True,
        "parent": parent,
        "lastmodifieddate": at(closing, 18) if closed and closing >= moment.date() else moment,
    }


def _rates(world: World) -> None:
    values = dict(VALUE_IN_USD)
    first = world.start - HISTORY_BEFORE_START
    for day in days_between(first, world.as_of):
        for symbol, value in values.items():
            if symbol != "USD":
                step = Decimal(world.rng.randint(-40, 40)) / 10000
                values[symbol] = (value * (1 + step)).quantize(Decimal("0.00000001"))
            world.rates[symbol, day] = values[symbol]
        _publish_rates(world, day)


def _publish_rates(world: World, day: date) -> None:
    for base in CURRENCIES:
        for foreign in CURRENCIES:
            if base != foreign:
                number = world.ids.number("currencyrate")
                world.netsuite["currencyrate"][str(number)] = {
                    "id": number,
                    "basecurrency": CURRENCIES[base],
                    "transactioncurrency": CURRENCIES[foreign],
                    "effectivedate": day,
                    "exchangerate": rate(world, foreign, base, day),
                    "lastmodifieddate": at(day, 1),
                }


def rate(world: World, foreign: str, base: str, day: date) -> Decimal:
    """Units of `base` for one unit of `foreign` on a day, at eight decimals."""
    if foreign == base:
        return Decimal(1)
    exact = Fraction(world.rates[foreign, day]) / Fraction(world.rates[base, day])
    return Decimal(half_away(exact * 10**8)).scaleb(-8)


def _consolidation(world: World) -> None:
    for begin, period in world.periods.items():
        if begin < world.start - HISTORY_BEFORE_START or begin > world.as_of:
            continue
        for entity in ENTITIES.values():
            number = world.ids.number("consolidatedexchangerate")
            closing = rate(world, entity.currency, "USD", min(month_end(begin), world.as_of))
            average = (closing + rate(world, entity.currency, "USD", begin)) / 2
            world.netsuite["consolidatedexchangerate"][str(number)] = {
                "id": number,
                "postingperiod": period,
                "fromsubsidiary": entity.number,
                "tosubsidiary": 1,
                "fromcurrency": CURRENCIES[entity.currency],
                "tocurrency": CURRENCIES["USD"],
                "currentrate": closing,
                "averagerate": average.quantize(Decimal("0.00000001")),
                "historicalrate": closing,
                "accountingbook": 1,
            }


def _catalogue(world: World, moment: datetime) -> None:
    world.salesforce["Pricebook2"][PRICEBOOK_ID] = salesforce_record(
        PRICEBOOK_ID, moment, Name="Standard Price Book", IsActive=True
    )
    for product in PRODUCTS:
        _product(world, moment, product)


def _product(world: World, moment: datetime, product: Product) -> None:
    active = not product.code.startswith("LEGACY")
    identifier = world.ids.salesforce("01t")
    world.salesforce["Product2"][identifier] = salesforce_record(
        identifier,
        moment,
        ProductCode=product.code,
        Name=product.name,
        IsActive=active,
        Family=product.family,
        Revenue_Class__c=product.revenue_class,
    )
    for currency in CURRENCY_FACTOR:
        entry = world.ids.salesforce("01u")
        world.salesforce["PricebookEntry"][entry] = salesforce_record(
            entry,
            moment,
            Pricebook2Id=PRICEBOOK_ID,
            Product2Id=identifier,
            UnitPrice=product.list_price(currency),
            IsActive=active,
            CurrencyIsoCode=currency,
        )
    stripe_id = world.ids.stripe("prod")
    world.stripe_products[product.code] = stripe_id
    world.stripe["product"][stripe_id] = {
        "id": stripe_id,
        "name": product.name,
        "active": active,
        "created": moment,
        "metadata": {"product_code": product.code},
        "tax_code": TAX_CODE[product.family],
    }
    if product.revenue_class != "Usage":
        for currency in CURRENCY_FACTOR:
            _list_price(world, moment, product, currency)
    number = world.ids.number("item", 301)
    world.netsuite["item"][str(number)] = {
        "id": number,
        "itemid": product.code,
        "fullname": product.name,
        "itemtype": "Service",
        "isinactive": not active,
        "lastmodifieddate": moment,
    }
    if product.revenue_class == "Usage":
        _meter(world, moment, product)


def _list_price(world: World, moment: datetime, product: Product, currency: str) -> None:
    """The price book's entry as billing was taught it; contracts get prices of their own."""
    interval = {"Month": "month", "Year": "year"}.get(product.price_period)
    minor = to_minor(product.list_price(currency), currency)
    identifier = world.ids.stripe("price")
    world.stripe["price"][identifier] = {
        "id": identifier,
        "product": world.stripe_products[product.code],
        "currency": currency.lower(),
        "unit_amount": int(minor),
        "unit_amount_decimal": plain(minor),
        "billing_scheme": "per_unit",
        "tiers_mode": None,
        "tiers": None,
        "recurring": interval and {"interval": interval, "interval_count": 1, "usage_type": "licensed", "meter": None},
        "type": "recurring" if interval else "one_time",
        "active": not product.code.startswith("LEGACY"),
        "metadata": {"salesforce_pricebook_id": PRICEBOOK_ID},
        "created": moment,
    }


def _meter(world: World, moment: datetime, product: Product) -> None:
    identifier = world.ids.stripe("mtr")
    world.meters[product.code] = identifier
    world.stripe["billing.meter"][identifier] = {
        "id": identifier,
        "event_name": product.code.lower().replace("-", "_"),
        "display_name": product.name,
        "status": "active",
        "created": moment,
    }
