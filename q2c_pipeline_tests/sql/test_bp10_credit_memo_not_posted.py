"""BP10: credit memo without a posting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent

CREDIT = ("BP10", "INV-c", Decimal("-110.0000"), "USD")


def credited(day: date = date(2026, 5, 20)) -> World:
    """May is 100 cheaper than sold: an amendment of one seat less, credited on `day`."""
    world = consistent()
    told = {"claimed_subscription_id": "sub-1", "claimed_billing_status": "Active"}
    world.order(2, amends=1, start_date=date(2026, 5, 1), end_date=date(2026, 5, 31), quantity=Decimal(-1), **told)
    world.bill(
        "c",
        date(2026, 5, 1),
        date(2026, 5, 31),
        -100,
        issued_date=day,
        document_kind="credit_memo",
        document_status="issued",
        credited_line_source_id="il-5",
        quantity=None,
    )
    return world.post_all()


def unpost(world: World) -> World:
    for number in (1, 2, 3):
        for book in (1, 2):
            world.change("posting", f"tr-in-c-{number}-{book}", is_posted=False)
    return world


def test_a_credit_memo_that_nothing_posts_is_worth_its_negative_total() -> None:
    assert unpost(credited()).exceptions() == [CREDIT]


def test_a_posted_one_is_right() -> None:
    assert credited().exceptions() == []


def test_one_of_yesterday_is_in_flight() -> None:
    assert unpost(credited(date(2026, 10, 30))).exceptions() == []


def test_a_void_one_needs_no_posting() -> None:
    world = unpost(credited())
    world.change("invoice", "in-c", document_status="void")
    world.remove("contract", "801-2")
    world.remove("contract_line", "802-2")

    assert world.exceptions() == []
