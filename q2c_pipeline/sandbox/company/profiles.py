"""What becomes of each customer: a cycle of 25 stories, so that every world of 25 accounts has all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amending import Amendment, add_on, amend, renew_early
from q2c_pipeline.sandbox.company.catalogue import PRODUCT
from q2c_pipeline.sandbox.company.dates import add_months
from q2c_pipeline.sandbox.company.selling import Deal, Sale, propose, sell

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from q2c_pipeline.sandbox.company.customers import Customer
    from q2c_pipeline.sandbox.company.world import World

DISCOUNTS = tuple(Decimal(text) for text in ("0", "0", "5", "10", "12.5", "15", "20"))
CORE, PRO, ENT, ANALYTICS = "CORE-SEAT", "PRO-SEAT", "ENT-PLAN", "ANALYTICS"
SUPPORT, SANDBOX, ONBOARDING, TRAINING = "SUPPORT-PREM", "SANDBOX-ENV", "ONBOARDING", "TRAINING-DAY"


def _after(world: World, first: int, spread: int) -> date:
    """A day at least `first` and at most `first + spread` days after the opening of this wave of sales."""
    return world.opening + timedelta(days=first + world.rng.randint(0, spread))


def _seats(world: World) -> int:
    return world.rng.randint(4, 60)


def _discount(world: World) -> Decimal:
    return world.rng.choice(DISCOUNTS)


@dataclass(frozen=True)
class Sequel:
    """What happens to an order later: an amendment, and what is sold with it."""

    act: Callable[..., None]
    kind: str
    effective: date
    quantity: int = 0
    price: Decimal = Decimal(0)
    extra: tuple[object, ...] = ()


def _book(
    world: World,
    customer: Customer,
    start: date,
    deals: tuple[Deal, ...],
    months: int = 12,
    sequel: Sequel | None = None,
) -> None:
    """Plan an order that starts on `start`; it is activated some days before."""
    activated = max(world.start, min(world.as_of, start) - timedelta(days=world.rng.randint(1, 5)))
    world.plan(activated, "sell", _sell, Sale(customer, start, activated, deals, months), sequel)


def _sell(world: World, _day: date, sale: Sale, sequel: Sequel | None) -> None:
    roots = sell(world, sale)
    if sequel:
        recurring = tuple(root for root in roots if root.charge_type == "Recurring")
        amendment = Amendment(sale.customer, recurring, sequel.kind, sequel.effective, sequel.quantity, sequel.price)
        world.plan(sequel.effective - timedelta(days=2), "sell", sequel.act, amendment, *sequel.extra)


def _later(start: date, months: int, days: int) -> date:
    return add_months(start, months) + timedelta(days=days)


def steady(world: World, customer: Customer) -> None:
    """Seats billed monthly in advance, with a one-time onboarding."""
    deals = (Deal(CORE, _seats(world), _discount(world)), Deal(ONBOARDING, 1, Decimal(10)))
    _book(world, customer, _after(world, 6, 30), deals)


def last_minute(world: World, customer: Customer) -> None:
    """A period falls due on the last day of history, or on the day before."""
    starts = [add_months(world.as_of, -months) for months in (2, 3, 4)]
    start = max(starts, key=lambda day: (day.day, day))
    _book(world, customer, start, (Deal(CORE, _seats(world), _discount(world)),))


def ramp_monthly(world: World, customer: Customer) -> None:
    """Seats grow after two and six months, at a lower price each time."""
    seats = _seats(world)
    deal = Deal(CORE, seats, _discount(world), ramp=((2, seats + 10, 95), (6, seats + 20, 90)))
    _book(world, customer, _after(world, 6, 20), (deal,))


def ramp_price(world: World, customer: Customer) -> None:
    """The price rises after three months, billed quarterly on calendar quarters or from the start."""
    seats = _seats(world)
    deal = Deal(PRO, seats, _discount(world), "Quarterly", ramp=((3, seats + 4, 110), (9, seats + 4, 115)))
    _book(world, customer, _after(world, 6, 20), (deal,))


def cancelled(world: World, customer: Customer) -> None:
    """Leaves in the middle of a paid month: the rest is credited."""
    start = _after(world, 6, 12)
    sequel = Sequel(amend, "Cancellation", _later(start, 2, world.rng.randint(5, 20)))
    _book(world, customer, start, (Deal(PRO, _seats(world), _discount(world)),), sequel=sequel)


def cancelled_quarterly(world: World, customer: Customer) -> None:
    """Leaves in the middle of a paid quarter."""
    start = _after(world, 6, 8)
    sequel = Sequel(amend, "Cancellation", _later(start, 1, world.rng.randint(5, 20)))
    _book(world, customer, start, (Deal(ANALYTICS, 3, _discount(world), "Quarterly"),), sequel=sequel)


def cancelled_at_boundary(world: World, customer: Customer) -> None:
    """Leaves at the end of a month: nothing to credit."""
    start = _after(world, 6, 12)
    sequel = Sequel(amend, "Cancellation", _later(start, 2, 0))
    _book(world, customer, start, (Deal(CORE, _seats(world), _discount(world)),), sequel=sequel)


def grows(world: World, customer: Customer) -> None:
    """More seats in the middle of a month."""
    start = _after(world, 6, 25)
    effective = _later(start, 2, world.rng.randint(3, 22))
    sequel = Sequel(amend, "Quantity Increase", effective, quantity=world.rng.randint(2, 12))
    _book(world, customer, start, (Deal(CORE, _seats(world), _discount(world)),), sequel=sequel)


def shrinks(world: World, customer: Customer) -> None:
    """Fewer seats in the middle of a month."""
    start = _after(world, 6, 25)
    effective = _later(start, 2, world.rng.randint(3, 22))
    sequel = Sequel(amend, "Quantity Decrease", effective, quantity=world.rng.randint(2, 8))
    _book(world, customer, start, (Deal(PRO, _seats(world) + 8, _discount(world)),), sequel=sequel)


def dearer(world: World, customer: Customer) -> None:
    """A price increase in the middle of a month."""
    _price_change(world, customer, Decimal(110))


def cheaper(world: World, customer: Customer) -> None:
    """A price decrease in the middle of a month."""
    _price_change(world, customer, Decimal(85))


def _price_change(world: World, customer: Customer, percent: Decimal) -> None:
    start = _after(world, 6, 25)
    price = PRODUCT[CORE].list_price(customer.currency) * percent / 100
    sequel = Sequel(amend, "Price Change", _later(start, 2, world.rng.randint(3, 22)), price=price)
    _book(world, customer, start, (Deal(CORE, _seats(world), _discount(world)),), sequel=sequel)


def adds_on(world: World, customer: Customer) -> None:
    """Buys another module that ends together with the first order."""
    start = _after(world, 6, 25)
    effective = _later(start, 1, world.rng.randint(3, 22))
    sequel = Sequel(add_on, "Co-term Add-on", effective, extra=(Deal(ANALYTICS, 2, Decimal(5)),))
    _book(world, customer, start, (Deal(CORE, _seats(world), _discount(world)),), sequel=sequel)


def renews_early(world: World, customer: Customer) -> None:
    """Replaces the running order by a larger one."""
    start, seats = _after(world, 6, 25), _seats(world)
    larger = (Deal(PRO, seats + 5, Decimal(10)),)
    sequel = Sequel(renew_early, "Cancellation", _later(start, 2, world.rng.randint(0, 20)), extra=(larger,))
    _book(world, customer, start, (Deal(PRO, seats, _discount(world)),), sequel=sequel)


def calendar_quarters(world: World, customer: Customer) -> None:
    """Two modules on calendar quarters: the first period is a partial one."""
    start = _after(world, 6, 40)
    deals = (
        Deal(ANALYTICS, 2, _discount(world), "Quarterly", anchor="Calendar"),
        Deal(SANDBOX, 1, _discount(world), "Quarterly", anchor="Calendar"),
    )
    _book(world, customer, start, deals)


def annual(world: World, customer: Customer) -> None:
    """A yearly plan and support, invoiced a year in advance; training once."""
    deals = (
        Deal(ENT, 1, _discount(world), "Annual"),
        Deal(SUPPORT, 1, _discount(world), "Annual"),
        Deal(TRAINING, 2),
    )
    _book(world, customer, _after(world, 6, 60), deals)


def semiannual(world: World, customer: Customer) -> None:
    """A yearly price invoiced every half calendar year."""
    _book(world, customer, _after(world, 6, 40), (Deal(ENT, 1, _discount(world), "Semiannual", anchor="Calendar"),))


def arrears_monthly(world: World, customer: Customer) -> None:
    """Seats billed after each month; they grow in the middle of one."""
    deal = Deal(CORE, _seats(world), _discount(world), timing="Arrears")
    start = _after(world, 6, 25)
    sequel = Sequel(amend, "Quantity Increase", _later(start, 1, world.rng.randint(3, 22)), quantity=3)
    _book(world, customer, start, (deal,), sequel=sequel)


def arrears_quarterly(world: World, customer: Customer) -> None:
    """Support billed after each calendar quarter."""
    deal = Deal(SUPPORT, 2, _discount(world), "Quarterly", "Arrears", "Calendar")
    _book(world, customer, _after(world, 6, 25), (deal,))


def metered(world: World, customer: Customer) -> None:
    """Interface calls with an included quantity, nothing else."""
    _book(world, customer, _after(world, 6, 25), (_calls(customer),))


def metered_with_seats(world: World, customer: Customer) -> None:
    """Seats in advance, storage by use, and a one-time onboarding."""
    factor = PRODUCT["STORAGE-GB"].list_price(customer.currency)
    storage = Deal(
        "STORAGE-GB", timing="Arrears", anchor="Calendar", tiers=((500, Decimal(0)), (2000, factor), (None, factor / 2))
    )
    deals = (Deal(CORE, _seats(world), _discount(world)), storage, Deal(ONBOARDING))
    _book(world, customer, _after(world, 6, 25), deals)


def _calls(customer: Customer) -> Deal:
    price = PRODUCT["API-CALLS"].list_price(customer.currency)
    return Deal("API-CALLS", timing="Arrears", anchor="Calendar", tiers=((1000, Decimal(0)), (None, price)))


def several_products(world: World, customer: Customer) -> None:
    """Three products in one order; the middle one billed by calendar month."""
    deals = (
        Deal(CORE, _seats(world), _discount(world)),
        Deal(ANALYTICS, 1, _discount(world), anchor="Calendar"),
        Deal(SANDBOX, 2, _discount(world)),
    )
    _book(world, customer, _after(world, 6, 40), deals)


def short_term(world: World, customer: Customer) -> None:
    """A three-month term that ends by itself."""
    _book(world, customer, _after(world, 6, 12), (Deal(SANDBOX, 2, _discount(world)),), months=3)


def small_modules(world: World, customer: Customer) -> None:
    """A second, small order: one module or two, in some cases on calendar months."""
    anchor = world.rng.choice(("Start", "Start", "Calendar"))
    deals = tuple(Deal(product, world.rng.randint(2, 6), _discount(world), anchor=anchor) for product in (SANDBOX, ANALYTICS))
    _book(world, customer, _after(world, 6, 45), deals[: world.rng.choice((1, 1, 2))])


def one_module(world: World, customer: Customer) -> None:
    """A third, plain order: a single module by the month, as most orders of a company are."""
    deal = Deal(world.rng.choice((SANDBOX, ANALYTICS)), world.rng.randint(2, 9), _discount(world))
    _book(world, customer, _after(world, 3, 40), (deal,))


def introductory_offer(world: World, customer: Customer) -> None:
    """A module by the month whose discount ends after some weeks: with a month, or in the middle of one."""
    days = world.rng.choice((59, 75, 84))
    deal = Deal(world.rng.choice((SANDBOX, ANALYTICS)), world.rng.randint(2, 9), Decimal(20), discount_days=days)
    _book(world, customer, _after(world, 3, 20), (deal,))


def starts_later(world: World, customer: Customer) -> None:
    """Signed in the last weeks, served from next month on."""
    start = world.as_of + timedelta(days=world.rng.randint(8, 40))
    activated = world.as_of - timedelta(days=world.rng.randint(6, 20))
    sale = Sale(customer, start, activated, (Deal(CORE, _seats(world)),))
    world.plan(activated, "sell", _sell, sale, None)


def undecided(world: World, customer: Customer) -> None:
    """A prospect: a lost opportunity, an open one, an order that is still a draft and one that was withdrawn."""
    deals = (Deal(PRO, _seats(world), _discount(world)),)
    world.plan(min(_after(world, 10, 60), world.as_of), "sell", _hesitate, customer, deals)


def _hesitate(world: World, day: date, customer: Customer, deals: tuple[Deal, ...]) -> None:
    propose(world, customer, day, "Closed Lost", deals)
    propose(world, customer, day, "Prospecting", deals)
    for status in ("Draft", "Cancelled"):
        sell(world, Sale(customer, day + timedelta(days=20), day, deals), status)


STORIES = (
    steady,
    ramp_monthly,
    cancelled,
    grows,
    last_minute,
    several_products,
    ramp_price,
    shrinks,
    starts_later,
    cancelled,
    dearer,
    ramp_monthly,
    annual,
    metered_with_seats,
    cancelled_quarterly,
    cheaper,
    adds_on,
    last_minute,
    renews_early,
    calendar_quarters,
    undecided,
    arrears_monthly,
    starts_later,
    cancelled_at_boundary,
    last_minute,
)
ONLY_STORIES = (starts_later, undecided)
LAST_DAYS_STORIES = (starts_later, undecided, last_minute)
SECOND_STORIES = (metered, semiannual, short_term, arrears_quarterly, steady, several_products, ramp_monthly, short_term)
