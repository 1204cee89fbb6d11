"""Proposals as data: what is certain becomes a change, what is not says why, and no exception is without either."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from q2c_pipeline_tests.sql.test_sl02_payment_not_posted import paid
from q2c_pipeline_tests.sql.world import World, consistent

TABLES = (
    "repair.journal_line",
    "repair.field_change",
    "repair.pending_item",
    "repair.draft_invoice_line",
    "repair.note",
    "repair.open_task",
    "repair.proposed",
)
UNKNOWN = {"1100": Decimal(110), "2100": Decimal(-10), "4000": Decimal(-100)}


def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    with world.run("recon.exception", *TABLES) as warehouse:
        return warehouse.query(query).rows()


def unposted(number: int = 4) -> World:
    """Invoice 4 of 1,100.00 with 100.00 tax never reached the ledger."""
    world = consistent().post_all()
    for line in (1, 2, 3):
        for book in (1, 2):
            world.remove("posting", f"tr-in-{number}-{line}-{book}")
    return world


JOURNAL = "select ledger_account_number, debit_amount, credit_amount from repair.journal_line order by all"
TASKS = "select title, body from repair.open_task order by all"


def test_a_missing_posting_is_proposed_whole_and_balanced() -> None:
    zero = Decimal("0.0000")
    assert rows(unposted(), JOURNAL) == [
        ("1100", Decimal("1100.0000"), zero),
        ("2100", zero, Decimal("100.0000")),
        ("4000", zero, Decimal("1000.0000")),
    ]


def test_a_receivable_names_the_ledgers_customer() -> None:
    query = "select account_source_id, document_number from repair.journal_line where ledger_account_number = '1100'"
    assert rows(unposted(), query) == [("77", "INV-4")]


def test_an_account_is_never_guessed() -> None:
    world = unposted()
    world.add("ledger_account", "erp", "4010", ledger_account_number="4010", account_class="revenue", is_active=True)
    world.journal(
        "tr-o",
        {"4010": Decimal(5), "6000": Decimal(-5)},
        posting_date=date(2026, 6, 1),
        transaction_kind="journal",
        currency="USD",
    )
    assert rows(world, JOURNAL) == []
    assert any("revenue of US may be posted to 4000, 4010: choose one" in body for _, body in rows(world, TASKS))


def test_an_account_that_the_entity_never_used_is_no_rival() -> None:
    world = unposted()
    world.add("ledger_account", "erp", "4010", ledger_account_number="4010", account_class="revenue", is_active=True)
    assert len(rows(world, JOURNAL)) == 3


def test_a_closed_month_stays_a_task_that_says_so() -> None:
    world = unposted()
    world.change("accounting_period", "2026-04", period_state="closed")
    assert rows(world, JOURNAL) == []
    assert any("Apr 2026 of US is closed" in body for _, body in rows(world, TASKS))


def test_a_reclass_takes_out_before_it_puts_in() -> None:
    world = consistent().post_all()
    for line in (1, 2, 3):
        for book in (1, 2):
            world.change(
                "posting", f"tr-in-4-{line}-{book}", accounting_period_source_id="2026-05", posting_date=date(2026, 5, 2)
            )
    query = """select step, posting_date, debit_amount - credit_amount from repair.journal_line
               where ledger_account_number = '1100' order by step"""
    assert rows(world, query) == [
        (1, date(2026, 5, 1), Decimal("-1100.0000")),
        (2, date(2026, 4, 1), Decimal("1100.0000")),
    ]


def test_a_reversal_stands_with_the_unknown_posting_that_it_takes_back() -> None:
    world = consistent().post_all()
    shared: dict[str, Any] = {"claimed_document_number": "INV-77", "posting_date": date(2026, 6, 1), "currency": "USD"}
    world.journal("tr-x", UNKNOWN, transaction_kind="invoice", transaction_number="INV-77", **shared)
    reversed_ = {account: -amount for account, amount in UNKNOWN.items()}
    world.journal("tr-y", reversed_, transaction_kind="journal", transaction_number="JE-9", **shared)
    assert world.exceptions() == []


def test_half_a_reversal_leaves_the_rest() -> None:
    world = consistent().post_all()
    shared: dict[str, Any] = {"claimed_document_number": "INV-77", "posting_date": date(2026, 6, 1), "currency": "USD"}
    world.journal("tr-x", UNKNOWN, transaction_kind="invoice", transaction_number="INV-77", **shared)
    half = {account: -amount / 2 for account, amount in UNKNOWN.items()}
    world.journal("tr-y", half, transaction_kind="journal", transaction_number="JE-9", **shared)
    assert world.exceptions() == [("BP02", "INV-77", Decimal("-55.0000"), "USD")]


def test_a_journal_that_quotes_a_payments_id_posts_it() -> None:
    world = paid()
    query = """select ledger_account_number, debit_amount, credit_amount from repair.journal_line
               where document_number = 'inpay-5' order by all"""
    zero, worth = Decimal("0.0000"), Decimal("1100.0000")
    assert rows(world, query) == [("1000", worth, zero), ("1100", zero, worth)]
    shared: dict[str, Any] = {"transaction_kind": "journal", "posting_date": date(2026, 5, 20), "currency": "USD"}
    world.journal("tr-p", {"1000": worth, "1100": -worth}, claimed_document_number="inpay-5", transaction_number="JE-5", **shared)
    assert [(control, subject) for control, subject, *_ in world.exceptions()] == [("SL02", "re-5")]


def test_a_journal_that_names_its_contract_line_is_a_release() -> None:
    world = consistent().post_all()
    shared: dict[str, Any] = {"transaction_kind": "journal", "posting_date": date(2026, 6, 30), "currency": "USD"}
    release = {"2400": Decimal(30), "4000": Decimal(-30)}
    world.journal("tr-m", release, claimed_contract_line_key="ORD-00001/1", transaction_number="JE-7", **shared)
    assert "BP13" not in {control for control, *_ in world.exceptions()}


def test_a_stale_status_is_set_to_what_the_one_subscription_says() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_billing_status="Canceled")
    query = "select table_name, field_name, before_value, after_value from repair.field_change"
    assert rows(world, query) == [("contract", "claimed_billing_status", "Canceled", "Active")]


def test_of_several_subscriptions_none_is_chosen() -> None:
    world = consistent().post_all()
    world.subscribe(1)
    world.add("subscription", "billing", "sub-9", account_source_id="cus-1", subscription_status="active", currency="USD")
    world.add("subscription_line", "billing", "si-9", subscription_source_id="sub-9", claimed_contract_line_id="802-1")
    world.change("contract", "801-1", claimed_subscription_id=None)
    assert rows(world, "select * from repair.field_change where table_name = 'contract'") == []
    assert any("ST01" in title for title, _ in rows(world, TASKS))


def test_an_external_id_is_set_only_where_the_crm_names_that_record() -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", claimed_crm_account_id=None)
    query = "select source_id, before_value, after_value from repair.field_change"
    assert rows(world, query) == [("cus-1", None, "001-1")]
    world.change("account", "001-1", claimed_billing_account_id=None)
    assert rows(world, query) == []


def unbilled(*names: str) -> World:
    """Consistent but for these invoices, which were neither billed nor posted."""
    world = consistent().post_all()
    for name in names:
        world.unbill(name)
        for line in (1, 2, 3):
            for book in (1, 2):
                world.remove("posting", f"tr-in-{name}-{line}-{book}")
    return world


def test_a_missing_period_is_an_item_for_its_subscription() -> None:
    query = """select account_source_id, subscription_source_id, net_amount, service_start_date, service_end_date,
               contract_line_source_id from repair.pending_item"""
    found = [("cus-1", "sub-1", Decimal("1000.0000"), date(2026, 5, 1), date(2026, 5, 31), "802-1")]
    assert rows(unbilled("5"), query) == found
    assert rows(unbilled("5"), "select * from repair.draft_invoice_line") == []


def test_missing_periods_of_a_subscription_that_has_ended_are_one_draft_invoice() -> None:
    world = unbilled("4", "5")
    world.change("subscription", "sub-1", subscription_status="canceled")
    assert rows(world, "select * from repair.pending_item") == []
    query = """select account_source_id, legal_entity_code, currency, net_amount, description, contract_line_source_id
               from repair.draft_invoice_line order by service_start_date"""
    shared = ("cus-1", "US", "USD", Decimal("1000.0000"))
    assert rows(world, query) == [
        (*shared, "missing period of ORD-00001/1, 2026-04-01 to 2026-04-30", "802-1"),
        (*shared, "missing period of ORD-00001/1, 2026-05-01 to 2026-05-31", "802-1"),
    ]


def test_what_was_billed_twice_is_a_task_with_the_credit_note_as_it_would_be() -> None:
    world = consistent()
    world.bill("again", date(2026, 5, 1), date(2026, 5, 31))
    world.post_all()
    ((title, body),) = rows(world, TASKS)
    assert title == "BB08 ORD-00001/1: credit what was billed twice"
    assert "credit 1000.0000 USD net on il-" in body


def test_every_exception_has_a_proposal_or_a_task() -> None:
    world = unposted()
    world.unbill("5")
    world.change("contract", "801-1", claimed_billing_status="Canceled")
    world.change("account", "77", claimed_crm_account_id=None)
    query = """select e.control_id from recon.exception as e
               where e.exception_id not in (select exception_id from repair.proposed)
               and e.exception_id not in (select exception_id from repair.open_task)"""
    assert rows(world, query) == []
    assert len(rows(world, "select exception_id from recon.exception")) >= 4


NOTES = "select source_id, field_name, before_value, after_value from repair.note"


def test_an_order_is_told_the_reason_of_its_gravest_exception() -> None:
    world = unbilled("5")
    world.change("contract", "801-1", claimed_billing_status="Canceled")
    says = "BB06: a due period was not billed although the subscription is right"
    assert rows(world, NOTES) == [("801-1", "exception_reason", None, says)]
    world.change("contract", "801-1", exception_reason=says)
    assert rows(world, NOTES) == []


def test_a_note_leaves_the_exception_to_be_repaired() -> None:
    world = consistent()
    world.bill("again", date(2026, 5, 1), date(2026, 5, 31))
    world.post_all()
    assert len(rows(world, NOTES)) == 1
    assert len(rows(world, TASKS)) == 1
