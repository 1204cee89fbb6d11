"""LA01: a handover slower than agreed, although everything agrees."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent

ORDERED = date(2025, 12, 15)


def slow(subject: str) -> list[tuple[str, str, Decimal, str | None]]:
    return [("LA01", subject, Decimal("0.0000"), None)]


def with_deal(days: int, **values: object) -> World:
    world = consistent().post_all()
    usual = {"opportunity_number": "OPP-1", "opportunity_stage": "won", "is_won": True}
    world.add("opportunity", "crm", "006-1", **(usual | {"close_date": ORDERED - timedelta(days=days)} | values))
    world.change("contract", "801-1", opportunity_source_id="006-1")
    return world


def test_an_order_on_its_last_agreed_day_is_not_slow() -> None:
    assert with_deal(2).exceptions() == []
    assert with_deal(3).exceptions() == slow("OPP-1")


def test_a_won_deal_whose_order_never_came() -> None:
    world = with_deal(3)
    world.change("contract", "801-1", opportunity_source_id=None)
    assert world.exceptions() == slow("OPP-1")
    world.change("opportunity", "006-1", close_date=world.params["as_of"] - timedelta(days=2))
    assert world.exceptions() == []


@pytest.mark.parametrize("stage", ["open", "lost"])
def test_a_deal_that_is_not_won_has_no_order(stage: str) -> None:
    world = with_deal(30, opportunity_stage=stage, is_won=False)
    world.change("contract", "801-1", opportunity_source_id=None)
    assert world.exceptions() == []


def test_a_late_first_invoice() -> None:
    world = consistent()
    world.change("invoice", "in-1", issued_date=date(2026, 2, 5))
    world.change("invoice", "in-2", issued_date=date(2026, 2, 6))
    for number in range(3, 11):
        world.change("invoice", f"in-{number}", issued_date=date(2026, number, 7))
    assert world.post_all().exceptions() == []
    world = consistent()
    world.change("invoice", "in-1", issued_date=date(2026, 2, 6))
    world.change("invoice", "in-2", issued_date=date(2026, 2, 6))
    assert world.post_all().exceptions() == slow("ORD-00001")


def test_a_posting_late_in_its_month() -> None:
    world = consistent().post_all()
    for day, expected in ((6, []), (7, slow("INV-3"))):
        for key, row in world.rows["posting"].items():
            if row["transaction_source_id"] == "tr-in-3":
                world.rows["posting"][key]["posting_date"] = date(2026, 3, day)
        assert world.exceptions() == expected


def test_a_posting_in_another_month_is_told_by_its_own_control() -> None:
    world = consistent()
    for number in range(1, 11):
        if number != 3:
            world.post(f"in-{number}")
    world.post("in-3", posting_date=date(2026, 4, 9), accounting_period_source_id="2026-04")
    assert [control for control, *_ in world.exceptions()] == ["BP07"]
