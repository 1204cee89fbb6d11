"""What becomes of each customer: a cycle of 25 stories, so that every world of 25 accounts has all of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amending import Amendment, add_on, amend, renew_early
from q2c_pipeline.sandbox.company.catalogue import PRODUCT
from q2c_pipeline.sandbox.company.dates import add_months
from q2c_pipeline.sandbox.company.selling import Deal, Sale, propose, sell

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.customers import Customer
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.company.world import World

DISCOUNTS = tuple(Decimal(text) for text in ("0", "0", "5", "10", "12.5", "15", "20"))
CORE, PRO, ENT, ANALYTICS = "CORE-SEAT", "PRO-SEAT", "ENT-PLAN", "ANALYTICS"
SUPPORT, SANDBOX, ONBOARDING, TRAINING = "SUPPORT-PREM", "SANDBOX-ENV", "ONBOARDING", "TRAINING-DAY"


def _after(world: World, first: int, spread: int) -> date:
    """A day at least `first` and at most `first + spread` days after the start of history."""
    return world.start + timedelta(days=first + world.rng.randint(0, spread))


def _seats(world: World) -> int:
    return world.rng.randint(4, 60)


def _discount(world: World) -> Decimal:
    return world.rng.choice(DISCOUNTS)


def _book(world: World, customer: Customer, start: date, deals: tuple[Deal, ...], months: int = 12) -> list[Root]:
    """Sell now what starts on `start`: the order is activated some days before."""
    activated = max(world.start, min(world.as_of, start) - timedelta(days=world.rng.randint(1, 5)))
    return sell(world, Sale(customer, start, activated, deals, months))


def _later(root: Root, months: int, days: int) -> date:
    return add_months(root.start, months) + timedelta(days=days)


def _change(
    world: World, customer: Customer, roots: list[Root], kind: str, effective: date, **terms: int | Decimal
) -> Amendment | None:
    """Plan an amendment two days before it takes effect; none if that day lies after the history."""
    recurring = tuple(root for root in roots if root.charge_type == "Recurring")
    amendment = Amendment(customer, recurring, kind, effective, **terms)  # type: ignore[arg-type]
    world.plan(effective - timedelta(days=2), "sell", amend, amendment)
    return amendment


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
    deal = Deal(PRO, _seats(world), _discount(world), "Quarterly", ramp=((3, 40, 110), (9, 40, 115)))
    _book(world, customer, _after(world, 6, 20), (deal,))


def cancelled(world: World, customer: Customer) -> None:
    """Leaves in the middle of a paid month: the rest is credited."""
    roots = _book(world, customer, _after(world, 6, 12), (Deal(PRO, _seats(world), _discount(world)),))
    effective = _later(roots[0], 2, world.rng.randint(5, 20))
    _change(world, customer, roots, "Cancellation", effective)


def cancelled_quarterly(world: World, customer: Customer) -> None:
    """Leaves in the middle of a paid quarter."""
    roots = _book(world, customer, _after(world, 6, 8), (Deal(ANALYTICS, 3, _discount(world), "Quarterly"),))
    _change(world, customer, roots, "Cancellation", _later(roots[0], 1, world.rng.randint(5, 20)))


def cancelled_at_boundary(world: World, customer: Customer) -> None:
    """Leaves at the end of a month: nothing to credit."""
    roots = _book(world, customer, _after(world, 6, 12), (Deal(CORE, _seats(world), _discount(world)),))
    _change(world, customer, roots, "Cancellation", _later(roots[0], 2, 0))


def grows(world: World, customer: Customer) -> None:
    """More seats in the middle of a month, and the next world cycle also in arrears."""
    roots = _book(world, customer, _after(world, 6, 25), (Deal(CORE, _seats(world), _discount(world)),))
    effective = _later(roots[0], 2, world.rng.randint(3, 22))
    _change(world, customer, roots, "Quantity Increase", effective, quantity=world.rng.randint(2, 12))


def shrinks(world: World, customer: Customer) -> None:
    """Fewer seats in the middle of a month."""
    roots = _book(world, customer, _after(world, 6, 25), (Deal(PRO, _seats(world) + 8, _discount(world)),))
    effective = _later(roots[0], 2, world.rng.randint(3, 22))
    _change(world, customer, roots, "Quantity Decrease", effective, quantity=world.rng.randint(2, 8))


def dearer(world: World, customer: Customer) -> None:
    """A price increase in the middle of a month."""
    _price_change(world, customer, Decimal(110))


def cheaper(world: World, customer: Customer) -> None:
    """A price decrease in the middle of a month."""
    _price_change(world, customer, Decimal(85))


def _price_change(world: World, customer: Customer, percent: Decimal) -> None:
    roots = _book(world, customer, _after(world, 6, 25), (Deal(CORE, _seats(world), _discount(world)),))
    effective = _later(roots[0], 2, world.rng.randint(3, 22))
    price = PRODUCT[CORE].list_price(customer.currency) * percent / 100
    _change(world, customer, roots, "Price Change", effective, price=price)


def adds_on(world: World, customer: Customer) -> None:
    """Buys another module that ends together with the first order."""
    roots = _book(world, customer, _after(world, 6, 25), (Deal(CORE, _seats(world), _discount(world)),))
    effective = _later(roots[0], 1, world.rng.randint(3, 22))
    amendment = Amendment(customer, tuple(roots), "Co-term Add-on", effective)
    world.plan(effective - timedelta(days=2), "sell", add_on, amendment, Deal(ANALYTICS, 2, Decimal(5)))


def renews_early(world: World, customer: Customer) -> None:
    """Replaces the running order by a larger one."""
    seats = _seats(world)
    roots = _book(world, customer, _after(world, 6, 25), (Deal(PRO, seats, _discount(world)),))
    effective = _later(roots[0], 2, world.rng.randint(0, 20))
    amendment = Amendment(customer, tuple(roots), "Cancellation", effective)
    world.plan(effective - timedelta(days=2), "sell", renew_early, amendment, (Deal(PRO, seats + 5, Decimal(10)),))


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
    roots = _book(world, customer, _after(world, 6, 25), (deal,))
    effective = _later(roots[0], 1, world.rng.randint(3, 22))
    _change(world, customer, roots, "Quantity Increase", effective, quantity=3)


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


def small_module(world: World, customer: Customer) -> None:
    """A second, small order: one module, in some months on calendar months."""
    anchor = world.rng.choice(("Start", "Start", "Calendar"))
    deal = Deal(SANDBOX, world.rng.randint(2, 6), _discount(world), anchor=anchor)
    _book(world, customer, _after(world, 6, 45), (deal,))


def starts_later(world: World, customer: Customer) -> None:
    """Signed in the last month, served from next month on."""
    start = world.as_of + timedelta(days=world.rng.randint(8, 40))
    sale = Sale(customer, start, world.as_of - timedelta(days=world.rng.randint(6, 20)), (Deal(CORE, _seats(world)),))
    world.plan(sale.activated, "sell", _sell_on, sale)


def _sell_on(world: World, _day: date, sale: Sale) -> None:
    sell(world, sale)


def undecided(world: World, customer: Customer) -> None:
    """A prospect: a lost opportunity, an open one, an order that is still a draft."""
    day = _after(world, 10, 60)
    deals = (Deal(PRO, _seats(world), _discount(world)),)
    propose(world, customer, day, "Closed Lost", deals)
    propose(world, customer, world.as_of, "Prospecting", deals)
    sell(world, Sale(customer, world.as_of + timedelta(days=20), day, deals), "Draft")
    sell(world, Sale(customer, day + timedelta(days=20), day, deals), "Cancelled")


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
SECOND_STORIES = (metered, semiannual, short_term, arrears_quarterly, steady, several_products, ramp_monthly, grows)
