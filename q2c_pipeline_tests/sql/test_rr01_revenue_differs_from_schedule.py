"""RR01: releases against the straight-line schedule of what was deferred."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.releases import QUARTER, deferred, release, released
from q2c_pipeline_tests.sql.world import World

LINE = "ORD-00002/1"
JUNE, JULY, AUGUST = QUARTER


def redo(world: World, period: date, amount: Decimal | str | int) -> None:
    """Let the release of a month have another amount."""
    for number, sign in ((1, 1), (2, -1)):
        for book in (1, 2):
            world.change("posting", f"REL-US-{period:%Y-%m}-{number}-{book}", transaction_amount=sign * Decimal(amount))


def test_releases_by_schedule_are_right() -> None:
    with released().run() as warehouse:
        assert warehouse.count("recon.exception") == 0
        bridge = warehouse.query(
            "select period, left_amount, right_amount from recon.bridge where leg = 'RR' and cause = 'timing'"
        )
        assert sorted(bridge.rows()) == [(period, amount, amount) for period, amount in QUARTER.items()]


def test_never_released() -> None:
    assert deferred().exceptions() == [("RR01", LINE, Decimal("3000.0000"), "USD")]


def test_a_month_left_out_and_made_up_for_is_worth_what_was_late() -> None:
    world = released()
    redo(world, JUNE, 0)
    redo(world, JULY, QUARTER[JUNE] + QUARTER[JULY])

    with world.run() as warehouse:
        found = warehouse.query(
            "select control_id, difference_amount, first_period, cell_count, reason from recon.exception"
        ).rows()
        bridge = warehouse.query("select cause_amount from recon.bridge where leg = 'RR' and cause = 'RR01' order by period")
    assert found == [
        (
            "RR01",
            QUARTER[JUNE],
            JUNE,
            2,
            "ORD-00002/1 has 1023.53 USD to release in 2026-06, released 0.00 USD: too late (first of 2 cells)",
        )
    ]
    assert bridge["cause_amount"].to_list() == [QUARTER[JUNE], -QUARTER[JUNE]]


def test_a_month_brought_forward_is_negative() -> None:
    world = released()
    redo(world, JULY, QUARTER[JULY] + QUARTER[AUGUST])
    redo(world, AUGUST, 0)

    assert world.exceptions() == [("RR01", LINE, -QUARTER[AUGUST], "USD")]


def test_one_cent_off_for_good() -> None:
    world = released()
    redo(world, AUGUST, "882.34")

    assert world.exceptions() == [("RR01", LINE, Decimal("0.0100"), "USD")]


def test_a_release_without_a_contract_line_is_compared_by_entity() -> None:
    world = released()
    release(world, JUNE, "50.00", key=None, name="REL-US-X")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
    assert [row[:3] for row in found] == [("RR01", "US without contract line", Decimal("-50.0000"))]
    assert "the release names no contract line" in found[0][3]


def test_a_document_that_the_ledger_has_not_deferred_is_named_by_billed_posted_only() -> None:
    world = deferred()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.remove("posting", f"tr-in-q-{number}-{book}")

    assert [row[:2] for row in world.exceptions()] == [("BP01", "INV-q")]


def test_a_release_that_does_not_balance_is_named_by_its_journal_only() -> None:
    world = released()
    world.change("posting", "REL-US-2026-07-2-1", transaction_amount=Decimal(-1100))

    assert world.exceptions() == [("BP12", "REL-US-2026-07", Decimal("5.8800"), "USD")]


@pytest.mark.parametrize(("as_of", "late"), [(date(2026, 9, 1), 0), (date(2026, 9, 3), 1)])
def test_the_releases_of_a_month_may_follow_its_end(as_of: date, late: int) -> None:
    world = released()
    world.params["as_of"] = as_of
    for rows in world.rows.values():
        for row in rows.values():
            row["as_of"] = as_of
    for number in (1, 2):
        for book in (1, 2):
            world.remove("posting", f"REL-US-2026-08-{number}-{book}")

    with world.run() as warehouse:
        assert warehouse.query("select * from recon.exception where leg = 'RR'").height == late
        assert warehouse.query("select * from recon.timing where leg = 'RR'").height == 1 - late
