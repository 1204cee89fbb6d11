"""BP01: invoice without a posting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import consistent, found_in


def test_an_invoice_that_nothing_posts_is_worth_its_total() -> None:
    world = consistent().post_all()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.remove("posting", f"tr-in-4-{number}-{book}")

    assert world.exceptions() == [("BP01", "INV-4", Decimal("1100.0000"), "USD")]


def test_an_unposted_transaction_does_not_count() -> None:
    world = consistent().post_all()
    for number in (1, 2, 3):
        world.change("posting", f"tr-in-4-{number}-1", is_posted=False)

    assert world.exceptions() == [("BP01", "INV-4", Decimal("1100.0000"), "USD")]


def test_an_invoice_of_today_or_yesterday_is_in_flight() -> None:
    world = consistent().post_all()
    for number, day in ((2, 29), (3, 30), (4, 31)):
        world.order(number, start_date=date(2026, 10, day))
        world.subscribe(number)
        world.bill(
            f"late{number}",
            date(2026, 10, day),
            date(2026, 11, day - 1),
            subscription_source_id=f"sub-{number}",
            subscription_line_source_id=f"si-{number}",
        )

    with world.run() as warehouse:
        assert found_in(warehouse) == [("BP01", "INV-late2", Decimal("1100.0000"), "USD")]
        timing = warehouse.query("select distinct subject_key from recon.timing where measure = 'receivable' order by all").rows()
    assert timing == [("INV-late3",), ("INV-late4",)]


@pytest.mark.parametrize(
    ("instance", "entity", "is_missed"), [("stripe_main", "US", False), ("stripe_main", "DE", True), ("sf_main", "US", True)]
)
def test_a_longer_grace_of_its_system_and_entity(instance: str, entity: str, is_missed: bool) -> None:  # noqa: FBT001
    world = consistent().post_all()
    for number in (1, 2, 3):
        world.change("posting", f"tr-in-4-{number}-1", is_posted=False)
    world.graces = [(instance, entity, None, None, 365)]

    assert bool(world.exceptions()) is is_missed
