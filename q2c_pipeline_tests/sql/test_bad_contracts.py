"""DQ06 to DQ10, DQ12 to DQ14: what cannot be right is named, and everything else is reconciled as usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import AS_OF, World, consistent, month_end

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
    {"quantity": Decimal(-1)},
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


@pytest.mark.parametrize("terms", [{"end_date": date(2026, 12, 1)}, {"discount_fraction": Decimal(1)}])
def test_what_is_only_unusual_is_silent(terms: Mapping[str, Any]) -> None:
    assert with_line(**terms).post_all().exceptions() == []


def test_an_amendment_may_take_quantity_back() -> None:
    world = with_line(amends=1, quantity=Decimal(-1))
    world.change("contract", "801-2", claimed_subscription_id="sub-1", claimed_billing_status="Active")

    assert world.post_all().exceptions() == []


def test_what_less_than_nothing_owes_is_its_own_fault() -> None:
    world = with_line(start_date=date(2026, 10, 1), end_date=date(2026, 10, 31), quantity=Decimal(-3))

    assert world.post_all().exceptions() == [("DQ06", "ORD-00002/1", Decimal("-300.0000"), "USD")]


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


def quoted(*days: date) -> World:
    """Rates of the yen on some days."""
    world = consistent().post_all()
    for day in days:
        values = {"currency": "JPY", "quote_currency": "USD", "exchange_rate": Decimal("0.0067"), "rate_type": "spot"}
        world.add("fx_rate", "erp", f"fx-{day}", effective_date=day, **values)
    return world


@pytest.mark.parametrize(
    ("last", "again", "found"),
    [
        (27, None, []),
        (26, None, [("DQ12", "netsuite_main/JPY-USD/2026-10-27", ZERO, None)]),
        (15, 20, [("DQ12", "netsuite_main/JPY-USD/2026-10-21", ZERO, None)]),
        (
            15,
            21,
            [("DQ12", "netsuite_main/JPY-USD/2026-10-16", ZERO, None), ("DQ12", "netsuite_main/JPY-USD/2026-10-22", ZERO, None)],
        ),
    ],
)
def test_more_than_four_days_without_a_rate(
    last: int, again: int | None, found: list[tuple[str, str, Decimal, str | None]]
) -> None:
    days = [date(2026, 10, day) for day in (*range(1, last + 1), *([again] if again else []))]

    assert quoted(*days).exceptions() == found


def test_a_pair_that_is_quoted_weekly_misses_nothing() -> None:
    assert quoted(*(date(2026, 10, day) for day in (1, 8, 15, 22, 29))).exceptions() == []


def test_of_two_primary_books_one_is_compared() -> None:
    world = consistent().post_all()
    for row in world.rows["posting"].values():
        row["is_primary_book"] = True

    assert world.exceptions() == [("DQ13", "netsuite_main", ZERO, None)]


def test_an_account_that_the_chart_lacks_still_balances() -> None:
    world = consistent().post_all()
    world.journal("je-1", {"6000": Decimal(10), "6999": Decimal(-10)}, posting_date=date(2026, 10, 1), transaction_kind="journal")
    assert world.exceptions() == [("DQ14", "netsuite_main.account/6999", ZERO, None)]
    world.add("ledger_account", "erp", "6999", ledger_account_number="6999", account_class="other", is_active=True)
    assert world.exceptions() == []


def test_an_account_that_could_not_be_read_is_the_cause_of_its_unknown_word() -> None:
    world = consistent().post_all()
    world.journal("je-1", {"6000": Decimal(10), "6999": Decimal(-10)}, posting_date=date(2026, 10, 1), transaction_kind="journal")
    for row in world.rows["ledger_account"].values():
        row["batch_id"] = "chart"
    world.landing["batch"] = [
        {"batch_id": name, "instance": "netsuite_main", "platform": "any", "object_name": kind, "sequence": 1, "as_of": AS_OF,
         "row_count": 1, "loaded_rows": 1, "rejected_rows": 0}
        for name, kind in (("chart", "account"), ("b1", "transaction"))
    ]  # fmt: skip
    world.landing["reject"] = [
        {"batch_id": "chart", "instance": "netsuite_main", "object_name": "account", "source_id": source_id, "row_number": number,
         "field_name": "accttype", "reason": "unknown", "value": "Exotic", "is_unknown_enum": True, "record": "{}"}
        for number, source_id in enumerate(("6999", "7000"))
    ]  # fmt: skip

    assert world.exceptions() == [
        ("DQ03", "netsuite_main.account.accttype", ZERO, None),  # the account without postings
        ("DQ14", "netsuite_main.account/6999", ZERO, None),
    ]
