"""Exchange differences: realised and unrealised ones are explained, wrong ones are BP09."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent, found_in

BRIDGE = """
    select period, cause, cause_amount from recon.bridge
    where measure = 'foreign_receivable' and cause_amount <> 0 order by period, cause
"""
DOCUMENT_RATE, PAID_RATE, CLOSING_RATE = Decimal("1.1"), Decimal("1.2"), Decimal("1.25")


def rate(world: World, day: date, value: Decimal) -> None:
    """What a euro is worth in dollars on a day."""
    world.add(
        "fx_rate", "erp", f"fx-{day}", currency="EUR", quote_currency="USD", effective_date=day, exchange_rate=value,
        rate_type="spot",
    )  # fmt: skip


def in_euro(paid: int = 500, settled: str = "-550", fx: str = "-50") -> World:
    """Invoice 9 of 1,100.00 EUR in the books of US at 1.10, in part paid on 20 September at 1.20; a month's end at 1.25."""
    world = consistent()
    for table in ("contract", "subscription", "invoice", "invoice_line"):
        for row in world.rows[table].values():
            row["currency"] = "EUR"
    world.add("ledger_account", "erp", "7000", ledger_account_number="7000", account_class="fx", is_active=True)
    for day, value in ((date(2026, 9, 1), DOCUMENT_RATE), (date(2026, 9, 20), PAID_RATE), (date(2026, 9, 30), CLOSING_RATE)):
        rate(world, day, value)
    world.remove("fx_rate", "fx-1")
    for month in (*range(1, 9), 10):
        world.unbill(str(month))
    world.post_all()
    for row in world.rows["posting"].values():
        row["exchange_rate"], row["functional_amount"] = DOCUMENT_RATE, row["transaction_amount"] * DOCUMENT_RATE
    pay(world, paid, settled, fx)
    return world


def pay(world: World, paid: int, settled: str, fx: str) -> None:
    """Money in billing and in the ledger; cash is worth what it is worth."""
    money = {"payment_source_id": "pi-9", "payment_amount": Decimal(paid), "currency": "EUR", "payment_status": "succeeded"}
    day = date(2026, 9, 20)
    world.add("payment_application", "billing", "inpay-9", invoice_source_id="in-9", **money)
    world.add("payment", "billing", "ch-9", payment_kind="payment", account_source_id="cus-1", paid_date=day, **money)
    world.journal(
        "PMT-9", {"1000": Decimal(paid), "1100": Decimal(-paid), "7000": Decimal(0)}, transaction_kind="payment",
        transaction_number="PMT-9", posting_date=day, currency="EUR", claimed_document_id="inpay-9",
        claimed_document_number="INV-9", exchange_rate=PAID_RATE,
    )  # fmt: skip
    for number, amount in enumerate((paid * PAID_RATE, Decimal(settled), Decimal(fx)), 1):
        for book in (1, 2):
            world.change("posting", f"PMT-9-{number}-{book}", functional_amount=amount)


def revalue(world: World, name: str, day: date, amount: str) -> None:
    """A revaluation: nothing in EUR, an amount in USD."""
    world.journal(
        name, {"1100": Decimal(0), "7000": Decimal(0)}, transaction_kind="fx_revaluation", transaction_number=name,
        posting_date=day, currency="EUR",
    )  # fmt: skip
    for book in (1, 2):
        world.change("posting", f"{name}-1-{book}", functional_amount=Decimal(amount))
        world.change("posting", f"{name}-2-{book}", functional_amount=-Decimal(amount))


def outcome(world: World) -> tuple[list[tuple[str, str, Decimal]], list[tuple[str, Decimal]]]:
    """What is an exception, and what the bridge of foreign receivables is made of."""
    with world.run() as warehouse:
        found = [row[:3] for row in found_in(warehouse) if row[0] == "BP09"]
        return found, [row[1:] for row in warehouse.query(BRIDGE).rows()]


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


def test_a_realised_difference_is_explained() -> None:
    """500.00 EUR are worth 600.00 USD and settle 550.00 USD: a gain of 50.00 USD."""
    assert outcome(in_euro()) == ([], [("fx_realised", money("-50"))])


def test_a_realised_difference_that_was_not_posted() -> None:
    assert outcome(in_euro(settled="-600", fx="0")) == ([("BP09", "inpay-9", money("-50"))], [])


def test_a_realised_difference_of_another_amount() -> None:
    found, bridge = outcome(in_euro(settled="-560", fx="-40"))

    assert found == [("BP09", "inpay-9", money("-10"))]
    assert bridge == [("BP09", money("-40"))]


def test_a_cent_a_line_is_rounding_and_explained() -> None:
    assert outcome(in_euro(settled="-550.01", fx="-49.99")) == ([], [("fx_realised", money("-49.99"))])


def test_a_month_end_that_is_valued_at_its_rate_is_explained() -> None:
    """600.00 EUR open: worth 750.00 USD, carried at 660.00 USD."""
    world = in_euro()
    revalue(world, "FXR-9", date(2026, 9, 30), "90")
    revalue(world, "FXR-9-R", date(2026, 10, 1), "-90")

    found, bridge = outcome(world)
    assert found == []
    assert bridge == [("fx_realised", money("-50")), ("fx_unrealised", money("-90")), ("fx_unrealised", money("90"))]


def test_a_month_end_valued_wrongly() -> None:
    world = in_euro()
    revalue(world, "FXR-9", date(2026, 9, 30), "60")
    revalue(world, "FXR-9-R", date(2026, 10, 1), "-60")

    assert outcome(world)[0] == [("BP09", "US EUR 2026-09", money("30"))]


def test_a_ledger_that_revalues_must_do_so_every_month() -> None:
    world = in_euro()
    rate(world, date(2026, 10, 15), Decimal("1.3"))
    world.params["as_of"] = date(2026, 11, 30)
    for rows in world.rows.values():
        for row in rows.values():
            row["as_of"] = date(2026, 10, 31)
    revalue(world, "FXR-9", date(2026, 9, 30), "90")
    revalue(world, "FXR-9-R", date(2026, 10, 1), "-90")

    assert ("BP09", "US EUR 2026-10", money("120")) in outcome(world)[0]


def test_nothing_is_judged_by_an_older_rate_where_the_days_own_is_missing() -> None:
    """20 September is a Sunday; with a rate on the Sunday before, its own is missing in what was read."""
    world = in_euro(settled="-600", fx="0")
    world.remove("fx_rate", "fx-2026-09-20")
    assert [control for control, *_ in outcome(world)[0]] == ["BP09"]

    rate(world, date(2026, 9, 13), Decimal("1.15"))
    assert outcome(world)[0] == []
