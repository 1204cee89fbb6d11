"""BB03: a subscription starts or ends on other dates than the contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent, controls_of


def test_a_subscription_that_starts_a_month_late() -> None:
    world = consistent()
    world.change("subscription", "sub-1", start_date=date(2026, 2, 1))
    world.unbill("1")

    assert world.post_all().exceptions() == [("BB03", "ORD-00001/1", Decimal("1000.0000"), "USD")]


def test_a_subscription_that_ends_before_the_contract() -> None:
    world = consistent()
    world.change("subscription", "sub-1", canceled_date=date(2026, 9, 1), subscription_status="canceled")
    world.change("contract", "801-1", claimed_billing_status="Canceled")
    for month in ("9", "10"):
        world.unbill(month)

    assert world.post_all().exceptions() == [("BB03", "ORD-00001/1", Decimal("2000.0000"), "USD")]


def test_periods_that_begin_on_another_day_are_one_break() -> None:
    world = consistent()
    world.change("subscription", "sub-1", start_date=date(2026, 1, 11))
    for month in range(1, 11):
        world.change(
            "invoice_line", f"il-{month}", service_start_date=date(2026, month, 11), service_end_date=date(2026, month + 1, 10)
        )

    found = [one for one in world.post_all().exceptions() if one[0].startswith("BB")]
    assert found == [("BB03", "ORD-00001/1", Decimal("0.0000"), "USD")]


def test_a_skipped_period_of_a_right_subscription_is_leakage() -> None:
    world = consistent()
    world.unbill("1")

    assert controls_of(world.post_all().exceptions()) == ["BB06"]


def test_the_end_of_the_contract_is_no_early_end() -> None:
    world = consistent()
    world.change("subscription", "sub-1", canceled_date=date(2027, 1, 1))
    world.unbill("5")

    assert controls_of(world.post_all().exceptions()) == ["BB06"]
