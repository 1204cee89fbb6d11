"""RR03: what is left of a contract line's deferred revenue, and the contract balances that it stands in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.releases import QUARTER, release, released
from q2c_pipeline_tests.sql.world import World, month_end

LINE = "ORD-00002/1"
JUNE, JULY, AUGUST = QUARTER
TOO_MUCH = "ORD-00002/1 has 882.35 USD to release in 2026-08, released 932.35 USD"


def name_lines(world: World, key: str | None) -> World:
    """Let the ledger's posting of the quarter's invoice carry a contract line."""
    for number in (1, 2, 3):
        for book in (1, 2):
            world.change("posting", f"tr-in-q-{number}-{book}", claimed_contract_line_key=key)
    return world


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


def test_a_line_that_is_released_to_nothing_is_right() -> None:
    assert name_lines(released(), LINE).exceptions() == []


def test_more_released_than_was_ever_deferred() -> None:
    world = released()
    release(world, AUGUST, "50.00", key=LINE, name="REL-US-X")

    with world.run("recon.exception", "recon.symptom") as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
        symptoms = warehouse.query("select control_id, cause_control_id from recon.symptom").rows()
    assert found == [
        (
            "RR03",
            LINE,
            money("-50"),
            f"{TOO_MUCH}: 3000.0000 USD were deferred in all, the balance is -50.0000",
        )
    ]
    assert symptoms == [("RR01", "RR03")]


def test_too_early_with_something_left_is_only_a_wrong_month() -> None:
    world = released()
    for book in (1, 2):
        world.change("posting", f"REL-US-2026-08-1-{book}", transaction_amount=Decimal("800.00"))
        world.change("posting", f"REL-US-2026-08-2-{book}", transaction_amount=Decimal("-800.00"))
    release(world, JULY, "50.00", key=LINE, name="REL-US-X")

    assert [row[0] for row in world.exceptions()] == ["RR01"]


def test_a_deferral_on_another_contract_line() -> None:
    world = name_lines(released(), "ORD-00001/1")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
    assert found == [
        (
            "RR03",
            LINE,
            money("3000"),
            "INV-q defers 3000.0000 USD for ORD-00002/1, posted 0.0000; the ledger names ORD-00001/1",
        )
    ]


def test_a_ledger_without_contract_lines_is_not_blamed() -> None:
    assert name_lines(released(), None).exceptions() == []


def test_contract_balances_are_deferred_or_unbilled() -> None:
    """Line 2 bills in advance; line 3 earns 900.00 by day from July to September and is billed in October."""
    world = released()
    world.order(3, start_date=date(2026, 7, 1), end_date=date(2026, 9, 30), quantity=Decimal(3), billing_frequency="quarterly",
                billing_timing="arrears")  # fmt: skip
    world.subscribe(3)
    world.bill("a", date(2026, 7, 1), month_end(date(2026, 9, 1)), 900, issued_date=date(2026, 10, 1),
               subscription_source_id="sub-3", subscription_line_source_id="si-3", quantity=Decimal(3))  # fmt: skip

    with world.run("recon.contract_balance") as warehouse:
        rows = warehouse.query(
            "select subject_key, period, deferred_amount, unbilled_amount from recon.contract_balance "
            "where subject_key <> 'ORD-00001/1' order by all"
        ).rows()
    zero = money("0")
    assert rows == [
        (LINE, JUNE, money("1976.47"), zero),
        (LINE, JULY, money("882.35"), zero),
        (LINE, AUGUST, zero, zero),
        ("ORD-00003/1", JULY, zero, money("303.26")),
        ("ORD-00003/1", AUGUST, zero, money("606.52")),
        ("ORD-00003/1", date(2026, 9, 1), zero, money("900")),
        ("ORD-00003/1", date(2026, 10, 1), zero, zero),
    ]
