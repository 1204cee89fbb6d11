"""RR02: revenue on contracts that are not in force."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.releases import release, released

JULY = date(2026, 7, 1)


def test_a_release_for_a_draft_order() -> None:
    world = released()
    world.order(3)
    world.change("contract", "801-3", contract_status="draft", activated_at=None)
    release(world, JULY, "70.00", key="ORD-00003/1", name="REL-US-X")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
    assert found == [
        (
            "RR02",
            "ORD-00003/1",
            Decimal("-70.0000"),
            "the contract of ORD-00003/1 is not activated in 2026-07: 0.00 USD to release, released 70.00 USD",
        )
    ]


def test_a_release_after_a_cancellation_is_not_a_matter_of_schedule() -> None:
    world = released()
    world.order(3, start_date=date(2026, 1, 1), unit_price=Decimal(0))
    world.order(4, amends=3, start_date=date(2026, 5, 10), quantity=Decimal(-10), unit_price=Decimal(0))
    release(world, JULY, "70.00", key="ORD-00003/1", name="REL-US-X")

    assert [row for row in world.exceptions() if row[0].startswith("RR")] == [("RR02", "ORD-00003/1", Decimal("-70.0000"), "USD")]


def test_a_release_before_the_cancellation_is_one_of_the_deferred_balance() -> None:
    world = released()
    world.order(3, start_date=date(2026, 1, 1), unit_price=Decimal(0))
    world.order(4, amends=3, start_date=date(2026, 8, 10), quantity=Decimal(-10), unit_price=Decimal(0))
    release(world, JULY, "70.00", key="ORD-00003/1", name="REL-US-X")

    assert [row for row in world.exceptions() if row[0].startswith("RR")] == [("RR03", "ORD-00003/1", Decimal("-70.0000"), "USD")]


def test_a_journal_by_hand_that_names_a_contract_line_counts_as_a_release() -> None:
    world = released()
    world.order(3)
    world.change("contract", "801-3", contract_status="cancelled")
    release(world, JULY, "70.00", key="ORD-00003/1", kind="journal", name="JE-9")

    assert ("RR02", "ORD-00003/1", Decimal("-70.0000"), "USD") in world.exceptions()
