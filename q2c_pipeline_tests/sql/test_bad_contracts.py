"""DQ06 to DQ10: contracts and calendars that cannot be right are named, and everything else is reconciled as usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import World, consistent, month_end

ZERO = Decimal("0.0000")
DRAFT = {"contract_status": "draft", "activated_at": None}


def with_line(*, counted: bool = True, **values: Any) -> World:
    """A second order that billing does not know, its service after the day of the run unless told otherwise."""
    world = consistent()
    world.order(2, **({"start_date": date(2026, 12, 1), "end_date": date(2027, 11, 30)} | values))
    if not counted:
        world.change("contract", "801-2", **DRAFT)
    return world


IMPOSSIBLE = [
    {"end_date": date(2026, 11, 30)},
    {"quantity": Decimal(0)},
    {"discount_fraction": Decimal("1.5")},
    {"discount_fraction": Decimal("-0.1")},
]


@pytest.mark.parametrize("terms", IMPOSSIBLE)
def test_impossible_terms_are_named_and_a_missing_bill_is_still_found(terms: Mapping[str, Any]) -> None:
    world = with_line(**terms)
    world.unbill("4")

    assert world.post_all().exceptions() == [
        ("BB06", "ORD-00001/1", Decimal("1000.0000"), "USD"),
        ("DQ06", "ORD-00002/1", ZERO, None),
    ]


@pytest.mark.parametrize("terms", IMPOSSIBLE)
def test_a_draft_may_be_wrong(terms: Mapping[str, Any]) -> None:
    assert with_line(counted=False, **terms).post_all().exceptions() == []


@pytest.mark.parametrize("terms", [{"end_date": date(2026, 12, 1)}, {"discount_fraction": Decimal(1)}, {"quantity": Decimal(-1)}])
def test_what_is_only_unusual_is_silent(terms: Mapping[str, Any]) -> None:
    assert with_line(**terms).post_all().exceptions() == []


def test_what_a_discount_above_everything_owes_is_its_own_fault() -> None:
    world = with_line(start_date=date(2026, 10, 1), end_date=date(2026, 10, 31), discount_fraction=Decimal("1.5"))

    assert world.post_all().exceptions() == [("DQ06", "ORD-00002/1", Decimal("-500.0000"), "USD")]


@pytest.mark.parametrize(("second", "fires"), [(date(2027, 6, 1), False), (date(2027, 5, 31), True), (date(2027, 6, 2), True)])
def test_a_step_starts_on_the_day_after_the_one_before(second: date, fires: bool) -> None:  # noqa: FBT001
    world = with_line(end_date=date(2027, 5, 31), ramp_segment=1)
    world.line("802-2b", 2, amends=2, line_number="2", ramp_segment=2, start_date=second, end_date=date(2027, 11, 30))

    assert world.post_all().exceptions() == ([("DQ07", "ORD-00002/2", ZERO, None)] if fires else [])


def test_days_that_two_steps_owe_are_the_overlap() -> None:
    world = consistent()
    world.change("contract_line", "802-1", ramp_segment=1)
    world.line("802-1b", 1, line_number="2", amends=1, ramp_segment=2, start_date=date(2026, 10, 1), end_date=date(2026, 12, 31))

    assert world.post_all().exceptions() == [("DQ07", "ORD-00001/2", Decimal("1000.0000"), "USD")]


def test_an_amendment_of_an_unknown_order() -> None:
    world = with_line()
    world.change("contract", "801-2", amends_contract_source_id="801-9")
    assert world.post_all().exceptions() == [("DQ08", "ORD-00002", ZERO, None)]
    world.change("contract", "801-2", amends_contract_source_id="801-1")
    assert world.exceptions() == []


def test_an_amendment_of_an_unknown_line() -> None:
    world = with_line()
    world.change("contract_line", "802-2", amends_line_source_id="802-9")
    assert world.post_all().exceptions() == [("DQ08", "ORD-00002", ZERO, None)]


@pytest.mark.parametrize(
    ("tiers", "fires"),
    [
        ([(0, 1000), (1000, None)], False),
        ([(0, None)], False),
        ([(0, 1000)], True),
        ([(0, 1000), (2000, None)], True),
        ([(0, 1000), (900, None)], True),
        ([(1, None)], True),
        ([(0, None), (1000, None)], True),
    ],
)
def test_tiers_cover_every_quantity_once(tiers: list[tuple[int, int | None]], fires: bool) -> None:  # noqa: FBT001
    world = with_line(charge_type="usage", price_period="unit", billing_timing="arrears")
    for number, (start, end) in enumerate(tiers, 1):
        limits = {"from_quantity": Decimal(start), "up_to_quantity": None if end is None else Decimal(end)}
        world.add("contract_tier", "crm", f"802-2/{number}", contract_line_source_id="802-2", tier_number=number, **limits)

    assert world.post_all().exceptions() == ([("DQ09", "ORD-00002/1", ZERO, None)] if fires else [])


@pytest.mark.parametrize(
    ("dates", "fires"),
    [
        ({"start_date": date(2026, 11, 30)}, True),
        ({"end_date": date(2026, 11, 1)}, True),
        ({"start_date": date(2026, 11, 30), "is_adjustment": True}, False),
        ({"start_date": date(2026, 12, 1)}, False),
    ],
)
def test_a_day_belongs_to_one_period(dates: Mapping[str, Any], fires: bool) -> None:  # noqa: FBT001
    world = consistent().post_all()
    world.change("accounting_period", "2026-12", end_date=month_end(date(2026, 12, 1)))
    world.change("accounting_period", "2026-12", **dates)

    assert world.exceptions() == ([("DQ10", "netsuite_main/Dec 2026", ZERO, None)] if fires else [])
