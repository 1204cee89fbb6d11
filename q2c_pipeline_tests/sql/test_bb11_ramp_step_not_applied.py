"""BB11: a ramp step that billing did not apply."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent


def ramp(billed: int) -> World:
    """Ten at 100.00 until June, at 120.00 from July on."""
    world = consistent()
    world.change("contract_line", "802-1", end_date=date(2026, 6, 30), ramp_segment=1)
    world.line(
        "802-1b",
        1,
        amends=1,
        start_date=date(2026, 7, 1),
        end_date=date(2026, 12, 31),
        unit_price=Decimal(120),
        ramp_segment=2,
        line_number="2",
    )
    for month in ("7", "8", "9", "10"):
        world.reprice(month, billed)
    return world


def test_later_step_billed_at_the_earlier_price() -> None:
    assert ramp(1000).post_all().exceptions() == [("BB11", "ORD-00001/1", Decimal("800.0000"), "USD")]


def test_applied_step_is_right() -> None:
    assert ramp(1200).post_all().exceptions() == []


def test_any_other_price_is_price_drift() -> None:
    assert ramp(1100).post_all().exceptions() == [("BB04", "ORD-00001/1", Decimal("400.0000"), "USD")]
