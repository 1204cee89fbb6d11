"""ST01: the order does not say what its subscription is."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_no_subscription_id_though_the_line_names_its_item() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_subscription_id=None)

    assert world.exceptions() == [("ST01", "ORD-00001", Decimal("0.0000"), None)]


def test_status_of_another_time() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_billing_status="Canceled")

    assert world.exceptions() == [("ST01", "ORD-00001", Decimal("0.0000"), None)]


def test_status_of_a_canceled_subscription_written_back_is_right() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_billing_status="Canceled")
    world.change("subscription", "sub-1", subscription_status="canceled")

    assert world.exceptions() == []
