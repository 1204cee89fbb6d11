"""Edits and re-postings are netted before anything is compared; net and tax are compared apart from the total."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent, month_end

MAY = date(2026, 5, 1)


def billed_again(*, void: str = "5") -> World:
    """May was billed, voided, and billed again under a new number."""
    world = consistent()
    world.bill("5b", MAY, month_end(MAY))
    world.change("invoice", f"in-{void}", document_status="void")
    return world


def test_a_voided_invoice_nets_to_zero_on_every_leg() -> None:
    assert billed_again().post_all().exceptions() == []


def test_a_voided_invoice_that_was_posted_and_reversed_nets_to_zero() -> None:
    world = billed_again().post_all()
    world.post("in-5", transaction="tr-before")
    world.journal(
        "tr-reversal",
        {"1100": Decimal(-1100), "2100": Decimal(100), "4000": Decimal(1000)},
        posting_date=MAY, currency="USD", transaction_kind="invoice", transaction_number="INV-5-R",
        claimed_document_number="INV-5", claimed_document_id="in-5",
    )  # fmt: skip

    assert world.exceptions() == []


def test_an_edited_invoice_counts_as_it_says_last() -> None:
    world = consistent().post_all()
    old = world.get("invoice_line", "il-5")
    header = world.get("invoice", "in-5")
    before = {"source_version": datetime(2026, 5, 2, tzinfo=UTC), "net_amount": Decimal(700), "batch_id": "b0"}
    world.rows["invoice_line"]["stripe_main", "il-5 before"] = old | before | {"tax_amount": Decimal(70)}
    world.rows["invoice"]["stripe_main", "in-5 before"] = (
        header | before | {"total_amount": Decimal(770), "tax_amount": Decimal(70)}
    )

    assert world.exceptions() == []


def test_a_posting_that_was_entered_anew_counts_once() -> None:
    world = consistent().post_all()
    for (instance, key), row in list(world.rows["posting"].items()):
        if row["transaction_source_id"] == "tr-in-5":
            wrong = {"transaction_amount": row["transaction_amount"] * 2, "source_version": datetime(2026, 5, 2, tzinfo=UTC)}
            world.rows["posting"][instance, f"{key} before"] = row | wrong | {"batch_id": "b0"}

    assert world.exceptions() == []


def test_a_document_reposted_under_a_reversal_nets_to_its_last_posting() -> None:
    world = consistent().post_all()
    for sign, name in ((-1, "reversal"), (1, "again")):
        world.journal(
            f"tr-{name}",
            {"1100": sign * Decimal(1100), "2100": sign * Decimal(-100), "4000": sign * Decimal(-1000)},
            posting_date=MAY, currency="USD", transaction_kind="invoice", transaction_number=f"INV-5-{name}",
            claimed_document_number="INV-5", claimed_document_id="in-5",
        )  # fmt: skip

    assert world.exceptions() == []


@pytest.mark.parametrize(
    ("amounts", "control"),
    [
        ({"1100": 1100, "2100": -50, "4000": -1050}, "BP05"),  # the total agrees, tax and net do not
        ({"1100": 1050, "2100": -100, "4000": -950}, "BP04"),  # tax agrees, net and total do not
        ({"1100": 1050, "2100": -50, "4000": -1000}, "BP05"),  # net agrees, tax and total do not
    ],
)
def test_net_tax_and_total_are_compared_apart(amounts: dict[str, int], control: str) -> None:
    world = consistent()
    world.post_all()
    for key in [key for key, row in world.rows["posting"].items() if row["transaction_source_id"] == "tr-in-5"]:
        del world.rows["posting"][key]
    world.journal(
        "tr-in-5", {account: Decimal(amount) for account, amount in amounts.items()}, posting_date=MAY, currency="USD",
        transaction_kind="invoice", transaction_number="INV-5", claimed_document_number="INV-5", claimed_document_id="in-5",
    )  # fmt: skip

    assert {found for found, *_ in world.exceptions() if found.startswith("BP")} == {control}
